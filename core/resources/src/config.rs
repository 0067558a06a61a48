//! Sizes of the tables.

use crate::{CLASSES_MAX, Error};

/// A class of fixed blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Bytes of each block: a multiple of 8.
    pub size: u32,
    /// How many blocks.
    pub count: u32,
}

/// Classes of fixed blocks, of rising sizes; those of count 0 are not used.
pub type Classes = [Class; CLASSES_MAX];

/// Sizes of a [`Pool`](crate::Pool).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolConfig {
    /// Bytes of memory that blocks are placed in.
    pub memory: usize,
    /// Whether the caller gives that memory too. If not, the pool only counts bytes: nothing is
    /// placed, and only the sum is limited.
    pub is_backed: bool,
    /// Classes of fixed blocks.
    pub classes: Classes,
    /// The most blocks outside of the classes at once.
    pub blocks_max: u32,
    /// The most tools at once.
    pub tools_max: u32,
}

/// Sizes and limits of a [`Manager`](crate::Manager).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The pool.
    pub pool: PoolConfig,
    /// Bytes of the pool that only tools of high priority may have.
    pub reserve: usize,
    /// Processors that tools may have, all together.
    pub processors: u32,
    /// The most devices.
    pub devices_max: u32,
    /// The most pairs of a tool and a device that it holds.
    pub holds_max: u32,
    /// The most executions at once.
    pub executions_max: u32,
    /// Microseconds that a refused tool waits until others may no longer take what it lacks.
    pub patience: u64,
}

impl PoolConfig {
    /// No classes: all blocks are of the arena.
    pub const NO_CLASSES: Classes = [Class { size: 0, count: 0 }; CLASSES_MAX];

    /// Whether a pool could be so, given the memory.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it contradicts itself.
    pub fn check(&self) -> Result<(), Error> {
        crate::pool::check(self)
    }
}

impl Config {
    /// Whether a manager could be so, given the memory.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it contradicts itself.
    pub fn check(&self) -> Result<(), Error> {
        if self.reserve > self.pool.memory {
            return Err(Error::Invalid("the reserve is more than the memory"));
        }
        self.pool.check()
    }
}
