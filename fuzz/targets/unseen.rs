//! LLVM's libFuzzer on `trine_fuzz::unseen`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::unseen::run(data));
