//! Whatever an operation of the registry can do, the tool can.

use std::collections::BTreeSet;

use crate::harness::Bench;

/// Each operation, and the command that leads to it.
const TABLE: &[(&str, &str)] = &[
    ("store.info", "info"),
    ("store.purge", "purge"),
    ("store.backup", "backup"),
    ("store.restore", "restore"),
    ("store.check", "check"),
    ("settings.list", "settings list"),
    ("settings.get", "settings get"),
    ("settings.set", "settings set"),
    ("destination.list", "destination list"),
    ("destination.set", "destination set"),
    ("destination.remove", "destination remove"),
    ("audit.list", "audit list"),
    ("admin.add", "admin add"),
    ("admin.list", "admin list"),
    ("admin.enable", "admin enable"),
    ("admin.disable", "admin disable"),
    ("admin.set_password", "admin set-password"),
    ("credential.create", "credential create"),
    ("credential.list", "credential list"),
    ("credential.show", "credential show"),
    ("credential.rotate", "credential rotate"),
    ("credential.revoke", "credential revoke"),
    ("credential.enable", "credential enable"),
    ("credential.disable", "credential disable"),
    ("autoauth.enable", "autoauth enable"),
    ("autoauth.disable", "autoauth disable"),
    ("autoauth.key_add", "autoauth key add"),
    ("autoauth.key_list", "autoauth key list"),
    ("autoauth.key_retire", "autoauth key retire"),
    ("autoauth.report", "autoauth report"),
    ("seal.rotate", "seal rotate"),
    ("user.add", "user add"),
    ("user.list", "user list"),
    ("user.show", "user show"),
    ("user.set_email", "user set-email"),
    ("user.enable", "user enable"),
    ("user.disable", "user disable"),
    ("user.export", "user export"),
    ("user.erase", "user erase"),
    ("client.add", "client add"),
    ("client.list", "client list"),
    ("client.show", "client show"),
    ("client.set_status", "client set-status"),
    ("client.allow_sso", "client allow-sso"),
    ("member.add", "member add"),
    ("member.remove", "member remove"),
    ("member.list", "member list"),
    ("token.list", "token list"),
    ("token.explain", "token explain"),
    ("token.revoke", "token revoke"),
    ("session.list", "session list"),
    ("session.end", "session end"),
    ("session.end_user", "session end-user"),
    ("session.end_credential", "session end-credential"),
    ("link.inspect", "link inspect"),
    ("link.explain", "link explain"),
    ("link.list", "link list"),
    ("link.revoke", "link revoke"),
    ("link.account_changed", "link account-changed"),
    ("link.report", "link report"),
];

#[test]
fn every_operation_is_reachable() {
    let known: BTreeSet<&str> = TABLE.iter().map(|(operation, _)| *operation).collect();
    let all: BTreeSet<&str> = gatepass::ops::all().map(|operation| operation.name).collect();
    assert_eq!(known, all, "the registry and this table differ");
    let bench = Bench::empty();
    for (operation, command) in TABLE {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--help");
        let answer = bench.run(&words);
        assert_eq!(answer.status, 0, "{operation}: {command} is no command");
        assert!(answer.stdout.contains("Example"), "{command} gives no example");
    }
}

/// The commands that show how far they have come, or draw, call the library themselves; their answers are the
/// operations' all the same.
#[test]
fn what_calls_the_library_answers_what_its_operation_answers() {
    let bench = Bench::new();
    let gate = gatepass::Gatepass::open(bench.store()).unwrap();
    let call = |name: &str, parameters| gatepass::ops::call(&gate, name, parameters).unwrap();
    let nothing = serde_json::Value::Null;
    assert_eq!(bench.ok("check"), call("store.check", nothing.clone()));
    assert_eq!(bench.ok("purge"), call("store.purge", nothing));
    bench.ok("link create --client 1 --label offer");
    let (mine, theirs) =
        (bench.ok("link report --days 40"), call("link.report", serde_json::json!({ "days": 40 })));
    assert_eq!((&mine["labels"], &mine["from"]), (&theirs["labels"], &theirs["from"]));
    let (one, two) = (bench.path("one.db"), bench.path("two.db"));
    let (mine, theirs) =
        (bench.ok(&format!("backup {one}")), call("store.backup", serde_json::json!({ "file": two })));
    let names =
        |answer: &serde_json::Value| -> Vec<String> { answer.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&mine), names(&theirs));
    assert_eq!(mine["pages"], theirs["pages"]);
    let theirs = call("store.restore", serde_json::json!({ "file": two }));
    drop(gate);
    assert_eq!(names(&bench.ok(&format!("restore {one} --yes"))), names(&theirs));
}
