//! A whole model beside llama.cpp: `trine bench --peer` on a synthetic model in the shape of BitNet
//! b1.58 2B-4T with a `Q6_K` head, and how fast a file of the published kind opens.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::table;
use crate::{cache, sh};

/// Rounds of each engine in each case: where two threads share the memory, whose speed drifts,
/// fewer say little.
const ROUNDS: usize = 10;
/// Times that the published kind of file is opened.
const OPENINGS: usize = 3;

/// What is measured.
pub(crate) struct Shape {
    /// Part of the files' names.
    pub(super) name: &'static str,
    /// Options of `trine model make`.
    make: &'static [&'static str],
}

impl Shape {
    /// Options of `trine model make`, as they are written.
    pub(super) fn make(&self) -> String {
        self.make.join(" ")
    }

    /// Whether it is that of BitNet 2B-4T, of which the gates are asked.
    pub(super) fn is_full(&self) -> bool {
        self.name == FULL.name
    }
}

pub(crate) const FULL: Shape = Shape { name: "full", make: &["--full"] };
/// Of the same kind, in a minute: its figures say whether the bench works, and no more.
pub(crate) const SMALL: Shape = Shape {
    name: "small",
    make: &[
        "--width",
        "1024",
        "--ffn",
        "2816",
        "--blocks",
        "6",
        "--heads",
        "16",
        "--kv-heads",
        "4",
        "--vocab",
        "4096",
        "--context",
        "512",
    ],
};
/// Three blocks of the full size, few words: what a block costs, where a whole model takes hours.
pub(crate) const PART: Shape = Shape {
    name: "part",
    make: &[
        "--width",
        "2560",
        "--ffn",
        "6912",
        "--blocks",
        "3",
        "--heads",
        "20",
        "--kv-heads",
        "5",
        "--vocab",
        "4096",
        "--context",
        "512",
    ],
};

/// Least and wanted ratio to llama.cpp's speed, by what is measured and the number of threads.
const RATIOS: [(&str, u64, f64, f64); 4] = [
    ("decode", 1, 1.6, 1.85),
    ("decode", 2, 1.9, 2.3),
    ("prefill", 1, 3.6, 4.5),
    ("prefill", 2, 3.6, 4.5),
];
/// Seconds in which a model opens whose file the system has in memory: one that is packed for this
/// engine, and one of the published kind.
const LOADS: [f64; 2] = [0.3, 1.5];

/// Measures, prints the tables, and keeps them under `benches/record` when `record` is set. A
/// small model takes a minute, and no gate is asked of it.
///
/// # Errors
/// When something does not build (cmake, ninja, a C++ compiler and libclang are needed) or run, or
/// a gate is missed.
pub(crate) fn main(record: bool, small: bool) -> Result<()> {
    let shape = if small { SMALL } else { FULL };
    let trine = build()?;
    let model = made(sh::command(&trine), &models(), &shape, "q6_k")?;
    let published = made(sh::command(&trine), &models(), &shape, "f16")?;
    let folder = model.parent().context("a file has a folder")?;
    let mut bench = sh::command(&trine);
    bench.arg("bench").arg(&model).args(["--peer", "--json", "--rounds", &ROUNDS.to_string()]);
    // Figures go to standard output, and how far it is to standard error, which is ours.
    bench.arg("--scratch").arg(folder).stderr(std::process::Stdio::inherit());
    let measured: Value = serde_json::from_str(&sh::output(&mut bench)?)?;
    let opened = (0..OPENINGS).map(|_| open(&trine, &published)).collect::<Result<Vec<_>>>()?;
    let report = Report::new(&measured, &opened)?;
    let text = format!("{}\n{}", conditions(&shape, &measured), report.text);
    println!("\n{text}");
    if record {
        table::record("model", &text)?;
    }
    ensure!(small || report.missed == 0, "{} gates are missed", report.missed);
    Ok(())
}

/// Builds the program with llama.cpp in it.
fn build() -> Result<PathBuf> {
    let target_dir = sh::target_dir().join("ggml");
    let mut cargo = native(sh::cargo());
    cargo.args(["build", "--release", "-p", "trine", "--features", "peer", "--target-dir"]);
    sh::run(cargo.arg(&target_dir))?;
    Ok(target_dir.join("release").join(format!("trine{}", std::env::consts::EXE_SUFFIX)))
}

