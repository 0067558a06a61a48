//! Reads a firmware image: what lies in flash, what lies in RAM, and which crate it came from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use object::elf::{SHF_ALLOC, SHF_WRITE, SHT_NOBITS};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SymbolKind};

/// What riscv-rt's script makes of memory that is left: no variables are in it.
const LEFT: [&str; 2] = [".heap", ".stack"];

/// One section that occupies memory on the chip.
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) in_flash: bool,
    pub(crate) in_ram: bool,
}

/// A function or variable, or a label of assembler, which has no bytes.
pub(crate) struct Symbol {
    /// Its demangled name without the hash.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) in_ram: bool,
    /// Odd for a Thumb function.
    pub(crate) address: u64,
}

/// What an image holds: sections in the order of the file, and symbols, the largest first.
pub(crate) struct Image {
    pub(crate) sections: Vec<Section>,
    pub(crate) symbols: Vec<Symbol>,
}

impl Image {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let data = std::fs::read(path).with_context(|| format!("no image {}", path.display()))?;
        Self::parse(&data).with_context(|| format!("{} is no firmware image", path.display()))
    }

    fn parse(data: &[u8]) -> Result<Self> {
        let file = object::File::parse(data)?;
        let sections: Vec<Section> = file.sections().filter_map(|part| section(&part)).collect();
        let is_in_ram = |index| file.section_by_index(index).is_ok_and(|part| is_writable(&part));
        let symbol = |symbol: object::Symbol<'_, '_>| {
            let (bytes, address) = (symbol.size(), symbol.address());
            let is_sized = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            let is_kept = if bytes > 0 { is_sized } else { symbol.is_definition() };
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap_or("?")));
            let in_ram = symbol.section_index().is_some_and(is_in_ram);
            is_kept.then_some(Symbol { name, bytes, in_ram, address })
        };
        let mut symbols: Vec<Symbol> = file.symbols().filter_map(symbol).collect();
        symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.bytes));
        ensure!(!sections.is_empty(), "no section of it is loaded");
        Ok(Self { sections, symbols })
    }

    /// The address of a function or label.
    pub(crate) fn address(&self, name: &str) -> Result<u64> {
        let symbol = self.symbols.iter().find(|symbol| symbol.name == name);
        Ok(symbol.with_context(|| format!("the image has no {name}"))?.address)
    }

    /// Bytes of flash: code, constants and the initial values of variables.
    pub(crate) fn flash_bytes(&self) -> u64 {
        self.sections.iter().filter(|part| part.in_flash).map(|part| part.bytes).sum()
    }

    /// Bytes of RAM of variables. The stack is on top of this.
    pub(crate) fn ram_bytes(&self) -> u64 {
        self.sections.iter().filter(|part| part.in_ram).map(|part| part.bytes).sum()
    }

    /// Bytes of (flash, RAM) in named symbols, by crate. The difference to the totals is padding
    /// and constants without a name.
    pub(crate) fn by_crate(&self) -> BTreeMap<String, (u64, u64)> {
        let mut crates = BTreeMap::<String, (u64, u64)>::new();
        for symbol in &self.symbols {
            let (flash, ram) = crates.entry(crate_of(&symbol.name).to_owned()).or_default();
            *if symbol.in_ram { ram } else { flash } += symbol.bytes;
        }
        crates
    }
}

fn section(part: &object::Section<'_, '_>) -> Option<Section> {
    let SectionFlags::Elf { sh_type, sh_flags } = part.flags() else { return None };
    let (name, bytes) = (part.name().unwrap_or("?").to_owned(), part.size());
    if bytes == 0 || !sh_flags.contains(SHF_ALLOC) || LEFT.contains(&name.as_str()) {
        return None;
    }
    // `.uninit` may be stored as bytes by a linker that does not know it; no loader copies it.
    let in_flash = sh_type != SHT_NOBITS && name != ".uninit";
    Some(Section { in_flash, in_ram: is_writable(part), bytes, name })
}

/// Whether a section lies in RAM: all that a program may change does, and nothing else.
fn is_writable(part: &object::Section<'_, '_>) -> bool {
    matches!(part.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(SHF_WRITE))
}

/// The crate that a demangled name begins with: `<a::T as b::U>::f` belongs to `a`.
fn crate_of(name: &str) -> &str {
    let path = name.trim_start_matches(['<', '&', '*', '[', '(']);
    let path = path.strip_prefix("mut ").or_else(|| path.strip_prefix("dyn ")).unwrap_or(path);
    match path.split_once("::") {
        Some((first, _)) if first.chars().all(|c| c.is_alphanumeric() || c == '_') => first,
        // Exception handlers, the vector table, compiler helpers such as `__aeabi_memcpy`.
        _ => "(no crate)",
    }
}

#[cfg(test)]
mod tests {
    use super::crate_of;

    #[test]
    fn names_are_counted_for_their_crate() {
        assert_eq!(crate_of("trine_wire::cobs::decode"), "trine_wire");
        assert_eq!(crate_of("<trine_wire::Link as core::fmt::Debug>::fmt"), "trine_wire");
        assert_eq!(crate_of("<&mut trine_board::Fan>::set"), "trine_board");
        assert_eq!(crate_of("__aeabi_memcpy"), "(no crate)");
    }
}
