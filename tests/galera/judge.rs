//! What was answered, held against what every node says afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gatepass::Gatepass;
use gatepass::token::TokenState;

use super::cluster::NODES;
use super::traffic::{Account, Act, Answer, Entry, Thing, USES};

/// What a caller may be told when the store can't answer.
const FAILURES: [&str; 3] = ["store_unavailable", "store_busy", "indeterminate"];

/// Who does not know whether something was done.
const DOUBT: &str = "indeterminate";

/// What a node says of a token or link.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    uses: usize,
    revoked: bool,
}

fn standing(gate: &Gatepass, thing: &Thing) -> gatepass::Result<Standing> {
    Ok(match thing {
        Thing::Token(token) => {
            let token = gate.inspect(token, None)?;
            let revoked = token.state == TokenState::Revoked;
            Standing { uses: usize::from(token.redeemed_at.is_some()), revoked }
        }
        Thing::Link(link) => {
            let link = gate.inspect_link(link, None)?;
            Standing { uses: usize::try_from(link.used).unwrap(), revoked: link.ended_at.is_some() }
        }
    })
}

/// How many calls let somebody in, to a caller who takes an error for a yes or to one who doesn't.
fn let_in(entry: &Entry, errors_are_yes: bool) -> usize {
    let yes = |answer: &&Answer| answer.code == "ok" || errors_are_yes && answer.failed;
    entry.answers.iter().filter(|answer| answer.act == Act::Use).filter(yes).count()
}

fn may(entry: &Entry) -> usize {
    if matches!(entry.thing, Thing::Token(_)) { 1 } else { USES as usize }
}

/// How many tokens and links let in more than they may.
pub(crate) fn let_in_too_often(account: &Account, errors_are_yes: bool) -> usize {
    account.entries.iter().filter(|entry| let_in(entry, errors_are_yes) > may(entry)).count()
}

/// What is not as promised, of a token or link that stands like this.
fn wrong_with(entry: &Entry, now: &Standing) -> Vec<&'static str> {
    let heard = |act: Act, code: &str| entry.answers.iter().any(|one| one.act == act && one.code == code);
    let uses = let_in(entry, false);
    let doubts = entry.answers.iter().filter(|one| one.act == Act::Use && one.code == DOUBT).count();
    let mut wrong = Vec::new();
    let mut is = |broken: bool, what: &'static str| {
        if broken {
            wrong.push(what);
        }
    };
    is(uses > may(entry), "let in too often");
    is(now.uses < uses, "an acknowledged use is gone");
    is(now.uses > uses + doubts, "a use that nobody was told of, and nobody doubted");
    is(heard(Act::Revoke, "ok") && (uses > 0 || !now.revoked), "an acknowledged revocation is gone");
    let revoked_by_somebody = heard(Act::Revoke, "ok") || heard(Act::Revoke, DOUBT);
    is(now.revoked && !revoked_by_somebody, "a revocation that nobody was told of, and nobody doubted");
    for code in ["token_unknown", "link_unknown", "token_expired"] {
        is(heard(Act::Use, code) || heard(Act::Revoke, code), "refused for a reason that was not true");
    }
    let used = ["token_redeemed", "link_used"].iter().any(|code| heard(Act::Use, code));
    is(used && now.uses < may(entry), "said to be used, and is not");
    is(heard(Act::Use, "token_revoked") && !now.revoked, "said to be revoked, and is not");
    wrong
}

fn lines(entry: &Entry) -> String {
    let told = |one: &Answer| {
        format!("{:?} on {}: {} in {:.1?}", one.act, one.node + 1, one.code, one.end - one.begin)
    };
    entry.answers.iter().map(told).collect::<Vec<_>>().join("; ")
}

