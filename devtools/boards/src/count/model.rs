//! A small model in flash on every processor: the host's tokens, and its logits to the bit.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use devtools::{Image, programs, sh};

use crate::CHIPS;
use crate::chips::{self, Run};
use crate::size::budget_if_any;

const PROGRAM: &str = "trine-model";
/// The model of which the image is made: 128 wide, two blocks.
const MODEL: &str = "tests/golden/bitnet/bytes.gguf";
/// Tokens that the program has memory for.
const CONTEXT: &str = "32";
/// Tokens that it reads together, and that it writes and reads.
const TOKENS: [u64; 2] = [5, 24];

/// The leg `chip-model`: packs the model, runs it on this computer and on every board, and
/// compares.
pub fn main() -> Result<()> {
    programs::build()?;
    let model = sh::target_dir().join("mcu/model.trnm");
    pack(MODEL.as_ref(), &model)?;
    let model_bytes = std::fs::metadata(&model)?.len();
    let files: chips::Files<'_> = &[("MODEL", &model)];
    let host = chips::on_host(PROGRAM, files)?;
    println!("{host}");
    let sizes = sizes(&model)?;
    ensure!(host.starts_with(&sizes), "`trine size` says other than the program: {sizes}");
    let mut faults = Vec::new();
    for chip in CHIPS {
        let run = chips::run(chip, PROGRAM, files)?;
        let flash = Image::read(&run.elf)?.flash_bytes().saturating_sub(model_bytes);
        let [read, written, products] = figures(&run)?;
        println!(
            "{:<20}{:<12}{flash:>7} B of flash without the model; instructions a token {read:>8} \
             of a prompt, {written:>8} written; {:.2} a multiply-accumulate of this model",
            chip.processor,
            chip.name,
            written as f64 / products as f64
        );
        if run.said != host {
            faults.push(format!("{} says other than the host:\n{}", chip.name, run.said));
        }
        let most = budget_if_any(&format!("model_flash.{}", chip.name))?;
        if let Some(most) = most.filter(|most| flash as f64 > *most) {
            faults.push(format!("{}: {flash} bytes of flash, at most {most}", chip.name));
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// Makes an image for microcontrollers, as a user would.
pub(crate) fn pack(model: &Path, image: &Path) -> Result<()> {
    image.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let mut pack = programs::command("trine model pack --packing look5 --head q8-0 -o");
    sh::run(pack.arg(image).arg(model))?;
    ensure!(image.exists(), "`trine model pack` has written nothing");
    Ok(())
}

/// Instructions of a token of the prompt and of one that is written and read, and how many products
/// of a weight and an activation the program makes.
fn figures(run: &Run) -> Result<[u64; 3]> {
    let [read, written] = run.counts[..] else { bail!("{} counts, not two", run.counts.len()) };
    let mut words = run.said.split_whitespace().skip_while(|word| *word != "products");
    let products = words.nth(1).context("the program says no number of products")?.parse()?;
    Ok([read / TOKENS[0], written / TOKENS[1], products])
}

/// What `trine size` says of the image, in the words of the program: the memory of a session and
/// of the blocks' places, with which the boards do or fail.
fn sizes(image: &Path) -> Result<String> {
    let size = format!("trine size --json --context {CONTEXT} --batch {}", TOKENS[0]);
    let said = sh::output(programs::command(&size).arg(image))?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    Ok(format!("arena {} blocks {} ", said["arena"][0]["f16_bytes"], said["blocks_bytes"]))
}

#[cfg(test)]
mod tests {
    use super::{Run, figures};

    #[test]
    fn counts_are_those_of_a_token() {
        let figures = |counts: &[u64], said: &str| {
            figures(&Run { elf: "".into(), counts: counts.into(), said: said.into() })
        };
        let said = "arena 30164 blocks 400 products 1000 \ntokens 6 83 \nlogits 1 \n";
        assert_eq!(figures(&[5000, 48_000], said).unwrap(), [1000, 2000, 1000]);
        assert!(figures(&[5000], said).is_err() && figures(&[5000, 48_000], "tokens 6").is_err());
    }
}
