//! Reads a firmware image: what lies in flash, what lies in RAM, and which crate it came from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use object::read::elf::SectionHeader as _;
use object::read::elf::{ElfFile32, ElfSection32};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind, elf};

/// What riscv-rt's script makes of memory that is left: no variables are in it.
const LEFT: [&str; 2] = [".heap", ".stack"];

/// One section that occupies memory on the chip.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its name, such as `.text`.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether its content is stored in flash.
    pub in_flash: bool,
    /// Whether it occupies RAM when the program runs.
    pub in_ram: bool,
}

/// One function or variable.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// Its demangled name without the hash.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it lies in RAM.
    pub in_ram: bool,
    /// Its address; odd for a Thumb function.
    pub address: u64,
}

/// What an image holds.
#[derive(Debug, Default)]
pub struct Image {
    /// Sections with a size, in the order of the file.
    pub sections: Vec<Section>,
    /// Symbols with a size, the largest first.
    pub symbols: Vec<Symbol>,
    /// Places without a size, which are parts of assembler: name and address.
    pub labels: Vec<(String, u64)>,
}

impl Image {
    /// Reads an ELF file for a 32-bit little-endian chip.
    pub fn read(path: &Path) -> Result<Self> {
        let data = std::fs::read(path).with_context(|| format!("no image {}", path.display()))?;
        Self::parse(&data).with_context(|| format!("{} is no firmware image", path.display()))
    }

    fn parse(data: &[u8]) -> Result<Self> {
        let file = ElfFile32::<object::Endianness>::parse(data)?;
        let sections: Vec<Section> = file.sections().filter_map(|part| section(&part)).collect();
        let is_in_ram = |index| file.section_by_index(index).is_ok_and(|part| is_writable(&part));
        let (mut symbols, mut labels) = (Vec::new(), Vec::new());
        for symbol in file.symbols() {
            let (name, bytes, address) = (symbol.name(), symbol.size(), symbol.address());
            if bytes > 0 && matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data) {
                let name = format!("{:#}", rustc_demangle::demangle(name.unwrap_or("?")));
                let in_ram = symbol.section_index().is_some_and(is_in_ram);
                symbols.push(Symbol { name, bytes, in_ram, address });
            } else if bytes == 0 && symbol.is_definition() {
                labels.extend(name.ok().map(|name| (name.to_owned(), address)));
            }
        }
        symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.bytes));
        ensure!(!sections.is_empty(), "no section of it is loaded");
        Ok(Self { sections, symbols, labels })
    }

    /// The address of a function or label.
    pub fn address(&self, name: &str) -> Result<u64> {
        let symbol = self.symbols.iter().find(|symbol| symbol.name == name);
        let label = || self.labels.iter().find(|(label, _)| label == name).map(|label| label.1);
        let address = symbol.map(|symbol| symbol.address).or_else(label);
        address.with_context(|| format!("the image has no {name}"))
    }

    /// Bytes of flash: code, constants and the initial values of variables.
    pub fn flash_bytes(&self) -> u64 {
        self.sections.iter().filter(|part| part.in_flash).map(|part| part.bytes).sum()
    }

    /// Bytes of RAM of variables. The stack is on top of this.
    pub fn ram_bytes(&self) -> u64 {
        self.sections.iter().filter(|part| part.in_ram).map(|part| part.bytes).sum()
    }

    /// Bytes of (flash, RAM) in named symbols, by crate. The difference to the totals is padding
    /// and constants without a name.
    pub fn by_crate(&self) -> BTreeMap<String, (u64, u64)> {
        let mut crates = BTreeMap::<String, (u64, u64)>::new();
        for symbol in &self.symbols {
            let (flash, ram) = crates.entry(crate_of(&symbol.name).to_owned()).or_default();
            *if symbol.in_ram { ram } else { flash } += symbol.bytes;
        }
        crates
    }
}

fn section(part: &ElfSection32<'_, '_, object::Endianness>) -> Option<Section> {
    let (header, name) = (part.elf_section_header(), part.name().unwrap_or("?").to_owned());
    let is_loaded = header.sh_flags(object::Endianness::Little).contains(elf::SHF_ALLOC);
    if part.size() == 0 || !is_loaded || LEFT.contains(&name.as_str()) {
        return None;
    }
    let zeroed = header.sh_type(object::Endianness::Little) == elf::SHT_NOBITS;
    // `.uninit` may be stored as bytes by a linker that does not know it; no loader copies it.
    let in_flash = !zeroed && name != ".uninit";
    Some(Section { in_flash, in_ram: is_writable(part), bytes: part.size(), name })
}

/// Whether a section lies in RAM: all that a program may change does, and nothing else.
fn is_writable(part: &ElfSection32<'_, '_, object::Endianness>) -> bool {
    part.elf_section_header().sh_flags(object::Endianness::Little).contains(elf::SHF_WRITE)
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
