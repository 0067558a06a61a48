//! The host of a bus: several devices on one half-duplex line, each of which speaks only when it
//! is polled. A machine without a clock; `shared.rs` drives it on a real line.

use std::collections::VecDeque;

use trine_wire::bus::{HEADER_LEN, Header};
use trine_wire::{DecodeEvent, Decoder, frame};

/// Most bytes of a message from a device.
const MESSAGE_MAX: usize = 64 * 1024;
/// How often a device is polled that has said or heard something in the last second.
const BUSY_POLL_US: u64 = 5_000;
/// How often one is polled that has not.
const QUIET_POLL_US: u64 = 50_000;
/// How often one is polled that does not answer, so that it holds the others up little.
const ABSENT_POLL_US: u64 = 1_000_000;
/// How long a device counts as busy.
const BUSY_US: u64 = 1_000_000;
/// After so many polls without an answer a device counts as absent.
const ABSENT_AFTER: u32 = 8;

/// How long things take on a line, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusTiming {
    /// One byte; 0 where no one knows.
    pub byte_us: u64,
    /// Until the first byte of an answer, and longest pause within one. A device that is slower
    /// than this speaks out of turn.
    pub answer_us: u64,
    /// How long the line has to be silent before the host speaks again.
    pub quiet_us: u64,
}

impl BusTiming {
    /// For a line of which nothing is known, such as one behind a socket.
    pub const UNKNOWN: Self = Self { byte_us: 0, answer_us: 200_000, quiet_us: 2_000 };

    /// What suits a line of so many baud: 50 ms for an answer to begin, and between frames the
    /// silence of 3.5 bytes, as Modbus over serial line has it, and a millisecond.
    #[must_use]
    pub const fn of_baud(baud: u32) -> Self {
        let baud = if baud == 0 { 1 } else { baud as u64 };
        Self { byte_us: 10_000_000 / baud, answer_us: 50_000, quiet_us: 35_000_000 / baud + 1_000 }
    }
}

/// One device of the line.
#[derive(Debug)]
struct Station {
    address: u8,
    queue: VecDeque<Vec<u8>>,
    /// Whether it has said that it has more.
    more: bool,
    polled_us: u64,
    active_us: u64,
    unanswered: u32,
}

/// The turn of a device.
#[derive(Clone, Copy, Debug)]
struct PollTurn {
    station: usize,
    /// When the line is the host's again if nothing comes.
    until_us: u64,
    /// Whether the end of the host's frame was sent again.
    ended: bool,
}

/// Ends whatever frame a device is in.
const END: [u8; 3] = [0; 3];

/// Decides who may speak. Messages for devices go in by [`Self::send`], bytes from the line by
/// [`Self::receive`]; [`Self::next_frame`] answers what the host has to put on the line now.
#[derive(Debug)]
pub struct BusMaster {
    timing: BusTiming,
    stations: Vec<Station>,
    next: usize,
    turn: Option<PollTurn>,
    /// When the last byte came or the host's own last byte is through.
    busy_until_us: u64,
    decoder: Decoder,
    /// Bytes since the last zero.
    inside: usize,
    buffer: Vec<u8>,
    frame: Vec<u8>,
    bad: u64,
}

impl BusMaster {
    /// A line without devices.
    #[must_use]
    pub fn new(timing: BusTiming) -> Self {
        Self {
            timing,
            stations: Vec::new(),
            next: 0,
            turn: None,
            busy_until_us: 0,
            decoder: Decoder::new(),
            inside: 0,
            buffer: vec![0; 512],
            frame: Vec::new(),
            bad: 0,
        }
    }

    /// A device of this address (1 to 247) is on the line. One that is there already starts again.
    pub fn join(&mut self, address: u8) {
        self.stations.retain(|station| station.address != address);
        self.turn = None;
        self.stations.push(Station {
            address,
            queue: VecDeque::new(),
            more: false,
            polled_us: 0,
            active_us: 0,
            unanswered: 0,
        });
    }

    /// Frames that were hurt, or came from someone whose turn it was not.
    #[must_use]
    pub const fn bad(&self) -> u64 {
        self.bad
    }

    /// Queues a message for a device.
    pub fn send(&mut self, address: u8, message: &[u8]) {
        if let Some(station) = self.stations.iter_mut().find(|it| it.address == address) {
            station.queue.push_back(message.to_vec());
        }
    }

