//! LLVM's libFuzzer on `trine_fuzz::frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::frames::run(data));
