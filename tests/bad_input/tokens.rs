//! What is no token, and what is no session id.

use super::{Bench, wrong_hex};
use gatepass::secret::Reference;
use gatepass::session::SessionId;
use gatepass::token::Token;
use gatepass::{Reason, ops};
use serde_json::json;

#[test]
fn a_wrong_token_is_unknown_and_costs_no_write() {
    let bench = Bench::new();
    let gate = &bench.gate;
    let mut wrong = wrong_hex(40);
    // An id of a session, a name of a token, and the shape of a token that was never issued.
    wrong.extend(["ab".repeat(32), "ab".repeat(12)]);
    for text in &wrong {
        let error = bench.untouched(|gate| gate.read_token(text, None));
        assert_eq!(error.reason(), Some(Reason::TokenUnknown));
        assert!(Token::parse(text).is_none());
        if text.len() != 24 {
            assert_eq!(bench.field_of("token.explain", json!({ "token": text })), "token");
            assert_eq!(bench.field_of("token.revoke", json!({ "token": text })), "token");
        }
    }
    let never = gate.read_token(&"ab".repeat(20), None).unwrap();
    for error in [
        bench.untouched(|gate| gate.redeem(&gatepass::token::RedeemRequest::new(never.clone()))),
        bench.untouched(|gate| gate.inspect(&never, None)),
        bench.untouched(|gate| gate.explain(&never)),
        bench.untouched(|gate| ops::call(gate, "token.explain", json!({ "token": never.reveal() }))),
    ] {
        assert_eq!(error.reason(), Some(Reason::TokenUnknown));
        assert!(!format!("{error:?}{error}").contains(&never.reveal()));
    }
    for text in wrong_hex(64) {
        assert_eq!(
            bench.untouched(|gate| gate.read_session_id(&text, None)).reason(),
            Some(Reason::SessionUnknown)
        );
        assert_eq!(bench.field_of("session.end", json!({ "session": text })), "session");
    }
    for text in wrong_hex(24) {
        assert!(Reference::parse(&text).is_none());
        assert_eq!(bench.field_of("token.list", json!({ "before": text })), "before");
        assert_eq!(bench.field_of("session.list", json!({ "before": text })), "before");
    }
    assert!(SessionId::parse("ab".repeat(32)).is_some());
}
