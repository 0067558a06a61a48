//! What one call costs on an emulated board, in instructions of its processor.
//!
//! A plug-in of QEMU counts from the last byte of a request to the first byte of the answer, and
//! counts what runs inside the board's own tools apart. What is the board's own in the firmware in
//! C says `calls_c`.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use devtools::elf::{Image, Symbol};
use devtools::gates::Gates;
use devtools::{programs, sh};

use super::{build_plugin, calls_c, numbers};
use crate::board::{Board, HANDLERS, TOOLS};
use crate::emulator::Emulator;
use crate::firmware::{self, Variant};
use crate::size::{Budgets, budget};

/// Calls that are counted; the figure is their median.
const CALLS: usize = 50;
/// The key of the firmware's feature `keyed`.
const KEY: &str = "sixteen byte key";
/// What an interrupt begins with on RISC-V: a label of riscv-rt.
const TRAP: &str = "_start_trap";

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
    let (plugin, counts) = (build_plugin("count")?, sh::target_dir().join("count.txt"));
    let plugin = format!("{}{},out={}", plugin.display(), firmware.places, counts.display());
    // Time by instructions, so that the clock's interrupts come as often on any computer.
    let options = [firmware.options, &["-icount", "shift=5", "-plugin", &plugin]].concat();
    let Counted { emulator, machine, image, .. } = firmware;
    let emulator = Emulator::of(*emulator, machine, image, &options, Stdio::inherit())?;
    let number = CALLS.to_string();
    let key = firmware.key.iter().flat_map(|key| ["--key", key]);
    sh::run(&mut emulator.smoke(["--calls", &number].into_iter().chain(key)))?;
    drop(emulator);
    let counts = numbers(&counts)?;
    let (calls, rest) = counts.as_chunks();
    ensure!(calls.len() > CALLS && rest.is_empty(), "{} answers were counted", calls.len());
    // Before the calls come the hello and the pages of the list.
    report(firmware, calls.last_chunk().context("there are more")?)
}

/// Instructions of one call, in the order in which the plug-in writes them: all but the user's own
/// code and the handlers; of these in functions of the library, or 0 where they were not told
/// apart; the user's own code; of these in functions of the library; and interrupts.
type Counts = [u64; 5];

fn report(firmware: &Counted, calls: &[Counts; CALLS]) -> Result<()> {
    let columns: [_; 5] = std::array::from_fn(|kind| {
        let mut column = calls.map(|call| call[kind]);
        column.sort_unstable();
        column
    });
    let [dispatcher, library, tools, lent, interrupts] = columns.map(|column| column[CALLS / 2]);
    println!(
        "{}: one call of two arguments, from the last byte in to the first byte out\n\
         {dispatcher} instructions (least {}, most {}) in loop, frames, checks and dispatcher\n\
         {library} of them in functions of the library, the others in the program's loop\n\
         {interrupts} in interrupts from the answer before to this one, mostly of receiving\n\
         {tools} in the board's own tools and simulation\n\
         {lent} of them in functions of the library that a tool calls",
        firmware.title,
        columns[0][0],
        columns[0][CALLS - 1]
    );
    let most = *budget(&Budgets::read()?.call_instructions, "calls of", &firmware.budget)?;
    let mut gates = Gates::default();
    gates.at_most("instructions of a call", dispatcher as f64, most as f64);
    println!("{}", gates.text());
    gates.check()
}

/// The plug-in's `skip` arguments for the functions that are the user's own.
fn skipped(symbols: &[Symbol]) -> Result<String> {
    let is_own = |symbol: &&Symbol| {
        let method = symbol.name.rsplit_once(TOOLS).map(|(_, method)| method);
        matches!(method, Some("call" | "tick"))
    };
    let own = symbols.iter().filter(is_own);
    let skips: Vec<String> = own.map(|symbol| format!(",skip={:#x}", symbol.address)).collect();
    let is_plausible = (2..=6).contains(&skips.len());
    ensure!(is_plausible, "{} functions of the board's tools were found", skips.len());
    Ok(skips.concat())
}

/// The plug-in's arguments of one kind for functions, all of which must be there.
pub(super) fn places(kind: &str, image: &Image, names: &[&str]) -> Result<String> {
    names.iter().map(|name| Ok(format!(",{kind}={:#x}", image.address(name)?))).collect()
}
