use super::*;
use crate::destination::DenyTable;
use crate::directory::{ClientStatus, Mode};
use crate::error::Error;
use crate::link::SHORTEST_LIFE;
use crate::token::IssueRequest;
use crate::token::sample::{NOW, ann, caller, for_issue, issuer, limits, settings, subject};
use proptest::prelude::*;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// A link that can be used now.
fn live() -> OpenFacts {
    let link = LinkFacts {
        key: TimedKey::new(NOW, &[7; 32]),
        user: Some(UserId::new(1).unwrap()),
        client: Some(ClientId::new(1).unwrap()),
        destination: Some("sso:custom_redirect".to_owned()),
        landing: "shop/offer.php".to_owned(),
        title: None,
        label: None,
        credential: CredentialId::new(1).unwrap(),
        serial: 1,
        actor: None,
        created_at: NOW.minus(DAY),
        expires_at: NOW.plus(DAY),
        uses: 1,
        used: 0,
        end_siblings: false,
        first_opened_at: None,
        last_opened_at: None,
        ended: None,
        issuer: issuer(),
    };
    OpenFacts { settings: Arc::new(settings(Mode::Managed)), link, subject: ann() }
}

/// What can stand against a use, in the order in which it is told.
type Against = (Reason, fn(&mut OpenFacts));

const AGAINST_USE: &[Against] = &[
    (Reason::LinkUsed, |facts| facts.link.used = 1),
    (Reason::LinkOutdated, |facts| facts.link.ended = Some((NOW.minus(DAY), LinkEnd::EmailChanged))),
    (Reason::LinkNotYetValid, |facts| facts.link.created_at = NOW.plus(Duration::from_millis(5_001))),
    (Reason::LinkExpired, |facts| facts.link.expires_at = NOW),
    (Reason::CredentialRevoked, |facts| facts.link.issuer.revoked_at = Some(NOW)),
    (Reason::CredentialExpired, |facts| facts.link.issuer.expires_at = Some(NOW)),
    (Reason::CredentialDisabled, |facts| facts.link.issuer.enabled = false),
    (Reason::AdminDisabled, |facts| facts.link.issuer.admin_enabled = false),
    (Reason::CredentialRevoked, |facts| facts.link.issuer.void_serial = 1),
    (Reason::LinksNotAllowed, |facts| limits(&mut facts.link.issuer).links = false),
    (Reason::DestinationNotAllowed, |facts| limits(&mut facts.link.issuer).destinations = None),
    (Reason::DestinationNotAllowed, |facts| limits(&mut facts.link.issuer).link_destinations = Some(vec![])),
    (Reason::ClientNotAllowed, |facts| limits(&mut facts.link.issuer).clients = Some(vec![])),
    (Reason::LandingNotAllowed, |facts| {
        Arc::make_mut(&mut facts.settings).deny = DenyTable::new("admin", &["shop/"]).unwrap();
    }),
    (Reason::NotAMember, |facts| facts.subject.member = false),
    (Reason::UserDisabled, |facts| facts.subject.user.as_mut().unwrap().enabled = false),
    (Reason::SsoDisabled, |facts| facts.subject.client.as_mut().unwrap().allow_sso = false),
];

#[test]
fn of_all_that_stands_against_a_use_the_first_in_order_is_told() {
    for set in 0..1_u32 << AGAINST_USE.len() {
        let mut facts = live();
        let chosen: Vec<_> = (0..).zip(AGAINST_USE).filter(|(bit, _)| set & 1 << bit != 0).collect();
        chosen.iter().for_each(|(_, (_, spoil))| spoil(&mut facts));
        let first = chosen.first().map(|(_, (reason, _))| *reason);
        assert_eq!(judge_open(&facts, NOW).err(), first, "{set:b}");
    }
}

#[test]
fn a_link_that_names_no_client_needs_a_credential_without_that_limit() {
    let mut facts = live();
    facts.link.client = None;
    assert!(judge_open(&facts, NOW).is_ok());
    limits(&mut facts.link.issuer).clients = facts.subject.client.map(|client| vec![client.id]);
    assert_eq!(judge_open(&facts, NOW), Err(Reason::ClientNotAllowed));
}

#[test]
fn the_state_is_what_the_link_itself_says() {
    use LinkState::*;
    let states = [Used, Outdated, NotYetValid, Expired];
    for (number, (reason, spoil)) in AGAINST_USE.iter().enumerate() {
        let mut facts = live();
        spoil(&mut facts);
        let wanted = match number {
            0..4 => (states[number], Some(*reason)),
            4..13 => (CredentialVoid, Some(*reason)),
            // Page and person are asked about by the verdict alone.
            _ => (Live, None),
        };
        assert_eq!(state_of(&facts.link, &facts.settings, NOW), wanted);
    }
    let ended = |end: LinkEnd| {
        let mut facts = live();
        facts.link.ended = Some((NOW, end));
        state_of(&facts.link, &facts.settings, NOW)
    };
    assert_eq!(ended(LinkEnd::Revoked), (Revoked, Some(Reason::LinkRevoked)));
    assert_eq!(ended(LinkEnd::Superseded), (Superseded, Some(Reason::LinkSuperseded)));
    assert_eq!(ended(LinkEnd::PasswordChanged), (Outdated, Some(Reason::LinkOutdated)));
}

