//! Where the firmware's flash and RAM go, with Trine and without, against committed budgets.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use devtools::{Gates, sh};

use crate::elf::Image;
use crate::{Board, c, firmware};

const BUDGETS: &str = "tests/budgets.toml";

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

/// Notes a figure that may not pass its budget.
pub(crate) fn within(gates: &mut Gates, what: &str, figure: f64, name: &str) -> Result<()> {
    gates.at_most(what, figure, budget(name)?);
    Ok(())
}

/// Builds both firmwares, prints the tables and compares with the budget.
pub fn main(board: &Board) -> Result<()> {
    let with = Image::read(&firmware::build(board)?)?;
    let without = Image::read(&firmware::build_as(board, "without-trine", "")?)?;
    sections(board, &with, &without);
    crates(&with, &without);
    symbols(&with);
    let (mut gates, flash, ram) = (Gates::default(), with.flash_bytes(), with.ram_bytes());
    for (what, bytes, name) in [
        ("bytes of flash, whole", flash, "flash"),
        ("bytes of RAM, whole", ram, "ram"),
        ("bytes of flash, Trine", flash.saturating_sub(without.flash_bytes()), "trine_flash"),
        ("bytes of RAM, Trine", ram.saturating_sub(without.ram_bytes()), "trine_ram"),
    ] {
        within(&mut gates, what, bytes as f64, &format!("{}.{name}", board.name))?;
    }
    if board.name == c::BOARDS[0].name {
        base(board, &mut gates)?;
        lists(board, &mut gates)?;
    }
    gates.conclude()
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
    for symbol in with.symbols.iter().take(20) {
        let place = if symbol.in_ram { " (RAM)" } else { "" };
        println!("{:>8}  {}{place}", symbol.bytes, symbol.name);
    }
}

/// Bytes of (flash, RAM) by origin: an object file, or a library.
type Parts = BTreeMap<String, (u64, u64)>;

/// What the library's profile `base` and the board's ten tools take in the firmware in C, by the
/// linker's own map: the whole image holds the board and its tools as well. The tools are a table
/// of `trine gen`; what they take with the macros stands beside it.
fn base(board: &Board, gates: &mut Gates) -> Result<()> {
    let (with, macros) = (parts(board, c::BASE)?, parts(board, c::MACROS)?);
    println!("\n{}: the firmware in C with profile `base`, bytes by origin", board.name);
    println!("{:<36}{:>8}{:>8}", "origin", "flash", "RAM");
    for (origin, (flash, ram)) in &with {
        let mark = if is_trines(origin) { " Trine" } else { "" };
        println!("{origin:<36}{flash:>8}{ram:>8}{mark}");
    }
    let sum = |parts: &Parts| {
        let counted = parts.iter().filter(|(origin, _)| is_trines(origin));
        counted.fold((0, 0), |sum, (_, bytes)| (sum.0 + bytes.0, sum.1 + bytes.1))
    };
    println!("\n{:<22}{:>10}{:>10}{:>10}{:>8}", "tools", "libtrine", "tools", "flash", "RAM");
    for (what, parts) in [("by trine gen", &with), ("in macros", &macros)] {
        let of = |name: &str| parts.get(name).map_or(0, |bytes| bytes.0);
        let (library, tools) = (of("libtrine.a"), of("table.o") + of("descriptors.o"));
        let (flash, ram) = sum(parts);
        println!("{what:<22}{library:>10}{tools:>10}{flash:>10}{ram:>8}");
    }
    let (flash, ram) = (sum(&with).0 as f64, sum(&with).1 as f64);
    let most = |of: &str| format!("{}.base.{of}", board.name);
    within(gates, "bytes of flash, profile base", flash, &most("flash"))?;
    within(gates, "bytes of RAM, profile base", ram, &most("ram"))
}

/// What in the names of functions tells that they are for resources, prompts and completion.
const FOR_LISTS: [&str; 6] = [
    "trine_c_api::lists",
    "trine_c_api::serve",
    "trine_c_api::client",
    "trine_descriptor::lists",
    "Device>::shelf",
    "trine_mcp_",
];

