//! Where the firmware's flash and RAM go, with Trine and without, against committed budgets.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use devtools::{Gates, Image, sh};

use crate::c::{self, CBoard};
use crate::firmware::build;
use crate::{Board, Variant};

const BUDGETS: &str = "tests/budgets.toml";
/// Symbols that the table of the largest shows.
const SYMBOLS_SHOWN: usize = 20;

/// What the file of budgets says under a name, such as `virt.flash`.
pub(crate) fn budget(name: &str) -> Result<f64> {
    budget_if_any(name)?.with_context(|| format!("{BUDGETS} has no number {name}"))
}

/// The same for what not every board has a budget of.
pub(crate) fn budget_if_any(name: &str) -> Result<Option<f64>> {
    let file: toml::Value = toml::from_str(&sh::read(BUDGETS)?).context(BUDGETS)?;
    let found = name.split('.').try_fold(&file, |table, name| table.get(name));
    Ok(found.and_then(|value| value.as_float().or(value.as_integer().map(|bytes| bytes as f64))))
}

/// Builds both firmwares, prints the tables and compares with the budget.
pub fn main(board: &Board) -> Result<()> {
    let with = Image::read(&build(board, Variant::Trine)?)?;
    let without = Image::read(&build(board, Variant::Without)?)?;
    sections(board, &with, &without);
    crates(&with, &without);
    symbols(&with);
    let gates = gates(&with, &without, |what| budget(&format!("{}.{what}", board.name)))?;
    println!("\n{}", gates.text());
    if board.name == c::first()?.name {
        base()?;
    }
    gates.check()
}

fn gates(with: &Image, without: &Image, most: impl Fn(&str) -> Result<f64>) -> Result<Gates> {
    let (flash, ram) = (with.flash_bytes(), with.ram_bytes());
    let mut gates = Gates::default();
    for (what, bytes, budget) in [
        ("flash, whole", flash, "flash"),
        ("RAM, whole", ram, "ram"),
        ("flash, Trine", flash.saturating_sub(without.flash_bytes()), "trine_flash"),
        ("RAM, Trine", ram.saturating_sub(without.ram_bytes()), "trine_ram"),
    ] {
        gates.at_most(format!("bytes of {what}"), bytes as f64, most(budget)?);
    }
    Ok(gates)
}

