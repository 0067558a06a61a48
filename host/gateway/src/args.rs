//! Which devices, as the command line names them. Shared by every command that talks to a device.

use std::path::PathBuf;

use trine_wire::bus::DEVICE_MAX;

use crate::error::{Error, Result};
use crate::middleware::{LinkArgs, LinkKind};
use crate::usb::UsbAddress;

/// Rate of a serial port where none is given.
const BAUD: u32 = 115_200;
/// Most bytes of a datagram where nothing is given: what every network carries in one piece.
const MTU: u16 = 1_200;

/// Devices to open. Each of the options may be given several times.
///
/// A device is named after the product that it says it is, and after its serial number too where
/// two say the same. `NAME=` before the address gives it another name: `--serial
/// north=/dev/ttyACM0`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Devices")]
pub struct DeviceArgs {
    /// Board on a serial port [default baud rate: 115200]
    ///
    /// A device has the name of its product, and its serial number behind it where two devices are
    /// the same product. NAME= gives it another name: --serial north=/dev/ttyACM0
    #[arg(long, value_name = "[NAME=]PATH[:BAUD]")]
    pub serial: Vec<String>,
    /// USB board, found by its numbers whichever port it has
    ///
    /// VENDOR and PRODUCT are hexadecimal, as `lsusb` prints them. SERIAL tells boards of the same
    /// numbers apart, INTERFACE the ports of one board. `trine devices usb` lists the boards that
    /// are plugged in. A board that is plugged in again is found again.
    #[arg(long, value_name = "[NAME=]VENDOR:PRODUCT[/INTERFACE][:SERIAL][@BAUD]")]
    pub usb: Vec<String>,
    /// Device behind a TCP socket.
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    pub tcp: Vec<String>,
    /// Device behind a Unix socket.
    #[arg(long, value_name = "[NAME=]PATH")]
    pub unix: Vec<String>,
    /// Device behind UDP datagrams.
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    pub udp: Vec<String>,
    /// Maximum bytes of a datagram of --udp.
    #[arg(long, value_name = "BYTES", default_value_t = MTU,
          value_parser = clap::value_parser!(u16).range(8..))]
    pub mtu: u16,
    /// Device on a bus, such as RS-485.
    ///
    /// ADDRESS is 1 to 247; LINE is PATH or PATH:BAUD of a serial port, usb:VENDOR:PRODUCT,
    /// tcp:HOST:PORT, or unix:PATH. Devices of one line are polled in turn: --bus 1@/dev/ttyUSB0
    /// --bus 2@/dev/ttyUSB0
    #[arg(long, value_name = "[NAME=]ADDRESS@LINE")]
    pub bus: Vec<String>,
    /// Board to emulate with QEMU: mps2-an386, or virt (RISC-V).
    #[arg(long, value_name = "[NAME=]BOARD")]
    pub emulate: Vec<String>,
    /// Firmware of the emulated board [default: that of `cargo xtask firmware`]
    #[arg(long, value_name = "ELF", requires = "emulate")]
    pub firmware: Option<PathBuf>,
    /// Capture that plays a device.
    #[arg(long, value_name = "[NAME=]FILE")]
    pub played: Vec<String>,
    /// Greenhouse board, simulated in this program.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub simulate: Vec<String>,
    /// Device for the MCP conformance suite, simulated in this program.
    #[arg(long)]
    pub fixtures: bool,
    /// File for the key of a simulated board.
    ///
    /// Without it, the board stores no key. Further simulated boards use FILE-2, FILE-3 and so on.
    #[arg(long, value_name = "FILE", requires = "simulate")]
    pub simulate_key: Option<PathBuf>,
    /// Speed of the clock of simulated and emulated boards.
    #[arg(long, value_name = "FACTOR", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub time_scale: u32,
    /// Where a person presses the button of simulated and emulated boards.
    ///
    /// A Unix socket takes the lines `button`, `hold`, `release`, `dismiss` and `scale N`, which
    /// sets the clock; on the terminal, Enter presses the button. No MCP client reaches either.
    #[arg(long, value_name = "unix:PATH|tty")]
    pub button: Option<String>,
    /// What stands on the links.
    #[command(flatten)]
    pub links: LinkArgs,
}

impl Default for DeviceArgs {
    fn default() -> Self {
        let none = Vec::new;
        Self {
            serial: none(),
            usb: none(),
            tcp: none(),
            unix: none(),
            udp: none(),
            mtu: MTU,
            bus: none(),
            emulate: none(),
            firmware: None,
            played: none(),
            simulate: none(),
            fixtures: false,
            simulate_key: None,
            time_scale: 1,
            button: None,
            links: LinkArgs::default(),
        }
    }
}

