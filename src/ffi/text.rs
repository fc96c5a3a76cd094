//! Text over the border: in as pointer and length, out with a NUL behind it.

use std::ffi::c_char;

use zeroize::Zeroize;

use super::code::gatepass_code::{
    GATEPASS_INVALID_UTF8, GATEPASS_NUL_INSIDE, GATEPASS_NULL_ARGUMENT, GATEPASS_TOO_LONG,
};
use super::guard::Failure;

/// No text is longer, in bytes. A length beyond it is a negative number or garbage, and is not read.
const LONGEST: usize = 16 * 1024 * 1024;

/// Text that C may read: NUL behind it, none inside, wiped when it goes.
#[derive(Debug, Default)]
pub(super) struct Text(Vec<u8>);

impl Drop for Text {
    fn drop(&mut self) {
        // Most texts of an error are none, and wiping nothing has its cost.
        if self.0.capacity() > 0 {
            self.0.zeroize();
        }
    }
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Text::from_bytes(text.as_bytes())
    }

    pub(super) fn from_bytes(text: &[u8]) -> Self {
        // Nothing of ours holds a NUL; a C reader would take one for the end.
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend(text.iter().map(|&byte| if byte == 0 { b' ' } else { byte }));
        bytes.push(0);
        Text(bytes)
    }

    /// The text or, where there is none, `NULL`.
    pub(super) fn optional(text: Option<&str>) -> Self {
        text.map(Text::new).unwrap_or_default()
    }

    /// In bytes, without the NUL.
    pub(super) fn len(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// Valid as long as this lives; `NULL` when there is no text.
    pub(super) fn pointer(&self) -> *const c_char {
        if self.0.is_empty() { std::ptr::null() } else { self.0.as_ptr().cast() }
    }

    /// The same, never `NULL`.
    pub(super) fn pointer_or_empty(&self) -> *const c_char {
        if self.0.is_empty() { c"".as_ptr() } else { self.pointer() }
    }
}

/// Bytes from outside; `None` for `NULL` with length 0.
///
/// # Safety
/// `pointer` leads to `length` readable bytes that nobody writes meanwhile, unless it is `NULL`.
pub(super) unsafe fn bytes<'a>(
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
) -> Result<Option<&'a [u8]>, Failure> {
    if length > LONGEST {
        return Err(Failure::misuse(GATEPASS_TOO_LONG, argument, "longer than 16 MiB"));
    }
    match (pointer.is_null(), length) {
        (true, 0) => Ok(None),
        (true, _) => Err(Failure::misuse(GATEPASS_NULL_ARGUMENT, argument, "NULL, but its length is not 0")),
        // SAFETY: the caller's promise.
        (false, _) => Ok(Some(unsafe { std::slice::from_raw_parts(pointer.cast(), length) })),
    }
}

/// Text from outside: UTF-8 without NUL; `None` for `NULL` with length 0.
///
/// # Safety
/// As for [`bytes`].
pub(super) unsafe fn optional<'a>(
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
) -> Result<Option<&'a str>, Failure> {
    // SAFETY: the caller's promise.
    let Some(bytes) = (unsafe { bytes(pointer, length, argument) })? else { return Ok(None) };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Failure::misuse(GATEPASS_INVALID_UTF8, argument, "not UTF-8"))?;
    if text.contains('\0') {
        return Err(Failure::misuse(GATEPASS_NUL_INSIDE, argument, "holds a NUL character"));
    }
    Ok(Some(text))
}

/// Text from outside that must be there.
///
/// # Safety
/// As for [`bytes`].
pub(super) unsafe fn required<'a>(
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
) -> Result<&'a str, Failure> {
    // SAFETY: the caller's promise.
    unsafe { optional(pointer, length, argument) }?.ok_or_else(|| needed(argument))
}

/// Bytes from outside that must be there.
///
/// # Safety
/// As for [`bytes`].
pub(super) unsafe fn required_bytes<'a>(
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
) -> Result<&'a [u8], Failure> {
    // SAFETY: the caller's promise.
    unsafe { bytes(pointer, length, argument) }?.ok_or_else(|| needed(argument))
}

fn needed(argument: &'static str) -> Failure {
    Failure::misuse(GATEPASS_NULL_ARGUMENT, argument, "is needed")
}

/// An output must be there before anything is done. It is emptied at entry.
///
/// # Safety
/// `out` leads to a writable pointer, unless it is `NULL`.
pub(super) unsafe fn empty_output<T>(out: *mut *mut T) -> Result<(), Failure> {
    if out.is_null() {
        return Err(Failure::misuse(GATEPASS_NULL_ARGUMENT, "out", "is needed"));
    }
    // SAFETY: the caller's promise; it need not be aligned.
    unsafe { out.write_unaligned(std::ptr::null_mut()) };
    Ok(())
}
