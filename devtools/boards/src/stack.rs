//! How much stack the firmware can need, by its call graph, and how much it has used. Code for Arm
//! alone: how its instructions call is read here. Of the RISC-V board the painted stack is known,
//! which the leg `smoke` holds against its bound.
//!
//! The compiler notes the frame of each function in `.stack_sizes` (`-Z emit-stack-sizes`), the
//! disassembly says who calls whom. Calls through a pointer are resolved by the table below; one
//! that is not in it, and any recursion, is an error. The bound is then compared with what a run of
//! every tool on the emulated board has painted over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use devtools::baremetal::Compiler;
use devtools::elf::Image;
use devtools::{programs, sh};
use object::{Object as _, ObjectSection as _};

use crate::board::Board;
use crate::emulator::Emulator;
use crate::firmware;
use crate::firmware::Variant;
use crate::size::Budgets;

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

/// The user's own code, as the dispatcher calls it.
const TOOLS: &str = "as trine_dispatch::call::Tools>::";
/// What the loop enters the library by.
const LIBRARY: [&str; 2] = ["trine_dispatch::device::Device>::", "trine_dispatch::call::Calls>::"];
/// Interrupts and the clock. All have one priority, so that one runs at a time.
const HANDLERS: [&str; 5] = ["UART0_RX", "UART0_TX", "UART1_RX", "UART1_TX", "SysTick"];
/// A panic restarts the board; how deep that goes is of no concern.
const ENDS: &str = "core::panicking::";
/// What an exception pushes on a Cortex-M4F: 26 words, and one to align (Armv7-M manual, B1.5.7).
const EXCEPTION: u64 = 27 * 4;

/// Builds, prints the deepest ways and compares with the board's budget and with what was painted.
pub fn main(board: &Board) -> Result<()> {
    let graph = Graph::of(&build(board)?)?;
    let budget = Budgets::read()?.of(board)?;
    let (Some(most), Some(library_most)) = (budget.stack, budget.library_stack) else {
        bail!("{}: there is no budget of its stack", board.name);
    };
    let outside = |_: &str| false;
    let mut whole = graph.deepest("main", &outside)?;
    let handler = graph.deepest_of(&HANDLERS, &outside)?;
    println!("{}: the deepest way from `main`, and what an interrupt adds", board.name);
    whole.show(&graph);
    handler.show(&graph);
    whole.bytes += EXCEPTION + handler.bytes;
    let mut library = graph.deepest_of(&LIBRARY, &|name| name.contains(TOOLS))?;
    println!("the deepest way into the library, the tools themselves aside");
    library.show(&graph);
    library.bytes += EXCEPTION + handler.bytes;
    let painted = painted(board)?;
    println!("\n{:<44}{:>8}{:>10}", "stack, an interrupt included", "bytes", "at most");
    println!("{:<44}{:>8}{:>10}", "library", library.bytes, library_most);
    println!("{:<44}{:>8}{:>10}", "whole firmware", whole.bytes, most);
    println!("{:<44}{painted:>8}{:>10}", "painted while every tool was called", whole.bytes);
    ensure!(library.bytes <= library_most, "the library needs {} B", library.bytes);
    ensure!(whole.bytes <= most, "the firmware needs {} B of stack", whole.bytes);
    ensure!(painted <= whole.bytes, "{painted} B were used of {} B at most", whole.bytes);
    Ok(())
}

/// The firmware once more, with its stack sizes.
fn build(board: &Board) -> Result<PathBuf> {
    let compiler = Compiler::Debian;
    let folder = sh::target_dir().join("firmware/stack");
    let mut cargo = compiler.cargo("build", board.target);
    cargo
        .args(["--release", "--bin", Variant::Trine.program()])
        .current_dir(sh::root().join("firmware-example/rust"))
        .env("BOARD", board.name)
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", "-Zemit-stack-sizes");
    sh::run(&mut cargo)?;
    Ok(folder.join(board.target).join("release").join(Variant::Trine.program()))
}

/// How deep the stack was when every tool had been called on the emulated board.
fn painted(board: &Board) -> Result<u64> {
    programs::build()?;
    let elf = firmware::build(board, Variant::Trine)?;
    let emulator = Emulator::start(board, &elf, &[])?;
    let said = sh::output(programs::command("trine-smoke").args(emulator.sockets()))?;
    let words: Vec<&str> = said.split_whitespace().collect();
    let at = words.windows(4).find(|words| words[1..] == ["bytes", "at", "its"]);
    let bytes = at.and_then(|words| words[0].parse().ok());
    bytes.with_context(|| format!("the board's examination names no depth of the stack:\n{said}"))
}

