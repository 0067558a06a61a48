//! One message of each kind, outcome, block and request, and those whose tails matter.

use trine_wire::message::block::{Block, fault, verdict};
use trine_wire::message::input::{self, Answer, Request, asks};
use trine_wire::message::{
    Ask, Call, DeviceMessage, Hello, HostHello, HostMessage, Outcome, Status, check,
};

const HOST_HELLO: HostHello = HostHello {
    wire: 1,
    nonce: 0x1234,
    session: 0xcafe_f00d,
    flags: 1,
    message_max: 4096,
    content_window: 8192,
    keepalive_ms: 1000,
    host_nonce: [1, 2, 3, 4, 5, 6, 7, 8],
};

const HELLO: Hello<'_> = Hello {
    wire: 1,
    nonce: 0x1234,
    epoch: 0x0bad_cafe,
    table_hash: TABLE_HASH,
    tools: 1,
    message_max: 192,
    calls_max: 4,
    features: 0x0c07,
    vendor: "Acme",
    product: "greenhouse",
    serial: "0017",
    firmware: "1.2.0",
    build: "a1b2c3",
    session: 0xcafe_f00d,
    rx_bytes: 256,
    result_max: 160,
    link_ms: 3000,
    keyed: true,
    challenge: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 1],
    hello_digest: [0; 8],
};

/// The digest of the host's hello under the key of `keyed.txt`, with the nonces there.
pub(crate) const HELLO_DIGEST: [u8; 8] = [219, 12, 107, 111, 67, 156, 178, 164];

/// Hashes of the record `fan_set` in `values.txt` and of a table of that one tool.
pub(crate) const FAN_HASH: u64 = 0xd626_df13_7bd1_3c23;
pub(crate) const TABLE_HASH: u64 = 0x4b35_f48d_f84b_2c54;

/// "Set the fan to 40 percent": tool 0, epoch and session as in the hellos, call 2 on slot 1 of 4.
fn fan_set() -> Call<'static> {
    let check = check(FAN_HASH, HELLO.epoch, HOST_HELLO.session);
    Call { id: 9, tool: 0, check, args: &[0, 2, 80], ..Call::default() }
}

pub(crate) fn host() -> Vec<(&'static str, HostMessage<'static>)> {
    let call = HostMessage::Call;
    let v0 = HostHello { nonce: 0x1234, ..HostHello::default() };
    let v0_call = Call { check: check(FAN_HASH, 0, 0), ..fan_set() };
    let full = Call {
        deadline_ms: 300,
        flags: 1,
        state: &[0xaa, 0xbb],
        answers: ANSWERS,
        principal: "ann",
        ..fan_set()
    };
    let prompt = |state, answers| HostMessage::Prompt {
        id: 17,
        prompt: 2,
        args: &[0, 2, 80],
        state,
        answers,
    };
    vec![
        ("host.hello", HostMessage::Hello(HOST_HELLO)),
        (
            "host.hello.open",
            HostMessage::Hello(HostHello { flags: 0, host_nonce: [0; 8], ..HOST_HELLO }),
        ),
        ("host.hello.version-0", HostMessage::Hello(v0)),
        ("host.list", HostMessage::List { offset: 256, max: 128, what: 0 }),
        ("host.list.prompts", HostMessage::List { offset: 0, max: 65535, what: 3 }),
        ("host.call", call(fan_set())),
        ("host.call.version-0", call(v0_call)),
        ("host.call.answers", call(full)),
        ("host.call.principal", call(Call { principal: "ann", ..fan_set() })),
        ("host.call.last-id", call(Call { id: u32::MAX, ..fan_set() })),
        ("host.cancel", HostMessage::Cancel { id: 9 }),
        ("host.status", HostMessage::Status),
        ("host.credit", HostMessage::Credit { id: 9, upto: 16384 }),
        ("host.read", HostMessage::Read { id: 13, uri: "plot://north" }),
        ("host.prompt", prompt(&[], &[])),
        ("host.prompt.answers", prompt(&[0xaa, 0xbb], ANSWERS)),
        ("host.complete", HostMessage::Complete { id: 21, of: 0, index: 3, node: 1, text: "no" }),
        ("host.ping", HostMessage::Ping { nonce: 77 }),
        ("host.log", HostMessage::Log { level: 3 }),
        ("host.provision", HostMessage::Provision { op: 0, key: *b"sixteen byte key" }),
        ("host.provision.erase", HostMessage::Provision { op: 1, key: [0; 16] }),
        ("host.factory", HostMessage::Factory { op: 0, arg: b"echo" }),
        ("host.ask", HostMessage::Ask(Ask { id: 25, sentence: b"fan at 40", ..Ask::default() })),
        (
            "host.ask.tokens",
            HostMessage::Ask(Ask { id: 25, deadline_ms: 300, sentence: b"fan at 40", flags: 1 }),
        ),
    ]
}

