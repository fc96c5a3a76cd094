//! Secrets to look for, and the search that finds them in every form.

use std::collections::HashMap;

use base32ct::{Base32Unpadded, Base32UpperUnpadded, Encoding};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use gatepass::link::SignInLink;
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::Token;

/// What must not be found.
#[derive(Clone)]
pub(crate) struct Hidden {
    pub(crate) name: String,
    pub(crate) raw: Vec<u8>,
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything secret that was handed out or taken in.
#[derive(Default)]
pub(crate) struct Vault(pub(crate) Vec<Hidden>);

impl Vault {
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.0.push(Hidden { name: name.to_owned(), raw: text.as_bytes().to_vec() });
    }

    /// A token or session id, by what follows its time: as bytes, and as the text that people handle.
    pub(crate) fn timed(&mut self, name: &str, text: &str) {
        let tail = &text[12..];
        self.0.push(Hidden { name: format!("{name} (bytes)"), raw: unhex(tail) });
        self.0.push(Hidden { name: format!("{name} (text)"), raw: tail.as_bytes().to_vec() });
    }

    pub(crate) fn token(&mut self, token: &Token) {
        self.timed("token", &token.reveal());
    }

    pub(crate) fn session(&mut self, session: &SessionId) {
        self.timed("session id", &session.reveal());
    }

    /// A sign-in link: its 20 bytes, and its text as it is and shouted.
    pub(crate) fn link(&mut self, link: &SignInLink) {
        let text = link.reveal();
        let bits = text.bytes().map(|letter| match letter {
            b'a'..=b'z' => letter - b'a',
            digit => digit - b'2' + 26,
        });
        let (mut raw, mut held, mut count) = (Vec::new(), 0_u32, 0);
        for five in bits {
            held = held << 5 | u32::from(five);
            count += 5;
            if count >= 8 {
                count -= 8;
                raw.push((held >> count) as u8);
            }
        }
        self.0.push(Hidden { name: "sign-in link (bytes)".into(), raw });
        self.text("sign-in link (text)", &text);
        self.text("sign-in link (capitals)", &text.to_uppercase());
    }

    pub(crate) fn secret(&mut self, secret: &Secret) {
        self.text("credential's secret", secret.reveal());
    }

    /// A digest that opens something: as bytes, and the text of it.
    pub(crate) fn digest(&mut self, name: &str, text: &str) {
        self.0.push(Hidden { name: format!("{name} (bytes)"), raw: unhex(text) });
        self.text(&format!("{name} (text)"), text);
    }
}

/// The characters of a base64 text that `raw` alone decides when `before` bytes stand before it.
fn settled(raw: &[u8], before: usize) -> String {
    let padded = [&vec![0; before][..], raw].concat();
    let all = STANDARD_NO_PAD.encode(&padded);
    let from = (before * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    all[from..to].to_owned()
}

/// The same of base32, in which five bytes make eight characters.
fn settled_in_fives(raw: &[u8], before: usize) -> String {
    let padded = [&vec![0; before][..], raw].concat();
    let bit = |at: usize| padded[at / 8] >> (7 - at % 8) & 1;
    let letter = |at: usize| (5 * at..5 * at + 5).fold(0, |letter, at| letter << 1 | usize::from(bit(at)));
    let settled = (before * 8).div_ceil(5)..padded.len() * 8 / 5;
    settled.map(|at| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[letter(at)])).collect()
}

/// Halves shorter than this can't be told from chance.
const SHORTEST_HALF: usize = 12;

/// What to look for: the whole and its halves as they are and as hex, and the whole in every other form.
fn needles_of(raw: &[u8]) -> Vec<Vec<u8>> {
    let (first, second) = raw.split_at(raw.len() / 2);
    let halves = [first, second].into_iter().filter(|half| half.len() >= SHORTEST_HALF);
    let mut all = Vec::new();
    for part in [raw].into_iter().chain(halves) {
        all.push(part.to_vec());
        all.push(hex(part).into_bytes());
        all.push(hex(part).to_uppercase().into_bytes());
    }
    for before in 0..3 {
        let text = settled(raw, before);
        all.push(text.replace('+', "-").replace('/', "_").into_bytes());
        all.push(text.into_bytes());
    }
    for before in 0..5 {
        let text = settled_in_fives(raw, before);
        all.push(text.to_uppercase().into_bytes());
        all.push(text.into_bytes());
    }
    all.push(raw.iter().rev().copied().collect());
    all.push(raw.iter().flat_map(|&byte| [byte, 0]).collect());
    all.push(raw.iter().flat_map(|&byte| [0, byte]).collect());
    let escaped: String = raw.iter().map(|byte| format!("%{byte:02x}")).collect();
    all.push(escaped.to_uppercase().into_bytes());
    all.push(escaped.into_bytes());
    // As forms and as URLs: what need not be escaped is not.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._".contains(&byte);
    for blank in ["+", "%20"] {
        let each = raw.iter().map(|&byte| match byte {
            b' ' => blank.to_owned(),
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        all.push(each.collect::<String>().into_bytes());
    }
    all.sort();
    all.dedup();
    all
}

/// A search for many things at once.
pub(crate) struct Search {
    hidden: Vec<Hidden>,
    /// Needles by their first bytes: the needle and whose it is.
    needles: HashMap<[u8; 8], Vec<(Vec<u8>, usize)>>,
}

impl Search {
    pub(crate) fn new(hidden: Vec<Hidden>) -> Self {
        let mut needles: HashMap<[u8; 8], Vec<(Vec<u8>, usize)>> = HashMap::new();
        for (at, it) in hidden.iter().enumerate() {
            assert!(it.raw.len() >= 12, "{} is too short to be told from chance", it.name);
            for form in needles_of(&it.raw) {
                needles.entry(form[..8].try_into().unwrap()).or_default().push((form, at));
            }
        }
        Search { hidden, needles }
    }

    /// The names of what stands there.
    pub(crate) fn found(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, start) in bytes.windows(8).enumerate() {
            for (needle, whose) in self.needles.get(start).into_iter().flatten() {
                if bytes[at..].starts_with(needle) {
                    found.push(self.hidden[*whose].name.as_str());
                }
            }
        }
        found
    }
}

/// Every form in which a secret may stand in a file, made without [`Search`].
pub(crate) fn forms(raw: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![
        raw.to_vec(),
        raw.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
        raw.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect(),
    ];
    all.push(raw.iter().rev().copied().collect());
    if let Ok(text) = std::str::from_utf8(raw) {
        all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    all.push(form_urlencoded::byte_serialize(raw).collect::<String>().into_bytes());
    all.push(raw.iter().map(|byte| format!("%{byte:02x}")).collect::<String>().into_bytes());
    if raw.len() >= 2 * SHORTEST_HALF {
        all.extend([raw[..raw.len() / 2].to_vec(), raw[raw.len() / 2..].to_vec()]);
    }
    for around in [&b""[..], b"a", b"ab", b"abc", b"abcd"] {
        let inside = [around, raw].concat();
        all.push(Base32Unpadded::encode_string(&inside).into_bytes());
        all.push(Base32UpperUnpadded::encode_string(&inside).into_bytes());
    }
    for around in [&b""[..], b"a", b"ab", b"abc"] {
        let inside = [around, raw, b"and more"].concat();
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            all.push(engine.encode(&inside).into_bytes());
            all.push(engine.encode([around, raw].concat()).into_bytes());
        }
    }
    all
}
