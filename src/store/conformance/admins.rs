//! Admins.

use super::world::{LOOK_ALIKES, NOON, World, at, events, secs, yes};
use super::{Noun, cases};
use crate::error::Reason;

pub(super) const NOUN: Noun = Noun {
    name: "admins",
    cases: cases![
        an_admin_is_stored_with_or_without_a_password,
        a_password_is_set_and_removed,
        an_admin_is_disabled_and_enabled,
        look_alike_usernames_stay_different,
    ],
    reasons: &[Reason::AlreadyExists, Reason::AdminUnknown],
    fields: &[],
};

fn an_admin_is_stored_with_or_without_a_password(w: &World<'_>) {
    let root = yes(w.store().add_admin("root", None, at(NOON)));
    let old = yes(w.store().add_admin("old", Some("$argon2id$hash"), at(NOON.plus(secs(1)))));
    w.no(w.store().add_admin("root", Some("x"), at(NOON)), Reason::AlreadyExists);
    w.everywhere(|store| {
        assert_eq!(store.list_admins().unwrap(), [root.clone(), old.clone()]);
        assert!(root.enabled && !root.has_password && old.has_password);
        assert_eq!((root.created_at, old.created_at), (NOON, NOON.plus(secs(1))));
        let facts = store.password_facts("old").unwrap().1.unwrap();
        assert_eq!((facts.id, facts.enabled), (old.admin_id, true));
        assert_eq!(facts.hash.as_deref(), Some("$argon2id$hash"));
        assert_eq!(store.password_facts("root").unwrap().1.unwrap().hash, None);
        let told = events(store, "admin.added");
        assert_eq!(
            told.iter().map(|event| event.admin_id).collect::<Vec<_>>(),
            [Some(root.admin_id), Some(old.admin_id)]
        );
    });
}

fn a_password_is_set_and_removed(w: &World<'_>) {
    yes(w.store().add_admin("root", None, at(NOON)));
    for hash in [Some("one"), Some("two"), None] {
        let changed = yes(w.store().set_admin_password("root", hash, at(NOON)));
        assert_eq!(changed.has_password, hash.is_some());
        w.everywhere(|store| {
            assert_eq!(store.password_facts("root").unwrap().1.unwrap().hash.as_deref(), hash);
        });
    }
    w.no(w.store().set_admin_password("nobody", None, at(NOON)), Reason::AdminUnknown);
    let told = w.events("admin.password_set");
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|event| event.detail.is_none()), "nothing of a password is told");
}

fn an_admin_is_disabled_and_enabled(w: &World<'_>) {
    let root = yes(w.store().add_admin("root", Some("one"), at(NOON)));
    for enabled in [false, true, true] {
        assert_eq!(yes(w.store().enable_admin("root", enabled, at(NOON))).enabled, enabled);
        w.everywhere(|store| {
            assert_eq!(store.list_admins().unwrap()[0].enabled, enabled);
            assert_eq!(store.password_facts("root").unwrap().1.unwrap().enabled, enabled);
        });
    }
    w.no(w.store().enable_admin("nobody", true, at(NOON)), Reason::AdminUnknown);
    assert_eq!(w.events("admin.disabled").len(), 1);
    assert_eq!(w.events("admin.enabled").last().unwrap().admin_id, Some(root.admin_id));
}

fn look_alike_usernames_stay_different(w: &World<'_>) {
    for (one, other) in LOOK_ALIKES {
        let first = yes(w.store().add_admin(one, Some("hash"), at(NOON)));
        w.no(w.store().enable_admin(other, false, at(NOON)), Reason::AdminUnknown);
        w.no(w.store().set_admin_password(other, None, at(NOON)), Reason::AdminUnknown);
        w.everywhere(|store| assert!(store.password_facts(other).unwrap().1.is_none(), "{other:?}"));
        let second = yes(w.store().add_admin(other, None, at(NOON)));
        assert_ne!(first.admin_id, second.admin_id);
        yes(w.store().enable_admin(other, false, at(NOON)));
        w.everywhere(|store| {
            let facts = store.password_facts(one).unwrap().1.unwrap();
            assert!(facts.enabled && facts.hash.is_some());
        });
    }
}