/// One function.
#[derive(Debug, Default)]
struct Function {
    name: String,
    end: u64,
    frame: u64,
    calls: BTreeSet<u64>,
}

/// Functions by address.
#[derive(Debug)]
struct Graph {
    functions: BTreeMap<u64, Function>,
}

/// A way down, and the bytes that it takes.
#[derive(Debug, Clone, Default)]
struct Way {
    bytes: u64,
    /// Addresses from the outermost function on.
    functions: Vec<u64>,
}

impl Way {
    fn show(&self, graph: &Graph) {
        for address in &self.functions {
            if let Some(function) = graph.functions.get(address) {
                let name: String = function.name.chars().take(100).collect();
                println!("{:>6}  {name}", function.frame);
            }
        }
        println!("{:>6}  together", self.bytes);
    }
}

impl Graph {
    fn of(elf: &Path) -> Result<Self> {
        let image = Image::read(elf)?;
        let mut functions = BTreeMap::new();
        for symbol in image.symbols.into_iter().filter(|symbol| !symbol.in_ram) {
            let start = symbol.address & !1;
            let end = start.saturating_add(symbol.bytes);
            functions.insert(start, Function { name: symbol.name, end, ..Function::default() });
        }
        let mut graph = Self { functions };
        let stored = graph.stack_sizes(&fs::read(elf)?)?;
        let objdump = sh::output(sh::command("arm-none-eabi-objdump").args(["-d"]).arg(elf))?;
        graph.disassembly(&objdump, &stored)?;
        Ok(graph)
    }

    /// Takes the frames from `.stack_sizes`: an address of four bytes and a LEB128 number each.
    /// Answers the functions whose address is stored among the constants.
    fn stack_sizes(&mut self, elf: &[u8]) -> Result<BTreeSet<u64>> {
        let file = object::File::parse(elf)?;
        let part = file.section_by_name(".stack_sizes").context("there are no .stack_sizes")?;
        let mut rest = part.data()?;
        while let Some((address, behind)) = rest.split_first_chunk::<4>() {
            let (mut size, mut shift, mut bytes) = (0, 0, behind);
            while let Some((&byte, behind)) = bytes.split_first() {
                size |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                bytes = behind;
                if byte < 0x80 {
                    break;
                }
            }
            rest = bytes;
            let address = u64::from(u32::from_le_bytes(*address) & !1);
            if let Some(function) = self.functions.get_mut(&address) {
                function.frame = size;
            }
        }
        let mut stored = BTreeSet::new();
        for name in [".rodata", ".data"] {
            let Some(part) = file.section_by_name(name) else { continue };
            for word in part.data()?.as_chunks::<4>().0 {
                let word = u64::from(u32::from_le_bytes(*word));
                if word & 1 == 1 && self.functions.contains_key(&(word & !1)) {
                    stored.insert(word & !1);
                }
            }
        }
        Ok(stored)
    }

    fn at(&self, address: u64) -> Option<u64> {
        let (&start, function) = self.functions.range(..=address).next_back()?;
        (address < function.end).then_some(start)
    }

