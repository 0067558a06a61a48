//! A vendor-specific interface of a gadget, whose device's side is this process: `FunctionFS`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serial2::SerialPort;

/// Numbers of `linux/usb/functionfs.h`.
const DESCRIPTORS: u32 = 3;
const STRINGS: u32 = 2;
const FULL_AND_HIGH_SPEED: u32 = 3;
/// Bytes of a packet at full and at high speed.
const PACKETS: [u16; 2] = [64, 512];

/// The files of an interface with a bulk endpoint in each direction.
pub(crate) struct Vendor {
    folder: PathBuf,
    /// The interface goes away with it.
    _control: File,
}

impl Vendor {
    /// That of the function `ffs.NAME` of a gadget, which is made once.
    pub(crate) fn of(name: &str) -> Arc<Self> {
        static ALL: Mutex<BTreeMap<String, Arc<Vendor>>> = Mutex::new(BTreeMap::new());
        let mut all = ALL.lock().unwrap();
        Arc::clone(all.entry(name.to_owned()).or_insert_with(|| Arc::new(Self::new(name))))
    }

    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        assert!(mount.args(["-t", "functionfs", name]).arg(&folder).status().unwrap().success());
        let mut control = both(folder.join("ep0"));
        control.write_all(&descriptors()).unwrap();
        control.write_all(&strings()).unwrap();
        Self { folder, _control: control }
    }

    /// A line to the host, until the cable is pulled.
    pub(crate) fn line(&self) -> SerialPort {
        let (ours, its) = SerialPort::pair().unwrap();
        let (mut from_host, to_device) = (both(self.folder.join("ep2")), its);
        let (mut from_device, mut to_host) =
            (to_device.try_clone().unwrap(), both(self.folder.join("ep1")));
        from_device.set_read_timeout(std::time::Duration::from_secs(600)).unwrap();
        std::thread::spawn(move || {
            // A packet at a time: a host need not end what it sends with a short one.
            let mut packet = [0; PACKETS[1] as usize];
            while let Ok(len) = from_host.read(&mut packet) {
                if to_device.write_all(&packet[..len]).is_err() {
                    return;
                }
            }
        });
        std::thread::spawn(move || std::io::copy(&mut from_device, &mut to_host));
        ours
    }
}

fn both(path: PathBuf) -> File {
    OpenOptions::new().read(true).write(true).open(path).unwrap()
}

/// What the device says of the interface, at each of its speeds.
fn descriptors() -> Vec<u8> {
    let mut all = Vec::new();
    for packet in PACKETS {
        all.extend([9, 4, 0, 0, 2, 0xff, 0, 0, 1]);
        for endpoint in [0x81, 0x02] {
            let [low, high] = packet.to_le_bytes();
            all.extend([7, 5, endpoint, 2, low, high, 0]);
        }
    }
    let len = 20 + all.len() as u32;
    let head = [DESCRIPTORS, len, FULL_AND_HIGH_SPEED, 3, 3];
    [head.map(u32::to_le_bytes).concat(), all].concat()
}

/// The name of the interface, in English.
fn strings() -> Vec<u8> {
    let name = b"\x09\x04ledger\0";
    let head = [STRINGS, 16 + name.len() as u32, 1, 1];
    [&head.map(u32::to_le_bytes).concat()[..], name].concat()
}
