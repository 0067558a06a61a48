//! Reading the files of a device's skills, on a thread of its own.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::warn;
use trine_mcp::{Block, Outcome};
use trine_wire::message::block::{self, Blocks};

use super::{DeviceSkills, FileBytes, files_of, make};
use crate::device::{Cost, Device, DeviceWant, Extra, Waiter};
use crate::sanitize;
use crate::shelf::DeviceShelf;
use crate::sync::lock;
use crate::words::Words;

/// How long a file may take, and how long a thread waits for a device that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is known of a device's skills.
#[derive(Debug, Default)]
pub(crate) struct SkillReader(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    known: Option<DeviceSkills>,
    /// The lists that were read last, or are being read; none where a file has changed since.
    read: Option<Arc<DeviceShelf>>,
    is_reading: bool,
}

impl SkillReader {
    /// The skills of a device as they are known, if it has any, and whether they are still unknown.
    /// Starts to read them if they are not those of its lists; then the device tells of a change.
    pub(crate) fn skills(&self, device: &Arc<Device>) -> (Option<DeviceSkills>, bool) {
        let shelf = device.shelf().filter(|shelf| !files_of(shelf).is_empty());
        let Some(shelf) = shelf else {
            let mut state = lock(&self.0);
            (state.known, state.read) = (None, None);
            return (None, false);
        };
        let mut state = lock(&self.0);
        let is_read = state.read.as_ref().is_some_and(|read| Arc::ptr_eq(read, &shelf));
        if !is_read && !state.is_reading {
            state.is_reading = start(device);
        }
        (state.known.clone(), state.known.is_none() && state.is_reading)
    }

    /// Whether files are being read.
    pub(crate) fn is_reading(&self) -> bool {
        lock(&self.0).is_reading
    }

    /// A file has changed.
    pub(crate) fn changed(&self) {
        lock(&self.0).read = None;
    }

    /// The lists that are to be read after what is known now; `None` where they are those that were
    /// read.
    fn next(&self, known: Option<DeviceSkills>, device: &Device) -> Option<Arc<DeviceShelf>> {
        let mut state = lock(&self.0);
        state.known = known.or(state.known.take());
        let is_new = |shelf: &Arc<DeviceShelf>| {
            !state.read.as_ref().is_some_and(|read| Arc::ptr_eq(read, shelf))
        };
        let shelf = device.shelf().filter(is_new);
        state.is_reading = shelf.is_some();
        state.read = shelf.clone().or(state.read.take());
        shelf
    }
}

/// Starts the thread that reads; answers whether it runs.
fn start(device: &Arc<Device>) -> bool {
    let weak = Arc::downgrade(device);
    let thread = std::thread::Builder::new().name("skills".to_owned()).stack_size(256 * 1024);
    let started = thread.spawn(move || {
        let Some(device) = weak.upgrade() else { return };
        let reader = device.skill_reader();
        let mut next = reader.next(None, &device);
        while let Some(shelf) = next {
            let file = |uri: Box<str>| {
                let bytes = read(&device, &uri);
                (uri, bytes)
            };
            let files = files_of(&shelf).into_iter().map(file).collect();
            // A file that was not read to its end because the program ends has no fault.
            if device.is_closing() {
                return;
            }
            let (skills, problems) = make(&files);
            let known = DeviceSkills { skills: skills.into(), problems: problems.into() };
            next = reader.next(Some(known), &device);
            device.has_changed();
        }
    });
    started.inspect_err(|error| warn!("cannot start a thread that reads skills: {error}")).is_ok()
}

/// Who waits for a file.
struct Reading(Mutex<Option<Sender<FileBytes>>>);

impl Reading {
    fn end(&self, result: FileBytes) {
        if let Some(send) = lock(&self.0).take() {
            // Who asked may have stopped waiting.
            drop(send.send(result));
        }
    }
}

/// The bytes of a resource as `resources/read` gives them to clients.
fn read(device: &Device, uri: &str) -> FileBytes {
    let (send, receive) = mpsc::channel();
    let waiter: Arc<dyn Waiter> = Arc::new(Reading(Mutex::new(Some(send))));
    let ticket = device.want(DeviceWant::Read(uri), &Extra::default(), (&waiter, 0));
    let mut end = Err(RecvTimeoutError::Timeout);
    if let Some(soon) = device.skills_due() {
        end = receive.recv_timeout(soon);
        if end.is_err() {
            // Clients do not wait for it any longer.
            device.has_changed();
        }
    }
    end.or_else(|_| receive.recv_timeout(PATIENCE)).unwrap_or_else(|_| {
        if let Some(ticket) = ticket {
            device.cancel(ticket);
        }
        Err(format!("no answer within {} s", PATIENCE.as_secs()))
    })
}

impl Waiter for Reading {
    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        self.end(match outcome {
            Outcome::Content([Block::Text(text)]) => Ok(text.as_bytes().to_vec()),
            Outcome::Content([Block::Image { data, .. } | Block::Audio { data, .. }]) => {
                let mut bytes = Vec::new();
                data.pieces(&mut |piece| bytes.extend_from_slice(piece));
                Ok(bytes)
            }
            Outcome::Error(why) => Err(sanitize::plain(why).into_owned()),
            Outcome::Failed(failure) => {
                let mut why = Words::default();
                failure.explain(&mut why);
                Err(why.0)
            }
            _ => Err(NOT_ONE.to_owned()),
        });
    }

    fn understood(&self, _: u64, blocks: &[u8], _: Cost) {
        let mut blocks = Blocks::new(blocks);
        self.end(match (blocks.next(), blocks.next()) {
            (Some(Ok(block::Block::Embedded { what, bytes, .. })), None) => {
                let text = std::str::from_utf8(bytes).ok().filter(|_| what == 0);
                let fit = text.map(|text| sanitize::content(text).as_bytes().to_vec());
                Ok(fit.unwrap_or_else(|| bytes.to_vec()))
            }
            // It came in pieces to another program, which has passed it on in one.
            (Some(Ok(block::Block::Text { text })), None) => {
                Ok(sanitize::content(text).as_bytes().to_vec())
            }
            _ => Err(NOT_ONE.to_owned()),
        });
    }

    fn missing(&self, _: u64, _: Cost) {
        self.end(Err("the device lists it and does not have it".to_owned()));
    }
}

const NOT_ONE: &str = "it is not one text or one file";
