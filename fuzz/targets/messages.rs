//! LLVM's libFuzzer on `trine_fuzz::messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::messages::run(data));
