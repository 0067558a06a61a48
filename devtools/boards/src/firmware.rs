//! Builds firmware in Rust for a board: the example, and the programs of `chips`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use devtools::{Compiler, Image, cache, sh};

use crate::Board;
use crate::board::MEMORY;

/// The example firmware's own workspace.
const WORKSPACE: &str = "firmware-example/rust";

/// Which firmware of the workspace is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The greenhouse behind Trine.
    Trine,
    /// The same with a key that anyone can read, to count what tags cost.
    Keyed,
    /// The same board without Trine, for comparison.
    Without,
}

impl Variant {
    /// The program's name in the firmware's workspace.
    pub(crate) fn program(self) -> &'static str {
        if self == Self::Without { "without-trine" } else { "trine-firmware" }
    }
}

/// Where the boards have their folders, which `trine gateway --emulate` knows.
pub fn folder() -> PathBuf {
    sh::target_dir().join("firmware")
}

/// Builds one firmware, unless it is as the sources are, and returns where it is.
pub fn build(board: &Board, variant: Variant) -> Result<PathBuf> {
    let is_keyed = variant == Variant::Keyed;
    let [suffix, features] = if is_keyed { ["-keyed", "keyed"] } else { [""; 2] };
    let elf = folder().join(board.name).join(format!("{}{suffix}.elf", variant.program()));
    build_to(&elf, board, variant.program(), features, &[])?;
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

/// Runs clippy over the firmware, warnings being errors.
pub fn clippy(board: &Board) -> Result<()> {
    let (mut cargo, _) = cargo("clippy", WORKSPACE, board, "")?;
    sh::run(cargo.args(["--", "-D", "warnings"]))
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
    let Board { name, processor, .. } = board;
    let elf = build(board, Variant::Trine)?;
    show(&format!("{name} ({processor})"), &elf, &format!(" of {MEMORY}"))
}

/// Prints what an image takes, of so much.
pub(crate) fn show(what: &str, elf: &Path, of: &str) -> Result<()> {
    let image = Image::read(elf)?;
    let (flash, ram, elf) = (image.flash_bytes(), image.ram_bytes(), elf.display());
    println!("{what}: flash {flash} B{of}, RAM {ram} B{of}, without the stack\n{elf}");
    Ok(())
}
