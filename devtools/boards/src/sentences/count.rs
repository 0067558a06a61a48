//! What a sentence costs a chip, in instructions, from the board's taking it up to its answer being
//! given to the line; loop, interrupts and tools of that time included. And what one costs that the
//! model of SNIPS reads, which is twice as wide as the board's: the model in flash and nothing
//! beside it, since no board has these tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, programs, sh};
use devtools_c::output_folder;

use super::parity::on_host;
use super::{
    FITTING, FOLDER, GATED, MODEL, build, evenly, longest, pack, sentences, texts, tokens,
    validation,
};
use crate::count::{self, model, numbers, region};
use crate::elf::Image;
use crate::{BOARDS, Board, CHIPS, Emulator, M4};

/// What sentences take on a chip, in millions of instructions.
struct Counts {
    chip: &'static Board,
    sentences: usize,
    average: f64,
    worst: f64,
}

impl Counts {
    /// Of so many sentences. Those at the end, chosen for their length, are not in the average.
    fn of(chip: &'static Board, each: &[u64], sentences: usize, long: usize) -> Result<Self> {
        ensure!(each.len() == sentences, "{} sentences were counted", each.len());
        let (usual, chosen) = each.split_at(sentences.saturating_sub(long));
        let average = usual.iter().sum::<u64>() as f64 / usual.len() as f64 / 1e6;
        let worst = usual.iter().chain(chosen).max().copied().unwrap_or_default() as f64 / 1e6;
        Ok(Self { chip, sentences, average, worst })
    }
}

/// Sentences that are counted.
const SENTENCES: usize = 50;
/// The same where it only has to be seen that counting works.
const FEW: usize = 3;
/// How long the last of them may take after its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most million instructions of a sentence on a Cortex-M4, on average and at worst.
const GATES: [f64; 2] = [20.0, 40.0];
/// The program that reads with the model of SNIPS, and its gates.
const SNIPS: &str = "trine-sentences";
const SNIPS_GATES: [f64; 2] = [80.0, f64::INFINITY];

/// `cargo xtask bench ask [--record]`: counts on every processor.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("ask", Figures::Counts, keep)?;
    let record = record.program("rustc")?.program("qemu-system-arm")?;
    programs::build()?;
    let image = pack(MODEL.as_ref())?;
    let counts = measure(CHIPS, &image, SENTENCES)?;
    let mut text = format!(
        "Instructions, not cycles, of sentences of `train/board/validation`, on emulated boards: \
         {SENTENCES}, the one of all that has the most tokens, and one that does not fit in the \
         end.\n\n{}\n{}",
        table("board.gguf, behind the firmware", &counts),
        by_length(&image)?
    );
    let mut gates = Gates::default();
    check(&mut gates, &counts, GATES);
    if let Some(counts) = snips(SENTENCES)? {
        text += &format!("\n{}", table("snips.gguf, the model alone", &counts));
        check(&mut gates, &counts, SNIPS_GATES);
    }
    record.end_with(&text, &gates)
}

/// Sentences that are counted of each number of words.
const OF_A_LENGTH: usize = 10;
/// No sentence of the validation set has 40 words; the longest of them has, with six more.
const WORDS_40: &str = "It's Jean from number nine, I've got my arms full of tomatoes and can't \
                        find a switch anywhere, so would you turn on the door light for me, dim \
                        will do, say twenty percent, and thank you kindly, my dear.";

/// What sentences of 3, 10 and 40 words take on average.
fn by_length(image: &Path) -> Result<String> {
    let all = validation()?;
    let of = |words| {
        let is_so_long = |text: &&String| text.split_whitespace().count() == words;
        evenly(&all.iter().filter(is_so_long).cloned().collect::<Vec<_>>(), OF_A_LENGTH)
    };
    let heads: String = CHIPS.iter().map(|chip| format!(" {}, M |", chip.processor)).collect();
    let line = "---:|".repeat(CHIPS.len());
    let mut text = format!("| words | sentences | most tokens |{heads}\n|---|---:|---:|{line}\n");
    for (words, sentences) in [(3, of(3)?), (10, of(10)?), (40, vec![WORDS_40.to_owned()])] {
        let (_, said) = on_host(image, "lengths.jsonl", &sentences)?;
        let most = said.lines().map(tokens).collect::<Result<Vec<_>>>()?.into_iter().max();
        let most = most.unwrap_or_default();
        let refused = if most > FITTING { ", which do not fit" } else { "" };
        text += &format!("| {words}{refused} | {} | {most} |", sentences.len());
        for chip in CHIPS {
            text += &format!(" {:.2} |", measure_on(chip, image, &sentences, 0)?.average);
        }
        text.push('\n');
    }
    Ok(text)
}

/// Counts a few sentences on two processors, and two of the model of SNIPS on one, of which no data
/// is needed.
pub(super) fn small(image: &Path) -> Result<()> {
    let own = ["play the newest song of the band next door", "will it snow in the hills on friday"];
    let (board, snips) = (measure(BOARDS, image, FEW)?, snips_on(&[&M4], &own.map(str::to_owned))?);
    println!("{}\n{}", table("board.gguf", &board), table("snips.gguf", &snips));
    let mut gates = Gates::default();
    check(&mut gates, &board, GATES);
    check(&mut gates, &snips, SNIPS_GATES);
    gates.check()
}

