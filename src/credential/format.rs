//! The shape of identifiers and secrets: 32 characters of `[A-Za-z0-9]`, the length and alphabet of the
//! public contract's example (`contract.md` §3.2).
//!
//! ```text
//! GPS 0KpZ81fTqhLc5WmYxR2vD7b 09MkU8
//! │   │                       └ CRC-32 of the 26 characters before it, in base 62, six digits
//! │   └ 23 random characters
//! └ GPI for an identifier, GPS for a secret
//! ```
//!
//! 23 characters, each one of 62 with the same chance, make 62²³ ≈ 2¹³⁶·⁹ values: about 137 bits. A guesser
//! who tries a million million secrets per second would need 10²¹ years. So a secret may be stored under a
//! plain SHA-256, and need not be protected from guessing by locking anybody out.
//!
//! The check sum lets the tool tell a mistyped text from a wrong one without the store, and a secret scanner
//! a real one from chance. CRC-32 finds every error that lies within 32 bits, so every wrong character and
//! every two swapped neighbours among the first 26; the other six are compared with the only right ones. It
//! is no secret and proves nothing: **an authentication never asks it**, so that a wrong check sum costs and
//! answers the same as a wrong secret.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::{Randomness, Secret};

/// The digits of base 62, in the order of ASCII.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const PREFIX: usize = 3;
const RANDOM: usize = 23;
const CHECK: usize = 6;
/// Prefix and random characters: what the check sum covers.
const BODY: usize = PREFIX + RANDOM;
const LENGTH: usize = BODY + CHECK;

/// Random bytes from here up are thrown away: 248 is the greatest multiple of 62 in a byte, and with the rest
/// the first eight digits would come more often than the others.
const FAIR: u8 = 248;

/// Which half of a credential a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The public half, which names the credential.
    Identifier,
    /// The secret half, which proves it.
    Secret,
}

impl Part {
    const fn prefix(self) -> &'static [u8; PREFIX] {
        match self {
            Part::Identifier => b"GPI",
            Part::Secret => b"GPS",
        }
    }

    const fn other(self) -> Part {
        match self {
            Part::Identifier => Part::Secret,
            Part::Secret => Part::Identifier,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Identifier => "identifier",
            Part::Secret => "secret",
        })
    }
}

/// What is wrong with the shape of an identifier or secret. A hint for the person who typed it; it shows
/// nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Typo {
    /// A character that never occurs.
    #[error("character {position} is not one of A-Z, a-z and 0-9")]
    Character {
        /// Its place, counted from 1.
        position: usize,
    },
    /// Not 32 characters.
    #[error("it has {found} characters instead of 32")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// The other half of a credential.
    #[error("this looks like {} where the {wanted} belongs", match .wanted {
        Part::Identifier => "a secret",
        Part::Secret => "an identifier",
    })]
    Swapped {
        /// The part that was expected.
        wanted: Part,
    },
    /// Neither half begins like that.
    #[error("it does not begin with {}, so it is no {wanted} made by Gatepass", match .wanted {
        Part::Identifier => "GPI",
        Part::Secret => "GPS",
    })]
    Prefix {
        /// The part that was expected.
        wanted: Part,
    },
    /// The last six characters don't fit the rest.
    #[error("the check sum does not fit: a character is wrong, or two are swapped")]
    CheckSum,
}

/// A new identifier.
pub(crate) fn generate_identifier(random: &mut dyn Randomness) -> Result<String> {
    generate(Part::Identifier, random).map(|text| text.reveal().to_owned())
}

/// A new secret. It is shown once and stored as [`Secret::digest`].
pub(crate) fn generate_secret(random: &mut dyn Randomness) -> Result<Secret> {
    generate(Part::Secret, random)
}

fn generate(part: Part, random: &mut dyn Randomness) -> Result<Secret> {
    let mut text = String::with_capacity(LENGTH);
    text.extend(part.prefix().iter().copied().map(char::from));
    let mut bytes = Zeroizing::new([0; 32]);
    // One draw nearly always does, and a sound generator never needs three. One that is stuck must not hang
    // us.
    for _ in 0..16 {
        random.fill(&mut bytes[..])?;
        let fair =
            bytes.iter().filter(|&&byte| byte < FAIR).map(|&byte| char::from(DIGITS[usize::from(byte % 62)]));
        text.extend(fair.take(BODY - text.len()));
        if text.len() == BODY {
            text.extend(check_sum(text.as_bytes()).map(char::from));
            return Ok(Secret::new(text));
        }
    }
    drop(Zeroizing::new(text));
    Err(Error::Internal("the random generator is stuck".into()))
}

/// Whether `text` has the shape of that part, and if not, what a person should look at first.
///
/// Only for hints on the operator's own side. That a text passes says nothing about whether such a credential
/// exists.
pub fn check(part: Part, text: &str) -> Result<(), Typo> {
    if let Some(at) = text.chars().position(|c| !c.is_ascii_alphanumeric()) {
        return Err(Typo::Character { position: at + 1 });
    }
    if text.len() != LENGTH {
        return Err(Typo::Length { found: text.len() });
    }
    let (body, sum) = text.as_bytes().split_at(BODY);
    if body.starts_with(part.other().prefix()) {
        Err(Typo::Swapped { wanted: part })
    } else if !body.starts_with(part.prefix()) {
        Err(Typo::Prefix { wanted: part })
    } else if sum != check_sum(body) {
        Err(Typo::CheckSum)
    } else {
        Ok(())
    }
}

