//! A whole model next to llama.cpp: `trine bench --peer` on a synthetic model in the shape of
//! BitNet b1.58 2B-4T with a `Q6_K` head, and how fast a file of the published kind opens.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use devtools::record::{self, Record};
use devtools::{Gates, sh};
use devtools_gpu::build::{native, target_dir};
use serde_json::Value;

use crate::roofline;

/// Rounds of each engine in each case: where two threads share the memory, whose speed drifts,
/// fewer say little.
const ROUNDS: &str = "10";

/// What is measured.
#[derive(Debug)]
pub struct Shape {
    /// Part of the files' names.
    pub(crate) name: &'static str,
    /// Options of `trine model make`.
    pub(crate) make: &'static str,
}

/// That of BitNet 2B-4T, of which the gates are asked.
pub const FULL: Shape = Shape { name: "full", make: "--full" };
/// Of the same kind, in a minute: its figures say whether the bench works, and no more.
pub const SMALL: Shape = Shape {
    name: "small",
    make: "--width 1024 --ffn 2816 --blocks 6 --heads 16 --kv-heads 4 --vocab 4096 --context 512",
};
/// Three blocks of the full size, few words: what a block costs, where a whole model takes hours.
pub const PART: Shape = Shape {
    name: "part",
    make: "--width 2560 --ffn 6912 --blocks 3 --heads 20 --kv-heads 5 --vocab 4096 --context 512",
};

/// Least and wanted ratio to llama.cpp's speed, by what is measured and the number of threads.
const RATIOS: [(&str, u64, [f64; 2]); 4] = [
    ("decode", 1, [1.6, 1.85]),
    ("decode", 2, [1.9, 2.3]),
    ("prefill", 1, [3.6, 4.5]),
    ("prefill", 2, [3.6, 4.5]),
];
/// Seconds in which a model opens whose file the system has in memory: one that is packed for this
/// engine, and one of the published kind.
const LOADS: [f64; 2] = [0.3, 1.5];

/// Tokens of prompts; after the last one decode goes up to the context of the model, 4,096. A small
/// model has room for the first alone.
const PROMPTS: [&str; 4] = ["128", "512", "2048", "4064"];

/// Sequences that are read at once.
const SEQUENCES: &str = "8";
/// Tokens that `trine bench` decodes after a prompt.
const DECODED: usize = 32;
/// The longest context of which the program keeps keys and values in half precision by default.
const NEAR: usize = 512;

/// `cargo xtask bench model PART`.
pub fn part(name: &str, keep: bool, small: bool) -> Result<()> {
    match name {
        "sizes" => sizes(keep, small),
        "one" => one(keep, small),
        "sequences" => sequences(keep, small),
        "roofline" => roofline::main(keep, small),
        _ => bail!("bench model {name}: it is sizes, one, sequences or roofline"),
    }
}

