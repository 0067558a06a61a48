//! `trine provision`.

use std::process::ExitCode;
use std::time::Duration;

use trine::Result;
use trine_gateway::DeviceArgs;

use super::open::{find, open};
use super::paint::say;

const AFTER_HELP: &str = "\
Hold the button of the board, or the input that its maker names, meanwhile. The key crosses the link
unencrypted this once: use a cable. It is kept in a file that only you can read, by vendor, product
and serial number of the device, and all your programs use it from then on.

Exit code: 1 when the device refuses the key or does not prove it, 2 when there is no such device,
3 when it does not answer.";

/// Arguments of `trine provision`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Provision {
    /// Name of the device, as `trine devices` prints it.
    #[arg(value_name = "DEV")]
    device: String,
    /// Erase the key instead.
    #[arg(long)]
    erase: bool,
    /// Hold the button of a simulated or emulated board meanwhile.
    #[arg(long)]
    hold: bool,
    /// Timeout for the device, and for its proof, in seconds.
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
