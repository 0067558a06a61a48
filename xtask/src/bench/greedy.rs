//! How often a device chooses what our engine chooses: greedy tokens of random models, and what
//! trained models make of sentences.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::kernels::{Built, ggml, program};
use super::table;
use crate::{sh, vulkan};

/// Measures on the first device of a backend, `vulkan` or `cuda`, or on one in software; prints the
/// tables, and keeps them under `benches/record` when `record` is set.
///
/// # Errors
/// When something does not build or run, or a device chooses otherwise much more often than our
/// engine does with its first norm moved by the last bit.
pub(crate) fn main(backend: &str, record: bool, is_software: bool) -> Result<()> {
    ensure!(["vulkan", "cuda"].contains(&backend), "bench greedy {backend}: it is vulkan or cuda");
    let run = |command| if is_software { vulkan::on_software(command) } else { Ok(command) };
    let mut models = run(ggml("test", backend, Built::ForSpeed)?)?;
    let mut text = String::from(
        "Likeliest tokens of random models (width 256, 3 blocks, 1000 tokens) after a prompt of \
         21 and each of 256 random tokens: texts of their own soon repeat themselves. A difference \
         of logits is relative to the greatest one; \"likelier by\" is how much likelier our token \
         is than the other, at most.\n\n",
    );
    text += &tables(models.args(["--test", "device", "--", "agreement"]))?;
    let mut sentences = run(program("test", backend, Built::ForSpeed)?)?;
    text += "\nSentences, by models that were trained: all choices of each.\n\n";
    text += &tables(sentences.args(["--test", "gpu", "--", "sentences"]))?;
    println!("\n{text}");
    if record {
        table::record("greedy", &text)?;
    }
    Ok(())
}

/// The tables that tests print which are told to measure much.
fn tables(cargo: &mut Command) -> Result<String> {
    // ggml opens a device in one thread at a time.
    cargo.args(["--nocapture", "--test-threads=1"]).env("TRINE_MANY", "1");
    let printed = sh::output(cargo.stderr(Stdio::inherit()))?;
    // The first line of a table stands after the name of its test.
    let lines = printed
        .lines()
        .filter_map(|line| line.find("| ").or(line.find("|-")).map(|at| &line[at..]));
    let mut text = String::new();
    for line in lines {
        if line.starts_with("| model") && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
    }
    ensure!(!text.is_empty(), "the tests have printed no table");
    Ok(text)
}
