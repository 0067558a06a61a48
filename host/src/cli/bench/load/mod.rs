//! `trine bench load`: calls of one tool of any MCP server over Streamable HTTP, as fast as it
//! answers or at a fixed rate.

mod picture;
mod report;
mod run;
mod target;
mod wire;

pub(super) use picture::escaped;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::value_parser;
use serde_json::Value;
use trine::{Error, Result};

use crate::cli::open::{OFFLINE, USAGE};
use crate::cli::paint::say;
use crate::cli::tools::pretty;

use run::{Amount, Plan};
use target::Target;

const AFTER_HELP: &str = "\
Without --tool, the first tool is called that is marked read-only and needs no arguments. One call
is made first and not counted; when it fails, its error is printed and nothing is measured.
Without --rate, each connection sends a request when the last one was answered. With --rate,
requests are due at fixed times, and latency is counted from the time at which a request was due,
also when no connection was free: a server that stalls is charged for all who wait.
Exit code: 1 when a call failed, 2 for an unknown tool or invalid arguments, 3 when the server does
not answer.

Example: trine bench load http://127.0.0.1:8331/mcp --tool fan_set \\
           --arguments '{\"percent\": 40}' --connections 100 --rate 1200 --svg fan_set.svg";

/// Arguments of `trine bench load`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Load {
    /// URL of the server: http, host, port and path.
    #[arg(value_name = "URL")]
    url: String,
    /// Tool to call [default: a read-only one without arguments]
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Arguments of the tool as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", requires = "tool")]
    arguments: String,
    /// Number of connections, 1 to 10000.
    #[arg(long, value_name = "COUNT", default_value_t = 10,
          value_parser = value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Number of requests, 1 to 100000000.
    #[arg(long, value_name = "COUNT", conflicts_with = "seconds",
          value_parser = value_parser!(u64).range(1..=100_000_000))]
    requests: Option<u64>,
    /// Duration in seconds, 1 to 86400 [default: 10, without --requests]
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u32).range(1..=86_400))]
    seconds: Option<u32>,
    /// Requests per second that are due, 1 to 1000000.
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Timeout of a request in seconds, 1 to 3600.
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = value_parser!(u32).range(1..=3_600))]
    timeout: u32,
    /// API key of the server; other users may see an option.
    #[arg(long, value_name = "KEY", env = "TRINE_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    /// File for a picture of the latency percentiles.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Load {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let measured = self.measure();
        measured.or_else(|error| {
            let code = exit_code(&error).ok_or(error)?;
            Ok(ExitCode::from(code))
        })
    }

    fn measure(&self) -> Result<ExitCode> {
        let arguments = match serde_json::from_str(&self.arguments) {
            Ok(arguments @ Value::Object(_)) => arguments,
            Ok(_) => return Err(Error::ArgumentsObject),
            Err(error) => return Err(Error::ArgumentsJson(error)),
        };
        if let Some(path) = &self.svg {
            // A picture that cannot be kept is known before anything is measured.
            std::fs::write(path, "").map_err(|error| Error::write(path, error))?;
        }
        let plan = self.plan();
        let runtime = run::runtime().map_err(Error::Runtime)?;
        let (target, outcome) = runtime.block_on(async {
            let target = Target::find(self, arguments).await?;
            let outcome = run::run(&target.prepared, plan).await?;
            Ok::<_, Error>((target, outcome))
        })?;
        let report = report::Report { target: &target, plan: &plan, outcome: &outcome };
        if let Some(path) = &self.svg {
            let picture = picture::svg(&report.title(), &outcome.latency);
            std::fs::write(path, picture).map_err(|error| Error::write(path, error))?;
        }
        match self.json {
            true => say!("{}", pretty(&report.json())),
            false => report.print(),
        }
        Ok(if outcome.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn plan(&self) -> Plan {
        let amount = match self.requests {
            Some(requests) => Amount::Requests(requests),
            None => Amount::Time(Duration::from_secs(self.seconds.unwrap_or(10).into())),
        };
        let timeout = Duration::from_secs(self.timeout.into());
        Plan { connections: self.connections, amount, rate: self.rate, timeout }
    }
}

/// Prints an error that has an exit code of its own, and answers it.
fn exit_code(error: &Error) -> Option<u8> {
    use trine_client::Error as Client;

    let code = match error {
        Error::ArgumentsJson(_)
        | Error::ArgumentsObject
        | Error::UnknownTool { .. }
        | Error::NoReadOnlyTool { .. } => USAGE,
        Error::Client(error) => match &**error {
            Client::Url { .. } | Client::Option { .. } => USAGE,
            error if error.is_connection() => OFFLINE,
            _ => return None,
        },
        _ => return None,
    };
    eprintln!("trine: {}", error.chain());
    Some(code)
}
