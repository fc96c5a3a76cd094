//! A disk that forgets: what may stand on it after a power cut, from what was written and synced before.
//!
//! The model is stricter than ext4, XFS or any disk that honours a flush:
//!
//! - What was written to a file before a sync of it **began** is there once that sync has **ended**. Nothing
//!   else makes it so: not time, not a later write, not the sync of another file or of the folder.
//! - Of all other writes and truncations of a file any subset may be there, each write as a whole, in part
//!   (sectors of 512 bytes, at their true places), or not at all. They are independent of one another, of
//!   those of other files, and of names.
//! - Where a file has grown over something that was not kept, there is zero or rubbish, and it may have grown
//!   without any of its new content.
//! - A name that was made, renamed or removed is so after a sync of the **folder**; before that any subset
//!   may be. A sync of the file itself does not keep its name, though on ext4 it does.
//! - A sync that had not ended has kept nothing.
//!
//! Rights and owners of files are not part of it, nor is a disk that breaks sectors which nobody writes.

use std::collections::{BTreeMap, HashMap};

use super::dice::Dice;
use super::fate::{Fate, SECTOR, parts};
use super::log::{Call, Entry, FileNumber};

/// A change of a file that is not synced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unsynced<'a> {
    /// Which entry of the log it was.
    serial: usize,
    /// Who made it.
    pub(crate) process: u32,
    change: Change<'a>,
}

impl Unsynced<'_> {
    /// Whether something was written, and not cut off.
    pub(crate) fn is_write(&self) -> bool {
        matches!(self.change, Change::Write { .. })
    }
}

#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Write { at: usize, bytes: &'a [u8] },
    Truncate(usize),
}

/// A file: what is certainly on the disk, what may be, and what its readers see.
#[derive(Debug, Clone, Default)]
pub(crate) struct File<'a> {
    pub(crate) durable: Vec<u8>,
    pub(crate) unsynced: Vec<Unsynced<'a>>,
    pub(crate) seen: Vec<u8>,
}

/// A change of the folder that is not synced.
#[derive(Debug, Clone)]
struct Naming {
    serial: usize,
    set: Option<(String, usize)>,
    removed: Option<String>,
}

/// One folder and its files.
#[derive(Debug, Clone)]
pub(crate) struct Disk<'a> {
    folder: FileNumber,
    /// Every file that ever was: its name may be back after a power cut.
    files: Vec<File<'a>>,
    /// Which of them has a number now.
    numbered: HashMap<FileNumber, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<Naming>,
    names: BTreeMap<String, usize>,
    /// Syncs that have begun, by thread and file.
    begun: HashMap<(u32, FileNumber), usize>,
    serial: usize,
    /// When the last sync ended that kept something.
    kept: usize,
}

