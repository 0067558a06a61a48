//! One port, many programs: the program that has the port lets others of the same user have its
//! device through it.
//!
//! ```text
//!  guest's Device ─ wire messages over a local socket ─► Guest ─► holder's Device ─► port
//! ```
//!
//! A guest speaks with the holder as it would with the device, in the same frames, so all that it
//! does by itself stays its own: names, pins, settings, its clients. The holder plays the device:
//! it says hello in its place and hands calls on as calls of its own. The device checks them, as it
//! checks all calls, and only the holder speaks with it.
//!
//! Each connection of a guest has an epoch of its own. So a guest that has to connect anew, to this
//! holder or to a later one, or that becomes the holder itself, knows that calls which it had under
//! way may have been run, and makes none of them again that must not be.

mod answers;
mod guest;
mod outcome;

use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crate::device::Device;
use crate::link::place::Place;

/// Guests at a time.
const GUESTS_MAX: usize = 64;

/// A port that is shared until this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    place: Place,
    ended: Arc<AtomicBool>,
}

impl Share {
    /// Lets others have a device through this program, which has its port. `None`, and a line in
    /// the log, where that is not possible: the device is served all the same.
    pub(crate) fn offer(place: Place, device: &Arc<Device>) -> Option<Self> {
        let offered = place.listen().and_then(|listener| {
            let ended = Arc::new(AtomicBool::new(false));
            let (its, device) = (Arc::clone(&ended), Arc::downgrade(device));
            let thread = std::thread::Builder::new().name("share".to_owned());
            thread.stack_size(128 * 1024).spawn(move || accept(&listener, &device, &its))?;
            Ok(ended)
        });
        match offered {
            Ok(ended) => Some(Self { place, ended }),
            Err(error) => {
                let name = device.name();
                tracing::warn!("{name}: other programs cannot use it through this one: {error}");
                None
            }
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        // Who waits for guests looks.
        drop(UnixStream::connect(self.place.path()));
        self.place.leave();
    }
}

/// Takes guests until the port is given back.
fn accept(listener: &UnixListener, device: &Weak<Device>, ended: &Arc<AtomicBool>) {
    let alive = Arc::new(());
    while let Ok((stream, _)) = listener.accept() {
        if ended.load(Ordering::Acquire) {
            return;
        }
        let guests = Arc::strong_count(&alive) - 1;
        if guests >= GUESTS_MAX {
            tracing::warn!("{guests} programs use a device through this one: one more is refused");
            continue;
        }
        let (device, ended, alive) = (device.clone(), Arc::clone(ended), Arc::clone(&alive));
        let thread = std::thread::Builder::new().name("guest".to_owned()).stack_size(256 * 1024);
        let serve = move || {
            let _counted = alive;
            if let Err(error) = guest::serve(&device, stream, &ended) {
                tracing::debug!("a guest: {error}");
            }
        };
        // Without a thread this guest is not served, and tries again.
        drop(thread.spawn(serve));
    }
}
