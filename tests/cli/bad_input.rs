//! Bad input, by name: each gives a refusal, or an error that names its field, and nothing is written.

use sha1::{Digest, Sha1};

use crate::harness::{Answer, Bench};

/// Runs `each` and checks that the store holds afterwards what it held before.
fn nothing_changes(bench: &Bench, each: impl FnOnce()) {
    let before = bench.contents();
    each();
    assert_eq!(before, bench.contents());
}

/// It ended as an invalid value of this field.
#[track_caller]
fn invalid(answer: Answer, field: &str) {
    let error = answer.failed(2, "invalid", "invalid");
    assert_eq!(error["field"], field, "{error}");
}

#[test]
fn tokens_of_the_wrong_shape_are_unknown_and_nothing_is_written() {
    let bench = Bench::new();
    let token = bench.token();
    let with_nul = format!("{}\0", &token[..39]);
    let shapes = [
        String::new(),
        token[..39].to_owned(),
        format!("{token}0"),
        token.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"),
        format!("{}g", &token[..39]),
        with_nul,
        format!("{} ", &token[..39]),
        "é".repeat(20),
        "a".repeat(60_000),
    ];
    nothing_changes(&bench, || {
        for shape in &shapes {
            for verb in ["redeem", "inspect"] {
                let line = format!("{shape}\n");
                let answer = bench.feed(&["token", verb, "-", "--json"], line.as_bytes());
                answer.failed(1, "refused", "token_unknown");
            }
            for verb in ["explain", "revoke"] {
                let line = format!("{shape}\n");
                invalid(bench.feed(&["token", verb, "-", "--json"], line.as_bytes()), "token");
            }
        }
        let megabyte = vec![b'a'; 1 << 20];
        invalid(bench.feed(&["token", "redeem", "-", "--json"], &megabyte), "token");
        invalid(bench.feed(&["token", "redeem", "-", "--json"], b"\xff\xfe\n"), "token");
        bench.run(&["token", "redeem", "", "--json"]).failed(1, "refused", "token_unknown");
        bench.run(&["session", "check", &token, "--json"]).failed(1, "refused", "session_unknown");
        invalid(bench.run(&["session", "end", &token, "--json"]), "session");
    });
    bench.feed(&["token", "redeem", "-"], token.as_bytes()).ended(0);
}

#[test]
fn links_of_the_wrong_shape_are_unknown_and_nothing_is_written() {
    let bench = Bench::new();
    let url = bench.link(&[]);
    let text = url.split_once('?').unwrap().1;
    let other = bench.link(&[]);
    let other = other.split_once('?').unwrap().1;
    let shapes = [
        String::new(),
        text[..31].to_owned(),
        format!("{text}a"),
        format!("{}1", &text[..31]),
        format!("{}\0", &text[..31]),
        format!("{url}&{other}"),
        "é".repeat(16),
        "a".repeat(60_000),
    ];
    nothing_changes(&bench, || {
        for shape in &shapes {
            let run =
                |verb: &str| bench.feed(&["link", verb, "-", "--json"], format!("{shape}\n").as_bytes());
            for verb in ["open", "inspect"] {
                run(verb).failed(1, "refused", "link_unknown");
            }
            for verb in ["explain", "revoke"] {
                invalid(run(verb), "link");
            }
        }
        let name = bench.ok("link list")[0]["link"].as_str().unwrap().to_owned();
        bench.run(&["link", "open", &name, "--json"]).failed(1, "refused", "link_unknown");
        invalid(bench.feed(&["link", "open", "-", "--json"], b"\xff\xfe\n"), "link");
    });
    // Mail programs change the case and append.
    bench.feed(&["link", "open", "-"], url.to_uppercase().replace("HTTPS", "https").as_bytes()).ended(0);
}

