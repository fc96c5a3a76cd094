//! A writer is killed at each system call by which it changes something: files, their names and rights, and
//! locks. What it writes into memory that it shares with others (`-shm`, the gate's bell) is no system call,
//! and not among them; `links` and the others kill at any moment.
//!
//! `CRASH_POINTS` says at how many calls, evenly from the first to the last; `tests/long/crash` takes all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use gatepass::Gatepass;
use gatepass::directory::Mode;
use gatepass::secret::Secret;
use md5::{Digest, Md5};
use serde_json::json;

use super::acts::{self, Actor, Habit, NUMBERED};
use super::by_hand;
use super::common::{self, Place, command, job, person, portal};
use super::dice::Dice;
use super::ledger::Ledger;
use super::look::Look;
use super::notes::{Note, Notes};
use super::programs::is_here;

/// The calls. Those with a question mark are not there on every machine.
const CALLS: &str = "?open,openat,?creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,\
                     fsync,fdatasync,?unlink,unlinkat,?rename,renameat,renameat2,?link,linkat,?mkdir,mkdirat,\
                     ?chmod,fchmod,fchmodat,?chown,fchown,fchownat,fcntl,flock,utimensat,copy_file_range";

/// The test harness makes calls too, in a thread of its own, and a call is found by its number among those of
/// its kind in any one thread. So the actor begins with so many of each kind that the harness makes.
const HEAD: usize = 60;

/// Where they go, and by what they are known.
const NOWHERE: &str = "/dev/null";

/// The store's name to the ledger.
const STORE: &str = "gatepass.db";

/// The other process: one of the [`Play`]s.
#[test]
fn actor() {
    let Some(words) = job() else { return };
    let [play, store, notes, beside] = &words[..] else { panic!() };
    for _ in 0..HEAD {
        let mut nowhere = File::options().write(true).open(NOWHERE).unwrap();
        nowhere.write_all(NOWHERE.as_bytes()).unwrap();
        // Which is one of `fcntl`.
        drop(nowhere.try_clone().unwrap());
    }
    let (store, beside) = (Path::new(store), Path::new(beside));
    let notes = noted_in(Path::new(notes));
    match play.as_str() {
        "acts" => act(store, &notes),
        "restores" => acts::restore(&Gatepass::open(store).unwrap(), &notes, beside, BACKUPS),
        way => {
            let tokens = std::fs::read_to_string(beside.join("tokens")).unwrap();
            by_hand::redeem_all(store, &notes, way, &tokens);
        }
    }
}

/// Notes in that file, a line each and in one call, so that a kill leaves none half written.
fn noted_in(file: &Path) -> Notes {
    let file = File::options().append(true).open(file).unwrap();
    Notes::by(move |text| {
        let line = format!("{text}\n");
        assert_eq!((&file).write(line.as_bytes()).unwrap(), line.len());
    })
}

/// A store is made, every kind of durable act done, and the store closed.
fn act(store: &Path, notes: &Notes) {
    let init = gatepass::InitOptions::new(Mode::Managed, common::SYSTEM).unwrap();
    let gate = notes.act(1, "store", STORE, || Gatepass::init(store, &init).unwrap());
    person(&gate, "ann@example.com");
    gate.set_setting("autoauth_enabled", true.into()).unwrap();
    gate.add_admin("owner", None).unwrap();
    let caller = portal(&gate);
    // With these the things that are done now and then are done once at least.
    let dice = Dice::new(5);
    let mut actor =
        Actor { gate: &gate, notes, dice, habit: Habit::Everything, number: 0, unsynced: Vec::new() };
    for turn in 0..4 {
        actor.sign_in(&caller, true);
        actor.revoke_token(&caller, true);
        actor.follow_link(&caller);
        actor.keep_credential(1_000 + turn);
    }
    actor.follow_old_link(1_010);
    actor.keep_client(1_020);
    actor.keep_admin(1_030);
    actor.set_things(1);
    log_in(&gate, notes);
    actor.keep_user(1_040);
    actor.keep_user(1_050);
    actor.back_up(1_060);
    gate.purge(&mut |_, _| {}).unwrap();
    actor.sign_in(&caller, true);
}

/// The legacy form, which leaves an event.
fn log_in(gate: &Gatepass, notes: &Notes) {
    let password = Secret::new("correct horse battery staple");
    gate.set_setting("legacy_admin_auth", true.into()).unwrap();
    gate.set_admin_password("owner", Some(&password)).unwrap();
    let digest = Md5::digest(password.reveal().as_bytes());
    let digest = Secret::new(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    notes.act(1, "log-in", "owner", || gate.authenticate_admin("owner", &digest, None).unwrap());
}

/// How many backups are put back, one after the other.
const BACKUPS: u32 = 4;

/// What is done, and with what.
struct Play {
    name: &'static str,
    set: fn(&Place),
    /// What is answered if it is not killed.
    answers: &'static [&'static str],
}

