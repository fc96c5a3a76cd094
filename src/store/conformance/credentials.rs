//! Credentials made, found, used, rotated, revoked and switched.

use super::world::{LOOK_ALIKES, NOON, World, api, at, client_id, events, named, secs, yes};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerId, CredentialKind, Limits, NewCredential, Rotation, authenticate};
use crate::error::Reason;
use crate::id::{AdminId, CredentialId};
use crate::secret::sha256;
use crate::settings::Confirm;
use crate::store::{CredentialNamed, CredentialRow};
use crate::token::IssueRequest;

pub(super) const NOUN: Noun = Noun {
    name: "credentials",
    cases: cases![
        what_was_made_is_stored_whole,
        a_name_is_taken_by_label_and_by_identifier,
        look_alike_names_stay_different,
        a_host_credential_is_found_by_label_alone,
        an_old_secret_is_accepted_until_the_overlap_ends,
        a_leaked_secret_is_void_at_once_with_its_tokens_and_sessions,
        a_revocation_is_permanent_and_ends_sessions_by_choice,
        only_host_credentials_are_switched,
        a_callers_facts_are_those_of_now,
        a_use_is_noted,
    ],
    reasons: &[
        Reason::AdminUnknown,
        Reason::AlreadyExists,
        Reason::CredentialUnknown,
        Reason::CredentialRevoked,
        Reason::SessionEnded,
    ],
    fields: &["credential"],
};

fn unknown() -> CredentialId {
    CredentialId::new(99).unwrap()
}

fn what_was_made_is_stored_whole(w: &World<'_>) {
    let admin = yes(w.store().add_admin("root", None, at(NOON)));
    let limits = Limits {
        actions: Some(vec!["createssotoken".to_owned()]),
        destinations: Some(vec!["sso:custom_redirect".to_owned()]),
        clients: Some(vec![client_id(1), client_id(i64::MAX)]),
        addresses: vec!["203.0.113.0/24".parse().unwrap(), "2001:db8::/48".parse().unwrap()],
        max_token_life_seconds: Some(30),
        issues_per_minute: Some(5),
        links: true,
        link_destinations: Some(vec!["clientarea:invoices".to_owned()]),
        max_link_life_seconds: Some(3_600),
        links_per_minute: Some(7),
        secret_in_query: true,
        confirm: Some(Confirm::Always),
    };
    let new = NewCredential {
        label: "José's shop".to_owned(),
        admin: Some("root".to_owned()),
        host: false,
        home_url: Some("https://shop.example.com/".to_owned()),
        limits: limits.clone(),
        expires_at: Some(NOON.plus(secs(9))),
    };
    let row = CredentialRow { new: &new, identifier: Some("GPIabc"), digest: Some([7; 32]) };
    let made = yes(w.store().create_credential(&row, at(NOON)));
    w.everywhere(|store| {
        let found = store.find_credential(CredentialNamed::Name("José's shop")).unwrap().unwrap();
        assert_eq!(found, made);
        assert_eq!(store.find_credential(CredentialNamed::Name("GPIabc")).unwrap().unwrap(), made);
        let by_id = |id| store.find_credential(CredentialNamed::Id(id)).unwrap();
        assert_eq!((by_id(made.credential_id), by_id(unknown())), (Some(made.clone()), None));
        assert_eq!(store.list_credentials().unwrap().last(), Some(&made));
        assert_eq!((found.kind, found.admin_id), (CredentialKind::Api, Some(admin.admin_id)));
        assert_eq!((found.identifier.as_deref(), &found.limits), (Some("GPIabc"), &limits));
        assert_eq!((found.home_url, found.expires_at), (new.home_url.clone(), new.expires_at));
        assert_eq!((found.created_at, found.revoked_at, found.enabled), (NOON, None, true));
        assert_eq!((found.old_secret_until, found.last_used_at), (None, None));
        let (_, facts) = store.secret_facts("GPIabc").unwrap();
        let facts = facts.unwrap();
        assert_eq!((facts.id, facts.digest, facts.old_digest), (made.credential_id, [7; 32], None));
        assert_eq!(*facts.facts.limits, limits);
        assert_eq!((facts.facts.serial, facts.facts.void_serial), (1, 0));
        let told = events(store, "credential.created");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.object.as_deref(), event.admin_id), (Some("José's shop"), Some(admin.admin_id)));
        assert_eq!((event.credential_id, event.actor.as_deref()), (Some(made.credential_id), Some("suite")));
    });
}

