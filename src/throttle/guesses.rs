//! Guesses at things that don't exist, counted so that they can be audited in one event per minute.

use std::sync::Mutex;

use super::locked;
use crate::clock::Timestamp;

/// The counts are due when the first of them is this old, in milliseconds.
const INTERVAL: i64 = 60_000;

/// What was guessed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Guess {
    /// An SSO token that was never issued here.
    Token,
    /// A credential: an unknown identifier, or a wrong secret.
    Credential,
    /// An AutoAuth link whose hash fits no key.
    AutoAuth,
    /// A session id that was never given out here.
    Session,
    /// A sign-in link that was never made here.
    Link,
    /// Not a guess at anything: a call from an address that the store's list leaves out. Whoever is outside
    /// can repeat it at will as well, so it is told the same way.
    Address,
}

/// How many guesses there were since the counts were last taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// When the first of them was counted.
    pub(crate) since: Timestamp,
    /// Guesses at SSO tokens.
    pub(crate) tokens: u64,
    /// Guesses at credentials.
    pub(crate) credentials: u64,
    /// Guesses at AutoAuth hashes.
    pub(crate) autoauth: u64,
    /// Guesses at session ids.
    pub(crate) sessions: u64,
    /// Guesses at sign-in links.
    pub(crate) links: u64,
    /// Calls from addresses that the store's list leaves out.
    pub(crate) addresses: u64,
}

impl Counts {
    fn none(since: Timestamp) -> Self {
        Counts { since, tokens: 0, credentials: 0, autoauth: 0, sessions: 0, links: 0, addresses: 0 }
    }

    /// All of them.
    pub(crate) fn total(&self) -> u64 {
        let all = [self.tokens, self.credentials, self.autoauth, self.sessions, self.links, self.addresses];
        all.into_iter().fold(0, u64::saturating_add)
    }

    fn add(&mut self, more: &Counts) {
        self.since = self.since.min(more.since);
        self.tokens = self.tokens.saturating_add(more.tokens);
        self.credentials = self.credentials.saturating_add(more.credentials);
        self.autoauth = self.autoauth.saturating_add(more.autoauth);
        self.sessions = self.sessions.saturating_add(more.sessions);
        self.links = self.links.saturating_add(more.links);
        self.addresses = self.addresses.saturating_add(more.addresses);
    }
}

/// Counts guesses in memory. A write per guess would be a gift to an attacker, so the caller writes one event
/// when [`GuessCounter::take_due`] gives something, at most once a minute (design promise 7).
#[derive(Debug, Default)]
pub(crate) struct GuessCounter(Mutex<Option<Waiting>>);

#[derive(Debug)]
struct Waiting {
    counts: Counts,
    /// When the minute began after which they are due.
    from: Timestamp,
}

