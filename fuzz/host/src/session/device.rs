//! The device: what it has heard of the host, and how it puts messages on the line.

use trine_descriptor::{Tool, record};
use trine_gateway::{Driven, Framing};
use trine_wire::message::{self, DeviceMessage, Hello, HostHello, HostMessage, feature};
use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::secure::DeviceKeys;
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame};

use super::KEY;
use crate::tools::TOOLS;

/// Vendor, product and serial number.
pub(super) const NAMES: [&str; 3] = ["fuzz", "device", "1"];
/// Calls of the host that are kept, the last ones.
const CALLS_MAX: usize = 64;

pub(super) struct Device {
    framing: Framing,
    is_keyed: bool,
    keys: DeviceKeys,
    greetings: u32,
    epoch: u32,
    /// The host's last hello, and its bytes.
    asked: (HostHello, Vec<u8>),
    /// Where the page starts that it asked for last.
    pub(super) offset: u32,
    /// Ids of its last calls.
    pub(super) calls: Vec<u32>,
    pub(super) list: Vec<u8>,
    pub(super) hash: u64,
    decoder: Decoder,
    reassembler: Reassembler,
    buffer: Vec<u8>,
    fragmenter: Fragmenter,
    /// What it put on the line last.
    last: Vec<Vec<u8>>,
}

impl Device {
    pub(super) fn new(framing: Framing, is_keyed: bool) -> Self {
        let mut device = Self {
            framing,
            is_keyed,
            keys: DeviceKeys::new(KEY),
            greetings: 0,
            epoch: 5,
            asked: Default::default(),
            offset: 0,
            calls: Vec::new(),
            list: Vec::new(),
            hash: 0,
            decoder: Decoder::new(),
            reassembler: Reassembler::new(),
            buffer: vec![0; 64 * 1024],
            fragmenter: Fragmenter::new(),
            last: Vec::new(),
        };
        device.show(&TOOLS);
        device
    }

    /// These are its tools from now on.
    pub(super) fn show(&mut self, tools: &[Tool<'static>]) {
        self.list = vec![0; record::page(tools, 0, &mut [])];
        record::page(tools, 0, &mut self.list);
        self.hash = record::table_hash(tools);
    }

    /// It starts again.
    pub(super) fn restart(&mut self, epoch: u32) {
        (self.epoch, self.keys) = (epoch, DeviceKeys::new(KEY));
        self.plug();
    }

    /// The link is another one.
    pub(super) fn plug(&mut self) {
        (self.decoder, self.reassembler) = (Decoder::new(), Reassembler::new());
        self.fragmenter = Fragmenter::new();
    }

    /// A piece of the host.
    pub(super) fn hear(&mut self, piece: &[u8]) {
        let mut heard = Vec::new();
        match self.framing {
            Framing::Packet { .. } => {
                let taken = self.reassembler.take(piece, &mut self.buffer);
                heard.extend(taken.message.map(|len| self.buffer[..len].to_vec()));
            }
            _ => {
                for byte in piece {
                    if let DecodeEvent::Message(len) = self.decoder.feed(*byte, &mut self.buffer) {
                        heard.push(self.buffer[..len].to_vec());
                    }
                }
            }
        }
        heard.iter().for_each(|message| self.message(message));
    }

    fn message(&mut self, bytes: &[u8]) {
        let bytes = match bytes.first() {
            Some(0) => bytes,
            _ if self.is_keyed => match self.keys.open(bytes) {
                Some((message, _)) => message,
                None => return,
            },
            _ => bytes,
        };
        match message::read(bytes).expect("the host says what the wire has") {
            HostMessage::Hello(hello) => self.asked = (hello, bytes.to_vec()),
            HostMessage::List { offset, .. } => self.offset = offset,
            HostMessage::Call(call) => {
                self.calls.truncate(CALLS_MAX - 1);
                self.calls.insert(0, call.id);
            }
            _ => {}
        }
    }

    /// The answer to the last hello.
    pub(super) fn hello(&self) -> Hello<'static> {
        let [vendor, product, serial] = NAMES;
        Hello {
            wire: 1,
            nonce: self.asked.0.nonce,
            epoch: self.epoch,
            table_hash: self.hash,
            tools: 5,
            message_max: 192,
            calls_max: 4,
            features: feature::CONTENT
                | feature::CREDIT
                | feature::PROGRESS
                | feature::CANCEL
                | feature::LOG,
            vendor,
            product,
            serial,
            firmware: "f",
            build: "b",
            session: self.asked.0.session,
            rx_bytes: 256,
            result_max: 256,
            link_ms: 0,
            keyed: self.is_keyed,
            challenge: [0; 12],
            hello_digest: [0; 8],
        }
    }

    /// Says a hello, with a tag where it has a key.
    pub(super) fn say_hello(&mut self, hello: &Hello<'_>, host: &mut Driven, now: u64) {
        let mut hello = *hello;
        if self.is_keyed {
            self.greetings += 1;
            let mut fresh = [7; 12];
            fresh[..4].copy_from_slice(&self.greetings.to_le_bytes());
            let (asked, bytes) = &self.asked;
            let answer = self.keys.answer_hello(asked.host_nonce, bytes, fresh);
            (hello.challenge, hello.hello_digest) = (answer.challenge, answer.digest);
        }
        let mut bytes = written(&DeviceMessage::Hello(hello));
        let len = bytes.len();
        if self.is_keyed {
            bytes.resize(len + 20, 0);
            self.keys.seal_hello(&mut bytes, 0, len).expect("there is room for a tag");
        }
        self.put(&bytes, host, now);
    }

    /// Says a message, with a tag where it has a key and a session.
    pub(super) fn say(&mut self, message: &DeviceMessage<'_>, host: &mut Driven, now: u64) {
        self.say_bytes(&written(message), host, now);
    }

    /// The same with the bytes of a message.
    pub(super) fn say_bytes(&mut self, message: &[u8], host: &mut Driven, now: u64) {
        let mut bytes = message.to_vec();
        bytes.resize(message.len() + 20, 0);
        let sealed = self.keys.seal(&mut bytes, 0, message.len()).filter(|_| self.is_keyed);
        bytes.truncate(sealed.unwrap_or(message.len()));
        self.put(&bytes, host, now);
    }

    /// Puts a message on the line as the link has it.
    fn put(&mut self, message: &[u8], host: &mut Driven, now: u64) {
        let len = message.len();
        self.last.clear();
        if let Framing::Packet { mtu } = self.framing {
            let mut body = vec![0; packet::body_len(len) + 3];
            body[3..3 + len].copy_from_slice(message);
            let len = packet::encode_in_place(&mut body, 3, len).expect("it fits");
            let mut packet = vec![0; mtu.into()];
            loop {
                match self.fragmenter.next(&body[..len], &mut packet) {
                    0 => break,
                    len => self.last.push(packet[..len].to_vec()),
                }
            }
        } else {
            let start = frame::headroom(len);
            let mut framed = vec![0; frame::frame_max(len) + start];
            framed[start..start + len].copy_from_slice(message);
            let len = encode_in_place(&mut framed, start, len).expect("it fits");
            self.last.push(framed[..len].to_vec());
        }
        self.again(host, now);
    }

    /// Puts the last pieces on the line once more.
    pub(super) fn again(&self, host: &mut Driven, now: u64) {
        self.last.iter().for_each(|piece| host.receive(piece, now));
    }
}

fn written(message: &DeviceMessage<'_>) -> Vec<u8> {
    let mut bytes = vec![0; 8 * 1024];
    let len = message::write(message, &mut bytes).expect("it fits");
    bytes.truncate(len);
    bytes
}
