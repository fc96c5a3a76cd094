//! A writer that restores and backs up is killed at random moments.

use gatepass::Gatepass;
use gatepass::directory::{Mode, NewUser};

use super::common::{Place, Spy, job, person, say, start, wait_for_go};
use super::{is_sound, kills, let_live};

/// Users in the larger of two backups; the smaller has one.
const MANY: i64 = 400;

/// The other process: put two backups back in turns, and make a backup, until killed.
#[test]
fn restorer() {
    let Some(words) = job() else { return };
    let [path, small, large, copy] = &words[..] else { panic!() };
    let gate = Gatepass::open(path).unwrap();
    wait_for_go();
    for turn in 0u64.. {
        for (name, file) in [("small", small), ("large", large)] {
            say(&format!("restoring {name}"));
            gate.restore(file, &mut |_, _| {}).unwrap();
            say(&format!("restored {name}"));
        }
        gate.backup(format!("{copy}-{turn}"), &mut |_, _| {}).unwrap();
    }
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_content_or_the_new_and_a_backup_is_whole_or_not_there() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    person(&gate, "ann@example.com");
    let (small, large) = (place.beside("small"), place.beside("large"));
    gate.backup(&small, &mut |_, _| {}).unwrap();
    for at in 1..MANY {
        let email = format!("ann{at}@example.com");
        gate.add_user(&NewUser { email, first_name: "A".repeat(200), ..NewUser::default() }).unwrap();
    }
    gate.backup(&large, &mut |_, _| {}).unwrap();
    drop(gate);
    let mut kills_inside = 0;
    for life in 0..kills() {
        let copy = place.beside(&format!("copy-{life}"));
        let paths = [&place.store, &small, &large, &copy].map(|path| path.to_str().unwrap());
        let mut child = start("restores::restorer", &paths);
        let said = let_live(&mut child);
        kills_inside += usize::from(said.last().is_some_and(|line| line.starts_with("restoring")));

        let gate = Gatepass::open(&place.store).unwrap();
        let users = place.spy().number("SELECT count(*) FROM user");
        let allowed: Vec<i64> = match said.last().map(String::as_str) {
            Some("restored small") => vec![1],
            // A backup may have been on its way then, or the next restore not yet told.
            Some("restored large") => vec![MANY],
            _ => vec![1, MANY],
        };
        assert!(allowed.contains(&users), "{users} users after {:?}", said.last());
        is_sound(&gate);
        drop(gate);
        for turn in 0.. {
            let copy = place.beside(&format!("copy-{life}-{turn}"));
            if !copy.exists() {
                break;
            }
            assert_eq!(Spy::on(&copy).number("SELECT count(*) FROM user"), MANY);
            let gate = Gatepass::open(&copy).unwrap();
            is_sound(&gate);
        }
    }
    println!("{kills_inside} of {} kills fell into a restore", kills());
    assert!(kills_inside > 0, "no restore was ever interrupted");
}
