//! How much stack the firmware can need, by its call graph, and how much it has used. Code for Arm
//! alone: how its instructions call is read here. Of the RISC-V board the painted stack is known,
//! which the leg `smoke` holds against its bound.
//!
//! The compiler notes the frame of each function in `.stack_sizes` (`-Z emit-stack-sizes`), the
//! disassembly says who calls whom. A call through a pointer that is not in a table, and any
//! recursion, is an error on the way. The bound is compared with what a run of every tool has
//! painted over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use devtools::{Compiler, Gates, programs, sh};
use object::read::Bytes;
use object::{Object as _, ObjectSection as _};

use crate::board::{HANDLERS, TOOLS};
use crate::elf::Image;
use crate::{Board, Emulator, count, firmware, within};

/// The workspace of the firmware.
const FIRMWARE: &str = "firmware-example/rust";
/// Calls through a pointer. Where functions of a name are stored in the image, it is these.
const POINTERS: &str = include_str!("pointers.tsv");

/// What the loop enters the library by.
const LIBRARY: [&str; 2] = ["trine_dispatch::device::Device>::", "trine_dispatch::call::Calls>::"];
/// A panic restarts the board; how deep that goes is of no concern.
const ENDS: &str = "core::panicking::";
/// What an exception pushes on a Cortex-M4F: 26 words, and one to align (Armv7-M manual, B1.5.7).
const EXCEPTION: u64 = 27 * 4;

/// Builds, prints the deepest ways and compares with the board's budget and with what was painted.
pub fn main(board: &Board) -> Result<()> {
    let graph = Graph::of(&build(board, FIRMWARE, firmware::GREENHOUSE, &[])?)?;
    println!("{}: the deepest way from `main`, and what an interrupt adds", board.name);
    let whole = graph.deepest(&["main"], None)?;
    // One interrupt runs at a time: all have one priority.
    let handler = EXCEPTION + graph.deepest(&HANDLERS, None)?;
    println!("the deepest way into the library, the tools themselves aside");
    let (whole, library) = (whole + handler, graph.deepest(&LIBRARY, Some(TOOLS))? + handler);
    let mut gates = Gates::default();
    let what = |of: &str| format!("bytes of stack, an interrupt included, {of}");
    let most = |of: &str| format!("{}.{of}", board.name);
    within(&mut gates, &what("library"), library as f64, &most("library_stack"))?;
    within(&mut gates, &what("whole firmware"), whole as f64, &most("stack"))?;
    let painted = painted(board)? as f64;
    gates.at_most(what("painted while every tool was called"), painted, whole as f64);
    gates.conclude()
}

/// Prints the deepest way down from a function of a program of [`count`], and answers its bytes.
pub(crate) fn below(
    function: &str,
    board: &Board,
    program: &str,
    files: count::Files<'_>,
) -> Result<u64> {
    let elf = build(board, count::WORKSPACE, program, files)?;
    Graph::of(&elf)?.deepest(&[function], None)
}

/// A program once more, with its stack sizes.
fn build(
    board: &Board,
    workspace: &str,
    program: &str,
    files: count::Files<'_>,
) -> Result<PathBuf> {
    let folder = sh::target_dir().join("firmware/stack");
    let mut cargo = Compiler::Debian.cargo("build", board.target);
    cargo.args(["--release", "--bin", program]).envs(files.iter().copied());
    cargo.current_dir(sh::root().join(workspace)).env("BOARD", board.name);
    cargo.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", "-Zemit-stack-sizes");
    sh::run(&mut cargo)?;
    Ok(folder.join(board.target).join("release").join(program))
}

/// How deep the stack was when every tool had been called on the emulated board.
fn painted(board: &Board) -> Result<u64> {
    programs::build()?;
    let elf = firmware::build(board)?;
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
    /// Whether it calls through a pointer that is not in the table.
    is_open: bool,
}

/// The deepest way down from a function: bytes, and the functions on it, the first one last.
type Way = (u64, Vec<u64>);

/// Those that are known. A function whose way is being looked for has none yet.
type Ways = BTreeMap<u64, Option<Way>>;

/// Functions by address.
struct Graph(BTreeMap<u64, Function>);

impl Graph {
    fn of(elf: &Path) -> Result<Self> {
        let symbols = Image::read(elf)?.symbols.into_iter();
        let functions = symbols.filter(|symbol| symbol.bytes > 0 && !symbol.in_ram);
        let functions = functions.map(|symbol| {
            let start = symbol.address & !1;
            let end = start.saturating_add(symbol.bytes);
            (
                start,
                Function {
                    name: symbol.name,
                    end,
                    frame: 0,
                    calls: BTreeSet::new(),
                    is_open: false,
                },
            )
        });
        let mut graph = Self(functions.collect());
        let stored = graph.stack_sizes(&std::fs::read(elf)?)?;
        let objdump = sh::output(sh::line("arm-none-eabi-objdump -d").arg(elf))?;
        graph.disassembly(&objdump, &stored);
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
    fn disassembly(&mut self, text: &str, stored: &BTreeSet<u64>) {
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [address, _, mnemonic, ref operands @ ..] = fields[..] else { continue };
            let address = u64::from_str_radix(address.trim().trim_end_matches(':'), 16).ok();
            let Some(caller) = address.and_then(|address| self.at(address)) else { continue };
            let operand = operands.first().copied().unwrap_or_default();
            let mut called = Vec::new();
            if matches!(mnemonic, "blx" | "bx") && !operand.starts_with("lr") {
                called = self.behind_pointer(caller, stored);
                let is_open = called.is_empty();
                self.0.entry(caller).and_modify(|function| function.is_open |= is_open);
            } else if mnemonic.starts_with('b') || mnemonic.starts_with("cb") {
                let target = operand.rsplit(", ").next().and_then(|word| word.split(' ').next());
                let target = target.and_then(|word| u64::from_str_radix(word, 16).ok());
                called.extend(target.and_then(|target| self.at(target)));
            }
            if let Some(function) = self.0.get_mut(&caller) {
                function.calls.extend(called.into_iter().filter(|other| *other != caller));
            }
        }
    }

