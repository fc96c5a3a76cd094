//! Opening and closing a store.

use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;

use super::code::gatepass_code;
use super::guard::{self, Failure};
use super::handle::{self, Kind, Object, get, make};
use super::options::{Chosen, OptionsObject, gatepass_options};
use super::text;
use crate::directory::Mode;
use crate::error::Error;
use crate::gatepass::{Gatepass, InitOptions};

/// An open store. Any thread may use it, several at once. Closed by `gatepass_store_close`.
pub struct gatepass_store {
    _opaque: [u8; 0],
}

/// Where users and clients live.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum gatepass_mode {
    /// In the store: ids must exist there and are checked at every step.
    GATEPASS_MODE_MANAGED = 1,
    /// In the application's database: ids are stored as given, and the application checks them.
    GATEPASS_MODE_HOST = 2,
}

/// What is behind a store's handle; a kept store may be behind several.
pub(super) struct StoreObject(Arc<Gatepass>);

impl StoreObject {
    pub(super) fn gate(&self) -> &Arc<Gatepass> {
        &self.0
    }
}

impl Object for StoreObject {
    type Opaque = gatepass_store;
    const KIND: Kind = Kind::Store;
    const ARGUMENT: &'static str = "store";
}

/// `NULL` stands for the usual options.
fn chosen(options: *const gatepass_options) -> Result<Chosen, Failure> {
    if options.is_null() { Ok(Chosen::default()) } else { Ok(get::<OptionsObject>(options)?.chosen()) }
}

/// Open an existing store.
///
/// Opening costs some milliseconds, so open once and use it for long. Close it before a fork; a child that
/// uses the handle, or opens the same store while its parent has it open, is answered GATEPASS_FORKED.
///
/// @param path         The store's file, UTF-8.
/// @param path_length  In bytes.
/// @param options      NULL for the usual ones; still yours afterwards.
/// @param out          The store. Yours: close it with `gatepass_store_close`.
/// @return GATEPASS_OK; GATEPASS_INVALID for `actor`; another code of the class MISUSE; a code of the class
///         STORE for each thing that can be wrong: nothing there, a folder, a foreign file, a newer schema,
///         no permission.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_store_open(
    path: *const c_char,
    path_length: usize,
    options: *const gatepass_options,
    out: *mut *mut gatepass_store,
) -> gatepass_code {
    // SAFETY: the caller's promises about the text and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let path = text::required(path, path_length, "path")?;
            Ok(StoreObject(Arc::new(chosen(options)?.options()?.open(path)?)))
        })
    })
}

/// Open a store and keep it open in this process after its handle is closed, for hosts whose objects die with
/// each request, as in PHP. Opening it again, by the same options, costs next to nothing.
///
/// It is known again by its file, whatever the path. If the file was replaced meanwhile, the new one is
/// opened. The last 16 are kept. A plain `gatepass_store_open` is never kept and really closes. Before a fork
/// let the kept ones go with `gatepass_store_close_kept`.
///
/// @param path         The store's file, UTF-8.
/// @param path_length  In bytes.
/// @param options      NULL for the usual ones; still yours afterwards.
/// @param out          The store. Yours: close it with `gatepass_store_close`.
/// @return As for `gatepass_store_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_store_open_kept(
    path: *const c_char,
    path_length: usize,
    options: *const gatepass_options,
    out: *mut *mut gatepass_store,
) -> gatepass_code {
    // SAFETY: the caller's promises about the text and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let path = text::required(path, path_length, "path")?;
            Ok(StoreObject(handle::kept().open(Path::new(path), chosen(options)?)?))
        })
    })
}

/// Make a new store and open it. Nothing may stand at the path.
///
/// @param path               The store's file, UTF-8. Its folder must be there.
/// @param path_length        In bytes.
/// @param mode               A `gatepass_mode`.
/// @param system_url         The address of the system that people are signed in to, https (http on this
///                           machine only).
/// @param system_url_length  In bytes.
/// @param group_writable     Not 0: the file's group may read and write it too (mode 0660 instead of 0600).
/// @param options            NULL for the usual ones; still yours afterwards.
/// @param out                The store. Yours: close it with `gatepass_store_close`.
/// @return GATEPASS_OK; GATEPASS_INVALID for `mode`, `system_url` or `actor`; GATEPASS_STORE_EXISTS; another
///         code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_store_init(
    path: *const c_char,
    path_length: usize,
    mode: i32,
    system_url: *const c_char,
    system_url_length: usize,
    group_writable: i32,
    options: *const gatepass_options,
    out: *mut *mut gatepass_store,
) -> gatepass_code {
    // SAFETY: the caller's promises about the texts and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let path = text::required(path, path_length, "path")?;
            let system_url = text::required(system_url, system_url_length, "system_url")?;
            let init = InitOptions::new(mode_from(mode)?, system_url)?.group_writable(group_writable != 0);
            Ok(StoreObject(Arc::new(chosen(options)?.options()?.init(path, &init)?)))
        })
    })
}

fn mode_from(mode: i32) -> Result<Mode, Error> {
    if mode == gatepass_mode::GATEPASS_MODE_MANAGED as i32 {
        Ok(Mode::Managed)
    } else if mode == gatepass_mode::GATEPASS_MODE_HOST as i32 {
        Ok(Mode::Host)
    } else {
        Err(Error::invalid("mode", "must be GATEPASS_MODE_MANAGED or GATEPASS_MODE_HOST"))
    }
}

/// Close a store. Calls of other threads that are in progress end as usual; the file is closed behind the
/// last of them. A kept store stays open for the next `gatepass_store_open_kept`.
///
/// @param store  The store; NULL is no error.
/// @return GATEPASS_OK; GATEPASS_INVALID_HANDLE when it was closed already; GATEPASS_FORKED in a child that
///         inherited it, where there is nothing to close.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_store_close(store: *mut gatepass_store) -> gatepass_code {
    guard::fallible(|| handle::free(store.cast(), "store", |kind| kind == Kind::Store as u64))
}

/// Let all kept stores of this process go: before a fork, or to give files free. Those that still have a
/// handle are closed with it.
///
/// @return GATEPASS_OK.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_store_close_kept() -> gatepass_code {
    guard::fallible(|| {
        handle::kept().close();
        Ok(())
    })
}
