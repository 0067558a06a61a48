//! `trine new server`: a folder of tools with what serves them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum as _;
use trine::{Error, Result};

use super::Lang;
use super::files::{File, Names, renamed, write};
use super::templates;
use crate::cli::open::usage;
use crate::cli::paint::{STRONG, say};

const FILES: [(&str, &str); 5] = [
    ("Makefile", include_str!("../../../templates/server/Makefile")),
    ("server.toml", include_str!("../../../templates/server/server.toml")),
    ("Dockerfile", include_str!("../../../templates/server/Dockerfile")),
    (".dockerignore", include_str!("../../../templates/server/dockerignore")),
    ("README.md", include_str!("../../../templates/server/README.md")),
];

const AFTER_HELP: &str = "\
The folder has a project of each tool, as `trine new tool` makes it, options in server.toml, and a
Dockerfile. `make test` builds, checks and calls the tools; `make serve` serves them over HTTP.

Example: trine new server weather --tool degrees --tool forecast:python";

/// Arguments of `trine new server`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Server {
    /// Name of the project: lower-case letters, digits, '-' and '_'.
    #[arg(value_name = "NAME")]
    name: String,
    /// Tool with its language [default: one of the server's name, in C]
    #[arg(long, value_name = "NAME[:LANG]", value_parser = tool)]
    tool: Vec<(String, Lang)>,
    /// Folder of the project [default: its name]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// The name of a tool and its language.
fn tool(text: &str) -> std::result::Result<(String, Lang), String> {
    let (name, lang) = text.split_once(':').unwrap_or((text, "c"));
    Ok((name.to_owned(), Lang::from_str(lang, false)?))
}

impl Server {
    pub(super) fn run(&self) -> ExitCode {
        match self.make() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => usage(&error),
        }
    }

    fn make(&self) -> Result<()> {
        let of = |name: &str| Names::new(name).ok_or_else(|| Error::ProjectName(name.to_owned()));
        let names = of(&self.name)?;
        let mut tools = self.tool.clone();
        if tools.is_empty() {
            tools.push((self.name.clone(), Lang::C));
        }
        let mut files: Vec<File> = self::files(&tools);
        for (at, (name, lang)) in tools.iter().enumerate() {
            let is_same =
                |(other, _): &(String, Lang)| other.replace('-', "_") == name.replace('-', "_");
            if tools.iter().take(at).any(is_same) {
                return Err(Error::ToolTwice(name.clone()));
            }
            let folder = PathBuf::from("tools").join(name);
            files.extend(renamed(&templates::of(*lang), &of(name)?, &folder));
        }
        let folder = self.folder.clone().unwrap_or_else(|| self.name.clone().into());
        write(&folder, &files, &names)?;
        let folder = folder.display();
        say!("{STRONG}{folder}{STRONG:#} has a server of {}", list(&tools, ", "));
        say!("build and try its tools: cd {folder} && make test");
        say!("serve them:              make serve");
        Ok(())
    }
}

/// The files of the server itself.
fn files(tools: &[(String, Lang)]) -> Vec<File> {
    let paths: Vec<_> =
        tools.iter().map(|(name, lang)| format!("tools/{name}/{}", lang.output(name))).collect();
    let plugins: String = paths.iter().map(|path| format!("    \"{path}\",\n")).collect();
    let has = |lang| tools.iter().any(|(_, other)| *other == lang);
    let mut build = vec!["make", "gcc", "g++", "libc6-dev"];
    build.extend(has(Lang::Wasm).then_some("clang lld"));
    let mut run = vec!["ca-certificates"];
    run.extend(has(Lang::Python).then_some("python3"));
    let filled = |text: &str| {
        text.replace("@tools@", &list(tools, " "))
            .replace("@plugins@", &plugins)
            .replace("@first@", paths.first().map(String::as_str).unwrap_or_default())
            .replace("@build@", if has(Lang::Rust) { "rust:slim" } else { "debian:stable-slim" })
            .replace("@build-packages@", &build.join(" "))
            .replace("@packages@", &run.join(" "))
    };
    FILES.iter().map(|(path, text)| File::new(*path, filled(text))).collect()
}

fn list(tools: &[(String, Lang)], between: &str) -> String {
    tools.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(between)
}