#[test]
fn what_a_link_can_not_be_names_its_field() {
    let bench = Bench::new();
    let long = "a".repeat(101);
    nothing_changes(&bench, || {
        let create =
            |more: &[&str]| bench.run(&[&["link", "create", "--client", "1", "--json"], more].concat());
        for (option, value, field) in [
            ("--life", "59s", "life"),
            ("--life", "8d", "life"),
            ("--uses", "0", "uses"),
            ("--uses", "101", "uses"),
            ("--label", "", "label"),
            ("--label", &long, "label"),
            ("--title", "a\u{1b}[2J", "title"),
            ("--destination", "clientarea:nowhere", "destination"),
            ("--path", "https://evil.example/", "redirect_path"),
            ("--path", "logout.php", "redirect_path"),
        ] {
            invalid(create(&[option, value]), field);
        }
        for bad in ["-1", "x", "1.5"] {
            create(&["--uses", bad]).failed(2, "usage", "usage");
        }
        for days in ["0", "3651"] {
            invalid(bench.run(&["link", "report", "--days", days, "--json"]), "days");
        }
        invalid(bench.run(&["link", "report", "--label", &long, "--json"]), "label");
        invalid(bench.run(&["link", "list", "--before", "x", "--json"]), "before");
        invalid(bench.run(&["link", "list", "--limit", "0", "--json"]), "limit");
        let mailer = ["credential", "create", "m", "--host", "--links", "--json"];
        let limited = |more: &[&str]| bench.run(&[&mailer, more].concat());
        invalid(limited(&["--max-link-life", "8d"]), "max_link_life_seconds");
        invalid(limited(&["--links-per-minute", "0"]), "links_per_minute");
        invalid(limited(&["--link-destination", ""]), "link_destinations");
    });
}

#[test]
fn numbers_that_are_no_ids_name_their_field() {
    let bench = Bench::new();
    nothing_changes(&bench, || {
        for bad in ["0", "-1", "9223372036854775808", "01", "+1", "1.0", "1e3", "", "one", "١"] {
            let run = |arguments: &[&str]| bench.run(&[arguments, &["--json"]].concat());
            invalid(run(&["token", "issue", "--client", bad]), "client_id");
            invalid(run(&["token", "issue", "--user", bad]), "user_id");
            invalid(run(&["token", "issue", "--client", "1", "--service", bad]), "item_id");
            invalid(run(&["user", "show", bad]), "user_id");
            invalid(run(&["client", "show", bad]), "client_id");
            invalid(run(&["member", "add", "--client", bad, "--user", "1"]), "client_id");
            invalid(run(&["user", "add", "new@example.com", "--id", bad]), "user_id");
            invalid(run(&["session", "end-user", bad]), "user_id");
            invalid(run(&["link", "create", "--user", bad]), "user_id");
            invalid(run(&["link", "revoke", "--client", bad]), "client_id");
            invalid(run(&["user", "set-email", bad, "new@example.com"]), "user_id");
        }
    });
}

#[test]
fn addresses_that_are_none_name_the_email_and_look_alikes_match_nobody() {
    let bench = Bench::new();
    let long = format!("{}@example.com", "a".repeat(10_000));
    nothing_changes(&bench, || {
        for bad in
            ["", " ", "a", "@", "a@", "@b", "a\u{1}@example.com", "a\n@example.com", "a\u{85}@b", &long]
        {
            invalid(bench.run(&["user", "add", bad, "--json"]), "email");
            invalid(bench.run(&["client", "add", bad, "--json"]), "email");
        }
        for alike in
            ["аnn@example.com", "ann@exаmple.com", "ann@example.com.", "ａnn@example.com", "änn@example.com"]
        {
            let found = bench.run(&["user", "list", "--email", alike, "--json"]).ended(0).document();
            assert_eq!(found["total"], 0, "{alike}");
        }
    });
    let found = bench.run(&["user", "list", "--email", " ANN@Example.com ", "--json"]).ended(0).document();
    assert_eq!(found["total"], 1);
    bench.run(&["user", "add", "ANN@EXAMPLE.COM", "--json"]).failed(1, "refused", "already_exists");
}