/// Everything that is not as promised, in words.
pub(crate) fn wrong(account: &Account, gates: &[Gatepass]) -> Vec<String> {
    let mut wrong = Vec::new();
    let failures = |answer: &&Answer| answer.failed && !FAILURES.contains(&answer.code);
    wrong.extend(account.answers().filter(failures).map(|answer| format!("no clear error: {answer:?}")));
    let on_each: Vec<Vec<Result<Standing, String>>> = std::thread::scope(|scope| {
        let look = |gate| move || account.entries.iter().map(|entry| look(gate, entry)).collect();
        let threads: Vec<_> = gates.iter().map(|gate| scope.spawn(look(gate))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (place, entry) in account.entries.iter().enumerate() {
        for (node, standings) in on_each.iter().enumerate() {
            let (what, now) = match &standings[place] {
                Ok(now) => (wrong_with(entry, now), format!("{now:?}")),
                Err(lost) => (vec!["not there"], lost.clone()),
            };
            if !what.is_empty() {
                wrong.push(format!("node {} says {now}: {what:?} ({})", node + 1, lines(entry)));
            }
        }
    }
    wrong
}

/// A thing as a node sees it, with every session that somebody was given.
fn look(gate: &Gatepass, entry: &Entry) -> Result<Standing, String> {
    for session in entry.answers.iter().filter_map(|answer| answer.session.as_ref()) {
        gate.check_session(session, None).map_err(|error| format!("a session: {error}"))?;
    }
    standing(gate, &entry.thing).map_err(|error| error.to_string())
}

/// What came of the traffic: how often what was heard, and how long nobody answered.
pub(crate) fn tell(what: &str, account: &Account, begun: Instant, broken: Instant, mended: Instant) {
    let mut heard: BTreeMap<(Act, &str), usize> = BTreeMap::new();
    let mut errors: BTreeSet<&str> = BTreeSet::new();
    for answer in account.answers() {
        *heard.entry((answer.act, answer.code)).or_insert(0) += 1;
        errors.extend(answer.error.as_deref());
    }
    println!("{what}: {} tokens and links, heard {heard:?}", account.entries.len());
    println!("{what}: errors in words {errors:?}");
    for node in 0..NODES {
        let mut answers: Vec<&Answer> = account.answers().filter(|answer| answer.node == node).collect();
        answers.sort_by_key(|answer| answer.end);
        let good: Vec<Instant> =
            answers.iter().filter(|answer| !answer.failed).map(|answer| answer.end).collect();
        let silent = good.windows(2).max_by_key(|pair| pair[1] - pair[0]).unwrap();
        let again = good.iter().find(|end| **end > mended);
        let longest = answers.iter().map(|answer| answer.end - answer.begin).max().unwrap_or_default();
        println!(
            "{what}: node {} gave {} answers and {} errors; longest without an answer {:.1?}, from {:.1} s after the \
             break; first answer {:.1?} after the mending; longest wait {longest:.1?}",
            node + 1,
            good.len(),
            answers.len() - good.len(),
            silent[1] - silent[0],
            silent[0].duration_since(begun).as_secs_f64() - broken.duration_since(begun).as_secs_f64(),
            again.map(|end| *end - mended),
        );
    }
}

/// The longest that any call took.
pub(crate) fn longest_wait(account: &Account) -> Duration {
    account.answers().map(|answer| answer.end - answer.begin).max().unwrap_or_default()
}

#[test]
fn what_is_not_as_promised_is_told() {
    let now = Instant::now();
    let answer = |act, code: &'static str| {
        let failed = FAILURES.contains(&code);
        Answer { act, node: 0, code, failed, error: None, session: None, begin: now, end: now }
    };
    let told = |answers: &[(Act, &'static str)], uses: usize, revoked: bool| {
        let token = gatepass::token::Token::parse("0".repeat(40)).unwrap();
        let answers = answers.iter().map(|(act, code)| answer(*act, code)).collect();
        let entry = Entry { thing: Thing::Token(token), answers };
        (wrong_with(&entry, &Standing { uses, revoked }).len(), let_in(&entry, true))
    };
    const USED: &str = "token_redeemed";
    let (used, revoked) = (Act::Use, Act::Revoke);
    for (answers, uses, is_revoked) in [
        (&[(used, "ok"), (used, USED)][..], 1, false),
        // In doubt, and it was done; or it was not.
        (&[(used, DOUBT), (used, USED)], 1, false),
        (&[(used, DOUBT), (used, "ok")], 1, false),
        (&[(used, DOUBT), (used, "token_revoked"), (revoked, DOUBT)], 0, true),
        (&[(used, "store_unavailable"), (revoked, "ok")], 0, true),
    ] {
        assert_eq!(told(answers, uses, is_revoked).0, 0, "{answers:?}");
    }
    for (answers, uses, is_revoked) in [
        (&[(used, "ok"), (used, "ok")][..], 1, false),
        (&[(used, "ok")], 0, false),
        // Said not to be done.
        (&[(used, "store_busy")], 1, false),
        (&[(revoked, "store_unavailable")], 0, true),
        (&[(revoked, "ok")], 0, false),
        (&[(revoked, "ok"), (used, "ok")], 1, true),
        (&[(used, USED)], 0, false),
        (&[(used, "token_revoked")], 0, false),
        (&[(used, "token_unknown")], 0, false),
    ] {
        assert_ne!(told(answers, uses, is_revoked).0, 0, "{answers:?}");
    }
    assert_eq!(
        told(&[(used, DOUBT), (used, "ok")], 1, false).1,
        2,
        "who takes an error for a yes lets two in"
    );
}
