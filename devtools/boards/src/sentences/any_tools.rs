//! The base model on chips, for tools that no model was trained for: a base and a table in flash,
//! and nothing beside them. What a chip says is what this computer says, whatever its kernels are:
//! tool, arguments, and confidence to the bit.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, programs, sh};
use devtools_c::output_folder;

use super::{GATED, evenly, texts};
use crate::elf::Image;
use crate::{Board, CHIPS, M4, count, stack};

const PROGRAM: &str = "trine-any-tools";
const BASE: &str = "models/base.bin";
/// Ten tools of the choosing set, whose table is the largest of such.
const LIST: &str = "train/lists/data/projector";
/// Sentences that are counted: all of the list.
const SENTENCES: usize = 48;
/// Sentences that a leg compares on each processor.
const FEW: usize = 12;
/// Most million instructions of a sentence on a Cortex-M4, on average and at worst.
const GATES: [f64; 2] = [60.0, 160.0];
/// What asks a sentence, in the program.
const ASKS: &str = "trine_products::any_tools::asked";
/// Bytes of RAM that asking may take on a Cortex-M4, stack included.
const RAM: u64 = 96 << 10;
/// Bytes of a table before its tools (`core/unseen/src/table.rs`).
const TABLE_HEAD: usize = 28;

/// What the program is handed.
struct Given {
    base: PathBuf,
    table: PathBuf,
    sentences: PathBuf,
    count: usize,
}

impl Given {
    fn new(count: usize) -> Result<Self> {
        let folder = output_folder("any-tools")?;
        let [table, sentences] = ["tools.bin", "sentences.txt"].map(|name| folder.join(name));
        let list = sh::root().join(LIST);
        let mut compile = programs::command("trine tools compile --model");
        compile.arg(BASE).arg("--out").arg(&table).arg(list.join("tools.json"));
        sh::output(&mut compile)?;
        let chosen = evenly(&texts(&list.join("sentences.jsonl"))?, count)?;
        fs::write(&sentences, chosen.join("\n"))?;
        Ok(Self { base: sh::root().join(BASE), table, sentences, count })
    }

    fn files(&self) -> [(&'static str, &std::path::Path); 3] {
        [("BASE", &self.base), ("TABLE", &self.table), ("SENTENCES", &self.sentences)]
    }

    /// Bytes of the three.
    fn bytes(&self) -> Result<u64> {
        let bytes = |(_, file): (&str, &std::path::Path)| Ok(fs::metadata(file)?.len());
        self.files().into_iter().map(bytes).sum()
    }

    /// What this computer answers, a line for each sentence.
    fn answers(&self) -> Result<String> {
        let said = count::on_host(PROGRAM, &self.files())?;
        let (_, answers) = said.split_once('\n').context("this computer says nothing")?;
        ensure!(answers.lines().count() == self.count, "this computer says:\n{said}");
        Ok(answers.to_owned())
    }
}

/// What a chip takes.
struct Taken {
    chip: &'static Board,
    /// Millions of instructions of a sentence, on average and at worst.
    average: f64,
    worst: f64,
    /// Bytes of RAM, without the stack.
    ram: usize,
    /// Bytes of flash without base, table and sentences.
    code: u64,
}

impl Taken {
    /// Asks on a chip; fails where it answers other than `wanted`.
    fn on(chip: &'static Board, given: &Given, wanted: &str) -> Result<Self> {
        let count::Run { said, counts, elf } = count::run(chip, PROGRAM, &given.files())?;
        let (ram, answers) = said.split_once('\n').context("the chip says nothing")?;
        ensure!(answers == wanted, "{} says\n{answers}this computer\n{wanted}", chip.name);
        ensure!(counts.len() == given.count, "{} sentences were counted", counts.len());
        let flash = Image::read(&elf)?.flash_bytes();
        Ok(Self {
            chip,
            average: counts.iter().sum::<u64>() as f64 / counts.len() as f64 / 1e6,
            worst: counts.iter().max().copied().unwrap_or_default() as f64 / 1e6,
            ram: ram.parse()?,
            code: flash.saturating_sub(given.bytes()?),
        })
    }

