//! Nothing is generated at build time; the file only keeps cargo from rescanning the tree.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
}
