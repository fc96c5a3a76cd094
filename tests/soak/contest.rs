//! Round after round: make something, announce a moment to all racers, set the clock and kill somebody in the
//! midst of it, hear them all, ask the store, and judge.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use gatepass::directory::Mode;
use gatepass::{Gatepass, Options};
use rusqlite::{Connection, OpenFlags};

use super::clock::{steady, wait_until};
use super::common::person;
use super::dice::Dice;
use super::field::{Field, Ground, Heard, Part};
use super::round::{Kind, Meanwhile, Prize, Round, Standing, Try};
use super::{company, racer};

/// From the announcement to the moment: long enough for every process to have read it.
const NOTICE: u64 = 6_000;

/// How racers try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By the call that is made for it.
    Sound,
    /// Broken: they look, and spend later.
    LookFirst,
    /// Broken: in a table of their own, as it is written by hand.
    ByHand,
}

impl Way {
    fn word(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Way::Sound, Kind::Token) => "redeem",
            (Way::Sound, Kind::Link { .. }) => "open",
            (Way::LookFirst, Kind::Token) => "look-redeem",
            (Way::LookFirst, Kind::Link { .. }) => "look-open",
            (Way::ByHand, _) => "by-hand",
        }
    }
}

/// What is raced for, and how much goes on meanwhile.
pub(crate) struct Contest<'a> {
    pub(crate) racers: &'a [Part],
    pub(crate) way: Way,
    pub(crate) tokens: usize,
    pub(crate) links: usize,
    /// With company, a clock that is set, revocations, and somebody killed in each such time.
    pub(crate) trouble: Option<Duration>,
    pub(crate) deadline: Duration,
}

/// Everything that came of it.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) rounds: usize,
    pub(crate) wrong: Vec<String>,
    /// How many things had so many winners more than they may have; fewer is negative.
    pub(crate) surplus: BTreeMap<isize, usize>,
    pub(crate) heard: BTreeMap<String, usize>,
    pub(crate) meanwhile: BTreeMap<Meanwhile, usize>,
    pub(crate) killed: BTreeMap<Part, usize>,
    /// What the company told.
    pub(crate) company: BTreeMap<String, usize>,
    /// How many had two inside of the call at once, and how many were inside at most.
    pub(crate) overlapped: usize,
    pub(crate) most_inside: usize,
    /// How many were won by some and refused to others for what happened meanwhile.
    pub(crate) split: usize,
    /// Uses of those who were killed before they could tell.
    pub(crate) untold: usize,
    pub(crate) worst_wait: Duration,
}

impl Contest<'_> {
    /// Hold it.
    pub(crate) fn hold(&self, dice: &mut Dice) -> Came {
        let ground = Ground::new(self.deadline);
        let options = Options::new().clock(ground.clock.clone()).deadline(self.deadline);
        let gate = ground.place.init_with(Mode::Managed, options);
        person(&gate, "ann@example.com");
        let table = racer::table(&ground.by_hand);
        table
            .execute_batch("PRAGMA journal_mode = wal; CREATE TABLE token (name PRIMARY KEY, used INTEGER)")
            .unwrap();
        let mut field = Field::new(&ground);
        field.start(self.racers);
        let mut came = Came::default();
        if self.trouble.is_some() {
            field.start(&[Part::Revoker]);
            field.start(&company::ROLES.map(|(role, _)| Part::Company(role)));
            all_see_the_clock(&ground, &gate, &mut field);
        }
        let mut prizes = Vec::new();
        let mut next_kill = Instant::now();
        let (mut tokens, mut links) = (self.tokens, self.links);
        while tokens + links > 0 {
            let kind = if dice.below(tokens + links) < tokens {
                tokens -= 1;
                Kind::Token
            } else {
                links -= 1;
                Kind::Link { uses: [1, 3][dice.below(2)] }
            };
            let meanwhile = self.trouble.map_or(Meanwhile::Nothing, |_| Meanwhile::drawn(dice));
            let kill = self.trouble.filter(|_| Instant::now() >= next_kill).map(|every| {
                next_kill = Instant::now() + every;
                dice.below(field.members.len())
            });
            field.replace_the_killed();
            let prize = Prize::make(&gate, kind, came.rounds, meanwhile);
            table.execute("INSERT INTO token VALUES (?1, 0)", [&prize.text]).unwrap();
            let mut round = self.round(&ground, &mut field, &prize, meanwhile, kill, dice);
            round.standing = match self.way {
                Way::ByHand => {
                    let spent = usize::from(racer::used(&table, &prize.text));
                    Some(Standing { spent, revoked: false })
                }
                _ => prize.standing(&gate),
            };
            if let Some(at) = kill {
                *came.killed.entry(field.members[at].part).or_insert(0) += 1;
            }
            came.take(&round);
            prizes.push((prize.reference, round));
            if came.rounds.is_multiple_of(250) {
                println!("  {} of {}, {} wrong", came.rounds, self.tokens + self.links, came.wrong.len());
            }
        }
        field.replace_the_killed();
        field.until_all_company_was_heard();
        came.company = std::mem::take(&mut field.told);
        drop(field);
        if self.way == Way::Sound {
            came.wrong.extend(at_the_end(&ground, &gate, &prizes));
        }
        came.wrong.extend(came.company.keys().filter(|line| line.starts_with("wrong")).cloned());
        came
    }

    fn round(
        &self,
        ground: &Ground,
        field: &mut Field<'_>,
        prize: &Prize,
        meanwhile: Meanwhile,
        kill: Option<usize>,
        dice: &mut Dice,
    ) -> Round {
        let (racers, revokers) = (field.racers(), field.all(|part| part == Part::Revoker));
        let moment = steady() + NOTICE;
        for at in &racers {
            field.tell(*at, moment, self.way.word(prize.kind), &prize.text);
        }
        let mut waited_for = racers.clone();
        let revoke = match (meanwhile, prize.kind, &prize.credential) {
            (Meanwhile::Revoked, Kind::Token, _) => Some(("revoke-token", &prize.text)),
            (Meanwhile::Revoked, Kind::Link { .. }, _) => Some(("revoke-link", &prize.text)),
            (Meanwhile::CredentialRevoked, _, Some(label)) => Some(("revoke-credential", label)),
            _ => None,
        };
        if let Some((way, name)) = revoke {
            // At any time in the round, so that it comes first as well as last.
            let moment = moment + dice.next() % 4_000 - 1_000;
            revokers.iter().for_each(|at| field.tell(*at, moment, way, name));
            waited_for.extend(&revokers);
        }
        let step = meanwhile.step(ground.clock.ahead(), dice);
        if step != 0 {
            wait_until(moment + dice.next() % 4_000 - 500);
            ground.clock.step(step);
        }
        if let Some(at) = kill {
            wait_until(moment + dice.next() % 4_000);
            field.kill(at);
        }
        let mut round = Round {
            kind: prize.kind,
            meanwhile,
            tries: Vec::new(),
            killed: 0,
            revoker: None,
            standing: None,
        };
        while !waited_for.is_empty() {
            let (at, heard) = field.expect_next();
            let Some(place) = waited_for.iter().position(|one| *one == at) else { continue };
            match heard {
                Heard::Said(line) => {
                    let Some(tried) = Try::parse(&line) else { continue };
                    match field.members[at].part {
                        Part::Revoker => round.revoker = Some(tried.outcome),
                        _ => round.tries.push(tried),
                    }
                }
                Heard::Gone => round.killed += usize::from(racers.contains(&at)),
            }
            waited_for.swap_remove(place);
        }
        round
    }
}

