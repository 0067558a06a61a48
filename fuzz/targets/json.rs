//! LLVM's libFuzzer on `trine_fuzz::json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::json::run(data));
