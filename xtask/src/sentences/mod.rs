//! The board's model on chips: the firmware with the feature `ask` on five processors. [`alike`]
//! compares it with the same model on this computer, [`count`] counts its instructions.

pub(crate) mod alike;
pub(crate) mod count;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::board::{ARM, RISCV, VIRT};
use crate::{firmware, programs, sh};

const PROGRAM: &str = "trine-firmware";
/// The model that is shipped.
const MODEL: &str = "models/board.gguf";

/// A processor, and the emulated board that stands for it.
#[derive(Debug)]
pub(crate) struct Chip {
    /// QEMU's machine.
    board: &'static str,
    target: &'static str,
    processor: &'static str,
    /// The emulator's program, and the option that loads an image.
    emulator: [&'static str; 2],
    /// What else the emulator is told: devices that the machine lacks.
    options: &'static [&'static str],
}

const M4: &str = "thumbv7em-none-eabihf";

/// Every processor, the one with figures first.
pub(crate) const CHIPS: &[Chip] = &[
    Chip { board: "mps2-an386", target: M4, processor: "Cortex-M4", emulator: ARM, options: &[] },
    Chip { board: "mps2-an500", target: M4, processor: "Cortex-M7", emulator: ARM, options: &[] },
    Chip {
        board: "mps2-an505",
        target: "thumbv8m.main-none-eabihf",
        processor: "Cortex-M33",
        emulator: ARM,
        options: &[],
    },
    Chip {
        board: "mps2-an385",
        target: "thumbv6m-none-eabi",
        processor: "code for Cortex-M0",
        emulator: ARM,
        options: &[],
    },
    Chip {
        board: "virt",
        target: "riscv32imac-unknown-none-elf",
        processor: "RISC-V, rv32imac",
        emulator: RISCV,
        options: VIRT,
    },
];

/// Sentences of people that the model was not trained on, evenly taken from all of them.
///
/// # Errors
/// When there are not so many.
pub(crate) fn sentences(count: usize) -> Result<Vec<String>> {
    let all = validation()?;
    ensure!(all.len() >= count, "there are {} sentences", all.len());
    let taken = |at: usize| all.get(at * all.len() / count).cloned().context("a sentence");
    (0..count).map(taken).collect()
}

/// Tokens of a sentence and its call that the board has room for
/// (`firmware-example/rust/src/ask.rs`), and the last one of a call, which is chosen and not read.
const FITTING: usize = 58 + 1;

/// The one of them that has the most tokens that the board has room for, those of its call
/// included; [`tools`] come first.
///
/// # Errors
/// When the program does not answer.
pub(crate) fn longest(image: &Path) -> Result<String> {
    let all = validation()?;
    let input = folder()?.join("all.jsonl");
    let lines: String = all.iter().map(|text| format!("{}\n", json!({ "text": text }))).collect();
    fs::write(&input, lines)?;
    let mut ask = tool("trine");
    ask.args(["ask", "--jsonl", "--exact", "--model"]).arg(image);
    let said = alike::answers(&mut ask, &input, ("the host", all.len()))?;
    ensure!(said.lines().count() == all.len(), "{} sentences, other answers", all.len());
    let (mut longest, mut too_long) = ((0, ""), 0);
    for (answer, text) in said.lines().zip(&all) {
        let json: Value = serde_json::from_str(answer)?;
        let tokens = json["tokens"].as_array().map_or(0, Vec::len);
        if tokens > FITTING {
            too_long += 1;
        } else {
            longest = longest.max((tokens, text));
        }
    }
    println!(
        "too long for the board: {too_long} of {}; the longest that fits has {} tokens: {}",
        all.len(),
        longest.0,
        longest.1
    );
    Ok(longest.1.to_owned())
}

fn validation() -> Result<Vec<String>> {
    let folder = sh::root().join("train/board/validation");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "jsonl")) {
        for line in fs::read_to_string(file)?.lines() {
            let json: Value = serde_json::from_str(line)?;
            all.push(json["text"].as_str().context("a sentence has a text")?.to_owned());
        }
    }
    Ok(all)
}

/// The shipped model as an image for microcontrollers, as a user would make it; [`tools`] come
/// first.
///
/// # Errors
/// When it cannot be packed.
pub(crate) fn image() -> Result<PathBuf> {
    pack(&sh::root().join(MODEL))
}

/// A model as an image beside the firmware.
fn pack(model: &Path) -> Result<PathBuf> {
    let name = model.file_stem().context("a model has a name")?;
    let image = folder()?.join(name).with_extension("trnm");
    let mut pack = tool("trine");
    pack.args(["model", "pack"]).arg(model).args(["--packing", "look5", "--head", "q8-0", "-o"]);
    sh::run(pack.arg(&image))?;
    Ok(image)
}

/// Builds what the firmware is compared and examined with.
fn tools() -> Result<()> {
    programs::build()
}

/// A program that [`tools`] has built.
fn tool(name: &str) -> Command {
    programs::command(name)
}

/// Where what this makes is left.
fn folder() -> Result<PathBuf> {
    let folder = sh::target_dir().join("sentences");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The firmware with an image in flash. No older one is left behind when it does not build.
///
/// # Errors
/// When there is no compiler for the target, or it does not build.
pub(crate) fn build(chip: &Chip, image: &Path) -> Result<PathBuf> {
    let name = image.file_stem().context("an image has a name")?.to_string_lossy();
    let elf = folder()?.join(format!("{}-{name}.elf", chip.board));
    if elf.exists() {
        fs::remove_file(&elf)?;
    }
    let model: &[(&str, &Path)] = &[("MODEL", image)];
    firmware::build_to(&elf, (chip.board, chip.target), PROGRAM, &["ask"], model)?;
    Ok(elf)
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn sentences_are_as_many_as_asked_for_and_differ() {
        let some = sentences(50).unwrap();
        let different: std::collections::BTreeSet<&String> = some.iter().collect();
        assert_eq!((some.len(), different.len()), (50, 50));
        assert!(sentences(1_000_000).is_err());
    }
}