/// `cargo xtask bench model sizes`: prompts of many lengths, on two threads, in two rounds.
fn sizes(keep: bool, small: bool) -> Result<()> {
    let record = Record::begin("model sizes", record::Figures::Times, keep)?;
    let record = record.peer("llama-cpp-sys-2")?;
    let (shape, prompts) = if small { (SMALL, &PROMPTS[..1]) } else { (FULL, &PROMPTS[..]) };
    let trine = built()?;
    let model = made(sh::command(&trine), &target_dir().join("models"), &shape, "q6_k")?;
    let mut text = format!(
        "`trine model make {} --head q6_k`, 2 threads, medians of 2 rounds, and 32 tokens decoded \
         after each prompt. Keys and values are in half precision, and in the last column in \
         int8.\n\n\
         | tokens a second | Trine | llama.cpp | ratio | Trine, int8 |\n\
         |---|---:|---:|---:|---:|\n",
        shape.make
    );
    let mut ours = Vec::new();
    for prompt in prompts {
        let size = ["--rounds", "2", "--threads", "2", "--prompt", prompt];
        let options = [&["--peer", "--mapped", "--kv", "f16"], &size[..]].concat();
        let both = measured(sh::command(&trine), &model, &options)?;
        let small = measured(sh::command(&trine), &model, &[&["--kv", "i8"], &size[..]].concat())?;
        for what in ["prefill", "decode"] {
            // The first case is of the mapped file.
            let of = |it| number(&both, &format!("/cases/0/{what}/{it}"));
            let [half, theirs, ratio] = [of("trine")?, of("llama")?, of("ratio")?];
            let int8 = number(&small, &format!("/{what}/tokens_per_s"))?;
            let after = if what == "decode" { "decode after" } else { what };
            let row = format!("{half:.1} | {theirs:.1} | {ratio:.2} | {int8:.1}");
            text += &format!("| {after} {prompt} | {row} |\n");
            let row = speeds(prompt.parse()?, half, int8);
            ours.push((format!("{after} {prompt}"), row));
        }
    }
    text += &beside_the_first(&ours);
    text += &at_once(|options| measured(sh::command(&trine), &model, options))?;
    record.end(&text)
}

/// Prompts on one thread, what keys and values are kept in, and rounds: the peer takes minutes for
/// a long one.
const ALONE: [(&str, &str, &str); 4] =
    [("128", "f16", "15"), ("512", "f16", "3"), ("512", "i8", "3"), ("2048", "i8", "1")];
/// The same without AMX, where a processor has it.
const WITHOUT_AMX: [(&str, &str, &str); 3] =
    [("128", "f16", "5"), ("512", "f16", "3"), ("512", "i8", "3")];

/// `cargo xtask bench model one`: prompts on one thread.
fn one(keep: bool, small: bool) -> Result<()> {
    let record = Record::begin("model one", record::Figures::Times, keep)?;
    let record = record.peer("llama-cpp-sys-2")?;
    let (shape, prompts) = if small { (SMALL, &ALONE[..1]) } else { (FULL, &ALONE[..]) };
    let trine = built()?;
    let model = made(sh::command(&trine), &target_dir().join("models"), &shape, "q6_k")?;
    let mut text = format!(
        "`trine model make {} --head q6_k`, 1 thread. Ratios are medians of the ratios of the \
         rounds.\n\n\
         | prefill, tokens a second | set | rounds | Trine | llama.cpp | ratio |\n\
         |---|---|---:|---:|---:|---:|\n",
        shape.make
    );
    let mut has_amx = false;
    let without = if small { &WITHOUT_AMX[..1] } else { &WITHOUT_AMX[..] };
    let cases = prompts.iter().map(|case| (case, None));
    for (case, set) in cases.chain(without.iter().map(|case| (case, Some("avx512")))) {
        if set.is_some() && !has_amx {
            continue;
        }
        let both = alone(&trine, &model, *case, set)?;
        let named = both.pointer("/engines/0").and_then(Value::as_str);
        let isa = named.context("no instruction set is named")?;
        has_amx |= isa == "amx";
        let of = |it| number(&both, &format!("/cases/0/prefill/{it}"));
        let (prompt, kv, rounds) = case;
        let [ours, theirs, ratio] = [of("trine")?, of("llama")?, of("ratio")?];
        let figures = format!("{rounds} | {ours:.1} | {theirs:.1} | {ratio:.2}");
        let other = if set.is_some() { ", without AMX" } else { "" };
        text += &format!("| {prompt}, {kv}{other} | {isa} | {figures} |\n");
    }
    text += "\nWhere the time of 128 goes, of this processor's best instruction set:\n\n```\n";
    let mut profile = sh::command(&trine);
    profile.arg("bench").arg(&model).args(["--profile", "--threads", "1"]);
    let profile = sh::output(&mut profile)?;
    // Behind the name of the file, and before decoding.
    for line in profile.lines().skip(1).take_while(|line| !line.starts_with("decode")) {
        text += &format!("{line}\n");
    }
    record.end(&(text + "```\n"))
}

