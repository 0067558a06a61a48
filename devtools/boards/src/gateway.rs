//! The gateway before emulated boards: the firmware in Rust and the firmware in C answer the same
//! recorded conversations, and the latter also byte by byte and on every processor that the library
//! is made for.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, ensure};
use devtools::transcripts::{REVISIONS, play};
use devtools::{programs, sh};

use crate::{BOARDS, Board, Variant, c, firmware};

/// Made by `trine gen`.
const GENERATED: &str = "firmware-example/c/src/board_tools.h";
/// Every tool, its limits, and what each leaves behind in the state of the board.
const EVERY_TOOL: &str = "firmware-example/board/every_tool.jsonl";
/// Calls that are made on a board with one line, which has no person.
const CALLS: &str = "20";

/// `cargo xtask test --leg emulate`: every board with the firmware in Rust.
pub fn main() -> Result<()> {
    BOARDS.iter().try_for_each(rust)
}

/// One board with the firmware in Rust.
pub fn rust(board: &Board) -> Result<()> {
    programs::build()?;
    converse(board.name, &firmware::build(board, Variant::Trine)?)
}

/// What a firmware answers behind the gateway, to clients of both protocol families and of each
/// tool.
fn converse(board: &str, firmware: &Path) -> Result<()> {
    let gateway = programs::gateway(board, firmware);
    let mut transcripts = sh::files(REVISIONS, "jsonl")?;
    transcripts.push(sh::root().join(EVERY_TOOL));
    transcripts.iter().try_for_each(|file| play(file, &gateway, Stdio::inherit()))
}

/// `cargo xtask test --leg c-firmware`.
pub fn in_c() -> Result<()> {
    programs::build()?;
    let first = c::first()?;
    for program in [c::GREENHOUSE, "greenhouse-dma", "greenhouse-rtos"] {
        let image = c::build(&first, program)?;
        println!("\n{program} on {}", first.name);
        sh::run(&mut first.start(&image, &[])?.smoke([""; 0]))?;
        if program == c::GREENHOUSE {
            converse(&first.name, &image)?;
        }
    }
    generated()?;
    for board in c::boards()? {
        let image = c::build(&board, c::BASE)?;
        sh::run(&mut board.start(&image, &[])?.smoke(["--calls", CALLS]))?;
        println!("{}: {CALLS} calls answered, profile base", board.name);
    }
    Ok(())
}

/// The typed arguments are what `trine gen` makes of the list of tools.
fn generated() -> Result<()> {
    let line = "trine gen firmware-example/board/tools.json --prefix board \
                --device firmware-example/board/device.json";
    let wanted = sh::output(&mut programs::command(line))?;
    ensure!(sh::read(GENERATED)? == wanted, "{GENERATED} is not what `{line}` writes");
    println!("{GENERATED} is what trine gen writes");
    Ok(())
}
