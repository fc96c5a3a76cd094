//! Settings that are wrong.

use super::{Bench, PLANTED};
use serde_json::json;

#[test]
fn a_wrong_setting_is_named_and_stays_as_it_was() {
    let bench = Bench::new();
    let wrong = [
        json!(null),
        json!(-1),
        json!(u64::MAX),
        json!(4_000_000_000u32),
        json!(1.5),
        json!(PLANTED),
        json!(""),
        json!([PLANTED]),
        json!([1]),
        json!({ PLANTED: 1 }),
        json!(["10.0.0.0/33"]),
        json!(["../hunter2"]),
    ];
    let settings = bench.gate.settings().unwrap().list();
    for setting in &settings {
        for value in &wrong {
            // A file may be called so.
            let names = [json!([PLANTED]), json!(["10.0.0.0/33"])];
            if setting.name == "deny" && names.contains(value) {
                continue;
            }
            // So may a page, and there may be none.
            if setting.name == "link_renewal_path" && [json!(PLANTED), json!("")].contains(value) {
                continue;
            }
            let parameters = json!({ "name": setting.name, "value": value });
            assert_eq!(bench.field_of("settings.set", parameters), setting.name, "{value}");
            assert_eq!(bench.field(|gate| gate.set_setting(setting.name, value.clone())), setting.name);
        }
    }
    for (name, value) in [
        ("token_life_seconds", json!(0)),
        ("token_life_seconds", json!(61)),
        ("token_leeway_seconds", json!(61)),
        ("token_retention_seconds", json!(3_599)),
        ("token_retention_seconds", json!(2_592_001)),
        ("session_idle_seconds", json!(59)),
        ("session_idle_seconds", json!(86_401)),
        ("session_absolute_seconds", json!(299)),
        ("autoauth_past_seconds", json!(0)),
        ("autoauth_past_seconds", json!(3_601)),
        ("autoauth_future_seconds", json!(3_601)),
        ("audit_retention_days", json!(0)),
        ("audit_retention_days", json!(3_651)),
        ("audit_address_days", json!(3_651)),
        ("link_life_seconds", json!(59)),
        ("link_life_seconds", json!(604_801)),
        ("link_renewal_path", json!("//hunter2.example")),
        ("link_renewal_path", json!("https://hunter2.example/")),
        ("link_renewal_path", json!("../hunter2")),
        ("link_renewal_path", json!("/hunter2.php")),
        ("link_renewal_path", json!("hunter2.php#top")),
        ("link_renewal_path", json!("a".repeat(2_049))),
        ("mode", json!("managed")),
        ("system_url", json!("http://hunter2.example")),
        ("system_url", json!("https://hunter2@billing.example.com")),
        ("system_url", json!("https://billing.example.com/?hunter2")),
        ("deny", json!(["a".repeat(129)])),
        ("deny", json!((0..300).map(|n| format!("x{n}.php")).collect::<Vec<_>>())),
    ] {
        assert_eq!(bench.field(|gate| gate.set_setting(name, value.clone())), name, "{value}");
    }
    for name in ["", "Mode", "token_life", PLANTED, "token_life_seconds\0"] {
        assert_eq!(bench.field_of("settings.get", json!({ "name": name })), "name");
        assert_eq!(bench.field_of("settings.set", json!({ "name": name, "value": 1 })), "name");
    }
    assert_eq!(bench.gate.settings().unwrap().list(), settings);
}
