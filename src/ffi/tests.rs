//! What can only be tried from inside: panics, codes, handles that are used up. The rest is tried from C.

use std::collections::HashSet;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::time::Duration;

use super::code::gatepass_code::{self, *};
use super::code::{BESIDES_REASONS, gatepass_class, gatepass_code_class, gatepass_code_name};
use super::guard::{self, Failure};
use super::last_error::{
    gatepass_last_error, gatepass_last_error_code, gatepass_last_error_field,
    gatepass_last_error_retry_after_ms, gatepass_last_error_same_browser, gatepass_last_error_session_ended,
};
use crate::error::{Error, Reason, Refusal, StoreError};

fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    // SAFETY: what the getters of the slot and the words of codes return has a NUL behind it.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
}

fn last() -> (i32, String, String) {
    (gatepass_last_error_code(), text(gatepass_last_error()), text(gatepass_last_error_field()))
}

#[test]
fn a_panic_is_a_code_with_its_place_and_the_next_call_clears_it() {
    let code = guard::fallible(|| panic!("nobody reads this: {}", "a secret"));
    assert_eq!(code, GATEPASS_PANIC);
    let (number, message, _) = last();
    assert_eq!(number, GATEPASS_PANIC as i32);
    assert!(message.starts_with("internal: a bug in Gatepass, at src/ffi/tests.rs:"), "{message}");
    assert!(!message.contains("secret"));
    assert_eq!(guard::fallible(|| Ok(())), GATEPASS_OK);
    assert_eq!(last(), (0, String::new(), String::new()));
}

#[test]
fn a_panic_in_any_kind_of_export_returns_nothing() {
    assert_eq!(guard::value::<i64>(|| panic!("here")), 0);
    assert!(guard::value::<*const c_char>(|| panic!("here")).is_null());
    assert_eq!(gatepass_last_error_code(), GATEPASS_PANIC as i32);
    assert_eq!(guard::constant(7, || panic!("here")), 7);
    assert_eq!(guard::peek(8, |_| panic!("here")), 8);
    // Neither of the last two concerns a call, so the slot still says what the second said.
    assert_eq!(gatepass_last_error_code(), GATEPASS_PANIC as i32);
}

#[test]
fn messages_are_one_line_and_name_the_field() {
    let field = "a\nb".to_owned();
    let code = guard::fallible(|| {
        Err(Error::Invalid { field: field.into(), reason: "must not\r\nhave\0lines".into() }.into())
    });
    assert_eq!(code, GATEPASS_INVALID);
    let (_, message, _) = last();
    assert!(!message.chars().any(char::is_control), "{message:?}");
    let code =
        guard::fallible(|| Err(Failure::misuse(GATEPASS_NUL_INSIDE, "label", "holds a NUL character")));
    assert_eq!(code, GATEPASS_NUL_INSIDE);
    assert_eq!(last().1, "label: holds a NUL character");
    assert_eq!(last().2, "label");
}

#[test]
fn what_a_refusal_tells_stands_in_the_slot() {
    let refusal = Refusal {
        session_ended: true,
        retry_after: Some(Duration::from_millis(1500)),
        ..Refusal::new(Reason::AuthenticationFailed)
    };
    guard::fallible(|| Err(Error::Refused(refusal).into()));
    assert_eq!(gatepass_last_error_session_ended(), 1);
    assert_eq!(gatepass_last_error_same_browser(), 0);
    assert_eq!(gatepass_last_error_retry_after_ms(), 1500);
    guard::fallible(|| Ok(()));
    assert_eq!((gatepass_last_error_session_ended(), gatepass_last_error_retry_after_ms()), (0, 0));
}

