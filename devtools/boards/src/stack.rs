//! How much stack the firmware can need, by its call graph, and how much it has used. Code for Arm
//! alone: how its instructions call is read here. Of the RISC-V board the painted stack is known,
//! which the leg `smoke` holds against its bound.
//!
//! The compiler notes the frame of each function in `.stack_sizes` (`-Z emit-stack-sizes`), the
//! disassembly says who calls whom. Calls through a pointer are resolved by the table below; one
//! that is not in it, and any recursion, is an error. The bound is then compared with what a run of
//! every tool on the emulated board has painted over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use devtools::{Compiler, Gates, Image, programs, sh};
use object::read::Bytes;
use object::{Object as _, ObjectSection as _};

use crate::board::{HANDLERS, TOOLS};
use crate::{Board, Emulator, Variant, budget, firmware};

/// Calls through a pointer: who makes them, and what can be behind it. A function is only taken
/// where its address is stored in the image.
const POINTERS: &[(&str, &str)] = &[
    // The table of tools, as the dispatcher and the arguments of a call know it.
    ("trine_dispatch::", "as trine_descriptor::rules::Rules>::"),
    ("trine_descriptor::args::Args", "as trine_descriptor::rules::Rules>::"),
    // The device's poll is inlined into the loop of the firmware.
    ("trine_firmware::run", "as trine_descriptor::rules::Rules>::"),
    // The board's own notices and drivers.
    ("trine_board::", "trine_board::"),
];

/// What the loop enters the library by.
const LIBRARY: [&str; 2] = ["trine_dispatch::device::Device>::", "trine_dispatch::call::Calls>::"];
/// A panic restarts the board; how deep that goes is of no concern.
const ENDS: &str = "core::panicking::";
/// What an exception pushes on a Cortex-M4F: 26 words, and one to align (Armv7-M manual, B1.5.7).
const EXCEPTION: u64 = 27 * 4;

/// Builds, prints the deepest ways and compares with the board's budget and with what was painted.
pub fn main(board: &Board) -> Result<()> {
    let graph = Graph::of(&build(board)?)?;
    println!("{}: the deepest way from `main`, and what an interrupt adds", board.name);
    let whole = graph.deepest(&["main"], None)?;
    // One interrupt runs at a time: all have one priority.
    let handler = EXCEPTION + graph.deepest(&HANDLERS, None)?;
    println!("the deepest way into the library, the tools themselves aside");
    let (whole, library) = (whole + handler, graph.deepest(&LIBRARY, Some(TOOLS))? + handler);
    let painted = painted(board)?;
    let mut gates = Gates::default();
    for (what, bytes, most) in [
        ("library", library, budget(&format!("{}.library_stack", board.name))?),
        ("whole firmware", whole, budget(&format!("{}.stack", board.name))?),
        ("painted while every tool was called", painted, whole as f64),
    ] {
        let what = format!("bytes of stack, an interrupt included, {what}");
        gates.at_most(what, bytes as f64, most);
    }
    println!("\n{}", gates.text());
    gates.check()
}

/// The firmware once more, with its stack sizes.
fn build(board: &Board) -> Result<PathBuf> {
    let (program, folder) = (Variant::Trine.program(), sh::target_dir().join("firmware/stack"));
    let mut cargo = Compiler::Debian.cargo("build", board.target);
    cargo.args(["--release", "--bin", program]);
    cargo.current_dir(sh::root().join("firmware-example/rust")).env("BOARD", board.name);
    cargo.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", "-Zemit-stack-sizes");
    sh::run(&mut cargo)?;
    Ok(folder.join(board.target).join("release").join(program))
}

/// How deep the stack was when every tool had been called on the emulated board.
fn painted(board: &Board) -> Result<u64> {
    programs::build()?;
    let elf = firmware::build(board, Variant::Trine)?;
    let emulator = Emulator::start(board, &elf, &[])?;
    let said = sh::output(&mut emulator.smoke([""; 0]))?;
    let before = said.split_once(" bytes at its ").map(|(before, _)| before);
    let bytes = before.and_then(|text| text.split_whitespace().next_back()?.parse().ok());
    bytes.with_context(|| format!("the board's examination names no depth of the stack:\n{said}"))
}

