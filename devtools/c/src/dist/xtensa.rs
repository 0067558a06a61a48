//! A program with libtrine for ESP32 chips, under an emulator of another core with the same
//! instructions: no C compiler for them is at hand, so it is one in Rust that calls the functions
//! of C.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::{baremetal, sh};

use super::{DEVICE, HOST, Size, Target, compile, library};
use crate::output_folder;

const SOURCES: &str = "ffi/artifact/xtensa";
/// A core with windows of registers, and all that the descriptions of ESP32 chips ask for.
const QEMU: &str = "qemu-xtensa -cpu dc233c";
const PROFILE: &str = "sentences";

/// Runs the program for each chip, which answers what it answers here.
pub(super) fn run(chips: &[Target]) -> Result<String> {
    ensure!(sh::works("qemu-xtensa", &["--version"]), "no qemu-xtensa: apt-get install qemu-user");
    let expected = sh::output(&mut sh::command(here()?))?;
    let recorded = sh::read("host-example/expected/hello.out")?;
    ensure!(
        expected.starts_with(&recorded),
        "the program here answers something else:\n{expected}"
    );
    for chip in chips {
        let said = sh::output(sh::line(QEMU).arg(program(chip)?))?;
        ensure!(said == expected, "{} answers something else:\n{said}", chip.name);
    }
    let lines = expected.lines().count();
    Ok(format!("a program answers the same {lines} lines on {QEMU} for {} chips", chips.len()))
}

/// The program of this computer.
fn here() -> Result<PathBuf> {
    let program = output_folder("dist")?.join("hello-in-rust");
    let mut rustc = sh::line("rustc --edition 2024 -Copt-level=1 -o");
    rustc.arg(&program).arg(format!("{SOURCES}/hello.rs"));
    let archive = library(&DEVICE, &HOST, PROFILE)?;
    sh::run(rustc.arg(format!("-Clink-arg={}", archive.display())))?;
    Ok(program)
}

fn program(chip: &Target) -> Result<PathBuf> {
    let out = output_folder("dist")?.join(&*chip.name);
    std::fs::create_dir_all(&out)?;
    let [raw, object, start, program] =
        ["hello.a", "hello.o", "system.o", "hello"].map(|name| out.join(name));
    let archive = library(&DEVICE, chip, PROFILE)?;
    let built = compile(chip, PROFILE, Size::Chip)?;
    let deps = built.parent().context("cargo's folder")?.join("deps");
    let mut rustc = baremetal::debian_rustc();
    rustc.args("--edition 2024 --crate-type staticlib -Clto=fat -Copt-level=s".split(' '));
    rustc.arg("--target").arg(chip.description.as_deref().context("a described target")?);
    for name in ["core", "compiler_builtins"] {
        rustc.arg("--extern").arg(format!("noprelude:{name}={}", newest(&deps, name)?.display()));
    }
    rustc.arg("-L").arg(deps).arg(format!("{SOURCES}/hello.rs")).arg("-o").arg(&raw);
    sh::run(&mut rustc)?;
    let whole = super::settled(chip, &raw, &out)?;
    std::fs::rename(whole, &object)?;
    sh::run(chip.tool("as").arg(format!("{SOURCES}/system.S")).arg("-o").arg(&start))?;
    let mut ld = chip.tool("ld --gc-sections -e _start -o");
    sh::run(ld.arg(&program).args([start, object, archive]))?;
    Ok(program)
}

/// The library of a crate that cargo made last.
fn newest(deps: &Path, name: &str) -> Result<PathBuf> {
    let start = format!("lib{name}-");
    let is_one = |path: &PathBuf| {
        let is_library = path.extension().is_some_and(|extension| extension == "rlib");
        is_library
            && path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&start))
    };
    let libraries = sh::entries(deps)?.into_iter().filter(is_one);
    let time = |path: &PathBuf| path.metadata().and_then(|about| about.modified()).ok();
    libraries.max_by_key(time).with_context(|| format!("cargo left no library of {name}"))
}
