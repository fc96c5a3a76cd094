//! What a credential may do, and who is taken for its holder.

use super::*;
use crate::token::sample::{NOW, issuer, limits};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn id(number: i64) -> CredentialId {
    CredentialId::new(number).unwrap()
}

fn shows(serial: i64) -> Caller {
    Caller(CallerId::Api { credential: id(1), serial })
}

/// An admin who showed a password.
const ADMIN: fn() -> Caller = || Caller(CallerId::Admin { admin: AdminId::new(2).unwrap() });

/// What can stand against a credential, in the order in which it is told.
type Against = (Reason, fn(&mut CallerFacts));

const AGAINST: &[Against] = &[
    (Reason::CredentialRevoked, |facts| facts.revoked_at = Some(NOW)),
    (Reason::CredentialExpired, |facts| facts.expires_at = Some(NOW)),
    (Reason::CredentialDisabled, |facts| facts.enabled = false),
    (Reason::AdminDisabled, |facts| facts.admin_enabled = false),
];

#[test]
fn of_what_stands_against_a_credential_the_first_in_order_is_told() {
    for (at, (first, spoil)) in AGAINST.iter().enumerate() {
        for (_, later) in &AGAINST[at..] {
            let mut facts = issuer();
            later(&mut facts);
            spoil(&mut facts);
            assert_eq!(facts.standing(NOW), Err(*first));
            assert_eq!(facts.may_ask(&shows(1), None, NOW), Err(*first));
            assert_eq!(facts.may_ask(&ADMIN(), None, NOW), Err(*first));
        }
    }
    let mut facts = issuer();
    facts.expires_at = Some(NOW.plus(MILLISECOND));
    assert_eq!(facts.standing(NOW), Ok(()));
}

#[test]
fn the_secret_before_the_last_counts_until_the_overlap_ends_and_no_other_does() {
    let mut facts = issuer();
    facts.serial = 7;
    let accepted =
        |facts: &CallerFacts| (5..9).filter(|&serial| facts.accepts(serial, NOW)).collect::<Vec<_>>();
    assert_eq!(accepted(&facts), [7]);
    facts.old_until = Some(NOW.plus(MILLISECOND));
    assert_eq!(accepted(&facts), [6, 7]);
    facts.old_until = Some(NOW);
    assert_eq!(accepted(&facts), [7]);
    // It leaked, so it is void whatever the overlap says.
    (facts.old_until, facts.void_serial) = (Some(NOW.plus(SECOND)), 6);
    assert_eq!(accepted(&facts), [7]);
    facts.void_serial = 5;
    assert_eq!(accepted(&facts), [6, 7]);
    assert_eq!(facts.honours(5), Err(Reason::CredentialRevoked));
    assert_eq!(facts.honours(6), Ok(()));
}

#[test]
fn a_caller_is_asked_for_standing_secret_address_and_action() {
    let mut facts = issuer();
    limits(&mut facts).addresses = vec!["10.0.0.0/8".parse().unwrap()];
    limits(&mut facts).actions = Some(vec!["getclients".to_owned()]);
    let inside = Some("10.1.2.3".parse().unwrap());
    let may = |facts: &CallerFacts, caller, action, address| facts.may(&caller, action, address, NOW);
    assert_eq!(may(&facts, shows(1), "getclients", inside), Ok(()));
    assert_eq!(may(&facts, shows(1), "getusers", inside), Err(Reason::ActionNotAllowed));
    for outside in [None, Some("192.0.2.1".parse().unwrap())] {
        assert_eq!(may(&facts, shows(1), "getusers", outside), Err(Reason::AddressNotAllowed));
    }
    assert_eq!(may(&facts, shows(2), "getusers", None), Err(Reason::CredentialRevoked));
    // An admin by password has no secret with a number.
    facts.serial = 9;
    assert_eq!(may(&facts, ADMIN(), "getclients", inside), Ok(()));
    assert_eq!(may(&facts, shows(1), "getclients", inside), Err(Reason::CredentialRevoked));
}

