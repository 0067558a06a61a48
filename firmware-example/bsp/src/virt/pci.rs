//! The devices of the machine's PCI bus, as much of it as is used: a device is found by what it is,
//! and its first region is given a place.

use tock_registers::UIntLike;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The space of configuration: 32 KiB for each of 32 devices of the first bus.
const CONFIGURATION: usize = 0x3000_0000;
const DEVICES: usize = 32;
/// Where the processor sees ports, and where on the bus the ports of a device are put.
const PORTS: usize = 0x0300_0000;
const FIRST_PORT: usize = 0x1000;
/// Where both see a device's registers in memory.
#[cfg(feature = "watchdog")]
const MEMORY: usize = 0x4000_0000;
/// How far devices are apart in both.
const APART: usize = 0x1000;
/// Words of a configuration: what the device is, what it does, its first region.
const IDENTITY: usize = 0x00;
const COMMAND: usize = 0x04;
const REGION: usize = 0x10;
/// It may be reached in both ways.
const REACHABLE: u32 = 0b11;
/// The interrupt controller's source of the first of four lines that the devices share.
const FIRST_SOURCE: u32 = 32;

/// A device.
#[derive(Clone, Copy)]
pub(super) struct Device(usize);

/// The device with this number of vendor (low) and kind (high).
pub(super) fn find(identity: u32) -> Option<Device> {
    (0..DEVICES).map(Device).find(|device| device.register::<u32>(IDENTITY).get() == identity)
}

impl Device {
    /// A register of its configuration: a byte, a half word or a word.
    pub(super) fn register<T: UIntLike>(self, offset: usize) -> &'static ReadWrite<T> {
        // SAFETY: all devices' configurations lie there, of devices that are not there as ones; the
        // callers' offsets are aligned, and what is there is a cell.
        unsafe { &*core::ptr::with_exposed_provenance(CONFIGURATION + (self.0 << 15) + offset) }
    }

    /// Gives it ports, and answers where they are.
    pub(super) fn ports(self) -> usize {
        let place = FIRST_PORT + self.0 * APART;
        self.put(place);
        PORTS + place
    }

    /// Gives its registers a place in memory, and answers it.
    #[cfg(feature = "watchdog")]
    pub(super) fn memory(self) -> usize {
        let place = MEMORY + self.0 * APART;
        self.put(place);
        place
    }

    fn put(self, place: usize) {
        self.register(REGION).set(place as u32);
        self.register(COMMAND).set(REACHABLE);
    }

    /// What it interrupts by. The lines turn from device to device.
    pub(super) const fn source(self) -> u32 {
        FIRST_SOURCE + self.0 as u32 % 4
    }
}
