//! What calls and lists cost at the sizes that people use, in process, next to rmcp's server of the
//! same tools: instructions, which valgrind counts on a busy machine as on a quiet one.

use std::path::Path;

use anyhow::Result;
use devtools::record::{Figures, Record};
use devtools::sh;

use crate::process::{build, instructions, number_after};

/// Subjects of the program, and what they are called.
const CALLS: [(&str, &str); 7] = [
    ("arguments-1", "1 argument"),
    ("arguments-5", "5 arguments"),
    ("arguments-20", "20 arguments"),
    ("text-4096", "a text of 4 KiB, returned"),
    ("last-10", "1 argument, last of 10 tools"),
    ("last-100", "1 argument, last of 100 tools"),
    ("last-1000", "1 argument, last of 1,000 tools"),
];
const LISTS: [(&str, &str); 3] =
    [("list-10", "10 tools"), ("list-100", "100 tools"), ("list-1000", "1,000 tools")];
/// Who is compared: the ends of the names of subjects, and headings.
type Column = (&'static str, &'static str);
const OURS: &[Column] = &[("json", "JSON-RPC"), ("values", "values")];
const SERVERS: &[Column] = &[("json", "JSON-RPC"), ("rmcp", "rmcp")];
const ALL: &[Column] = &[
    ("json", "JSON-RPC"),
    ("values", "values"),
    ("parse", "`serde_json` parses it"),
    ("rmcp", "rmcp"),
];

/// `cargo xtask bench sizes`. A small one has Trine's own columns alone, which are quick to build.
pub fn main(keep: bool, small: bool) -> Result<()> {
    let name = if small { "sizes --small" } else { "sizes" };
    let mut record = Record::begin(name, Figures::Counts, keep)?.program("rustc")?;
    if !small {
        record = record.peer("rmcp")?.peer("serde_json")?;
    }
    let program = build(if small { &["--no-default-features"] } else { &[] })?;
    let [calls, lists] = if small { [OURS, &OURS[..1]] } else { [ALL, SERVERS] };
    let calls = table(&program, "one call", &CALLS, calls, 100)?;
    let lists = table(&program, "one list", &LISTS, lists, 10)?;
    record.end(&format!(
        "Instructions in process, release with fat LTO, one unit. Arguments are of every kind in \
         turn, and the tool reads each by its number. Values are `Device::local`; rmcp's server \
         checks no argument.\n\n{calls}\n{lists}"
    ))
}

/// A row a subject, each of which is counted in so many turns.
fn table(
    program: &Path,
    title: &str,
    rows: &[(&str, &str)],
    columns: &[(&str, &str)],
    turns: u64,
) -> Result<String> {
    let heads: String = columns.iter().map(|(_, head)| format!(" {head} |")).collect();
    let line = "---:|".repeat(columns.len() + 1);
    let mut text = format!("| {title} | bytes of the answer |{heads}\n|---|{line}\n");
    for (name, about) in rows {
        eprintln!("{about}");
        let mut once = sh::command(program);
        let once = sh::output(once.arg(format!("{name}-{}", OURS[0].0)).args(["1", "1"]))?;
        let bytes = number_after(&once, "ns a call, ")?;
        let count = |(who, _): &(&str, &str)| -> Result<String> {
            let count = instructions(program, &format!("{name}-{who}"), turns)?;
            Ok(format!(" {count:.0} |"))
        };
        let cells: String = columns.iter().map(count).collect::<Result<_>>()?;
        text += &format!("| {about} | {bytes} |{cells}\n");
    }
    Ok(text)
}