fn a_name_is_taken_by_label_and_by_identifier(w: &World<'_>) {
    w.credential("shop");
    let create = |label: &str, admin: &str| {
        let new = NewCredential {
            label: label.to_owned(),
            admin: Some(admin.to_owned()),
            ..NewCredential::default()
        };
        let row = CredentialRow { new: &new, identifier: Some("GPInew"), digest: Some([1; 32]) };
        w.store().create_credential(&row, at(NOON))
    };
    w.no(create("shop", "root"), Reason::AlreadyExists);
    w.no(create("cli", "root"), Reason::AlreadyExists);
    w.no(create("GPI-shop", "root"), Reason::AlreadyExists);
    for nobody in ["Root", "root ", "rôot", ""] {
        w.no(create("other", nobody), Reason::AdminUnknown);
    }
    w.everywhere(|store| {
        assert_eq!(store.list_credentials().unwrap().len(), 2);
        assert!(store.find_credential(CredentialNamed::Name("other")).unwrap().is_none());
    });
    yes(create("other", "root"));
}

fn look_alike_names_stay_different(w: &World<'_>) {
    for (one, other) in LOOK_ALIKES {
        let first = w.credential(one);
        w.everywhere(|store| {
            for absent in [(*other).to_owned(), format!("GPI-{other}")] {
                assert!(
                    store.find_credential(CredentialNamed::Name(&absent)).unwrap().is_none(),
                    "{absent:?}"
                );
                assert!(store.secret_facts(&absent).unwrap().1.is_none(), "{absent:?}");
                assert!(store.host_caller(&absent).unwrap().is_none(), "{absent:?}");
            }
        });
        let second = w.credential(other);
        assert_ne!(first.credential_id, second.credential_id);
        yes(w.store().revoke_credential(other, false, at(NOON)));
        w.everywhere(|store| {
            let [one, other] =
                [one, other].map(|name| store.find_credential(CredentialNamed::Name(name)).unwrap().unwrap());
            assert_eq!((one.revoked_at, other.revoked_at), (None, Some(NOON)));
            let facts = store.secret_facts(one.identifier.as_deref().unwrap()).unwrap().1.unwrap();
            assert_eq!(facts.id, one.credential_id);
        });
    }
}

fn a_host_credential_is_found_by_label_alone(w: &World<'_>) {
    w.credential("shop");
    let new = NewCredential { label: "cron".to_owned(), host: true, ..NewCredential::default() };
    let row = CredentialRow { new: &new, identifier: None, digest: None };
    let made = yes(w.store().create_credential(&row, at(NOON)));
    assert_eq!((made.kind, made.identifier, made.admin_id), (CredentialKind::Host, None, None));
    w.everywhere(|store| {
        let (id, facts) = store.host_caller("cron").unwrap().unwrap();
        assert_eq!(id, made.credential_id);
        assert!(facts.enabled && facts.admin_enabled);
        for no_host in ["shop", "GPI-shop", "Cron", "cron ", "crón", ""] {
            assert!(store.host_caller(no_host).unwrap().is_none(), "{no_host:?}");
        }
        assert!(store.secret_facts("cron").unwrap().1.is_none(), "it has no secret");
        assert!(store.secret_facts("").unwrap().1.is_none());
    });
}

/// Which number the secret with this digest has now, if it is accepted.
fn serial(w: &World<'_>, digest: &[u8; 32], now: Timestamp) -> Option<i64> {
    let (_, found) = w.store().secret_facts("GPI-shop").unwrap();
    authenticate(found.as_ref(), digest, None, now).ok().map(|caller| caller.serial())
}

