//! What one call costs in process: ours as values and as JSON, from Rust and from C, beside rmcp's
//! server and beside `serde_json` parsing the same message.
//!
//! Valgrind counts the instructions, which are the same on every machine and in every run; the
//! times beside them are of this machine. Allocations are those of the second thousand calls.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::table;
use crate::matrix::{output_folder, quiet};
use crate::{dist, sh};

/// Calls that are counted, and the same again for what stays the same in both.
const CALLS: u64 = 1_000;
/// Rounds that are timed, of so many calls each; the figure is their median.
const ROUNDS: &str = "51";
const TIMED_CALLS: &str = "2000";
const PACKAGE: &str = "trine-process";
/// As libtrine is built: whole, in one unit.
const PROFILE: &str = "process";
/// The subject that is a program in C, linked with libtrine as it is shipped.
const IN_C: &str = "json-c";
const DOOR: &str = "tests/process/c/door.c";

/// What is measured.
struct Subject {
    name: &'static str,
    about: &'static str,
    /// Most instructions a call.
    gate: Option<u64>,
    /// Instructions to reach for.
    goal: Option<u64>,
}

const fn subject(name: &'static str, about: &'static str) -> Subject {
    Subject { name, about, gate: None, goal: None }
}

const OURS: &[Subject] = &[
    Subject {
        gate: Some(350),
        ..subject("postcard", "`Device::local`: judged, run, result judged and encoded")
    },
    subject("frames", "the same through the wire: ring, COBS, CRC-32, lanes, kept answer"),
    Subject {
        gate: Some(1_800),
        goal: Some(1_400),
        ..subject("json", "274 bytes of JSON-RPC: read, judged, run, judged, written")
    },
    Subject {
        gate: Some(1_800),
        goal: Some(1_400),
        ..subject(IN_C, "the same from C: `trine_handle_json` of libtrine, tools of C macros")
    },
    subject("json-read", "of `json`, the reading and judging"),
    subject("json-session", "a call in a session of 2025-11-25, with its members in another order"),
];

const PEERS: &[Subject] = &[
    subject("serde-value", "`serde_json` parses the 274 bytes to a `Value`, nothing else"),
    subject("serde-typed", "`serde_json` parses them to types that borrow, nothing else"),
    subject("rmcp", "rmcp's server of the same tools, on one thread, over a pipe in memory"),
];

/// What was found of one subject.
struct Found {
    instructions: u64,
    allocations: f64,
    nanoseconds: f64,
}

/// Counts and times all, prints a table, and keeps it under `benches/record` when `record` is set.
///
/// # Errors
/// When something does not build or run, or a gate is missed.
pub(crate) fn main(record: bool) -> Result<()> {
    let subjects: Vec<&Subject> = OURS.iter().chain(PEERS).collect();
    let text = measure(&subjects, &[])?;
    println!("\n{text}");
    if record {
        table::record("process", &text.to_string())?;
    }
    text.check()
}

/// Counts Trine's own subjects: quick to build, for every run of the tests.
///
/// # Errors
/// When something does not build or run, or a gate is missed.
pub(crate) fn gates() -> Result<()> {
    let subjects: Vec<&Subject> = OURS.iter().collect();
    let text = measure(&subjects, &["--no-default-features"])?;
    println!("\n{text}");
    text.check()
}

/// All that was found.
struct Report {
    head: String,
    rows: Vec<String>,
    missed: Vec<String>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.head)?;
        writeln!(f, "| one call | instructions | gate | allocations | ns |")?;
        writeln!(f, "|---|---:|---:|---:|---:|")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl Report {
    fn check(&self) -> Result<()> {
        ensure!(self.missed.is_empty(), "missed: {}", self.missed.join("; "));
        Ok(())
    }
}

