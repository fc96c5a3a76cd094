//! The use cases: a handle on a store, joined with a clock and a random generator.
//!
//! Everything that a host does goes through [`Gatepass`]: the hot acts are typed methods here, the management
//! operations too, and [`crate::ops`] offers the latter as JSON. Nothing here names a backend.

mod admins;
mod audit;
mod autoauth;
mod copying;
mod credentials;
mod directory;
mod directory_view;
mod links;
mod open;
mod sealing;
mod sessions;
mod settings;
mod tokens;
mod upkeep;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use once_cell::sync::OnceCell;
use zeroize::Zeroizing;

use crate::audit::{AuditRef, EventKind, NewEvent};
use crate::clock::{Clock, Timestamp};
use crate::directory::Mode;
use crate::error::{Error, Reason, Refusal, Result, StoreError};
use crate::seal::SealingKey;
use crate::secret::{Randomness, hex};
use crate::store::{At, Place, Store};
use crate::throttle::{Counts, Guess, GuessCounter, LoginLock, Slots, Throttle};

pub use autoauth::{AutoAuthReport, AutoAuthRequest, KeyChoice};
pub use credentials::RevokedCredential;
pub use directory::UserExport;
pub(crate) use directory_view::DirectoryView;
pub use links::LinkExplanation;
#[cfg(feature = "capi")]
pub(crate) use open::is_file;
#[cfg(feature = "serve")]
pub use open::share_arenas;
pub use open::{InitOptions, Options, grants, sqlite_version};
pub use tokens::Explanation;

/// At most so many passwords are worked on at once: each takes 19 MiB.
const PASSWORDS_AT_ONCE: usize = 2;

/// An open store, and everything that can be done with it. Cheap to share: all methods take `&self`, from any
/// thread.
///
/// ```
/// use gatepass::{Gatepass, InitOptions};
/// use gatepass::directory::{Mode, NewClient, NewUser};
/// use gatepass::token::{IssueRequest, RedeemRequest};
///
/// # fn main() -> gatepass::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("gatepass.db");
/// let gate = Gatepass::init(&path, &InitOptions::new(Mode::Managed, "https://billing.example.com")?)?;
/// let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() })?;
/// let client = gate.add_client(&NewClient {
///     email: "ann@example.com".into(),
///     owner: Some(user.user_id),
///     ..NewClient::default()
/// })?;
///
/// // The portal asks for a token and sends the browser to its URL …
/// let portal = gate.host_caller("cli")?;
/// let issued = gate.issue(&portal, &IssueRequest::for_client(client.client_id))?;
/// assert!(issued.redirect_url.starts_with("https://billing.example.com/oauth/singlesignon.php?access_token="));
///
/// // … where it is spent, once.
/// let redeemed = gate.redeem(&RedeemRequest::new(issued.token.clone()))?;
/// assert_eq!(redeemed.user_id, Some(user.user_id));
/// let again = gate.redeem(&RedeemRequest::new(issued.token)).unwrap_err();
/// assert_eq!(again.reason(), Some(gatepass::Reason::TokenRedeemed));
/// # Ok(()) }
/// ```
///
/// # Async code
///
/// Every call may wait for the disk, so call it through `tokio::task::spawn_blocking` (or your runtime's
/// equivalent) with an `Arc<Gatepass>`. No lock is held between calls and dropping a future never leaves an
/// act half done.
///
/// # Forking
///
/// SQLite's locks do not survive a fork. Close the store before forking and open it in the child; a child
/// that uses an inherited handle, or opens a store whose handle it inherited, is told
/// [`StoreError::Forked`](crate::StoreError::Forked).
pub struct Gatepass {
    place: Place,
    /// The place as it may be shown.
    shown: PathBuf,
    /// How far this host's clock was from the store's own when it was opened.
    clock_apart: Option<Duration>,
    store: Arc<dyn Store>,
    clock: Box<dyn Clock>,
    random: Mutex<Box<dyn Randomness>>,
    /// Given at open, or read from its file when it is first needed.
    sealing_key: OnceCell<SealingKey>,
    sealing_key_file: Option<sealing::KeyFile>,
    actor: Option<String>,
    throttle: Throttle,
    guesses: GuessCounter,
    logins: OnceCell<LoginLock>,
    passwords: Slots,
    /// How long a call may wait for others.
    deadline: Duration,
    /// The process that opened it. Another one, over a fork, may find any lock in here held for ever.
    process: u32,
}

impl std::fmt::Debug for Gatepass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gatepass").field("path", &self.shown).finish_non_exhaustive()
    }
}

