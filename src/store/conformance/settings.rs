//! Settings, and what a store says about itself.

use serde_json::json;

use super::world::{NOON, SYSTEM_URL, World, at, days, events, yes};
use super::{Noun, cases};
use crate::directory::Mode;
use crate::settings::Settings;
use crate::upkeep::Severity;

pub(super) const NOUN: Noun = Noun {
    name: "settings",
    cases: cases![
        a_new_store_has_the_settings_it_was_made_with,
        a_change_is_seen_by_every_handle_at_once,
        every_setting_is_stored_and_read_again,
        a_value_that_can_not_be_is_named_and_changes_nothing,
        a_store_tells_what_it_is,
        a_sound_store_is_found_sound_and_a_clock_set_back_is_told,
    ],
    reasons: &[],
    fields: &["name", "mode", "system_url", "token_life_seconds", "replay_policy", "deny"],
};

fn a_new_store_has_the_settings_it_was_made_with(w: &World<'_>) {
    for mode in [Mode::Managed, Mode::Host] {
        w.make(mode);
        let wanted = Settings::new(mode, crate::destination::SystemUrl::parse(SYSTEM_URL).unwrap());
        w.everywhere(|store| {
            assert_eq!(*store.settings().unwrap(), wanted);
            let told = events(store, "store.initialised");
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].detail.as_deref(), Some(mode.as_str()));
            let labels: Vec<_> = store.list_credentials().unwrap().into_iter().map(|one| one.label).collect();
            assert_eq!(labels, ["cli"]);
            assert!(store.list_admins().unwrap().is_empty());
            assert!(store.autoauth_keys().unwrap().keys.is_empty());
            assert!(store.changed_destinations().unwrap().is_empty());
        });
    }
}

fn a_change_is_seen_by_every_handle_at_once(w: &World<'_>) {
    for life in [1, 60, 30] {
        let changed = yes(w.store().set_setting("token_life_seconds", json!(life), w.nonce(), at(NOON)));
        assert_eq!(changed.token_life_seconds, life);
        w.everywhere(|store| {
            assert_eq!(store.settings().unwrap().token_life_seconds, life);
            assert_eq!(store.secret_facts("x").unwrap().0.token_life_seconds, life);
            assert_eq!(store.password_facts("x").unwrap().0.token_life_seconds, life);
            assert_eq!(store.autoauth_keys().unwrap().settings.token_life_seconds, life);
        });
    }
    let told = w.events("setting.changed");
    let details: Vec<_> = told.iter().map(|event| event.detail.as_deref().unwrap()).collect();
    assert_eq!(details, ["1", "60", "30"]);
    assert!(told.iter().all(|event| event.object.as_deref() == Some("token_life_seconds")));
    assert_eq!(told[0].actor.as_deref(), Some("suite"));
}

fn every_setting_is_stored_and_read_again(w: &World<'_>) {
    let other = |name: &str| match name {
        "system_url" => json!("https://other.example.com/shop"),
        "replay_policy" => json!("revoke"),
        "autoauth_reuse" => json!("window"),
        "autoauth_enabled" | "legacy_admin_auth" => json!(true),
        "allowed_addresses" | "trusted_proxies" => json!(["203.0.113.0/24", "2001:db8::/32"]),
        "confirm" => json!("always"),
        "durability" => json!("full"),
        "deny" => json!(["josé.php"]),
        "link_renewal_path" => json!("fresh.php?from=mail"),
        "token_life_seconds" | "token_leeway_seconds" => json!(7),
        "audit_retention_days" | "audit_address_days" => json!(8),
        "autoauth_past_seconds" | "autoauth_future_seconds" => json!(9),
        _ => json!(3_601),
    };
    let names: Vec<_> = w.store().settings().unwrap().list().iter().map(|setting| setting.name).collect();
    for name in names.iter().filter(|name| **name != "mode") {
        let outcome = w.store().set_setting(name, other(name), w.nonce(), at(NOON)).unwrap();
        if let Err(error) = outcome {
            assert_eq!(*name, "deny", "{error}");
            w.set("deny", json!(["secret.php"]));
        }
        w.everywhere(|store| {
            let setting = store.settings().unwrap().get(name).unwrap();
            assert_ne!(setting.value, setting.default, "{name}");
        });
    }
}

fn a_value_that_can_not_be_is_named_and_changes_nothing(w: &World<'_>) {
    let before = w.store().settings().unwrap();
    let set = |name: &str, value| w.store().set_setting(name, value, w.nonce(), at(NOON));
    w.invalid(set("token_life_seconds", json!(61)), "token_life_seconds");
    w.invalid(set("token_life_seconds", json!("60")), "token_life_seconds");
    w.invalid(set("replay_policy", json!("Warn")), "replay_policy");
    w.invalid(set("system_url", json!("ftp://x")), "system_url");
    w.invalid(set("deny", json!(["../x"])), "deny");
    w.invalid(set("mode", json!("host")), "mode");
    for unknown in ["", "Token_life_seconds", "token_life_seconds ", "settings_nonce"] {
        w.invalid(set(unknown, json!(1)), "name");
    }
    w.everywhere(|store| {
        assert_eq!(store.settings().unwrap(), before);
        assert!(events(store, "setting.changed").is_empty());
    });
}

fn a_store_tells_what_it_is(w: &World<'_>) {
    let first = w.store().info().unwrap();
    assert_eq!(first.created_at, NOON.minus(days(1)));
    assert!(!first.database.is_empty());
    w.everywhere(|store| assert_eq!(store.info().unwrap(), first));
    w.make(Mode::Managed);
    assert_ne!(w.store().info().unwrap().store_id, first.store_id);
}

fn a_sound_store_is_found_sound_and_a_clock_set_back_is_told(w: &World<'_>) {
    w.ann();
    w.session(NOON);
    w.everywhere(|store| {
        let mut last = (0, 0);
        let findings = store.check(NOON, &mut |done, of| last = (done, of)).unwrap();
        assert!(findings.len() >= 4);
        assert!(findings.iter().all(|finding| finding.severity == Severity::Good), "{findings:?}");
        assert!(last.0 == last.1 && last.1 > 0);
        let findings = store.check(NOON.minus(days(2)), &mut |_, _| ()).unwrap();
        let clock = findings.iter().find(|finding| finding.subject == "clock").unwrap();
        assert_eq!(clock.severity, Severity::Bad);
    });
}
