//! AutoAuth links: accepted once, and everything about them that must be refused.
//!
//! The links are made here by hand, by the documented formula, as the old generators made them, so that the
//! library is not compared with itself.

use gatepass::autoauth::AutoAuthSignIn;
use gatepass::directory::NewUser;
use gatepass::secret::Secret;
use gatepass::{AutoAuthRequest, Error, Gatepass};
use serde_json::json;
use sha1::{Digest, Sha1};

use super::script::Step;
use super::stage::{EMAIL, Stage, missing, now};

/// The key that the old system signs with; long enough not to be guessed from a link.
const KEY: &str = "demo-key-of-the-old-billing-page-7Qx";

/// Known answer: the public example's address and time under the key `abcXYZ123`.
const KNOWN_HASH: &str = "6624fa4b6fb3c5fcd24e587154a949911046d92b";

/// The link's page when it names one.
const GOTO: &str = "clientarea.php?action=services";

/// hash = sha1(address . timestamp . key).
fn hash(email: &str, timestamp: &str, key: &str) -> String {
    base16ct::lower::encode_string(&Sha1::digest(format!("{email}{timestamp}{key}")))
}

/// The query of `dologin.php`.
fn query(email: &str, timestamp: &str, hash: &str, goto: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("email", email).append_pair("timestamp", timestamp).append_pair("hash", hash);
    query.extend_pairs(goto.map(|goto| ("goto", goto)));
    query.finish()
}

fn accept(gate: &Gatepass, query: &str) -> Result<AutoAuthSignIn, Error> {
    gate.accept_autoauth(query.as_bytes(), &AutoAuthRequest::default())
}

/// The formula, by hand and by the library.
pub(super) fn known_answer(_: &mut Stage, step: &mut Step) -> Result<(), Error> {
    step.expect("sha1 of demo@whmcs.com, 1290100706 and abcXYZ123", KNOWN_HASH, {
        hash(EMAIL, "1290100706", "abcXYZ123")
    });
    let digest = gatepass::autoauth::digest(EMAIL.as_bytes(), 1_290_100_706, b"abcXYZ123");
    step.expect("the library says the same", KNOWN_HASH, base16ct::lower::encode_string(&digest));
    Ok(())
}

/// A link of now is accepted, and not again.
pub(super) fn once(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let seconds = now().as_seconds().to_string();
    let signed = hash(EMAIL, &seconds, KEY);
    stage.secrets.bytes("the AutoAuth key", KEY.as_bytes());
    stage.secrets.hex("the hash of the AutoAuth link", &signed);
    let gate = stage.gate()?;
    let link = query(EMAIL, &seconds, &signed, Some(GOTO));
    step.expect_refused("before it is switched on", "autoauth_off", accept(gate, &link));
    gate.add_autoauth_key("old billing page", &Secret::new(KEY), None)?;
    gate.set_setting("autoauth_enabled", json!(true))?;
    let accepted = accept(gate, &link)?;
    let who = accepted.user_id.map_or_else(|| "nobody".to_owned(), |user| format!("user {user}"));
    step.expect_noted("a link of now, made by the formula, signs in", "user 1", who, &accepted.landing_url);
    step.expect_refused("the same link again", "autoauth_used", accept(gate, &link));
    let other = query(EMAIL, &seconds, &signed.to_uppercase(), None);
    step.expect_refused("the same link in another spelling", "autoauth_used", accept(gate, &other));
    let session = accepted.session.ok_or_else(|| missing("session"))?;
    stage.secrets.timed("the session id of the AutoAuth link", &session.reveal());
    Ok(())
}

/// Links that somebody tampered with, or that come at the wrong time.
pub(super) fn refused(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let gate = stage.gate()?;
    gate.add_user(&NewUser { email: "other@example.com".into(), ..NewUser::default() })?;
    // A minute before now, so that it is another one than the link before, however fast or slow this goes.
    let present = now().as_seconds();
    let seconds = (present - 60).to_string();
    let signed = hash(EMAIL, &seconds, KEY);
    let tampered = query("other@example.com", &seconds, &signed, None);
    step.expect_refused("with another person's address", "autoauth_hash", accept(gate, &tampered));
    let early = (present - 901).to_string();
    let late = query(EMAIL, &early, &hash(EMAIL, &early, KEY), None);
    step.expect_refused("901 s old", "autoauth_too_old", accept(gate, &late));
    let foreign = query(EMAIL, &seconds, &signed, Some("https://evil.example/login"));
    step.expect_refused("with a foreign goto", "invalid goto", accept(gate, &foreign));
    // The formula has no separator: the same text is hashed.
    let (digit, rest) = seconds.split_at(1);
    let moved = query(&format!("{EMAIL}{digit}"), rest, &signed, None);
    step.expect_refused(
        "with a digit moved from timestamp to address",
        "invalid timestamp",
        accept(gate, &moved),
    );
    let untouched = accept(gate, &query(EMAIL, &seconds, &signed, None));
    let accepted = step.expect_accepted("the link itself, untouched, after all that", untouched)?;
    if let Some(session) = accepted.session {
        stage.secrets.timed("the session id of the other AutoAuth link", &session.reveal());
    }
    stage.secrets.hex("the hash of the other AutoAuth link", &signed);
    Ok(())
}
