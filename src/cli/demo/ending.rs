//! The end of the story: a race, what stands in the files, and what the store says about itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gatepass::Error;
use gatepass::audit::AuditQuery;
use gatepass::upkeep::Severity;
use serde_json::json;

use super::script::Step;
use super::stage::{Stage, now};
use crate::race::{Contest, Prize, Tally};
use crate::selfcheck::SelfCheckError;

/// A small race in a store of its own, and the broken redemption that it must catch.
pub(super) fn race(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let sound = meet(&stage.parent, false)?;
    let document = sound.document();
    step.expect("winners per token", json!({ "1": TOKENS }), &document["winners_per_token"]);
    let losers = json!({ "token_redeemed": TOKENS * (PROCESSES as u64 - 1) });
    step.expect("the losers heard", losers, &document["losers_heard"]);
    step.expect_noted(
        "two or more met inside of redeem",
        "often enough",
        if sound.met() { "often enough" } else { "too seldom to prove anything; name a --folder on a disk" },
        format!("{} of {TOKENS} tokens", sound.overlapped),
    );
    step.fact("race", document);
    let broken = meet(&stage.parent, true)?;
    step.expect_noted(
        "a redemption that looks first and spends later",
        "caught",
        if broken.overspent() > 0 { "caught" } else { "not caught" },
        format!("{} of {TOKENS} tokens were redeemed more than once", broken.overspent()),
    );
    step.fact("broken", broken.document());
    Ok(())
}

const PROCESSES: usize = 4;
const TOKENS: u64 = 20;

