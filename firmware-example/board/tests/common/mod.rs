//! An MCP client that reaches the simulated board through the real engine, wire and dispatcher.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;

use serde_json::{Value, json};
use trine_arena::{Producer, Ring};
use trine_board::{BoardTools, Greenhouse, SimHardware, TOOLS, tools};
use trine_descriptor::{Consent, Fault, FaultCode, Tool};
use trine_dispatch::{Config, Device, Identity};
use trine_mcp::{Block, Failure, Id, McpEngine, McpSession, Outcome, ServerInfo, Single, Step};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome as Answer};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame, slot};

/// The host's first nonce, which becomes the board's epoch, and the host's session.
const EPOCH: u32 = 0x0e0e_0001;
const SESSION: u32 = 0x5e55_0001;

pub(crate) fn catalog() -> Single<'static, [Tool<'static>]> {
    let server = ServerInfo { name: "board", title: "", version: "0", instructions: "" };
    Single::new(server, TOOLS.as_slice())
}

/// The answer to one JSON-RPC request, where the engine gives it without a call.
pub(crate) fn ask(session: &mut McpSession, request: &Value) -> Value {
    let (catalog, mut out) = (catalog(), vec![0; 1 << 16]);
    let request = request.to_string();
    match McpEngine::new(&catalog).receive(request.as_bytes(), session, &mut [0; 256], &mut out) {
        Step::Reply(len) => serde_json::from_slice(&out[..len]).unwrap(),
        step => panic!("{request} came to {step:?}"),
    }
}

