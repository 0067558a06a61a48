//! What a sentence costs a chip, in instructions, from the board's taking it up to its answer being
//! given to the line; loop, interrupts and tools of that time included. Of the model of SNIPS,
//! which no board has, the model alone: see [`snips`].

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{CHIPS, Chip, build, folder, image, longest, sentences, tool, tools};
use crate::bench::board::build_plugin;
use crate::bench::snips::{self, Counts};
use crate::bench::table;
use crate::elf::Image;
use crate::emulator::Emulator;
use crate::sh;

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

/// `cargo xtask bench ask`: counts on every processor, and keeps the tables under `benches/record`
/// when `record` is set.
///
/// # Errors
/// When something does not build or run, or a Cortex-M4 takes more than it may.
pub(crate) fn main(record: bool) -> Result<()> {
    tools()?;
    let image = image()?;
    let counted = counted(SENTENCES, &image)?;
    let counts = CHIPS.iter().map(|chip| measure(chip, &image, &counted));
    let counts = counts.collect::<Result<Vec<_>>>()?;
    let mut text = format!(
        "Instructions, not cycles, of sentences of `train/board/validation`, on emulated boards: \
         {SENTENCES}, \
         the one of all that has the most tokens, and one that does not fit in the end.\n\n{}",
        table("board.gguf, behind the firmware", &counts)?
    );
    let mut faults = missed(&counts, GATES);
    if let Some(counts) = snips::all(SENTENCES)? {
        write!(text, "\n{}", table("snips.gguf, the model alone", &counts)?)?;
        faults.extend(missed(&counts, [snips::GATE, u64::MAX]));
    }
    println!("\n{text}");
    if record {
        table::record("ask", &text)?;
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// Counts a few sentences on two processors, and two of SNIPS on one.
///
/// # Errors
/// As [`main`].
pub(crate) fn small(image: &Path) -> Result<()> {
    let [first, .., last] = CHIPS else { bail!("two chips") };
    let counted = counted(FEW, image)?;
    let board = [measure(first, image, &counted)?, measure(last, image, &counted)?];
    let snips = snips::small()?;
    println!("{}\n{}", table("board.gguf", &board)?, table("snips.gguf", &snips)?);
    let mut faults = missed(&board, GATES);
    faults.extend(missed(&snips, [snips::GATE, u64::MAX]));
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// What the board gives up on when all of its room for tokens is used: a sentence of rare letters,
/// each of them a token, that is copied to a call. No sentence takes it longer.
const OVERFULL: &str = "put up the text kiwi vex fjord buzz hymn kiwi vex fjord on line 2 please";

/// Sentences of a count that were chosen for their length, at the end.
const LONG: usize = 2;

/// So many sentences, the longest of all, and one that does not fit.
fn counted(count: usize, image: &Path) -> Result<Vec<String>> {
    let mut some = sentences(count)?;
    some.extend([longest(image)?, OVERFULL.to_owned()]);
    Ok(some)
}

/// Counts on one processor.
fn measure(chip: &Chip, image: &Path, sentences: &[String]) -> Result<Counts> {
    let elf = build(chip, image)?;
    let symbols = Image::read(&elf)?.symbols;
    let address = |name: &str| {
        let full = format!("trine_firmware::ask::{name}");
        let symbol = symbols.iter().find(|symbol| symbol.name == full);
        symbol.map(|symbol| symbol.address).with_context(|| format!("{full} is not in the image"))
    };
    let counts = folder()?.join("counts.txt");
    let plugin = format!(
        "{},before={:#x},after={:#x},out={}",
        build_plugin("region")?.display(),
        address("sentence_begins")?,
        address("sentence_ends")?,
        counts.display()
    );
    let file = folder()?.join("counted.txt");
    std::fs::write(&file, sentences.join("\n"))?;
    let options = [chip.options, &["-icount", "shift=5", "-plugin", &plugin]].concat();
    let emulator = Emulator::with_options(chip.emulator, chip.board, &elf, &options)?;
    let mut smoke = tool("trine-smoke");
    sh::output(smoke.arg("--count").arg(&file).args(emulator.sockets()))?;
    let text = written(&counts, sentences.len())?;
    drop(emulator);
    let each = text.lines().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    ensure!(each.len() == sentences.len(), "{} sentences were counted", each.len());
    Ok(Counts { processor: chip.processor, board: chip.board, each, long: LONG })
}

/// What the plug-in has written, as soon as there are so many lines: the board gives an answer to
/// the line a little before it is through with the sentence.
fn written(counts: &Path, lines: usize) -> Result<String> {
    let since = Instant::now();
    loop {
        let text = std::fs::read_to_string(counts)?;
        if text.lines().count() >= lines || since.elapsed() > PATIENCE {
            return Ok(text);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
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

fn table(title: &str, counts: &[Counts]) -> Result<String> {
    let number = counts.first().map_or(0, |counts| counts.each.len());
    let mut text = format!(
        "| {title}: {number} sentences | board | average, M | worst, M |\n|---|---|---:|---:|\n"
    );
    for counts in counts {
        let [average, worst] = figures(counts).map(millions);
        let Counts { processor, board, .. } = counts;
        writeln!(text, "| {processor} | {board} | {average:.2} | {worst:.2} |")?;
    }
    Ok(text)
}

/// What a Cortex-M4 takes too much, on average and at worst.
fn missed(counts: &[Counts], gates: [u64; 2]) -> Vec<String> {
    let gated = counts.iter().filter(|counts| counts.processor == GATED);
    let past = gated.flat_map(|counts| figures(counts).into_iter().zip(gates));
    past.filter(|(count, most)| count > most)
        .map(|(count, most)| {
            let [count, most] = [count, most].map(millions);
            format!("{GATED}: {count:.2} M instructions a sentence, at most {most:.0} M")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Counts, figures, missed};

    #[test]
    fn a_gate_is_missed_on_average_and_at_worst() {
        let processor = "Cortex-M4";
        let counts = |each: &[u64]| Counts { processor, board: "", each: each.into(), long: 0 };
        assert_eq!(figures(&counts(&[10, 20, 60])), [30, 60]);
        assert!(missed(&[counts(&[10, 20, 60])], [30, 60]).is_empty());
        assert_eq!(missed(&[counts(&[10, 20, 60])], [29, 59]).len(), 2);
        let long = Counts { long: 1, ..counts(&[10, 20, 60]) };
        assert_eq!(figures(&long), [15, 60]);
        let other = Counts { processor: "Cortex-M7", ..counts(&[100]) };
        assert!(missed(&[other], [1, 1]).is_empty());
    }
}
