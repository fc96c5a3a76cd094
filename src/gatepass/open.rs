//! Making and opening a store.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use getrandom::SysRng;
use once_cell::sync::OnceCell;
use rand_core::TryCryptoRng;

use super::sealing::KeyFile;
use super::{Gatepass, PASSWORDS_AT_ONCE, draw_nonce};
use crate::clock::{Clock, SystemClock};
use crate::destination::SystemUrl;
use crate::directory::{Mode, check_text};
use crate::error::{Error, Result};
use crate::seal::SealingKey;
use crate::secret::Randomness;
use crate::settings::Settings;
use crate::store::{self, At, Creation};
use crate::throttle::{GuessCounter, Slots, Throttle};
use crate::upkeep::{Progress, Restored, StoreId};

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

    /// Open an existing store.
    ///
    /// # Errors
    /// A [`StoreError`](crate::StoreError) of its own for each: nothing there, a folder, a foreign file, a
    /// newer schema, a folder that can't be written, a handle inherited over a fork.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Gatepass> {
        self.check()?;
        let store = store::open(path.as_ref(), self.deadline)?;
        self.finish(path.as_ref(), store)
    }

    /// Open a store whose redemption is deliberately broken, for the self-check that must catch it.
    #[cfg(feature = "cli")]
    #[doc(hidden)]
    pub fn open_check_then_act(self, path: impl AsRef<Path>) -> Result<Gatepass> {
        let store = store::open_check_then_act(path.as_ref(), self.deadline)?;
        self.finish(path.as_ref(), store)
    }

    /// What can be wrong with the options themselves, before anything is touched.
    fn check(&self) -> Result<()> {
        self.actor.as_deref().map_or(Ok(()), |actor| check_text("actor", actor, 0, 200))
    }

    fn finish(self, path: &Path, store: std::sync::Arc<dyn store::Store>) -> Result<Gatepass> {
        let mut random = self.random;
        let mut seed = [0; 16];
        random.fill(&mut seed)?;
        Ok(Gatepass {
            path: path.to_owned(),
            store,
            clock: self.clock,
            random: Mutex::new(random),
            sealing_key: self.sealing_key.map_or_else(OnceCell::new, OnceCell::with_value),
            sealing_key_file: self.sealing_key_file.map(|file| KeyFile::new(&file, path)),
            actor: self.actor,
            throttle: Throttle::new(seed),
            guesses: GuessCounter::new(),
            logins: OnceCell::new(),
            passwords: Slots::new(PASSWORDS_AT_ONCE),
            deadline: self.deadline,
            process: crate::sys::process_id(),
        })
    }

    /// Make a new store and open it. Nothing may stand at `path`.
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
        store::create(path.as_ref(), &creation, at)?;
        self.open(path)
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
        Ok(store::restore(path.as_ref(), backup.as_ref(), nonce, at, progress)?)
    }
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

    /// Where the store stands, as it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
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
