//! Opening the devices of the command line.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use super::pinned::Pinned;
use super::shown::Shown;
use super::{Hub, Progress, Snapshot, person};
use crate::args::{Address, DeviceArgs, Prefix};
use crate::device::{Device, Person};
#[cfg(unix)]
use crate::emulate::{Console, Emulator};
use crate::error::{Error, Result};
use crate::fixtures::Fixtures;
#[cfg(unix)]
use crate::link::Unix;
use crate::link::{Attached, Board, Bus, BusTiming, Dial, Serial, Tcp, Udp, Usb};
use crate::middleware::conversation::Conversation;
use crate::middleware::{self, LinkKind, Played, Prepared, Replayed};
use crate::settings::Settings;
use crate::simulate::{Control, Simulation};

/// A way to a device that was not gone yet.
enum Route {
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
        Self::open_with(args, prefix, &Settings::of_user())
    }

    /// The same with other settings than the user's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(args: &DeviceArgs, prefix: Prefix, settings: &Settings) -> Result<Arc<Self>> {
        let (mut devices, mut pinned) = (Vec::new(), Vec::new());
        let mut ways = Vec::new();
        let (mut simulated, mut emulated) = (0, 0);
        let addresses = args.addresses()?;
        let layers = args.links.prepare(addresses.len())?;
        let mut links = Links { lines: Vec::new(), layers, are_shared: true };
        for (alias, address) in addresses {
            let source = address.to_string();
            let number = match &address {
                Address::Simulate => &mut simulated,
                _ => &mut emulated,
            };
            *number += u32::from(matches!(address, Address::Simulate | Address::Emulate(_)));
            let is_ours = matches!(
                address,
                Address::Simulate | Address::Emulate(_) | Address::Played(_) | Address::Fixtures
            );
            pinned.push(!is_ours);
            let (way, person) = way(&address, args, *number, &mut links)?;
            let device = Device::new(alias, source, person, settings);
            if let Some(link) = address.link() {
                device.bind_link(link);
            }
            devices.push(Arc::new(device));
            ways.push(way);
        }
        let button = args.button()?;
        let hub = Arc::new(Self {
            devices,
            prefix,
            snapshot: Mutex::new(Arc::new(Snapshot::nothing())),
            version: AtomicU64::new(0),
            shown: Mutex::new(Shown::default()),
            pinned: Pinned::new(settings, pinned),
            progress: Mutex::new(Progress::default()),
            changed: Condvar::new(),
            observers: Mutex::new(Vec::new()),
            aliases: settings.aliases()?,
            tasks: settings.tasks_folder(),
            journal: OnceLock::new(),
            known: OnceLock::new(),
            serves: AtomicBool::new(false),
            expects_tools: AtomicBool::new(false),
            own: Mutex::default(),
            socket: Mutex::new(None),
        });
        for (device, way) in hub.devices.iter().zip(ways) {
            let changed = Arc::downgrade(&hub);
            device.set_on_change(Box::new(move || {
                if let Some(hub) = changed.upgrade() {
                    hub.rebuild();
                }
            }));
            let told = Arc::downgrade(&hub);
            device.set_on_news(Box::new(move |device, news| {
                if let Some(hub) = told.upgrade() {
                    hub.device_told(device, news);
                }
            }));
            match way {
                Route::Dial(dial) => device.start(dial),
                Route::Local(board) => device.start_local(board),
            }
        }
        hub.rebuild();
        if let Some(button) = button {
            person::listen(&button, &hub)?;
        }
        Ok(hub)
    }
}

impl Hub {
    /// Says the host's side of a capture to the one device that is named, each question when the
    /// answers to the last one have come or `patience` is over.
    ///
    /// # Errors
    /// When the text is no capture or one of tagged messages, when not one device is named, and
    /// when its link cannot be opened or breaks.
    pub fn replay(capture: &str, args: &DeviceArgs, patience: Duration) -> Result<Replayed> {
        let conversation = Conversation::read(capture)?;
        middleware::replay(&conversation, &mut *Self::dial_one(args)?, patience)
    }

    /// The way to the one device of the command line, for who speaks with it without a session.
    fn dial_one(args: &DeviceArgs) -> Result<Box<dyn Dial>> {
        let addresses = args.addresses()?;
        let [(_, address)] = addresses.as_slice() else {
            let found = addresses.len();
            return Err(Error::OneDevice { command: "trine replay", found });
        };
        let layers = args.links.prepare(1)?;
        // What is said is for the device itself.
        let mut links = Links { lines: Vec::new(), layers, are_shared: false };
        Ok(match way(address, args, 1, &mut links)?.0 {
            Route::Dial(dial) => dial,
            Route::Local(board) => Box::new(Attached::new(board)),
        })
    }
}

