//! A bus on a real line, and the devices that share it: a thread asks them in turn.

use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::dial::READ_PATIENCE;
use super::pump::{Pump, ReadEvent};
use super::{BusMaster, BusTiming, Dial, Framing, LinkError, Opened};

/// How often the thread of a bus looks whether anyone is still there.
const LOOK: Duration = Duration::from_millis(500);

/// What the thread of a bus waits for.
enum Event {
    /// A device opens its link: where its messages go, and where to answer.
    Join(u8, Sender<Vec<u8>>, Sender<Result<(), LinkError>>),
    /// A message for a device.
    Send(u8, Vec<u8>),
    /// Something from the line; the number tells one opening of it from the next.
    Line(u64, ReadEvent),
}

/// A line that devices share. It is opened when the first of them wants it.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    events: Sender<Event>,
    _alive: Arc<()>,
}

impl Bus {
    /// Starts the thread of a line. It ends when all who share it are gone.
    pub(crate) fn new(dial: Box<dyn Dial>, timing: BusTiming) -> io::Result<Self> {
        let (events, receive) = mpsc::channel();
        let alive = Arc::new(());
        let driver = Driver {
            dial,
            timing,
            master: BusMaster::new(timing),
            line: None,
            openings: 0,
            stations: Vec::new(),
            since: Instant::now(),
            events: events.clone(),
            alive: Arc::downgrade(&alive),
        };
        let thread = std::thread::Builder::new().name("bus".into()).stack_size(256 * 1024);
        thread.spawn(move || driver.run(&receive))?;
        Ok(Self { events, _alive: alive })
    }

    /// The way to one device of the line.
    pub(crate) fn station(&self, address: u8) -> Station {
        Station { bus: self.clone(), address }
    }
}

/// One device of a line.
#[derive(Debug)]
pub(crate) struct Station {
    bus: Bus,
    address: u8,
}

impl Dial for Station {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let (to_station, messages) = mpsc::channel();
        let (answer, answered) = mpsc::channel();
        let join = Event::Join(self.address, to_station, answer);
        self.bus.events.send(join).map_err(|_| LinkError::Ended)?;
        answered.recv().map_err(|_| LinkError::Ended)??;
        let outlet = Outlet { events: self.bus.events.clone(), address: self.address };
        Ok(Opened::new(Box::new(Messages(messages)), Box::new(outlet), Framing::Whole))
    }
}

/// The messages of one device; each read takes one.
struct Messages(Receiver<Vec<u8>>);

impl Read for Messages {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.recv_timeout(READ_PATIENCE) {
            Ok(message) => {
                let place = buffer.get_mut(..message.len()).ok_or(io::ErrorKind::InvalidData)?;
                place.copy_from_slice(&message);
                Ok(message.len())
            }
            Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::WouldBlock.into()),
            Err(RecvTimeoutError::Disconnected) => Ok(0),
        }
    }
}

/// Each write is a message for one device.
struct Outlet {
    events: Sender<Event>,
    address: u8,
}

impl Write for Outlet {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        let event = Event::Send(self.address, message.to_vec());
        self.events.send(event).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The thread of a bus.
struct Driver {
    dial: Box<dyn Dial>,
    timing: BusTiming,
    master: BusMaster,
    line: Option<(Box<dyn Write + Send>, Pump)>,
    openings: u64,
    stations: Vec<(u8, Sender<Vec<u8>>)>,
    since: Instant,
    events: Sender<Event>,
    alive: Weak<()>,
}

impl Driver {
    fn run(mut self, events: &Receiver<Event>) {
        while self.alive.strong_count() > 0 {
            self.speak();
            match events.recv_timeout(self.wait()) {
                Ok(event) => self.event(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// How long there is nothing to do.
    fn wait(&self) -> Duration {
        if self.line.is_none() {
            return LOOK;
        }
        let wait = self.master.next_due_us().saturating_sub(self.now_us());
        Duration::from_micros(wait).min(LOOK)
    }

    fn speak(&mut self) {
        let now_us = self.now_us();
        let Some((writer, _)) = &mut self.line else { return };
        let Some(frame) = self.master.next_frame(now_us) else { return };
        if let Err(error) = writer.write_all(frame) {
            self.lost(&format!("the link broke: {error}"));
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Join(address, messages, answer) => {
                let opened = self.open();
                if opened.is_ok() {
                    self.stations.retain(|(other, _)| *other != address);
                    self.stations.push((address, messages));
                    self.master.join(address);
                }
                // A device that does not wait any more has been closed.
                drop(answer.send(opened));
            }
            Event::Send(address, message) => self.master.send(address, &message),
            Event::Line(opening, ReadEvent::Piece(piece)) if opening == self.openings => {
                let now_us = self.now_us();
                let stations = &self.stations;
                self.master.receive(&piece, now_us, &mut |address, message| {
                    if let Some((_, to)) = stations.iter().find(|(other, _)| *other == address) {
                        // It may have been closed.
                        drop(to.send(message.to_vec()));
                    }
                });
            }
            Event::Line(opening, ReadEvent::End(why)) if opening == self.openings => {
                self.lost(&why);
            }
            Event::Line(..) => {}
        }
    }

    /// Opens the line, if it is not open.
    fn open(&mut self) -> Result<(), LinkError> {
        if self.line.is_some() {
            return Ok(());
        }
        let Opened { reader, writer, framing, .. } = self.dial.dial()?;
        if framing != Framing::Stream {
            return Err(LinkError::NotAStream);
        }
        self.openings += 1;
        let opening = self.openings;
        self.master = BusMaster::new(self.timing);
        let pump = Pump::start(reader, self.events.clone(), move |read| Event::Line(opening, read))
            .map_err(LinkError::Thread)?;
        self.line = Some((writer, pump));
        Ok(())
    }

    /// The line is gone: all who share it hear that, and one of them will open it again.
    fn lost(&mut self, why: &str) {
        tracing::debug!("bus: {why}");
        self.line = None;
        self.stations.clear();
    }
}
