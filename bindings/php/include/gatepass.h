/*
 * Gatepass: hands a signed-in person over from one trusted system to another, without a second log-in.
 *
 * A store is opened; a caller asks for a token for a person; the person's browser brings the token; it is
 * redeemed, exactly once. README.md has a complete program.
 *
 * Conventions, true for every function:
 *
 * - What can fail returns a gatepass_code: 0 (GATEPASS_OK) is success. What returns a value returns NULL or 0
 *   when it fails, and gatepass_last_error_code() tells that from a value. gatepass_last_error() says what
 *   the thread's last call failed with, in one line. Getters are calls too: copy what the error functions
 *   give before the next call, and make both on one thread (Go: runtime.LockOSThread).
 * - Codes come in four classes (gatepass_code_class): MISUSE, the program or its input is wrong and nothing was
 *   changed; REFUSED, an expected "no"; STORE, the store could not answer; INTERNAL. Nobody may be let in on
 *   anything but 0.
 * - The object comes first, then inputs, outputs last. An output must not be NULL; it is set to NULL at entry
 *   and filled only on success.
 * - Handles are opaque and never dereferenced by the library. A freed, foreign, wrong or NULL handle is a code,
 *   not a crash. Whoever gets a handle frees it: a store with gatepass_store_close, all else with gatepass_free.
 * - Text goes in as pointer and length in bytes: UTF-8, no NUL inside, at most 16 MiB, copied. NULL with length
 *   0 stands for no text; any other pointer with length 0 is the empty text, which is a value. Text comes out
 *   with a NUL behind it, is borrowed from the object that it came from and ends with it. The library reads as
 *   many bytes as the length says, so it must be right.
 * - Ids, counts and times are int64_t; times are milliseconds since 1970 UTC. 0 stands for none.
 * - Any thread may call anything at any time, several at once on one object too; a request that one thread
 *   changes while another acts on it is acted on as it was before or after the change. There is nothing to
 *   initialise.
 * - Handles don't cross a fork: in the child each is answered GATEPASS_FORKED. Close stores before a fork (and
 *   let kept ones go), for a child can't open a store that its parent had open, nor any at all if it was
 *   forked while a thread was inside of a call: it would wait for what that thread held, and is told instead.
 * - Nothing is ever printed, no signal handled, no file descriptor kept but the store's.
 *
 * Never open the store's file with another copy of SQLite in the same process, and never open and close it by
 * other means there: its locks would be lost.
 *
 * Made by cbindgen from src/ffi; do not edit. `tests/header` makes it anew.
 */


#ifndef GATEPASS_H
#define GATEPASS_H

#include <stddef.h>
#include <stdint.h>

/* C++: include this file inside extern "C" { }. */

// The classes of codes. What a caller does depends on the class; the code says why.
typedef enum gatepass_class {
    // Success, or a number that this release does not know.
    GATEPASS_CLASS_NONE = 0,
    // The call was not understood, and changed nothing: the caller's program or its input is wrong.
    GATEPASS_CLASS_MISUSE = 1,
    // An expected "no". The request was understood and the answer is final.
    GATEPASS_CLASS_REFUSED = 2,
    // The store could not answer. Treat it as "no".
    GATEPASS_CLASS_STORE = 3,
    // A fault of the library or of the system it runs on. Treat it as "no".
    GATEPASS_CLASS_INTERNAL = 4,
} gatepass_class;

// What a call came to. 0 is success; every other number belongs to one of four classes, see
// `gatepass_code_class`. Later releases add numbers and never change one.
typedef enum gatepass_code {
    // Done.
    GATEPASS_OK = 0,
    // A value can't be used; nothing was changed. `gatepass_last_error_field` names it.
    GATEPASS_INVALID = 1001,
    // An argument that must be there is NULL.
    GATEPASS_NULL_ARGUMENT = 1002,
    // A handle that is none, or that was freed.
    GATEPASS_INVALID_HANDLE = 1003,
    // A handle of another kind of object.
    GATEPASS_WRONG_HANDLE = 1004,
    // Text that is not UTF-8.
    GATEPASS_INVALID_UTF8 = 1005,
    // Text with a NUL character in it.
    GATEPASS_NUL_INSIDE = 1006,
    // Text longer than 16 MiB, or a length that can't be one.
    GATEPASS_TOO_LONG = 1007,
    // No such token: never issued here, or purged after its retention time.
    GATEPASS_TOKEN_UNKNOWN = 2001,
    // The token was redeemed before.
    GATEPASS_TOKEN_REDEEMED = 2002,
    // The token was revoked before it was redeemed.
    GATEPASS_TOKEN_REVOKED = 2003,
    // The token was issued later than now plus the leeway: the clock was set back.
    GATEPASS_TOKEN_NOT_YET_VALID = 2004,
    // The token's life is over.
    GATEPASS_TOKEN_EXPIRED = 2005,
    // The token is bound to another browser. It was not spent.
    GATEPASS_BROWSER_MISMATCH = 2006,
    // Unknown identifier, wrong secret, revoked or expired credential: one answer for all of them.
    GATEPASS_AUTHENTICATION_FAILED = 2101,
    // The credential was revoked since the caller was authenticated, or since the token was issued.
    GATEPASS_CREDENTIAL_REVOKED = 2102,
    // The credential's own expiry has passed.
    GATEPASS_CREDENTIAL_EXPIRED = 2103,
    // The host credential is switched off.
    GATEPASS_CREDENTIAL_DISABLED = 2104,
    // The admin who owns the credential is disabled.
    GATEPASS_ADMIN_DISABLED = 2105,
    // The credential does not allow calls from this address.
    GATEPASS_ADDRESS_NOT_ALLOWED = 2106,
    // The credential does not allow this action.
    GATEPASS_ACTION_NOT_ALLOWED = 2107,
    // The credential does not allow this destination.
    GATEPASS_DESTINATION_NOT_ALLOWED = 2108,
    // The credential does not allow this client.
    GATEPASS_CLIENT_NOT_ALLOWED = 2109,
    // The credential allows only shorter tokens.
    GATEPASS_LIFE_NOT_ALLOWED = 2110,
    // The credential's issues per minute are used up.
    GATEPASS_RATE_LIMITED = 2111,
    // `legacy_admin_auth` is off.
    GATEPASS_LEGACY_AUTH_OFF = 2112,
    // Too many wrong passwords for this admin; wait.
    GATEPASS_LOCKED_OUT = 2113,
    // The secret was right but stood in the query of a URL, which the credential does not allow.
    GATEPASS_SECRET_IN_QUERY = 2114,
    // The credential may not make sign-in links.
    GATEPASS_LINKS_NOT_ALLOWED = 2115,
    // No such user.
    GATEPASS_USER_UNKNOWN = 2201,
    // The user is disabled.
    GATEPASS_USER_DISABLED = 2202,
    // No such client.
    GATEPASS_CLIENT_UNKNOWN = 2203,
    // The client's status is Closed.
    GATEPASS_CLIENT_CLOSED = 2204,
    // The client has single sign-on switched off.
    GATEPASS_SSO_DISABLED = 2205,
    // The user has no place in that client.
    GATEPASS_NOT_A_MEMBER = 2206,
    // The user has no client at all.
    GATEPASS_NO_CLIENT = 2207,
    // The client has no owner who could be signed in.
    GATEPASS_NO_OWNER = 2208,
    // AutoAuth is switched off, or has no key.
    GATEPASS_AUTOAUTH_OFF = 2301,
    // The hash fits no active key.
    GATEPASS_AUTOAUTH_HASH = 2302,
    // The link is older than the window.
    GATEPASS_AUTOAUTH_TOO_OLD = 2303,
    // The link's time lies further in the future than the window.
    GATEPASS_AUTOAUTH_TOO_NEW = 2304,
    // The link was accepted before.
    GATEPASS_AUTOAUTH_USED = 2305,
    // The link is older than what the store still remembers, so a reuse could not be told.
    GATEPASS_AUTOAUTH_FORGOTTEN = 2306,
    // The link's hash was right but its `goto` is not safe. Stands in the audit only: the caller is
    // told that `goto` is invalid.
    GATEPASS_GOTO_NOT_ALLOWED = 2307,
    // No user and no client has that address.
    GATEPASS_NO_MATCH = 2308,
    // No user but several clients have that address.
    GATEPASS_SEVERAL_CLIENTS = 2309,
    // No such session.
    GATEPASS_SESSION_UNKNOWN = 2401,
    // The session was ended.
    GATEPASS_SESSION_ENDED = 2402,
    // The session was left alone longer than the idle time.
    GATEPASS_SESSION_IDLE = 2403,
    // The session's absolute life is over.
    GATEPASS_SESSION_EXPIRED = 2404,
    // No such admin.
    GATEPASS_ADMIN_UNKNOWN = 2501,
    // No such credential.
    GATEPASS_CREDENTIAL_UNKNOWN = 2502,
    // No such destination.
    GATEPASS_DESTINATION_UNKNOWN = 2503,
    // No such AutoAuth key.
    GATEPASS_KEY_UNKNOWN = 2504,
    // An id, name, label or address that must be unique is taken.
    GATEPASS_ALREADY_EXISTS = 2505,
    // The client has an owner already; one member is the owner.
    GATEPASS_OWNER_EXISTS = 2506,
    // The owner can't be removed from the client.
    GATEPASS_OWNER_STAYS = 2507,
    // The operation needs the directory, which the host keeps itself in mode `host`.
    GATEPASS_HOST_MODE = 2508,
    // The sealing key is needed and was not given.
    GATEPASS_SEALING_KEY_MISSING = 2509,
    // The sealing key does not open this store's AutoAuth keys.
    GATEPASS_SEALING_KEY_WRONG = 2510,
    // No such sign-in link.
    GATEPASS_LINK_UNKNOWN = 2601,
    // All uses of the sign-in link are spent.
    GATEPASS_LINK_USED = 2602,
    // The sign-in link was revoked.
    GATEPASS_LINK_REVOKED = 2603,
    // Another sign-in link of the same label and person was used.
    GATEPASS_LINK_SUPERSEDED = 2604,
    // The person's e-mail address or password was changed since.
    GATEPASS_LINK_OUTDATED = 2605,
    // The sign-in link lies in the future: the clock was set back.
    GATEPASS_LINK_NOT_YET_VALID = 2606,
    // The sign-in link's life is over.
    GATEPASS_LINK_EXPIRED = 2607,
    // The page that the sign-in link leads to is no longer allowed.
    GATEPASS_LANDING_NOT_ALLOWED = 2608,
    // There is no store at that path.
    GATEPASS_STORE_MISSING = 3001,
    // Something stands at the path where a new file was to be made.
    GATEPASS_STORE_EXISTS = 3002,
    // The file is no Gatepass store.
    GATEPASS_NOT_A_STORE = 3003,
    // The path is a folder.
    GATEPASS_IS_A_FOLDER = 3004,
    // The folder or the file can't be written, which a store needs even for reading.
    GATEPASS_STORE_READ_ONLY = 3005,
    // The file may not be opened by this user.
    GATEPASS_STORE_DENIED = 3006,
    // A newer release wrote this store.
    GATEPASS_SCHEMA_NEWER = 3007,
    // An older release wrote this store and the change needs an explicit step.
    GATEPASS_SCHEMA_OLDER = 3008,
    // The file under the open store was replaced or deleted. Open it again.
    GATEPASS_STORE_REPLACED = 3009,
    // This process inherited the store open over a fork. Close it before forking, or open it in the
    // child only.
    GATEPASS_FORKED = 3010,
    // A sync failed earlier in this process, so that no handle of it is trusted any more. Start the
    // process again.
    GATEPASS_STORE_POISONED = 3011,
    // The store stayed locked until the deadline.
    GATEPASS_STORE_BUSY = 3012,
    // The disk is full. Nothing was changed.
    GATEPASS_DISK_FULL = 3013,
    // It is not known whether the act was done. Treat it as "no", and ask again.
    GATEPASS_INDETERMINATE = 3014,
    // The file is damaged.
    GATEPASS_STORE_CORRUPT = 3015,
    // Reading or writing failed.
    GATEPASS_STORE_IO = 3016,
    // The SQLite that was linked is too old.
    GATEPASS_SQLITE_TOO_OLD = 3017,
    // Anything else that the database said.
    GATEPASS_STORE_DATABASE = 3018,
    // The database server can't be reached, or is no part of a cluster that can decide.
    GATEPASS_STORE_UNAVAILABLE = 3019,
    // This build has no such kind of store.
    GATEPASS_NOT_BUILT_IN = 3020,
    // A fault of the library or of the system it runs on.
    GATEPASS_INTERNAL = 4001,
    // A bug in the library was caught. Please report it with the message of `gatepass_last_error`.
    GATEPASS_PANIC = 4002,
} gatepass_code;

