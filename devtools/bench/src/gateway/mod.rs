//! The gateway next to a minimal rmcp server, in one run, alternately.
//!
//! The server's processor time is the figure that says most: calls per second of wall time depend
//! on how two processes share the cores. Peaks are what the kernel recorded as the most resident
//! memory.

mod load;
mod requests;
mod server;
mod sizes;

use anyhow::Result;
use devtools::record::{self, Record};
use devtools::{Gates, sh};

use load::Figures;
use requests::Family;
use server::Program;

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
    let mut text =
        format!("Medians of {ROUNDS} rounds, the two servers in turn, profile release.\n\n");
    let mut gates = Gates::default();
    for family in [Family::Legacy, Family::Stateless] {
        let mut rounds: [Vec<Figures>; 2] = Default::default();
        for round in 1..=ROUNDS {
            eprintln!("MCP {}: round {round} of {ROUNDS}", family.version());
            let figures = load::round(&programs, family, round % 2 == 0)?;
            for (figures, all) in figures.into_iter().zip(&mut rounds) {
                all.push(figures);
            }
        }
        let [ours, peer] = rounds.map(|figures| load::medians(&figures));
        text += &table(family, &programs, &ours, &peer);
        check(&mut gates, family, &ours, &peer);
    }
    text += &sizes::table(programs.each_ref().map(|program| &*program.path))?;
    record.end(&format!("{text}\n{}", gates.text()))?;
    gates.check()
}

fn build() -> Result<[Program; 2]> {
    // One package at a time: built together they would share features that neither asks for.
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine"]))?;
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine-peer", "--bin", "peer-minimal"]))?;
    let program = |name, program, arguments: [&str; 2]| {
        let arguments = arguments.map(str::to_owned).to_vec();
        let path = sh::program_in(&sh::target_dir().join("release"), program);
        Program { name, path, arguments }
    };
    // On one thread the peer takes the least processor time a call; see its own file.
    Ok([
        program(OURS, "trine", ["gateway", "--simulate"]),
        program(PEER, "peer-minimal", ["--threads", "0"]),
    ])
}

fn ratio(ours: f64, peer: f64) -> f64 {
    if peer > 0.0 { ours / peer } else { f64::INFINITY }
}

fn table(family: Family, programs: &[Program; 2], ours: &Figures, peer: &Figures) -> String {
    let [our_name, peer_name] = programs.each_ref().map(|program| program.name);
    let head = format!("| MCP {} | {our_name} | {peer_name} | ratio |\n", family.version());
    let mut text = head + "|---|---:|---:|---:|\n";
    for ((what, ours), peer) in load::NAMES.iter().zip(ours).zip(peer) {
        text += &format!("| {what} | {ours:.1} | {peer:.1} | {:.2} |\n", ratio(*ours, *peer));
    }
    text + "\n"
}

fn check(gates: &mut Gates, family: Family, ours: &Figures, peer: &Figures) {
    let version = family.version();
    let [calls, _, _, _, p50, _, flood, silent, _] = *ours;
    let what = format!("{version}: calls per CPU second, times the peer's");
    gates.at_least(what, ratio(calls, peer[0]), CALLS_RATIO);
    let latency = ratio(p50, peer[4]);
    gates.at_most(format!("{version}: p50 next to the peer's"), latency, LATENCY_NOISE);
    gates.at_most(format!("{version}: peak MiB"), flood.max(silent), PEAK_MIB_MAX);
}