/// ggml takes its vector instructions from the flags of its compiler; ours asks the processor.
pub(crate) fn native(mut cargo: Command) -> Command {
    for name in ["CFLAGS", "CXXFLAGS"] {
        cargo.env(name, "-O3 -march=native");
    }
    // Release, whatever the profile says of symbols, which would make it a slower build of ggml.
    cargo.env("CMAKE_GENERATOR", "Ninja").env("LLAMA_LIB_PROFILE", "Release");
    cache::keep_objects(cargo)
}

/// Where models stay.
pub(super) fn models() -> PathBuf {
    sh::target_dir().join("ggml/models")
}

/// A model of this shape, made by the program, which stays in the folder for the next run.
pub(super) fn made(
    mut trine: Command,
    folder: &Path,
    shape: &Shape,
    head: &str,
) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}-{head}.gguf", shape.name));
    if !path.exists() {
        let making = path.with_extension("part");
        trine.args(["model", "make"]).args(shape.make).args(["--head", head, "-o"]).arg(&making);
        sh::run(&mut trine)?;
        std::fs::rename(&making, &path)?;
    }
    Ok(path)
}

/// Seconds until a file is ready, as `trine bench` takes it, and the most memory meanwhile.
fn open(trine: &Path, file: &Path) -> Result<(f64, f64)> {
    let mut bench = sh::command(trine);
    bench.arg("bench").arg(file).args(["--prompt", "1", "--tokens", "1", "--rounds", "1"]);
    let figures: Value = serde_json::from_str(&sh::output(bench.arg("--json"))?)?;
    Ok((number(&figures, "/load_s")?, number(&figures, "/memory_peak_bytes")?))
}

fn number(object: &Value, pointer: &str) -> Result<f64> {
    let found = object.pointer(pointer).and_then(Value::as_f64);
    found.with_context(|| format!("no number at {pointer}"))
}

fn conditions(shape: &Shape, measured: &Value) -> String {
    let mut text = format!(
        "Medians of {ROUNDS} interleaved rounds of 128 tokens read at once and 32 one at a time; \
         the model is `trine model make {} --head q6_k`. Ratios are medians of the ratios of the \
         rounds. Both engines run in processes of their own.\n\n",
        shape.make()
    );
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.unwrap_or_default().trim_start_matches(['\t', ' ', ':']);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let pages = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    let engines = measured.get("engines").and_then(Value::as_array);
    let engine = |at: usize| engines.and_then(|list| list.get(at)?.as_str()).unwrap_or("unknown");
    text += &format!(
        "- {name}, {} cores, load {}, transparent huge pages: {}\n- trine: {}\n- llama.cpp: {}\n",
        std::thread::available_parallelism().map_or(1, usize::from),
        load.split(' ').next().unwrap_or("unknown"),
        pages.unwrap_or_default().trim(),
        engine(0),
        engine(1),
    );
    text
}

/// Tables and gates.
struct Report {
    text: String,
    missed: usize,
}

impl Report {
    fn new(measured: &Value, opened: &[(f64, f64)]) -> Result<Self> {
        let mut report = Self { text: String::new(), missed: 0 };
        report.text += "| tokens/s | trine | llama.cpp TQ2_0 | ratio |\n|---|---:|---:|---:|\n";
        let cases = measured.get("cases").and_then(Value::as_array).context("no cases")?;
        for (what, threads, ..) in RATIOS {
            for case in cases.iter().filter(|case| case["threads"] == threads) {
                let one = |name| number(case, &format!("/{what}/{name}"));
                let (ours, theirs, ratio) = (one("trine")?, one("llama")?, one("ratio")?);
                let memory = memory(case);
                report.text += &format!(
                    "| {what}, threads: {threads}, {memory} | {ours:.1} | {theirs:.1} | \
                     {ratio:.2} |\n"
                );
            }
        }
        report.text += "\n";
        for (what, threads, gate, goal) in RATIOS {
            for case in cases.iter().filter(|case| case["threads"] == threads) {
                let ratio = number(case, &format!("/{what}/ratio"))?;
                let name = format!("{what}, threads: {threads}, {}", memory(case));
                report.at_least(&name, ratio, gate, goal);
            }
        }
        report.peaks(cases)?;
        report.loads(measured, opened)?;
        Ok(report)
    }

