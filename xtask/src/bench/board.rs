//! What one call costs on an emulated board, in instructions of its processor.
//!
//! A plug-in of QEMU counts from the last byte of a request to the first byte of the answer, and
//! counts what runs inside the board's own tools apart. QEMU counts instructions, not cycles. What
//! is the board's own in the firmware in C says [`board_c`].

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::board_c;
use crate::board::{ARM, Board};
use crate::elf::{Image, Symbol};
use crate::emulator::Emulator;
use crate::firmware::{self, Variant};
use crate::{programs, sh, size};

/// Calls that are counted; the figure is their median.
const CALLS: usize = 50;
/// The key of the firmware's feature `keyed`.
const KEY: &str = "sixteen byte key";
/// What runs between a byte and the loop; counted apart, since how many there are depends on time.
const HANDLERS: [&str; 5] = ["UART0_RX", "UART0_TX", "UART1_RX", "UART1_TX", "SysTick"];
/// The same on RISC-V, where every interrupt enters at this label of riscv-rt.
const TRAP: &str = "_start_trap";
/// The user's own code: the board's tools, as the dispatcher calls them.
const TOOLS: &str = "as trine_dispatch::call::Tools>::";

/// A firmware of which calls are counted.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    /// What the figures are said of.
    pub(super) title: String,
    /// Its budget.
    pub(super) budget: String,
    /// The emulator's program, and its option that loads an image.
    pub(super) emulator: [&'a str; 2],
    /// QEMU's machine.
    pub(super) machine: &'a str,
    /// What else the emulator is told.
    pub(super) options: &'a [&'a str],
    pub(super) image: PathBuf,
    /// Arguments of the plug-in: registers, handlers, and what is the user's own.
    pub(super) places: String,
    /// The key that calls are tagged under.
    pub(super) key: Option<&'a str>,
}

/// Counts, prints the figures and compares with the board's budgets: calls of the firmware in Rust,
/// without tags and with them, and on Arm of the firmware in C with the library's profile `base`.
///
/// # Errors
/// When something does not build or run, or a call costs more than its budget.
pub(crate) fn main(board: &Board) -> Result<()> {
    measure(&rust(board, Variant::Trine)?)?;
    measure(&rust(board, Variant::Keyed)?)?;
    if board.is_arm() { measure(&board_c::base(board)?) } else { Ok(()) }
}

/// The firmware in Rust.
fn rust(board: &Board, variant: Variant) -> Result<Counted<'_>> {
    let image = firmware::build(board, variant)?;
    let Image { symbols, labels, .. } = Image::read(&image)?;
    let handlers = if board.is_arm() {
        places("irq", &symbols, &HANDLERS)?
    } else {
        let trap = labels.iter().find(|(name, _)| name == TRAP);
        format!(",irq={:#x}", trap.with_context(|| format!("there is no {TRAP}"))?.1)
    };
    let is_keyed = variant == Variant::Keyed;
    let tags = if is_keyed { ", tagged both ways" } else { "" };
    Ok(Counted {
        title: format!("{} ({}), firmware in Rust{tags}", board.name, board.processor),
        budget: format!("{}{}", board.name, if is_keyed { "-tagged" } else { "" }),
        emulator: board.emulator,
        machine: board.name,
        options: board.options,
        places: format!(",data={:#x}{}{}", board.data_register, skipped(&symbols)?, handlers),
        image,
        key: is_keyed.then_some(KEY),
    })
}

fn measure(firmware: &Counted<'_>) -> Result<()> {
    programs::build()?;
    let counts = sh::target_dir().join("count.txt");
    let plugin = build_plugin("count")?;
    let plugin = format!("{}{},out={}", plugin.display(), firmware.places, counts.display());
    // Time by instructions, so that the clock's interrupts come as often on any computer.
    let counting = ["-icount", "shift=5", "-plugin", &plugin];
    let options = [firmware.options, &counting].concat();
    let Counted { emulator, machine, image, .. } = firmware;
    let emulator = Emulator::with_options(*emulator, machine, image, &options)?;
    let count = CALLS.to_string();
    sh::run(
        programs::command("trine-smoke")
            .args(["--calls", &count])
            .args(firmware.key.iter().flat_map(|key| ["--key", key]))
            .args(emulator.sockets()),
    )?;
    drop(emulator);
    let text = std::fs::read_to_string(&counts).context("the plug-in has written nothing")?;
    let mut calls = read(&text)?;
    ensure!(calls.len() > CALLS, "{} answers were counted", calls.len());
    // Before the calls come the greeting and the pages of the list.
    let calls = calls.split_off(calls.len() - CALLS);
    report(firmware, &calls)
}

