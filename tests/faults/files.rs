//! What is done to a store's files by other hands, before it is opened and while it is open: each has an
//! answer of its own, nobody is let in by what is not the store, and the process goes on when the files are
//! back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gatepass::Gatepass;

use super::acts::{ACTS, Act, Scene, Wanted};
use super::harms::{DAMAGE, Harm, OTHER_FILES, aside};
use super::judge::{Answer, Tried, judge};
use super::support::{Talk, issue, listen, part, place, play, redeem, say, with_suffix};
use super::world::{World, options};

/// The world of an act, or of who opens the store only then.
fn world_of(template: &World, number: usize) -> PathBuf {
    template.path.parent().unwrap().with_file_name(number.to_string())
}

fn works(gate: &Gatepass) -> gatepass::Result<String> {
    redeem(gate, &issue(gate)?).map(|()| "works".to_owned())
}

/// A child: have a store open for each act, and act on it when it was harmed.
fn play_part() {
    let folder = place();
    let template: World = serde_json::from_slice(&fs::read(folder.join("world")).unwrap()).unwrap();
    let mut scenes = Vec::new();
    for (number, act) in ACTS.iter().enumerate() {
        let mut world = template.copy_to(&world_of(&template, number));
        let gate = world.look(act.ahead).unwrap();
        // So that the log holds something that was answered: an issue and a redemption.
        works(&gate).unwrap();
        world.events += 2;
        scenes.push(Scene { world, gate: Some(gate) });
    }
    let cold = template.copy_to(&world_of(&template, ACTS.len()));
    say("open");
    listen();
    let mut all = Vec::new();
    for (act, scene) in ACTS.iter().zip(&scenes) {
        let began = Instant::now();
        let answer = Answer::of(|| (act.run)(scene));
        let (world, millis) = (scene.world.clone(), began.elapsed().as_millis());
        all.push(Tried { act: act.name.into(), fault: String::new(), world, answer, after: None, millis });
    }
    let opened = Answer::of(|| cold.look(ACTS[0].ahead).map(|_| "opened".to_owned()));
    say("acted");
    listen();
    for ((act, scene), tried) in ACTS.iter().zip(&scenes).zip(&mut all) {
        let same = Answer::of(|| works(scene.gate()));
        let new = Answer::of(|| works(&scene.world.look(act.ahead)?));
        tried.after = Some([same, new]);
    }
    let again = Answer::of(|| works(&cold.look(ACTS[0].ahead)?));
    fs::write(folder.join("told"), serde_json::to_string(&(all, opened, again)).unwrap()).unwrap();
}

/// Everything that was put aside comes back.
fn put_back(folder: &Path) {
    let whole = aside(folder);
    if whole.exists() {
        let _ = fs::remove_dir_all(folder);
        return fs::rename(whole, folder).unwrap();
    }
    for name in super::support::names(folder) {
        if let Some(was) = name.strip_suffix(".aside") {
            let _ = fs::remove_dir_all(folder.join(was));
            fs::rename(folder.join(&name), folder.join(was)).unwrap();
        }
    }
    // What was made where nothing had been.
    for suffix in ["-wal", "-shm", "-gate"] {
        let made = folder.join(format!("gatepass.db{suffix}"));
        if made.is_dir() {
            fs::remove_dir(made).unwrap();
        }
    }
}

/// Nothing but the backup is left, and it takes the store's place.
fn start_anew(folder: &Path) {
    let path = folder.join("gatepass.db");
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(with_suffix(&path, suffix));
    }
    let backup = with_suffix(&path, ".backup");
    options(ACTS[0].ahead).restore_to_new(&path, backup, &mut |_, _| {}).unwrap();
}

struct Told {
    tried: Vec<Tried>,
    /// What somebody heard who opened the store when it was harmed, while others had it open or alone, and
    /// when it was mended.
    beside: Answer,
    opened: Answer,
    again: Answer,
}

impl Told {
    fn judge_opens(&self, harm: &Harm, wrong: &mut Vec<String>) {
        let Told { beside, opened, again, .. } = self;
        println!("{}: opened {}, beside others {}", harm.name, code(opened), code(beside));
        // Beside others there is an index that tells of a log.
        let beside_as_told = harm.at_open.contains(&code(beside)) || code(beside) == "store_io";
        if !harm.at_open.contains(&code(opened)) || !beside_as_told || code(again) != "yes" {
            wrong.push(format!("{}: {beside:?} beside others, {opened:?}, then {again:?}", harm.name));
        }
    }
}

