//! A store that can't answer: HTTP 503, and nothing of the store's inside.

use crate::{Bench, error};

/// Put another file where the store's was: no answer of the open handle can be trusted any more.
pub(crate) fn replace(bench: &Bench) {
    let other = bench.place.beside("other");
    std::fs::write(&other, b"something else").unwrap();
    std::fs::rename(&other, &bench.place.store).unwrap();
}

#[test]
fn a_store_that_can_t_answer_is_503() {
    let bench = Bench::new();
    bench.ok(&[("action", "GetUsers")]);
    replace(&bench);
    let provisioned = "Token could not be provisioned: temporarily_unavailable. the store could not answer";
    for (action, message) in [
        ("CreateSsoToken", provisioned),
        ("GetUsers", "The call failed: the store could not answer"),
        ("NoSuchAction", "The call failed: the store could not answer"),
    ] {
        let answer = bench.ask(&[("action", action), ("client_id", "1")]);
        assert_eq!(error(&answer), (503, message.to_owned()));
    }
    // What needs no store is answered as ever.
    assert_eq!(error(&bench.ask(&[])), (400, "Empty action request".to_owned()));
}
