//! AutoAuth links, keys and windows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::destinations::percent;
use super::directory::no_addresses;
use super::{Bench, PLANTED, wrong_hex};
use crate::common::{START, person, refused, secret};
use gatepass::autoauth::digest;
use gatepass::{AutoAuthRequest, Gatepass, Reason};
use serde_json::json;

pub(super) const KEY: &str = "a key of more than twenty characters";

pub(super) fn switch_on(gate: &Gatepass) {
    gate.add_autoauth_key("old", &secret(KEY), None).unwrap();
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
}

pub(super) fn hash(email: &str, at: i64, key: &str) -> String {
    let digest = digest(email.as_bytes(), at, key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn query(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(super) fn accept(gate: &Gatepass, query: &str) -> gatepass::Result<gatepass::autoauth::AutoAuthSignIn> {
    gate.accept_autoauth(query.as_bytes(), &AutoAuthRequest::default())
}

#[test]
fn a_malformed_link_names_its_field_and_leaves_no_trace() {
    let bench = Bench::new();
    switch_on(&bench.gate);
    let (email, at) = ("ann@example.com", bench.clock_seconds());
    let (stamp, hash) = (at.to_string(), hash(email, at, KEY));
    let good = [("email", email), ("timestamp", &*stamp), ("hash", &*hash)];
    for missing in 0..3 {
        let mut fields = good.to_vec();
        let (name, _) = fields.remove(missing);
        assert_eq!(bench.field(|gate| accept(gate, &query(&fields))), name);
        // An empty one, one by another letter case and one as a list are not there either.
        for instead in [format!("{name}="), format!("{}=1", name.to_uppercase()), format!("{name}[]=1")] {
            let text = format!("{}&{instead}", query(&fields));
            assert_eq!(bench.field(|gate| accept(gate, &text)), name, "{text}");
        }
    }
    for (name, value) in good.into_iter().chain([("goto", "cart.php")]) {
        let twice = format!("{}&goto=cart.php&{name}={value}", query(&good));
        assert_eq!(bench.field(|gate| accept(gate, &twice)), name);
        let hidden = format!("{}&goto=cart.php&%{:02x}{}=x", query(&good), name.as_bytes()[0], &name[1..]);
        assert_eq!(bench.field(|gate| accept(gate, &hidden)), name, "{hidden}");
    }
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    wrong.insert(
        "hash",
        wrong_hex(40).into_iter().filter(|text| text != &text.to_uppercase() || text.len() != 40).collect(),
    );
    wrong.insert(
        "email",
        no_addresses().into_iter().filter(|text| text.len() > 254 || !text.contains('@')).collect(),
    );
    let ten = |text: &str| text.to_owned();
    wrong.insert(
        "timestamp",
        vec![
            ten(""),
            format!("+{at}"),
            format!("-{at}"),
            format!("+{}", &stamp[1..]),
            format!(" {at}"),
            format!("{at} "),
            format!(" {}", &stamp[1..]),
            format!("{at}\n"),
            format!("{at}\0"),
            format!("0{at}"),
            format!("0{}", &stamp[..9]),
            ten(&stamp[..9]),
            format!("{at}0"),
            format!("{at}.0"),
            ten("1.80000e9"),
            ten("1800000e03"),
            ten("0x6b49d200"),
            ten("1_80000000"),
            ten("1,80000000"),
            "١٨٠٠٠٠٠٠٠٠".to_owned(),
            ten("18000000OO"),
            ten("99999999999999999999"),
            ten(PLANTED),
            "9".repeat(5_000),
        ],
    );
    for (name, values) in wrong {
        for value in values {
            let fields = good.map(|(field, usual)| (field, if field == name { &*value } else { usual }));
            let field = bench.field(|gate| accept(gate, &query(&fields)));
            assert!(field == name || field == "query", "{value:.40?} gave {field}");
        }
    }
    let endless = format!("{}&x={}", query(&good), "a".repeat(1 << 20));
    assert_eq!(bench.field(|gate| accept(gate, &endless)), "query");
    for junk in ["", "?", "&&&&", "=", "=&=", "%", "Email", "\0", "email=%ff&timestamp=1&hash=2"] {
        assert_eq!(bench.field(|gate| accept(gate, junk)), "email", "{junk:?}");
    }
    // After all this, the link is still good once.
    accept(&bench.gate, &query(&good)).unwrap();
}

#[test]
fn the_window_is_900_seconds_to_both_sides_and_no_more() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let mut at = bench.clock_seconds();
    for (offset, late, verdict) in [
        (900, 0, None),
        (900, 999, None),
        (901, 0, Some(Reason::AutoAuthTooOld)),
        (-900, 0, None),
        (-901, 999, Some(Reason::AutoAuthTooNew)),
        (-901, 0, Some(Reason::AutoAuthTooNew)),
        (i64::from(i32::MAX), 0, Some(Reason::AutoAuthTooOld)),
    ] {
        at += 1;
        let link = query(&[
            ("email", "ann@example.com"),
            ("timestamp", &at.to_string()),
            ("hash", &hash("ann@example.com", at, KEY)),
        ]);
        let now = gatepass::clock::Timestamp::from_millis((at + offset) * 1_000 + late);
        bench.clock.set(now);
        assert_eq!(
            accept(gate, &link).err().and_then(|error| error.reason()),
            verdict,
            "{offset} s {late} ms"
        );
    }
}

/// One link in the ways in which it may be written.
fn respelled(email: &str, at: i64) -> Vec<String> {
    let (stamp, hash) = (at.to_string(), hash(email, at, KEY));
    let upper = hash.to_uppercase();
    let mixed: String = hash
        .chars()
        .enumerate()
        .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
        .collect();
    let encoded = |text: &str| percent(text, |_| true);
    let lower = |text: &str| percent(text, |_| true).to_lowercase();
    vec![
        query(&[("email", email), ("timestamp", &stamp), ("hash", &hash)]),
        format!("?{}", query(&[("hash", &hash), ("timestamp", &stamp), ("email", email)])),
        query(&[("timestamp", &stamp), ("email", email), ("hash", &upper)]),
        query(&[("email", email), ("timestamp", &stamp), ("hash", &mixed), ("goto", "cart.php")]),
        query(&[("goto", "viewinvoice.php?id=5"), ("email", email), ("timestamp", &stamp), ("hash", &hash)]),
        // As most generators wrote it: not encoded at all, so that the plus reads as a blank.
        format!("email={email}&timestamp={stamp}&hash={hash}"),
        format!("email={}&timestamp={stamp}&hash={hash}", email.replace('+', "%20")),
        format!("email={}&timestamp={}&hash={}", encoded(email), encoded(&stamp), encoded(&hash)),
        format!("email={}&timestamp={}&hash={}&goto=", lower(email), lower(&stamp), lower(&upper)),
        format!("%65mail={email}&%74imestamp={stamp}&%68ash={hash}"),
        format!("a=1&&email={email}&x&timestamp={stamp}&=&hash={hash}&email[]=x&Email=y&goto=%63art.php"),
    ]
}

#[test]
fn a_link_is_accepted_once_in_all_its_spellings() {
    let bench = Bench::new();
    let gate = &bench.gate;
    let email = "ann+news@example.com";
    person(gate, email);
    switch_on(gate);
    let start = bench.clock_seconds();
    let count = respelled(email, start).len();
    for first in 0..count {
        // Another second is another link.
        let links = respelled(email, start + first as i64);
        let signed_in = accept(gate, &links[first]).unwrap();
        assert_eq!(signed_in.email, email);
        for (other, link) in links.iter().enumerate() {
            assert_eq!(refused(accept(gate, link)), Reason::AutoAuthUsed, "{other} after {first}");
            // With the key from the caller's own configuration it is the same link.
            let given = AutoAuthRequest::default().with_key(secret(KEY));
            assert_eq!(refused(gate.accept_autoauth(link.as_bytes(), &given)), Reason::AutoAuthUsed);
        }
    }
    assert_eq!(bench.spy.number("SELECT count(*) FROM autoauth_link"), count as i64);
    assert_eq!(bench.spy.number("SELECT uses FROM autoauth_key"), count as i64);
}

#[test]
fn a_purge_and_a_clock_set_back_bring_no_used_link_back() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let email = "ann@example.com";
    let link =
        |at: i64| query(&[("email", email), ("timestamp", &at.to_string()), ("hash", &hash(email, at, KEY))]);
    let start = bench.clock_seconds();
    // One from the end of the window, so that it is the longest to be remembered.
    let (used, ahead) = (link(start), link(start + 900));
    accept(gate, &used).unwrap();
    accept(gate, &ahead).unwrap();
    for later in [600, 900, 1_801, 3_600, 3_601, 4_501, 90_000, 90_000_000] {
        bench.clock.set(START.plus(Duration::from_secs(later)));
        gate.purge(&mut |_, _| {}).unwrap();
        for back in [0, later, later + 900] {
            bench.clock.set(START.plus(Duration::from_secs(later)).minus(Duration::from_secs(back)));
            for spent in [&used, &ahead] {
                let reason = refused(accept(gate, spent));
                let known = [
                    Reason::AutoAuthUsed,
                    Reason::AutoAuthForgotten,
                    Reason::AutoAuthTooOld,
                    Reason::AutoAuthTooNew,
                ];
                assert!(known.contains(&reason), "{later} s later, set back by {back} s: {reason:?}");
            }
        }
    }
    // Under another key id it is the same link too, and a retired key signs nothing.
    bench.clock.set(START.plus(Duration::from_secs(100_000_000)));
    let now = bench.clock_seconds();
    accept(gate, &link(now)).unwrap();
    gate.retire_autoauth_key("old").unwrap();
    assert_eq!(refused(accept(gate, &link(now + 1))), Reason::AutoAuthOff);
    gate.add_autoauth_key("new", &secret(KEY), None).unwrap();
    assert_eq!(refused(accept(gate, &link(now))), Reason::AutoAuthUsed);
    accept(gate, &link(now + 1)).unwrap();
}

#[test]
fn no_digit_moves_between_address_time_and_key() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let at = bench.clock_seconds();
    let stamp = at.to_string();
    // An address that ends in digits, so that they could move either way.
    let email = "ann@example.com1";
    person(gate, email);
    let hash = hash(email, at, KEY);
    for (moved, time) in [
        (format!("{email}{}", &stamp[..1]), stamp[1..].to_owned()),
        (format!("{email}{}", &stamp[..5]), stamp[5..].to_owned()),
        (email[..email.len() - 1].to_owned(), format!("1{stamp}")),
    ] {
        let link = query(&[("email", &moved), ("timestamp", &time), ("hash", &hash)]);
        assert_eq!(bench.field(|gate| accept(gate, &link)), "timestamp");
    }
    // Ten digits all the same: the hash no longer fits, unless the key gives a digit.
    let shifted = format!("{}7", &stamp[1..]);
    let link =
        query(&[("email", &format!("{email}{}", &stamp[..1])), ("timestamp", &shifted), ("hash", &hash)]);
    assert_eq!(bench.untouched(|gate| accept(gate, &link)).reason(), Some(Reason::AutoAuthHash));
    for related in [&format!("7{KEY}"), &KEY[1..], KEY, &KEY[KEY.len() - 1..]] {
        let add = |gate: &Gatepass| gate.add_autoauth_key("other", &secret(related), None);
        assert_eq!(bench.field(add), "key");
    }
    gate.add_autoauth_key("other", &secret("another key that ends otherwise"), None).unwrap();
    for (label, key, field) in [
        ("x", "", "key"),
        ("", "hunter2 and more than twenty", "label"),
        ("x\0", "hunter2 and more than twenty", "label"),
        (&*"x".repeat(101), "hunter2 and more than twenty", "label"),
        ("x", &*PLANTED.repeat(200), "key"),
    ] {
        let parameters = json!({ "label": label, "key": key });
        assert_eq!(bench.field_of("autoauth.key_add", parameters), field);
    }
    let taken = bench
        .untouched(|gate| gate.add_autoauth_key("old", &secret("hunter2, a third key of some length"), None));
    assert_eq!(taken.reason(), Some(Reason::AlreadyExists));
}