#[test]
fn destinations_and_their_ids_must_fit() {
    let bench = Bench::new();
    let issue = |more: &[&str]| bench.run(&[&["--json", "token", "issue", "--client", "1"], more].concat());
    nothing_changes(&bench, || {
        for unknown in ["clientarea:nowhere", "clientarea:sso", "Clientarea:invoices", "", "invoices"] {
            invalid(issue(&["--destination", unknown]), "destination");
        }
        invalid(issue(&["--destination", "clientarea:product_details"]), "service_id");
        invalid(issue(&["--destination", "clientarea:domain_details"]), "domain_id");
        invalid(issue(&["--destination", "clientarea:invoices", "--service", "1"]), "service_id");
        invalid(issue(&["--destination", "clientarea:invoices", "--domain", "1"]), "domain_id");
        invalid(issue(&["--service", "1"]), "service_id");
        invalid(issue(&["--destination", "sso:custom_redirect"]), "redirect_path");
        invalid(issue(&["--destination", "clientarea:invoices", "--path", "index.php"]), "redirect_path");
        let set = |more: &[&str]| bench.run(&[&["--json", "destination", "set"], more].concat());
        invalid(set(&["nonsense", "index.php"]), "name");
        invalid(set(&["clientarea:x", "index.php", "--input", "service"]), "path");
        invalid(set(&["clientarea:x", "x.php?id={id}"]), "path");
        invalid(set(&["clientarea:x", "//evil.example/"]), "path");
        invalid(set(&["clientarea:x", "dologin.php"]), "path");
        bench.run(&["destination", "remove", "clientarea:nowhere", "--json"]).ended(1);
    });
}

#[test]
fn a_safe_path_lands_on_exactly_that_url_and_no_other_is_taken() {
    let bench = Bench::new();
    for path in [
        "viewinvoice.php?id=5",
        "index.php?rp=/account/paymentmethods",
        "cart.php?a=add&domain=register",
        "clientarea.php?action=productdetails&id=1#tabOverview",
        "search.php?q=my%20ticket",
        "x.php?u=http%3A%2F%2Fexample.com",
    ] {
        let arguments = ["token", "issue", "--client", "1", "--path", path, "--json"];
        let issued = bench.run(&arguments).ended(0).document();
        let token = issued["access_token"].as_str().unwrap();
        let redeemed = bench.feed(&["token", "redeem", "-", "--json"], token.as_bytes()).ended(0).document();
        assert_eq!(redeemed["landing_url"], format!("https://billing.example.com/{path}"));
    }
    let long = "a".repeat(600);
    nothing_changes(&bench, || {
        for path in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "\\\\evil.example",
            "%2f%2fevil.example",
            "%252f%252fevil.example",
            "%5c%5cevil.example",
            "..%2fadmin/",
            "a/../b.php",
            "%2e%2e/b.php",
            "%252e%252e/b.php",
            "./b.php",
            "javascript:alert(1)",
            "javascript%3aalert(1)",
            "data:text/html,x",
            "x.php\r\nSet-Cookie: a=b",
            "x.php%0d%0aSet-Cookie:%20a=b",
            "x.php%250d%250a",
            "x.php?a=\"b",
            "x.php?a=%00",
            "x.php?a=%0a",
            "x.php#a&b",
            "x.php%zz",
            "x y.php",
            "é.php",
            &long,
            "dologin.php",
            "DoLogin.php",
            "dologin%2ephp",
            "logout.php",
            "oauth/singlesignon.php",
            "includes/api.php",
            "modules/x.php",
            "admin/",
            "index.php?dosinglesignon=1",
            "index.php?a=1&%64osinglesignon=1",
        ] {
            let arguments = ["token", "issue", "--client", "1", "--path", path, "--json"];
            invalid(bench.run(&arguments), "redirect_path");
        }
    });
}

/// A link's query by the documented formula, signed by hand.
fn query(email: &str, timestamp: &str, key: &str, more: &str) -> String {
    let hash = Sha1::digest(format!("{email}{timestamp}{key}"));
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let email = email.replace('%', "%25").replace('+', "%2B").replace('&', "%26");
    format!("email={email}&timestamp={timestamp}&hash={hash}{more}")
}

/// Seconds since 1970, plus or minus.
fn seconds(offset: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    (i64::try_from(now.as_secs()).unwrap() + offset).to_string()
}

const KEY: &str = "a key of more than twenty characters";