/// A prompt on one thread beside the peer, by an instruction set or the fastest.
fn alone(
    trine: &Path,
    model: &Path,
    (prompt, kv, rounds): (&str, &str, &str),
    set: Option<&str>,
) -> Result<Value> {
    let size = ["--threads", "1", "--prompt", prompt, "--tokens", "1", "--rounds", rounds];
    let isa = set.map_or(Vec::new(), |set| vec!["--isa", set]);
    let options = [&["--peer", "--mapped", "--kv", kv], &size[..], &isa[..]].concat();
    measured(sh::command(trine), model, &options)
}

/// `cargo xtask bench model sequences`: the part of [`sizes`] that takes no peer, in minutes.
fn sequences(keep: bool, small: bool) -> Result<()> {
    let record = Record::begin("model sequences", record::Figures::Times, keep)?;
    let shape = if small { SMALL } else { FULL };
    let trine = built()?;
    let model = made(sh::command(&trine), &target_dir().join("models"), &shape, "q6_k")?;
    let text = format!("`trine model make {} --head q6_k`.\n", shape.make);
    record.end(&(text + &at_once(|options| measured(sh::command(&trine), &model, options))?))
}

/// Several sequences beside one, in turns.
fn at_once(measure: impl Fn(&[&str]) -> Result<Value>) -> Result<String> {
    let mut text = format!(
        "\n{SEQUENCES} sequences at once, a token of each at a time after 128 others, medians of 5 \
         rounds in turns with one sequence.\n\n\
         | keys and values | threads | tokens a second | times one sequence |\n\
         |---|---:|---:|---:|\n"
    );
    for (kv, name) in [("f16", "half precision"), ("i8", "int8")] {
        for threads in ["1", "2"] {
            let size = ["--kv", kv, "--threads", threads, "--rounds", "5"];
            let of = measure(&[&["--sequences", SEQUENCES], &size[..]].concat())?;
            let [rate, times] = ["/sequences/decode/tokens_per_s", "/sequences/times_one"]
                .map(|pointer| number(&of, pointer));
            text += &format!("| {name} | {threads} | {:.1} | {:.2} |\n", rate?, times?);
        }
    }
    Ok(text)
}

/// With keys and values as `--kv auto` keeps them for a prompt, in half precision and in int8.
const fn speeds(prompt: usize, half: f64, int8: f64) -> [f64; 3] {
    [if prompt + DECODED > NEAR { int8 } else { half }, half, int8]
}

/// Speeds as shares of those of the first prompt.
fn beside_the_first(all: &[(String, [f64; 3])]) -> String {
    let mut text = String::from(
        "\n| share of 128's | as kept by default | half precision | int8 |\n|---|---:|---:|---:|\n",
    );
    for (at, (name, speeds)) in all.iter().enumerate().skip(2) {
        let (_, first) = &all[at % 2];
        let shares = speeds.iter().zip(first).map(|(speed, first)| speed / first);
        let shares = shares.map(|share| format!("{share:.2}")).collect::<Vec<_>>();
        text += &format!("| {name} | {} |\n", shares.join(" | "));
    }
    text
}

/// The program with llama.cpp in it.
pub(crate) fn built() -> Result<PathBuf> {
    let mut cargo = native(sh::cargo());
    cargo.args(["build", "--release", "-p", "trine", "--features", "peer", "--target-dir"]);
    sh::run(cargo.arg(target_dir()))?;
    Ok(sh::program_in(&target_dir().join("release"), "trine"))
}

