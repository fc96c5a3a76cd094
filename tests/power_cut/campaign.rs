//! Every power cut of `tests/long/power-cut`, and those that must be noticed.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::block_log::{Disk, Flushes, Request, requests};
use super::common::{Place, person};
use super::dice::Dice;
use super::image;
use super::ledger::Ledger;
use super::look::Look;
use super::machine::Machine;
use super::notes::Note;
use gatepass::Gatepass;
use gatepass::directory::Mode;

/// Who acts: so many processes of so many threads.
const CASTS: [(u64, u64); 3] = [(1, 1), (1, 8), (4, 1)];

/// So many lives has a store: each begins with what the last cut left, as the machine's own kernel brings it
/// back.
const LIVES: usize = 3;

/// A life ends so many milliseconds after the first act has begun, at the latest.
const LONGEST: usize = 4_000;

/// Of so many of a hundred lives the power is cut while the store is still being opened.
const EARLY: usize = 15;

/// So much is told of what was wrong in one life.
const MOST_TOLD: usize = 10;

/// Cuts of one kind.
struct Series<'a> {
    name: &'a str,
    durability: &'a str,
    /// Options of the mount.
    mount: &'a str,
    /// Whether the machine syncs what it is asked to.
    synced: bool,
    flushes: Flushes,
    cuts: usize,
    /// How many moments of each life are looked at beside its end.
    points: usize,
}

/// What came of them.
#[derive(Default)]
struct Verdict {
    answers: usize,
    /// Of those answers that had to survive, how many were not there after the machine was killed.
    lost: usize,
    /// How many killed machines had lost something, or whose store was not whole.
    bad_cuts: usize,
    points: usize,
    unflushed: usize,
    bad_points: usize,
    wrong: Vec<String>,
}

/// The words: how many cuts for each durability, how many moments of each life, options of the mount, the
/// kernel and its modules.
pub(crate) fn run(words: &[String]) {
    let [cuts, points, mount, kernel, modules] = words else { panic!("{words:?}") };
    let [cuts, points]: [usize; 2] = [cuts, points].map(|word| word.parse().unwrap());
    let begun = Instant::now();
    let mut dice = Dice::new(Dice::seed());
    let scratch = tempfile::tempdir().unwrap();
    let machine = Machine::ready(scratch.path(), Path::new(kernel), Path::new(modules));
    println!("the machine stands ready after {:.0?}", begun.elapsed());

    let fewer = (cuts / 5).max(2);
    let sound =
        Series { name: "", durability: "", mount, synced: true, flushes: Flushes::Heard, cuts, points };
    let all = [
        Series { name: "durability redeem", durability: "redeem", ..sound },
        Series { name: "durability full", durability: "full", ..sound },
        Series { name: "control: syncs do nothing", durability: "full", synced: false, cuts: fewer, ..sound },
        Series {
            name: "control: the disk's flushes do nothing",
            durability: "full",
            flushes: Flushes::Ignored,
            cuts: fewer,
            ..sound
        },
    ];
    let mut good = true;
    let verdicts = all.map(|series| {
        let verdict = series.play(&machine, scratch.path(), &mut dice);
        let as_it_should_be = series.is_as_it_should_be(&verdict);
        good &= as_it_should_be;
        (series, verdict, as_it_should_be)
    });
    println!();
    for (series, verdict, as_it_should_be) in &verdicts {
        println!("{} {}", if *as_it_should_be { "ok " } else { "BAD" }, series.summary(verdict));
    }
    println!("took {:.0?}", begun.elapsed());
    if !good {
        println!("kept in {}", scratch.keep().display());
    }
    assert!(good, "not as it should be; see above");
}

