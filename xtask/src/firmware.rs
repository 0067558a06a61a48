//! Builds the example firmware for a board and says how large it is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::baremetal::Compiler;
use crate::board::Board;
use crate::elf::Image;
use crate::{cache, sh};

/// The firmware's own workspace.
const WORKSPACE: &str = "firmware-example/rust";

/// Which firmware of the workspace is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// The greenhouse behind Trine.
    Trine,
    /// The same with a key that anybody can read, to count what tags cost.
    Keyed,
    /// The same board without Trine, for comparison.
    Without,
}

impl Variant {
    /// The program's name in the firmware's workspace.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Trine | Self::Keyed => "trine-firmware",
            Self::Without => "without-trine",
        }
    }

    /// What its file is called here.
    fn file(self) -> &'static str {
        match self {
            Self::Trine => "trine-firmware.elf",
            Self::Keyed => "trine-firmware-keyed.elf",
            Self::Without => "without-trine.elf",
        }
    }
}

/// Where the boards have their folders, which `trine gateway --emulate` knows.
pub(crate) fn folder() -> PathBuf {
    sh::target_dir().join("firmware")
}

/// Where `build` leaves the firmware for a board.
fn elf_path(board: &Board, variant: Variant) -> PathBuf {
    folder().join(board.name).join(variant.file())
}

/// Builds one firmware, unless it is as the sources are, and returns where it is.
///
/// # Errors
/// When no compiler for the target is found or the build fails. No older file is left behind
/// then, since an emulator would run it as if it were the new one.
pub(crate) fn build(board: &Board, variant: Variant) -> Result<PathBuf> {
    let elf = elf_path(board, variant);
    let features: &[&str] = if variant == Variant::Keyed { &["keyed"] } else { &[] };
    let built = build_to(&elf, (board.name, board.target), variant.program(), features, &[]);
    if built.is_err() && elf.exists() {
        fs::remove_file(&elf)?;
    }
    built.map(|()| elf)
}

/// Builds a program of the firmware's workspace for a board and its target, and puts it at `elf`.
/// All of them are built in one folder, so one after the other.
///
/// # Errors
/// When no compiler for the target is found or the build fails.
pub(crate) fn build_to(
    elf: &Path,
    (board, target): (&str, &str),
    program: &str,
    features: &[&str],
    variables: &[(&str, &Path)],
) -> Result<()> {
    let workspace = sh::root().join(WORKSPACE);
    let compiler = Compiler::find(target)?;
    let target_dir = target_dir(compiler)?;
    let mut cargo = compiler.cargo("build", target);
    cargo.args(["--release", "--locked", "--bin", program]);
    if !features.is_empty() {
        cargo.args(["--features", &features.join(",")]);
    }
    cargo
        .current_dir(&workspace)
        .env("BOARD", board)
        .envs(variables.iter().copied())
        .env("CARGO_TARGET_DIR", &target_dir)
        .env_remove("RUSTFLAGS");
    eprintln!("{program} for {board}, built with {}", compiler.name());
    sh::exclusively(&target_dir, || {
        sh::run(&mut cargo)?;
        sh::install(&target_dir.join(target).join("release").join(program), elf)
    })
}

/// Runs clippy over the firmware, warnings being errors.
pub(crate) fn clippy(board: &Board) -> Result<()> {
    let workspace = sh::root().join(WORKSPACE);
    let compiler = Compiler::find(board.target)?;
    let mut cargo = compiler.cargo("clippy", board.target);
    cargo
        .args(["--release", "--", "-D", "warnings"])
        .current_dir(&workspace)
        .env("BOARD", board.name)
        .env("CARGO_TARGET_DIR", target_dir(compiler)?)
        .env_remove("RUSTFLAGS");
    sh::run(&mut cargo)
}

/// Where all that runs on chips is built, so that `core` is built once for each.
///
/// # Errors
/// When the compiler does not start.
pub(crate) fn target_dir(compiler: Compiler) -> Result<PathBuf> {
    let lock = |folder: &str| sh::root().join(folder).join("Cargo.lock");
    let other = fs::read_to_string(lock("firmware-example/ternary")).unwrap_or_default();
    let key = compiler.version()? + &other;
    let cached = cache::folder("chips", &key, &lock(WORKSPACE));
    Ok(cached.unwrap_or_else(|| folder().join("build")))
}

/// `cargo xtask firmware BOARD`.
///
/// # Errors
/// When the firmware does not build.
pub(crate) fn main(board: &Board) -> Result<()> {
    let elf = build(board, Variant::Trine)?;
    let image = Image::read(&elf)?;
    println!(
        "{} ({}): flash {} B of {}, RAM {} B of {}, without the stack\n{}",
        board.name,
        board.processor,
        image.flash_bytes(),
        board.flash_bytes,
        image.ram_bytes(),
        board.ram_bytes,
        elf.display()
    );
    Ok(())
}