/// `cargo xtask bench model`. A small model takes a minute, and no gate is asked of it.
pub fn main(keep: bool, small: bool) -> Result<()> {
    let shape = if small { SMALL } else { FULL };
    let record = Record::begin("model", record::Figures::Times, keep)?.peer("llama-cpp-sys-2")?;
    let trine = built()?;
    let models = target_dir().join("models");
    let [model, published] =
        ["q6_k", "f16"].map(|head| made(sh::command(&trine), &models, &shape, head));
    let (model, published) = (model?, published?);
    let measure = |model, options: &[&str]| measured(sh::command(&trine), model, options);
    let measured = measure(&model, &["--peer", "--rounds", ROUNDS])?;
    let once = ["--prompt", "1", "--tokens", "1", "--rounds", "1"];
    let mut opened = (0..3).map(|_| measure(&published, &once)).collect::<Result<Vec<_>>>()?;
    let load = |opened: &Value| opened["load_s"].as_f64().unwrap_or(f64::INFINITY);
    opened.sort_by(|one, other| load(one).total_cmp(&load(other)));
    let opened = opened.swap_remove(1);
    let gates = gates(&measured, &opened)?;
    let pages = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    let text = format!(
        "Medians of {ROUNDS} interleaved rounds of 128 tokens read at once and 32 one at a time; \
         the model is `trine model make {} --head q6_k`. Ratios are medians of the ratios of the \
         rounds. Both engines run in processes of their own. Transparent huge pages: {}\n\n\
         {}\n{}\nA file of the published kind:\n\n{}",
        shape.make,
        pages.unwrap_or_default().trim(),
        gates.text,
        figures(&measured),
        figures(&opened)
    );
    record.end(&text)?;
    if small { Ok(()) } else { gates.check() }
}

/// A model of this shape, made by the program, which stays in the folder for the next run.
pub(crate) fn made(
    mut trine: Command,
    folder: &Path,
    shape: &Shape,
    head: &str,
) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}-{head}.gguf", shape.name));
    if !path.exists() {
        let making = path.with_extension("part");
        trine.args(["model", "make"]).args(shape.make.split(' '));
        sh::run(trine.args(["--head", head, "-o"]).arg(&making))?;
        std::fs::rename(&making, &path)?;
    }
    Ok(path)
}

/// What `trine bench --json` measures of a model. How far it is goes to our standard error.
pub(crate) fn measured(mut trine: Command, model: &Path, options: &[&str]) -> Result<Value> {
    trine.arg("bench").arg(model).args(options).arg("--json").stderr(Stdio::inherit());
    if options.contains(&"--peer") {
        // Where the model is converted for llama.cpp.
        trine.arg("--scratch").arg(model.parent().context("a file has a folder")?);
    }
    Ok(serde_json::from_str(&sh::output(&mut trine)?)?)
}

pub(crate) fn number(measured: &Value, pointer: &str) -> Result<f64> {
    let found = measured.pointer(pointer).and_then(Value::as_f64);
    found.with_context(|| format!("no number at {pointer}"))
}

/// All that was measured as a table, a row for each figure. The program itself prints it for
/// people, when it is not asked for JSON.
pub(crate) fn figures(measured: &Value) -> String {
    format!("| figure | value |\n|---|---:|\n{}", rows(measured, ""))
}

fn rows(value: &Value, path: &str) -> String {
    let shown = match value {
        Value::Null => return String::new(),
        Value::Object(members) => {
            let row = |(name, it): (&String, _)| rows(it, &format!("{path} {name}"));
            return members.iter().map(row).collect();
        }
        Value::Array(items) => {
            let row = |(at, it)| rows(it, &format!("{path} {at}"));
            return items.iter().enumerate().map(row).collect();
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let digits = if number.abs() < 100.0 { 4 } else { 0 };
            format!("{number:.digits$}")
        }
        other => other.to_string().trim_matches('"').to_owned(),
    };
    format!("|{path} | {shown} |\n")
}

