//! The USB devices that are plugged in: by nusb, and their serial ports by the system's tree.

use std::io;
#[cfg(target_os = "linux")]
use std::path::{Path, PathBuf};

use nusb::{DeviceInfo, InterfaceInfo, MaybeFuture as _};

use super::{UsbBoard, UsbPort, UsbWay};

/// Classes of interfaces that may carry a byte stream by bulk transfers.
const CDC_DATA: u8 = 0x0a;
const VENDOR: u8 = 0xff;

/// A device that is plugged in, and what of it can be named.
pub(crate) struct Attached {
    pub(crate) info: DeviceInfo,
    pub(crate) board: UsbBoard,
}

/// All USB devices but hubs of the system itself.
pub(crate) fn attached() -> io::Result<Vec<Attached>> {
    let list = match nusb::list_devices().wait() {
        Ok(list) => list,
        // A system without USB has no such list.
        Err(error) if is_without_usb(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(list.map(|info| Attached { board: board(&info), info }).collect())
}

#[cfg(target_os = "linux")]
fn is_without_usb(error: &nusb::Error) -> bool {
    error.kind() == nusb::ErrorKind::Other && !Path::new("/sys/bus/usb/devices").exists()
}

#[cfg(not(target_os = "linux"))]
const fn is_without_usb(_: &nusb::Error) -> bool {
    false
}

fn board(info: &DeviceInfo) -> UsbBoard {
    let names = [info.manufacturer_string(), info.product_string()];
    let names: Vec<_> = names.into_iter().flatten().map(str::trim).collect();
    UsbBoard {
        vendor: info.vendor_id(),
        product: info.product_id(),
        serial: info.serial_number().unwrap_or_default().to_owned(),
        name: names.join(" "),
        ports: ports(info),
    }
}

#[cfg(target_os = "linux")]
fn ports(info: &DeviceInfo) -> Vec<UsbPort> {
    let folder = info.sysfs_path();
    let of = |interface: &InterfaceInfo| ways(folder, interface.interface_number());
    of_interfaces(info, |interface| match of(interface) {
        Some(ports) => ports.into_iter().map(UsbWay::Serial).collect(),
        None => bulk(interface),
    })
}

/// Which port of the system belongs to which interface is not told there.
#[cfg(not(target_os = "linux"))]
fn ports(info: &DeviceInfo) -> Vec<UsbPort> {
    of_interfaces(info, bulk)
}

fn of_interfaces(info: &DeviceInfo, ways: impl Fn(&InterfaceInfo) -> Vec<UsbWay>) -> Vec<UsbPort> {
    let mut ports = Vec::new();
    for interface in info.interfaces() {
        let name = interface.interface_string().unwrap_or_default();
        ports.extend(ways(interface).into_iter().map(|way| UsbPort {
            interface: interface.interface_number(),
            name: name.trim().to_owned(),
            way,
        }));
    }
    ports
}

fn bulk(interface: &InterfaceInfo) -> Vec<UsbWay> {
    if matches!(interface.class(), CDC_DATA | VENDOR) { vec![UsbWay::Bulk] } else { Vec::new() }
}

/// The serial ports that the driver of an interface has made; `None` where no driver has it.
/// `folder` is that of the device in the system's tree.
#[cfg(target_os = "linux")]
fn ways(folder: &Path, number: u8) -> Option<Vec<PathBuf>> {
    let suffix = format!(".{number}");
    let its = children(folder).find(|(name, _)| name.contains(':') && name.ends_with(&suffix));
    let (_, its) = its?;
    let driver = std::fs::read_link(its.join("driver")).ok()?;
    // Not a driver: a program has opened the interface, perhaps this one.
    if driver.file_name() == Some("usbfs".as_ref()) {
        return None;
    }
    // CDC-ACM has `tty/ttyACM0`, drivers of adapters have `ttyUSB0/tty/ttyUSB0`.
    let below = children(&its).map(|(_, path)| path.join("tty"));
    let ttys = below.chain([its.join("tty")]).flat_map(|folder| children(&folder));
    let mut ports: Vec<_> = ttys.map(|(name, _)| Path::new("/dev").join(name)).collect();
    ports.sort();
    Some(ports)
}

/// Names and paths of the entries of a folder; none where there is no such folder.
#[cfg(target_os = "linux")]
fn children(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::fs;

    /// A device in a tree as the kernel makes it; it goes away with this.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, folders: &[&str]) -> Self {
            let root =
                std::env::temp_dir().join(format!("trine-usb-{name}-{}", std::process::id()));
            for folder in folders {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            Self(root)
        }

        fn bind(&self, interface: &str, driver: &str) {
            let place = self.0.join(interface).join("driver");
            std::os::unix::fs::symlink(format!("../../drivers/{driver}"), place).unwrap();
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn ports_are_found_as_each_kind_of_driver_shows_them() {
        let tree = Tree::new(
            "ports",
            &[
                "1-1:1.0/tty/ttyACM3",
                "1-1:1.0/power",
                "1-1:1.1",
                "1-1:1.2/ttyUSB0/tty/ttyUSB0",
                "1-1:1.12/tty/ttyACM9",
                "1-1:1.4/tty/ttyACM4",
                "1-1:1.5",
                "power",
            ],
        );
        for interface in ["1-1:1.0", "1-1:1.1", "1-1:1.2", "1-1:1.12"] {
            tree.bind(interface, "cdc_acm");
        }
        tree.bind("1-1:1.5", "usbfs");
        let of = |number| ways(&tree.0, number);
        assert_eq!(of(0), Some(vec!["/dev/ttyACM3".into()]));
        assert_eq!(of(1), Some(vec![]), "a driver has it, without a port of its own");
        assert_eq!(of(2), Some(vec!["/dev/ttyUSB0".into()]));
        assert_eq!(of(12), Some(vec!["/dev/ttyACM9".into()]));
        assert_eq!(of(4), None, "no driver");
        assert_eq!(of(5), None, "a program has it, and no driver");
        assert_eq!(of(7), None, "no such interface");
    }
}