/// Whether tools are shown as `tool` or as `device_tool`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Prefix {
    /// Never; two tools of the same name are an error.
    None,
    /// When there are several devices.
    #[default]
    Auto,
    /// Always.
    Always,
}

/// Where a person at a board is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    #[cfg(unix)]
    Socket(PathBuf),
    Terminal,
}

/// How a device is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Serial { path: PathBuf, baud: u32 },
    Usb { board: UsbAddress, baud: u32 },
    Tcp(String),
    Unix(PathBuf),
    Udp { address: String, mtu: u16 },
    Bus { address: u8, line: Box<Self> },
    Emulate(String),
    Played(PathBuf),
    Simulate,
    Fixtures,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Serial { path, .. } => write!(f, "serial {}", path.display()),
            Self::Usb { board, .. } => write!(f, "usb {board}"),
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::Unix(path) => write!(f, "unix {}", path.display()),
            Self::Udp { address, .. } => write!(f, "udp {address}"),
            Self::Bus { address, line } => write!(f, "bus {address} on {line}"),
            Self::Emulate(board) => write!(f, "emulated {board}"),
            Self::Played(path) => write!(f, "played {}", path.display()),
            Self::Simulate => f.write_str("simulated"),
            Self::Fixtures => f.write_str("fixtures"),
        }
    }
}

impl Address {
    /// The link as it is called wherever the program runs; `None` where no device has one.
    pub(crate) fn link(&self) -> Option<String> {
        // Where there is no folder to begin at, the path stays as it was given.
        let path = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Some(match self {
            Self::Serial { path: port, .. } => format!("serial {}", path(port).display()),
            Self::Unix(socket) => format!("unix {}", path(socket).display()),
            Self::Usb { .. } | Self::Tcp(_) | Self::Udp { .. } => self.to_string(),
            Self::Bus { address, line } => format!("bus {address} on {}", line.link()?),
            Self::Emulate(_) | Self::Played(_) | Self::Simulate | Self::Fixtures => return None,
        })
    }

    /// What its link looks like.
    pub(crate) const fn kind(&self) -> LinkKind {
        match self {
            Self::Udp { mtu, .. } => LinkKind::Packet { mtu: *mtu },
            Self::Bus { .. } => LinkKind::Bus,
            _ => LinkKind::Stream,
        }
    }
}

impl DeviceArgs {
    /// Whether no device is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.serial.is_empty()
            && self.usb.is_empty()
            && self.tcp.is_empty()
            && self.unix.is_empty()
            && self.udp.is_empty()
            && self.bus.is_empty()
            && self.emulate.is_empty()
            && self.played.is_empty()
            && self.simulate.is_empty()
            && !self.fixtures
    }

    /// Every device with the name that the user gave it.
    pub(crate) fn addresses(&self) -> Result<Vec<(Option<String>, Address)>> {
        let mut all = Vec::new();
        for text in &self.serial {
            let (name, text) = named(text);
            all.push((name, serial(text)?));
        }
        for text in &self.usb {
            let (name, text) = named(text);
            all.push((name, usb("--usb", text)?));
        }
        for text in &self.tcp {
            let (name, text) = named(text);
            all.push((name, Address::Tcp(host_and_port("--tcp", text)?)));
        }
        for text in &self.unix {
            let (name, text) = named(text);
            all.push((name, Address::Unix(text.into())));
        }
        for text in &self.udp {
            let (name, text) = named(text);
            let address = host_and_port("--udp", text)?;
            all.push((name, Address::Udp { address, mtu: self.mtu }));
        }
        for text in &self.bus {
            let (name, text) = named(text);
            all.push((name, bus(text, &all)?));
        }
        for text in &self.emulate {
            let (name, text) = named(text);
            all.push((name, Address::Emulate(text.to_owned())));
        }
        for text in &self.played {
            let (name, text) = named(text);
            all.push((name, Address::Played(text.into())));
        }
        if self.fixtures {
            all.push((None, Address::Fixtures));
        }
        for name in &self.simulate {
            let name = (!name.is_empty()).then(|| name.clone());
            all.push((name, Address::Simulate));
        }
        for (name, _) in &all {
            check_name(name.as_deref(), &all)?;
        }
        Ok(all)
    }

    /// Where `--button` listens.
    pub(crate) fn button(&self) -> Result<Option<Button>> {
        let Some(text) = self.button.as_deref() else { return Ok(None) };
        match text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            #[cfg(unix)]
            Some(path) => Ok(Some(Button::Socket(path.into()))),
            #[cfg(not(unix))]
            Some(_) => {
                Err(Error::NotHere { option: "--button unix:PATH", instead: "--button tty" })
            }
            None if text == "tty" => Ok(Some(Button::Terminal)),
            None => Err(wrong("--button", text, "unix:PATH or tty")),
        }
    }
}

