//! The numbers of outcomes, in four classes.
//!
//! A number never changes its meaning. One that is given up stays reserved: it is written here as a comment
//! with the name that it had.

mod numbers;

use std::ffi::c_char;

use once_cell::race::OnceBox;

use super::guard;
use super::text::Text;
use crate::error::Reason;
use gatepass_code::*;

/// What a call came to. 0 is success; every other number belongs to one of four classes, see
/// `gatepass_code_class`. Later releases add numbers and never change one.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum gatepass_code {
    /// Done.
    #[default]
    GATEPASS_OK = 0,

    /// A value can't be used; nothing was changed. `gatepass_last_error_field` names it.
    GATEPASS_INVALID = 1001,
    /// An argument that must be there is NULL.
    GATEPASS_NULL_ARGUMENT = 1002,
    /// A handle that is none, or that was freed.
    GATEPASS_INVALID_HANDLE = 1003,
    /// A handle of another kind of object.
    GATEPASS_WRONG_HANDLE = 1004,
    /// Text that is not UTF-8.
    GATEPASS_INVALID_UTF8 = 1005,
    /// Text with a NUL character in it.
    GATEPASS_NUL_INSIDE = 1006,
    /// Text longer than 16 MiB, or a length that can't be one.
    GATEPASS_TOO_LONG = 1007,

    /// No such token: never issued here, or purged after its retention time.
    GATEPASS_TOKEN_UNKNOWN = 2001,
    /// The token was redeemed before.
    GATEPASS_TOKEN_REDEEMED = 2002,
    /// The token was revoked before it was redeemed.
    GATEPASS_TOKEN_REVOKED = 2003,
    /// The token was issued later than now plus the leeway: the clock was set back.
    GATEPASS_TOKEN_NOT_YET_VALID = 2004,
    /// The token's life is over.
    GATEPASS_TOKEN_EXPIRED = 2005,
    /// The token is bound to another browser. It was not spent.
    GATEPASS_BROWSER_MISMATCH = 2006,

    /// Unknown identifier, wrong secret, revoked or expired credential: one answer for all of them.
    GATEPASS_AUTHENTICATION_FAILED = 2101,
    /// The credential was revoked since the caller was authenticated, or since the token was issued.
    GATEPASS_CREDENTIAL_REVOKED = 2102,
    /// The credential's own expiry has passed.
    GATEPASS_CREDENTIAL_EXPIRED = 2103,
    /// The host credential is switched off.
    GATEPASS_CREDENTIAL_DISABLED = 2104,
    /// The admin who owns the credential is disabled.
    GATEPASS_ADMIN_DISABLED = 2105,
    /// The credential does not allow calls from this address.
    GATEPASS_ADDRESS_NOT_ALLOWED = 2106,
    /// The credential does not allow this action.
    GATEPASS_ACTION_NOT_ALLOWED = 2107,
    /// The credential does not allow this destination.
    GATEPASS_DESTINATION_NOT_ALLOWED = 2108,
    /// The credential does not allow this client.
    GATEPASS_CLIENT_NOT_ALLOWED = 2109,
    /// The credential allows only shorter tokens.
    GATEPASS_LIFE_NOT_ALLOWED = 2110,
    /// The credential's issues per minute are used up.
    GATEPASS_RATE_LIMITED = 2111,
    /// `legacy_admin_auth` is off.
    GATEPASS_LEGACY_AUTH_OFF = 2112,
    /// Too many wrong passwords for this admin; wait.
    GATEPASS_LOCKED_OUT = 2113,
    /// The secret was right but stood in the query of a URL, which the credential does not allow.
    GATEPASS_SECRET_IN_QUERY = 2114,
    /// The credential may not make sign-in links.
    GATEPASS_LINKS_NOT_ALLOWED = 2115,

    /// No such user.
    GATEPASS_USER_UNKNOWN = 2201,
    /// The user is disabled.
    GATEPASS_USER_DISABLED = 2202,
    /// No such client.
    GATEPASS_CLIENT_UNKNOWN = 2203,
    /// The client's status is Closed.
    GATEPASS_CLIENT_CLOSED = 2204,
    /// The client has single sign-on switched off.
    GATEPASS_SSO_DISABLED = 2205,
    /// The user has no place in that client.
    GATEPASS_NOT_A_MEMBER = 2206,
    /// The user has no client at all.
    GATEPASS_NO_CLIENT = 2207,
    /// The client has no owner who could be signed in.
    GATEPASS_NO_OWNER = 2208,

    /// AutoAuth is switched off, or has no key.
    GATEPASS_AUTOAUTH_OFF = 2301,
    /// The hash fits no active key.
    GATEPASS_AUTOAUTH_HASH = 2302,
    /// The link is older than the window.
    GATEPASS_AUTOAUTH_TOO_OLD = 2303,
    /// The link's time lies further in the future than the window.
    GATEPASS_AUTOAUTH_TOO_NEW = 2304,
    /// The link was accepted before.
    GATEPASS_AUTOAUTH_USED = 2305,
    /// The link is older than what the store still remembers, so a reuse could not be told.
    GATEPASS_AUTOAUTH_FORGOTTEN = 2306,
    /// The link's hash was right but its `goto` is not safe. Stands in the audit only: the caller is
    /// told that `goto` is invalid.
    GATEPASS_GOTO_NOT_ALLOWED = 2307,
    /// No user and no client has that address.
    GATEPASS_NO_MATCH = 2308,
    /// No user but several clients have that address.
    GATEPASS_SEVERAL_CLIENTS = 2309,

    /// No such session.
    GATEPASS_SESSION_UNKNOWN = 2401,
    /// The session was ended.
    GATEPASS_SESSION_ENDED = 2402,
    /// The session was left alone longer than the idle time.
    GATEPASS_SESSION_IDLE = 2403,
    /// The session's absolute life is over.
    GATEPASS_SESSION_EXPIRED = 2404,

    /// No such admin.
    GATEPASS_ADMIN_UNKNOWN = 2501,
    /// No such credential.
    GATEPASS_CREDENTIAL_UNKNOWN = 2502,
    /// No such destination.
    GATEPASS_DESTINATION_UNKNOWN = 2503,
    /// No such AutoAuth key.
    GATEPASS_KEY_UNKNOWN = 2504,
    /// An id, name, label or address that must be unique is taken.
    GATEPASS_ALREADY_EXISTS = 2505,
    /// The client has an owner already; one member is the owner.
    GATEPASS_OWNER_EXISTS = 2506,
    /// The owner can't be removed from the client.
    GATEPASS_OWNER_STAYS = 2507,
    /// The operation needs the directory, which the host keeps itself in mode `host`.
    GATEPASS_HOST_MODE = 2508,
    /// The sealing key is needed and was not given.
    GATEPASS_SEALING_KEY_MISSING = 2509,
    /// The sealing key does not open this store's AutoAuth keys.
    GATEPASS_SEALING_KEY_WRONG = 2510,

    /// No such sign-in link.
    GATEPASS_LINK_UNKNOWN = 2601,
    /// All uses of the sign-in link are spent.
    GATEPASS_LINK_USED = 2602,
    /// The sign-in link was revoked.
    GATEPASS_LINK_REVOKED = 2603,
    /// Another sign-in link of the same label and person was used.
    GATEPASS_LINK_SUPERSEDED = 2604,
    /// The person's e-mail address or password was changed since.
    GATEPASS_LINK_OUTDATED = 2605,
    /// The sign-in link lies in the future: the clock was set back.
    GATEPASS_LINK_NOT_YET_VALID = 2606,
    /// The sign-in link's life is over.
    GATEPASS_LINK_EXPIRED = 2607,
    /// The page that the sign-in link leads to is no longer allowed.
    GATEPASS_LANDING_NOT_ALLOWED = 2608,

    /// There is no store at that path.
    GATEPASS_STORE_MISSING = 3001,
    /// Something stands at the path where a new file was to be made.
    GATEPASS_STORE_EXISTS = 3002,
    /// The file is no Gatepass store.
    GATEPASS_NOT_A_STORE = 3003,
    /// The path is a folder.
    GATEPASS_IS_A_FOLDER = 3004,
    /// The folder or the file can't be written, which a store needs even for reading.
    GATEPASS_STORE_READ_ONLY = 3005,
    /// The file may not be opened by this user.
    GATEPASS_STORE_DENIED = 3006,
    /// A newer release wrote this store.
    GATEPASS_SCHEMA_NEWER = 3007,
    /// An older release wrote this store and the change needs an explicit step.
    GATEPASS_SCHEMA_OLDER = 3008,
    /// The file under the open store was replaced or deleted. Open it again.
    GATEPASS_STORE_REPLACED = 3009,
    /// This process inherited the store open over a fork. Close it before forking, or open it in the
    /// child only.
    GATEPASS_FORKED = 3010,
    /// A sync failed earlier in this process, so that no handle of it is trusted any more. Start the
    /// process again.
    GATEPASS_STORE_POISONED = 3011,
    /// The store stayed locked until the deadline.
    GATEPASS_STORE_BUSY = 3012,
    /// The disk is full. Nothing was changed.
    GATEPASS_DISK_FULL = 3013,
    /// It is not known whether the act was done. Treat it as "no", and ask again.
    GATEPASS_INDETERMINATE = 3014,
    /// The file is damaged.
    GATEPASS_STORE_CORRUPT = 3015,
    /// Reading or writing failed.
    GATEPASS_STORE_IO = 3016,
    /// The SQLite that was linked is too old.
    GATEPASS_SQLITE_TOO_OLD = 3017,
    /// Anything else that the database said.
    GATEPASS_STORE_DATABASE = 3018,
    /// The database server can't be reached, or is no part of a cluster that can decide.
    GATEPASS_STORE_UNAVAILABLE = 3019,
    /// This build has no such kind of store.
    GATEPASS_NOT_BUILT_IN = 3020,

    /// A fault of the library or of the system it runs on.
    GATEPASS_INTERNAL = 4001,
    /// A bug in the library was caught. Please report it with the message of `gatepass_last_error`.
    GATEPASS_PANIC = 4002,
}

