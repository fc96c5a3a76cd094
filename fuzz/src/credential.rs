//! An identifier or secret: its shape, and what an authentication makes of it.
//!
//! `+` and then a part, a place and a byte stand before characters of a sound text that is made of them, `~`
//! before pairs of a place and a byte that change the right pair, and anything else is the text itself.

use gatepass::Reason;
use gatepass::credential::{Part, Typo, check as check_shape};
use gatepass::secret::Secret;

use super::common::refused;
use super::planted;
use super::stage::{self, Kept, Stage};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

thread_local! {
    static STAGE: Kept<Stage> = const { Kept::new(None) };
}

pub fn check(data: &[u8]) {
    match data {
        [b'+', part, place, byte, rest @ ..] => sound(*part, usize::from(*place), *byte, rest),
        [b'~', edits @ ..] => edited(edits),
        _ => text(&String::from_utf8_lossy(data)),
    }
}

/// The check; planted is one that does not look at the check sum.
fn shape(part: Part, text: &str) -> Result<(), Typo> {
    match check_shape(part, text) {
        Err(Typo::CheckSum) if planted::wrong_answer() => Ok(()),
        other => other,
    }
}

/// CRC-32 as of Ethernet, bit by bit, in base 62.
fn check_sum(body: &[u8]) -> [u8; 6] {
    let mut sum = body.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    });
    sum = !sum;
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(sum % 62) as usize];
        sum /= 62;
    }
    digits
}

fn prefix(part: Part) -> &'static [u8] {
    match part {
        Part::Identifier => b"GPI",
        Part::Secret => b"GPS",
    }
}

/// A text passes exactly if it has the prefix, the length, the alphabet and the check sum.
fn text(text: &str) {
    for part in [Part::Identifier, Part::Secret] {
        let bytes = text.as_bytes();
        let good = bytes.len() == 32
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes.starts_with(prefix(part))
            && bytes[26..] == check_sum(&bytes[..26]);
        let told = shape(part, text);
        assert_eq!(told.is_ok(), good, "the shape of an {part}");
        if let Err(typo) = told {
            assert!(!typo.to_string().contains(char::is_control), "{typo} is no line");
        }
    }
}

/// What is made by the rule passes, and with one character changed it does not.
fn sound(part: u8, place: usize, byte: u8, characters: &[u8]) {
    let part = if part & 1 == 0 { Part::Identifier } else { Part::Secret };
    let mut made = prefix(part).to_vec();
    let characters = characters.iter().copied().chain(std::iter::repeat(0));
    made.extend(characters.take(23).map(|byte| DIGITS[usize::from(byte) % 62]));
    made.extend(check_sum(&made));
    let right = String::from_utf8(made.clone()).unwrap();
    assert_eq!(shape(part, &right), Ok(()));
    text(&right);
    made[place % 32] = byte;
    let changed = String::from_utf8_lossy(&made);
    assert!(changed == right || shape(part, &changed).is_err(), "a wrong character passed");
}

/// Only the right pair is let in, and its check sum is never asked.
fn edited(edits: &[u8]) {
    stage::with(&STAGE, 50_000, Stage::still, |stage| {
        let right = [stage.identifier.as_bytes(), stage.secret.as_bytes()].concat();
        let mut both = right.clone();
        for pair in edits.chunks_exact(2).take(8) {
            let place = usize::from(pair[0]) % 64;
            both[place] = pair[1];
        }
        let (identifier, secret) = both.split_at(32);
        let (Ok(identifier), Ok(secret)) = (std::str::from_utf8(identifier), std::str::from_utf8(secret))
        else {
            return;
        };
        let let_in = stage.gate.authenticate(identifier, &Secret::new(secret), None);
        if both == right {
            let_in.expect("the right pair");
        } else {
            if let Err(error) = &let_in {
                let told = error.to_string();
                assert!(!told.contains(identifier) && !told.contains(secret), "an error shows what was sent");
            }
            assert_eq!(refused(let_in), Reason::AuthenticationFailed);
        }
    });
}
