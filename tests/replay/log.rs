//! What the recorder wrote down: every call that changed a file, every sync and every note, in their order.

use std::path::Path;

/// A file's number: its inode, which is another's only after the file is gone.
pub(crate) type FileNumber = u64;

/// Something that happened, and who did it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) process: u32,
    pub(crate) thread: u32,
    pub(crate) call: Call<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Call<'a> {
    Write { file: FileNumber, at: usize, bytes: &'a [u8] },
    Truncate { file: FileNumber, length: usize },
    SyncBegins { file: FileNumber },
    SyncEnds { file: FileNumber },
    Create { file: FileNumber, name: &'a str },
    Unlink { name: &'a str },
    Rename { from: &'a str, to: &'a str },
    Note(&'a str),
}

/// The bytes of a log.
pub(crate) struct Log(Vec<u8>);

impl Log {
    pub(crate) fn read(path: &Path) -> Self {
        Log(std::fs::read(path).unwrap())
    }

    /// All that happened. Fails if something did that the recorder does not understand.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let mut rest = &self.0[..];
        let mut entries = Vec::new();
        while !rest.is_empty() {
            entries.push(entry(&mut rest));
        }
        entries
    }
}

fn taken<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn number<const BYTES: usize>(rest: &mut &[u8]) -> usize {
    let mut wide = [0; 8];
    wide[..BYTES].copy_from_slice(taken(rest, BYTES));
    // The recorder writes in the machine's order, and only little-endian machines run these tests.
    usize::try_from(u64::from_le_bytes(wide)).unwrap()
}

/// One record, as `struct record` of `recorder.c` has it, with the name and the bytes behind it.
fn entry<'a>(rest: &mut &'a [u8]) -> Entry<'a> {
    let [kind, process, thread, name_length] = std::array::from_fn(|_| number::<4>(rest));
    let [file, at, length] = std::array::from_fn(|_| number::<8>(rest));
    let name = std::str::from_utf8(taken(rest, name_length)).unwrap();
    let bytes = taken(rest, length);
    let text = || std::str::from_utf8(bytes).unwrap();
    let file = file as FileNumber;
    let call = match kind {
        1 => Call::Write { file, at, bytes },
        2 => Call::Truncate { file, length: at },
        3 => Call::SyncBegins { file },
        4 => Call::SyncEnds { file },
        5 => Call::Create { file, name },
        6 => Call::Unlink { name },
        7 => Call::Rename { from: name, to: text() },
        8 => Call::Note(text()),
        _ => panic!("a call that the recorder does not understand: {name} on {}", text()),
    };
    let id = |number: usize| u32::try_from(number).unwrap();
    Entry { process: id(process), thread: id(thread), call }
}