/// The classes of codes. What a caller does depends on the class; the code says why.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum gatepass_class {
    /// Success, or a number that this release does not know.
    GATEPASS_CLASS_NONE = 0,
    /// The call was not understood, and changed nothing: the caller's program or its input is wrong.
    GATEPASS_CLASS_MISUSE = 1,
    /// An expected "no". The request was understood and the answer is final.
    GATEPASS_CLASS_REFUSED = 2,
    /// The store could not answer. Treat it as "no".
    GATEPASS_CLASS_STORE = 3,
    /// A fault of the library or of the system it runs on. Treat it as "no".
    GATEPASS_CLASS_INTERNAL = 4,
}

/// What a code is called, what it says, and whether the same call may succeed a moment later.
pub(super) struct Known {
    pub(super) code: gatepass_code,
    name: &'static str,
    message: &'static str,
    retryable: bool,
}

const fn known(code: gatepass_code, name: &'static str, message: &'static str) -> Known {
    Known { code, name, message, retryable: false }
}

const fn again(code: gatepass_code, name: &'static str, message: &'static str) -> Known {
    Known { code, name, message, retryable: true }
}

/// Every code that is no reason; those have their words in [`Reason`].
pub(super) const BESIDES_REASONS: &[Known] = &[
    known(GATEPASS_OK, "ok", "done"),
    known(GATEPASS_INVALID, "invalid", "a value can't be used"),
    known(GATEPASS_NULL_ARGUMENT, "null_argument", "an argument that must be there is NULL"),
    known(GATEPASS_INVALID_HANDLE, "invalid_handle", "no handle, or one that was freed"),
    known(GATEPASS_WRONG_HANDLE, "wrong_handle", "a handle of another kind"),
    known(GATEPASS_INVALID_UTF8, "invalid_utf8", "text that is not UTF-8"),
    known(GATEPASS_NUL_INSIDE, "nul_inside", "text with a NUL character in it"),
    known(GATEPASS_TOO_LONG, "too_long", "text longer than 16 MiB"),
    known(GATEPASS_STORE_MISSING, "store_missing", "no store there"),
    known(GATEPASS_STORE_EXISTS, "store_exists", "there is a file at that path already"),
    known(GATEPASS_NOT_A_STORE, "not_a_store", "not a Gatepass store"),
    known(GATEPASS_IS_A_FOLDER, "is_a_folder", "the path is a folder, not a store"),
    known(GATEPASS_STORE_READ_ONLY, "store_read_only", "the store or its folder can't be written"),
    known(GATEPASS_STORE_DENIED, "store_denied", "permission denied"),
    known(GATEPASS_SCHEMA_NEWER, "schema_newer", "a newer release wrote the store"),
    known(GATEPASS_SCHEMA_OLDER, "schema_older", "the store must be migrated first"),
    known(GATEPASS_STORE_REPLACED, "store_replaced", "the store's file was replaced or deleted"),
    known(GATEPASS_FORKED, "forked", "the store or handle came over a fork"),
    known(GATEPASS_STORE_POISONED, "store_poisoned", "an earlier sync failed in this process"),
    again(GATEPASS_STORE_BUSY, "store_busy", "the store was busy until the deadline"),
    known(GATEPASS_DISK_FULL, "disk_full", "the disk is full"),
    again(GATEPASS_INDETERMINATE, "indeterminate", "it is not known whether the act was done"),
    known(GATEPASS_STORE_CORRUPT, "store_corrupt", "the store is damaged"),
    known(GATEPASS_STORE_IO, "store_io", "input or output error"),
    known(GATEPASS_SQLITE_TOO_OLD, "sqlite_too_old", "the SQLite that was linked is too old"),
    known(GATEPASS_STORE_DATABASE, "store_database", "the database reported an error"),
    again(GATEPASS_STORE_UNAVAILABLE, "store_unavailable", "the database server can't be reached"),
    known(GATEPASS_NOT_BUILT_IN, "not_built_in", "this build has no such kind of store"),
    known(GATEPASS_INTERNAL, "internal", "a fault of the library or of its system"),
    known(GATEPASS_PANIC, "panic", "a bug in the library was caught"),
];

