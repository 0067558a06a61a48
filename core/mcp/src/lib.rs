//! The MCP engine: bytes in, bytes out.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod json;
