//! `cargo xtask test --leg python`: the Python package, built as a wheel and used.

use anyhow::{Context as _, Result};

use crate::sh;

/// The packages that build it.
const LOCK: &str = "bindings/python/requirements.txt";

pub(crate) fn main() -> Result<()> {
    let mut library = sh::cargo();
    library.args(["rustc", "-q", "-p", "trine-c-host", "--crate-type", "staticlib"]);
    sh::run(&mut library)?;
    let lock = sh::root().join(LOCK);
    let python = sh::python("python", &["-r", lock.to_str().context("no UTF-8")?])?;
    // Building writes beside the sources.
    let folder = sh::target_dir().join("python-wheel");
    sh::empty_folder(&folder)?;
    let source = folder.join("source");
    sh::run(sh::command("cp").arg("-r").arg(sh::root().join("bindings/python")).arg(&source))?;
    let pip = ["-m", "pip", "--disable-pip-version-check"];
    let mut wheel = sh::command(&python);
    wheel.args(pip).args(["wheel", "-q", "--no-build-isolation", "--no-deps", "-w"]);
    wheel.arg(&folder).arg(&source);
    wheel.env("TRINE_LIB", sh::target_dir().join("debug"));
    sh::run(wheel.env("TRINE_INCLUDE", sh::root().join("include")))?;
    let wheels = sh::files(&folder, "whl")?;
    let wheel = wheels.first().context("pip wrote no wheel")?;
    let mut install = sh::command(&python);
    install.args(pip).args(["install", "-q", "--no-index", "--no-deps", "--force-reinstall"]);
    sh::run(install.arg(wheel))?;
    let mut tests = sh::command(&python);
    tests.args(["-B", "-m", "unittest", "discover", "-s"]).arg(source.join("tests"));
    tests.env("TRINE_ABI", sh::root().join("bindings/trine_abi.json"));
    tests.env("TRINE_DOCS", sh::root().join("docs"));
    sh::run(tests.current_dir(&folder))
}