struct Function {
    name: String,
    end: u64,
    frame: u64,
    calls: BTreeSet<u64>,
}

/// The deepest ways down from functions: bytes, and the function that is called first. A function
/// whose way is being looked for has none yet.
type Ways = BTreeMap<u64, Option<(u64, Option<u64>)>>;

/// Functions by address.
struct Graph(BTreeMap<u64, Function>);

impl Graph {
    fn of(elf: &Path) -> Result<Self> {
        let functions = Image::read(elf)?.symbols.into_iter().filter(|symbol| !symbol.in_ram);
        let functions = functions.map(|symbol| {
            let start = symbol.address & !1;
            let end = start.saturating_add(symbol.bytes);
            (start, Function { name: symbol.name, end, frame: 0, calls: BTreeSet::new() })
        });
        let mut graph = Self(functions.collect());
        let stored = graph.stack_sizes(&std::fs::read(elf)?)?;
        let objdump = sh::output(sh::line("arm-none-eabi-objdump -d").arg(elf))?;
        graph.disassembly(&objdump, &stored)?;
        Ok(graph)
    }

    /// Takes the frames from `.stack_sizes`: an address of four bytes and a LEB128 number each.
    /// Answers the functions whose address is stored among the constants.
    fn stack_sizes(&mut self, elf: &[u8]) -> Result<BTreeSet<u64>> {
        let file = object::File::parse(elf)?;
        let part = file.section_by_name(".stack_sizes").context("there are no .stack_sizes")?;
        let mut rest = Bytes(part.data()?);
        while !rest.is_empty() {
            let (Ok(address), Ok(frame)) = (rest.read(), rest.read_uleb128()) else {
                bail!(".stack_sizes ends within an entry");
            };
            let address = u64::from(u32::from_le_bytes(*address) & !1);
            if let Some(function) = self.0.get_mut(&address) {
                function.frame = frame;
            }
        }
        let mut stored = BTreeSet::new();
        for part in [".rodata", ".data"].iter().filter_map(|name| file.section_by_name(name)) {
            let words = part.data()?.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
            let odd = words.filter(|word| word & 1 == 1).map(|word| u64::from(word & !1));
            stored.extend(odd.filter(|address| self.0.contains_key(address)));
        }
        Ok(stored)
    }

    fn at(&self, address: u64) -> Option<u64> {
        let (&start, function) = self.0.range(..=address).next_back()?;
        (address < function.end).then_some(start)
    }

