//! What one call costs in process: ours as values and as JSON, from Rust and from C, next to rmcp's
//! server and `serde_json` parsing the same message. The gates of JSON are on what clients sent.
//!
//! Valgrind counts the instructions, which are the same on every machine and in every run; the
//! times beside them are of this machine. Allocations are those of the second thousand calls.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools::record::{Figures, Record};
use devtools::{Gates, sh};
use devtools_c::dist;
use devtools_c::program::{link, output_folder};

/// Calls that are counted, and the same again for what stays the same in both.
const CALLS: u64 = 1_000;
/// Calls that are timed in each of some rounds; the figure is their median.
const TIMED: [&str; 2] = ["2000", "51"];
/// The subject that is a program in C, linked with libtrine as it is shipped.
const IN_C: &str = "json-c";
/// Those that are programs in C with another library.
const PEERS_IN_C: [&str; 2] = ["cjson", "nanopb"];

/// The subject that has gates: most instructions of a call, those to reach for, no allocation.
const GATED: (&str, u64, u64) = ("postcard", 350, 350);

/// A subject of the program, and what it is.
type Subject = (&'static str, &'static str);

/// Those of a group.
fn subjects(group: &str) -> Vec<Subject> {
    let rows = include_str!("subjects.tsv").lines().filter_map(|line| line.split_once('\t'));
    rows.filter(|row| row.0 == group).filter_map(|row| row.1.split_once('\t')).collect()
}

/// `cargo xtask bench process`: counts and times all.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("process", Figures::Both, keep)?.peer("rmcp")?.peer("serde_json")?;
    let record = record.program("rustc")?;
    let all = [subjects("ours"), subjects("peers")].concat();
    let (text, gates) = measure(&all, &[], record.is_quiet)?;
    record.end_with(&text, &gates)
}

/// The leg `process`: Trine's own subjects, quick to build.
pub fn gates() -> Result<()> {
    let (text, gates) = measure(&subjects("ours"), &["--no-default-features"], true)?;
    println!("\n{text}");
    gates.conclude()
}

/// Builds the program as libtrine is built, whole and in one unit, and answers where it lies.
fn build(features: &[&str]) -> Result<PathBuf> {
    let build = ["build", "--profile", "process", "-p", "trine-process"];
    sh::run(sh::cargo().args(build).args(features))?;
    Ok(sh::target_dir().join("process/trine-process"))
}

/// Counts, and times where the machine is quiet.
fn measure(subjects: &[Subject], features: &[&str], timed: bool) -> Result<(String, Gates)> {
    // What is not installed is said before the minutes that ours takes to build.
    let peers = subjects.iter().filter(|(name, _)| PEERS_IN_C.contains(name));
    let peers = peers.map(|(name, _)| Ok((*name, peer_in_c(name)?)));
    let peers = peers.collect::<Result<Vec<_>>>()?;
    let program = build(features)?;
    let in_c = c_program("json", "")?;
    let mut text = String::from(
        "Release with fat LTO, one unit.\n\n\
         | one call | instructions | gate | allocations | ns |\n|---|---:|---:|---:|---:|\n",
    );
    let mut gates = Gates::default();
    let (gated, gate, goal) = GATED;
    for &(name, about) in subjects {
        let peer = peers.iter().find(|peer| peer.0 == name).map(|(_, program)| program);
        let program = peer.unwrap_or(if name == IN_C { &in_c } else { &program });
        let instructions = instructions(program, name, CALLS)?;
        let allocations = allocations(program, name)?;
        let time = if timed { time(program, name)? } else { String::new() };
        let mut limit = String::new();
        if name == gated {
            limit = format!("{gate} (goal {goal})");
            gates.at_most(format!("instructions of {name}"), instructions, gate as f64);
            gates.at_most(format!("allocations of {name}"), allocations, 0.0);
        }
        text += &format!(
            "| {name}: {about} | {instructions:.0} | {limit} | {allocations:.0} | {time} |\n"
        );
    }
    text += &format!("\n{}", clients(&program, features.is_empty(), &mut gates)?);
    Ok((text, gates))
}

