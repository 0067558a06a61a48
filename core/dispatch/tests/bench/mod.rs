//! A bench of five tools, and a host that talks to it through real frames.
#![expect(unreachable_pub, clippy::expect_used, reason = "it is part of a test")]

use std::collections::VecDeque;

use trine_arena::{Consumer, Producer};
use trine_descriptor::{
    Args, Consent, Field, IntRange, Kind, Limits, Tool, ToolInfo, ToolTable, ValueWriter,
};
use trine_dispatch::{Answer, Call, CallId, Calls, Config, Device, Tools};
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome};
use trine_wire::{Decoder, Fed, encode_in_place};

pub const FAN: u16 = 0;
pub const MOVE: u16 = 1;
pub const OPEN: u16 = 2;
pub const SNAP: u16 = 3;
pub const BROKEN: u16 = 4;

const PERCENT: IntRange = IntRange { min: 0, max: 100 };
const NODES: &[Field<'static>] = &[Field::new("percent", Kind::Int(&PERCENT)).describe("Percent.")];

const fn info(name: &'static str) -> ToolInfo<'static> {
    ToolInfo::new(name, "A tool of the bench.")
}

pub static TOOLS: [Tool<'static>; 5] = [
    Tool::new(info("fan"), NODES, NODES),
    Tool::new(
        ToolInfo { limits: Limits { deadline_ms: 500, pending_bytes: 4 }, ..info("move") },
        NODES,
        NODES,
    ),
    Tool::new(ToolInfo { consent: Consent::Elicit, ..info("open") }, NODES, NODES),
    Tool::new(ToolInfo { content: true, ..info("snap") }, NODES, &[]),
    Tool::new(info("broken"), NODES, NODES),
];

/// What the tools did.
#[derive(Default)]
pub struct Bench {
    pub entered: Vec<(u16, i64)>,
    pub stopped: Vec<(u16, CallId)>,
    pub asked: Vec<u16>,
    pub pending: Vec<CallId>,
    /// Completed at the next tick, when there is room.
    pub complete: VecDeque<(CallId, i64)>,
    pub events: VecDeque<&'static str>,
    /// Where the content of `snap` stops although it promised more.
    pub content_ends: Option<u32>,
}

impl Tools for Bench {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let percent = call.args.int(0).expect("validated");
        self.entered.push((call.tool, percent));
        match call.tool {
            MOVE => {
                call.block.copy_from_slice(&(percent as u32).to_le_bytes());
                self.pending.push(call.id);
                Answer::Pending
            }
            SNAP => Answer::Content { mime: "image/png", len: 1000 },
            BROKEN if percent == 1 => Answer::Pending,
            BROKEN if percent == 2 => Answer::Failed("it is jammed: free it"),
            BROKEN => {
                out.int(0, 101);
                Answer::Done
            }
            _ => {
                out.int(0, percent);
                Answer::Done
            }
        }
    }

    fn tick(&mut self, _now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        while let Some(&(id, value)) = self.complete.front() {
            if calls.complete(id, |out| out.int(0, value)).is_err() {
                break;
            }
            self.complete.pop_front();
        }
        while let Some(text) = self.events.front() {
            if calls.event(FAN, text).is_err() {
                break;
            }
            self.events.pop_front();
        }
        u64::MAX
    }

    fn read(&mut self, _id: CallId, offset: u32, out: &mut [u8]) -> usize {
        let end = self.content_ends.unwrap_or(1000).saturating_sub(offset) as usize;
        let len = out.len().min(end);
        for (at, place) in out[..len].iter_mut().enumerate() {
            *place = (offset as usize + at) as u8;
        }
        len
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        self.stopped.push((tool, id));
    }

    fn asks(&mut self, tool: u16, _args: Args<'_>) {
        self.asked.push(tool);
    }
}

pub const CONFIG: Config<'static> = Config { calls_max: 2, consent_ms: 1000, ..Config::DEFAULT };

/// A device and its host, joined by a ring.
pub struct Rig<'m> {
    pub device: Device<'m>,
    pub line: Producer<'m>,
    pub bench: Bench,
    pub now: u64,
    decoder: Decoder,
    buffer: Vec<u8>,
}

/// An answer of the device, owned.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Result(u32, String),
    Chunk(u32, u32, Vec<u8>),
    Other(String),
}

impl<'m> Rig<'m> {
    pub fn new(memory: &'m mut [u8], line: Producer<'m>, rx: Consumer<'m>) -> Self {
        let device = Device::new(CONFIG, memory, rx, &TOOLS).expect("the bench's memory is enough");
        let (decoder, buffer) = (Decoder::new(), vec![0; 1024]);
        Self { device, line, bench: Bench::default(), now: 1, decoder, buffer }
    }

    pub fn send(&mut self, message: &HostMessage<'_>) {
        assert_eq!(self.line.push(&frame(message)), frame(message).len(), "the ring is too small");
    }

    pub fn call(&mut self, id: u32, tool: u16, percent: i64) {
        let mut args = [0; 16];
        let mut writer = ValueWriter::new(&mut args);
        writer.int(0, percent);
        let args = writer.bytes().to_vec();
        self.call_raw(id, tool, &args);
    }

    pub fn call_raw(&mut self, id: u32, tool: u16, args: &[u8]) {
        let hash = (TOOLS.hash(tool) as u32).to_le_bytes();
        self.send(&HostMessage::Call { id, tool, hash, deadline_ms: 0, args });
    }

    /// Polls and sends until nothing more comes.
    pub fn hear(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        loop {
            self.device.poll(self.now, 8, &mut self.bench);
            let bytes = self.device.tx_peek().to_vec();
            if bytes.is_empty() {
                return heard;
            }
            self.device.tx_consume(bytes.len());
            for byte in bytes {
                if let Fed::Message(len) = self.decoder.feed(byte, &mut self.buffer) {
                    let message = message::read(&self.buffer[..len]).expect("a known message");
                    heard.push(heard_of(&message));
                }
            }
        }
    }
}

pub fn frame(message: &HostMessage<'_>) -> Vec<u8> {
    let mut buffer = [0; 512];
    let len = message::write(message, &mut buffer[8..]).expect("fits");
    let len = encode_in_place(&mut buffer, 8, len).expect("fits");
    buffer[..len].to_vec()
}

fn heard_of(message: &DeviceMessage<'_>) -> Heard {
    match *message {
        DeviceMessage::Result { id, outcome: Outcome::Done { value } } => {
            Heard::Result(id, format!("done {value:?}"))
        }
        DeviceMessage::Result { id, outcome } => Heard::Result(id, format!("{outcome:?}")),
        DeviceMessage::Chunk { id, offset, bytes } => Heard::Chunk(id, offset, bytes.to_vec()),
        ref other => Heard::Other(format!("{other:?}")),
    }
}

/// Runs `test` with a rig of fresh memory.
pub fn with_rig(test: impl FnOnce(&mut Rig<'_>)) {
    let mut line = [0; 600];
    let mut ring = trine_arena::Ring::new(&mut line);
    let (producer, consumer) = ring.split();
    let mut memory = [0; CONFIG.memory()];
    test(&mut Rig::new(&mut memory, producer, consumer));
}
