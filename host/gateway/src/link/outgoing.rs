//! A message on its way out.

use std::io::{self, Write};

use trine_wire::frame;
use trine_wire::packet::{self, Fragmenter};

/// A message with room around it, so that it becomes a frame where it stands.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
    fragmenter: Fragmenter,
    packet: Vec<u8>,
}

impl Outgoing {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            len: 0,
            fragmenter: Fragmenter::new(),
            packet: Vec::new(),
        }
    }

    /// Lets `write` write a message of up to `room` bytes, which replaces the last one. It answers
    /// the length, or `None` when the message does not fit; there is none then.
    pub(crate) fn write(
        &mut self,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<()> {
        self.start = frame::headroom(room);
        let needed = self.start + frame::frame_max(room);
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
        self.len = 0;
        self.len = write(self.bytes.get_mut(self.start..self.start + room)?)?;
        Some(())
    }

    /// The message as it stands.
    pub(crate) fn message(&self) -> &[u8] {
        self.bytes.get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// The message as a frame of a byte stream. It is no message any more after this.
    pub(crate) fn frame(&mut self) -> &[u8] {
        let (start, len) = (self.start, std::mem::take(&mut self.len));
        let framed = frame::encode_in_place(&mut self.bytes, start, len).unwrap_or_default();
        self.bytes.get(..framed).unwrap_or_default()
    }

    /// Writes the message in packets of at most `mtu` bytes, each in one write; answers the bytes
    /// of them all. `framed` is told of the bytes of its body before. It is no message any more
    /// after this.
    pub(crate) fn packets(
        &mut self,
        mtu: u16,
        link: &mut dyn Write,
        framed: impl FnOnce(usize),
    ) -> io::Result<usize> {
        let (start, len) = (self.start, std::mem::take(&mut self.len));
        let too_long = || io::Error::from(io::ErrorKind::InvalidInput);
        let body = packet::encode_in_place(&mut self.bytes, start, len).ok_or_else(too_long)?;
        let body = self.bytes.get(..body).unwrap_or_default();
        framed(body.len());
        self.packet.resize(usize::from(mtu), 0);
        let mut sent = 0;
        loop {
            let len = self.fragmenter.next(body, &mut self.packet);
            if len == 0 {
                return Ok(sent);
            }
            link.write_all(self.packet.get(..len).unwrap_or_default())?;
            sent += len;
        }
    }
}
