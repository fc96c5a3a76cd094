//! The query of an AutoAuth link: how it is read, how its hash is judged, and that it is accepted once.
//!
//! `HASH` in an input stands for the hash that fits its address and time, which no fuzzer would find.

use std::collections::HashSet;

use gatepass::autoauth::{Windows, verify};
use gatepass::secret::Secret;
use gatepass::{AutoAuthRequest, Error, Reason};

use super::common::{START, SYSTEM};
use super::planted;
use super::sha1::{hex, sha1};
use super::stage::{self, KEY, Kept, Stage, replaced};

const FIELDS: [&str; 4] = ["email", "timestamp", "hash", "goto"];

#[derive(Default)]
struct Read {
    email: Vec<u8>,
    timestamp: i64,
    hash: [u8; 20],
}

struct World {
    stage: Stage,
    accepted: HashSet<[u8; 20]>,
}

thread_local! {
    static WORLD: Kept<World> = const { Kept::new(None) };
}

pub fn check(data: &[u8]) {
    let query = with_hash(data);
    // Planted is a reader that does not mind the case of letters.
    let given = if planted::wrong_answer() { query.to_ascii_lowercase() } else { query.clone() };
    let now = START;
    let told = verify(&given, &Secret::new(KEY), Windows::default(), now);

    let read = read(&query);
    let signed = read.as_ref().and_then(signed);
    match (&told, &read) {
        (Err(Error::Invalid { field, .. }), None) => {
            assert!(field == "query" || FIELDS.contains(&field.as_ref()), "{field} is no field");
        }
        (_, None) => panic!("a link that can't be read was judged: {told:?}"),
        (Err(Error::Invalid { field, .. }), Some(_)) => panic!("{field} of a sound link was refused"),
        (Ok(matched), Some(read)) => {
            let (email, digest) = signed.as_ref().expect("the hash is wrong");
            assert!(matched.email.as_bytes() == email && matched.digest == *digest);
            assert!((now.as_seconds() - read.timestamp).abs() <= 900, "out of the window");
        }
        (Err(Error::Refused(refusal)), Some(read)) => {
            let age = now.as_seconds() - read.timestamp;
            let reason = match signed {
                None => Reason::AutoAuthHash,
                Some(_) if age > 900 => Reason::AutoAuthTooOld,
                Some(_) if age < -900 => Reason::AutoAuthTooNew,
                Some(_) => panic!("a sound link was refused: {refusal:?}"),
            };
            assert_eq!(refusal.reason, reason);
        }
        (Err(other), Some(_)) => panic!("{other:?}"),
    }
    quiet(told.err(), &query);
    let world = || World { stage: Stage::still(), accepted: HashSet::new() };
    stage::with(&WORLD, 20_000, world, |world| accept(world, &query, signed.as_ref().map(|it| it.1)));
}

/// A store lets in nobody but the signed one, there, and once.
fn accept(world: &mut World, query: &[u8], digest: Option<[u8; 20]>) {
    let request = AutoAuthRequest::default().with_key(Secret::new(KEY));
    match world.stage.gate.accept_autoauth(query, &request) {
        Ok(sign_in) => {
            let digest = digest.expect("somebody was let in by a wrong hash");
            assert!(world.accepted.insert(digest), "a link was accepted twice");
            assert!(sign_in.landing_url.starts_with(&format!("{SYSTEM}/")), "{}", sign_in.landing_url);
            assert!(sign_in.user_id.is_some_and(|user| user.get() <= 2), "somebody else was let in");
            let again = world.stage.gate.accept_autoauth(query, &request);
            assert_eq!(super::common::refused(again), Reason::AutoAuthUsed);
        }
        Err(Error::Refused(refusal)) => match refusal.reason {
            Reason::AutoAuthHash => assert_eq!(digest, None),
            _ => assert!(digest.is_some(), "{refusal:?} without a right hash"),
        },
        Err(error @ Error::Invalid { .. }) => quiet(Some(error), query),
        Err(other) => panic!("{other:?}"),
    }
}

/// An error is one line, and never shows the hash or the key.
fn quiet(error: Option<Error>, query: &[u8]) {
    let Some(error) = error else { return };
    let told = format!("{error} {error:?}");
    assert!(!told.contains('\n') && !told.contains(KEY));
    if let Some((_, digest)) = read(query).as_ref().and_then(signed) {
        assert!(!told.contains(&hex(&digest)), "an error shows a hash");
    }
}

/// The link with a right hash in place of each `HASH`.
fn with_hash(data: &[u8]) -> Vec<u8> {
    let pairs = pairs(data);
    let value =
        |name: &str| pairs.iter().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| &value[..]);
    let signed = [value("email").unwrap_or_default(), value("timestamp").unwrap_or_default(), KEY.as_bytes()];
    replaced(data, b"HASH", hex(&sha1(&signed.concat())).as_bytes())
}

fn pairs(query: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let query = query.strip_prefix(b"?").unwrap_or(query);
    let halves = |pair: &[u8]| match pair.iter().position(|&byte| byte == b'=') {
        Some(at) => (decoded(&pair[..at]), decoded(&pair[at + 1..])),
        None => (decoded(pair), Vec::new()),
    };
    query.split(|&byte| byte == b'&').map(halves).collect()
}

/// The documented reading, written once more.
fn read(query: &[u8]) -> Option<Read> {
    if query.strip_prefix(b"?").unwrap_or(query).len() > 8192 {
        return None;
    }
    let pairs = pairs(query);
    let once = |name: &str| {
        let mut found = pairs.iter().filter(|(known, _)| known == name.as_bytes()).map(|(_, value)| value);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    let (email, timestamp, hash) = (once("email")?, once("timestamp")?, once("hash")?);
    let gotos: Vec<_> = pairs.iter().filter(|(name, _)| name == b"goto").collect();
    if gotos.len() > 1 || gotos.iter().any(|(_, value)| std::str::from_utf8(value).is_err()) {
        return None;
    }
    let address = std::str::from_utf8(email).ok()?;
    let good =
        (1..=254).contains(&email.len()) && address.contains('@') && !address.chars().any(char::is_control);
    let ten = timestamp.len() == 10 && timestamp.iter().all(u8::is_ascii_digit) && timestamp[0] != b'0';
    let forty = hash.len() == 40 && hash.iter().all(u8::is_ascii_hexdigit);
    if !good || !ten || !forty {
        return None;
    }
    let byte =
        |at: usize| u8::from_str_radix(std::str::from_utf8(&hash[2 * at..2 * at + 2]).unwrap(), 16).unwrap();
    Some(Read {
        email: email.clone(),
        timestamp: std::str::from_utf8(timestamp).unwrap().parse().unwrap(),
        hash: std::array::from_fn(byte),
    })
}

/// The address that the hash is of, and the hash.
fn signed(read: &Read) -> Option<(Vec<u8>, [u8; 20])> {
    let plus: Vec<u8> = read.email.iter().map(|&byte| if byte == b' ' { b'+' } else { byte }).collect();
    [read.email.clone(), plus].into_iter().find_map(|email| {
        let digest = sha1(&[&email, read.timestamp.to_string().as_bytes(), KEY.as_bytes()].concat());
        (digest == read.hash).then_some((email, digest))
    })
}

/// Form decoding.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = text.get(at + 1..at + 3).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        match (text[at], digits) {
            (b'%', Some(two)) => {
                out.push(u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    out
}
