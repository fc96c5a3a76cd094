//! What came of a race, and what it proves.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use gatepass::Reason;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Contest, Prize};

/// One process's try at one token or link.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// When it called `redeem` or `open_link`, in nanoseconds since 1970.
    pub(crate) enter: u64,
    /// When it had its answer.
    pub(crate) leave: u64,
    /// The code that it was told; none if it won.
    pub(crate) lost: Option<String>,
}

/// All tries of a race, counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    processes: usize,
    prize: Prize,
    rounds: u64,
    broken: bool,
    folder: String,
    /// How many tokens or links had so many winners.
    pub(crate) winners: BTreeMap<usize, u64>,
    /// How many losers were told so.
    pub(crate) heard: BTreeMap<String, u64>,
    /// Those that had two or more processes inside of the call at once.
    pub(crate) overlapped: u64,
    /// The most that were inside at once.
    most_inside: usize,
    /// Those that the store did not know as used up after their race.
    forgotten: u64,
    worst_wait: Duration,
    /// How long everything took.
    pub(crate) elapsed: Duration,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new(contest: &Contest) -> Self {
        Tally {
            processes: contest.processes,
            prize: contest.prize,
            rounds: contest.rounds,
            broken: contest.broken,
            folder: contest.folder.display().to_string(),
            ..Tally::default()
        }
    }

    /// Count all tries at one. `remembered`: the store knows it as used up now.
    pub(crate) fn add(&mut self, runs: &[Run], remembered: bool) {
        let winners = runs.iter().filter(|run| run.lost.is_none()).count();
        *self.winners.entry(winners).or_default() += 1;
        for code in runs.iter().filter_map(|run| run.lost.as_ref()) {
            *self.heard.entry(code.clone()).or_default() += 1;
        }
        let inside = most_inside(runs);
        self.overlapped += u64::from(inside >= 2);
        self.most_inside = self.most_inside.max(inside);
        self.forgotten += u64::from(!remembered);
        let waits = runs.iter().map(|run| Duration::from_nanos(run.leave.saturating_sub(run.enter)));
        self.worst_wait = waits.fold(self.worst_wait, Duration::max);
    }

    /// At so many processes must have met for the race to mean something: a quarter of them.
    fn needed(&self) -> u64 {
        self.rounds.div_ceil(4)
    }

    /// Those that more processes were told to have won than may.
    pub(crate) fn overspent(&self) -> u64 {
        self.winners.range(self.prize.winners().saturating_add(1)..).map(|(_, rounds)| rounds).sum()
    }

    /// Whether enough processes met for the race to mean something.
    pub(crate) fn met(&self) -> bool {
        self.overlapped >= self.needed()
    }

    /// What must never happen unless it is broken on purpose, and did.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let unwon = self.winners.range(..self.prize.winners()).map(|(_, rounds)| rounds).sum();
        let loses = self.prize.loses();
        let strange =
            self.heard.iter().filter(|(code, _)| *code != loses.code()).map(|(_, times)| times).sum();
        let (too_often, forgotten, too_seldom) = match self.prize {
            Prize::Tokens => (
                "tokens were redeemed more than once",
                "tokens are not redeemed in the store after their race",
                "tokens were redeemed by nobody",
            ),
            Prize::Links { .. } => (
                "links were opened more often than they allow",
                "links are not used up in the store after their race",
                "links were opened less often than they allow",
            ),
        };
        let unheard = format!("losers heard something else than \"{}\"", loses.message());
        [
            (self.overspent(), too_often),
            (self.forgotten, forgotten),
            (unwon, too_seldom),
            (strange, unheard.as_str()),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect()
    }

    /// Why the check does not pass; empty if it does. The worst comes first.
    pub(crate) fn failures(&self) -> Vec<String> {
        let caught = self.overspent() > 0;
        let mut found = match (self.broken, caught) {
            (false, _) => self.wrongs(),
            (true, true) => return Vec::new(),
            (true, false) => {
                let noun = self.prize.noun();
                vec![format!("the broken variant was not caught: no {noun} had more winners than it allows")]
            }
        };
        if !self.met() {
            found.push(format!(
                "nothing was proved: processes met at {} of {} {}s only",
                self.overlapped,
                self.rounds,
                self.prize.noun()
            ));
        }
        found
    }

    /// For a program. What is counted by tokens or links is named after them.
    pub(crate) fn document(&self) -> Value {
        let failures = self.failures();
        let mut document = json!({
            "ok": failures.is_empty(),
            "broken": self.broken,
            "caught": self.broken.then(|| self.overspent() > 0),
            "failures": failures,
            "processes": self.processes,
            "folder": self.folder,
            "losers_heard": self.heard,
            "most_inside_at_once": self.most_inside,
            "worst_wait_ms": milliseconds(self.worst_wait),
            "elapsed_ms": milliseconds(self.elapsed),
        });
        let noun = self.prize.noun();
        document[format!("{noun}s")] = json!(self.rounds);
        document[format!("winners_per_{noun}")] = json!(self.winners);
        document[format!("overlapped_{noun}s")] = json!(self.overlapped);
        document[format!("forgotten_{noun}s")] = json!(self.forgotten);
        if let Prize::Links { uses } = self.prize {
            document["uses"] = json!(uses);
        }
        document
    }

    /// For a person.
    pub(crate) fn human(&self) -> String {
        let noun = self.prize.noun();
        let mut text = String::new();
        let kind = match self.prize {
            Prize::Tokens => String::new(),
            Prize::Links { uses } => format!(" for {} each", plural(uses, "use")),
        };
        let variant = if self.broken { ", deliberately broken" } else { "" };
        let mut line = |name: &str, value: String| {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{name:<20}{value}");
        };
        line(
            "race",
            format!(
                "{} processes, {}{kind}, in {}{variant}",
                self.processes,
                plural(self.rounds, noun),
                self.folder
            ),
        );
        for (winners, rounds) in &self.winners {
            line(
                &format!("winners per {noun}"),
                format!("{}: {}", plural(*winners, "winner"), plural(*rounds, noun)),
            );
        }
        for (code, times) in &self.heard {
            let meaning = Reason::from_code(code).map_or("the store could not answer", Reason::message);
            line("losers heard", format!("{meaning} ({code}): {times}"));
        }
        line(
            "met inside",
            format!(
                "{} of {} {noun}s had two or more processes in {} at once, {} at most",
                self.overlapped,
                self.rounds,
                self.prize.act(),
                self.most_inside
            ),
        );
        line("worst wait", format!("{} ms", milliseconds(self.worst_wait)));
        line("elapsed", format!("{:.1} s", self.elapsed.as_secs_f64()));
        text.push_str(&match (self.failures().as_slice(), self.broken, self.prize) {
            ([], false, Prize::Tokens) => {
                "Passed: every token was redeemed once, every loser heard why not.".to_owned()
            }
            ([], false, Prize::Links { .. }) => {
                "Passed: every link was opened as often as it allows, every loser heard why not.".to_owned()
            }
            ([], true, _) => {
                format!("Caught: {} {noun}s were used more often than they allow.", self.overspent())
            }
            (failures, ..) => format!("FAILED: {}.", failures.join("; ")),
        });
        text
    }
}