impl Came {
    fn take(&mut self, round: &Round) {
        self.rounds += 1;
        self.wrong.extend(round.wrong());
        let winners = isize::try_from(round.winners()).unwrap();
        *self.surplus.entry(winners - isize::try_from(round.kind.uses()).unwrap()).or_insert(0) += 1;
        *self.meanwhile.entry(round.meanwhile).or_insert(0) += 1;
        self.untold += round.standing.map_or(0, |standing| standing.spent.saturating_sub(round.winners()));
        let mut inside = 0;
        for tried in &round.tries {
            *self.heard.entry(tried.outcome.clone()).or_insert(0) += 1;
            self.worst_wait = self.worst_wait.max(Duration::from_micros(tried.end - tried.begin));
            let met = |other: &&Try| other.begin <= tried.begin && tried.begin < other.end;
            inside = inside.max(round.tries.iter().filter(met).count());
        }
        self.overlapped += usize::from(inside >= 2);
        self.most_inside = self.most_inside.max(inside);
        let excused = |tried: &Try| tried.outcome != "ok" && tried.outcome != round.kind.used();
        self.split += usize::from(winners > 0 && round.tries.iter().any(excused));
    }

    /// How many processes were killed.
    pub(crate) fn kills(&self) -> usize {
        self.killed.values().sum()
    }

    /// How many had more winners than they may.
    pub(crate) fn doubled(&self) -> usize {
        self.surplus.range(1..).map(|(_, many)| many).sum()
    }
}

/// Every racer's clock is the one that is set: otherwise much of this would prove nothing.
fn all_see_the_clock(ground: &Ground, gate: &Gatepass, field: &mut Field<'_>) {
    let prize = Prize::make(gate, Kind::Token, 0, Meanwhile::Nothing);
    ground.clock.step(130_000);
    for at in field.racers() {
        field.tell(at, steady(), "redeem", &prize.text);
        let (who, heard) = field.expect_next();
        let late = matches!(&heard, Heard::Said(line) if line.starts_with("token_expired "));
        assert!(who == at && late, "{:?} has another clock: {heard:?}", field.members[at].part);
    }
    ground.clock.step(-130_000);
    assert_eq!(prize.standing(gate), Some(Standing { spent: 0, revoked: false }));
}

/// What the audit tells of each in the end: it forgets nothing that was purged.
fn at_the_end(ground: &Ground, gate: &Gatepass, prizes: &[(String, Round)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let told = told(&ground.place.store);
    for (reference, round) in prizes {
        let event = if round.kind == Kind::Token { "token.redeemed" } else { "link.opened" };
        let told = told.get(&(event.to_owned(), reference.clone())).copied().unwrap_or(0);
        let least = round.standing.map_or(round.winners(), |standing| standing.spent);
        let most =
            round.standing.map_or(round.kind.uses().min(least + round.killed), |standing| standing.spent);
        if !(least..=most).contains(&told) {
            wrong.push(format!("the audit tells of {told}: {round:?}"));
        }
    }
    wrong.extend(company::amiss(gate).unwrap().iter().map(|finding| format!("{finding:?}")));
    wrong
}

/// How often the audit tells of what was done to what.
fn told(store: &Path) -> BTreeMap<(String, String), usize> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let store = Connection::open_with_flags(store, flags).unwrap();
    let sql = "SELECT event, object, sum(count) FROM audit
               WHERE outcome = 'ok' AND object IS NOT NULL GROUP BY event, object";
    let mut told = store.prepare(sql).unwrap();
    let rows = told.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
