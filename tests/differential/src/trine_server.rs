//! Trine's engine with the simulated board in this process: line in, frames to the dispatcher and
//! back, line out. Time is a number here, so the slow tools take none.

use std::error::Error;

use trine_arena::{Producer, Ring};
use trine_board::{BoardTools, Greenhouse, SimHardware, TOOLS, tools};
use trine_descriptor::{Consent, Fault, FaultCode, NO_NODE, Tool, ToolTable};
use trine_dispatch::{Device, Identity};
use trine_mcp::{Block, Call, Failure, McpEngine, McpSession, Outcome, ServerInfo, Single, Step};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame};

use crate::INITIALIZE;
use crate::case::{Case, ProtocolFamily};

const MESSAGE_MAX: usize = 4096;
const ANSWER_MAX: usize = 1 << 17;
const RING_BYTES: usize = 1024;
/// The board reads its sensors for the first time in this while after boot.
const BOOT_MS: u64 = 500;
const STEP_MS: u64 = 10;
/// The slowest tool takes two seconds; the dispatcher's own deadline is thirty.
const PATIENCE_MS: u64 = 60_000;
/// The host's session with the board.
const SESSION: u32 = 0x7472_696e;

type Lines = Vec<Vec<u8>>;

/// Plays cases to a board just switched on, on one connection, and returns the answers to each.
///
/// # Errors
///
/// When the board cannot be made, or leaves a call without an answer.
pub fn play_trine(family: ProtocolFamily, cases: &[Case]) -> Result<Vec<Lines>, Box<dyn Error>> {
    let config = tools::config(Identity { product: "greenhouse", ..Identity::default() });
    let (mut memory, mut line) = (vec![0; config.memory()], vec![0; RING_BYTES]);
    let mut ring = Ring::new(&mut line);
    let (line, rx) = ring.split();
    let device = Device::new(config, &mut memory, rx, &TOOLS).map_err(|error| error.to_string())?;
    let mut board = Board::new(device, line);
    board.run(BOOT_MS)?;
    board.send_hello()?;
    let mut session = McpSession::new();
    if family == ProtocolFamily::Legacy {
        board.exchange(INITIALIZE.as_bytes(), &mut session)?;
    }
    cases
        .iter()
        .map(|case| {
            let alone = &mut McpSession::new();
            board.exchange(&case.line, if case.fresh { alone } else { &mut session })
        })
        .collect()
}

/// What a call came to, owned.
enum End {
    Value(Vec<u8>),
    Content { mime: String, len: usize, bytes: Vec<u8> },
    Fault(Fault),
    Error(String),
    Failed(Failure),
}

/// The board, and the line to it.
struct Board<'m> {
    device: Device<'m>,
    line: Producer<'m>,
    tools: BoardTools<SimHardware>,
    now_ms: u64,
    calls: u32,
    /// The board's epoch and its slots, once it has said them.
    hello_answered: Option<(u32, u32)>,
    decoder: Decoder,
    received: Vec<u8>,
    end: Option<End>,
}

impl<'m> Board<'m> {
    fn new(device: Device<'m>, line: Producer<'m>) -> Self {
        Self {
            device,
            line,
            tools: BoardTools::new(Greenhouse::new(SimHardware::new())),
            now_ms: 1,
            calls: 0,
            hello_answered: None,
            decoder: Decoder::new(),
            received: vec![0; MESSAGE_MAX],
            end: None,
        }
    }

