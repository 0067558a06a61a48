//! What a sentence costs a chip, in instructions, from the board's taking it up to its answer being
//! given to the line; loop, interrupts and tools of that time included.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::{CHIPS, Chip, build, folder, image, sentences, tool, tools};
use crate::bench::board::build_plugin;
use crate::elf::Image;
use crate::emulator::Emulator;
use crate::sh;

/// Sentences that are counted.
const SENTENCES: usize = 50;
/// Most instructions of a sentence on a Cortex-M4, on average and at worst.
const GATES: [u64; 2] = [20_000_000, 40_000_000];

/// `cargo xtask bench ask`: counts on every processor.
///
/// # Errors
/// When something does not build or run, or a Cortex-M4 takes more than it may.
pub(crate) fn main() -> Result<()> {
    tools()?;
    let image = image()?;
    CHIPS.iter().try_for_each(|chip| measure(chip, &image))
}

/// Counts on one processor.
fn measure(chip: &Chip, image: &Path) -> Result<()> {
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
    std::fs::write(&file, sentences(SENTENCES)?.join("\n"))?;
    let options = ["-icount", "shift=5", "-plugin", &plugin];
    let emulator = Emulator::with_options(chip.emulator, chip.board, &elf, &options)?;
    let mut smoke = tool("trine-smoke");
    sh::output(smoke.arg("--count").arg(&file).args(emulator.sockets()))?;
    drop(emulator);
    report(chip, &std::fs::read_to_string(&counts)?)
}

fn report(chip: &Chip, counts: &str) -> Result<()> {
    let counts: Vec<u64> = counts.lines().map(str::parse).collect::<Result<_, _>>()?;
    ensure!(counts.len() == SENTENCES, "{} sentences were counted", counts.len());
    let average = counts.iter().sum::<u64>() / SENTENCES as u64;
    let worst = counts.iter().max().copied().unwrap_or_default();
    let millions = |count: u64| count as f64 / 1e6;
    println!(
        "{} ({}): a sentence takes {:.2} M instructions on average, {:.2} M at worst, of \
         {SENTENCES}",
        chip.processor,
        chip.board,
        millions(average),
        millions(worst)
    );
    if chip.processor == "Cortex-M4" && (average > GATES[0] || worst > GATES[1]) {
        let [average, worst] = GATES.map(millions);
        bail!("at most {average:.0} M on average and {worst:.0} M at worst");
    }
    Ok(())
}
