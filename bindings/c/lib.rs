//! Gatepass as a C library: `cargo build --release -p gatepass-c` leaves `target/release/libgatepass.so` and
//! `libgatepass.a`. The functions are those of `include/gatepass.h`; they stand in `src/ffi` of the library.

// The linker takes in no crate that nobody names.
extern crate core as gatepass;
