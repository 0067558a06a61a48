//! `trine doctor`: what this machine has and lacks, and what to do about it.

mod boards;
mod clients;
mod devices;
mod ports;
mod settings;
mod sockets;
mod system;

use std::process::ExitCode;

use serde_json::{Value, json};
use trine::Result;
use trine_gateway::DeviceArgs;

use super::paint::{BAD, FAINT, GOOD, WARN, say, wrap};
use super::tools::pretty;

/// Columns before what a check found.
const INDENT: usize = 22;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Ok,
    /// Something is missing that only some commands need.
    Warn,
    /// Something that should work does not.
    Fail,
}

/// One finding.
#[derive(Clone, Debug)]
struct Check {
    subject: &'static str,
    verdict: Verdict,
    text: String,
    advice: Option<String>,
}

impl Check {
    fn ok(subject: &'static str, text: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Ok, text: text.into(), advice: None }
    }

    fn warn(subject: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, ..Self::ok(subject, text) }.advise(advice)
    }

    fn fail(subject: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, ..Self::ok(subject, text) }.advise(advice)
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// Arguments of `trine doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 1 when a check fails; warnings do not count.")]
pub(super) struct Doctor {
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Doctor {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let mut all = Vec::new();
        let mut failed = false;
        let mut take = |checks: Vec<Check>| {
            for check in checks {
                failed |= check.verdict == Verdict::Fail;
                if self.json {
                    all.push(object(&check));
                } else {
                    print(&check);
                }
            }
        };
        take(system::checks());
        take(ports::checks());
        take(settings::checks());
        take(sockets::checks());
        take(clients::checks());
        take(boards::checks());
        take(devices::checks(&self.devices));
        if self.json {
            say!("{}", pretty(&json!({ "ok": !failed, "checks": all })));
        } else if failed {
            say!("\n{BAD}Something does not work.{BAD:#} Follow the arrows.");
        } else {
            say!("\n{GOOD}Everything that is here works.{GOOD:#}");
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
    }
}

fn object(check: &Check) -> Value {
    json!({
        "subject": check.subject,
        "verdict": word(check.verdict),
        "text": check.text,
        "advice": check.advice,
    })
}

fn print(check: &Check) {
    let style = match check.verdict {
        Verdict::Ok => GOOD,
        Verdict::Warn => WARN,
        Verdict::Fail => BAD,
    };
    let word = word(check.verdict);
    let text = wrap(check.text.split(' '), INDENT);
    say!("{style}{word:4}{style:#}  {:14}  {text}", check.subject);
    if let Some(advice) = &check.advice {
        // Commands stay on one line, so that they can be copied.
        say!("{:INDENT$}{FAINT}->{FAINT:#} {advice}", "");
    }
}
