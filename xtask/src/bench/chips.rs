//! The processors that `firmware-example/ternary` runs on: how it is built for each, and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::baremetal::Compiler;
use crate::elf::Image;
use crate::{firmware, sh};

/// The firmware's own workspace.
const WORKSPACE: &str = "firmware-example/ternary";
/// The longest that an emulated board may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A processor, and the emulated board that stands for it.
pub(super) struct Chip {
    pub(super) board: &'static str,
    pub(super) target: &'static str,
    pub(super) processor: &'static str,
    /// What the compiler is told beside the target.
    pub(super) flags: &'static str,
    pub(super) emulator: &'static str,
    /// Most instructions a multiply-accumulate at 512 rows: what was asked for, and wished.
    pub(super) gate: (f64, f64),
    /// The same measured of CMSIS-NN's int8 kernel, where it was: see `mcu`.
    pub(super) peer: Option<f64>,
}

const M4: &str = "thumbv7em-none-eabihf";

/// Every processor.
pub(super) const CHIPS: &[Chip] = &[
    Chip {
        board: "mps2-an386",
        target: M4,
        processor: "Cortex-M4",
        flags: "",
        emulator: "qemu-system-arm",
        gate: (1.1, 1.0),
        peer: Some(1.96),
    },
    Chip {
        board: "mps2-an500",
        target: M4,
        processor: "Cortex-M7",
        flags: "",
        emulator: "qemu-system-arm",
        gate: (1.1, 1.0),
        peer: None,
    },
    Chip {
        board: "mps2-an505",
        target: "thumbv8m.main-none-eabihf",
        processor: "Cortex-M33",
        flags: "-Ctarget-cpu=cortex-m33",
        emulator: "qemu-system-arm",
        gate: (1.1, 1.0),
        peer: None,
    },
    Chip {
        board: "mps2-an385",
        target: "thumbv6m-none-eabi",
        processor: "code for Cortex-M0",
        flags: "",
        emulator: "qemu-system-arm",
        gate: (1.8, 1.6),
        peer: Some(6.29),
    },
    Chip {
        board: "virt",
        target: "riscv32imac-unknown-none-elf",
        processor: "RISC-V, rv32imac",
        flags: "",
        emulator: "qemu-system-riscv32",
        gate: (1.5, 1.3),
        peer: None,
    },
];

/// Runs a board until its firmware ends, and answers what it said. The instructions from each
/// return of `before` to the next of `after` go to the file `counts`.
///
/// # Errors
/// When the firmware lacks one of the two, does not end, or ends with an error.
pub(super) fn counted(chip: &Chip, elf: &Path, plugin: &Path, counts: &Path) -> Result<String> {
    let image = Image::read(elf)?;
    let address = |name: &str| {
        let full = format!("trine_products::{name}");
        let symbol = image.symbols.iter().find(|symbol| symbol.name == full);
        symbol.map(|symbol| symbol.address).with_context(|| format!("{full} is not in the image"))
    };
    let options = format!(
        "{},before={:#x},after={:#x},out={}",
        plugin.display(),
        address("before")?,
        address("after")?,
        counts.display()
    );
    run(chip, elf, &options)
}

/// What a program is handed: the names of variables, and the files that they name.
pub(super) type Files<'f> = &'f [(&'f str, &'f Path)];

/// What the program says on this computer.
///
/// # Errors
/// When it does not build or ends with an error.
pub(super) fn on_host(program: &str, files: Files<'_>) -> Result<String> {
    let mut cargo = sh::cargo();
    cargo
        .args(["run", "--quiet", "--release", "--locked", "--bin", program])
        .current_dir(sh::root().join(WORKSPACE))
        .env("CARGO_TARGET_DIR", sh::target_dir().join("mcu/host"))
        .envs(files.iter().copied());
    sh::output(&mut cargo)
}

fn run(chip: &Chip, elf: &Path, plugin: &str) -> Result<String> {
    let mut qemu = sh::command(chip.emulator);
    qemu.args(["-M", chip.board, "-display", "none", "-monitor", "none", "-serial", "null"])
        .args(["-semihosting-config", "enable=on,target=native", "-plugin", plugin]);
    // RISC-V's machine takes an image for firmware of its own unless it is told so.
    if chip.board == "virt" {
        qemu.args(["-bios", "none"]);
    }
    let said = elf.with_extension("said");
    qemu.arg("-kernel").arg(elf).stdin(Stdio::null()).stdout(fs::File::create(&said)?);
    let mut child = qemu.spawn().with_context(|| format!("`{}` does not start", chip.emulator))?;
    let since = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if since.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("{}: no end after {} s", chip.board, PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let said = fs::read_to_string(&said)?;
    ensure!(status.success(), "{}: {status}\n{said}", chip.board);
    Ok(said)
}

/// Builds a program for a chip. No older one is left behind when that fails.
///
/// # Errors
/// When there is no compiler for the target, or it does not build.
pub(super) fn build(chip: &Chip, program: &str, files: Files<'_>) -> Result<PathBuf> {
    let (mut cargo, folder) = cargo("build", chip)?;
    let elf = folder.join(chip.target).join("release").join(program);
    if elf.exists() {
        fs::remove_file(&elf)?;
    }
    eprintln!("{program} for {}", chip.board);
    sh::run(cargo.args(["--bin", program]).envs(files.iter().copied()))?;
    Ok(elf)
}

/// Runs clippy over the programs for a processor of Arm and one of RISC-V, warnings being errors.
///
/// # Errors
/// When it has something to say.
pub(crate) fn clippy() -> Result<()> {
    let [first, .., last] = CHIPS else { bail!("there are two chips") };
    for chip in [first, last] {
        let (mut cargo, _) = cargo("clippy", chip)?;
        sh::run(cargo.args(["--bin", "trine-products", "--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// Cargo in the workspace of the programs, and the folder in which it builds for a chip.
fn cargo(verb: &str, chip: &Chip) -> Result<(Command, PathBuf)> {
    let compiler = Compiler::find(chip.target)?;
    let shared = firmware::target_dir(compiler)?;
    // What other options compile is kept apart, or each would compile all of it anew.
    let folder = if chip.flags.is_empty() { shared } else { shared.join(chip.processor) };
    let mut cargo = compiler.cargo(verb, chip.target);
    cargo
        .args(["--release", "--locked"])
        .current_dir(sh::root().join(WORKSPACE))
        .env("BOARD", chip.board)
        .env("CARGO_TARGET_DIR", &folder)
        .env_remove("RUSTFLAGS");
    if !chip.flags.is_empty() {
        cargo.env("RUSTFLAGS", chip.flags);
    }
    Ok((cargo, folder))
}
