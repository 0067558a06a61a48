//! The end: of the input, by a signal, or because the client has gone.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use crate::error::{Error, Result};
use crate::sys;

/// How long the line that was taken when a signal came may wait for a device or for room.
const LINE_PATIENCE: Duration = Duration::from_millis(500);
/// How long calls under way may take to end after the input has.
const ANSWERS_PATIENCE: Duration = Duration::from_secs(2);
/// How long those of the program's own tools may take after a signal; see `HostTools::end`.
const HOST_PATIENCE: Duration = Duration::from_secs(3);
/// When the program ends, whatever still blocks.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// How often a write that waits is looked at, and how long it may wait for a client that has gone.
const LOOK: Duration = Duration::from_millis(500);
const BLOCKED_MAX: Duration = Duration::from_secs(2);

/// Watches for signals, and for a client that has gone without reading its answers.
pub(super) fn watch(client: &Arc<Client>, input: File, output: File) -> Result<()> {
    let mut signals = sys::EndSignals::new().map_err(Error::Signals)?;
    let on_signal = Arc::clone(client);
    spawn("signals", move || {
        if signals.wait() {
            // Whatever else the client sends is not taken, and what was taken is answered.
            on_signal.stop_taking(LINE_PATIENCE);
            on_signal.hub.end_own();
            end_in_any_case();
            on_signal.wait_for_host(Some(HOST_PATIENCE));
            finish(&on_signal);
            std::process::exit(0);
        }
    })?;
    let client = Arc::clone(client);
    spawn("watch", move || {
        loop {
            std::thread::sleep(LOOK);
            client.hub.look_again();
            // After the end of its input a tool of this program may run for a client that is gone.
            if client.has_no_input() && sys::reader_is_gone(&output) {
                client.hub.close();
                std::process::exit(0);
            }
            if client.is_broken() || client.blocked() > BLOCKED_MAX && sys::writer_is_gone(&input) {
                client.hub.close();
                std::process::exit(0);
            }
        }
    })
}

/// The input has ended. A call of the program's own tools is answered, however long it takes: a
/// client that does not want that sends a signal.
pub(super) fn input_ended(client: &Client) {
    client.input_ended();
    client.wait_for_host(None);
    end_in_any_case();
    finish(client);
}

/// The connection of a client has ended, and the program goes on. What was taken is answered, if
/// it ends in time, and the rest is given up.
pub(super) fn connection_ended(client: &Client) {
    client.input_ended();
    client.wait_for_host(Some(HOST_PATIENCE));
    client.wait_for_answers(ANSWERS_PATIENCE);
    client.end_subscriptions();
    client.flush();
    client.close();
}

/// The program ends some seconds from now, even if the client reads nothing.
fn end_in_any_case() {
    // Without this thread only the patience is lost.
    drop(spawn("end", || {
        std::thread::sleep(END_PATIENCE);
        std::process::exit(0);
    }));
}

/// Lets calls under way end, writes what there is to write, and closes the devices.
fn finish(client: &Client) {
    client.wait_for_answers(ANSWERS_PATIENCE);
    client.end_subscriptions();
    client.flush();
    client.hub.close();
    client.flush();
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024);
    thread.spawn(run).map(drop).map_err(Error::Thread)
}