    fn exchange(&mut self, line: &[u8], session: &mut McpSession) -> Result<Lines, Box<dyn Error>> {
        let server = ServerInfo { name: "trine", title: "", version: "0", instructions: "" };
        let catalog: Single<'_, [Tool<'_>]> = Single::new(server, TOOLS.as_slice());
        let engine = McpEngine::new(&catalog);
        let (mut arguments, mut out) = (vec![0; MESSAGE_MAX], vec![0; ANSWER_MAX]);
        let len = match engine.receive(line, session, &mut arguments, &mut out) {
            Step::Silent | Step::Cancel(_) => return Ok(Vec::new()),
            Step::Reply(len) => len,
            Step::Call(call) => {
                let arguments = arguments.get(..call.arguments).unwrap_or_default();
                let end = self.call(&call, arguments)?;
                finish(&engine, &call, &end, &mut out)?
            }
            step => return Err(format!("the engine wants {step:?}").into()),
        };
        out.truncate(len);
        Ok(vec![out])
    }

    /// Opens the session, without which the board runs nothing.
    fn send_hello(&mut self) -> Result<(), Box<dyn Error>> {
        let hello = HostHello { wire: 1, nonce: 7, session: SESSION, ..HostHello::default() };
        self.send(&HostMessage::Hello(hello))?;
        self.run(STEP_MS)?;
        if self.hello_answered.is_some() { Ok(()) } else { Err("the board says no hello".into()) }
    }

    /// Sends a call to the device and lets time pass until it is answered.
    fn call(&mut self, call: &Call<'_>, args: &[u8]) -> Result<End, Box<dyn Error>> {
        let (epoch, slots) = self.hello_answered.ok_or("no hello")?;
        // Ids rise from one on each slot in turn.
        self.calls = self.calls.max(slots - 1) + 1;
        let (id, tool) = (self.calls, call.tool);
        let check = message::check(TOOLS.hash(tool), epoch, SESSION);
        let call = message::Call { id, tool, check, args, ..message::Call::default() };
        self.send(&HostMessage::Call(call))?;
        let last = self.now_ms + PATIENCE_MS;
        while self.now_ms < last {
            self.run(STEP_MS)?;
            match self.end.take() {
                Some(End::Content { len, bytes, mime }) if bytes.len() < len => {
                    self.end = Some(End::Content { mime, len, bytes });
                }
                Some(end) => return Ok(end),
                None => {}
            }
        }
        Err(format!("tool {tool} has not answered in {PATIENCE_MS} ms").into())
    }

    fn send(&mut self, message: &HostMessage<'_>) -> Result<(), Box<dyn Error>> {
        let mut buffer = vec![0; MESSAGE_MAX];
        let head = frame::headroom(RING_BYTES);
        let body = buffer.get_mut(head..).unwrap_or_default();
        let len = message::write(message, body).ok_or("the message is too long")?;
        let len = encode_in_place(&mut buffer, head, len).ok_or("the frame is too long")?;
        let pushed = self.line.push(buffer.get(..len).unwrap_or_default());
        if pushed == len { Ok(()) } else { Err("the ring is too small".into()) }
    }

    /// Lets the board run for so many milliseconds, and hears what it says.
    fn run(&mut self, ms: u64) -> Result<(), Box<dyn Error>> {
        for _ in 0..ms.div_ceil(STEP_MS) {
            self.now_ms += STEP_MS;
            loop {
                self.device.poll(self.now_ms, 8, &mut self.tools);
                let bytes = self.device.tx_peek().to_vec();
                if bytes.is_empty() {
                    break;
                }
                self.device.tx_consume(bytes.len());
                for byte in bytes {
                    if let DecodeEvent::Message(len) = self.decoder.feed(byte, &mut self.received) {
                        let bytes = self.received.get(..len).unwrap_or_default();
                        let message = message::read(bytes).ok_or("an unreadable message")?;
                        if let DeviceMessage::Hello(hello) = message {
                            self.hello_answered = Some((hello.epoch, u32::from(hello.calls_max)));
                            continue;
                        }
                        hear(&message, self.calls, &mut self.end)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Takes what belongs to the call under way.
fn hear(
    message: &DeviceMessage<'_>,
    call: u32,
    end: &mut Option<End>,
) -> Result<(), Box<dyn Error>> {
    match *message {
        DeviceMessage::Result { id, outcome } if id == call && end.is_none() => {
            *end = Some(end_of(outcome)?);
        }
        DeviceMessage::Chunk { id, offset, bytes, .. } if id == call => match end {
            Some(End::Content { bytes: content, .. }) if content.len() == offset as usize => {
                content.extend_from_slice(bytes);
            }
            _ => return Err("a chunk out of place".into()),
        },
        // The end of a timer, and the like.
        DeviceMessage::Event { .. } => {}
        ref other => return Err(format!("the board says {other:?}").into()),
    }
    Ok(())
}

fn end_of(outcome: message::Outcome<'_>) -> Result<End, Box<dyn Error>> {
    Ok(match outcome {
        message::Outcome::Done { value } => End::Value(value.to_vec()),
        message::Outcome::Content { mime, len } => {
            End::Content { mime: mime.to_owned(), len: len as usize, bytes: Vec::new() }
        }
        message::Outcome::Fault { code, node, bound } => End::Fault(
            FaultCode::from_u8(code).map_or(Fault::new(FaultCode::Malformed, NO_NODE), |code| {
                Fault::bound(code, node, bound)
            }),
        ),
        message::Outcome::Failed { text } => End::Error(text.to_owned()),
        message::Outcome::NeedsPerson { consent } => {
            End::Failed(Failure::NeedsPerson(Consent::from_u8(consent)))
        }
        message::Outcome::Busy => End::Failed(Failure::Busy),
        other => return Err(format!("a call ends with {other:?}").into()),
    })
}

fn finish(
    engine: &McpEngine<'_, Single<'_, [Tool<'_>]>>,
    call: &Call<'_>,
    end: &End,
    out: &mut [u8],
) -> Result<usize, Box<dyn Error>> {
    let blocks;
    let pieces;
    let outcome = match end {
        End::Value(value) => Outcome::Value(value),
        End::Content { mime, bytes, .. } => {
            pieces = bytes.as_slice();
            blocks = [Block::Image { mime, data: &pieces }];
            Outcome::Content(&blocks)
        }
        End::Fault(fault) => Outcome::Fault(*fault),
        End::Error(text) => Outcome::Error(text),
        End::Failed(failure) => Outcome::Failed(*failure),
    };
    engine
        .finish(call.id, call.version, call.tool, outcome, out)
        .map_err(|need| format!("the answer takes {} bytes", need.0).into())
}
