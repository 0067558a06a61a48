//! Builds firmware in Rust for a board: the example, and the programs of `count`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use devtools::{Compiler, cache, sh};

use crate::elf::Image;
use crate::{Board, count};

/// The example firmware's own workspace.
const WORKSPACE: &str = "firmware-example/rust";

/// The program of the workspace that is the greenhouse behind Trine.
pub(crate) const GREENHOUSE: &str = "trine-firmware";

/// Where the boards have their folders, which `trine gateway --emulate` knows.
pub fn folder() -> PathBuf {
    sh::target_dir().join("firmware")
}

/// Builds the greenhouse, unless it is as the sources are, and returns where it is.
pub fn build(board: &Board) -> Result<PathBuf> {
    build_as(board, GREENHOUSE, "")
}

/// The same for a program with a feature.
pub(crate) fn build_as(board: &Board, program: &str, feature: &str) -> Result<PathBuf> {
    let dash = if feature.is_empty() { "" } else { "-" };
    let elf = folder().join(board.name).join(format!("{program}{dash}{feature}.elf"));
    build_to(&elf, board, program, feature, &[])?;
    Ok(elf)
}

/// Builds a program of the workspace for a board, and puts it at `elf`. All of them are built in
/// one folder, so one after the other. No older file is left behind when the build fails, since an
/// emulator would run it as if it were the new one.
pub(crate) fn build_to(
    elf: &Path,
    board: &Board,
    program: &str,
    features: &str,
    variables: &[(&str, &Path)],
) -> Result<()> {
    let (mut cargo, target_dir) = cargo("build", WORKSPACE, board, "")?;
    cargo.args(["--locked", "--bin", program, "--features", features]);
    cargo.envs(variables.iter().copied());
    eprintln!("{program} for {}", board.name);
    let built = sh::exclusively(&target_dir, || {
        sh::run(&mut cargo)?;
        sh::install(&target_dir.join(board.target).join("release").join(program), elf)
    });
    if built.is_err() {
        drop(std::fs::remove_file(elf));
    }
    built
}

/// Runs clippy over all that runs on a chip, warnings being errors.
pub fn clippy(board: &Board) -> Result<()> {
    let (mut firmware, _) = cargo("clippy", WORKSPACE, board, "")?;
    sh::run(firmware.args(["--", "-D", "warnings"]))?;
    let (mut programs, _) = cargo("clippy", count::WORKSPACE, board, "")?;
    sh::run(programs.args(["--locked", "--bin", "trine-products", "--", "-D", "warnings"]))
}

/// Cargo in a workspace of firmware, and the folder in which it builds for a board. All that runs
/// on chips shares one folder, so that `core` is built once for each target; what other flags
/// compile is kept apart, or each would compile all of it anew.
pub(crate) fn cargo(
    verb: &str,
    workspace: &str,
    board: &Board,
    flags: &str,
) -> Result<(Command, PathBuf)> {
    let compiler = Compiler::find(board.target)?;
    let lock = |folder: &str| sh::root().join(folder).join("Cargo.lock");
    let other = std::fs::read_to_string(lock("firmware-example/ternary")).unwrap_or_default();
    let cached = cache::folder("chips", &(compiler.version()? + &other), &lock(WORKSPACE));
    let shared = cached.unwrap_or_else(|| folder().join("build"));
    let target_dir = if flags.is_empty() { shared } else { shared.join(board.processor) };
    let mut cargo = compiler.cargo(verb, board.target);
    cargo.arg("--release").current_dir(sh::root().join(workspace));
    cargo.env("BOARD", board.name).env("CARGO_TARGET_DIR", &target_dir);
    match flags {
        "" => cargo.env_remove("RUSTFLAGS"),
        flags => cargo.env("RUSTFLAGS", flags),
    };
    Ok((cargo, target_dir))
}

/// `cargo xtask firmware BOARD`.
pub fn main(board: &Board) -> Result<()> {
    show(&format!("{} ({})", board.name, board.processor), &build(board)?)
}

/// Prints what an image takes.
pub(crate) fn show(what: &str, elf: &Path) -> Result<()> {
    let image = Image::read(elf)?;
    let (flash, ram, elf) = (image.flash_bytes(), image.ram_bytes(), elf.display());
    println!("{what}: flash {flash} B, RAM {ram} B, without the stack\n{elf}");
    Ok(())
}
