//! LLVM's libFuzzer on `trine_fuzz::program`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::program::run(data));
