//! The ternary kernels next to ggml's (`tests/ggml`): first that both find the same integers, then
//! how fast. And how often a device chooses what the CPU chooses.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use devtools::record::{Figures, Record};
use devtools::sh;
use devtools_gpu::build::{How, ggml, program, target_dir};
use devtools_gpu::{legs, vulkan};

/// `cargo xtask bench kernels`: tests, measures, and prints the tables; and `bench sets`.
pub fn main(what: &str, keep: bool) -> Result<()> {
    if what == "sets" {
        return sets(keep);
    }
    let record = Record::begin("kernels", Figures::Times, keep)?.peer("llama-cpp-sys-2")?;
    legs::integers(How::ForSpeed)?;
    sh::run(&mut ggml("build", "vulkan", How::ForSpeed)?)?;
    let program = target_dir().join("release/trine-ggml-kernels");
    let text = sh::output(&mut sh::command(program))?;
    record.end(&text)?;
    let missed = text.lines().filter(|line| line.starts_with("- MISSED")).count();
    ensure!(missed == 0, "{missed} gates are missed");
    Ok(())
}

/// `cargo xtask bench sets`: the kernels of all instruction sets of this processor, without ggml.
fn sets(keep: bool) -> Result<()> {
    const PROGRAM: &str = "trine-instruction-sets";
    let record = Record::begin("sets", Figures::Times, keep)?;
    let mut build = sh::cargo();
    build.args(["build", "--release", "--locked", "-p", "trine-ggml-kernels", "--bin", PROGRAM]);
    sh::run(&mut build)?;
    let program = sh::target_dir().join("release").join(PROGRAM);
    record.end(&sh::output(&mut sh::command(program))?)
}

/// `cargo xtask bench greedy`: on the first device of a backend, or on one in software. A device
/// that chooses otherwise much more often than our engine does with its first norm moved by the
/// last bit is an error.
pub fn greedy(backend: &str, keep: bool, is_software: bool) -> Result<()> {
    ensure!(["vulkan", "cuda"].contains(&backend), "bench greedy {backend}: it is vulkan or cuda");
    // Tokens, and how far logits are apart, are the same on a busy machine.
    let record = Record::begin("greedy", Figures::Counts, keep)?.peer("llama-cpp-sys-2")?;
    let run = |command| if is_software { vulkan::on_software(command) } else { Ok(command) };
    let mut models = run(ggml("test", backend, How::ForSpeed)?)?;
    let mut text = String::from(
        "Likeliest tokens of random models (width 256, 3 blocks, 1000 tokens) after a prompt of \
         21 and each of 256 random tokens: texts of their own soon repeat themselves. A difference \
         of logits is relative to the greatest one; \"likelier by\" is how much likelier our token \
         is than the other, at most.\n\n",
    );
    text += &tables(models.args(["--test", "device", "--", "agreement"]))?;
    let mut sentences = run(program("test", backend, How::ForSpeed)?)?;
    text += "\nSentences, by models that were trained: all choices of each.\n\n";
    text += &tables(sentences.args(["--test", "gpu", "--", "sentences"]))?;
    record.end(&text)
}

/// The tables that tests print which are told to measure much.
pub(crate) fn tables(cargo: &mut Command) -> Result<String> {
    // ggml opens a device in one thread at a time.
    cargo.args(["--nocapture", "--test-threads=1"]).env("TRINE_MANY", "1");
    let printed = sh::output(cargo.stderr(Stdio::inherit()))?;
    let mut text = String::new();
    // The first line of a table stands after the name of its test.
    for line in printed.lines().filter_map(|line| Some(&line[line.find(['|'])?..])) {
        if line.starts_with("| model") && !text.is_empty() {
            text.push('\n');
        }
        text += &format!("{line}\n");
    }
    ensure!(!text.is_empty(), "the tests have printed no table");
    Ok(text)
}
