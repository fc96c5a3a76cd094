//! Sealing: how a text that must be had again, an AutoAuth key, stands in the store without being readable
//! there.
//!
//! Tokens and secrets are stored as digests. An AutoAuth key can't be, since every check computes with it. It
//! is encrypted and authenticated with XChaCha20-Poly1305 under a [`SealingKey`] that is neither in the store
//! nor in its folder, so that a stolen copy of the store gives no key away (design promise 3). Its 24-byte
//! nonce may be drawn at random without keeping count (draft-irtf-cfrg-xchacha-03 §3.1).
//!
//! A blob opens only in the row and the store that it was sealed for. Its length tells the length of the
//! text, nothing else does. No file is read here: the key's text comes from the caller.

use std::fmt;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use crate::error::{Error, Reason, Result, StoreError};
use crate::secret::{Randomness, Secret, hex, sha256};

/// What a key's file begins with. The number changes with the format.
const FILE_LABEL: &str = "gatepass-sealing-key-1 ";

/// The first byte of a blob: version 1, XChaCha20-Poly1305.
const VERSION: u8 = 1;

const ID: usize = 4;
const NONCE: usize = 24;
const TAG: usize = 16;
/// Version, key id and nonce: what stands before the ciphertext.
const HEAD: usize = 1 + ID + NONCE;

/// 32 random bytes that seal and open. Wiped when dropped.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

/// Where a blob belongs. It is authenticated with the text and not stored beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aad {
    /// The store's own id.
    pub store: [u8; 16],
    /// The row's id in that store.
    pub row: i64,
}

