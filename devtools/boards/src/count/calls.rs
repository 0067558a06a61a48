//! What one call costs on an emulated board, in instructions of its processor.
//!
//! A plug-in of QEMU counts from the last byte of a request to the first byte of the answer, and
//! counts what runs inside the board's own tools apart.

use anyhow::{Context, Result, bail, ensure};
use devtools::{Gates, programs, sh};
use serde_json::Value;

use super::{build_plugin, numbers};
use crate::board::{HANDLERS, TOOLS};
use crate::elf::{Image, Symbol};
use crate::{Board, Emulator, c, firmware, within};

/// Calls that are counted; the figure is their median.
const CALLS: usize = 50;
/// The key of the firmware's feature `keyed`.
const KEY: &str = "sixteen byte key";
/// What an interrupt begins with on RISC-V: a label of riscv-rt.
const TRAP: &str = "_start_trap";
/// The tools, each of which is a function of the same name in the firmware in C.
const TOOLS_IN_C: &str = "firmware-example/board/tools.json";
/// The one that the small program does not have.
const LARGE_ONLY: &str = "camera_snap";
/// The simulation, and what answers pending calls.
const SIMULATION: [&str; 4] =
    ["gh_tick", "pending_poll", "pending_answer_measured", "water_follow"];
/// What the vectors name, where the board has it; else it is [`FAULT`] under another name.
const HANDLERS_IN_C: [&str; 5] =
    ["uart0_handler", "uart1_handler", "systick_handler", "timer_handler", "deferred_handler"];
const FAULT: &str = "fault_handler";

/// Counts, prints the figures and compares with the board's budgets: calls of the firmware in Rust,
/// without tags and with them, and on Arm of the firmware in C with the library's profile `base`.
pub fn main(board: &Board) -> Result<()> {
    programs::build()?;
    rust(board, false)?;
    rust(board, true)?;
    if board.is_arm() { in_c(board) } else { Ok(()) }
}

fn rust(board: &Board, is_keyed: bool) -> Result<()> {
    let feature = if is_keyed { "keyed" } else { "" };
    let elf = firmware::build_as(board, firmware::GREENHOUSE, feature)?;
    let image = Image::read(&elf)?;
    let handlers = if board.is_arm() { &HANDLERS[..] } else { &[TRAP] };
    // The data register of the UART to the host.
    let data = if board.is_arm() { "0x40004000" } else { "0x10000000" };
    let (skipped, irq) = (skipped(&image.symbols)?, places("irq", &image, handlers)?);
    let [tags, suffix] = if is_keyed { [", tagged both ways", "-tagged"] } else { [""; 2] };
    let key: &[&str] = if is_keyed { &["--key", KEY] } else { &[] };
    let title = format!("{} ({}), firmware in Rust{tags}", board.name, board.processor);
    let calls = measure(&format!(",data={data}{skipped}{irq}"), key, |options| {
        Emulator::start(board, &elf, options)
    })?;
    report(&title, &format!("{}{suffix}", board.name), &calls)
}

/// The firmware in C whose flash `size` holds against its budget, on the board in C that has the
/// code of this one. Apart is what is apart in Rust: the tools with what they call of the library,
/// the simulation and what answers pending calls, which in Rust run in the tools' `tick`, and the
/// interrupts. The loop around `trine_poll` is counted, as the loop in Rust is.
fn in_c(board: &Board) -> Result<()> {
    let found = c::BOARDS.iter().find(|known| known.target == board.target);
    let found = found.with_context(|| format!("no board in C has code for {}", board.target))?;
    // Registers that a board receives by and sends by.
    let registers = match found.name {
        "mps2-an386" => ",data=0x40004000",
        "microbit" => ",data=0x40002518,sent=0x4000251c",
        name => bail!("the address of the UART of {name} is not known"),
    };
    let elf = c::build(found, c::BASE)?;
    let image = Image::read(&elf)?;
    let list: Value = serde_json::from_str(&sh::read(TOOLS_IN_C)?).context(TOOLS_IN_C)?;
    let tools = list["tools"].as_array().into_iter().flatten();
    let tools = tools.filter_map(|tool| tool["name"].as_str()).filter(|name| *name != LARGE_ONLY);
    let functions = image.symbols.iter().map(|symbol| symbol.name.as_str());
    let library: Vec<&str> = functions.filter(|name| name.starts_with("trine_")).collect();
    ensure!(library.contains(&"trine_poll"), "the firmware has no trine_poll");
    let fault = image.address(FAULT)?;
    let own = |name: &&str| image.address(name).is_ok_and(|at| at != fault);
    let handlers: Vec<&str> = HANDLERS_IN_C.into_iter().filter(own).collect();
    ensure!(handlers.len() >= 3, "a line, a clock and what is deferred: found are {handlers:?}");
    let places = registers.to_owned()
        + &places("skip", &image, &tools.chain(SIMULATION).collect::<Vec<_>>())?
        + &places("irq", &image, &handlers)?
        + &places("lib", &image, &library)?;
    let calls = measure(&places, &[], |options| c::start(found, &elf, options))?;
    let title = format!("{} ({}), firmware in C with profile `base`", found.name, found.processor);
    report(&title, &format!("{}-base", found.name), &calls)
}

