//! LLVM's libFuzzer on `trine_fuzz::device`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::device::run(data));
