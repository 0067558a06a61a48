//! Models on a graphics processor: that it computes our integers and our tokens, and how fast it is
//! beside llama.cpp's `TQ2_0`, or `Q2_0` where the device has no other, there and in one run.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::model::{Shape, made};
use super::programs::Programs;
use crate::modules::ternary;
use crate::sh;

/// Rounds of each engine; the figures are their medians.
const ROUNDS: usize = 5;
/// Least ratios to llama.cpp's speed, and seconds in which a model is loaded at most.
const DECODE: f64 = 0.95;
const PREFILL: f64 = 1.0;
const LOAD: f64 = 2.0;

/// What is asked of a figure, and whether it holds.
type Gate = (String, bool);

/// What is asked for.
pub(crate) struct Asked<'a> {
    /// `vulkan`, `cuda`, or `ternary`, our own for CUDA's devices: the first of its devices is
    /// measured.
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
    let is_known = ["vulkan", "cuda", ternary::NAME].contains(&backend);
    ensure!(is_known, "bench gpu {backend}: it is vulkan, cuda or ternary");
    let programs = Programs::new(asked)?;
    sh::run(programs.trine()?.args(["devices", "--gpu"]))?;
    let model = made(programs.maker()?, &programs.models(), shape, "q6_k")?;
    let mut bench = programs.trine()?;
    bench.arg("bench").arg(&model).args(["--backend", &format!("cpu,{backend}"), "--peer"]);
    bench.args(["--json", "--rounds", &ROUNDS.to_string()]);
    bench.arg("--scratch").arg(model.parent().context("a file has a folder")?);
    bench.stderr(std::process::Stdio::inherit());
    let measured: Value = serde_json::from_str(&sh::output(&mut bench)?)?;
    let (text, missed) = report(&measured, backend == ternary::NAME)?;
    println!("\n{text}");
    if asked.record {
        programs.record(asked, &text)?;
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

/// Whether the device was measured with floats too: our own backend computes codes alone.
fn has_floats(measured: &Value) -> bool {
    measured.pointer("/1/floats").is_some_and(|floats| !floats.is_null())
}

/// The speeds of all, and how long each loads the model.
fn speeds(measured: &Value) -> Result<String> {
    let mut columns = vec![("processor", "/0"), ("device, codes", "/1")];
    if has_floats(measured) {
        columns.push(("floats", "/1/floats"));
    }
    columns.push(("llama.cpp there, all of it", "/1/beside/peers/1"));
    columns.push(("its head on the processor", "/1/beside/peers/0"));
    let names: String = columns.iter().map(|(name, _)| format!(" {name} |")).collect();
    let mut text = format!("| |{names}\n|---|{}\n", "---:|".repeat(columns.len()));
    for (what, figure, digits) in [
        ("prefill, tokens/s", "prefill_tokens_per_s", 1),
        ("decode, tokens/s", "decode_tokens_per_s", 1),
        ("load, s", "load_s", 2),
    ] {
        text += &format!("| {what} |");
        for (_, at) in &columns {
            text += &format!(" {:.digits$} |", number(measured, &format!("{at}/{figure}"))?);
        }
        text.push('\n');
    }
    Ok(text)
}

/// How many times as fast as llama.cpp, and what is asked of that.
fn ratios(measured: &Value) -> Result<(String, Vec<Gate>)> {
    let hows: &[&str] = if has_floats(measured) { &["codes", "floats"] } else { &["codes"] };
    let names = hows
        .iter()
        .map(|how| format!(" {how}, beside all of it there | its head on the processor |"));
    let names: String = names.collect();
    let mut text = format!("| |{names}\n|---|{}\n", "---:|".repeat(2 * hows.len()));
    let mut gates = Vec::new();
    for (what, least) in [("prefill", PREFILL), ("decode", DECODE)] {
        text += &format!("| {what} |");
        for how in hows {
            for (at, place) in [(1, "all of it there"), (0, "its head on the processor")] {
                let ratio = number(measured, &format!("/1/beside/{how}/{at}/{what}"))?;
                text += &format!(" {ratio:.2} |");
                let gate = format!("{what} with {how} at least {least} of llama.cpp's, {place}");
                // llama.cpp rounds no activations there.
                gates.push((gate, ratio >= least));
            }
        }
        text.push('\n');
    }
    Ok((text, gates))
}

/// How far the device is from the processor, and what is asked of that where nothing may differ.
fn agreement(measured: &Value, is_exact: bool) -> Result<(String, Vec<Gate>)> {
    let number = |at: &str| number(measured, at);
    let (greedy, others) = (number("/1/greedy")?, number("/1/greedy_others")?);
    let apart = number("/1/logits_apart")?;
    let mut text = format!(
        "{} of {greedy} greedy tokens are the processor's; logits are {apart:.1e} apart at most.",
        greedy - others
    );
    if has_floats(measured) {
        let others = number("/1/floats/greedy_others")?;
        let apart = number("/1/floats/logits_apart")?;
        let same = greedy - others;
        text += &format!(" With `--activations floats` {same} are, and {apart:.1e} apart.");
    }
    let mut gates = Vec::new();
    if is_exact {
        gates.push(("all greedy tokens are the processor's".to_owned(), others == 0.0));
        gates.push(("each logit is the processor's".to_owned(), apart == 0.0));
    }
    Ok((text, gates))
}

/// The tables, and how many gates do not hold; of a device that is exact two more are asked.
fn report(measured: &Value, is_exact: bool) -> Result<(String, usize)> {
    let name = |at: &str| measured.pointer(at).and_then(Value::as_str).unwrap_or("?").to_owned();
    let (ratios, mut gates) = ratios(measured)?;
    gates.push((format!("loaded in {LOAD} s at most"), number(measured, "/1/load_s")? <= LOAD));
    let (agreement, exact) = agreement(measured, is_exact)?;
    gates.extend(exact);
    let mut text = format!(
        "Medians of {ROUNDS} rounds, in turns on the device: 128 tokens at once, 32 one at a \
         time. Processor: {}. Device: {}. Trits of llama.cpp: {}.\n\n{}\n\
         Times as fast as llama.cpp, medians of the ratios of the rounds:\n\n{ratios}\n\
         {}{agreement}\n\n",
        name("/0/name"),
        name("/1/name"),
        name("/1/beside/trits"),
        speeds(measured)?,
        bandwidth(measured)?
    );
    for (gate, holds) in &gates {
        text += &format!("- {} {gate}\n", if *holds { "holds:" } else { "MISSED:" });
    }
    Ok((text, gates.iter().filter(|(_, holds)| !holds).count()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::report;

    /// What `trine bench --json` prints of a processor and a device that is twice as fast there as
    /// llama.cpp.
    fn sample(floats: &Value, apart: f64) -> Value {
        let speeds = |times: f64| {
            json!({ "name": "Some0", "load_s": 0.5, "prefill_tokens_per_s": 100.0 * times,
                    "decode_tokens_per_s": 10.0 * times })
        };
        let mut device = speeds(2.0);
        let own = json!({ "floats": floats, "greedy": 256,
            "greedy_others": if apart > 0.0 { 2 } else { 0 }, "logits_apart": apart,
            "memory_bytes_per_s": 4e12, "memory_share": 0.25, "memory": { "weights_bytes": 7e8 } });
        let twice = json!([{ "prefill": 2.0, "decode": 2.0 }, { "prefill": 2.0, "decode": 2.0 }]);
        let floats = if floats.is_null() { Value::Null } else { twice.clone() };
        device.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        device["beside"] = json!({ "trits": "Q2_0", "peers": [speeds(1.0), speeds(1.0)],
            "codes": twice, "floats": floats });
        json!([speeds(0.1), device])
    }

    fn floats() -> Value {
        json!({ "load_s": 0.25, "prefill_tokens_per_s": 300.0, "decode_tokens_per_s": 30.0,
                "greedy_others": 3, "logits_apart": 0.5 })
    }

    #[test]
    fn a_device_with_floats_has_columns_and_gates_of_them() {
        let (text, missed) = report(&sample(&floats(), 0.125), false).unwrap();
        assert_eq!(missed, 0, "{text}");
        for line in [
            "| | processor | device, codes | floats | llama.cpp there, all of it | its head on the \
             processor |\n|---|---:|---:|---:|---:|---:|\n",
            "| prefill, tokens/s | 10.0 | 200.0 | 300.0 | 100.0 | 100.0 |\n",
            "| load, s | 0.50 | 0.50 | 0.25 | 0.50 | 0.50 |\n\nTimes as fast",
            "| decode | 2.00 | 2.00 | 2.00 | 2.00 |\n\nDecoding reads 700.0 MB",
            "254 of 256 greedy tokens are the processor's; logits are 1.2e-1 apart at most. With \
             `--activations floats` 253 are, and 5.0e-1 apart.\n\n- holds: prefill with codes",
            "- holds: decode with floats at least 0.95 of llama.cpp's, all of it there\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_device_with_codes_alone_has_no_place_for_floats() {
        let (text, missed) = report(&sample(&Value::Null, 0.0), true).unwrap();
        assert_eq!(missed, 0, "{text}");
        assert!(!text.contains("floats") && !text.contains('?'), "{text}");
        for line in [
            "|---|---:|---:|---:|---:|\n",
            "| decode, tokens/s | 1.0 | 20.0 | 10.0 | 10.0 |\n",
            "|---|---:|---:|\n| prefill | 2.00 | 2.00 |\n| decode | 2.00 | 2.00 |\n",
            "256 of 256 greedy tokens are the processor's; logits are 0.0e0 apart at most.\n\n-",
            "- holds: all greedy tokens are the processor's\n\
             - holds: each logit is the processor's\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_gate_that_does_not_hold_is_missed_and_what_is_not_measured_an_error() {
        let mut sample = sample(&Value::Null, 1e-7);
        let (text, missed) = report(&sample, true).unwrap();
        assert!(text.ends_with(
            "- MISSED: all greedy tokens are the processor's\n\
             - MISSED: each logit is the processor's\n"
        ));
        assert_eq!(missed, 2);
        assert_eq!(report(&sample, false).unwrap().1, 0);
        sample[1]["beside"]["codes"][0]["decode"] = json!(0.5);
        let (text, missed) = report(&sample, false).unwrap();
        assert!(text.contains("- MISSED: decode with codes"), "{text}");
        assert_eq!(missed, 1);
        sample[1]["logits_apart"] = Value::Null;
        assert!(report(&sample, true).is_err());
    }
}
