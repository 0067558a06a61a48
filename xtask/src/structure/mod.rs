//! What the workspace may never become: structural checks over `cargo metadata`, `cargo tree` and
//! the tracked files.
//!
//! Each check is a function from facts to a list of faults, run by `cargo xtask test --leg
//! structure`, and has a test that plants a fault and sees it found.

pub(crate) mod crates;
pub(crate) mod deny;
mod edges;
mod graph;
mod manifest;
mod modules;
mod native;

use anyhow::{Result, ensure};

use crate::tidy;

/// A check: what it is about, and what it finds.
type Check = (&'static str, fn() -> Result<Vec<String>>);

const CHECKS: [Check; 6] = [
    ("crate edges", edges::all_faults),
    ("nothing C-like in the default build", native::all_faults),
    ("manifests", manifest::faults),
    ("modules of hosted crates", modules::all_faults),
    ("the table of crates", crates::faults),
    ("house rules", tidy::all_faults),
];

/// Fails with all faults, one a line, when there are any.
pub(crate) fn none(what: &str, faults: &[String]) -> Result<()> {
    let count = match faults.len() {
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    ensure!(faults.is_empty(), "{what}: {count}\n  {}", faults.join("\n  "));
    println!("{what}: nothing wrong");
    Ok(())
}

/// The leg `structure`: all faults of all checks, then the verdict.
pub(crate) fn main() -> Result<()> {
    let checks = CHECKS.iter().map(|(what, faults)| none(what, &faults()?));
    let failed = checks.filter_map(Result::err);
    let failed: Vec<String> = failed.map(|error| format!("{error:#}")).collect();
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}
