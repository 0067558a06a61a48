//! Resources of tools: who may have how much memory, which devices and how much time.
//!
//! Everything lives in memory that the caller gives. Nothing grows; a request that does not fit is
//! an [`Error`] that says which limit it breaks, how much was asked for and how much is left, and
//! it changes nothing.
//!
//! - [`Manager`] gives a tool what its [`Requirements`] ask for, all or nothing, and takes it back.
//! - [`Pool`] places blocks of memory: classes of fixed blocks, and an arena for the others.
//! - [`Devices`] is the table of devices, which tools take exclusively or share.
//! - [`Quota`] limits calls per second and processor time of a tool.
//! - [`Monitor`] counts executions and measures how long they take.
//! - [`ItemPool`] lends items, such as message buffers, that come back when they are dropped.
//!
//! Times are microseconds of the caller's clock. A clock that jumps back or wraps makes an interval
//! count as zero; it never grants more than the limit.
#![no_std]
#![forbid(unsafe_code)]

mod config;
mod devices;
mod error;
mod histogram;
mod item;
mod manager;
mod monitor;
mod pool;
mod quota;
mod time;

pub use config::{Class, Classes, Config, PoolConfig};
pub use devices::{
    DeviceInfo, DeviceKind, DeviceRequest, DeviceState, Devices, Mode, Presence, Wanted,
};
pub use error::{Error, Limit, Table};
pub use histogram::{Histogram, RELATIVE_ERROR};
pub use item::{ItemPool, Pooled};
pub use manager::{Allocation, Held, Manager, Priority, Reclaimed, Requirements, Resources};
pub use monitor::{Execution, Monitor, Outcome, Summary};
pub use pool::{Block, Pool, PoolState, Usage};
pub use quota::{Quota, QuotaState, Quotas};

/// The most devices that one request may name.
pub const DEVICES_PER_REQUEST: usize = 8;
/// The most classes of fixed blocks that a pool may have.
pub const CLASSES_MAX: usize = 4;
/// The most bytes of a device's name.
pub const NAME_MAX: usize = 29;

/// The number of a tool. Every number is valid but `u32::MAX`, which is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolId(pub u32);

impl core::fmt::Display for ToolId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "tool {}", self.0)
    }
}

/// In a table: no tool.
pub(crate) const NO_TOOL: u32 = u32::MAX;
