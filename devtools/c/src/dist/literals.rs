//! Literals of Xtensa's functions, brought to the functions that load them.
//!
//! Code for Xtensa loads constants and addresses from before the function. LLVM 22 puts them behind
//! the function that happens to come first, in its section, and does not align them: linkers refuse
//! that, and a function could not be dropped without its neighbour. Here each function's literals
//! come first in its own section, as GCC has them with `-mtext-section-literals`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

const SYMBOLS: u32 = 2;
const RELOCATIONS: u32 = 4;
const FUNCTION: u8 = 2;
const SECTION_SYMBOL: u8 = 3;
/// The relocation of an instruction, and what `l32r` has in the lower half of its first byte.
const INSTRUCTION: u8 = 20;
const L32R: u8 = 1;

/// Rewrites an object in place.
pub(super) fn settle(path: &Path) -> Result<()> {
    let mut object = Object::read(fs::read(path)?)?;
    object.settle().with_context(|| path.display().to_string())?;
    Ok(fs::write(path, object.bytes)?)
}

/// A relocation, whose symbol and kind are in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Relocation {
    offset: u32,
    symbol: u32,
    kind: u8,
    addend: i32,
}

#[derive(Clone, Copy)]
struct Section {
    /// Where its header is.
    header: usize,
    kind: u32,
    offset: u32,
    size: u32,
    /// Of relocations, the section that they are for.
    info: u32,
}

/// What has to be known of a symbol.
#[derive(Clone, Copy)]
struct Symbol {
    at: usize,
    value: u32,
    size: u32,
    section: u32,
    kind: u8,
}

impl Symbol {
    fn is_section(self) -> bool {
        self.kind == SECTION_SYMBOL
    }
}

/// A section and an offset in it.
type Place = (u32, u32);

/// What moves.
#[derive(Default)]
struct Pools {
    /// The literals of each section that loads some, in the order in which they lie.
    literals: BTreeMap<u32, Vec<Place>>,
    /// Where the code of a section ends, behind which are literals of others alone.
    ends: BTreeMap<u32, u32>,
}

impl Pools {
    /// Bytes of the literals that a section loads.
    fn size(&self, section: u32) -> u32 {
        let count = self.literals.get(&section).map_or(0, Vec::len);
        u32::try_from(count * 4).unwrap_or(u32::MAX)
    }

    fn end(&self, section: u32) -> u32 {
        self.ends.get(&section).copied().unwrap_or(u32::MAX)
    }
}

/// An object of 32 bits with the lower byte first.
struct Object {
    bytes: Vec<u8>,
    sections: Vec<Section>,
    symbols: Vec<Symbol>,
    /// By the section that they are for.
    relocations: BTreeMap<u32, (usize, Vec<Relocation>)>,
}

impl Object {
    fn read(bytes: Vec<u8>) -> Result<Self> {
        ensure!(
            bytes.starts_with(b"\x7fELF\x01\x01"),
            "no ELF of 32 bits with the lower byte first"
        );
        let mut object =
            Self { bytes, sections: Vec::new(), symbols: Vec::new(), relocations: BTreeMap::new() };
        let (start, count) = (object.word(32)? as usize, u32::from(object.half(48)?));
        for header in (0..count as usize).map(|number| start + number * 40) {
            let [kind, offset, size, info] = [4, 16, 20, 28].map(|at| object.word(header + at));
            let section =
                Section { header, kind: kind?, offset: offset?, size: size?, info: info? };
            object.sections.push(section);
        }
        let sections = object.sections.clone();
        for (number, section) in sections.iter().enumerate() {
            let entries = |size| (section.offset..section.offset + section.size).step_by(size);
            if section.kind == SYMBOLS {
                for at in entries(16).map(|at| at as usize) {
                    let (value, size) = (object.word(at + 4)?, object.word(at + 8)?);
                    let (kind, section) =
                        (object.byte(at + 12)? & 15, object.half(at + 14)?.into());
                    object.symbols.push(Symbol { at, value, size, section, kind });
                }
            } else if section.kind == RELOCATIONS {
                let mut list = Vec::new();
                for at in entries(12).map(|at| at as usize) {
                    let [offset, info, addend] = [0, 4, 8].map(|more| object.word(at + more));
                    let (info, addend) = (info?, addend?.cast_signed());
                    let (symbol, kind) = (info >> 8, info.to_le_bytes()[0]);
                    list.push(Relocation { offset: offset?, symbol, kind, addend });
                }
                object.relocations.insert(section.info, (number, list));
            }
        }
        Ok(object)
    }

