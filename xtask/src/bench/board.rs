//! What one call costs on an emulated board, in instructions of its processor.
//!
//! A plug-in of QEMU counts from the last byte of a request to the first byte of the answer, and
//! counts what runs inside the board's own tools apart. QEMU counts instructions, not cycles.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::board::Board;
use crate::elf::Image;
use crate::emulator::{Emulator, QEMU};
use crate::firmware::{self, Variant};
use crate::{sh, size};

/// Calls that are counted; the figure is their median.
const CALLS: usize = 50;
/// The data register of the UART to the host.
const DATA_REGISTER: u32 = 0x4000_4000;
/// The key of the firmware's feature `keyed`.
const KEY: &str = "sixteen byte key";
/// What runs between a byte and the loop; counted apart, since how many there are depends on time.
const HANDLERS: [&str; 5] = ["UART0_RX", "UART0_TX", "UART1_RX", "UART1_TX", "SysTick"];
/// What the first of them jumps to in the end.
const TAIL: &str = "trine_firmware::receive";
/// The user's own code: the board's tools, as the dispatcher calls them.
const TOOLS: &str = "as trine_dispatch::call::Tools>::";

/// Counts, prints the figures and compares with the board's budget.
///
/// # Errors
/// When something does not build or run, or a call costs more than its budget.
pub(crate) fn main(board: &Board) -> Result<()> {
    measure(board, Variant::Trine)?;
    measure(board, Variant::Keyed)
}

fn measure(board: &Board, variant: Variant) -> Result<()> {
    let elf = firmware::build(board, variant)?;
    let skips = skipped(&elf)? + &handlers(&elf)?;
    sh::run(sh::cargo().args(["build", "--profile", "ci", "-p", "trine-smoke"]))?;
    let counts = sh::target_dir().join("count.txt");
    let plugin = format!(
        "{},data={DATA_REGISTER:#x},out={}{skips}",
        build_plugin("count")?.display(),
        counts.display()
    );
    let emulator = Emulator::start(board, &elf, Some(&plugin))?;
    let count = CALLS.to_string();
    sh::run(
        sh::command(sh::target_dir().join("ci").join("trine-smoke"))
            .args(["--calls", &count])
            .args(if variant == Variant::Keyed { &["--key", KEY][..] } else { &[] })
            .args(emulator.sockets()),
    )?;
    drop(emulator);
    let text = std::fs::read_to_string(&counts).context("the plug-in has written nothing")?;
    let mut calls = read(&text)?;
    ensure!(calls.len() > CALLS, "{} answers were counted", calls.len());
    // Before the calls come the greeting and the pages of the list.
    let calls = calls.split_off(calls.len() - CALLS);
    report(board, variant == Variant::Keyed, &calls)
}

fn report(board: &Board, tagged: bool, calls: &[Counts]) -> Result<()> {
    let median = |which: fn(&Counts) -> u64| {
        let mut all: Vec<u64> = calls.iter().map(which).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().context("no call was counted")
    };
    let [all, inside, interrupts] = [
        median(|call| call.dispatcher)?,
        median(|call| call.skipped)?,
        median(|call| call.interrupts)?,
    ];
    let least = calls.iter().map(|call| call.dispatcher).min().unwrap_or_default();
    let most = calls.iter().map(|call| call.dispatcher).max().unwrap_or_default();
    let budget = size::call_instructions(board, tagged)?;
    let tags = if tagged { ", tagged both ways" } else { "" };
    println!(
        "{} ({}): one call of two arguments{tags}, from the last byte in to the first byte out\n\
         {all} instructions of {budget} at most (least {least}, most {most}) in loop, frames, \
         checks and dispatcher\n\
         {interrupts} instructions in interrupts from the answer before to this one, mostly of \
         receiving\n\
         {inside} instructions in the board's own tools and simulation",
        board.name, board.processor
    );
    if all > budget {
        bail!("a call takes {all} instructions of {budget}: make it cheaper, or raise its budget");
    }
    Ok(())
}

/// The plug-in's `skip` arguments for the functions that are the user's own.
fn skipped(elf: &Path) -> Result<String> {
    let image = Image::read(elf)?;
    let wanted = |name: &str| {
        name.rsplit_once(TOOLS).is_some_and(|(_, method)| matches!(method, "call" | "tick"))
    };
    let skips: Vec<String> = image
        .symbols
        .iter()
        .filter(|symbol| wanted(&symbol.name))
        .map(|symbol| format!(",skip={:#x}", symbol.address))
        .collect();
    ensure!(
        (2..=6).contains(&skips.len()),
        "{} functions of the board's tools were found",
        skips.len()
    );
    Ok(skips.concat())
}

/// The plug-in's arguments for the interrupts of the firmware.
fn handlers(elf: &Path) -> Result<String> {
    let image = Image::read(elf)?;
    let mut arguments = String::new();
    for symbol in &image.symbols {
        let what = match symbol.name.as_str() {
            TAIL => "tail",
            name if HANDLERS.contains(&name) => "irq",
            _ => continue,
        };
        write!(arguments, ",{what}={:#x}+{:#x}", symbol.address, symbol.bytes)?;
    }
    let found = arguments.matches("irq=").count();
    ensure!(found == HANDLERS.len(), "{found} interrupt handlers were found");
    Ok(arguments)
}

/// Compiles a plug-in of `xtask/plugin` for the QEMU that is installed.
///
/// # Errors
/// When there is no QEMU or no C compiler.
pub(super) fn build_plugin(name: &str) -> Result<PathBuf> {
    let version = sh::output(sh::command(QEMU).arg("--version"))?;
    let major = version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok());
    let major: u32 = major.with_context(|| format!("{QEMU} --version says {version:?}"))?;
    let interface = if major < 9 { 1 } else { 4 };
    let plugin = sh::target_dir().join(format!("{name}.so"));
    sh::run(
        sh::command("cc")
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"])
            .arg(format!("-DPLUGIN_VERSION={interface}"))
            .args(["-o".as_ref(), plugin.as_os_str()])
            .arg(format!("xtask/plugin/{name}.c")),
    )?;
    Ok(plugin)
}

/// Instructions of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    dispatcher: u64,
    skipped: u64,
    interrupts: u64,
}

/// Each answer's counts.
fn read(text: &str) -> Result<Vec<Counts>> {
    text.lines()
        .map(|line| {
            let mut words = line.split(' ');
            let mut number = |name| -> Result<u64> {
                let word = words.next().context("three numbers a line")?;
                let digits = word.strip_prefix(name).with_context(|| format!("no {name}{word}"))?;
                Ok(digits.parse()?)
            };
            let dispatcher = number("dispatcher=")?;
            let skipped = number("skipped=")?;
            Ok(Counts { dispatcher, skipped, interrupts: number("interrupts=")? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Counts, read};

    #[test]
    fn counts_are_read_and_anything_else_is_an_error() {
        let text =
            "dispatcher=4298 skipped=2091 interrupts=7\ndispatcher=1 skipped=0 interrupts=0\n";
        let first = Counts { dispatcher: 4298, skipped: 2091, interrupts: 7 };
        assert_eq!(read(text).unwrap()[0], first);
        assert_eq!(read(text).unwrap().len(), 2);
        assert!(read("dispatcher=4298\n").is_err());
        assert!(read("dispatcher=x skipped=1 interrupts=1\n").is_err());
    }
}