const ACTS: Play = Play {
    name: "acts",
    set: |_| {},
    answers: &[
        "1 store",
        "1 known",
        "1 token",
        "1 session",
        "2 session",
        "1 revoked",
        "1 link",
        "2 link",
        "3 link",
        "9 link",
        "1 autoauth",
        "1 credential",
        "2 credential",
        "1 secret",
        "2 secret",
        "1 client",
        "2 client",
        "1 admin",
        "2 admin",
        "1 log-in",
        "92 setting",
        "92 destination",
        "3 user",
        "98 user",
        "99 user",
        "1 backup",
    ],
};

const RESTORES: Play = Play {
    name: "restores",
    set: |place| {
        let gate = place.init(Mode::Managed);
        person(&gate, "ann@example.com");
        for number in 1..=BACKUPS {
            let set = json!({ "name": NUMBERED, "path": format!("page{number}.php") });
            gate.set_destination(&serde_json::from_value(set).unwrap()).unwrap();
            gate.backup(place.beside(&format!("numbered-{number}")), &mut |_, _| {}).unwrap();
        }
        gate.remove_destination(NUMBERED).unwrap();
    },
    answers: &["1 destination", "2 destination", "3 destination", "4 destination"],
};

/// Tokens that are redeemed by statements of one's own, in one of the ways of `by_hand`.
const fn by_hand_in(name: &'static str) -> Play {
    Play {
        name,
        set: |place| {
            let gate = place.init(Mode::Managed);
            let (_, client) = person(&gate, "ann@example.com");
            let tokens: String = (0..12)
                .map(|_| {
                    let token = common::issue(&gate, client).token;
                    format!("{} {}\n", token.reveal(), token.reference())
                })
                .collect();
            std::fs::write(place.beside("tokens"), tokens).unwrap();
        },
        answers: &["1 token"],
    }
}

/// A system call.
struct Call {
    name: String,
    /// Its number among those of its name in its thread.
    nth: usize,
    text: String,
}

/// A play, on a place of its own.
struct Stage {
    place: Place,
    notes: PathBuf,
    existed: bool,
}

impl Stage {
    fn of(play: &Play) -> Self {
        let place = Place::new();
        (play.set)(&place);
        let notes = place.beside("notes");
        std::fs::write(&notes, []).unwrap();
        let existed = place.store.exists();
        Stage { place, notes, existed }
    }

    /// Let it be played, killed at a call, or to its end. Whether it got there.
    fn played(&self, play: &Play, kill_at: Option<&Call>) -> bool {
        let [store, notes, beside] =
            [&self.place.store, &self.notes, self.place.folder.path()].map(|path| path.to_str().unwrap());
        let actor = command("calls::actor", &[play.name, store, notes, beside]);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(self.place.beside("calls"));
        strace.args(["-e", &format!("trace={CALLS}")]);
        if let Some(Call { name, nth, .. }) = kill_at {
            strace.args(["-e", &format!("inject={name}:signal=KILL:when={nth}")]);
        }
        strace.arg(actor.get_program()).args(actor.get_args());
        for (name, value) in actor.get_envs() {
            strace.env(name, value.unwrap());
        }
        // Cargo's folders to look for libraries in would make for a long head.
        let status = strace.env_remove("LD_LIBRARY_PATH").stdout(Stdio::null()).status().unwrap();
        assert!(status.success() || status.signal() == Some(9), "the actor failed; see above");
        status.success()
    }

    /// The calls that the actor made, from the first on.
    fn calls(&self) -> Vec<Call> {
        let log = std::fs::read_to_string(self.place.beside("calls")).unwrap();
        let mut threads: BTreeMap<&str, Vec<Call>> = BTreeMap::new();
        for (thread, text) in log.lines().filter_map(|line| line.split_once(' ')) {
            let Some((name, _)) = text.trim_start().split_once('(').filter(|(name, _)| !name.contains('<'))
            else {
                continue;
            };
            let made = threads.entry(thread).or_default();
            let nth = 1 + made.iter().filter(|call| call.name == name).count();
            made.push(Call { name: name.to_owned(), nth, text: text.trim_start().to_owned() });
        }
        let heads = |calls: &Vec<Call>| calls.iter().filter(|call| call.text.contains(NOWHERE)).count();
        let actor = *threads.iter().find(|(_, calls)| heads(calls) >= 2 * HEAD).expect("an actor").0;
        let mut calls = threads.remove(actor).unwrap();
        let last = calls.iter().rposition(|call| call.text.contains(NOWHERE)).unwrap();
        // Behind it comes the copy.
        calls.drain(..last + 2);
        for other in threads.into_values().flatten() {
            let first = calls.iter().find(|call| call.name == other.name);
            assert!(first.is_none_or(|first| other.nth < first.nth), "{} would be taken for it", other.text);
        }
        calls
    }

    fn notes(&self) -> String {
        std::fs::read_to_string(&self.notes).unwrap()
    }

