//! The workspace's programs as the tests build them, in a folder that no later build touches.
//!
//! They are built with the whole workspace, so that `cargo test --workspace` compiles nothing that
//! a leg has compiled before with other features; and they are copied, because cargo replaces a
//! program in its own folder while another leg runs it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::sh;

/// Set for the legs of a run whose leg `programs` has ended.
pub const BUILT: &str = "TRINE_PROGRAMS_BUILT";

/// The programs, and the shared library of models.
const NAMES: [&str; 4] = ["trine", "trine-smoke", "trine-example", "peer-client"];
const LIBRARY: &str = "libtrine_host.so";

/// Builds the programs, or finds them built by the leg `programs` of the same run.
pub fn build() -> Result<()> {
    if std::env::var_os(BUILT).is_some() {
        return Ok(());
    }
    // Where examples are built, cargo also turns on what only the tests want of other crates.
    sh::run(sh::cargo().args(["build", "--workspace", "--lib", "--bins", "--examples"]))?;
    let built = sh::target_dir().join("debug");
    for name in NAMES {
        sh::install(&sh::program_in(&built, name), &path(name))?;
    }
    sh::install(&built.join(LIBRARY), &folder().join(LIBRARY))
}

/// Where [`build`] leaves them.
pub fn folder() -> PathBuf {
    sh::target_dir().join("programs")
}

/// The path of a program that [`build`] has built.
pub fn path(name: &str) -> PathBuf {
    sh::program_in(&folder(), name)
}

/// A command that runs a program of [`build`]: its name, and arguments without spaces in them.
pub fn command(line: &str) -> Command {
    let mut words = line.split_ascii_whitespace();
    let mut command = sh::command(path(words.next().unwrap_or_default()));
    command.args(words);
    command
}
