//! `tests/requirements.tsv`: what the product promises and the test or command that proves it.
//!
//! Three columns: an id, a proof, and a note (empty when the row is met to the letter). A proof is
//! one or several of these, joined by ` + `:
//! - `path/to/file.rs::function` or `path/to/file.py::function`: a test in that file;
//! - `path/to/file`: a file that is itself the proof, such as a script that a leg runs;
//! - `cargo xtask test --leg NAME` or another `cargo xtask` command.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{asked, legs, sh, structure};

const TABLE: &str = "tests/requirements.tsv";
/// The full list of ids, in the folder `TRINE_DATA`; it is not part of the repository.
const IDS: &str = "requirements.tsv";
/// Commands of the documents which the tests of the pages do not run, and what does.
const PAGES: &str = "tests/commands.tsv";
const HEADER: &str = "id\tproof\tnote";
/// The page whose tables say what is promised, what was tried against it, and its test.
const PROMISES: &str = "docs/security.md";
const PROMISE: &str = "| promise | attacks tried | test |";
/// What the page must have a table of, by the headings before them.
const AREAS: [&str; 6] =
    ["agrees to", "Link", "Gateway", "C ABI", "Model files", "Captures and keys"];
/// Commands of ours that may prove a row, besides legs of `test`.
const COMMANDS: &[&str] = &[
    "bench arm",
    "bench gateway",
    "bench kernels",
    "bench load",
    "bench payload",
    "bench process",
    "bench plugin",
    "bench swap",
    "bench model",
    "check",
    "firmware",
    "golden",
    "size",
    "soak agents",
    "soak coverage",
    "soak devices",
    "soak embassy",
    "soak hosts",
    "soak killed",
    "soak resources",
];

pub(crate) fn main() -> Result<()> {
    let table = sh::read(TABLE)?;
    let ids = known_ids()?;
    if ids.is_none() {
        println!("skipped: ids beyond their form: set TRINE_DATA to a folder with {IDS}");
    }
    structure::none("requirements", &faults(&table, ids.as_ref(), &sh::root()))?;
    asked::check()?;
    structure::none("commands", &command_faults(&sh::read(PAGES)?, &sh::root()))?;
    structure::none("promises", &promise_faults(&sh::read(PROMISES)?, &sh::root()))
}

fn known_ids() -> Result<Option<BTreeSet<String>>> {
    let path = std::env::var_os("TRINE_DATA").map(|data| Path::new(&data).join(IDS));
    let Some(path) = path.filter(|path| path.exists()) else { return Ok(None) };
    let text = std::fs::read_to_string(&path).context(IDS)?;
    let id = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    Ok(Some(text.lines().skip(1).map(id).collect()))
}

fn faults(table: &str, ids: Option<&BTreeSet<String>>, root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut lines = table.lines();
    if lines.next() != Some(HEADER) {
        faults.push(format!("the first line must be `{}`", HEADER.replace('\t', "<tab>")));
    }
    for line in lines {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, proofs, _note] = columns[..] else {
            faults.push(format!("not three columns: {line}"));
            continue;
        };
        if !seen.insert(id) {
            faults.push(format!("{id} is there twice"));
        }
        if !ids.map_or_else(|| has_form_of_id(id), |ids| ids.contains(id)) {
            faults.push(format!("{id} is no requirement"));
        }
        let wrong = proofs.split(" + ").filter_map(|proof| proof_fault(proof.trim(), root));
        faults.extend(wrong.map(|fault| format!("{id}: {fault}")));
    }
    faults
}

/// What is wrong with the tests that the commands of the documents name; `-` is none.
fn command_faults(table: &str, root: &Path) -> Vec<String> {
    let fault = |line: &str| {
        let (command, rest) = line.split_once('\t')?;
        let proof = rest.split('\t').next().filter(|proof| *proof != "-")?;
        Some(format!("{command}: {}", proof_fault(proof, root)?))
    };
    table.lines().skip(1).filter_map(fault).collect()
}

/// What is wrong with the tables of promises.
fn promise_faults(page: &str, root: &Path) -> Vec<String> {
    let (mut heading, mut is_table) = ("", false);
    let (mut faults, mut missing) = (Vec::new(), AREAS.to_vec());
    for line in page.lines() {
        if let Some(text) = line.strip_prefix('#') {
            heading = text.trim_start_matches('#').trim();
        }
        is_table = line == PROMISE || is_table && line.starts_with('|');
        if !is_table || line == PROMISE || line.starts_with("|---") {
            continue;
        }
        missing.retain(|area| !heading.ends_with(area));
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [promise, attacks, tests] = cells[..] else {
            faults.push(format!("not three columns: {cells:?}"));
            continue;
        };
        let proofs: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if promise.is_empty() || attacks.is_empty() || proofs.is_empty() {
            faults.push(format!("a promise without an attack or a test: {promise}"));
        }
        let wrong = proofs.iter().filter_map(|proof| proof_fault(proof, root));
        faults.extend(wrong.map(|fault| format!("{promise}: {fault}")));
    }
    faults.extend(missing.iter().map(|area| format!("there is no table of promises under {area}")));
    faults
}