/// Race until it means something. On a busy machine the processes may not meet at once; on one processor they
/// hardly ever do in a folder that lives in memory, since nobody waits for a disk there, so the present
/// folder is tried last.
fn meet(parent: &Path, broken: bool) -> Result<Tally, Error> {
    let contest = |folder: &Path| Contest {
        processes: PROCESSES,
        prize: Prize::Tokens,
        rounds: TOKENS,
        broken,
        folder: folder.to_owned(),
        deadline: Duration::from_secs(10),
    };
    let mut tally = hold(&contest(parent))?;
    for folder in [parent, Path::new(".")] {
        // What went wrong once went wrong, and is not tried again until it comes out right.
        let settled = if broken { tally.overspent() > 0 } else { tally.met() || !tally.wrongs().is_empty() };
        if settled {
            break;
        }
        match hold(&contest(folder)) {
            Ok(other) => tally = other,
            // Not everybody may write there; what was found first counts.
            Err(Error::Invalid { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(tally)
}

fn hold(contest: &Contest) -> Result<Tally, Error> {
    contest.hold(&mut |_| {}).map_err(|error| match error {
        SelfCheckError::Library(error) => error,
        SelfCheckError::Unproven(line) => Error::Internal(line.into()),
    })
}

/// Search for every secret: in a copy of the running store, in a backup, and in the closed store.
pub(super) fn search(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let store = stage.store();
    let folder = stage.folder.path().to_owned();
    let backup = folder.join("backup.db");
    stage.gate()?.backup(&backup, &mut |_, _| {})?;
    let stolen = folder.join("stolen");
    fs::create_dir(&stolen).map_err(|error| io(&error))?;
    copy_elsewhere(&[store.clone(), beside(&store, "-wal")], &stolen)?;
    // From here on nobody in this process has the file open, so it may be read.
    stage.set_gate(None);

    let mut files = files_in(&folder)?;
    files.extend(files_in(&stolen)?);
    let mut found = Vec::new();
    let mut searched = Vec::new();
    let mut bytes = 0;
    for file in &files {
        let content = fs::read(file).map_err(|error| io(&error))?;
        let name = file.strip_prefix(&folder).unwrap_or(file).display().to_string();
        found.extend(stage.secrets.found_in(&content).into_iter().map(|hit| format!("{hit} in {name}")));
        bytes += content.len();
        searched.push(name);
    }
    step.show(format!(
        "{} secrets in {} forms, in {} ({} kB)",
        stage.secrets.secrets(),
        stage.secrets.forms(),
        searched.join(", "),
        bytes / 1000
    ));
    for needed in ["gatepass.db", "backup.db", "stolen/gatepass.db", "stolen/gatepass.db-wal"] {
        if !searched.iter().any(|name| name == needed) {
            step.expect("a file to search", needed, "not there");
        }
    }
    step.expect("secrets found", "none", if found.is_empty() { "none".to_owned() } else { found.join("; ") });

    let (token, _) = stage.handed_over()?;
    let text = token.reveal();
    let planted = folder.join("planted.db");
    let mut content = fs::read(&store).map_err(|error| io(&error))?;
    content.extend_from_slice(text.as_bytes());
    fs::write(&planted, &content).map_err(|error| io(&error))?;
    let hits = stage.secrets.found_in(&fs::read(&planted).map_err(|error| io(&error))?);
    step.expect("one planted in clear in a copy", "found", {
        if hits.iter().any(|hit| hit == "the first token as lower-case hex") { "found" } else { "not found" }
    });
    step.fact("secrets", json!(stage.secrets.secrets()));
    step.fact("forms", json!(stage.secrets.forms()));
    step.fact("files", json!(searched));
    Ok(())
}

/// Copy files of an open store. Another process must do it: one that closes such a file drops the locks that
/// SQLite holds on it for this process.
fn copy_elsewhere(files: &[PathBuf], to: &Path) -> Result<(), Error> {
    let status = Command::new("cp").args(files).arg(to).status().map_err(|error| io(&error))?;
    if status.success() { Ok(()) } else { Err(Error::Internal("cp could not copy the store".into())) }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The files directly in a folder, by name.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| io(&error))? {
        let path = entry.map_err(|error| io(&error))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn io(error: &std::io::Error) -> Error {
    Error::Internal(format!("a temporary file failed: {}", error.kind()).into())
}

/// Open the store again and let it look for damage and danger.
pub(super) fn check(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let gate = stage.options().open(stage.store())?;
    let findings = gate.check(&mut |_, _| {})?;
    let bad: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity != Severity::Good)
        .map(|finding| format!("{}: {}", finding.subject, finding.message))
        .collect();
    let subjects: Vec<&str> = findings.iter().map(|finding| finding.subject).collect();
    step.expect_noted(
        "findings to look at, after it was opened again",
        "none",
        if bad.is_empty() { "none".to_owned() } else { bad.join("; ") },
        subjects.join(", "),
    );
    step.fact("findings", json!(findings));
    stage.set_gate(Some(gate));
    Ok(())
}

/// What the audit must tell: event and outcome.
const TOLD: &[(&str, &str)] = &[
    ("store.initialised", "ok"),
    ("admin.added", "ok"),
    ("credential.created", "ok"),
    ("user.added", "ok"),
    ("client.added", "ok"),
    ("token.issued", "ok"),
    ("token.redeemed", "ok"),
    ("token.redeemed", "token_redeemed"),
    ("token.redeemed", "token_expired"),
    ("credential.revoked", "ok"),
    ("token.redeemed", "credential_revoked"),
    ("token.issued", "credential_revoked"),
    ("link.created", "ok"),
    ("link.opened", "ok"),
    ("link.opened", "link_used"),
    ("autoauth_key.added", "ok"),
    ("setting.changed", "ok"),
    ("autoauth.accepted", "ok"),
    ("autoauth.accepted", "autoauth_used"),
    ("autoauth.accepted", "autoauth_too_old"),
];

/// Everything above, as the store tells it.
pub(super) fn audit(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let gate = stage.gate()?;
    let until = now().plus(Duration::from_millis(1));
    let events = gate.audit_events(&AuditQuery {
        limit: Some(1_000),
        ..AuditQuery::between(stage.since.min(until), until)
    })?;
    for event in &events {
        let at = event.at.to_string();
        let time = at.get(11..23).unwrap_or(&at);
        let about = event.object.as_deref().or(event.detail.as_deref()).unwrap_or_default();
        let often = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
        step.show(format!("{time}  {:<20} {:<20} {about}{often}", event.event, event.outcome).trim_end());
    }
    let missing: Vec<String> = TOLD
        .iter()
        .filter(|(kind, outcome)| {
            events.iter().all(|event| event.event != *kind || event.outcome != *outcome)
        })
        .map(|(kind, outcome)| format!("{kind} {outcome}"))
        .collect();
    step.expect_noted(
        "acts and refusals that it does not tell",
        "none",
        if missing.is_empty() { "none".to_owned() } else { missing.join("; ") },
        format!("{} events", events.len()),
    );
    let told = json!(events);
    let leaked = stage.secrets.found_in(told.to_string().as_bytes());
    step.expect(
        "secrets in it",
        "none",
        if leaked.is_empty() { "none".to_owned() } else { leaked.join("; ") },
    );
    let named = events.iter().filter_map(|event| event.detail.as_deref()).any(|text| text.contains('@'));
    step.expect("e-mail addresses in it", "none", if named { "some" } else { "none" });
    step.fact("events", told);
    Ok(())
}
