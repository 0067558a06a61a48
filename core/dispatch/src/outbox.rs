//! Frames waiting to be sent.

use core::cell::Cell;

use trine_wire::frame;
use trine_wire::message::{self, DeviceMessage};

/// A byte queue in one piece: frames are built at its end and consumed from its front, and the rest
/// is moved to the front when the end comes too close.
#[derive(Debug)]
pub(crate) struct Outbox<'m> {
    buffer: &'m mut [u8],
    start: usize,
    end: usize,
    reply_max: usize,
    pub(crate) frames: u32,
    pub(crate) high_water: usize,
}

impl<'m> Outbox<'m> {
    pub(crate) fn new(buffer: &'m mut [u8], reply_max: usize) -> Self {
        Self { buffer, start: 0, end: 0, reply_max, frames: 0, high_water: 0 }
    }

    pub(crate) fn peek(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Whether the largest message fits. The dispatcher starts nothing that it could not answer.
    pub(crate) fn has_room(&self) -> bool {
        let needed = frame::headroom(self.reply_max) + frame::frame_max(self.reply_max);
        self.buffer.len() - (self.end - self.start) >= needed
    }

    /// Where a message may be built: after the frames, with headroom in front.
    fn place(&mut self) -> &mut [u8] {
        if self.start > 0 {
            // `copy_within` would link a memmove of 700 bytes for this one, seldom way down.
            let bytes = Cell::from_mut(&mut *self.buffer).as_slice_of_cells();
            for (to, from) in bytes.iter().zip(bytes.get(self.start..self.end).unwrap_or_default())
            {
                to.set(from.get());
            }
            self.end -= self.start;
            self.start = 0;
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Queues a message; `false` when it does not fit.
    pub(crate) fn send(&mut self, message: &DeviceMessage<'_>) -> bool {
        let headroom = frame::headroom(self.reply_max);
        let place = self.place();
        let Some(body) = place.get_mut(headroom..) else { return false };
        let Some(len) = message::write(message, body) else { return false };
        let Some(framed) = frame::encode_in_place(place, headroom, len) else { return false };
        self.queued(framed);
        true
    }

    /// Where a result may be written in its place; then [`Self::send_done`].
    pub(crate) fn result_place(&mut self) -> &mut [u8] {
        let at = frame::headroom(self.reply_max) + message::DONE_HEAD_MAX;
        let most = self.reply_max - message::DONE_HEAD_MAX;
        let place = self.place().get_mut(at..).unwrap_or_default();
        let len = place.len().min(most);
        place.get_mut(..len).unwrap_or_default()
    }

    /// Queues the result of `len` bytes that was written to [`Self::result_place`].
    pub(crate) fn send_done(&mut self, id: u32, len: usize) -> bool {
        let at = frame::headroom(self.reply_max) + message::DONE_HEAD_MAX;
        let mut head = [0; message::DONE_HEAD_MAX];
        let Some(head_len) = message::write_done_head(id, len, &mut head) else { return false };
        let place = self.place();
        let start = at - head_len;
        let (Some(to), Some(from)) = (place.get_mut(start..at), head.get(..head_len)) else {
            return false;
        };
        to.copy_from_slice(from);
        let Some(framed) = frame::encode_in_place(place, start, head_len + len) else {
            return false;
        };
        self.queued(framed);
        true
    }

    fn queued(&mut self, framed: usize) {
        self.end += framed;
        self.frames = self.frames.wrapping_add(1);
        self.high_water = self.high_water.max(self.end - self.start);
    }
}
