//! Every call of the system that an act makes fails once, and from then on, in every way.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::acts::{ACTS, Act, Scene, Wanted, named};
use super::injector::{Fault, Harm, Injector, calls};
use super::judge::{Answer, Tried, judge};
use super::support::{issue, part, place, play, redeem};
use super::world::World;

/// A fault, and what is heard of it where it is not passed over: codes of errors.
type Known = (&'static str, Fault, &'static [&'static str]);

const fn fails(name: &'static str, calls: u32, error: i32, heard: &'static [&'static str]) -> Known {
    (name, Fault::on_all(calls, Harm::Fails(error)), heard)
}

/// What can fail in its own way. A commit whose end nobody knows is indeterminate. SQLite takes what it can't
/// read for damage.
const FAULTS: &[Known] = &[
    fails("a write fails", calls::WRITE, libc::EIO, &["indeterminate", IO]),
    fails("no space to write", calls::WRITE, libc::ENOSPC, &[FULL]),
    fails("no quota to write", calls::WRITE, libc::EDQUOT, &[FULL]),
    ("a short write", Fault::on_all(calls::WRITE, Harm::CutShort), &[]),
    fails("a sync fails", calls::SYNC, libc::EIO, &["indeterminate"]),
    fails("a read fails", calls::READ, libc::EIO, &["store_corrupt", IO]),
    fails("an open fails", calls::OPEN, libc::EIO, &[IO]),
    fails("a cut or growth fails", calls::TRUNCATE, libc::EIO, &[IO]),
    fails("a name can't change", calls::NAME, libc::EIO, &[IO]),
    fails("no memory to map", calls::MAP, libc::ENOMEM, &[IO]),
    fails("a look fails", calls::STAT, libc::EIO, &["store_replaced", IO, "store_missing"]),
];

/// The same for other causes, which the library or SQLite may tell apart.
const MORE: &[Known] = &[
    fails("too large to write", calls::WRITE, libc::EFBIG, &[FULL]),
    fails("read-only to write", calls::WRITE, libc::EROFS, &["store_read_only", IO]),
    ("a short read", Fault::on_all(calls::READ, Harm::CutShort), &[]),
    fails("no descriptor", calls::OPEN, libc::EMFILE, &[IO]),
    fails("no right to open", calls::OPEN, libc::EACCES, &[IO, "store_denied"]),
    fails("read-only to open", calls::OPEN, libc::EROFS, &[IO, "store_read_only"]),
    fails("no lock", calls::LOCK, libc::ENOLCK, &["store_busy"]),
];

const IO: &str = "store_io";
const FULL: &str = "disk_full";

/// Acts that copy whole files, some of which nobody else sees: what went wrong there is not told as finely.
const COPIES: &[&str] = &["back up", "restore"];

/// A write that is told to be done, and is not: what was acknowledged then is gone, and that must be seen.
const SWALLOWED: &[Known] = &[("a write is swallowed", Fault::on_all(calls::WRITE, Harm::Swallowed), &[])];

/// What a child is to do.
const CARELESS: &str = "careless ";
const SWALLOWS: &str = "swallowed ";
const LOOK: &str = "look";

/// Stands between an act and the one fault that it meets.
const ONE: &str = ": ";

/// No act makes more calls of a kind.
const MOST: u32 = 5_000;

/// Set to harm every single call, and in more ways, which takes minutes.
const THOROUGH: &str = "FAULTS_THOROUGH";

/// How a fault ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With that one call.
    Once,
    /// When the act is answered.
    Lasting,
    /// It does not, and the process dies when the act is answered.
    Dies,
}

impl End {
    /// Whether a call is harmed when there is little time: the first ones, and some of the many after them.
    fn is_worth(self, call: u32) -> bool {
        match self {
            End::Once => call <= 12 || call.is_multiple_of(17),
            End::Lasting | End::Dies => {
                call <= 2 || call.is_multiple_of(6) && call < 20 || call.is_multiple_of(60)
            }
        }
    }
}

fn play_part(part: &str) {
    if part == LOOK {
        look_at_all(&place());
    } else if let Some(act) = part.strip_prefix(CARELESS) {
        // What fails is let in.
        meet(act, FAULTS, |scene| match (named(act).run)(scene) {
            Err(gatepass::Error::Store(_)) => Ok(scene.world.session.clone()),
            other => other,
        });
    } else if let Some(act) = part.strip_prefix(SWALLOWS) {
        meet(act, SWALLOWED, named(act).run);
    } else if let Some((act, fault)) = part.split_once(ONE) {
        let (name, fault, heard) = FAULTS.iter().chain(MORE).find(|(name, ..)| *name == fault).unwrap();
        meet(act, &[(name, *fault, heard)], named(act).run);
    } else {
        meet(part, FAULTS, named(part).run);
    }
}

/// A child: meet every fault in every call of an act, and write down what came of it.
fn meet(act: &str, faults: &[Known], run: impl Fn(&Scene) -> gatepass::Result<String>) {
    let act = named(act);
    let injector = Injector::here();
    let worlds = place();
    let template: World = serde_json::from_slice(&std::fs::read(worlds.join("world")).unwrap()).unwrap();
    let mut told = std::fs::File::create(worlds.join("told")).unwrap();
    let thorough = std::env::var_os(THOROUGH).is_some();
    let mut number = 0;
    for (name, fault, _) in faults {
        for end in [End::Once, End::Lasting, End::Dies] {
            // Without any lock SQLite waits for ten seconds by a clock of its own.
            let most = if end != End::Once && fault.calls == calls::LOCK { 1 } else { MOST };
            for call in (1..most).filter(|call| (thorough && end != End::Dies) || end.is_worth(*call)) {
                number += 1;
                let world = template.copy_to(&worlds.join(number.to_string()));
                let until = if end == End::Once { call } else { u32::MAX };
                let fault = (format!("{name}, call {call}, {end:?}"), *fault, call, until);
                let (tried, harmed) = meet_one(act, &run, world, &injector, fault, end);
                if harmed == 0 {
                    break;
                }
                writeln!(told, "{}", serde_json::to_string(&tried).unwrap()).unwrap();
            }
        }
    }
}

fn meet_one(
    act: &Act,
    run: &impl Fn(&Scene) -> gatepass::Result<String>,
    world: World,
    injector: &Injector,
    (name, fault, from, until): (String, Fault, u32, u32),
    end: End,
) -> (Tried, u32) {
    let opens = act.name == "open";
    let gate = (!opens).then(|| world.look(act.ahead).unwrap());
    let mut scene = Scene { world, gate };
    let began = Instant::now();
    injector.order(fault, from, until);
    let answer = Answer::of(|| run(&scene));
    let harmed = injector.stop();
    let millis = began.elapsed().as_millis();
    if opens {
        scene.gate = scene.world.look(act.ahead).ok();
    }
    let works = |gate: &gatepass::Gatepass| {
        let token = issue(gate)?;
        redeem(gate, &token).map(|()| "works".to_owned())
    };
    let after = (end != End::Dies).then(|| {
        let same = Answer::of(|| works(scene.gate.as_ref().ok_or(gatepass::StoreError::Missing)?));
        [same, Answer::of(|| works(&scene.world.look(act.ahead)?))]
    });
    let Scene { world, gate } = scene;
    if end == End::Dies {
        // Nothing is put in order any more.
        std::mem::forget(gate);
    }
    (Tried { act: act.name.to_owned(), fault: name, world, answer, after, millis }, harmed)
}

/// A child that met no fault: what is wrong with what others met.
fn look_at_all(worlds: &Path) {
    let told = std::fs::read_to_string(worlds.join("told")).unwrap();
    let tried: Vec<Tried> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let wrong: Vec<_> = tried.iter().filter_map(|tried| judge(named(&tried.act), tried).err()).collect();
    std::fs::write(worlds.join("wrong"), wrong.join("\n")).unwrap();
}

/// What came of an act under its faults.
#[derive(Default)]
struct Met {
    faults: usize,
    /// What the judge says.
    wrong: Vec<String>,
    /// How often each answer was heard.
    heard: BTreeMap<String, usize>,
}

impl Met {
    fn and(mut self, more: Met) -> Met {
        self.faults += more.faults;
        self.wrong.extend(more.wrong);
        self.heard.extend(more.heard);
        self
    }
}

/// Answers that a fault must not have.
fn unexpected(act: &Act, heard: &BTreeMap<String, usize>) -> Vec<String> {
    let without = match act.wanted {
        Wanted::Yes => "yes",
        Wanted::No(reason) => reason,
    };
    let known = |heard: &&String| {
        let (fault, code) = heard.split_once(": ").unwrap();
        let (.., codes) = FAULTS.iter().chain(MORE).find(|(name, ..)| *name == fault).unwrap();
        code == without || codes.contains(&code)
    };
    heard.keys().filter(|heard| !known(heard)).map(|heard| format!("{}, {heard}", act.name)).collect()
}

/// Have a child meet the faults in an act, and another one look at what is left.
fn met(test: &str, part: &str) -> Met {
    let folder = tempfile::tempdir().unwrap();
    let worlds = folder.path().join("worlds");
    std::fs::create_dir_all(worlds.join("template")).unwrap();
    let world = World::make(&worlds.join("template"));
    std::fs::write(worlds.join("world"), serde_json::to_string(&world).unwrap()).unwrap();
    let injector = Injector::new(folder.path().join("orders"));
    for part in [part, LOOK] {
        let mut child = play(test, part, &worlds);
        injector.watch(&mut child, &worlds);
        quietly(&mut child);
    }
    let read = |name| std::fs::read_to_string(worlds.join(name)).unwrap();
    let mut heard = BTreeMap::new();
    let told = read("told");
    for line in told.lines() {
        let tried: Tried = serde_json::from_str(line).unwrap();
        let kind = tried.fault.split(", call").next().unwrap();
        let answer = match &tried.answer {
            Answer::Yes(_) => "yes",
            Answer::No(code) | Answer::Failed(code) => code,
            Answer::Panicked => "panic",
        };
        *heard.entry(format!("{kind}: {answer}")).or_insert(0) += 1;
    }
    Met { faults: told.lines().count(), wrong: read("wrong").lines().map(str::to_owned).collect(), heard }
}

/// Run a child to its end, which must be a good one; what its threads said of panics that it met is its own.
fn quietly(child: &mut Command) {
    let output = child.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{child:?}: {}\n{text}", output.status);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "the child ran no test:\n{told}");
}

#[test]
fn whichever_call_fails_nobody_is_let_in_on_a_doubt_and_no_acknowledged_act_is_lost() {
    const NAME: &str =
        "each_call::whichever_call_fails_nobody_is_let_in_on_a_doubt_and_no_acknowledged_act_is_lost";
    if let Some(part) = part() {
        return play_part(&part);
    }
    let mut faults = 0;
    let mut wrong = Vec::new();
    for act in ACTS {
        let began = Instant::now();
        let met = if std::env::var_os(THOROUGH).is_some() {
            // One after the other, for the stores need room.
            let each = FAULTS.iter().chain(MORE);
            each.fold(Met::default(), |all, (fault, ..)| {
                all.and(met(NAME, &format!("{}{ONE}{fault}", act.name)))
            })
        } else {
            met(NAME, act.name)
        };
        println!("{}: {} faults in {:.0?}: {:?}", act.name, met.faults, began.elapsed(), met.heard);
        assert!(met.faults > 5, "{}: {} faults", act.name, met.faults);
        faults += met.faults;
        wrong.extend(met.wrong);
        if !COPIES.contains(&act.name) {
            wrong.extend(unexpected(act, &met.heard));
        }
    }
    println!("{faults} faults in {} acts, {} answered wrongly", ACTS.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {faults} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether the judge finds this wrong in a part.
#[track_caller]
fn caught(test: &str, part: &str, what: &str) {
    let Met { faults, wrong, .. } = met(test, part);
    let found = wrong.iter().filter(|wrong| wrong.contains(what)).count();
    println!("{part}: of {faults} faults {} are judged to go wrong, {found} of them: {what}", wrong.len());
    assert!(found > 0, "{part}: nobody noticed: {what}");
}

#[test]
fn a_caller_that_takes_an_error_for_a_yes_is_caught() {
    const NAME: &str = "each_call::a_caller_that_takes_an_error_for_a_yes_is_caught";
    if let Some(part) = part() {
        return play_part(&part);
    }
    caught(NAME, &format!("{CARELESS}redeem a spent token"), "let in on a doubt");
    caught(NAME, &format!("{CARELESS}revoke tokens"), "acknowledged, and not there");
    caught(NAME, &format!("{CARELESS}redeem"), "2 winners");
}

#[test]
fn a_disk_that_swallows_writes_is_caught() {
    const NAME: &str = "each_call::a_disk_that_swallows_writes_is_caught";
    if let Some(part) = part() {
        return play_part(&part);
    }
    caught(NAME, &format!("{SWALLOWS}redeem"), "2 winners");
    caught(NAME, &format!("{SWALLOWS}revoke tokens"), "acknowledged, and not there");
}