/// What the board gives up on when all of its room for tokens is used: a sentence of rare letters,
/// each of them a token, that is copied to a call. No sentence takes it longer.
const OVERFULL: &str = "put up the text kiwi vex fjord buzz hymn kiwi vex fjord on line 2 please";

/// Sentences of a count that were chosen for their length, at the end.
const LONG: usize = 2;

/// Counts so many sentences, the longest of all, and one that does not fit.
fn measure(chips: &'static [Board], image: &Path, count: usize) -> Result<Vec<Counts>> {
    let mut sentences = sentences(count)?;
    sentences.extend([longest(image)?, OVERFULL.to_owned()]);
    chips.iter().map(|chip| measure_on(chip, image, &sentences, LONG)).collect()
}

fn measure_on(
    chip: &'static Board,
    image: &Path,
    sentences: &[String],
    long: usize,
) -> Result<Counts> {
    let elf = build(chip, image)?;
    let (file, counts) = (output_folder(FOLDER)?.join("counted.txt"), elf.with_extension("counts"));
    let places = ["trine_firmware::ask::sentence_begins", "trine_firmware::ask::sentence_ends"];
    let region = region(&Image::read(&elf)?, places, &counts)?;
    fs::write(&file, sentences.join("\n"))?;
    let emulator = Emulator::start(chip, &elf, &["-icount", "shift=5", "-plugin", &region])?;
    sh::output(&mut emulator.smoke(["--count".as_ref(), file.as_os_str()]))?;
    // The board gives an answer to the line a little before it is through with the sentence.
    let all = || numbers(&counts).ok().filter(|each| each.len() >= sentences.len());
    sh::within(PATIENCE, all);
    drop(emulator);
    Counts::of(chip, &numbers(&counts)?, sentences.len(), long)
}

/// Counts sentences of the validation data of SNIPS on the processors with instructions for floats,
/// since others take minutes for so large a model; `None`, and a line, where it is not.
fn snips(count: usize) -> Result<Option<Vec<Counts>>> {
    let Some(data) = std::env::var_os("TRINE_DATA").map(PathBuf::from) else {
        println!("skipped: sentences of SNIPS: set TRINE_DATA to a folder with snips/");
        return Ok(None);
    };
    let sentences = evenly(&texts(&data.join("snips/dev.jsonl"))?, count).context("snips")?;
    let chips: Vec<&Board> = CHIPS.iter().filter(|chip| chip.target.ends_with("hf")).collect();
    snips_on(&chips, &sentences).map(Some)
}

/// What a chip says is what this computer says: call, confidence to the bit, tokens.
fn snips_on(chips: &[&'static Board], sentences: &[String]) -> Result<Vec<Counts>> {
    let folder = output_folder("snips")?;
    let [image, tools, text] =
        ["snips.trnm", "tools.bin", "sentences.txt"].map(|name| folder.join(name));
    model::pack("models/snips.gguf".as_ref(), &image)?;
    fs::write(&tools, snips_tools()?)?;
    fs::write(&text, sentences.join("\n"))?;
    let files: count::Files<'_> = &[("MODEL", &image), ("TOOLS", &tools), ("SENTENCES", &text)];
    let host = count::on_host(SNIPS, files)?;
    ensure!(host.lines().count() == sentences.len(), "this computer says:\n{host}");
    let measure = |chip: &&'static Board| {
        let count::Run { said, counts, .. } = count::run(chip, SNIPS, files)?;
        ensure!(said == host, "{} says\n{said}this computer\n{host}", chip.name);
        Counts::of(chip, &counts, sentences.len(), 0)
    };
    chips.iter().map(measure).collect()
}

/// What the tools are compiled to: the hexadecimal numbers of the array in C that `trine gen`
/// writes.
fn snips_tools() -> Result<Vec<u8>> {
    let generate = "trine gen models/snips.tools.json --sentences --prefix snips";
    let text = sh::output(&mut programs::command(generate))?;
    let array = text.split_once('{').and_then(|(_, rest)| rest.split('}').next());
    let words = array.context("`trine gen` writes no array")?.split([',', ' ', '\n']);
    let number = |word: &str| u8::from_str_radix(word.trim_start_matches("0x"), 16);
    Ok(words.filter(|word| !word.is_empty()).map(number).collect::<Result<_, _>>()?)
}

fn table(title: &str, counts: &[Counts]) -> String {
    let number = counts.first().map_or(0, |counts| counts.sentences);
    let mut text = format!(
        "| {title}: {number} sentences | board | average, M | worst, M |\n|---|---|---:|---:|\n"
    );
    for Counts { chip, average, worst, .. } in counts {
        let Board { processor, name, .. } = chip;
        text += &format!("| {processor} | {name} | {average:.2} | {worst:.2} |\n");
    }
    text
}

/// Whether a Cortex-M4 keeps the gates, on average and at worst.
fn check(gates: &mut Gates, counts: &[Counts], most: [f64; 2]) {
    for counts in counts.iter().filter(|counts| counts.chip.processor == GATED) {
        for (count, most) in [counts.average, counts.worst].into_iter().zip(most) {
            gates.at_most(format!("{GATED}: M instructions a sentence"), count, most);
        }
    }
}
