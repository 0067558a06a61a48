//! Builds the firmware in C: which boards there are, which programs, and how each is put together.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::board::ARM;
use crate::elf::Image;
use crate::matrix::{files, output_folder, quiet};
use crate::{dist, sh};

/// Where the sources are.
const FOLDER: &str = "firmware-example/c";

/// A board for the firmware in C.
#[derive(Debug)]
pub(crate) struct CBoard {
    /// Its name, which is the folder under `bsp` and QEMU's machine.
    pub(crate) name: &'static str,
    /// The Rust target of the library that fits.
    pub(crate) target: &'static str,
    /// The emulator's program, and the option that loads the image.
    pub(crate) emulator: [&'static str; 2],
    compiler: &'static str,
    processor: &'static [&'static str],
    drivers: &'static [&'static str],
}

const GCC: &str = "arm-none-eabi-gcc";
const MPS2: &[&str] = &["image.c", "vectors.c", "cortex_m.c", "mps2.c"];

/// Every board, the one with everything first.
pub(crate) const C_BOARDS: &[CBoard] = &[
    CBoard {
        name: "mps2-an386",
        target: "thumbv7em-none-eabihf",
        emulator: ARM,
        compiler: GCC,
        processor: &["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
        drivers: MPS2,
    },
    CBoard {
        name: "mps2-an385",
        target: "thumbv7m-none-eabi",
        emulator: ARM,
        compiler: GCC,
        processor: &["-mcpu=cortex-m3", "-mthumb"],
        drivers: MPS2,
    },
    CBoard {
        name: "mps2-an505",
        target: "thumbv8m.main-none-eabihf",
        emulator: ARM,
        compiler: GCC,
        processor: &["-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"],
        drivers: MPS2,
    },
    CBoard {
        name: "microbit",
        target: "thumbv6m-none-eabi",
        emulator: ARM,
        compiler: GCC,
        processor: &["-mcpu=cortex-m0", "-mthumb"],
        drivers: &["image.c", "vectors.c", "cortex_m.c", "nrf51.c"],
    },
    CBoard {
        name: "virt",
        target: "riscv32imac-unknown-none-elf",
        emulator: ["qemu-system-riscv32", "-bios"],
        compiler: "riscv64-unknown-elf-gcc",
        // The control registers are part of the base in the older numbering of the standard.
        processor: &["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", "-mcmodel=medany"],
        drivers: &["image.c", "riscv.c"],
    },
];

/// One of the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Eleven tools, each byte received by an interrupt, no RTOS.
    Greenhouse,
    /// The same, received by DMA.
    Dma,
    /// The same, in tasks of `FreeRTOS`.
    Rtos,
    /// Ten tools with the library's profile `base`, so without camera, progress and log, in the
    /// form that `trine gen` makes: what the size is measured of.
    Base,
    /// The same with the tools written in macros, to compare with.
    BaseMacros,
    /// The board of `Base` without Trine.
    Without,
}

/// `cargo xtask c-firmware BOARD PROGRAM`.
///
/// # Errors
/// When there is no such board or program, or it does not build.
pub(crate) fn main(board: &str, program: &str) -> Result<()> {
    let boards: Vec<&str> = C_BOARDS.iter().map(|board| board.name).collect();
    let board = C_BOARDS.iter().find(|known| known.name == board);
    let board = board.with_context(|| format!("choose a board of {}", boards.join(", ")))?;
    let programs: Vec<&str> = Program::ALL.iter().map(|program| program.name()).collect();
    let program = Program::ALL.iter().find(|known| known.name() == program);
    let program = program.with_context(|| format!("choose one of {}", programs.join(", ")))?;
    let path = build(board, *program)?;
    let image = Image::read(&path)?;
    println!(
        "{} on {}: flash {} B, RAM {} B without the stack\n{}",
        program.name(),
        board.name,
        image.flash_bytes(),
        image.ram_bytes(),
        path.display()
    );
    Ok(())
}

impl Program {
    /// Every program.
    const ALL: [Self; 6] =
        [Self::Greenhouse, Self::Dma, Self::Rtos, Self::Base, Self::BaseMacros, Self::Without];

    /// The name of its file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Greenhouse => "greenhouse",
            Self::Dma => "greenhouse-dma",
            Self::Rtos => "greenhouse-rtos",
            Self::Base => "greenhouse-base",
            Self::BaseMacros => "greenhouse-macros",
            Self::Without => "without-trine",
        }
    }

    /// The library's profile; none where there is no library.
    fn profile(self) -> Option<&'static str> {
        match self {
            Self::Greenhouse | Self::Dma | Self::Rtos => Some("full"),
            Self::Base | Self::BaseMacros => Some("base"),
            Self::Without => None,
        }
    }

    fn sources(self) -> Vec<&'static str> {
        const APP: &[&str] =
            &["app.c", "console.c", "device.c", "pending.c", "text.c", "tools.c", "water.c"];
        let own: &[&str] = match self {
            Self::Greenhouse | Self::BaseMacros => {
                &["descriptors.c", "receive_interrupt.c", "bare.c"]
            }
            Self::Base => &["table.c", "receive_interrupt.c", "bare.c"],
            Self::Dma => &["descriptors.c", "receive_dma.c", "bare.c"],
            Self::Rtos => &["descriptors.c", "receive_interrupt.c", "rtos.c"],
            Self::Without => return vec!["without_trine.c"],
        };
        [APP, own].concat()
    }
}