// The version of this interface, for compilers. Languages that can't see it call the function of the same
// name in small letters, which tells the library's.
typedef enum gatepass_abi {
    // Grows when something that worked no longer does. It is the number in the library's SONAME.
    GATEPASS_ABI_VERSION = 1,
    // Grows when something is added, and begins again at 0 with each version.
    GATEPASS_ABI_REVISION = 0,
} gatepass_abi;

// Where users and clients live.
typedef enum gatepass_mode {
    // In the store: ids must exist there and are checked at every step.
    GATEPASS_MODE_MANAGED = 1,
    // In the application's database: ids are stored as given, and the application checks them.
    GATEPASS_MODE_HOST = 2,
} gatepass_mode;

// Where a token stands.
typedef enum gatepass_token_state {
    // It could be redeemed now, as far as the token itself goes.
    GATEPASS_TOKEN_STATE_LIVE = 1,
    // It was redeemed.
    GATEPASS_TOKEN_STATE_REDEEMED = 2,
    // It was revoked.
    GATEPASS_TOKEN_STATE_REVOKED = 3,
    // Its life is over.
    GATEPASS_TOKEN_STATE_EXPIRED = 4,
    // It lies in the future: the clock was set back.
    GATEPASS_TOKEN_STATE_NOT_YET_VALID = 5,
    // The credential that issued it was revoked, has expired or is disabled.
    GATEPASS_TOKEN_STATE_CREDENTIAL_VOID = 6,
} gatepass_token_state;

// How a session began. Later releases may add ways.
typedef enum gatepass_origin {
    // An SSO token was redeemed.
    GATEPASS_ORIGIN_TOKEN = 1,
    // An AutoAuth link was accepted.
    GATEPASS_ORIGIN_AUTOAUTH = 2,
} gatepass_origin;

// Who asks for tokens: the proof of an authentication, or a registered caller of this process. It can't be
// built from a request, and is one to the store that made it as long as that is open. What it may do is read
// anew each time it is used. Freed by `gatepass_free`.
typedef struct gatepass_caller gatepass_caller;

// A sign-in link that was just made. Freed by `gatepass_free`.
typedef struct gatepass_created_link gatepass_created_link;

// A text that a call gave: JSON, or a link. Freed by `gatepass_free`.
typedef struct gatepass_document gatepass_document;

// What can be told of a token without spending it. Freed by `gatepass_free`.
typedef struct gatepass_inspection gatepass_inspection;

// A token that was just issued. Freed by `gatepass_free`.
typedef struct gatepass_issued gatepass_issued;

// A use of a sign-in link that was just spent. Freed by `gatepass_free`.
typedef struct gatepass_opened_link gatepass_opened_link;

// How a store is opened: deadline, sealing key, actor. Freed by `gatepass_free`.
typedef struct gatepass_options gatepass_options;

// What an act is asked for. Make one, set the fields that the act takes, and give it to the act; it may be
// used again. A field that the act does not take is GATEPASS_INVALID, with the field's name. Freed by
// `gatepass_free`.
typedef struct gatepass_request gatepass_request;

// A session that is good, as a check found it. Freed by `gatepass_free`.
typedef struct gatepass_session gatepass_session;

// A person who was just signed in, by a token or an AutoAuth link. Freed by `gatepass_free`.
typedef struct gatepass_sign_in gatepass_sign_in;

// An open store. Any thread may use it, several at once. Closed by `gatepass_store_close`.
typedef struct gatepass_store gatepass_store;

// An HTTP request, as a front controller hands it over. Freed by `gatepass_free`.
typedef struct gatepass_web_request gatepass_web_request;

