//! What a disk was told, in order, and what may stand on it after a power cut.
//!
//! QEMU's `blklogwrites` writes each request behind the others once it is done, in the format of the kernel's
//! `dm-log-writes`. What was written before a flush is on the disk when the flush is done. Of what was written
//! since, any part may be: each write as a whole, in blocks, or not at all.
//!
//! Of two requests that ran at once the log tells only which was done first, so a write that was done while a
//! flush was under way counts as flushed. (`tests/replay` is stricter, on the level of calls.)

use super::dice::Dice;
use super::fate::{Fate, SECTOR, parts};

/// What a disk writes as a whole. ext4 itself does not survive half of a superblock.
const BLOCK: usize = 4096;

/// What the disk was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    Write { at: usize, bytes: &'a [u8] },
    Flush,
}

const FLUSH: u64 = 1;
const FORCED: u64 = 2;
const DISCARD: u64 = 4;

/// All requests of a log. The last may be cut off where the machine ended.
pub(crate) fn requests(log: &[u8]) -> Vec<Request<'_>> {
    let mut requests = Vec::new();
    let mut rest = log.get(SECTOR..).unwrap_or_default();
    while rest.len() >= SECTOR {
        let [sector, sectors, flags, _] = std::array::from_fn(|place| number(&rest[place * 8..]));
        let length = usize::try_from(sectors).unwrap() * SECTOR;
        // QEMU makes the file longer than what stands in it.
        if (sectors == 0 && flags & FLUSH == 0) || rest.len() < SECTOR + length {
            break;
        }
        assert_eq!(flags & DISCARD, 0, "nothing is discarded here");
        let (bytes, behind) = rest[SECTOR..].split_at(length);
        if flags & FLUSH != 0 {
            requests.push(Request::Flush);
        }
        if !bytes.is_empty() {
            requests.push(Request::Write { at: usize::try_from(sector).unwrap() * SECTOR, bytes });
        }
        if flags & FORCED != 0 {
            requests.push(Request::Flush);
        }
        rest = behind;
    }
    requests
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().unwrap())
}

/// Whether flushes do what they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flushes {
    Heard,
    /// A broken disk, which must be caught.
    Ignored,
}

/// A disk: what is on it for certain, and what may be.
pub(crate) struct Disk<'a> {
    certain: Vec<u8>,
    unflushed: Vec<(usize, &'a [u8])>,
    flushes: Flushes,
}

impl<'a> Disk<'a> {
    pub(crate) fn new(certain: Vec<u8>, flushes: Flushes) -> Self {
        Disk { certain, unflushed: Vec::new(), flushes }
    }

    pub(crate) fn apply(&mut self, request: Request<'a>) {
        match request {
            Request::Write { at, bytes } => self.unflushed.push((at, bytes)),
            Request::Flush if self.flushes == Flushes::Ignored => {}
            Request::Flush => {
                for (at, bytes) in self.unflushed.drain(..) {
                    self.certain[at..at + bytes.len()].copy_from_slice(bytes);
                }
            }
        }
    }

    pub(crate) fn is_unflushed(&self) -> bool {
        !self.unflushed.is_empty()
    }

    /// What may be found after a power cut at this moment.
    pub(crate) fn after_power_cut(&self, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.certain.clone();
        let fate = Fate::draw(dice, self.unflushed.len());
        let torn = matches!(fate, Fate::Torn(_));
        for (place, (at, bytes)) in self.unflushed.iter().enumerate() {
            let mut keep = |at: usize, bytes: &[u8]| {
                if fate.keeps(place, dice) {
                    content[at..at + bytes.len()].copy_from_slice(bytes);
                }
            };
            match torn {
                true => parts(*at, bytes, BLOCK).for_each(|(at, part)| keep(at, part)),
                false => keep(*at, bytes),
            }
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [u8; SECTOR] = [b'a'; SECTOR];
    const B: [u8; 2 * SECTOR] = [b'b'; 2 * SECTOR];

    fn entry(sector: u64, bytes: &[u8], flags: u64) -> Vec<u8> {
        let length = u64::try_from(bytes.len()).unwrap();
        let head = [sector, length / 512, flags, 0].map(u64::to_le_bytes).concat();
        let mut entry = [&head[..], &[0; SECTOR - 32]].concat();
        entry.extend_from_slice(bytes);
        entry
    }

    fn found(disk: &Disk<'_>) -> Vec<String> {
        let mut dice = Dice::new(7);
        let first_of_each =
            |content: Vec<u8>| content.chunks(SECTOR).map(|sector| sector[0] as char).collect();
        let mut found: Vec<String> =
            (0..300).map(|_| first_of_each(disk.after_power_cut(&mut dice))).collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn a_log_is_read_up_to_where_the_machine_ended() {
        let whole = [vec![0; SECTOR], entry(3, &A, 0), entry(0, &[], FLUSH), entry(1, &B, FLUSH | FORCED)];
        let (a, b) = (Request::Write { at: 3 * SECTOR, bytes: &A }, Request::Write { at: SECTOR, bytes: &B });
        let all = [a, Request::Flush, Request::Flush, b, Request::Flush];
        let log = whole.concat();
        assert_eq!(requests(&log), all);
        assert_eq!(requests(&[&log[..], &[0; 3 * SECTOR]].concat()), all);
        assert_eq!(requests(&log[..log.len() - 1]), all[..2]);
        assert_eq!(requests(&log[..100]), []);
    }

    #[test]
    fn a_write_may_be_torn_where_its_blocks_meet() {
        let long = [b'x'; 3 * BLOCK];
        let mut disk = Disk::new(vec![b'-'; 4 * BLOCK], Flushes::Heard);
        disk.apply(Request::Write { at: SECTOR, bytes: &long });
        let found = found(&disk);
        let has = |from: usize, text: &str| found.iter().any(|found| found[from..].starts_with(text));
        assert!(has(7, "-x") && has(7, "x-"), "{found:?}");
        assert!(!has(1, "-x") && !has(1, "x-") && !has(9, "-x") && !has(9, "x-"), "{found:?}");
    }

    #[test]
    fn a_flush_makes_certain_what_was_written_before_it_and_nothing_else_does() {
        let requests =
            [Request::Write { at: 0, bytes: &A }, Request::Flush, Request::Write { at: SECTOR, bytes: &B }];
        let after = |count: usize, flushes| {
            let mut disk = Disk::new(vec![b'-'; 3 * SECTOR], flushes);
            requests[..count].iter().for_each(|request| disk.apply(*request));
            found(&disk)
        };
        assert_eq!(after(1, Flushes::Heard), ["---", "a--"]);
        assert_eq!(after(2, Flushes::Heard), ["a--"]);
        assert_eq!(after(3, Flushes::Heard), ["a--", "abb"]);
        assert_eq!(after(2, Flushes::Ignored), ["---", "a--"]);
    }
}