    /// Reads who calls whom: any branch that leaves a function counts as a call.
    fn disassembly(&mut self, text: &str, stored: &BTreeSet<u64>) -> Result<()> {
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [address, _, mnemonic, ref operands @ ..] = fields[..] else { continue };
            let address = u64::from_str_radix(address.trim().trim_end_matches(':'), 16).ok();
            let Some(caller) = address.and_then(|address| self.at(address)) else { continue };
            let operand = operands.first().copied().unwrap_or_default();
            let mut called = Vec::new();
            if matches!(mnemonic, "blx" | "bx") && !operand.starts_with("lr") {
                called = self.behind_pointer(caller, stored)?;
            } else if mnemonic.starts_with('b') || mnemonic.starts_with("cb") {
                let target = operand.rsplit(", ").next().and_then(|word| word.split(' ').next());
                let target = target.and_then(|word| u64::from_str_radix(word, 16).ok());
                called.extend(target.and_then(|target| self.at(target)));
            }
            if let Some(function) = self.0.get_mut(&caller) {
                function.calls.extend(called.into_iter().filter(|other| *other != caller));
            }
        }
        Ok(())
    }

    fn behind_pointer(&self, caller: u64, stored: &BTreeSet<u64>) -> Result<Vec<u64>> {
        let name = |address: &u64| self.0.get(address).map_or("", |function| &function.name);
        let from = name(&caller);
        let known = POINTERS.iter().filter(|(caller, _)| from.contains(caller));
        let behind = |other: &&u64| known.clone().any(|(_, part)| name(other).contains(part));
        let found: Vec<u64> = stored.iter().filter(behind).copied().collect();
        let is_known = !found.is_empty();
        ensure!(is_known, "{from} calls through a pointer: add what is behind it to `POINTERS`");
        Ok(found)
    }

    /// Prints the deepest way from any of the functions, which are whole names, or parts of names
    /// that end in `::`, and answers its bytes. What has `aside` in its name counts nothing.
    fn deepest(&self, names: &[&str], aside: Option<&str>) -> Result<u64> {
        let is_meant = |known: &str| {
            let is = |name: &&str| known == *name || name.ends_with("::") && known.contains(name);
            names.iter().any(is)
        };
        let (mut ways, mut deepest) = (Ways::new(), None);
        for (&start, _) in self.0.iter().filter(|(_, function)| is_meant(&function.name)) {
            deepest = deepest.max(Some((self.down(start, aside, &mut ways)?, start)));
        }
        let (bytes, start) = deepest.with_context(|| format!("no function is one of {names:?}"))?;
        let mut next = Some(start);
        while let Some((at, function)) = next.and_then(|at| self.0.get_key_value(&at)) {
            println!("{:>6}  {:.100}", function.frame, function.name);
            next = ways.get(at).copied().flatten().and_then(|(_, called)| called);
        }
        println!("{bytes:>6}  together");
        Ok(bytes)
    }

    fn down(&self, start: u64, aside: Option<&str>, ways: &mut Ways) -> Result<u64> {
        let Some(function) = self.0.get(&start) else { return Ok(0) };
        let is_aside = aside.is_some_and(|aside| function.name.contains(aside));
        if is_aside || function.name.starts_with(ENDS) {
            return Ok(0);
        }
        if let Some(way) = ways.get(&start) {
            let calls_itself = || format!("{} calls itself in the end", function.name);
            return way.map(|(bytes, _)| bytes).with_context(calls_itself);
        }
        ways.insert(start, None);
        let (mut deepest, mut first) = (0, None);
        for &called in &function.calls {
            let bytes = self.down(called, aside, ways)?;
            if bytes > deepest {
                (deepest, first) = (bytes, Some(called));
            }
        }
        ways.insert(start, Some((function.frame + deepest, first)));
        Ok(function.frame + deepest)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Function, Graph};

    fn graph(functions: &[(u64, &str, u64)]) -> Graph {
        let function = |&(start, name, frame): &(u64, &str, u64)| {
            let (name, end, calls) = (name.to_owned(), start + 16, BTreeSet::new());
            (start, Function { name, end, frame, calls })
        };
        Graph(functions.iter().map(function).collect())
    }

    const TEXT: &str = "\
 100:\tf000 f800\tbl\t110 <one>
 104:\te7fe\tb.n\t104 <main+0x4>
00000110 <one>:
 110:\tb110\tcbz\tr0, 118 <one+0x8>
 112:\tf7ff b800\tb.w\t120 <trine_dispatch::two>
 120:\t4798\tblx\tr3
 122:\t4770\tbx\tlr
";

    #[test]
    fn the_deepest_way_goes_through_branches_and_pointers() {
        let mut graph = graph(&[
            (0x100, "main", 8),
            (0x110, "one", 16),
            (0x120, "trine_dispatch::two", 32),
            (0x130, "<a as trine_descriptor::rules::Rules>::judge", 64),
        ]);
        graph.disassembly(TEXT, &BTreeSet::from([0x130])).unwrap();
        assert_eq!(graph.deepest(&["main"], None).unwrap(), 120);
        assert_eq!(graph.deepest(&["main"], Some("two")).unwrap(), 24);
        let mut open = self::graph(&[(0x120, "other", 0)]);
        assert!(open.disassembly(TEXT, &BTreeSet::new()).is_err(), "an unknown pointer");
    }

    #[test]
    fn recursion_is_an_error() {
        let mut graph = graph(&[(0x100, "main", 8), (0x110, "one", 16)]);
        let text = " 110:\tx\tbl\t100 <main>\n 100:\tx\tbl\t110 <one>\n";
        graph.disassembly(text, &BTreeSet::new()).unwrap();
        assert!(graph.deepest(&["main"], None).is_err());
    }
}
