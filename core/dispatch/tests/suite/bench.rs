//! A bench of seven tools, and a host that talks to it through real frames.

use std::collections::VecDeque;

use trine_arena::{Consumer, Producer};
use trine_descriptor::{
    Args, Consent, Field, IntRange, Kind, Limits, Tool, ToolInfo, ToolTable, ValueWriter,
};
use trine_dispatch::{
    Answer, Block, Call, CallId, Calls, Config, Device, InitError, Request, Tested, Tools, ask,
    block,
};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, encode_in_place};

pub(crate) const FAN: u16 = 0;
pub(crate) const MOVE: u16 = 1;
pub(crate) const OPEN: u16 = 2;
pub(crate) const SNAP: u16 = 3;
pub(crate) const BROKEN: u16 = 4;
pub(crate) const ASK: u16 = 5;
pub(crate) const SHOW: u16 = 6;

const PERCENT: IntRange = IntRange { min: 0, max: 100 };
const NODES: &[Field<'static>] = &[Field::new("percent", Kind::Int(PERCENT)).describe("Percent.")];

const fn info(name: &'static str) -> ToolInfo<'static> {
    ToolInfo::new(name, "A tool of the bench.")
}

pub(crate) static TOOLS: [Tool<'static>; 7] = [
    Tool::new(info("fan"), NODES, NODES),
    Tool::new(
        ToolInfo { limits: Limits { deadline_ms: 500, pending_bytes: 4 }, ..info("move") },
        NODES,
        NODES,
    ),
    Tool::new(ToolInfo { consent: Consent::Elicit, ..info("open") }, NODES, NODES),
    Tool::new(ToolInfo { content: true, ..info("snap") }, NODES, &[]),
    Tool::new(info("broken"), NODES, NODES),
    Tool::new(info("ask"), NODES, NODES),
    Tool::new(ToolInfo { content: true, ..info("show") }, NODES, &[]),
];

/// What the tools did.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) entered: Vec<(u16, i64)>,
    pub(crate) stopped: Vec<(u16, CallId)>,
    pub(crate) asked: Vec<u16>,
    pub(crate) pending: Vec<CallId>,
    /// Completed at the next tick, when there is room.
    pub(crate) complete: VecDeque<(CallId, i64)>,
    pub(crate) events: VecDeque<&'static str>,
    /// Where the content of `snap` stops although it promised more.
    pub(crate) content_ends: Option<u32>,
    /// Told at the next tick: the call, done, total.
    pub(crate) progress: VecDeque<(CallId, u32, u32)>,
    pub(crate) log: VecDeque<(u8, &'static str)>,
    /// State, answers and principal of the last call, and whether it was tagged.
    pub(crate) last: (Vec<u8>, Vec<u8>, String, bool),
    /// When the tools were reset, and when the link was lost.
    pub(crate) resets: Vec<u64>,
    pub(crate) losses: Vec<u64>,
    /// Whether a person holds the input for keys, and the key that was stored.
    pub(crate) held: bool,
    pub(crate) stored: Option<Option<[u8; 16]>>,
    /// Sentences that came, and those that are answered at the next tick; none is taken while
    /// `mute`.
    #[cfg(feature = "ask")]
    pub(crate) sentences: Vec<(CallId, Vec<u8>, bool)>,
    #[cfg(feature = "ask")]
    pub(crate) understood: VecDeque<CallId>,
    #[cfg(feature = "ask")]
    pub(crate) mute: bool,
}

impl Tools for Bench {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let percent = call.args.int(0).expect("validated");
        self.entered.push((call.tool, percent));
        let principal = call.principal.to_string();
        self.last = (call.state.to_vec(), call.answers.to_vec(), principal, call.tagged);
        match call.tool {
            MOVE => {
                call.block.copy_from_slice(&(percent as u32).to_le_bytes());
                self.pending.push(call.id);
                Answer::Pending
            }
            SNAP => Answer::Content { mime: "image/png", len: 1000 },
            ASK if call.state.is_empty() => {
                let sure =
                    Request { name: "sure", message: "Sure?", nodes: &[0], ..Request::default() };
                ask(out, &[percent as u8; 100], &[sure, Request { name: "why", ..sure }])
            }
            SHOW => {
                block(out, &Block::Text { text: "look" });
                Answer::Blocks
            }
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
        while let Some(&(id, done, total)) = self.progress.front() {
            if calls.progress(id, (done, total), "steps").is_err() {
                break;
            }
            self.progress.pop_front();
        }
        while let Some(&(level, text)) = self.log.front() {
            if calls.log(level, text).is_err() {
                break;
            }
            self.log.pop_front();
        }
        #[cfg(feature = "ask")]
        while let Some(&id) = self.understood.front() {
            let answered = calls.answer(id, |out| {
                block(out, &crate::asks::CALL);
                trine_dispatch::tokens(out, &[300, 2]);
                Answer::Blocks
            });
            if answered.is_err() {
                break;
            }
            self.understood.pop_front();
        }
        while let Some(text) = self.events.front() {
            if calls.event(FAN, text).is_err() {
                break;
            }
            self.events.pop_front();
        }
        u64::MAX
    }

    fn read(&mut self, _tool: u16, _id: CallId, offset: u32, out: &mut [u8]) -> usize {
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

    fn reset(&mut self, now: u64) {
        assert!(self.entered.is_empty(), "a call came before the reset");
        self.resets.push(now);
    }

    fn link_lost(&mut self, now: u64) {
        self.losses.push(now);
    }

    #[cfg(feature = "ask")]
    fn sentence(&mut self, asked: &trine_dispatch::Asked<'_>, _: &mut ValueWriter<'_>) -> Answer {
        if self.mute {
            return Answer::Failed("not for these tools");
        }
        self.sentences.push((asked.id, asked.sentence.to_vec(), asked.with_tokens));
        Answer::Pending
    }

    fn held(&mut self) -> bool {
        self.held
    }

    fn store_key(&mut self, key: Option<&[u8; 16]>) -> bool {
        self.stored = Some(key.copied());
        true
    }

    fn factory(&mut self, op: u8, arg: &[u8], out: &mut [u8]) -> Tested {
        match (op, arg.first()) {
            (200, Some(&first)) => {
                out[0] = first + 1;
                Tested::Fine(1)
            }
            (200, None) => Tested::Failed(0),
            _ => Tested::Unknown,
        }
    }
}

/// Slots of the device. Call number `n` of a test has the id `n + SLOTS`: slot `n % SLOTS`.
pub(crate) const SLOTS: u32 = 8;
/// The epoch of the device, and the session of its host.
pub(crate) const EPOCH: u32 = 0x0102_0304;
pub(crate) const SESSION: u32 = 0x5555_0001;

pub(crate) const CONFIG: Config<'static> = Config {
    epoch: EPOCH,
    calls_max: SLOTS as u8,
    #[cfg(feature = "consent")]
    consent_ms: 3000,
    ..Config::DEFAULT
};

/// A device with the bench's tools, which are checked by the device, or here.
pub(crate) fn device<'m>(
    config: Config<'m>,
    memory: &'m mut [u8],
    rx: Consumer<'m>,
) -> Result<Device<'m>, InitError> {
    #[cfg(feature = "check")]
    return Device::new(config, memory, rx, &TOOLS);
    #[cfg(not(feature = "check"))]
    {
        let tools = trine_descriptor::check::Checked::tools(&TOOLS).expect("the tools are right");
        Device::with_checked(config, memory, rx, tools)
    }
}