fn an_old_secret_is_accepted_until_the_overlap_ends(w: &World<'_>) {
    w.credential("shop");
    let first = sha256(&[b"shop"]);
    let rotate = |digest, overlap| {
        let rotation = Rotation::with_overlap(secs(overlap));
        yes(w.store().rotate_credential("shop", digest, &rotation, at(NOON)))
    };
    let done = rotate(&[2; 32], 60);
    assert_eq!((done.tokens_ended, done.sessions_ended), (0, 0));
    assert_eq!(done.credential.old_secret_until, Some(NOON.plus(secs(60))));
    let just = NOON.plus(secs(60)).minus(super::world::ms(1));
    w.reopen();
    assert_eq!((serial(w, &first, just), serial(w, &[2; 32], just)), (Some(1), Some(2)));
    assert_eq!(serial(w, &first, NOON.plus(secs(60))), None);
    assert_eq!(serial(w, &[2; 32], NOON.plus(secs(60))), Some(2));
    // Only one old secret: the one before the last is gone with the next rotation.
    rotate(&[3; 32], 60);
    assert_eq!((serial(w, &first, NOON), serial(w, &[2; 32], NOON)), (None, Some(2)));
    rotate(&[4; 32], 0);
    assert_eq!((serial(w, &[3; 32], NOON), serial(w, &[4; 32], NOON)), (None, Some(4)));
    let earlier = NOON.minus(secs(60));
    assert_eq!(serial(w, &[3; 32], earlier), None, "a clock that is set back revives no secret");
    assert_eq!(w.events("credential.rotated").len(), 3);
    yes(w.store().rotate_credential("GPI-shop", &[5; 32], &Rotation::default(), at(NOON)));
    assert_eq!(serial(w, &[5; 32], NOON), Some(5), "by its identifier too");
}

fn a_leaked_secret_is_void_at_once_with_its_tokens_and_sessions(w: &World<'_>) {
    w.ann();
    let shop = w.limited("shop", Limits::default());
    let request = IssueRequest::for_client(client_id(1));
    let before = w.session_of(&shop, &request, NOON.minus(secs(10)));
    let since = w.session_of(&shop, &request, NOON);
    let others = w.session(NOON);
    let stolen = w.token_of(&shop, &request, NOON);
    let old = w.token_of(&shop, &request, NOON.minus(secs(61)));
    let rotation = Rotation::leaked(NOON.minus(secs(5)));
    let done = yes(w.store().rotate_credential("shop", &[2; 32], &rotation, at(NOON)));
    assert_eq!((done.tokens_ended, done.sessions_ended), (1, 1), "expired ones are not counted");
    assert_eq!(done.credential.old_secret_until, None);
    w.no(w.check(&since, NOON), Reason::SessionEnded);
    yes(w.check(&before, NOON));
    yes(w.check(&others, NOON));
    w.no(w.redeem(&stolen, NOON), Reason::CredentialRevoked);
    let first = sha256(&[b"shop"]);
    assert_eq!((serial(w, &first, NOON), serial(w, &[2; 32], NOON)), (None, Some(2)));
    let fresh = api(shop.credential_id().unwrap(), 2);
    yes(w.redeem(&w.token_of(&fresh, &request, NOON), NOON));
    w.everywhere(|store| {
        assert!(store.inspect(&named(&old)).unwrap().is_some());
        let detail = events(store, "credential.rotated")[0].detail.clone().unwrap();
        assert_eq!(detail, "leaked: 1 tokens, 0 links and 1 sessions ended");
    });

    let store = w.store();
    let rotate = |name: &str| store.rotate_credential(name, &[9; 32], &Rotation::default(), at(NOON));
    w.no(rotate("Shop"), Reason::CredentialUnknown);
    w.invalid(rotate("cli"), "credential");
    yes(w.store().revoke_credential("shop", false, at(NOON)));
    w.no(rotate("shop"), Reason::CredentialRevoked);
}

