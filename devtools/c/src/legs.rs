//! The legs `matrix` and `examples`, which are the tests of `tests/c`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use devtools::{programs, sh};

use crate::{dist, output_folder};

/// `cargo xtask test --leg matrix`: compile everything everywhere, then look for faults that no
/// compiler says or that only show in a run.
pub fn matrix() -> Result<()> {
    test(&["test_header", "test_misra", "test_misuse", "test_gateway"])
}

/// `cargo xtask test --leg examples`: what the examples and the quick starts print.
pub fn examples() -> Result<()> {
    test(&["test_examples", "test_hub", "test_models"])
}

/// `cargo xtask test --leg frameworks`: the package for frameworks.
pub fn frameworks() -> Result<()> {
    programs::build()?;
    let [package, archive] = dist::frameworks::for_tests()?;
    let readers = sh::python("frameworks", &["-r", "tests/c/frameworks/requirements.txt"])?;
    let mut python = tests("frameworks", &["test_frameworks"], &programs::folder())?;
    sh::run(python.env("FRAMEWORKS", package).env("ARCHIVE", archive).env("READERS", readers))
}

/// Runs tests of `tests/c` with all libraries.
fn test(modules: &[&str]) -> Result<()> {
    programs::build()?;
    let mut python = tests("programs", modules, &programs::folder())?;
    let archive = dist::host_library()?;
    python.env("LIBTRINE_SHARED", dist::host_shared(&archive)?).env("LIBTRINE", archive);
    sh::run(python.env("LIBTRINE_MODEL", dist::host_model_library()?))
}

/// Tests of `tests/c`, told where programs and `libtrine_host` are built, and which folder is
/// theirs.
pub fn tests(name: &str, modules: &[&str], built: &Path) -> Result<Command> {
    let folder = output_folder(name)?;
    let mut python = sh::line("python3 -m unittest -v");
    python.args(modules).env("PYTHONPATH", "tests/c").env("PYTHONDONTWRITEBYTECODE", "1");
    python.env("LIBTRINE_HOST", dist::hosted(built, &folder.join("hosted"))?).env("OUT", folder);
    python.env("PROGRAMS", built).env("TARGET", sh::target_dir());
    Ok(python)
}
