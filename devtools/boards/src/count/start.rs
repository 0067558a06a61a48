//! What it costs to start the library on an emulated board: the instructions of `trine_init`.
//!
//! The firmware in C runs until its call of `trine_init` returns; a plug-in of QEMU counts.

use std::path::Path;

use anyhow::{Context, Result};
use devtools::record::{Figures, Record};
use devtools::{Gates, Image, sh};

use super::{build_plugin, numbers};
use crate::{budget, c, chips};

/// The programs that are started, and how many tools each has.
const PROGRAMS: [(&str, f64); 2] = [(c::BASE, 10.0), (c::GREENHOUSE, 11.0)];

/// Counts, prints the figures and compares with the budget.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("start", Figures::Counts, keep)?;
    let record = record.program("arm-none-eabi-gcc")?.program("qemu-system-arm")?;
    let record = record.program("rustc")?;
    let board = c::first()?;
    let plugin = build_plugin("span")?;
    let (once, a_tool) = (budget("start_instructions.once")?, budget("start_instructions.a_tool")?);
    let mut gates = Gates::default();
    let mut text = format!(
        "At most {once} instructions, and {a_tool} a tool.\n\n\
         | program | board | tools | instructions of `trine_init` |\n|---|---|---:|---:|\n"
    );
    for (program, tools) in PROGRAMS {
        let count = count(&board.name, &c::build(&board, program)?, &plugin)?;
        text += &format!("| {program} | {} | {tools} | {count} |\n", board.name);
        gates.at_most(format!("{program}: instructions"), count as f64, once + a_tool * tools);
    }
    record.end(&format!("{text}\n{}", gates.text()))?;
    gates.check()
}

/// The instructions of the first start.
fn count(machine: &str, elf: &Path, plugin: &Path) -> Result<u64> {
    let image = Image::read(elf)?;
    // The lowest bit of an address says that it is Thumb code.
    let called = image.address("trine_init")? & !1;
    let caller = image.symbols.iter().find(|symbol| symbol.name == "device_start");
    let caller = caller.context("the image has no device_start")?;
    let (first, bytes, out) = (caller.address & !1, caller.bytes, elf.with_extension("start"));
    let (plugin, file) = (plugin.display(), out.display());
    let plugin = format!("{plugin},from={called:#x},caller={first:#x}+{bytes:#x},out={file}");
    chips::emulate(sh::line(&format!("qemu-system-arm -M {machine}")), elf, &plugin)?;
    numbers(&out)?.first().copied().context("the plug-in has written no number")
}
