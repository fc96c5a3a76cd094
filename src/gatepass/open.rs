//! Making and opening a store.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use getrandom::SysRng;
use once_cell::sync::OnceCell;
use rand_core::TryCryptoRng;

use super::sealing::KeyFile;
use super::{Gatepass, PASSWORDS_AT_ONCE, copying, draw_nonce};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::destination::SystemUrl;
use crate::directory::{Mode, check_text};
use crate::error::{Error, Result};
use crate::seal::SealingKey;
use crate::secret::Randomness;
use crate::settings::Settings;
use crate::store::{self, At, Creation, Place};
use crate::throttle::{GuessCounter, Slots, Throttle};
use crate::upkeep::{Copied, Migrated, Progress, Restored, StoreId};

/// How long a call may wait for others, unless said otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

/// Nobody waits longer, and the driver counts milliseconds in 32 bits.
const LONGEST_DEADLINE: Duration = Duration::from_secs(3_600);

/// The host credentials of a new store: the one that the command-line tool uses.
const HOST_CREDENTIALS: &[&str] = &["cli"];

/// What a new store is to be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InitOptions {
    /// Where users and clients live.
    pub mode: Mode,
    /// The address of the system that people are signed in to.
    pub system_url: SystemUrl,
    /// Let the file's group read and write it too (0660 instead of 0600).
    pub group_writable: bool,
}

impl InitOptions {
    /// A store for that system. [`Error::Invalid`] for `system_url` when it is no http(s) address, or plain
    /// http elsewhere than on this machine.
    pub fn new(mode: Mode, system_url: &str) -> Result<Self> {
        Ok(InitOptions { mode, system_url: SystemUrl::parse(system_url)?, group_writable: false })
    }

    /// Let the file's group read and write it too.
    pub fn group_writable(mut self, yes: bool) -> Self {
        self.group_writable = yes;
        self
    }
}

/// How to open a store.
///
/// ```no_run
/// use std::time::Duration;
/// use gatepass::Options;
/// # fn main() -> gatepass::Result<()> {
/// let gate = Options::new()
///     .deadline(Duration::from_secs(2))
///     .sealing_key_file("/etc/gatepass/seal.key")
///     .actor("portal")
///     .open("/var/lib/gatepass/gatepass.db")?;
/// # let _ = gate; Ok(()) }
/// ```
pub struct Options {
    deadline: Duration,
    clock: Box<dyn Clock>,
    random: Box<dyn Randomness>,
    sealing_key: Option<SealingKey>,
    sealing_key_file: Option<PathBuf>,
    actor: Option<String>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            deadline: DEADLINE,
            clock: Box::new(SystemClock),
            random: Box::new(SysRng),
            sealing_key: None,
            sealing_key_file: None,
            actor: None,
        }
    }
}

impl Options {
    /// The usual: 10 s deadline, the system's clock and generator, no sealing key.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a call may wait for other users of the store before it fails with
    /// [`StoreError::Busy`](crate::StoreError::Busy).
    ///
    /// At most an hour; a longer one is cut to that.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(LONGEST_DEADLINE);
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Another generator, for tests. Everything secret comes from it.
    pub fn random(mut self, random: impl TryCryptoRng + Send + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// The key that AutoAuth keys are sealed under.
    pub fn sealing_key(mut self, key: SealingKey) -> Self {
        self.sealing_key = Some(key);
        self
    }

    /// The file that holds it; [`Options::sealing_key`] goes before it. It must not stand in the store's
    /// folder, or a copy of the folder opens everything.
    ///
    /// It is read once, when something first needs the key, so that a missing or bad file stops nothing else:
    /// then the call fails with [`Error::Invalid`] for `sealing_key_file` or `sealing_key`.
    pub fn sealing_key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sealing_key_file = Some(path.into());
        self
    }

