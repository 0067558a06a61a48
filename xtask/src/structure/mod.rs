//! What the workspace may never become: structural checks over `cargo metadata`, `cargo tree` and
//! the tracked files.
//!
//! Each check is a function from facts to a list of faults. It runs in `cargo xtask test --leg
//! structure` and as a unit test here, and each has a test that plants a fault and sees it found.

pub(crate) mod crates;
pub(crate) mod deny;
pub(crate) mod edges;
pub(crate) mod graph;
pub(crate) mod manifest;
pub(crate) mod modules;
pub(crate) mod native;

use anyhow::{Result, bail};

use crate::tidy;

/// Fails with all faults, one a line, when there are any.
pub(crate) fn none(what: &str, faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        println!("{what}: nothing wrong");
        return Ok(());
    }
    bail!("{what}: {} faults\n  {}", faults.len(), faults.join("\n  "))
}

/// The leg `structure`: all faults of all checks, then the verdict.
pub(crate) fn main() -> Result<()> {
    let checks = [
        edges::all_faults().and_then(|faults| none("crate edges", &faults)),
        native::packages_of_default_build()
            .and_then(|names| none("nothing C-like in the default build", &native::faults(&names))),
        manifest::faults().and_then(|faults| none("manifests", &faults)),
        modules::all_faults().and_then(|faults| none("modules of hosted crates", &faults)),
        crates::faults().and_then(|faults| none("the table of crates", &faults)),
        tidy::main(),
    ];
    let failed: Vec<String> =
        checks.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{}", failed.join("\n"))
}
