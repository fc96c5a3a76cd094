//! One thing that all try at once: what it is, what happens meanwhile, and what may come of it.

use std::collections::BTreeSet;
use std::time::Duration;

use gatepass::credential::{Caller, NewCredential};
use gatepass::id::ClientId;
use gatepass::link::{LinkRequest, SignInLink};
use gatepass::token::{IssueRequest, Token};
use gatepass::{Gatepass, Reason};

use super::dice::Dice;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Token,
    Link { uses: usize },
}

impl Kind {
    /// How many may win.
    pub(crate) fn uses(self) -> usize {
        match self {
            Kind::Token => 1,
            Kind::Link { uses } => uses,
        }
    }

    /// What those hear who come too late.
    pub(crate) fn used(self) -> &'static str {
        match self {
            Kind::Token => "token_redeemed",
            Kind::Link { .. } => "link_used",
        }
    }
}

/// What happens while it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meanwhile {
    Nothing,
    /// The clock is set by less than the leeway.
    NearStep,
    /// The clock is set back by more than the leeway.
    StepBack,
    /// The clock is set forward by more than its life.
    StepForth,
    /// The clock is set forward by more than the time for which what is over is kept.
    DayForth,
    /// It is revoked.
    Revoked,
    /// The credential that made it is revoked.
    CredentialRevoked,
}

use Meanwhile::{CredentialRevoked, DayForth, NearStep, Nothing, Revoked, StepBack, StepForth};

impl Meanwhile {
    /// What a run has of each.
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..=54 => Nothing,
            55..=69 => NearStep,
            70..=77 => StepBack,
            78..=85 => StepForth,
            86..=87 => DayForth,
            88..=94 => Revoked,
            _ => CredentialRevoked,
        }
    }

    /// By how many milliseconds the clock is set, from where it stands.
    pub(crate) fn step(self, ahead: i64, dice: &mut Dice) -> i64 {
        const DAY: i64 = 25 * 3_600_000;
        match self {
            NearStep if dice.percent(50) => 4_000,
            NearStep => -4_000,
            // A day that was gone forward is gone back at some time.
            StepBack if ahead > DAY / 2 => -DAY,
            StepBack => -30_000,
            StepForth => 130_000,
            DayForth => DAY,
            _ => 0,
        }
    }

    /// Why a loser may have been refused, other than that it was used up.
    fn excuses(self, kind: Kind) -> &'static [&'static str] {
        match (self, kind) {
            (Nothing | NearStep, _) => &[],
            (StepBack, Kind::Token) => &["token_not_yet_valid"],
            (StepBack, Kind::Link { .. }) => &["link_not_yet_valid"],
            (StepForth, Kind::Token) => &["token_expired"],
            (StepForth, Kind::Link { .. }) => &["link_expired"],
            // What is over may be purged then.
            (DayForth, Kind::Token) => &["token_expired", "token_unknown"],
            (DayForth, Kind::Link { .. }) => &["link_expired", "link_unknown"],
            (Revoked, Kind::Token) => &["token_revoked"],
            (Revoked, Kind::Link { .. }) => &["link_revoked"],
            (CredentialRevoked, Kind::Token) => &["token_revoked", "credential_revoked"],
            (CredentialRevoked, Kind::Link { .. }) => &["link_revoked", "credential_revoked"],
        }
    }
}

/// Something to try.
pub(crate) struct Prize {
    pub(crate) kind: Kind,
    /// The token or the link.
    pub(crate) text: String,
    /// The name under which the audit knows it.
    pub(crate) reference: String,
    /// The credential that made it, if it is its own.
    pub(crate) credential: Option<String>,
}

impl Prize {
    /// Make one, right before it is tried: a token lives for a minute at most.
    pub(crate) fn make(gate: &Gatepass, kind: Kind, number: usize, meanwhile: Meanwhile) -> Self {
        let credential = (meanwhile == CredentialRevoked).then(|| format!("system-{number}"));
        let caller = caller(gate, credential.as_deref());
        let issue = IssueRequest::for_client(ClientId::new(1).unwrap());
        let (text, reference) = match kind {
            Kind::Token => {
                let token = gate.issue(&caller, &issue).unwrap().token;
                (token.reveal(), token.reference())
            }
            Kind::Link { uses } => {
                let request = LinkRequest::new(issue).uses(uses.try_into().unwrap());
                // As short as they may be, so that the clock need not be set by days to outlive it.
                let made = gate.create_link(&caller, &request.life(Duration::from_secs(60))).unwrap();
                (made.link.reveal(), made.reference)
            }
        };
        Prize { kind, text, reference: reference.to_string(), credential }
    }

