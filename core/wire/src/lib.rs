//! See `docs/`.
#![no_std]
#![forbid(unsafe_code)]