fn apply(content: &mut Vec<u8>, change: Change<'_>) {
    match change {
        Change::Truncate(length) => content.resize(length, 0),
        Change::Write { at, bytes } => {
            content.resize(content.len().max(at + bytes.len()), 0);
            content[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

impl File<'_> {
    fn after_power_cut(&self, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.durable.clone();
        let fate = Fate::draw(dice, self.unsynced.len());
        let rubbish = dice.percent(30).then(|| u8::try_from(dice.below(255) + 1).unwrap());
        let grow = |content: &mut Vec<u8>, length: usize| {
            let old = content.len();
            content.resize(old.max(length), rubbish.unwrap_or(0));
        };
        for (place, unsynced) in self.unsynced.iter().enumerate() {
            match unsynced.change {
                Change::Write { at, bytes } if matches!(fate, Fate::Torn(_)) => {
                    for (at, part) in
                        parts(at, bytes, SECTOR).filter(|_| fate.keeps(place, dice)).collect::<Vec<_>>()
                    {
                        grow(&mut content, at);
                        apply(&mut content, Change::Write { at, bytes: part });
                    }
                }
                _ if !fate.keeps(place, dice) => {}
                Change::Write { at, bytes } => {
                    grow(&mut content, at);
                    apply(&mut content, Change::Write { at, bytes });
                }
                Change::Truncate(length) => apply(&mut content, Change::Truncate(length)),
            }
        }
        if matches!(fate, Fate::Torn(_)) && dice.percent(30) {
            grow(&mut content, self.seen.len());
        }
        content
    }
}

impl<'a> Disk<'a> {
    /// A folder whose files are all synced.
    pub(crate) fn new(folder: FileNumber, files: Vec<(String, FileNumber, Vec<u8>)>) -> Self {
        let mut disk = Disk {
            folder,
            files: Vec::new(),
            numbered: HashMap::new(),
            durable_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            names: BTreeMap::new(),
            begun: HashMap::new(),
            serial: 0,
            kept: 0,
        };
        for (name, number, content) in files {
            disk.numbered.insert(number, disk.files.len());
            disk.durable_names.insert(name, disk.files.len());
            disk.files.push(File { durable: content.clone(), unsynced: Vec::new(), seen: content });
        }
        disk.names = disk.durable_names.clone();
        disk
    }

    /// The file of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&File<'a>> {
        Some(&self.files[*self.names.get(name)?])
    }

    /// Whether the file of that name has this number.
    pub(crate) fn is_named(&self, number: FileNumber, name: &str) -> bool {
        self.names.get(name).is_some_and(|file| self.numbered.get(&number) == Some(file))
    }

    /// Every file with its content as all see it now.
    pub(crate) fn seen(&self) -> BTreeMap<String, Vec<u8>> {
        self.names.iter().map(|(name, file)| (name.clone(), self.files[*file].seen.clone())).collect()
    }

    /// Whether something may be missing after a power cut.
    pub(crate) fn is_unsynced(&self) -> bool {
        !self.unsynced_names.is_empty() || self.files.iter().any(|file| !file.unsynced.is_empty())
    }

    /// Do what the log says was done.
    pub(crate) fn apply(&mut self, entry: &Entry<'a>) {
        self.serial += 1;
        match entry.call {
            Call::Write { file, at, bytes } => self.change(file, entry.process, Change::Write { at, bytes }),
            Call::Truncate { file, length } => self.change(file, entry.process, Change::Truncate(length)),
            Call::SyncBegins { file } => drop(self.begun.insert((entry.thread, file), self.serial)),
            Call::SyncEnds { file } => {
                let begun =
                    self.begun.remove(&(entry.thread, file)).expect("no sync ends that has not begun");
                self.keep(file, begun);
            }
            Call::Create { file, name } => {
                self.numbered.insert(file, self.files.len());
                self.name(Some((name.to_owned(), self.files.len())), None);
                self.files.push(File::default());
            }
            Call::Unlink { name } => self.name(None, Some(name.to_owned())),
            Call::Rename { from, to } => {
                let file = self.names[from];
                self.name(Some((to.to_owned(), file)), Some(from.to_owned()));
            }
            Call::Note(_) => {}
        }
    }

    fn numbered(&mut self, number: FileNumber) -> &mut File<'a> {
        let place = self.numbered.get(&number).expect("what was written or synced was there or was made");
        &mut self.files[*place]
    }

    fn change(&mut self, file: FileNumber, process: u32, change: Change<'a>) {
        let serial = self.serial;
        let file = self.numbered(file);
        apply(&mut file.seen, change);
        file.unsynced.push(Unsynced { serial, process, change });
    }

    fn name(&mut self, set: Option<(String, usize)>, removed: Option<String>) {
        let naming = Naming { serial: self.serial, set, removed };
        naming.apply(&mut self.names);
        self.unsynced_names.push(naming);
    }

    /// What was done before `begun` is on the disk.
    fn keep(&mut self, file: FileNumber, begun: usize) {
        self.kept = self.serial;
        if file == self.folder {
            for naming in self.unsynced_names.extract_if(.., |naming| naming.serial < begun) {
                naming.apply(&mut self.durable_names);
            }
            return;
        }
        let file = self.numbered(file);
        for unsynced in file.unsynced.extract_if(.., |unsynced| unsynced.serial < begun) {
            apply(&mut file.durable, unsynced.change);
        }
    }

    /// When what is certainly on the disk was last changed; how many entries that was after the beginning.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// What is certainly on the disk.
    pub(crate) fn barest(&self) -> BTreeMap<String, Vec<u8>> {
        let content = |file: &usize| self.files[*file].durable.clone();
        self.durable_names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// What may be found after a power cut at this moment: names and contents.
    pub(crate) fn after_power_cut(&self, dice: &mut Dice) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.durable_names.clone();
        let fate = Fate::draw(dice, self.unsynced_names.len());
        for (place, naming) in self.unsynced_names.iter().enumerate() {
            if fate.keeps(place, dice) {
                naming.apply(&mut names);
            }
        }
        names.into_iter().map(|(name, file)| (name, self.files[file].after_power_cut(dice))).collect()
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(removed) = &self.removed {
            names.remove(removed);
        }
        if let Some((name, file)) = &self.set {
            names.insert(name.clone(), *file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: FileNumber = 1;
    const FILE: FileNumber = 2;

    fn disk<'a>(calls: &[Call<'a>]) -> Disk<'a> {
        let mut disk = Disk::new(FOLDER, vec![("old".to_owned(), FILE, b"0123456789".to_vec())]);
        calls.iter().for_each(|call| disk.apply(&Entry { process: 1, thread: 1, call: *call }));
        disk
    }

    fn written(at: usize, bytes: &[u8]) -> Call<'_> {
        Call::Write { file: FILE, at, bytes }
    }

    /// Everything that may be found under that name in many power cuts; `None` where the name is not there.
    fn found(disk: &Disk<'_>, name: &str) -> Vec<Option<Vec<u8>>> {
        let mut dice = Dice::new(7);
        let mut found: Vec<_> = (0..300).map(|_| disk.after_power_cut(&mut dice).remove(name)).collect();
        found.sort();
        found.dedup();
        found
    }

    fn texts(many: &[&str]) -> Vec<Option<Vec<u8>>> {
        many.iter().map(|text| Some(text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_sync_keeps_what_was_written_before_it_began_once_it_has_ended() {
        let (begins, ends) = (Call::SyncBegins { file: FILE }, Call::SyncEnds { file: FILE });
        let both = ["0123456789", "ab23456789"];
        assert_eq!(found(&disk(&[written(0, b"ab")]), "old"), texts(&both));
        assert_eq!(found(&disk(&[written(0, b"ab"), begins]), "old"), texts(&both));
        assert_eq!(found(&disk(&[written(0, b"ab"), begins, ends]), "old"), texts(&both[1..]));
        assert_eq!(found(&disk(&[begins, written(0, b"ab"), ends]), "old"), texts(&both));
        let folder = [Call::SyncBegins { file: FOLDER }, Call::SyncEnds { file: FOLDER }];
        assert_eq!(found(&disk(&[written(0, b"ab"), folder[0], folder[1]]), "old"), texts(&both));
    }

    #[test]
    fn of_what_is_not_synced_any_part_may_be_there() {
        let three = disk(&[written(0, b"a"), written(1, b"b"), written(2, b"c")]);
        let each = ["0", "a"].map(|a| ["1", "b"].map(|b| ["2", "c"].map(|c| format!("{a}{b}{c}3456789"))));
        let mut all: Vec<_> =
            each.into_iter().flatten().flatten().map(|text| Some(text.into_bytes())).collect();
        all.sort();
        assert_eq!(found(&three, "old"), all);
        let cut = disk(&[Call::Truncate { file: FILE, length: 2 }]);
        assert_eq!(found(&cut, "old"), texts(&["01", "0123456789"]));
    }

    #[test]
    fn a_write_may_be_torn_where_its_sectors_meet() {
        let long = [b'x'; 1500];
        let torn = disk(&[written(100, &long)]);
        // Its second sector without the first, and the other way round.
        let is = |content: &Option<Vec<u8>>, at: usize| content.as_ref().unwrap().get(at) == Some(&b'x');
        let all = found(&torn, "old");
        assert!(all.iter().any(|content| is(content, 600) && !is(content, 300)));
        assert!(all.iter().any(|content| is(content, 300) && !is(content, 600)));
    }

    #[test]
    fn a_name_is_certain_after_a_sync_of_the_folder_alone() {
        let made = Call::Create { file: 3, name: "new" };
        let synced = |file| [Call::SyncBegins { file }, Call::SyncEnds { file }];
        let (own, folder) = (synced(3), synced(FOLDER));
        assert_eq!(found(&disk(&[made]), "new"), [None, Some(Vec::new())]);
        assert_eq!(found(&disk(&[made, own[0], own[1]]), "new"), [None, Some(Vec::new())]);
        assert_eq!(found(&disk(&[made, folder[0], folder[1]]), "new"), [Some(Vec::new())]);
        let gone = Call::Unlink { name: "old" };
        assert_eq!(found(&disk(&[gone]), "old").len(), 2);
        assert_eq!(found(&disk(&[gone, folder[0], folder[1]]), "old"), [None]);
        let moved = Call::Rename { from: "old", to: "new" };
        assert_eq!(found(&disk(&[moved, folder[0], folder[1]]), "new"), texts(&["0123456789"]));
    }
}
