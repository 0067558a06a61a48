//! The example firmware on emulated boards: how it is built and run, what its wire and its models
//! answer, and what it costs in flash, RAM, stack and instructions.
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "an error is a text for a person")]

pub mod board;
pub mod c;
pub mod count;
mod elf;
pub mod embassy;
mod emulator;
pub mod firmware;
pub mod legs;
pub mod sentences;
pub mod size;
pub mod stack;

pub use board::{BOARDS, Board, SMALLEST};
pub(crate) use board::{CHIPS, M4, computing};
pub(crate) use emulator::Emulator;
pub(crate) use size::{budget, within};
