//! Legs that speak with emulated boards: through the gateway, where the firmware in Rust and the
//! firmware in C answer the same recorded conversations; without it, step by step, the latter on
//! every processor that the library is made for; and by their logs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use devtools::transcripts::{REVISIONS, play};
use devtools::{parallel, programs, sh};

use crate::{BOARDS, Board, Emulator, c, firmware};

/// Made by `trine gen`.
const GENERATED: &str = "firmware-example/c/src/board_tools.h";
/// Every tool, its limits, and what each leaves behind in the state of the board.
const EVERY_TOOL: &str = "firmware-example/board/every_tool.jsonl";
/// Calls that are made on a board with one line, which has no person.
const CALLS: &str = "20";
/// What an MCP client finds at the well.
const WELL: &str = "tests/c/gateway/well.jsonl";

/// `cargo xtask test --leg emulate`, for one board: the firmware in Rust.
pub fn emulate(board: &Board) -> Result<()> {
    programs::build()?;
    converse(board.name, &firmware::build(board)?)
}

/// What a firmware answers behind the gateway: to both protocol families, and of each tool.
fn converse(board: &str, firmware: &Path) -> Result<()> {
    let gateway = gateway(board, firmware);
    let mut transcripts = sh::files(REVISIONS, "jsonl")?;
    transcripts.push(sh::root().join(EVERY_TOOL));
    transcripts.iter().try_for_each(|file| play(file, &gateway, Stdio::inherit()))
}

/// `cargo xtask test --leg c-firmware`.
pub fn in_c() -> Result<()> {
    programs::build()?;
    let first = &c::BOARDS[0];
    for program in [c::GREENHOUSE, "greenhouse-dma", c::RTOS] {
        let image = c::build(first, program)?;
        println!("\n{program} on {}", first.name);
        sh::run(&mut c::start(first, &image, &[])?.smoke([""; 0]))?;
        if program == c::GREENHOUSE {
            converse(first.name, &image)?;
        }
    }
    let image = c::build(first, c::WELL)?;
    println!("\n{} on {}", c::WELL, first.name);
    play(&sh::root().join(WELL), &gateway(first.name, &image), Stdio::inherit())?;
    generated()?;
    for board in &c::BOARDS {
        let image = c::build(board, c::BASE)?;
        sh::run(&mut c::start(board, &image, &[])?.smoke(["--calls", CALLS]))?;
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

/// The gateway before an emulated board.
pub(crate) fn gateway(board: &str, firmware: &Path) -> Command {
    let mut gateway = programs::command(&format!("trine gateway --emulate {board} --firmware"));
    gateway.arg(firmware);
    gateway
}

/// The leg `smoke`: the boards side by side, since they mostly wait for their clocks.
pub fn smoke() -> Result<()> {
    programs::build()?;
    let build = |board| Ok((board, firmware::build(board)?));
    let images = BOARDS.iter().map(build).collect::<Result<Vec<(&Board, _)>>>()?;
    parallel::each(&images, |(board, elf)| {
        let name = format!("{} ({})", board.name, board.processor);
        let said = sh::output(&mut Emulator::start(board, elf, &[])?.smoke([""; 0]));
        println!("\n{name}\n{}", said.context(name.clone())?.trim_end());
        Ok(())
    })
}

/// Runs something with an emulated board, whose two lines are sockets that it has to connect to.
pub fn with_emulated(board: &Board, run: impl FnOnce(&[PathBuf; 2]) -> Result<()>) -> Result<()> {
    let elf = firmware::build(board)?;
    let emulator = Emulator::start(board, &elf, &[])?;
    run(&emulator.sockets())
}

/// What the board must say, in this order: its start, that the host is there, and three calls.
const WANTED: [&str; 5] = [
    concat!("info greenhouse ", env!("CARGO_PKG_VERSION"), " starts with 11 tools"),
    "info the host is heard",
    // `light_set` of the status light, on.
    "debug tool 0 is called with [0, 5, 2, 1, 1, 1]",
    "debug tool 0 is called with [0, 5, 2, 1, 1, 1]",
    "debug tool 0 is called with [0, 5, 2, 1, 1, 1]",
];

/// The leg `defmt`: what is logged does not hang on the processor, so one board is enough.
pub fn logs(board: &Board) -> Result<()> {
    let folder = sh::target_dir().join("defmt");
    let elf = folder.join("board.elf");
    // Unset, it leaves out all but errors, without a word.
    let level: &[(&str, &Path)] = &[("DEFMT_LOG", Path::new("debug"))];
    firmware::build_to(&elf, board, firmware::GREENHOUSE, "defmt", level)?;
    let build = ["build", "--manifest-path", "tests/defmt/Cargo.toml", "--locked", "--target-dir"];
    sh::run(sh::cargo().args(build).arg(folder.join("host")))?;
    programs::build()?;
    let semihosting = ["-semihosting-config", "enable=on,target=native"];
    let emulator = Emulator::start(board, &elf, &semihosting)?;
    sh::run(&mut emulator.smoke(["--calls", "3"]))?;
    let mut decoder = sh::command(folder.join("host/debug/trine-defmt"));
    decoder.arg(&elf).stdin(emulator.output()?);
    let said = String::from_utf8(decoder.output()?.stdout)?;
    print!("{said}");
    ensure!(said.lines().eq(WANTED), "the board should have said:\n{}", WANTED.join("\n"));
    Ok(())
}
