//! The boards that the example firmware is built for.

use anyhow::{Context, Result};

/// A board and how QEMU and rustc name it.
#[derive(Debug)]
pub(crate) struct Board {
    /// The name on our command line, which is also QEMU's machine name.
    pub(crate) name: &'static str,
    /// The Rust target.
    pub(crate) target: &'static str,
    /// The processor, for people.
    pub(crate) processor: &'static str,
    /// Bytes of flash.
    pub(crate) flash_bytes: u64,
    /// Bytes of RAM.
    pub(crate) ram_bytes: u64,
}

/// Every board, the one that `check` uses first.
pub(crate) const BOARDS: &[Board] = &[Board {
    name: "mps2-an386",
    target: "thumbv7em-none-eabihf",
    processor: "Cortex-M4F",
    flash_bytes: 4 << 20,
    ram_bytes: 4 << 20,
}];

/// Code for a Cortex-M0 on a board with a larger processor, which runs the same instructions: the
/// emulated boards with an M0 have one serial line. Only what a call costs is measured on it.
pub(crate) const SMALLEST: &Board = &Board {
    name: "mps2-an385",
    target: "thumbv6m-none-eabi",
    processor: "code for Cortex-M0",
    flash_bytes: 4 << 20,
    ram_bytes: 4 << 20,
};

impl Board {
    /// The board of that name.
    ///
    /// # Errors
    /// When there is none; the text lists those that are.
    pub(crate) fn named(name: &str) -> Result<&'static Board> {
        BOARDS.iter().chain([SMALLEST]).find(|board| board.name == name).with_context(|| {
            let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
            format!("no board is called `{name}`: choose one of {}", names.join(", "))
        })
    }
}
