//! LLVM's libFuzzer on `trine_fuzz::model`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::model::run(data));
