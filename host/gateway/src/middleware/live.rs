//! Layers on a live link.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Layer as _, Layers, LinkKind, Way};
use crate::error::Result;
use crate::link::{Came, Dial, Opened, Pump, READ_PATIENCE};
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
    fn dial(&mut self) -> std::result::Result<Opened, String> {
        let layers = (self.make)(self.kind).map_err(|error| error.chain())?;
        let Opened { reader, writer, framing } = self.inner.dial()?;
        let (events, receive) = mpsc::channel();
        let pump = Pump::start(reader, events.clone(), Event::Line)
            .map_err(|error| format!("cannot spawn a thread: {error}"))?;
        let shared = Arc::new(Mutex::new(Shared { layers, writer, since: Instant::now() }));
        let reader = Reader {
            shared: Arc::clone(&shared),
            events: receive,
            came: VecDeque::new(),
            broken: None,
            _pump: pump,
        };
        let writer = Writer { shared, events };
        Ok(Opened { reader: Box::new(reader), writer: Box::new(writer), framing })
    }

    fn redial_when_silent(&self) -> bool {
        self.inner.redial_when_silent()
    }
}

/// What the reading end waits for.
enum Event {
    Line(Came),
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
            Some(piece) => layers.pass(Way::ToDevice, now_us, piece, &mut out),
            None => layers.due(Way::ToDevice, now_us, &mut out),
        }
        written
    }

    fn take(&mut self, piece: Option<&[u8]>, came: &mut VecDeque<Vec<u8>>) {
        let now_us = self.now_us();
        let mut out = |piece: &[u8]| came.push_back(piece.to_vec());
        match piece {
            Some(piece) => self.layers.pass(Way::ToHost, now_us, piece, &mut out),
            None => self.layers.due(Way::ToHost, now_us, &mut out),
        }
    }

    /// How long nothing is due, and no longer than a read may wait.
    fn wait(&self) -> Duration {
        let due = self.layers.next_due().map(|at| at.saturating_sub(self.now_us()));
        due.map_or(READ_PATIENCE, Duration::from_micros).min(READ_PATIENCE)
    }
}

/// The reading end: each read takes a piece.
struct Reader {
    shared: Arc<Mutex<Shared>>,
    events: Receiver<Event>,
    came: VecDeque<Vec<u8>>,
    broken: Option<String>,
    _pump: Pump,
}

impl Reader {
    /// Gives out the first piece that has come; what does not fit stays for the next read.
    fn give(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let mut piece = self.came.pop_front()?;
        let len = piece.len().min(buffer.len());
        buffer.get_mut(..len)?.copy_from_slice(piece.get(..len)?);
        if len < piece.len() {
            piece.drain(..len);
            self.came.push_front(piece);
        }
        Some(len)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let until = Instant::now() + READ_PATIENCE;
        loop {
            let wait = {
                let mut shared = lock(&self.shared);
                shared.send(None)?;
                shared.take(None, &mut self.came);
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
                Ok(Event::Line(Came::Piece(piece))) => {
                    lock(&self.shared).take(Some(&piece), &mut self.came);
                }
                Ok(Event::Line(Came::End(why))) => self.broken = Some(why),
                Ok(Event::Wrote) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}

/// The writing end: each write is a piece.
struct Writer {
    shared: Arc<Mutex<Shared>>,
    events: Sender<Event>,
}

impl Write for Writer {
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
