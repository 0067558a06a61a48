//! The wire of the emulated boards, step by step, without a gateway.

use std::path::Path;
use std::process::Output;
use std::thread::{ScopedJoinHandle, scope};

use anyhow::{Result, bail};
use devtools::{programs, sh};

use crate::board::{BOARDS, Board};
use crate::emulator::Emulator;
use crate::firmware::{self, Variant};

/// `cargo xtask test --leg smoke`: every board at once, since most of the time they wait for their
/// clocks.
pub fn main() -> Result<()> {
    programs::build()?;
    let smoke = programs::path("trine-smoke");
    let build = |board| firmware::build(board, Variant::Trine);
    let images = BOARDS.iter().map(build).collect::<Result<Vec<_>>>()?;
    let mut failed = Vec::new();
    scope(|scope| {
        let smoke = &smoke;
        let boards = BOARDS.iter().zip(&images);
        let runs: Vec<_> =
            boards.map(|(board, elf)| scope.spawn(move || examine(smoke, board, elf))).collect();
        for (board, run) in BOARDS.iter().zip(runs) {
            println!("\n{} ({})", board.name, board.processor);
            if let Err(error) = shown(run) {
                println!("{error:#}");
                failed.push(board.name);
            }
        }
    });
    if failed.is_empty() { Ok(()) } else { bail!("a step failed on {}", failed.join(" and ")) }
}

fn examine(smoke: &Path, board: &Board, elf: &Path) -> Result<Output> {
    let emulator = Emulator::start(board, elf, &[])?;
    Ok(sh::command(smoke).args(emulator.sockets()).output()?)
}

/// Prints what the examination of a board said when it has ended.
fn shown(run: ScopedJoinHandle<'_, Result<Output>>) -> Result<()> {
    let Ok(done) = run.join() else { bail!("the examination ended by a panic") };
    let done = done?;
    print!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.success() { Ok(()) } else { bail!("the examination ended with {}", done.status) }
}