    fn behind_pointer(&self, caller: u64, stored: &BTreeSet<u64>) -> Vec<u64> {
        let name = |address: &u64| self.0.get(address).map_or("", |function| &function.name);
        let from = name(&caller);
        let known = POINTERS.lines().filter_map(|line| line.split_once('\t'));
        let known = known.filter(|(caller, _)| from.contains(caller));
        let behind = |other: &&u64| known.clone().any(|(_, part)| name(other).contains(part));
        let found: Vec<u64> = stored.iter().filter(behind).copied().collect();
        // An address may also be made by instructions.
        if found.is_empty() { self.0.keys().filter(behind).copied().collect() } else { found }
    }

    /// Prints the deepest way from any of the functions, which are whole names, or parts of names
    /// that end in `::`, and answers its bytes. What has `aside` in its name counts nothing.
    fn deepest(&self, names: &[&str], aside: Option<&str>) -> Result<u64> {
        let is_meant = |known: &str| {
            let is = |name: &&str| known == *name || name.ends_with("::") && known.contains(name);
            names.iter().any(is)
        };
        let mut ways = Ways::new();
        let meant = self.0.iter().filter(|(_, function)| is_meant(&function.name));
        let down = meant.map(|(start, _)| self.down(*start, aside, &mut ways));
        let deepest = down.collect::<Result<Vec<_>>>()?.into_iter().max();
        let (bytes, way) = deepest.with_context(|| format!("no function is one of {names:?}"))?;
        for function in way.iter().rev().filter_map(|at| self.0.get(at)) {
            println!("{:>6}  {:.100}", function.frame, function.name);
        }
        println!("{bytes:>6}  together");
        Ok(bytes)
    }

    fn down(&self, start: u64, aside: Option<&str>, ways: &mut Ways) -> Result<Way> {
        let Some(function) = self.0.get(&start) else { return Ok(Way::default()) };
        let is_aside = aside.is_some_and(|aside| function.name.contains(aside));
        if is_aside || function.name.starts_with(ENDS) {
            return Ok(Way::default());
        }
        let name = &function.name;
        ensure!(!function.is_open, "{name} calls through a pointer: add it to `pointers.tsv`");
        if let Some(way) = ways.get(&start) {
            let calls_itself = || format!("{name} calls itself in the end");
            return way.clone().with_context(calls_itself);
        }
        ways.insert(start, None);
        let down = function.calls.iter().map(|called| self.down(*called, aside, ways));
        let deepest = down.collect::<Result<Vec<_>>>()?.into_iter().max();
        let (bytes, mut way) = deepest.unwrap_or_default();
        way.push(start);
        let way = (function.frame + bytes, way);
        ways.insert(start, Some(way.clone()));
        Ok(way)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Function, Graph};

    fn graph(functions: &[(u64, &str, u64)]) -> Graph {
        let function = |&(start, name, frame): &(u64, &str, u64)| {
            let (name, end, calls) = (name.to_owned(), start + 16, BTreeSet::new());
            (start, Function { name, end, frame, calls, is_open: false })
        };
        Graph(functions.iter().map(function).collect())
    }

    #[test]
    fn the_deepest_way_goes_through_branches_and_pointers_and_never_back() {
        let mut graph = graph(&[
            (0x100, "main", 8),
            (0x110, "one", 16),
            (0x120, "trine_dispatch::two", 32),
            (0x130, "<a as trine_descriptor::rules::Rules>::judge", 64),
            (0x140, "other", 8),
        ]);
        let text = " 100:\tf000 f800\tbl\t110 <one>\n\
                    104:\te7fe\tb.n\t104 <main+0x4>\n\
                    00000110 <one>:\n\
                    110:\tb110\tcbz\tr0, 118 <one+0x8>\n\
                    112:\tf7ff b800\tb.w\t120 <trine_dispatch::two>\n\
                    120:\t4798\tblx\tr3\n\
                    122:\t4770\tbx\tlr\n\
                    140:\t4798\tblx\tr3\n";
        graph.disassembly(text, &BTreeSet::from([0x130]));
        assert_eq!(graph.deepest(&["main"], None).unwrap(), 120);
        assert_eq!(graph.deepest(&["main"], Some("two")).unwrap(), 24);
        graph.disassembly(" 130:\tx\tbl\t100 <main>\n", &BTreeSet::new());
        assert!(graph.deepest(&["main"], None).is_err(), "recursion");
        assert!(graph.deepest(&["other"], None).is_err(), "an unknown pointer");
    }
}
