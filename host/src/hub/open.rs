//! Opening the devices of the command line.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex};

use super::{Hub, Progress, Snapshot, person};
use crate::args::{Address, DeviceArgs, Prefix};
use crate::device::{Device, Person};
use crate::emulate::{Console, Emulator};
use crate::error::Result;
use crate::link::{Board, Dial, Serial, Tcp, Unix};
use crate::simulate::{Control, Simulation};

/// A way to a device that was not gone yet.
enum Way {
    Dial(Box<dyn Dial>),
    Local(Box<dyn Board>),
}

impl Hub {
    /// Opens the devices of the command line. They come up in the background: see
    /// [`Self::wait_ready`].
    ///
    /// # Errors
    /// When an argument cannot be understood, when two devices are to have one name, or when QEMU
    /// or the firmware for an emulated board is not there. A device that is merely unplugged is no
    /// error.
    pub fn open(args: &DeviceArgs, prefix: Prefix) -> Result<Arc<Self>> {
        let mut devices = Vec::new();
        let mut ways = Vec::new();
        let mut simulated = 0;
        for (alias, address) in args.addresses()? {
            let source = address.to_string();
            simulated += u32::from(address == Address::Simulate);
            let (way, person) = way(&address, args, simulated)?;
            devices.push(Arc::new(Device::new(alias, source, person)));
            ways.push(way);
        }
        let button = args.button()?;
        let hub = Arc::new(Self {
            devices,
            prefix,
            snapshot: Mutex::new(Arc::new(Snapshot::new(Vec::new(), false))),
            version: AtomicU64::new(0),
            problem: Mutex::new(None),
            building: Mutex::new(()),
            progress: Mutex::new(Progress::default()),
            changed: Condvar::new(),
            observers: Mutex::new(Vec::new()),
            socket: Mutex::new(None),
        });
        for (device, way) in hub.devices.iter().zip(ways) {
            let hub = Arc::downgrade(&hub);
            device.set_on_change(Box::new(move || {
                if let Some(hub) = hub.upgrade() {
                    hub.rebuild();
                }
            }));
            match way {
                Way::Dial(dial) => device.start(dial),
                Way::Local(board) => device.start_local(board),
            }
        }
        hub.rebuild();
        if let Some(button) = button {
            person::listen(&button, &hub)?;
        }
        Ok(hub)
    }
}

fn way(
    address: &Address,
    args: &DeviceArgs,
    simulated: u32,
) -> Result<(Way, Option<Arc<dyn Person>>)> {
    let dial: Box<dyn Dial> = match address {
        Address::Serial { path, baud } => Box::new(Serial { path: path.clone(), baud: *baud }),
        Address::Tcp(address) => Box::new(Tcp { address: address.clone() }),
        Address::Unix(path) => Box::new(Unix { path: path.clone() }),
        Address::Emulate(board) => {
            let console = Console::new(args.time_scale);
            let firmware = args.firmware.as_deref();
            let emulator = Emulator::new(board, firmware, Arc::clone(&console))?;
            return Ok((Way::Dial(Box::new(emulator)), Some(console)));
        }
        Address::Simulate => {
            let control = Control::new(args.time_scale);
            let board = Simulation::new(&format!("sim-{simulated}"), Arc::clone(&control))?;
            return Ok((Way::Local(Box::new(board)), Some(control)));
        }
    };
    Ok((Way::Dial(dial), None))
}