#[test]
fn a_panic_of_the_host_is_the_host_s() {
    const CHILD: &str = "GATEPASS_TEST_HOST_PANICS";
    if std::env::var_os(CHILD).is_some() {
        guard::fallible(|| panic!("ours"));
        panic!("the host's");
    }
    // In a process of its own, for a panic hook is the process's.
    let name = "ffi::tests::a_panic_of_the_host_is_the_host_s";
    let mut host = std::process::Command::new(std::env::current_exe().unwrap());
    let told = host.args([name, "--exact", "--nocapture"]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(!told.status.success());
    assert!(said.contains("the host's") && !said.contains("ours"), "{said}");
}

#[test]
fn every_thread_has_its_own_last_error() {
    guard::fallible(|| Err(Error::Store(StoreError::Busy).into()));
    std::thread::spawn(|| {
        assert_eq!(last().0, 0);
        guard::fallible(|| Err(Error::Store(StoreError::Full).into()));
        assert_eq!(last().0, GATEPASS_DISK_FULL as i32);
    })
    .join()
    .unwrap();
    assert_eq!(last().0, GATEPASS_STORE_BUSY as i32);
}

fn every_store_error() -> Vec<StoreError> {
    vec![
        StoreError::Missing,
        StoreError::Exists,
        StoreError::NotAStore("x"),
        StoreError::IsAFolder,
        StoreError::ReadOnly,
        StoreError::Denied,
        StoreError::SchemaNewer { found: 2, known: 1 },
        StoreError::SchemaOlder { found: 1, needed: 2 },
        StoreError::Replaced,
        StoreError::Forked,
        StoreError::Poisoned,
        StoreError::Busy,
        StoreError::Full,
        StoreError::Indeterminate,
        StoreError::Corrupt("x"),
        StoreError::Io("x".into()),
        StoreError::SqliteTooOld { found: "1", needed: "2" },
        StoreError::Database("x".into()),
    ]
}

#[test]
fn every_error_has_a_number_of_its_own_and_the_library_s_word_for_it() {
    let mut numbers = HashSet::new();
    let mut check = |error: Error, class: gatepass_class| {
        let code = gatepass_code::of(&error);
        assert!(numbers.insert(code as i32), "{code:?} stands for two");
        assert_eq!(text(gatepass_code_name(code as i32)), error.code());
        assert_eq!(gatepass_code_class(code as i32), class);
        let retryable = matches!(&error, Error::Store(error) if error.retryable());
        assert_eq!(super::code::gatepass_code_retryable(code as i32) != 0, retryable, "{code:?}");
    };
    for &reason in Reason::ALL {
        check(reason.into(), gatepass_class::GATEPASS_CLASS_REFUSED);
    }
    for error in every_store_error() {
        check(error.into(), gatepass_class::GATEPASS_CLASS_STORE);
    }
    check(Error::invalid("x", "y"), gatepass_class::GATEPASS_CLASS_MISUSE);
    check(Error::Internal("x".into()), gatepass_class::GATEPASS_CLASS_INTERNAL);
}

#[test]
fn an_enumerator_is_its_word_in_capitals() {
    let words = BESIDES_REASONS.iter().map(|known| known.code);
    for code in words.chain(Reason::ALL.iter().map(|&reason| gatepass_code::of_reason(reason))) {
        let word = text(gatepass_code_name(code as i32));
        assert_eq!(format!("{code:?}"), format!("GATEPASS_{}", word.to_uppercase()));
        assert!(!text(super::code::gatepass_code_message(code as i32)).is_empty());
    }
    assert!(gatepass_code_name(1).is_null());
    assert!(gatepass_code_name(i32::MIN).is_null());
    assert_eq!(gatepass_code_class(2999), gatepass_class::GATEPASS_CLASS_REFUSED);
    assert_eq!(gatepass_code_class(-1), gatepass_class::GATEPASS_CLASS_NONE);
}

#[test]
fn the_versions_are_told_by_functions_too() {
    assert_eq!(super::abi::gatepass_abi_version(), super::abi::gatepass_abi::GATEPASS_ABI_VERSION as i32);
    assert_eq!(super::abi::gatepass_abi_revision(), super::abi::gatepass_abi::GATEPASS_ABI_REVISION as i32);
    assert_eq!(text(super::abi::gatepass_version()), env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_freed_handle_never_comes_back() {
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let mut request = ptr::null_mut();
        // SAFETY: `request` is a writable pointer; handles are never dereferenced.
        unsafe {
            assert_eq!(super::request::gatepass_request_new(&mut request), GATEPASS_OK);
            assert!(seen.insert(request.addr()), "given out twice");
            assert_eq!(super::document::gatepass_free(request.cast()), GATEPASS_OK);
            assert_eq!(super::document::gatepass_free(request.cast()), GATEPASS_INVALID_HANDLE);
            let code = super::request::gatepass_request_set_user_id(request, 1);
            assert_eq!(code, GATEPASS_INVALID_HANDLE);
        }
    }
}

#[test]
fn no_number_is_taken_for_a_handle() {
    let mut request = ptr::null_mut();
    // SAFETY: `request` is a writable pointer; handles are never dereferenced.
    unsafe {
        assert_eq!(super::request::gatepass_request_new(&mut request), GATEPASS_OK);
    }
    let live = request.addr();
    let forgeries = (0..64).map(|bit| live ^ (1 << bit)).chain([1, 0xdead_beef, usize::MAX, usize::MAX >> 1]);
    // Another slot's handle is a handle: other tests have some too.
    for bits in forgeries.filter(|bits| bits & 0x00f_ffff_f000_0000 == live & 0x00f_ffff_f000_0000) {
        // SAFETY: handles are never dereferenced.
        let code = unsafe { super::document::gatepass_free(ptr::without_provenance_mut::<c_void>(bits)) };
        assert_ne!(code, GATEPASS_OK, "{bits:x}");
    }
    // SAFETY: as above.
    assert_eq!(unsafe { super::document::gatepass_free(request.cast()) }, GATEPASS_OK);
}

#[test]
fn a_call_waits_for_a_locked_store_as_long_as_the_options_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    let url = "https://billing.example.com";
    let init = crate::InitOptions::new(crate::directory::Mode::Managed, url).unwrap();
    drop(crate::Gatepass::init(&path, &init).unwrap());
    let path_text = path.to_str().unwrap();
    let in_text = |text: &str| (text.as_ptr().cast::<c_char>(), text.len());
    let (mut options, mut store, mut answer) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the texts outlive the calls, the outputs are writable.
    unsafe {
        assert_eq!(super::options::gatepass_options_new(&mut options), GATEPASS_OK);
        assert_eq!(super::options::gatepass_options_set_deadline_ms(options, 100), GATEPASS_OK);
        let (text, length) = in_text(path_text);
        assert_eq!(super::store::gatepass_store_open(text, length, options, &mut store), GATEPASS_OK);
        // The same SQLite, so the two see each other's locks.
        let writer = rusqlite::Connection::open(&path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        let begun = std::time::Instant::now();
        let (operation, operation_length) = in_text("user.add");
        let (json, json_length) = in_text("{\"email\":\"ann@example.com\"}");
        let code = super::document::gatepass_call(
            store,
            operation,
            operation_length,
            json,
            json_length,
            &mut answer,
        );
        assert_eq!(code, GATEPASS_STORE_BUSY);
        // The usual deadline is 10 s.
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
        drop(writer);
        assert_eq!(super::store::gatepass_store_close(store), GATEPASS_OK);
        assert_eq!(super::document::gatepass_free(options.cast()), GATEPASS_OK);
    }
}
