//! Prints figures side by side with their ratio, and keeps them.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::load::Figures;
use super::requests::Era;
use crate::sh;

/// One line of a table.
#[derive(Debug)]
pub(super) struct Cell {
    what: &'static str,
    ours: f64,
    peer: f64,
}

impl Cell {
    /// One figure of both.
    pub(super) fn new(
        what: &'static str,
        ours: &Figures,
        peer: &Figures,
        figure: fn(&Figures) -> f64,
    ) -> Self {
        Self { what, ours: figure(ours), peer: figure(peer) }
    }
}

/// Everything measured in one era.
#[derive(Debug)]
pub(super) struct Table {
    /// The era.
    pub(super) era: Era,
    /// The two servers' names.
    pub(super) names: [&'static str; 2],
    /// The figures.
    pub(super) rows: Vec<Cell>,
    /// What must hold, and whether it does.
    pub(super) gates: Vec<(String, bool)>,
}

impl Table {
    /// The gates that do not hold.
    pub(super) fn missed(&self) -> impl Iterator<Item = String> {
        let of_era = |text: &String| format!("{}: {text}", self.era.version());
        self.gates.iter().filter(|(_, holds)| !holds).map(move |(text, _)| of_era(text))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ours, peer] = self.names;
        writeln!(f, "| MCP {} | {ours} | {peer} | ratio |", self.era.version())?;
        writeln!(f, "|---|---:|---:|---:|")?;
        for row in &self.rows {
            let ratio = if row.peer > 0.0 { row.ours / row.peer } else { f64::INFINITY };
            writeln!(f, "| {} | {:.1} | {:.1} | {ratio:.2} |", row.what, row.ours, row.peer)?;
        }
        writeln!(f)?;
        for (text, holds) in &self.gates {
            writeln!(f, "- {}: {text}", if *holds { "met" } else { "MISSED" })?;
        }
        writeln!(f)
    }
}

/// What the figures of two servers depend on.
///
/// # Errors
/// When the lock file does not name the peer.
pub(super) fn conditions(rounds: usize) -> Result<String> {
    let machine = machine()?;
    Ok(format!("Medians of {rounds} rounds, the two servers in turn, {machine}"))
}

/// The machine and the versions that figures depend on.
///
/// # Errors
/// When the lock file does not name the peer.
pub(super) fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpus.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value)
    };
    let wide: Vec<&str> = field("flags")
        .split(' ')
        .filter(|flag| flag.starts_with("avx") || *flag == "sse4_2")
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    Ok(format!(
        "profile release, {cores} cores of {} ({}), load {load}, rmcp {}.\n",
        field("model name"),
        wide.join(" "),
        version_of("rmcp")?
    ))
}

fn version_of(name: &str) -> Result<String> {
    let lock = fs::read_to_string(sh::root().join("Cargo.lock")).context("Cargo.lock")?;
    let lock: toml::Table = lock.parse()?;
    let packages = lock.get("package").and_then(|list| list.as_array());
    packages
        .into_iter()
        .flatten()
        .find(|package| package.get("name").and_then(|v| v.as_str()) == Some(name))
        .and_then(|package| Some(package.get("version")?.as_str()?.to_owned()))
        .with_context(|| format!("Cargo.lock does not name {name}"))
}

/// Keeps the text of a bench, called as on the command line, under today's date.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn record(bench: &str, text: &str) -> Result<()> {
    let name = record_in(&sh::root().join("benches/record"), bench, text)?;
    println!("kept in benches/record/{name}");
    Ok(())
}

/// The same in another folder: the name of the file.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn record_in(folder: &Path, bench: &str, text: &str) -> Result<String> {
    let date = sh::output(sh::command("date").args(["-u", "+%Y-%m-%d"]))?;
    let date = date.trim();
    fs::create_dir_all(folder)?;
    // The gateway's were kept first, and have the plain name.
    let name = match bench.replace(" --", "-").replace(' ', "-") {
        bench if bench == "gateway" => format!("{date}.md"),
        bench => format!("{date}-{bench}.md"),
    };
    let text = text.trim_end();
    fs::write(folder.join(&name), format!("# `cargo xtask bench {bench}`, {date}\n\n{text}\n"))?;
    Ok(name)
}
