//! Reference files: recorded outputs that tests compare with, byte for byte.
//!
//! They lie in folders called `golden`. A test that has one writes it instead of comparing when
//! `TRINE_GOLDEN=write` is set, and `cargo xtask golden` runs those tests so. What another program
//! computed, such as the logits of a model, is written by `cargo xtask golden bitnet`.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use crate::sh;
use crate::tidy::tracked_files;

/// The variable that makes a test write its reference file.
const VARIABLE: &str = "TRINE_GOLDEN";

/// Writes every reference file anew. Tests that have one carry `golden` in their name.
///
/// # Errors
/// When a test fails for another reason than its reference file.
pub(crate) fn write() -> Result<()> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--workspace", "--profile", "ci", "--quiet", "golden"]);
    sh::run(cargo.env(VARIABLE, "write"))
}

/// `cargo xtask golden bitnet`: what Hugging Face's transformers compute, in an environment of their
/// own under the target folder. It takes 6 GB there, and no test needs it.
///
/// # Errors
/// When Python, its packages or the program fails.
pub(crate) fn write_bitnet() -> Result<()> {
    let folder = sh::target_dir().join("oracle");
    let python = folder.join("bin/python");
    if !python.exists() {
        sh::run(sh::command("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let requirements = sh::root().join("tests/oracle/requirements.txt");
    sh::run(sh::command(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(requirements))?;
    let program = sh::root().join("tests/oracle/bitnet.py");
    sh::run(sh::command(&python).arg(program).arg(sh::root().join("tests/golden/bitnet")))
}

/// The leg `golden`: what the code writes now is what is committed.
///
/// # Errors
/// When a file differs; the new one is left in place, for `git diff` to show.
pub(crate) fn compare() -> Result<()> {
    let before = golden_files()?;
    ensure!(!before.is_empty(), "there is no reference file: no folder `golden` is tracked");
    write()?;
    let after = golden_files()?;
    let differing: Vec<&str> = before
        .iter()
        .filter(|(path, bytes)| after.get(*path) != Some(bytes))
        .map(|(path, _)| path.as_str())
        .collect();
    if !differing.is_empty() {
        bail!("these are no longer what the code writes: {}", differing.join(", "));
    }
    println!("{} reference files are what the code writes", before.len());
    Ok(())
}

fn golden_files() -> Result<BTreeMap<String, Vec<u8>>> {
    let files = tracked_files()?.into_iter().filter(crate::tidy::File::is_golden);
    Ok(files.map(|file| (file.path, file.bytes)).collect())
}
