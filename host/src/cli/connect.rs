//! `trine connect`: the entry that makes an MCP client start the gateway.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use trine::connect::{
    Change, Client, ConnectError, Entry, Machine, Scope, merge, shortcut, update,
};
use trine::{Error, Result};

use super::paint::say;

/// What the gateway is told when nothing is said after `--`.
const DEFAULT_ARGS: [&str; 1] = ["--simulate"];
/// Options of the gateway whose value is a path.
const PATH_OPTIONS: [&str; 2] = ["--firmware", "--unix"];

const AFTER_HELP: &str = "\
Prints the entry on standard output, and its place on standard error. The entry starts this program
by its full path.

Example: trine connect cursor --write -- --serial /dev/ttyACM0";

/// Arguments of `trine connect`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Connect {
    /// MCP client.
    client: Client,
    /// Merge the entry into the client's file, after a backup.
    #[arg(long)]
    write: bool,
    /// Name of the server in the client.
    #[arg(long, default_value = "trine")]
    name: String,
    /// Configuration file [default: the client's own]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Your own file, or that of the project.
    #[arg(long, value_enum, default_value_t = Scope::User)]
    scope: Scope,
    /// Address of a running gateway (trine gateway --http), in place of arguments.
    #[arg(long, value_name = "URL", conflicts_with = "args")]
    url: Option<String>,
    /// Arguments of `trine gateway` [default: --simulate]
    #[arg(last = true, value_name = "GATEWAY ARGUMENTS")]
    args: Vec<String>,
}

impl Connect {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let directory = env::current_dir().map_err(Error::CurrentDirectory)?;
        let entry = self.entry(&directory)?;
        let file = match &self.file {
            Some(file) => file.clone(),
            None => Machine::this(directory).file(self.client, self.scope)?,
        };
        if self.write { self.merge_into(&file, &entry) } else { self.show(&file, &entry) }
    }

    fn entry(&self, directory: &Path) -> Result<Entry> {
        if let Some(url) = &self.url {
            let (name, url) = (self.name.clone(), Some(checked(url)?));
            return Ok(Entry { name, command: String::new(), args: Vec::new(), url });
        }
        let mut args = vec!["gateway".to_owned()];
        if self.args.is_empty() {
            args.extend(DEFAULT_ARGS.map(str::to_owned));
        }
        let mut before = "";
        for arg in &self.args {
            args.push(absolute(before, arg, directory));
            before = arg;
        }
        let command = env::current_exe().map_err(Error::Program)?;
        let command = command.to_str().ok_or(Error::ProgramPath)?;
        Ok(Entry { name: self.name.clone(), command: command.to_owned(), args, url: None })
    }

    fn show(&self, file: &Path, entry: &Entry) -> Result<ExitCode> {
        let text = merge(self.client, "", entry)?;
        let title = self.client.title();
        eprintln!("{title}: merge this into {}", file.display());
        if let Some(command) = shortcut(self.client, self.scope, entry) {
            eprintln!("or run: {command}");
        }
        eprintln!("or let Trine merge it, with a backup: add --write");
        self.note();
        eprintln!();
        say!("{}", text.trim_end());
        Ok(ExitCode::SUCCESS)
    }

    fn merge_into(&self, file: &Path, entry: &Entry) -> Result<ExitCode> {
        let path = file.display();
        let change = update(self.client, file, entry, SystemTime::now());
        let change = change.map_err(|error| match error {
            ConnectError::Io { .. } => error.into(),
            error => Error::from(error).at(&path),
        })?;
        match change {
            Change::None => {
                say!("{path} has this entry already.");
                return Ok(ExitCode::SUCCESS);
            }
            Change::Changed(backup) => {
                say!("Changed {path}");
                say!("Its former text is in {}", backup.display());
            }
            _ => say!("Created {path}"),
        }
        say!("{}", self.client.afterwards());
        self.note();
        Ok(ExitCode::SUCCESS)
    }

    fn note(&self) {
        if self.url.is_some() {
            eprintln!("The gateway has to run: the client does not start it.");
        } else if self.args.is_empty() {
            eprintln!(
                "It starts the simulated board; name your own devices after --, for example: \
                 trine connect {} -- --serial /dev/ttyACM0",
                self.client.word()
            );
        }
    }
}

/// An address that a client can use.
fn checked(url: &str) -> Result<String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let is_whole = rest.is_some_and(|rest| rest.split_once('/').is_some_and(|it| !it.0.is_empty()));
    if is_whole && is_plain { Ok(url.to_owned()) } else { Err(Error::Address(url.to_owned())) }
}

// A client starts the gateway in a directory of its own choice.
fn absolute(before: &str, arg: &str, directory: &Path) -> String {
    if PATH_OPTIONS.contains(&before) {
        return absolute_value(arg, directory);
    }
    match arg.split_once('=') {
        Some((option, value)) if PATH_OPTIONS.contains(&option) => {
            format!("{option}={}", absolute_value(value, directory))
        }
        _ => arg.to_owned(),
    }
}

// `PATH` or `NAME=PATH`.
fn absolute_value(value: &str, directory: &Path) -> String {
    let whole = |path: &str| directory.join(path).to_string_lossy().into_owned();
    match value.split_once('=') {
        Some((name, path)) => format!("{name}={}", whole(path)),
        None => whole(value),
    }
}