/// What resources, prompts and completion take: in the well, which has them and is compared with
/// the same program without them, and in a greenhouse that has none, with a library that offers
/// them and with one that does not.
fn lists(board: &Board, gates: &mut Gates) -> Result<()> {
    let programs = [c::WELL, c::WELL_TOOLS, c::GREENHOUSE_LISTS, c::GREENHOUSE];
    println!("\n{}: resources, prompts and completion, in the firmware in C", board.name);
    let names = ["profile", "flash", "RAM", "libtrine", "named lists"];
    println!("{:<22}{}", "program", names.map(|name| format!("{name:>13}")).concat());
    let mut sums = Vec::new();
    for program in programs {
        let elf = c::build(board, program)?;
        let (image, map) = (Image::read(&elf)?, elf.with_extension("map"));
        let library =
            read(&std::fs::read_to_string(&map)?).get("libtrine.a").map_or(0, |bytes| bytes.0);
        let (flash, ram) = (image.flash_bytes(), image.ram_bytes());
        let is_for = |name: &str| FOR_LISTS.iter().any(|part| name.contains(part));
        let own = image.symbols.iter().filter(|symbol| is_for(&symbol.name));
        let own: u64 = own.map(|symbol| symbol.bytes).sum();
        let profile = c::profile(program).unwrap_or_default();
        println!("{program:<22}{profile:>13}{flash:>13}{ram:>13}{library:>13}{own:>13}");
        sums.push((flash, ram, own));
    }
    let [with, without, unused, greenhouse] = sums[..] else { return Ok(()) };
    let most = |of: &str| format!("{}.lists.{of}", board.name);
    let more = |with: u64, without: u64| with.saturating_sub(without) as f64;
    let what = "bytes of flash, lists of the well";
    within(gates, what, more(with.0, without.0), &most("flash"))?;
    within(gates, "bytes of RAM, lists of the well", more(with.1, without.1), &most("ram"))?;
    let what = "bytes of flash, profile resources without lists";
    within(gates, what, more(unused.0, greenhouse.0), &most("unused"))?;
    let what = "bytes of RAM, profile resources without lists";
    gates.at_most(what, more(unused.1, greenhouse.1), 0.0);
    gates.at_most("bytes for lists in a firmware of profile full", greenhouse.2 as f64, 0.0);
    ensure!(with.2 > 0, "no function of the well has the name of one for lists");
    Ok(())
}

/// Behind the name of a library of the compiler: what it links for Trine alone.
const FOR_TRINE: &str = ", for Trine";

/// The library and what it brings along, the tools as data, and what holds the device's memory.
fn is_trines(origin: &str) -> bool {
    origin.starts_with("libtrine")
        || origin.ends_with(FOR_TRINE)
        || matches!(origin, "table.o" | "descriptors.o" | "device.o")
}

fn parts(board: &Board, program: &str) -> Result<Parts> {
    let map = c::build(board, program)?.with_extension("map");
    Ok(read(&std::fs::read_to_string(&map).with_context(|| format!("no {}", map.display()))?))
}

/// What the names of sections begin with whose bytes are in flash, and of those in RAM: variables
/// with a value are in both. Of what begins with `.ARM` the attributes are not loaded.
const IN_FLASH: &[&str] = &[".text", ".rodata", ".data", ".ARM.ex", ".init", ".fini", ".vectors"];
const IN_RAM: &[&str] = &[".data", ".bss", ".noinit", ".stack"];

/// Reads GNU ld's map: behind the memory map's heading, a line `.text.name 0xaddress 0xsize file`
/// for each piece. In front of it, a line for each member of a library that is there: who first
/// asked for it stands behind the member.
fn read(text: &str) -> Parts {
    // Lines are broken behind a long name.
    let text = text.replace("\n                ", " ");
    let (head, body) = text.split_once("Linker script and memory map").unwrap_or_default();
    let asked = head.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    let asked: BTreeMap<&str, &str> = asked.collect();
    let mut parts = Parts::new();
    for line in body.lines().filter(|line| line.starts_with(" .")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [section, address, size, file, ..] = words[..] else { continue };
        let (Some(address), Some(size)) = (number(address), number(size)) else { continue };
        // What is not loaded has no address, and the vectors have this one.
        if address == 0 && !section.starts_with(".vectors") {
            continue;
        }
        let bytes = |places: &[&str]| {
            if places.iter().any(|place| section.starts_with(place)) { size } else { 0 }
        };
        let mark = if is_for_trine(file, &asked) { FOR_TRINE } else { "" };
        let sum = parts.entry(format!("{}{mark}", origin(file))).or_default();
        *sum = (sum.0 + bytes(IN_FLASH), sum.1 + bytes(IN_RAM));
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

fn number(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

/// `…/greenhouse-base/tools.o` is `tools.o`, `…/libtrine.a(all.o)` is `libtrine.a`.
fn origin(file: &str) -> &str {
    let file = file.rsplit('/').next().unwrap_or(file);
    file.split('(').next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::{BUDGETS, budget, read, sh};
    use crate::board::BOARDS;

    #[test]
    fn a_budget_that_is_not_there_is_an_error_and_so_is_one_that_is_not_known() {
        assert!(budget("mps2-an386.base.flash").is_ok());
        assert!(budget("mps2-an386.base").is_err() && budget("virt.base.flash").is_err());
        let file: toml::Table = toml::from_str(&sh::read(BUDGETS).unwrap()).unwrap();
        let known = "flash ram trine_flash trine_ram stack library_stack base lists";
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