fn gates(measured: &Value, opened: &Value) -> Result<Gates> {
    let mut gates = Gates::default();
    let cases = measured.get("cases").and_then(Value::as_array).context("no cases")?;
    for case in cases {
        let memory = match case["memory"].as_str() {
            Some("mapped") => "plain mmap",
            Some("huge") => "huge pages",
            _ => "unknown memory",
        };
        for (what, threads, least) in RATIOS.iter().filter(|it| case["threads"] == it.1) {
            let ratio = number(case, &format!("/{what}/ratio"))?;
            gates.at_least(format!("{what}, threads: {threads}, {memory}"), ratio, *least);
        }
        let [ours, theirs] = ["/peak_bytes/trine", "/peak_bytes/llama"]
            .map(|of| number(case, of).map(|bytes| bytes / f64::from(1 << 20)));
        gates.at_most(format!("peak memory, {memory}, in MiB"), ours?, theirs?);
    }
    let converted = number(measured, "/loads/0/load_s")?;
    gates.at_most("seconds to open, warm, converted", converted, LOADS[0]);
    let published = number(opened, "/load_s")?;
    gates.at_most("seconds to open, warm, I2_S with its F16 head", published, LOADS[1]);
    Ok(gates)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{at_once, beside_the_first, figures, gates, speeds};

    #[test]
    fn speeds_are_shares_of_those_of_the_first_prompt() {
        let row = |name: &str, prompt, half, int8| {
            (format!("{name} {prompt}"), speeds(prompt, half, int8))
        };
        let all = [
            row("prefill", 128, 300.0, 200.0),
            row("decode after", 128, 50.0, 40.0),
            row("prefill", 256, 150.0, 180.0),
            row("decode after", 2048, 40.0, 10.0),
        ];
        let text = beside_the_first(&all);
        let (near, far) =
            ("prefill 256 | 0.50 | 0.50 | 0.90", "decode after 2048 | 0.20 | 0.80 | 0.25");
        assert!(text.ends_with(&format!("| {near} |\n| {far} |\n")), "{text}");
    }

    #[test]
    fn several_sequences_are_measured_with_both_kinds_of_keys_and_on_one_thread_and_two() {
        let text = at_once(|options| {
            assert_eq!(options[..2], ["--sequences", "8"]);
            let threads = options[options.len() - 3].parse::<f64>().unwrap();
            let decode = json!({ "tokens_per_s": 100.0 * threads });
            Ok(json!({ "sequences": { "decode": decode, "times_one": 3.0 } }))
        });
        let text = text.unwrap();
        assert!(
            text.contains("| half precision | 2 | 200.0 | 3.00 |\n| int8 | 1 | 100.0 | 3.00 |")
        );
    }

    #[test]
    fn gates_and_figures_are_of_what_was_measured() {
        let case = |threads: u64, decode: f64, peak: f64| {
            json!({ "memory": "mapped", "threads": threads, "decode": { "ratio": decode },
                    "prefill": { "ratio": 4.6 }, "peak_bytes": { "trine": peak, "llama": 8e8 } })
        };
        let gates = |peak: f64, load: f64| {
            let measured = json!({ "cases": [case(1, 1.9, peak), case(2, 1.5, peak)],
                                   "loads": [{ "load_s": 0.1 }] });
            gates(&measured, &json!({ "load_s": load })).unwrap()
        };
        let good = gates(7e8, 1.4);
        assert!(good.text.contains("- met: decode, threads: 1, plain mmap: 1.90"));
        let missed = good.check().unwrap_err().to_string();
        assert!(missed.starts_with("missed: decode, threads: 2, plain mmap: 1.50"), "{missed}");
        assert!(!missed.contains(';'), "{missed}");
        assert_eq!(gates(9e8, 1.6).text.matches("MISSED").count(), 4);
        let table = figures(&json!({ "a": [{ "b": 0.5 }, null], "c": 2000, "d": "text" }));
        assert!(table.ends_with("| a 0 b | 0.5000 |\n| c | 2000 |\n| d | text |\n"), "{table}");
    }
}