fn sections(board: &Board, with: &Image, without: &Image) {
    println!("{} ({}), bytes", board.name, board.processor);
    println!("{:<22}{:>10}{:>10}{:>10}", "section", "with", "without", "place");
    for part in &with.sections {
        let other = without.sections.iter().find(|other| other.name == part.name);
        let bytes = other.map_or(0, |other| other.bytes);
        let only = if part.in_flash { "flash" } else { "RAM" };
        let place = if part.in_flash && part.in_ram { "both" } else { only };
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

/// Bytes of (flash, RAM).
type Bytes = (u64, u64);

/// What the library's profile `base` and the board's ten tools take in the firmware in C, by the
/// linker's own map: the whole image holds the board and its tools as well. The tools are a table
/// of `trine gen`; what they take with the macros stands beside it.
fn base() -> Result<()> {
    let board = c::first()?;
    let with = parts(&board, c::BASE)?;
    println!("\n{}: the firmware in C with profile `base`, bytes by origin", board.name);
    println!("{:<36}{:>8}{:>8}", "origin", "flash", "RAM");
    for (origin, &(flash, ram)) in &with {
        let mark = if is_trines(origin) { " Trine" } else { "" };
        println!("{origin:<36}{flash:>8}{ram:>8}{mark}");
    }
    let sum = |parts: &BTreeMap<String, Bytes>| {
        let counted = parts.iter().filter(|(origin, _)| is_trines(origin));
        counted.fold((0, 0), |sum, (_, bytes)| (sum.0 + bytes.0, sum.1 + bytes.1))
    };
    let trine = sum(&with);
    let macros = parts(&board, c::MACROS)?;
    println!("\n{:<22}{:>10}{:>10}{:>10}{:>8}", "tools", "libtrine", "tools", "flash", "RAM");
    for (what, parts) in [("by trine gen", &with), ("in macros", &macros)] {
        let of = |name: &str| parts.get(name).map_or(0, |bytes| bytes.0);
        let (library, tools) = (of("libtrine.a"), of("table.o") + of("descriptors.o"));
        let (flash, ram) = sum(parts);
        println!("{what:<22}{library:>10}{tools:>10}{flash:>10}{ram:>8}");
    }
    let mut gates = Gates::default();
    for (what, bytes, name) in [("flash", trine.0, "flash"), ("RAM", trine.1, "ram")] {
        let most = budget(&format!("{}.base.{name}", board.name))?;
        gates.at_most(format!("bytes of {what}, profile base"), bytes as f64, most);
    }
    println!("\n{}", gates.text());
    gates.check()
}

/// Behind the name of a library of the compiler: what it links for Trine alone.
const FOR_TRINE: &str = ", for Trine";

/// The library itself and what it brings along, the tools as data, and what holds the device's
/// memory.
fn is_trines(origin: &str) -> bool {
    origin.starts_with("libtrine")
        || origin.ends_with(FOR_TRINE)
        || matches!(origin, "table.o" | "descriptors.o" | "device.o")
}

/// Bytes of a program by origin: the object file without the program's name, or the library.
fn parts(board: &CBoard, program: &str) -> Result<BTreeMap<String, Bytes>> {
    let map = c::build(board, program)?.with_extension("map");
    Ok(read(&std::fs::read_to_string(&map).with_context(|| format!("no {}", map.display()))?))
}

/// Reads GNU ld's map: behind the memory map's heading, a line `.text.name 0xaddress 0xsize file`
/// for each piece. In front of it, a line for each member of a library that is there: who first
/// asked for it stands behind the member.
fn read(text: &str) -> BTreeMap<String, Bytes> {
    // Lines are broken behind a long name.
    let text = text.replace("\n                ", " ");
    let (head, body) = text.split_once("Linker script and memory map").unwrap_or_default();
    let asked = head.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    let asked: BTreeMap<&str, &str> = asked.collect();
    let mut parts = BTreeMap::<String, Bytes>::new();
    for line in body.lines().filter(|line| line.starts_with(" .")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [section, address, size, file, ..] = words[..] else { continue };
        let (Some(address), Some(size)) = (number(address), number(size)) else { continue };
        let Some(in_ram) = place(section, address) else { continue };
        let mark = if is_for_trine(file, &asked) { FOR_TRINE } else { "" };
        let sum = parts.entry(format!("{}{mark}", origin(file))).or_default();
        sum.0 += if in_ram { 0 } else { size };
        sum.1 += if in_ram || section.starts_with(".data") { size } else { 0 };
    }
    parts.retain(|_, bytes| *bytes != (0, 0));
    parts
}

/// Whether libtrine, or a member that is there for it, was the first to ask for a member: the
/// program's own objects are asked before.
fn is_for_trine(member: &str, asked: &BTreeMap<&str, &str>) -> bool {
    let askers = std::iter::successors(asked.get(member), |asker| asked.get(**asker));
    // No longer chain than there are members.
    askers.take(asked.len()).any(|asker| asker.contains("/libtrine.a("))
}

/// Whether a section's bytes are in RAM alone; none for what is not loaded.
fn place(section: &str, address: u64) -> Option<bool> {
    let of = |names: &[&str]| names.iter().any(|name| section.starts_with(name));
    match address {
        0 => of(&[".vectors", ".isr_vector"]).then_some(false),
        _ if of(&[".bss", ".noinit", "COMMON", ".stack"]) => Some(true),
        // Of those that begin with `.ARM` the attributes are not loaded.
        _ => of(&[".text", ".rodata", ".data", ".ARM.ex", ".init", ".fini", ".vectors"])
            .then_some(false),
    }
}

fn number(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

/// `…/greenhouse-base-tools.o` is `tools.o`, `…/libtrine.a(all.o)` is `libtrine.a`.
fn origin(file: &str) -> &str {
    let file = file.rsplit('/').next().unwrap_or(file);
    let file = file.split('(').next().unwrap_or(file);
    let programs = ["greenhouse-base-", "greenhouse-macros-", "without-trine-"];
    programs.iter().find_map(|program| file.strip_prefix(program)).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use devtools::elf::{Image, Section};

    use super::{BTreeMap, BUDGETS, budget, gates, read, sh};
    use crate::board::BOARDS;

    fn image(flash: u64, ram: u64) -> Image {
        let section = |bytes, in_flash| {
            let name = String::new();
            Section { name, bytes, in_flash, in_ram: !in_flash }
        };
        Image { sections: vec![section(flash, true), section(ram, false)], ..Image::default() }
    }

    #[test]
    fn a_passed_budget_is_found() {
        let most = [("flash", 100.0), ("ram", 50.0), ("trine_flash", 30.0), ("trine_ram", 10.0)];
        let most = BTreeMap::from(most);
        let budget = |name: &str| Ok(most[name]);
        let over = |with, without| {
            gates(&with, &without, budget).unwrap().text().matches("MISSED").count()
        };
        assert_eq!(over(image(100, 50), image(70, 40)), 0);
        assert_eq!(over(image(101, 50), image(71, 40)), 1);
        assert_eq!(over(image(100, 51), image(69, 50)), 2);
    }

    #[test]
    fn a_budget_that_is_not_there_is_an_error_and_so_is_one_that_is_not_known() {
        assert!(budget("mps2-an386.base.flash").is_ok());
        assert!(budget("mps2-an386.base").is_err() && budget("virt.base.flash").is_err());
        let file: toml::Table = toml::from_str(&sh::read(BUDGETS).unwrap()).unwrap();
        let known = "flash ram trine_flash trine_ram stack library_stack base";
        let of_boards = BOARDS.iter().flat_map(|board| file[board.name].as_table().unwrap().keys());
        let unknown: Vec<_> =
            of_boards.filter(|name| !known.split(' ').any(|known| known == *name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn the_map_says_what_came_from_where() {
        let parts: Vec<_> = read(include_str!("size_test.map")).into_iter().collect();
        let part = |name: &str, flash, ram| (name.to_owned(), (flash, ram));
        let wanted = [
            part("app.o", 4, 4),
            part("device.o", 0, 0x40),
            part("libc.a", 4, 0),
            part("libc.a, for Trine", 0x12, 0),
            part("libtrine.a", 12, 0),
            part("tools.o", 0x20, 0),
        ];
        assert_eq!(parts, wanted);
    }
}
