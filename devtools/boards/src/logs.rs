//! The logs of the firmware: built with the feature `defmt`, run on the emulated board, decoded.

use std::path::Path;

use anyhow::{Result, ensure};
use devtools::{programs, sh};

use crate::{Board, Emulator, Variant, firmware};

/// Calls that are made on the board.
const CALLS: &str = "3";
/// What the board must say, in this order: its start, that the host is there, and each call.
const WANTED: [&str; 5] = [
    concat!("info greenhouse ", env!("CARGO_PKG_VERSION"), " starts with 11 tools"),
    "info the host is heard",
    // `light_set` of the status light, on.
    "debug tool 0 is called with [0, 5, 2, 1, 1, 1]",
    "debug tool 0 is called with [0, 5, 2, 1, 1, 1]",
    "debug tool 0 is called with [0, 5, 2, 1, 1, 1]",
];

/// `cargo xtask test --leg defmt`: what is logged does not hang on the processor, so one board is
/// enough.
pub fn main(board: &Board) -> Result<()> {
    let folder = sh::target_dir().join("defmt");
    let elf = folder.join("board.elf");
    // Unset, it leaves out all but errors, without a word.
    let level: &[(&str, &Path)] = &[("DEFMT_LOG", Path::new("debug"))];
    firmware::build_to(&elf, board, Variant::Trine.program(), "defmt", level)?;
    let build = ["build", "--manifest-path", "tests/defmt/Cargo.toml", "--locked", "--target-dir"];
    sh::run(sh::cargo().args(build).arg(folder.join("host")))?;
    programs::build()?;
    let semihosting = ["-semihosting-config", "enable=on,target=native"];
    let emulator = Emulator::start(board, &elf, &semihosting)?;
    sh::run(&mut emulator.smoke(["--calls", CALLS]))?;
    let mut decoder = sh::command(folder.join("host/debug/trine-defmt"));
    decoder.arg(&elf).stdin(emulator.output()?);
    let said = String::from_utf8(decoder.output()?.stdout)?;
    print!("{said}");
    ensure!(said.lines().eq(WANTED), "the board should have said:\n{}", WANTED.join("\n"));
    Ok(())
}