    fn row(&self) -> String {
        let Self { chip: Board { processor, name, .. }, average, worst, ram, code } = self;
        format!("| {processor} | {name} | {average:.2} | {worst:.2} | {ram} | {code} |\n")
    }
}

/// A part of the leg `ask`: a few sentences on every processor.
pub(super) fn compare() -> Result<()> {
    let given = Given::new(FEW)?;
    let wanted = given.answers()?;
    for chip in CHIPS {
        let taken = Taken::on(chip, &given, &wanted)?;
        let Board { processor, name, .. } = chip;
        println!(
            "{processor} ({name}): {FEW} sentences for tools never seen: the same call and \
             confidence; {:.2} M instructions on average",
            taken.average
        );
        if *processor == GATED {
            let stack = stack::below(ASKS, &M4, PROGRAM, &given.files())?;
            let all = taken.ram as u64 + stack;
            println!("{processor}: {all} B of RAM, {stack} B of them stack");
            ensure!(all <= RAM, "{all} bytes of RAM, at most {RAM}");
        }
    }
    Ok(())
}

/// `cargo xtask bench unseen [--record]`: counts on every processor.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("unseen", Figures::Counts, keep)?;
    let record = record.program("rustc")?.program("qemu-system-arm")?;
    programs::build()?;
    let given = Given::new(SENTENCES)?;
    let wanted = given.answers()?;
    let base = fs::metadata(&given.base)?.len();
    let mut text = format!(
        "Instructions, not cycles, of sentences of `{LIST}`, on emulated boards: all {SENTENCES}, \
         for ten tools that no model was trained for. Flash: the base {base} B, {}; code beside \
         them, start-up and printing included.\n\n\
         | processor | board | average, M | worst, M | RAM without stack, B | code, B |\n\
         |---|---|---:|---:|---:|---:|\n",
        table_bytes(&fs::read(&given.table)?)?
    );
    let mut gates = Gates::default();
    for chip in CHIPS {
        let taken = Taken::on(chip, &given, &wanted)?;
        text += &taken.row();
        if chip.processor == GATED {
            let stack = stack::below(ASKS, &M4, PROGRAM, &given.files())?;
            let all = taken.ram as f64 + stack as f64;
            gates.at_most(format!("{GATED}: bytes of RAM, {stack} of them stack"), all, RAM as f64);
            for (figure, most) in [taken.average, taken.worst].into_iter().zip(GATES) {
                gates.at_most(format!("{GATED}: M instructions a sentence"), figure, most);
            }
        }
    }
    record.end_with(&text, &gates)
}

/// What a table takes, and its tools on average and at most.
fn table_bytes(table: &[u8]) -> Result<String> {
    let (mut tools, mut at) = (Vec::new(), TABLE_HEAD);
    while at < table.len() {
        let length = table.get(at..).and_then(|rest| rest.first_chunk());
        let length = u32::from_le_bytes(*length.context("the table is cut")?) as usize;
        ensure!(length > 0, "a tool of the table has no bytes");
        tools.push(length);
        at += length;
    }
    let most = tools.iter().max().context("the table has no tools")?;
    let average = tools.iter().sum::<usize>() / tools.len();
    let all = table.len();
    Ok(format!("the table of {} tools {all} B, a tool {average} B, at most {most} B", tools.len()))
}

#[cfg(test)]
mod tests {
    use super::{TABLE_HEAD, table_bytes};

    #[test]
    fn tools_of_a_table_are_counted() {
        let tool = |length: u32| {
            let mut bytes = vec![0; length as usize];
            bytes[..4].copy_from_slice(&length.to_le_bytes());
            bytes
        };
        let table = [vec![0; TABLE_HEAD], tool(40), tool(60)].concat();
        let said = table_bytes(&table).unwrap();
        assert_eq!(said, "the table of 2 tools 128 B, a tool 50 B, at most 60 B");
        assert!(table_bytes(&table[..TABLE_HEAD]).is_err());
        assert!(table_bytes(&[table, vec![0; 3]].concat()).is_err());
    }
}
