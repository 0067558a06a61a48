//! The programs of `firmware-example/ternary` on every processor, next to this computer, with the
//! instructions that they take between two places.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use devtools::elf::Image;
use devtools::sh;

use crate::board::{Board, CHIPS};
use crate::{count, firmware};

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
    let region = count::region(&image, "trine_products", ["before", "after"], &counts)?;
    let said = emulate(chip, &elf, &region)?;
    let counts = fs::read_to_string(&counts).context("the plug-in has written nothing")?;
    let counts = counts.lines().map(str::parse).collect::<Result<_, _>>()?;
    Ok(Run { elf, said, counts })
}

/// What the compiler is told beside the target.
fn flags(chip: &Board) -> &'static str {
    if chip.processor == "Cortex-M33" { "-Ctarget-cpu=cortex-m33" } else { "" }
}

fn emulate(chip: &Board, elf: &Path, plugin: &str) -> Result<String> {
    let mut qemu = sh::command(chip.emulator());
    qemu.args(["-M", chip.name, "-display", "none", "-monitor", "none", "-serial", "null"]).args([
        "-semihosting-config",
        "enable=on,target=native",
        "-plugin",
        plugin,
    ]);
    if !chip.is_arm() {
        qemu.args(["-bios", "none"]);
    }
    let said = elf.with_extension("said");
    qemu.arg("-kernel").arg(elf).stdin(Stdio::null()).stdout(fs::File::create(&said)?);
    let child = qemu.spawn().with_context(|| format!("`{}` does not start", chip.emulator()))?;
    let status = ended(child).with_context(|| chip.name)?;
    let said = fs::read_to_string(&said)?;
    ensure!(status.success(), "{}: {status}\n{said}", chip.name);
    Ok(said)
}

/// Waits for the end of an emulator, for as long as it may take.
pub(crate) fn ended(mut child: Child) -> Result<std::process::ExitStatus> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if since.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("no end after {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs clippy over the programs for a processor of Arm and one of RISC-V, warnings being errors.
pub fn clippy() -> Result<()> {
    let [first, .., last] = CHIPS else { bail!("there are two chips") };
    for chip in [first, last] {
        let (mut cargo, _) = firmware::cargo("clippy", WORKSPACE, chip, flags(chip))?;
        sh::run(cargo.args(["--locked", "--bin", "trine-products", "--", "-D", "warnings"]))?;
    }
    Ok(())
}
