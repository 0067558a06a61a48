//! `trine new`: projects to start from.

mod files;
mod server;
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
    /// Make a project of a server with its tools.
    Server(server::Server),
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
    /// Python, in a process of its own for each call.
    Python,
}

impl Lang {
    /// What a project of that name is built into.
    fn output(self, name: &str) -> String {
        match self {
            Self::Wasm => format!("{name}.wasm"),
            Self::Python => format!("{name}.json"),
            Self::C | Self::Cpp | Self::Rust => format!("lib{name}.so"),
        }
    }

    /// The file with its tool.
    fn source(self, name: &str) -> String {
        match self {
            Self::C | Self::Wasm => format!("{name}.c"),
            Self::Cpp => format!("{name}.cpp"),
            Self::Rust => "src/lib.rs".to_owned(),
            Self::Python => format!("{name}.json and {}_tool.py", name.replace('-', "_")),
        }
    }
}

impl New {
    pub(super) fn run(&self) -> ExitCode {
        match &self.command {
            Command::Tool(tool) => match tool.run() {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => usage(&error),
            },
            Command::Server(server) => server.run(),
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
        let shown = folder.display();
        say!("{STRONG}{shown}{STRONG:#} has a plug-in with the tool {}", names.tool);
        say!("build and try it: cd {shown} && make test");
        if self.template.is_none() {
            self.steps();
        }
        Ok(())
    }

    /// Prints the way from here to a tool that serves.
    fn steps(&self) {
        let (source, output) = (self.lang.source(&self.name), self.lang.output(&self.name));
        let steps = [
            ("schema", format!("what the tool takes and answers: {source}")),
            ("logic", "its function, beside that".to_owned()),
            ("validation", format!("trine plugin check ./{output}")),
            ("tests", "make test".to_owned()),
            ("documents", "README.md".to_owned()),
            ("deployment", format!("trine gateway --plugin ./{output}; trine new server")),
            ("monitoring", "trine gateway --report; trine report; trine health".to_owned()),
        ];
        say!("then:");
        for (at, (step, what)) in steps.iter().enumerate() {
            say!("  {} {step:<11} {what}", at + 1);
        }
    }
}
