//! Opening the devices of the command line, for commands that need them to answer.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trine::Error;
use trine_gateway::{Device, DeviceArgs, Hub, Prefix, State};

/// The command line asks for something that there is not.
pub(super) const USAGE: u8 = 2;
/// A device does not answer.
pub(super) const OFFLINE: u8 = 3;

/// Opens the devices and waits until all have shown their tools, or `patience` is over. Where there
/// is nothing to open, says so and answers the exit code.
pub(super) fn open(args: &DeviceArgs, patience: Duration) -> Result<Arc<Hub>, ExitCode> {
    if args.is_empty() {
        return Err(usage(&trine_gateway::Error::NoDevice.into()));
    }
    let hub = Hub::open(args, Prefix::Auto).map_err(|error| usage(&error.into()))?;
    let _ = hub.wait_ready(patience);
    Ok(hub)
}

/// The device of that name, online; or the exit code, after the reason was said.
pub(super) fn find(hub: &Hub, name: &str) -> Result<Arc<Device>, ExitCode> {
    let error = match hub.find(name) {
        Ok(device) => return online(device),
        Err(error) => error,
    };
    // A device that does not answer has not said its name: it may be the one that is meant.
    let silent = hub.devices().into_iter().find(|device| device.identity().is_none());
    match silent.map(|device| (device.state(), device)) {
        Some((State::Offline(why), device)) => Err(offline(&device.name(), &why)),
        Some((State::Coming, device)) => Err(offline(&device.name(), "it does not answer")),
        _ => Err(usage(&error.into())),
    }
}

/// The only device, online; or the exit code, after the reason was said.
pub(super) fn only(hub: &Hub) -> Result<Arc<Device>, ExitCode> {
    let mut devices = hub.devices();
    match devices.pop() {
        Some(device) if devices.is_empty() => online(device),
        _ => {
            let all = hub.devices();
            let names: Vec<_> = all.iter().map(|device| device.name()).collect();
            Err(usage(&Error::SeveralDevices { known: names.join(", ") }))
        }
    }
}

fn online(device: Arc<Device>) -> Result<Arc<Device>, ExitCode> {
    match device.state() {
        State::Online => Ok(device),
        State::Coming => Err(offline(&device.name(), "it does not answer")),
        State::Offline(why) => Err(offline(&device.name(), &why)),
    }
}

/// Says what is wrong with the command line; the exit code for it.
pub(super) fn usage(error: &Error) -> ExitCode {
    eprintln!("trine: {}", error.chain());
    ExitCode::from(USAGE)
}

/// Says why a device cannot be reached; the exit code for it.
pub(super) fn offline(name: &str, why: &str) -> ExitCode {
    let error = Error::Offline { device: name.to_owned(), reason: why.to_owned() };
    eprintln!("trine: {}", error.chain());
    ExitCode::from(OFFLINE)
}

/// Asks `question` every few milliseconds until it is answered, or `patience` is over.
pub(super) fn until<T>(patience: Duration, mut question: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = question();
        if answer.is_some() || start.elapsed() >= patience {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