fn asked() -> LinkRequest {
    LinkRequest::new(IssueRequest::new(subject()).redirect_path("shop/offer.php")).life(DAY)
}

/// The same of a new link.
type AgainstMaking = (Reason, fn(&mut IssueFacts));

const AGAINST_MAKING: &[AgainstMaking] = &[
    (Reason::CredentialDisabled, |facts| facts.caller.enabled = false),
    (Reason::CredentialRevoked, |facts| facts.caller.serial = 3),
    (Reason::AddressNotAllowed, |facts| {
        limits(&mut facts.caller).addresses = vec!["10.0.0.0/8".parse().unwrap()]
    }),
    (Reason::LinksNotAllowed, |facts| limits(&mut facts.caller).links = false),
    (Reason::DestinationNotAllowed, |facts| limits(&mut facts.caller).destinations = None),
    (Reason::DestinationNotAllowed, |facts| limits(&mut facts.caller).link_destinations = Some(vec![])),
    (Reason::LifeNotAllowed, |facts| limits(&mut facts.caller).max_link_life_seconds = Some(60)),
    (Reason::ClientNotAllowed, |facts| limits(&mut facts.caller).clients = Some(vec![])),
    (Reason::UserDisabled, |facts| facts.subject.user.as_mut().unwrap().enabled = false),
    (Reason::ClientClosed, |facts| facts.subject.client.as_mut().unwrap().status = ClientStatus::Closed),
    (Reason::RateLimited, |facts| limits(&mut facts.caller).links_per_minute = Some(0)),
];

#[test]
fn of_all_that_stands_against_a_new_link_the_first_in_order_is_told() {
    for set in 0..1_u32 << AGAINST_MAKING.len() {
        let mut facts = for_issue();
        let chosen: Vec<_> = (0..).zip(AGAINST_MAKING).filter(|(bit, _)| set & 1 << bit != 0).collect();
        chosen.iter().for_each(|(_, (_, spoil))| spoil(&mut facts));
        let told = judge_create(&caller(), &asked(), &facts, NOW).err().and_then(|error| error.reason());
        assert_eq!(told, chosen.first().map(|(_, (reason, _))| *reason), "{set:b}");
    }
}

#[test]
fn what_is_wrong_in_itself_is_told_before_anything_of_the_caller() {
    let mut facts = for_issue();
    facts.caller.enabled = false;
    let wrong = judge_create(&caller(), &asked().uses(0), &facts, NOW).unwrap_err();
    assert!(matches!(wrong, Error::Invalid { field, .. } if field == "uses"));
}

proptest! {
    #[test]
    fn no_link_lives_longer_than_was_asked_for_and_allowed(
        life in proptest::option::of(60_000..=LONGEST_LIFE.as_millis() as u64),
        usual in 60..=604_800_u32,
        most in proptest::option::of(60..=604_800_u32),
    ) {
        let mut facts = for_issue();
        Arc::make_mut(&mut facts.settings).link_life_seconds = usual;
        limits(&mut facts.caller).max_link_life_seconds = most;
        let mut request = asked();
        request.life = life.map(Duration::from_millis);
        let longest = most.map_or(LONGEST_LIFE, Settings::seconds);
        match judge_create(&caller(), &request, &facts, NOW) {
            Ok(grant) => {
                let lives = grant.expires_at.since(NOW);
                prop_assert!(lives >= SHORTEST_LIFE && lives <= longest);
                prop_assert_eq!(lives, request.life.unwrap_or(Settings::seconds(usual).min(longest)));
            }
            Err(error) => {
                prop_assert_eq!(error.reason(), Some(Reason::LifeNotAllowed));
                prop_assert!(request.life.unwrap() > longest);
            }
        }
    }

    #[test]
    fn no_link_is_open_outside_of_its_life_or_beyond_its_uses(
        now in -10_000..100_000_i64, ended in proptest::option::of(-10_000..100_000_i64), used in 0..4_u32,
    ) {
        let mut facts = live();
        let at = |millis| Timestamp::from_millis(NOW.as_millis() + millis);
        (facts.link.created_at, facts.link.expires_at) = (NOW, at(60_000));
        (facts.link.uses, facts.link.used) = (3, used);
        facts.link.ended = ended.map(|millis| (at(millis), LinkEnd::Revoked));
        let open = judge_open(&facts, at(now)).is_ok();
        prop_assert_eq!(open, used < 3 && ended.is_none() && (-5_000..60_000).contains(&now));
    }
}
