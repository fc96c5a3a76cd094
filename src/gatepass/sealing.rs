//! The sealing key's file: outside of the store's folder, readable by its owner alone, and read only when
//! something needs the key.

use std::path::{Path, PathBuf};

use super::Gatepass;
use super::open::file_error;
use crate::autoauth::SealedKey;
use crate::error::{Error, Reason, Result};
use crate::id::KeyId;
use crate::seal::{Aad, SealingKey};
use crate::secret::Secret;
use crate::store::{AutoAuthKeys, Place};
use crate::sys;

const FIELD: &str = "sealing_key_file";

/// The folder of a path as the file system knows it.
fn real_folder(path: &Path) -> Result<PathBuf> {
    sys::folder_of(path).canonicalize().map_err(|error| file_error(FIELD, &error))
}

fn refuse_beside(file: &Path, store: &Path) -> Result<()> {
    let (key, store) = (real_folder(file)?, real_folder(store)?);
    if key.starts_with(&store) {
        return Err(Error::invalid(
            FIELD,
            "must not stand in the store's folder, whose copy it has to protect",
        ));
    }
    Ok(())
}

/// Read a sealing key for a store, which may be a file.
fn read(file: &Path, store: Option<&Path>) -> Result<SealingKey> {
    if let Some(store) = store {
        // Where it stands is looked at first: nothing in the store's folder may be opened, least of all the
        // store.
        refuse_beside(file, store)?;
        if sys::file_id(file).ok() == sys::file_id(store).ok() {
            return Err(Error::invalid(FIELD, "is the store itself"));
        }
    }
    let text = sys::read_small(file).map_err(|error| file_error(FIELD, &error))?;
    let mode = sys::mode(file).map_err(|error| file_error(FIELD, &error))?;
    if mode & 0o007 != 0 {
        return Err(Error::invalid(
            FIELD,
            "is readable for every user of this machine; set its mode to 0600 or 0640",
        ));
    }
    SealingKey::parse(&text)
}

/// What a blob is bound to.
pub(super) fn aad(held: &AutoAuthKeys, key: KeyId) -> Aad {
    Aad { store: held.store.0, row: key.get() }
}

/// A sealing key's file and the store's, if that is one, which it must not stand beside.
pub(super) struct KeyFile {
    file: PathBuf,
    store: Option<PathBuf>,
}

impl KeyFile {
    /// Both as they are meant now: the program may go to another folder before the key is needed.
    pub(super) fn new(file: &Path, store: Option<&Path>) -> Self {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        KeyFile { file: absolute(file), store: store.map(absolute) }
    }
}

impl Gatepass {
    /// Make a new sealing key in a new file that only its owner can read. It must not stand in the folder of
    /// `store`, if that is a file.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `sealing_key_file` when a file stands there, or it is the wrong place.
    pub fn new_sealing_key_file(file: impl AsRef<Path>, store: impl AsRef<Path>) -> Result<SealingKey> {
        let file = file.as_ref();
        if let Some(store) = Place::parse(store.as_ref())?.file() {
            refuse_beside(file, store)?;
        }
        let key = SealingKey::generate(&mut getrandom::SysRng)?;
        sys::write_private(file, key.to_file_text().reveal().as_bytes())
            .map_err(|error| file_error(FIELD, &error))?;
        Ok(key)
    }

    /// Read a sealing key from its file, under the same rules as
    /// [`Options::sealing_key_file`](crate::Options::sealing_key_file).
    pub fn read_sealing_key_file(&self, file: impl AsRef<Path>) -> Result<SealingKey> {
        read(file.as_ref(), self.place.file())
    }

    /// Seal every active AutoAuth key anew, under another key, in one act.
    ///
    /// # Errors
    /// [`Reason::SealingKeyMissing`] when this handle was opened without the old one,
    /// [`Reason::SealingKeyWrong`] when that one does not open every active key: retire those that it does
    /// not open.
    pub fn rotate_sealing_key(&self, new: &SealingKey) -> Result<usize> {
        let held = self.store.autoauth_keys()?;
        let mut resealed = Vec::with_capacity(held.keys.len());
        for sealed in held.active() {
            let aad = aad(&held, sealed.key.key_id);
            let plain = self.unseal(&held, sealed)?;
            let blob = self.with_random(|random| new.seal(&plain, &aad, random))?;
            resealed.push((sealed.key.key_id, sealed.sealed.clone(), blob));
        }
        self.store.reseal_keys(&resealed, self.at())??;
        Ok(resealed.len())
    }

    pub(super) fn own_sealing_key(&self) -> Result<&SealingKey> {
        self.own_process()?;
        self.sealing_key.get_or_try_init(|| match &self.sealing_key_file {
            Some(KeyFile { file, store }) => read(file, store.as_deref()),
            None => Err(Reason::SealingKeyMissing.into()),
        })
    }

    pub(super) fn unseal(&self, held: &AutoAuthKeys, key: &SealedKey) -> Result<Secret> {
        self.own_sealing_key()?.open(&key.sealed, &aad(held, key.key.key_id))
    }
}
