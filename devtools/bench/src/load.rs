//! The gateway with API keys under `trine bench load`, next to rmcp behind axum, and next to axum
//! by itself, which answers each call with the same bytes: in one run, in turn.
//!
//! Each server runs at its peak, at half of the lowest peak of the three, and at two fixed rates.
//! What the generator takes of the cores is not measured; it is the same for all.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::Gates;
use devtools::record::{self, Record, timestamp};
use devtools::sh;
use serde_json::Value;

use crate::gateway::{percentile, processor_time};
use crate::http::{Site, build};

const ROUNDS: usize = 6;
const CONNECTIONS: u32 = 100;
/// Seconds of each measurement.
const SECONDS: &str = "2";
/// Requests a second: what processor time is wanted for, and what latency is wanted for.
const SLOW: f64 = 1_200.0;
const FAST: f64 = 12_000.0;
/// Connections of which each makes some requests, for the memory that they need.
const MANY: [&str; 2] = ["1000", "20000"];
/// The most of a core at the slow rate, in percent; p50 and p99 at the fast one, in microseconds.
const CPU_MAX: f64 = 25.0;
const LATENCY_MAX: [f64; 2] = [2_000.0, 30_000.0];
/// The least share of a rate that has to be answered, or the machine is too slow for it.
const REACHED: f64 = 0.99;

const NAMES: [&str; 3] = ["trine gateway", "rmcp and axum", "axum, fixed answer"];
const KEY: &str = "0123456789abcdef";
const ROWS: [&str; 11] = [
    "peak: requests a second of a CPU core",
    "peak: requests a second",
    "peak: p99 µs",
    "half: requests a second",
    "half: p50 µs",
    "half: p99 µs",
    "half: p99.9 µs",
    "1,200 a second: CPU % of a core",
    "12,000 a second: answered a second",
    "12,000 a second: p50 µs",
    "12,000 a second: p99 µs",
];

/// Figures of a server in a round, or medians, as [`ROWS`] has them.
type Figures = [f64; 11];

/// `cargo xtask bench load`.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("load", record::Figures::Times, keep)?.peer("rmcp")?.peer("axum")?;
    let programs = build()?;
    let folder = sh::scratch("bench-load");
    let keys = folder.join("keys");
    std::fs::write(&keys, format!("bench {KEY}\n"))?;
    let generator = Generator { program: &programs[0], picture: folder.join("load.svg") };
    let start = || start(&programs, &keys);
    let sites = start()?;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS}");
        rounds.push(generator.round(&sites)?);
    }
    drop(sites);
    let all: [Figures; 3] = std::array::from_fn(|who| {
        std::array::from_fn(|what| {
            let mut values: Vec<f64> = rounds.iter().map(|round| round[who][what]).collect();
            percentile(&mut values, 50)
        })
    });
    let mut text = format!(
        "Stateless calls of `fan_set` on {CONNECTIONS} connections, medians of {ROUNDS} rounds of \
         {SECONDS} s, the three in turn, profile release; the gateway checks an API key; client \
         and server share the cores. Half is half of the lowest peak of the three.\n\n"
    );
    text += &table(&all);
    let memory = generator.memory(start()?)?;
    for (name, [before, after]) in NAMES.iter().zip(memory) {
        text += &format!(
            "{name}: {before:.1} MiB before, {after:.1} MiB at most with {} connections.\n",
            MANY[0]
        );
    }
    let gates = gates(&all[0]);
    let ended = record.end_with(&text, &gates);
    if keep && ended.is_ok() {
        let now = timestamp(std::time::SystemTime::now());
        let name = format!("benches/record/{}-load.svg", now.get(..10).context("a date")?);
        std::fs::copy(&generator.picture, sh::root().join(name))?;
    }
    ended
}

/// The three servers.
fn start(programs: &[PathBuf; 2], keys: &Path) -> Result<[Site; 3]> {
    let keys = keys.to_str().context("a path of text")?;
    Ok([
        Site::gateway(&programs[0], &["--api-keys", keys])?,
        Site::peer(&programs[1], "rmcp")?,
        Site::peer(&programs[1], "fixed")?,
    ])
}

fn gates(ours: &Figures) -> Gates {
    let [.., cpu, answered, p50, p99] = *ours;
    let mut gates = Gates::default();
    gates.at_most("1,200 a second: CPU % of a core", cpu, CPU_MAX);
    // Latency of a rate that is not reached is that of a queue which grows.
    gates.holds(format!("12,000 a second are reached: {answered:.1}"), answered >= FAST * REACHED);
    gates.at_most("12,000 a second: p50 µs", p50, LATENCY_MAX[0]);
    gates.at_most("12,000 a second: p99 µs", p99, LATENCY_MAX[1]);
    gates
}

