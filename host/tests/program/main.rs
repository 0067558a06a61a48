//! The program `trine` from outside: what a user types, what it prints and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod any_tools;
mod ask;
mod cli;
mod connect;
#[cfg(unix)]
mod control;
mod demo;
mod eval;
mod exit_codes;
mod generate;
mod header;
#[cfg(unix)]
mod joined;
#[cfg(target_os = "linux")]
mod limits;
mod load;
mod model;
#[cfg(unix)]
mod new_server;
#[cfg(unix)]
mod plugins;
#[cfg(unix)]
mod roofline;
mod serve;
#[cfg(target_os = "linux")]
mod services;
mod settings;
#[cfg(target_os = "linux")]
mod shipped;
mod surfaces;
mod train;
mod tune;

use std::process::{Command, Output};

/// Runs the program with these arguments, without a log.
pub(crate) fn trine(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(args).env("TRINE_LOG", "off").output().unwrap()
}

/// What a command that succeeds prints.
pub(crate) fn done(args: &[&str]) -> String {
    let done = trine(args);
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
