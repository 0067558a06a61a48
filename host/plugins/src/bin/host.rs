//! Runs one plug-in for the program that starts this one.

use std::process::ExitCode;

fn main() -> ExitCode {
    trine_plugins::plugin_host()
}
