//! A device whose tools count how often they are entered with which number.

use std::collections::VecDeque;

use trine_arena::{Producer, Ring};
use trine_descriptor::{Annotations, Field, IntRange, Kind, Limits, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Config, Device, Identity, Key, Link, Tools};

/// Does what must be done once, at once.
pub(crate) const ONCE: u16 = 0;
/// The same, and answers later.
pub(crate) const ONCE_LATER: u16 = 1;
/// Does no harm when it is repeated, as does number 2, and answers later.
pub(crate) const AGAIN_LATER: u16 = 3;
/// Answers content, and does no harm when it is repeated.
pub(crate) const CONTENT: u16 = 4;

/// Bytes of the content.
pub(crate) const CONTENT_LEN: u32 = 300;

const NUMBERS: IntRange = IntRange { min: 0, max: 1_000_000 };
const NODES: &[Field<'static>] = &[Field::new("number", Kind::Int(NUMBERS)).describe("Number.")];

const fn info(name: &'static str, annotations: u8, pending_bytes: u16) -> ToolInfo<'static> {
    ToolInfo {
        annotations: Annotations(annotations),
        limits: Limits { deadline_ms: 120_000, pending_bytes },
        ..ToolInfo::new(name, "A tool that counts.")
    }
}

pub(crate) static TOOLS: [Tool<'static>; 5] = [
    Tool::new(info("once", 0, 0), NODES, NODES),
    Tool::new(info("once_later", 0, 4), NODES, NODES),
    Tool::new(info("again", Annotations::IDEMPOTENT, 0), NODES, NODES),
    Tool::new(info("again_later", Annotations::READ_ONLY, 4), NODES, NODES),
    Tool::new(ToolInfo { content: true, ..info("content", Annotations::READ_ONLY, 0) }, NODES, &[]),
];

/// The tools, and what they did.
#[derive(Default)]
pub(crate) struct Counting {
    /// How often each number was entered.
    pub(crate) entered: Vec<u32>,
    later: VecDeque<(u64, CallId, i64)>,
    content: Vec<(CallId, i64)>,
}

impl Counting {
    /// Tools for so many numbers.
    pub(crate) fn new(numbers: usize) -> Self {
        let mut entered = vec![1; numbers];
        entered.fill(0);
        Self { entered, ..Self::default() }
    }

    /// The board has restarted: what was under way is no more.
    pub(crate) fn restart(mut self) -> Self {
        self.later.clear();
        self.content.clear();
        self
    }
}

impl Tools for Counting {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let number = call.args.int(0).expect("validated");
        let at = number as usize;
        self.entered[at] += 1;
        match call.tool {
            ONCE_LATER | AGAIN_LATER => {
                self.later.push_back((call.now + at as u64 % 40, call.id, number));
                Answer::Pending
            }
            CONTENT => {
                self.content.push((call.id, number));
                Answer::Content { mime: "image/x-number", len: CONTENT_LEN }
            }
            _ => {
                out.int(0, number);
                Answer::Done
            }
        }
    }

    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        for _ in 0..self.later.len() {
            let Some((due, id, number)) = self.later.pop_front() else { break };
            if due > now || calls.complete(id, |out| out.int(0, number)).is_err() {
                self.later.push_back((due, id, number));
            }
        }
        now + 1
    }

    fn read(&mut self, _: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        let number = self.content.iter().find(|(other, _)| *other == id).map_or(0, |it| it.1);
        let len = out.len().min((CONTENT_LEN - offset) as usize);
        for (at, place) in out[..len].iter_mut().enumerate() {
            *place = content_byte(number, offset + at as u32);
        }
        if offset + len as u32 == CONTENT_LEN {
            self.content.retain(|(other, _)| *other != id);
        }
        len
    }

    fn stop(&mut self, _: u16, id: CallId) {
        self.later.retain(|(_, other, _)| *other != id);
        self.content.retain(|(other, _)| *other != id);
    }
}

/// A byte of the content for a number.
pub(crate) fn content_byte(number: i64, at: u32) -> u8 {
    (number as u32).wrapping_mul(31).wrapping_add(at).to_le_bytes()[0]
}

/// A device with its line in.
pub(crate) struct Board {
    pub(crate) device: Device<'static>,
    line: Producer<'static>,
    link: Link,
    pub(crate) tools: Counting,
}

/// The serial number of every board.
pub(crate) const SERIAL: &str = "faults-1";
/// The key of every keyed board.
pub(crate) const KEY: [u8; 16] = *b"the key of a dev";

impl Board {
    /// A board at boot. It never gives its memory back, some 3 kB.
    pub(crate) fn new(link: Link, keyed: bool, boot: u32, tools: Counting) -> Self {
        Self::called(SERIAL, link, keyed.then_some(KEY), boot, tools)
    }

    /// The same with another serial number and perhaps another key.
    pub(crate) fn called(
        serial: &'static str,
        link: Link,
        key: Option<[u8; 16]>,
        boot: u32,
        tools: Counting,
    ) -> Self {
        let identity = Identity { vendor: "trine", product: "bench", serial, ..Default::default() };
        let config = Config {
            identity,
            link,
            key: key.map(Key),
            nonce: u64::from(boot),
            epoch: if key.is_some() { 0 } else { boot },
            link_ms: 5_000,
            ..Config::DEFAULT
        };
        let memory = Box::leak(vec![0; config.memory()].into_boxed_slice());
        let ring = Box::leak(vec![0; 600].into_boxed_slice());
        let (line, rx) = Box::leak(Box::new(Ring::new(ring))).split();
        let device = Device::new(config, memory, rx, &TOOLS).expect("the memory is enough");
        Self { device, line, link, tools }
    }

    /// A piece from the line: some bytes, or a packet.
    pub(crate) fn receive(&mut self, piece: &[u8]) {
        match self.link {
            Link::Packet { .. } => _ = self.line.push_packet(piece),
            _ => _ = self.line.push(piece),
        }
    }

    /// Works for a while and hands on what it says: some bytes, or packets.
    pub(crate) fn poll(&mut self, now: u64, said: &mut dyn FnMut(&[u8])) {
        self.device.poll(now, 8, &mut self.tools);
        loop {
            let piece = self.device.tx_peek();
            let len = piece.len();
            if len == 0 {
                return;
            }
            said(piece);
            self.device.tx_consume(len);
        }
    }
}

/// Encoded arguments of a call with this number.
pub(crate) fn arguments(number: i64) -> Vec<u8> {
    let mut args = [0; 16];
    let mut writer = ValueWriter::new(&mut args);
    writer.int(0, number);
    writer.bytes().to_vec()
}