    fn byte(&self, at: usize) -> Result<u8> {
        self.bytes.get(at).copied().context("the object is cut short")
    }

    fn half(&self, at: usize) -> Result<u16> {
        Ok(u16::from_le_bytes([self.byte(at)?, self.byte(at + 1)?]))
    }

    fn word(&self, at: usize) -> Result<u32> {
        let bytes = self.bytes.get(at..at + 4).context("the object is cut short")?;
        Ok(u32::from_le_bytes(bytes.try_into()?))
    }

    fn set(&mut self, at: usize, word: u32) -> Result<()> {
        let bytes = self.bytes.get_mut(at..at + 4).context("the object is cut short")?;
        bytes.copy_from_slice(&word.to_le_bytes());
        Ok(())
    }

    fn section(&self, number: u32) -> Result<Section> {
        self.sections.get(number as usize).copied().context("no such section")
    }

    fn symbol(&self, number: u32) -> Result<Symbol> {
        self.symbols.get(number as usize).copied().context("no such symbol")
    }

    /// Where a relocation of a section's symbol leads.
    fn place(&self, relocation: Relocation) -> Result<Option<Place>> {
        let symbol = self.symbol(relocation.symbol)?;
        let offset = symbol.value.wrapping_add_signed(relocation.addend);
        Ok(symbol.is_section().then_some((symbol.section, offset)))
    }

    /// The literal that a relocation of a section loads.
    fn literal(&self, of: u32, relocation: Relocation) -> Result<Option<Place>> {
        if relocation.kind != INSTRUCTION {
            return Ok(None);
        }
        let code = self.byte((self.section(of)?.offset + relocation.offset) as usize)?;
        if code & 15 == L32R { self.place(relocation) } else { Ok(None) }
    }

    fn settle(&mut self) -> Result<()> {
        let pools = self.pools()?;
        let moved = self.moved(&pools)?;
        self.write(&pools, moved)
    }

    fn pools(&self) -> Result<Pools> {
        let mut pools = Pools::default();
        for (&of, (_, list)) in &self.relocations {
            let loaded = list.iter().map(|&relocation| self.literal(of, relocation));
            let mut places = loaded.filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
            places.sort_unstable();
            places.dedup();
            if !places.is_empty() {
                pools.literals.insert(of, places);
            }
        }
        for &(section, offset) in pools.literals.values().flatten() {
            let end = pools.ends.entry(section).or_insert(offset);
            *end = offset.min(*end);
        }
        // Before those that are loaded may be some that no one loads, but nothing else.
        for symbol in self.symbols.iter().filter(|symbol| symbol.kind == FUNCTION) {
            if let Some(end) = pools.ends.get_mut(&symbol.section) {
                let after = symbol.value + symbol.size;
                ensure!(after <= *end, "a function lies behind literals: it has no section");
                *end = after;
            }
        }
        Ok(pools)
    }

