//! The board's model on chips: the firmware with the feature `ask` on five processors. [`parity`]
//! compares it with the same model on this computer, [`count`] counts its instructions.

pub mod count;
pub mod parity;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::{programs, sh};
use serde_json::{Value, json};

use crate::board::Board;
use crate::firmware;

const PROGRAM: &str = "trine-firmware";
/// The model that is shipped.
const MODEL: &str = "models/board.gguf";

/// Sentences of people that the model was not trained on, evenly taken from all of them.
fn sentences(count: usize) -> Result<Vec<String>> {
    let all = validation()?;
    ensure!(all.len() >= count, "there are {} sentences", all.len());
    let taken = |at: usize| all.get(at * all.len() / count).cloned().context("a sentence");
    (0..count).map(taken).collect()
}

/// Tokens of a sentence and its call that the board has room for
/// (`firmware-example/rust/src/ask.rs`), and the last one of a call, which is chosen and not read.
const FITTING: usize = 58 + 1;

/// The one of them that has the most tokens that the board has room for, those of its call
/// included.
fn longest(image: &Path) -> Result<String> {
    let all = validation()?;
    let input = folder()?.join("all.jsonl");
    let lines: String = all.iter().map(|text| format!("{}\n", json!({ "text": text }))).collect();
    fs::write(&input, lines)?;
    let mut ask = programs::command("trine");
    ask.args(["ask", "--jsonl", "--exact", "--model"]).arg(image);
    let said = parity::answers(&mut ask, &input, ("the host", all.len()))?;
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

/// A model as an image beside the firmware, by a program that was built.
fn pack(model: &Path) -> Result<PathBuf> {
    let name = model.file_stem().context("a model has a name")?;
    let image = folder()?.join(name).with_extension("trnm");
    crate::count::model::pack(model, &image)?;
    Ok(image)
}

/// Where what this makes is left.
fn folder() -> Result<PathBuf> {
    let folder = sh::target_dir().join("sentences");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The firmware with an image in flash.
fn build(chip: &Board, image: &Path) -> Result<PathBuf> {
    let name = image.file_stem().context("an image has a name")?.to_string_lossy();
    let elf = folder()?.join(format!("{}-{name}.elf", chip.name));
    firmware::build_to(&elf, chip, PROGRAM, &["ask"], &[("MODEL", image)])?;
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
