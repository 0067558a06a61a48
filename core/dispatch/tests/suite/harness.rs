//! A host on any kind of link, with or without a key, beside a device.

use trine_arena::{Producer, Ring};
use trine_descriptor::ToolTable;
use trine_dispatch::{Config, Device, Link, Tools};
use trine_wire::bus::{HEADER_LEN, Header};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::secure::{HostKeys, TAIL_LEN};
use trine_wire::{DecodeEvent, Decoder, frame};

use crate::bench::SESSION;
use crate::golden::CaptureLine;

/// Most bytes of a message here.
const MOST: usize = 1024;
/// The host's nonce for keys.
pub(crate) const HOST_NONCE: [u8; 8] = *b"hostside";

/// A device, its tools, and its host.
pub(crate) struct LinkHarness<T> {
    pub(crate) device: Device<'static>,
    pub(crate) tools: T,
    pub(crate) now: u64,
    /// Everything that went over the link.
    pub(crate) said: Vec<CaptureLine>,
    line: Producer<'static>,
    link: Link,
    pub(crate) keys: Option<HostKeys>,
    pub(crate) host_nonce: [u8; 8],
    cutter: Fragmenter,
    decoder: Decoder,
    joiner: Reassembler,
    buffer: Vec<u8>,
    /// Whether the last answer on a bus said that there is more.
    more: bool,
    /// Bytes that are to come in one piece, while some are gathered.
    pub(crate) gathered: Option<Vec<u8>>,
}

impl<T: Tools> LinkHarness<T> {
    pub(crate) fn new(config: Config<'static>, table: &'static dyn ToolTable, tools: T) -> Self {
        let ring = Box::leak(Box::new(Ring::new(vec![0; 4096].leak())));
        let (line, rx) = ring.split();
        let memory = vec![0; config.memory()].leak();
        Self {
            device: Device::new(config, memory, rx, table).expect("the memory is enough"),
            tools,
            now: 0,
            said: Vec::new(),
            line,
            link: config.link,
            keys: config.key.map(|key| HostKeys::new(key.0)),
            host_nonce: HOST_NONCE,
            cutter: Fragmenter::new(),
            decoder: Decoder::new(),
            joiner: Reassembler::new(),
            buffer: vec![0; 2 * MOST],
            more: false,
            gathered: None,
        }
    }

    /// Says hello in a session; answers the device's epoch.
    pub(crate) fn send_hello(&mut self, session: u32) -> u32 {
        let nonce = 7;
        let host_nonce = if self.keys.is_some() { self.host_nonce } else { [0; 8] };
        let hello = HostHello { wire: 1, nonce, session, host_nonce, ..HostHello::default() };
        self.plain(&HostMessage::Hello(hello));
        let heard = self.hear_raw();
        let [bytes] = &heard[..] else { panic!("{heard:?}") };
        let Some(DeviceMessage::Hello(hello)) = message::read(bytes) else { panic!("{bytes:?}") };
        if let Some(keys) = &mut self.keys {
            assert!(hello.keyed);
            keys.hello_answered(host_nonce, hello.challenge, bytes).expect("the tag is right");
        }
        hello.epoch
    }

    /// Sends a message without a tag.
    pub(crate) fn plain(&mut self, message: &HostMessage<'_>) {
        let mut bytes = [0; MOST];
        let len = message::write(message, &mut bytes).expect("it fits");
        self.send_raw(&bytes[..len]);
    }

    /// Sends a message, tagged if there is a key.
    pub(crate) fn send(&mut self, message: &HostMessage<'_>) {
        let bytes = self.tagged(message);
        self.send_raw(&bytes);
    }

    /// The bytes of a message, tagged if there is a key.
    pub(crate) fn tagged(&mut self, message: &HostMessage<'_>) -> Vec<u8> {
        let mut bytes = [0; MOST + TAIL_LEN];
        let mut len = message::write(message, &mut bytes[..MOST]).expect("it fits");
        if let Some(keys) = &mut self.keys {
            len = keys.seal(&mut bytes, 0, len).expect("there is a session");
        }
        bytes[..len].to_vec()
    }

