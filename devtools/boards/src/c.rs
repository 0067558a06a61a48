//! Builds the firmware in C by its Makefile, with the library that each program has.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::{parallel, programs, sh};
use devtools_c::{dist, output_folder};

use crate::Emulator;
use crate::board::{Board, M4, VIRT, board};
use crate::elf::Image;
use crate::firmware::show;

const FOLDER: &str = "firmware-example/c";
/// Programs that others build.
pub(crate) const GREENHOUSE: &str = "greenhouse";
pub(crate) const RTOS: &str = "greenhouse-rtos";
pub(crate) const BASE: &str = "greenhouse-base";
pub(crate) const MACROS: &str = "greenhouse-macros";
pub(crate) const GREENHOUSE_LISTS: &str = "greenhouse-unused";
pub(crate) const ASK: &str = "greenhouse-ask";
pub(crate) const WELL: &str = "well";
pub(crate) const WELL_TOOLS: &str = "well-tools";

/// The model that reads sentences for any tools.
pub(crate) const BASE_MODEL: &str = "models/base.bin";

/// The boards, the one with everything first.
pub(crate) static BOARDS: [Board; 5] = [
    M4,
    board("mps2-an385", "thumbv7m-none-eabi", "Cortex-M3"),
    board("mps2-an505", "thumbv8m.main-none-eabihf", "Cortex-M33"),
    board("microbit", "thumbv6m-none-eabi", "Cortex-M0"),
    VIRT,
];

/// The programs, and the profile of the library that each has.
const PROGRAMS: [(&str, Option<&str>); 10] = [
    (GREENHOUSE, Some("full")),
    (ASK, Some("sentences")),
    ("greenhouse-dma", Some("full")),
    (RTOS, Some("full")),
    (BASE, Some("base")),
    (MACROS, Some("base")),
    (WELL, Some("resources")),
    (WELL_TOOLS, Some("full")),
    // The same program as the first with the library of the one before.
    (GREENHOUSE_LISTS, Some("resources")),
    ("without-trine", None),
];

/// `cargo xtask c-firmware BOARD PROGRAM`.
pub fn main(name: &str, program: &str) -> Result<()> {
    let names = BOARDS.each_ref().map(|board| board.name).join(", ");
    let found = BOARDS.iter().find(|board| board.name == name);
    let board = found.with_context(|| format!("choose a board of {names}"))?;
    show(&format!("{program} on {name}"), &build(board, program)?)
}

pub(crate) fn start(board: &Board, image: &Path, options: &[&str]) -> Result<Emulator> {
    let load = if board.is_arm() { "-kernel" } else { "-bios" };
    Emulator::of(board, load, image, options)
}

/// Builds a program and answers where the image is. No older image is left when that fails, since
/// an emulator would run it as if it were the new one.
pub(crate) fn build(board: &Board, program: &str) -> Result<PathBuf> {
    let more = if program == ASK { ask_variables(board)? } else { Vec::new() };
    build_with(board, program, &more)
}

/// What [`ASK`] has in flash beside its code, and the library that reads it. The table is made as
/// users make it: of the tools that the board lists, which is the first program.
pub(crate) fn ask_variables(board: &Board) -> Result<Vec<String>> {
    programs::build()?;
    let tools = build(board, GREENHOUSE)?;
    let table = output_folder(board.name)?.join("greenhouse-ask.table");
    let mut compile = programs::command("trine tools compile --emulate");
    compile.arg(board.name).arg("--firmware").arg(tools).arg("--out").arg(&table);
    sh::output(&mut compile)?;
    let library = dist::chip_model_library(board.target, "base")?;
    let base = sh::root().join(BASE_MODEL);
    Ok(vec![
        format!("MODEL_LIBRARY={}", library.display()),
        format!("BASE_MODEL={}", base.display()),
        format!("TOOLS_TABLE={}", table.display()),
    ])
}

/// The same with further variables of the Makefile.
pub(crate) fn build_with(board: &Board, program: &str, more: &[String]) -> Result<PathBuf> {
    let names = PROGRAMS.map(|(name, _)| name).join(", ");
    let found = PROGRAMS.iter().find(|(name, _)| *name == program);
    let (_, profile) = found.with_context(|| format!("choose a program of {names}"))?;
    let folder = output_folder(board.name)?;
    let image = folder.join(format!("{program}.elf"));
    drop(std::fs::remove_file(&image));
    let jobs = parallel::processors();
    let mut make = sh::line(&format!("make --always-make --silent --jobs={jobs} -C {FOLDER}"));
    make.args([format!("BOARD={}", board.name), format!("PROGRAM={program}")]);
    make.arg(format!("OUT={}", folder.display())).args(more);
    if let Some(profile) = profile {
        let library = dist::chip_library(board.target, profile)?;
        make.arg(format!("LIBRARY={}", library.display()));
    }
    if program == RTOS {
        make.arg(format!("KERNEL={}", freertos()?.display()));
    }
    sh::output(&mut make)?;
    has_no_heap(&image)?;
    Ok(image)
}

/// The profile of the library that a program has.
pub(crate) fn profile(program: &str) -> Option<&'static str> {
    PROGRAMS.iter().find(|(name, _)| *name == program)?.1
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
    Ok(sources(&manifest, "freertos-next")?.join("FreeRTOS-Kernel"))
}

/// The folder of a package that a manifest's lock file names; cargo fetches it.
pub(crate) fn sources(manifest: &str, package: &str) -> Result<PathBuf> {
    let mut cargo = sh::cargo();
    cargo.args(["metadata", "--format-version=1", "--locked", "--all-features"]);
    cargo.args(["--manifest-path", manifest]);
    let metadata: serde_json::Value = serde_json::from_str(&sh::output(&mut cargo)?)?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let found = packages.find(|found| found["name"] == package);
    let found = found.and_then(|found| Path::new(found["manifest_path"].as_str()?).parent());
    Ok(found.with_context(|| format!("the lock file names no {package}"))?.to_owned())
}