    /// Who makes the changes, for the audit: the name of the program or person, at most 200 bytes.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Open an existing store: the path of its file, or the URL of a shared one,
    /// `mysql://user:password@host/database`, in builds with the feature `mysql` (`docs/shared-store.md` has the
    /// URL's parts).
    ///
    /// # Errors
    /// A [`StoreError`](crate::StoreError) of its own for each: nothing there, a folder, a foreign file, a
    /// newer schema, a folder that can't be written, a handle inherited over a fork.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Gatepass> {
        self.check()?;
        let place = Place::parse(path.as_ref())?;
        let store = place.open(self.deadline)?;
        self.finish(place, store)
    }

    /// Open a store whose redemption is deliberately broken, for the self-check that must catch it.
    #[cfg(feature = "cli")]
    #[doc(hidden)]
    pub fn open_check_then_act(self, path: impl AsRef<Path>) -> Result<Gatepass> {
        let place = Place::parse(path.as_ref())?;
        let store = place.open_check_then_act(self.deadline)?;
        self.finish(place, store)
    }

    /// Open a store on a node of a cluster that does not wait for what other nodes have written, for the test that
    /// must catch it.
    #[cfg(feature = "mysql")]
    #[doc(hidden)]
    pub fn open_without_causality(self, url: &str) -> Result<Gatepass> {
        let place = Place::parse(Path::new(url))?;
        let store = place.open_without_causality(self.deadline)?;
        self.finish(place, store)
    }

    /// What can be wrong with the options themselves, before anything is touched.
    fn check(&self) -> Result<()> {
        self.actor.as_deref().map_or(Ok(()), |actor| check_text("actor", actor, 0, 200))
    }

    fn finish(self, place: Place, store: std::sync::Arc<dyn store::Store>) -> Result<Gatepass> {
        let clock_apart = store.clock()?.map(|theirs| apart(theirs, self.clock.now()));
        let mut random = self.random;
        let mut seed = [0; 16];
        random.fill(&mut seed)?;
        Ok(Gatepass {
            shown: place.shown(),
            clock_apart,
            store,
            clock: self.clock,
            random: Mutex::new(random),
            sealing_key: self.sealing_key.map_or_else(OnceCell::new, OnceCell::with_value),
            sealing_key_file: self.sealing_key_file.map(|file| KeyFile::new(&file, place.file())),
            place,
            actor: self.actor,
            throttle: Throttle::new(seed),
            guesses: GuessCounter::new(),
            logins: OnceCell::new(),
            passwords: Slots::new(PASSWORDS_AT_ONCE),
            deadline: self.deadline,
            process: crate::sys::process_id(),
        })
    }

    /// Make a new store and open it. Nothing may stand at `path`; a shared one needs its tables
    /// ([`Options::migrate`]).
    ///
    /// # Errors
    /// [`StoreError::Exists`](crate::StoreError::Exists) when something does; a store error when the folder
    /// can't be written.
    pub fn init(mut self, path: impl AsRef<Path>, init: &InitOptions) -> Result<Gatepass> {
        self.check()?;
        let mut id = [0; 16];
        self.random.fill(&mut id)?;
        let settings = Settings::new(init.mode, init.system_url.clone());
        let creation = Creation {
            settings: &settings,
            id: StoreId(id),
            nonce: draw_nonce(&mut *self.random)?,
            group_writable: init.group_writable,
            host_credentials: HOST_CREDENTIALS,
        };
        let at = At { now: self.clock.now(), by: self.actor.as_deref() };
        Place::parse(path.as_ref())?.create(self.deadline, &creation, at)?;
        self.open(path)
    }

    /// Bring the tables of a store up to date; those of a shared store are made if there are none. They
    /// never change otherwise. Hosts may do this at the same time.
    ///
    /// # Errors
    /// [`StoreError::SchemaNewer`](crate::StoreError::SchemaNewer); [`StoreError::Denied`](crate::StoreError::Denied)
    /// when the account may not change tables.
    pub fn migrate(self, path: impl AsRef<Path>) -> Result<Migrated> {
        self.check()?;
        Ok(Place::parse(path.as_ref())?.migrate(self.deadline)?)
    }

    /// Copy a store to a place where none is, of the other kind or the same: a path, or the URL of a shared
    /// store, whose tables must be there ([`Options::migrate`]). Everything comes along: what was spent stays
    /// spent, sessions and links live on, and AutoAuth keys open under the same sealing key.
    ///
    /// Until the copy is verified its place does not open as a store. If it is interrupted, or anything but
    /// [`Verdict::Verified`](crate::upkeep::Verdict::Verified) came out, the same call goes on with it. So a first copy may be made while the
    /// source is in use, and the last one, which has little left to do, when nobody uses it any more. From then
    /// on nobody may use the source: what is redeemed in the one is still unspent in the other.
    ///
    /// `progress` counts rows, each three times.
    ///
    /// # Errors
    /// [`StoreError::Exists`](crate::StoreError::Exists) when the target is a store already; [`StoreError::NotAStore`](crate::StoreError::NotAStore) when it is the
    /// unfinished copy of another store, or anything else; [`StoreError::Busy`](crate::StoreError::Busy) when somebody else goes on with
    /// the same copy.
    pub fn copy(
        mut self,
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
        progress: &mut Progress<'_>,
    ) -> Result<Copied> {
        self.check()?;
        let places = (&Place::parse(from.as_ref())?, &Place::parse(to.as_ref())?);
        let owner = draw_nonce(&mut *self.random)?;
        copying::copy(places, self.deadline, owner, &mut |done, of| progress(done, of))
    }

    /// Make a store from a backup where nothing stands; see [`Gatepass::restore`].
    pub fn restore_to_new(
        mut self,
        path: impl AsRef<Path>,
        backup: impl AsRef<Path>,
        progress: &mut Progress<'_>,
    ) -> Result<Restored> {
        self.check()?;
        let nonce = draw_nonce(&mut *self.random)?;
        let at = At { now: self.clock.now(), by: self.actor.as_deref() };
        Ok(Place::parse(path.as_ref())?.restore(self.deadline, backup.as_ref(), nonce, at, progress)?)
    }
}