impl SealingKey {
    /// A new key.
    pub(crate) fn generate(random: &mut dyn Randomness) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(&mut bytes[..])?;
        Ok(SealingKey(bytes))
    }

    /// The content of the key's file: one line, `gatepass-sealing-key-1`, a blank, 64 lower-case hex
    /// characters.
    pub fn to_file_text(&self) -> Secret {
        let digits = Zeroizing::new(hex(&self.0[..]));
        // Room for all of it at once, since a text that grows leaves copies behind.
        let mut text = String::with_capacity(FILE_LABEL.len() + digits.len() + 1);
        text.push_str(FILE_LABEL);
        text.push_str(&digits);
        text.push('\n');
        Secret::new(text)
    }

    /// From the content of the key's file, exactly as [`SealingKey::to_file_text`] writes it; the line may
    /// end with `\n`, `\r\n` or nothing. [`Error::Invalid`] names `sealing_key` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        let mut bytes = Zeroizing::new([0; 32]);
        let digits = line.strip_prefix(FILE_LABEL).filter(|digits| digits.len() == 64);
        match digits.map(|digits| base16ct::lower::decode(digits, &mut bytes[..])) {
            Some(Ok(_)) => Ok(SealingKey(bytes)),
            _ => Err(Error::invalid(
                "sealing_key",
                "must be one line: gatepass-sealing-key-1, a blank, 64 lower-case hex characters",
            )),
        }
    }

    /// A name for the key that gives nothing of it away. It stands in every blob, so that a wrong key is told
    /// apart from a damaged blob.
    pub fn id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = sha256(&[b"gatepass sealing key id 1\0", &self.0[..]]);
        [a, b, c, d]
    }

    /// Seal `plain` for the place `aad`: version, key id, nonce, ciphertext and tag.
    pub(crate) fn seal(&self, plain: &Secret, aad: &Aad, random: &mut dyn Randomness) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        random.fill(&mut nonce)?;
        let mut head = [VERSION; HEAD];
        head[1..=ID].copy_from_slice(&self.id());
        head[1 + ID..].copy_from_slice(&nonce);
        // The buffer is encrypted where it stands and never grows, so that no plain copy is left.
        let mut text = Vec::with_capacity(plain.reveal().len() + TAG);
        text.extend_from_slice(plain.reveal().as_bytes());
        self.cipher()
            .encrypt_in_place(&nonce.into(), &aad.bytes(&head), &mut text)
            .map_err(|_| Error::Internal("sealing failed".into()))?;
        Ok([&head[..], &text].concat())
    }

    /// Open what was sealed for the place `aad`.
    ///
    /// [`Reason::SealingKeyWrong`] when another key sealed it; [`StoreError::Corrupt`] when it was this key's
    /// and the blob is damaged, cut off, or from another row or store.
    pub fn open(&self, blob: &[u8], aad: &Aad) -> Result<Secret> {
        let damaged = || Error::Store(StoreError::Corrupt("a sealed key is damaged, or not from this row"));
        if blob.len() < HEAD + TAG || blob[0] != VERSION {
            return Err(damaged());
        }
        let (head, sealed) = blob.split_at(HEAD);
        if head[1..=ID] != self.id() {
            return Err(Reason::SealingKeyWrong.into());
        }
        let nonce: [u8; NONCE] = head[1 + ID..].try_into().map_err(|_| damaged())?;
        let mut text = Zeroizing::new(sealed.to_vec());
        self.cipher().decrypt_in_place(&nonce.into(), &aad.bytes(head), &mut *text).map_err(|_| damaged())?;
        std::str::from_utf8(&text).map(Secret::from).map_err(|_| damaged())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

impl Aad {
    /// What is authenticated beside the text: a label, the blob's own head, the store and the row, each of
    /// fixed length.
    fn bytes(&self, head: &[u8]) -> Vec<u8> {
        [b"gatepass sealed 1\0", head, &self.store, &self.row.to_be_bytes()].concat()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use proptest::prelude::*;

    const PLACE: Aad = Aad { store: [7; 16], row: 42 };

    fn key() -> SealingKey {
        SealingKey::generate(&mut SysRng).unwrap()
    }

    fn is_damaged(opened: Result<Secret>) -> bool {
        matches!(opened, Err(Error::Store(StoreError::Corrupt(_))))
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let key = key();
        for text in ["", "a", "abcXYZ123", "grüße\0\n", &"k".repeat(100_000)] {
            let blob = key.seal(&text.into(), &PLACE, &mut SysRng).unwrap();
            assert_eq!(blob.len(), 1 + 4 + 24 + text.len() + 16);
            assert_eq!(key.open(&blob, &PLACE).unwrap().reveal(), text);
            assert!(is_damaged(key.open(&blob, &Aad { row: 43, ..PLACE })));
            assert!(is_damaged(key.open(&blob, &Aad { row: -42, ..PLACE })));
            assert!(is_damaged(key.open(&blob, &Aad { store: [8; 16], ..PLACE })));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let key = key();
        let blob = key.seal(&"abcXYZ123".into(), &PLACE, &mut SysRng).unwrap();
        for bit in 0..blob.len() * 8 {
            let mut flipped = blob.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let opened = key.open(&flipped, &PLACE);
            let of_the_id = (1..5).contains(&(bit / 8));
            let reason = opened.as_ref().err().and_then(Error::reason);
            assert!(
                if of_the_id { reason == Some(Reason::SealingKeyWrong) } else { is_damaged(opened) },
                "bit {bit} was flipped and the blob opened, or the answer is wrong"
            );
        }
        for length in 0..blob.len() {
            assert!(is_damaged(key.open(&blob[..length], &PLACE)), "cut to {length} bytes");
        }
        assert!(is_damaged(key.open(&[&blob[..], b"\0"].concat(), &PLACE)));
    }

    #[test]
    fn another_key_is_told_apart_from_damage() {
        let blob = key().seal(&"abcXYZ123".into(), &PLACE, &mut SysRng).unwrap();
        assert_eq!(key().open(&blob, &PLACE).unwrap_err().reason(), Some(Reason::SealingKeyWrong));
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let key = key();
        let seal = || key.seal(&"abcXYZ123".into(), &PLACE, &mut SysRng).unwrap();
        let (one, two) = (seal(), seal());
        assert_ne!(one[5..29], two[5..29], "the nonce came twice");
        assert_ne!(one[29..], two[29..]);
        assert!(!one.windows(4).any(|part| b"abcXYZ123".windows(4).any(|plain| plain == part)));
    }

    #[test]
    fn the_file_reads_back_and_nothing_else_does() {
        let key = key();
        let text = key.to_file_text();
        let text = text.reveal();
        let line = text.strip_suffix('\n').unwrap();
        for good in [text, line, &format!("{line}\r\n")] {
            assert_eq!(SealingKey::parse(good).unwrap().0, key.0);
        }
        let digits = line.strip_prefix("gatepass-sealing-key-1 ").unwrap();
        for bad in [
            "",
            "\n",
            digits,
            &line[..line.len() - 1],
            &format!("{line}0"),
            &format!(" {line}"),
            &format!("{line} "),
            &format!("{line}\n\n"),
            &format!("{line}\r"),
            &format!("\u{feff}{line}"),
            &line.to_uppercase(),
            &line.replace("-1 ", "-2 "),
            &line.replace("-1 ", "-1  "),
            &format!("gatepass-sealing-key-1 {}", "g".repeat(64)),
            &format!("gatepass-sealing-key-1 {}", "é".repeat(32)),
        ] {
            let error = SealingKey::parse(bad).unwrap_err();
            assert!(matches!(&error, Error::Invalid { field, .. } if field == "sealing_key"), "{bad:?}");
            assert!(!error.to_string().contains(&digits[..8]));
        }
    }

    /// Made with another implementation (libsodium) from key 00…1f and nonce 00…17.
    const PINNED: &[u8] = b"011bfe8a74000102030405060708090a0b0c0d0e0f1011121314151617\
          ffa06c27c988bc9c00c2df5c65cbcf3e647bcc5af593e30bb4";

    /// Pinned: blobs and key files of today must open after an update.
    #[test]
    fn a_blob_and_a_key_file_of_version_1_still_open() {
        let key = SealingKey::parse(&format!(
            "gatepass-sealing-key-1 {}\n",
            hex(&std::array::from_fn::<u8, 32, _>(|i| i as u8))
        ))
        .unwrap();
        assert_eq!(hex(&key.id()), "1bfe8a74");
        let blob = crate::secret::unhex::<54>(PINNED).unwrap();
        assert_eq!(key.open(&blob, &PLACE).unwrap().reveal(), "abcXYZ123");
    }

    #[test]
    fn the_key_is_never_printed() {
        assert_eq!(format!("{:?}", key()), "SealingKey(…)");
    }

    proptest! {
        #[test]
        fn no_blob_and_no_file_makes_it_panic(
            blob in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,100}",
        ) {
            let key = SealingKey(Zeroizing::new([1; 32]));
            let headed = [&[VERSION][..], &key.id(), &blob].concat();
            prop_assert!(key.open(&blob, &PLACE).is_err());
            prop_assert!(is_damaged(key.open(&headed, &PLACE)));
            prop_assert!(SealingKey::parse(&text).is_err());
        }
    }
}
