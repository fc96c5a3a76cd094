//! An answer that is known stays the answer, whatever becomes of the notes about it; and what is erased is
//! gone.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gatepass::audit::AuditQuery;
use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::{NewCredential, Rotation};
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::secret::Secret;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{AutoAuthRequest, Error, Gatepass, InitOptions, KeyChoice, Options, Reason, Refusal};

const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

struct World {
    _folder: tempfile::TempDir,
    path: PathBuf,
    clock: Arc<ManualClock>,
    gate: Gatepass,
}

fn options(clock: &Arc<ManualClock>) -> Options {
    Options::new().clock(Arc::clone(clock)).deadline(Duration::from_millis(300))
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    let clock = Arc::new(ManualClock::new(NOON));
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = options(&clock).init(&path, &init).unwrap();
    let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "office@example.com".into(), owner: Some(user.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    World { _folder: folder, path, clock, gate }
}

impl World {
    fn token(&self) -> Token {
        let client = "1".parse().unwrap();
        self.gate
            .issue(&self.gate.host_caller("cli").unwrap(), &IssueRequest::for_client(client))
            .unwrap()
            .token
    }

    fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> Refusal {
        match answer.unwrap_err() {
            Error::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }
}

/// Another writer that holds the lock. It uses the same SQLite in the same process, which is safe.
fn hold_the_lock(path: &Path) -> rusqlite::Connection {
    let holder = rusqlite::Connection::open(path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    holder
}

#[test]
fn a_locked_store_still_gives_the_answers_that_need_no_write() {
    let w = world();
    w.gate.add_admin("ops", None).unwrap();
    let new = NewCredential { label: "shop".into(), admin: Some("ops".into()), ..NewCredential::default() };
    let made = w.gate.create_credential(&new).unwrap();
    let identifier = made.credential.identifier.unwrap();
    let token = w.token();
    let session = w.gate.redeem(&RedeemRequest::new(token.clone())).unwrap().session.unwrap();
    // Later, so that a touch and a last use are due.
    w.clock.advance(Duration::from_secs(120));

    let holder = hold_the_lock(&w.path);
    w.gate.check_session(&session, None).expect("a good session");
    w.gate.authenticate(&identifier, &made.secret.unwrap(), None).expect("a right secret");
    let again = World::refusal(w.gate.redeem(&RedeemRequest::new(token)));
    assert_eq!((again.reason, again.reference), (Reason::TokenRedeemed, None));
    assert!(again.redemption.is_some(), "the host is told which redemption came first all the same");
    // What does need a write is not answered.
    assert_eq!(
        w.gate
            .host_caller("cli")
            .map(|caller| {
                w.gate.issue(&caller, &IssueRequest::for_client("1".parse().unwrap())).unwrap_err().code()
            })
            .unwrap(),
        "store_busy"
    );
    drop(holder);
    w.gate.check_session(&session, None).unwrap();
}

#[test]
fn a_locked_store_still_knows_that_a_link_was_used() {
    let w = world();
    w.gate.set_setting("autoauth_enabled", true.into()).unwrap();
    let key = Secret::new("a key of more than twenty characters");
    let link = w.gate.sign_autoauth("ann@example.com", KeyChoice::Given(&key), None).unwrap();
    let query = link.split_once('?').unwrap().1.as_bytes();
    let request = AutoAuthRequest::default().with_key(key.clone());
    let session = w.gate.accept_autoauth(query, &request).unwrap().session;
    let holder = hold_the_lock(&w.path);
    let again = World::refusal(w.gate.accept_autoauth(query, &request.clone().presenting(session)));
    assert_eq!((again.reason, again.same_browser, again.reference), (Reason::AutoAuthUsed, true, None));
    // A link that could be accepted needs the write, so nobody gets in on it.
    w.clock.advance(Duration::from_secs(1));
    let fresh = w.gate.sign_autoauth("ann@example.com", KeyChoice::Given(&key), None).unwrap();
    let fresh = fresh.split_once('?').unwrap().1.as_bytes();
    assert_eq!(w.gate.accept_autoauth(fresh, &request).unwrap_err().code(), "store_busy");
    drop(holder);
    w.gate.accept_autoauth(fresh, &request).unwrap();
}

#[test]
fn a_persons_second_click_does_not_hide_the_replay_after_it() {
    let w = world();
    let token = w.token();
    let thief = "198.51.100.66".parse().unwrap();
    w.gate.redeem(&RedeemRequest::new(token.clone())).unwrap();
    w.clock.advance(Duration::from_secs(1));
    World::refusal(w.gate.redeem(&RedeemRequest::new(token.clone())));
    w.clock.advance(Duration::from_secs(6));
    for _ in 0..3 {
        World::refusal(w.gate.redeem(&RedeemRequest::new(token.clone()).from_address(thief)));
    }
    let all = AuditQuery::between(NOON, NOON.plus(Duration::from_secs(60)));
    let refused = AuditQuery { outcome: Some("refused".into()), ..all };
    let events = w.gate.audit_events(&refused).unwrap();
    let seen: Vec<_> = events.iter().map(|e| (e.detail.as_deref(), e.address.as_deref(), e.count)).collect();
    assert_eq!(seen, [(None, None, 1), (Some("replay"), Some("198.51.100.66"), 3)]);
}

#[test]
fn a_revoked_an_old_and_a_wrong_secret_hear_the_same() {
    let w = world();
    w.gate.add_admin("ops", None).unwrap();
    let new = |label: &str| NewCredential {
        label: label.into(),
        admin: Some("ops".into()),
        ..NewCredential::default()
    };
    let revoked = w.gate.create_credential(&new("revoked")).unwrap();
    w.gate.revoke_credential("revoked", false).unwrap();
    let rotated = w.gate.create_credential(&new("rotated")).unwrap();
    w.gate.rotate_credential("rotated", &Rotation::default()).unwrap();
    let answers = [
        (revoked.credential.identifier.as_deref().unwrap(), revoked.secret.unwrap()),
        (rotated.credential.identifier.as_deref().unwrap(), rotated.secret.unwrap()),
        (rotated.credential.identifier.as_deref().unwrap(), Secret::new("wrong")),
        ("nobody", Secret::new("wrong")),
    ]
    .map(|(identifier, secret)| World::refusal(w.gate.authenticate(identifier, &secret, None)));
    assert!(
        answers.iter().all(|answer| *answer == Refusal::new(Reason::AuthenticationFailed)),
        "{answers:?}"
    );
}

#[test]
fn options_that_are_refused_leave_no_store_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    for actor in ["two\nlines".to_owned(), "x".repeat(5_000)] {
        let refused = Options::new().actor(actor).init(&path, &init).unwrap_err();
        assert!(matches!(refused, Error::Invalid { ref field, .. } if field == "actor"), "{refused:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
    Options::new().actor("somebody").init(&path, &init).unwrap();
}

fn holds(path: &Path, text: &str) -> bool {
    // The store is closed in this process, or it is a log that no handle of ours has open.
    std::fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn an_erased_or_replaced_address_is_in_no_file_any_more() {
    let World { _folder: folder, path, gate, .. } = world();
    // Enough of them that rows are moved between pages, where copies used to stay.
    for number in 0..300 {
        let (email, name) = (format!("user{number}@unmistakable.example"), format!("Firstname{number}x"));
        gate.add_user(&NewUser { email, first_name: name, ..NewUser::default() }).unwrap();
    }
    let find = |email: &str| {
        let query = gatepass::directory::DirectoryQuery { email: Some(email.into()), ..Default::default() };
        gate.list_users(&query).unwrap().items.pop().unwrap().user_id
    };
    let log = path.with_file_name(format!("{}-wal", path.file_name().unwrap().to_str().unwrap()));
    let logged = || std::fs::metadata(&log).unwrap().len();
    assert_ne!(logged(), 0);
    gate.erase_user(find("user150@unmistakable.example")).unwrap();
    assert_eq!(logged(), 0, "the log is cut at once, not by the last one who closes the store");
    gate.set_user_email(find("user149@unmistakable.example"), "moved@example.com").unwrap();
    assert_eq!(logged(), 0, "the log is cut at once");
    drop(gate);
    assert!(holds(&path, "151@unmistakable"), "the search finds what is there");
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    for file in files {
        // SQLite writes over the first bytes of what it frees, so the ends are what would be left.
        assert!(!holds(&file, "150@unmistakable"), "the address is in {file:?}");
        assert!(!holds(&file, "name150x"), "the name is in {file:?}");
        assert!(!holds(&file, "149@unmistakable"), "the address of before is in {file:?}");
    }
}