impl Gatepass {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn at(&self) -> At<'_> {
        At { now: self.now(), by: self.actor.as_deref() }
    }

    /// Is this the process that opened the handle? Asked before any lock of the handle is taken.
    fn own_process(&self) -> Result<()> {
        if crate::sys::process_id() == self.process { Ok(()) } else { Err(StoreError::Forked.into()) }
    }

    fn with_random<T>(&self, draw: impl FnOnce(&mut dyn Randomness) -> Result<T>) -> Result<T> {
        self.own_process()?;
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        draw(&mut **random)
    }

    /// A random number that marks a state of the settings.
    fn nonce(&self) -> Result<i64> {
        self.with_random(draw_nonce)
    }

    /// A random word that a page hands to one browser, to be brought back by its form: 256 bits in hex.
    pub(crate) fn page_nonce(&self) -> Result<Zeroizing<String>> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.with_random(|random| random.fill(&mut bytes[..]))?;
        Ok(Zeroizing::new(hex(&bytes[..])))
    }

    fn login_lock(&self) -> Result<&LoginLock> {
        self.logins.get_or_try_init(|| {
            let mut seed = [0; 16];
            self.with_random(|random| random.fill(&mut seed))?;
            Ok(LoginLock::new(seed))
        })
    }

    /// A guess at something that is not there, or a call from where none may come: counted in memory, told to
    /// the audit at most once a minute, and answered with advice when to ask again.
    fn refuse_guess(&self, guess: Guess, reason: Reason, address: Option<IpAddr>, now: Timestamp) -> Error {
        if let Err(forked) = self.own_process() {
            return forked;
        }
        self.note_guess(guess, now);
        self.refuse_failure(reason, address, now)
    }

    fn note_guess(&self, guess: Guess, now: Timestamp) {
        self.guesses.note(guess, now);
        self.flush_guesses(now);
    }

    /// A failure from an address, with advice when to ask again. It never decides about anybody who is right.
    fn refuse_failure(&self, reason: Reason, address: Option<IpAddr>, now: Timestamp) -> Error {
        if let Err(forked) = self.own_process() {
            return forked;
        }
        let mut refusal = Refusal::new(reason);
        refusal.retry_after = self.throttle.failed(address, now);
        Error::Refused(refusal)
    }

    /// Write a refusal to the audit. The answer stands already, so a store that can't be written just now
    /// takes its reference away and nothing else.
    fn record_refusal(&self, event: &NewEvent<'_>, now: Timestamp) -> Result<Option<AuditRef>> {
        match self.store.record(event, now) {
            Ok(reference) => Ok(Some(reference)),
            Err(error) if error.passing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A refusal that leaves an event and counts as a failure of its address.
    fn refuse_recorded(
        &self,
        event: &NewEvent<'_>,
        reason: Reason,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Error {
        match (self.record_refusal(event, now), self.refuse_failure(reason, address, now)) {
            (Ok(reference), Error::Refused(refusal)) => refusal.recorded(reference).into(),
            (Err(error), _) | (Ok(_), error) => error,
        }
    }

    fn flush_guesses(&self, now: Timestamp) {
        if let Some(counts) = self.guesses.take_due(now) {
            let mut event = NewEvent::new(EventKind::Guesses).detail(told_guesses(&counts));
            event.count = i64::try_from(counts.total()).unwrap_or(i64::MAX);
            if self.store.record(&event, now).is_err() {
                // The store can't be written now; the counts are told later.
                self.guesses.put_back(counts, now);
            }
        }
    }

    fn managed(&self) -> Result<()> {
        match self.store.settings()?.mode {
            Mode::Managed => Ok(()),
            Mode::Host => Err(Reason::HostMode.into()),
        }
    }
}

/// The detail of an event of guesses.
fn told_guesses(counts: &Counts) -> String {
    format!(
        "tokens {}, credentials {}, autoauth {}, sessions {}, links {}, addresses {}",
        counts.tokens, counts.credentials, counts.autoauth, counts.sessions, counts.links, counts.addresses
    )
}

/// The guesses at AutoAuth hashes in what [`told_guesses`] wrote.
fn wrong_hashes_in(detail: &str) -> i64 {
    let count = detail.split(", ").find_map(|part| part.strip_prefix("autoauth ")?.parse::<u64>().ok());
    i64::try_from(count.unwrap_or(0)).unwrap_or(i64::MAX)
}

/// A random number that marks a state of the settings.
fn draw_nonce(random: &mut dyn Randomness) -> Result<i64> {
    let mut bytes = [0; 8];
    random.fill(&mut bytes)?;
    Ok(i64::from_ne_bytes(bytes))
}

impl Drop for Gatepass {
    fn drop(&mut self) {
        // A handle that lived shorter than a minute keeps its counts to itself: one write per guess would be
        // a gift.
        if self.own_process().is_ok() {
            self.flush_guesses(self.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_hashes_are_read_back_as_they_were_told() {
        for (autoauth, read) in [(0, 0), (1, 1), (10, 10), (u64::MAX, i64::MAX)] {
            let since = Timestamp::from_seconds(0);
            let counts =
                Counts { since, tokens: 7, credentials: 8, autoauth, addresses: 9, sessions: 6, links: 5 };
            assert_eq!(wrong_hashes_in(&told_guesses(&counts)), read);
        }
        for strange in ["", "autoauth", "autoauth x", "autoauth -1", "tokens 1", "noautoauth 3, tokens 1"] {
            assert_eq!(wrong_hashes_in(strange), 0, "{strange}");
        }
    }
}
