//! `trine provision`.

use std::process::ExitCode;
use std::time::Duration;

use trine::Result;
use trine_gateway::DeviceArgs;

use super::open::{find, open};
use super::paint::say;

const AFTER_HELP: &str = "\
Hold the button of the board, or whatever input its maker names, while this runs. The key goes over
the line in clear that one time: do it by cable. It is kept under the device's vendor, product and
serial number in a file that only you can read, and every program of yours that talks to the
device uses it from then on.

Exit code: 1 when the device takes no key or does not prove that it has it, 2 when there is no such
device, 3 when it does not answer.";

/// Arguments of `trine provision`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Provision {
    /// Name of the device, as `trine devices` prints it.
    #[arg(value_name = "DEV")]
    device: String,
    /// Take the key away instead.
    #[arg(long)]
    erase: bool,
    /// Hold the button of a simulated or emulated board meanwhile.
    #[arg(long)]
    hold: bool,
    /// Longest to wait for the device, and then for its proof.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Provision {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let patience = Duration::from_secs(self.patience);
        let hub = match open(&self.devices, patience) {
            Ok(hub) => hub,
            Err(code) => return Ok(code),
        };
        let locked = hub.find(&self.device).ok().filter(|device| device.has_unknown_key());
        let device = match locked.map_or_else(|| find(&hub, &self.device), Ok) {
            Ok(device) => device,
            Err(code) => return Ok(code),
        };
        if self.hold {
            device.hold_button(true)?;
        }
        let done = if self.erase { device.erase_key(patience) } else { device.provision(patience) };
        if self.hold {
            device.hold_button(false)?;
        }
        done?;
        if self.erase {
            say!("{} has no key any more", device.name());
        } else {
            let id =
                trine_gateway::settings::DeviceId::from(&device.identity().unwrap_or_default());
            let file = trine_gateway::Settings::of_user().key_path(&id);
            let file =
                file.map_or_else(String::new, |file| format!(", kept in {}", file.display()));
            say!("{} has a new key{file}", device.name());
        }
        Ok(ExitCode::SUCCESS)
    }
}
