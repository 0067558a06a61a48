//! The host's side of the link, and what it knows of its calls.

use std::collections::BTreeMap;

use trine_arena::Producer;
use trine_descriptor::{Tool, ValueWriter};
use trine_dispatch::Link;
use trine_wire::message::{self, Call, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::{DecodeEvent, Decoder, bus, encode_in_place, frame};

use crate::tools::TOOLS;

pub(super) const SLOTS: u8 = 4;
pub(super) const EPOCH: u32 = 0x0102_0304;
/// The address of the device on a bus.
const ADDRESS: u8 = 9;
const MTU: usize = 20;

/// What became of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    /// Its message, to send it again.
    pub(super) message: Vec<u8>,
    /// How often it was put on the line.
    sent: u32,
    /// How often a result came for it.
    answered: u32,
    /// How often content was announced, which may still be cancelled.
    announced: u32,
    pub(super) number: i64,
}

/// The host.
pub(super) struct Host<'r> {
    link: Link,
    line: Producer<'r>,
    /// Room of the line when the device has read all of it.
    room: usize,
    fragmenter: Fragmenter,
    decoder: Decoder,
    reassembler: Reassembler,
    buffer: Vec<u8>,
    pub(super) session: u32,
    /// Greetings so far; the number goes with each. Answers that come before the answer to the
    /// first one of this session belong to another.
    greetings: u32,
    first: u32,
    joined: bool,
    /// Messages of the device so far.
    pub(super) heard: u32,
    /// Calls by id, of this session.
    pub(super) calls: BTreeMap<u32, Made>,
    sequences: [u32; SLOTS as usize],
    numbers: i64,
}

impl<'r> Host<'r> {
    pub(super) fn new(link: Link, line: Producer<'r>) -> Self {
        Self {
            link,
            room: line.free(),
            line,
            fragmenter: Fragmenter::new(),
            decoder: Decoder::new(),
            reassembler: Reassembler::new(),
            buffer: vec![0; 1024],
            session: 0,
            greetings: 0,
            first: 0,
            joined: false,
            heard: 0,
            calls: BTreeMap::new(),
            sequences: [0; SLOTS as usize],
            numbers: 0,
        }
    }