/// Capitals, a hyphen, digits: `DP-01`.
fn has_form_of_id(id: &str) -> bool {
    let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    id.split_once('-').is_some_and(|(group, number)| {
        !group.is_empty() && group.chars().all(is_capital) && number.parse::<u16>().is_ok()
    })
}

/// What is wrong with a proof, if anything is.
fn proof_fault(proof: &str, root: &Path) -> Option<String> {
    if let Some(command) = proof.strip_prefix("cargo xtask ") {
        if let Some(leg) = command.strip_prefix("test --leg ") {
            return (!legs::exists(leg)).then(|| format!("there is no leg `{leg}`"));
        }
        let known = COMMANDS.iter().any(|known| command.starts_with(known));
        return (!known).then(|| format!("there is no command `{proof}`"));
    }
    let function = proof.rsplit_once("::");
    let path = function.map_or(proof, |(path, _)| path);
    if !root.join(path).is_file() {
        return Some(format!("there is no file `{path}`"));
    }
    let (_, function) = function?;
    let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
    (!has_test(path, &text, function)).then(|| format!("{path} has no test `{function}`"))
}

/// Whether the file has a function of that name which a test runner calls.
fn has_test(path: &str, text: &str, function: &str) -> bool {
    if path.ends_with(".py") {
        return text.contains(&format!("def {function}("));
    }
    let Some((before, _)) = text.split_once(&format!("fn {function}(")) else { return false };
    // Attributes and comments stand between the end of what came before and the function.
    let since = before.rfind(['}', ';']).and_then(|end| before.get(end..)).unwrap_or(before);
    since.contains("test]")
        || since.contains("::test(")
        || since.contains("proptest!")
        || before.contains("proptest! {")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{AREAS, HEADER, PROMISE, command_faults, faults, promise_faults};
    use crate::sh::scratch;

    #[test]
    fn a_promise_without_attack_or_test_is_found() {
        let root = scratch("promises");
        std::fs::write(root.join("a.rs"), "#[test]\nfn good() {}\n").unwrap();
        let found = |row: &str| {
            let table = |area| format!("## {area}\n\n{PROMISE}\n|---|---|---|\n{row}\n");
            promise_faults(&AREAS.map(table).concat(), &root).len()
        };
        assert_eq!(found("| it holds | it was hit | `a.rs::good` |"), 0);
        assert_eq!(found("| it holds |  | `a.rs::good` |"), AREAS.len());
        for tests in ["|  |", "| by hand |", "| `a.rs::gone` |", "|"] {
            assert_eq!(found(&format!("| it holds | it was hit {tests}")), AREAS.len(), "{tests}");
        }
        assert_eq!(promise_faults("", &root).len(), AREAS.len());
    }

    #[test]
    fn wrong_rows_are_found() {
        let root = scratch("requirements");
        std::fs::write(root.join("a.rs"), "#[test]\nfn good() {}\n\nfn helper() {}\n").unwrap();
        let ids = BTreeSet::from(["DP-01".to_owned()]);
        let count = |rows: &str| faults(&format!("{HEADER}\n{rows}"), Some(&ids), &root).len();
        assert_eq!(count("DP-01\ta.rs::good\t\n"), 0);
        assert_eq!(count("DP-01\tcargo xtask test --leg fmt + a.rs\tnote\n"), 0);
        for row in [
            "DP-02\ta.rs::good\t",
            "DP-01\ta.rs::helper\t",
            "DP-01\ta.rs::missing\t",
            "DP-01\tb.rs\t",
            "DP-01\tcargo xtask test --leg missing\t",
            "DP-01\tcargo xtask missing\t",
            "DP-01\ta.rs::good",
            "DP-01\t\t",
        ] {
            assert_eq!(count(row), 1, "{row}");
        }
        assert_eq!(count("DP-01\ta.rs::good\t\nDP-01\ta.rs::good\t\n"), 1);
        let commands = |test: &str| command_faults(&format!("\nx y\t{test}\tz\n"), &root).len();
        assert_eq!(["-", "a.rs::good"].map(commands), [0, 0]);
        assert_eq!(["a.rs::gone", "cargo xtask test --leg x"].map(commands), [1, 1]);
        assert_eq!(faults("", None, &root).len(), 1);
        assert_eq!(faults(&format!("{HEADER}\nx\ta.rs\t\n"), None, &root).len(), 1);
    }
}