fn measure(subjects: &[&Subject], features: &[&str]) -> Result<Report> {
    sh::run(sh::cargo().args(["build", "--profile", PROFILE, "-p", PACKAGE]).args(features))?;
    let program = sh::target_dir().join(PROFILE).join(PACKAGE);
    let door = c_door()?;
    let (mut rows, mut missed) = (Vec::new(), Vec::new());
    for subject in subjects {
        let found = find(if subject.name == IN_C { &door } else { &program }, subject)?;
        let limit = match (subject.gate, subject.goal) {
            (Some(gate), Some(goal)) => format!("{gate} (goal {goal})"),
            (Some(gate), None) => gate.to_string(),
            _ => String::new(),
        };
        rows.push(format!(
            "| {}: {} | {} | {limit} | {:.0} | {:.0} |",
            subject.name, subject.about, found.instructions, found.allocations, found.nanoseconds
        ));
        let Found { instructions, allocations, .. } = found;
        if let Some(gate) = subject.gate.filter(|gate| instructions > *gate) {
            missed.push(format!("{} takes {instructions} instructions of {gate}", subject.name));
        }
        if subject.gate.is_some() && allocations > 0.0 {
            missed.push(format!("{} allocates {allocations} times a call", subject.name));
        }
    }
    let head = table::machine()?.replace("profile release", "release with fat LTO, one unit");
    Ok(Report { head, rows, missed })
}

/// The program in C.
fn c_door() -> Result<PathBuf> {
    let library = dist::host_library()?;
    let program = output_folder("process")?.join("door");
    let mut cc = sh::command("cc");
    cc.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-Iinclude", DOOR]);
    quiet(cc.arg(library).arg("-o").arg(&program))?;
    Ok(program)
}

fn find(program: &Path, subject: &Subject) -> Result<Found> {
    let name = subject.name;
    let [once, twice] = [CALLS, 2 * CALLS];
    let instructions = instructions(program, name, twice)? - instructions(program, name, once)?;
    let allocations = allocations(program, name, twice)? - allocations(program, name, once)?;
    let timed = sh::output(sh::command(program).args([name, TIMED_CALLS, ROUNDS]))?;
    let nanoseconds = timed.split_once(": ").and_then(|(_, rest)| rest.split(' ').next());
    Ok(Found {
        instructions: instructions / CALLS,
        allocations: allocations as f64 / CALLS as f64,
        nanoseconds: nanoseconds.context("the program says no time")?.parse()?,
    })
}

/// Instructions of so many calls: those of the function `measured` and what it calls.
fn instructions(program: &Path, subject: &str, calls: u64) -> Result<u64> {
    let said = valgrind(
        &["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"],
        (program, subject, calls),
    )?;
    number_after(&said, "Collected : ")
}

/// Allocations of the whole program that makes so many calls.
fn allocations(program: &Path, subject: &str, calls: u64) -> Result<u64> {
    let said = valgrind(&["--tool=memcheck", "--leak-check=no"], (program, subject, calls))?;
    number_after(&said, "total heap usage: ")
}

/// What valgrind says of a program.
fn valgrind(options: &[&str], (program, subject, calls): (&Path, &str, u64)) -> Result<String> {
    let mut command = sh::command("valgrind");
    command.args(options).arg(program).args([subject, &calls.to_string(), "1"]);
    let output = command.output().context("valgrind could not start: `cargo xtask setup`")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("valgrind on {subject}: {said}");
    }
    Ok(said)
}

fn number_after(said: &str, mark: &str) -> Result<u64> {
    let (_, rest) = said.split_once(mark).with_context(|| format!("no {mark:?} in: {said}"))?;
    let digits: String = rest
        .chars()
        .take_while(|char| char.is_ascii_digit() || *char == ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().with_context(|| format!("no number after {mark:?} in: {said}"))
}

#[cfg(test)]
mod tests {
    use super::number_after;

    #[test]
    fn numbers_are_read_with_their_commas() {
        let said = "==1==   total heap usage: 1,234 allocs, 12 frees\n==1== Collected : 56\n";
        assert_eq!(number_after(said, "total heap usage: ").unwrap(), 1234);
        assert_eq!(number_after(said, "Collected : ").unwrap(), 56);
        assert!(number_after(said, "nothing").is_err());
        assert!(number_after(said, "Collected").is_err());
    }
}
