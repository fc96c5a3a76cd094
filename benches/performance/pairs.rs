//! Whoever issues and redeems: the library, and the same by hand.

use std::time::{Duration, Instant};

use gatepass::credential::Caller;
use gatepass::id::{ClientId, ItemId};
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{Error, Gatepass, StoreError};

use crate::by_hand::ByHand;
use crate::contest::Sample;
use crate::load::timed;

/// The two acts of a sign-on.
pub(crate) trait Pairs {
    type Token;
    fn issue(&mut self) -> Self::Token;
    fn redeem(&mut self, token: Self::Token);

    /// Both; how long the redemption took.
    fn pair(&mut self) -> Duration {
        let token = self.issue();
        timed(|| self.redeem(token))
    }

    /// A round of so many issues.
    fn issues(&mut self, count: usize) -> Sample {
        let began = Instant::now();
        let made: Vec<_> = std::iter::repeat_with(|| self.issue()).take(count).collect();
        let took = began.elapsed();
        drop(made);
        Sample::of(count, took.as_secs_f64())
    }

    /// A round of so many redemptions; the tokens are issued before, and their issue is not counted.
    fn redemptions(&mut self, count: usize) -> Sample {
        let made: Vec<_> = std::iter::repeat_with(|| self.issue()).take(count).collect();
        let began = Instant::now();
        made.into_iter().for_each(|token| self.redeem(token));
        Sample::of(count, began.elapsed().as_secs_f64())
    }

    /// A round of so many pairs.
    fn pairs(&mut self, count: usize) -> Sample {
        let took = timed(|| {
            for _ in 0..count {
                self.pair();
            }
        });
        Sample::of(count, took.as_secs_f64())
    }
}

/// The library's Rust API.
pub(crate) struct Ours<'a> {
    gate: &'a Gatepass,
    caller: Caller,
    request: IssueRequest,
    /// How often the answer was that the store is busy; the act is done again then.
    pub(crate) busy: usize,
}

impl<'a> Ours<'a> {
    pub(crate) fn new(gate: &'a Gatepass) -> Self {
        let request = IssueRequest::for_client(ClientId::new(1).unwrap())
            .destination("clientarea:product_details")
            .service(ItemId::new(1).unwrap());
        Ours { gate, caller: gate.host_caller("cli").unwrap(), request, busy: 0 }
    }

    fn until_not_busy<T>(&mut self, act: impl Fn(&Self) -> Result<T, Error>) -> T {
        loop {
            match act(self) {
                Err(Error::Store(StoreError::Busy)) => self.busy += 1,
                done => return done.unwrap(),
            }
        }
    }
}

impl Pairs for Ours<'_> {
    type Token = Token;

    fn issue(&mut self) -> Token {
        self.until_not_busy(|ours| ours.gate.issue(&ours.caller, &ours.request)).token
    }

    fn redeem(&mut self, token: Token) {
        let request = RedeemRequest::new(token);
        drop(self.until_not_busy(|ours| ours.gate.redeem(&request)));
    }
}

impl Pairs for ByHand {
    type Token = Vec<u8>;

    fn issue(&mut self) -> Vec<u8> {
        ByHand::issue(self)
    }

    fn redeem(&mut self, key: Vec<u8>) {
        ByHand::redeem(self, &key);
    }
}
