//! LLVM's libFuzzer on `trine_fuzz_host::session`, with the memory that is in use.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    trine_fuzz_host::session::run_within(data, || MEMORY.allocated());
});
