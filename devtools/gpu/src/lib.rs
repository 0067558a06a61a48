//! Trine with GPU backends: its tests, backends as modules, and a bundle for machines without Rust.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "an error is a text for a person")]

pub mod build;
pub mod bundle;
pub mod legs;
pub mod modules;
pub mod toolkit;
pub mod vulkan;
