//! The firmware in C with the library's profile `base`, the program whose flash `size` holds
//! against its budget, as `bench board` counts calls of it.
//!
//! Apart is what is apart in the firmware in Rust: the functions of the tools, with what they call
//! of the library, the simulation of the board and what answers pending calls, which in Rust run
//! in the tools' `tick`, and the interrupts. The loop around `trine_poll` is the program's and
//! counted all the same, as the loop in Rust is.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::board::{Counted, places};
use crate::board::Board;
use crate::cboard::{self, C_BOARDS, Program};
use crate::elf::{Image, Symbol};
use crate::sh;

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

/// Registers that a board receives by and sends by.
fn registers(board: &str) -> Result<&'static str> {
    Ok(match board {
        "mps2-an386" => ",data=0x40004000",
        "microbit" => ",data=0x40002518,sent=0x4000251c",
        _ => anyhow::bail!("nobody has said where the UART of {board} is"),
    })
}

/// The program on the board in C that has the code of this one.
///
/// # Errors
/// When there is none, or it does not build.
pub(super) fn base(board: &Board) -> Result<Counted<'static>> {
    let found = C_BOARDS.iter().find(|known| known.target == board.target);
    let found = found.with_context(|| format!("no board in C has code for {}", board.target))?;
    let image = cboard::build(found, Program::Base)?;
    let symbols = Image::read(&image)?.symbols;
    let tools = tools()?;
    let tools: Vec<&str> = tools.iter().map(String::as_str).collect();
    Ok(Counted {
        title: format!("{} ({}), firmware in C with profile `base`", found.name, board.processor),
        budget: format!("{}-base", found.name),
        emulator: found.emulator,
        machine: found.name,
        options: &[],
        places: [
            registers(found.name)?.to_owned(),
            places("skip", &symbols, &tools)?,
            places("skip", &symbols, &SIMULATION)?,
            places("irq", &symbols, &handlers(&symbols)?)?,
            places("lib", &symbols, &library(&symbols)?)?,
        ]
        .concat(),
        image,
        key: None,
    })
}

/// The names of the tools.
fn tools() -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct List {
        tools: Vec<Tool>,
    }
    #[derive(Deserialize)]
    struct Tool {
        name: String,
    }
    let text = std::fs::read_to_string(sh::root().join(TOOLS)).context(TOOLS)?;
    let list: List = serde_json::from_str(&text).context(TOOLS)?;
    Ok(list.tools.into_iter().map(|tool| tool.name).filter(|name| name != LARGE_ONLY).collect())
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

/// The functions of the library that the program calls.
fn library(symbols: &[Symbol]) -> Result<Vec<&str>> {
    let names = symbols.iter().map(|symbol| symbol.name.as_str());
    let found: Vec<&str> = names.filter(|name| name.starts_with("trine_")).collect();
    ensure!(found.contains(&"trine_poll"), "the firmware has no trine_poll");
    Ok(found)
}
