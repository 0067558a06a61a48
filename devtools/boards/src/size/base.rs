//! What the library's profile `base` and the board's ten tools take in the firmware in C, by the
//! linker's own map: the whole image holds the board and its tools as well. The tools are a table
//! of `trine gen`; what they take with the macros stands beside it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use devtools::gates::Gates;
use serde::Deserialize;

use crate::c;

/// What profile `base` may take, in bytes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// Flash of the library and the descriptors.
    flash: u64,
    /// RAM of the device, its memory and its rings.
    ram: u64,
}

/// Bytes of (flash, RAM).
type Bytes = (u64, u64);

/// Builds the firmware in C, prints where Trine's part of it goes and compares with the budget.
pub(super) fn main(budget: &Budget) -> Result<()> {
    let board = c::first()?;
    let with = parts(&c::build(board, c::BASE)?.with_extension("map"))?;
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
    let macros = parts(&c::build(board, c::MACROS)?.with_extension("map"))?;
    println!("\n{:<22}{:>10}{:>10}{:>10}{:>8}", "tools", "libtrine", "tools", "flash", "RAM");
    for (what, parts) in [("by trine gen", &with), ("in macros", &macros)] {
        let of = |name: &str| parts.get(name).map_or(0, |bytes| bytes.0);
        let (library, tools) = (of("libtrine.a"), of("table.o") + of("descriptors.o"));
        let (flash, ram) = sum(parts);
        println!("{what:<22}{library:>10}{tools:>10}{flash:>10}{ram:>8}");
    }
    let mut gates = Gates::default();
    gates.at_most("bytes of flash, profile base", trine.0 as f64, budget.flash as f64);
    gates.at_most("bytes of RAM, profile base", trine.1 as f64, budget.ram as f64);
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

/// Bytes by origin: the object file without the program's name, or the library.
fn parts(map: &Path) -> Result<BTreeMap<String, Bytes>> {
    let text = std::fs::read_to_string(map).with_context(|| format!("no {}", map.display()))?;
    Ok(read(&text))
}

/// Reads GNU ld's map: behind the memory map's heading, a line `.text.name 0xaddress 0xsize file`
/// for each piece. In front of it, a line for each member of a library that is there: who first
/// asked for it stands behind the member.
fn read(text: &str) -> BTreeMap<String, Bytes> {
    // Lines are broken behind a long name.
    let text = text.replace("\n                ", " ");
    let (head, body) = text.split_once("Linker script and memory map").unwrap_or_default();
    let mut asked = BTreeMap::new();
    for line in head.lines() {
        let mut words = line.split_whitespace();
        if let (Some(member), Some(asker)) = (words.next(), words.next()) {
            asked.insert(member, asker);
        }
    }
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
    use super::read;

    #[test]
    fn the_map_says_what_came_from_where() {
        let parts: Vec<_> = read(include_str!("base_test.map")).into_iter().collect();
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
