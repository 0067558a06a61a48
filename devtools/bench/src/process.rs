//! What one call costs in process: ours as values and as JSON, from Rust and from C, next to rmcp's
//! server and `serde_json` parsing the same message. The gates of JSON are on what clients sent.
//!
//! Valgrind counts the instructions, which are the same on every machine and in every run; the
//! times beside them are of this machine. Allocations are those of the second thousand calls.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::gates::Gates;
use devtools::record::{Figures, Record};
use devtools::sh;
use devtools_c::dist;
use devtools_c::program::{link, output_folder};

use crate::clients;

/// Calls that are counted, and the same again for what stays the same in both.
const CALLS: u64 = 1_000;
/// Calls that are timed in each of some rounds; the figure is their median.
const TIMED: [&str; 2] = ["2000", "51"];
const PACKAGE: &str = "trine-process";
/// As libtrine is built: whole, in one unit.
const PROFILE: &str = "process";
/// The subject that is a program in C, linked with libtrine as it is shipped.
const IN_C: &str = "json-c";

/// What is measured: its name, what it does, and most instructions a call with those to reach for.
type Subject = (&'static str, &'static str, Option<[u64; 2]>);

const OURS: [Subject; 6] = [
    ("postcard", "`Device::local`: judged, run, result judged and encoded", Some([350, 350])),
    ("frames", "the same through the wire: ring, COBS, CRC-32, slots, kept answer", None),
    ("json", "274 bytes that no client sent: read, judged, run, judged, written", None),
    (IN_C, "the same from C: `trine_handle_json` of libtrine, tools of C macros", None),
    ("json-read", "of `json`, the reading and judging", None),
    ("json-session", "a call in a session of 2025-11-25, its members in another order", None),
];
const PEERS: [Subject; 3] = [
    ("serde-value", "`serde_json` parses the 274 bytes to a `Value`, nothing else", None),
    ("serde-typed", "`serde_json` parses them to types that borrow, nothing else", None),
    ("rmcp", "rmcp's server of the same tools, on one thread, over a pipe in memory", None),
];

/// `cargo xtask bench process`: counts and times all.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("process", Figures::Both, keep)?.peer("rmcp")?.peer("serde_json")?;
    let record = record.program("rustc")?;
    let (text, gates) = measure(&[&OURS[..], &PEERS].concat(), &[], record.is_quiet())?;
    record.end(&text)?;
    gates.check()
}

/// The leg `process`: Trine's own subjects, quick to build.
pub fn gates() -> Result<()> {
    let (text, gates) = measure(&OURS, &["--no-default-features"], true)?;
    println!("\n{text}");
    gates.check()
}

/// Builds the program, and answers where it lies.
pub(crate) fn build(features: &[&str]) -> Result<PathBuf> {
    sh::run(sh::cargo().args(["build", "--profile", PROFILE, "-p", PACKAGE]).args(features))?;
    Ok(sh::target_dir().join(PROFILE).join(PACKAGE))
}

/// Counts, and times where the machine is quiet.
fn measure(subjects: &[Subject], features: &[&str], timed: bool) -> Result<(String, Gates)> {
    let program = build(features)?;
    let in_c = c_program()?;
    let mut text = String::from(
        "Release with fat LTO, one unit.\n\n\
         | one call | instructions | gate | allocations | ns |\n|---|---:|---:|---:|---:|\n",
    );
    let mut gates = Gates::default();
    for (name, about, limits) in subjects {
        let program = if *name == IN_C { &in_c } else { &program };
        let (instructions, allocations) =
            (instructions(program, name, CALLS)?, allocations(program, name)?);
        let time = if timed { time(program, name)? } else { String::new() };
        let limit = limits.map_or_else(String::new, |[gate, goal]| format!("{gate} (goal {goal})"));
        text += &format!(
            "| {name}: {about} | {instructions:.0} | {limit} | {allocations:.0} | {time} |\n"
        );
        if let Some([gate, _]) = limits {
            gates.at_most(format!("instructions of {name}"), instructions, *gate as f64);
            gates.at_most(format!("allocations of {name}"), allocations, 0.0);
        }
    }
    text += &format!("\n{}", clients::measure(&program, features.is_empty(), &mut gates)?);
    text += &format!("\n{}", gates.text());
    Ok((text, gates))
}

/// The program in C.
fn c_program() -> Result<PathBuf> {
    let program = output_folder("process")?.join("json-c");
    let mut cc = sh::command("cc");
    cc.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-Iinclude"]);
    cc.arg("tests/process/c/json.c");
    link(cc, &[&dist::host_library()?], &program)?;
    Ok(program)
}

/// Nanoseconds of a call.
fn time(program: &Path, subject: &str) -> Result<String> {
    let timed = sh::output(sh::command(program).arg(subject).args(TIMED))?;
    let time = timed.split_once(": ").and_then(|(_, rest)| rest.split(' ').next());
    Ok(time.context("the program says no time")?.to_owned())
}

/// Instructions of a call, in the function `measured` and what it calls.
pub(crate) fn instructions(program: &Path, subject: &str, calls: u64) -> Result<f64> {
    let collect = "--toggle-collect=*measured*";
    let callgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", collect];
    Ok((second(program, subject, calls, &callgrind, "Collected : ")? / calls) as f64)
}

/// Allocations of a call.
fn allocations(program: &Path, subject: &str) -> Result<f64> {
    let memcheck = ["--tool=memcheck", "--leak-check=no"];
    Ok(second(program, subject, CALLS, &memcheck, "total heap usage: ")? as f64 / CALLS as f64)
}

/// What valgrind counts of these calls after as many others, which take what the first one needs.
fn second(program: &Path, subject: &str, calls: u64, tool: &[&str], mark: &str) -> Result<u64> {
    let run = |calls: u64| -> Result<u64> {
        let mut command = sh::command("valgrind");
        command.args(tool).arg(program).args([subject, &calls.to_string(), "1"]);
        let done = sh::ended(&mut command).context("run `cargo xtask setup`")?;
        let said = sh::said(&done);
        ensure!(done.status.success(), "valgrind on {subject}: {said}");
        number_after(&said, mark)
    };
    Ok(run(2 * calls)? - run(calls)?)
}

pub(crate) fn number_after(said: &str, mark: &str) -> Result<u64> {
    let (_, rest) = said.split_once(mark).with_context(|| format!("no {mark:?} in: {said}"))?;
    let digits = rest.split(|char: char| char != ',' && !char.is_ascii_digit()).next();
    let digits = digits.unwrap_or_default().replace(',', "");
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