fn table(all: &[Figures; 3]) -> String {
    let [ours, rmcp, fixed] = NAMES;
    let mut text = format!(
        "| under load | {ours} | {rmcp} | {fixed} | to rmcp | to axum |\n\
         |---|---:|---:|---:|---:|---:|\n"
    );
    for (at, name) in ROWS.iter().enumerate() {
        let [ours, rmcp, fixed] = all.map(|figures| figures[at]);
        text += &format!(
            "| {name} | {ours:.1} | {rmcp:.1} | {fixed:.1} | {:.2} | {:.2} |\n",
            ours / rmcp,
            ours / fixed
        );
    }
    text + "\n"
}

/// `trine bench load`.
struct Generator<'g> {
    program: &'g Path,
    picture: PathBuf,
}

/// A measurement: the report, and the server's processor time in seconds.
struct Loaded {
    report: Value,
    cpu: f64,
}

impl Generator<'_> {
    /// All measurements of a round.
    fn round(&self, sites: &[Site; 3]) -> Result<[Figures; 3]> {
        let mut figures = [Figures::default(); 3];
        for (site, figures) in sites.iter().zip(&mut figures) {
            let peak = self.load(site, None, false)?;
            figures[0] = peak.report["answered"].as_f64().unwrap_or_default() / peak.cpu;
            figures[1] = peak.at("/requests_per_s")?;
            figures[2] = peak.at("/latency_us/p99")?;
        }
        let lowest = figures.iter().map(|figures| figures[1]).fold(f64::INFINITY, f64::min);
        let half = (lowest / 2.0).floor();
        for (site, figures) in sites.iter().zip(&mut figures) {
            let loaded = self.load(site, Some(half), false)?;
            figures[3] = loaded.at("/requests_per_s")?;
            for (at, name) in (4..).zip(["p50", "p99", "p99_9"]) {
                figures[at] = loaded.at(&format!("/latency_us/{name}"))?;
            }
        }
        for (site, figures) in sites.iter().zip(&mut figures) {
            let slow = self.load(site, Some(SLOW), false)?;
            figures[7] = 100.0 * slow.cpu / slow.at("/seconds")?;
        }
        for (who, (site, figures)) in sites.iter().zip(&mut figures).enumerate() {
            let fast = self.load(site, Some(FAST), who == 0)?;
            figures[8] = fast.at("/requests_per_s")?;
            figures[9] = fast.at("/latency_us/p50")?;
            figures[10] = fast.at("/latency_us/p99")?;
        }
        Ok(figures)
    }

    /// Resident memory of fresh servers in MiB, and the most of it with many connections.
    fn memory(&self, sites: [Site; 3]) -> Result<[[f64; 2]; 3]> {
        let mut all = [[0.0; 2]; 3];
        for (site, [before, after]) in sites.iter().zip(&mut all) {
            *before = site.peak_mib()?;
            self.run(site, &["--connections", MANY[0], "--requests", MANY[1]])?;
            *after = site.peak_mib()?;
        }
        Ok(all)
    }

    /// Loads a server, at a rate or as fast as it answers.
    fn load(&self, site: &Site, rate: Option<f64>, draws: bool) -> Result<Loaded> {
        let (connections, rate) = (CONNECTIONS.to_string(), rate.map(|rate| rate.to_string()));
        let mut options = vec!["--connections", &connections, "--seconds", SECONDS];
        options.extend(rate.iter().flat_map(|rate| ["--rate", rate]));
        let picture = self.picture.to_str().context("a path of text")?;
        options.extend(draws.then_some(["--svg", picture]).into_iter().flatten());
        let before = processor_time(&site.process)?;
        let report = self.run(site, &options)?;
        let cpu = (processor_time(&site.process)? - before).as_secs_f64();
        Ok(Loaded { report, cpu })
    }

    fn run(&self, site: &Site, options: &[&str]) -> Result<Value> {
        let mut command = sh::command(self.program);
        command.args(["bench", "load", &format!("http://{}/mcp", site.address), "--json"]);
        command.args(["--tool", "fan_set", "--arguments", "{\"percent\":40}"]).args(options);
        let printed = sh::output(command.env("TRINE_KEY", KEY))?;
        let report: Value = serde_json::from_str(&printed)?;
        let revision = &report["revision"];
        ensure!(revision == "2026-07-28", "{} speaks {revision}", site.address);
        Ok(report)
    }
}

impl Loaded {
    fn at(&self, pointer: &str) -> Result<f64> {
        let figure = self.report.pointer(pointer).and_then(Value::as_f64);
        figure.with_context(|| format!("the report has no {pointer}: {}", self.report))
    }
}
