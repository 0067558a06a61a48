//! The firmware in C with the library's profile `base`, the program whose flash `size` holds
//! against its budget, as `bench board` counts calls of it.
//!
//! Apart is what is apart in the firmware in Rust: the functions of the tools, with what they call
//! of the library, the simulation of the board and what answers pending calls, which in Rust run
//! in the tools' `tick`, and the interrupts. The loop around `trine_poll` is the program's and
//! counted all the same, as the loop in Rust is.

use anyhow::{Context, Result, bail, ensure};
use devtools::elf::{Image, Symbol};
use devtools::sh;

use super::calls::{Counted, places};
use crate::board::Board;
use crate::c;

/// The tools, each of which is a C function of the same name.
const TOOLS: &str = "firmware-example/board/tools.json";
/// The one that the small program does not have.
const LARGE_ONLY: &str = "camera_snap";
/// The simulation, and what answers pending calls.
const SIMULATION: [&str; 4] =
    ["gh_tick", "pending_poll", "pending_answer_measured", "water_follow"];
/// What the vectors name, where the board has it; else it is [`FAULT`] under another name.
const HANDLERS: [&str; 5] =
    ["uart0_handler", "uart1_handler", "systick_handler", "timer_handler", "deferred_handler"];
const FAULT: &str = "fault_handler";

/// The program on the board in C that has the code of this one.
pub(super) fn base(board: &Board) -> Result<Counted> {
    let found = c::boards()?.iter().find(|known| known.target == board.target);
    let found = found.with_context(|| format!("no board in C has code for {}", board.target))?;
    // Registers that a board receives by and sends by.
    let registers = match &*found.name {
        "mps2-an386" => ",data=0x40004000",
        "microbit" => ",data=0x40002518,sent=0x4000251c",
        name => bail!("the address of the UART of {name} is not known"),
    };
    let elf = c::build(found, c::BASE)?;
    let image = Image::read(&elf)?;
    let list: serde_json::Value = serde_json::from_str(&sh::read(TOOLS)?).context(TOOLS)?;
    let tools = list["tools"].as_array().into_iter().flatten();
    let tools = tools.filter_map(|tool| tool["name"].as_str()).filter(|name| *name != LARGE_ONLY);
    let functions = image.symbols.iter().map(|symbol| symbol.name.as_str());
    let library: Vec<&str> = functions.filter(|name| name.starts_with("trine_")).collect();
    ensure!(library.contains(&"trine_poll"), "the firmware has no trine_poll");
    Ok(Counted {
        title: format!("{} ({}), firmware in C with profile `base`", found.name, board.processor),
        budget: format!("{}-base", found.name),
        emulator: found.emulator(),
        machine: &found.name,
        options: &[],
        places: [
            registers.to_owned(),
            places("skip", &image, &tools.collect::<Vec<_>>())?,
            places("skip", &image, &SIMULATION)?,
            places("irq", &image, &handlers(&image.symbols)?)?,
            places("lib", &image, &library)?,
        ]
        .concat(),
        image: elf,
        key: None,
    })
}

/// The handlers that the board has.
fn handlers(symbols: &[Symbol]) -> Result<Vec<&'static str>> {
    let address =
        |name: &str| symbols.iter().find(|symbol| symbol.name == name).map(|symbol| symbol.address);
    let fault = address(FAULT).with_context(|| format!("the firmware has no {FAULT}"))?;
    let own = |name: &&str| address(name).is_some_and(|at| at != fault);
    let found: Vec<&str> = HANDLERS.into_iter().filter(own).collect();
    ensure!(found.len() >= 3, "a line, a clock and what is deferred: only {found:?} were found");
    Ok(found)
}
