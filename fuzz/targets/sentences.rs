//! LLVM's libFuzzer on `trine_fuzz::sentences`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::sentences::run(data));