fn verify(bench: &Bench, link: &str) -> Answer {
    let lines = format!("{link}\n{KEY}\n");
    bench.feed(&["autoauth", "verify", "-", "--key", "-", "--json"], lines.as_bytes())
}

#[test]
fn the_known_answer_of_the_formula() {
    let link = query("demo@whmcs.com", "1290100706", "abcXYZ123", "");
    assert!(link.ends_with("hash=6624fa4b6fb3c5fcd24e587154a949911046d92b"), "{link}");
}

#[test]
fn fields_of_a_link_that_are_wrong_are_named() {
    let bench = Bench::new();
    bench.ok("autoauth enable");
    let good = |timestamp: &str| query("ann@example.com", timestamp, KEY, "");
    let now = seconds(0);
    let link = good(&now);
    let without = |field: &str| -> String {
        let kept = link.split('&').filter(|pair| !pair.starts_with(field));
        kept.collect::<Vec<_>>().join("&")
    };
    nothing_changes(&bench, || {
        for field in ["email", "timestamp", "hash"] {
            invalid(verify(&bench, &without(field)), field);
            let pair = link.split('&').find(|pair| pair.starts_with(field)).unwrap();
            invalid(verify(&bench, &format!("{link}&{pair}")), field);
        }
        invalid(verify(&bench, &format!("{link}&goto=a.php&goto=a.php")), "goto");
        invalid(verify(&bench, &link[..link.len() - 1]), "hash");
        invalid(verify(&bench, &format!("{link}0")), "hash");
        for bad in [
            format!("+{now}"),
            format!("%2B{now}"),
            format!("-{now}"),
            format!("%20{now}"),
            format!("{now}%20"),
            format!("0{}", &now[..9]),
            now[..9].to_owned(),
            format!("{now}0"),
            "1.79535e9".to_owned(),
            String::new(),
        ] {
            invalid(verify(&bench, &good(&bad)), "timestamp");
        }
        invalid(verify(&bench, &query("", &now, KEY, "")), "email");
        verify(&bench, &query("ann@example.com", &now, "another key", "")).failed(
            1,
            "refused",
            "autoauth_hash",
        );
    });
    // A right hash with a page that is not allowed signs nobody in either, but the audit is told.
    for goto in ["https://evil.example/", "%2F%2Fevil.example", "logout.php"] {
        invalid(verify(&bench, &format!("{link}&goto={goto}")), "goto");
    }
    assert!(bench.contents().contains("\"outcome\":\"goto_not_allowed\""));
}

#[test]
fn a_link_is_accepted_once_within_its_window_whatever_its_spelling() {
    let bench = Bench::new();
    bench.ok("autoauth enable");
    // A second may pass between the signing and the look at it.
    for (offset, code) in [(-905, "autoauth_too_old"), (905, "autoauth_too_new")] {
        let link = query("ann@example.com", &seconds(offset), KEY, "");
        verify(&bench, &link).failed(1, "refused", code);
    }
    for offset in [-890, 890] {
        verify(&bench, &query("ann@example.com", &seconds(offset), KEY, "")).ended(0);
    }
    let link = query("ann@example.com", &seconds(0), KEY, "&goto=clientarea.php?action=invoices");
    let accepted =
        verify(&bench, &format!("https://billing.example.com/dologin.php?{link}")).ended(0).document();
    assert_eq!(accepted["landing_url"], "https://billing.example.com/clientarea.php?action=invoices");
    bench.ok("purge");
    let (first, hash) = link.split_once("&hash=").unwrap();
    for again in [
        link.clone(),
        format!("?{link}"),
        link.replace('@', "%40"),
        link.replace("&goto=clientarea.php?action=invoices", ""),
        format!("other=1&{link}"),
        format!("hash={}&{first}", hash[..40].to_uppercase()),
        link.replace("email=a", "%65mail=%61"),
    ] {
        verify(&bench, &again).failed(1, "refused", "autoauth_used");
    }
    // A digit that moves between address and timestamp leaves no timestamp.
    let moved = link.replacen("ann@example.com&timestamp=1", "ann@example.com1&timestamp=", 1);
    invalid(verify(&bench, &moved), "timestamp");
    for stranger in ["nobody@example.com", "аnn@example.com"] {
        verify(&bench, &query(stranger, &seconds(0), KEY, "")).failed(1, "refused", "no_match");
    }
}

