//! Models on a GPU: that it computes our integers and our tokens, and how fast it is next to
//! llama.cpp's `TQ2_0`, or `Q2_0` where the device has no other, there and in one run. What is
//! measured and tested with is a GPU bundle, made here or carried here.

use std::path::Path;

use anyhow::{Result, ensure};
use devtools::record::{self, Record};
use devtools::{Gates, sh};
use devtools_gpu::bundle::{Bundle, make_for};
use devtools_gpu::modules::ternary;
use serde_json::Value;

use crate::model::{FULL, Shape, figures, made, measured, number};

/// Rounds of each engine; the figures are their medians.
const ROUNDS: &str = "5";
/// Tokens of longer prompts, and the rounds and greedy tokens that they are measured with.
const PROMPTS: [&str; 2] = ["512", "2048"];
const LONG: [&str; 4] = ["--rounds", "3", "--greedy", "32"];
/// Least ratios to llama.cpp's speed, and seconds in which a model is loaded at most.
const DECODE: f64 = 0.95;
const PREFILL: f64 = 1.0;
const LOAD: f64 = 2.0;

/// `cargo xtask bench gpu` of `vulkan`, `cuda`, or `ternary`, our own for CUDA's devices: measures
/// on the first device, and tests there, by a bundle where cargo does not build. No gate is asked
/// of a driver in software, nor of a model that is not the full one.
pub fn main(
    backend: &str,
    shape: &Shape,
    bundled: Option<&Path>,
    keep: bool,
    is_software: bool,
) -> Result<()> {
    let is_full = shape.name == FULL.name;
    // The record is called as on the command line, where Vulkan need not be named.
    let of = if backend == "vulkan" { String::new() } else { format!(" {backend}") };
    let part = if is_full { String::new() } else { format!(" --{}", shape.name) };
    let record = Record::begin(&format!("gpu{of}{part}"), record::Figures::Times, keep)?;
    let mut record = record.peer("llama-cpp-sys-2")?;
    let is_known = ["vulkan", "cuda", ternary::NAME].contains(&backend);
    ensure!(is_known, "bench gpu {backend}: it is vulkan, cuda or ternary");
    let folder = bundled.map_or_else(|| make_for(backend), |folder| Ok(folder.to_owned()))?;
    let bundle = Bundle::open(&folder, backend, is_software)?;
    sh::run(bundle.trine()?.args(["devices", "--gpu"]))?;
    let model = made(bundle.trine()?, &bundle.models(), shape, "q6_k")?;
    let backends = format!("cpu,{backend}");
    let options = ["--backend", &backends, "--peer", "--rounds", ROUNDS];
    let measured = measured(bundle.trine()?, &model, &options)?;
    let is_exact = backend == ternary::NAME;
    let mut gates = gates(&measured, is_exact)?;
    let mut prompts = String::new();
    // A small model has no room for them.
    for prompt in PROMPTS.iter().filter(|_| is_full) {
        let options = [&options[..3], &LONG, &["--prompt", prompt]].concat();
        let measured = self::measured(bundle.trine()?, &model, &options)?;
        prompts += &long(prompt, &measured)?;
        if is_exact {
            exact(&mut gates, &format!(", prompt of {prompt}"), &measured)?;
        }
    }
    let text = format!(
        "`trine model make {} --head q6_k`; a GPU bundle, in which ggml is compiled for \
         x86-64-v3. Medians of {ROUNDS} rounds, in turns on the device: 128 tokens at once, 32 one \
         at a time. Figures of 0 are the CPU's, of 1 the device's; its peers are llama.cpp there \
         with its head on the CPU, and all of it there.\n\n{}\n{}\n{}",
        shape.make,
        gates.text,
        figures(&measured),
        if prompts.is_empty() { prompts } else { format!("{LONG_HEAD}{prompts}") }
    );
    if bundled.is_some() {
        record.folder = bundle.records();
    }
    record.end(&text)?;
    bundle.test()?;
    if is_full && !is_software { gates.check() } else { Ok(()) }
}

