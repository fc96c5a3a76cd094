//! Faults that AddressSanitizer must find, or it proves nothing, and `fine`, in which there is none.

use std::hint::black_box;

fn main() {
    let bytes = black_box(vec![1_u8; 8]);
    let first = bytes.as_ptr();
    match std::env::args().nth(1).as_deref() {
        Some("fine") => {
            black_box(bytes[7]);
        }
        Some("overread") => {
            // SAFETY: none; it is planted.
            black_box(unsafe { *first.add(black_box(8)) });
        }
        Some("use_after_free") => {
            drop(bytes);
            // SAFETY: none; it is planted.
            black_box(unsafe { *first });
        }
        Some("leak") => {
            // Nobody may still have the pointer in a register.
            std::thread::spawn(|| std::mem::forget(black_box(vec![1_u8; 100]))).join().unwrap();
        }
        _ => std::process::exit(2),
    }
}
