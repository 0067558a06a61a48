//! `trine devices`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_descriptor::ToolTable as _;
use trine_gateway::sanitize::terminal_text;
use trine_gateway::settings::Alias;
use trine_gateway::suggest::did_you_mean;
use trine_gateway::usb::{UsbBoard, UsbPort, UsbWay, boards};
use trine_gateway::{Device, DeviceArgs, LinkError, Settings, State, Status, Wire};

use super::offload;
use super::open::{OFFLINE, open, usage};
use super::paint::{BAD, FAINT, GOOD, STRONG, WARN, count, say, some, time};
use super::tools::pretty;

/// Longest to wait for the counters of a device that answers otherwise.
const STATUS_PATIENCE: Duration = Duration::from_secs(2);

/// Arguments of `trine devices`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 2 when no device is named, or none has the name to remove, 3 when a\n\
                  device does not answer.",
    args_conflicts_with_subcommands = true
)]
pub(super) struct Devices {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
    /// Print the processors and GPUs for models, instead of devices.
    #[arg(long)]
    gpu: bool,
    /// Timeout for the devices, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    patience: u64,
    #[command(flatten)]
    devices: DeviceArgs,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What else there is to do about devices.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the USB boards that are plugged in, as --usb takes them.
    ///
    /// Boards are listed whose interfaces can carry a byte stream: serial ports, and interfaces
    /// that no driver of the system has.
    Usb {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Print, set or remove names of devices.
    ///
    /// A name on the command line (`--serial north=/dev/ttyACM0`) takes precedence.
    Alias {
        /// Serial number of the device, as `trine devices` prints it.
        #[arg(value_name = "SERIAL", requires = "name")]
        serial: Option<String>,
        /// New name of the device.
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// Name or serial number of the device whose name is removed.
        #[arg(long, value_name = "NAME", conflicts_with = "serial")]
        remove: Option<String>,
    },
}

impl Devices {
    pub(super) fn run(&self) -> Result<ExitCode> {
        match &self.action {
            Some(Action::Alias { serial, name, remove }) => {
                let names = serial.as_deref().zip(name.as_deref());
                return alias(names, remove.as_deref());
            }
            Some(Action::Usb { json }) => return usb(*json),
            None => {}
        }
        if self.gpu {
            return offload::list(self.json);
        }
        let hub = match open(&self.devices, Duration::from_secs(self.patience)) {
            Ok(hub) => hub,
            Err(code) => return Ok(code),
        };
        let devices = hub.devices();
        if self.json {
            let all = devices.iter().map(|device| object(device)).collect();
            say!("{}", pretty(&Value::Array(all)));
        } else {
            devices.iter().for_each(|device| print(device));
        }
        let all_online = devices.iter().all(|device| device.state() == State::Online);
        Ok(if all_online { ExitCode::SUCCESS } else { ExitCode::from(OFFLINE) })
    }
}

/// Prints the USB boards that are plugged in.
fn usb(json: bool) -> Result<ExitCode> {
    let boards =
        boards().map_err(|source| trine_gateway::Error::Dial(LinkError::UsbList(source)))?;
    if json {
        let all = boards.iter().map(usb_object).collect();
        say!("{}", pretty(&Value::Array(all)));
    } else {
        boards.iter().for_each(print_usb);
    }
    Ok(ExitCode::SUCCESS)
}

fn usb_object(board: &UsbBoard) -> Value {
    let port = |port: &UsbPort| {
        let path = match &port.way {
            UsbWay::Serial(path) => Some(path.display().to_string()),
            UsbWay::Bulk => None,
        };
        json!({"interface": port.interface, "name": port.name, "path": path})
    };
    json!({
        "usb": board.address(),
        "vendor": format!("{:04x}", board.vendor),
        "product": format!("{:04x}", board.product),
        "serial": board.serial,
        "name": board.name,
        "ports": board.ports.iter().map(port).collect::<Vec<_>>(),
    })
}

fn print_usb(board: &UsbBoard) {
    let (address, name) = (board.address(), terminal_text(&board.name).into_owned());
    say!("{STRONG}{}{STRONG:#}  {name}", terminal_text(&address));
    for port in &board.ports {
        let name = terminal_text(&port.name);
        say!("  interface {}: {}  {FAINT}{name}{FAINT:#}", port.interface, port.way);
    }
}

/// Gives a name, takes one away, or prints all.
fn alias(names: Option<(&str, &str)>, remove: Option<&str>) -> Result<ExitCode> {
    let settings = Settings::of_user();
    if let Some((serial, name)) = names {
        settings.set_alias(serial, name)?;
    } else if let Some(which) = remove {
        if !settings.remove_alias(which)? {
            let aliases = settings.aliases()?;
            let meant = did_you_mean(which, aliases.iter().map(|alias| &*alias.name));
            return Ok(usage(&Error::UnknownAlias { name: which.to_owned(), meant }));
        }
    } else {
        for Alias { serial, name } in settings.aliases()? {
            say!("{STRONG}{name}{STRONG:#}  serial {serial}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn object(device: &Device) -> Value {
    let (state, why) = match device.state() {
        State::Coming => ("coming", None),
        State::Online => ("online", None),
        State::Offline(why) => ("offline", Some(why)),
    };
    let identity = device.identity().unwrap_or_default();
    let table = device.table();
    json!({
        "name": *device.name(),
        "link": device.source(),
        "state": state,
        "why": why,
        "vendor": identity.vendor,
        "product": identity.product,
        "serial": identity.serial,
        "firmware": identity.firmware,
        "build": identity.build,
        "tools": table.map(|table| table.count()),
        "problems": *device.problems(),
        "wire": wire_object(&device.wire()),
        "status": device.status(STATUS_PATIENCE).map(|status| status_object(&status)),
    })
}

fn wire_object(wire: &Wire) -> Value {
    json!({
        "version": wire.version,
        "lanes": wire.slots,
        "epoch": wire.epoch,
        "keyed": wire.keyed,
        "repeats": wire.repeats,
        "losses": wire.losses,
        "unauthentic": wire.unauthentic,
    })
}

fn status_object(status: &Status) -> Value {
    json!({
        "uptimeMs": status.uptime_ms,
        "framesIn": status.frames_in,
        "framesBad": status.frames_bad,
        "framesOut": status.frames_out,
        "bytesLost": status.bytes_lost,
        "calls": status.calls,
        "entered": status.entered,
        "faults": status.faults,
        "unagreed": status.unagreed,
        "expired": status.expired,
        "badResults": status.bad_results,
        "memoryBytes": status.memory,
        "memoryUsedBytes": status.memory_used,
        "receivedHighWaterBytes": status.rx_high_water,
        "sendHighWaterBytes": status.tx_high_water,
        "pendingHighWaterCalls": status.calls_high_water,
        "repeats": status.repeats,
        "unauthentic": status.unauthentic,
        "linkLosses": status.link_losses,
    })
}

fn print(device: &Device) {
    let (style, state) = match device.state() {
        State::Coming => (WARN, "does not answer".to_owned()),
        State::Online => (GOOD, "online".to_owned()),
        State::Offline(why) => (BAD, format!("offline: {why}")),
    };
    let (name, source) = (device.name(), device.source());
    say!("{STRONG}{name}{STRONG:#}  {source}  {style}{state}{style:#}");
    if let Some(identity) = device.identity() {
        say!("  {} {}, serial {}", identity.vendor, identity.product, identity.serial);
        say!("  firmware {} ({})", identity.firmware, identity.build);
    }
    if let Some(table) = device.table() {
        say!("  {}; {}", some(table.count().into(), "tool"), wire(&device.wire()));
    }
    for problem in &*device.problems() {
        say!("  {WARN}{problem}{WARN:#}");
    }
    if let Some(status) = device.status(STATUS_PATIENCE) {
        counters(&status);
    }
}

/// How it is spoken with, in a line.
pub(super) fn wire(wire: &Wire) -> String {
    let keyed = if wire.keyed { "keyed" } else { "no key" };
    format!(
        "wire {}, {}, epoch {:08x}, {keyed}",
        wire.version,
        some(wire.slots.into(), "lane"),
        wire.epoch,
    )
}

fn counters(status: &Status) {
    let number = |number: u32| count(number.into());
    say!(
        "  up {}; frames: {} in, {} out, {} bad; {} lost",
        time(Duration::from_millis(status.uptime_ms)),
        number(status.frames_in),
        number(status.frames_out),
        number(status.frames_bad),
        some(status.bytes_lost.into(), "byte"),
    );
    say!(
        "  calls: {}, of which {} entered, {} refused for arguments, {} for want of a",
        number(status.calls),
        number(status.entered),
        number(status.faults),
        number(status.unagreed),
    );
    say!(
        "    person, {} expired; {}",
        number(status.expired),
        some(status.bad_results.into(), "bad result"),
    );
    say!(
        "  link: {} answered from store, lost {}, {} without a right tag",
        some(status.repeats.into(), "repeat"),
        some(status.link_losses.into(), "time"),
        number(status.unauthentic),
    );
    say!("  memory: {} of {} B", number(status.memory_used), number(status.memory));
    say!(
        "  {FAINT}at most: {} B received and waiting, {} B to send, {} pending{FAINT:#}",
        number(status.rx_high_water),
        number(status.tx_high_water),
        some(status.calls_high_water.into(), "call"),
    );
}
