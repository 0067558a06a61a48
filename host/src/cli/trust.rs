//! `trine trust`.

use std::process::ExitCode;

use trine::device::terminal_text;
use trine::settings::Changed;
use trine::{Result, Settings};

use super::paint::{STRONG, say};

const AFTER_HELP: &str = "\
What the tools of a device are is kept when it is first used. A tool that is new since, or described
in another way, is named in the log and by `trine devices`; `trine gateway --strict` hides it until
it is trusted. The device need not be there, and a gateway that runs notices.

Example: trine trust greenhouse/fan_set";

/// Arguments of `trine trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Trust {
    /// The device: its name, its serial number, or VENDOR/PRODUCT/SERIAL; with a tool behind it,
    /// that one alone. Without it, what is not trusted is printed.
    #[arg(value_name = "DEVICE[/TOOL]")]
    what: Option<String>,
}

impl Trust {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let settings = Settings::of_user();
        match &self.what {
            Some(what) => print(&settings.trust(what)?, "trusted"),
            None => settings.changed()?.iter().for_each(|changed| print(changed, "changed")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(Changed { device, tools }: &Changed, word: &str) {
    let device = terminal_text(device);
    say!("{STRONG}{device}{STRONG:#}  {word}: {}", tools.join(", "));
}
