//! What the last call of this thread failed with.

use std::ffi::c_char;

use super::guard;

/// What the last call of this thread failed with, in one line for a log: never a token, a secret or an
/// address.
///
/// Every function clears it at entry, but those of this section, the versions, the names of operations and
/// the words of codes.
///
/// @return Valid until the thread's next call; empty when that call succeeded, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error() -> *const c_char {
    guard::peek(c"".as_ptr(), |last| last.message.pointer_or_empty())
}

/// The code that the last call of this thread failed with. Of use after functions that return a value.
///
/// @return A `gatepass_code`; `GATEPASS_OK` when the call succeeded.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_code() -> i32 {
    guard::constant(0, || guard::last_code() as i32)
}

/// For codes of the class MISUSE: the argument, parameter or setting that is wrong, such as `client_id`.
///
/// @return Valid until the thread's next call; empty when there is none, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_field() -> *const c_char {
    guard::peek(c"".as_ptr(), |last| last.field.pointer_or_empty())
}

/// For refusals: the audit event that recorded it, to be shown to a person as a reference number.
///
/// @return Valid until the thread's next call; empty when there is none, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_reference() -> *const c_char {
    guard::peek(c"".as_ptr(), |last| last.reference.pointer_or_empty())
}

/// For `GATEPASS_TOKEN_REDEEMED`: the id that the first redemption was given, so that a host with sessions of
/// its own can end the one that it started when it takes the replay for a theft (RFC 6749 section 4.1.2).
///
/// @return Valid until the thread's next call; empty when there is none, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_redemption() -> *const c_char {
    guard::peek(c"".as_ptr(), |last| last.redemption.pointer_or_empty())
}

/// For `GATEPASS_TOKEN_REDEEMED`: whether the session presented is the one that the token started. Then it is
/// no replay: the same person clicked twice.
///
/// @return 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_same_browser() -> i32 {
    guard::peek(0, |last| last.same_browser.into())
}

/// For `GATEPASS_TOKEN_REDEEMED` under the replay policy `revoke`: whether the call ended the session of the
/// first redemption.
///
/// @return 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_session_ended() -> i32 {
    guard::peek(0, |last| last.session_ended.into())
}

/// For refusals: advice to a caller who failed too often, to ask again after this time. Nobody who is right
/// is ever held back by it.
///
/// @return Milliseconds; 0 for no advice.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_last_error_retry_after_ms() -> i64 {
    guard::peek(0, |last| last.retry_after_ms)
}
