//! Ways to a device.

mod dial;
mod frames;
mod local;

use std::io::{self, Write};

pub(crate) use dial::{Dial, Opened, Serial, Tcp, Unix, halves};
pub(crate) use frames::{Found, Frames};
pub(crate) use local::{Board, Local};

/// The way out to a device.
pub(crate) enum Line {
    /// There is none.
    None,
    /// A byte stream; another thread reads what comes back.
    Stream(Box<dyn Write + Send>),
    /// A board in this process.
    Local(Box<Local>),
}

impl Line {
    /// Sends a frame whole.
    pub(crate) fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        match self {
            Self::None => Err(io::ErrorKind::NotConnected.into()),
            Self::Stream(stream) => stream.write_all(frame),
            Self::Local(local) => {
                local.feed(frame);
                Ok(())
            }
        }
    }
}