pub(crate) fn device() -> Vec<(&'static str, DeviceMessage<'static>)> {
    let v0 = Hello {
        wire: 0,
        session: 0,
        rx_bytes: 0,
        result_max: 0,
        link_ms: 0,
        keyed: false,
        challenge: [0; 12],
        ..HELLO
    };
    let event = |what, tool, text| DeviceMessage::Event { seq: 3, tool, text, what };
    let chunk = |block| DeviceMessage::Chunk { id: 9, offset: 128, bytes: &[1, 2, 3], block };
    let mut all = vec![
        ("device.hello", DeviceMessage::Hello(HELLO)),
        (
            "device.hello.unasked",
            DeviceMessage::Hello(Hello { nonce: 0, keyed: false, challenge: [0; 12], ..HELLO }),
        ),
        ("device.hello.version-0", DeviceMessage::Hello(v0)),
        ("device.page", DeviceMessage::Page { offset: 0, total: 3, bytes: b"abc", what: 0 }),
        ("device.page.resources", DeviceMessage::Page { offset: 0, total: 0, bytes: &[], what: 1 }),
        ("device.chunk", chunk(0)),
        ("device.chunk.second-block", chunk(1)),
        ("device.event", event(0, 7, "the tank is low")),
        ("device.event.list", event(1, 1, "")),
        ("device.event.resource", event(2, 0, "plot://north")),
        ("device.status", DeviceMessage::Status(status())),
        ("device.unsupported", DeviceMessage::Unsupported { kind: 200 }),
        ("device.progress", DeviceMessage::Progress { id: 9, done: 3, total: 10, text: "heating" }),
        ("device.progress.repeat", DeviceMessage::Progress { id: 9, done: 0, total: 0, text: "" }),
        ("device.log", DeviceMessage::Log { level: 3, text: "the fan is slow", call: 0 }),
        ("device.log.call", DeviceMessage::Log { level: 3, text: "the fan is slow", call: 9 }),
        ("device.pong", DeviceMessage::Pong { nonce: 77, epoch: HELLO.epoch }),
        ("device.provisioned", DeviceMessage::Provisioned { code: 1 }),
        ("device.factory", DeviceMessage::Factory { op: 0, code: 0, bytes: b"echo" }),
    ];
    all.extend(
        outcomes()
            .into_iter()
            .map(|(name, outcome)| (name, DeviceMessage::Result { id: 9, outcome })),
    );
    all.extend(blocks().into_iter().map(|(name, block)| {
        let bytes = written(|out| block.write(out));
        (name, DeviceMessage::Result { id: 9, outcome: Outcome::Blocks { bytes } })
    }));
    // Members that were appended later come last, so that the lines before them stay.
    let hello = Hello { hello_digest: HELLO_DIGEST, ..HELLO };
    all.push(("device.hello.digest", DeviceMessage::Hello(hello)));
    all
}

pub(crate) fn status() -> Status {
    Status {
        uptime_ms: 1 << 33,
        frames_in: 1,
        frames_bad: 2,
        bytes_lost: 3,
        frames_out: 4,
        calls: 5,
        entered: 6,
        faults: 7,
        unagreed: 8,
        expired: 9,
        bad_results: 10,
        memory: 2048,
        memory_used: 1500,
        rx_high_water: 13,
        tx_high_water: 14,
        calls_high_water: 2,
        repeats: 15,
        unauthentic: 16,
        link_losses: 17,
    }
}

fn outcomes() -> Vec<(&'static str, Outcome<'static>)> {
    let requests = REQUESTS;
    vec![
        ("device.result.done", Outcome::Done { value: &[0, 2, 80] }),
        ("device.result.fault", Outcome::Fault { code: 5, node: 0, bound: 100 }),
        ("device.result.failed", Outcome::Failed { text: "the motor is hot" }),
        ("device.result.stale", Outcome::Stale),
        ("device.result.unknown-tool", Outcome::UnknownTool),
        ("device.result.needs-person", Outcome::NeedsPerson { consent: 1 }),
        ("device.result.busy", Outcome::Busy),
        ("device.result.expired", Outcome::Expired),
        ("device.result.cancelled", Outcome::Cancelled),
        ("device.result.bad-result", Outcome::BadResult { code: 5, node: 65535 }),
        ("device.result.content", Outcome::Content { mime: "image/png", len: 3000 }),
        ("device.result.need-input", Outcome::NeedInput { state: &[0xaa, 0xbb], requests }),
        ("device.result.forgotten", Outcome::Forgotten),
        ("device.result.blocks", Outcome::Blocks { bytes: &[] }),
        ("device.result.unauthenticated", Outcome::Unauthenticated),
    ]
}

