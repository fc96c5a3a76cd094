//! Searching bytes for secrets, in every form in which somebody might have written them.

use base32ct::{Base32Unpadded, Encoding};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How many bytes of a token or session id are its time, which is no secret; the rest is.
const TIME_BYTES: usize = 6;

/// One form of one secret.
struct Needle {
    what: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// Secrets to look for.
#[derive(Default)]
pub(crate) struct Search {
    needles: Vec<Needle>,
    secrets: usize,
}

impl Search {
    /// Look for a secret: its bytes, their hex in both cases and their base64.
    pub(crate) fn bytes(&mut self, what: &str, secret: &[u8]) {
        self.secrets += 1;
        self.form(what, "raw bytes", secret.to_vec());
        self.form(what, "lower-case hex", base16ct::lower::encode_string(secret).into_bytes());
        self.form(what, "upper-case hex", base16ct::upper::encode_string(secret).into_bytes());
        // Without padding, since more may follow.
        self.form(what, "base64", STANDARD_NO_PAD.encode(secret).into_bytes());
        self.form(what, "base64 for URLs", URL_SAFE_NO_PAD.encode(secret).into_bytes());
    }

    /// Look for a secret that is shown as lower-case hex: all of that, and the base64 of its text.
    pub(crate) fn hex(&mut self, what: &str, text: &str) {
        match base16ct::lower::decode_vec(text) {
            Ok(bytes) => self.bytes(what, &bytes),
            Err(_) => self.bytes(what, text.as_bytes()),
        }
        self.form(what, "base64 of the text", STANDARD_NO_PAD.encode(text).into_bytes());
    }

    /// Look for a secret that is shown as base 32 in lower case: its bytes, and the text as it is and shouted.
    pub(crate) fn base32(&mut self, what: &str, text: &str) {
        if let Ok(bytes) = Base32Unpadded::decode_vec(text) {
            self.bytes(what, &bytes);
        }
        self.form(what, "base 32", text.as_bytes().to_vec());
        self.form(what, "base 32 in capitals", text.to_ascii_uppercase().into_bytes());
        self.form(what, "base64 of the text", STANDARD_NO_PAD.encode(text).into_bytes());
    }

    /// Look for a token or session id, and for what follows its time.
    pub(crate) fn timed(&mut self, what: &str, text: &str) {
        self.hex(what, text);
        if let Some(tail) = text.get(2 * TIME_BYTES..) {
            self.hex(&format!("the tail of {what}"), tail);
            // A part of the same secret.
            self.secrets -= 1;
        }
    }

    fn form(&mut self, what: &str, form: &'static str, bytes: Vec<u8>) {
        self.needles.push(Needle { what: what.to_owned(), form, bytes });
    }

    /// How many secrets are looked for.
    pub(crate) fn secrets(&self) -> usize {
        self.secrets
    }

    /// How many forms of them.
    pub(crate) fn forms(&self) -> usize {
        self.needles.len()
    }

    /// What stands in `hay`: the secret and its form, once each.
    pub(crate) fn found_in(&self, hay: &[u8]) -> Vec<String> {
        let mut by_first = vec![Vec::new(); 256];
        for (number, needle) in self.needles.iter().enumerate() {
            if let Some(&first) = needle.bytes.first() {
                by_first[usize::from(first)].push(number);
            }
        }
        let mut seen = vec![false; self.needles.len()];
        for (at, &first) in hay.iter().enumerate() {
            for &number in &by_first[usize::from(first)] {
                seen[number] |= hay[at..].starts_with(&self.needles[number].bytes);
            }
        }
        let hits = self.needles.iter().zip(seen).filter(|(_, seen)| *seen);
        hits.map(|(needle, _)| format!("{} as {}", needle.what, needle.form)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0199f0c0ffee0123456789abcdef0123456789ab";

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let mut search = Search::default();
        search.timed("t", TOKEN);
        assert_eq!(search.secrets(), 1);
        for needle in &search.needles {
            let hay = [b"0199f0c0 some text ", &needle.bytes[..], b"="].concat();
            let found = search.found_in(&hay);
            assert!(found.contains(&format!("{} as {}", needle.what, needle.form)), "{}", needle.form);
        }
        assert!(search.found_in(b"nothing of it").is_empty());
    }

    #[test]
    fn a_link_is_found_as_text_and_as_bytes() {
        let mut search = Search::default();
        let raw = [7; 20];
        let text = Base32Unpadded::encode_string(&raw);
        search.base32("l", &text);
        assert_eq!(search.secrets(), 1);
        for hay in [text.as_bytes(), text.to_uppercase().as_bytes(), &raw] {
            assert_eq!(search.found_in(hay).len(), 1);
        }
    }

    #[test]
    fn the_time_alone_is_no_secret_and_the_tail_alone_is() {
        let mut search = Search::default();
        search.timed("t", TOKEN);
        assert!(search.found_in(&TOKEN.as_bytes()[..12]).is_empty());
        let tail = base16ct::lower::decode_vec(&TOKEN[12..]).unwrap();
        assert_eq!(search.found_in(&tail), ["the tail of t as raw bytes"]);
    }
}
