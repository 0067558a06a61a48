//! A ledger behind a USB port, and a system in which it is plugged in.
//!
//! With `TRINE_USB_GADGETS` set the system is the machine itself: `gadgets.rs` makes real USB
//! devices. Those are of the class CDC-ACM where it is `acm` or `bulk`, with a driver and without
//! one, and of a class of their own where it is `vendor`. Else it is a folder laid out as the
//! kernel lays out `/sys` and `/dev`, which a program sees in their place. Nothing in the program
//! differs between the two.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::crowd::Cabled;
use crate::harness::{Folder, Gateway};
use crate::ledger::Ledger;

use super::gadgets::Gadget;

/// What the board is called on the command line.
pub(crate) const BOARD: &str = "1209:0001";

/// Shows the folder `$1` in the place of `/sys` and `/dev`, then runs the rest.
const INSIDE: &str = r#"set -e
for file in null urandom; do mount --bind /dev/$file "$1/dev/$file"; done
mount --rbind /dev/pts "$1/dev/pts"
mount --rbind "$1/dev" /dev
mount --bind "$1/sys" /sys
shift
exec "$@""#;

/// The ledger, its cable and the system.
pub(crate) struct Rig {
    pub(crate) folder: Folder,
    ledger: Ledger,
    gadgets: Option<[Gadget; 2]>,
    /// How often the cable was plugged in.
    plugs: usize,
}

impl Rig {
    /// A board for which there are that many calls, not plugged in. `None` where the system lets
    /// this user show programs no other `/sys`, as Ubuntu does by default.
    pub(crate) fn new(name: &str, calls: usize) -> Option<Self> {
        if std::env::var_os("TRINE_USB_GADGETS").is_none() && !is_root() {
            let mut allowed = Command::new("unshare");
            allowed.args(["--mount", "--map-root-user", "true"]).stderr(Stdio::null());
            if !allowed.status().is_ok_and(|status| status.success()) {
                println!("skipped: run it as root, or allow user namespaces");
                return None;
            }
        }
        let folder = Folder::new(name);
        let ledger = Ledger::unplugged(folder.path("dev/none"), calls);
        let gadgets = std::env::var_os("TRINE_USB_GADGETS")
            .map(|_| [Gadget::new(0, 1, "A1"), Gadget::new(1, 2, "OTHER")]);
        for place in ["sys/bus/usb/devices", "dev/pts"] {
            fs::create_dir_all(folder.path(place)).unwrap();
        }
        for file in ["dev/null", "dev/urandom"] {
            fs::write(folder.path(file), "").unwrap();
        }
        Some(Self { folder, ledger, gadgets, plugs: 0 })
    }

    pub(crate) const fn is_real(&self) -> bool {
        self.gadgets.is_some()
    }

    /// The interface of the board's port, another one, and how the port is shown.
    pub(crate) fn port(&self) -> (u8, u8, &'static str) {
        match std::env::var("TRINE_USB_GADGETS").as_deref() {
            Ok("bulk") => (1, 0, "bulk transfers"),
            Ok("vendor") => (0, 1, "bulk transfers"),
            _ => (0, 1, "/dev/ttyACM"),
        }
    }

    /// Plugs in another board, which no program has; it takes the first free port.
    pub(crate) fn plug_other(&mut self, product: u16, serial: &str) {
        match &mut self.gadgets {
            Some([_, other]) => {
                *other = Gadget::new(1, product, serial);
                other.plug();
            }
            None => self.describe("1-2", product, serial, "ttyACM90"),
        }
    }

    pub(crate) fn pull_other(&mut self) {
        match &mut self.gadgets {
            Some([_, other]) => other.pull(),
            None => fs::remove_dir_all(self.device("1-2")).unwrap(),
        }
    }

    fn device(&self, slot: &str) -> PathBuf {
        self.folder.path("sys/bus/usb/devices").join(slot)
    }

    /// The entry of a board in the system's tree, as Linux 6.1 has it for a CDC-ACM board.
    fn describe(&self, slot: &str, product: u16, serial: &str, tty: &str) {
        let device = self.device(slot);
        let number = slot.rsplit('-').next().unwrap();
        let interfaces = [("0", "02", "02", "01"), ("1", "0a", "00", "00")];
        for (interface, class, subclass, protocol) in interfaces {
            let its = device.join(format!("{slot}:1.{interface}"));
            fs::create_dir_all(&its).unwrap();
            std::os::unix::fs::symlink("../../../drivers/cdc_acm", its.join("driver")).unwrap();
            write(&its, "bInterfaceNumber", &format!("0{interface}"));
            write(&its, "bInterfaceClass", class);
            write(&its, "bInterfaceSubClass", subclass);
            write(&its, "bInterfaceProtocol", protocol);
        }
        fs::create_dir_all(device.join(format!("{slot}:1.0/tty/{tty}"))).unwrap();
        let attributes = [
            ("busnum", "1"),
            ("devnum", number),
            ("devpath", number),
            ("idVendor", "1209"),
            ("bcdDevice", "0100"),
            ("version", " 2.00"),
            ("bDeviceClass", "02"),
            ("bDeviceSubClass", "00"),
            ("bDeviceProtocol", "00"),
            ("speed", "12"),
            ("manufacturer", "Trine"),
            ("product", "Ledger"),
            ("serial", serial),
            // The last one: before it is there the device is passed over.
            ("idProduct", &format!("{product:04x}")),
        ];
        for (name, value) in attributes {
            write(&device, name, value);
        }
    }

    /// A program that sees this system.
    pub(crate) fn inside(&self, command: &Command) -> Command {
        let mut inside = if self.is_real() {
            Command::new(command.get_program())
        } else {
            let mut unshare = Command::new("unshare");
            unshare.arg("--mount").args((!is_root()).then_some("--map-root-user"));
            unshare.args(["sh", "-c", INSIDE, "sh"]).arg(self.folder.path(""));
            unshare.arg(command.get_program());
            unshare
        };
        inside.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside.env("XDG_RUNTIME_DIR", self.folder.path(""));
        inside.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        inside
    }

    pub(crate) fn gateway_with(&self, arguments: &[&str]) -> Command {
        self.inside(&Gateway::command(&[&["--usb", BOARD], arguments].concat()))
    }

    /// Runs a command to its end: its exit code, and all that it prints.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.args(arguments).env("TRINE_CONFIG", self.folder.path("settings"));
        let output = self.inside(&command).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }
}

fn write(folder: &std::path::Path, name: &str, value: &str) {
    fs::write(folder.join(name), format!("{value}\n")).unwrap();
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

impl Cabled for Rig {
    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn gateway(&self) -> Command {
        self.gateway_with(&[])
    }

    fn pull(&mut self) {
        match &mut self.gadgets {
            Some([gadget, _]) => {
                gadget.pull();
                self.ledger.connect(None);
            }
            None => {
                fs::remove_dir_all(self.device("1-1")).unwrap();
                self.ledger.pull();
            }
        }
    }

    /// Each time under another name than the last.
    fn plug(&mut self) {
        self.plugs += 1;
        match &mut self.gadgets {
            Some([gadget, other]) => {
                let is_second = self.plugs.is_multiple_of(2);
                // It takes the first free port, so that the board gets another one.
                if is_second {
                    other.plug();
                }
                gadget.plug();
                if is_second {
                    other.pull();
                }
                self.ledger.connect(Some(gadget.line()));
            }
            None => {
                let tty = format!("ttyACM{}", self.plugs);
                self.ledger.plug_as(self.folder.path("dev").join(&tty));
                self.describe("1-1", 1, "A1", &tty);
            }
        }
    }
}