/// A device and its host, joined by a ring.
pub(crate) struct Rig<'m> {
    pub(crate) device: Device<'m>,
    pub(crate) line: Producer<'m>,
    pub(crate) bench: Bench,
    pub(crate) now: u64,
    decoder: Decoder,
    buffer: Vec<u8>,
}

/// An answer of the device, owned.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    Result(u32, String),
    Chunk(u32, u32, Vec<u8>),
    Progress(u32, u32, u32, String),
    Other(String),
}

impl<'m> Rig<'m> {
    pub(crate) fn with_config(
        config: Config<'m>,
        memory: &'m mut [u8],
        line: Producer<'m>,
        rx: Consumer<'m>,
    ) -> Self {
        let device = device(config, memory, rx).expect("the bench's memory is enough");
        let (decoder, buffer) = (Decoder::new(), vec![0; 1024]);
        Self { device, line, bench: Bench::default(), now: 1, decoder, buffer }
    }

    /// Says hello in a session and hears the answer.
    pub(crate) fn send_hello(&mut self, session: u32) {
        let hello = HostHello { wire: 1, nonce: 7, session, ..HostHello::default() };
        self.send(&HostMessage::Hello(hello));
        let heard = self.hear();
        assert!(matches!(heard[..], [Received::Other(ref text)] if text.starts_with("Hello")));
    }

