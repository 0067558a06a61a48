//! What a call of a real client costs in process, for each client in each protocol family: from
//! Rust, from C, and for `serde_json` only to parse it.
//!
//! The messages are those of `tests/clients/messages`. Valgrind counts them all in one run of a
//! program: it writes what it has counted whenever `timed` returns, once a message.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::gates::Gates;
use devtools::sh;
use devtools_c::dist;
use devtools_c::program::{link, output_folder};

use crate::process::number_after;

/// Calls of each message.
const CALLS: u64 = 1_000;
const MESSAGES: &str = "tests/clients/messages";
/// The line that is aimed at: so many instructions, or so many a byte of the message and some more,
/// whichever is larger. The mean of a client's calls is to be below it, and each single call below
/// 1.3 times it.
const LEAST: f64 = 1_800.0;
const A_BYTE: f64 = 5.0;
const ONCE: f64 = 600.0;
/// What the mean of all clients is to reach.
const GOAL: f64 = 1_300.0;
/// What holds today, in times the line: the mean of a client's calls, and the worst single call.
// The worst by far is `board_status`: its answer has 1,346 bytes, its message 94.
const MEAN: f64 = 2.3;
const SINGLE: f64 = 8.0;

/// A program that makes each recorded call.
struct Program {
    path: PathBuf,
    subject: &'static str,
    /// The files that it is to read.
    files: Vec<PathBuf>,
}

/// One call of a client.
struct Call {
    client: String,
    tool: String,
    bytes: f64,
    instructions: f64,
}

/// What calls of messages of this length may take.
const fn line(bytes: f64) -> f64 {
    LEAST.max(A_BYTE * bytes + ONCE)
}

fn mean<'c>(calls: impl Iterator<Item = &'c Call> + Clone, of: fn(&Call) -> f64) -> f64 {
    calls.clone().map(of).sum::<f64>() / calls.count().max(1) as f64
}

