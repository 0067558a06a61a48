//! Where the firmware's flash and RAM go, with Trine and without, against committed budgets.

mod base;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use devtools::elf::Image;
use devtools::gates::Gates;
use devtools::sh;
use serde::Deserialize;

use crate::board::Board;
use crate::firmware::{Variant, build};

const BUDGETS: &str = "tests/budgets.toml";
/// Symbols that the table of the largest shows.
const SYMBOLS_SHOWN: usize = 20;

/// What a board's firmware may take, in bytes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// Flash of the whole firmware.
    flash: u64,
    /// RAM of its variables, without the stack.
    ram: u64,
    /// Flash that Trine adds to the same board without it.
    trine_flash: u64,
    /// RAM that Trine adds.
    trine_ram: u64,
    /// Stack of the whole firmware, an interrupt included, by the call graph; `stack` walks that of
    /// code for Arm.
    pub(crate) stack: Option<u64>,
    /// The same without the tools themselves.
    pub(crate) library_stack: Option<u64>,
    /// What the firmware in C with profile `base` may take, where it is built for this board.
    base: Option<base::Budget>,
}

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Budgets {
    /// By the name of a firmware: instructions of one call of two arguments, without the tool.
    pub(crate) call_instructions: BTreeMap<String, u64>,
    /// By board: instructions a multiply-accumulate of a ternary product, at 512 rows or in a
    /// layer.
    pub(crate) mac_instructions: BTreeMap<String, f64>,
    /// By board: flash of the firmware with a model, without the model.
    pub(crate) model_flash: BTreeMap<String, u64>,
    /// Instructions of a start.
    pub(crate) start_instructions: Start,
    #[serde(flatten)]
    pub(crate) boards: BTreeMap<String, Budget>,
}

/// What a start may cost: once, and more for each tool.
#[derive(Debug, Deserialize)]
pub(crate) struct Start {
    pub(crate) once: u64,
    pub(crate) a_tool: u64,
}

impl Budgets {
    pub(crate) fn read() -> Result<Self> {
        toml::from_str(&sh::read(BUDGETS)?).context(BUDGETS)
    }
}

/// The budget of that name in a table of the file, which says `what` it bounds.
pub(crate) fn budget<'t, T>(
    table: &'t BTreeMap<String, T>,
    what: &str,
    name: &str,
) -> Result<&'t T> {
    table.get(name).with_context(|| format!("{BUDGETS} says nothing of {what} {name}"))
}

/// Builds both firmwares, prints the tables and compares with the budget.
pub fn main(board: &Board) -> Result<()> {
    let with = Image::read(&build(board, Variant::Trine)?)?;
    let without = Image::read(&build(board, Variant::Without)?)?;
    let budgets = Budgets::read()?;
    let budget = budget(&budgets.boards, "the board", board.name)?;
    sections(board, &with, &without);
    crates(&with, &without);
    symbols(&with);
    let gates = gates(&with, &without, budget);
    println!("\n{}", gates.text());
    budget.base.as_ref().map_or(Ok(()), base::main)?;
    gates.check()
}

fn gates(with: &Image, without: &Image, budget: &Budget) -> Gates {
    let (flash, ram) = (with.flash_bytes(), with.ram_bytes());
    let mut gates = Gates::default();
    for (what, bytes, most) in [
        ("flash, whole", flash, budget.flash),
        ("RAM, whole", ram, budget.ram),
        ("flash, Trine", flash.saturating_sub(without.flash_bytes()), budget.trine_flash),
        ("RAM, Trine", ram.saturating_sub(without.ram_bytes()), budget.trine_ram),
    ] {
        gates.at_most(format!("bytes of {what}"), bytes as f64, most as f64);
    }
    gates
}

fn sections(board: &Board, with: &Image, without: &Image) {
    println!("{} ({}), bytes", board.name, board.processor);
    println!("{:<22}{:>10}{:>10}{:>10}", "section", "with", "without", "place");
    for part in &with.sections {
        let other = without.sections.iter().find(|other| other.name == part.name);
        let bytes = other.map_or(0, |other| other.bytes);
        let place = match (part.in_flash, part.in_ram) {
            (true, true) => "both",
            (true, false) => "flash",
            _ => "RAM",
        };
        println!("{:<22}{:>10}{:>10}{:>10}", part.name, part.bytes, bytes, place);
    }
    let (flash, ram) = (with.flash_bytes(), with.ram_bytes());
    println!("{:<22}{:>10}{:>10}", "flash", flash, without.flash_bytes());
    println!("{:<22}{:>10}{:>10}", "RAM, without stack", ram, without.ram_bytes());
}

fn crates(with: &Image, without: &Image) {
    let bare = without.by_crate();
    let mut rows: Vec<(String, (u64, u64))> = with.by_crate().into_iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.1));
    println!("\n{:<28}{:>10}{:>10}{:>14}", "crate", "flash", "RAM", "flash without");
    for (name, (flash, ram)) in rows {
        let other = bare.get(&name).map_or(0, |sum| sum.0);
        println!("{name:<28}{flash:>10}{ram:>10}{other:>14}");
    }
}

fn symbols(with: &Image) {
    println!("\n{:>8}  the largest functions and variables", "bytes");
    for symbol in with.symbols.iter().take(SYMBOLS_SHOWN) {
        let place = if symbol.in_ram { " (RAM)" } else { "" };
        println!("{:>8}  {}{place}", symbol.bytes, symbol.name);
    }
}

#[cfg(test)]
mod tests {
    use devtools::elf::{Image, Section};

    use super::{Budget, gates};

    fn image(flash: u64, ram: u64) -> Image {
        let section = |bytes, in_flash| {
            let name = String::new();
            Section { name, bytes, in_flash, in_ram: !in_flash }
        };
        Image { sections: vec![section(flash, true), section(ram, false)], ..Image::default() }
    }

    #[test]
    fn a_passed_budget_is_found() {
        let budget = "flash = 100\nram = 50\ntrine_flash = 30\ntrine_ram = 10";
        let budget: Budget = toml::from_str(budget).unwrap();
        let over = |with, without| gates(&with, &without, &budget).text().matches("MISSED").count();
        assert_eq!(over(image(100, 50), image(70, 40)), 0);
        assert_eq!(over(image(101, 50), image(71, 40)), 1);
        assert_eq!(over(image(100, 51), image(69, 50)), 2);
    }
}
