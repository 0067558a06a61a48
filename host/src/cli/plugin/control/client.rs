//! The end of whoever gives orders: `trine plugin list`, `load`, `update`, `roll-back`, `unload`
//! and `health`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use trine::{Error, Result};
use trine_gateway::sanitize::plain;

use super::{ANSWER_MAX, Answer, Order, Row, Trial, joining};
use crate::cli::paint::{FAINT, STRONG, say, some};

/// Orders to a server that runs.
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Orders {
    /// Print the plug-ins of a server that runs.
    List(At),
    /// Load plug-ins into a server that runs.
    Load {
        /// Plug-ins: libraries, modules, manifests, or JSON definitions.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Put a new version in the place of a plug-in.
    ///
    /// It is loaded and tested before; calls end in the version that they began in.
    Update {
        /// Plug-in: a library, module, manifest, or JSON definition.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Allow another first number of the version, which may break clients.
        #[arg(long)]
        incompatible: bool,
        /// Give it this share of the calls first.
        #[arg(long, value_name = "PERCENT", conflicts_with = "incompatible",
              value_parser = clap::value_parser!(u8).range(1..=99))]
        canary: Option<u8>,
        /// Calls of its own after which it is judged.
        #[arg(long, value_name = "COUNT", default_value_t = 100, requires = "canary")]
        canary_calls: u32,
        /// Failed ones of them above which it is taken out.
        #[arg(long, value_name = "COUNT", default_value_t = 2, requires = "canary")]
        canary_errors: u32,
        /// Longest time until it is judged, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "canary")]
        canary_seconds: u64,
        #[command(flatten)]
        at: At,
    },
    /// Bring back the version that served before the last update.
    RollBack {
        #[command(flatten)]
        one: One,
    },
    /// Take a plug-in out after its last call.
    Unload {
        #[command(flatten)]
        one: One,
    },
    /// Ask a plug-in whether it can work.
    Health {
        #[command(flatten)]
        one: One,
    },
    /// Have an MCP server join a server that runs.
    ///
    /// It is a program that speaks on standard input and output, and is started twice: the first
    /// time for its list of tools. They stay until it ends.
    Join {
        #[command(flatten)]
        one: One,
        /// Program that serves, and its arguments.
        #[arg(value_name = "COMMAND", required = true, last = true)]
        command: Vec<String>,
    },
}

/// Where the server takes orders.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct At {
    /// Socket of the server's --plugin-control.
    #[arg(long, value_name = "SOCKET", env = "TRINE_PLUGIN_CONTROL")]
    control: PathBuf,
}

/// A plug-in there.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct One {
    /// Name of the plug-in.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    at: At,
}

impl Orders {
    pub(in crate::cli) fn run(self) -> Result<ExitCode> {
        let (order, At { control }) = match self {
            Self::List(at) => (Order::List, at),
            Self::Load { files, at } => {
                let files = files.iter().map(|file| absolute(file)).collect::<Result<_>>()?;
                (Order::Load { files }, at)
            }
            Self::Update {
                file,
                incompatible,
                canary,
                canary_calls: calls,
                canary_errors: errors_max,
                canary_seconds: seconds,
                at,
            } => {
                let trial = canary.map(|percent| Trial { percent, calls, errors_max, seconds });
                let file = absolute(&file)?;
                (Order::Update { file, is_compatible: !incompatible, trial }, at)
            }
            Self::RollBack { one: One { name, at } } => (Order::RollBack { name }, at),
            Self::Unload { one: One { name, at } } => (Order::Unload { name }, at),
            Self::Health { one: One { name, at } } => (Order::Health { name }, at),
            Self::Join { one: One { name, at }, command } => {
                return joining::run(&name, &at.control, &command);
            }
        };
        match give(&control, &order)? {
            Answer::Done(rows) if rows.is_empty() => say!("no plug-in is loaded"),
            Answer::Done(rows) => rows.iter().for_each(print),
            Answer::Said(text) => say!("{}", plain(&text)),
            Answer::Refused(why) => {
                eprintln!("trine: {}", plain(&why));
                return Ok(ExitCode::FAILURE);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The server may run in another folder.
fn absolute(file: &Path) -> Result<PathBuf> {
    file.canonicalize().map_err(|error| Error::read(file, error))
}

/// Gives an order and waits for its answer. Loading may take its time.
fn give(path: &Path, order: &Order) -> Result<Answer> {
    asked(path, order, 8 * 1024).map(|(answer, _)| answer)
}

/// The same, with the connection, of which no more than the answer was read where `ahead` is 1: how
/// many bytes are read at a time.
pub(super) fn asked(path: &Path, order: &Order, ahead: usize) -> Result<(Answer, UnixStream)> {
    let failed = |source| Error::Control { path: path.to_owned(), source };
    let ask = || {
        let stream = UnixStream::connect(path)?;
        let mut text = serde_json::to_vec(order)?;
        text.push(b'\n');
        // One that is too long is answered before all of it is read.
        let given = (&stream).write_all(&text);
        let mut line = String::new();
        let answer = (&stream).take(ANSWER_MAX);
        let read = BufReader::with_capacity(ahead, answer).read_line(&mut line);
        if line.is_empty() {
            given.and(read.map(drop))?;
        }
        Ok((serde_json::from_str(&line)?, stream))
    };
    ask().map_err(failed)
}

fn print(row: &Row) {
    let Row { name, version, file, previous, is_listed, tools } = row;
    let [name, version] = [name, version].map(|text| plain(text));
    let hidden = if *is_listed { "" } else { ", called by its version alone" };
    say!("{STRONG}{name} {version}{STRONG:#}{hidden}");
    say!("  {FAINT}file{FAINT:#}      {}", plain(file));
    if let Some(previous) = previous {
        say!("  {FAINT}before{FAINT:#}    {}", plain(previous));
    }
    for tool in tools {
        let (calls, errors) = (some(tool.calls, "call"), some(tool.errors, "error"));
        say!("  {FAINT}tool{FAINT:#}      {}: {calls}, {errors}", plain(&tool.name));
    }
}
