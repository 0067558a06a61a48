//! `trine call`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use trine::{Error, Result};
use trine_descriptor::{ToolTable as _, find_tool};
use trine_gateway::sanitize::terminal_json;
use trine_gateway::suggest::did_you_mean;
use trine_gateway::{CallReport, Device, DeviceArgs, StageMark, State};

use super::open::{find, offline, open, usage};
use super::paint::{self, say};

const AFTER_HELP: &str = "\
Prints the result on standard output, as JSON, and the cost on standard error.
Exit code: 1 when the tool refused or failed, 2 when the device, the tool or the JSON is invalid,
3 when the device does not answer.

Example: trine call greenhouse fan_set '{\"percent\": 40}' --simulate";

/// Arguments of `trine call`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Call {
    /// Name of the device, as `trine devices` prints it.
    #[arg(value_name = "DEV")]
    device: String,
    /// Name of the tool, as `trine tools` prints it.
    #[arg(value_name = "TOOL")]
    tool: String,
    /// Arguments of the tool as a JSON object.
    #[arg(value_name = "JSON", default_value = "{}")]
    arguments: String,
    /// Timeout for the device, and for its answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE)]
    patience: u64,
    /// File for the first image or sound of the result.
    #[arg(long, value_name = "PATH")]
    save: Option<PathBuf>,
    /// Print the time of each stage of the call on standard error.
    #[arg(long)]
    stages: bool,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// Seconds that a device may take.
const PATIENCE: u64 = 10;

impl Call {
    /// A call of which the stages are printed.
    pub(super) fn staged(
        device: String,
        tool: String,
        arguments: String,
        devices: DeviceArgs,
    ) -> Self {
        Self { device, tool, arguments, patience: PATIENCE, save: None, stages: true, devices }
    }

    pub(super) fn run(&self) -> Result<ExitCode> {
        Ok(self.call().unwrap_or_else(|code| code))
    }

    fn call(&self) -> std::result::Result<ExitCode, ExitCode> {
        match serde_json::from_str(&self.arguments) {
            Ok(Value::Object(_)) => {}
            Ok(_) => return Err(usage(&Error::ArgumentsObject)),
            Err(error) => return Err(usage(&Error::ArgumentsJson(error))),
        }
        let patience = Duration::from_secs(self.patience);
        let hub = open(&self.devices, patience)?;
        let device = find(&hub, &self.device)?;
        if let Some(table) = device.table()
            && find_tool(&*table, &self.tool).is_none()
        {
            let names = (0..table.count()).filter_map(|tool| table.info(tool));
            let names: Vec<_> = names.map(|info| info.name).collect();
            let meant = did_you_mean(&self.tool, names.iter().copied());
            return Err(usage(&Error::UnknownTool {
                device: self.device.clone(),
                tool: self.tool.clone(),
                known: names.join(", "),
                meant,
            }));
        }
        let report = match self.stages {
            false => device.call_json(&self.tool, &self.arguments, patience),
            true => {
                let (report, marks) = device.call_staged(&self.tool, &self.arguments, patience);
                marks.iter().for_each(|mark| eprintln!("{}", stage(mark)));
                report
            }
        };
        let ended = told(&device, &report);
        if let Some(path) = &self.save {
            save(&report.result, path).map_err(|error| usage(&error))?;
        }
        ended
    }
}

/// Prints what a call came to, and answers the exit code for it.
pub(super) fn told(
    device: &Device,
    report: &CallReport,
) -> std::result::Result<ExitCode, ExitCode> {
    say!("{}", terminal_json(&report.result.to_string()));
    eprintln!("{}", cost(report));
    match device.state() {
        State::Offline(why) if report.is_error => Err(offline(&device.name(), &why)),
        _ if report.is_error => Ok(ExitCode::FAILURE),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A line for a stage: microseconds since the call was asked for, its name, and what was done.
fn stage(mark: &StageMark) -> String {
    let StageMark { stage, at, bytes } = mark;
    let (us, what) = (at.as_micros(), stage.text());
    match u64::try_from(*bytes) {
        Ok(bytes @ 1..) => {
            format!("{us:>9} us  {stage:<9}  {what}: {}", paint::some(bytes, "byte"))
        }
        _ => format!("{us:>9} us  {stage:<9}  {what}"),
    }
}

fn cost(report: &CallReport) -> String {
    let (out, back) = (report.bytes_out, report.bytes_in);
    let time = paint::time(report.elapsed);
    format!("{} out, {} back, {time}", paint::some(out.into(), "byte"), paint::count(back.into()))
}

fn save(result: &Value, path: &PathBuf) -> Result<()> {
    let bytes = first_data(result).ok_or(Error::NothingToSave)?;
    fs::write(path, bytes).map_err(|error| Error::write(path, error))
}

/// The bytes of the first image or sound of a result.
pub(super) fn first_data(result: &Value) -> Option<Vec<u8>> {
    let blocks = result.get("content")?.as_array()?;
    let data = blocks.iter().find_map(|block| block.get("data")?.as_str())?;
    STANDARD.decode(data).ok()
}
