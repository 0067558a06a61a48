//! Plug-ins written in C and C++, compiled by the test, loaded into a hub and called.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod calls;
#[cfg(target_os = "linux")]
mod contained;
mod defined;
mod files;
#[cfg(target_os = "linux")]
mod isolated;
mod limits;
mod memory;
mod modules;
mod races;
mod refused;
mod site;
mod swaps;
mod watched;