/// Counts calls of a firmware. `places` are arguments of the plug-in: registers, handlers, and what
/// is the user's own.
fn measure(
    places: &str,
    key: &[&str],
    start: impl FnOnce(&[&str]) -> Result<Emulator>,
) -> Result<[Counts; CALLS]> {
    let (plugin, counts) = (build_plugin("count")?, sh::target_dir().join("count.txt"));
    let plugin = format!("{}{places},out={}", plugin.display(), counts.display());
    // Time by instructions, so that the clock's interrupts come as often on any computer.
    let emulator = start(&["-icount", "shift=5", "-plugin", &plugin])?;
    sh::run(&mut emulator.smoke([&["--calls", &CALLS.to_string()], key].concat()))?;
    drop(emulator);
    let counts = numbers(&counts)?;
    let (calls, rest) = counts.as_chunks();
    ensure!(calls.len() > CALLS && rest.is_empty(), "{} answers were counted", calls.len());
    // Before the calls come the hello and the pages of the list.
    calls.last_chunk().copied().context("there are more")
}

/// Instructions of one call, in the order in which the plug-in writes them: all but the user's own
/// code and the handlers; of these in functions of the library, or 0 where they were not told
/// apart; the user's own code; of these in functions of the library; and interrupts.
type Counts = [u64; 5];

fn report(title: &str, name: &str, calls: &[Counts; CALLS]) -> Result<()> {
    let columns: [_; 5] = std::array::from_fn(|kind| {
        let mut column = calls.map(|call| call[kind]);
        column.sort_unstable();
        column
    });
    let [dispatcher, library, tools, lent, interrupts] = columns.map(|column| column[CALLS / 2]);
    println!(
        "{title}: one call of two arguments, from the last byte in to the first byte out\n\
         {dispatcher} instructions (least {}, most {}) in loop, frames, checks and dispatcher\n\
         {library} of them in functions of the library, the others in the program's loop\n\
         {interrupts} in interrupts from the answer before to this one, mostly of receiving\n\
         {tools} in the board's own tools and simulation\n\
         {lent} of them in functions of the library that a tool calls",
        columns[0][0],
        columns[0][CALLS - 1]
    );
    let mut gates = Gates::default();
    let (what, most) = ("instructions of a call", format!("call_instructions.{name}"));
    within(&mut gates, what, dispatcher as f64, &most)?;
    gates.conclude()
}

/// The plug-in's `skip` arguments for the functions that are the user's own.
fn skipped(symbols: &[Symbol]) -> Result<String> {
    let is_own =
        |symbol: &&Symbol| matches!(symbol.name.rsplit_once(TOOLS), Some((_, "call" | "tick")));
    let own = symbols.iter().filter(is_own);
    let skips: Vec<String> = own.map(|symbol| format!(",skip={:#x}", symbol.address)).collect();
    let count = skips.len();
    ensure!((2..=6).contains(&count), "{count} functions of the board's tools were found");
    Ok(skips.concat())
}

/// The plug-in's arguments of one kind for functions, all of which must be there.
fn places(kind: &str, image: &Image, names: &[&str]) -> Result<String> {
    names.iter().map(|name| Ok(format!(",{kind}={:#x}", image.address(name)?))).collect()
}
