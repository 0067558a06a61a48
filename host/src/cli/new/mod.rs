//! `trine new`: projects to start from.

mod files;
mod templates;

use std::path::PathBuf;
use std::process::ExitCode;

use trine::{Error, Result};

use super::open::usage;
use super::paint::{STRONG, say};
use files::{Names, copied, write};

const AFTER_HELP: &str = "\
The project is a folder of the tool's name. `make test` builds it, checks it and calls its tool;
`make serve` serves it and replaces it as soon as it is built again.

A template is a folder of files: @name@ in their names and texts becomes the project's name, @tool@
the same with '_' for '-'.

Example: trine new tool degrees --lang rust";

/// Arguments of `trine new`.
#[derive(Debug, clap::Args)]
pub(super) struct New {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a project of a plug-in with one tool.
    Tool(Tool),
}

/// Arguments of `trine new tool`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
struct Tool {
    /// Name of the project: lower-case letters, digits, '-' and '_'.
    #[arg(value_name = "NAME")]
    name: String,
    /// Language of the project.
    #[arg(long, value_enum, default_value_t)]
    lang: Lang,
    /// Your own folder of files to start from.
    #[arg(long, value_name = "FOLDER", conflicts_with = "lang")]
    template: Option<PathBuf>,
    /// Folder of the project [default: its name]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// A language with a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Lang {
    /// C11, with a Makefile.
    #[default]
    C,
    /// C++17, with exceptions caught.
    Cpp,
    /// Rust, with panics caught.
    Rust,
    /// C11 for WebAssembly: a sandbox that stops what runs too long.
    Wasm,
}

impl New {
    pub(super) fn run(&self) -> ExitCode {
        let Command::Tool(tool) = &self.command;
        match tool.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => usage(&error),
        }
    }
}

impl Tool {
    fn run(&self) -> Result<()> {
        let names = Names::new(&self.name).ok_or_else(|| Error::ProjectName(self.name.clone()))?;
        let files = match &self.template {
            Some(folder) => copied(folder)?,
            None => templates::of(self.lang),
        };
        let folder = self.folder.clone().unwrap_or_else(|| self.name.clone().into());
        write(&folder, &files, &names)?;
        say!("{STRONG}{}{STRONG:#} has a plug-in with the tool {}", folder.display(), names.tool);
        say!("build and try it: cd {} && make test", folder.display());
        Ok(())
    }
}
