//! LLVM's libFuzzer on `trine_fuzz_host::skills`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz_host::skills::run(data));
