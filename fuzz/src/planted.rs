//! Faults that are planted on purpose, between what the library says and what is judged of it: a check that
//! does not notice them proves nothing.

use std::cell::Cell;

/// Set to plant: to `overread` for a read behind a buffer, which only AddressSanitizer sees, to anything else
/// for a wrong answer.
const VARIABLE: &str = "GATEPASS_FUZZ_PLANTED";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    WrongAnswer,
    Overread,
}

thread_local! {
    static FAULT: Cell<Fault> = Cell::new(match std::env::var(VARIABLE) {
        Err(_) => Fault::None,
        Ok(word) if word == "overread" => Fault::Overread,
        Ok(_) => Fault::WrongAnswer,
    });
}

/// Whether the library is to be taken for one that answers wrongly.
pub fn wrong_answer() -> bool {
    FAULT.get() == Fault::WrongAnswer
}

/// Whether lengths are to be one too long.
pub fn overread() -> bool {
    FAULT.get() == Fault::Overread
}

/// Do something with the fault planted.
pub fn with_wrong_answers<T>(act: impl FnOnce() -> T) -> T {
    struct Back(Fault);
    impl Drop for Back {
        fn drop(&mut self) {
            FAULT.set(self.0);
        }
    }
    let _back = Back(FAULT.replace(Fault::WrongAnswer));
    act()
}
