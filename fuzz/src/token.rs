//! A token's text, and with it everything else that is shown as hex or comes in a link.
//!
//! `~` and then pairs of a place and a byte change the text of a live token, `?` stands before the query of a
//! sign-in link, and anything else is the text itself.

use gatepass::link::SignInLink;
use gatepass::secret::Reference;
use gatepass::session::{RedemptionId, SessionId};
use gatepass::token::{Issued, RedeemRequest, Token};
use gatepass::{Error, Reason};

use super::common::{issue, refused};
use super::planted;
use super::stage::{self, Kept, Stage};

struct World {
    stage: Stage,
    live: Issued,
}

thread_local! {
    static WORLD: Kept<World> = const { Kept::new(None) };
}

pub fn check(data: &[u8]) {
    match data.split_first() {
        Some((b'~', edits)) => edited(edits),
        Some((b'?', query)) => link(query),
        _ => text(data),
    }
}

/// The parser; planted is one that takes capitals.
fn parse(text: &[u8]) -> Option<Token> {
    if planted::wrong_answer() { Token::parse(text.to_ascii_lowercase()) } else { Token::parse(text) }
}

fn is_hex(text: &[u8], length: usize) -> bool {
    text.len() == length && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Exactly what we write is read, and reads back the same.
fn text(text: &[u8]) {
    let token = parse(text);
    assert_eq!(token.is_some(), is_hex(text, 40), "a token's text");
    if let Some(token) = &token {
        assert_eq!(token.reveal().as_bytes(), text);
        let shown = format!("{token:?}");
        assert!(!shown.contains(&token.reveal()), "Debug shows a token");
        let name = token.reference().to_string();
        assert!(is_hex(name.as_bytes(), 24));
        assert_eq!(Reference::parse(&name), Some(token.reference()));
    }
    let Ok(text) = std::str::from_utf8(text) else { return };
    let session = SessionId::parse(text);
    assert_eq!(session.is_some(), is_hex(text.as_bytes(), 64), "a session's id");
    if let Some(session) = session {
        assert_eq!(session.reveal(), text);
        assert!(!format!("{session:?}").contains(text));
    }
    assert_eq!(
        Reference::parse(text).map(|it| it.to_string()),
        is_hex(text.as_bytes(), 24).then(|| text.into())
    );
    assert_eq!(
        RedemptionId::parse(text).map(|it| it.to_string()),
        is_hex(text.as_bytes(), 32).then(|| text.into())
    );
}

/// A changed token is another one, which nobody knows; the live one stays live, and is spent once.
fn edited(edits: &[u8]) {
    let world = || {
        let stage = Stage::still();
        let live = issue(&stage.gate, gatepass::id::ClientId::new(1).unwrap());
        World { stage, live }
    };
    stage::with(&WORLD, 20_000, world, |world| {
        let gate = &world.stage.gate;
        let right = world.live.token.reveal();
        let mut text = right.clone().into_bytes();
        for pair in edits.chunks_exact(2).take(8) {
            match text.get_mut(usize::from(pair[0])) {
                Some(byte) => *byte = pair[1],
                None => text.push(pair[1]),
            }
        }
        let Ok(text) = std::str::from_utf8(&text) else { return };
        match gate.read_token(text, None) {
            Ok(token) => {
                assert!(is_hex(text.as_bytes(), 40), "read as a token");
                let redeemed = gate.redeem(&RedeemRequest::new(token.clone()));
                if text == right {
                    redeemed.expect("the live token");
                    let again = gate.redeem(&RedeemRequest::new(token));
                    assert_eq!(refused(again), Reason::TokenRedeemed);
                    world.live = issue(gate, gatepass::id::ClientId::new(1).unwrap());
                } else {
                    assert_eq!(refused(redeemed), Reason::TokenUnknown);
                    assert!(gate.inspect(&world.live.token, None).unwrap().refusal.is_none());
                }
            }
            Err(Error::Refused(refusal)) => {
                assert_eq!(refusal.reason, Reason::TokenUnknown);
                assert!(!is_hex(text.as_bytes(), 40), "a token's text was not read");
            }
            Err(other) => panic!("{other:?}"),
        }
    });
}

/// A sign-in link is found in a query wherever it stands, and written in one way.
fn link(query: &[u8]) {
    let is_link = |part: &[u8]| {
        part.len() == 32 && part.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'2'..=b'7'))
    };
    assert_eq!(SignInLink::parse(query).is_some(), is_link(query), "a link's text");
    let of_part = |part: &[u8]| {
        let word: Vec<u8> = part.iter().copied().take_while(u8::is_ascii_alphanumeric).collect();
        is_link(&word).then(|| word.to_ascii_lowercase())
    };
    let mut words: Vec<_> = query.split(|&byte| byte == b'&').filter_map(of_part).collect();
    words.dedup();
    let wanted = if words.len() == 1 { words.pop() } else { None };
    let found = SignInLink::in_query(query);
    assert_eq!(found.as_ref().map(|link| link.reveal().into_bytes()), wanted, "the link of a query");
    if let Some(link) = found {
        assert!(!format!("{link:?}").contains(&link.reveal()));
    }
}