/// The words of all codes, made once so that C may keep the pointers. Without a lock: a child of a fork could
/// find one held for ever.
fn words(code: i32) -> Option<&'static (i32, Text, Text, bool)> {
    static ALL: OnceBox<Vec<(i32, Text, Text, bool)>> = OnceBox::new();
    let all = ALL.get_or_init(|| {
        let besides = BESIDES_REASONS.iter().map(|it| (it.code as i32, it.name, it.message, it.retryable));
        let reasons = Reason::ALL
            .iter()
            .map(|&it| (gatepass_code::of_reason(it) as i32, it.code(), it.message(), false));
        besides
            .chain(reasons)
            .map(|(code, name, message, retryable)| (code, Text::new(name), Text::new(message), retryable))
            .collect::<Vec<_>>()
            .into()
    });
    all.iter().find(|known| known.0 == code)
}

/// The name of a code: a stable word for logs and JSON, such as `token_redeemed`.
///
/// @param code  Any number.
/// @return The word, which stays valid for ever; NULL for a number that this release does not know.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_code_name(code: i32) -> *const c_char {
    guard::constant(std::ptr::null(), || words(code).map_or(std::ptr::null(), |known| known.1.pointer()))
}

/// What a code says, in one line for a person. `gatepass_last_error` says more about a call that just failed.
///
/// @param code  Any number.
/// @return The line, which stays valid for ever; NULL for a number that this release does not know.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_code_message(code: i32) -> *const c_char {
    guard::constant(std::ptr::null(), || words(code).map_or(std::ptr::null(), |known| known.2.pointer()))
}

