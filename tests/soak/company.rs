//! What goes on around the races, each kind in a process of its own: sign-ins, revocations, purges, backups
//! and checks, without an end. A refusal is an answer, for the clock is set under their feet; that somebody
//! is let in who must not be, or an error that is no refusal, is told as wrong.

use std::path::Path;
use std::time::Duration;

use gatepass::credential::NewCredential;
use gatepass::id::ClientId;
use gatepass::link::{EndLinks, LinkRequest, OpenRequest};
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens};
use gatepass::upkeep::{Finding, Severity};
use gatepass::{Error, Gatepass, Options};

use super::common::{portal, say};

/// The kinds, and how long each pauses between two turns.
pub(crate) const ROLES: [(&str, Duration); 6] = [
    ("sign-in", Duration::from_millis(10)),
    ("revoke", Duration::from_millis(20)),
    ("issue", Duration::from_millis(10)),
    ("purge", Duration::from_millis(100)),
    ("back-up", Duration::from_millis(200)),
    ("check", Duration::from_millis(200)),
];

/// Do one kind of work again and again; every turn is told.
pub(crate) fn keep(store: &str, role: &str, own: &str, deadline: &str) {
    let deadline = Duration::from_secs_f64(deadline.parse().unwrap());
    let gate = Options::new().deadline(deadline).open(store).unwrap();
    let pause = ROLES.iter().find(|(name, _)| *name == role).map(|(_, pause)| *pause);
    say("ready");
    for turn in 0u64.. {
        match work(&gate, role, &format!("{own}-{turn}")) {
            Ok(()) => say(&format!("turn {role}")),
            Err(Error::Refused(refusal)) => say(&format!("refused {role} {}", refusal.reason.code())),
            Err(error) => say(&format!("wrong {role}: {}", error.code())),
        }
        pause.inspect(|pause| std::thread::sleep(*pause));
    }
}

fn work(gate: &Gatepass, role: &str, own: &str) -> gatepass::Result<()> {
    let issue = IssueRequest::for_client(ClientId::new(1).unwrap());
    match role {
        // The same without a pause, for who is to be found at work whenever it is stopped.
        "sign-in" | "sign-in at once" => {
            let issued = gate.issue(&portal(gate), &issue)?;
            let session = gate.redeem(&RedeemRequest::new(issued.token))?.session.unwrap();
            gate.check_session(&session, None)?;
            gate.end_sessions(&EndSessions::One(session.clone()))?;
            never("an ended session", gate.check_session(&session, None))
        }
        "issue" => {
            let issued = gate.issue(&portal(gate), &issue)?;
            gate.inspect(&issued.token, None)?;
            gate.create_link(&portal(gate), &LinkRequest::new(issue))?;
            Ok(())
        }
        "revoke" => {
            let request = RedeemRequest::new(gate.issue(&portal(gate), &issue)?.token);
            gate.revoke_tokens(&RevokeTokens::One(request.token.clone()))?;
            never("a revoked token", gate.redeem(&request))?;

            let link = gate.create_link(&portal(gate), &LinkRequest::new(issue.clone()))?.link;
            gate.revoke_links(&EndLinks::One(link.clone()))?;
            never("a revoked link", gate.open_link(&OpenRequest::new(link)))?;

            let label = Path::new(own).file_name().unwrap().to_string_lossy().into_owned();
            let new = NewCredential { label: label.clone(), host: true, ..NewCredential::default() };
            gate.create_credential(&new)?;
            let caller = gate.host_caller(&label)?;
            let request = RedeemRequest::new(gate.issue(&caller, &issue)?.token);
            gate.revoke_credential(&label, false)?;
            never("a token of a revoked credential", gate.redeem(&request))
        }
        "purge" => gate.purge(&mut |_, _| {}).map(drop),
        "back-up" => {
            gate.backup(own, &mut |_, _| {})?;
            // A backup is a store: it opens, and everything in it is sound.
            is_sound(&Gatepass::open(own)?)?;
            std::fs::remove_file(own).unwrap();
            Ok(())
        }
        "check" => is_sound(gate),
        other => panic!("{other}"),
    }
}

/// Told as wrong if it was let in; every refusal is fine.
fn never<T>(what: &str, tried: gatepass::Result<T>) -> gatepass::Result<()> {
    match tried {
        Ok(_) => say(&format!("wrong {what} was let in")),
        Err(Error::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn is_sound(gate: &Gatepass) -> gatepass::Result<()> {
    amiss(gate)?.iter().for_each(|finding| say(&format!("wrong {finding:?}")));
    Ok(())
}

/// What a check finds that is bad. That the clock was set back is, and it was.
pub(crate) fn amiss(gate: &Gatepass) -> gatepass::Result<Vec<Finding>> {
    let mut found = gate.check(&mut |_, _| {})?;
    found.retain(|finding| finding.severity == Severity::Bad && finding.subject != "clock");
    Ok(found)
}
