//! Backup and restore.

use std::path::Path;

use super::world::{NOON, World, at, client_id, days, events, named, no_progress, secs, user_id, yes};
use super::{Noun, cases};
use crate::autoauth::AcceptAct;
use crate::clock::Timestamp;
use crate::error::{Reason, StoreError};
use crate::id::KeyId;
use crate::session::{RedemptionId, SessionId};
use crate::store::{CredentialNamed, NewKey, SessionsOf};
use crate::token::Token;
use crate::upkeep::Restored;

pub(super) const NOUN: Noun = Noun {
    name: "backup",
    cases: cases![
        a_backup_holds_what_was_there_and_nothing_later,
        a_restore_ends_tokens_and_sessions_and_lists_what_is_good_again,
        both_handles_see_the_restored_content_and_settings,
        a_restore_raises_the_floor_of_autoauth,
        the_floor_covers_the_window_in_force_before_the_restore,
        a_store_is_made_from_a_backup_where_nothing_stands,
        what_is_no_backup_is_refused_and_nothing_changed,
        a_backup_never_overwrites,
    ],
    reasons: &[
        Reason::TokenRevoked,
        Reason::TokenRedeemed,
        Reason::SessionEnded,
        Reason::AutoAuthForgotten,
        Reason::UserUnknown,
    ],
    fields: &[],
};

fn backup(w: &World<'_>, name: &str) -> std::path::PathBuf {
    let file = w.backup_file(name);
    assert!(w.store().backup(&file, &mut no_progress()).unwrap() > 0);
    file
}

fn restore(w: &World<'_>, from: &Path, now: Timestamp) -> Restored {
    w.store().restore(from, w.nonce(), at(now), &mut no_progress()).unwrap()
}

/// A store with a session, a live token and a spent one.
fn people(w: &World<'_>) -> (SessionId, Token, Token) {
    w.ann();
    w.credential("shop");
    let session = w.session(NOON);
    let [live, spent] = [w.token(NOON), w.token(NOON)];
    yes(w.redeem(&spent, NOON));
    (session, live, spent)
}

fn a_backup_holds_what_was_there_and_nothing_later(w: &World<'_>) {
    people(w);
    let mut told = Vec::new();
    let file = w.backup_file("backup");
    let pages = w.store().backup(&file, &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!(told.last(), Some(&(pages, pages)));
    w.user(2, "later@example.com");
    let (_, copy) = w.with_place(|place| place.restore_to_new(&file, 1, at(NOON))).unwrap();
    assert!(copy.find_user(user_id(1)).unwrap().is_some());
    assert!(copy.find_user(user_id(2)).unwrap().is_none());
    w.everywhere(|store| {
        assert!(store.find_user(user_id(2)).unwrap().is_some(), "the store itself is as it was")
    });
}

fn a_restore_ends_tokens_and_sessions_and_lists_what_is_good_again(w: &World<'_>) {
    let (session, live, spent) = people(w);
    w.credential("gone");
    yes(w.store().revoke_credential("gone", false, at(NOON)));
    let file = backup(w, "backup");
    yes(w.store().revoke_credential("shop", true, at(NOON)));
    let later = w.session(NOON.plus(secs(1)));
    let now = NOON.plus(secs(2));
    let restored = restore(w, &file, now);
    assert_eq!((restored.tokens_ended, restored.sessions_ended), (1, 2));
    let labels: Vec<_> = restored.credentials_to_check.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["cli", "shop"], "the revoked one is back and named, the one revoked before is not");
    w.everywhere(|store| {
        assert_eq!(store.find_credential(CredentialNamed::Name("shop")).unwrap().unwrap().revoked_at, None);
        assert_eq!(
            store.find_credential(CredentialNamed::Name("gone")).unwrap().unwrap().revoked_at,
            Some(NOON)
        );
        assert_eq!(store.inspect(&named(&live)).unwrap().unwrap().token.revoked_at, Some(now));
        let told = events(store, "store.restored");
        assert_eq!((told.len(), told[0].at, told[0].actor.as_deref()), (1, now, Some("suite")));
        assert!(events(store, "credential.revoked").len() == 1);
        let gone = store.check_session(&later.key(), now).unwrap().unwrap_err();
        assert_eq!(gone.reason(), Some(Reason::SessionUnknown));
    });
    w.no(w.redeem(&live, now), Reason::TokenRevoked);
    w.no(w.redeem(&spent, now), Reason::TokenRedeemed);
    w.no(w.check(&session, now), Reason::SessionEnded);
    // Life goes on.
    let next = w.session(now);
    yes(w.check(&next, now));
    assert_eq!(yes(w.store().end_sessions(&SessionsOf::User(user_id(1)), at(now))), 1);
}