// An HTTP answer, to be sent as it is. Freed by `gatepass_free`.
typedef struct gatepass_web_response gatepass_web_response;

// The interface's version that the library was built with. A program that was compiled against
// another `GATEPASS_ABI_VERSION` must not go on.
//
// @return `GATEPASS_ABI_VERSION` as the library knows it.
int32_t gatepass_abi_version(void);

// The interface's revision that the library was built with. A program needs at least the one that it was
// compiled against.
//
// @return `GATEPASS_ABI_REVISION` as the library knows it.
int32_t gatepass_abi_revision(void);

// The release of the library, such as `0.1.0`.
//
// @return Valid for ever, never NULL.
const char *gatepass_version(void);

// The version of the SQLite inside, such as `3.51.0`.
//
// @return Valid for ever, never NULL.
const char *gatepass_sqlite_version(void);

// The name of each operation that `gatepass_call` knows, in turn.
//
// @param index  0 and up.
// @return `noun.verb`, valid for ever; NULL behind the last.
const char *gatepass_operation_name(size_t index);

// What each operation does, in one line.
//
// @param index  0 and up, as for `gatepass_operation_name`.
// @return The line, valid for ever; NULL behind the last.
const char *gatepass_operation_about(size_t index);

// The name of a code: a stable word for logs and JSON, such as `token_redeemed`.
//
// @param code  Any number.
// @return The word, which stays valid for ever; NULL for a number that this release does not know.
const char *gatepass_code_name(int32_t code);

// What a code says, in one line for a person. `gatepass_last_error` says more about a call that just failed.
//
// @param code  Any number.
// @return The line, which stays valid for ever; NULL for a number that this release does not know.
const char *gatepass_code_message(int32_t code);

// The class of a code, also of codes that later releases add.
//
// @param code  Any number.
// @return Its class; `GATEPASS_CLASS_NONE` for 0 and for numbers outside of every class.
enum gatepass_class gatepass_code_class(int32_t code);

// Whether the same call may succeed a moment later without anybody's doing.
//
// @param code  Any number.
// @return 1 or 0.
int32_t gatepass_code_retryable(int32_t code);

// Every code in turn, for languages that want to know them without reading the header.
//
// @param index  0 and up.
// @return The code; -1 behind the last.
int32_t gatepass_code_at(size_t index);

// What the last call of this thread failed with, in one line for a log: never a token, a secret or an
// address.
//
// Every function clears it at entry, but those of this section, the versions, the names of operations and
// the words of codes.
//
// @return Valid until the thread's next call; empty when that call succeeded, never NULL.
const char *gatepass_last_error(void);

// The code that the last call of this thread failed with. Of use after functions that return a value.
//
// @return A `gatepass_code`; `GATEPASS_OK` when the call succeeded.
int32_t gatepass_last_error_code(void);

// For codes of the class MISUSE: the argument, parameter or setting that is wrong, such as `client_id`.
//
// @return Valid until the thread's next call; empty when there is none, never NULL.
const char *gatepass_last_error_field(void);

// For refusals: the audit event that recorded it, to be shown to a person as a reference number.
//
// @return Valid until the thread's next call; empty when there is none, never NULL.
const char *gatepass_last_error_reference(void);

// For `GATEPASS_TOKEN_REDEEMED`: the id that the first redemption was given, so that a host with sessions of
// its own can end the one that it started when it takes the replay for a theft (RFC 6749 section 4.1.2).
//
// @return Valid until the thread's next call; empty when there is none, never NULL.
const char *gatepass_last_error_redemption(void);

// For `GATEPASS_TOKEN_REDEEMED`: whether the session presented is the one that the token started. Then it is
// no replay: the same person clicked twice.
//
// @return 1 or 0.
int32_t gatepass_last_error_same_browser(void);

// For `GATEPASS_TOKEN_REDEEMED` under the replay policy `revoke`: whether the call ended the session of the
// first redemption.
//
// @return 1 or 0.
int32_t gatepass_last_error_session_ended(void);

// For refusals: advice to a caller who failed too often, to ask again after this time. Nobody who is right
// is ever held back by it.
//
// @return Milliseconds; 0 for no advice.
int64_t gatepass_last_error_retry_after_ms(void);

// Make options: 10 s deadline, no sealing key, no actor. Give them to `gatepass_store_open` and free them.
//
// @param out  The options. Yours: free them with `gatepass_free`.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_options_new(struct gatepass_options **out);

// How long a call may wait for other users of the store before it answers `GATEPASS_STORE_BUSY`.
//
// @param options       The options.
// @param milliseconds  0 to 3,600,000; a longer time is cut to that. Default 10,000.
// @return GATEPASS_OK; GATEPASS_INVALID for `deadline`; another code of the class MISUSE.
enum gatepass_code gatepass_options_set_deadline_ms(struct gatepass_options *options, int64_t milliseconds);

// The file that holds the key under which AutoAuth keys are sealed. It must not stand in the store's folder.
//
// It is read when something first needs the key; then a missing or bad file is GATEPASS_INVALID for
// `sealing_key_file` or `sealing_key`.
//
// @param options      The options.
// @param path         UTF-8; NULL with length 0 for none.
// @param path_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_options_set_sealing_key_file(struct gatepass_options *options,
                                                         const char *path,
                                                         size_t path_length);

// The sealing key itself, for hosts that keep it elsewhere than in a file. It goes before a file.
//
// @param options     The options.
// @param key         What a file made by `gatepass seal new` holds; NULL with length 0 for none.
// @param key_length  In bytes.
// @return GATEPASS_OK; GATEPASS_INVALID for `sealing_key`; another code of the class MISUSE.
enum gatepass_code gatepass_options_set_sealing_key(struct gatepass_options *options,
                                                    const char *key,
                                                    size_t key_length);

// Who makes the changes, for the audit: the name of the program or person.
//
// @param options       The options.
// @param actor         At most 200 bytes, without control characters; NULL with length 0 for none.
// @param actor_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE. Whether the actor can be used is told at open.
enum gatepass_code gatepass_options_set_actor(struct gatepass_options *options,
                                              const char *actor,
                                              size_t actor_length);

// Open an existing store.
//
// Opening costs some milliseconds, so open once and use it for long. Close it before a fork; a child that
// uses the handle, or opens the same store while its parent has it open, is answered GATEPASS_FORKED.
//
// @param path         The store's file, UTF-8.
// @param path_length  In bytes.
// @param options      NULL for the usual ones; still yours afterwards.
// @param out          The store. Yours: close it with `gatepass_store_close`.
// @return GATEPASS_OK; GATEPASS_INVALID for `actor`; another code of the class MISUSE; a code of the class
//         STORE for each thing that can be wrong: nothing there, a folder, a foreign file, a newer schema,
//         no permission.
enum gatepass_code gatepass_store_open(const char *path,
                                       size_t path_length,
                                       const struct gatepass_options *options,
                                       struct gatepass_store **out);

// Open a store and keep it open in this process after its handle is closed, for hosts whose objects die with
// each request, as in PHP. Opening it again, by the same options, costs next to nothing.
//
// It is known again by its file, whatever the path. If the file was replaced meanwhile, the new one is
// opened. The last 16 are kept. A plain `gatepass_store_open` is never kept and really closes. Before a fork
// let the kept ones go with `gatepass_store_close_kept`.
//
// @param path         The store's file, UTF-8.
// @param path_length  In bytes.
// @param options      NULL for the usual ones; still yours afterwards.
// @param out          The store. Yours: close it with `gatepass_store_close`.
// @return As for `gatepass_store_open`.
enum gatepass_code gatepass_store_open_kept(const char *path,
                                            size_t path_length,
                                            const struct gatepass_options *options,
                                            struct gatepass_store **out);