/// Parts `NAME=` from an address. What stands before the sign is a name only if it could be one,
/// so a path with a sign in it is still a path.
fn named(text: &str) -> (Option<String>, &str) {
    match text.split_once('=') {
        Some((name, rest)) if is_name(name) => (Some(name.to_owned()), rest),
        _ => (None, text),
    }
}

fn is_name(name: &str) -> bool {
    trine_descriptor::check::name_is_legal(name)
}

fn check_name(name: Option<&str>, all: &[(Option<String>, Address)]) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    if !is_name(name) {
        return Err(Error::DeviceName { name: name.to_owned() });
    }
    let mut same = all.iter().filter(|(other, _)| other.as_deref() == Some(name));
    match (same.next(), same.next()) {
        (Some((_, one)), Some((_, two))) => Err(Error::DuplicateName {
            name: name.to_owned(),
            one: one.to_string(),
            two: two.to_string(),
        }),
        _ => Ok(()),
    }
}

fn serial(text: &str) -> Result<Address> {
    let (path, baud) = match text.rsplit_once(':') {
        Some((path, baud)) if baud.bytes().all(|byte| byte.is_ascii_digit()) => {
            let rate = baud.parse().ok().filter(|rate| *rate > 0);
            let wrong = || wrong("--serial", text, "a baud rate above 0 after the colon");
            (path, rate.ok_or_else(wrong)?)
        }
        _ => (text, BAUD),
    };
    Ok(Address::Serial { path: path.into(), baud })
}

/// The rate is what follows the last `@`, where that is a number; a serial number may have one.
fn usb(option: &'static str, text: &str) -> Result<Address> {
    let expected = "VENDOR:PRODUCT in hexadecimal, as lsusb prints them, such as 303a:1001";
    let wrong = || wrong(option, text, expected);
    let (board, baud) = match text.rsplit_once('@') {
        Some((board, baud)) if baud.bytes().all(|byte| byte.is_ascii_digit()) => {
            (board, baud.parse().ok().filter(|rate| *rate > 0).ok_or_else(wrong)?)
        }
        _ => (text, BAUD),
    };
    Ok(Address::Usb { board: UsbAddress::parse(board).ok_or_else(wrong)?, baud })
}

fn wrong(option: &'static str, value: &str, expected: &'static str) -> Error {
    Error::Value { option, value: value.to_owned(), expected }
}

fn host_and_port(option: &'static str, text: &str) -> Result<String> {
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let wrong = || wrong(option, text, "HOST:PORT, such as board:4000");
    port.map(|_| text.to_owned()).ok_or_else(wrong)
}

