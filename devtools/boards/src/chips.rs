//! The programs of `firmware-example/ternary` on every processor, next to this computer, with the
//! instructions that they take between two places.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::{Image, sh};

use crate::{BOARDS, Board, count, firmware};

/// The programs' own workspace.
const WORKSPACE: &str = "firmware-example/ternary";
/// The longest that an emulated board may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a program is handed: the names of variables, and the files that they name.
pub(crate) type Files<'f> = &'f [(&'f str, &'f Path)];

/// A program that has run on a board.
pub(crate) struct Run {
    pub(crate) elf: PathBuf,
    /// What it wrote.
    pub(crate) said: String,
    /// Instructions from each return of `before` to the next of `after`.
    pub(crate) counts: Vec<u64>,
}

/// What the program writes on this computer.
pub(crate) fn on_host(program: &str, files: Files<'_>) -> Result<String> {
    let mut cargo = sh::cargo();
    cargo.args(["run", "--quiet", "--release", "--locked", "--bin", program]);
    cargo.current_dir(sh::root().join(WORKSPACE)).envs(files.iter().copied());
    sh::output(cargo.env("CARGO_TARGET_DIR", sh::target_dir().join("mcu/host")))
}

/// Builds a program for a chip, runs it and counts. No older file is left behind when it does not
/// build.
pub(crate) fn run(chip: &Board, program: &str, files: Files<'_>) -> Result<Run> {
    let (mut cargo, folder) = firmware::cargo("build", WORKSPACE, chip, flags(chip))?;
    let elf = folder.join(chip.target).join("release").join(program);
    drop(fs::remove_file(&elf));
    eprintln!("{program} for {}", chip.name);
    sh::run(cargo.args(["--locked", "--bin", program]).envs(files.iter().copied()))?;
    let counts = elf.with_extension("counts");
    let image = Image::read(&elf)?;
    let places = ["trine_products::before", "trine_products::after"];
    let region = count::region(&image, places, &counts)?;
    // What else the machine takes for firmware of its own.
    let bios = if chip.is_arm() { "" } else { "-bios none" };
    let qemu = sh::line(&format!("{} -M {} {bios}", chip.emulator(), chip.name));
    let said = emulate(qemu, &elf, &region)?;
    Ok(Run { counts: count::numbers(&counts)?, elf, said })
}

/// What the compiler is told beside the target.
fn flags(chip: &Board) -> &'static str {
    if chip.processor == "Cortex-M33" { "-Ctarget-cpu=cortex-m33" } else { "" }
}

/// What an image writes until its end, in a machine of QEMU under a plug-in.
pub(crate) fn emulate(mut qemu: Command, elf: &Path, plugin: &str) -> Result<String> {
    let machine = sh::shown(&qemu);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-plugin", plugin]);
    let said = elf.with_extension("said");
    qemu.arg("-kernel").arg(elf).stdin(Stdio::null()).stdout(fs::File::create(&said)?);
    let child = qemu.spawn().with_context(|| format!("`{machine}` does not start"))?;
    let mut child = sh::Running(child);
    let status = sh::within(PATIENCE, || child.0.try_wait().transpose());
    let status = status.with_context(|| format!("{machine}: no end after {PATIENCE:?}"))??;
    let said = fs::read_to_string(&said)?;
    ensure!(status.success(), "{machine}: {status}\n{said}");
    Ok(said)
}

/// Runs clippy over the programs for a processor of Arm and one of RISC-V, warnings being errors.
pub fn clippy() -> Result<()> {
    for chip in BOARDS {
        let (mut cargo, _) = firmware::cargo("clippy", WORKSPACE, chip, flags(chip))?;
        sh::run(cargo.args(["--locked", "--bin", "trine-products", "--", "-D", "warnings"]))?;
    }
    Ok(())
}
