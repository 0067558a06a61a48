//! Models on a graphics processor: that it computes our integers and our tokens, and how fast it is
//! beside llama.cpp's `TQ2_0` on the same device, in one run.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::kernels::{program, target_dir, test_devices};
use super::model::{self, made};
use super::table;
use crate::{sh, vulkan};

/// Rounds of each engine; the figures are their medians.
const ROUNDS: usize = 5;
/// Least ratios to llama.cpp's speed, and seconds in which a model is loaded at most.
const DECODE: f64 = 0.95;
const PREFILL: f64 = 1.0;
const LOAD: f64 = 2.0;

/// Tests and measures on the first device of a backend, `vulkan` or `cuda`; in software with
/// `is_software`, which shows that it works, and of which no gate is asked, nor of a small model.
///
/// # Errors
/// When something does not build or run, another token is found, or a gate is missed.
pub(crate) fn main(backend: &str, record: bool, small: bool, is_software: bool) -> Result<()> {
    ensure!(["vulkan", "cuda"].contains(&backend), "bench gpu {backend}: it is vulkan or cuda");
    let run = |command| if is_software { vulkan::on_software(command) } else { Ok(command) };
    test_devices(backend, is_software)?;
    sh::run(&mut program("build", backend)?)?;
    let trine = target_dir().join("release/trine");
    sh::run(run(sh::command(&trine))?.args(["devices", "--gpu"]))?;
    let model = made(&trine, if small { &model::SMALL } else { &model::FULL }, "q6_k")?;
    let mut bench = run(sh::command(&trine))?;
    bench.arg("bench").arg(&model).args(["--backend", &format!("cpu,{backend}"), "--peer"]);
    bench.args(["--json", "--rounds", &ROUNDS.to_string()]);
    bench.arg("--scratch").arg(model.parent().context("a file has a folder")?);
    bench.stderr(std::process::Stdio::inherit());
    let measured: Value = serde_json::from_str(&sh::output(&mut bench)?)?;
    let (text, missed) = report(&measured)?;
    println!("\n{text}");
    if record {
        table::record("gpu", &text)?;
    }
    ensure!(small || is_software || missed == 0, "{missed} gates are missed");
    Ok(())
}

/// The table, and how many gates do not hold.
fn report(measured: &Value) -> Result<(String, usize)> {
    let number = |at: &str| {
        let found = measured.pointer(at).and_then(Value::as_f64);
        found.with_context(|| format!("no number at {at}"))
    };
    let name = |at: &str| measured.pointer(at).and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut text = format!(
        "Medians of {ROUNDS} rounds: 128 tokens read at once, 32 one at a time.\n\n| | {} | {} | \
         llama.cpp there | ours to llama.cpp's |\n|---|---:|---:|---:|---:|\n",
        name("/0/name"),
        name("/1/name")
    );
    let mut gates = Vec::new();
    for (what, least) in [("prefill", PREFILL), ("decode", DECODE)] {
        let speed = |at: &str| number(&format!("{at}/{what}_tokens_per_s"));
        let (own, device, peer) = (speed("/0")?, speed("/1")?, speed("/1/peer")?);
        let ratio = device / peer;
        text +=
            &format!("| {what}, tokens/s | {own:.1} | {device:.1} | {peer:.1} | {ratio:.2} |\n");
        gates.push((format!("{what} at least {least} of llama.cpp's"), ratio >= least));
    }
    let (own, load, peer) = (number("/0/load_s")?, number("/1/load_s")?, number("/1/peer/load_s")?);
    text += &format!("| load, s | {own:.2} | {load:.2} | {peer:.2} | |\n\n");
    gates.push((format!("loaded in {LOAD} s at most"), load <= LOAD));
    let (greedy, others) = (number("/1/greedy")?, number("/1/greedy_others")?);
    let apart = number("/1/logits_apart")?;
    text += &format!(
        "{} of {greedy} greedy tokens are the processor's; logits are {apart:.1e} apart at \
         most.\n\n",
        greedy - others
    );
    for (gate, holds) in &gates {
        text += &format!("- {} {gate}\n", if *holds { "holds:" } else { "MISSED:" });
    }
    Ok((text, gates.iter().filter(|(_, holds)| !holds).count()))
}
