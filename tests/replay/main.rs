//! Power cuts: whatever moment they come at, and whatever the disk has kept of what was not synced,
//! everything that was answered is there and nothing is half done.
//!
//! Programs act on a store under a recorder (`recorder.c`), which writes down every change of the folder's
//! files and every sync. From that the disk is made anew (`disk.rs`) at many random moments, each time with
//! another part of what was not synced, and the store on it is opened, checked and asked (`cuts.rs`,
//! `ledger.rs`). The same is done with writers that are broken on purpose and with disks whose syncs do
//! nothing: each must be caught.
//!
//! `REPLAY_SEED` repeats a run's draws (not the moments at which threads and processes meet), `REPLAY_CUTS`
//! multiplies the number of power cuts.
#![cfg(all(target_os = "linux", target_env = "gnu", target_endian = "little"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acts;
mod by_hand;
#[path = "../common/mod.rs"]
mod common;
mod cuts;
mod dice;
mod disk;
mod fate;
#[allow(dead_code, reason = "tests/power_cut does more with it")]
mod ledger;
mod log;
mod look;
mod notes;
mod order;
#[path = "../preload/mod.rs"]
mod preload;
mod recording;
mod whole;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use acts::{Habit, NUMBERED};
use common::{job, portal};
use cuts::{Followed, Verdict, at_each_answer, cut};
use dice::Dice;
use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions};
use ledger::Ledger;
use look::Look;
use order::order;
use recording::{Recording, STORE, Stage, noted_in};
use serde_json::json;

/// The other process: so many threads act, each in so many turns; then the store is closed, and opened for
/// the next life. In the end it is closed, or just left.
#[test]
fn actor() {
    let Some(words) = job() else { return };
    let [store, notes, habit, seed, number, threads, turns, lives, end] = &words[..] else { panic!() };
    let notes = noted_in(Path::new(notes));
    let habit = if habit == "everything" { Habit::Everything } else { Habit::SignIns };
    let [seed, threads, turns, lives]: [u64; 4] =
        [seed, threads, turns, lives].map(|word| word.parse().unwrap());
    let first: i64 = number.parse().unwrap();
    let numbers = first..first + i64::try_from(threads).unwrap();
    for life in 0..lives {
        let gate = Gatepass::open(store).unwrap();
        let mut dice = Dice::new(seed + first.unsigned_abs() + life * 1_000);
        acts::play(&gate, &notes, habit, numbers.clone(), &(life * turns..(life + 1) * turns), &mut dice);
        if end == "leave" && life + 1 == lives {
            std::process::exit(0);
        }
    }
}

/// The other process: a store is made.
#[test]
fn maker() {
    let Some(words) = job() else { return };
    let [store, notes] = &words[..] else { panic!() };
    let init = InitOptions::new(Mode::Managed, common::SYSTEM).unwrap();
    let gate = noted_in(Path::new(notes)).act(1, "store", STORE, || Gatepass::init(store, &init).unwrap());
    common::person(&gate, "ann@example.com");
}

/// The other process: backups are put back.
#[test]
fn restorer() {
    let Some(words) = job() else { return };
    let [store, notes, folder] = &words[..] else { panic!() };
    let gate = Gatepass::open(store).unwrap();
    acts::restore(&gate, &noted_in(Path::new(notes)), Path::new(folder), RESTORES);
}

/// The other process: tokens are redeemed by hand.
#[test]
fn hand() {
    let Some(words) = job() else { return };
    let [store, notes, way, tokens] = &words[..] else { panic!() };
    let tokens = std::fs::read_to_string(tokens).unwrap();
    by_hand::redeem_all(Path::new(store), &noted_in(Path::new(notes)), way, &tokens);
}

/// How often a store is restored.
const RESTORES: u32 = 12;

/// So many processes of so many threads act on a store, of whose syncs some may be swallowed.
struct Cast {
    habit: &'static str,
    processes: u64,
    threads: u64,
    turns: u64,
    /// How often the store is opened for so many turns.
    lives: u64,
    durability: &'static str,
    /// Whether processes queue at the gate.
    gate: bool,
    swallowed: &'static str,
}

/// One process of one thread, of which everything is synced that should be.
const ALONE: Cast = Cast {
    habit: "everything",
    processes: 1,
    threads: 1,
    turns: 250,
    lives: 1,
    durability: "redeem",
    gate: true,
    swallowed: "",
};

impl Cast {
    fn record(&self, dice: &mut Dice) -> Recording {
        let stage = self.stage();
        let commands = self.commands(&stage, 0, dice);
        stage.record(commands)
    }

