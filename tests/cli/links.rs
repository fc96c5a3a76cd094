//! Sign-in links through the tool: made, opened, ended, and told of.

use serde_json::{Value, json};

use crate::harness::Bench;

fn open(bench: &Bench, link: &str) -> crate::harness::Answer {
    bench.feed(&["link", "open", "-", "--json"], link.as_bytes())
}

#[test]
fn a_link_is_made_opened_and_its_token_signs_in() {
    let bench = Bench::new();
    let made = bench.ok("link create --client 1 --path viewinvoice.php?id=5 --life 3d --label reminder");
    let names: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(names, ["url", "expires_at", "user_id", "client_id", "link"]);
    let url = made["url"].as_str().unwrap();
    let text = url.strip_prefix("https://billing.example.com/signin.php?").unwrap();
    assert!(text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{url}");

    // To look at it changes nothing, by whatever it is named.
    for name in [url, text, made["link"].as_str().unwrap()] {
        let seen = bench.ok(&format!("link inspect {name}"));
        assert_eq!((&seen["state"], &seen["used"]), (&json!("live"), &json!(0)));
    }
    let opened = open(&bench, url).ended(0).document();
    assert_eq!((&opened["uses_left"], &opened["link"]), (&json!(0), &made["link"]));
    let token = opened["access_token"].as_str().unwrap();
    assert!(opened["redirect_url"].as_str().unwrap().ends_with(&format!("access_token={token}")));
    let redeemed = bench.feed(&["token", "redeem", "-", "--json"], token.as_bytes()).ended(0).document();
    assert_eq!(redeemed["landing_url"], "https://billing.example.com/viewinvoice.php?id=5");

    let error = open(&bench, text).failed(1, "refused", "link_used");
    let reference = error["reference"].as_str().unwrap();
    assert_eq!(bench.ok(&format!("audit list --reference {reference}"))[0]["outcome"], "link_used");
    let story = bench.feed(&["link", "explain", "-"], url.as_bytes()).ended(0).stdout;
    assert!(story.contains("made under reminder") && story.contains("already used"), "{story}");
    assert!(!story.contains(text), "the story shows the link");
}

#[test]
fn a_link_is_what_was_asked_for() {
    let bench = Bench::new();
    let product =
        "--user 1 --destination clientarea:product_details --service 7 --uses 5 --label offer --actor cron";
    let made = bench.run(
        &[
            &[
                "link",
                "create",
                "--client",
                "1",
                "--title",
                "invoice 5",
                "--address",
                "203.0.113.9",
                "--json",
            ],
            &product.split(' ').collect::<Vec<_>>()[..],
        ]
        .concat(),
    );
    let made = made.ended(0).document();
    let name = made["link"].as_str().unwrap();
    let seen = bench.ok(&format!("link inspect {name}"));
    assert!(seen["landing"].as_str().unwrap().ends_with("id=7"), "{seen}");
    assert_eq!((&seen["title"], &seen["label"]), (&json!("invoice 5"), &json!("offer")));
    assert_eq!((&seen["actor"], &seen["uses"]), (&json!("cron"), &json!(5)));
    let domain = bench.ok("link create --client 1 --destination clientarea:domain_details --domain 8");
    let seen = bench.ok(&format!("link inspect {}", domain["link"].as_str().unwrap()));
    assert!(seen["landing"].as_str().unwrap().ends_with("id=8"), "{seen}");
    assert_eq!(bench.ok("link list --label offer").as_array().unwrap().len(), 1);

    let click = ["link", "open", "-", "--address", "198.51.100.7", "--json"];
    let opened = bench.feed(&click, made["url"].as_str().unwrap().as_bytes()).ended(0).document();
    assert_eq!(opened["uses_left"], 4);
    let landing = opened["landing_url"].as_str().unwrap();
    assert!(landing.starts_with("https://billing.example.com/clientarea.php?"), "{landing}");
    let events = bench.ok(&format!("audit list --object {name}"));
    let addresses: Vec<&Value> = events.as_array().unwrap().iter().map(|event| &event["address"]).collect();
    assert_eq!(addresses, [&json!("203.0.113.9"), &json!("198.51.100.7")]);
}

#[test]
fn in_mode_host_the_tool_says_what_was_not_checked() {
    let bench = Bench::empty();
    bench.ok("init --mode host --system-url https://billing.example.com");
    let opened = open(&bench, &bench.link(&["--user", "7"])).ended(0).document();
    assert_eq!((&opened["user_id"], &opened["client_id"]), (&json!(7), &json!(1)));
    assert!(opened["unchecked"].as_array().unwrap().contains(&json!("membership")), "{opened}");
}

#[test]
fn a_person_reads_the_url_in_one_piece() {
    let bench = Bench::new();
    let text = bench.run(&["link", "create", "--client", "1"]).ended(0).stdout;
    let line = text.lines().find(|line| line.starts_with("url ")).unwrap();
    assert_eq!(
        line.split_whitespace().nth(1).unwrap().len(),
        "https://billing.example.com/signin.php?".len() + 32
    );
    assert_eq!(text.matches("signin.php").count(), 1);
}

#[test]
fn links_are_revoked_singly_and_by_what_they_have_in_common() {
    let bench = Bench::new();
    let ended = |arguments: &str| bench.ok(arguments)["ended"].as_u64().unwrap();
    let (one, _second) = (bench.link(&["--label", "offer"]), bench.link(&["--label", "offer"]));
    assert_eq!(ended(&format!("link revoke {one}")), 1);
    assert_eq!(ended(&format!("link revoke {one}")), 0, "it was revoked already");
    open(&bench, &one).failed(1, "refused", "link_revoked");
    assert_eq!(ended("link revoke --label offer"), 1);
    for which in ["--user 1", "--client 1", "--credential cli", "--credential 1"] {
        let links = [bench.link(&[]), bench.link(&["--label", "offer"])];
        assert_eq!(ended(&format!("link revoke {which}")), 2, "{which}");
        links.iter().for_each(|link| drop(open(&bench, link).failed(1, "refused", "link_revoked")));
    }
    bench.run(&["link", "revoke", &"0".repeat(24), "--json"]).failed(1, "refused", "link_unknown");
    bench.run(&["link", "revoke", "--credential", "x", "--json"]).failed(1, "refused", "credential_unknown");
}

#[test]
fn a_changed_account_ends_its_links_and_they_say_so() {
    let bench = Bench::new();
    for (whose, changed) in [("--user 1", "email"), ("--client 1", "password")] {
        let link = bench.link(&[]);
        assert_eq!(bench.ok(&format!("link account-changed {whose} --changed {changed}"))["ended"], 1);
        open(&bench, &link).failed(1, "refused", "link_outdated");
        assert_eq!(bench.ok(&format!("link inspect {link}"))["ended_by"], format!("{changed}_changed"));
    }
    let link = bench.link(&[]);
    assert_eq!(bench.ok("user set-email 1 Ann@Example.org")["email"], "ann@example.org");
    open(&bench, &link).failed(1, "refused", "link_outdated");
    let events = bench.ok("audit list --event user.email_set");
    assert_eq!(events.as_array().unwrap().len(), 1);
    assert!(!events.to_string().contains("ann@"), "{events}");
    bench.run(&["user", "set-email", "9", "x@example.com", "--json"]).failed(1, "refused", "user_unknown");
    let error = bench.run(&["user", "set-email", "1", "x", "--json"]).failed(2, "invalid", "invalid");
    assert_eq!(error["field"], "email");
}

#[test]
fn the_first_of_a_mailing_that_is_used_ends_its_siblings() {
    let bench = Bench::new();
    let mail = || bench.link(&["--label", "reminder", "--end-siblings"]);
    let (first, second) = (mail(), mail());
    open(&bench, &second).ended(0);
    open(&bench, &first).failed(1, "refused", "link_superseded");
    open(&bench, &second).failed(1, "refused", "link_used");
    // The table keeps apart what ended them, and adds the reasons up.
    let told = bench.run(&["link", "report"]).ended(0).stdout;
    let row: Vec<&str> = told.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(row, ["reminder", "2", "1", "1", "0", "0", "0", "1", "0", "2", "0"], "{told}");
}

#[test]
fn what_a_credential_may_do_with_links_is_said_when_it_is_made() {
    let bench = Bench::new();
    bench.ok("admin add alice");
    let made = bench
        .ok("credential create mailer --admin alice --links --link-destination clientarea:invoices \
         --link-destination clientarea:tickets --max-link-life 2h --links-per-minute 3");
    let limits = &bench.ok("credential show mailer")["limits"];
    assert_eq!(limits, &made["credential"]["limits"]);
    assert_eq!(limits["links"], true);
    assert_eq!(limits["link_destinations"], json!(["clientarea:invoices", "clientarea:tickets"]));
    assert_eq!((&limits["max_link_life_seconds"], &limits["links_per_minute"]), (&json!(7_200), &json!(3)));
    let identifier = made["credential"]["identifier"].as_str().unwrap();
    let secret = made["secret"].as_str().unwrap();
    let ask = |more: &[&str]| {
        let first =
            ["link", "create", "--client", "1", "--identifier", identifier, "--secret", "-", "--json"];
        bench.feed(&[&first, more].concat(), secret.as_bytes())
    };
    ask(&["--destination", "clientarea:emails"]).failed(1, "refused", "destination_not_allowed");
    ask(&["--life", "3h"]).failed(1, "refused", "life_not_allowed");
    for _ in 0..3 {
        ask(&["--destination", "clientarea:invoices"]).ended(0);
    }
    ask(&[]).failed(1, "refused", "rate_limited");
    bench.ok("credential create addon --host");
    let answer = bench.run(&["link", "create", "--client", "1", "--as", "addon", "--json"]);
    answer.failed(1, "refused", "links_not_allowed");
    for arguments in ["--max-link-life 2h", "--links-per-minute 3", "--link-destination clientarea:invoices"]
    {
        let words: Vec<&str> = arguments.split(' ').collect();
        let answer = bench.run(&[&["credential", "create", "x", "--host", "--json"], &words[..]].concat());
        answer.failed(2, "usage", "usage");
    }
}

#[test]
fn whatever_ends_links_says_how_many() {
    let bench = Bench::new();
    bench.ok("admin add alice");
    let made = bench.ok("credential create mailer --admin alice --links");
    let link = |secret: &str| {
        let identifier = made["credential"]["identifier"].as_str().unwrap();
        let words = ["link", "create", "--client", "1", "--identifier", identifier, "--secret", "-"];
        bench.feed(&words, secret.as_bytes()).ended(0);
    };
    link(made["secret"].as_str().unwrap());
    let rotated = bench.ok("credential rotate mailer --leaked");
    assert_eq!(rotated["links_ended"], 1);
    link(rotated["secret"].as_str().unwrap());
    link(rotated["secret"].as_str().unwrap());
    assert_eq!(bench.ok("link report")["labels"][0]["live"], 2, "the leaked secret's is not");
    assert_eq!(bench.ok("credential revoke mailer")["links_ended"], 2);
    assert_eq!(bench.ok("link report")["labels"][0]["live"], 0);
    bench.link(&[]);
    bench.ok("backup copy.db");
    assert_eq!(bench.ok("restore copy.db --yes")["links_ended"], 1);
    bench.link(&[]);
    assert_eq!(bench.ok("user export 1")["links"].as_array().unwrap().len(), 5);
    assert_eq!(bench.ok("user erase 1 --yes")["links_ended"], 1);
    assert_eq!(bench.ok("purge")["links"], 0);
    assert_eq!(bench.ok("link list --live"), json!([]));
}

#[test]
fn a_report_tells_of_each_mailing_and_of_one_by_reasons_and_time() {
    let bench = Bench::new();
    let used = bench.link(&["--label", "reminder"]);
    bench.link(&["--label", "reminder"]);
    bench.link(&[]);
    open(&bench, &used).ended(0);
    open(&bench, &used).ended(1);
    open(&bench, &used).ended(1);
    bench.run(&["link", "create", "--client", "9", "--label", "reminder"]).ended(1);

    let all = bench.ok("link report");
    assert_eq!(all["step_seconds"], 86_400);
    let labels: Vec<&Value> = all["labels"].as_array().unwrap().iter().map(|row| &row["label"]).collect();
    assert_eq!(labels, [&Value::Null, &json!("reminder")]);
    let one = bench.ok("link report --label reminder --days 7");
    assert_eq!(one["step_seconds"], 3_600);
    let row = &one["labels"][0];
    assert_eq!((&row["created"], &row["openings"], &row["live"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(row["refused"], json!([{ "reason": "link_used", "count": 2 }]));
    assert_eq!(row["not_created"], json!([{ "reason": "client_unknown", "count": 1 }]));

    let lines = |arguments: &[&str]| -> Vec<String> {
        let said = bench.run(arguments).ended(0).stdout;
        said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let overview = lines(&["link", "report"]);
    assert_eq!(overview.len(), 3, "{overview:#?}");
    assert_eq!(
        overview[0],
        "label created opened openings expired live revoked superseded outdated refused not_created"
    );
    assert_eq!(overview[2], "reminder 2 1 1 0 1 0 0 0 2 1");
    let one = lines(&["link", "report", "--label", "reminder"]);
    for line in ["link_used 2", "client_unknown 1", "at created openings expired ended refused"] {
        assert!(one.iter().any(|told| told == line), "{line}: {one:#?}");
    }
    assert!(one.last().unwrap().ends_with("UTC 2 1 0 0 2"), "{one:#?}");
    assert_eq!(lines(&["link", "report", "--label", "nobody"]), ["none"]);
}

#[test]
fn a_report_is_drawn_into_a_new_file_or_to_standard_output() {
    let bench = Bench::new();
    let label = "<&\"'>";
    for link in [bench.link(&["--label", label]), bench.link(&["--label", "other"])] {
        open(&bench, &link).ended(0);
    }
    let draw = |more: &[&str]| bench.run(&[&["link", "report"], more].concat());
    // The answer is the report, as without a picture.
    let answer = draw(&["--label", label, "--svg", "one.svg", "--json"]).ended(0).document();
    assert_eq!(answer["labels"][0]["created"], 1);
    let one = std::fs::read_to_string(bench.path("one.svg")).unwrap();
    assert_eq!(draw(&["--label", label, "--svg", "-"]).ended(0).stdout, one);
    assert_eq!(draw(&["--label", label, "--svg", "-", "--json"]).ended(0).document(), json!({ "svg": one }));
    let all = draw(&["--svg", "-", "--days", "3650"]).ended(0).stdout;
    let none = draw(&["--svg", "-", "--label", "nobody", "--days", "1"]).ended(0).stdout;
    for (svg, heading, counts) in [
        (one, format!("Sign-in links: {label}"), ["created 1", "openings 1"]),
        (all, "Sign-in links".to_owned(), ["created 2", "openings 2"]),
        (none, "Sign-in links: nobody".to_owned(), ["created 0", "openings 0"]),
    ] {
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
        for said in [heading.as_str(), counts[0], counts[1]] {
            assert!(texts.contains(&said), "{said} is not in {texts:?}");
        }
    }
    let store = bench.store();
    for taken in ["one.svg", store.to_str().unwrap(), "/nowhere/at/all.svg"] {
        let error = draw(&["--svg", taken, "--json"]).failed(2, "invalid", "invalid");
        assert_eq!(error["field"], "svg");
    }
    bench.ok("check");
}
