//! The board's model on chips: the firmware with the feature `ask` on five processors. [`parity`]
//! compares it with the same model on this computer, [`count`] counts its instructions.
//! [`any_tools`] does both with the base model, for tools that no model was trained for;
//! [`own_tools`] has the firmware do it, and [`in_c`] the firmware in C, for the tools of their
//! boards.

pub mod any_tools;
pub mod count;
pub mod in_c;
pub mod own_tools;
pub mod parity;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use devtools::sh;
use devtools_c::output_folder;
use serde_json::Value;

use crate::{Board, firmware};

/// The model that is shipped.
const MODEL: &str = "models/board.gguf";
const FOLDER: &str = "sentences";
/// The processor that gates are said of.
const GATED: &str = "Cortex-M4";

/// Sentences of people that the model was not trained on, evenly taken from all of them.
fn sentences(count: usize) -> Result<Vec<String>> {
    evenly(&validation()?, count)
}

fn evenly(all: &[String], count: usize) -> Result<Vec<String>> {
    ensure!(all.len() >= count, "there are {} sentences", all.len());
    Ok((0..count).filter_map(|at| all.get(at * all.len() / count).cloned()).collect())
}

/// Tokens of a sentence and its call that the board has room for
/// (`firmware-example/rust/src/ask.rs`), and the last one of a call, which is chosen and not read.
const FITTING: usize = 58 + 1;

/// The one of them that has the most tokens that the board has room for, those of its call
/// included.
fn longest(image: &Path) -> Result<String> {
    let all = validation()?;
    let (_, said) = parity::on_host(image, "all.jsonl", &all)?;
    let counts = said.lines().map(tokens).collect::<Result<Vec<_>>>()?;
    let too_long = counts.iter().filter(|tokens| **tokens > FITTING).count();
    println!("too long for the board: {too_long} of {}", all.len());
    let fitting = counts.into_iter().zip(&all).filter(|(tokens, _)| *tokens <= FITTING);
    let (tokens, text) = fitting.max().context("no sentence fits")?;
    println!("the longest that fits has {tokens} tokens: {text}");
    Ok(text.clone())
}

/// How many tokens an answer of `trine ask` has.
fn tokens(answer: &str) -> Result<usize> {
    let json: Value = serde_json::from_str(answer)?;
    Ok(json["tokens"].as_array().map_or(0, Vec::len))
}

fn validation() -> Result<Vec<String>> {
    let files = sh::files("train/board/validation", "jsonl")?;
    Ok(files.iter().map(|file| texts(file)).collect::<Result<Vec<_>>>()?.concat())
}

/// The sentences of a file with a JSON object on each line.
fn texts(file: &Path) -> Result<Vec<String>> {
    let text = |line: &str| -> Result<String> {
        let json: Value = serde_json::from_str(line)?;
        Ok(json["text"].as_str().context("a sentence has a text")?.to_owned())
    };
    let lines = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    lines.lines().map(text).collect()
}

/// A model as an image beside the firmware, by a program that was built.
fn pack(model: &Path) -> Result<PathBuf> {
    let name = model.file_stem().context("a model has a name")?;
    let image = output_folder(FOLDER)?.join(name).with_extension("trnm");
    crate::count::model::pack(model, &image)?;
    Ok(image)
}

/// The firmware with an image in flash, built once for all that this process does with it.
fn build(chip: &Board, image: &Path) -> Result<PathBuf> {
    static BUILT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let name = image.file_stem().context("an image has a name")?.to_string_lossy();
    let elf = output_folder(FOLDER)?.join(format!("{}-{name}.elf", chip.name));
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if !built.contains(&elf) {
        firmware::build_to(&elf, chip, firmware::GREENHOUSE, "ask", &[("MODEL", image)])?;
        built.insert(elf.clone());
    }
    Ok(elf)
}
