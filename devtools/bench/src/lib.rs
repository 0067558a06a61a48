//! Measurements: the gateway and calls in process next to others' servers, ternary kernels next to
//! ggml's, models next to llama.cpp, on CPUs and GPUs.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "an error is a text for a person")]

pub mod agents;
pub mod footprint;
pub mod gateway;
pub mod gpu;
pub mod http;
pub mod kernels;
pub mod kv;
pub mod load;
pub mod model;
pub mod payload;
pub mod plugin;
pub mod process;
mod recorded;
pub mod roofline;
mod round_trip;
pub mod swap;
