//! What came of a race, and what it proves.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use gatepass::Reason;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Contest;

/// One process's try at one token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// When it called `redeem`, in nanoseconds since 1970.
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
    tokens: u64,
    broken: bool,
    folder: String,
    /// How many tokens had so many winners.
    pub(crate) winners: BTreeMap<usize, u64>,
    /// How many losers were told so.
    pub(crate) heard: BTreeMap<String, u64>,
    /// Tokens that had two or more processes inside of `redeem` at once.
    pub(crate) overlapped: u64,
    /// The most that were inside at once.
    most_inside: usize,
    /// Tokens that the store did not know as redeemed after their race.
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
            tokens: contest.tokens,
            broken: contest.broken,
            folder: contest.folder.display().to_string(),
            ..Tally::default()
        }
    }

    /// Count all tries at one token. `remembered`: the store knows it as redeemed now.
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

    /// So many tokens must have had processes meet for the race to mean something: a quarter of them.
    fn needed(&self) -> u64 {
        self.tokens.div_ceil(4)
    }

    /// Tokens that more than one process was told to have redeemed.
    pub(crate) fn doubly_won(&self) -> u64 {
        self.winners.range(2..).map(|(_, tokens)| tokens).sum()
    }

    /// Whether enough processes met for the race to mean something.
    pub(crate) fn met(&self) -> bool {
        self.overlapped >= self.needed()
    }

    /// What the sound redemption must never do, and did.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let unwon = self.winners.get(&0).copied().unwrap_or(0);
        let strange: u64 = self.heard.iter().filter(|(code, _)| !spent(code)).map(|(_, times)| times).sum();
        [
            (self.doubly_won(), "tokens were redeemed more than once"),
            (self.forgotten, "tokens are not redeemed in the store after their race"),
            (unwon, "tokens were redeemed by nobody"),
            (strange, "losers heard something else than \"already redeemed\""),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect()
    }

    /// Why the check does not pass; empty if it does. The worst comes first.
    pub(crate) fn failures(&self) -> Vec<String> {
        let caught = self.doubly_won() > 0;
        let mut found = match (self.broken, caught) {
            (false, _) => self.wrongs(),
            (true, true) => return Vec::new(),
            (true, false) => {
                vec!["the broken redemption was not caught: no token had two winners".to_owned()]
            }
        };
        if !self.met() {
            found.push(format!(
                "nothing was proved: processes met at {} of {} tokens only",
                self.overlapped, self.tokens
            ));
        }
        found
    }

    /// For a program.
    pub(crate) fn document(&self) -> Value {
        let failures = self.failures();
        json!({
            "ok": failures.is_empty(),
            "broken": self.broken,
            "caught": self.broken.then(|| self.doubly_won() > 0),
            "failures": failures,
            "processes": self.processes,
            "tokens": self.tokens,
            "folder": self.folder,
            "winners_per_token": self.winners,
            "losers_heard": self.heard,
            "overlapped_tokens": self.overlapped,
            "most_inside_at_once": self.most_inside,
            "forgotten_tokens": self.forgotten,
            "worst_wait_ms": milliseconds(self.worst_wait),
            "elapsed_ms": milliseconds(self.elapsed),
        })
    }

    /// For a person.
    pub(crate) fn human(&self) -> String {
        let mut text = String::new();
        let variant = if self.broken { ", redemption deliberately broken" } else { "" };
        let mut line = |name: &str, value: String| {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{name:<20}{value}");
        };
        line(
            "race",
            format!("{} processes, {} tokens, in {}{variant}", self.processes, self.tokens, self.folder),
        );
        for (winners, tokens) in &self.winners {
            line(
                "winners per token",
                format!("{}: {}", plural(*winners, "winner"), plural(*tokens, "token")),
            );
        }
        for (code, times) in &self.heard {
            let meaning = Reason::from_code(code).map_or("the store could not answer", Reason::message);
            line("losers heard", format!("{meaning} ({code}): {times}"));
        }
        line(
            "met inside",
            format!(
                "{} of {} tokens had two or more processes in redeem at once, {} at most",
                self.overlapped, self.tokens, self.most_inside
            ),
        );
        line("worst wait", format!("{} ms", milliseconds(self.worst_wait)));
        line("elapsed", format!("{:.1} s", self.elapsed.as_secs_f64()));
        text.push_str(&match (self.failures().as_slice(), self.broken) {
            ([], false) => "Passed: every token was redeemed once, every loser heard why not.".to_owned(),
            ([], true) => format!("Caught: {} tokens were redeemed more than once.", self.doubly_won()),
            (failures, _) => format!("FAILED: {}.", failures.join("; ")),
        });
        text
    }
}

/// Whether a code says that somebody else was first.
fn spent(code: &str) -> bool {
    code == Reason::TokenRedeemed.code()
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
        let mut tally = Tally { tokens: tokens.len() as u64, broken, ..Tally::default() };
        tokens.iter().for_each(|runs| tally.add(runs, true));
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
    fn the_broken_redemption_passes_only_when_it_is_caught() {
        let spent = Some("token_redeemed");
        assert!(tally(true, &[&[run(1, 9, None), run(2, 8, None)]]).failures().is_empty());
        let missed = tally(true, &[&[run(1, 9, None), run(2, 8, spent)]]);
        assert_eq!(missed.failures().len(), 1);
        let apart = tally(true, &[&[run(1, 2, None), run(2, 8, spent)]]);
        assert_eq!(apart.failures().len(), 2);
    }
}
