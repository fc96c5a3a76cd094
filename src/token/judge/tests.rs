//! The verdicts on issue and redemption, fact by fact and in their order.

use std::net::IpAddr;

use super::*;
use crate::destination::{CUSTOM_REDIRECT, find_default};
use crate::directory::{ClientStatus, UserFacts};
use crate::id::ItemId;
use crate::token::sample::{
    NOW, ann, caller, client, for_issue, issuer, limits, open_client, settings, subject, user,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn asked() -> IssueRequest {
    IssueRequest::new(subject()).redirect_path("shop/offer.php")
}

/// The reason of a refusal, or the field of what is invalid.
fn told<T>(verdict: Result<T>) -> Option<String> {
    match verdict {
        Ok(_) => None,
        Err(Error::Invalid { field, .. }) => Some(field.into_owned()),
        Err(error) => Some(error.code().to_owned()),
    }
}

/// What can stand against an issue, in the order in which it is told.
type AgainstIssue = (&'static str, fn(&mut IssueRequest, &mut IssueFacts));

const AGAINST_ISSUE: &[AgainstIssue] = &[
    ("credential_revoked", |_, facts| facts.caller.revoked_at = Some(NOW)),
    ("credential_expired", |_, facts| facts.caller.expires_at = Some(NOW)),
    ("credential_disabled", |_, facts| facts.caller.enabled = false),
    ("admin_disabled", |_, facts| facts.caller.admin_enabled = false),
    ("credential_revoked", |_, facts| facts.caller.serial = 3),
    ("address_not_allowed", |_, facts| {
        limits(&mut facts.caller).addresses = vec!["10.0.0.0/8".parse().unwrap()];
    }),
    ("action_not_allowed", |_, facts| {
        limits(&mut facts.caller).actions = Some(vec!["getclients".to_owned()])
    }),
    ("service_id", |request, _| request.service_id = Some(ItemId::new(1).unwrap())),
    ("redirect_path", |request, _| request.redirect_path = Some("logout.php".to_owned())),
    ("destination_not_allowed", |_, facts| limits(&mut facts.caller).destinations = None),
    ("life", |request, _| request.life = Some(LONGEST_LIFE + MILLISECOND)),
    ("client_not_allowed", |_, facts| limits(&mut facts.caller).clients = Some(vec![])),
    ("not_a_member", |_, facts| facts.subject.member = false),
    ("user_disabled", |_, facts| facts.subject.user.as_mut().unwrap().enabled = false),
    ("client_closed", |_, facts| facts.subject.client.as_mut().unwrap().status = ClientStatus::Closed),
    ("sso_disabled", |_, facts| facts.subject.client.as_mut().unwrap().allow_sso = false),
    ("rate_limited", |_, facts| limits(&mut facts.caller).issues_per_minute = Some(0)),
];

#[test]
fn of_what_stands_against_an_issue_the_first_in_order_is_told() {
    for (at, (first, spoil)) in AGAINST_ISSUE.iter().enumerate() {
        for (_, later) in &AGAINST_ISSUE[at..] {
            let (mut request, mut facts) = (asked(), for_issue());
            later(&mut request, &mut facts);
            spoil(&mut request, &mut facts);
            let verdict = told(judge_issue(&caller(), &request, &facts, NOW));
            assert_eq!(verdict.as_deref(), Some(*first));
        }
    }
}

#[test]
fn what_is_granted_is_what_was_asked_for() {
    let mut facts = for_issue();
    limits(&mut facts.caller).issues_per_minute = Some(2);
    let granted = judge_issue(&caller(), &asked(), &facts, NOW).unwrap();
    assert_eq!((granted.user, granted.client), (Some(user(1)), Some(client(1))));
    assert_eq!(granted.destination.as_deref(), Some(CUSTOM_REDIRECT));
    assert_eq!(granted.landing.as_str(), "shop/offer.php");
    assert_eq!(granted.expires_at, NOW.plus(LONGEST_LIFE));
    assert_eq!(granted.count, Some((NOW.as_seconds() / 60, 1)));
    assert_eq!(granted.system_url, facts.settings.system_url);
}

#[test]
fn a_token_lives_as_long_as_asked_between_a_millisecond_and_a_minute() {
    let life = |asked_for: Option<Duration>, usual: u32, most: Option<u32>| {
        let (request, mut facts) = (IssueRequest { life: asked_for, ..asked() }, for_issue());
        Arc::make_mut(&mut facts.settings).token_life_seconds = usual;
        limits(&mut facts.caller).max_token_life_seconds = most;
        judge_issue(&caller(), &request, &facts, NOW).map(|granted| granted.expires_at.since(NOW))
    };
    for (asked_for, usual, most, granted) in [
        (None, 60, None, 60 * SECOND),
        (None, 20, None, 20 * SECOND),
        (None, 20, Some(10), 10 * SECOND),
        (None, 20, Some(30), 20 * SECOND),
        (Some(MILLISECOND), 20, None, MILLISECOND),
        (Some(30 * SECOND), 20, None, 30 * SECOND),
        (Some(60 * SECOND), 20, None, 60 * SECOND),
        (Some(10 * SECOND), 20, Some(10), 10 * SECOND),
    ] {
        assert_eq!(life(asked_for, usual, most).unwrap(), granted);
    }
    for wrong in [Duration::ZERO, Duration::from_micros(999), 60 * SECOND + MILLISECOND, Duration::MAX] {
        assert_eq!(told(life(Some(wrong), 20, Some(10))).as_deref(), Some("life"));
    }
    let longer = life(Some(10 * SECOND + MILLISECOND), 20, Some(10));
    assert_eq!(told(longer).as_deref(), Some("life_not_allowed"));
}

#[test]
fn a_destination_must_be_there_if_one_is_named_and_leftovers_are_dropped_only_when_asked() {
    let home = IssueRequest::new(subject());
    let facts = IssueFacts { destination: None, ..for_issue() };
    assert_eq!(judge_landing(&home, &facts).unwrap().name, None);
    assert_eq!(told(judge_landing(&asked(), &facts)).as_deref(), Some("destination"));
    let nowhere = judge_landing(&asked(), &facts).unwrap_err();
    assert_eq!(nowhere.to_string(), "destination: there is no destination of that name");

    let mut left_over = home.destination("clientarea:invoices").service(ItemId::new(7).unwrap());
    let found = find_default("clientarea:invoices").map(Cow::Borrowed);
    let facts = IssueFacts { destination: found, ..for_issue() };
    assert_eq!(told(judge_landing(&left_over, &facts)).as_deref(), Some("service_id"));
    left_over.drop_leftovers = true;
    assert_eq!(judge_landing(&left_over, &facts).unwrap().landing.as_str(), "clientarea.php?action=invoices");
}

#[test]
fn a_credential_bound_to_clients_signs_in_into_one_of_them_and_names_it() {
    let judge = |asked: Subject, mode, allowed: &[i64], mut known: SubjectFacts| {
        let mut facts = IssueFacts { settings: Arc::new(settings(mode)), ..for_issue() };
        limits(&mut facts.caller).clients = Some(allowed.iter().copied().map(client).collect());
        known.client = asked.client().map(open_client);
        facts.subject = known;
        judge_person(asked, &facts)
    };
    let not_allowed = || Err(Reason::ClientNotAllowed.into());
    let same = |found: Result<_>, wanted: Result<_>| {
        assert_eq!(found.map_err(|e| e.code()), wanted.map_err(|e: Error| e.code()))
    };
    let (one, alone) = (subject(), Subject::User(user(1)));
    let two = || SubjectFacts { clients: vec![open_client(client(1)), open_client(client(2))], ..ann() };

    same(judge(one, Mode::Managed, &[2, 1], ann()), Ok((Some(user(1)), Some(client(1)))));
    same(judge(one, Mode::Managed, &[2], ann()), not_allowed());
    // The user's only client, and several of them.
    same(judge(alone, Mode::Managed, &[1], ann()), Ok((Some(user(1)), Some(client(1)))));
    same(judge(alone, Mode::Managed, &[2], ann()), not_allowed());
    same(judge(alone, Mode::Managed, &[1, 2], two()), not_allowed());
    // Nothing is known of the user in host mode, so a client must be named.
    let nothing = SubjectFacts::default;
    same(judge(one, Mode::Host, &[1], nothing()), Ok((Some(user(1)), Some(client(1)))));
    same(judge(one, Mode::Host, &[2], nothing()), not_allowed());
    same(judge(alone, Mode::Host, &[1], nothing()), not_allowed());
    // How a foreign client stands, or somebody who names none of several, is nobody's business.
    let barred = |known| SubjectFacts { user: Some(UserFacts { id: user(1), enabled: false }), ..known };
    same(judge(one, Mode::Managed, &[2], barred(ann())), not_allowed());
    same(judge(alone, Mode::Managed, &[1, 2], barred(two())), not_allowed());
}

#[test]
fn a_credential_bound_to_no_client_signs_in_whom_it_names() {
    let mut facts = for_issue();
    facts.subject.clients.push(open_client(client(2)));
    let judged = judge_person(Subject::User(user(1)), &facts).unwrap();
    assert_eq!(judged, (Some(user(1)), None));
    facts.settings = Arc::new(settings(Mode::Host));
    facts.subject = SubjectFacts::default();
    for (asked, wanted) in [
        (Subject::User(user(7)), (Some(user(7)), None)),
        (Subject::Client(client(8)), (None, Some(client(8)))),
    ] {
        assert_eq!(judge_person(asked, &facts).unwrap(), wanted);
    }
}

const BROWSER: Binding = Binding([3; 32]);

/// A token of Ann's that can be redeemed now, in the browser that it is bound to.
fn live() -> (RedeemAct, RedeemFacts) {
    let key = TimedKey::new(NOW, &[7; 32]);
    let token = TokenFacts {
        key,
        user: Some(user(1)),
        client: Some(client(1)),
        destination: None,
        landing: "clientarea.php".to_owned(),
        credential: Some(CredentialId::new(1).unwrap()),
        admin: None,
        serial: 1,
        actor: None,
        binding: Some(BROWSER),
        issued_at: NOW,
        expires_at: NOW.plus(60 * SECOND),
        redeemed_at: None,
        redemption: None,
        session: None,
        revoked_at: None,
        replays: 0,
        replayed_at: None,
        issuer: issuer(),
    };
    let act = RedeemAct {
        key,
        presented: None,
        replace: false,
        confirmed: true,
        binding: Some(BROWSER),
        redemption: RedemptionId::from_slice(&[9; 16]).unwrap(),
        session: None,
        address: None::<IpAddr>,
    };
    (act, RedeemFacts { settings: Arc::new(settings(Mode::Managed)), token, subject: ann() })
}

/// What can stand against a redemption, in the order in which it is told.
type AgainstRedeem = (Reason, fn(&mut RedeemAct, &mut RedeemFacts));

const AGAINST_REDEEM: &[AgainstRedeem] = &[
    (Reason::TokenRevoked, |_, facts| facts.token.revoked_at = Some(NOW)),
    (Reason::TokenNotYetValid, |_, facts| facts.token.issued_at = NOW.plus(5 * SECOND + MILLISECOND)),
    (Reason::TokenExpired, |_, facts| facts.token.expires_at = NOW),
    (Reason::CredentialRevoked, |_, facts| facts.token.issuer.revoked_at = Some(NOW)),
    (Reason::CredentialExpired, |_, facts| facts.token.issuer.expires_at = Some(NOW)),
    (Reason::CredentialDisabled, |_, facts| facts.token.issuer.enabled = false),
    (Reason::AdminDisabled, |_, facts| facts.token.issuer.admin_enabled = false),
    (Reason::CredentialRevoked, |_, facts| facts.token.issuer.void_serial = 1),
    (Reason::NotAMember, |_, facts| facts.subject.member = false),
    (Reason::UserDisabled, |_, facts| facts.subject.user.as_mut().unwrap().enabled = false),
    (Reason::ClientClosed, |_, facts| facts.subject.client.as_mut().unwrap().status = ClientStatus::Closed),
    (Reason::SsoDisabled, |_, facts| facts.subject.client.as_mut().unwrap().allow_sso = false),
    (Reason::BrowserMismatch, |act, _| act.binding = None),
];

#[test]
fn of_what_stands_against_a_redemption_the_first_in_order_is_told() {
    for (at, (first, spoil)) in AGAINST_REDEEM.iter().enumerate() {
        for (_, later) in &AGAINST_REDEEM[at..] {
            let (mut act, mut facts) = live();
            later(&mut act, &mut facts);
            spoil(&mut act, &mut facts);
            assert_eq!(judge_redeem(&act, &facts, NOW), Verdict::Refuse(*first));
            // And whatever it is, of a token that was spent that is what is told.
            facts.token.redeemed_at = Some(NOW);
            assert!(matches!(judge_redeem(&act, &facts, NOW), Verdict::Redeemed(_)));
        }
    }
}

#[test]
fn a_live_token_signs_in_its_person() {
    let (act, mut facts) = live();
    let Verdict::Spend(Some(admitted)) = judge_redeem(&act, &facts, NOW) else { panic!("refused") };
    assert_eq!((admitted.user, admitted.client), (user(1), Some(client(1))));
    assert_eq!(facts.token.subject(), Some(subject()));
    facts.settings = Arc::new(settings(Mode::Host));
    facts.subject = SubjectFacts::default();
    assert_eq!(judge_redeem(&act, &facts, NOW), Verdict::Spend(None));
    facts.token.user = None;
    facts.token.client = None;
    assert_eq!(facts.token.subject(), None);
}

#[test]
fn a_token_lives_from_its_issue_within_the_leeway_to_just_before_its_end() {
    let state = |issued: Timestamp, expires: Timestamp| {
        let (_, mut facts) = live();
        (facts.token.issued_at, facts.token.expires_at) = (issued, expires);
        state_of(&facts.token, &facts.settings, NOW).0
    };
    let later = NOW.plus(60 * SECOND);
    assert_eq!(state(NOW.plus(5 * SECOND), later), TokenState::Live);
    assert_eq!(state(NOW.plus(5 * SECOND + MILLISECOND), later), TokenState::NotYetValid);
    assert_eq!(state(NOW, NOW.plus(MILLISECOND)), TokenState::Live);
    assert_eq!(state(NOW, NOW), TokenState::Expired);
    assert_eq!(state(NOW, NOW.minus(MILLISECOND)), TokenState::Expired);
}

#[test]
fn the_state_is_what_the_token_itself_says() {
    use TokenState::*;
    for (number, (reason, spoil)) in AGAINST_REDEEM.iter().enumerate() {
        let (mut act, mut facts) = live();
        spoil(&mut act, &mut facts);
        let wanted = match number {
            0..3 => ([Revoked, NotYetValid, Expired][number], Some(*reason)),
            3..8 => (CredentialVoid, Some(*reason)),
            // Person and browser are asked about by the verdict alone.
            _ => (Live, None),
        };
        assert_eq!(state_of(&facts.token, &facts.settings, NOW), wanted);
        facts.token.redeemed_at = Some(NOW);
        let redeemed = (Redeemed, Some(Reason::TokenRedeemed));
        assert_eq!(state_of(&facts.token, &facts.settings, NOW), redeemed);
    }
}

#[test]
fn only_the_browser_that_a_token_is_bound_to_may_bring_it() {
    let other = Binding([4; 32]);
    for (bound, shown, fits) in [
        (None, None, true),
        (None, Some(&other), true),
        (Some(&BROWSER), Some(&BROWSER), true),
        (Some(&BROWSER), Some(&other), false),
        (Some(&BROWSER), None, false),
    ] {
        assert_eq!(fits_browser(bound, shown), fits);
    }
}

/// What is made of a spent token that comes again after a time; `spoil` changes what is known.
fn replay(after: Duration, spoil: impl FnOnce(&mut RedeemAct, &mut RedeemFacts)) -> Replay {
    let (mut act, mut facts) = live();
    let first = TimedKey::new(NOW, &[1; 32]);
    (facts.token.redeemed_at, facts.token.session) = (Some(NOW), Some(first));
    act.presented = Some(TimedKey::new(NOW, &[2; 32]));
    Arc::make_mut(&mut facts.settings).replay_policy = ReplayPolicy::Revoke;
    spoil(&mut act, &mut facts);
    match judge_redeem(&act, &facts, NOW.plus(after)) {
        Verdict::Redeemed(replay) => replay,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_replay_is_recorded_and_ends_the_session_unless_it_is_innocent() {
    let guilty = Replay { same_browser: false, duplicate: false, record: true, end_session: true };
    let innocent = Replay { record: false, end_session: false, ..guilty };
    let unchanged = |_: &mut RedeemAct, _: &mut RedeemFacts| {};
    assert_eq!(replay(6 * SECOND, unchanged), guilty);
    assert_eq!(replay(6 * SECOND, |act, _| act.presented = None), guilty);
    // The second click, up to the last millisecond of its time.
    let second_click = Replay { duplicate: true, ..innocent };
    assert_eq!(replay(Duration::ZERO, unchanged), second_click);
    assert_eq!(replay(DUPLICATE - MILLISECOND, unchanged), second_click);
    assert_eq!(replay(DUPLICATE, unchanged), guilty);
    // The browser that holds the session, and one that only looks.
    let same = |act: &mut RedeemAct, facts: &mut RedeemFacts| act.presented = facts.token.session;
    assert_eq!(replay(6 * SECOND, same), Replay { same_browser: true, ..innocent });
    assert_eq!(replay(6 * SECOND, |act, _| act.confirmed = false), innocent);
    // Without a session neither of them has the other's.
    let neither = |act: &mut RedeemAct, facts: &mut RedeemFacts| {
        (act.presented, facts.token.session) = (None, None);
    };
    assert_eq!(replay(6 * SECOND, neither), Replay { end_session: false, ..guilty });
}

#[test]
fn the_policy_and_the_time_since_decide_what_a_replay_leads_to() {
    let led_to = |policy, after| {
        let replay = replay(after, |_, facts| Arc::make_mut(&mut facts.settings).replay_policy = policy);
        (replay.record, replay.end_session)
    };
    for (policy, after, wanted) in [
        (ReplayPolicy::Off, 6 * SECOND, (false, false)),
        (ReplayPolicy::Warn, 6 * SECOND, (true, false)),
        (ReplayPolicy::Revoke, 6 * SECOND, (true, true)),
        (ReplayPolicy::Revoke, REPLAY_REACH, (true, true)),
        (ReplayPolicy::Revoke, REPLAY_REACH + MILLISECOND, (true, false)),
    ] {
        assert_eq!(led_to(policy, after), wanted);
    }
}
