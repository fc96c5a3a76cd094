//! The verdict on an AutoAuth link whose hash was right.

use super::*;
use crate::destination::DenyTable;
use crate::directory::ClientStatus;
use crate::token::sample::{NOW, ann, client, settings, subject, user};

const SECOND: Duration = Duration::from_secs(1);

/// A link of Ann's that was signed now, and was not seen before.
fn good() -> (AcceptAct, AcceptFacts) {
    let act = AcceptAct {
        email: "ann@example.com".to_owned(),
        replay_key: [5; 32],
        signed_at: NOW,
        goto: Some("shop/offer.php".to_owned()),
        key: None,
        presented: None,
        replace: false,
        session: None,
        redemption: RedemptionId::from_slice(&[9; 16]).unwrap(),
        address: None,
    };
    let settings = Settings { autoauth_enabled: true, ..settings(Mode::Managed) };
    let floor = NOW.minus(REMEMBERED);
    let found = Ok((subject(), ann()));
    (act, AcceptFacts { settings: Arc::new(settings), key_active: true, floor, seen: None, found })
}

/// A setting, to be changed.
fn set(facts: &mut AcceptFacts) -> &mut Settings {
    Arc::make_mut(&mut facts.settings)
}

fn told_of(act: &AcceptAct, facts: &AcceptFacts) -> Option<String> {
    match judge_accept(act, facts, NOW) {
        Ok(_) => None,
        Err(Error::Invalid { field, .. }) => Some(field.into_owned()),
        Err(error) => Some(error.code().to_owned()),
    }
}