/// A program in C, linked with libtrine as it is shipped.
fn c_program(name: &str, more: &str) -> Result<PathBuf> {
    let program = output_folder("process")?.join(format!("{name}-c"));
    let cc = "cc -std=c99 -O2 -Wall -Wextra -Werror -Iinclude";
    let cc = sh::line(&format!("{cc} tests/process/c/{name}.c {more}"));
    link(cc, &[&dist::host_library()?], &program)?;
    Ok(program)
}

/// A program in C with cJSON or nanopb, as Debian has them.
fn peer_in_c(name: &str) -> Result<PathBuf> {
    let (folder, sources) = (output_folder("process")?, "tests/process/c");
    let program = folder.join(format!("{name}-peer"));
    let cc = "cc -std=c99 -O2 -Wall -Wextra -Werror";
    let mut cc = match name {
        "cjson" => sh::line(&format!("{cc} {sources}/cjson.c -lcjson")),
        _ => {
            let mut generator = sh::line("nanopb_generator.py --quiet --proto-path");
            sh::run(generator.arg(sources).arg("--output-dir").arg(&folder).arg("call.proto"))
                .context("install libcjson-dev, libnanopb-dev and nanopb, of Debian")?;
            let mut cc = sh::line(&format!("{cc} -I/usr/include/nanopb -I{sources}"));
            cc.arg("-I").arg(&folder).arg(folder.join("call.pb.c"));
            cc.args([&format!("{sources}/nanopb.c"), "-lprotobuf-nanopb"]);
            cc
        }
    };
    sh::run(cc.arg("-o").arg(&program))
        .context("install libcjson-dev, libnanopb-dev and nanopb, of Debian")?;
    Ok(program)
}

/// Nanoseconds of a call.
fn time(program: &Path, subject: &str) -> Result<String> {
    let timed = sh::output(sh::command(program).arg(subject).args(TIMED))?;
    let time = timed.split_once(": ").and_then(|(_, rest)| rest.split(' ').next());
    Ok(time.context("the program says no time")?.to_owned())
}

