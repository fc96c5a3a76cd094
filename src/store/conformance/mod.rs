//! One suite of plain functions that every backend must pass.
//!
//! A backend says how a store is made and opened ([`Backend`], [`Place`]); the suite brings the rest. Each
//! case gets a store of its own with two handles on it, acts through one and the other by turns, and looks
//! at what came out [everywhere](World::everywhere): through both handles, and again after all are closed
//! and the store is opened anew. Time is an argument of every act, so a case sets the clock as it likes.
//!
//! A case is named as the promise that it keeps. Each noun lists the reasons and the invalid fields that
//! its cases must have met, and [`every_reason_is_met_or_is_not_the_stores_to_give`] holds the lists
//! against [`Reason::ALL`]. The suite knows no SQL, no file names and no backend.

mod admins;
mod audit;
mod autoauth;
mod backup;
mod credentials;
mod destinations;
mod directory;
mod link_ends;
mod link_openings;
mod links;
mod purge;
mod redeem;
mod sessions;
mod settings;
mod tokens;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::{At, Creation, Store, StoreResult};
use crate::error::Reason;
use crate::upkeep::Restored;
use world::World;

/// What the suite needs of a backend.
pub(in crate::store) trait Backend {
    /// Make a store where nothing stands.
    fn make(&self, creation: &Creation<'_>, at: At<'_>) -> Box<dyn Place>;
}

/// One store, wherever it is.
pub(in crate::store) trait Place {
    /// One more handle on it.
    fn open(&self) -> Arc<dyn Store>;
    /// A folder for backups, with nothing else in it.
    fn folder(&self) -> &Path;
    /// Make another store from a backup, and open it.
    fn restore_to_new(
        &self,
        backup: &Path,
        nonce: i64,
        at: At<'_>,
    ) -> StoreResult<(Restored, Arc<dyn Store>)>;
}

/// A promise and the function that tries it.
type Case = (&'static str, fn(&World<'_>));

/// Lists the cases of a file under their own names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => { &[ $( (stringify!($case), $case) ),* ] };
}
use cases;

/// All cases of one noun, and what they must have met.
pub(in crate::store) struct Noun {
    pub(in crate::store) name: &'static str,
    cases: &'static [Case],
    /// Every reason that an act of this noun can give.
    reasons: &'static [Reason],
    /// Every field that an act of this noun can call invalid.
    fields: &'static [&'static str],
}

/// The whole suite.
pub(in crate::store) const NOUNS: &[Noun] = &[
    tokens::NOUN,
    links::NOUN,
    link_openings::NOUN,
    link_ends::NOUN,
    redeem::NOUN,
    sessions::NOUN,
    credentials::NOUN,
    admins::NOUN,
    directory::NOUN,
    destinations::NOUN,
    autoauth::NOUN,
    audit::NOUN,
    settings::NOUN,
    purge::NOUN,
    backup::NOUN,
];

/// A test for each noun over a backend, or over those that are named for them.
macro_rules! every_noun {
    ($backend:ident) => {
        crate::store::conformance::every_noun!(
            $backend: tokens, links, link_openings, link_ends, redeem, sessions, credentials, admins, directory,
                destinations, autoauth, audit, settings, purge, backup
        );
    };
    ($($backend:ident: $($name:ident),*);*) => {
        $( $( #[test] fn $name() {
            use crate::store::conformance::{NOUNS, run};
            run(NOUNS.iter().find(|noun| noun.name == stringify!($name)).unwrap(), &$backend);
        } )* )*

        #[test]
        fn no_noun_is_left_out() {
            use crate::store::conformance::NOUNS;
            let run = [$( $(stringify!($name)),* ),*];
            assert!(NOUNS.iter().all(|noun| run.contains(&noun.name)));
            assert_eq!(run.len(), NOUNS.len());
        }
    };
}
pub(in crate::store) use every_noun;

/// What only the use cases say: a store loads the facts for these, but its acts never answer with them.
const OF_THE_USE_CASES: &[Reason] = &[
    // The verdict of `credential::authenticate` and of the password check.
    Reason::AuthenticationFailed,
    Reason::LegacyAuthOff,
    Reason::LockedOut,
    // The use case asks the caller's limits after the secret was right.
    Reason::SecretInQuery,
    // Managed mode is asked for before a directory act; an AutoAuth link in host mode is not looked up at
    // all.
    Reason::HostMode,
    // Written to the audit only: the answer is an invalid `goto`.
    Reason::GotoNotAllowed,
    // Stores only ever see sealed blobs.
    Reason::SealingKeyMissing,
    Reason::SealingKeyWrong,
];

/// Run all cases of a noun; panics with the names of those that failed.
pub(in crate::store) fn run(noun: &Noun, backend: &dyn Backend) {
    let mut failed = Vec::new();
    let mut reasons: Vec<Reason> = Vec::new();
    let mut fields: Vec<String> = Vec::new();
    for (name, case) in noun.cases {
        let world = World::new(backend);
        if catch_unwind(AssertUnwindSafe(|| case(&world))).is_err() {
            failed.push(*name);
        }
        let seen = world.seen();
        reasons.extend(seen.reasons);
        fields.extend(seen.fields);
    }
    assert!(failed.is_empty(), "{}: {} of {} failed: {failed:#?}", noun.name, failed.len(), noun.cases.len());
    let missed: Vec<_> = noun.reasons.iter().filter(|reason| !reasons.contains(reason)).collect();
    assert!(missed.is_empty(), "{}: no case met {missed:?}", noun.name);
    let unlisted: Vec<_> = reasons.iter().filter(|reason| !noun.reasons.contains(reason)).collect();
    assert!(unlisted.is_empty(), "{}: met but not listed: {unlisted:?}", noun.name);
    let missed: Vec<_> =
        noun.fields.iter().filter(|field| !fields.iter().any(|seen| seen == *field)).collect();
    assert!(missed.is_empty(), "{}: no case met an invalid {missed:?}", noun.name);
    let unlisted: Vec<_> = fields.iter().filter(|field| !noun.fields.contains(&field.as_str())).collect();
    assert!(unlisted.is_empty(), "{}: invalid but not listed: {unlisted:?}", noun.name);
}

#[test]
fn every_reason_is_met_or_is_not_the_stores_to_give() {
    for reason in Reason::ALL {
        let met = NOUNS.iter().any(|noun| noun.reasons.contains(reason));
        let elsewhere = OF_THE_USE_CASES.contains(reason);
        assert!(met || elsewhere, "{reason:?} is reached by no case");
        assert!(!(met && elsewhere), "{reason:?} is said to be given elsewhere, yet a store gave it");
    }
}

#[test]
fn a_suite_over_a_backend_that_breaks_a_promise_fails() {
    fn broken(_: &World<'_>) {
        panic!("a promise was broken");
    }
    struct Nowhere;
    impl Backend for Nowhere {
        fn make(&self, _: &Creation<'_>, _: At<'_>) -> Box<dyn Place> {
            panic!("this suite needs no store")
        }
    }
    let with = |cases, reasons| Noun { name: "broken", cases, reasons, fields: &[] };
    let fails = |noun: Noun| catch_unwind(AssertUnwindSafe(|| run(&noun, &Nowhere))).is_err();
    assert!(fails(with(cases![broken], &[])), "a failing case was not noticed");
    assert!(fails(with(&[], &[Reason::NoMatch])), "a reason that no case met was not noticed");
    assert!(!fails(with(&[], &[])));
}