    /// Sends the bytes of a message; on a bus the device may speak then.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        match self.link {
            Link::Packet { mtu } => {
                let mut body = vec![0; bytes.len() + 3 + 4];
                body[3..3 + bytes.len()].copy_from_slice(bytes);
                let len = packet::encode_in_place(&mut body, 3, bytes.len()).expect("it fits");
                let mut packet = vec![0; mtu.into()];
                loop {
                    let count = self.cutter.next(&body[..len], &mut packet);
                    if count == 0 {
                        break;
                    }
                    self.push(&packet[..count]);
                }
            }
            Link::Bus { address } => self.bus_frame(Header::to_device(address, true), bytes),
            _ => self.push(&framed(bytes)),
        }
    }

    /// Lets a device on a bus speak.
    pub(crate) fn ask(&mut self) {
        if let Link::Bus { address } = self.link {
            self.bus_frame(Header::to_device(address, true), &[]);
        }
    }

    /// A frame on a bus.
    pub(crate) fn bus_frame(&mut self, header: Header, bytes: &[u8]) {
        let content = [&header.bytes()[..], bytes].concat();
        self.push(&framed(&content));
    }

    /// Puts bytes on the line, or one packet.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if let Some(gathered) = &mut self.gathered {
            return gathered.extend_from_slice(bytes);
        }
        self.said.push(CaptureLine { at_ms: self.now, by_host: true, bytes: bytes.to_vec() });
        match self.link {
            Link::Packet { .. } => assert!(self.line.push_packet(bytes), "the ring is full"),
            _ => assert_eq!(self.line.push(bytes), bytes.len(), "the ring is full"),
        }
    }

    /// Polls and takes messages with their tags until nothing more comes.
    pub(crate) fn hear_raw(&mut self) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        loop {
            let due = self.device.poll(self.now, 8, &mut self.tools);
            let bytes = self.device.tx_peek().to_vec();
            if bytes.is_empty() && due <= self.now {
                continue;
            }
            if bytes.is_empty() {
                match self.link {
                    Link::Bus { address } if core::mem::take(&mut self.more) => {
                        self.bus_frame(Header::to_device(address, true), &[]);
                        continue;
                    }
                    _ => return heard,
                }
            }
            self.device.tx_consume(bytes.len());
            self.said.push(CaptureLine { at_ms: self.now, by_host: false, bytes: bytes.clone() });
            heard.extend(self.decode(&bytes));
        }
    }

    fn decode(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        if let Link::Packet { mtu } = self.link {
            assert!(bytes.len() <= mtu.into());
            let taken = self.joiner.take(bytes, &mut self.buffer);
            assert_eq!(taken.bad, 0);
            return taken.message.map(|len| self.buffer[..len].to_vec()).into_iter().collect();
        }
        for &byte in bytes {
            match self.decoder.feed(byte, &mut self.buffer) {
                DecodeEvent::Nothing => {}
                DecodeEvent::Bad => panic!("the device sent a broken frame"),
                DecodeEvent::Message(len) => heard.push(self.buffer[..len].to_vec()),
            }
        }
        if let Link::Bus { address } = self.link {
            for content in &mut heard {
                let (header, _) = Header::split(content).expect("a header");
                self.more = header.answer_of(address).expect("it is from the device");
                content.drain(..HEADER_LEN);
                // Where a message came, another may wait.
                self.more |= !content.is_empty();
            }
            heard.retain(|content| !content.is_empty());
        }
        heard
    }

    /// The same without the tags, which must be right.
    pub(crate) fn hear(&mut self) -> Vec<Vec<u8>> {
        let heard = self.hear_raw();
        let Some(keys) = &mut self.keys else { return heard };
        heard.iter().map(|bytes| keys.open(bytes).expect("the tag is right").to_vec()).collect()
    }

    /// A call in this session.
    pub(crate) fn call(&mut self, (id, tool): (u32, u16), epoch: u32, args: &[u8]) {
        let hash = self.device_hash(tool);
        let check = message::check(hash, epoch, SESSION);
        self.send(&HostMessage::Call(message::Call {
            id,
            tool,
            check,
            args,
            ..message::Call::default()
        }));
    }

    fn device_hash(&self, tool: u16) -> u64 {
        _ = self;
        crate::bench::TOOLS.hash(tool)
    }
}

/// A frame on a stream.
pub(crate) fn framed(bytes: &[u8]) -> Vec<u8> {
    let start = frame::headroom(bytes.len());
    let mut buffer = vec![0; start + frame::frame_max(bytes.len())];
    buffer[start..start + bytes.len()].copy_from_slice(bytes);
    let len = frame::encode_in_place(&mut buffer, start, bytes.len()).expect("it fits");
    buffer.truncate(len);
    buffer
}

/// A message as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    let message = message::read::<DeviceMessage<'_>>(bytes).expect("a known message");
    format!("{message:?}")
}
