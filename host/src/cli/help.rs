//! The help of every command: short, and compared with one file. `cargo xtask golden` writes it.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};

/// Most words of the help of a command, an option or a value, without its default.
const WORDS: usize = 12;

/// The help of a command and of those below it, as `--help` prints it.
fn help(command: &mut Command, out: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = command.get_bin_name().filter(|name| !name.is_empty()).unwrap_or("trine").to_owned();
    let text = command.render_long_help().to_string();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    // A string takes whatever is written to it.
    _ = writeln!(out, "$ {name} --help\n{}\n", lines.join("\n"));
    command.get_subcommands_mut().for_each(|below| help(below, out));
}

/// Values of the environment differ from one machine to the next.
fn without_environment(command: Command) -> Command {
    let below: Vec<_> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| arg.hide_env_values(true));
    below.into_iter().fold(command, |all, name| all.mut_subcommand(name, without_environment))
}

/// What has too many words.
fn long(command: &Command, faults: &mut Vec<String>) {
    if command.is_hide_set() {
        return;
    }
    let mut check = |what: &str, text: Option<String>| {
        let text = text.unwrap_or_default();
        let said = text.split(" [default").next().unwrap_or_default();
        if said.split_whitespace().count() > WORDS {
            faults.push(format!("{} {what}: {text}", command.get_name()));
        }
    };
    check("", command.get_about().map(ToString::to_string));
    for arg in command.get_arguments() {
        check(arg.get_id().as_str(), arg.get_help().map(ToString::to_string));
        for value in arg.get_possible_values() {
            check(value.get_name(), value.get_help().map(ToString::to_string));
        }
    }
    command.get_subcommands().for_each(|below| long(below, faults));
}

#[test]
fn golden_help() {
    // The file is of the default build.
    if trine_gateway::server::http::Tls::IS_BUILT {
        return;
    }
    let mut command = without_environment(super::Cli::command());
    command.build();
    let mut out = String::new();
    help(&mut command, &mut out);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help.txt");
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path, out).unwrap();
        return;
    }
    assert_eq!(out, std::fs::read_to_string(&path).unwrap());
}

#[test]
fn every_help_has_at_most_twelve_words() {
    let mut faults = Vec::new();
    long(&super::Cli::command(), &mut faults);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
