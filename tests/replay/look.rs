//! Whether a store that comes back from a crash is right: it opens, it is sound, its acts are whole, what was
//! answered is there, and it goes on.

use std::path::Path;

use super::whole::half_done;
use gatepass::Gatepass;
use gatepass::id::ClientId;
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::upkeep::Severity;

/// What is looked at beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Everything: whole acts, and that the store goes on.
    AtAll,
    /// Only that the file is sound: what stands in it was not made by whole acts of its own.
    AtSoundness,
}

impl Look {
    /// What is wrong with the store of that path; `answered` says what it lacks of what was answered.
    pub(crate) fn at(self, path: &Path, answered: impl FnOnce(&Gatepass) -> Vec<String>) -> Vec<String> {
        let gate = match Gatepass::open(path) {
            Ok(gate) => gate,
            Err(error) => return vec![format!("it does not open: {error}")],
        };
        let mut wrong = match gate.check(&mut |_, _| {}) {
            Ok(findings) => findings
                .into_iter()
                .filter(|finding| finding.severity == Severity::Bad)
                .map(|finding| format!("{}: {}", finding.subject, finding.message))
                .collect(),
            Err(error) => vec![format!("it can't be checked: {error}")],
        };
        if self == Look::AtAll {
            let found = half_done(path).unwrap_or_else(|error| vec![error.to_string()]);
            wrong.extend(found.into_iter().map(|what| format!("half done: {what}")));
        }
        wrong.extend(answered(&gate));
        if self == Look::AtAll {
            wrong.extend(goes_on(&gate).err().map(|error| format!("it does not go on: {error}")));
        }
        wrong
    }
}

/// The store is used again.
fn goes_on(gate: &Gatepass) -> gatepass::Result<()> {
    let request = IssueRequest::for_client(ClientId::new(1)?);
    let token = gate.issue(&gate.host_caller("cli")?, &request)?.token;
    let session = gate
        .redeem(&RedeemRequest::new(token))?
        .session
        .ok_or(gatepass::Error::Internal("no session".into()));
    gate.check_session(&session?, None).map(drop)
}
