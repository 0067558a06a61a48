//! Devices that tools take, exclusively or shared.

mod table;

use core::fmt;

use trine_arena::Arena;

pub use table::Devices;
pub(crate) use table::Plan;

use crate::{Error, NAME_MAX, ToolId};

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum DeviceKind {
    /// A processor.
    Cpu,
    /// A GPU by CUDA.
    Cuda,
    /// A GPU by Metal.
    Metal,
    /// A GPU by Vulkan.
    Vulkan,
    /// A neural engine: an accelerator of neural networks that is no GPU.
    NeuralEngine,
    /// Pins.
    Gpio,
    /// An I2C bus.
    I2c,
    /// An SPI bus.
    Spi,
    /// A serial port.
    Uart,
}

impl DeviceKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Cpu,
        Self::Cuda,
        Self::Metal,
        Self::Vulkan,
        Self::NeuralEngine,
        Self::Gpio,
        Self::I2c,
        Self::Spi,
        Self::Uart,
    ];

    /// The kind of a number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// Whether it has memory of its own that `gpu_memory` is about.
    #[must_use]
    pub const fn has_gpu_memory(self) -> bool {
        matches!(self, Self::Cuda | Self::Metal | Self::Vulkan | Self::NeuralEngine)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
            Self::Vulkan => "vulkan",
            Self::NeuralEngine => "neural-engine",
            Self::Gpio => "gpio",
            Self::I2c => "i2c",
            Self::Spi => "spi",
            Self::Uart => "uart",
        }
    }
}

/// Whether a device is there, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Presence {
    /// It is there.
    Present,
    /// This build has no code for it.
    NotBuilt,
    /// The machine has none.
    NotFound,
    /// Its driver is missing or too old.
    NoDriver,
    /// It failed to start.
    Failed,
    /// It was removed.
    Removed,
    /// It was switched off by configuration.
    Disabled,
}

impl Presence {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Present,
        Self::NotBuilt,
        Self::NotFound,
        Self::NoDriver,
        Self::Failed,
        Self::Removed,
        Self::Disabled,
    ];

    /// The presence of a number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Present => "present",
            Self::NotBuilt => "not built in",
            Self::NotFound => "not found",
            Self::NoDriver => "its driver is missing",
            Self::Failed => "it failed to start",
            Self::Removed => "it was removed",
            Self::Disabled => "it is disabled",
        })
    }
}

/// A device, as it is entered into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo<'a> {
    /// Its number, by which it is taken.
    pub id: u32,
    /// What it is.
    pub kind: DeviceKind,
    /// Number of the bus, or of the device among those of its kind.
    pub bus: u32,
    /// A name for people, of at most [`NAME_MAX`] bytes.
    pub name: &'a str,
    /// Bytes of its own memory; 0 for none.
    pub memory: u64,
    /// Whether it is there.
    pub presence: Presence,
}

/// How a tool takes a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// No other tool may have it.
    Exclusive,
    /// Others may share it.
    Shared,
}

/// Which device is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// The one of this number.
    Id(u32),
    /// Any that is free, of this kind: the lowest number.
    Kind(DeviceKind),
}

/// A device that a tool asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceRequest {
    /// Which.
    pub wanted: Wanted,
    /// How.
    pub mode: Mode,
}

impl DeviceRequest {
    /// The device of this number, for one tool alone.
    #[must_use]
    pub const fn exclusive(id: u32) -> Self {
        Self { wanted: Wanted::Id(id), mode: Mode::Exclusive }
    }

    /// The device of this number, shared.
    #[must_use]
    pub const fn shared(id: u32) -> Self {
        Self { wanted: Wanted::Id(id), mode: Mode::Shared }
    }

    /// Any device of a kind.
    #[must_use]
    pub const fn any(kind: DeviceKind, mode: Mode) -> Self {
        Self { wanted: Wanted::Kind(kind), mode }
    }
}

/// A device of the table and who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceState<'a> {
    /// As it was entered.
    pub info: DeviceInfo<'a>,
    /// The tool that has it exclusively.
    pub exclusive: Option<ToolId>,
    /// References of tools that share it.
    pub shared: u32,
    /// Bytes of its memory that tools have.
    pub memory_used: u64,
}

impl<'m> Devices<'m> {
    /// Bytes that a table takes, at a multiple of 8.
    #[must_use]
    pub const fn bytes(devices_max: u32, holds_max: u32) -> usize {
        table::bytes(devices_max, holds_max)
    }

    /// A table of at most `devices_max` devices, of which tools hold `holds_max`, each of them
    /// counted once a tool.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the memory is too small.
    pub fn new(memory: &'m mut [u8], devices_max: u32, holds_max: u32) -> Result<Self, Error> {
        let mut arena = Arena::new(memory);
        let devices = Self::carve(&mut arena, devices_max, holds_max);
        if arena.fault().is_some() { Err(crate::pool::TOO_SMALL) } else { Ok(devices) }
    }
}

/// The bytes of a name, and how many.
pub(crate) fn name_bytes(name: &str) -> Result<([u8; NAME_MAX], u8), Error> {
    let mut bytes = [0; NAME_MAX];
    let place = bytes.get_mut(..name.len());
    let place = place.ok_or(Error::Invalid("the name of a device is too long"))?;
    place.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    Ok((bytes, name.len() as u8))
}