    /// The most memory of each, over all rounds in one kind of memory.
    fn peaks(&mut self, cases: &[Value]) -> Result<()> {
        for kind in ["mapped", "huge"] {
            let mut of_kind = cases.iter().filter(|case| case["memory"] == kind);
            let Some(last) = of_kind.next_back() else { continue };
            let mib = |what, name| {
                let bytes = number(last, &format!("/{what}/{name}"))?;
                Ok::<_, anyhow::Error>(bytes / f64::from(1 << 20))
            };
            let (ours, theirs) = (mib("peak_bytes", "trine")?, mib("peak_bytes", "llama")?);
            let huge = |name| mib("huge_bytes", name);
            let name = format!("peak memory, {}, in MiB", memory(last));
            self.at_most(&name, ours, theirs);
            let (ours, theirs) = (huge("trine")?, huge("llama")?);
            self.text += &format!("  (on huge pages: ours {ours:.0}, llama.cpp {theirs:.0})\n");
        }
        Ok(())
    }

    fn loads(&mut self, measured: &Value, opened: &[(f64, f64)]) -> Result<()> {
        let converted = number(measured, "/loads/0/load_s")?;
        self.at_most("seconds to open, warm, converted", converted, LOADS[0]);
        let mut seconds: Vec<f64> = opened.iter().map(|(seconds, _)| *seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let middle = seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN);
        self.at_most("seconds to open, warm, I2_S with its F16 head", middle, LOADS[1]);
        let theirs = number(measured, "/loads/2/load_s")?;
        let peak = opened.iter().map(|(_, peak)| *peak).fold(0.0, f64::max) / f64::from(1 << 20);
        self.text += &format!(
            "- without a gate: llama.cpp opens its file in {theirs:.2} s; ours holds {peak:.0} MiB \
             at most when it opens I2_S\n"
        );
        Ok(())
    }

    fn at_least(&mut self, name: &str, figure: f64, gate: f64, goal: f64) {
        let word = match figure {
            figure if figure >= goal => "goal",
            figure if figure >= gate => "gate",
            _ => "MISSED",
        };
        self.note(word, &format!("{name}: {figure:.2} (gate {gate}, goal {goal})"));
    }

    fn at_most(&mut self, name: &str, figure: f64, gate: f64) {
        let word = if figure <= gate { "gate" } else { "MISSED" };
        self.note(word, &format!("{name}: {figure:.2} (at most {gate:.2})"));
    }

    fn note(&mut self, word: &str, text: &str) {
        self.missed += usize::from(word == "MISSED");
        self.text += &format!("- {word}: {text}\n");
    }
}

/// Where the weights of a case are, in words.
fn memory(case: &Value) -> &str {
    match case.get("memory").and_then(Value::as_str) {
        Some("mapped") => "plain mmap",
        Some("huge") => "huge pages",
        _ => "unknown memory",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Report;

    #[test]
    fn gates_and_goals_stand_beside_what_was_measured() {
        let case = |threads: u64, decode: f64, prefill: f64, peak: f64| {
            let speeds =
                |ratio: f64| json!({ "trine": ratio * 10.0, "llama": 10.0, "ratio": ratio });
            json!({ "memory": "mapped", "threads": threads, "decode": speeds(decode),
                    "prefill": speeds(prefill),
                    "peak_bytes": { "trine": peak, "llama": 800_000_000.0 },
                    "huge_bytes": { "trine": 0.0, "llama": 0.0 } })
        };
        let measured = |peak: f64| {
            json!({ "cases": [case(1, 1.9, 4.0, peak), case(2, 1.5, 4.6, peak)],
                    "loads": [{ "load_s": 0.1 }, { "load_s": 1.0 }, { "load_s": 0.5 }] })
        };
        let opened = [(1.6, 1e9), (1.4, 1e9), (1.2, 1e9)];
        let good = Report::new(&measured(7e8), &opened).unwrap();
        assert_eq!(good.missed, 1, "{}", good.text);
        assert!(
            good.text.contains("- goal: decode, threads: 1, plain mmap: 1.90"),
            "{}",
            good.text
        );
        assert!(good.text.contains("- MISSED: decode, threads: 2, plain mmap: 1.50 (gate 1.9"));
        assert!(good.text.contains("- gate: prefill, threads: 1"), "{}", good.text);
        assert!(good.text.contains("| decode, threads: 1, plain mmap | 19.0 | 10.0 | 1.90 |"));
        let slow = [(1.6, 1e9); 3];
        assert_eq!(Report::new(&measured(9e8), &slow).unwrap().missed, 3);
        assert!(Report::new(&json!({}), &opened).is_err());
    }
}
