//! What a module may use, and what stops it.

use std::time::Duration;

use wasmi::errors::{ErrorKind, MemoryError};
use wasmi::{ResourceLimiter, TrapCode};

/// Bytes of a page of linear memory.
pub(crate) const PAGE: usize = 64 * 1024;
/// Most entries of the table of functions.
const TABLE_MAX: usize = 64 * 1024;

/// What a module may use. A call that reaches a cap ends with an error of the tool that names the
/// cap; the next call gets a new instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions of one call, in fuel of the interpreter: one for nearly each instruction, and
    /// one for each 64 bytes that are copied. Default: 1,000,000,000.
    pub fuel: u64,
    /// Time of one call. Default: 10 seconds. It is looked at between slices of fuel, some of a
    /// millisecond each.
    pub time: Duration,
    /// Bytes of linear memory. Default: 64 MiB.
    pub memory: usize,
    /// Functions of the module that call each other. Default: 1,000.
    pub depth: usize,
    /// Bytes of the module itself. Default: 4 MiB.
    pub module: usize,
    /// Bytes of one result, content included. Default: 1 MiB.
    pub result: usize,
    /// Calls that wait for one that runs. A further one is refused. Default: 256.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 1_000_000_000,
            time: Duration::from_secs(10),
            memory: 64 << 20,
            depth: 1_000,
            module: 4 << 20,
            result: 1 << 20,
            waiting: 256,
        }
    }
}

impl Limits {
    /// The names of the caps, as [`Self::set`] takes them.
    pub const NAMES: &str = "fuel, time (in milliseconds), memory, depth, module, result and \
        waiting";

    /// Sets a cap by its name.
    ///
    /// # Errors
    /// When there is no cap of this name, and when it cannot be so much.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), String> {
        let size = || usize::try_from(value).map_err(|_| format!("{name}: {value} is too much"));
        if value == 0 && name != "waiting" {
            return Err(format!("{name}: it must be 1 or more"));
        }
        match name {
            "fuel" => self.fuel = value,
            "time" => self.time = Duration::from_millis(value),
            "memory" => self.memory = size()?,
            "depth" => self.depth = size()?,
            "module" => self.module = size()?,
            "result" => self.result = size()?,
            "waiting" => self.waiting = size()?,
            _ => return Err(format!("'{name}' is no limit: there are {}", Self::NAMES)),
        }
        Ok(())
    }

    /// Lowers a cap by its name; one that is lower already stays.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn lower(&mut self, name: &str, value: u64) -> Result<(), String> {
        let most = *self;
        self.set(name, value)?;
        self.fuel = self.fuel.min(most.fuel);
        self.time = self.time.min(most.time);
        self.memory = self.memory.min(most.memory);
        self.depth = self.depth.min(most.depth);
        self.module = self.module.min(most.module);
        self.result = self.result.min(most.result);
        self.waiting = self.waiting.min(most.waiting);
        Ok(())
    }
}

/// Why a function of a module was stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// It used its fuel.
    #[error("it ran for more than {0} instructions: raise its limit `fuel` if that is right")]
    Fuel(u64),
    /// It used its time.
    #[error("it ran for more than {} ms: raise its limit `time` if that is right", .0.as_millis())]
    Time(Duration),
    /// It stopped itself after it got no more memory.
    #[error("it needs more than {0} bytes of memory: raise its limit `memory` if that is right")]
    Memory(usize),
    /// Its functions called each other too deep.
    #[error(
        "its functions call each other more than {0} deep: raise its limit `depth` if that is \
             right"
    )]
    Depth(usize),
    /// It asked for something of the network.
    #[error("it asked for '{0}' over HTTP, which it may not: no plug-in is given the network")]
    Http(String),
    /// It keeps too much in variables.
    #[error("its variables take more than {0} bytes: report this to its author")]
    Variables(usize),
    /// It ended itself.
    #[error("it ended itself with status {0}: report this to its author")]
    Exit(i32),
    /// The program ends.
    #[error("the program ends, and its call was given up")]
    Ended,
    /// It did what WebAssembly stops a module for.
    #[error("it was stopped: {0}: report this to its author")]
    Trap(String),
}

impl Stop {
    /// Why the interpreter gave a function up. `refused`: the module got no more memory before.
    pub(crate) fn new(error: &wasmi::Error, limits: &Limits, refused: bool) -> Self {
        let is_memory = matches!(
            error.kind(),
            ErrorKind::Memory(MemoryError::ResourceLimiterDeniedAllocation)
                | ErrorKind::Memory(MemoryError::OutOfBoundsGrowth)
                | ErrorKind::Memory(MemoryError::OutOfSystemMemory)
        );
        match error.as_trap_code() {
            Some(TrapCode::OutOfFuel) => Self::Fuel(limits.fuel),
            Some(TrapCode::StackOverflow) => Self::Depth(limits.depth),
            _ if refused || is_memory => Self::Memory(limits.memory),
            _ => Self::Trap(error.to_string()),
        }
    }
}

/// Memory and tables that an instance gets.
#[derive(Debug, Default)]
pub(crate) struct Cap {
    memory: usize,
    /// Whether it asked for more memory than it may have.
    pub(crate) refused: bool,
}

impl Cap {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self { memory: limits.memory, refused: false }
    }
}

impl ResourceLimiter for Cap {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        let is_own = maximum.is_none_or(|most| desired <= most);
        self.refused |= desired > self.memory;
        Ok(desired <= self.memory && is_own)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        Ok(desired <= TABLE_MAX)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        4
    }

    fn memories(&self) -> usize {
        1
    }
}