#[test]
fn a_caller_says_who_he_is() {
    let host = Caller(CallerId::Host { credential: id(3) });
    let admin = AdminId::new(2).unwrap();
    let said = |caller: Caller| (caller.credential_id(), caller.admin_id(), caller.serial());
    assert_eq!(said(shows(4)), (Some(id(1)), None, 4));
    assert_eq!(said(host), (Some(id(3)), None, 0));
    assert_eq!(said(ADMIN()), (None, Some(admin), 0));
}

#[test]
fn an_admin_by_password_may_do_all_that_the_store_allows_while_enabled() {
    let facts = CallerFacts::admin(true);
    assert_eq!(facts.may(&ADMIN(), "createssotoken", None, NOW), Ok(()));
    assert!(facts.limits.allows_destination(Some("sso:custom_redirect")));
    assert_eq!(facts.honours(0), Ok(()), "what an admin issued has no secret's number");
    assert_eq!(facts.count_issue(NOW), Ok(None));
    assert_eq!(CallerFacts::admin(false).standing(NOW), Err(Reason::AdminDisabled));
}

#[test]
fn a_limit_per_minute_counts_to_it_and_starts_anew_each_minute() {
    let minute = NOW.as_seconds() / 60;
    for of_links in [false, true] {
        let count = |most, counted| {
            let mut facts = issuer();
            match of_links {
                true => (limits(&mut facts).links_per_minute, facts.link_minute) = (most, counted),
                false => (limits(&mut facts).issues_per_minute, facts.minute) = (most, counted),
            }
            if of_links { facts.count_link(NOW) } else { facts.count_issue(NOW) }
        };
        assert_eq!(count(None, (minute, 500)), Ok(None));
        assert_eq!(count(Some(2), (0, 0)), Ok(Some((minute, 1))));
        assert_eq!(count(Some(2), (minute, 1)), Ok(Some((minute, 2))));
        assert_eq!(count(Some(2), (minute, 2)), Err(Reason::RateLimited));
        assert_eq!(count(Some(2), (minute, 3)), Err(Reason::RateLimited));
        assert_eq!(count(Some(2), (minute - 1, 2)), Ok(Some((minute, 1))));
    }
}

#[test]
fn a_token_lives_no_longer_than_store_and_credential_allow() {
    let mut facts = issuer();
    assert_eq!(facts.longest_life(60 * SECOND), 60 * SECOND);
    limits(&mut facts).max_token_life_seconds = Some(20);
    assert_eq!(facts.longest_life(60 * SECOND), 20 * SECOND);
    assert_eq!(facts.longest_life(10 * SECOND), 10 * SECOND);
}

#[test]
fn the_last_use_is_written_once_a_minute_and_after_the_clock_was_set_back() {
    let due = |last: Option<Timestamp>| CallerFacts { last_used_at: last, ..issuer() }.last_used_due(NOW);
    assert!(due(None));
    assert!(!due(Some(NOW)));
    assert!(!due(Some(NOW.minus(60 * SECOND - MILLISECOND))));
    assert!(due(Some(NOW.minus(60 * SECOND))));
    assert!(due(Some(NOW.plus(MILLISECOND))));
}

/// A credential with its secret's digest and the one before.
fn known() -> SecretFacts {
    let facts = CallerFacts { serial: 2, old_until: Some(NOW.plus(SECOND)), ..issuer() };
    SecretFacts { id: id(1), digest: [1; 32], old_digest: Some([2; 32]), facts }
}

fn shown(found: Option<&SecretFacts>, digest: u8) -> Result<Caller, (Reason, Option<CredentialId>)> {
    authenticate(found, &[digest; 32], Some("192.0.2.1".parse().unwrap()), NOW)
}

#[test]
fn the_right_secret_or_the_one_before_it_authenticates_and_nothing_else() {
    let wrong = Err((Reason::AuthenticationFailed, None));
    let found = known();
    assert_eq!(shown(Some(&found), 1), Ok(shows(2)));
    assert_eq!(shown(Some(&found), 2), Ok(shows(1)));
    assert_eq!(shown(Some(&found), 3), wrong);
    // What is compared where nothing is known lets nobody in.
    for stand_in in [0xA5, 0x5A] {
        assert_eq!(shown(None, stand_in), wrong);
    }
}