impl GuessCounter {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        GuessCounter::default()
    }

    /// Count one guess.
    pub(crate) fn note(&self, guess: Guess, now: Timestamp) {
        let mut one = Counts::none(now);
        *match guess {
            Guess::Token => &mut one.tokens,
            Guess::Credential => &mut one.credentials,
            Guess::AutoAuth => &mut one.autoauth,
            Guess::Session => &mut one.sessions,
            Guess::Link => &mut one.links,
            Guess::Address => &mut one.addresses,
        } = 1;
        match &mut *locked(&self.0) {
            Some(waiting) => waiting.counts.add(&one),
            empty => *empty = Some(Waiting { counts: one, from: now }),
        }
    }

    /// The counts, if they have waited a minute; counting starts anew then.
    ///
    /// Even the first guess waits its minute. Otherwise a store that is opened for each request, as PHP does
    /// without a kept store, would write once per guess.
    pub(crate) fn take_due(&self, now: Timestamp) -> Option<Counts> {
        let mut waiting = locked(&self.0);
        let from = &mut waiting.as_mut()?.from;
        // A clock that was set back starts the minute again, instead of holding the counts until the old time
        // returns.
        *from = (*from).min(now);
        let due = now.as_millis().saturating_sub(from.as_millis()) >= INTERVAL;
        if due { waiting.take().map(|waiting| waiting.counts) } else { None }
    }

    /// The counts, due or not.
    #[cfg(test)]
    fn take_all(&self) -> Option<Counts> {
        locked(&self.0).take().map(|waiting| waiting.counts)
    }

    /// Give counts back that could not be written, so that they are not lost. They are due a minute after
    /// `now`, so that a store that can't answer is not asked again at every guess.
    pub(crate) fn put_back(&self, counts: Counts, now: Timestamp) {
        let mut waiting = locked(&self.0);
        let waiting = waiting.get_or_insert(Waiting { counts: Counts::none(counts.since), from: now });
        waiting.counts.add(&counts);
        waiting.from = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    #[test]
    fn guesses_are_given_once_and_at_most_once_a_minute() {
        let counter = GuessCounter::new();
        assert_eq!(counter.take_due(at(0)), None);
        let mut taken = Vec::new();
        for second in 0..=180 {
            counter.note(Guess::Token, at(second * 1000));
            taken.extend(counter.take_due(at(second * 1000)).map(|counts| counts.tokens));
        }
        assert_eq!(taken, [61, 61]);
        assert_eq!(counter.take_all().map(|counts| counts.total()), Some(181 - 122));
        assert_eq!((counter.take_all(), counter.take_due(at(1_000_000))), (None, None));
    }

    #[test]
    fn each_kind_is_counted_by_itself() {
        let counter = GuessCounter::new();
        let kinds =
            [Guess::Token, Guess::Credential, Guess::AutoAuth, Guess::Session, Guess::Link, Guess::Address];
        for (times, kind) in kinds.into_iter().enumerate() {
            for _ in 0..=times {
                counter.note(kind, at(times as i64));
            }
        }
        let counts = Counts {
            since: at(0),
            tokens: 1,
            credentials: 2,
            autoauth: 3,
            sessions: 4,
            links: 5,
            addresses: 6,
        };
        assert_eq!(counts.total(), 21);
        assert_eq!(counter.take_due(at(59_999)), None);
        assert_eq!(counter.take_due(at(60_000)), Some(counts));
    }

    #[test]
    fn what_could_not_be_written_is_not_lost() {
        let counter = GuessCounter::new();
        counter.note(Guess::Session, at(0));
        let counts = counter.take_due(at(60_000)).unwrap();
        counter.note(Guess::Session, at(61_000));
        counter.put_back(counts, at(62_000));
        assert_eq!(counter.take_due(at(121_999)), None, "a store that can't answer is asked without pause");
        let again = counter.take_due(at(122_000)).unwrap();
        assert_eq!((again.sessions, again.since), (2, at(0)));
        counter.put_back(again, at(123_000));
        assert_eq!(counter.take_all(), Some(again));
    }

    #[test]
    fn a_clock_set_back_holds_nothing_up() {
        let counter = GuessCounter::new();
        counter.note(Guess::Token, at(10_000_000));
        assert_eq!(counter.take_due(at(0)), None);
        assert_eq!(counter.take_due(at(60_000)).map(|counts| counts.tokens), Some(1));
        counter.note(Guess::Token, Timestamp::from_millis(i64::MIN));
        assert!(counter.take_due(Timestamp::from_millis(i64::MAX)).is_some());
    }

    #[test]
    fn no_guess_is_lost_between_threads() {
        let counter = GuessCounter::new();
        let taken = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut taken = 0;
                        for moment in 0..10_000 {
                            counter.note(Guess::Session, at(moment * 100));
                            taken += counter.take_due(at(moment * 100)).map_or(0, |counts| counts.sessions);
                        }
                        taken
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
        });
        assert_eq!(taken + counter.take_all().map_or(0, |counts| counts.sessions), 40_000);
    }
}