fn tell(test: &str, harm: &Harm, mend: fn(&Path), folder: &Path) -> Told {
    fs::create_dir(folder.join("template")).unwrap();
    let template = World::make(&folder.join("template"));
    fs::write(folder.join("world"), serde_json::to_string(&template).unwrap()).unwrap();
    let mut child = Talk::start(play(test, "acts", folder));
    let each = |does: &dyn Fn(&Path)| (0..=ACTS.len()).for_each(|at| does(&world_of(&template, at)));
    child.hear("open");
    each(&|folder| (harm.does)(&folder.join("gatepass.db")));
    // Another process opens it meanwhile.
    let beside = Answer::of(|| {
        let gate = options(ACTS[0].ahead).open(world_of(&template, 2).join("gatepass.db"))?;
        gate.settings().map(|_| "opened".to_owned())
    });
    child.go_on();
    child.hear("acted");
    each(&|folder| mend(folder));
    child.go_on();
    assert!(child.end().success(), "{}", harm.name);
    let told = fs::read(folder.join("told")).unwrap();
    let (mut tried, opened, again): (Vec<Tried>, _, _) = serde_json::from_slice(&told).unwrap();
    tried.iter_mut().for_each(|tried| tried.fault = harm.name.to_owned());
    Told { tried, beside, opened, again }
}

/// In one word.
fn code(answer: &Answer) -> &str {
    match answer {
        Answer::Yes(_) => "yes",
        Answer::No(code) | Answer::Failed(code) => code,
        Answer::Panicked => "a panic",
    }
}

/// Whether an answer is one that this harm has, or the one that the act has without any.
fn expected(act: &Act, harm: &Harm, answer: &Answer, must_notice: bool) -> bool {
    let without = match act.wanted {
        Wanted::Yes => "yes",
        Wanted::No(reason) => reason,
    };
    let may_be_as_ever = !must_notice || harm.in_flight.is_empty() || act.wanted != Wanted::Yes;
    harm.in_flight.contains(&code(answer)) || may_be_as_ever && code(answer) == without
}

#[test]
fn a_file_that_is_gone_or_another_has_an_error_of_its_own_and_lets_nobody_in() {
    const NAME: &str = "files::a_file_that_is_gone_or_another_has_an_error_of_its_own_and_lets_nobody_in";
    if part().is_some() {
        return play_part();
    }
    let mut wrong = Vec::new();
    for harm in OTHER_FILES {
        let folder = tempfile::tempdir().unwrap();
        let told = tell(NAME, harm, put_back, folder.path());
        told.judge_opens(harm, &mut wrong);
        for (act, tried) in ACTS.iter().zip(&told.tried) {
            // To open it is told above; there it was not open.
            if act.name == "open" {
                continue;
            }
            if !expected(act, harm, &tried.answer, true) {
                wrong.push(format!("{}, {}: {:?}", act.name, harm.name, tried.answer));
            }
            wrong.extend(judge(act, tried).err());
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_damaged_file_lets_nobody_in_and_a_backup_takes_its_place() {
    const NAME: &str = "files::a_damaged_file_lets_nobody_in_and_a_backup_takes_its_place";
    if part().is_some() {
        return play_part();
    }
    let mut wrong = Vec::new();
    for harm in DAMAGE {
        let folder = tempfile::tempdir().unwrap();
        let told = tell(NAME, harm, start_anew, folder.path());
        let mut heard = std::collections::BTreeMap::new();
        for (act, tried) in ACTS.iter().zip(&told.tried) {
            *heard.entry(code(&tried.answer)).or_insert(0) += 1;
            let new = tried.after.as_ref().map(|[_, new]| code(new));
            if !expected(act, harm, &tried.answer, false) || new != Some("yes") {
                wrong.push(format!("{}, {}: {:?}, {:?}", act.name, harm.name, tried.answer, tried.after));
            }
        }
        println!("{}, open already: {heard:?}", harm.name);
        told.judge_opens(harm, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
