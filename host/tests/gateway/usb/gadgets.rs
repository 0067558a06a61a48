//! Real USB devices, made by Linux: a gadget is plugged into `dummy_hcd`, a host controller that
//! leads back to the same machine. `cargo xtask soak usb` has a machine with both.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serial2::SerialPort;

use super::vendor::Vendor;
use crate::harness::until;

const ROOT: &str = "/sys/kernel/config/usb_gadget";

/// A device with one function: CDC-ACM, or one of a class of its own.
pub(crate) struct Gadget {
    folder: PathBuf,
    controller: String,
    vendor: Option<Arc<Vendor>>,
}

impl Gadget {
    /// A device of vendor 1209 for that controller, not plugged in.
    pub(crate) fn new(number: u8, product: u16, serial: &str) -> Self {
        let folder = Path::new(ROOT).join(format!("trine{number}"));
        let is_vendor = std::env::var("TRINE_USB_GADGETS").is_ok_and(|kind| kind == "vendor");
        let name = format!("trine{number}");
        let function = if is_vendor { format!("ffs.{name}") } else { "acm.usb0".to_owned() };
        for part in ["strings/0x409", "configs/c.1", &format!("functions/{function}")] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        let vendor = is_vendor.then(|| Vendor::of(&name));
        let gadget = Self { folder, controller: format!("dummy_udc.{number}"), vendor };
        gadget.write("idVendor", "0x1209");
        gadget.write("idProduct", &format!("{product:#06x}"));
        gadget.write("strings/0x409/serialnumber", serial);
        gadget.write("strings/0x409/manufacturer", "Trine");
        gadget.write("strings/0x409/product", "Ledger");
        let link = gadget.folder.join("configs/c.1").join(&function);
        if link.symlink_metadata().is_err() {
            let function = gadget.folder.join("functions").join(function);
            std::os::unix::fs::symlink(function, link).unwrap();
        }
        gadget
    }

    fn write(&self, name: &str, value: &str) {
        fs::write(self.folder.join(name), value).unwrap();
    }

    /// Plugs it in and waits until the host has set it up.
    pub(crate) fn plug(&self) {
        // The host may not have noticed yet that it was pulled.
        until(|| (!self.is_there()).then_some(()), || "the host keeps the device".to_owned());
        self.write("UDC", &self.controller);
        until(|| self.is_there().then_some(()), || "the host sees no device".to_owned());
    }

    /// Whether the host of that controller has found an interface for data.
    fn is_there(&self) -> bool {
        let host = self.controller.replace("udc", "hcd");
        let all = fs::read_dir("/sys/bus/usb/devices").unwrap().flatten();
        all.filter_map(|entry| entry.path().canonicalize().ok()).any(|interface| {
            let class = fs::read_to_string(interface.join("bInterfaceClass"));
            interface.iter().any(|part| part == host.as_str())
                && class.is_ok_and(|class| ["0a", "ff"].contains(&class.trim()))
        })
    }

    pub(crate) fn pull(&self) {
        self.write("UDC", "\n");
    }

    /// The device's end of the line.
    pub(crate) fn line(&self) -> SerialPort {
        if let Some(vendor) = &self.vendor {
            return vendor.line();
        }
        let number = fs::read_to_string(self.folder.join("functions/acm.usb0/port_num")).unwrap();
        let path = format!("/dev/ttyGS{}", number.trim());
        SerialPort::open(path, |mut settings: serial2::Settings| {
            settings.set_raw();
            Ok(settings)
        })
        .unwrap()
    }
}

impl Drop for Gadget {
    fn drop(&mut self) {
        // It may not be plugged in.
        drop(fs::write(self.folder.join("UDC"), "\n"));
    }
}