    /// Reads who calls whom: any branch that leaves a function counts as a call.
    fn disassembly(&mut self, text: &str, stored: &BTreeSet<u64>) -> Result<()> {
        for line in text.lines() {
            let mut fields = line.split('\t');
            let (Some(address), Some(_), Some(mnemonic)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let Ok(address) = u64::from_str_radix(address.trim().trim_end_matches(':'), 16) else {
                continue;
            };
            let Some(caller) = self.at(address) else { continue };
            let operand = fields.next().unwrap_or_default();
            let mut called = Vec::new();
            if matches!(mnemonic, "blx" | "bx") && !operand.starts_with("lr") {
                called = self.behind_pointer(caller, stored)?;
            } else if mnemonic.starts_with('b') || mnemonic.starts_with("cb") {
                let target = operand.rsplit(", ").next().and_then(|word| word.split(' ').next());
                let target = target.and_then(|word| u64::from_str_radix(word, 16).ok());
                called.extend(target.and_then(|target| self.at(target)));
            }
            if let Some(function) = self.functions.get_mut(&caller) {
                function.calls.extend(called.into_iter().filter(|other| *other != caller));
            }
        }
        Ok(())
    }

    fn behind_pointer(&self, caller: u64, stored: &BTreeSet<u64>) -> Result<Vec<u64>> {
        let name = self.functions.get(&caller).map_or("", |function| &function.name);
        let mut found = Vec::new();
        for (_, wanted) in POINTERS.iter().filter(|(from, _)| name.contains(from)) {
            found.extend(stored.iter().copied().filter(|other| {
                self.functions.get(other).is_some_and(|other| other.name.contains(wanted))
            }));
        }
        if found.is_empty() {
            bail!("{name} calls through a pointer: add what is behind it to `POINTERS`");
        }
        Ok(found)
    }

    /// The deepest way from the function of that name; what `aside` names counts nothing.
    fn deepest(&self, name: &str, aside: &dyn Fn(&str) -> bool) -> Result<Way> {
        let start = self.functions.iter().find(|(_, function)| function.name == name);
        let (&start, _) = start.with_context(|| format!("there is no function `{name}`"))?;
        self.down(start, aside, &mut Vec::new(), &mut BTreeMap::new())
    }

    /// The deepest way from any function whose name holds one of these.
    fn deepest_of(&self, names: &[&str], aside: &dyn Fn(&str) -> bool) -> Result<Way> {
        let mut known = BTreeMap::new();
        let mut deepest = Way::default();
        for (&start, function) in &self.functions {
            if names.iter().any(|name| function.name.contains(name)) {
                let way = self.down(start, aside, &mut Vec::new(), &mut known)?;
                if way.bytes > deepest.bytes {
                    deepest = way;
                }
            }
        }
        ensure!(!deepest.functions.is_empty(), "no function is one of {names:?}");
        Ok(deepest)
    }

    fn down(
        &self,
        start: u64,
        aside: &dyn Fn(&str) -> bool,
        above: &mut Vec<u64>,
        known: &mut BTreeMap<u64, Way>,
    ) -> Result<Way> {
        let Some(function) = self.functions.get(&start) else { return Ok(Way::default()) };
        if aside(&function.name) || function.name.starts_with(ENDS) {
            return Ok(Way::default());
        }
        if let Some(way) = known.get(&start) {
            return Ok(way.clone());
        }
        ensure!(!above.contains(&start), "{} calls itself in the end", function.name);
        above.push(start);
        let mut deepest = Way::default();
        for &called in &function.calls {
            let way = self.down(called, aside, above, known)?;
            if way.bytes > deepest.bytes {
                deepest = way;
            }
        }
        above.pop();
        deepest.bytes += function.frame;
        deepest.functions.insert(0, start);
        known.insert(start, deepest.clone());
        Ok(deepest)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Function, Graph};

    fn graph(functions: &[(u64, &str, u64)]) -> Graph {
        let function = |&(start, name, frame): &(u64, &str, u64)| {
            let (name, end, calls) = (name.to_owned(), start + 16, BTreeSet::new());
            (start, Function { name, end, frame, calls })
        };
        Graph { functions: functions.iter().map(function).collect::<BTreeMap<_, _>>() }
    }

    const TEXT: &str = "\
00000100 <main>:
 100:\tf000 f800\tbl\t110 <one>
 104:\te7fe\tb.n\t104 <main+0x4>
00000110 <one>:
 110:\tb110\tcbz\tr0, 118 <one+0x8>
 112:\tf7ff b800\tb.w\t120 <trine_dispatch::two>
00000120 <trine_dispatch::two>:
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
        assert_eq!(graph.deepest("main", &|_| false).unwrap().bytes, 120);
        assert_eq!(graph.deepest("main", &|name| name.contains("two")).unwrap().bytes, 24);
        let mut open = self::graph(&[(0x120, "other", 0)]);
        assert!(open.disassembly(TEXT, &BTreeSet::new()).is_err(), "an unknown pointer");
    }

    #[test]
    fn recursion_is_an_error() {
        let mut graph = graph(&[(0x100, "main", 8), (0x110, "one", 16)]);
        graph
            .disassembly(" 110:\tx\tbl\t100 <main>\n 100:\tx\tbl\t110 <one>\n", &BTreeSet::new())
            .unwrap();
        assert!(graph.deepest("main", &|_| false).is_err());
    }
}