/// Instructions of a call, in the function `measured` and what it calls.
fn instructions(program: &Path, subject: &str, calls: u64) -> Result<f64> {
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

fn number_after(said: &str, mark: &str) -> Result<u64> {
    let (_, rest) = said.split_once(mark).with_context(|| format!("no {mark:?} in: {said}"))?;
    let digits = rest.split(|char: char| char != ',' && !char.is_ascii_digit()).next();
    let digits = digits.unwrap_or_default().replace(',', "");
    digits.parse().with_context(|| format!("no number after {mark:?} in: {said}"))
}

/// What the program in C that makes them is made of besides, with the board's tools.
const CLIENTS_IN_C: &str = "-Ifirmware-example/c/src -Ifirmware-example/c/board \
                    firmware-example/c/src/descriptors.c";
/// The line: so many instructions, or so many a byte of the message and its answer and some more,
/// whichever is larger. The mean of all calls is to be below it, and each single one below 1.3
/// times it.
const LEAST: f64 = 1_800.0;
const A_BYTE: f64 = 5.0;
const ONCE: f64 = 600.0;
/// What the mean of all clients is to reach.
const GOAL: f64 = 1_300.0;
/// What holds today, in times the line: the mean of a client's calls, and the worst single call.
// Only rmcp's sessions are above the line: their arguments come before the name of their tool, and
// in another order than its descriptor's.
const MEAN: f64 = 1.05;
const SINGLE: f64 = 1.3;

struct Call {
    client: String,
    tool: String,
    bytes: f64,
    /// Bytes of the answer.
    back: f64,
    instructions: f64,
}

impl Call {
    const fn all_bytes(&self) -> f64 {
        self.bytes + self.back
    }
}

/// What calls of so many bytes may take.
const fn line(bytes: f64) -> f64 {
    LEAST.max(A_BYTE * bytes + ONCE)
}

/// The mean of a figure of a client's calls, or of all.
fn mean(calls: &[Call], client: Option<&str>, of: fn(&Call) -> f64) -> f64 {
    let own = calls.iter().filter(|call| client.is_none_or(|client| call.client == client));
    own.clone().map(of).sum::<f64>() / own.count().max(1) as f64
}

/// What a call of a real client costs, for each client in each protocol family, from Rust, from C,
/// and for `serde_json` only to parse it: a table with a row a client, and the same call by call.
/// `path` is the program in Rust, with what Trine is compared with or without it.
fn clients(path: &Path, peers: bool, gates: &mut Gates) -> Result<String> {
    let ours = count(path, "clients", &[])?;
    let messages = sh::entries(&sh::root().join("tests/clients/messages"))?;
    let in_c = count(&c_program("clients", CLIENTS_IN_C)?, "clients", &messages)?;
    let theirs = if peers { count(path, "clients-serde", &[])? } else { Vec::new() };
    let mut text = String::from(
        "| calls of a client | bytes | instructions, mean | gate | line | most, of its line | \
         from C | `serde_json` parses them | bytes back | line without these |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut clients: Vec<&str> = ours.iter().map(|call| call.client.as_str()).collect();
    clients.dedup();
    for name in clients {
        text += &row(name, [&ours, &in_c, &theirs], gates)?;
    }
    let [all, all_in_c, all_theirs] =
        [&ours, &in_c, &theirs].map(|calls| mean(calls, None, |call| call.instructions));
    let allocations = allocations(path, "clients")? / ours.len() as f64;
    gates.at_most("allocations of clients", allocations, 0.0);
    let [bytes, back] = [mean(&ours, None, |call| call.bytes), mean(&ours, None, |call| call.back)];
    let line = line(bytes + back);
    gates.at_most("instructions of all clients, mean", all, line);
    text += &format!(
        "| mean of all {} calls | {bytes:.0} | {all:.0} | {line:.0} (goal {GOAL:.0}) | {line:.0} | \
         | {all_in_c:.0} | {} | {back:.0} | {:.0} |\n",
        ours.len(),
        shown(all_theirs),
        self::line(bytes),
    );
    text += &format!("\nAllocations a call: {allocations:.0}. Call by call, from Rust:\n\n");
    for Call { client, tool, bytes, back, instructions } in &ours {
        text += &format!(
            "    {client:<18} {tool:<14} {bytes:>4} bytes {instructions:>6.0}, {back:>4} back\n"
        );
    }
    Ok(text)
}

/// The row of a client: what its calls cost from Rust, from C, and `serde_json`.
fn row(name: &str, [ours, in_c, theirs]: [&[Call]; 3], gates: &mut Gates) -> Result<String> {
    let [instructions, in_c, theirs] =
        [ours, in_c, theirs].map(|calls| mean(calls, Some(name), |call| call.instructions));
    let bytes = mean(ours, Some(name), |call| call.bytes);
    let back = mean(ours, Some(name), |call| call.back);
    let share = |call: &Call| call.instructions / line(call.all_bytes());
    let own = ours.iter().filter(|call| call.client == name);
    let worst = own.max_by(|a, b| share(a).total_cmp(&share(b)));
    let worst = worst.context("a client without calls")?;
    let (line, without, share) = (line(bytes + back), line(bytes), share(worst));
    gates.at_most(format!("instructions of {name}, mean"), instructions, MEAN * line);
    gates.at_most(format!("line of {name}, {}", worst.tool), share, SINGLE);
    Ok(format!(
        "| {name} | {bytes:.0} | {instructions:.0} | {:.0} | {line:.0} | {share:.2} ({}) | \
         {in_c:.0} | {} | {back:.0} | {without:.0} |\n",
        MEAN * line,
        worst.tool,
        shown(theirs)
    ))
}

/// A figure, where there is one.
fn shown(figure: f64) -> String {
    if figure > 0.0 { format!("{figure:.0}") } else { String::new() }
}

/// The instructions of each call that a program makes, which may read files. Valgrind counts all of
/// them in one run: it writes what it has counted whenever `timed` returns, once a message.
fn count(program: &Path, subject: &str, files: &[PathBuf]) -> Result<Vec<Call>> {
    let folder = output_folder("clients")?;
    sh::empty_folder(&folder)?;
    let mut valgrind = sh::line("valgrind --tool=callgrind --toggle-collect=*measured*");
    valgrind.arg("--dump-after=*timed*");
    valgrind.arg(format!("--callgrind-out-file={}", folder.join("out").display()));
    valgrind.arg(program).args([subject, &CALLS.to_string(), "1"]).args(files);
    let mut calls = Vec::new();
    for (number, text) in (1..).zip(sh::output(&mut valgrind)?.lines()) {
        let mut words = text.split([' ', ':']);
        let mut word = || words.next().map(String::from).context("a line is too short");
        let (client, tool, bytes) = (word()?, word()?, word()?.parse()?);
        let back = number_after(text, "ns a call, ").unwrap_or_default() as f64;
        let part = folder.join(format!("out.{number}"));
        let part = std::fs::read_to_string(&part).with_context(|| part.display().to_string())?;
        let instructions = number_after(&part, "\ntotals: ")? as f64 / CALLS as f64;
        calls.push(Call { client, tool, bytes, back, instructions });
    }
    ensure!(!calls.is_empty(), "no client has a call");
    Ok(calls)
}

/// Who is compared: the ends of the names of subjects, and headings.
const JSON: Subject = ("json", "JSON-RPC");
const VALUES: Subject = ("values", "values");
const PARSE: Subject = ("parse", "`serde_json` parses it");
const RMCP: Subject = ("rmcp", "rmcp");

/// `cargo xtask bench sizes`: calls and lists at the sizes that people use, next to rmcp's server.
/// A small one has Trine's own columns alone, which are quick to build.
pub fn sizes(keep: bool, small: bool) -> Result<()> {
    let name = if small { "sizes --small" } else { "sizes" };
    let mut record = Record::begin(name, Figures::Counts, keep)?.program("rustc")?;
    if !small {
        record = record.peer("rmcp")?.peer("serde_json")?;
    }
    let program = build(if small { &["--no-default-features"] } else { &[] })?;
    let calls: &[_] = if small { &[JSON, VALUES] } else { &[JSON, VALUES, PARSE, RMCP] };
    let lists: &[_] = if small { &[JSON] } else { &[JSON, RMCP] };
    let [calls, lists] =
        [table(&program, "call", calls, 100)?, table(&program, "list", lists, 10)?];
    record.end(&format!(
        "Instructions in process, release with fat LTO, one unit. Arguments are of every kind in \
         turn, and the tool reads each by its number. Values are `Device::local`; rmcp's server \
         checks no argument.\n\n{calls}\n{lists}"
    ))
}

/// A row a subject, each of which is counted in so many turns.
fn table(program: &Path, what: &str, columns: &[Subject], turns: u64) -> Result<String> {
    let heads: String = columns.iter().map(|(_, head)| format!(" {head} |")).collect();
    let line = "---:|".repeat(columns.len() + 1);
    let mut text = format!("| one {what} | bytes of the answer |{heads}\n|---|{line}\n");
    for (name, about) in subjects(&format!("{what}s")) {
        eprintln!("{about}");
        let mut once = sh::command(program);
        let once = sh::output(once.arg(format!("{name}-{}", JSON.0)).args(["1", "1"]))?;
        let bytes = number_after(&once, "ns a call, ")?;
        let count = |(who, _): &Subject| -> Result<String> {
            let count = instructions(program, &format!("{name}-{who}"), turns)?;
            Ok(format!(" {count:.0} |"))
        };
        let cells: String = columns.iter().map(count).collect::<Result<_>>()?;
        text += &format!("| {about} | {bytes} |{cells}\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::number_after;

    #[test]
    fn numbers_are_read_with_their_commas() {
        let said = "==1==   total heap usage: 1,234 allocs, 12 frees\n==1== Collected : 56\n";
        assert_eq!(number_after(said, "total heap usage: ").unwrap(), 1234);
        assert_eq!(number_after(said, "Collected : ").unwrap(), 56);
        assert!(number_after(said, "nothing").is_err() && number_after(said, "==1==").is_err());
    }
}