/// The way to a device. `number` counts the simulated boards, and the emulated ones.
fn way(
    address: &Address,
    args: &DeviceArgs,
    number: u32,
    links: &mut Links,
) -> Result<(Route, Option<Arc<dyn Person>>)> {
    let mut person: Option<Arc<dyn Person>> = None;
    let dial: Box<dyn Dial> = match address {
        Address::Bus { address, line } => {
            return Ok((Route::Dial(Box::new(links.shared(line)?.station(*address))), None));
        }
        #[cfg(not(unix))]
        Address::Emulate(_) => {
            return Err(Error::NotHere {
                option: "--emulate",
                instead: "--simulate, or run it in WSL",
            });
        }
        #[cfg(unix)]
        Address::Emulate(board) => {
            let console = Console::new(args.time_scale);
            let firmware = args.firmware.as_deref();
            let emulator = Emulator::new(board, (firmware, number), Arc::clone(&console))?;
            person = Some(console);
            Box::new(emulator)
        }
        Address::Simulate => {
            let control = Control::new(args.time_scale);
            let board = Simulation::new(
                &format!("sim-{number}"),
                Arc::clone(&control),
                flash(args, number),
            )?;
            if args.links.is_empty() {
                return Ok((Route::Local(Box::new(board)), Some(control)));
            }
            person = Some(control);
            Box::new(Attached::new(Box::new(board)))
        }
        Address::Played(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
            let board = Box::new(Played::new(Conversation::read(&text)?));
            if args.links.is_empty() {
                return Ok((Route::Local(board), None));
            }
            Box::new(Attached::new(board))
        }
        Address::Fixtures => {
            let board = Box::new(Fixtures::new()?);
            if args.links.is_empty() {
                return Ok((Route::Local(board), None));
            }
            Box::new(Attached::new(board))
        }
        _ => dial(address, links.are_shared)?,
    };
    let way = links.layers.wrap(dial, address.kind(), &address.to_string());
    Ok((Route::Dial(way), person))
}

/// The way to a device that has its link for itself.
fn dial(address: &Address, is_shared: bool) -> Result<Box<dyn Dial>> {
    Ok(match address {
        Address::Serial { path, baud } => {
            Box::new(Serial { path: path.clone(), baud: *baud, is_shared })
        }
        Address::Usb { board, baud } => {
            Box::new(Usb { board: board.clone(), baud: *baud, is_shared })
        }
        Address::Tcp(address) => Box::new(Tcp::new(address.clone())),
        #[cfg(unix)]
        Address::Unix(path) => Box::new(Unix { path: path.clone() }),
        #[cfg(not(unix))]
        Address::Unix(_) => {
            return Err(Error::NotHere { option: "a Unix socket", instead: "--tcp HOST:PORT" });
        }
        Address::Udp { address, mtu } => Box::new(Udp::new(address.clone(), *mtu)),
        Address::Bus { .. }
        | Address::Emulate(_)
        | Address::Simulate
        | Address::Played(_)
        | Address::Fixtures => {
            return Err(Error::NotALine { address: address.to_string() });
        }
    })
}

/// What links share: buses, and the layers that stand on all of them.
struct Links {
    lines: Vec<(Address, Bus)>,
    layers: Prepared,
    /// Other programs may have the devices of serial ports, and this one those of others.
    are_shared: bool,
}

impl Links {
    /// The bus of that line: the one that is there already, or a new one.
    fn shared(&mut self, line: &Address) -> Result<Bus> {
        if let Some((_, bus)) = self.lines.iter().find(|(other, _)| other == line) {
            return Ok(bus.clone());
        }
        let timing = match line {
            Address::Serial { baud, .. } | Address::Usb { baud, .. } => BusTiming::of_baud(*baud),
            _ => BusTiming::UNKNOWN,
        };
        let dial = self.layers.wrap(dial(line, false)?, LinkKind::Bus, &line.to_string());
        let bus = Bus::new(dial, timing).map_err(Error::Thread)?;
        self.lines.push((line.clone(), bus.clone()));
        Ok(bus)
    }
}

/// The file in which the simulated board of this number keeps its key.
fn flash(args: &DeviceArgs, number: u32) -> Option<PathBuf> {
    let mut file = args.simulate_key.clone()?.into_os_string();
    if number > 1 {
        file.push(format!("-{number}"));
    }
    Some(file.into())
}
