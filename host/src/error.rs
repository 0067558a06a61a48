//! What can stop a command before it has begun.

pub use trine_models::{Error, Result};
