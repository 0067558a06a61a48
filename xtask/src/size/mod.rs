//! Where the firmware's flash and RAM go, with Trine and without, against committed budgets.

mod base;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::board::Board;
use crate::elf::Image;
use crate::firmware::{Variant, build};
use crate::sh;

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
struct Budgets {
    /// By board: instructions of one call of two arguments, without the tool.
    call_instructions: BTreeMap<String, u64>,
    /// By board: instructions a multiply-accumulate of a ternary product.
    mac_instructions: BTreeMap<String, f64>,
    /// By board: flash of the firmware with a model, without the model.
    model_flash: BTreeMap<String, u64>,
    /// Instructions of a start.
    start_instructions: Start,
    #[serde(flatten)]
    boards: BTreeMap<String, Budget>,
}

/// What a start may cost.
#[derive(Debug, Deserialize)]
struct Start {
    once: u64,
    a_tool: u64,
}

impl Budgets {
    fn read() -> Result<Self> {
        let text = std::fs::read_to_string(sh::root().join(BUDGETS)).context(BUDGETS)?;
        toml::from_str(&text).context(BUDGETS)
    }
}

/// How many instructions one call of two arguments may take, by the name of a firmware: a board's,
/// that with `-tagged` behind it, or that of the firmware in C with `-base`. `bench board` counts
/// them.
///
/// # Errors
/// When the file is no table of budgets or has none of that name.
pub(crate) fn call_instructions(name: &str) -> Result<u64> {
    let budget = Budgets::read()?.call_instructions.get(name).copied();
    budget.with_context(|| format!("{BUDGETS} says nothing of calls of {name}"))
}

/// How many instructions `trine_init` may take once, and more for each tool; the leg `count` counts
/// them.
///
/// # Errors
/// When the file is no table of budgets.
pub(crate) fn start_instructions() -> Result<(u64, u64)> {
    let Start { once, a_tool } = Budgets::read()?.start_instructions;
    Ok((once, a_tool))
}

/// How much flash the firmware with a model may take without it; `None` where nothing is said.
///
/// # Errors
/// When the file is no table of budgets.
pub(crate) fn model_flash(name: &str) -> Result<Option<u64>> {
    Ok(Budgets::read()?.model_flash.get(name).copied())
}

/// How many instructions a multiply-accumulate may take on a board, at 512 rows or in a layer;
/// `bench mcu` counts them.
///
/// # Errors
/// When the file is no table of budgets or has none of that name.
pub(crate) fn mac_instructions(name: &str) -> Result<f64> {
    let budget = Budgets::read()?.mac_instructions.get(name).copied();
    budget.with_context(|| format!("{BUDGETS} says nothing of multiply-accumulates of {name}"))
}

/// The budget of a board.
///
/// # Errors
/// When the file is no table of budgets or has none for the board.
pub(crate) fn budget(board: &Board) -> Result<Budget> {
    let mut budgets = Budgets::read()?.boards;
    budgets.remove(board.name).with_context(|| format!("{BUDGETS} has no table [{}]", board.name))
}

/// Builds both firmwares, prints the tables and compares with the budget.
///
/// # Errors
/// When something does not build, the board has no budget, or a budget is passed.
pub(crate) fn main(board: &Board) -> Result<()> {
    let with = Image::read(&build(board, Variant::Trine)?)?;
    let without = Image::read(&build(board, Variant::Without)?)?;
    let budget = budget(board)?;
    sections(board, &with, &without);
    crates(&with, &without);
    symbols(&with);
    let rows = rows(&with, &without, &budget);
    println!("\n{:<22}{:>10}{:>10}{:>8}", "budget", "bytes", "at most", "used");
    for row in &rows {
        let percent = row.bytes.saturating_mul(100).checked_div(row.budget).unwrap_or_default();
        println!("{:<22}{:>10}{:>10}{:>7}%", row.what, row.bytes, row.budget, percent);
    }
    let over: Vec<String> = rows.iter().filter_map(Row::fault).collect();
    let base = budget.base.as_ref().map_or(Ok(()), base::main);
    if !over.is_empty() {
        bail!("{}", over.join("; "));
    }
    base
}

struct Row {
    what: &'static str,
    bytes: u64,
    budget: u64,
}

impl Row {
    fn fault(&self) -> Option<String> {
        (self.bytes > self.budget).then(|| {
            format!(
                "{} takes {} B of {} B: make it smaller, or raise {BUDGETS} and say why",
                self.what, self.bytes, self.budget
            )
        })
    }
}

fn rows(with: &Image, without: &Image, budget: &Budget) -> [Row; 4] {
    let added = |whole: u64, board: u64| whole.saturating_sub(board);
    let (flash, ram) = (with.flash_bytes(), with.ram_bytes());
    let trine_flash = added(flash, without.flash_bytes());
    let trine_ram = added(ram, without.ram_bytes());
    [
        Row { what: "flash, whole", bytes: flash, budget: budget.flash },
        Row { what: "RAM, whole", bytes: ram, budget: budget.ram },
        Row { what: "flash, Trine", bytes: trine_flash, budget: budget.trine_flash },
        Row { what: "RAM, Trine", bytes: trine_ram, budget: budget.trine_ram },
    ]
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
    use super::{Budget, rows};
    use crate::elf::{Image, Section};

    fn image(flash: u64, ram: u64) -> Image {
        let section = |name: &str, bytes, in_flash| Section {
            name: name.to_owned(),
            bytes,
            in_flash,
            in_ram: !in_flash,
        };
        let sections = vec![section(".text", flash, true), section(".bss", ram, false)];
        Image { sections, ..Image::default() }
    }

    #[test]
    fn a_passed_budget_is_found() {
        let budget = Budget {
            flash: 100,
            ram: 50,
            trine_flash: 30,
            trine_ram: 10,
            stack: None,
            library_stack: None,
            base: None,
        };
        let over = |with, without| {
            rows(&with, &without, &budget).iter().filter_map(super::Row::fault).count()
        };
        assert_eq!(over(image(100, 50), image(70, 40)), 0);
        assert_eq!(over(image(101, 50), image(71, 40)), 1);
        assert_eq!(over(image(100, 51), image(69, 50)), 2);
    }
}
