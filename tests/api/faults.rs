//! A store that can't answer is HTTP 503, any other fault 500; nothing of the inside is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatepass::Options;

use crate::{Bench, error, post};

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

/// A generator that never works once it was told to break.
struct Breaking(Arc<AtomicBool>);

impl rand_core::TryRng for Breaking {
    type Error = std::fmt::Error;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(std::fmt::Error)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(std::fmt::Error)
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.fill(7);
        if self.0.load(Ordering::SeqCst) { Err(std::fmt::Error) } else { Ok(()) }
    }
}

impl rand_core::TryCryptoRng for Breaking {}

#[test]
fn a_fault_inside_is_500_and_says_nothing_of_itself() {
    let bench = Bench::new();
    let broken = Arc::new(AtomicBool::new(false));
    let options = Options::new().clock(bench.clock.clone()).random(Breaking(broken.clone()));
    let gate = options.open(&bench.place.store).unwrap();
    broken.store(true, Ordering::SeqCst);
    let answer = post(&gate, &bench.portal.form(&[("action", "CreateSsoToken"), ("client_id", "1")]));
    let message = "Token could not be provisioned: server_error. something went wrong inside";
    assert_eq!(error(&answer), (500, message.to_owned()));
}