// Make a new store and open it. Nothing may stand at the path.
//
// @param path               The store's file, UTF-8. Its folder must be there.
// @param path_length        In bytes.
// @param mode               A `gatepass_mode`.
// @param system_url         The address of the system that people are signed in to, https (http on this
//                           machine only).
// @param system_url_length  In bytes.
// @param group_writable     Not 0: the file's group may read and write it too (mode 0660 instead of 0600).
// @param options            NULL for the usual ones; still yours afterwards.
// @param out                The store. Yours: close it with `gatepass_store_close`.
// @return GATEPASS_OK; GATEPASS_INVALID for `mode`, `system_url` or `actor`; GATEPASS_STORE_EXISTS; another
//         code of the classes MISUSE or STORE.
enum gatepass_code gatepass_store_init(const char *path,
                                       size_t path_length,
                                       int32_t mode,
                                       const char *system_url,
                                       size_t system_url_length,
                                       int32_t group_writable,
                                       const struct gatepass_options *options,
                                       struct gatepass_store **out);

// Close a store. Calls of other threads that are in progress end as usual; the file is closed behind the
// last of them. A kept store stays open for the next `gatepass_store_open_kept`.
//
// @param store  The store; NULL is no error.
// @return GATEPASS_OK; GATEPASS_INVALID_HANDLE when it was closed already; GATEPASS_FORKED in a child that
//         inherited it, where there is nothing to close.
enum gatepass_code gatepass_store_close(struct gatepass_store *store);

// Let all kept stores of this process go: before a fork, or to give files free. Those that still have a
// handle are closed with it.
//
// @return GATEPASS_OK.
enum gatepass_code gatepass_store_close_kept(void);

// Authenticate a calling system by identifier and secret. A right secret always succeeds, whatever others
// did.
//
// @param store              The store.
// @param identifier         `GPI` and 29 more characters.
// @param identifier_length  In bytes.
// @param secret             `GPS` and 29 more characters.
// @param secret_length      In bytes.
// @param address            The caller's network address, such as `203.0.113.9`; NULL with length 0 when
//                           there is none. A credential bound to addresses is refused without one.
// @param address_length     In bytes.
// @param out                The caller. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_AUTHENTICATION_FAILED for unknown, wrong, revoked and expired alike;
//         GATEPASS_ADDRESS_NOT_ALLOWED; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_caller_authenticate(const struct gatepass_store *store,
                                                const char *identifier,
                                                size_t identifier_length,
                                                const char *secret,
                                                size_t secret_length,
                                                const char *address,
                                                size_t address_length,
                                                struct gatepass_caller **out);

// The registered host credential of a label, for code in this process. It proves nothing: code under the
// same system user owns the store. It says who asks, and limits honest mistakes.
//
// @param store         The store.
// @param label         Such as `cli`, which every store has.
// @param label_length  In bytes.
// @param out           The caller. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_CREDENTIAL_UNKNOWN; GATEPASS_CREDENTIAL_DISABLED; a code of the classes
//         MISUSE or STORE.
enum gatepass_code gatepass_caller_host(const struct gatepass_store *store,
                                        const char *label,
                                        size_t label_length,
                                        struct gatepass_caller **out);

// The credential of a caller.
//
// @param caller  The caller.
// @return Its id; 0 when it has none or the handle is bad (`gatepass_last_error_code`).
int64_t gatepass_caller_credential_id(const struct gatepass_caller *caller);

// May this caller do this API action, from there, now?
//
// @param store           The store that authenticated the caller.
// @param caller          The caller.
// @param action          Its name in lower case, such as `getclients`.
// @param action_length   In bytes.
// @param address         The caller's network address; NULL with length 0 when there is none.
// @param address_length  In bytes.
// @return GATEPASS_OK if it may; GATEPASS_INVALID for `action` or `address`; GATEPASS_ACTION_NOT_ALLOWED,
//         GATEPASS_ADDRESS_NOT_ALLOWED or what became of the credential; a code of the classes MISUSE or
//         STORE.
enum gatepass_code gatepass_caller_authorise(const struct gatepass_store *store,
                                             const struct gatepass_caller *caller,
                                             const char *action,
                                             size_t action_length,
                                             const char *address,
                                             size_t address_length);

// Make an empty request.
//
// @param out  The request. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_new(struct gatepass_request **out);

// Issue, link create: the user who shall be signed in. Alone: bound to the one client, if there is exactly one.
//
// @param request  The request.
// @param user_id  Greater than 0.
// @return GATEPASS_OK; GATEPASS_INVALID for `user_id`; another code of the class MISUSE.
enum gatepass_code gatepass_request_set_user_id(struct gatepass_request *request,
                                                int64_t user_id);

// Issue, link create: the client. Alone: its owner is signed in.
//
// @param request  The request.
// @param client_id  Greater than 0.
// @return GATEPASS_OK; GATEPASS_INVALID for `client_id`; another code of the class MISUSE.
enum gatepass_code gatepass_request_set_client_id(struct gatepass_request *request, int64_t client_id);

// Issue, link create: the landing page by name. The home page if not set.
//
// @param request      The request.
// @param name         Such as `clientarea:product_details`; NULL with length 0 takes the field back.
// @param name_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_destination(struct gatepass_request *request,
                                                    const char *name,
                                                    size_t name_length);

// Issue, link create: the service, for a destination that shows one. Whether it is the client's is the page's
// business.
//
// @param request  The request.
// @param service_id  Greater than 0.
// @return GATEPASS_OK; GATEPASS_INVALID for `service_id`; another code of the class MISUSE.
enum gatepass_code gatepass_request_set_service_id(struct gatepass_request *request, int64_t service_id);

// Issue, link create: the domain, for a destination that shows one. Whether it is the client's is the page's
// business.
//
// @param request  The request.
// @param domain_id  Greater than 0.
// @return GATEPASS_OK; GATEPASS_INVALID for `domain_id`; another code of the class MISUSE.
enum gatepass_code gatepass_request_set_domain_id(struct gatepass_request *request, int64_t domain_id);

// Issue, link create: the relative path to land on, for the destination `sso:custom_redirect`.
//
// @param request      The request.
// @param path         Relative to the system URL, such as `viewinvoice.php?id=5`; NULL with length 0 takes
//                     the field back.
// @param path_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_redirect_path(struct gatepass_request *request,
                                                      const char *path,
                                                      size_t path_length);

// Issue, link create: another life than usual. The tokens that a link gives live as long as the store's do.
//
// @param request       The request.
// @param milliseconds  For a token 1 to 60,000, and 60 s if not set. For a link a minute to 7 days, and the
//                      setting `link_life_seconds` if not set.
// @return GATEPASS_OK; GATEPASS_INVALID for `life`; another code of the class MISUSE. What is too long is
//         told by the act.
enum gatepass_code gatepass_request_set_life_ms(struct gatepass_request *request, int64_t milliseconds);

// Issue, redeem: the value of a cookie that the redeeming site set in the browser before. A token that was
// issued with it is redeemed by that browser alone. Only its SHA-256 is stored.
//
// @param request       The request.
// @param nonce         At least one byte, whichever; NULL with length 0 takes the field back.
// @param nonce_length  In bytes.
// @return GATEPASS_OK; GATEPASS_INVALID for `binding`; another code of the class MISUSE.
enum gatepass_code gatepass_request_set_binding(struct gatepass_request *request,
                                                const char *nonce,
                                                size_t nonce_length);

// Issue, link create: on whose behalf the caller asks, in the caller's words, for the audit.
//
// @param request       The request.
// @param actor         At most 200 bytes without control characters; NULL with length 0 takes the field
//                      back.
// @param actor_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_actor(struct gatepass_request *request,
                                              const char *actor,
                                              size_t actor_length);

// Issue, redeem, inspect, session check, AutoAuth, link create and open: where the call came from.
//
// @param request         The request.
// @param address         Such as `203.0.113.9` or `2001:db8::1`; NULL with length 0 takes the field back.
// @param address_length  In bytes.
// @return GATEPASS_OK; GATEPASS_INVALID for `address`; another code of the class MISUSE.
enum gatepass_code gatepass_request_set_address(struct gatepass_request *request,
                                                const char *address,
                                                size_t address_length);

// Redeem, inspect: the token as the browser brought it. What can't be one is refused like an unknown one.
//
// @param request       The request.
// @param token         NULL with length 0 takes the field back.
// @param token_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_token(struct gatepass_request *request,
                                              const char *token,
                                              size_t token_length);