/// What is asked of a device. Our own backend, which is exact, computes quantized activations
/// alone, and all that it computes is the CPU's.
fn gates(measured: &Value, is_exact: bool) -> Result<Gates> {
    let mut gates = Gates::default();
    let has_floats = measured.pointer("/1/floats").is_some_and(|floats| !floats.is_null());
    let hows: &[&str] = if has_floats { &["codes", "floats"] } else { &["codes"] };
    for (what, least) in [("prefill", PREFILL), ("decode", DECODE)] {
        for how in hows {
            for (at, place) in [(1, "all of it there"), (0, "its head on the CPU")] {
                let ratio = number(measured, &format!("/1/beside/{how}/{at}/{what}"))?;
                let what = format!("{what} with {how}, times llama.cpp's, {place}");
                gates.at_least(what, ratio, [least, least]);
            }
        }
    }
    gates.at_most("seconds to load", number(measured, "/1/load_s")?, LOAD);
    if is_exact {
        exact(&mut gates, "", measured)?;
    }
    Ok(gates)
}

/// What is asked of our own backend alone.
fn exact(gates: &mut Gates, after: &str, measured: &Value) -> Result<()> {
    let (others, apart) =
        (number(measured, "/1/greedy_others")?, number(measured, "/1/logits_apart")?);
    gates.at_most(format!("greedy tokens that are not the CPU's{after}"), others, 0.0);
    let text = format!("each logit is the CPU's{after}: {apart:e} apart at most");
    gates.holds(text, apart == 0.0);
    Ok(())
}

/// Above the rows of longer prompts.
const LONG_HEAD: &str = "\
Longer prompts, medians of 3 rounds, of the CPU of those that begin in 20 s, and 32 tokens decoded
after each. The peer is llama.cpp with all of it there.

| tokens a second | device | llama.cpp | ratio | CPU |
|---|---:|---:|---:|---:|
";

/// Rows of what was measured of a longer prompt, with quantized activations.
fn long(prompt: &str, measured: &Value) -> Result<String> {
    let mut rows = String::new();
    for (name, what) in [("prefill", "prefill"), ("decode", "decode after")] {
        let of = |place: &str| number(measured, &format!("/{place}/{name}_tokens_per_s"));
        let [device, peer, cpu] = [of("1")?, of("1/beside/peers/1")?, of("0")?];
        let ratio = number(measured, &format!("/1/beside/codes/1/{name}"))?;
        rows += &format!("| {what} {prompt} | {device:.1} | {peer:.1} | {ratio:.2} | {cpu:.1} |\n");
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{gates, long};

    #[test]
    fn rows_of_a_longer_prompt_are_next_to_the_peers() {
        let speeds = |prefill: f64, decode: f64| {
            let decode = ("decode_tokens_per_s".to_owned(), json!(decode));
            let all = [("prefill_tokens_per_s".to_owned(), json!(prefill)), decode];
            Value::Object(all.into_iter().collect())
        };
        let mut device = speeds(1000.0, 100.0);
        device["beside"] = json!({ "peers": [speeds(1.0, 1.0), speeds(500.0, 80.0)],
            "codes": [{ "prefill": 9.0, "decode": 9.0 }, { "prefill": 2.0, "decode": 1.25 }] });
        assert_eq!(
            long("512", &json!([speeds(10.0, 5.0), device])).unwrap(),
            "| prefill 512 | 1000.0 | 500.0 | 2.00 | 10.0 |\n\
             | decode after 512 | 100.0 | 80.0 | 1.25 | 5.0 |\n"
        );
    }

    #[test]
    fn a_device_keeps_the_gates_of_what_it_computes() {
        let twice = json!([{ "prefill": 2.0, "decode": 2.0 }, { "prefill": 2.0, "decode": 2.0 }]);
        let mut sample = json!([{}, { "load_s": 0.5, "floats": { "load_s": 0.25 },
            "greedy_others": 2, "logits_apart": 1e-7,
            "beside": { "codes": twice, "floats": twice } }]);
        let missed = |sample: &Value, is_exact| {
            let text = gates(sample, is_exact).unwrap().text;
            (text.lines().count(), text.matches("MISSED").count())
        };
        assert_eq!(missed(&sample, false), (9, 0));
        sample[1]["floats"] = Value::Null;
        sample[1]["beside"]["codes"][0]["decode"] = json!(0.5);
        assert_eq!((missed(&sample, false), missed(&sample, true)), ((5, 1), (7, 3)));
        sample[1]["logits_apart"] = Value::Null;
        assert!(gates(&sample, true).is_err());
    }
}
