//! A byte stream by bulk transfers, to a USB board for which the system has no driver.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use nusb::descriptors::{ConfigurationDescriptor, InterfaceDescriptor, TransferType};
use nusb::io::EndpointWrite;
use nusb::transfer::{self, ControlOut, ControlType, Direction, Recipient};
use nusb::{DeviceInfo, Error, ErrorKind, Interface, MaybeFuture as _};

use super::dial::{READ_PATIENCE, WRITE_PATIENCE};
use super::place::{Place, joined, offered};
use super::{LinkError, Opened};

/// Bytes of a transfer, and how many may be under way.
const TRANSFER: usize = 4_096;
const READS: usize = 2;
const WRITES: usize = 4;
/// How long the board may take to answer a request about the line.
const CONTROL_PATIENCE: Duration = Duration::from_secs(1);

/// Communications class: its data interface, and requests and descriptors of its control interface.
const CDC_DATA: u8 = 0x0a;
const CLASS_DESCRIPTOR: u8 = 0x24;
const UNION: u8 = 6;
const SET_LINE_CODING: u8 = 0x20;
const SET_CONTROL_LINE_STATE: u8 = 0x22;
/// The host is there and ready (DTR and RTS); many boards send nothing before.
const READY: u16 = 3;

/// An interface of a USB board.
pub(super) struct Bulk<'b> {
    pub(super) info: &'b DeviceInfo,
    pub(super) interface: u8,
}

/// Why an interface does not open.
enum Closed {
    /// Another program has it, or this one.
    Held,
    Failed(LinkError),
}

impl Bulk<'_> {
    /// Opens the interface, or joins the program of the user that has it.
    pub(super) fn open(
        &self,
        address: &str,
        baud: u32,
        is_shared: bool,
    ) -> Result<Opened, LinkError> {
        let node = self.node();
        let place = is_shared.then(|| Place::of_interface(&node, self.interface));
        match self.claim(address, baud) {
            Ok(opened) => Ok(offered(opened, place, &node)),
            Err(Closed::Held) => joined(node, place),
            Err(Closed::Failed(error)) => Err(error),
        }
    }

    /// The file by which the system gives access to the device.
    #[cfg(target_os = "linux")]
    fn node(&self) -> PathBuf {
        let (bus, device) = (self.info.busnum(), self.info.device_address());
        format!("/dev/bus/usb/{bus:03}/{device:03}").into()
    }

    /// There is no such file here; the name tells devices apart in messages.
    #[cfg(not(target_os = "linux"))]
    fn node(&self) -> PathBuf {
        format!("usb-{}-{}", self.info.bus_id(), self.info.device_address()).into()
    }

    fn claim(&self, address: &str, baud: u32) -> Result<Opened, Closed> {
        let failed = |error: Error| match error.kind() {
            ErrorKind::Busy => Closed::Held,
            ErrorKind::PermissionDenied => Closed::Failed(LinkError::forbidden(self.node())),
            _ => {
                Closed::Failed(LinkError::Usb { address: address.to_owned(), source: error.into() })
            }
        };
        let device = self.info.open().wait().map_err(failed)?;
        let interface = device.claim_interface(self.interface).wait().map_err(failed)?;
        let Some((into, out_of)) = interface.descriptor().and_then(|it| endpoints(&it)) else {
            let address = address.to_owned();
            return Err(Closed::Failed(LinkError::NoUsbStream {
                address,
                interface: self.interface,
            }));
        };
        let reads = interface.endpoint::<transfer::Bulk, transfer::In>(out_of).map_err(failed)?;
        let writes = interface.endpoint::<transfer::Bulk, transfer::Out>(into).map_err(failed)?;
        let control = device.active_configuration().ok().and_then(|all| self.control(&all));
        let line = control
            .map(|number| device.claim_interface(number).wait().map(|it| (it, number)))
            .transpose()
            .map_err(failed)?;
        if let Some((line, number)) = &line {
            // A board without a real line need not know of its rate.
            let _ = request(line, *number, SET_LINE_CODING, 0, &coding(baud));
            let _ = request(line, *number, SET_CONTROL_LINE_STATE, READY, &[]);
        }
        let reader = reads.reader(TRANSFER).with_num_transfers(READS);
        let writer = writes.writer(TRANSFER).with_num_transfers(WRITES);
        let writer = Writer {
            out: writer.with_write_timeout(WRITE_PATIENCE),
            _line: line.map(|(line, _)| line),
        };
        Ok(Opened::stream(reader.with_read_timeout(READ_PATIENCE), writer))
    }

    /// The control interface of a data interface of the communications class.
    fn control(&self, all: &ConfigurationDescriptor<'_>) -> Option<u8> {
        let is_data = |it: &InterfaceDescriptor<'_>| {
            it.interface_number() == self.interface && it.class() == CDC_DATA
        };
        all.interface_alt_settings().find(is_data)?;
        let unions = all.interface_alt_settings().flat_map(|interface| interface.descriptors());
        unions.filter(|it| it.descriptor_type() == CLASS_DESCRIPTOR).find_map(|it| {
            match it.as_bytes() {
                [_, _, UNION, control, data @ ..] if data.contains(&self.interface) => {
                    Some(*control)
                }
                _ => None,
            }
        })
    }
}

/// The addresses of the two endpoints of a stream: into the board, and out of it.
fn endpoints(interface: &InterfaceDescriptor<'_>) -> Option<(u8, u8)> {
    let bulk = |direction| {
        let mut all = interface.endpoints();
        let is_it = |it: &nusb::descriptors::EndpointDescriptor<'_>| {
            it.transfer_type() == TransferType::Bulk && it.direction() == direction
        };
        all.find(is_it).map(|endpoint| endpoint.address())
    };
    Some((bulk(Direction::Out)?, bulk(Direction::In)?))
}

fn request(
    line: &Interface,
    number: u8,
    request: u8,
    value: u16,
    data: &[u8],
) -> Result<(), transfer::TransferError> {
    let control = ControlOut {
        control_type: ControlType::Class,
        recipient: Recipient::Interface,
        request,
        value,
        index: number.into(),
        data,
    };
    line.control_out(control, CONTROL_PATIENCE).wait()
}

/// The rate, one stop bit, no parity, eight bits.
fn coding(baud: u32) -> [u8; 7] {
    let [a, b, c, d] = baud.to_le_bytes();
    [a, b, c, d, 0, 0, 8]
}

/// Sends each piece at once.
struct Writer {
    out: EndpointWrite<transfer::Bulk>,
    /// Kept while the line is in use.
    _line: Option<Interface>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.out.write(bytes)?;
        self.out.submit();
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_coding_is_that_of_the_class() {
        assert_eq!(coding(115_200), [0x00, 0xc2, 0x01, 0x00, 0, 0, 8]);
    }
}
