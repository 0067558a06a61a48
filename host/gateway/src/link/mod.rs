//! Ways to a device.

mod attached;
mod bulk;
mod bus;
mod dial;
mod error;
mod frames;
#[cfg(unix)]
mod holder;
mod local;
mod outgoing;
#[cfg(unix)]
mod owner;
#[cfg(unix)]
pub(crate) mod place;
#[cfg(not(unix))]
#[path = "nowhere.rs"]
pub(crate) mod place;
mod pump;
mod reach;
#[cfg(unix)]
mod serial;
#[cfg(windows)]
#[path = "com.rs"]
mod serial;
mod shared;
mod usb;

use std::io::{self, Write};

pub(crate) use attached::Attached;
pub use bus::{BusMaster, BusTiming};
pub(crate) use dial::{COMING_MS, Dial, Opened, READ_PATIENCE, Tcp, Udp};
#[cfg(unix)]
pub(crate) use dial::{Unix, halves};
pub use error::LinkError;
pub(crate) use frames::{FrameEvent, Frames};
pub(crate) use local::{Board, Local};
pub(crate) use outgoing::Outgoing;
pub(crate) use pump::{Pump, ReadEvent, is_quiet};
pub(crate) use serial::Serial;
pub(crate) use shared::Bus;
pub(crate) use usb::Usb;

impl std::fmt::Display for Framing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream => f.write_str("stream"),
            Self::Packet { mtu } => write!(f, "packet {mtu}"),
            Self::Whole => f.write_str("whole"),
        }
    }
}

/// How messages stand on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// A byte stream: COBS between zeros.
    #[default]
    Stream,
    /// Packets, as CAN, BLE and datagrams carry them.
    Packet {
        /// Most bytes of a packet, 8 at least.
        mtu: u16,
    },
    /// Each piece is one message: what lies below frames and checks it, as a [`BusMaster`] does.
    Whole,
}

/// The way out to a device.
pub(crate) enum Line {
    /// There is none.
    None,
    /// A link that another thread reads.
    Link(Box<dyn Write + Send>, Framing),
    /// A board in this process.
    Local(Box<Local>),
}

impl Line {
    /// Sends a message whole; answers the bytes that it takes on the line. `framed` is told of the
    /// bytes of its frame, or of the body of its packets, before they are sent.
    pub(crate) fn send(
        &mut self,
        message: &mut Outgoing,
        framed: impl FnOnce(usize),
    ) -> io::Result<u32> {
        let bytes = match self {
            Self::None => return Err(io::ErrorKind::NotConnected.into()),
            Self::Link(link, Framing::Stream) => {
                let frame = message.frame();
                framed(frame.len());
                link.write_all(frame)?;
                frame.len()
            }
            Self::Link(link, Framing::Packet { mtu }) => message.packets(*mtu, link, framed)?,
            Self::Link(link, Framing::Whole) => {
                let whole = message.message();
                framed(whole.len());
                link.write_all(whole)?;
                whole.len()
            }
            Self::Local(local) => {
                let frame = message.frame();
                framed(frame.len());
                local.feed(frame);
                frame.len()
            }
        };
        Ok(u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    /// Puts bytes that are no message on the line.
    pub(crate) fn noise(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::None => Err(io::ErrorKind::NotConnected.into()),
            Self::Link(link, _) => link.write_all(bytes),
            Self::Local(local) => {
                local.feed(bytes);
                Ok(())
            }
        }
    }
}
