//! Tells the program which platform it was built for: `gatepass version` shows it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=GATEPASS_TARGET={target}");
}