    /// All relocations where they belong when the literals have moved, by the section.
    fn moved(&self, pools: &Pools) -> Result<BTreeMap<u32, Vec<Relocation>>> {
        let mut moved: BTreeMap<u32, Vec<Relocation>> = BTreeMap::new();
        for (&of, (_, list)) in &self.relocations {
            for &old in list {
                let mut new = old;
                if let Some(place) = self.literal(of, old)? {
                    (new.symbol, new.addend) = self.in_own(pools, of, place)?;
                } else if let Some((section, _)) = self.place(old)? {
                    new.addend = new.addend.wrapping_add_unsigned(pools.size(section));
                }
                if old.offset < pools.end(of) {
                    new.offset += pools.size(of);
                    moved.entry(of).or_default().push(new);
                    continue;
                }
                // In a literal: it goes where that goes.
                for (&owner, places) in &pools.literals {
                    if let Ok(at) = places.binary_search(&(of, old.offset)) {
                        new.offset = u32::try_from(at * 4)?;
                        moved.entry(owner).or_default().push(new);
                    }
                }
            }
        }
        Ok(moved)
    }

    /// The symbol and the addend of a literal in the section that loads it.
    fn in_own(&self, pools: &Pools, of: u32, place: Place) -> Result<(u32, i32)> {
        let places = pools.literals.get(&of).context("it loads literals")?;
        let number = u32::try_from(places.binary_search(&place).unwrap_or_default())?;
        let own = self.symbol_of(of)?;
        // A section's symbol stays where it is, and the others move with the code.
        let symbol = self.symbol(own)?;
        let base = if symbol.is_section() { 0 } else { symbol.value + pools.size(of) };
        Ok((own, (number * 4).wrapping_sub(base).cast_signed()))
    }

    /// A symbol of a section: its own, or one that lies in it.
    fn symbol_of(&self, section: u32) -> Result<u32> {
        let is_in = |symbol: &Symbol| symbol.section == section;
        let own = self.symbols.iter().position(|symbol| is_in(symbol) && symbol.is_section());
        let any = || self.symbols.iter().position(is_in);
        Ok(u32::try_from(own.or_else(any).context("a section without a symbol")?)?)
    }

    /// Puts what has changed behind the file, where its headers then point.
    fn write(&mut self, pools: &Pools, mut moved: BTreeMap<u32, Vec<Relocation>>) -> Result<()> {
        let Pools { literals, ends } = pools;
        let changed: BTreeSet<u32> = literals.keys().chain(ends.keys()).copied().collect();
        let mut contents = Vec::new();
        for &number in &changed {
            let section = self.section(number)?;
            let mut content = Vec::new();
            for &(of, offset) in literals.get(&number).into_iter().flatten() {
                let word = self.word((self.section(of)?.offset + offset) as usize)?;
                content.extend(word.to_le_bytes());
            }
            let end = pools.end(number).min(section.size);
            let code = section.offset as usize..(section.offset + end) as usize;
            content.extend(self.bytes.get(code).context("the object is cut short")?);
            contents.push(content);
        }
        for (number, content) in changed.iter().zip(contents) {
            let header = self.section(*number)?.header;
            self.append(header, &content)?;
        }
        for symbol in self.symbols.clone() {
            if !symbol.is_section() {
                self.set(symbol.at + 4, symbol.value + pools.size(symbol.section))?;
            }
        }
        for (of, (number, _)) in self.relocations.clone() {
            let mut list = moved.remove(&of).unwrap_or_default();
            list.sort_unstable_by_key(|relocation| relocation.offset);
            let words = list.iter().flat_map(|&Relocation { offset, symbol, kind, addend }| {
                [offset, symbol << 8 | u32::from(kind), addend.cast_unsigned()]
            });
            let content: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
            let header = self.sections.get(number).context("no such section")?.header;
            self.append(header, &content)?;
        }
        ensure!(moved.is_empty(), "literals go to a section without relocations");
        Ok(())
    }

