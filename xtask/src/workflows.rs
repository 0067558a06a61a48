//! The files of `.github/workflows`, which cannot be run here, are linted: GitHub's own schema, and
//! zizmor for permissions, credentials, pins and injections.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::sh;

const WORKFLOWS: &str = ".github/workflows";
/// Workflows with a mistake each, which have to be found.
const WRONG: &str = "tests/workflows/wrong";
/// The versions of the linters.
const LOCK: &str = "tests/workflows/requirements.txt";

/// Lints the workflows.
pub(crate) fn workflows() -> Result<()> {
    let python = sh::python("workflows", &["-r", LOCK])?;
    sh::run(sh::command("bash").args(["-n", ".ci/run"]))?;
    let files = sh::files(WORKFLOWS, "yml")?;
    lint(&python, &files)?;
    for file in sh::files(WRONG, "yml")? {
        let found = lint(&python, std::slice::from_ref(&file)).is_err();
        ensure!(found, "the linters find nothing in {}", file.display());
    }
    println!("{} workflows, in which the linters find nothing", files.len());
    Ok(())
}

fn lint(python: &Path, files: &[PathBuf]) -> Result<()> {
    let schema = ["--builtin-schema", "vendor.github-workflows"];
    let audit = ["--offline", "--no-progress", "--config", "tests/workflows/zizmor.yml"];
    for (name, options) in [("check-jsonschema", &schema[..]), ("zizmor", &audit[..])] {
        sh::output(sh::command(python.with_file_name(name)).args(options).args(files))?;
    }
    Ok(())
}
