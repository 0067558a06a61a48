//! Language models on a host: their files, the threads and devices that compute them, sentences
//! turned into calls, and models served as MCP tools.
//!
//! - [`model`]: model files: opened, made, packed, measured;
//! - [`offload`]: the device that computes a model;
//! - [`inference`]: models as MCP tools;
//! - [`tools`]: lists of tools out of JSON;
//! - [`ask`]: sentences to calls;
//! - [`lines`]: bounded lines of input.
//!
//! Nothing here knows a device or the gateway.
#![deny(unsafe_code)]

pub mod ask;
mod error;
pub mod inference;
pub mod lines;
pub mod model;
pub mod offload;
mod sys;
pub mod tools;

pub use error::{DeltaError, Error, Result, SizeRule, ToolsError, chain};