#[test]
fn settings_of_the_wrong_type_or_range_name_themselves() {
    let bench = Bench::new();
    nothing_changes(&bench, || {
        for (name, value, field) in [
            ("token_life_seconds", "0", "token_life_seconds"),
            ("token_life_seconds", "61", "token_life_seconds"),
            ("token_life_seconds", "-1", "token_life_seconds"),
            ("token_life_seconds", "1.5", "token_life_seconds"),
            ("token_life_seconds", "sixty", "token_life_seconds"),
            ("token_life_seconds", "null", "token_life_seconds"),
            ("session_idle_seconds", "18446744073709551616", "session_idle_seconds"),
            ("autoauth_enabled", "yes", "autoauth_enabled"),
            ("autoauth_enabled", "1", "autoauth_enabled"),
            ("replay_policy", "Warn", "replay_policy"),
            ("allowed_addresses", "203.0.113.0/33", "allowed_addresses"),
            ("allowed_addresses", "203.0.113.0/24,nonsense", "allowed_addresses"),
            ("system_url", "billing.example.com", "system_url"),
            ("system_url", "http://billing.example.com", "system_url"),
            ("mode", "host", "mode"),
            ("deny", "../x", "deny"),
            ("nonsense", "1", "name"),
        ] {
            invalid(bench.run(&["settings", "set", name, value, "--json"]), field);
        }
        invalid(bench.run(&["settings", "get", "nonsense", "--json"]), "name");
    });
}

#[test]
fn what_else_people_mistype_changes_nothing() {
    let bench = Bench::new();
    let run = |arguments: &[&str]| bench.run(&[arguments, &["--json"]].concat());
    nothing_changes(&bench, || {
        invalid(run(&["token", "issue", "--client", "1", "--life", "0"]), "life");
        invalid(run(&["token", "issue", "--client", "1", "--actor", &"x".repeat(201)]), "actor");
        invalid(run(&["admin", "add", ""]), "username");
        invalid(run(&["admin", "add", "alice", "--password", "short"]), "password");
        invalid(run(&["credential", "create", "", "--host"]), "label");
        invalid(run(&["credential", "create", "x", "--host", "--max-life", "61"]), "max_token_life_seconds");
        invalid(run(&["credential", "create", "x", "--host", "--per-minute", "0"]), "issues_per_minute");
        invalid(run(&["credential", "create", "x", "--host", "--home-url", "ftp://a"]), "home_url");
        invalid(run(&["credential", "create", "x", "--host", "--expires", "2020-01-01"]), "expires_at");
        invalid(run(&["credential", "rotate", "cli", "--overlap", "31d"]), "overlap_seconds");
        invalid(run(&["audit", "list", "--limit", "0"]), "limit");
        invalid(run(&["audit", "list", "--since", "1h", "--until", "2h"]), "to");
        invalid(run(&["audit", "list", "--reference", "nonsense"]), "reference");
        invalid(run(&["token", "list", "--limit", "1001"]), "limit");
        invalid(run(&["token", "list", "--before", "nonsense"]), "before");
        invalid(run(&["autoauth", "report", "--days", "0"]), "days");
        invalid(run(&["seal", "rotate", "/nowhere", "--seal-key", "/nowhere"]), "sealing_key_file");
        run(&["credential", "create", "x", "--admin", "nobody"]).failed(1, "refused", "admin_unknown");
        run(&["credential", "rotate", "nobody", "--leaked"]).failed(1, "refused", "credential_unknown");
        run(&["member", "remove", "--user", "1", "--client", "1"]).failed(1, "refused", "owner_stays");
        run(&["token", "revoke", "--credential", "nobody"]).failed(1, "refused", "credential_unknown");
    });
    let error =
        bench.run(&["--store", "x.db", "--json", "init", "--mode", "host", "--system-url", "nonsense"]);
    invalid(error, "system_url");
    assert!(!std::path::Path::new(&bench.path("x.db")).exists());
}
