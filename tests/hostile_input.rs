//! What the fuzz targets judge, judged for every input that they left (`fuzz/corpus`), without a fuzzer; and
//! each judgement notices a fault that is planted.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg_attr(not(feature = "capi"), allow(dead_code, reason = "two of the targets need the C ABI"))]
#[path = "../fuzz/src/lib.rs"]
mod hostile;

use std::path::Path;

/// The kept inputs of a target, with their names.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.display().to_string(), std::fs::read(&path).unwrap())
    };
    let mut all: Vec<_> = std::fs::read_dir(&folder).unwrap().map(read).collect();
    all.sort();
    assert!(all.len() >= 20, "only {} inputs in {}", all.len(), folder.display());
    all
}

/// The inputs that are judged badly.
fn judged_badly(target: &str, check: fn(&[u8])) -> Vec<String> {
    let mut inputs = inputs(target);
    inputs.retain(|(_, input)| std::panic::catch_unwind(|| check(input)).is_err());
    inputs.into_iter().map(|(name, _)| name).collect()
}

macro_rules! targets {
    ($($target:ident)*) => {$(
        mod $target {
            #[test]
            fn every_kept_input_is_answered_as_promised() {
                let wrong = super::judged_badly(stringify!($target), super::hostile::$target::check);
                assert!(wrong.is_empty(), "{wrong:#?}");
            }

            #[test]
            fn a_planted_fault_is_noticed() {
                let judge = || super::judged_badly(stringify!($target), super::hostile::$target::check);
                assert!(!super::hostile::planted::with_wrong_answers(judge).is_empty());
            }
        }
    )*};
}

targets!(token credential path autoauth api_form api_multipart);
#[cfg(feature = "capi")]
targets!(call ffi);

#[cfg(feature = "capi")]
#[test]
fn the_interpreter_calls_every_function_that_the_library_exports() {
    let mut called: Vec<&str> = hostile::ffi::names().collect();
    called.sort_unstable();
    let exported: Vec<&str> = include_str!("abi/symbols.txt").lines().collect();
    assert_eq!(called, exported);
}