fn both_handles_see_the_restored_content_and_settings(w: &World<'_>) {
    people(w);
    w.set("token_life_seconds", 7);
    let file = backup(w, "backup");
    w.set("token_life_seconds", 50);
    w.user(2, "later@example.com");
    let [one, two] = [w.store(), w.store()];
    for store in [&one, &two] {
        assert_eq!(store.settings().unwrap().token_life_seconds, 50);
        assert!(store.find_user(user_id(2)).unwrap().is_some());
    }
    let id = one.info().unwrap().store_id;
    one.restore(&file, w.nonce(), at(NOON), &mut no_progress()).unwrap();
    for store in [&two, &one] {
        assert_eq!(store.settings().unwrap().token_life_seconds, 7);
        assert!(store.find_user(user_id(2)).unwrap().is_none());
        assert_eq!(store.info().unwrap().store_id, id);
    }
    w.no(two.enable_user(user_id(2), true, at(NOON)), Reason::UserUnknown);
    yes(two.enable_user(user_id(1), true, at(NOON)));
    w.everywhere(|store| {
        assert_eq!(store.settings().unwrap().token_life_seconds, 7);
        assert_eq!(store.find_client(client_id(1)).unwrap().unwrap().members.len(), 1);
        let findings = store.check(NOON, &mut no_progress()).unwrap();
        assert!(findings.iter().all(|one| one.severity != crate::upkeep::Severity::Bad), "{findings:?}");
    });
}

fn link(w: &World<'_>, signed_at: Timestamp) -> AcceptAct {
    let mut replay_key = [0; 32];
    w.draw(|random| random.fill(&mut replay_key));
    AcceptAct {
        email: "ann@example.com".to_owned(),
        replay_key,
        signed_at,
        goto: None,
        key: None,
        presented: None,
        replace: false,
        session: None,
        redemption: w.draw(RedemptionId::generate),
        address: None,
    }
}

fn a_restore_raises_the_floor_of_autoauth(w: &World<'_>) {
    w.ann();
    w.set("autoauth_enabled", true);
    let site =
        NewKey { id: KeyId::new(1).unwrap(), label: "site", sealed: b"sealed", weak: false, confirm: None };
    yes(w.store().add_key(&site, &[], at(NOON)));
    let file = backup(w, "backup");
    let [past, future] = [link(w, NOON), link(w, NOON.plus(secs(900)))];
    for act in [&past, &future] {
        yes(w.store().accept_autoauth(act, NOON));
    }
    let restored = restore(w, &file, NOON);
    assert_eq!(restored.autoauth_floor, NOON.plus(secs(901)));
    for (act, now) in [(&past, NOON), (&future, NOON), (&future, NOON.plus(secs(900)))] {
        w.no(w.store().accept_autoauth(act, now), Reason::AutoAuthForgotten);
    }
    w.everywhere(|store| assert_eq!(store.autoauth_keys().unwrap().keys.len(), 1));
    yes(w.store().accept_autoauth(&link(w, restored.autoauth_floor), NOON.plus(secs(1))));
    // A floor that stood higher stays.
    let ahead = NOON.plus(days(1));
    yes(w.store().accept_autoauth(&link(w, NOON.plus(secs(1_000))), NOON.plus(secs(1_000))));
    w.store().purge(ahead, &mut no_progress()).unwrap();
    let restored = restore(w, &file, NOON.plus(secs(2_000)));
    assert_eq!(restored.autoauth_floor, ahead.minus(secs(3_600)));
}