    fn stage(&self) -> Stage {
        let stage = Stage::with_store(|gate| {
            gate.set_setting("durability", self.durability.into()).unwrap();
        });
        if self.gate { stage } else { stage.without_gate() }
    }

    /// The processes, whose actors are numbered from `first`.
    fn commands(&self, stage: &Stage, first: u64, dice: &mut Dice) -> Vec<Command> {
        let seed = (dice.next() >> 1).to_string();
        let [threads, turns, lives] = [self.threads, self.turns, self.lives].map(|many| many.to_string());
        let commands = (0..self.processes).map(|process| {
            let number = (first + process * self.threads).to_string();
            let end = if dice.percent(50) { "leave" } else { "close" };
            let words = [self.habit, &seed, &number, &threads, &turns, &lives, end];
            stage.command("actor", &words, self.swallowed)
        });
        commands.collect()
    }
}

/// By how much more cuts are made than usual.
fn times() -> usize {
    std::env::var("REPLAY_CUTS").map_or(1, |text| text.parse().unwrap())
}

#[track_caller]
fn nothing_is_lost(what: &str, recording: Recording, cuts: usize, look: Look, dice: &mut Dice) {
    let begun = Instant::now();
    let verdict = cut(&recording, Ledger::default(), cuts * times(), look, dice);
    println!(
        "{what}: {} cuts, {} of them with something unsynced, in {} answers: {} losses, {:.1?}",
        verdict.cuts,
        verdict.unsynced,
        verdict.answers,
        verdict.losses,
        begun.elapsed()
    );
    assert!(verdict.answers > 0 && verdict.unsynced > verdict.cuts / 4, "too little to say anything");
    none_of(verdict, recording);
}

/// Each answer was on the disk for certain when it was given.
#[track_caller]
fn each_answer_is_certain(what: &str, recording: Recording) {
    let begun = Instant::now();
    let verdict = at_each_answer(&recording);
    println!("{what}: {} answers, {} uncertain, {:.1?}", verdict.answers, verdict.losses, begun.elapsed());
    none_of(verdict, recording);
}

#[track_caller]
fn none_of(verdict: Verdict, recording: Recording) {
    if verdict.losses > 0 {
        let kept = recording.stage.place.folder.keep();
        let (losses, cuts) = (verdict.losses, verdict.cuts);
        panic!(
            "{losses} losses, {cuts} disks, recorded in {}:\n{}",
            kept.display(),
            verdict.wrong.join("\n")
        );
    }
}

#[track_caller]
fn is_caught(what: &str, recording: &Recording, cuts: usize, look: Look, dice: &mut Dice) {
    let verdict = cut(recording, Ledger::default(), cuts, look, dice);
    println!("control {what}: {} of {} cuts were losses", verdict.losses, verdict.cuts);
    assert!(verdict.losses > 0, "{what}: the harness can't tell this from a sound writer");
}

#[test]
fn no_power_cut_takes_back_what_one_process_was_answered() {
    let mut dice = Dice::new(Dice::seed());
    let recording = ALONE.record(&mut dice);
    nothing_is_lost("one process, every kind of act", recording, 200, Look::AtAll, &mut dice);
    let recording = Cast { habit: "sign-ins", turns: 450, ..ALONE }.record(&mut dice);
    nothing_is_lost("one process, a long log", recording, 120, Look::AtAll, &mut dice);
}

#[test]
fn no_power_cut_takes_back_an_issue_where_everything_is_synced() {
    let mut dice = Dice::new(Dice::seed());
    let recording = Cast { durability: "full", turns: 150, ..ALONE }.record(&mut dice);
    nothing_is_lost("one process, everything synced", recording, 100, Look::AtAll, &mut dice);
}

#[test]
fn no_power_cut_takes_back_what_threads_were_answered() {
    let mut dice = Dice::new(Dice::seed());
    let recording = Cast { threads: 8, turns: 60, ..ALONE }.record(&mut dice);
    nothing_is_lost("eight threads", recording, 200, Look::AtAll, &mut dice);
}

