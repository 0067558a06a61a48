//! LLVM's libFuzzer on `trine_fuzz_host::foreign`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz_host::foreign::run(data));
