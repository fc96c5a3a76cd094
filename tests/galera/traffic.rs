//! Traffic on all nodes, and an account of everything that was answered.
//!
//! On each node somebody issues tokens and makes links; whoever redeems, on any node, hears of each at once, so that
//! several try. Some tokens are revoked at the same moment.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use gatepass::credential::Caller;
use gatepass::id::ClientId;
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens, Token};
use gatepass::{Error, Gatepass, Result};

use super::cluster::NODES;

/// Nobody tries what is older: his answer would be that it expired.
const FRESH: Duration = Duration::from_secs(20);

/// How often a link may be used.
pub(crate) const USES: u32 = 3;

#[derive(Clone)]
pub(crate) enum Thing {
    Token(Token),
    Link(SignInLink),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    Issue,
    Use,
    Revoke,
}

/// One call and its answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) act: Act,
    pub(crate) node: usize,
    /// `ok`, or the code of what came instead.
    pub(crate) code: &'static str,
    /// Whether the store could not answer.
    pub(crate) failed: bool,
    /// In words, if so.
    pub(crate) error: Option<String>,
    pub(crate) session: Option<SessionId>,
    pub(crate) begin: Instant,
    pub(crate) end: Instant,
}

/// A token or link that somebody was given, and what became of it.
pub(crate) struct Entry {
    pub(crate) thing: Thing,
    pub(crate) answers: Vec<Answer>,
}

#[derive(Default)]
pub(crate) struct Account {
    pub(crate) entries: Vec<Entry>,
    /// Issues that came to nothing: nobody has the token.
    pub(crate) failed_issues: Vec<Answer>,
}

impl Account {
    pub(crate) fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.entries.iter().flat_map(|entry| &entry.answers).chain(&self.failed_issues)
    }
}

/// Ends the traffic, when what happens in it fails too.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Told = (usize, Thing, Act, Instant);

pub(crate) struct Traffic<'a> {
    gates: &'a [Gatepass],
    caller: Caller,
    client: ClientId,
    over: AtomicBool,
    account: Mutex<Account>,
}

fn asked<T>(act: Act, node: usize, call: impl FnOnce() -> Result<T>) -> (Answer, Option<T>) {
    let begin = Instant::now();
    let result = call();
    let end = Instant::now();
    let (code, failed, error, given) = match result {
        Ok(given) => ("ok", false, None, Some(given)),
        Err(error) => {
            let failed = !matches!(error, Error::Refused(_));
            (error.code(), failed, failed.then(|| error.to_string()), None)
        }
    };
    (Answer { act, node, code, failed, error, session: None, begin, end }, given)
}

impl<'a> Traffic<'a> {
    pub(crate) fn new(gates: &'a [Gatepass], caller: Caller, client: ClientId) -> Self {
        Traffic { gates, caller, client, over: AtomicBool::new(false), account: Mutex::default() }
    }

    /// Let it flow while something happens; the account of it.
    pub(crate) fn during(self, happening: impl FnOnce()) -> Account {
        let users_on_each = 2;
        let (mut senders, mut inboxes): (Vec<SyncSender<Told>>, Vec<_>) = (Vec::new(), Vec::new());
        for at in 0..NODES * users_on_each {
            // Who doesn't keep up misses some.
            let (sender, inbox) = sync_channel(64);
            senders.push(sender);
            inboxes.push((at % NODES, inbox));
        }
        std::thread::scope(|scope| {
            for (node, inbox) in inboxes {
                let traffic = &self;
                scope.spawn(move || traffic.use_what_is_told(node, &inbox));
            }
            for node in 0..NODES {
                let (traffic, senders) = (&self, senders.clone());
                scope.spawn(move || traffic.make(node, &senders));
            }
            drop(senders);
            let _ends = Ends(&self.over);
            happening();
        });
        self.account.into_inner().unwrap()
    }

    fn make(&self, node: usize, senders: &[SyncSender<Told>]) {
        let gate = &self.gates[node];
        for number in 0_usize.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let request = IssueRequest::for_client(self.client);
            let (answer, thing) = if number.is_multiple_of(4) {
                asked(Act::Issue, node, || {
                    let link = LinkRequest::new(request).uses(USES);
                    gate.create_link(&self.caller, &link).map(|made| Thing::Link(made.link))
                })
            } else {
                asked(Act::Issue, node, || {
                    gate.issue(&self.caller, &request).map(|issued| Thing::Token(issued.token))
                })
            };
            let Some(thing) = thing else {
                self.account.lock().unwrap().failed_issues.push(answer);
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let made = answer.end;
            let place = {
                let entries = &mut self.account.lock().unwrap().entries;
                entries.push(Entry { thing: thing.clone(), answers: vec![answer] });
                entries.len() - 1
            };
            // Of some tokens one of those who hear of them is told to revoke it.
            let revoker = (number % 4 == 3).then_some((place / 4) % senders.len());
            for (at, sender) in senders.iter().enumerate() {
                let act = if revoker == Some(at) { Act::Revoke } else { Act::Use };
                let _ = sender.try_send((place, thing.clone(), act, made));
            }
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    fn use_what_is_told(&self, node: usize, inbox: &Receiver<Told>) {
        let gate = &self.gates[node];
        for (place, thing, act, made) in inbox {
            if made.elapsed() > FRESH {
                continue;
            }
            let (answer, session) = asked(act, node, || match (&thing, act) {
                (Thing::Token(token), Act::Revoke) => {
                    gate.revoke_tokens(&RevokeTokens::One(token.clone())).map(|_| None)
                }
                (Thing::Token(token), _) => {
                    gate.redeem(&RedeemRequest::new(token.clone())).map(|redemption| redemption.session)
                }
                (Thing::Link(link), _) => {
                    let request = OpenRequest::new(link.clone()).signing_in(None);
                    gate.open_link(&request).map(|opened| opened.redemption.unwrap().session)
                }
            });
            let answer = Answer { session: session.flatten(), ..answer };
            self.account.lock().unwrap().entries[place].answers.push(answer);
        }
    }
}
