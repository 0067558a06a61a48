//! A page on a bench: time passes as it is told, and records are sorted.

use serde_json::{Value, json};
use trine_arena::Ring;
use trine_browser::Page;
use trine_browser::board::{Board, Memory, TOOL_COUNT, described};
use trine_browser::out::{Kind, records};

/// The base model.
pub(crate) const BASE: &[u8] = include_bytes!("../../../../models/base.bin");
/// Milliseconds that pass between two looks.
const STEP: u64 = 10;

/// A page, and what it has said so far.
pub(crate) struct Bench {
    pub(crate) page: Box<Page<'static>>,
    pub(crate) now: u64,
    pub(crate) messages: Vec<Value>,
    pub(crate) sentences: Vec<Value>,
    pub(crate) notes: Vec<String>,
    pub(crate) ready: Vec<Value>,
    /// Frames to the device and from it, in order.
    pub(crate) frames: Vec<(Kind, Vec<u8>)>,
    id: u64,
}

/// A page as it is before it starts.
const BLANK: &Page<'static> = &Page::new(BASE);

/// A page that was never on the stack of a test, which is too small for it.
fn page() -> Box<Page<'static>> {
    let mut page = Box::<Page<'static>>::new_uninit();
    // SAFETY: both are places of one page; the constant is not used as one, and owns nothing.
    unsafe { std::ptr::copy_nonoverlapping(BLANK, page.as_mut_ptr(), 1) };
    // SAFETY: all of it was written.
    unsafe { page.assume_init() }
}

/// Memory that is never given back: what a test has.
fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// A board at its start, with other descriptions where they are not empty.
pub(crate) fn board(texts: &[&'static str; TOOL_COUNT], random: u32, now: u64) -> Board<'static> {
    let (memory, ring) = leak(Memory::new()).split();
    let ring: &'static mut Ring<'static> = leak(ring);
    Board::new(memory, ring, leak(described(texts)), (random, now)).unwrap()
}

impl Bench {
    /// A page whose device is at its own line.
    pub(crate) fn without_board() -> Self {
        let mut page = page();
        page.start(7);
        Self {
            page,
            now: 1_000,
            messages: Vec::new(),
            sentences: Vec::new(),
            notes: Vec::new(),
            ready: Vec::new(),
            frames: Vec::new(),
            id: 0,
        }
    }

    /// A page with a board that is ready.
    pub(crate) fn new() -> Self {
        let mut bench = Self::without_board();
        bench.plug(&[""; TOOL_COUNT]);
        bench
    }

    /// Plugs in a board and waits until it is ready.
    pub(crate) fn plug(&mut self, texts: &[&'static str; TOOL_COUNT]) {
        let random = 1 + self.now as u32;
        self.page.plug(Some(board(texts, random, self.now)), self.now);
        self.ready.clear();
        self.pass(2_000);
        assert_eq!(self.ready.len(), 1, "the board is ready once: {:?}", self.notes);
    }

    /// Takes the records.
    pub(crate) fn look(&mut self) {
        for (kind, bytes) in records(self.page.trace()) {
            match kind {
                2 => self.frames.push((Kind::ToDevice, bytes.to_vec())),
                3 => self.frames.push((Kind::FromDevice, bytes.to_vec())),
                4 => self.notes.push(String::from_utf8(bytes.to_vec()).unwrap()),
                _ => panic!("a record of kind {kind} in the trace"),
            }
        }
        for (kind, bytes) in records(self.page.answers()) {
            let json = || serde_json::from_slice(bytes).unwrap();
            match kind {
                1 => self.messages.push(json()),
                5 => self.ready.push(json()),
                6 => self.sentences.push(json()),
                _ => panic!("a record of kind {kind} among the answers"),
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            self.now += STEP;
            self.page.poll(self.now);
            self.look();
        }
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, message: &Value) {
        self.page.message(message.to_string().as_bytes(), self.now);
        self.look();
    }

    /// Sends a request of MCP 2026-07-28; answers its id.
    pub(crate) fn request(&mut self, method: &str, mut params: Value) -> u64 {
        self.id += 1;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let id = self.id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// The answers to a request so far.
    pub(crate) fn answers(&self, id: u64) -> Vec<&Value> {
        self.messages.iter().filter(|message| message["id"] == id).collect()
    }

    /// Sends a request and waits for its only answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        for _ in 0..6_000 {
            if let [answer] = *self.answers(id) {
                return answer.clone();
            }
            self.pass(STEP);
        }
        panic!("no answer to {method}: {:?}", self.notes)
    }

    /// Calls a tool and waits for the result.
    pub(crate) fn call(&mut self, name: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": name, "arguments": arguments}))["result"].take()
    }

    /// What a person sees.
    pub(crate) fn picture(&self) -> Value {
        let mut out = [0; 4096];
        let len = self.page.picture(&mut out).unwrap();
        serde_json::from_slice(&out[..len]).unwrap()
    }

    /// What a sentence comes to.
    pub(crate) fn sentence(&mut self, text: &str) -> Value {
        self.page.sentence(text.as_bytes());
        self.look();
        self.sentences.pop().unwrap()
    }
}
