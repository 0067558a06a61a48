//! A small model in flash on every processor: the host's tokens, and its logits to the bit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::chips::{self, CHIPS, Chip};
use crate::elf::Image;
use crate::{programs, sh, size};

const PROGRAM: &str = "trine-model";
/// The model of which the image is made: 128 wide, two blocks.
const MODEL: &str = "tests/golden/bitnet/bytes.gguf";
/// Positions that the program has memory for.
const CONTEXT: &str = "32";
/// Tokens that it reads together.
const PROMPT: &str = "5";

/// Packs the model, runs it on this computer and on every board, and compares.
///
/// # Errors
/// When something does not build or run, a board says something else, or the firmware is too large.
pub(crate) fn main() -> Result<()> {
    let model = pack()?;
    let model_bytes = std::fs::metadata(&model)?.len();
    let host = chips::on_host(PROGRAM, &[("MODEL", &model)])?;
    println!("{host}");
    let sizes = sizes(&model)?;
    ensure!(host.starts_with(&sizes), "`trine size` says other than the program: {sizes}");
    let plugin = super::board::build_plugin("region")?;
    let mut faults = Vec::new();
    for chip in CHIPS {
        let elf = chips::build(chip, PROGRAM, &[("MODEL", &model)])?;
        let counts = elf.with_extension("counts");
        let said = chips::counted(chip, &elf, &plugin, &counts)?;
        let flash = Image::read(&elf)?.flash_bytes().saturating_sub(model_bytes);
        println!("{}", line(chip, flash, &Counts::read(&counts, &said)?));
        if said != host {
            faults.push(format!("{} says other than the host:\n{said}", chip.board));
        }
        if let Some(most) = size::model_flash(chip.board)?.filter(|most| flash > *most) {
            faults.push(format!("{}: {flash} bytes of flash, at most {most}", chip.board));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// Tokens of the prompt, which are read together, and tokens that are written and read.
const TOKENS: [u64; 2] = [5, 24];

/// What a token takes.
#[derive(Debug, Clone, PartialEq)]
struct Counts {
    /// Instructions for a token of the prompt.
    read: u64,
    /// Instructions for a token that is chosen and read.
    written: u64,
    /// Products of a weight and an activation.
    products: u64,
}

impl Counts {
    fn read(counts: &Path, said: &str) -> Result<Self> {
        Self::of(&std::fs::read_to_string(counts)?, said)
    }

    fn of(counts: &str, said: &str) -> Result<Self> {
        let counts: Vec<u64> = counts.lines().map(str::parse).collect::<Result<_, _>>()?;
        let [read, written] = counts[..] else { bail!("{} counts, not two", counts.len()) };
        let mut words = said.split_whitespace().skip_while(|word| *word != "products").skip(1);
        let products = words.next().context("the program says no number of products")?.parse()?;
        Ok(Self { read: read / TOKENS[0], written: written / TOKENS[1], products })
    }

    fn a_product(&self) -> f64 {
        self.written as f64 / self.products as f64
    }
}

fn line(chip: &Chip, flash: u64, counts: &Counts) -> String {
    format!(
        "{:<20}{:<12}{flash:>7} B of flash without the model; instructions a token {:>8} of a \
         prompt, {:>8} written; {:.2} a multiply-accumulate of this model, 128 wide",
        chip.processor,
        chip.board,
        counts.read,
        counts.written,
        counts.a_product()
    )
}

fn trine(arguments: &[&str]) -> Command {
    let mut trine = programs::command("trine");
    trine.args(arguments);
    trine
}

/// What `trine size` says of the image, in the words of the program: the memory of a session and
/// of the blocks' places, with which the boards do or fail.
fn sizes(image: &Path) -> Result<String> {
    let said =
        sh::output(trine(&["size", "--json", "--context", CONTEXT, "--batch", PROMPT]).arg(image))?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    let number = |pointer: &str| {
        let found = said.pointer(pointer).and_then(serde_json::Value::as_u64);
        found.with_context(|| format!("`trine size` does not say {pointer}"))
    };
    Ok(format!("arena {} blocks {} ", number("/arena/0/f16_bytes")?, number("/blocks_bytes")?))
}

/// The image, as a user would make it.
fn pack() -> Result<PathBuf> {
    let image = sh::target_dir().join("mcu/model.trnm");
    if let Some(folder) = image.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut pack = trine(&["model", "pack", MODEL, "--packing", "look5", "--head", "q8-0", "-o"]);
    sh::run(pack.arg(&image))?;
    ensure!(image.exists(), "`trine model pack` has written nothing");
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::Counts;

    const SAID: &str = "arena 30164 blocks 400 products 1000 \ntokens 6 83 \nlogits 1 \n";

    #[test]
    fn counts_are_those_of_a_token() {
        let counts = Counts::of("5000\n48000\n", SAID).unwrap();
        assert_eq!(counts, Counts { read: 1000, written: 2000, products: 1000 });
        assert!((counts.a_product() - 2.0).abs() < 1e-9);
        assert!(Counts::of("5000\n", SAID).is_err());
        assert!(Counts::of("5000\n48000\n", "tokens 6").is_err());
    }
}
