//! Firmware in Rust with embassy: the adapter's tests, a board that QEMU emulates, and boards that
//! are built.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use devtools::transcripts::play;
use devtools::{Compiler, cache, programs, sh};

use crate::legs::gateway;
use crate::{BOARDS, Board, firmware};

const WORKSPACE: &str = "embassy";
const CHIPS: &str = "embassy/boards";
const EMULATED: &str = "trine-embassy-emulated";
/// The boards that are built: the folder of the workspace, the program, and the target.
const BUILT: [(&str, &str, &str); 4] = [
    (CHIPS, "trine-embassy-rp2040", "thumbv6m-none-eabi"),
    (CHIPS, "trine-embassy-stm32f401", "thumbv7em-none-eabihf"),
    (CHIPS, "trine-embassy-nrf52840", "thumbv7em-none-eabihf"),
    ("embassy/boards/esp32c3", "trine-embassy-esp32c3", "riscv32imc-unknown-none-elf"),
];
/// Every tool of the boat, and limits.
const EVERY_TOOL: &str = "firmware-example/motorboat/every_tool.jsonl";

/// `cargo xtask test --leg embassy`.
pub fn leg() -> Result<()> {
    let manifest = sh::root().join(WORKSPACE).join("Cargo.toml");
    let folder = sh::target_dir().join(WORKSPACE);
    let host = |verb: &str, more: &[&str]| {
        let mut cargo = sh::cargo();
        cargo.args([verb, "--locked", "-q", "-p", "trine-embassy", "-p", "trine-embassy-lamp"]);
        cargo.arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(&folder);
        sh::run(cargo.args(more))
    };
    host("test", &[])?;
    host("clippy", &["--all-targets", "--features", "defmt,rtt", "--", "-D", "warnings"])?;
    programs::build()?;
    let board = &BOARDS[0];
    let image = emulated(board)?;
    play(&sh::root().join(EVERY_TOOL), &gateway(board.name, &image), Stdio::inherit())
}

/// Builds the boat for a board that QEMU emulates.
fn emulated(board: &Board) -> Result<PathBuf> {
    let (mut cargo, target_dir) = firmware::cargo("build", WORKSPACE, board, "")?;
    cargo.args(["--locked", "-p", EMULATED]);
    let elf = firmware::folder().join(board.name).join(format!("{EMULATED}.elf"));
    sh::exclusively(&target_dir, || {
        sh::run(&mut cargo)?;
        sh::install(&target_dir.join(board.target).join("release").join(EMULATED), &elf)
    })?;
    firmware::show(EMULATED, &elf)?;
    Ok(elf)
}

/// The part `embassy` of the soak: boards of four makers are built, warnings being errors.
pub fn boards() -> Result<String> {
    let mut said = Vec::new();
    for (workspace, program, target) in BUILT {
        let compiler = Compiler::find(target)?;
        let lock = sh::root().join(workspace).join("Cargo.lock");
        let cached = cache::folder("embassy", &compiler.version()?, &lock);
        let folder = cached.unwrap_or_else(|| sh::target_dir().join(WORKSPACE));
        let mut cargo = compiler.cargo("clippy", target);
        cargo.args(["--release", "--locked", "-q", "-p", program, "--target-dir"]).arg(&folder);
        cargo.args(["--", "-D", "warnings"]).current_dir(sh::root().join(workspace));
        sh::run(&mut cargo).with_context(|| program.to_owned())?;
        said.push(program.trim_start_matches("trine-embassy-"));
    }
    Ok(format!("checked for {}", said.join(", ")))
}
