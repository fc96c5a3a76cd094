//! What this library is: its versions and its operations.

use std::ffi::c_char;

use once_cell::race::OnceBox;

use super::guard;
use super::text::Text;
use crate::ops;

/// The version of this interface, for compilers. Languages that can't see it call the function of the same
/// name in small letters, which tells the library's.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum gatepass_abi {
    /// Grows when something that worked no longer does. It is the number in the library's SONAME.
    GATEPASS_ABI_VERSION = 1,
    /// Grows when something is added, and begins again at 0 with each version.
    GATEPASS_ABI_REVISION = 0,
}

/// The interface's version that the library was built with. A program that was compiled against
/// another `GATEPASS_ABI_VERSION` must not go on.
///
/// @return `GATEPASS_ABI_VERSION` as the library knows it.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_abi_version() -> i32 {
    guard::constant(0, || gatepass_abi::GATEPASS_ABI_VERSION as i32)
}

/// The interface's revision that the library was built with. A program needs at least the one that it was
/// compiled against.
///
/// @return `GATEPASS_ABI_REVISION` as the library knows it.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_abi_revision() -> i32 {
    guard::constant(0, || gatepass_abi::GATEPASS_ABI_REVISION as i32)
}

/// The release of the library, such as `0.1.0`.
///
/// @return Valid for ever, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_version() -> *const c_char {
    guard::constant(c"".as_ptr(), || {
        static VERSION: OnceBox<Text> = OnceBox::new();
        VERSION.get_or_init(|| Text::new(env!("CARGO_PKG_VERSION")).into()).pointer()
    })
}

/// The version of the SQLite inside, such as `3.51.0`.
///
/// @return Valid for ever, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_sqlite_version() -> *const c_char {
    guard::constant(c"".as_ptr(), || {
        static VERSION: OnceBox<Text> = OnceBox::new();
        VERSION.get_or_init(|| Text::new(crate::sqlite_version()).into()).pointer()
    })
}

/// The name and purpose of each operation, made once so that C may keep the pointers.
fn operation(index: usize) -> Option<&'static (Text, Text)> {
    static ALL: OnceBox<Vec<(Text, Text)>> = OnceBox::new();
    ALL.get_or_init(|| {
        ops::all().map(|it| (Text::new(it.name), Text::new(it.about))).collect::<Vec<_>>().into()
    })
    .get(index)
}

/// The name of each operation that `gatepass_call` knows, in turn.
///
/// @param index  0 and up.
/// @return `noun.verb`, valid for ever; NULL behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_operation_name(index: usize) -> *const c_char {
    guard::constant(std::ptr::null(), || operation(index).map_or(std::ptr::null(), |it| it.0.pointer()))
}

/// What each operation does, in one line.
///
/// @param index  0 and up, as for `gatepass_operation_name`.
/// @return The line, valid for ever; NULL behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_operation_about(index: usize) -> *const c_char {
    guard::constant(std::ptr::null(), || operation(index).map_or(std::ptr::null(), |it| it.1.pointer()))
}
