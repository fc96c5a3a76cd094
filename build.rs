//! Tells the program which platform it was built for (`gatepass version` shows it) and, where the C symbols
//! are built, warns when `include/gatepass.h` is not what the source says. Writes nothing outside `OUT_DIR`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=GATEPASS_TARGET={target}");
    #[cfg(feature = "capi")]
    header::check();
}

#[cfg(feature = "capi")]
mod header {
    use std::env;
    use std::path::Path;

    pub(super) fn check() {
        for input in ["src/ffi", "src/lib.rs", "cbindgen.toml", "include/gatepass.h"] {
            println!("cargo:rerun-if-changed={input}");
        }
        let (Some(root), Some(out)) = (env::var_os("CARGO_MANIFEST_DIR"), env::var_os("OUT_DIR")) else {
            return;
        };
        let (root, made) = (Path::new(&root), Path::new(&out).join("gatepass.h"));
        // A header that can't be made is a fault for `tests/abi`, not for somebody who builds the library.
        let Ok(bindings) = cbindgen::generate(root) else {
            println!("cargo:warning=include/gatepass.h could not be compared with the source");
            return;
        };
        bindings.write_to_file(&made);
        if std::fs::read(&made).ok() != std::fs::read(root.join("include/gatepass.h")).ok() {
            println!(
                "cargo:warning=include/gatepass.h is not what src/ffi says; make it anew with tests/header"
            );
        }
    }
}