    /// Whether the device has read all that was sent.
    pub(super) fn is_read(&self) -> bool {
        self.line.free() == self.room
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    /// Puts any bytes on the line, as they are.
    pub(super) fn noise(&mut self, bytes: &[u8]) {
        match self.link {
            Link::Packet { .. } => _ = self.line.push_packet(bytes),
            _ => _ = self.line.push(bytes),
        }
    }

    /// Sends a message; what the ring has no room for is lost.
    pub(super) fn send(&mut self, message: &[u8]) {
        let mut content = Vec::new();
        if let Link::Bus { .. } = self.link {
            content.extend(bus::Header::to_device(ADDRESS, true).bytes());
        }
        content.extend_from_slice(message);
        if let Link::Packet { .. } = self.link {
            let mut body = vec![0; packet::body_len(content.len()) + 3];
            body[3..3 + content.len()].copy_from_slice(&content);
            let len = packet::encode_in_place(&mut body, 3, content.len()).expect("it fits");
            let mut packet = [0; MTU];
            loop {
                match self.fragmenter.next(&body[..len], &mut packet) {
                    0 => return,
                    len => _ = self.line.push_packet(&packet[..len]),
                }
            }
        }
        let mut framed = vec![0; frame::frame_max(content.len()) + 8];
        framed[8..8 + content.len()].copy_from_slice(&content);
        let len = encode_in_place(&mut framed, 8, content.len()).expect("it fits");
        self.line.push(&framed[..len]);
    }

    pub(super) fn say(&mut self, message: &HostMessage<'_>) {
        let mut bytes = [0; 256];
        let len = message::write(message, &mut bytes).expect("it fits");
        self.send(&bytes[..len]);
    }

    /// Says hello. Another session than before forgets all calls.
    pub(super) fn send_hello(&mut self, session: u32, window: u32) {
        if session != self.session {
            self.session = session;
            (self.first, self.joined) = (self.greetings + 1, false);
            self.calls.clear();
            self.sequences = [0; SLOTS as usize];
        }
        self.greetings += 1;
        self.say(&HostMessage::Hello(HostHello {
            wire: 1,
            nonce: self.greetings,
            session,
            content_window: window,
            ..HostHello::default()
        }));
    }

    /// Whether it heard an answer to a hello of its session: before that it takes no result for
    /// its own, since its hellos may have been lost where the line was full.
    pub(super) fn is_joined(&self) -> bool {
        self.joined
    }

    /// Makes a new call on a slot and answers its id.
    pub(super) fn call(&mut self, slot: u8, tool: u16, flags: u8) -> u32 {
        let slot = slot % SLOTS;
        let sequence = &mut self.sequences[usize::from(slot)];
        *sequence += 1;
        let id = trine_wire::slot::id(*sequence, slot, SLOTS).expect("few calls are made");
        self.numbers += 1;
        let mut args = [0; 32];
        let mut writer = ValueWriter::new(&mut args);
        if flags & 4 == 0 {
            writer.int(0, self.numbers);
        } else {
            writer.int(0, -1);
        }
        let hash = TOOLS.get(usize::from(tool)).map_or(0, Tool::hash);
        let check = message::check(hash, EPOCH, if flags & 8 == 0 { self.session } else { 1 });
        let deadline_ms = if flags & 2 == 0 { 0 } else { 60 };
        let call =
            Call { id, tool, check, deadline_ms, args: writer.bytes(), flags, ..Call::default() };
        let mut bytes = [0; 128];
        let len = message::write(&HostMessage::Call(call), &mut bytes).expect("it fits");
        let made = Made { message: bytes[..len].to_vec(), number: self.numbers, ..Made::default() };
        self.calls.insert(id, made);
        self.again(id);
        id
    }

    /// Sends a call again.
    pub(super) fn again(&mut self, id: u32) {
        if let Some(made) = self.calls.get_mut(&id) {
            made.sent += 1;
            let message = made.message.clone();
            self.send(&message);
        }
    }

    /// The id of the last call on a slot.
    pub(super) fn last(&self, slot: u8) -> u32 {
        let slot = slot % SLOTS;
        let sequence = self.sequences[usize::from(slot)];
        trine_wire::slot::id(sequence, slot, SLOTS).unwrap_or_default()
    }

    /// Whether the last call on its slot is the one of this id.
    pub(super) fn is_last(&self, id: u32) -> bool {
        self.last(trine_wire::slot::slot(id, SLOTS)) == id
    }

    pub(super) fn is_answered(&self, id: u32) -> bool {
        self.calls.get(&id).is_some_and(|made| made.answered + made.announced > 0)
    }

    /// Takes what the device sent. All of it can be read.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let mut buffer = core::mem::take(&mut self.buffer);
        if let Link::Packet { .. } = self.link {
            let taken = self.reassembler.take(bytes, &mut buffer);
            assert_eq!(taken.bad, 0, "a bad packet");
            if let Some(len) = taken.message {
                self.message(&buffer[..len]);
            }
        } else {
            for &byte in bytes {
                match self.decoder.feed(byte, &mut buffer) {
                    DecodeEvent::Nothing => {}
                    DecodeEvent::Message(len) => self.framed(&buffer[..len]),
                    DecodeEvent::Bad => unreachable!("a bad frame"),
                }
            }
        }
        self.buffer = buffer;
    }

    fn framed(&mut self, content: &[u8]) {
        let Link::Bus { .. } = self.link else { return self.message(content) };
        let (header, message) = bus::Header::split(content).expect("a header");
        assert!(header.answer_of(ADDRESS).is_some(), "{header:?}");
        if !message.is_empty() {
            self.message(message);
        }
    }

    fn message(&mut self, bytes: &[u8]) {
        self.heard += 1;
        let message: DeviceMessage<'_> = message::read(bytes).expect("a known message");
        if let DeviceMessage::Hello(hello) = message {
            self.joined |= hello.nonce >= self.first;
        }
        if let DeviceMessage::Result { id, outcome } = message
            && self.joined
            && let Some(made) = self.calls.get_mut(&id)
        {
            let count = match outcome {
                Outcome::Content { .. } => &mut made.announced,
                _ => &mut made.answered,
            };
            *count += 1;
            assert!(*count <= made.sent, "{id} was answered too often: {outcome:?}");
            if let Outcome::Forgotten = outcome {
                assert!(made.sent > 1, "{id} came once and was forgotten");
            }
        }
    }
}
