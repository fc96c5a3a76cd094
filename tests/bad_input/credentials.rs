//! What callers may be asked about.

use super::{Bench, PLANTED};
use crate::common::refused;
use gatepass::Reason;
use gatepass::credential::NewCredential;

#[test]
fn an_action_that_is_no_name_is_named_and_never_audited() {
    let bench = Bench::new();
    let mut new = NewCredential { label: "limited".into(), host: true, ..NewCredential::default() };
    new.limits.actions = Some(vec!["createssotoken".into()]);
    bench.gate.create_credential(&new).unwrap();
    let caller = bench.gate.host_caller("limited").unwrap();
    for action in ["", "GetClients", "get clients", "hunter2@example.com", "x\0", "é", &PLANTED.repeat(10)] {
        assert_eq!(bench.field(|gate| gate.authorise(&caller, action, None)), "action", "{action}");
    }
    assert_eq!(refused(bench.gate.authorise(&caller, "getclients", None)), Reason::ActionNotAllowed);
    bench.gate.authorise(&caller, "createssotoken", None).unwrap();
}
