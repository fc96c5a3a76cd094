//! Every command, once for people and once for programs, on a store of its own.

use crate::harness::Bench;

/// Runs each step in one way of answering.
struct Walk {
    bench: Bench,
    json: bool,
    /// The commands that were run, as `noun verb`.
    seen: Vec<String>,
}

impl Walk {
    #[track_caller]
    fn step(&mut self, arguments: &str) -> String {
        self.feed(arguments, "")
    }

    /// A step that succeeds and answers in its way, with this standard input.
    #[track_caller]
    fn feed(&mut self, arguments: &str, stdin: &str) -> String {
        let mut words: Vec<&str> = arguments.split(' ').collect();
        self.seen.push(arguments.to_owned());
        if self.json {
            // `ok` of the bench sets it behind, where it may stand as well.
            words.insert(0, "--json");
        }
        let answer = self.bench.feed(&words, stdin.as_bytes()).ended(0);
        assert_eq!(answer.stderr, "", "{arguments}");
        assert!(!answer.stdout.contains('\u{1b}'), "{arguments}: an escape code");
        assert!(answer.stdout.ends_with('\n'), "{arguments} said nothing");
        if self.json {
            answer.document();
        }
        answer.stdout
    }
}

/// Every command, in an order in which each can succeed.
fn walk(json: bool) -> Vec<String> {
    let mut walk = Walk { bench: Bench::empty(), json, seen: Vec::new() };
    let (key, second) = (walk.bench.path("keys/seal.key"), walk.bench.path("keys/second.key"));
    walk.step("init --mode managed --system-url https://billing.example.com");
    walk.step("info");
    walk.step("settings list");
    walk.step("settings get session_idle_seconds");
    walk.step("settings set session_idle_seconds 900");
    walk.step("settings set allowed_addresses 203.0.113.7,2001:db8::/32");
    walk.step("settings set allowed_addresses []");

    walk.step("admin add alice");
    walk.feed("admin set-password alice --password -", "correct horse\n");
    walk.step("admin set-password alice --remove");
    walk.step("admin disable alice");
    walk.step("admin enable alice");
    walk.step("admin list");

    walk.step("user add ann@example.com --first-name Ann --last-name Archer");
    walk.step("user add bob@example.com --id 7");
    walk.step("user list --search a --order-by last_name");
    walk.step("user show 1");
    walk.step("user set-email 7 bob@example.org");
    walk.step("user disable 7");
    walk.step("user enable 7");
    walk.step("client add ann@example.com --owner 1 --company-name Archers --group 3");
    walk.step("client list --status active --order-by company_name --descending");
    walk.step("client show 1");
    walk.step("client set-status 1 Inactive");
    walk.step("client allow-sso 1 off");
    walk.step("client allow-sso 1 on");
    walk.step("member add --user 7 --client 1");
    walk.step("member list --client 1");

    walk.step(
        "credential create portal --admin alice --client 1 --per-minute 60 --expires 30d --max-life 30 \
         --secret-in-query",
    );
    walk.step("credential create addon --host --destination clientarea:invoices --action CreateSsoToken");
    walk.step("credential list");
    walk.step("credential show portal");
    walk.step("credential rotate portal --overlap 1h");
    walk.step("credential rotate portal --leaked");
    walk.step("credential rotate portal --leaked --since 2h");
    walk.step("credential disable addon");
    walk.step("credential enable addon");

    walk.step("destination list");
    walk.step("destination set clientarea:server server.php?id={id} --input service");
    walk.step("destination remove clientarea:downloads");

    walk.step("token issue --client 1 --destination clientarea:product_details --service 1");
    walk.step("token issue --user 7 --path viewinvoice.php?id=5 --life 30 --actor bob --as cli");
    let token = walk.bench.token();
    walk.feed("token inspect -", &token);
    walk.feed("token redeem - --address 203.0.113.7", &token);
    walk.feed("token explain -", &token);
    walk.step("token list --live");
    walk.step("token revoke --user 7");

    let session = walk.bench.session();
    walk.feed("session check -", &session);
    walk.step("session list --user 1");
    walk.feed("session end -", &session);
    walk.step("session end-user 1");

    walk.step(
        "credential create mailer --host --links --link-destination clientarea:invoices --max-link-life 3d \
         --links-per-minute 60",
    );
    walk.step("link create --client 1 --destination clientarea:invoices --life 1d --uses 2 --as mailer");
    walk.step(
        "link create --user 7 --path viewinvoice.php?id=5 --label reminder --title invoice --end-siblings \
         --actor bob",
    );
    let made = walk.bench.ok("link create --client 1 --label reminder");
    let link = made["url"].as_str().unwrap();
    walk.feed("link inspect -", link);
    walk.feed("link open - --address 203.0.113.7", link);
    walk.feed("link explain -", link);
    walk.step("link list --label reminder --credential cli");
    walk.step("link list --live --user 1 --client 1 --limit 5");
    walk.step("link revoke --label reminder");
    walk.step("link account-changed --user 1 --changed password");
    walk.step("link report");
    walk.step("link report --label reminder --days 1");
    walk.step("link report --svg links.svg");
    walk.step("link report --svg -");
    walk.step("session end-credential cli --since 1h");
    walk.step("credential revoke portal --end-sessions");

    walk.step(&format!("seal new {key}"));
    walk.step(&format!("seal new {second}"));
    walk.step("autoauth enable");
    let secret = "a key of more than twenty characters";
    walk.feed(&format!("autoauth key add portal --key - --seal-key {key}"), secret);
    let sign = format!("autoauth sign --email ann@example.com --key-label portal --seal-key {key}");
    walk.step(&sign);
    let link = walk.bench.ok(&sign)["url"].as_str().unwrap().to_owned();
    walk.feed(&format!("autoauth verify - --seal-key {key}"), &link);
    walk.step("autoauth key list");
    walk.step("autoauth report --days 7");
    walk.step(&format!("seal rotate {second} --seal-key {key}"));
    walk.step("autoauth key retire portal");
    walk.step("autoauth disable");

    walk.step("api GetClients search=ann");

    walk.step("audit list --since 1h --event token. --user 1");
    walk.step("audit export");
    walk.step("audit export --output audit.jsonl --until 2100-01-01");
    walk.step("user export 1");
    walk.step("member remove --user 7 --client 1");
    walk.step("user erase 7 --yes");
    walk.step("purge");
    walk.step("migrate");
    walk.step("backup copy.db");
    walk.step("--store new.db restore copy.db");
    walk.step("restore copy.db --yes");
    walk.step("copy --from store/gatepass.db --to moved.db");
    walk.step(&format!("check --seal-key {second}"));
    walk.step("completions bash");
    walk.step("man");
    std::fs::create_dir(walk.bench.path("man")).unwrap();
    walk.step("man --output man");
    walk.step("version");
    walk.step("--version");
    walk.step("help");
    walk.step("help token issue");
    walk.step("token --help");
    walk.seen
}