/// The CRC-32 of `body` in base 62, the highest digit first.
fn check_sum(body: &[u8]) -> [u8; CHECK] {
    let mut sum = crc32fast::hash(body) as usize;
    let mut digits = [0; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[sum % 62];
        sum /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use proptest::prelude::*;

    /// Gives these bytes over and over.
    struct Fixed(Vec<u8>);

    impl rand_core::TryRng for Fixed {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            unreachable!()
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            unreachable!()
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
            for byte in out {
                self.0.rotate_left(1);
                *byte = self.0[0];
            }
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Fixed {}

    fn sample(part: Part) -> String {
        generate(part, &mut SysRng).unwrap().reveal().to_owned()
    }

    #[test]
    fn every_generated_text_has_the_shape_and_passes_its_own_check() {
        for _ in 0..1000 {
            for (part, text) in [
                (Part::Identifier, generate_identifier(&mut SysRng).unwrap()),
                (Part::Secret, generate_secret(&mut SysRng).unwrap().reveal().to_owned()),
            ] {
                assert_eq!(text.len(), 32);
                assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
                assert!(text.as_bytes().starts_with(part.prefix()));
                assert_eq!(check(part, &text), Ok(()));
                assert_eq!(check(part.other(), &text), Err(Typo::Swapped { wanted: part.other() }));
            }
        }
    }

    /// Pinned: credentials of today must pass after an update. The check sum is the CRC-32 of zip files and
    /// Ethernet.
    #[test]
    fn the_known_shape_stays() {
        let made = generate(Part::Secret, &mut Fixed((0..=61).collect())).unwrap();
        assert_eq!(made.reveal(), "GPS123456789ABCDEFGHIJKLMN4YKuwB");
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32fast::hash(b"GPS123456789ABCDEFGHIJKLMN"), 0xf8aa_53f7);
    }

    /// 248 would be a fifth way to the first digit, where every other has four.
    #[test]
    fn a_byte_from_248_up_is_thrown_away() {
        let made = generate(Part::Secret, &mut Fixed(vec![247, 248, 255])).unwrap();
        assert_eq!(&made.reveal()[PREFIX..BODY], "z".repeat(RANDOM));
    }

    #[test]
    fn every_single_wrong_character_is_detected() {
        let text = sample(Part::Secret);
        for at in 0..LENGTH {
            for byte in (0..=127).filter(|&byte| byte != text.as_bytes()[at]) {
                let mut wrong = text.clone().into_bytes();
                wrong[at] = byte;
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(check(Part::Secret, &wrong).is_err(), "{byte} at {at} passed");
            }
        }
    }

    #[test]
    fn every_two_swapped_neighbours_are_detected() {
        for _ in 0..200 {
            let text = sample(Part::Identifier);
            for at in 1..LENGTH {
                let mut wrong = text.clone().into_bytes();
                wrong.swap(at - 1, at);
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(wrong == text || check(Part::Identifier, &wrong).is_err(), "swapped at {at}");
            }
        }
    }

    #[test]
    fn a_typo_is_told_in_plain_words() {
        let text = sample(Part::Identifier);
        let told = |text: &str| check(Part::Identifier, text).unwrap_err().to_string();
        assert_eq!(told(""), "it has 0 characters instead of 32");
        assert_eq!(told(&text[1..]), "it has 31 characters instead of 32");
        assert_eq!(told(&format!("{text}\n")), "character 33 is not one of A-Z, a-z and 0-9");
        assert_eq!(told(&text.replace("GPI", "GPé")), "character 3 is not one of A-Z, a-z and 0-9");
        assert_eq!(told(&sample(Part::Secret)), "this looks like a secret where the identifier belongs");
        assert_eq!(
            check(Part::Secret, &text).unwrap_err().to_string(),
            "this looks like an identifier where the secret belongs"
        );
        assert_eq!(
            told("D4j1dKYE3g40VROOPCGyJ9zRwP0ADJIv"),
            "it does not begin with GPI, so it is no identifier made by Gatepass"
        );
        let last = if text.ends_with('0') { "1" } else { "0" };
        let wrong = format!("{}{last}", &text[..31]);
        assert_eq!(told(&wrong), "the check sum does not fit: a character is wrong, or two are swapped");
    }

    #[test]
    fn every_character_comes_equally_often() {
        let mut seen = [0u32; 128];
        for _ in 0..20_000 {
            for &byte in &sample(Part::Secret).as_bytes()[PREFIX..BODY] {
                seen[usize::from(byte)] += 1;
            }
        }
        let expected = 20_000.0 * RANDOM as f64 / 62.0;
        let chi: f64 =
            DIGITS.iter().map(|&d| (f64::from(seen[usize::from(d)]) - expected).powi(2) / expected).sum();
        // 61 degrees of freedom: above 150 once in 10⁸ runs. Without rejection the eight favoured digits give
        // over 4000.
        assert!(chi < 150.0, "{chi}");
    }

    #[test]
    fn a_stuck_generator_is_an_error_and_does_not_hang() {
        assert!(matches!(generate(Part::Secret, &mut Fixed(vec![255])), Err(Error::Internal(_))));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_check_panic(text in "(GPS|GPI)?\\PC{0,40}") {
            prop_assert!(check(Part::Secret, &text).is_err());
        }
    }
}
