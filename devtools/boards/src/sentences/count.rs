//! What a sentence costs a chip, in instructions, from the board's taking it up to its answer being
//! given to the line; loop, interrupts and tools of that time included. Of the model of SNIPS,
//! which no board has, the model alone: see `snips`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, Image, programs, sh};
use devtools_c::output_folder;

use super::parity::on_host;
use super::{FITTING, FOLDER, MODEL, build, evenly, longest, pack, sentences, tokens, validation};
use crate::count::{numbers, region, snips};
use crate::{BOARDS, Board, CHIPS, Emulator};

/// What a chip takes for each sentence.
pub(crate) struct Counts {
    pub(crate) chip: &'static Board,
    pub(crate) each: Vec<u64>,
    /// Those at the end that were chosen for their length.
    pub(crate) long: usize,
}

/// Sentences that are counted.
const SENTENCES: usize = 50;
/// The same where it only has to be seen that counting works.
const FEW: usize = 3;
/// How long the last of them may take after its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most instructions of a sentence on a Cortex-M4, on average and at worst.
const GATES: [u64; 2] = [20_000_000, 40_000_000];
/// The processor that the gates are said of.
const GATED: &str = "Cortex-M4";

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
         end.\n\n{}",
        table("board.gguf, behind the firmware", &counts)
    );
    text += &format!("\n{}", by_length(&image)?);
    let mut gates = Gates::default();
    check(&mut gates, &counts, GATES);
    if let Some(counts) = snips::all(SENTENCES)? {
        text += &format!("\n{}", table("snips.gguf, the model alone", &counts));
        check(&mut gates, &counts, [snips::GATE, u64::MAX]);
    }
    text += &format!("\n{}", gates.text());
    record.end(&text)?;
    gates.check()
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
            let counts = Counts { long: 0, ..measure_on(chip, image, &sentences)? };
            text += &format!(" {:.2} |", millions(figures(&counts)[0]));
        }
        text.push('\n');
    }
    Ok(text)
}

/// Counts a few sentences on two processors, and two of SNIPS on one.
pub(super) fn small(image: &Path) -> Result<()> {
    let (board, snips) = (measure(BOARDS, image, FEW)?, snips::small()?);
    println!("{}\n{}", table("board.gguf", &board), table("snips.gguf", &snips));
    let mut gates = Gates::default();
    check(&mut gates, &board, GATES);
    check(&mut gates, &snips, [snips::GATE, u64::MAX]);
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
    chips.iter().map(|chip| measure_on(chip, image, &sentences)).collect()
}

fn measure_on(chip: &'static Board, image: &Path, sentences: &[String]) -> Result<Counts> {
    let elf = build(chip, image)?;
    let (file, counts) = (output_folder(FOLDER)?.join("counted.txt"), elf.with_extension("counts"));
    let places = ["trine_firmware::ask::sentence_begins", "trine_firmware::ask::sentence_ends"];
    let region = region(&Image::read(&elf)?, places, &counts)?;
    std::fs::write(&file, sentences.join("\n"))?;
    let emulator = Emulator::start(chip, &elf, &["-icount", "shift=5", "-plugin", &region])?;
    sh::output(&mut emulator.smoke(["--count".as_ref(), file.as_os_str()]))?;
    // The board gives an answer to the line a little before it is through with the sentence.
    let all = || numbers(&counts).ok().filter(|each| each.len() >= sentences.len());
    sh::within(PATIENCE, all);
    drop(emulator);
    let each = numbers(&counts)?;
    ensure!(each.len() == sentences.len(), "{} sentences were counted", each.len());
    Ok(Counts { chip, each, long: LONG })
}

/// Average, and most of all, in instructions. What was chosen for its length is no part of the
/// average.
fn figures(counts: &Counts) -> [u64; 2] {
    let most = counts.each.iter().max().copied().unwrap_or_default();
    let usual = counts.each.len().saturating_sub(counts.long);
    let sum = counts.each.iter().take(usual).sum::<u64>();
    [sum / usual.max(1) as u64, most]
}

fn millions(count: u64) -> f64 {
    count as f64 / 1e6
}

fn table(title: &str, counts: &[Counts]) -> String {
    let number = counts.first().map_or(0, |counts| counts.each.len());
    let mut text = format!(
        "| {title}: {number} sentences | board | average, M | worst, M |\n|---|---|---:|---:|\n"
    );
    for counts in counts {
        let [average, worst] = figures(counts).map(millions);
        let Board { processor, name, .. } = counts.chip;
        text += &format!("| {processor} | {name} | {average:.2} | {worst:.2} |\n");
    }
    text
}

/// Whether a Cortex-M4 keeps the gates, on average and at worst.
fn check(gates: &mut Gates, counts: &[Counts], most: [u64; 2]) {
    for counts in counts.iter().filter(|counts| counts.chip.processor == GATED) {
        for (count, most) in figures(counts).into_iter().zip(most) {
            let what = format!("{GATED}: M instructions a sentence");
            gates.at_most(what, millions(count), millions(most));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Board, Counts, Gates, check, figures};

    #[test]
    fn a_gate_is_missed_on_average_and_at_worst() {
        static M4: Board = Board { name: "", target: "", processor: "Cortex-M4" };
        let counts = |each: &[u64], long| Counts { chip: &M4, each: each.into(), long };
        assert_eq!(figures(&counts(&[10, 20, 60], 0)), [30, 60]);
        assert_eq!(figures(&counts(&[10, 20, 60], 1)), [15, 60]);
        let missed = |most| {
            let mut gates = Gates::default();
            check(&mut gates, &[counts(&[10, 20, 60], 0)], most);
            gates.text().matches("MISSED").count()
        };
        assert_eq!([missed([30, 60]), missed([29, 60]), missed([29, 59])], [0, 1, 2]);
    }
}