    /// Takes bytes from the line and calls `each` for every message of a device.
    pub fn receive(&mut self, bytes: &[u8], now_us: u64, each: &mut dyn FnMut(u8, &[u8])) {
        if bytes.is_empty() {
            return;
        }
        self.busy_until_us = self.busy_until_us.max(now_us);
        let answer_us = self.timing.answer_us;
        let mut corrupt = false;
        for &byte in bytes {
            self.inside = if byte == 0 { 0 } else { self.inside + 1 };
            if self.inside > self.buffer.len() && self.buffer.len() < MESSAGE_MAX {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.decoder.feed(byte, &mut self.buffer) {
                DecodeEvent::Nothing => {}
                DecodeEvent::Bad => (self.bad, corrupt) = (self.bad + 1, true),
                DecodeEvent::Message(len) => self.content(len, now_us, each),
            }
        }
        let Some(turn) = &mut self.turn else { return };
        if corrupt && self.inside == 0 {
            // It has answered, and its answer was hurt: the line is free when it is silent.
            (turn.until_us, turn.ended) = (now_us, true);
        } else {
            // While bytes come, someone speaks, also where they are no frame.
            turn.until_us = turn.until_us.max(now_us + answer_us);
        }
    }

    fn content(&mut self, len: usize, now_us: u64, each: &mut dyn FnMut(u8, &[u8])) {
        let content = self.buffer.get(..len).unwrap_or_default();
        let heard = Header::split(content).and_then(|(header, message)| {
            let turn = self.turn?;
            let station = self.stations.get_mut(turn.station)?;
            station.more = header.answer_of(station.address)?;
            Some((station, message))
        });
        let Some((station, message)) = heard else {
            self.bad += 1;
            return;
        };
        station.unanswered = 0;
        self.turn = None;
        if !message.is_empty() {
            station.active_us = now_us;
            each(station.address, message);
        }
    }

    /// The frame that the host has to send now, if it is its turn and there is something to say or
    /// someone to ask.
    pub fn next_frame(&mut self, now_us: u64) -> Option<&[u8]> {
        if now_us < self.busy_until_us + self.timing.quiet_us {
            return None;
        }
        if let Some(turn) = self.turn {
            if now_us < turn.until_us {
                return None;
            }
            if !turn.ended {
                return Some(self.end_again(turn, now_us));
            }
            let station = self.stations.get_mut(turn.station)?;
            station.unanswered = station.unanswered.saturating_add(1);
            station.more = false;
            self.turn = None;
            // What began and never ended is no frame any more.
            self.bad += u64::from(self.decoder.is_inside());
            (self.decoder, self.inside) = (Decoder::new(), 0);
        }
        let count = self.stations.len();
        let order = (0..count).map(|at| (self.next + at) % count);
        let at = order
            .into_iter()
            .find(|&at| self.stations.get(at).is_some_and(|station| station.due_us() <= now_us))?;
        self.next = (at + 1) % count;
        let station = self.stations.get_mut(at)?;
        let message = station.queue.pop_front().unwrap_or_default();
        station.polled_us = now_us;
        if !message.is_empty() {
            station.active_us = now_us;
        }
        let len = write(Header::to_device(station.address, true), &message, &mut self.frame)?;
        self.busy_until_us = now_us + self.timing.byte_us * len as u64;
        self.turn = Some(PollTurn {
            station: at,
            until_us: self.busy_until_us + self.timing.answer_us,
            ended: false,
        });
        self.frame.get(..len)
    }

    /// The end of the last frame may have been lost on the way. Then the first zero of the next
    /// frame, which is another device's, would end it, and two would speak at once. So zeros are
    /// sent while it is still this device's turn.
    fn end_again(&mut self, turn: PollTurn, now_us: u64) -> &'static [u8] {
        self.busy_until_us = now_us + self.timing.byte_us * END.len() as u64;
        let until_us = self.busy_until_us + self.timing.answer_us;
        self.turn = Some(PollTurn { until_us, ended: true, ..turn });
        &END
    }

    /// When [`Self::next_frame`] may have something, if nothing comes before.
    #[must_use]
    pub fn next_due_us(&self) -> u64 {
        let quiet = self.busy_until_us + self.timing.quiet_us;
        let due = match self.turn {
            Some(turn) => turn.until_us,
            None => self.stations.iter().map(Station::due_us).min().unwrap_or(u64::MAX),
        };
        due.max(quiet)
    }
}

impl Station {
    /// When it is to be polled next.
    fn due_us(&self) -> u64 {
        let absent = self.unanswered >= ABSENT_AFTER;
        let pause = if absent {
            ABSENT_POLL_US
        } else if self.more || !self.queue.is_empty() {
            0
        } else if self.polled_us < self.active_us + BUSY_US {
            BUSY_POLL_US
        } else {
            QUIET_POLL_US
        };
        self.polled_us + pause
    }
}

/// Writes a frame of a bus to the front of `out`, which grows to what it takes; answers its length.
fn write(header: Header, message: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let len = HEADER_LEN + message.len();
    let start = frame::headroom(len);
    let needed = start + frame::frame_max(len);
    if out.len() < needed {
        out.resize(needed, 0);
    }
    let content = out.get_mut(start..start + len)?;
    let (head, body) = content.split_at_mut_checked(HEADER_LEN)?;
    head.copy_from_slice(&header.bytes());
    body.copy_from_slice(message);
    frame::encode_in_place(out, start, len)
}

#[cfg(test)]
mod tests;
