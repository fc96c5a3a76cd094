//! The order of the calls around a checkpoint and the log's beginning anew, and before an answer.
//!
//! 1. The database is written only from what is synced in the log: each page that a checkpoint writes stands
//!    in a synced, committed frame of the log.
//! 2. The log is overwritten from its beginning, cut or deleted only when all of it is synced in the
//!    database.
//! 3. An act that must survive is answered only when nothing that its process wrote to the log is unsynced.

use std::collections::HashMap;

use super::disk::{Disk, File};
use super::log::{Call, Entry};
use super::notes::Note;
use super::recording::STORE;

/// What was looked at, and what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) pages_written_back: usize,
    pub(crate) logs_begun_anew: usize,
    pub(crate) answers: usize,
    pub(crate) wrong: Vec<String>,
}

const WAL: &str = "gatepass.db-wal";
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Look at all entries of a recording of a store.
pub(crate) fn order<'a>(entries: &[Entry<'a>], mut disk: Disk<'a>) -> Order {
    let mut order = Order::default();
    for (at, entry) in entries.iter().enumerate() {
        let wrong = match entry.call {
            Call::Write { file, at, bytes } if disk.is_named(file, STORE) => {
                order.pages_written_back += 1;
                written_back(&disk, at, bytes)
            }
            Call::Write { file, at: 0, .. } | Call::Truncate { file, .. } if disk.is_named(file, WAL) => {
                begun_anew(&disk, &mut order)
            }
            Call::Unlink { name: WAL } => begun_anew(&disk, &mut order),
            Call::Note(text) => answered(&disk, entry.process, Note::parse(text), &mut order),
            _ => None,
        };
        order.wrong.extend(wrong.map(|what| format!("entry {at}: {what}")));
        disk.apply(entry);
    }
    order
}

fn written_back(disk: &Disk<'_>, at: usize, bytes: &[u8]) -> Option<String> {
    let synced = disk.named(WAL).map(|log| Frames::of(&log.durable)).unwrap_or_default();
    let number = at / bytes.len() + 1;
    let known = synced.committed.iter().any(|frame| frame.page == number && frame.content == bytes);
    (!known)
        .then(|| format!("page {number} is written to the database, but is in no synced commit of the log"))
}

fn begun_anew(disk: &Disk<'_>, order: &mut Order) -> Option<String> {
    let (log, database) = (disk.named(WAL)?, disk.named(STORE)?);
    let frames = Frames::of(&log.seen);
    // Of each page the last counts.
    let pages: HashMap<usize, Frame<'_>> =
        frames.committed.iter().map(|frame| (frame.page, *frame)).collect();
    if pages.is_empty() {
        return None;
    }
    order.logs_begun_anew += 1;
    if !database.unsynced.is_empty() {
        return Some("the log goes while the database is not synced".to_owned());
    }
    // A page past the end was given up by a later commit.
    let there = |frame: &Frame<'_>| {
        let from = (frame.page - 1) * frame.content.len();
        frame.page > frames.pages
            || database.durable.get(from..).is_some_and(|rest| rest.starts_with(frame.content))
    };
    let missing = pages.values().find(|frame| !there(frame))?;
    Some(format!("the log goes, and page {} of it is not in the database", missing.page))
}

fn answered(disk: &Disk<'_>, process: u32, note: Note<'_>, order: &mut Order) -> Option<String> {
    // A backup is a file of its own, written without the log.
    if !note.done || note.kind == "backup" {
        return None;
    }
    order.answers += 1;
    // That the log was cut may be lost: rule 2 sees to it that it is all in the database then.
    let unsynced =
        |log: &File<'_>| log.unsynced.iter().any(|change| change.process == process && change.is_write());
    disk.named(WAL).is_some_and(unsynced).then(|| format!("{} {} is answered unsynced", note.kind, note.rung))
}

/// A page as a commit wrote it to the log.
#[derive(Debug, Clone, Copy)]
struct Frame<'a> {
    page: usize,
    content: &'a [u8],
}

/// The committed frames of a log, in order.
#[derive(Debug, Default)]
struct Frames<'a> {
    committed: Vec<Frame<'a>>,
    /// How many pages the database has after the last commit.
    pages: usize,
}

impl<'a> Frames<'a> {
    fn of(log: &'a [u8]) -> Self {
        let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap()) as usize;
        if log.len() < HEADER {
            return Self::default();
        }
        let page_size = number(8);
        let (mut frames, mut committed, mut pages) = (Vec::new(), 0, 0);
        let mut at = HEADER;
        // The salts tell this log's frames from those of the one before it, which are still behind them.
        while at + FRAME_HEADER + page_size <= log.len() && log[at + 8..at + 16] == log[16..24] {
            let content = &log[at + FRAME_HEADER..at + FRAME_HEADER + page_size];
            frames.push(Frame { page: number(at), content });
            if number(at + 4) != 0 {
                (committed, pages) = (frames.len(), number(at + 4));
            }
            at += FRAME_HEADER + page_size;
        }
        frames.truncate(committed);
        Frames { committed: frames, pages }
    }
}
