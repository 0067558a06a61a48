//! Which devices, as the command line names them. Shared by every command that talks to a device.

use std::path::PathBuf;

/// Devices to open. Each of the options may be given several times.
///
/// A device is named after the product that it says it is, and after its serial number too where
/// two say the same. `NAME=` before the address gives it another name: `--serial north=/dev/ttyACM0`.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Devices")]
pub struct DeviceArgs {
    /// A board on a serial port; 115200 baud unless another rate is given.
    #[arg(long, value_name = "[NAME=]PATH[:BAUD]")]
    pub serial: Vec<String>,
    /// A device behind a TCP socket.
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    pub tcp: Vec<String>,
    /// A device behind a unix socket.
    #[arg(long, value_name = "[NAME=]PATH")]
    pub unix: Vec<String>,
    /// A board emulated by QEMU, which is started and stopped with this program: mps2-an386.
    #[arg(long, value_name = "[NAME=]BOARD")]
    pub emulate: Vec<String>,
    /// The firmware of the emulated board [default: the one that `cargo xtask firmware` builds]
    #[arg(long, value_name = "ELF", requires = "emulate")]
    pub firmware: Option<PathBuf>,
    /// The greenhouse board, simulated inside this program.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub simulate: Vec<String>,
    /// How much faster than real time the clock of a simulated or emulated board runs.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub time_scale: f64,
    /// Where to listen for a person at the simulated or emulated board: a line `button` presses
    /// its button, a line `scale N` sets its clock. No MCP client reaches this socket.
    #[arg(long, value_name = "unix:PATH")]
    pub button: Option<String>,
}

/// Whether tools are shown as `tool` or as `device_tool`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Prefix {
    /// Never with the device's name; two tools of the same name are an error.
    None,
    /// With the device's name when there are several devices.
    #[default]
    Auto,
    /// Always with the device's name.
    Always,
}
