//! Builds the example firmware for a board and says how large it is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

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

/// The greenhouse behind Trine as it was built last, or is built now.
///
/// # Errors
/// As [`build`].
pub(crate) fn built(board: &Board) -> Result<PathBuf> {
    let elf = elf_path(board, Variant::Trine);
    if elf.exists() { Ok(elf) } else { build(board, Variant::Trine) }
}

/// Builds one firmware and returns where it is.
///
/// # Errors
/// When no compiler for the target is found or the build fails. No older file is left behind
/// then, since an emulator would run it as if it were the new one.
pub(crate) fn build(board: &Board, variant: Variant) -> Result<PathBuf> {
    let workspace = sh::root().join(WORKSPACE);
    let elf = elf_path(board, variant);
    if elf.exists() {
        fs::remove_file(&elf)?;
    }
    let program = variant.program();
    let compiler = Compiler::find(board.target)?;
    let target_dir = firmware_target_dir(compiler, &workspace)?;
    let mut cargo = compiler.cargo("build", board.target);
    cargo.args(["--release", "--bin", program]);
    if variant == Variant::Keyed {
        cargo.args(["--features", "keyed"]);
    }
    cargo
        .current_dir(&workspace)
        .env("BOARD", board.name)
        .env("CARGO_TARGET_DIR", &target_dir)
        .env_remove("RUSTFLAGS");
    eprintln!("{program} for {}, built with {}", board.name, compiler.name());
    sh::run(&mut cargo)?;
    let built = target_dir.join(board.target).join("release").join(program);
    let parent = elf.parent().context("the firmware has a folder")?;
    fs::create_dir_all(parent)?;
    fs::copy(&built, &elf).with_context(|| format!("no firmware at {}", built.display()))?;
    Ok(elf)
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
        .env("CARGO_TARGET_DIR", firmware_target_dir(compiler, &workspace)?)
        .env_remove("RUSTFLAGS");
    sh::run(&mut cargo)
}

fn firmware_target_dir(compiler: Compiler, workspace: &Path) -> Result<PathBuf> {
    if !workspace.join("Cargo.toml").exists() {
        bail!("{WORKSPACE}/Cargo.toml is not there: there is no firmware to build");
    }
    let version = compiler.version()?;
    let cached = cache::folder("firmware", &version, &workspace.join("Cargo.lock"));
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