fn report(firmware: &Counted<'_>, calls: &[Counts]) -> Result<()> {
    let median = |which: fn(&Counts) -> u64| {
        let mut all: Vec<u64> = calls.iter().map(which).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().context("no call was counted")
    };
    let all = median(|call| call.dispatcher)?;
    let library = median(|call| call.library)?;
    let least = calls.iter().map(|call| call.dispatcher).min().unwrap_or_default();
    let most = calls.iter().map(|call| call.dispatcher).max().unwrap_or_default();
    let budget = size::call_instructions(&firmware.budget)?;
    println!(
        "{}: one call of two arguments, from the last byte in to the first byte out\n\
         {all} instructions of {budget} at most (least {least}, most {most}) in loop, frames, \
         checks and dispatcher",
        firmware.title
    );
    if library > 0 {
        println!("{library} of them in functions of the library, the others in the program's loop");
    }
    println!(
        "{} instructions in interrupts from the answer before to this one, mostly of receiving\n\
         {} instructions in the board's own tools and simulation",
        median(|call| call.interrupts)?,
        median(|call| call.skipped)?
    );
    let lent = median(|call| call.lent)?;
    if lent > 0 {
        println!("{lent} of them in functions of the library that a tool calls");
    }
    if all > budget {
        bail!("a call takes {all} instructions of {budget}: make it cheaper, or raise its budget");
    }
    Ok(())
}

/// The plug-in's `skip` arguments for the functions that are the user's own.
fn skipped(symbols: &[Symbol]) -> Result<String> {
    let wanted = |name: &str| {
        name.rsplit_once(TOOLS).is_some_and(|(_, method)| matches!(method, "call" | "tick"))
    };
    let skips: Vec<String> = symbols
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

/// The plug-in's arguments of one kind for functions, all of which are there.
///
/// # Errors
/// When one of them is not.
pub(super) fn places(kind: &str, symbols: &[Symbol], names: &[&str]) -> Result<String> {
    let mut arguments = String::new();
    for name in names {
        let symbol = symbols.iter().find(|symbol| symbol.name == *name);
        let symbol = symbol.with_context(|| format!("the firmware has no function {name}"))?;
        write!(arguments, ",{kind}={:#x}", symbol.address)?;
    }
    Ok(arguments)
}

/// Compiles a plug-in of `xtask/plugin` for the QEMU that is installed.
///
/// # Errors
/// When there is no QEMU or no C compiler.
pub(crate) fn build_plugin(name: &str) -> Result<PathBuf> {
    let [qemu, _] = ARM;
    let version = sh::output(sh::command(qemu).arg("--version"))?;
    let major = version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok());
    let major: u32 = major.with_context(|| format!("{qemu} --version says {version:?}"))?;
    let interface = if major < 9 { 1 } else { 4 };
    let plugin = sh::target_dir().join("plugins").join(format!("{name}.so"));
    let own = sh::target_dir().join(format!("{name}-{}.so", std::process::id()));
    sh::run(
        sh::command("cc")
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"])
            .arg(format!("-DPLUGIN_VERSION={interface}"))
            .args(["-o".as_ref(), own.as_os_str()])
            .arg(format!("xtask/plugin/{name}.c")),
    )?;
    sh::install(&own, &plugin)?;
    std::fs::remove_file(own)?;
    Ok(plugin)
}

/// Instructions of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    /// All but the user's own code and the handlers.
    dispatcher: u64,
    /// Of these, in functions of the library; 0 where they were not told apart.
    library: u64,
    /// The user's own code.
    skipped: u64,
    /// Of these, in functions of the library.
    lent: u64,
    interrupts: u64,
}

/// Each answer's counts.
fn read(text: &str) -> Result<Vec<Counts>> {
    text.lines()
        .map(|line| {
            let mut words = line.split(' ');
            let mut number = |name| -> Result<u64> {
                let word = words.next().context("five numbers a line")?;
                let digits = word.strip_prefix(name).with_context(|| format!("no {name}{word}"))?;
                Ok(digits.parse()?)
            };
            Ok(Counts {
                dispatcher: number("dispatcher=")?,
                library: number("library=")?,
                skipped: number("skipped=")?,
                lent: number("lent=")?,
                interrupts: number("interrupts=")?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Counts, read};

    #[test]
    fn counts_are_read_and_anything_else_is_an_error() {
        let text = "dispatcher=4298 library=4000 skipped=2091 lent=60 interrupts=7\n\
                    dispatcher=1 library=0 skipped=0 lent=0 interrupts=0\n";
        let first =
            Counts { dispatcher: 4298, library: 4000, skipped: 2091, lent: 60, interrupts: 7 };
        assert_eq!(read(text).unwrap()[0], first);
        assert_eq!(read(text).unwrap().len(), 2);
        assert!(read("dispatcher=4298\n").is_err());
        assert!(read("dispatcher=x library=0 skipped=1 lent=0 interrupts=1\n").is_err());
    }
}
