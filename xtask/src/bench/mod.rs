//! Measures the gateway beside a minimal rmcp server, in one run, alternately; in [`board`],
//! what a call costs on an emulated board; in [`start`], what a start of the library costs there;
//! in [`process`], what a call costs in process; in [`mcu`], what a ternary product costs on
//! microcontrollers; in [`snips`], what a sentence costs there that the model of SNIPS reads; in
//! [`model`], a language model beside llama.cpp; in [`gpu`], the same on a graphics processor, and
//! in [`greedy`], how often that chooses what the processor chooses.
//!
//! The server's processor time is the figure that says most: calls per second of wall time
//! depend on how two processes share the cores. Peaks are what the kernel recorded as the most
//! resident memory.

pub(crate) mod board;
mod board_c;
pub(crate) mod chips;
pub(crate) mod gpu;
pub(crate) mod greedy;
pub(crate) mod kernels;
mod load;
pub(crate) mod mcu;
pub(crate) mod model;
pub(crate) mod process;
mod programs;
mod requests;
mod server;
pub(crate) mod snips;
pub(crate) mod start;
pub(crate) mod story;
pub(crate) mod table;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::sh;
use load::Figures;
use requests::Era;
use server::Program;
use table::{Cell, Table};

/// Rounds of each server in each era; the figures are their medians.
const ROUNDS: usize = 6;

/// Least and wanted ratio of calls per processor second to the peer's.
const CALLS_RATIO: (f64, f64) = (2.0, 3.0);
/// The most resident memory, in MiB, under floods and for clients that never read.
const PEAK_MIB_MAX: f64 = 16.0;
/// How much slower than the peer's a single call may be before it counts as worse: medians of
/// two equal servers differ by less.
const LATENCY_NOISE: f64 = 1.05;

/// Measures, prints the table, and keeps it under `benches/record` when `record` is set.
///
/// # Errors
/// When a program does not build or answers wrongly, or a gate is missed.
pub(crate) fn gateway(record: bool) -> Result<()> {
    let programs = build()?;
    let mut text = String::new();
    let mut missed = Vec::new();
    for era in [Era::Legacy, Era::Stateless] {
        let mut rounds: [Vec<Figures>; 2] = [Vec::new(), Vec::new()];
        for round in 1..=ROUNDS {
            eprintln!("MCP {}: round {round} of {ROUNDS}", era.version());
            let figures = load::round(&programs, era, round % 2 == 0)?;
            for (figures, all) in figures.into_iter().zip(&mut rounds) {
                all.push(figures);
            }
        }
        let [ours, peer] = rounds.map(|figures| Figures::medians(&figures));
        let table = table(era, &programs, &ours, &peer);
        text += &table.to_string();
        missed.extend(table.missed());
    }
    let text = format!("{}\n{text}", table::conditions(ROUNDS)?);
    println!("\n{text}");
    if record {
        table::record("gateway", &text)?;
    }
    if !missed.is_empty() {
        bail!("missed: {}", missed.join("; "));
    }
    Ok(())
}

fn build() -> Result<[Program; 2]> {
    // One package at a time: built together they would share features that neither asks for.
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine"]))?;
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine-peer", "--bin", "peer-minimal"]))?;
    let program = |name: &'static str, path: PathBuf, arguments: &[&'static str]| Program {
        name,
        path,
        arguments: arguments.to_vec(),
    };
    // On one thread the peer takes the least processor time a call; see its own file.
    Ok([
        program("trine gateway", sh::release_program("trine"), &["gateway", "--simulate"]),
        program("rmcp, one thread", sh::release_program("peer-minimal"), &["--threads", "0"]),
    ])
}

fn table(era: Era, programs: &[Program; 2], ours: &Figures, peer: &Figures) -> Table {
    let ratio = |ours: f64, peer: f64| if peer > 0.0 { ours / peer } else { f64::INFINITY };
    let calls = ratio(ours.calls_per_cpu_second, peer.calls_per_cpu_second);
    let latency = ratio(ours.p50_us, peer.p50_us);
    let peak = ours.flood_peak_mib.max(ours.silent_peak_mib);
    let rows = vec![
        Cell::new("calls per CPU second, pipelined", ours, peer, |f| f.calls_per_cpu_second),
        Cell::new("calls per second, pipelined", ours, peer, |f| f.calls_per_second),
        Cell::new("CPU µs a call, pipelined", ours, peer, |f| f.cpu_us_pipelined),
        Cell::new("CPU µs a call, one at a time", ours, peer, |f| f.cpu_us_single),
        Cell::new("p50 µs, one at a time", ours, peer, |f| f.p50_us),
        Cell::new("p99 µs, one at a time", ours, peer, |f| f.p99_us),
        Cell::new("peak MiB, flood that reads", ours, peer, |f| f.flood_peak_mib),
        Cell::new("peak MiB, flood that never reads", ours, peer, |f| f.silent_peak_mib),
        Cell::new("MiB taken from who never reads", ours, peer, |f| f.silent_taken_mib),
    ];
    let gates = vec![
        (
            format!(
                "calls per CPU second {calls:.2} times the peer's (gate {}, goal {})",
                CALLS_RATIO.0, CALLS_RATIO.1
            ),
            calls >= CALLS_RATIO.0,
        ),
        (format!("p50 {latency:.2} of the peer's (gate: no worse)"), latency <= LATENCY_NOISE),
        (format!("peak {peak:.1} MiB (gate {PEAK_MIB_MAX})"), peak <= PEAK_MIB_MAX),
    ];
    Table { era, names: programs.each_ref().map(|program| program.name), rows, gates }
}