fn plural(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// How many were inside at once at most. Who enters in the moment that another leaves does not meet him.
fn most_inside(runs: &[Run]) -> usize {
    let inside_at = |moment: u64| runs.iter().filter(|run| run.enter <= moment && moment < run.leave).count();
    // The number only grows when somebody enters.
    runs.iter().map(|run| inside_at(run.enter)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(enter: u64, leave: u64, lost: Option<&str>) -> Run {
        Run { enter, leave, lost: lost.map(str::to_owned) }
    }

    fn tally(broken: bool, tokens: &[&[Run]]) -> Tally {
        tally_of(Prize::Tokens, broken, tokens)
    }

    fn tally_of(prize: Prize, broken: bool, rounds: &[&[Run]]) -> Tally {
        let mut tally = Tally { prize, rounds: rounds.len() as u64, broken, ..Tally::default() };
        rounds.iter().for_each(|runs| tally.add(runs, true));
        tally
    }

    #[test]
    fn who_enters_when_another_leaves_does_not_meet_him() {
        assert_eq!(most_inside(&[run(1, 5, None), run(5, 9, None)]), 1);
        assert_eq!(most_inside(&[run(1, 6, None), run(5, 9, None)]), 2);
        assert_eq!(most_inside(&[run(1, 9, None), run(2, 3, None), run(4, 9, None), run(8, 9, None)]), 3);
        assert_eq!(most_inside(&[]), 0);
    }

    #[test]
    fn only_one_winner_and_losers_who_heard_why_pass() {
        let spent = Some("token_redeemed");
        let good = [run(1, 9, None), run(2, 8, spent)];
        assert!(tally(false, &[&good]).failures().is_empty());
        for bad in [
            [run(1, 9, None), run(2, 8, None)],
            [run(1, 9, spent), run(2, 8, spent)],
            [run(1, 9, None), run(2, 8, Some("store_busy"))],
            [run(1, 9, None), run(9, 12, spent)],
        ] {
            assert_eq!(tally(false, &[&bad]).failures().len(), 1, "{bad:?}");
        }
        let mut forgotten = tally(false, &[]);
        forgotten.add(&good, false);
        assert_eq!(forgotten.failures().len(), 1);
    }

    #[test]
    fn a_link_needs_exactly_as_many_winners_as_it_has_uses() {
        let (used, two) = (Some("link_used"), Prize::Links { uses: 2 });
        let with = |outcomes: [Option<&str>; 3]| outcomes.map(|lost| run(1, 9, lost));
        let failures = |outcomes| tally_of(two, false, &[&with(outcomes)]).failures();
        assert!(failures([None, None, used]).is_empty());
        assert_eq!(failures([None, None, None]), ["1 links were opened more often than they allow"]);
        assert_eq!(failures([None, used, used]), ["1 links were opened less often than they allow"]);
        assert_eq!(failures([None, None, Some("token_redeemed")]).len(), 1);
        assert!(tally_of(two, true, &[&with([None, None, None])]).failures().is_empty());
        assert_eq!(tally_of(two, true, &[&with([None, None, used])]).failures().len(), 1);
    }

    #[test]
    fn the_broken_redemption_passes_only_when_it_is_caught() {
        let spent = Some("token_redeemed");
        assert!(tally(true, &[&[run(1, 9, None), run(2, 8, None)]]).failures().is_empty());
        let missed = tally(true, &[&[run(1, 9, None), run(2, 8, spent)]]);
        assert_eq!(missed.failures().len(), 1);
        let apart = tally(true, &[&[run(1, 2, None), run(2, 8, spent)]]);
        assert_eq!(apart.failures().len(), 2);
    }
}
