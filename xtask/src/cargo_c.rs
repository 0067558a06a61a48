//! `cargo xtask soak cargo-c`: libtrine as `cargo cinstall` of cargo-c installs it, and the quick
//! start's program with it.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::released::{EXPECTED, answers};
use crate::sh;

/// The quick start's program.
const HELLO: &str = "host-example/c/hello.c";

/// Installs into a folder, and builds with what is there alone.
pub(crate) fn main() -> Result<String> {
    let folder = sh::target_dir().join("cargo-c");
    let installed = folder.join("installed");
    if installed.exists() {
        std::fs::remove_dir_all(&installed)?;
    }
    let mut cargo = sh::cargo();
    cargo.args(["cinstall", "--release", "--manifest-path", "ffi/artifact/Cargo.toml"]);
    cargo.args(["--libdir", "lib", "--destdir", "/", "--prefix"]).arg(&installed);
    cargo.arg("--target-dir").arg(&folder);
    sh::run(&mut cargo).context("cargo install cargo-c --locked")?;
    let mut package = sh::line("pkg-config --cflags --libs trine");
    package.env("PKG_CONFIG_PATH", installed.join("lib/pkgconfig"));
    let flags = sh::output(&mut package)?;
    let shared: Vec<&str> = flags.split_whitespace().collect();
    let headers = format!("-I{}", installed.join("include").display());
    let archive = installed.join("lib/libtrine.a");
    let archive = archive.to_str().context("a path in UTF-8")?;
    for (name, words) in [("shared", shared), ("static", vec![&headers, archive])] {
        let program = folder.join(name);
        sh::run(sh::line("cc -std=c99").arg(HELLO).args(words).arg("-o").arg(&program))?;
        let mut command = sh::command(&program);
        answers(command.env("LD_LIBRARY_PATH", installed.join("lib")), Path::new(EXPECTED))?;
    }
    let count = sh::files(installed.join("include"), "h")?.len();
    ensure!(count == sh::files("include", "h")?.len(), "{count} headers are installed");
    Ok(format!("{count} headers, and hello.c with the static and the shared library"))
}
