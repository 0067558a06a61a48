//! Builds the firmware in C: which boards there are, which programs, and how each is put together.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::{Image, sh};
use devtools_c::{dist, output_folder};
use serde::Deserialize;

use crate::Emulator;
use crate::firmware::show;

const FOLDER: &str = "firmware-example/c";
const LIST: &str = "firmware-example/c/build.toml";
/// Programs that others build.
pub(crate) const GREENHOUSE: &str = "greenhouse";
pub(crate) const BASE: &str = "greenhouse-base";
pub(crate) const MACROS: &str = "greenhouse-macros";

/// `build.toml`, which says what its members mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    warnings: Vec<String>,
    app: Vec<String>,
    board: Vec<CBoard>,
    program: Vec<Program>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CBoard {
    pub(crate) name: String,
    pub(crate) target: String,
    processor: Vec<String>,
    drivers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    name: String,
    /// The library's; none where there is no library.
    profile: Option<String>,
    sources: Vec<String>,
    #[serde(default)]
    small: bool,
    #[serde(default)]
    table: bool,
    #[serde(default)]
    rtos: bool,
}

fn list() -> Result<List> {
    toml::from_str(&sh::read(LIST)?).context(LIST)
}

/// Every board, the one with everything first.
pub(crate) fn boards() -> Result<Vec<CBoard>> {
    Ok(list()?.board)
}

pub(crate) fn first() -> Result<CBoard> {
    boards()?.into_iter().next().context("there is no board for C")
}

/// `cargo xtask c-firmware BOARD PROGRAM`.
pub fn main(board: &str, program: &str) -> Result<()> {
    let boards = boards()?;
    let names: Vec<&str> = boards.iter().map(|board| &*board.name).collect();
    let found = boards.iter().find(|known| known.name == board);
    let board = found.with_context(|| format!("choose a board of {}", names.join(", ")))?;
    show(&format!("{program} on {}", board.name), &build(board, program)?, "")
}

impl CBoard {
    fn is_arm(&self) -> bool {
        self.target.starts_with("thumb")
    }

    /// Starts the board with an image.
    pub(crate) fn start(&self, image: &Path, options: &[&str]) -> Result<Emulator> {
        let [arm, risc_v] = [["qemu-system-arm", "-kernel"], ["qemu-system-riscv32", "-bios"]];
        let emulator = if self.is_arm() { arm } else { risc_v };
        Emulator::of(emulator, &self.name, image, options)
    }

    /// A program of its compiler, with arguments.
    fn tool(&self, line: &str) -> Command {
        let prefix = if self.is_arm() { "arm-none-eabi" } else { "riscv64-unknown-elf" };
        sh::line(&format!("{prefix}-{line}"))
    }
}

/// Builds a program and answers where the image is. No older image is left when that fails, since
/// an emulator would run it as if it were the new one.
pub(crate) fn build(board: &CBoard, program: &str) -> Result<PathBuf> {
    let list = list()?;
    let names: Vec<&str> = list.program.iter().map(|program| &*program.name).collect();
    let found = list.program.iter().find(|known| known.name == program);
    let program = found.with_context(|| format!("choose a program of {}", names.join(", ")))?;
    let folder = output_folder(&board.name)?;
    let image = folder.join(format!("{}.elf", program.name));
    drop(std::fs::remove_file(&image));
    let under = |folder: &str, name: &String| sh::root().join(FOLDER).join(folder).join(name);
    let mut sources: Vec<PathBuf> = board.drivers.iter().map(|name| under("bsp", name)).collect();
    sources.extend(sh::files(format!("{FOLDER}/board"), "c")?);
    let app = if program.profile.is_some() { &list.app[..] } else { &[] };
    sources.extend(app.iter().chain(&program.sources).map(|name| under("src", name)));
    let own = sources.len();
    if program.rtos {
        let kernel = freertos()?;
        let parts = ["tasks.c", "list.c", "portable/GCC/ARM_CM4F/port.c"];
        sources.extend(parts.map(|source| kernel.join(source)));
    }
    let mut objects = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let name = source.file_stem().context("a source has a name")?.to_string_lossy();
        let object = folder.join(format!("{}-{name}.o", program.name));
        let mut gcc = compiler(board, program)?;
        // The kernel is as its authors have it.
        if at < own {
            gcc.args(&list.warnings);
        }
        sh::output(gcc.arg("-c").arg(source).arg("-o").arg(&object))?;
        objects.push(object);
    }
    link(board, program, &objects, &image)?;
    has_no_heap(&image)?;
    Ok(image)
}

fn compiler(board: &CBoard, program: &Program) -> Result<Command> {
    let [small, table] = [program.small, program.table].map(u8::from);
    let library = if board.is_arm() { "" } else { "--specs=picolibc.specs" };
    let mut gcc = board.tool(&format!(
        "gcc -std=c99 -Os -g -ffunction-sections -fdata-sections -DGREENHOUSE_SMALL={small} \
         -DGREENHOUSE_TABLE={table} -Iinclude -I{FOLDER}/src -I{FOLDER}/board -I{FOLDER}/bsp \
         -I{FOLDER}/bsp/{} {library}",
        board.name
    ));
    gcc.args(&board.processor);
    if program.rtos {
        let kernel = freertos()?;
        for folder in ["include", "portable/GCC/ARM_CM4F"] {
            gcc.arg("-isystem").arg(kernel.join(folder));
        }
    }
    Ok(gcc)
}

fn link(board: &CBoard, program: &Program, objects: &[PathBuf], image: &Path) -> Result<()> {
    let mut gcc = compiler(board, program)?;
    gcc.args(["-nostartfiles", "-Wl,--gc-sections"]).args(objects);
    gcc.arg(format!("-L{FOLDER}/bsp/{}", board.name)).arg(format!("-T{FOLDER}/bsp/image.ld"));
    if board.is_arm() {
        gcc.arg("--specs=nano.specs");
    }
    if let Some(profile) = &program.profile {
        gcc.arg(dist::chip_library(&board.target, profile)?);
    }
    // Which part of the image came from where; `size` reads it.
    gcc.arg(format!("-Wl,-Map={}", image.with_extension("map").display()));
    sh::output(gcc.arg("-o").arg(image)).map(drop)
}

/// A heap would show by the names of the C library that give memory.
fn has_no_heap(elf: &Path) -> Result<()> {
    let image = Image::read(elf)?;
    ensure!(image.address("reset_handler").is_ok(), "{} has no symbols", elf.display());
    let heap = ["malloc", "_malloc_r", "calloc", "realloc", "free", "_sbrk", "sbrk"];
    let found = heap.iter().find(|name| image.address(name).is_ok());
    ensure!(found.is_none(), "{} links {found:?}: this board has no heap", elf.display());
    Ok(())
}

/// The kernel's sources, which cargo fetches by the lock file beside the example.
fn freertos() -> Result<PathBuf> {
    let manifest = format!("{FOLDER}/freertos/Cargo.toml");
    let mut cargo = sh::cargo();
    cargo.args(["metadata", "--format-version=1", "--locked", "--manifest-path", &manifest]);
    let metadata: serde_json::Value = serde_json::from_str(&sh::output(&mut cargo)?)?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let kernel = packages.find(|package| package["name"] == "freertos-next");
    let kernel = kernel.and_then(|package| package["manifest_path"].as_str());
    let kernel = kernel.context("the lock file names no freertos-next")?;
    Ok(Path::new(kernel).with_file_name("FreeRTOS-Kernel"))
}
