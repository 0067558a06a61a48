//! The wire of the emulated boards, step by step, without a gateway.

use anyhow::{Result, ensure};
use devtools::{parallel, programs, sh};

use crate::{BOARDS, Board, Emulator, Variant, firmware};

/// `cargo xtask test --leg smoke`: the boards side by side, since most of the time they wait for
/// their clocks.
pub fn main() -> Result<()> {
    programs::build()?;
    let build = |board| Ok((board, firmware::build(board, Variant::Trine)?));
    let images = BOARDS.iter().map(build).collect::<Result<Vec<(&Board, _)>>>()?;
    let said = parallel::map(&images, |(board, elf)| {
        sh::output(&mut Emulator::start(board, elf, &[])?.smoke([""; 0]))
    });
    let mut failed = Vec::new();
    for (board, said) in BOARDS.iter().zip(said) {
        println!("\n{} ({})", board.name, board.processor);
        if said.is_err() {
            failed.push(board.name);
        }
        println!("{}", said.unwrap_or_else(|error| format!("{error:#}")).trim_end());
    }
    ensure!(failed.is_empty(), "a step failed on {}", failed.join(" and "));
    Ok(())
}
