//! `trine gateway`.

use std::ffi::OsString;
use std::process::ExitCode;

use trine::{DeviceArgs, Hub, Prefix, Result};
use trine_models::ask::Source;

/// Arguments of `trine gateway`.
#[derive(Debug, clap::Args)]
pub(super) struct Gateway {
    /// Whether tools carry the name of their device.
    #[arg(long, value_enum, default_value_t)]
    prefix: Prefix,
    /// Most calls under way at a time; with more, no further input is read.
    #[arg(long, value_name = "COUNT", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    /// Offer a tool `ask` beside the tools of each device that a model knows: it turns a sentence
    /// into a call of one of them, and makes it where it is told to. The model is `board` of this
    /// program, or a file that was made for your tools.
    #[arg(long, value_name = "board|snips|FILE", num_args = 0..=1, require_equals = true,
          default_missing_value = "board")]
    ask: Option<OsString>,
    /// Hide each tool that is new, or described in another way, since its device was first used,
    /// until `trine trust` is told that it is right.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Gateway {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let hub = Hub::open(&self.devices, self.prefix)?;
        if self.strict {
            hub.set_strict();
        }
        let model = self.ask.as_deref().map(Source::named);
        trine::gateway::serve(&hub, usize::from(self.in_flight), model)?;
        Ok(ExitCode::SUCCESS)
    }
}
