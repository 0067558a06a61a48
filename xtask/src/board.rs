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
    /// The emulator's program, and its option that loads an image.
    pub(crate) emulator: [&'static str; 2],
    /// What else the emulator is told: devices that the machine lacks.
    pub(crate) options: &'static [&'static str],
    /// The address of the data register of the UART to the host.
    pub(crate) data_register: u32,
}

/// What emulates Arm's boards.
pub(crate) const ARM: [&str; 2] = ["qemu-system-arm", "-kernel"];
/// What emulates RISC-V's machine of 32 bits.
pub(crate) const RISCV: [&str; 2] = ["qemu-system-riscv32", "-kernel"];
/// Devices of `virt`. It has no second serial line and no watchdog: both are PCI devices.
pub(crate) const VIRT: &[&str] =
    &["-bios", "none", "-device", "pci-serial,chardev=person", "-device", "i6300esb"];

/// Every board, the one that `check` uses first.
pub(crate) const BOARDS: &[Board] = &[
    Board {
        name: "mps2-an386",
        target: "thumbv7em-none-eabihf",
        processor: "Cortex-M4F",
        flash_bytes: 4 << 20,
        ram_bytes: 4 << 20,
        emulator: ARM,
        options: &[],
        data_register: 0x4000_4000,
    },
    // The machine has RAM only: so much of it is taken for code, and so much for data.
    Board {
        name: "virt",
        target: "riscv32imac-unknown-none-elf",
        processor: "RISC-V, rv32imac",
        flash_bytes: 4 << 20,
        ram_bytes: 4 << 20,
        emulator: RISCV,
        options: VIRT,
        data_register: 0x1000_0000,
    },
];

/// Code for a Cortex-M0 on a board with a larger processor, which runs the same instructions: the
/// emulated boards with an M0 have one serial line. Only what a call costs is measured on it.
pub(crate) const SMALLEST: &Board = &Board {
    name: "mps2-an385",
    target: "thumbv6m-none-eabi",
    processor: "code for Cortex-M0",
    flash_bytes: 4 << 20,
    ram_bytes: 4 << 20,
    emulator: ARM,
    options: &[],
    data_register: 0x4000_4000,
};

impl Board {
    /// Whether it has a processor of Arm.
    pub(crate) fn is_arm(&self) -> bool {
        self.target.starts_with("thumb")
    }

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