#[test]
fn no_power_cut_takes_back_what_processes_were_answered() {
    let mut dice = Dice::new(Dice::seed());
    let recording = Cast { processes: 4, turns: 100, ..ALONE }.record(&mut dice);
    nothing_is_lost("four processes", recording, 200, Look::AtAll, &mut dice);
    let recording = Cast { habit: "sign-ins", processes: 4, turns: 120, ..ALONE }.record(&mut dice);
    nothing_is_lost("four processes, a long log", recording, 100, Look::AtAll, &mut dice);
    let recording = Cast { processes: 4, turns: 50, gate: false, ..ALONE }.record(&mut dice);
    nothing_is_lost("four processes without a gate", recording, 100, Look::AtAll, &mut dice);
    let recording = Cast { processes: 3, threads: 3, turns: 40, ..ALONE }.record(&mut dice);
    nothing_is_lost("three processes of three threads", recording, 100, Look::AtAll, &mut dice);
    let recording = Cast { processes: 3, turns: 4, lives: 20, ..ALONE }.record(&mut dice);
    nothing_is_lost("three processes that open and close", recording, 100, Look::AtAll, &mut dice);
}

#[test]
fn every_answer_is_on_the_disk_for_certain_when_it_is_given() {
    let mut dice = Dice::new(Dice::seed());
    for (what, cast) in [
        ("one process", Cast { turns: 120, ..ALONE }),
        ("eight threads", Cast { threads: 8, turns: 25, ..ALONE }),
        ("four processes", Cast { processes: 4, turns: 50, ..ALONE }),
        ("four processes without a gate", Cast { processes: 4, turns: 50, gate: false, ..ALONE }),
        ("processes that open and close", Cast { processes: 3, turns: 3, lives: 15, ..ALONE }),
        ("everything synced", Cast { processes: 2, threads: 4, turns: 20, durability: "full", ..ALONE }),
    ] {
        each_answer_is_certain(what, cast.record(&mut dice));
    }
    each_answer_is_certain("four by hand, synced after", by_hand(&["synced after"; 4], ""));
    for ways in [
        &["unsynced"][..],
        &["synced before"],
        &["told first"],
        &["synced after", "synced after", "unsynced", "synced after"],
    ] {
        let verdict = at_each_answer(&by_hand(ways, ""));
        println!(
            "control by hand, {ways:?}: {} of {} answers were uncertain",
            verdict.losses, verdict.answers
        );
        assert!(verdict.losses > 0, "{ways:?}");
    }
}

#[test]
fn a_second_power_cut_takes_back_nothing_either() {
    let mut dice = Dice::new(Dice::seed());
    let first = Cast { turns: 80, ..ALONE }.record(&mut dice);
    let mut followed = Followed::new(&first, Ledger::default());
    for part in 1..=5 {
        followed.to(followed.length() * part / 5 - dice.below(followed.length() / 6));
        let stage = Stage::left_by_a_power_cut(&followed.disk.after_power_cut(&mut dice));
        let commands = Cast { threads: 2, turns: 12, ..ALONE }.commands(&stage, 1, &mut dice);
        let second = stage.record(commands);
        let verdict = cut(&second, followed.ledger.clone(), 25 * times(), Look::AtAll, &mut dice);
        println!("second power cut: {} cuts in {} answers", verdict.cuts, verdict.answers);
        none_of(verdict, second);
    }
}

#[test]
fn no_power_cut_takes_back_what_was_answered_after_processes_were_killed() {
    let mut dice = Dice::new(Dice::seed());
    let cast = Cast { processes: 2, threads: 2, turns: 60, ..ALONE };
    let stage = cast.stage();
    let mut killed = 0;
    for life in 0..6 {
        let mut commands = cast.commands(&stage, life * 4, &mut dice);
        for command in &mut commands {
            command.env("GATEPASS_TEST_DIES_AFTER", (100 + dice.below(900)).to_string());
        }
        killed += stage.run(commands);
    }
    assert!(killed > 3, "only {killed} processes were killed");
    nothing_is_lost("killed processes", stage.recording(), 150, Look::AtAll, &mut dice);
}

#[test]
fn a_power_cut_while_a_store_is_made_leaves_none_or_a_whole_one() {
    let mut dice = Dice::new(Dice::seed());
    let record = |swallowed| {
        let stage = Stage::empty();
        let command = stage.command("maker", &[], swallowed);
        stage.record(vec![command])
    };
    nothing_is_lost("a store is made", record(""), 250, Look::AtSoundness, &mut dice);
    for swallowed in ["folder", "database", "all"] {
        let what = format!("a store is made, syncs of {swallowed} do nothing");
        is_caught(&what, &record(swallowed), 100, Look::AtSoundness, &mut dice);
    }
}