fn the_floor_covers_the_window_in_force_before_the_restore(w: &World<'_>) {
    w.ann();
    w.set("autoauth_enabled", true);
    let file = backup(w, "backup");
    w.set("autoauth_future_seconds", 3_600);
    let act = link(w, NOON.plus(secs(3_600)));
    yes(w.store().accept_autoauth(&act, NOON));
    let restored = restore(w, &file, NOON);
    assert_eq!(restored.autoauth_floor, NOON.plus(secs(3_601)));
    w.no(w.store().accept_autoauth(&act, NOON.plus(secs(3_600))), Reason::AutoAuthForgotten);
}

fn a_store_is_made_from_a_backup_where_nothing_stands(w: &World<'_>) {
    let (session, live, _) = people(w);
    let file = backup(w, "backup");
    let (restored, copy) = w.with_place(|place| place.restore_to_new(&file, 9, at(NOON))).unwrap();
    assert_eq!((restored.tokens_ended, restored.sessions_ended), (1, 2));
    assert_eq!(restored.credentials_to_check.len(), 2);
    let ended = copy.check_session(&session.key(), NOON).unwrap().unwrap_err();
    assert_eq!(ended.reason(), Some(Reason::SessionEnded));
    assert!(copy.inspect(&named(&live)).unwrap().unwrap().token.revoked_at.is_some());
    assert_eq!(copy.info().unwrap(), w.store().info().unwrap());
    assert_eq!(events(&*copy, "store.restored").len(), 1);
    yes(copy.enable_user(user_id(1), false, at(NOON)));
    // The store itself is as it was.
    yes(w.check(&session, NOON));
    yes(w.redeem(&live, NOON));
    let again = w.with_place(|place| place.restore_to_new(&file, 9, at(NOON)).map(|(restored, _)| restored));
    assert_eq!(again.unwrap_err(), StoreError::Exists);
}

fn what_is_no_backup_is_refused_and_nothing_changed(w: &World<'_>) {
    let (session, ..) = people(w);
    let [text, empty] = [w.backup_file("text"), w.backup_file("empty")];
    std::fs::write(&text, "no store at all ".repeat(1_000)).unwrap();
    std::fs::write(&empty, "").unwrap();
    let folder = text.parent().unwrap().to_owned();
    for (from, wanted) in [
        (w.backup_file("nothing"), "store_missing"),
        (folder, "is_a_folder"),
        (text, "not_a_store"),
        (empty, "not_a_store"),
    ] {
        let told = w.store().restore(&from, w.nonce(), at(NOON), &mut no_progress()).unwrap_err();
        assert_eq!(told.code(), wanted);
        let made =
            w.with_place(|place| place.restore_to_new(&from, 1, at(NOON)).map(|(restored, _)| restored));
        assert_eq!(made.unwrap_err().code(), wanted, "to a new place");
    }
    yes(w.check(&session, NOON));
    w.everywhere(|store| assert!(events(store, "store.restored").is_empty()));
}

fn a_backup_never_overwrites(w: &World<'_>) {
    let file = backup(w, "backup");
    let before = std::fs::read(&file).unwrap();
    w.user(1, "ann@example.com");
    assert_eq!(w.store().backup(&file, &mut no_progress()), Err(StoreError::Exists));
    let folder = file.parent().unwrap();
    assert_eq!(w.store().backup(folder, &mut no_progress()), Err(StoreError::Exists));
    assert!(w.store().backup(&folder.join("no").join("such"), &mut no_progress()).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}
