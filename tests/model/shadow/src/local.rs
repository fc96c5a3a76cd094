//! What each thread of the model has for itself.

use std::cell::Cell;

use shuttle::thread::LocalKey;

/// What `std` offers of a thread's own [`Cell`], for that of the model.
pub trait ValueOfThread<T> {
    fn get(&'static self) -> T;
    fn set(&'static self, value: T);
}

impl<T: Copy + 'static> ValueOfThread<T> for LocalKey<Cell<T>> {
    fn get(&'static self) -> T {
        self.with(Cell::get)
    }

    fn set(&'static self, value: T) {
        self.with(|own| own.set(value));
    }
}
