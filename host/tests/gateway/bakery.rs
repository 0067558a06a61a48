//! A device whose tools ask back, take their time and answer in blocks.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use trine_arena::Ring;
use trine_descriptor::record::Encoder;
use trine_descriptor::{
    Field, Kind, Limits, Prompt, Resource, Shelf, Template, Tool, ToolInfo, ValueReader,
    ValueWriter,
};
use trine_dispatch::{
    Answer, Call, CallId, Calls, Completion, Config, Device, Identity, Prompted, ReadRequest,
    Tools, ask, block as put_block,
};
use trine_wire::message::block::Block;
use trine_wire::message::input::{self, Records, Request};

const SEAL: u16 = 0;
const BAKE: u16 = 1;
const SILENCE: u16 = 3;

const WHO: [Field<'static>; 1] =
    [Field::new("who", Kind::Text { min: 1, max: 20 }).describe("Who it is for.")];

static TOOLS: [Tool<'static>; 4] = [
    Tool::new(
        ToolInfo::new("seal", "Seals a letter for somebody, whom it asks for."),
        &[Field::new("letter", Kind::Text { min: 1, max: 20 }).describe("What it says.")],
        &[Field::new("sealed", Kind::Text { min: 0, max: 60 })],
    ),
    Tool::new(
        ToolInfo {
            limits: Limits { deadline_ms: 5_000, pending_bytes: 1 },
            ..ToolInfo::new("bake", "Bakes a cake in four steps.")
        },
        &[],
        &[],
    ),
    Tool::new(
        ToolInfo { content: true, ..ToolInfo::new("album", "Shows what there is.") },
        &[],
        &[],
    ),
    Tool::new(ToolInfo { content: true, ..ToolInfo::new("silence", "Answers nothing.") }, &[], &[]),
];

/// A skill, a file of it that changes with every cake, and one that breaks a rule.
const MANUAL: &str = "skill://clerk/SKILL.md";
const PRICES: &str = "skill://clerk/parts/prices.md";
const NOT_A_SKILL: &str = "skill://other/SKILL.md";

static SHELF: Shelf<'static> = Shelf {
    resources: &[
        Resource::new("board://menu", "menu").describe("What there is.").of("text/plain", 0),
        Resource::new(MANUAL, "manual").of("text/markdown", 0),
        Resource::new(PRICES, "prices").of("text/markdown", 0),
        Resource::new(NOT_A_SKILL, "other").of("text/markdown", 0),
    ],
    templates: &[
        Template::new("bread://{kind}/price", "price").describe("Its price.", "text/plain")
    ],
    prompts: &[Prompt::new("order", "Orders bread.", &KIND)],
    completes: true,
};
const KIND: [Field<'static>; 1] =
    [Field::new("kind", Kind::Text { min: 1, max: 20 }).describe("The kind of it.")];

/// The device at work, until it is dropped.
pub(crate) struct Bakery {
    end: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Bakery {
    /// Listens on a unix socket.
    pub(crate) fn start(path: PathBuf) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let end = Arc::new(AtomicBool::new(false));
        let its = Arc::clone(&end);
        let thread = Some(std::thread::spawn(move || run(&listener, &its)));
        Self { end, thread }
    }
}

impl Drop for Bakery {
    fn drop(&mut self) {
        self.end.store(true, SeqCst);
        // It waits for a gateway, or serves one that is gone.
        drop(self.thread.take());
    }
}

fn run(listener: &UnixListener, end: &AtomicBool) {
    let (mut host, _) = listener.accept().unwrap();
    host.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let identity = Identity { product: "clerk", serial: "C1", ..Identity::default() };
    let config = Config { identity, epoch: 3, ..Config::DEFAULT };
    let mut memory = vec![0; config.memory()];
    let mut bytes = [0; 512];
    let mut ring = Ring::new(&mut bytes);
    let (mut line, out) = ring.split();
    let mut device = Device::new(config, &mut memory, out, &TOOLS).unwrap();
    device.offer_lists(&SHELF);
    let mut desk = BakeryTools::default();
    let since = Instant::now();
    while !end.load(SeqCst) {
        let mut bytes = [0; 128];
        match host.read(&mut bytes) {
            Ok(0) => return,
            Ok(len) => drop(line.push(&bytes[..len])),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        device.poll(since.elapsed().as_millis() as u64, 8, &mut desk);
        if std::mem::take(&mut desk.menu_changed) {
            device.resource_changed("board://menu").unwrap();
            device.resource_changed(PRICES).unwrap();
        }
        assert_eq!(device.fault(), None);
        let said = device.tx_peek().to_vec();
        device.tx_consume(said.len());
        if host.write_all(&said).is_err() {
            return;
        }
    }
}

#[derive(Default)]
struct BakeryTools {
    /// The cake, how far it is, and when it goes on.
    cake: Option<(CallId, u32, u64)>,
    logged: bool,
    menu_changed: bool,
    cakes: u32,
}

impl Tools for BakeryTools {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        match call.tool {
            SEAL => seal(&call, out),
            BAKE => {
                self.cake = Some((call.id, 0, call.now));
                self.menu_changed = true;
                self.cakes += 1;
                Answer::Pending
            }
            SILENCE => Answer::Blocks,
            _ => {
                put_block(out, &Block::Text { text: "an album" });
                put_block(out, &Block::Audio { mime: "audio/wav", bytes: b"RIFF" });
                let link = Block::Link { uri: "trine:x", name: "x", mime: "", description: "" };
                put_block(out, &link);
                put_block(
                    out,
                    &Block::Embedded { uri: "trine:y", mime: "text/plain", what: 0, bytes: b"why" },
                );
                Answer::Blocks
            }
        }
    }

    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        if !self.logged && calls.is_linked() && now > 100 {
            self.logged = calls.log(3, "the ink is low").is_ok();
        }
        let Some((call, step, at)) = &mut self.cake else { return u64::MAX };
        if now >= *at && *step < 4 {
            *step += 1;
            *at = now + 20;
            let told = calls.progress(*call, (*step, 4), "baking");
            assert_eq!(told, Ok(()));
        } else if now >= *at && calls.complete(*call, |_| {}).is_ok() {
            self.cake = None;
        }
        now + 5
    }

    fn read_resource(&mut self, request: &ReadRequest<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let (uri, mime) = (request.uri, "text/plain");
        if uri == "bread://gold/price" {
            return Answer::Failed("there is no such bread");
        }
        let text = match uri {
            MANUAL | NOT_A_SKILL => {
                "---\nname: clerk\ndescription: \"Sells bread: how.\"\n---\nAsk.\n".to_owned()
            }
            PRICES => format!("Cakes: {}", self.cakes),
            _ => "Rye, wheat.".to_owned(),
        };
        put_block(out, &Block::Embedded { uri, mime, what: 0, bytes: text.as_bytes() });
        Answer::Blocks
    }

    fn prompt(&mut self, request: &Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let kind = request.args.text(0).unwrap_or_default();
        put_block(out, &Block::Text { text: &format!("A loaf of {kind}, please.") });
        Answer::Blocks
    }

    fn complete(&mut self, request: &Completion<'_>, out: &mut ValueWriter<'_>) -> Answer {
        for text in ["rye", "wheat"].into_iter().filter(|it| it.starts_with(request.text)) {
            put_block(out, &Block::Text { text });
        }
        Answer::Blocks
    }
}

/// Asks for a name; with the answer it is done.
fn seal(call: &Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
    let letter = call.args.text(0).unwrap_or_default();
    if call.answers.is_empty() {
        let mut nodes = [0; 64];
        nodes[0] = 1;
        let mut encoder = Encoder::new(&mut nodes[1..], 0);
        encoder.node(&WHO[0]);
        let len = 1 + encoder.len();
        let message = "Who is the letter for?";
        return ask(
            out,
            letter.as_bytes(),
            &[Request { name: "to", message, nodes: &nodes[..len], ..Request::default() }],
        );
    }
    if call.state != letter.as_bytes() {
        return Answer::Failed("the state is not mine");
    }
    let answer: Option<input::Answer<'_>> =
        Records::new(call.answers).and_then(|mut records| records.record());
    let Some(answer) = answer else { return Answer::Failed("the answers cannot be read") };
    if answer.action != 0 {
        return Answer::Failed("nobody said whom it is for");
    }
    // The one entry: node, tag, text.
    let mut entry = ValueReader::new(&answer.values[2..]);
    out.text(0, &format!("{letter} for {}", entry.text().unwrap_or_default()));
    Answer::Done
}
