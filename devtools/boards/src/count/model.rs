//! A small model in flash on every processor: the host's tokens, and its logits to the bit.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use devtools::{Gates, programs, sh};

use crate::elf::Image;
use crate::size::budget_if_any;
use crate::{computing, count};

const PROGRAM: &str = "trine-model";
/// The model of which the image is made: 128 wide, two blocks.
const MODEL: &str = "tests/golden/bitnet/bytes.gguf";
/// Tokens that the program has memory for.
const CONTEXT: &str = "32";
/// Tokens that it reads together, and that it writes and reads.
const TOKENS: [u64; 2] = [5, 24];

/// The leg `chip-model`: packs the model, runs it on this computer and every board, and compares.
pub fn main() -> Result<()> {
    programs::build()?;
    let model = sh::target_dir().join("mcu/model.trnm");
    pack(MODEL.as_ref(), &model)?;
    let model_bytes = std::fs::metadata(&model)?.len();
    let files: count::Files<'_> = &[("MODEL", &model)];
    let host = count::on_host(PROGRAM, files)?;
    println!("{host}");
    let sizes = sizes(&model)?;
    ensure!(host.starts_with(&sizes), "`trine size` says other than the program: {sizes}");
    let mut gates = Gates::default();
    for chip in computing() {
        let run = count::run(chip, PROGRAM, files)?;
        let flash = Image::read(&run.elf)?.flash_bytes().saturating_sub(model_bytes);
        let [read, written] = run.counts[..] else { bail!("not two counts: {:?}", run.counts) };
        let [read, written] = [read / TOKENS[0], written / TOKENS[1]];
        println!(
            "{:<20}{:<12}{flash:>7} B of flash without the model; instructions a token {read:>8} \
             of a prompt, {written:>8} written; {:.2} a multiply-accumulate of this model",
            chip.processor,
            chip.name,
            written as f64 / products(&run.said)?
        );
        if run.said != host {
            println!("{} says:\n{}", chip.name, run.said);
        }
        gates.holds(format!("{} says what this computer says", chip.name), run.said == host);
        if let Some(most) = budget_if_any(&format!("model_flash.{}", chip.name))? {
            gates.at_most(format!("bytes of flash on {}", chip.name), flash as f64, most);
        }
    }
    gates.conclude()
}

/// Makes an image for microcontrollers, as a user would.
pub(crate) fn pack(model: &Path, image: &Path) -> Result<()> {
    image.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let mut pack = programs::command("trine model pack --packing look5 --head q8-0 -o");
    sh::run(pack.arg(image).arg(model))?;
    ensure!(image.exists(), "`trine model pack` has written nothing");
    Ok(())
}

/// How many products of a weight and an activation a token takes, as the program says.
fn products(said: &str) -> Result<f64> {
    let mut words = said.split_whitespace().skip_while(|word| *word != "products");
    Ok(words.nth(1).context("the program says no number of products")?.parse()?)
}

/// What `trine size` says of the image, in the words of the program: the memory of a session and
/// of the blocks' places, with which the boards do or fail.
fn sizes(image: &Path) -> Result<String> {
    let size = format!("trine size --json --context {CONTEXT} --batch {}", TOKENS[0]);
    let said = sh::output(programs::command(&size).arg(image))?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    Ok(format!("arena {} blocks {} ", said["arena"][0]["f16_bytes"], said["blocks_bytes"]))
}