    /// What the store says of it now; nothing if it is purged.
    pub(crate) fn standing(&self, gate: &Gatepass) -> Option<Standing> {
        let seen = match self.kind {
            Kind::Token => gate.inspect(&Token::parse(&self.text).unwrap(), None).map(|seen| Standing {
                spent: usize::from(seen.redeemed_at.is_some()),
                revoked: seen.revoked_at.is_some(),
            }),
            Kind::Link { .. } => {
                gate.inspect_link(&SignInLink::parse(&self.text).unwrap(), None).map(|seen| Standing {
                    spent: usize::try_from(seen.used).unwrap(),
                    revoked: seen.ended_at.is_some(),
                })
            }
        };
        match seen {
            Ok(seen) => Some(seen),
            Err(error) => {
                let purged = [Some(Reason::TokenUnknown), Some(Reason::LinkUnknown)];
                assert!(purged.contains(&error.reason()), "{error:?}");
                None
            }
        }
    }
}

fn caller(gate: &Gatepass, credential: Option<&str>) -> Caller {
    let Some(label) = credential else { return gate.host_caller("cli").unwrap() };
    let mut new = NewCredential { label: label.into(), host: true, ..NewCredential::default() };
    new.limits.links = true;
    gate.create_credential(&new).unwrap();
    gate.host_caller(label).unwrap()
}

/// How often something was used, and whether it was revoked, as the store says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) spent: usize,
    pub(crate) revoked: bool,
}

/// One process's try.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    pub(crate) outcome: String,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

impl Try {
    /// Nothing if the line was cut off.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let [outcome, begin, end] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some(Try { outcome: outcome.into(), begin: begin.parse().ok()?, end: end.parse().ok()? })
    }
}

/// What came of one thing that all tried.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    pub(crate) kind: Kind,
    pub(crate) meanwhile: Meanwhile,
    /// What the racers said.
    pub(crate) tries: Vec<Try>,
    /// How many racers were killed before they said anything.
    pub(crate) killed: usize,
    /// What the one who revokes said, if it was there and said anything.
    pub(crate) revoker: Option<String>,
    /// What the store says.
    pub(crate) standing: Option<Standing>,
}

impl Round {
    /// How many said that they won.
    pub(crate) fn winners(&self) -> usize {
        self.tries.iter().filter(|tried| tried.outcome == "ok").count()
    }

    /// What is not as it was promised.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let (uses, winners) = (self.kind.uses(), self.winners());
        let mut wrong = Vec::new();
        let mut must = |holds: bool, promise: &str| {
            if !holds {
                wrong.push(format!("{promise}: {self:?}"));
            }
        };
        must(winners <= uses, "no more win than may");
        let heard: BTreeSet<&str> = self.tries.iter().map(|tried| tried.outcome.as_str()).collect();
        let excuses = self.meanwhile.excuses(self.kind);
        let allowed = |word: &str| word == "ok" || word == self.kind.used() || excuses.contains(&word);
        must(heard.iter().all(|word| allowed(word)), "every loser hears a reason that is true");
        let Some(Standing { spent, revoked }) = self.standing else {
            must(excuses.iter().any(|word| word.ends_with("_unknown")), "nothing is forgotten");
            return wrong;
        };
        must(
            (winners..=winners + self.killed).contains(&spent),
            "the store knows of every winner, and of no other",
        );
        must(spent <= uses, "nothing is used more often than it may");
        must(spent == uses || !heard.contains(self.kind.used()), "nobody hears of a use that never was");
        must(spent == uses || !excuses.is_empty(), "somebody wins");
        if self.meanwhile == Revoked {
            must(!(revoked && spent == uses), "it is revoked or used up, and not both");
            must(revoked || spent == uses || self.revoker.is_none(), "it is revoked or used up");
            must(revoked || !heard.contains(excuses[0]), "nobody hears of a revocation that never was");
            let revoker = self.revoker.as_deref();
            must(revoker != Some("ok") || revoked, "what was told to be revoked is");
        }
        wrong
    }
}