/// A device on a bus; no two of one line have the same address.
fn bus(text: &str, all: &[(Option<String>, Address)]) -> Result<Address> {
    let wrong = || wrong("--bus", text, "ADDRESS@LINE, such as 1@/dev/ttyUSB0, ADDRESS 1 to 247");
    let (address, line) = text.split_once('@').ok_or_else(wrong)?;
    let address = address.parse().ok().filter(|address| (1..=DEVICE_MAX).contains(address));
    let address = address.ok_or_else(wrong)?;
    let line = match line.split_once(':') {
        Some(("tcp", rest)) => Address::Tcp(host_and_port("--bus", rest)?),
        Some(("unix", path)) => Address::Unix(path.into()),
        Some(("usb", board)) => usb("--bus", board)?,
        _ => serial(line)?,
    };
    let new = Address::Bus { address, line: Box::new(line) };
    if all.iter().any(|(_, other)| *other == new) {
        return Err(Error::DuplicateAddress { address, value: text.to_owned() });
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(args: &DeviceArgs) -> Vec<(Option<String>, Address)> {
        args.addresses().unwrap()
    }

    #[test]
    fn names_and_rates_are_parted_from_paths() {
        let args = DeviceArgs {
            serial: vec!["north=/dev/ttyACM0:9600".into(), "/dev/serial/by-id/a=b:x".into()],
            tcp: vec!["s=[::1]:4000".into()],
            ..DeviceArgs::default()
        };
        let all = addresses(&args);
        let north = Address::Serial { path: "/dev/ttyACM0".into(), baud: 9_600 };
        assert_eq!(all[0], (Some("north".into()), north));
        let by_id = Address::Serial { path: "/dev/serial/by-id/a=b:x".into(), baud: BAUD };
        assert_eq!(all[1], (None, by_id));
        assert_eq!(all[2], (Some("s".into()), Address::Tcp("[::1]:4000".into())));
    }

    #[test]
    fn usb_boards_are_named_by_their_numbers() {
        let texts = ["north=303A:1001:7C:DF@9600", "2e8a:a/2", "1:2:x@y", "a=1@usb:1:2@19200"];
        let [usb @ .., bus] = texts.map(String::from);
        let args = DeviceArgs { usb: usb.to_vec(), bus: vec![bus], ..DeviceArgs::default() };
        let all = addresses(&args);
        let shown: Vec<_> = all.iter().map(|(_, address)| address.to_string()).collect();
        let expected = [
            "usb 303a:1001:7C:DF",
            "usb 2e8a:000a/2",
            "usb 0001:0002:x@y",
            "bus 1 on usb 0001:0002",
        ];
        assert_eq!(shown, expected);
        assert_eq!(all[0].0.as_deref(), Some("north"));
        assert_eq!(all[0].1.link().as_deref(), Some(expected[0]));
        let rates = all.iter().map(|(_, address)| match address {
            Address::Usb { baud, .. } => *baud,
            Address::Bus { line, .. } => match **line {
                Address::Usb { baud, .. } => baud,
                _ => 0,
            },
            _ => 0,
        });
        assert_eq!(rates.collect::<Vec<_>>(), [9_600, BAUD, BAUD, 19_200]);
    }

    #[test]
    fn packets_and_buses_are_told_from_streams() {
        let args = DeviceArgs {
            udp: vec!["board:4000".into()],
            mtu: 20,
            bus: vec!["a=1@/dev/x:9600".into(), "b=2@/dev/x:9600".into(), "3@unix:/run/x".into()],
            ..DeviceArgs::default()
        };
        let all = addresses(&args);
        let udp = Address::Udp { address: "board:4000".into(), mtu: 20 };
        assert_eq!(all[0], (None, udp));
        let line = Box::new(Address::Serial { path: "/dev/x".into(), baud: 9_600 });
        assert_eq!(all[2], (Some("b".into()), Address::Bus { address: 2, line }));
        assert_eq!(all[1].1.to_string(), "bus 1 on serial /dev/x");
        assert_eq!(all[3].1.to_string(), "bus 3 on unix /run/x");
    }

    #[test]
    fn a_link_is_called_the_same_wherever_the_program_runs() {
        let here = std::env::current_dir().unwrap();
        let args = DeviceArgs {
            serial: vec!["a=port:9600".into()],
            tcp: vec!["board:1".into()],
            bus: vec!["3@unix:/run/x".into()],
            simulate: vec![String::new()],
            ..DeviceArgs::default()
        };
        let links: Vec<_> = addresses(&args).iter().map(|(_, address)| address.link()).collect();
        let port = format!("serial {}", here.join("port").display());
        assert_eq!(links[0], Some(port));
        assert_eq!(links[1].as_deref(), Some("tcp board:1"));
        assert_eq!(links[2].as_deref(), Some("bus 3 on unix /run/x"));
        assert_eq!(links[3], None);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        let sentence = |args: &DeviceArgs| args.addresses().unwrap_err().to_string();
        let two = ["one=a", "one=b"].map(String::from).to_vec();
        let said = sentence(&DeviceArgs { unix: two, ..DeviceArgs::default() });
        assert!(said.contains("'one'") && said.contains("unix a and unix b"), "{said}");
        let port = vec!["board".to_owned()];
        let said = sentence(&DeviceArgs { tcp: port, ..DeviceArgs::default() });
        assert!(said.contains("HOST:PORT"), "{said}");
        let name = vec!["a b".to_owned()];
        let said = sentence(&DeviceArgs { simulate: name, ..DeviceArgs::default() });
        assert!(said.contains("'a b'"), "{said}");
        for bus in ["0@/dev/x", "248@/dev/x", "1", "1@tcp:x"] {
            let said = sentence(&DeviceArgs { bus: vec![bus.into()], ..DeviceArgs::default() });
            assert!(said.contains("--bus"), "{said}");
        }
        for usb in ["board", "303a", "303a:1001@0", "1:2@4294967296"] {
            let said = sentence(&DeviceArgs { usb: vec![usb.into()], ..DeviceArgs::default() });
            assert!(said.contains("--usb") && said.contains("lsusb"), "{said}");
        }
        let two = vec!["1@/dev/x".to_owned(), "1@/dev/x".to_owned()];
        let said = sentence(&DeviceArgs { bus: two, ..DeviceArgs::default() });
        assert!(said.contains("duplicate address 1"), "{said}");
        let baud = vec!["/dev/x:0".to_owned()];
        let said = sentence(&DeviceArgs { serial: baud, ..DeviceArgs::default() });
        assert!(said.contains("a baud rate above 0"), "{said}");
    }
}
