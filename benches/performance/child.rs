//! Another program that takes part: it says that it is ready, and then answers each line with one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contest::{Sample, Side};

/// Its first line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
    #[serde(default)]
    pub(crate) versions: BTreeMap<String, String>,
    /// The call that its database syncs with.
    #[serde(default)]
    pub(crate) sync: String,
}

/// What it is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// `issue`, `redeem`, `pairs` or what else it knows.
    pub(crate) act: String,
    /// So many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<usize>,
    /// For so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
}

impl Ask {
    pub(crate) fn count(act: &str, count: usize) -> Self {
        Ask { act: act.into(), count: Some(count), milliseconds: None }
    }

    /// Issue and redeem for this long.
    pub(crate) fn pairs(length: Duration) -> Self {
        let milliseconds = u64::try_from(length.as_millis()).unwrap();
        Ask { act: "pairs".into(), count: None, milliseconds: Some(milliseconds) }
    }
}

/// What it answers. Times in microseconds, but for `seconds`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) seconds: f64,
    #[serde(default)]
    pub(crate) pairs: usize,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) worst: Option<f64>,
    /// Acts that ended with an answer that the store is busy.
    #[serde(default)]
    pub(crate) busy: usize,
}

/// A program that runs and waits for the next line.
pub(crate) struct Child {
    name: String,
    process: Process,
    asked: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) ready: Ready,
}

impl Child {
    /// Start it, and wait until it is ready.
    pub(crate) fn start(name: impl Into<String>, command: &mut Command) -> Self {
        let name = name.into();
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {command:?}: {error}"));
        let asked = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut child = Child { name, process, asked, answers, ready: Ready::default() };
        child.ready = child.read();
        assert!(child.ready.ready, "{} is not ready", child.name);
        child
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        self.tell(ask);
        self.answer()
    }

    /// So many of an act; how long they took.
    pub(crate) fn count(&mut self, act: &str, count: usize) -> Answer {
        self.ask(&Ask::count(act, count))
    }

    /// Ask without waiting for the answer: so several begin at the same moment.
    pub(crate) fn tell(&mut self, ask: &Ask) {
        let mut line = serde_json::to_string(ask).unwrap();
        line.push('\n');
        let told = self.asked.as_mut().unwrap().write_all(line.as_bytes());
        told.unwrap_or_else(|error| panic!("{} is gone: {error}", self.name));
    }

    pub(crate) fn answer(&mut self) -> Answer {
        self.read()
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self) -> T {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}: {line:?}", self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.asked.take());
        // It ends at the end of its input; one that does not is ended.
        for _ in 0..200 {
            if let Ok(Some(_)) = self.process.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A side whose round is so many of one act of a child.
pub(crate) struct Counted<'a> {
    pub(crate) child: &'a std::cell::RefCell<Child>,
    /// Done before, and not counted in the time: a redemption needs tokens.
    pub(crate) before: Option<&'a str>,
    pub(crate) act: &'a str,
    pub(crate) count: usize,
}

impl Side for Counted<'_> {
    fn name(&self) -> String {
        self.child.borrow().name().into()
    }

    fn round(&mut self) -> Sample {
        let mut child = self.child.borrow_mut();
        if let Some(before) = self.before {
            child.count(before, self.count);
        }
        let answer = child.count(self.act, self.count);
        Sample {
            p50: answer.p50,
            p99: answer.p99,
            worst: answer.worst,
            ..Sample::of(self.count, answer.seconds)
        }
    }
}