/// Whether a store is named by the path of a file, and not by a URL.
#[cfg(feature = "capi")]
pub(crate) fn is_file(path: &Path) -> bool {
    Place::parse(path).is_ok_and(|place| place.file().is_some())
}

/// How far two clocks are apart.
pub(super) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

impl Gatepass {
    /// Open an existing store with the usual [`Options`].
    pub fn open(path: impl AsRef<Path>) -> Result<Gatepass> {
        Options::new().open(path)
    }

    /// Make a new store with the usual [`Options`] and open it.
    pub fn init(path: impl AsRef<Path>, init: &InitOptions) -> Result<Gatepass> {
        Options::new().init(path, init)
    }

    /// Where the store stands, as it was opened: its file, or the URL of a shared store without user and
    /// password.
    pub fn path(&self) -> &Path {
        &self.shown
    }
}

/// What the administrator of a database server says there, so that an account may use a shared store and
/// nothing else: statements in SQL, one for each table. The tables must be there ([`Options::migrate`], by an
/// account that may make them).
///
/// # Errors
/// [`Error::Invalid`] for `store` when it is no shared store, for `user` or `host` when there are characters in
/// it that stand in no name of an account.
pub fn grants(store: impl AsRef<Path>, user: &str, host: &str) -> Result<Vec<String>> {
    for (field, name) in [("user", user), ("host", host)] {
        check_text(field, name, 1, 255)?;
        if name.contains(['\'', '"', '`', '\\']) {
            return Err(Error::invalid(field, "must not hold quotes or backslashes"));
        }
    }
    Place::parse(store.as_ref())?.grants(user, host)
}

/// The version of the SQLite that this library runs on, such as `3.51.0`: the bundled one, or the system's.
pub fn sqlite_version() -> &'static str {
    store::sqlite_version()
}

/// Have this process keep less of the memory that its threads free. For the tool's server: a host's process
/// is its own.
#[cfg(feature = "serve")]
#[doc(hidden)]
pub fn share_arenas() {
    crate::sys::share_arenas();
}

/// A file error as an invalid field.
pub(super) fn file_error(field: &'static str, error: &std::io::Error) -> Error {
    Error::invalid(field, error.kind().to_string())
}