// Redeem, AutoAuth: the id of the session that the browser holds here already, so that a second click is
// told apart from a theft; what can't be one counts as none. Session check and end: the session.
//
// @param request         The request.
// @param session         The value of the browser's cookie; NULL with length 0 takes the field back.
// @param session_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_session(struct gatepass_request *request,
                                                const char *session,
                                                size_t session_length);

// Redeem: whether a person confirmed it, or nobody needed to. What is not confirmed never counts as a
// replay.
//
// @param request  The request.
// @param yes      Not 0 if so, as is the case when not set.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_confirmed(struct gatepass_request *request, int32_t yes);

// Redeem, AutoAuth: whether to start a session of the library's own. A host with sessions of its own wants
// none.
//
// @param request  The request.
// @param yes      Not 0 if so, as is the case when not set.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_start_session(struct gatepass_request *request, int32_t yes);

// AutoAuth accept: the raw query string of the request, with or without `?`. It goes before the decoded
// fields.
//
// @param request       The request.
// @param query         At most 8 KiB; NULL with length 0 takes the field back.
// @param query_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_query(struct gatepass_request *request,
                                              const char *query,
                                              size_t query_length);

// AutoAuth accept: the decoded field of that name. AutoAuth sign: whom the link signs in.
//
// @param request       The request.
// @param email         Decoded bytes, at most 254; NULL with length 0 takes the field back.
// @param email_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_email(struct gatepass_request *request,
                                              const char *email,
                                              size_t email_length);

// AutoAuth accept: the decoded field of that name.
//
// @param request           The request.
// @param timestamp         Ten digits; NULL with length 0 takes the field back.
// @param timestamp_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_timestamp(struct gatepass_request *request,
                                                  const char *timestamp,
                                                  size_t timestamp_length);

// AutoAuth accept: the decoded field of that name.
//
// @param request      The request.
// @param hash         40 hex characters; NULL with length 0 takes the field back.
// @param hash_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_hash(struct gatepass_request *request,
                                             const char *hash,
                                             size_t hash_length);

// AutoAuth accept: the decoded field of that name. AutoAuth sign: where the link lands.
//
// @param request      The request.
// @param path         Relative to the system URL; NULL with length 0 takes the field back.
// @param path_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_goto(struct gatepass_request *request,
                                             const char *path,
                                             size_t path_length);

// AutoAuth accept and sign: the AutoAuth key itself, as `configuration.php` held it; no stored key is tried.
//
// @param request     The request.
// @param key         NULL with length 0 takes the field back.
// @param key_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_key(struct gatepass_request *request,
                                            const char *key,
                                            size_t key_length);

// AutoAuth sign: the stored key to sign with.
//
// @param request       The request.
// @param label         NULL with length 0 takes the field back.
// @param label_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_key_label(struct gatepass_request *request,
                                                  const char *label,
                                                  size_t label_length);

// Link open: the link as the browser brought it, its text or its whole URL. What can't be one is refused like
// an unknown one.
//
// @param request      The request.
// @param link         NULL with length 0 takes the field back.
// @param link_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_link(struct gatepass_request *request,
                                             const char *link,
                                             size_t link_length);

// Link create: how often the link may be used.
//
// @param request  The request.
// @param uses     1 to 100. Once if not set.
// @return GATEPASS_OK; GATEPASS_INVALID for `uses`; another code of the class MISUSE. What is too often is told
//         by the act.
enum gatepass_code gatepass_request_set_uses(struct gatepass_request *request,
                                             int64_t uses);

// Link create: what the mailing is called, for reports and to revoke all of it.
//
// @param request       The request.
// @param label         1 to 100 bytes without control characters, such as `invoice-reminder`; NULL with
//                      length 0 takes the field back.
// @param label_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_label(struct gatepass_request *request,
                                              const char *label,
                                              size_t label_length);

// Link create: what waits for the person there, as the page that asks says it.
//
// @param request       The request.
// @param title         1 to 100 bytes without control characters, such as `invoice 5`; NULL with length 0
//                      takes the field back.
// @param title_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_title(struct gatepass_request *request,
                                              const char *title,
                                              size_t title_length);

// Link create: whether the use of this link ends all others of its label for the same user and client.
//
// @param request  The request.
// @param yes      Not 0 if so, which needs a label. It does not if not set.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_request_set_end_siblings(struct gatepass_request *request, int32_t yes);

// Issue a token for a person.
//
// The issue is not synced to the disk: one that a power cut loses fails safe, and the redemption makes it
// durable.
//
// @param store    The store that authenticated the caller.
// @param caller   Who asks.
// @param request  Takes `user_id`, `client_id` (one of them is needed), `destination`, `service_id`,
//                 `domain_id`, `redirect_path`, `life`, `binding`, `actor`, `address`.
// @param out      The token. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_INVALID with the field; a refusal when the caller may not or the person may
//         not sign in; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_token_issue(const struct gatepass_store *store,
                                        const struct gatepass_caller *caller,
                                        const struct gatepass_request *request,
                                        struct gatepass_issued **out);

// The token: 40 hex characters, a secret until it is spent.
//
// @param issued  What `gatepass_token_issue` gave.
// @return Valid until `issued` is freed; NULL for a bad handle.
const char *gatepass_issued_token(const struct gatepass_issued *issued);

// Where to send the browser: the redemption page of the system URL, with the token.
//
// @param issued  What `gatepass_token_issue` gave.
// @return Valid until `issued` is freed; NULL for a bad handle.
const char *gatepass_issued_redirect_url(const struct gatepass_issued *issued);

// Who will be signed in; in a store of mode `host` only what was asked for.
//
// @param issued  What `gatepass_token_issue` gave.
// @return The user's id; 0 for none or a bad handle.
int64_t gatepass_issued_user_id(const struct gatepass_issued *issued);

// The client that the session will be bound to.
//
// @param issued  What `gatepass_token_issue` gave.
// @return The client's id; 0 for none or a bad handle.
int64_t gatepass_issued_client_id(const struct gatepass_issued *issued);

// When the token's life ends: at exactly this time it is expired.
//
// @param issued  What `gatepass_token_issue` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_issued_expires_at_ms(const struct gatepass_issued *issued);

// Spend a token: at most one call ever succeeds for each, whatever the number of threads, processes or hosts
// that try. On success the redemption, its session and its audit event are on the disk.
//
// @param store    The store.
// @param request  Takes `token` (needed), `session`, `confirmed`, `start_session`, `binding`, `address`.
// @param out      The sign-in. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, or a refusal, looked for in this order: GATEPASS_TOKEN_UNKNOWN,
//         GATEPASS_TOKEN_REDEEMED (`gatepass_last_error_redemption` and `_same_browser` say more),
//         GATEPASS_TOKEN_REVOKED, GATEPASS_TOKEN_NOT_YET_VALID, GATEPASS_TOKEN_EXPIRED, what became of the
//         credential, why the person may not sign in, GATEPASS_BROWSER_MISMATCH; a code of the classes
//         MISUSE or STORE, where GATEPASS_INDETERMINATE means that the token may be spent and nobody is
//         signed in.
enum gatepass_code gatepass_token_redeem(const struct gatepass_store *store,
                                         const struct gatepass_request *request,
                                         struct gatepass_sign_in **out);

// The id of this sign-in: 32 hex characters. No secret. It is told again to the host of whoever tries the
// token once more.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL for a bad handle.
const char *gatepass_sign_in_redemption(const struct gatepass_sign_in *sign_in);

// The user who is signed in; in a store of mode `host` what the token was issued for.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return The user's id; 0 for none or a bad handle.
int64_t gatepass_sign_in_user_id(const struct gatepass_sign_in *sign_in);

// The client that the session is bound to.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return The client's id; 0 for none or a bad handle.
int64_t gatepass_sign_in_client_id(const struct gatepass_sign_in *sign_in);

// How many clients the session may enter.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return The number; 0 in a store of mode `host` or for a bad handle.
size_t gatepass_sign_in_client_count(const struct gatepass_sign_in *sign_in);

// One of the clients that the session may enter.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @param index    0 up to the count.
// @return The client's id; 0 behind the last or for a bad handle.
int64_t gatepass_sign_in_client_at(const struct gatepass_sign_in *sign_in, size_t index);

// The id of the new session: 64 hex characters, a secret for the browser's cookie alone.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL when none was asked for or for a bad handle.
const char *gatepass_sign_in_session(const struct gatepass_sign_in *sign_in);

