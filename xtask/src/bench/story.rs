//! A small model in flash on every processor: the host's tokens, and its logits to the bit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::chips::{self, CHIPS, Chip};
use crate::elf::Image;
use crate::{sh, size};

const PROGRAM: &str = "trine-model";
/// The model of which the image is made: 128 wide, two blocks.
const MODEL: &str = "tests/golden/bitnet/plain.gguf";
/// Positions that the program has memory for.
const CONTEXT: &str = "32";

/// Packs the model, runs it on this computer and on every board, and compares.
///
/// # Errors
/// When something does not build or run, a board says something else, or the firmware is too large.
pub(crate) fn main() -> Result<()> {
    let model = pack()?;
    let model_bytes = std::fs::metadata(&model)?.len();
    let host = chips::on_host(PROGRAM, Some(&model))?;
    println!("{host}");
    let sizes = sizes(&model)?;
    ensure!(host.starts_with(&sizes), "`trine size` says other than the program: {sizes}");
    let plugin = super::board::build_plugin("region")?;
    let mut faults = Vec::new();
    for chip in CHIPS {
        let elf = chips::build(chip, PROGRAM, Some(&model))?;
        let counts = elf.with_extension("counts");
        let said = chips::counted(chip, &elf, &plugin, &counts)?;
        let flash = Image::read(&elf)?.flash_bytes().saturating_sub(model_bytes);
        let instructions: u64 = std::fs::read_to_string(&counts)?.trim().parse()?;
        println!("{}", line(chip, flash, instructions));
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

/// Tokens that the firmware reads: five of the prompt and 24 of its own.
const TOKENS: u64 = 29;

fn line(chip: &Chip, flash: u64, instructions: u64) -> String {
    format!(
        "{:<20}{:<12}{flash:>7} B of flash without the model, {:>9} instructions a token",
        chip.processor,
        chip.board,
        instructions / TOKENS
    )
}

fn trine(arguments: &[&str]) -> Command {
    let mut trine = sh::cargo();
    trine.args(["run", "--quiet", "--profile", "ci", "-p", "trine", "--"]).args(arguments);
    trine
}

/// What `trine size` says of the image, in the words of the program: the memory of a session and
/// of the blocks' places, with which the boards do or fail.
fn sizes(image: &Path) -> Result<String> {
    let said = sh::output(trine(&["size", "--json", "--context", CONTEXT]).arg(image))?;
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