const WARNINGS: &[&str] = &[
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wcast-align",
    "-Wundef",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Werror",
];

/// Builds a program and answers where the image is.
///
/// # Errors
/// When a compiler is missing or has something to say, or the image asks for a heap. No older
/// image is left then, since an emulator would run it as if it were the new one.
pub(crate) fn build(board: &CBoard, program: Program) -> Result<PathBuf> {
    let folder = output_folder(board.name)?;
    let image = folder.join(format!("{}.elf", program.name()));
    if image.exists() {
        std::fs::remove_file(&image)?;
    }
    let mut objects = Vec::new();
    let compile = |source: &Path, objects: &mut Vec<PathBuf>, kernel: bool| -> Result<()> {
        let name = source.file_stem().context("a source has a name")?.to_string_lossy();
        let object = folder.join(format!("{}-{name}.o", program.name()));
        let mut gcc = compiler(board, program)?;
        if !kernel {
            gcc.args(WARNINGS);
        }
        quiet(gcc.arg("-c").arg(source).arg("-o").arg(&object))?;
        objects.push(object);
        Ok(())
    };
    for source in sources(board, program)? {
        compile(&source, &mut objects, false)?;
    }
    if program == Program::Rtos {
        let kernel = freertos()?;
        for source in ["tasks.c", "list.c", "portable/GCC/ARM_CM4F/port.c"] {
            compile(&kernel.join(source), &mut objects, true)?;
        }
    }
    link(board, program, &objects, &image)?;
    has_no_heap(board, &image)?;
    Ok(image)
}

fn sources(board: &CBoard, program: Program) -> Result<Vec<PathBuf>> {
    let under = |folder: &str, name: &str| sh::root().join(FOLDER).join(folder).join(name);
    let mut all: Vec<PathBuf> = board.drivers.iter().map(|driver| under("bsp", driver)).collect();
    all.extend(files(&format!("{FOLDER}/board"), "c")?);
    all.extend(program.sources().into_iter().map(|source| under("src", source)));
    Ok(all)
}

fn compiler(board: &CBoard, program: Program) -> Result<Command> {
    let mut gcc = sh::command(board.compiler);
    let small = matches!(program, Program::Base | Program::BaseMacros | Program::Without);
    let table = program == Program::Base;
    gcc.args(board.processor)
        .args(["-std=c99", "-Os", "-g", "-ffunction-sections", "-fdata-sections"])
        .arg(format!("-DGREENHOUSE_SMALL={}", u8::from(small)))
        .arg(format!("-DGREENHOUSE_TABLE={}", u8::from(table)))
        .arg("-Iinclude");
    for folder in ["src", "board", "bsp", &format!("bsp/{}", board.name)] {
        gcc.arg(format!("-I{FOLDER}/{folder}"));
    }
    if board.compiler != GCC {
        gcc.arg("--specs=picolibc.specs");
    }
    if program == Program::Rtos {
        let kernel = freertos()?;
        for folder in ["include", "portable/GCC/ARM_CM4F"] {
            gcc.arg("-isystem").arg(kernel.join(folder));
        }
    }
    Ok(gcc)
}

fn link(board: &CBoard, program: Program, objects: &[PathBuf], image: &Path) -> Result<()> {
    let mut gcc = compiler(board, program)?;
    gcc.args(["-nostartfiles", "-Wl,--gc-sections"])
        .arg(format!("-L{FOLDER}/bsp/{}", board.name))
        .arg(format!("-T{FOLDER}/bsp/image.ld"))
        .args(objects);
    if board.compiler == GCC {
        gcc.arg("--specs=nano.specs");
    }
    if let Some(profile) = program.profile() {
        gcc.arg(dist::chip_library(board.target, profile)?);
    }
    // Which part of the image came from where; `size` reads it.
    gcc.arg(format!("-Wl,-Map={}", image.with_extension("map").display()));
    quiet(gcc.arg("-o").arg(image)).map(drop)
}

/// A heap would show by the names of the C library that give memory.
fn has_no_heap(board: &CBoard, image: &Path) -> Result<()> {
    let nm = board.compiler.replace("-gcc", "-nm");
    let symbols = quiet(sh::command(nm).arg(image))?;
    ensure!(symbols.contains("reset_handler"), "{} has no symbols", image.display());
    let heap = ["malloc", "_malloc_r", "calloc", "realloc", "free", "_sbrk", "sbrk"];
    for symbol in symbols.lines().filter_map(|line| line.split_whitespace().last()) {
        if heap.contains(&symbol) {
            bail!("{} links {symbol}: there is no heap on this board", image.display());
        }
    }
    Ok(())
}

/// The kernel's sources, which cargo fetches by the lock file beside the example.
fn freertos() -> Result<PathBuf> {
    let manifest = format!("{FOLDER}/freertos/Cargo.toml");
    let mut cargo = sh::cargo();
    cargo.args(["metadata", "--format-version=1", "--locked", "--manifest-path", &manifest]);
    let metadata: serde_json::Value = serde_json::from_str(&sh::output(&mut cargo)?)?;
    let packages = metadata.get("packages").and_then(|packages| packages.as_array());
    let found = packages.into_iter().flatten().find_map(|package| {
        let path = package.get("manifest_path")?.as_str()?;
        (package.get("name")?.as_str()? == "freertos-next").then(|| PathBuf::from(path))
    });
    let kernel = found.context("the lock file names no freertos-next")?;
    Ok(kernel.with_file_name("FreeRTOS-Kernel"))
}
