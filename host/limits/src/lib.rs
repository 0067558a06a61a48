//! What a process may use of its machine: processors, memory, devices; and a watch over its own
//! memory.
//!
//! Everything is read out of files of the system. Each reader takes [`Files`], so that tests give
//! it the files of other systems.
//!
//! ```
//! use trine_limits::{Machine, System};
//!
//! let machine = Machine::read(&System);
//! assert!(machine.processors.thousandths > 0);
//! ```
#![forbid(unsafe_code)]

mod bytes;
mod cgroup;
mod devices;
mod files;
mod machine;
mod rss;

pub use bytes::{BadSize, Bytes};
pub use devices::{Device, Kind, devices, find};
pub use files::{Files, System};
pub use machine::{Bound, Machine, Memory, Processors, rss};
pub use rss::MaxRss;