impl Series<'_> {
    fn is_control(&self) -> bool {
        !self.synced || self.flushes == Flushes::Ignored
    }

    fn is_as_it_should_be(&self, verdict: &Verdict) -> bool {
        let said_enough = verdict.answers >= self.cuts && (self.points == 0 || verdict.unflushed > 0);
        let nothing_lost = verdict.bad_cuts == 0 && verdict.bad_points == 0;
        said_enough
            && match (self.synced, self.flushes) {
                (true, Flushes::Heard) => nothing_lost,
                (true, Flushes::Ignored) => verdict.bad_points > 0,
                (false, _) => verdict.lost > 0,
            }
    }

    fn summary(&self, verdict: &Verdict) -> String {
        format!(
            "{}: {} machines killed after {} answers: {} answers lost, in {} of them; the disk cut at {} moments \
             more, {} of them with something unflushed: wrong at {}",
            self.name,
            self.cuts,
            verdict.answers,
            verdict.lost,
            verdict.bad_cuts,
            verdict.points,
            verdict.unflushed,
            verdict.bad_points
        )
    }

    fn play(&self, machine: &Machine, scratch: &Path, dice: &mut Dice) -> Verdict {
        let mut verdict = Verdict::default();
        let disk = scratch.join("disk");
        let mut told = Vec::new();
        for cut in 0..self.cuts {
            let begun = Instant::now();
            // A store that has lost something would lose it again each time.
            let lives = if self.is_control() { 1 } else { LIVES };
            let life = cut % lives;
            if life == 0 {
                self.new_store(&disk);
                told.clear();
            }
            let before = (verdict.lost, verdict.bad_cuts, verdict.bad_points);
            let cast = CASTS[cut / lives % CASTS.len()];
            image::without_notes(&disk);
            let system = image::system(&disk);
            let time = self.live(machine, &disk, cast, life, dice);
            let noted = image::notes(&disk);
            self.look_at_the_end(&disk, &told, &noted, scratch, &mut verdict);
            let log = std::fs::read(machine.log()).unwrap();
            self.look_at_moments(system, &log, &told, scratch, dice, &mut verdict);
            println!(
                "{}, cut {} of {}: {} process(es) of {} thread(s), life {}, {} notes in {:.1?}: {} answers lost, \
                 {} machines and {} moments wrong; {:.1?}",
                self.name,
                cut + 1,
                self.cuts,
                cast.0,
                cast.1,
                life + 1,
                noted.len(),
                time,
                verdict.lost - before.0,
                verdict.bad_cuts - before.1,
                verdict.bad_points - before.2,
                begun.elapsed()
            );
            for wrong in verdict.wrong.drain(..).filter(|_| !self.is_control()) {
                println!("  {wrong}");
            }
            told.extend(noted);
        }
        verdict
    }

    /// A disk with a new store on it.
    fn new_store(&self, disk: &Path) {
        let place = Place::new();
        let gate = place.init(Mode::Managed);
        person(&gate, "ann@example.com");
        gate.set_setting("autoauth_enabled", true.into()).unwrap();
        gate.set_setting("durability", self.durability.into()).unwrap();
        gate.add_admin("owner", None).unwrap();
        drop(gate);
        image::make(disk, place.folder.path());
    }

    /// Let them act, and cut the power; how long they acted.
    fn live(
        &self,
        machine: &Machine,
        disk: &Path,
        cast: (u64, u64),
        life: usize,
        dice: &mut Dice,
    ) -> Duration {
        let (processes, threads) = cast;
        let mut running = machine.live(disk);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        running.tell(&format!("date -s @{now} >/dev/null"));
        running
            .tell(&format!("insmod /modules/virtio_blk.ko; mount -t ext4 -o {} /dev/vda /disk", self.mount));
        let store = format!("/disk/{}/{}", image::FOLDER, image::STORE);
        let preload = if self.synced { "" } else { "LD_PRELOAD=/unsynced.so " };
        for process in 0..processes {
            let (seed, first) = (dice.next() >> 1, (life as u64 * processes + process) * threads);
            let job = format!("{store}\\037/dev/vda\\037{process}\\037{seed}\\037{first}\\037{threads}");
            running.tell(&format!(
                "GATEPASS_TEST_JOB=$(printf '{job}') {preload}/writer writer --exact --nocapture --test-threads=1 &"
            ));
        }
        if !dice.percent(EARLY) {
            (0..processes).for_each(|_| running.hear("acting"));
            while !image::is_noted_on(disk) {
                running.run_for(Duration::from_millis(20));
            }
        }
        let time = Duration::from_millis(dice.below(LONGEST) as u64);
        running.run_for(time);
        running.cut();
        time
    }

    /// What the killed machine left: everything that was answered is looked at.
    fn look_at_the_end(
        &self,
        disk: &Path,
        told: &[String],
        noted: &[String],
        scratch: &Path,
        verdict: &mut Verdict,
    ) {
        let mut ledger = Ledger::default();
        told.iter().chain(noted).for_each(|text| ledger.take(Note::parse(text)));
        verdict.answers += noted.iter().filter(|text| Note::parse(text).done).count();
        let mut lost = 0;
        let wrong = self.look(&image::system(disk), scratch, |gate| {
            let wrong = ledger.all_wrong(gate);
            lost = wrong.len();
            wrong
        });
        verdict.lost += lost;
        verdict.bad_cuts += usize::from(!wrong.is_empty());
        verdict.tell(wrong);
    }

    /// What the disk may hold if it loses its power, with what it has in its own memory, at random moments.
    fn look_at_moments(
        &self,
        system: Vec<u8>,
        log: &[u8],
        told: &[String],
        scratch: &Path,
        dice: &mut Dice,
        verdict: &mut Verdict,
    ) {
        let requests = requests(log);
        let notes: Vec<Vec<&str>> = requests.iter().map(notes_in).collect();
        let mut disk = Disk::new(system, self.flushes);
        let mut ledger = Ledger::default();
        told.iter().for_each(|text| ledger.take(Note::parse(text)));
        let mut done = 0;
        for moment in moments(&requests, &notes, self.points, dice) {
            for (request, notes) in requests[done..moment].iter().zip(&notes[done..moment]) {
                notes.iter().for_each(|text| ledger.take(Note::parse(text)));
                if notes.is_empty() {
                    disk.apply(*request);
                }
            }
            done = moment;
            let left = disk.after_power_cut(dice);
            let wrong = self.look(&left, scratch, |gate| ledger.wrong(gate, dice));
            verdict.points += 1;
            verdict.unflushed += usize::from(disk.is_unflushed());
            verdict.bad_points += usize::from(!wrong.is_empty());
            verdict.tell(wrong.into_iter().map(|what| format!("after {moment} requests: {what}")));
        }
    }

    /// What is wrong with the store in a file system as a power cut has left it. What must not be is kept.
    fn look(
        &self,
        system: &[u8],
        scratch: &Path,
        answered: impl FnOnce(&Gatepass) -> Vec<String>,
    ) -> Vec<String> {
        let folder = tempfile::tempdir_in(scratch).unwrap();
        let file = folder.path().join("system");
        image::lay_down(system, &file);
        let wrong = match image::brought_back(&file, folder.path()) {
            Ok(store) => Look::AtAll.at(&store, answered),
            Err(wrong) => vec![wrong],
        };
        if !wrong.is_empty() && !self.is_control() {
            image::lay_down(system, &folder.keep().join("as-left"));
        }
        wrong
    }
}

