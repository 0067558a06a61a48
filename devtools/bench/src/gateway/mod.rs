//! The gateway next to a minimal rmcp server, in one run, alternately.
//!
//! The server's processor time is the figure that says most: calls per second of wall time depend
//! on how two processes share the cores. Peaks are what the kernel recorded as the most resident
//! memory.

mod load;
mod server;
mod sizes;

use anyhow::Result;
use devtools::record::{self, Record};
use devtools::{Gates, sh};

pub(crate) use load::{micros, percentile};
pub(crate) use server::processor_time;

use load::Figures;
use server::{Family, Program};

/// Who is compared.
const OURS: &str = "trine gateway";
const PEER: &str = "rmcp, one thread";
/// Rounds of each server in each protocol family; the figures are their medians.
const ROUNDS: usize = 6;
/// Least and wanted ratio of calls per processor second to the peer's.
const CALLS_RATIO: [f64; 2] = [2.0, 3.0];
/// The most resident memory, in MiB, under floods and for clients that never read.
const PEAK_MIB_MAX: f64 = 16.0;
/// How much slower than the peer's a single call may be before it counts as worse: medians of
/// two equal servers differ by less.
const LATENCY_NOISE: f64 = 1.05;

/// `cargo xtask bench gateway`.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("gateway", record::Figures::Times, keep)?.peer("rmcp")?;
    let programs = build()?;
    let mut text = format!(
        "Calls as recorded clients write them, in turn; medians of {ROUNDS} rounds, the two \
             servers in turn, profile release.\n\n"
    );
    let mut gates = Gates::default();
    for family in [Family::Legacy, Family::Stateless] {
        let (mut rounds, version) = (Vec::new(), family.version());
        for round in 1..=ROUNDS {
            eprintln!("MCP {version}: round {round} of {ROUNDS}");
            rounds.push(load::round(&programs, family, round % 2 == 0)?);
        }
        let [ours, peer] = load::medians(&rounds);
        text += &head(&format!("MCP {version}"));
        text += &(rows(load::NAMES.map(str::to_owned), ours, peer) + "\n");
        check(&mut gates, version, &ours, &peer);
    }
    text += &sizes::table(programs.each_ref().map(|program| &*program.path))?;
    record.end_with(&text, &gates)
}

fn build() -> Result<[Program; 2]> {
    // One package at a time: built together they would share features that neither asks for.
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine"]))?;
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine-peer", "--bin", "peer-minimal"]))?;
    let program = |name, program, arguments: &str| {
        let path = sh::program_in(&sh::target_dir().join("release"), program);
        Program { name, path, arguments: arguments.to_owned() }
    };
    // On one thread the peer takes the least processor time a call; see its own file.
    Ok([program(OURS, "trine", "gateway --simulate"), program(PEER, "peer-minimal", "--threads 0")])
}

fn ratio(ours: f64, peer: f64) -> f64 {
    if peer > 0.0 { ours / peer } else { f64::INFINITY }
}

/// The head of a table in which the two are compared, and rows of it.
fn head(title: &str) -> String {
    format!("| {title} | {OURS} | {PEER} | ratio |\n|---|---:|---:|---:|\n")
}

fn rows<const N: usize>(names: [String; N], ours: [f64; N], peer: [f64; N]) -> String {
    let row = |((name, ours), peer)| {
        format!("| {name} | {ours:.1} | {peer:.1} | {:.2} |\n", ratio(ours, peer))
    };
    names.into_iter().zip(ours).zip(peer).map(row).collect()
}

fn check(gates: &mut Gates, version: &str, ours: &Figures, peer: &Figures) {
    let [calls, _, _, _, p50, _, flood, silent, _] = *ours;
    let what = format!("{version}: calls per CPU second, times the peer's");
    gates.at_least(what, ratio(calls, peer[0]), CALLS_RATIO);
    let latency = ratio(p50, peer[4]);
    gates.at_most(format!("{version}: p50 next to the peer's"), latency, LATENCY_NOISE);
    gates.at_most(format!("{version}: peak MiB"), flood.max(silent), PEAK_MIB_MAX);
}
