//! Holding a race: a temporary store, the processes, and a token or link for all of them at a time.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::{Error, InitOptions, Options};

use super::prize::{Piece, Prize};
use super::tally::{Run, Tally};
use super::worker::{Answer, Order, nanoseconds};
use crate::selfcheck::SelfCheckError;
use crate::temporary::TemporaryFolder;

/// From the order to the start: long enough for every process to have read it.
const NOTICE: Duration = Duration::from_millis(4);

/// A process that says nothing this long after its deadline is not going to.
const PATIENCE: Duration = Duration::from_secs(30);

/// A race to hold.
pub(crate) struct Contest {
    /// How many processes try each.
    pub(crate) processes: usize,
    /// What they race for.
    pub(crate) prize: Prize,
    /// How many of them.
    pub(crate) rounds: u64,
    /// Race the variant that looks first and spends later.
    pub(crate) broken: bool,
    /// Where the temporary store is made.
    pub(crate) folder: PathBuf,
    /// How long one try may wait.
    pub(crate) deadline: Duration,
}

impl Contest {
    /// Hold it. `tick` is told after each round how many are done. Everything made for it is gone when this
    /// returns.
    ///
    /// # Errors
    /// When the race could not be held to its end: no store could be made, or a process died or fell silent.
    pub(crate) fn hold(&self, tick: &mut dyn FnMut(u64)) -> Result<Tally, SelfCheckError> {
        let began = Instant::now();
        let folder = TemporaryFolder::inside(&self.folder, "race")?;
        let store = folder.path().join("gatepass.db");
        let init = InitOptions::new(Mode::Managed, "https://race.example.com")?;
        let gate = Options::new().deadline(self.deadline).init(&store, &init)?;
        let email = "racer@example.com";
        let user = gate.add_user(&NewUser { email: email.into(), ..NewUser::default() })?;
        let owner = Some(user.user_id);
        let client = gate.add_client(&NewClient { email: email.into(), owner, ..NewClient::default() })?;
        let caller = gate.host_caller("cli")?;
        let make = |prize: Prize| prize.make(&gate, &caller, client.client_id);

        let mut field = Field::start(self, &store)?;
        // Each process spends one of its own first, so that no opening and preparing falls into the race.
        let own = (0..self.processes).map(|_| make(self.prize)).collect::<Result<Vec<_>, Error>>()?;
        for run in field.race(&own)? {
            if let Some(code) = run.lost {
                return Err(SelfCheckError::Unproven(format!(
                    "a process could not {} its own {}: {code}",
                    self.prize.act(),
                    self.prize.noun()
                )));
            }
        }

        let mut tally = Tally::new(self);
        for done in 1..=self.rounds {
            let piece = make(self.prize)?;
            let runs = field.race(&vec![piece.clone(); self.processes])?;
            tally.add(&runs, piece.is_spent(&gate)?);
            tick(done);
        }
        field.end()?;
        tally.elapsed = began.elapsed();
        Ok(tally)
    }
}

/// The racing processes.
struct Field {
    children: Vec<(Child, ChildStdin)>,
    answers: Receiver<(usize, Option<Answer>)>,
    patience: Duration,
}

impl Field {
    /// Start all of them and wait until each has the store open.
    fn start(contest: &Contest, store: &Path) -> Result<Self, SelfCheckError> {
        let program = std::env::current_exe().map_err(|error| cannot("find this program", &error))?;
        let (sender, answers) = channel();
        let patience = contest.deadline.saturating_add(PATIENCE);
        let mut field = Field { children: Vec::new(), answers, patience };
        for number in 0..contest.processes {
            let mut command = Command::new(&program);
            command.arg("race-worker").arg(store);
            command.arg("--wait").arg(contest.deadline.as_millis().to_string());
            if contest.broken {
                command.arg("--broken");
            }
            // In a group of their own an interrupt from the keyboard reaches the parent alone, and they can
            // clean up after it.
            command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().map_err(|error| cannot("start a process", &error))?;
            let pipes = child.stdin.take().zip(child.stdout.take());
            let Some((stdin, stdout)) = pipes else {
                return Err(Error::Internal("a process has no pipes".into()).into());
            };
            field.children.push((child, stdin));
            let sender = sender.clone();
            std::thread::spawn(move || listen(number, stdout, &sender));
        }
        for _ in 0..contest.processes {
            match field.next()? {
                (_, Answer::Ready) => {}
                (number, answer) => return Err(unexpected(number, &answer)),
            }
        }
        Ok(field)
    }

    /// Release every process on its token or link at once, and hear them all.
    fn race(&mut self, pieces: &[Piece]) -> Result<Vec<Run>, SelfCheckError> {
        let notice = u64::try_from(NOTICE.as_nanos()).unwrap_or(u64::MAX);
        let at = nanoseconds().saturating_add(notice);
        for ((_, stdin), piece) in self.children.iter_mut().zip(pieces) {
            tell(stdin, &Order::Try { piece: piece.clone(), at })?;
        }
        let mut runs = Vec::with_capacity(pieces.len());
        while runs.len() < pieces.len() {
            match self.next()? {
                (_, Answer::Tried(run)) => runs.push(run),
                (number, answer) => return Err(unexpected(number, &answer)),
            }
        }
        Ok(runs)
    }

    fn next(&mut self) -> Result<(usize, Answer), SelfCheckError> {
        match self.answers.recv_timeout(self.patience) {
            Ok((number, Some(answer))) => Ok((number, answer)),
            Ok((number, None)) => {
                let how = self.children.get_mut(number).and_then(|(child, _)| child.wait().ok());
                let how = how.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
                Err(SelfCheckError::Unproven(format!("process {} died in the race: {how}", number + 1)))
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(SelfCheckError::Unproven("a process fell silent in the race".to_owned()))
            }
        }
    }

    /// Send them home; each must end well.
    fn end(mut self) -> Result<(), SelfCheckError> {
        for (child, stdin) in &mut self.children {
            tell(stdin, &Order::End)?;
            let status = child.wait().map_err(|error| cannot("wait for a process", &error))?;
            if !status.success() {
                return Err(SelfCheckError::Unproven(format!("a process died after the race: {status}")));
            }
        }
        self.children.clear();
        Ok(())
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        for (child, _) in &mut self.children {
            // Those that are gone already need neither.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Pass on what a process says, and `None` when it says no more.
fn listen(number: usize, stdout: impl std::io::Read, sender: &Sender<(usize, Option<Answer>)>) {
    for line in BufReader::new(stdout).lines() {
        let answer = line.ok().and_then(|line| serde_json::from_str(&line).ok());
        let last = answer.is_none();
        if sender.send((number, answer)).is_err() || last {
            return;
        }
    }
    // The race may be over, and nobody waiting to hear it.
    let _ = sender.send((number, None));
}

fn tell(stdin: &mut ChildStdin, order: &Order) -> Result<(), SelfCheckError> {
    let line = serde_json::to_string(order).map_err(|_| Error::Internal("an order has no JSON".into()))?;
    writeln!(stdin, "{line}").map_err(|error| cannot("reach a process", &error))
}

fn unexpected(number: usize, answer: &Answer) -> SelfCheckError {
    let said = match answer {
        Answer::Failed(message) => message.as_str(),
        Answer::Ready | Answer::Tried(_) => "an answer out of turn",
    };
    SelfCheckError::Unproven(format!("process {} could not race: {said}", number + 1))
}

fn cannot(what: &str, error: &std::io::Error) -> SelfCheckError {
    SelfCheckError::Unproven(format!("the race could not {what}: {}", error.kind()))
}
