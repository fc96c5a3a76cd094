#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::api_form::check(data));