    fn append(&mut self, header: usize, content: &[u8]) -> Result<()> {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let offset = u32::try_from(self.bytes.len())?;
        self.bytes.extend(content);
        self.set(header + 16, offset)?;
        self.set(header + 20, u32::try_from(content.len())?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, Relocation};

    const CODE: u32 = 1;
    /// `l32r a8` and the two bytes behind its kind, in a function of five bytes.
    const FUNCTION: [u8; 5] = [0x81, 0xff, 0xff, 0x1d, 0xf0];

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Sections of a kind with what they are for and hold.
    fn object(sections: &[(u32, u32, Vec<u8>)]) -> Object {
        let start = 52 + sections.iter().map(|(.., content)| content.len()).sum::<usize>();
        let mut bytes = b"\x7fELF\x01\x01".to_vec();
        bytes.resize(52, 0);
        bytes[32..36].copy_from_slice(&u32::try_from(start).unwrap().to_le_bytes());
        bytes[48] = u8::try_from(sections.len()).unwrap();
        let mut headers = Vec::new();
        for (kind, info, content) in sections {
            let [at, size] = [bytes.len(), content.len()].map(|size| size.try_into().unwrap());
            headers.extend(words(&[0, *kind, 0, 0, at, size, 0, *info, 0, 0]));
            bytes.extend(content);
        }
        bytes.extend(headers);
        Object::read(bytes).unwrap()
    }

    /// Two functions: behind the first one's five bytes is the literal of the second, the address
    /// of the first, and one that no one loads; what the first loads lies in a section without a
    /// function.
    fn two_functions() -> Object {
        let symbols = [(0, 0, 0), (0, 3, 1), (0, 3, 2), (0, 3, 4), (5, 2, 2), (5, 2, 4)];
        let symbol = |(size, kind, at)| [words(&[0, 0, size]), vec![kind, 0, at, 0]].concat();
        let symbols: Vec<u8> = symbols.map(symbol).concat();
        let [instruction, word] = [|symbol: u32| symbol << 8 | 20, |symbol: u32| symbol << 8 | 1];
        object(&[
            (0, 0, Vec::new()),
            (CODE, 0, words(&[0x1234])),
            (CODE, 0, [&FUNCTION[..], &[0; 8]].concat()),
            (4, 2, words(&[0, instruction(1), 0, 5, word(1), 0, 9, word(2), 0])),
            (CODE, 0, FUNCTION.to_vec()),
            (4, 4, words(&[0, instruction(2), 9])),
            (2, 0, symbols),
        ])
    }

    fn content(object: &Object, number: usize) -> &[u8] {
        let section = object.sections[number];
        &object.bytes[section.offset as usize..][..section.size as usize]
    }

    #[test]
    fn each_literal_comes_before_the_function_that_loads_it() {
        let mut object = two_functions();
        object.settle().unwrap();
        let settled = Object::read(object.bytes).unwrap();
        assert!(content(&settled, 1).is_empty());
        assert_eq!(content(&settled, 2), [&words(&[0x1234])[..], &FUNCTION].concat());
        assert_eq!(content(&settled, 4), [&[0; 4], &FUNCTION[..]].concat());
        let of = |number| settled.relocations[&number].1.clone();
        let load = |symbol| Relocation { offset: 4, symbol, kind: 20, addend: 0 };
        assert_eq!(of(2), [load(2)]);
        // The address of the first function, which has moved too.
        let address = Relocation { offset: 0, symbol: 2, kind: 1, addend: 4 };
        assert_eq!(of(4), [address, load(3)]);
        let values = settled.symbols.iter().map(|symbol| symbol.value);
        assert_eq!(values.collect::<Vec<_>>(), [0, 0, 0, 0, 4, 4]);
        assert_eq!(settled.literal(4, load(3)).unwrap(), Some((4, 0)));
    }

    #[test]
    fn an_object_that_is_cut_short_or_has_functions_without_sections_is_refused() {
        assert!(Object::read(b"\x7fELF\x02\x01".to_vec()).is_err());
        assert!(Object::read(b"\x7fELF\x01\x01".to_vec()).is_err());
        let mut object = two_functions();
        let second = object.symbols.last_mut().unwrap();
        (second.section, second.value) = (2, 13);
        assert!(object.settle().is_err());
    }
}
