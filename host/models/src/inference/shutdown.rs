//! The end by a signal: what was asked for is answered, and nothing more is taken.

use std::sync::mpsc::Sender;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::server::Event;
use crate::{Error, Result};

/// How long texts may be written on after a signal. Then each ends with what it has.
pub(super) const TEXTS_PATIENCE: Duration = Duration::from_secs(2);
/// When calls whose texts do not end, since a model is still being loaded, are answered so.
pub(super) const CALLS_PATIENCE: Duration = Duration::from_secs(4);
/// When the program ends, whoever does not read its answers.
const END_PATIENCE: Duration = Duration::from_secs(6);

/// Tells the server when the program is to end.
pub(super) fn watch(events: Sender<Event>) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(Error::Signals)?;
    let thread = std::thread::Builder::new().name("signals".to_owned());
    let run = move || {
        if signals.forever().next().is_some() {
            // Where no one listens any more, the program ends by itself.
            _ = events.send(Event::Drain);
            std::thread::sleep(END_PATIENCE);
            std::process::exit(0);
        }
    };
    thread.spawn(run).map(drop).map_err(Error::Thread)
}