impl Verdict {
    fn tell(&mut self, wrong: impl IntoIterator<Item = String>) {
        let room = MOST_TOLD.saturating_sub(self.wrong.len());
        self.wrong.extend(wrong.into_iter().take(room));
    }
}

/// The notes that were written there; none if it was the file system's.
fn notes_in<'a>(request: &Request<'a>) -> Vec<&'a str> {
    match request {
        Request::Write { at, bytes } if *at >= image::SYSTEM => image::notes_of(bytes).collect(),
        _ => Vec::new(),
    }
}

/// After how many requests the power fails: anywhere, just after an answer, and just before a flush, where
/// most may be missing.
fn moments(requests: &[Request<'_>], notes: &[Vec<&str>], many: usize, dice: &mut Dice) -> Vec<usize> {
    let places = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..requests.len()).filter(|place| wanted(*place)).collect()
    };
    let answers = places(&|place| notes[place].iter().any(|text| text.starts_with("done")));
    let flushes = places(&|place| requests[place] == Request::Flush);
    let mut moments: Vec<usize> = (0..many)
        .map(|_| match dice.below(3) {
            0 if !answers.is_empty() => answers[dice.below(answers.len())] + 1,
            1 if !flushes.is_empty() => flushes[dice.below(flushes.len())],
            _ => dice.below(requests.len() + 1),
        })
        .collect();
    moments.sort_unstable();
    moments
}
