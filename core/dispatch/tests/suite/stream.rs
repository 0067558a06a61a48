//! A host on a stream of bytes, beside a device without other links and without keys. It stands
//! for `harness.rs` where those are not built.

use trine_arena::{Producer, Ring};
use trine_descriptor::{Tool, ToolTable};
use trine_dispatch::{Config, Device, Tools};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::{DecodeEvent, Decoder};

use crate::bench::{SESSION, TOOLS, device, frame};

/// Bytes that the host has sent.
pub(crate) struct SentBytes {
    pub(crate) bytes: Vec<u8>,
}

/// A device, its tools, and its host.
pub(crate) struct LinkHarness<T> {
    pub(crate) device: Device<'static>,
    pub(crate) tools: T,
    pub(crate) now: u64,
    /// What the host has sent.
    pub(crate) said: Vec<SentBytes>,
    line: Producer<'static>,
    decoder: Decoder,
    buffer: Vec<u8>,
}

impl<T: Tools> LinkHarness<T> {
    pub(crate) fn new(config: Config<'static>, _: &[Tool<'_>; 7], tools: T) -> Self {
        let ring = Box::leak(Box::new(Ring::new(vec![0; 4096].leak())));
        let (line, rx) = ring.split();
        let device = device(config, vec![0; config.memory()].leak(), rx).expect("enough memory");
        let (decoder, buffer) = (Decoder::new(), vec![0; 1024]);
        Self { device, tools, now: 0, said: Vec::new(), line, decoder, buffer }
    }

    /// Says hello in a session; answers the device's epoch.
    pub(crate) fn send_hello(&mut self, session: u32) -> u32 {
        let hello = HostHello { wire: 1, nonce: 7, session, ..HostHello::default() };
        self.send(&HostMessage::Hello(hello));
        let heard = self.hear();
        let [bytes] = &heard[..] else { panic!("{heard:?}") };
        let Some(DeviceMessage::Hello(hello)) = message::read(bytes) else { panic!("{bytes:?}") };
        hello.epoch
    }

    pub(crate) fn send(&mut self, message: &HostMessage<'_>) {
        self.push(&frame(message));
    }

    /// Puts bytes on the line.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.said.push(SentBytes { bytes: bytes.to_vec() });
        assert_eq!(self.line.push(bytes), bytes.len(), "the ring is full");
    }

    /// Polls and takes messages until nothing more comes.
    pub(crate) fn hear(&mut self) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        loop {
            let due = self.device.poll(self.now, 8, &mut self.tools);
            let bytes = self.device.tx_peek().to_vec();
            if bytes.is_empty() && due > self.now {
                return heard;
            }
            self.device.tx_consume(bytes.len());
            for byte in bytes {
                match self.decoder.feed(byte, &mut self.buffer) {
                    DecodeEvent::Nothing => {}
                    DecodeEvent::Bad => panic!("the device sent a broken frame"),
                    DecodeEvent::Message(len) => heard.push(self.buffer[..len].to_vec()),
                }
            }
        }
    }

    /// A call in this session.
    pub(crate) fn call(&mut self, (id, tool): (u32, u16), epoch: u32, args: &[u8]) {
        let check = message::check(TOOLS.hash(tool), epoch, SESSION);
        let call = message::Call { id, tool, check, args, ..message::Call::default() };
        self.send(&HostMessage::Call(call));
    }
}

/// A message as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    format!("{:?}", message::read::<DeviceMessage<'_>>(bytes).expect("a known message"))
}
