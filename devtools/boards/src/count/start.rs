//! What it costs to start the library on an emulated board: the instructions of `trine_init`.
//!
//! The firmware in C runs until its call of `trine_init` returns; a plug-in of QEMU counts.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use devtools::elf::Image;
use devtools::gates::Gates;
use devtools::sh;

use super::build_plugin;
use crate::size::Budgets;
use crate::{c, chips};

/// The programs that are started, and how many tools each has.
const PROGRAMS: [(&str, u64); 2] = [(c::BASE, 10), (c::GREENHOUSE, 11)];
/// The function that is counted, and the one that calls it.
const FUNCTIONS: [&str; 2] = ["trine_init", "device_start"];

/// Counts, prints the figures and compares with the budget.
pub fn main() -> Result<()> {
    let board = c::first()?;
    let plugin = build_plugin("span")?;
    let budget = Budgets::read()?.start_instructions;
    let mut gates = Gates::default();
    for (program, tools) in PROGRAMS {
        let count = count(&board.name, &c::build(board, program)?, &plugin)?;
        let most = budget.once + budget.a_tool * tools;
        let what = format!(
            "{program} on {}: instructions of trine_init ({}, and {} for each of {tools} tools)",
            board.name, budget.once, budget.a_tool
        );
        gates.at_most(what, count as f64, most as f64);
    }
    println!("{}", gates.text());
    gates.check()
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
    let mut qemu = sh::command("qemu-system-arm");
    qemu.args(["-M", machine, "-display", "none", "-monitor", "none"])
        .args(["-serial", "null", "-serial", "null", "-plugin", &options, "-kernel"])
        .arg(image)
        .stdin(Stdio::null());
    let status = chips::ended(qemu.spawn().context("QEMU does not start")?)?;
    ensure!(status.success(), "{machine}: {status}");
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