// Until when that session may last at most.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Milliseconds since 1970 UTC; 0 for none or a bad handle.
int64_t gatepass_sign_in_session_expires_at_ms(const struct gatepass_sign_in *sign_in);

// The name of the landing page, as the token was issued for.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL when there is none or for a bad handle.
const char *gatepass_sign_in_destination(const struct gatepass_sign_in *sign_in);

// Where the browser goes.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL for a bad handle.
const char *gatepass_sign_in_landing_url(const struct gatepass_sign_in *sign_in);

// The credential that issued the token.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return The credential's id; 0 for none or a bad handle.
int64_t gatepass_sign_in_credential_id(const struct gatepass_sign_in *sign_in);

// On whose behalf the token was issued.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL when nobody was named or for a bad handle.
const char *gatepass_sign_in_actor(const struct gatepass_sign_in *sign_in);

// The address that an AutoAuth link was signed for. In a store of mode `host` the application looks it up,
// byte for byte.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL after a token or for a bad handle.
const char *gatepass_sign_in_email(const struct gatepass_sign_in *sign_in);

// The label of the AutoAuth key that signed the link.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return Valid until `sign_in` is freed; NULL after a token, when the caller gave the key, or for a bad
//         handle.
const char *gatepass_sign_in_key_label(const struct gatepass_sign_in *sign_in);

// How many things were not checked and are the host's business, in a store of mode `host`.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @return The number; 0 in mode `managed` or for a bad handle.
size_t gatepass_sign_in_unchecked_count(const struct gatepass_sign_in *sign_in);

// One of the things that were not checked, as a word.
//
// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
// @param index    0 up to the count.
// @return Valid until `sign_in` is freed; NULL behind the last or for a bad handle.
const char *gatepass_sign_in_unchecked_at(const struct gatepass_sign_in *sign_in, size_t index);

// Tell where a token stands, spending nothing and writing nothing: for pages that answer GET, HEAD and link
// scanners. `gatepass_call` with `token.explain` tells an operator the whole story.
//
// @param store    The store.
// @param request  Takes `token` (needed) and `address`.
// @param out      What there is to tell. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, also for a token that is spent or expired; GATEPASS_TOKEN_UNKNOWN; a code of the
//         classes MISUSE or STORE.
enum gatepass_code gatepass_token_inspect(const struct gatepass_store *store,
                                          const struct gatepass_request *request,
                                          struct gatepass_inspection **out);

// The token's public name: 24 hex characters, as the audit and `token.explain` know it. No secret.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Valid until `inspection` is freed; NULL for a bad handle.
const char *gatepass_inspection_name(const struct gatepass_inspection *inspection);

// Where the token stands.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return A `gatepass_token_state`; 0 for a bad handle.
int32_t gatepass_inspection_state(const struct gatepass_inspection *inspection);

// Why a redemption would be refused now, the person's and client's standing included.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return A `gatepass_code` of the class REFUSED; 0 when it would not, or for a bad handle.
int32_t gatepass_inspection_refusal(const struct gatepass_inspection *inspection);

// Whom the token signs in.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return The user's id; 0 for none or a bad handle.
int64_t gatepass_inspection_user_id(const struct gatepass_inspection *inspection);

// The client that it signs in to.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return The client's id; 0 for none or a bad handle.
int64_t gatepass_inspection_client_id(const struct gatepass_inspection *inspection);

// The name of the landing page.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Valid until `inspection` is freed; NULL when there is none or for a bad handle.
const char *gatepass_inspection_destination(const struct gatepass_inspection *inspection);

// The path of the landing page, relative to the system URL.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Valid until `inspection` is freed; NULL for a bad handle.
const char *gatepass_inspection_landing(const struct gatepass_inspection *inspection);

// The credential that issued the token.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return The credential's id; 0 for none or a bad handle.
int64_t gatepass_inspection_credential_id(const struct gatepass_inspection *inspection);

// On whose behalf it was issued.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Valid until `inspection` is freed; NULL when nobody was named or for a bad handle.
const char *gatepass_inspection_actor(const struct gatepass_inspection *inspection);

// Whether it is bound to a browser.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return 1 or 0; 0 for a bad handle.
int32_t gatepass_inspection_bound(const struct gatepass_inspection *inspection);

// When it was issued.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_inspection_issued_at_ms(const struct gatepass_inspection *inspection);

// When its life ends.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_inspection_expires_at_ms(const struct gatepass_inspection *inspection);

// When it was redeemed.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Milliseconds since 1970 UTC; 0 when it was not, or for a bad handle.
int64_t gatepass_inspection_redeemed_at_ms(const struct gatepass_inspection *inspection);

// The id of the redemption.
//
// @param inspection  What `gatepass_token_inspect` gave.
// @return Valid until `inspection` is freed; NULL when it was not redeemed or for a bad handle.
const char *gatepass_inspection_redemption(const struct gatepass_inspection *inspection);

// Is a session good now? The person's and client's standing are checked each time. It counts as a use.
//
// @param store    The store.
// @param request  Takes `session` (needed), the value of the browser's cookie, and `address`.
// @param out      The session. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_SESSION_UNKNOWN, also for what can't be a session's id;
//         GATEPASS_SESSION_ENDED, GATEPASS_SESSION_EXPIRED, GATEPASS_SESSION_IDLE; why the person may not be
//         signed in any more; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_session_check(const struct gatepass_store *store,
                                          const struct gatepass_request *request,
                                          struct gatepass_session **out);

// End a session, for good. It is on the disk when the call returns. Others are ended by `gatepass_call`:
// `session.end_user`, `session.end_credential`.
//
// @param store    The store.
// @param request  Takes `session` (needed), the value of the browser's cookie, and `address`.
// @return GATEPASS_OK, also when it was over already; GATEPASS_SESSION_UNKNOWN; a code of the classes MISUSE
//         or STORE.
enum gatepass_code gatepass_session_end(const struct gatepass_store *store,
                                        const struct gatepass_request *request);

// The session's public name: 24 hex characters, as the audit and `session.list` know it. No secret.
//
// @param session  What `gatepass_session_check` gave.
// @return Valid until `session` is freed; NULL for a bad handle.
const char *gatepass_session_name(const struct gatepass_session *session);

// Who is signed in.
//
// @param session  What `gatepass_session_check` gave.
// @return The user's id; 0 for none or a bad handle.
int64_t gatepass_session_user_id(const struct gatepass_session *session);

// The client that the session is bound to.
//
// @param session  What `gatepass_session_check` gave.
// @return The client's id; 0 for none or a bad handle.
int64_t gatepass_session_client_id(const struct gatepass_session *session);

// How many clients the session may enter.
//
// @param session  What `gatepass_session_check` gave.
// @return The number; 0 in a store of mode `host` or for a bad handle.
size_t gatepass_session_client_count(const struct gatepass_session *session);

// One of the clients that the session may enter.
//
// @param session  What `gatepass_session_check` gave.
// @param index    0 up to the count.
// @return The client's id; 0 behind the last or for a bad handle.
int64_t gatepass_session_client_at(const struct gatepass_session *session, size_t index);

// How the session began.
//
// @param session  What `gatepass_session_check` gave.
// @return A `gatepass_origin`; 0 for a bad handle.
int32_t gatepass_session_origin(const struct gatepass_session *session);

// The credential that issued its token.
//
// @param session  What `gatepass_session_check` gave.
// @return The credential's id; 0 for none or a bad handle.
int64_t gatepass_session_credential_id(const struct gatepass_session *session);

// The AutoAuth key that signed its link.
//
// @param session  What `gatepass_session_check` gave.
// @return The key's id; 0 for none or a bad handle.
int64_t gatepass_session_autoauth_key_id(const struct gatepass_session *session);

// The sign-in that started it.
//
// @param session  What `gatepass_session_check` gave.
// @return Valid until `session` is freed; NULL when there is none or for a bad handle.
const char *gatepass_session_redemption(const struct gatepass_session *session);

// When it began.
//
// @param session  What `gatepass_session_check` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_session_started_at_ms(const struct gatepass_session *session);

