//! Gives the shared library its name and keeps it in memory once it was loaded.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" {
        // The number of the ABI, `GATEPASS_ABI_VERSION`; `tests/abi` compares the two.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libgatepass.so.1");
        // PHP unloads a library at the end of each request, and with it the kept stores and SQLite's list of
        // its own locks in this process.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    } else if target == "macos" {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libgatepass.1.dylib");
    }
}
