//! Models on a graphics processor: that it computes our integers and our tokens, and how fast it is
//! beside llama.cpp's `TQ2_0`, or `Q2_0` where the device has no other, there and in one run.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::model::{Shape, made};
use super::programs::Programs;
use crate::sh;

/// Rounds of each engine; the figures are their medians.
const ROUNDS: usize = 5;
/// Least ratios to llama.cpp's speed, and seconds in which a model is loaded at most.
const DECODE: f64 = 0.95;
const PREFILL: f64 = 1.0;
const LOAD: f64 = 2.0;

/// What is asked for.
pub(crate) struct Asked<'a> {
    /// `vulkan` or `cuda`, of which the first device is measured.
    pub(crate) backend: &'a str,
    pub(crate) shape: &'a Shape,
    /// Whether figures are kept.
    pub(crate) record: bool,
    /// Whether a driver in software is meant.
    pub(crate) is_software: bool,
    /// The folder of a kit, where cargo does not build.
    pub(crate) kit: Option<&'a Path>,
}

/// Measures on a device, and tests there. No gate is asked of one in software, nor of a model that
/// is not the full one.
///
/// # Errors
/// When something does not build or run, another token is found, or a gate is missed.
pub(crate) fn main(asked: &Asked<'_>) -> Result<()> {
    let Asked { backend, shape, is_software, .. } = *asked;
    ensure!(["vulkan", "cuda"].contains(&backend), "bench gpu {backend}: it is vulkan or cuda");
    let programs = Programs::new(asked)?;
    sh::run(programs.trine()?.args(["devices", "--gpu"]))?;
    let model = made(programs.maker()?, &programs.models(), shape, "q6_k")?;
    let mut bench = programs.trine()?;
    bench.arg("bench").arg(&model).args(["--backend", &format!("cpu,{backend}"), "--peer"]);
    bench.args(["--json", "--rounds", &ROUNDS.to_string()]);
    bench.arg("--scratch").arg(model.parent().context("a file has a folder")?);
    bench.stderr(std::process::Stdio::inherit());
    let measured: Value = serde_json::from_str(&sh::output(&mut bench)?)?;
    let (text, missed) = report(&measured)?;
    println!("\n{text}");
    if asked.record {
        programs.record(shape, &text)?;
    }
    programs.test()?;
    ensure!(!shape.is_full() || is_software || missed == 0, "{missed} gates are missed");
    Ok(())
}

fn number(measured: &Value, at: &str) -> Result<f64> {
    let found = measured.pointer(at).and_then(Value::as_f64);
    found.with_context(|| format!("no number at {at}"))
}

/// What decoding reads beside what the device can.
fn bandwidth(measured: &Value) -> Result<String> {
    let number = |at: &str| number(measured, at);
    let Ok(speed) = number("/1/memory_bytes_per_s") else {
        return Ok("How fast the device reads its memory could not be measured.\n\n".to_owned());
    };
    let (weights, share) = (number("/1/memory/weights_bytes")?, number("/1/memory_share")?);
    Ok(format!(
        "Decoding reads {:.1} MB of weights a token: {:.2} GB/s, {:.0} % of the {:.2} GB/s that \
         this device reads at best, by a graph of ggml's over 512 MiB in the same run.\n\n",
        weights / 1e6,
        speed * share / 1e9,
        share * 100.0,
        speed / 1e9
    ))
}

/// The table, and how many gates do not hold.
fn report(measured: &Value) -> Result<(String, usize)> {
    let number = |at: &str| number(measured, at);
    let name = |at: &str| measured.pointer(at).and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut text = format!(
        "Medians of {ROUNDS} rounds, in turns on the device: 128 tokens at once, 32 one at a \
         time. Processor: {}. Device: {}. Trits of llama.cpp: {}.\n\n\
         | | processor | device, codes | floats | llama.cpp there, all of it | its head on the \
         processor |\n|---|---:|---:|---:|---:|---:|\n",
        name("/0/name"),
        name("/1/name"),
        name("/1/beside/trits")
    );
    for what in ["prefill", "decode"] {
        let speed = |at: &str| number(&format!("{at}/{what}_tokens_per_s"));
        let (own, codes, floats) = (speed("/0")?, speed("/1")?, speed("/1/floats")?);
        let (there, apart) = (speed("/1/beside/peers/1")?, speed("/1/beside/peers/0")?);
        text += &format!(
            "| {what}, tokens/s | {own:.1} | {codes:.1} | {floats:.1} | {there:.1} | {apart:.1} |\n"
        );
    }
    let (own, load, floats) =
        (number("/0/load_s")?, number("/1/load_s")?, number("/1/floats/load_s")?);
    let (there, apart) = (number("/1/beside/peers/1/load_s")?, number("/1/beside/peers/0/load_s")?);
    text += &format!(
        "| load, s | {own:.2} | {load:.2} | {floats:.2} | {there:.2} | {apart:.2} |\n\n\
         Times as fast as llama.cpp, medians of the ratios of the rounds:\n\n\
         | | codes, beside all of it there | its head on the processor | floats, beside all of it \
         there | its head on the processor |\n|---|---:|---:|---:|---:|\n"
    );
    let mut gates = Vec::new();
    for (what, least) in [("prefill", PREFILL), ("decode", DECODE)] {
        text += &format!("| {what} |");
        for how in ["codes", "floats"] {
            for (at, place) in [(1, "all of it there"), (0, "its head on the processor")] {
                let ratio = number(&format!("/1/beside/{how}/{at}/{what}"))?;
                text += &format!(" {ratio:.2} |");
                let gate = format!("{what} with {how} at least {least} of llama.cpp's, {place}");
                // llama.cpp rounds no activations there.
                gates.push((gate, ratio >= least));
            }
        }
        text.push('\n');
    }
    text.push('\n');
    gates.push((format!("loaded in {LOAD} s at most"), load <= LOAD));
    text += &bandwidth(measured)?;
    let (greedy, others) = (number("/1/greedy")?, number("/1/greedy_others")?);
    let apart = number("/1/logits_apart")?;
    let (without, without_apart) =
        (number("/1/floats/greedy_others")?, number("/1/floats/logits_apart")?);
    text += &format!(
        "{} of {greedy} greedy tokens are the processor's; logits are {apart:.1e} apart at most. \
         With `--activations floats` {} are, and {without_apart:.1e} apart.\n\n",
        greedy - others,
        greedy - without
    );
    for (gate, holds) in &gates {
        text += &format!("- {} {gate}\n", if *holds { "holds:" } else { "MISSED:" });
    }
    Ok((text, gates.iter().filter(|(_, holds)| !holds).count()))
}
