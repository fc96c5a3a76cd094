//! All processes of a soak: started, told, heard, killed, and started again.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::clock::SetClock;
use super::common::{Place, command, hear};
use super::library::{root, shared_library};
use super::programs::is_here;

/// Nobody is silent for so long who has anything to say.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a process is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// It tries what all others try, and is written in that.
    Racer(Language),
    /// It revokes what the others try.
    Revoker,
    /// It does that kind of work by itself.
    Company(&'static str),
}

/// What a racer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    Rust,
    Php,
    Python,
}

impl Language {
    /// Whether it can be run here.
    pub(crate) fn is_here(self) -> bool {
        match self {
            Language::Rust => true,
            Language::Php => is_here("php", "the soak in PHP"),
            Language::Python => is_here("python3", "the soak in Python"),
        }
    }
}

/// Where everything of a soak stands.
pub(crate) struct Ground {
    pub(crate) place: Place,
    pub(crate) by_hand: PathBuf,
    pub(crate) clock: Arc<SetClock>,
    /// How long a call may wait.
    pub(crate) deadline: Duration,
    library: PathBuf,
}

impl Ground {
    pub(crate) fn new(deadline: Duration) -> Self {
        let place = Place::new();
        let by_hand = place.beside("by-hand.db");
        let clock = Arc::new(SetClock::new(place.folder.path()));
        Ground { place, by_hand, clock, deadline, library: shared_library() }
    }

    fn command(&self, part: Part, id: usize) -> Command {
        let (store, by_hand) = (self.place.store.to_str().unwrap(), self.by_hand.to_str().unwrap());
        let deadline = self.deadline.as_secs_f64().to_string();
        let script = |program: &str, name: &str| {
            let mut command = Command::new(program);
            command.arg(root().join("tests/soak").join(name)).args([store, &deadline, by_hand]);
            command.env("GATEPASS_LIBRARY", &self.library);
            command
        };
        let mut command = match part {
            Part::Racer(Language::Rust) | Part::Revoker => command("racer", &[store, &deadline, by_hand]),
            Part::Racer(Language::Php) => script("php", "racer.php"),
            Part::Racer(Language::Python) => {
                let mut command = script("python3", "racer.py");
                command.env("PYTHONPATH", root().join("bindings/python/src"));
                command.env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Part::Company(role) => {
                let own = self.place.beside(&format!("{role}-{id}"));
                command("company", &[store, role, own.to_str().unwrap(), &deadline])
            }
        };
        self.clock.govern(&mut command);
        command
    }
}

/// A process of the field.
pub(crate) struct Member {
    pub(crate) part: Part,
    id: usize,
    child: Child,
    input: ChildStdin,
    /// Was killed by us.
    pub(crate) killed: bool,
}

impl Member {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// What a member said, or that it is gone.
#[derive(Debug)]
pub(crate) enum Heard {
    Said(String),
    Gone,
}

pub(crate) struct Field<'a> {
    ground: &'a Ground,
    pub(crate) members: Vec<Member>,
    heard: Receiver<(usize, Heard)>,
    sender: Sender<(usize, Heard)>,
    started: usize,
    /// What the company told, and how often.
    pub(crate) told: BTreeMap<String, usize>,
}

impl<'a> Field<'a> {
    /// Nobody yet.
    pub(crate) fn new(ground: &'a Ground) -> Self {
        let (sender, heard) = channel();
        Field { ground, members: Vec::new(), heard, sender, started: 0, told: BTreeMap::new() }
    }

    /// Start all of them, and wait until each has the store open.
    pub(crate) fn start(&mut self, parts: &[Part]) {
        for part in parts {
            let member = self.member(*part);
            self.members.push(member);
        }
        let all: Vec<usize> = (self.members.len() - parts.len()..self.members.len()).collect();
        self.until_ready(all);
    }

    fn member(&mut self, part: Part) -> Member {
        self.started += 1;
        let id = self.started;
        let mut command = self.ground.command(part, id);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (lines, sender) = (hear(&mut child), self.sender.clone());
        std::thread::spawn(move || {
            for line in lines {
                if sender.send((id, Heard::Said(line))).is_err() {
                    return;
                }
            }
            let _ = sender.send((id, Heard::Gone));
        });
        let input = child.stdin.take().unwrap();
        Member { part, id, child, input, killed: false }
    }

    fn until_ready(&mut self, mut waited_for: Vec<usize>) {
        while !waited_for.is_empty() {
            match self.next(PATIENCE) {
                Some((at, Heard::Said(line))) if line == "ready" => waited_for.retain(|one| *one != at),
                other => panic!("{other:?} before all were ready"),
            }
        }
    }

    /// Put new processes in the places of those that were killed.
    pub(crate) fn replace_the_killed(&mut self) {
        let killed: Vec<usize> = (0..self.members.len()).filter(|at| self.members[*at].killed).collect();
        for at in &killed {
            let member = self.member(self.members[*at].part);
            self.members[*at] = member;
        }
        self.until_ready(killed);
    }

    /// What is heard next of a racer, and of which; nothing if that takes too long. What the company tells in
    /// between is counted.
    pub(crate) fn next(&mut self, most: Duration) -> Option<(usize, Heard)> {
        let until = Instant::now() + most;
        loop {
            match self.heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((id, heard)) => {
                    // Of those whose places others have taken nothing more is expected.
                    let Some(at) = self.members.iter().position(|member| member.id == id) else { continue };
                    let gone = matches!(heard, Heard::Gone);
                    assert!(!gone || self.members[at].killed, "{:?} died by itself", self.members[at].part);
                    match (self.members[at].part, heard) {
                        (Part::Company(_), Heard::Gone) => {}
                        (Part::Company(_), Heard::Said(line)) if line != "ready" => {
                            *self.told.entry(line).or_insert(0) += 1;
                        }
                        (_, heard) => return Some((at, heard)),
                    }
                }
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is ours"),
            }
        }
    }

    /// The same for something that must come.
    #[track_caller]
    pub(crate) fn expect_next(&mut self) -> (usize, Heard) {
        self.next(PATIENCE).expect("somebody fell silent")
    }

    /// Wait until each of the company has done its work once at least.
    pub(crate) fn until_all_company_was_heard(&mut self) {
        let give_up = Instant::now() + PATIENCE;
        for at in self.all(|part| matches!(part, Part::Company(_))) {
            let Part::Company(role) = self.members[at].part else { continue };
            while !self.told.contains_key(&format!("turn {role}")) {
                assert!(Instant::now() < give_up, "{role} gets nothing done");
                self.next(Duration::from_millis(50));
            }
        }
    }

    /// Have a member try something, by the clock that nobody sets.
    pub(crate) fn tell(&mut self, at: usize, moment: u64, way: &str, name: &str) {
        writeln!(self.members[at].input, "{moment} {way} {name}").unwrap();
    }

    /// Without a warning.
    pub(crate) fn kill(&mut self, at: usize) {
        let member = &mut self.members[at];
        member.child.kill().unwrap();
        member.child.wait().unwrap();
        member.killed = true;
    }

    /// The members that play such a part.
    pub(crate) fn all(&self, plays: impl Fn(Part) -> bool) -> Vec<usize> {
        (0..self.members.len()).filter(|at| plays(self.members[*at].part)).collect()
    }

    pub(crate) fn racers(&self) -> Vec<usize> {
        self.all(|part| matches!(part, Part::Racer(_)))
    }
}

impl Drop for Field<'_> {
    fn drop(&mut self) {
        for member in &mut self.members {
            // Those that are gone already need neither.
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}
