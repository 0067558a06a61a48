//! Bytes of the device become messages.

use trine_wire::frame::{DecodeEvent, Decoder, frame_max};

use super::MESSAGE_MAX;

/// What bytes came to.
#[derive(Debug)]
pub(super) enum Received<'r> {
    /// Nothing yet.
    Nothing,
    /// What is no frame.
    Noise,
    /// A message, and its frame as it came.
    Message { message: &'r [u8], frame: &'r [u8] },
}

/// The frame that is being received.
#[derive(Debug)]
pub(super) struct Receiver {
    decoder: Decoder,
    message: [u8; MESSAGE_MAX],
    frame: [u8; frame_max(MESSAGE_MAX)],
    len: usize,
}

impl Receiver {
    pub(super) const fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            message: [0; MESSAGE_MAX],
            frame: [0; frame_max(MESSAGE_MAX)],
            len: 0,
        }
    }

    /// Waits for the next frame.
    pub(super) const fn restart(&mut self) {
        (self.decoder, self.len) = (Decoder::new(), 0);
    }

    /// Takes bytes up to the end of a frame; answers how many.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (usize, Received<'_>) {
        let (used, event) = self.decoder.take(bytes, &mut self.message);
        let taken = bytes.get(..used).unwrap_or_default();
        // Of what is no frame and longer than any, the rest is not kept.
        if let Some(place) = self.frame.get_mut(self.len..).and_then(|it| it.get_mut(..used)) {
            place.copy_from_slice(taken);
            self.len += used;
        }
        let len = match event {
            DecodeEvent::Nothing => return (used, Received::Nothing),
            _ => core::mem::take(&mut self.len),
        };
        let DecodeEvent::Message(size) = event else { return (used, Received::Noise) };
        let message = self.message.get(..size).unwrap_or_default();
        (used, Received::Message { message, frame: self.frame.get(..len).unwrap_or_default() })
    }
}