pub(crate) fn blocks() -> Vec<(&'static str, Block<'static>)> {
    let (uri, mime) = ("plot://north", "image/png");
    vec![
        ("device.result.blocks.text", Block::Text { text: "40 percent" }),
        ("device.result.blocks.image", Block::Image { mime, bytes: &[0x89, 0x50] }),
        ("device.result.blocks.audio", Block::Audio { mime: "audio/wav", bytes: &[0; 200] }),
        (
            "device.result.blocks.link",
            Block::Link { uri, name: "north", mime: "", description: "the north plot" },
        ),
        (
            "device.result.blocks.embedded",
            Block::Embedded { uri, mime: "text/plain", what: 0, bytes: b"dry" },
        ),
        ("device.result.blocks.structured", Block::Structured { value: &[0, 2, 80] }),
        ("device.result.blocks.role", Block::Role { role: 1 }),
        ("device.result.blocks.more", Block::More { total: 300 }),
        (
            "device.result.blocks.call",
            Block::Call {
                verdict: verdict::CALL,
                confidence: 0.75_f32.to_bits(),
                tool: 1,
                node: 0,
                args: &[0, 2, 80],
            },
        ),
        (
            "device.result.blocks.call.out-of-range",
            Block::Call {
                verdict: verdict::OUT_OF_RANGE,
                confidence: 0.5_f32.to_bits(),
                tool: 7,
                node: 1,
                args: &[],
            },
        ),
        ("device.result.blocks.tokens", Block::Tokens { bytes: &[0x2c, 0x01, 0x02, 0x00] }),
        (
            "device.result.blocks.why",
            Block::Why { why: 6, fault: fault::MISSING, tool: 7, node: 1, other: 0 },
        ),
        ("device.result.blocks.command", Block::Command { tool: 1, args: &[0, 2, 80] }),
    ]
}

/// A form of one field, node 0: a required choice `yes|no` named `sure`.
pub(crate) const REQUEST: Request<'_> = Request {
    name: "confirm",
    kind: 0,
    message: "Open the valve?",
    nodes: b"\x01\x04sure\x00\x00\x01\x05\x06yes|no",
    tokens: 0,
    extras: &[],
};

/// A message to a language model, which may answer in 300 tokens.
pub(crate) const SAMPLING: Request<'_> = Request {
    name: "why",
    kind: asks::SAMPLING,
    message: "Say why.",
    nodes: &[],
    tokens: 300,
    extras: &[],
};

/// The folders that the client works on.
pub(crate) const ROOTS: Request<'_> =
    Request { name: "where", kind: asks::ROOTS, message: "", nodes: &[], tokens: 0, extras: &[] };

/// What a language model has written.
pub(crate) const WRITTEN: Answer<'_> =
    Answer { name: "why", action: 0, values: b"\x00\x04\x07Because" };

/// Two folders.
pub(crate) const FOLDERS: Answer<'_> = Answer {
    name: "where",
    action: 0,
    values: b"\x00\x07\x02\x01\x04\x08file:///\x01\x04\x0afile:///me",
};

pub(crate) const ANSWER: Answer<'_> = Answer { name: "confirm", action: 0, values: &[0, 5, 0] };

pub(crate) const REQUESTS: &[u8] =
    b"\x01\x2b\x07confirm\x00\x0fOpen the valve?\x11\x01\x04sure\x00\x00\x01\x05\x06yes|no";
pub(crate) const ANSWERS: &[u8] = b"\x01\x0d\x07confirm\x00\x03\x00\x05\x00";

/// What `write` writes, kept for as long as the test runs.
pub(crate) fn written(write: impl FnOnce(&mut [u8]) -> Option<usize>) -> &'static [u8] {
    let mut bytes = vec![0; 4096];
    let len = write(&mut bytes).unwrap();
    bytes.truncate(len);
    bytes.leak()
}

pub(crate) fn requests() -> &'static [u8] {
    written(|out| input::write(&[REQUEST], out))
}

pub(crate) fn answers() -> &'static [u8] {
    written(|out| input::write(&[ANSWER], out))
}

/// A message to a language model, and the folders that the client works on.
pub(crate) fn later_requests() -> &'static [u8] {
    written(|out| input::write(&[SAMPLING, ROOTS], out))
}

pub(crate) fn later_answers() -> &'static [u8] {
    written(|out| input::write(&[WRITTEN, FOLDERS], out))
}