    /// What is wrong afterwards.
    fn wrong(&self) -> Vec<String> {
        let notes = self.notes();
        let (mut ledger, mut things) = (Ledger::default(), BTreeSet::new());
        for note in notes.lines().map(Note::parse) {
            things.insert((note.kind, note.name));
            ledger.take(note);
        }
        let store = &self.place.store;
        if !self.existed && !store.exists() && !ledger.was_told(1, "store", STORE) {
            // Not made yet. It can be.
            self.place.init(Mode::Managed);
        }
        if let Err(error) = Gatepass::open(store).map(|gate| person(&gate, "next@example.com")) {
            return vec![format!("nobody opens it: {error}")];
        }
        Look::AtAll.at(store, |gate| {
            let wrong = |(kind, name): &(&str, &str)| ledger.wrong_of(gate, kind, name);
            things.iter().filter_map(wrong).collect()
        })
    }
}

/// What came of it.
#[derive(Default)]
struct Came {
    calls: usize,
    points: usize,
    /// At how many of them it had nothing more to do.
    survived: usize,
    told: usize,
    wrong: Vec<String>,
    /// At how many points something was wrong.
    bad: usize,
}

impl Came {
    /// Kill an actor at one of its calls.
    fn at(play: &Play, calls: &[Call], at: usize) -> Self {
        let stage = Stage::of(play);
        // It may need some calls fewer than the one whose calls were counted.
        let survived = usize::from(stage.played(play, Some(&calls[at])));
        let told = stage.notes().lines().filter(|line| line.starts_with("done")).count();
        let said = |what| format!("killed at call {at}, {}: {what}", calls[at].text);
        let wrong: Vec<String> = stage.wrong().into_iter().map(said).collect();
        Came { calls: 0, points: 1, survived, told, bad: usize::from(!wrong.is_empty()), wrong }
    }

    fn add(&mut self, other: Came) {
        self.points += other.points;
        self.survived += other.survived;
        self.told += other.told;
        self.bad += other.bad;
        self.wrong.extend(other.wrong);
    }
}

/// So many are played at once: they wait for the disk more than they work.
const AT_ONCE: usize = 4;

/// Kill an actor at so many of its calls, evenly from the first to the last.
fn kill_at(play: &Play, points: usize) -> Came {
    let begun = Instant::now();
    let whole = Stage::of(play);
    assert!(whole.played(play, None));
    assert_eq!(whole.wrong(), Vec::<String>::new(), "{} was not even killed", play.name);
    let notes = whole.notes();
    for answer in play.answers {
        assert!(notes.contains(&format!("done {answer} ")), "{answer} is never answered");
    }
    let calls = whole.calls();
    let points = points.min(calls.len());
    let (next, came) = (AtomicUsize::new(0), Mutex::new(Came { calls: calls.len(), ..Came::default() }));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < points) {
                    let one = Came::at(play, &calls, point * calls.len() / points);
                    let mut came = came.lock().unwrap();
                    came.add(one);
                    if came.points.is_multiple_of(100) {
                        println!("  {}: {} of {points}, {} wrong", play.name, came.points, came.bad);
                    }
                }
            });
        }
    });
    let came = came.into_inner().unwrap();
    assert!(came.survived <= points / 8, "{} of {points} were not killed", came.survived);
    println!(
        "{}: killed at {} of {} calls, {} answers, {} with something wrong, {:.0?}",
        play.name,
        came.points - came.survived,
        came.calls,
        came.told,
        came.bad,
        begun.elapsed()
    );
    came
}

fn points(usual: usize) -> usize {
    std::env::var("CRASH_POINTS").map_or(usual, |text| text.parse().unwrap())
}

#[track_caller]
fn loses_nothing(play: &Play, points: usize) {
    let came = kill_at(play, points);
    assert_eq!(came.wrong, Vec::<String>::new());
    assert!(came.told > 0, "nothing was ever answered");
}

#[test]
fn a_writer_that_is_killed_at_any_call_loses_no_act_and_leaves_none_half_done() {
    if is_here("strace", "a_writer_that_is_killed_at_any_call_loses_no_act_and_leaves_none_half_done") {
        loses_nothing(&ACTS, points(12));
    }
}

#[test]
fn a_restore_that_is_killed_at_any_call_leaves_the_old_content_or_the_new() {
    if is_here("strace", "a_restore_that_is_killed_at_any_call_leaves_the_old_content_or_the_new") {
        loses_nothing(&RESTORES, points(6));
    }
}

#[test]
fn a_writer_by_hand_that_speaks_first_or_acts_in_halves_is_caught() {
    if !is_here("strace", "a_writer_by_hand_that_speaks_first_or_acts_in_halves_is_caught") {
        return;
    }
    loses_nothing(&by_hand_in("full"), points(4));
    for way in ["told first", "in two"] {
        let came = kill_at(&by_hand_in(way), points(16));
        println!("control by hand, {way}: caught at {} of {} calls", came.bad, came.points);
        assert!(came.bad > 0, "{way}: the harness can't tell this from a sound writer");
    }
}