/// What can stand against a link, in the order in which it is told.
type Against = (&'static str, fn(&mut AcceptAct, &mut AcceptFacts));

const AGAINST: &[Against] = &[
    ("autoauth_off", |_, facts| set(facts).autoauth_enabled = false),
    ("autoauth_hash", |_, facts| facts.key_active = false),
    ("goto", |_, facts| set(facts).deny = DenyTable::new("admin", &["shop/"]).unwrap()),
    ("autoauth_too_old", |act, _| act.signed_at = NOW.minus(901 * SECOND)),
    ("autoauth_forgotten", |_, facts| facts.floor = NOW.plus(SECOND)),
    ("autoauth_used", |_, facts| facts.seen = Some(None)),
    ("client_closed", |_, facts| {
        let (_, known) = facts.found.as_mut().unwrap();
        known.client.as_mut().unwrap().status = ClientStatus::Closed;
    }),
    ("no_match", |_, facts| facts.found = Err(Reason::NoMatch)),
];

#[test]
fn of_what_stands_against_a_link_the_first_in_order_is_told() {
    for (at, (first, spoil)) in AGAINST.iter().enumerate() {
        for (_, later) in &AGAINST[at..] {
            let (mut act, mut facts) = good();
            // The last two change the same fact, so only one of them can stand.
            spoil(&mut act, &mut facts);
            if *first != "client_closed" {
                later(&mut act, &mut facts);
            }
            assert_eq!(told_of(&act, &facts).as_deref(), Some(*first));
        }
    }
}

#[test]
fn a_good_link_signs_in_whom_its_address_names_and_lands_where_it_says() {
    let (mut act, mut facts) = good();
    let accepted = judge_accept(&act, &facts, NOW).unwrap();
    let admitted = accepted.admitted.unwrap();
    assert_eq!((admitted.user, admitted.client), (user(1), Some(client(1))));
    assert_eq!(accepted.landing.as_str(), "shop/offer.php");
    assert_eq!(accepted.system_url, facts.settings.system_url);
    for nowhere in [None, Some(String::new())] {
        act.goto = nowhere;
        assert_eq!(judge_accept(&act, &facts, NOW).unwrap().landing.as_str(), HOME);
    }
    // In host mode nobody was looked up.
    set(&mut facts).mode = Mode::Host;
    facts.found = Err(Reason::NoMatch);
    assert_eq!(judge_accept(&act, &facts, NOW).unwrap().admitted, None);
}

#[test]
fn the_windows_are_those_of_the_settings() {
    let (mut act, mut facts) = good();
    (set(&mut facts).autoauth_past_seconds, set(&mut facts).autoauth_future_seconds) = (60, 30);
    for (signed_at, told) in [
        (NOW.minus(60 * SECOND), None),
        (NOW.minus(61 * SECOND), Some("autoauth_too_old")),
        (NOW.plus(30 * SECOND), None),
        (NOW.plus(31 * SECOND), Some("autoauth_too_new")),
    ] {
        act.signed_at = signed_at;
        assert_eq!(told_of(&act, &facts).as_deref(), told);
    }
}

#[test]
fn once_means_at_or_above_the_floor_and_unseen_and_window_means_neither() {
    let (mut act, mut facts) = good();
    facts.floor = NOW;
    assert_eq!(told_of(&act, &facts), None);
    act.signed_at = NOW.minus(SECOND);
    facts.seen = Some(None);
    assert_eq!(told_of(&act, &facts).as_deref(), Some("autoauth_forgotten"));
    set(&mut facts).autoauth_reuse = ReusePolicy::Window;
    assert_eq!(told_of(&act, &facts), None);
}

#[test]
fn an_address_names_one_user_or_else_the_owner_of_one_client() {
    let named = |user: Option<UserId>, clients: &[i64]| {
        named_by(user, &clients.iter().copied().map(client).collect::<Vec<_>>())
    };
    assert_eq!(named(Some(user(1)), &[]), Ok(Subject::User(user(1))));
    assert_eq!(named(Some(user(1)), &[2, 3]), Ok(Subject::User(user(1))));
    assert_eq!(named(None, &[2]), Ok(Subject::Client(client(2))));
    assert_eq!(named(None, &[]), Err(Reason::NoMatch));
    assert_eq!(named(None, &[2, 3]), Err(Reason::SeveralClients));
}

#[test]
fn a_used_link_says_whether_it_is_the_same_browser_or_a_second_click() {
    let first = TimedKey::new(NOW, &[1; 32]);
    let said = |reason: Reason, seen, presented, after| {
        let (mut act, mut facts) = good();
        (act.presented, facts.seen) = (presented, seen);
        match told(reason.into(), &act, &facts, NOW.plus(after)) {
            Error::Refused(refusal) if refusal.reason == reason => (refusal.same_browser, refusal.duplicate),
            other => panic!("{other:?}"),
        }
    };
    let (seen, other) = (Some(Some(first)), TimedKey::new(NOW, &[2; 32]));
    let millisecond = Duration::from_millis(1);
    assert_eq!(said(Reason::AutoAuthUsed, seen, Some(first), 6 * SECOND), (true, false));
    assert_eq!(said(Reason::AutoAuthUsed, seen, Some(other), 6 * SECOND), (false, false));
    assert_eq!(said(Reason::AutoAuthUsed, seen, None, Duration::ZERO), (false, true));
    assert_eq!(said(Reason::AutoAuthUsed, seen, None, DUPLICATE - millisecond), (false, true));
    assert_eq!(said(Reason::AutoAuthUsed, seen, None, DUPLICATE), (false, false));
    // The first one started no session, so nobody can hold it.
    assert_eq!(said(Reason::AutoAuthUsed, Some(None), None, Duration::ZERO), (false, false));
    // Any other refusal is left as it is, and so is what is no refusal.
    assert_eq!(said(Reason::AutoAuthTooOld, seen, Some(first), Duration::ZERO), (false, false));
    let (act, facts) = good();
    let invalid = told(Error::invalid("goto", "wrong"), &act, &facts, NOW);
    assert!(matches!(invalid, Error::Invalid { field, .. } if field == "goto"));
}

#[test]
fn the_address_is_not_printed() {
    let inspection = AutoAuthInspection {
        email: "ann@example.com".to_owned(),
        user_id: Some(user(1)),
        client_id: Some(client(1)),
        landing: None,
        refusal: None,
        confirm: Confirm::OtherUser,
        key_id: None,
        signed_at: NOW,
    };
    let sign_in = AutoAuthSignIn {
        email: "ann@example.com".to_owned(),
        user_id: Some(user(1)),
        client_id: Some(client(1)),
        clients: vec![client(1)],
        session: None,
        session_expires_at: None,
        redemption: RedemptionId::from_slice(&[9; 16]).unwrap(),
        landing_url: "https://billing.example.com/clientarea.php".to_owned(),
        key: Some("old website".to_owned()),
        unchecked: &[],
    };
    for (shown, named) in [(format!("{inspection:?}"), "signed_at"), (format!("{sign_in:?}"), "old website")]
    {
        assert!(shown.contains("UserId(1)") && shown.contains(named), "{shown}");
        assert!(!shown.contains("ann@"), "{shown}");
    }
}
