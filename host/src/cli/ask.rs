//! `trine ask`.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use trine::ask::{Asker, FileBuffers, Memory, Opened, Reply, ToolList};
use trine::model::Mapped;
use trine::{Device, DeviceArgs, Error, Result};
use trine_board::TOOLS;
use trine_descriptor::ToolTable;

use super::open::{USAGE, find, open, usage};
use super::paint::say;

const AFTER_HELP: &str = "\
The tools are those of --tools FILE, of the device that is named, or of the greenhouse board.
Nothing is called without --run, and a call that the model is not sure of is only shown.
Exit code: 0 a call, 1 none, 2 when the model, the tools or the command line are not right.

Example: trine ask \"make the fan spin at forty percent\" --model board.gguf";

/// How long a device may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Arguments of `trine ask`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Ask {
    /// What somebody says.
    #[arg(value_name = "SENTENCE", required_unless_present = "jsonl", conflicts_with = "jsonl")]
    sentence: Option<String>,
    #[command(flatten)]
    model: ModelArgs,
    /// Read an object with `text` from each line of standard input, and write one with `tool`,
    /// `arguments` and `confidence` for each.
    #[arg(long)]
    jsonl: bool,
    /// Execute the call on this device, as `trine devices` prints its name.
    #[arg(long, value_name = "DEV", conflicts_with = "jsonl")]
    run: Option<String>,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// Which model, for which tools.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// The model: a GGUF file or an image, made for these tools.
    #[arg(long, value_name = "FILE", env = "TRINE_ASK_MODEL")]
    pub(super) model: PathBuf,
    /// A list of MCP tools as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) tools: Option<PathBuf>,
    /// Make calls from this confidence on [default: what the model was fitted to]
    #[arg(long, value_name = "SHARE")]
    pub(super) threshold: Option<f32>,
}

impl ModelArgs {
    /// Hands a model with its tools, those of `table` where no list is named, to `f`.
    pub(super) fn with<T>(
        &self,
        table: &dyn ToolTable,
        f: impl FnOnce(&mut Asker<'_>) -> Result<T>,
    ) -> Result<T> {
        let named = |error: &dyn std::fmt::Display, path: &PathBuf| {
            Error::new(format!("{}: {error}", path.display()))
        };
        let list = match &self.tools {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| named(&error, path))?;
                Some(ToolList::parse(&text).map_err(|error| named(&error, path))?)
            }
            None => None,
        };
        let bytes = Mapped::open(&self.model).map_err(|error| named(&error, &self.model))?;
        let mut buffers = FileBuffers::default();
        let opened =
            Opened::open(&bytes, &mut buffers).map_err(|error| named(&error, &self.model))?;
        let table = list.as_ref().map_or(table, |list| list as &dyn ToolTable);
        let mut memory = Memory::default();
        let mut asker =
            Asker::new(table, &opened, &mut memory).map_err(|error| named(&error, &self.model))?;
        if let Some(threshold) = self.threshold {
            asker.set_threshold(threshold);
        }
        f(&mut asker)
    }
}

impl Ask {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let hub = match (&self.run, self.devices.is_empty()) {
            (Some(_), _) | (None, false) => match open(&self.devices, PATIENCE) {
                Ok(hub) => Some(hub),
                Err(code) => return Ok(code),
            },
            (None, true) => None,
        };
        let device = match (&self.run, &hub) {
            (Some(name), Some(hub)) => match find(hub, name) {
                Ok(device) => Some(device),
                Err(code) => return Ok(code),
            },
            _ => None,
        };
        let of_device = device.as_ref().and_then(|device| device.table());
        let table = of_device.as_deref().map_or(&TOOLS as &dyn ToolTable, |table| table);
        if self.jsonl {
            return Ok(self.lines(table).unwrap_or_else(|error| usage(&error.to_string())));
        }
        let sentence = self.sentence.as_deref().unwrap_or_default();
        let reply = match self.model.with(table, |asker| asker.ask(sentence.as_bytes())) {
            Ok(reply) => reply,
            Err(error) => return Ok(usage(&error.to_string())),
        };
        show(&reply);
        match (&reply.call, device) {
            (Some((tool, arguments)), Some(device)) if reply.is_sure => {
                Ok(execute(&device, tool, &Value::Object(arguments.clone())))
            }
            (Some(_), _) if reply.is_sure => Ok(ExitCode::SUCCESS),
            _ => Ok(ExitCode::FAILURE),
        }
    }

    fn lines(&self, table: &dyn ToolTable) -> Result<ExitCode> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let mut number = 0_u64;
        let written = self.model.with(table, |asker| {
            for line in std::io::stdin().lock().lines() {
                number += 1;
                let wrong = |what: &dyn std::fmt::Display| {
                    Error::new(format!("line {number} of standard input: {what}"))
                };
                let line = line.map_err(|error| wrong(&error))?;
                let json: Value = serde_json::from_str(&line).map_err(|error| wrong(&error))?;
                let text = json["text"].as_str().ok_or_else(|| wrong(&"there is no text"))?;
                let reply = asker.ask(text.as_bytes())?.to_json();
                writeln!(out, "{reply}").map_err(|error| wrong(&error))?;
            }
            Ok(())
        });
        written?;
        out.flush().map_err(|error| Error::new(format!("standard output: {error}")))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn show(reply: &Reply) {
    let percent = 100.0 * reply.confidence;
    match &reply.call {
        Some((tool, arguments)) => {
            let call = format!("{tool} {}", Value::Object(arguments.clone()));
            let sure = if reply.is_sure { "" } else { ": not sure enough to call it" };
            say!("{call}   confidence {percent:.1} %{sure}");
        }
        None => say!("no tool   confidence {percent:.1} %: {}", reply.reason),
    }
}

fn execute(device: &Device, tool: &str, arguments: &Value) -> ExitCode {
    let report = device.call_json(tool, &arguments.to_string(), PATIENCE);
    say!("{}", report.result);
    if report.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The exit code where the model or the tools are not right.
pub(super) fn refused(error: &Error) -> ExitCode {
    eprintln!("trine: {error}");
    ExitCode::from(USAGE)
}