#[test]
fn a_right_secret_of_a_credential_that_is_no_good_is_answered_as_a_wrong_one_and_told_to_the_audit() {
    for (_, spoil) in AGAINST {
        let mut found = known();
        spoil(&mut found.facts);
        assert_eq!(shown(Some(&found), 1), Err((Reason::AuthenticationFailed, Some(id(1)))));
        assert_eq!(shown(Some(&found), 3), Err((Reason::AuthenticationFailed, None)));
    }
    let mut found = known();
    found.facts.old_until = Some(NOW);
    assert_eq!(shown(Some(&found), 2), Err((Reason::AuthenticationFailed, Some(id(1)))));
}

#[test]
fn the_address_is_asked_about_only_when_the_secret_was_right() {
    let mut found = known();
    limits(&mut found.facts).addresses = vec!["10.0.0.0/8".parse().unwrap()];
    assert_eq!(shown(Some(&found), 1), Err((Reason::AddressNotAllowed, Some(id(1)))));
    assert_eq!(shown(Some(&found), 3), Err((Reason::AuthenticationFailed, None)));
    limits(&mut found.facts).addresses = vec!["192.0.2.0/24".parse().unwrap()];
    assert_eq!(shown(Some(&found), 1), Ok(shows(2)));
}

/// The field that a credential to make is refused for.
fn field(of: NewCredential) -> Option<String> {
    match of.check() {
        Ok(()) => None,
        Err(Error::Invalid { field, .. }) => Some(field.into_owned()),
        Err(other) => panic!("{other:?}"),
    }
}

fn new_host() -> NewCredential {
    NewCredential { label: "shop".to_owned(), host: true, ..NewCredential::default() }
}

#[test]
fn a_credential_to_make_has_a_label_and_an_admin_unless_it_is_a_hosts() {
    assert_eq!(field(new_host()), None);
    let admin = || Some("root".to_owned());
    assert_eq!(field(NewCredential { host: false, admin: admin(), ..new_host() }), None);
    assert_eq!(field(NewCredential { host: false, ..new_host() }).as_deref(), Some("admin"));
    assert_eq!(field(NewCredential { admin: admin(), ..new_host() }).as_deref(), Some("admin"));
    for (length, named) in [(0, Some("label")), (1, None), (100, None), (101, Some("label"))] {
        assert_eq!(field(NewCredential { label: "x".repeat(length), ..new_host() }).as_deref(), named);
    }
    let limits = Limits { issues_per_minute: Some(0), ..Limits::default() };
    assert_eq!(field(NewCredential { limits, ..new_host() }).as_deref(), Some("issues_per_minute"));
}

#[test]
fn a_home_url_is_an_http_address_of_at_most_500_bytes() {
    let home = |url: &str| field(NewCredential { home_url: Some(url.to_owned()), ..new_host() });
    let long = |length: usize| format!("https://shop.example/{}", "x".repeat(length - 21));
    for good in ["https://shop.example", "http://shop.example/a?b=c#d", &long(500)] {
        assert_eq!(home(good), None, "{good}");
    }
    for bad in [
        "",
        "shop.example",
        "ftp://shop.example",
        "javascript:alert(1)",
        "https://",
        "https://a\n/b",
        &long(501),
    ] {
        assert_eq!(home(bad).as_deref(), Some("home_url"), "{bad}");
    }
}

#[test]
fn a_rotation_overlaps_at_most_30_days_and_not_at_all_after_a_leak() {
    let good = [
        Rotation::default(),
        Rotation::with_overlap(Rotation::LONGEST_OVERLAP),
        Rotation::leaked(NOW),
        Rotation::with_overlap(SECOND),
    ];
    for rotation in good {
        assert!(rotation.check().is_ok(), "{rotation:?}");
    }
    assert_eq!(Rotation::LONGEST_OVERLAP, Duration::from_secs(2_592_000));
    assert_eq!(
        (Rotation::leaked(NOW).leaked_since, Rotation::leaked(NOW).overlap),
        (Some(NOW), Duration::ZERO)
    );
    for bad in [
        Rotation::with_overlap(Rotation::LONGEST_OVERLAP + MILLISECOND),
        Rotation { overlap: MILLISECOND, leaked_since: Some(NOW) },
    ] {
        assert!(matches!(bad.check(), Err(Error::Invalid { field, .. }) if field == "overlap_seconds"));
    }
}
