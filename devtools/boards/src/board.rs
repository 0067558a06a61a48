//! The boards and processors that firmware in Rust is built for.

use anyhow::{Context, Result};

/// A board, and how QEMU and rustc name it.
#[derive(Debug)]
pub struct Board {
    /// The name on our command line, which is also QEMU's machine name.
    pub name: &'static str,
    /// The Rust target.
    pub target: &'static str,
    /// The processor, for people.
    pub processor: &'static str,
}

type Text = &'static str;

pub(crate) const fn board(name: Text, target: Text, processor: Text) -> Board {
    Board { name, target, processor }
}

/// Interrupts and the clock of the boards with a processor of Arm.
pub(crate) const HANDLERS: [&str; 5] = ["UART0_RX", "UART0_TX", "UART1_RX", "UART1_TX", "SysTick"];
/// The user's own code in the firmware: the board's tools, as the dispatcher calls them.
pub(crate) const TOOLS: &str = "as trine_dispatch::call::Tools>::";

pub(crate) const M4: Board = board("mps2-an386", "thumbv7em-none-eabihf", "Cortex-M4");
pub(crate) const VIRT: Board = board("virt", "riscv32imac-unknown-none-elf", "RISC-V, rv32imac");
/// Code for a Cortex-M0 on a board with a larger processor, which runs the same instructions: the
/// emulated boards with an M0 have one serial line. Only what a call costs is measured on it.
pub const SMALLEST: Board = board("mps2-an385", "thumbv6m-none-eabi", "code for Cortex-M0");

/// The boards of the example firmware, the one that `check` uses first.
pub const BOARDS: &[Board] = &[M4, VIRT];

/// A processor with Helium, vectors of 16 bytes. The example firmware does not know its board: what
/// runs there has no interrupts.
pub(crate) const M55: Board = board("mps3-an547", "thumbv8m.main-none-eabihf", "Cortex-M55");

/// Every processor that the example firmware runs models on, each on an emulated board that stands
/// for it.
pub(crate) const CHIPS: &[Board] = &[
    M4,
    board("mps2-an500", M4.target, "Cortex-M7"),
    board("mps2-an505", "thumbv8m.main-none-eabihf", "Cortex-M33"),
    SMALLEST,
    VIRT,
];

/// Every processor that programs compute on which need no more of a board than its memory.
pub(crate) fn computing() -> impl Iterator<Item = &'static Board> {
    CHIPS.iter().chain([&M55])
}

impl Board {
    /// Whether it has a processor of Arm.
    pub fn is_arm(&self) -> bool {
        self.target.starts_with("thumb")
    }

    /// QEMU's program for the target.
    pub(crate) fn emulator(&self) -> &'static str {
        if self.is_arm() { "qemu-system-arm" } else { "qemu-system-riscv32" }
    }

    /// Devices that the machine lacks: `virt` has no second serial line and no watchdog, and takes
    /// an image for firmware of its own unless it is told otherwise.
    pub(crate) fn options(&self) -> &'static [&'static str] {
        if self.is_arm() {
            return &[];
        }
        &["-bios", "none", "-device", "pci-serial,chardev=person", "-device", "i6300esb"]
    }

    /// The board of that name; the error lists those that are.
    pub fn named(name: &str) -> Result<&'static Self> {
        BOARDS.iter().chain([&SMALLEST]).find(|board| board.name == name).with_context(|| {
            let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
            format!("no board is called `{name}`: choose one of {}", names.join(", "))
        })
    }
}
