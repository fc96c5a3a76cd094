//! The one door: every export passes through here.
//!
//! It clears the thread's error slot, runs the body with panics caught, and writes the slot if the body
//! failed. The functions that read the slot leave it as it is, which is the only difference there is.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use super::code::gatepass_code;
use super::text::Text;
use crate::error::{Error, Refusal};

/// What a body can fail with.
#[derive(Debug)]
pub(super) enum Failure {
    /// The caller's program is wrong: which argument, and what about it.
    Misuse(gatepass_code, &'static str, &'static str),
    /// What the library said.
    Library(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl Failure {
    pub(super) fn misuse(code: gatepass_code, argument: &'static str, what: &'static str) -> Self {
        Failure::Misuse(code, argument, what)
    }

    fn code(&self) -> gatepass_code {
        match self {
            Failure::Misuse(code, ..) => *code,
            Failure::Library(error) => gatepass_code::of(error),
        }
    }
}

/// The last failure of a thread, as the getters in [`super::last_error`] read it.
#[derive(Debug, Default)]
pub(super) struct LastError {
    pub(super) message: Text,
    pub(super) field: Text,
    pub(super) reference: Text,
    pub(super) redemption: Text,
    pub(super) same_browser: bool,
    pub(super) session_ended: bool,
    pub(super) retry_after_ms: i64,
}

impl LastError {
    fn of(failure: Failure) -> Self {
        let mut last = LastError::default();
        match failure {
            Failure::Misuse(_, argument, what) => {
                last.message = Text::new(&format!("{argument}: {what}"));
                last.field = Text::new(argument);
            }
            Failure::Library(error) => {
                last.message = Text::new(&one_line(&error.to_string()));
                match error {
                    Error::Invalid { field, .. } => last.field = Text::new(&field),
                    Error::Refused(refusal) => last.tell(&refusal),
                    Error::Store(_) | Error::Internal(_) => {}
                }
            }
        }
        last
    }

    fn tell(&mut self, refusal: &Refusal) {
        let text = |told: Option<String>| told.map(|told| Text::new(&told)).unwrap_or_default();
        self.reference = text(refusal.reference.map(|reference| reference.to_string()));
        self.redemption = text(refusal.redemption.map(|redemption| redemption.to_string()));
        self.same_browser = refusal.same_browser;
        self.session_ended = refusal.session_ended;
        let wait = refusal.retry_after.map_or(0, |wait| wait.as_millis());
        self.retry_after_ms = i64::try_from(wait).unwrap_or(i64::MAX);
    }
}

/// A message for a log: no control character, so one line.
fn one_line(message: &str) -> Cow<'_, str> {
    if message.chars().any(char::is_control) {
        message.replace(char::is_control, " ").into()
    } else {
        message.into()
    }
}

/// What an export returns when it has nothing to return.
pub(super) trait Absent {
    const ABSENT: Self;
}

impl Absent for i64 {
    const ABSENT: Self = 0;
}

impl Absent for i32 {
    const ABSENT: Self = 0;
}

impl Absent for usize {
    const ABSENT: Self = 0;
}

impl Absent for *const std::ffi::c_char {
    const ABSENT: Self = std::ptr::null();
}

thread_local! {
    /// What the thread's last call came to. Clearing the slot is setting this, for it is done at each call.
    static CODE: Cell<gatepass_code> = const { Cell::new(gatepass_code::GATEPASS_OK) };
    /// The last failure, which counts as long as `CODE` says so.
    static LAST: RefCell<LastError> = RefCell::new(LastError::default());
    /// Inside of a body: a panic there is ours to tell, not the hook's.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic inside of a body was.
    static PANICKED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// An export that can fail and says so by its code.
pub(super) fn fallible(body: impl FnOnce() -> Result<(), Failure>) -> gatepass_code {
    enter(body).err().unwrap_or(gatepass_code::GATEPASS_OK)
}

/// An export that returns a value, and nothing (`NULL`, 0) when it fails; the slot says why.
pub(super) fn value<T: Absent>(body: impl FnOnce() -> Result<T, Failure>) -> T {
    enter(body).unwrap_or(T::ABSENT)
}

/// An export that reads the slot, and leaves it as it is.
pub(super) fn peek<T>(otherwise: T, read: impl FnOnce(&LastError) -> T) -> T {
    let reading = || {
        if CODE.get() == gatepass_code::GATEPASS_OK {
            return None;
        }
        LAST.try_with(|last| last.try_borrow().ok().map(|last| read(&last))).ok().flatten()
    };
    caught(reading).ok().flatten().unwrap_or(otherwise)
}

/// What the thread's last call came to.
pub(super) fn last_code() -> gatepass_code {
    CODE.get()
}

/// An export that needs neither: it can't fail and concerns no call.
pub(super) fn constant<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    caught(body).unwrap_or(otherwise)
}

fn enter<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, gatepass_code> {
    CODE.set(gatepass_code::GATEPASS_OK);
    match caught(body) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => {
            let code = failure.code();
            set_last(code, LastError::of(failure));
            Err(code)
        }
        Err(message) => {
            let code = gatepass_code::GATEPASS_PANIC;
            set_last(code, LastError { message: Text::new(&message), ..LastError::default() });
            Err(code)
        }
    }
}

fn set_last(code: gatepass_code, new: LastError) {
    CODE.set(code);
    // A thread that is being torn down has no slot any more; the code is returned all the same.
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = new;
        }
    });
}

/// Run a body; a panic in it becomes a line that says where it was, and nothing goes to standard error.
fn caught<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    // No lock, for a fork would copy it: the first to come sets the hook, others don't wait for it.
    static HOOKED: AtomicBool = AtomicBool::new(false);
    if !HOOKED.load(Ordering::Relaxed) && !HOOKED.swap(true, Ordering::Relaxed) {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            if !INSIDE.try_with(Cell::get).unwrap_or(false) {
                return others(panicked);
            }
            let place = panicked.location().map(ToString::to_string).unwrap_or_default();
            let _ = PANICKED_AT.try_with(|at| at.replace(place));
        }));
    }
    let outer = INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    let _ = INSIDE.try_with(|inside| inside.set(outer));
    result.map_err(|_| {
        let place = PANICKED_AT.try_with(RefCell::take).unwrap_or_default();
        format!("internal: a bug in Gatepass, at {place}")
    })
}
