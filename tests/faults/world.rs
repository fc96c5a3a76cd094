//! A store with something of everything in it, and what is known of it: what must be let in, and what must
//! not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::NewCredential;
use gatepass::id::UserId;
use gatepass::link::{LinkRequest, OpenRequest};
use gatepass::secret::Secret;
use gatepass::session::{EndSessions, SessionId};
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens, Token};
use gatepass::{Gatepass, KeyChoice, Options};
use serde::{Deserialize, Serialize};

use super::support::{init, with_suffix};

/// When the store was made: a whole minute.
const MADE: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// How much later the acts come: uses and touches are due to be written down, and tokens are still live.
const LATER: Duration = Duration::from_secs(120);

/// No call may wait for longer.
const DEADLINE: Duration = Duration::from_millis(200);

/// The settings of the backup and of the store differ in this.
pub(crate) const LIFE_IN_STORE: u32 = 40;

/// What the tests know of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) path: PathBuf,
    pub(crate) live: String,
    pub(crate) spent: String,
    pub(crate) revoked: String,
    pub(crate) session: String,
    pub(crate) ended: String,
    pub(crate) link: String,
    pub(crate) used_link: String,
    pub(crate) identifier: String,
    pub(crate) secret: String,
    pub(crate) autoauth: String,
    pub(crate) used_autoauth: String,
    pub(crate) events: usize,
}

/// The key of AutoAuth links, given by the caller.
pub(crate) fn autoauth_key() -> Secret {
    Secret::new("the key of the old website, long enough")
}

/// Options of a handle at the time of the acts, `more` later still.
pub(crate) fn options(more: Duration) -> Options {
    let clock = ManualClock::new(MADE);
    clock.advance(LATER + more);
    Options::new().clock(clock).deadline(DEADLINE)
}

/// The time of the acts' audit, and all before it.
pub(crate) fn whole_time() -> (Timestamp, Timestamp) {
    (Timestamp::from_seconds(0), Timestamp::from_seconds(1_900_000_000))
}

pub(crate) fn token(text: &str) -> Token {
    Token::parse(text).unwrap()
}

impl World {
    /// Make the store in this folder, with a backup beside it, and close it.
    pub(crate) fn make(folder: &Path) -> World {
        let path = folder.join("gatepass.db");
        let clock = std::sync::Arc::new(ManualClock::new(MADE));
        let gate = Options::new().clock(clock.clone()).init(&path, &init()).unwrap();
        gate.set_setting("autoauth_enabled", true.into()).unwrap();
        let caller = gate.host_caller("cli").unwrap();
        let request = IssueRequest::for_user(UserId::new(1).unwrap());
        let issue = || gate.issue(&caller, &request).unwrap().token;
        let redeem = |token: Token| gate.redeem(&RedeemRequest::new(token)).unwrap().session.unwrap();
        let spent = issue();
        let (session, ended) = (redeem(spent.clone()), redeem(issue()));
        gate.end_sessions(&EndSessions::One(ended.clone())).unwrap();
        let link = || gate.create_link(&caller, &LinkRequest::new(request.clone())).unwrap().link;
        let (live_link, used_link) = (link(), link());
        gate.open_link(&OpenRequest::new(used_link.clone())).unwrap();
        gate.add_admin("owner", None).unwrap();
        let admin = Some("owner".to_owned());
        let new = NewCredential { label: "portal".into(), admin, ..NewCredential::default() };
        let made = gate.create_credential(&new).unwrap();
        gate.backup(with_suffix(&path, ".backup"), &mut |_, _| {}).unwrap();
        gate.set_setting("token_life_seconds", LIFE_IN_STORE.into()).unwrap();
        clock.advance(LATER - Duration::from_secs(20));
        let (live, revoked) = (issue(), issue());
        gate.revoke_tokens(&RevokeTokens::One(revoked.clone())).unwrap();
        let sign = |email| {
            let url = gate.sign_autoauth(email, KeyChoice::Given(&autoauth_key()), None).unwrap();
            url.split_once('?').unwrap().1.to_owned()
        };
        let (autoauth, used_autoauth) = (sign("ann@example.com"), sign("bob@example.com"));
        let request = gatepass::AutoAuthRequest::default().with_key(autoauth_key());
        gate.accept_autoauth(used_autoauth.as_bytes(), &request).unwrap();
        let (from, to) = whole_time();
        let events = gate.audit_events(&gatepass::audit::AuditQuery::between(from, to)).unwrap().len();
        World {
            path,
            live: live.reveal(),
            spent: spent.reveal(),
            revoked: revoked.reveal(),
            session: session.reveal(),
            ended: ended.reveal(),
            link: live_link.reveal(),
            used_link: used_link.reveal(),
            identifier: made.credential.identifier.unwrap(),
            secret: made.secret.unwrap().reveal().to_owned(),
            autoauth,
            used_autoauth,
            events,
        }
    }

    /// The same store, as it was made, once more in a folder of its own.
    pub(crate) fn copy_to(&self, folder: &Path) -> World {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join("gatepass.db");
        for suffix in ["", ".backup"] {
            std::fs::copy(with_suffix(&self.path, suffix), with_suffix(&path, suffix)).unwrap();
        }
        World { path, ..self.clone() }
    }

    /// Where the acts' backup goes, and where their restore comes from.
    pub(crate) fn new_backup(&self) -> PathBuf {
        with_suffix(&self.path, ".new")
    }

    pub(crate) fn old_backup(&self) -> PathBuf {
        with_suffix(&self.path, ".backup")
    }

    /// A session's id.
    pub(crate) fn id_of(text: &str) -> SessionId {
        SessionId::parse(text).unwrap()
    }

    /// Another look at the store.
    pub(crate) fn look(&self, more: Duration) -> gatepass::Result<Gatepass> {
        options(more).open(&self.path)
    }
}
