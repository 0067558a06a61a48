//! What a call costs of an MCP server on standard input and output: the quick start's program.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use devtools::sh;
use devtools_c::program::output_folder;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"add","arguments":{"a":6,"b":7}}}"#;
/// Calls that are timed; the figure is their median.
const CALLS: usize = 20_000;
/// Calls that are counted, and as many again for what stays the same in both.
const COUNTED: usize = 1_000;

/// Microseconds from a request to its answer.
pub(crate) fn microseconds(program: &Path) -> Result<f64> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("it has no input")?;
    let mut output = BufReader::new(child.stdout.take().context("it has no output")?);
    let mut ask = |message: &str, answer: &mut String| -> Result<f64> {
        answer.clear();
        let begun = Instant::now();
        input.write_all(format!("{message}\n").as_bytes())?;
        output.read_line(answer)?;
        Ok(begun.elapsed().as_secs_f64() * 1e6)
    };
    let mut answer = String::new();
    ask(INITIALIZE, &mut answer)?;
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        times.push(ask(CALL, &mut answer)?);
        ensure!(answer.contains(r#""sum":13"#), "it answers: {answer}");
    }
    drop(input);
    child.wait()?;
    times.sort_by(f64::total_cmp);
    times.get(CALLS / 2).copied().context("no call was timed")
}

/// Instructions of a call, without the system's.
pub(crate) fn instructions(program: &Path) -> Result<f64> {
    Ok((counted(program, 2 * COUNTED)? - counted(program, COUNTED)?) / COUNTED as f64)
}

fn counted(program: &Path, calls: usize) -> Result<f64> {
    let given = output_folder("footprint")?.join("calls.jsonl");
    std::fs::write(&given, format!("{INITIALIZE}\n{}", format!("{CALL}\n").repeat(calls)))?;
    let mut valgrind = sh::line("valgrind --tool=callgrind --callgrind-out-file=/dev/null");
    valgrind.arg(program).stdin(File::open(given)?).stdout(Stdio::null());
    let done = valgrind.stderr(Stdio::piped()).output().context("run `cargo xtask setup`")?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let count =
        said.split_once("Collected : ").and_then(|(_, rest)| rest.split_whitespace().next());
    count.and_then(|count| count.parse().ok()).with_context(|| format!("valgrind says: {said}"))
}
