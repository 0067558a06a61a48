//! `trine selftest`: what a factory wants to know of a board before it leaves.

mod checks;
mod tools;

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use trine::Result;
use trine_gateway::{Device, DeviceArgs};

use super::open::{find, open};
use super::paint::{BAD, FAINT, GOOD, STRONG, say};
use super::tools::pretty;

const AFTER_HELP: &str = "\
Nothing on the device is changed: only tools that are marked read-only are called.

Exit code: 1 when a check fails, 2 when there is no such device, 3 when it does not answer.

Example: trine selftest greenhouse --simulate --json";

/// Arguments of `trine selftest`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Selftest {
    /// Name of the device, as `trine devices` prints it.
    #[arg(value_name = "DEV")]
    device: String,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    /// Timeout for the device, and for each answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    Fail,
    /// The device does not have what would be checked.
    Skip,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// One check.
#[derive(Clone, Debug)]
struct Check {
    name: String,
    verdict: Verdict,
    text: String,
    /// Figures, for programs.
    figures: Value,
}

impl Check {
    fn new(name: impl Into<String>, verdict: Verdict, text: impl Into<String>) -> Self {
        Self { name: name.into(), verdict, text: text.into(), figures: json!({}) }
    }

    /// Passes where `problem` is none.
    fn of(name: &str, fine: impl Into<String>, problem: Option<String>) -> Self {
        match problem {
            None => Self::new(name, Verdict::Pass, fine),
            Some(problem) => Self::new(name, Verdict::Fail, problem),
        }
    }

    fn with(mut self, figures: Value) -> Self {
        self.figures = figures;
        self
    }

    fn object(&self) -> Value {
        let mut object = json!({
            "name": self.name, "verdict": self.verdict.word(), "text": self.text,
        });
        if let (Some(object), Some(figures)) = (object.as_object_mut(), self.figures.as_object()) {
            object.extend(figures.clone());
        }
        object
    }
}

/// What the checks need.
struct Bench<'a> {
    device: &'a Device,
    patience: Duration,
    /// Board milliseconds in one of ours.
    time_scale: u32,
}

impl Selftest {
    pub(super) fn run(&self) -> Result<ExitCode> {
        Ok(self.test().unwrap_or_else(|code| code))
    }

    fn test(&self) -> std::result::Result<ExitCode, ExitCode> {
        let patience = Duration::from_secs(self.patience);
        let hub = open(&self.devices, patience)?;
        let device = find(&hub, &self.device)?;
        let bench = Bench { device: &device, patience, time_scale: self.devices.time_scale };
        if !self.json {
            let identity = device.identity().unwrap_or_default();
            let (name, serial) = (device.name(), identity.serial);
            say!("{STRONG}{name}{STRONG:#}, serial {serial}, firmware {}", identity.firmware);
        }
        let mut all = Vec::new();
        for run in [checks::all, tools::all] {
            run(&bench, &mut |check: Check| {
                if !self.json {
                    print(&check);
                }
                all.push(check);
            });
        }
        let failed = all.iter().any(|check| check.verdict == Verdict::Fail);
        if self.json {
            say!("{}", pretty(&report(&device, &all, !failed)));
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn report(device: &Device, all: &[Check], pass: bool) -> Value {
    let identity = device.identity().unwrap_or_default();
    json!({
        "device": *device.name(),
        "link": device.source(),
        "vendor": identity.vendor,
        "product": identity.product,
        "serial": identity.serial,
        "firmware": identity.firmware,
        "build": identity.build,
        "pass": pass,
        "checks": all.iter().map(Check::object).collect::<Vec<_>>(),
    })
}

fn print(check: &Check) {
    let style = match check.verdict {
        Verdict::Pass => GOOD,
        Verdict::Fail => BAD,
        Verdict::Skip => FAINT,
    };
    say!("{style}{}{style:#}  {:20}  {}", check.verdict.word(), check.name, check.text);
}
