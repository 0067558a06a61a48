//! LLVM's libFuzzer on `trine_fuzz::image`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::image::run(data));