/// The class of a code, also of codes that later releases add.
///
/// @param code  Any number.
/// @return Its class; `GATEPASS_CLASS_NONE` for 0 and for numbers outside of every class.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_code_class(code: i32) -> gatepass_class {
    guard::constant(gatepass_class::GATEPASS_CLASS_NONE, || match code {
        1000..2000 => gatepass_class::GATEPASS_CLASS_MISUSE,
        2000..3000 => gatepass_class::GATEPASS_CLASS_REFUSED,
        3000..4000 => gatepass_class::GATEPASS_CLASS_STORE,
        4000..5000 => gatepass_class::GATEPASS_CLASS_INTERNAL,
        _ => gatepass_class::GATEPASS_CLASS_NONE,
    })
}

/// Whether the same call may succeed a moment later without anybody's doing.
///
/// @param code  Any number.
/// @return 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_code_retryable(code: i32) -> i32 {
    guard::constant(0, || words(code).is_some_and(|known| known.3).into())
}

/// Every code in turn, for languages that want to know them without reading the header.
///
/// @param index  0 and up.
/// @return The code; -1 behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn gatepass_code_at(index: usize) -> i32 {
    guard::constant(-1, || {
        let besides = BESIDES_REASONS.iter().map(|known| known.code);
        let reasons = Reason::ALL.iter().map(|&reason| gatepass_code::of_reason(reason));
        besides.chain(reasons).nth(index).map_or(-1, |code| code as i32)
    })
}
