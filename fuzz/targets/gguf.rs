//! LLVM's libFuzzer on `trine_fuzz::gguf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trine_fuzz::gguf::run(data));
