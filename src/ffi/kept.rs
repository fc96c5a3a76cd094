//! Stores that a process keeps open from one request to the next, for hosts whose own objects die in between,
//! as in PHP.
//!
//! A kept store is found again by the file at its path (device and inode) and by the options it was opened
//! with. One that can't be used any more, since its file was replaced, is let go and opened anew. The list
//! belongs to the process, like the handles: a child of a fork begins with none.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::options::Chosen;
use crate::error::Result;
use crate::gatepass::Gatepass;
use crate::sys::{self, FileId};

/// So many stay open; beyond that the one that was asked for longest ago is let go. The actor is an option, so
/// there may be as many ways to open one store as there are actors.
const MOST: usize = 16;

struct Kept {
    file: FileId,
    chosen: Chosen,
    gate: Arc<Gatepass>,
}

/// The kept stores of one process, the one that was asked for longest ago first.
#[derive(Default)]
pub(super) struct KeptStores(Mutex<Vec<Kept>>);

impl KeptStores {
    /// The kept store of that path and those options, opened now if there is none.
    pub(super) fn open(&self, path: &Path, chosen: Chosen) -> Result<Arc<Gatepass>> {
        // Held while a store is opened, so that threads that begin together open it once.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = sys::file_id(path).ok();
        let found = kept.iter().position(|entry| Some(entry.file) == file && entry.chosen == chosen);
        if let Some(found) = found {
            let entry = kept.remove(found);
            if entry.gate.usable().is_ok() {
                let gate = Arc::clone(&entry.gate);
                kept.push(entry);
                return Ok(gate);
            }
        }
        // What can't be used any more would stay open for ever, and SQLite shares what it knows of a file
        // among its handles.
        kept.retain(|entry| entry.gate.usable().is_ok());
        let gate = Arc::new(chosen.options()?.open(path)?);
        if let Ok(file) = sys::file_id(path) {
            if kept.len() >= MOST {
                kept.remove(0);
            }
            kept.push(Kept { file, chosen, gate: Arc::clone(&gate) });
        }
        Ok(gate)
    }
}
