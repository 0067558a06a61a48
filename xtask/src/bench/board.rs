//! What one call costs on an emulated board, in instructions of its processor.
//!
//! A plug-in of QEMU counts from the last byte of a request to the first byte of the answer, and
//! counts what runs inside the board's own tools apart. QEMU counts instructions, not cycles.

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
/// The user's own code: the board's tools, as the dispatcher calls them.
const TOOLS: &str = "as trine_dispatch::call::Tools>::";

/// Counts, prints the figures and compares with the board's budget.
///
/// # Errors
/// When something does not build or run, or a call costs more than its budget.
pub(crate) fn main(board: &Board) -> Result<()> {
    let elf = firmware::build(board, Variant::Trine)?;
    let skips = skipped(&elf)?;
    sh::run(sh::cargo().args(["build", "--profile", "ci", "-p", "trine-smoke"]))?;
    let counts = sh::target_dir().join("count.txt");
    let plugin = format!(
        "{},data={DATA_REGISTER:#x},out={}{skips}",
        build_plugin()?.display(),
        counts.display()
    );
    let emulator = Emulator::start(board, &elf, Some(&plugin))?;
    let count = CALLS.to_string();
    sh::run(
        sh::command(sh::target_dir().join("ci").join("trine-smoke"))
            .args(["--calls", &count])
            .args(emulator.sockets()),
    )?;
    drop(emulator);
    let text = std::fs::read_to_string(&counts).context("the plug-in has written nothing")?;
    let mut calls = read(&text)?;
    ensure!(calls.len() > CALLS, "{} answers were counted", calls.len());
    // Before the calls come the greeting and the pages of the list.
    let calls = calls.split_off(calls.len() - CALLS);
    report(board, &calls)
}

fn report(board: &Board, calls: &[(u64, u64)]) -> Result<()> {
    let mut dispatcher: Vec<u64> = calls.iter().map(|call| call.0).collect();
    dispatcher.sort_unstable();
    let mut tools: Vec<u64> = calls.iter().map(|call| call.1).collect();
    tools.sort_unstable();
    let (Some(&median), Some(&least), Some(&most), Some(&inside)) = (
        dispatcher.get(dispatcher.len() / 2),
        dispatcher.first(),
        dispatcher.last(),
        tools.get(tools.len() / 2),
    ) else {
        bail!("no call was counted");
    };
    let budget = size::budget(board)?.call_instructions;
    println!(
        "{} ({}): one call of two arguments, from the last byte in to the first byte out\n\
         {median} instructions of {budget} at most (least {least}, most {most}) in driver, loop, \
         frames, checks and dispatcher\n\
         {inside} instructions in the board's own tools and simulation",
        board.name, board.processor
    );
    if median > budget {
        bail!(
            "a call takes {median} instructions of {budget}: make it cheaper, or raise its budget"
        );
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
    ensure!(skips.len() == 2, "{} functions of the board's tools were found", skips.len());
    Ok(skips.concat())
}

/// Compiles the plug-in for the QEMU that is installed.
fn build_plugin() -> Result<PathBuf> {
    let version = sh::output(sh::command(QEMU).arg("--version"))?;
    let major = version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok());
    let major: u32 = major.with_context(|| format!("{QEMU} --version says {version:?}"))?;
    let interface = if major < 9 { 1 } else { 4 };
    let plugin = sh::target_dir().join("count.so");
    sh::run(
        sh::command("cc")
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"])
            .arg(format!("-DPLUGIN_VERSION={interface}"))
            .args(["-o".as_ref(), plugin.as_os_str()])
            .arg("xtask/plugin/count.c"),
    )?;
    Ok(plugin)
}

/// Each answer's instructions in the dispatcher and in the skipped functions.
fn read(text: &str) -> Result<Vec<(u64, u64)>> {
    text.lines()
        .map(|line| {
            let (dispatcher, skipped) = line.split_once(' ').context("one number a line")?;
            let number = |word: &str, name| -> Result<u64> {
                let digits = word.strip_prefix(name).with_context(|| format!("no {name}{word}"))?;
                Ok(digits.parse()?)
            };
            Ok((number(dispatcher, "dispatcher=")?, number(skipped, "skipped=")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn counts_are_read_and_anything_else_is_an_error() {
        let text = "dispatcher=4298 skipped=2091\ndispatcher=1 skipped=0\n";
        assert_eq!(read(text).unwrap(), [(4298, 2091), (1, 0)]);
        assert!(read("dispatcher=4298\n").is_err());
        assert!(read("dispatcher=x skipped=1\n").is_err());
    }
}
