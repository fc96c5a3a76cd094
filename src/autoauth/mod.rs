//! AutoAuth: the legacy sign-in links, `dologin.php?email=…&timestamp=…&hash=…&goto=…`, accepted again
//! without their holes.
//!
//! The link proves only that somebody who holds the key wrote this address at that second. Who is signed in,
//! whether the link was used before and whether the switch is on is decided from facts that the store loads.
//! Nothing here reads the clock, the store or the sealing key's file.

mod judge;
mod link;

pub(crate) use judge::{
    AcceptAct, AcceptFacts, Acceptance, Accepted, REMEMBERED, SealedKey, judge_accept, landing_of, named_by,
    told,
};
pub use judge::{AutoAuthInspection, AutoAuthKey, AutoAuthSignIn};
pub use link::{Link, Matched, Windows, digest, replay_key, sign, verify};