#[test]
fn a_power_cut_while_a_store_is_restored_leaves_the_old_content_or_the_new() {
    let mut dice = Dice::new(Dice::seed());
    let mut backups = None;
    let stage = Stage::with_store(|gate| {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=RESTORES {
            let path = format!("page{number}.php");
            let set = json!({ "name": NUMBERED, "path": path });
            gate.set_destination(&serde_json::from_value(set).unwrap()).unwrap();
            gate.backup(folder.path().join(format!("numbered-{number}")), &mut |_, _| {}).unwrap();
        }
        gate.remove_destination(NUMBERED).unwrap();
        backups = Some(folder);
    });
    let folder = backups.unwrap();
    let command = stage.command("restorer", &[folder.path().to_str().unwrap()], "");
    nothing_is_lost("restores", stage.record(vec![command]), 100, Look::AtSoundness, &mut dice);
}

/// Tokens that are redeemed by hand, in as many processes as there are ways; of their syncs some may be
/// swallowed.
fn by_hand(ways: &[&str], swallowed: &str) -> Recording {
    let mut lists = vec![String::new(); ways.len()];
    let stage = Stage::with_store(|gate| {
        for turn in 0..100 {
            let request = IssueRequest::for_client(ClientId::new(1).unwrap());
            let token = gate.issue(&portal(gate), &request).unwrap().token;
            let reference = gate.inspect(&token, None).unwrap().token;
            lists[turn % ways.len()].push_str(&format!("{} {reference}\n", token.reveal()));
        }
    });
    let commands = ways.iter().zip(&lists).enumerate().map(|(number, (way, list))| {
        let file = stage.place.beside(&format!("tokens-{number}"));
        std::fs::write(&file, list).unwrap();
        stage.command("hand", &[way, file.to_str().unwrap()], swallowed)
    });
    let commands = commands.collect();
    stage.record(commands)
}

#[test]
fn a_writer_by_hand_is_told_apart_by_when_it_syncs() {
    let mut dice = Dice::new(Dice::seed());
    for way in by_hand::RIGHT {
        nothing_is_lost(&format!("by hand, {way}"), by_hand(&[way], ""), 60, Look::AtAll, &mut dice);
    }
    for way in by_hand::WRONG {
        is_caught(&format!("by hand, {way}"), &by_hand(&[way], ""), 60, Look::AtAll, &mut dice);
    }
}

#[test]
fn a_disk_whose_syncs_do_nothing_is_noticed() {
    let mut dice = Dice::new(Dice::seed());
    for swallowed in ["all", "log", "database", "folder"] {
        for (name, cast) in [
            ("one process", Cast { turns: 120, swallowed, ..ALONE }),
            ("eight threads", Cast { threads: 8, turns: 20, swallowed, ..ALONE }),
            ("four processes", Cast { processes: 4, turns: 40, swallowed, ..ALONE }),
        ] {
            let what = format!("{name}, syncs of {swallowed} do nothing");
            is_caught(&what, &cast.record(&mut dice), 40, Look::AtAll, &mut dice);
        }
    }
}

#[test]
fn the_log_is_synced_before_the_database_is_written_and_before_an_answer_and_goes_only_after_its_sync() {
    let mut dice = Dice::new(Dice::seed());
    let look = |what: &str, recording: Recording| {
        let found = order(&recording.entries(), recording.before());
        println!(
            "{what}: {} pages written back, {} logs begun anew, {} answers, {} out of order",
            found.pages_written_back,
            found.logs_begun_anew,
            found.answers,
            found.wrong.len()
        );
        found
    };
    for (what, recording) in [
        ("one process, every kind of act", Cast { turns: 200, ..ALONE }.record(&mut dice)),
        ("one process, a long log", Cast { habit: "sign-ins", turns: 400, ..ALONE }.record(&mut dice)),
        ("four processes", Cast { processes: 4, turns: 60, ..ALONE }.record(&mut dice)),
        ("by hand, full", by_hand(&["full"], "")),
        ("by hand, synced after", by_hand(&["synced after"], "")),
    ] {
        let found = look(what, recording);
        assert_eq!(found.wrong, Vec::<String>::new(), "{what}");
        assert!(
            found.pages_written_back > 20 && found.logs_begun_anew > 0 && found.answers > 80,
            "{found:?}"
        );
    }
    for (what, recording, wrong) in [
        ("by hand, unsynced", by_hand(&["unsynced"], ""), "is answered unsynced"),
        ("by hand, synced before", by_hand(&["synced before"], ""), "is answered unsynced"),
        ("no sync of the log", by_hand(&["full"], "log"), "is in no synced commit"),
        ("no sync of the database", by_hand(&["full"], "database"), "the database is not synced"),
    ] {
        let found = look(what, recording).wrong;
        assert!(found.iter().any(|found| found.contains(wrong)), "{what} is not noticed: {found:?}");
    }
}
