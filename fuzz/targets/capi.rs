//! LLVM's libFuzzer on `trine_fuzz::capi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::capi::run(data));
