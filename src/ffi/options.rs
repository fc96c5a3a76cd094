//! How a store is opened.

use std::ffi::c_char;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::code::gatepass_code;
use super::guard::{self, Failure};
use super::handle::{Kind, Object, get, make};
use super::text;
use crate::error::Error;
use crate::gatepass::Options;
use crate::seal::SealingKey;

/// How a store is opened: deadline, sealing key, actor. Freed by `gatepass_free`.
pub struct gatepass_options {
    _opaque: [u8; 0],
}

/// What C set. What was not set is the library's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) deadline_ms: Option<u64>,
    pub(super) sealing_key_file: Option<PathBuf>,
    /// The text of a sealing key's file. Part of what tells two kept stores apart.
    pub(super) sealing_key: Option<KeyText>,
    pub(super) actor: Option<String>,
}

/// Kept in clear as long as the options live, and wiped then.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct KeyText(zeroize::Zeroizing<String>);

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyText(…)")
    }
}

impl Chosen {
    pub(super) fn options(&self) -> Result<Options, Error> {
        let mut options = Options::new();
        if let Some(deadline) = self.deadline_ms {
            options = options.deadline(Duration::from_millis(deadline));
        }
        if let Some(file) = &self.sealing_key_file {
            options = options.sealing_key_file(file);
        }
        if let Some(key) = &self.sealing_key {
            options = options.sealing_key(SealingKey::parse(&key.0)?);
        }
        if let Some(actor) = &self.actor {
            options = options.actor(actor);
        }
        Ok(options)
    }
}

#[derive(Default)]
pub(super) struct OptionsObject(Mutex<Chosen>);

impl OptionsObject {
    pub(super) fn chosen(&self) -> Chosen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Object for OptionsObject {
    type Opaque = gatepass_options;
    const KIND: Kind = Kind::Options;
    const ARGUMENT: &'static str = "options";
}

fn change(
    options: *mut gatepass_options,
    change: impl FnOnce(&mut Chosen) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let options = get::<OptionsObject>(options)?;
    let mut chosen = options.0.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut chosen)
}

/// Make options: 10 s deadline, no sealing key, no actor. Give them to `gatepass_store_open` and free them.
///
/// @param out  The options. Yours: free them with `gatepass_free`.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_options_new(out: *mut *mut gatepass_options) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe { make(out, || Ok(OptionsObject::default())) })
}

/// How long a call may wait for other users of the store before it answers `GATEPASS_STORE_BUSY`.
///
/// @param options       The options.
/// @param milliseconds  0 to 3,600,000; a longer time is cut to that. Default 10,000.
/// @return GATEPASS_OK; GATEPASS_INVALID for `deadline`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_options_set_deadline_ms(
    options: *mut gatepass_options,
    milliseconds: i64,
) -> gatepass_code {
    guard::fallible(|| {
        change(options, |chosen| {
            let deadline = u64::try_from(milliseconds)
                .map_err(|_| Error::invalid("deadline", "must not be negative"))?;
            chosen.deadline_ms = Some(deadline);
            Ok(())
        })
    })
}

/// The file that holds the key under which AutoAuth keys are sealed. It must not stand in the store's folder.
///
/// It is read when something first needs the key; then a missing or bad file is GATEPASS_INVALID for
/// `sealing_key_file` or `sealing_key`.
///
/// @param options      The options.
/// @param path         UTF-8; NULL with length 0 for none.
/// @param path_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_options_set_sealing_key_file(
    options: *mut gatepass_options,
    path: *const c_char,
    path_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        // SAFETY: the caller's promise about the text.
        let path = unsafe { text::optional(path, path_length, "sealing_key_file") }?.map(PathBuf::from);
        change(options, |chosen| {
            chosen.sealing_key_file = path;
            Ok(())
        })
    })
}

/// The sealing key itself, for hosts that keep it elsewhere than in a file. It goes before a file.
///
/// @param options     The options.
/// @param key         What a file made by `gatepass seal new` holds; NULL with length 0 for none.
/// @param key_length  In bytes.
/// @return GATEPASS_OK; GATEPASS_INVALID for `sealing_key`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_options_set_sealing_key(
    options: *mut gatepass_options,
    key: *const c_char,
    key_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        // SAFETY: the caller's promise about the text.
        let key = unsafe { text::optional(key, key_length, "sealing_key") }?;
        key.map(SealingKey::parse).transpose()?;
        change(options, |chosen| {
            chosen.sealing_key = key.map(|key| KeyText(zeroize::Zeroizing::new(key.to_owned())));
            Ok(())
        })
    })
}

/// Who makes the changes, for the audit: the name of the program or person.
///
/// @param options       The options.
/// @param actor         At most 200 bytes, without control characters; NULL with length 0 for none.
/// @param actor_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE. Whether the actor can be used is told at open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_options_set_actor(
    options: *mut gatepass_options,
    actor: *const c_char,
    actor_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        // SAFETY: the caller's promise about the text.
        let actor = unsafe { text::optional(actor, actor_length, "actor") }?.map(str::to_owned);
        change(options, |chosen| {
            chosen.actor = actor;
            Ok(())
        })
    })
}