fn a_revocation_is_permanent_and_ends_sessions_by_choice(w: &World<'_>) {
    w.ann();
    let shop = w.limited("shop", Limits::default());
    let request = IssueRequest::for_client(client_id(1));
    let session = w.session_of(&shop, &request, NOON);
    let [token, spent] = [w.token_of(&shop, &request, NOON), w.token_of(&shop, &request, NOON)];
    yes(w.redeem(&spent, NOON));
    let others = w.session(NOON);
    w.no(w.store().revoke_credential("shop ", true, at(NOON)), Reason::CredentialUnknown);
    let ended = yes(w.store().revoke_credential("shop", false, at(NOON)));
    assert_eq!((ended.tokens, ended.sessions), (1, 0));
    assert_eq!(ended.credential.revoked_at, Some(NOON));
    w.no(w.redeem(&token, NOON), Reason::CredentialRevoked);
    yes(w.check(&session, NOON));
    assert_eq!(serial(w, &sha256(&[b"shop"]), NOON), None);
    // Once more, now with the sessions: the first time stands, and the sessions' end is told.
    let ended = yes(w.store().revoke_credential("GPI-shop", true, at(NOON.plus(secs(1)))));
    assert_eq!((ended.tokens, ended.sessions, ended.credential.revoked_at), (0, 2, Some(NOON)));
    w.no(w.check(&session, NOON), Reason::SessionEnded);
    yes(w.check(&others, NOON));
    w.everywhere(|store| {
        let found = store.find_credential(CredentialNamed::Name("shop")).unwrap().unwrap();
        assert_eq!(found.revoked_at, Some(NOON));
        assert_eq!(events(store, "credential.revoked").len(), 1);
        let told = events(store, "session.ended");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.credential_id, event.count), (shop.credential_id(), 2));
    });
    let both = w.limited("both", Limits::default());
    w.session_of(&both, &request, NOON);
    let ended = yes(w.store().revoke_credential("both", true, at(NOON)));
    assert_eq!((ended.tokens, ended.sessions), (0, 1));
    assert_eq!(
        yes(w.store().revoke_credential("cli", false, at(NOON))).credential.kind,
        CredentialKind::Host
    );
}

fn only_host_credentials_are_switched(w: &World<'_>) {
    w.credential("shop");
    let switch = |name: &str, enabled| w.store().enable_credential(name, enabled, at(NOON));
    w.no(switch("Cli", false), Reason::CredentialUnknown);
    w.invalid(switch("shop", false), "credential");
    for enabled in [false, false, true] {
        assert_eq!(yes(switch("cli", enabled)).enabled, enabled);
        w.everywhere(|store| {
            assert_eq!(
                store.find_credential(CredentialNamed::Name("cli")).unwrap().unwrap().enabled,
                enabled
            );
            assert_eq!(store.host_caller("cli").unwrap().unwrap().1.enabled, enabled);
        });
    }
    assert_eq!(w.events("credential.disabled").len(), 2);
    assert_eq!(w.events("credential.enabled").len(), 1);
}

fn a_callers_facts_are_those_of_now(w: &World<'_>) {
    let shop = w.limited("shop", Limits::default());
    let admin = w.store().list_admins().unwrap()[0].admin_id;
    let by_password = |admin| Caller(CallerId::Admin { admin });
    w.everywhere(|store| {
        let facts = store.caller_facts(&shop).unwrap().unwrap();
        assert!(facts.standing(NOON).is_ok());
        assert!(store.caller_facts(&by_password(admin)).unwrap().unwrap().standing(NOON).is_ok());
        for nobody in [
            api(unknown(), 1),
            Caller(CallerId::Host { credential: unknown() }),
            by_password(AdminId::new(99).unwrap()),
        ] {
            assert!(store.caller_facts(&nobody).unwrap().is_none());
        }
    });
    yes(w.store().enable_admin("root", false, at(NOON)));
    w.everywhere(|store| {
        for caller in [shop, by_password(admin)] {
            let facts = store.caller_facts(&caller).unwrap().unwrap();
            assert_eq!(facts.standing(NOON), Err(Reason::AdminDisabled));
        }
        assert!(!store.secret_facts("GPI-shop").unwrap().1.unwrap().facts.admin_enabled);
    });
}

fn a_use_is_noted(w: &World<'_>) {
    let shop = w.credential("shop");
    for now in [NOON, NOON.plus(secs(60)), NOON] {
        w.store().note_use(shop.credential_id, now).unwrap();
        w.everywhere(|store| {
            assert_eq!(
                store.find_credential(CredentialNamed::Name("shop")).unwrap().unwrap().last_used_at,
                Some(now)
            );
            assert_eq!(
                store.find_credential(CredentialNamed::Name("cli")).unwrap().unwrap().last_used_at,
                None
            );
        });
    }
    w.store().note_use(unknown(), NOON).unwrap();
}
