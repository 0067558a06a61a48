//! The thread of a device.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Device;
use super::share::Share;
use crate::error::chain;
use crate::link::{Board, Dial, Frames, Line, Local};
use crate::sync::lock;

/// The first pause between attempts to open a link. It doubles up to [`Dial::pause_max`].
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// How long a line is quiet before text without a line end is shown.
const IDLE_MS: u64 = 200;
/// How long a peer may be silent before a new connection is tried, where that can help.
const REDIAL_MS: u64 = 6_000;
/// How often a board in this process is driven while no one calls it.
const LOCAL_TICK: Duration = Duration::from_millis(10);

impl Device {
    /// Starts the thread that opens the link, reads it, and opens it again when it breaks.
    pub(crate) fn start(self: &Arc<Self>, dial: Box<dyn Dial>) {
        let device = Arc::clone(self);
        self.spawn(move || device.run(dial));
    }

    /// Attaches a board in this process and starts the thread that drives it.
    pub(crate) fn start_local(self: &Arc<Self>, board: Box<dyn Board>) {
        let now = self.now();
        let line = Line::Local(Box::new(Local::new(board)));
        self.with(|session| session.linked(line, now));
        let device = Arc::clone(self);
        self.spawn(move || {
            while !device.is_closing() {
                std::thread::park_timeout(LOCAL_TICK);
                device.tick();
            }
        });
    }

    fn spawn(&self, run: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().name("device".to_owned());
        match thread.stack_size(256 * 1024).spawn(run) {
            Ok(thread) => *lock(&self.thread) = Some(thread),
            Err(error) => {
                let now = self.now();
                let why = format!("the system gives no thread for it: {error}");
                self.with(|session| session.lost(&why, now));
            }
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn tick(&self) {
        let now = self.now();
        self.with(|session| session.tick(now));
    }

    fn run(self: &Arc<Self>, mut dial: Box<dyn Dial>) {
        let mut pause = PAUSE_MIN;
        self.with(|session| session.coming_ms = dial.coming_ms());
        while !self.is_closing() {
            match dial.dial() {
                Ok(opened) => {
                    let now = self.now();
                    let frames = Frames::new(opened.framing);
                    let share = opened.place.and_then(|place| Share::offer(place, self));
                    self.with(|session| {
                        session.set_holder(opened.is_holder);
                        session.linked(Line::Link(opened.writer, opened.framing), now);
                    });
                    let (why, heard) = self.read(opened.reader, frames, dial.redial_when_silent());
                    self.lost(&why);
                    drop(share);
                    if heard {
                        pause = PAUSE_MIN;
                    }
                }
                Err(error) => self.lost(&chain(&error)),
            }
            std::thread::park_timeout(pause);
            pause = (pause * 2).min(dial.pause_max());
            self.tick();
        }
    }

    fn lost(&self, why: &str) {
        if !self.is_closing() {
            let now = self.now();
            self.with(|session| session.lost(why, now));
        }
    }

    /// Reads until the link breaks; answers why, and whether anything came.
    fn read(
        &self,
        mut reader: Box<dyn Read + Send>,
        mut frames: Frames,
        redial: bool,
    ) -> (String, bool) {
        let mut buffer = vec![0; 4096];
        let mut last = self.now();
        let mut heard = false;
        while !self.is_closing() {
            let read = reader.read(&mut buffer);
            let now = self.now();
            match read {
                Ok(0) => return ("the other end has closed the link".to_owned(), heard),
                Ok(len) => {
                    (last, heard) = (now, true);
                    let bytes = buffer.get(..len).unwrap_or_default();
                    let broken = self.with(|session| {
                        session.staged.received(&mut session.calls, len);
                        frames.feed(bytes, &mut |found| session.found(found, now));
                        session.tick(now);
                        session.broken()
                    });
                    self.frames_bad.store(frames.bad(), Ordering::Relaxed);
                    if let Some(why) = broken {
                        return (why, heard);
                    }
                }
                Err(error) if is_quiet(error.kind()) => {
                    let (silent, broken) = self.with(|session| {
                        if now.saturating_sub(last) > IDLE_MS {
                            frames.idle(&mut |found| session.found(found, now));
                        }
                        session.tick(now);
                        (session.silent_ms(now), session.broken())
                    });
                    if let Some(why) = broken {
                        return (why, heard);
                    }
                    if redial && silent > REDIAL_MS {
                        return ("it does not answer".to_owned(), heard);
                    }
                }
                Err(error) => return (format!("the link broke: {error}"), heard),
            }
        }
        (String::new(), heard)
    }
}

/// Nothing came within the patience of a read.
fn is_quiet(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
