//! `cargo xtask test --leg node`: the package for Node over the shared library.

use anyhow::Result;

use crate::sh;

/// The package.
const PACKAGE: &str = "bindings/node";

pub(crate) fn main() -> Result<()> {
    let mut library = sh::cargo();
    library.args(["rustc", "-q", "-p", "trine-c-host", "--crate-type", "cdylib"]);
    sh::run(&mut library)?;
    // A gateway that is joined.
    sh::run(sh::cargo().args(["build", "-q", "-p", "trine", "--bin", "trine"]))?;
    // npm writes next to the sources.
    let folder = sh::target_dir().join("node");
    sh::empty_folder(&folder)?;
    let package = folder.join("package");
    sh::run(sh::command("cp").arg("-r").arg(sh::root().join(PACKAGE)).arg(&package))?;
    sh::install(&sh::root().join("bindings/trine_abi.json"), &package.join("trine_abi.json"))?;
    sh::run(sh::command("npm").args(["ci", "--silent"]).current_dir(&package))?;
    let mut tests = sh::command("node");
    tests.args(["--test", "test/"]).current_dir(&package);
    let name = if cfg!(target_os = "macos") { "libtrine_host.dylib" } else { "libtrine_host.so" };
    tests.env("TRINE_PROGRAM", sh::target_dir().join("debug/trine"));
    tests.env("TRINE_GUIDE", sh::root().join("docs/node.md"));
    sh::run(tests.env("TRINE_LIBRARY", sh::target_dir().join("debug").join(name)))
}
