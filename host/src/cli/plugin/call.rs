//! `trine plugin call`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use trine::{Error, Result};
use trine_gateway::sanitize::{plain, terminal_json};
use trine_gateway::{CallReport, DeviceArgs, Hub, Prefix, Settings};
use trine_plugins::Plugins;

use super::PolicyArgs;
use super::args::load;
use super::defined::Defined;
use crate::cli::open::usage;
use crate::cli::paint::say;
use crate::cli::terminal::agrees;

const AFTER_HELP: &str = "\
Prints the result on standard output, as JSON. A tool that needs consent is called after a y at the
terminal. Without a terminal the call is refused.
Exit code: 1 when the tool refused or failed, 2 when the plug-in, the tool or the JSON is invalid.

Example: trine plugin call ./libclock.so now '{\"zone\": \"UTC\"}'";

/// Arguments of `trine plugin call`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Call {
    /// Plug-in: a library, module, manifest, or JSON definition.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the tool.
    #[arg(value_name = "TOOL")]
    tool: String,
    /// Arguments of the tool as a JSON object.
    #[arg(value_name = "JSON", default_value = "{}")]
    arguments: String,
    /// Timeout for the answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl Call {
    pub(super) fn run(&self) -> ExitCode {
        let report = match self.call() {
            Ok(report) => report,
            Err(error) => return usage(&error),
        };
        say!("{}", terminal_json(&report.result.to_string()));
        if report.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn call(&self) -> Result<CallReport> {
        match serde_json::from_str(&self.arguments) {
            Ok(Value::Object(_)) => {}
            Ok(_) => return Err(Error::ArgumentsObject),
            Err(error) => return Err(Error::ArgumentsJson(error)),
        }
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
        let policy = self.policy.policy()?;
        let plugins = Plugins::new(hub.clone(), policy.clone());
        load(&plugins, (&hub, &Defined::default()), std::slice::from_ref(&self.file), &policy)?;
        let patience = Duration::from_secs(self.patience);
        let report = hub.call_own_asking(&self.tool, &self.arguments, patience, agreed)?;
        plugins.close();
        Ok(report)
    }
}

/// Asks the person at the terminal, if one is there, for consent to a call.
fn agreed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        eprintln!("trine: the tool needs consent: call it at a terminal");
        return false;
    }
    agrees(&plain(question))
}