// When it was last seen, to about a minute.
//
// @param session  What `gatepass_session_check` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_session_touched_at_ms(const struct gatepass_session *session);

// When it ends if nobody uses it.
//
// @param session  What `gatepass_session_check` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_session_idle_at_ms(const struct gatepass_session *session);

// When it ends in any case.
//
// @param session  What `gatepass_session_check` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_session_ends_at_ms(const struct gatepass_session *session);

// Accept an AutoAuth link, once, whatever its spelling.
//
// In a store of mode `managed` the person is signed in; in mode `host` the verified address is given back
// and the application looks it up, byte for byte.
//
// @param store    The store.
// @param request  Takes `query`, or `email`, `timestamp`, `hash` and `goto` as the host decoded them; `key`
//                 (otherwise the stored keys are tried); `session`, `start_session`, `address`.
// @param out      The sign-in. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_INVALID for `query`, `email`, `timestamp`, `hash` or `goto`; a refusal when
//         AutoAuth is off, the hash fits no key, the link is too old, too new or used, or its address names
//         nobody, several, or one who may not sign in; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_autoauth_accept(const struct gatepass_store *store,
                                            const struct gatepass_request *request,
                                            struct gatepass_sign_in **out);

// Judge an AutoAuth link by itself, without a store: whether it parses, was made with that key, and its time
// is near enough to the system's clock.
//
// THIS MAKES NO LINK SINGLE-USE AND LOOKS NOBODY UP: whoever has seen a link passes with it again until its
// time is over, and `goto` is not judged. To sign somebody in, accept the link: `gatepass_autoauth_accept`.
//
// @param query           The raw query string of the request, with or without `?`. At most 8 KiB. @param
// query_length    In bytes. @param key             The key that the link must have been made with. @param
// key_length      In bytes. @param past_seconds    How old the link may be. AutoAuth is documented with 900.
// @param future_seconds  How far its time may lie ahead of this clock, likewise. @return GATEPASS_OK;
// GATEPASS_INVALID for `query`, `email`, `timestamp`, `hash` or `goto` of the link, or for
//         `key`, `past_seconds` or `future_seconds`; GATEPASS_AUTOAUTH_HASH, GATEPASS_AUTOAUTH_TOO_OLD,
//         GATEPASS_AUTOAUTH_TOO_NEW; another code of the class MISUSE.
enum gatepass_code gatepass_autoauth_verify(const char *query,
                                            size_t query_length,
                                            const char *key,
                                            size_t key_length,
                                            int64_t past_seconds,
                                            int64_t future_seconds);

// Build an AutoAuth link by the documented formula, signed for now.
//
// @param store    The store.
// @param request  Takes `email` (needed), `goto`, and either `key` or `key_label`.
// @param out      The link, as text. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_INVALID for `email`, `goto` or `key`; GATEPASS_KEY_UNKNOWN,
//         GATEPASS_SEALING_KEY_MISSING, GATEPASS_SEALING_KEY_WRONG; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_autoauth_sign(const struct gatepass_store *store,
                                          const struct gatepass_request *request,
                                          struct gatepass_document **out);

// Make a sign-in link for a mail. It is on the disk when this returns.
//
// @param store    The store that authenticated the caller.
// @param caller   Who asks.
// @param request  Takes `user_id`, `client_id` (one of them is needed), `destination`, `service_id`,
//                 `domain_id`, `redirect_path`, `life`, `uses`, `label`, `title`, `end_siblings`, `actor`,
//                 `address`.
// @param out      The link. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_INVALID with the field; GATEPASS_LINKS_NOT_ALLOWED or another refusal when the
//         caller may not or the person may not sign in; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_link_create(const struct gatepass_store *store,
                                        const struct gatepass_caller *caller,
                                        const struct gatepass_request *request,
                                        struct gatepass_created_link **out);

// What goes into the mail: the URL with the link, a secret for that person.
//
// @param created  What `gatepass_link_create` gave.
// @return Valid until `created` is freed; NULL for a bad handle.
const char *gatepass_created_link_url(const struct gatepass_created_link *created);

// The link alone: 32 characters, a secret for that person.
//
// @param created  What `gatepass_link_create` gave.
// @return Valid until `created` is freed; NULL for a bad handle.
const char *gatepass_created_link_text(const struct gatepass_created_link *created);

// The link's public name: 24 hex characters, for tables, logs and `link.revoke`. No secret.
//
// @param created  What `gatepass_link_create` gave.
// @return Valid until `created` is freed; NULL for a bad handle.
const char *gatepass_created_link_reference(const struct gatepass_created_link *created);

// Who will be signed in; in a store of mode `host` only what was asked for.
//
// @param created  What `gatepass_link_create` gave.
// @return The user's id; 0 for none or a bad handle.
int64_t gatepass_created_link_user_id(const struct gatepass_created_link *created);

// The client that the session will be bound to.
//
// @param created  What `gatepass_link_create` gave.
// @return The client's id; 0 for none or a bad handle.
int64_t gatepass_created_link_client_id(const struct gatepass_created_link *created);

// When the link's life ends: at exactly this time it is expired.
//
// @param created  What `gatepass_link_create` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_created_link_expires_at_ms(const struct gatepass_created_link *created);

// Spend a use of a sign-in link and mint its token: as many calls succeed as the link has uses, whatever the
// number of threads, processes or hosts that try. On success both are on the disk; on any failure the use is
// not spent. Never for a GET: robots look into mailboxes. Ask the person first; `gatepass_call` with
// `link.inspect` tells where a link stands and uses nothing.
//
// @param store    The store.
// @param request  Takes `link` (needed) and `address`.
// @param out      What the use gave. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, or a refusal, looked for in this order: GATEPASS_LINK_UNKNOWN, GATEPASS_LINK_USED,
//         GATEPASS_LINK_REVOKED, GATEPASS_LINK_SUPERSEDED or GATEPASS_LINK_OUTDATED,
//         GATEPASS_LINK_NOT_YET_VALID, GATEPASS_LINK_EXPIRED, what became of the credential,
//         GATEPASS_LANDING_NOT_ALLOWED, why the person may not sign in; a code of the classes MISUSE or STORE,
//         where GATEPASS_INDETERMINATE means that the use may be spent.
enum gatepass_code gatepass_link_open(const struct gatepass_store *store,
                                      const struct gatepass_request *request,
                                      struct gatepass_opened_link **out);

// Where to send the browser: the redemption page of the system URL, with the token.
//
// @param opened  What `gatepass_link_open` gave.
// @return Valid until `opened` is freed; NULL for a bad handle.
const char *gatepass_opened_link_redirect_url(const struct gatepass_opened_link *opened);

// The token of this use: 40 hex characters, a secret until it is spent.
//
// @param opened  What `gatepass_link_open` gave.
// @return Valid until `opened` is freed; NULL for a bad handle.
const char *gatepass_opened_link_token(const struct gatepass_opened_link *opened);

// Where the person lands once the token is redeemed.
//
// @param opened  What `gatepass_link_open` gave.
// @return Valid until `opened` is freed; NULL for a bad handle.
const char *gatepass_opened_link_landing_url(const struct gatepass_opened_link *opened);

// The link's public name: 24 hex characters. No secret.
//
// @param opened  What `gatepass_link_open` gave.
// @return Valid until `opened` is freed; NULL for a bad handle.
const char *gatepass_opened_link_reference(const struct gatepass_opened_link *opened);

// Who will be signed in; in a store of mode `host` what the link was made for.
//
// @param opened  What `gatepass_link_open` gave.
// @return The user's id; 0 for none or a bad handle.
int64_t gatepass_opened_link_user_id(const struct gatepass_opened_link *opened);

// The client that the session will be bound to.
//
// @param opened  What `gatepass_link_open` gave.
// @return The client's id; 0 for none or a bad handle.
int64_t gatepass_opened_link_client_id(const struct gatepass_opened_link *opened);

// When the token's life ends: at exactly this time it is expired.
//
// @param opened  What `gatepass_link_open` gave.
// @return Milliseconds since 1970 UTC; 0 for a bad handle.
int64_t gatepass_opened_link_expires_at_ms(const struct gatepass_opened_link *opened);

