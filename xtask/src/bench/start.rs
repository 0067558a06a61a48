//! What it costs to start the library on an emulated board: the instructions of `trine_init`.
//!
//! The firmware in C runs until its call of `trine_init` returns; a plug-in of QEMU counts.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};

use super::board::build_plugin;
use crate::board::ARM;
use crate::cboard::{C_BOARDS, Program, build};
use crate::elf::Image;
use crate::{sh, size};

/// The programs that are started, and how many tools each has.
const PROGRAMS: [(Program, u64); 2] = [(Program::Base, 10), (Program::Greenhouse, 11)];
/// The function that is counted, and the one that calls it.
const FUNCTIONS: [&str; 2] = ["trine_init", "device_start"];
/// How long the emulator may take to get there.
const SECONDS_MAX: &str = "60";

/// Counts, prints the figures and compares with the budget.
///
/// # Errors
/// When something does not build or run, or a start costs more than its budget.
pub(crate) fn main() -> Result<()> {
    let [board, ..] = C_BOARDS else { return Ok(()) };
    let plugin = build_plugin("span")?;
    let (once, a_tool) = size::start_instructions()?;
    for (program, tools) in PROGRAMS {
        let count = count(board.name, &build(board, program)?, &plugin)?;
        let most = once + a_tool * tools;
        println!(
            "{} on {}: trine_init takes {count} instructions of {most} at most \
             ({once}, and {a_tool} for each of {tools} tools)",
            program.name(),
            board.name
        );
        if count > most {
            bail!("a start takes {count} instructions of {most}: make it cheaper");
        }
    }
    Ok(())
}

/// The instructions of the first start.
fn count(machine: &str, image: &Path, plugin: &Path) -> Result<u64> {
    let [called, caller] = places(image)?;
    let out = image.with_extension("start");
    let options = format!(
        "{},from={:#x},caller={:#x}+{:#x},out={}",
        plugin.display(),
        called.0,
        caller.0,
        caller.1,
        out.display()
    );
    let mut qemu = sh::command("timeout");
    let [emulator, _] = ARM;
    qemu.args([SECONDS_MAX, emulator, "-M", machine, "-display", "none", "-monitor", "none"])
        .args(["-serial", "null", "-serial", "null", "-plugin", &options, "-kernel"])
        .arg(image)
        .stdin(Stdio::null());
    sh::run(&mut qemu)?;
    let text = std::fs::read_to_string(&out).context("the plug-in has written nothing")?;
    let number = text.trim().strip_prefix("instructions=").with_context(|| text.clone())?;
    Ok(number.parse()?)
}

/// First address and size of both functions.
fn places(image: &Path) -> Result<[(u64, u64); 2]> {
    let image = Image::read(image)?;
    let mut found = [(0, 0); 2];
    for (name, place) in FUNCTIONS.iter().zip(&mut found) {
        let symbol = image.symbols.iter().find(|symbol| symbol.name == *name);
        let symbol = symbol.with_context(|| format!("the image has no {name}"))?;
        // The lowest bit says that it is Thumb code.
        *place = (symbol.address & !1, symbol.bytes);
    }
    ensure!(found.iter().all(|(_, bytes)| *bytes > 0), "a function without a size: {found:?}");
    Ok(found)
}
