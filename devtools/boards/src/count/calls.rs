//! What one call costs on an emulated board, in instructions of its processor.
//!
//! A plug-in of QEMU counts from the last byte of a request to the first byte of the answer, and
//! counts what runs inside the board's own tools apart. What is the board's own in the firmware in
//! C says `calls_c`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use devtools::elf::{Image, Symbol};
use devtools::gates::Gates;
use devtools::{programs, sh};

use super::{build_plugin, calls_c};
use crate::board::Board;
use crate::emulator::Emulator;
use crate::firmware::{self, Variant};
use crate::size::Budgets;

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
pub(super) struct Counted {
    /// What the figures are said of.
    pub(super) title: String,
    /// Its budget.
    pub(super) budget: String,
    /// The emulator's program, and its option that loads an image.
    pub(super) emulator: [&'static str; 2],
    /// QEMU's machine.
    pub(super) machine: &'static str,
    /// What else the emulator is told.
    pub(super) options: &'static [&'static str],
    pub(super) image: PathBuf,
    /// Arguments of the plug-in: registers, handlers, and what is the user's own.
    pub(super) places: String,
    /// The key that calls are tagged under.
    pub(super) key: Option<&'static str>,
}

/// Counts, prints the figures and compares with the board's budgets: calls of the firmware in Rust,
/// without tags and with them, and on Arm of the firmware in C with the library's profile `base`.
pub fn main(board: &'static Board) -> Result<()> {
    measure(&rust(board, Variant::Trine)?)?;
    measure(&rust(board, Variant::Keyed)?)?;
    if board.is_arm() { measure(&calls_c::base(board)?) } else { Ok(()) }
}

/// The firmware in Rust.
fn rust(board: &'static Board, variant: Variant) -> Result<Counted> {
    let elf = firmware::build(board, variant)?;
    let image = Image::read(&elf)?;
    let handlers = if board.is_arm() { &HANDLERS[..] } else { &[TRAP] };
    let is_keyed = variant == Variant::Keyed;
    let [tags, suffix] = if is_keyed { [", tagged both ways", "-tagged"] } else { [""; 2] };
    let skipped = skipped(&image.symbols)?;
    let irq = places("irq", &image, handlers)?;
    Ok(Counted {
        title: format!("{} ({}), firmware in Rust{tags}", board.name, board.processor),
        budget: format!("{}{suffix}", board.name),
        emulator: [board.emulator(), "-kernel"],
        machine: board.name,
        options: board.options(),
        places: format!(",data={:#x}{skipped}{irq}", board.data_register()),
        image: elf,
        key: is_keyed.then_some(KEY),
    })
}

fn measure(firmware: &Counted) -> Result<()> {
    programs::build()?;
    let counts = sh::target_dir().join("count.txt");
    let plugin = build_plugin("count")?;
    let plugin = format!("{}{},out={}", plugin.display(), firmware.places, counts.display());
    // Time by instructions, so that the clock's interrupts come as often on any computer.
    let options = [firmware.options, &["-icount", "shift=5", "-plugin", &plugin]].concat();
    let Counted { emulator, machine, image, .. } = firmware;
    let emulator = Emulator::of(*emulator, machine, image, &options, None)?;
    let mut smoke = programs::command("trine-smoke");
    smoke.args(["--calls", &CALLS.to_string()]);
    smoke.args(firmware.key.iter().flat_map(|key| ["--key", key]));
    sh::run(smoke.args(emulator.sockets()))?;
    drop(emulator);
    let text = std::fs::read_to_string(&counts).context("the plug-in has written nothing")?;
    let mut calls = text.lines().map(read).collect::<Result<Vec<_>>>()?;
    ensure!(calls.len() > CALLS, "{} answers were counted", calls.len());
    // Before the calls come the hello and the pages of the list.
    report(firmware, &calls.split_off(calls.len() - CALLS))
}

/// Instructions of one call, in the order in which the plug-in writes them: all but the user's own
/// code and the handlers; of these in functions of the library, or 0 where they were not told
/// apart; the user's own code; of these in functions of the library; and interrupts.
type Counts = [u64; 5];

const NAMES: [&str; 5] = ["dispatcher=", "library=", "skipped=", "lent=", "interrupts="];

fn read(line: &str) -> Result<Counts> {
    let mut words = line.split(' ');
    let mut counts = Counts::default();
    for (name, count) in NAMES.iter().zip(&mut counts) {
        let digits = words.next().and_then(|word| word.strip_prefix(name));
        *count = digits.with_context(|| format!("no {name} in `{line}`"))?.parse()?;
    }
    Ok(counts)
}

fn report(firmware: &Counted, calls: &[Counts]) -> Result<()> {
    let sorted = |which: usize| {
        let mut all: Vec<u64> = calls.iter().filter_map(|call| call.get(which).copied()).collect();
        all.sort_unstable();
        all
    };
    let median = |which: usize| sorted(which).get(calls.len() / 2).copied().unwrap_or_default();
    let all = sorted(0);
    println!(
        "{}: one call of two arguments, from the last byte in to the first byte out\n\
         {} instructions (least {}, most {}) in loop, frames, checks and dispatcher",
        firmware.title,
        median(0),
        all.first().copied().unwrap_or_default(),
        all.last().copied().unwrap_or_default()
    );
    for (which, what) in [
        (1, "of them in functions of the library, the others in the program's loop"),
        (4, "in interrupts from the answer before to this one, mostly of receiving"),
        (2, "in the board's own tools and simulation"),
        (3, "of them in functions of the library that a tool calls"),
    ] {
        println!("{} {what}", median(which));
    }
    let budget = Budgets::read()?.call_instructions(&firmware.budget)?;
    let mut gates = Gates::default();
    gates.at_most("instructions of a call", median(0) as f64, budget as f64);
    println!("{}", gates.text());
    gates.check()
}

/// The plug-in's `skip` arguments for the functions that are the user's own.
fn skipped(symbols: &[Symbol]) -> Result<String> {
    let is_own = |symbol: &&Symbol| {
        let method = symbol.name.rsplit_once(TOOLS).map(|(_, method)| method);
        matches!(method, Some("call" | "tick"))
    };
    let skips = symbols.iter().filter(is_own).map(|symbol| format!(",skip={:#x}", symbol.address));
    let skips: Vec<String> = skips.collect();
    let is_plausible = (2..=6).contains(&skips.len());
    ensure!(is_plausible, "{} functions of the board's tools were found", skips.len());
    Ok(skips.concat())
}

/// The plug-in's arguments of one kind for functions, all of which must be there.
pub(super) fn places(kind: &str, image: &Image, names: &[&str]) -> Result<String> {
    let mut arguments = String::new();
    for name in names {
        write!(arguments, ",{kind}={:#x}", image.address(name)?)?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn counts_are_read_and_anything_else_is_an_error() {
        let line = "dispatcher=4298 library=4000 skipped=2091 lent=60 interrupts=7";
        assert_eq!(read(line).unwrap(), [4298, 4000, 2091, 60, 7]);
        assert!(read("dispatcher=4298").is_err());
        assert!(read("dispatcher=x library=0 skipped=1 lent=0 interrupts=1").is_err());
    }
}