// How often the link can still be used.
//
// @param opened  What `gatepass_link_open` gave.
// @return The number; 0 when this was its last use, or for a bad handle.
int64_t gatepass_opened_link_uses_left(const struct gatepass_opened_link *opened);

// How many things were not checked and are the host's business, in a store of mode `host`.
//
// @param opened  What `gatepass_link_open` gave.
// @return The number; 0 in mode `managed` or for a bad handle.
size_t gatepass_opened_link_unchecked_count(const struct gatepass_opened_link *opened);

// One of the things that were not checked, as a word.
//
// @param opened  What `gatepass_link_open` gave.
// @param index   0 up to the count.
// @return Valid until `opened` is freed; NULL behind the last or for a bad handle.
const char *gatepass_opened_link_unchecked_at(const struct gatepass_opened_link *opened, size_t index);

// Run a management operation: admins, credentials, directory, destinations, sign-in links, AutoAuth keys,
// settings, audit, upkeep. `gatepass_operation_name` lists them; `docs/operations.md` describes each.
//
// @param store             The store.
// @param operation         Its name, such as `user.add`.
// @param operation_length  In bytes.
// @param parameters        A JSON object; NULL with length 0 for none. Times are RFC 3339 in UTC, durations
//                          whole seconds, ids numbers. An unknown parameter is an error.
// @param parameters_length In bytes.
// @param out               The answer, a JSON document. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_INVALID for `operation`, `parameters` or the parameter that is wrong; what
//         the operation itself says; a code of the classes MISUSE or STORE.
enum gatepass_code gatepass_call(const struct gatepass_store *store,
                                 const char *operation,
                                 size_t operation_length,
                                 const char *parameters,
                                 size_t parameters_length,
                                 struct gatepass_document **out);

// Run an action of the WHMCS-compatible API for a caller in this process, as `localAPI` does:
// `CreateSsoToken`, `GetClients`, `GetClientsDetails`, `GetUsers`.
//
// @param store             The store that authenticated the caller.
// @param caller            Who asks.
// @param action            The action, in any letter case.
// @param action_length     In bytes.
// @param parameters        A JSON object of the action's parameters; NULL with length 0 for none. Unknown ones
//                          are ignored, as the API does.
// @param parameters_length In bytes.
// @param out               The answer, a JSON document with `result` (`success` or `error`) and, for an error,
//                          `message`. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, also for an answer that says `error`; GATEPASS_INVALID for `parameters`; a code of the
//         classes MISUSE or STORE.
enum gatepass_code gatepass_api_call(const struct gatepass_store *store,
                                     const struct gatepass_caller *caller,
                                     const char *action,
                                     size_t action_length,
                                     const char *parameters,
                                     size_t parameters_length,
                                     struct gatepass_document **out);

// The text of a document.
//
// @param document  What a call gave.
// @return UTF-8 with a NUL behind it, valid until `document` is freed; NULL for a bad handle.
const char *gatepass_document_text(const struct gatepass_document *document);

// The length of that text.
//
// @param document  What a call gave.
// @return Bytes, without the NUL; 0 for a bad handle.
size_t gatepass_document_length(const struct gatepass_document *document);

// Free options, a caller, a request or anything that a call gave but a store, which is closed. Texts
// borrowed from it end with it.
//
// @param handle  The object; NULL is no error.
// @return GATEPASS_OK; GATEPASS_INVALID_HANDLE when it was freed already; GATEPASS_WRONG_HANDLE for a store;
//         GATEPASS_FORKED in a child that inherited it, where there is nothing to free.
enum gatepass_code gatepass_free(void *handle);

// Make a request for one of the endpoints: `includes/api.php`, `oauth/singlesignon.php`, `dologin.php`,
// `signin.php`, `logout.php`.
//
// @param method         Such as `GET`.
// @param method_length  In bytes.
// @param path           Below the system URL, without a slash at its start.
// @param path_length    In bytes.
// @param out            The request. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_web_request_new(const char *method,
                                            size_t method_length,
                                            const char *path,
                                            size_t path_length,
                                            struct gatepass_web_request **out);

// Set the query, as it came.
//
// @param request       The request.
// @param query         What stands behind `?`, not decoded; NULL with length 0 takes it back.
// @param query_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_web_request_set_query(struct gatepass_web_request *request,
                                                  const char *query,
                                                  size_t query_length);

// Add a header, as it came. `Content-Type`, `Cookie`, `X-Forwarded-For` and the signs of a prefetch
// (`Sec-Purpose`, `Purpose`, `X-Moz`) are looked at; others do no harm.
//
// @param request       The request.
// @param name          In any letter case.
// @param name_length   In bytes.
// @param value         Its value.
// @param value_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_web_request_add_header(struct gatepass_web_request *request,
                                                   const char *name,
                                                   size_t name_length,
                                                   const char *value,
                                                   size_t value_length);

// Set the body, as it came. Of one that is longer than 65,536 bytes, 65,537 are enough: it is refused.
//
// @param request      The request.
// @param body         Any bytes; NULL with length 0 takes it back.
// @param body_length  In bytes.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_web_request_set_body(struct gatepass_web_request *request,
                                                 const char *body,
                                                 size_t body_length);

// Set who is at the other end of the connection, perhaps a proxy: the setting `trusted_proxies` says whose
// `X-Forwarded-For` is believed.
//
// @param request      The request.
// @param peer         Such as `203.0.113.9` or `2001:db8::1`; NULL with length 0 takes it back.
// @param peer_length  In bytes.
// @return GATEPASS_OK; GATEPASS_INVALID for `address`; another code of the class MISUSE.
enum gatepass_code gatepass_web_request_set_peer(struct gatepass_web_request *request,
                                                 const char *peer,
                                                 size_t peer_length);

// Answer a request. Every failure of what it asks for is an answer too, with its status: nobody is let in on
// any of them.
//
// @param store    The store.
// @param request  The request.
// @param out      The answer. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK, or a code of the class MISUSE.
enum gatepass_code gatepass_web_handle(const struct gatepass_store *store,
                                       const struct gatepass_web_request *request,
                                       struct gatepass_web_response **out);

// Who is signed in: the session whose cookie the request brings. It counts as a use.
//
// @param store    The store.
// @param request  The request; only its headers and peer are looked at.
// @param out      The session. Yours: free it with `gatepass_free`.
// @return GATEPASS_OK; GATEPASS_SESSION_UNKNOWN, also when there is no cookie; GATEPASS_SESSION_ENDED,
//         GATEPASS_SESSION_EXPIRED, GATEPASS_SESSION_IDLE; why the person may not be signed in any more; a
//         code of the classes MISUSE or STORE.
enum gatepass_code gatepass_web_session(const struct gatepass_store *store,
                                        const struct gatepass_web_request *request,
                                        struct gatepass_session **out);

// The HTTP status.
//
// @param response  What `gatepass_web_handle` gave.
// @return 200 to 599; 0 for a bad handle.
int32_t gatepass_web_response_status(const struct gatepass_web_response *response);

// How many headers there are to send. `Content-Length` is not among them.
//
// @param response  What `gatepass_web_handle` gave.
// @return The number; 0 for a bad handle.
size_t gatepass_web_response_header_count(const struct gatepass_web_response *response);

// The name of a header. A name may come several times (`Set-Cookie`): send each.
//
// @param response  What `gatepass_web_handle` gave.
// @param index     0 up to the count.
// @return Valid until `response` is freed; NULL behind the last or for a bad handle.
const char *gatepass_web_response_header_name(const struct gatepass_web_response *response, size_t index);

// The value of a header.
//
// @param response  What `gatepass_web_handle` gave.
// @param index     0 up to the count.
// @return Valid until `response` is freed; NULL behind the last or for a bad handle.
const char *gatepass_web_response_header_value(const struct gatepass_web_response *response, size_t index);

// The body.
//
// @param response  What `gatepass_web_handle` gave.
// @return With a NUL behind it, valid until `response` is freed; NULL for a bad handle.
const char *gatepass_web_response_body(const struct gatepass_web_response *response);

// The length of the body.
//
// @param response  What `gatepass_web_handle` gave.
// @return Bytes, without the NUL; 0 for a bad handle.
size_t gatepass_web_response_body_length(const struct gatepass_web_response *response);

#endif  /* GATEPASS_H */
