//! Why something was refused.

use core::fmt;

use crate::{Presence, ToolId};

/// A limit that a request breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Memory of the pool, in bytes.
    Memory,
    /// Memory of the tool itself, in bytes: its `memory_max`.
    ToolMemory,
    /// Processors.
    Processors,
    /// Memory of a GPU, in bytes.
    GpuMemory,
    /// Calls per second; asked and left are calls.
    Calls,
    /// Processor time, in microseconds of a window.
    CpuTime,
}

impl Limit {
    const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Memory => ("memory", "bytes"),
            Self::ToolMemory => ("memory of the tool", "bytes"),
            Self::Processors => ("processors", "processors"),
            Self::GpuMemory => ("GPU memory", "bytes"),
            Self::Calls => ("calls per second", "calls"),
            Self::CpuTime => ("processor time", "microseconds"),
        }
    }
}

/// A table of the configuration that is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table {
    /// `tools_max`.
    Tools,
    /// `blocks_max` of the pool.
    Blocks,
    /// `devices_max`.
    Devices,
    /// `holds_max`.
    Holds,
    /// `executions_max`.
    Executions,
    /// All items of an [`ItemPool`](crate::ItemPool) are lent.
    Items,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Blocks => "blocks",
            Self::Devices => "devices",
            Self::Holds => "holds",
            Self::Executions => "executions",
            Self::Items => "items",
        }
    }
}

/// Why something was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// More than a limit leaves.
    Limit {
        /// Which limit.
        limit: Limit,
        /// How much was asked for.
        asked: u64,
        /// How much could be had.
        left: u64,
    },
    /// More than a quota leaves now.
    Quota {
        /// Which limit.
        limit: Limit,
        /// Microseconds until it may be tried again.
        wait: u64,
    },
    /// The device is not there.
    NoDevice {
        /// Its number; that of the kind where any device of a kind was asked for.
        device: u32,
        /// Why; `None` when it is in no table.
        presence: Option<Presence>,
    },
    /// Another tool has the device in a way that excludes this one.
    DeviceBusy {
        /// Its number.
        device: u32,
    },
    /// The tool does not hold the device: it was released already, or never taken.
    NotHeld {
        /// Its number.
        device: u32,
    },
    /// The tool holds a device of a higher number. Devices are taken in rising order.
    Order {
        /// The device that was asked for.
        device: u32,
        /// One that the tool holds.
        held: u32,
    },
    /// The handle is of another tool.
    Foreign,
    /// The handle is of something that was given back already, or of nothing.
    Stale,
    /// The tool has no allocation.
    NoAllocation,
    /// The tool has an allocation already.
    Allocated,
    /// The resource is kept for a tool that has waited longer than `patience`.
    KeptFor(ToolId),
    /// A table is full.
    Full(Table),
    /// A value is out of its range.
    Invalid(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Limit { limit, asked, left } => {
                let (name, unit) = limit.name();
                write!(f, "{name}: {asked} {unit} were asked for and {left} are left")
            }
            Self::Quota { limit, wait } => {
                write!(f, "{}: try again in {wait} microseconds", limit.name().0)
            }
            Self::NoDevice { device, presence: Some(why) } => {
                write!(f, "device {device} is absent: {why}")
            }
            Self::NoDevice { device, presence: None } => write!(f, "there is no device {device}"),
            Self::DeviceBusy { device } => write!(f, "device {device} is in use"),
            Self::NotHeld { device } => write!(f, "device {device} is not held by the tool"),
            Self::Order { device, held } => {
                write!(f, "device {device} has to be taken before device {held}")
            }
            Self::Foreign => write!(f, "the block is of another tool"),
            Self::Stale => write!(f, "it was given back already"),
            Self::NoAllocation => write!(f, "the tool has no allocation"),
            Self::Allocated => write!(f, "the tool has an allocation already"),
            Self::KeptFor(tool) => write!(f, "it is kept for {tool}, which waits for longer"),
            Self::Full(table) => write!(f, "the table of {} is full", table.name()),
            Self::Invalid(what) => write!(f, "{what}"),
        }
    }
}

impl core::error::Error for Error {}