/// Counts them: a table with a row a client, and the same call by call. `path` is the program in
/// Rust, with what Trine is compared with or without it.
pub(crate) fn measure(path: &Path, peers: bool, gates: &mut Gates) -> Result<String> {
    let rust = |subject| Program { path: path.to_owned(), subject, files: Vec::new() };
    let ours = rust("clients").count()?;
    let in_c = in_c()?.count()?;
    let theirs = if peers { rust("clients-serde").count()? } else { Vec::new() };
    let mut text = String::from(
        "| calls of a client | bytes | instructions, mean | gate | line | most, of its line | \
         from C | `serde_json` parses them |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut clients: Vec<&str> = ours.iter().map(|call| call.client.as_str()).collect();
    clients.dedup();
    for name in clients {
        text += &row(name, [&ours, &in_c, &theirs], gates)?;
    }
    let [all, all_in_c, all_theirs] =
        [&ours, &in_c, &theirs].map(|calls| mean(calls.iter(), |call| call.instructions));
    let allocations = rust("clients").allocations(ours.len())?;
    gates.at_most("allocations of clients", allocations, 0.0);
    text += &format!(
        "| mean of all {} calls | {:.0} | {all:.0} | (goal {GOAL:.0}) | | | {all_in_c:.0} | {} |\n",
        ours.len(),
        mean(ours.iter(), |call| call.bytes),
        shown(all_theirs)
    );
    text += &format!("\nAllocations a call: {allocations:.0}. Call by call, from Rust:\n\n");
    for Call { client, tool, bytes, instructions } in &ours {
        text += &format!("    {client:<18} {tool:<14} {bytes:>4} bytes {instructions:>6.0}\n");
    }
    Ok(text)
}

/// The row of a client: what its calls cost from Rust, from C, and `serde_json`.
fn row(name: &str, [ours, in_c, theirs]: [&[Call]; 3], gates: &mut Gates) -> Result<String> {
    let own = |call: &&Call| call.client == name;
    let mean_of = |calls: &[Call]| mean(calls.iter().filter(own), |call| call.instructions);
    let (bytes, instructions) = (mean(ours.iter().filter(own), |call| call.bytes), mean_of(ours));
    let share = |call: &Call| call.instructions / line(call.bytes);
    let worst = ours.iter().filter(own).max_by(|a, b| share(a).total_cmp(&share(b)));
    let worst = worst.context("a client without calls")?;
    let (line, share) = (line(bytes), share(worst));
    gates.at_most(format!("instructions of {name}, mean"), instructions, MEAN * line);
    gates.at_most(format!("line of {name}, {}", worst.tool), share, SINGLE);
    Ok(format!(
        "| {name} | {bytes:.0} | {instructions:.0} | {:.0} | {line:.0} | {share:.2} ({}) | {:.0} | \
         {} |\n",
        MEAN * line,
        worst.tool,
        mean_of(in_c),
        shown(mean_of(theirs))
    ))
}

/// A figure, where there is one.
fn shown(figure: f64) -> String {
    if figure > 0.0 { format!("{figure:.0}") } else { String::new() }
}

/// The program in C, with the board's tools.
fn in_c() -> Result<Program> {
    let path = output_folder("process")?.join("clients-c");
    let mut cc = sh::command("cc");
    cc.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-Iinclude"]);
    cc.args(["-Ifirmware-example/c/src", "-Ifirmware-example/c/board"]);
    cc.args(["tests/process/c/clients.c", "firmware-example/c/src/descriptors.c"]);
    link(cc, &[&dist::host_library()?], &path)?;
    let mut files = Vec::new();
    for file in std::fs::read_dir(sh::root().join(MESSAGES))? {
        files.push(file?.path());
    }
    files.sort();
    Ok(Program { path, subject: "clients", files })
}

impl Program {
    /// What valgrind is to run.
    fn under(&self, valgrind: &[&str], calls: u64) -> Command {
        let mut command = sh::command("valgrind");
        command.args(valgrind).arg(&self.path);
        command.args([self.subject, &calls.to_string(), "1"]).args(&self.files);
        command
    }

    /// The instructions of each call.
    fn count(&self) -> Result<Vec<Call>> {
        let folder = output_folder("clients")?;
        for file in std::fs::read_dir(&folder)? {
            std::fs::remove_file(file?.path())?;
        }
        let out = format!("--callgrind-out-file={}", folder.join("out").display());
        let collect = ["--toggle-collect=*measured*", "--dump-after=*timed*"];
        let said = sh::output(
            &mut self.under(&["--tool=callgrind", collect[0], collect[1], &out], CALLS),
        )?;
        let mut calls = Vec::new();
        for (number, text) in (1..).zip(said.lines()) {
            let mut words = text.split([' ', ':']);
            let mut word = || words.next().map(String::from).context("a line is too short");
            let (client, tool, bytes) = (word()?, word()?, word()?.parse()?);
            let part = folder.join(format!("out.{number}"));
            let part =
                std::fs::read_to_string(&part).with_context(|| part.display().to_string())?;
            let instructions = number_after(&part, "\ntotals: ")? as f64 / CALLS as f64;
            calls.push(Call { client, tool, bytes, instructions });
        }
        ensure!(!calls.is_empty(), "no client has a call");
        Ok(calls)
    }

    /// Allocations of a call, of the second thousand calls of each message.
    fn allocations(&self, messages: usize) -> Result<f64> {
        let run = |calls: u64| -> Result<u64> {
            let done = sh::ended(&mut self.under(&["--tool=memcheck", "--leak-check=no"], calls))?;
            let said = sh::said(&done);
            ensure!(done.status.success(), "valgrind on {}: {said}", self.subject);
            number_after(&said, "total heap usage: ")
        };
        let more = run(2 * CALLS)?.saturating_sub(run(CALLS)?);
        Ok(more as f64 / (CALLS as f64 * messages as f64))
    }
}