/// A session of 2025-11-25.
pub(crate) fn session() -> McpSession {
    let mut session = McpSession::new();
    let client = json!({"name": "test", "version": "0"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    let request = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
    assert_eq!(ask(&mut session, &request)["result"]["protocolVersion"], "2025-11-25");
    session
}

/// A board, the line to it and a client at the other end.
pub(crate) struct Client {
    pub(crate) tools: BoardTools<SimHardware>,
    pub(crate) now_ms: u64,
    /// Events that have come: number of the tool and text.
    pub(crate) events: Vec<(u16, String)>,
    /// Lines of the log that have come: level and text.
    pub(crate) log: Vec<(u8, String)>,
    /// Progress that has come: done and total.
    pub(crate) progress: Vec<(u32, u32)>,
    device: Device<'static>,
    line: Producer<'static>,
    decoder: Decoder,
    received: Vec<u8>,
    session: McpSession,
    /// The tool of each call.
    calls: HashMap<u32, u16>,
    /// The last call on each slot, and whether it waits for its answer.
    slots: [(u32, bool); tools::CALLS_MAX as usize],
    answers: HashMap<u32, Value>,
    /// Content on its way: the length announced, and the bytes that have come.
    contents: HashMap<u32, (u32, Vec<u8>)>,
}

impl Client {
    pub(crate) fn new() -> Self {
        let identity = Identity { product: "greenhouse", ..Identity::default() };
        let config = Config { link_ms: tools::LINK_MS, ..tools::config(identity) };
        let memory = vec![0; config.memory()].leak();
        let ring = Box::leak(Box::new(Ring::new(vec![0; 1_024].leak())));
        let (line, rx) = ring.split();
        let device = Device::new(config, memory, rx, &TOOLS).unwrap();
        let mut client = Self {
            tools: BoardTools::new(Greenhouse::new(SimHardware::new())),
            now_ms: 1_000,
            events: Vec::new(),
            log: Vec::new(),
            progress: Vec::new(),
            device,
            line,
            decoder: Decoder::new(),
            received: vec![0; 4_096],
            session: session(),
            calls: HashMap::new(),
            slots: [(0, false); tools::CALLS_MAX as usize],
            answers: HashMap::new(),
            contents: HashMap::new(),
        };
        let hello = HostHello { wire: 1, nonce: EPOCH, session: SESSION, ..HostHello::default() };
        client.send(&HostMessage::Hello(hello));
        client.run_ms(500);
        client
    }

    /// Lets the board run, with a host that lives.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        for at in 0..ms.div_ceil(10) {
            if at % 100 == 0 {
                self.send(&HostMessage::Ping { nonce: 1 });
            }
            self.step();
        }
    }

    /// Lets the board run without a word from the host.
    pub(crate) fn be_silent_ms(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(10) {
            self.step();
        }
    }

    /// Wants lines of the log from this level on.
    pub(crate) fn want_log(&mut self, level: u8) {
        self.send(&HostMessage::Log { level });
    }

    /// Reads the question on the display, presses the button at the board and lets it go.
    pub(crate) fn press(&mut self) {
        self.run_ms(1_000);
        self.press_at_once();
    }

    /// Presses the button before anyone can have read the question.
    pub(crate) fn press_at_once(&mut self) {
        self.tools.board.hardware_mut().press_button();
        self.run_ms(500);
    }

    /// The `result` of a `tools/call`.
    pub(crate) fn call(&mut self, name: &str, arguments: &Value) -> Value {
        match self.start(name, arguments) {
            Ok(id) => self.wait(id),
            Err(refused) => refused["result"].clone(),
        }
    }

    /// The structured result of a call that has to succeed.
    pub(crate) fn ok(&mut self, name: &str, arguments: &Value) -> Value {
        let result = self.call(name, arguments);
        assert_eq!(result["isError"], false, "{name} {arguments}: {result}");
        result["structuredContent"].clone()
    }

    /// The text of a call that has to fail.
    pub(crate) fn refusal(&mut self, name: &str, arguments: &Value) -> String {
        refusal(&self.call(name, arguments))
    }

    /// Sends a call over the line and gives its id, or the response of the engine that refused it.
    pub(crate) fn start(&mut self, name: &str, arguments: &Value) -> Result<u32, Value> {
        let (catalog, mut args, mut out) = (catalog(), [0; 256], vec![0; 4_096]);
        let params = json!({"name": name, "arguments": arguments});
        let request = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
        let request = request.to_string();
        let engine = McpEngine::new(&catalog);
        let step = engine.receive(request.as_bytes(), &mut self.session, &mut args, &mut out);
        let call = match step {
            Step::Call(call) => call,
            Step::Reply(len) => return Err(serde_json::from_slice(&out[..len]).unwrap()),
            step => panic!("{request} came to {step:?}"),
        };
        let id = self.next_id();
        self.calls.insert(id, call.tool);
        self.send(&HostMessage::Call(message::Call {
            id,
            tool: call.tool,
            check: message::check(TOOLS[usize::from(call.tool)].hash(), EPOCH, SESSION),
            args: &args[..call.arguments],
            flags: 1,
            ..message::Call::default()
        }));
        Ok(id)
    }

    /// The id of a new call, on a slot that has none under way.
    fn next_id(&mut self) -> u32 {
        let slot = self.slots.iter().position(|(_, waits)| !waits).expect("a lane is free");
        let (sequence, waits) = &mut self.slots[slot];
        (*sequence, *waits) = (*sequence + 1, true);
        slot::id(*sequence, slot as u8, tools::CALLS_MAX).unwrap()
    }

    /// Gives up a call.
    pub(crate) fn cancel(&mut self, id: u32) {
        self.send(&HostMessage::Cancel { id });
    }

    fn send(&mut self, message: &HostMessage<'_>) {
        let mut buffer = [0; 512];
        let start = frame::headroom(256);
        let len = message::write(message, &mut buffer[start..]).unwrap();
        let len = encode_in_place(&mut buffer, start, len).unwrap();
        assert_eq!(self.line.push(&buffer[..len]), len);
    }

    /// Waits for a call that [`Client::start`] sent.
    pub(crate) fn wait(&mut self, id: u32) -> Value {
        for at in 0..1_000 {
            if let Some(answer) = self.answers.remove(&id) {
                return answer;
            }
            if at % 100 == 99 {
                self.send(&HostMessage::Ping { nonce: 2 });
            }
            self.step();
        }
        panic!("call {id} is never answered");
    }

    /// Whether a call has been answered.
    pub(crate) fn is_answered(&self, id: u32) -> bool {
        self.answers.contains_key(&id)
    }

    // Ten milliseconds of the board, and all that it sends in them.
    fn step(&mut self) {
        self.now_ms += 10;
        for _ in 0..4 {
            self.device.poll(self.now_ms, 8, &mut self.tools);
            if self.tools.board.take_press() {
                self.device.agree(self.now_ms);
            }
            let bytes = self.device.tx_peek().to_vec();
            self.device.tx_consume(bytes.len());
            for byte in bytes {
                if let DecodeEvent::Message(len) = self.decoder.feed(byte, &mut self.received) {
                    let message = self.received[..len].to_vec();
                    self.heard(message::read(&message).unwrap());
                }
            }
        }
    }

    fn heard(&mut self, message: DeviceMessage<'_>) {
        match message {
            DeviceMessage::Pong { epoch, .. } => assert_eq!(epoch, EPOCH),
            DeviceMessage::Log { level, text, .. } => self.log.push((level, text.to_owned())),
            DeviceMessage::Progress { done, total, .. } => self.progress.push((done, total)),
            DeviceMessage::Hello(hello) => assert_eq!(hello.epoch, EPOCH),
            DeviceMessage::Event { tool, text, .. } => self.events.push((tool, text.to_owned())),
            DeviceMessage::Result { id, outcome: Answer::Content { mime, len } } => {
                assert_eq!(mime, "image/png");
                self.contents.insert(id, (len, Vec::new()));
            }
            DeviceMessage::Result { id, outcome } => self.answered(id, outcome_of(outcome)),
            DeviceMessage::Chunk { id, offset, bytes, .. } => {
                let (len, mut file) = self.contents.remove(&id).unwrap();
                assert_eq!(offset as usize, file.len());
                file.extend_from_slice(bytes);
                if file.len() < len as usize {
                    self.contents.insert(id, (len, file));
                } else {
                    let data = file.as_slice();
                    let block = Block::Image { mime: "image/png", data: &data };
                    self.answered(id, Outcome::Content(&[block]));
                }
            }
            message => panic!("{message:?}"),
        }
    }

    fn answered(&mut self, id: u32, outcome: Outcome<'_>) {
        let (catalog, mut out) = (catalog(), vec![0; 1 << 16]);
        let tool = self.calls[&id];
        self.slots[usize::from(slot::slot(id, tools::CALLS_MAX))].1 = false;
        let number = Id::from_raw(b"7").unwrap();
        let version = self.session.version().unwrap();
        let len =
            McpEngine::new(&catalog).finish(number, version, tool, outcome, &mut out).unwrap();
        let response: Value = serde_json::from_slice(&out[..len]).unwrap();
        assert!(self.answers.insert(id, response["result"].clone()).is_none(), "answered twice");
    }
}

/// The text of a result that has to be a failure.
pub(crate) fn refusal(result: &Value) -> String {
    assert_eq!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

fn outcome_of(answer: Answer<'_>) -> Outcome<'_> {
    match answer {
        Answer::Done { value } => Outcome::Value(value),
        Answer::Fault { code, node, bound } => {
            Outcome::Fault(Fault { code: FaultCode::from_u8(code).unwrap(), node, bound })
        }
        Answer::Failed { text } => Outcome::Error(text),
        Answer::NeedsPerson { consent } => {
            Outcome::Failed(Failure::NeedsPerson(Consent::from_u8(consent)))
        }
        Answer::Busy => Outcome::Failed(Failure::Busy),
        Answer::Cancelled => Outcome::Failed(Failure::Cancelled),
        answer => panic!("{answer:?}"),
    }
}
