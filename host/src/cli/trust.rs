//! `trine trust`.

use std::process::ExitCode;

use trine::Result;
use trine_gateway::Settings;
use trine_gateway::sanitize::terminal_text;
use trine_gateway::settings::{Bound, Changed};

use super::paint::{STRONG, say};

const AFTER_HELP: &str = "\
The tools of a device are recorded when it is first used. The log and `trine devices` name tools
that are new or changed since; `trine gateway --strict` hides them until they are trusted. The
device need not be connected, and a running gateway notices.

A device that has proven its key on a named link, such as --serial PATH, is the only one that is
served there from then on. To use another device there, trust the link.

Examples: trine trust greenhouse/fan_set
          trine trust /dev/ttyACM0";

/// Arguments of `trine trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Trust {
    /// Device, tool of a device, or link [default: print what changed]
    ///
    /// A device is named by its name, its serial number, or VENDOR/PRODUCT/SERIAL; a link, as on
    /// the command line or in the log, accepts any device from then on.
    #[arg(value_name = "DEVICE[/TOOL]|LINK")]
    what: Option<String>,
}

impl Trust {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let settings = Settings::of_user();
        match &self.what {
            Some(what) => match settings.forget_link(what)? {
                Some(bound) => print_link(&bound, what),
                None => print(&settings.trust(what)?, "trusted"),
            },
            None => settings.changed()?.iter().for_each(|changed| print(changed, "changed")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(Changed { device, tools }: &Changed, word: &str) {
    let device = terminal_text(device);
    say!("{STRONG}{device}{STRONG:#}  {word}: {}", tools.join(", "));
}

fn print_link(bound: &Bound, what: &str) {
    let link = if bound.link.is_empty() { what } else { &bound.link };
    let device = bound.device.as_ref().map_or_else(|| "a device".to_owned(), ToString::to_string);
    let (link, device) = (terminal_text(link), terminal_text(&device));
    say!("{STRONG}{link}{STRONG:#}  any device is served on it, not {device} alone");
}