    pub(crate) fn send(&mut self, message: &HostMessage<'_>) {
        assert_eq!(self.line.push(&frame(message)), frame(message).len(), "the ring is too small");
    }

    pub(crate) fn call(&mut self, number: u32, tool: u16, percent: i64) {
        let mut args = [0; 16];
        let mut writer = ValueWriter::new(&mut args);
        writer.int(0, percent);
        let args = writer.bytes().to_vec();
        self.call_raw(number, tool, &args);
    }

    /// A person reads the question and agrees to it.
    #[cfg(feature = "consent")]
    pub(crate) fn agree(&mut self) -> Option<u16> {
        self.device.shown(self.now);
        self.now += 1000;
        self.device.agree(self.now)
    }

    pub(crate) fn call_raw(&mut self, number: u32, tool: u16, args: &[u8]) {
        self.send(&HostMessage::Call(call_of(number, tool, args)));
    }

    /// Polls and sends until nothing more comes.
    pub(crate) fn hear(&mut self) -> Vec<Received> {
        let mut heard = Vec::new();
        loop {
            let due = self.device.poll(self.now, 8, &mut self.bench);
            let bytes = self.device.tx_peek().to_vec();
            if bytes.is_empty() && due > self.now {
                return heard;
            }
            self.device.tx_consume(bytes.len());
            for byte in bytes {
                if let DecodeEvent::Message(len) = self.decoder.feed(byte, &mut self.buffer) {
                    let message = message::read(&self.buffer[..len]).expect("a known message");
                    heard.push(heard_of(&message));
                }
            }
        }
    }
}

/// A call as a host would make it.
pub(crate) fn call_of(number: u32, tool: u16, args: &[u8]) -> message::Call<'_> {
    let check = message::check(TOOLS.hash(tool), EPOCH, SESSION);
    message::Call { id: number + SLOTS, tool, check, args, ..message::Call::default() }
}

pub(crate) fn frame(message: &HostMessage<'_>) -> Vec<u8> {
    let mut buffer = [0; 512];
    let len = message::write(message, &mut buffer[8..]).expect("fits");
    let len = encode_in_place(&mut buffer, 8, len).expect("fits");
    buffer[..len].to_vec()
}

fn heard_of(message: &DeviceMessage<'_>) -> Received {
    match *message {
        DeviceMessage::Result { id, outcome: Outcome::Done { value } } => {
            Received::Result(id - SLOTS, format!("done {value:?}"))
        }
        DeviceMessage::Result { id, outcome } => {
            Received::Result(id - SLOTS, format!("{outcome:?}"))
        }
        DeviceMessage::Chunk { id, offset, bytes, .. } => {
            Received::Chunk(id - SLOTS, offset, bytes.to_vec())
        }
        DeviceMessage::Progress { id, done, total, text } => {
            Received::Progress(id - SLOTS, done, total, text.to_string())
        }
        ref other => Received::Other(format!("{other:?}")),
    }
}

/// A call came again that is still under way.
pub(crate) fn under_way(number: u32) -> Received {
    Received::Progress(number, 0, 0, String::new())
}

/// Runs `test` with a rig of fresh memory and a host that has said hello.
pub(crate) fn with_rig(test: impl FnOnce(&mut Rig<'_>)) {
    with_config(CONFIG, test);
}

/// The same with another configuration.
pub(crate) fn with_config(config: Config<'static>, test: impl FnOnce(&mut Rig<'_>)) {
    let mut line = [0; 1200];
    let mut ring = trine_arena::Ring::new(&mut line);
    let (producer, consumer) = ring.split();
    let mut memory = vec![0; config.memory()];
    let mut rig = Rig::with_config(config, &mut memory, producer, consumer);
    rig.send_hello(SESSION);
    test(&mut rig);
}
