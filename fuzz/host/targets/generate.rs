//! LLVM's libFuzzer on `trine_fuzz_host::generate`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz_host::generate::run(data));
