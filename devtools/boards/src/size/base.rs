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
/// for each piece, broken behind a long name.
fn read(text: &str) -> BTreeMap<String, Bytes> {
    let mut parts = BTreeMap::<String, Bytes>::new();
    let (head, body) = text.split_once("Linker script and memory map").unwrap_or_default();
    let asked = asked(head);
    let mut name = "";
    for line in body.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (section, numbers) = match words[..] {
            [only] if line.starts_with(" .") => {
                name = only;
                continue;
            }
            [section, address, size, file] if line.starts_with(" .") => {
                (section, [address, size, file])
            }
            [address, size, file] if line.starts_with("  ") => (name, [address, size, file]),
            _ => continue,
        };
        let [Some(address), Some(size)] = [number(numbers[0]), number(numbers[1])] else {
            continue;
        };
        let Some(in_ram) = place(section, address) else { continue };
        let mut origin = origin(numbers[2]);
        if is_for_trine(numbers[2], &asked) {
            origin.push_str(FOR_TRINE);
        }
        let sum = parts.entry(origin).or_default();
        if in_ram || section.starts_with(".data") {
            sum.1 += size;
        }
        sum.0 += if in_ram { 0 } else { size };
    }
    parts.retain(|_, bytes| *bytes != (0, 0));
    parts
}

/// Who first asked for a member of a library: the map's first lines have it behind the member.
fn asked(head: &str) -> BTreeMap<&str, &str> {
    let (mut asked, mut member) = (BTreeMap::new(), "");
    for line in head.lines() {
        let mut words = line.split_whitespace();
        // A short name has its asker on the same line.
        if !line.starts_with(' ') {
            member = words.next().unwrap_or_default();
        }
        if let (Some(asker), true) = (words.next(), member.ends_with(')')) {
            asked.insert(member, asker);
        }
    }
    asked
}

/// Whether libtrine, or a member that is there for it, was the first to ask for a member: the
/// program's own objects are asked before.
fn is_for_trine(member: &str, asked: &BTreeMap<&str, &str>) -> bool {
    let mut member = member;
    // No longer chain than there are members.
    for _ in 0..asked.len() {
        let Some(asker) = asked.get(member) else { return false };
        if asker.contains("/libtrine.a(") {
            return true;
        }
        member = asker;
    }
    false
}

/// Whether a section's bytes are in RAM alone; none for what is not loaded.
fn place(section: &str, address: u64) -> Option<bool> {
    let of = |names: &[&str]| names.iter().any(|name| section.starts_with(name));
    match address {
        0 => of(&[".vectors", ".isr_vector"]).then_some(false),
        _ if of(&[".bss", ".noinit", "COMMON", ".stack"]) => Some(true),
        // Of those that begin with `.ARM` the attributes are not loaded.
        _ if of(&[".text", ".rodata", ".data", ".ARM.ex", ".init", ".fini", ".vectors"]) => {
            Some(false)
        }
        _ => None,
    }
}

fn number(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

/// `…/greenhouse-base-tools.o` is `tools.o`, `…/libtrine.a(all.o)` is `libtrine.a`.
fn origin(file: &str) -> String {
    let file = file.rsplit('/').next().unwrap_or(file);
    if let Some((library, _)) = file.split_once('(') {
        return library.to_owned();
    }
    for program in ["greenhouse-base-", "greenhouse-macros-", "without-trine-"] {
        if let Some(own) = file.strip_prefix(program) {
            return own.to_owned();
        }
    }
    file.to_owned()
}

#[cfg(test)]
mod tests {
    use super::read;

    const MAP: &str = "\
Archive member included to satisfy reference by file (symbol)

/t/libtrine.a(trine.o)        /t/greenhouse-base-app.o (trine_init)
/l/libc.a(memset.o)
                              /t/greenhouse-base-app.o (memset)
/l/libc.a(memclr.o)
                              /t/libtrine.a(trine.o) (__aeabi_memclr)
/l/libc.a(soft.o)
                              /l/libc.a(memclr.o) (__aeabi_memset)

Discarded input sections
 .text.gone     0x00000000       0x10 x.o
Linker script and memory map

.text           0x00000100      0x120
 .text.a        0x00000100       0x20 /t/greenhouse-base-tools.o
 .text.a_name_that_is_too_long_for_its_column
                0x00000120        0x8 /t/libtrine.a(trine.o)
                0x00000120                the_symbol
 .text.m        0x00000130        0x4 /l/libc.a(memset.o)
 .text.c        0x00000134        0x2 /l/libc.a(memclr.o)
 .text.s        0x00000138       0x10 /l/libc.a(soft.o)
 .rodata.b      0x00000128        0x4 /t/libtrine.a(trine.o)
 .data.c        0x20000000        0x4 /t/greenhouse-base-app.o
 .bss.d         0x20000004       0x40 /t/greenhouse-base-device.o
 .ARM.attributes
                0x00000030       0x34 /t/libtrine.a(trine.o)
 .debug_info    0x00000000      0x999 /t/greenhouse-base-app.o
";

    #[test]
    fn the_map_says_what_came_from_where() {
        let parts: Vec<_> = read(MAP).into_iter().collect();
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