#[test]
fn every_command_answers_a_person() {
    walk(false);
}

#[test]
fn every_command_answers_a_program_with_one_document() {
    walk(true);
}

/// The commands that the self-check and the demonstration of the tool are; each has tests of its own. So have grants,
/// which are for a store on a server.
const ELSEWHERE: &[&str] = &["race", "demo", "grants"];

#[test]
fn no_command_is_left_out_here() {
    let seen = walk(true);
    let bench = Bench::empty();
    let man = bench.path("man");
    std::fs::create_dir(&man).unwrap();
    let answer = bench.ok(&format!("man --output {man}"));
    let pages: Vec<String> = answer["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| page.as_str().unwrap().trim_start_matches("gatepass-").trim_end_matches(".1").to_owned())
        .collect();
    let leaves: Vec<&String> = pages
        .iter()
        .filter(|page| {
            *page != "gatepass" && !pages.iter().any(|other| other.starts_with(&format!("{page}-")))
        })
        .filter(|page| !ELSEWHERE.contains(&page.as_str()))
        .collect();
    assert!(leaves.len() > 55, "only {} commands were found", leaves.len());
    for leaf in leaves {
        let ran = |command: &String| command.replace(' ', "-").contains(leaf.as_str());
        assert!(seen.iter().any(ran), "{leaf} is not run");
    }
}
