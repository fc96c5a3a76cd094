//! The power cuts: where, what the disk may hold then, and whether the store that opens is right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::dice::Dice;
use super::disk::Disk;
use super::ledger::Ledger;
use super::log::{Call, Entry};
use super::look::Look;
use super::notes::Note;
use super::recording::{Recording, STORE, lay_out};
use gatepass::Gatepass;

/// So much is told of what was wrong.
const MOST_TOLD: usize = 20;

/// What came of all cuts.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// How many disks were looked at.
    pub(crate) cuts: usize,
    /// In how many of them something was not synced, and so may have been missing.
    pub(crate) unsynced: usize,
    /// How many answers had been given before the last of them.
    pub(crate) answers: usize,
    /// On how many of them something was wrong.
    pub(crate) losses: usize,
    /// What, on the first few.
    pub(crate) wrong: Vec<String>,
}

/// A recording as far as it has been followed: the disk, and what was answered.
pub(crate) struct Followed<'a> {
    pub(crate) disk: Disk<'a>,
    pub(crate) ledger: Ledger<'a>,
    entries: Vec<Entry<'a>>,
    /// Whether the store was there before.
    existed: bool,
    done: usize,
    answers: usize,
}

impl<'a> Followed<'a> {
    /// From the beginning, of which the ledger knows what was answered before.
    pub(crate) fn new(recording: &'a Recording, ledger: Ledger<'a>) -> Self {
        let (disk, entries) = (recording.before(), recording.entries());
        let existed = disk.named(STORE).is_some();
        Followed { disk, ledger, entries, existed, done: 0, answers: 0 }
    }

    /// How many entries there are.
    pub(crate) fn length(&self) -> usize {
        self.entries.len()
    }

    /// Go on until so many entries are done.
    pub(crate) fn to(&mut self, moment: usize) {
        while self.done < moment {
            self.step();
        }
    }

    /// One entry more; the note that it was, if it was one.
    fn step(&mut self) -> Option<Note<'a>> {
        let entry = self.entries[self.done];
        self.done += 1;
        self.disk.apply(&entry);
        let Call::Note(text) = entry.call else { return None };
        let note = Note::parse(text);
        self.answers += usize::from(note.done);
        self.ledger.take(note);
        Some(note)
    }
}

/// Look at every answer of a recording alone, on a disk that has kept nothing but what is certain when it is
/// given.
pub(crate) fn at_each_answer(recording: &Recording) -> Verdict {
    let mut verdict = Verdict::default();
    let scratch = scratch();
    let mut followed = Followed::new(recording, Ledger::default());
    let mut open: Option<(usize, gatepass::Result<Gatepass>, tempfile::TempDir)> = None;
    while followed.done < followed.length() {
        let Some(note) = followed.step().filter(|note| note.done) else { continue };
        if open.as_ref().is_none_or(|(kept, ..)| *kept != followed.disk.kept()) {
            let folder = tempfile::tempdir_in(scratch.path()).unwrap();
            let path = laid_out(folder.path(), &followed.disk.barest());
            open = Some((followed.disk.kept(), Gatepass::open(path), folder));
            verdict.cuts += 1;
        }
        let wrong = match &open {
            Some((_, Ok(gate), _)) => followed.ledger.wrong_of(gate, note.kind, note.name),
            Some((_, Err(error), _)) => Some(format!("it does not open: {error}")),
            None => None,
        };
        verdict.losses += usize::from(wrong.is_some());
        verdict.wrong.extend(wrong.filter(|_| verdict.wrong.len() < MOST_TOLD));
    }
    verdict.answers = followed.answers;
    verdict
}

/// Cut the power at so many random moments of a recording, before which the ledger says what was answered.
pub(crate) fn cut<'a>(
    recording: &'a Recording,
    ledger: Ledger<'a>,
    cuts: usize,
    look: Look,
    dice: &mut Dice,
) -> Verdict {
    let mut verdict = Verdict::default();
    let scratch = scratch();
    let mut followed = Followed::new(recording, ledger);
    for moment in moments(&followed.entries, cuts, dice) {
        followed.to(moment);
        let wrong = wrong_after(scratch.path(), &followed, look, dice);
        verdict.cuts += 1;
        verdict.unsynced += usize::from(followed.disk.is_unsynced());
        verdict.losses += usize::from(!wrong.is_empty());
        if verdict.wrong.len() < MOST_TOLD {
            verdict.wrong.extend(wrong.into_iter().map(|what| format!("after {moment} entries: {what}")));
        }
    }
    verdict.answers = followed.answers;
    verdict
}

/// After how many entries the power fails: anywhere, just after an answer, and around what is rare.
fn moments(entries: &[Entry<'_>], cuts: usize, dice: &mut Dice) -> Vec<usize> {
    let places = |wanted: fn(&Call<'_>) -> bool| -> Vec<usize> {
        (0..entries.len()).filter(|at| wanted(&entries[*at].call)).collect()
    };
    let answers = places(|call| matches!(call, Call::Note(text) if text.starts_with("done")));
    let rare = places(|call| match call {
        Call::Write { at, bytes, .. } => *at == 0 || bytes.len() > 1024 && at % 1024 == 0,
        Call::Truncate { .. } | Call::Create { .. } | Call::Unlink { .. } | Call::Rename { .. } => true,
        _ => false,
    });
    let mut moments: Vec<usize> = (0..cuts)
        .map(|_| match dice.below(4) {
            0 if !answers.is_empty() => answers[dice.below(answers.len())] + 1,
            1 if !rare.is_empty() => (rare[dice.below(rare.len())] + dice.below(5)).saturating_sub(1),
            _ => dice.below(entries.len() + 1),
        })
        .map(|moment| moment.min(entries.len()))
        .collect();
    moments.sort_unstable();
    moments
}

/// A folder where a sync costs nothing, if there is one.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// What is wrong with the store on a disk as the power cut may have left it.
fn wrong_after(scratch: &Path, followed: &Followed<'_>, look: Look, dice: &mut Dice) -> Vec<String> {
    let Followed { disk, ledger, existed, .. } = followed;
    let folder = tempfile::tempdir_in(scratch).unwrap();
    let path = laid_out(folder.path(), &disk.after_power_cut(dice));
    if !path.exists() && !existed && !ledger.was_told(1, "store", STORE) {
        // Not made yet, or not for certain.
        return Vec::new();
    }
    look.at(&path, |gate| ledger.wrong(gate, dice))
}

fn laid_out(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> PathBuf {
    lay_out(folder, files);
    folder.join(STORE)
}
