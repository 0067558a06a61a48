//! Layers on a live link.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Direction, Layer as _, Layers, LinkKind};
use crate::error::Result;
use crate::link::{Dial, LinkError, Opened, Pump, READ_PATIENCE, ReadEvent};
use crate::sync::lock;

/// Makes the layers of a link each time that it is opened.
pub(crate) type MakeLayers = Box<dyn FnMut(LinkKind) -> Result<Layers> + Send>;

/// A link with layers on it.
pub(crate) struct Layered {
    inner: Box<dyn Dial>,
    kind: LinkKind,
    make: MakeLayers,
}

impl Layered {
    pub(crate) fn new(inner: Box<dyn Dial>, kind: LinkKind, make: MakeLayers) -> Self {
        Self { inner, kind, make }
    }
}

impl Dial for Layered {
    fn dial(&mut self) -> std::result::Result<Opened, LinkError> {
        let layers = (self.make)(self.kind).map_err(|error| LinkError::Layer(Box::new(error)))?;
        let Opened { reader, writer, framing, place, is_holder } = self.inner.dial()?;
        let (events, receive) = mpsc::channel();
        let pump = Pump::start(reader, events.clone(), Event::Line).map_err(LinkError::Thread)?;
        let shared = Arc::new(Mutex::new(Shared { layers, writer, since: Instant::now() }));
        let reader = LinkReader {
            shared: Arc::clone(&shared),
            events: receive,
            read: VecDeque::new(),
            broken: None,
            _pump: pump,
        };
        let writer = LinkWriter { shared, events };
        let (reader, writer) = (Box::new(reader), Box::new(writer));
        Ok(Opened { reader, writer, framing, place, is_holder })
    }

    fn redial_when_silent(&self) -> bool {
        self.inner.redial_when_silent()
    }

    fn pause_max(&self) -> Duration {
        self.inner.pause_max()
    }
}

/// What the reading end waits for.
enum Event {
    Line(ReadEvent),
    /// Something was written: what is due may have changed.
    Wrote,
}

/// What both ends use.
struct Shared {
    layers: Layers,
    writer: Box<dyn Write + Send>,
    since: Instant,
}

impl Shared {
    fn now_us(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Sends a piece through the layers, or only what is due.
    fn send(&mut self, piece: Option<&[u8]>) -> io::Result<()> {
        let now_us = self.now_us();
        let Self { layers, writer, .. } = self;
        let mut written = Ok(());
        let mut out = |piece: &[u8]| {
            if written.is_ok() {
                written = writer.write_all(piece);
            }
        };
        match piece {
            Some(piece) => layers.pass(Direction::ToDevice, now_us, piece, &mut out),
            None => layers.due(Direction::ToDevice, now_us, &mut out),
        }
        written
    }

    fn take(&mut self, piece: Option<&[u8]>, read: &mut VecDeque<Vec<u8>>) {
        let now_us = self.now_us();
        let mut out = |piece: &[u8]| read.push_back(piece.to_vec());
        match piece {
            Some(piece) => self.layers.pass(Direction::ToHost, now_us, piece, &mut out),
            None => self.layers.due(Direction::ToHost, now_us, &mut out),
        }
    }

    /// How long nothing is due, and no longer than a read may wait.
    fn wait(&self) -> Duration {
        let due = self.layers.next_due().map(|at| at.saturating_sub(self.now_us()));
        due.map_or(READ_PATIENCE, Duration::from_micros).min(READ_PATIENCE)
    }
}

/// The reading end: each read takes a piece.
struct LinkReader {
    shared: Arc<Mutex<Shared>>,
    events: Receiver<Event>,
    read: VecDeque<Vec<u8>>,
    broken: Option<String>,
    _pump: Pump,
}

impl LinkReader {
    /// Gives out the first piece that has come; what does not fit stays for the next read.
    fn give(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let mut piece = self.read.pop_front()?;
        let len = piece.len().min(buffer.len());
        buffer.get_mut(..len)?.copy_from_slice(piece.get(..len)?);
        if len < piece.len() {
            piece.drain(..len);
            self.read.push_front(piece);
        }
        Some(len)
    }
}

impl Read for LinkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let until = Instant::now() + READ_PATIENCE;
        loop {
            let wait = {
                let mut shared = lock(&self.shared);
                shared.send(None)?;
                shared.take(None, &mut self.read);
                shared.wait()
            };
            if let Some(len) = self.give(buffer) {
                return Ok(len);
            }
            if let Some(why) = self.broken.take() {
                return Err(io::Error::other(why));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            match self.events.recv_timeout(wait.min(left)) {
                Ok(Event::Line(ReadEvent::Piece(piece))) => {
                    lock(&self.shared).take(Some(&piece), &mut self.read);
                }
                Ok(Event::Line(ReadEvent::End(why))) => self.broken = Some(why),
                Ok(Event::Wrote) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}

/// The writing end: each write is a piece.
struct LinkWriter {
    shared: Arc<Mutex<Shared>>,
    events: Sender<Event>,
}

impl Write for LinkWriter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        lock(&self.shared).send(Some(piece))?;
        // The reading end may be gone already, which its own thread tells.
        drop(self.events.send(Event::Wrote));
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
