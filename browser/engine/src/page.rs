//! What a page does: messages and sentences in, records out.

use trine_descriptor::ToolTable as _;
use trine_mcp::json::JsonWriter;

use crate::board::Board;
use crate::client::{Answers, Client};
use crate::host::{CONTENT_MAX, Host, Line, MESSAGE_MAX, News};
use crate::out::{Kind, Outbox};
use crate::picture;
use crate::sentence::Sentences;

/// Bytes that are moved from the board at a time.
const STEP: usize = 256;
/// How often board and host take turns for one call of [`Page::poll`], at most.
const TURNS: u32 = 256;
/// Room for an answer with all content that a device may send, as Base64: below it nothing more is
/// taken from the board, until the page has taken its records.
const ANSWER_MAX: usize = CONTENT_MAX / 3 * 4 + MESSAGE_MAX;

const NO_ROOM: &str = "an answer to the client is longer than the 256 KiB that this page keeps";

/// Frames and notes that wait: those of some calls.
type Trace = Outbox<{ 64 << 10 }>;

/// A client, a host and a device, and the model that reads sentences.
#[derive(Debug)]
pub struct Page<'m> {
    out: Answers,
    host: Host,
    client: Client,
    sentences: Sentences<'m>,
    wire: Wire<'m>,
}

/// Where frames for the device go: to the board in here, or to the page's own line.
#[derive(Debug)]
struct Wire<'m> {
    trace: Trace,
    board: Option<Board<'m>>,
}

impl Line for Wire<'_> {
    fn send(&mut self, kind: u8, frame: &[u8]) {
        if let Some(board) = &mut self.board {
            board.feed(frame);
        }
        self.trace.pieces(Kind::ToDevice, &[&[kind], frame]);
    }

    fn show(&mut self, kind: u8, frame: &[u8]) {
        self.trace.pieces(Kind::FromDevice, &[&[kind], frame]);
    }

    fn say(&mut self, words: &[&str]) {
        self.trace.put(Kind::Note, |out| {
            let mut at = 0;
            for word in words {
                out.get_mut(at..)?.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
                at += word.len();
            }
            Some(at)
        });
    }
}

impl<'m> Page<'m> {
    /// A page without a device. `base` is the base model.
    #[must_use]
    pub const fn new(base: &'m [u8]) -> Self {
        Self {
            out: Answers::new(),
            host: Host::new(),
            client: Client::new(),
            sentences: Sentences::new(base),
            wire: Wire { trace: Trace::new(), board: None },
        }
    }

    /// Tells this page from every other one. `seed` has to be random.
    pub const fn start(&mut self, seed: u32) {
        self.host.start(seed);
    }

    /// Another board, or none: then the device is at the page's own line, whose bytes come by
    /// [`Self::receive`] and leave as [`Kind::ToDevice`]. Answers the board that was there.
    pub fn plug(&mut self, board: Option<Board<'m>>, now: u64) -> Option<Board<'m>> {
        self.host.restart(now);
        core::mem::replace(&mut self.wire.board, board)
    }

    /// A message of the client.
    pub fn message(&mut self, message: &[u8], now: u64) {
        let Self { out, host, client, wire, .. } = self;
        let mut is_silent = false;
        let is_written = out.put(Kind::Message, |room| {
            let written = client.receive(message, host, (room, wire), now);
            is_silent = written == Ok(0);
            written.ok().filter(|len| *len > 0)
        });
        if !is_written && !is_silent {
            self.wire.say(&[NO_ROOM]);
        }
        self.poll(now);
    }

    /// Bytes of a device at the page's own line.
    pub fn receive(&mut self, bytes: &[u8], now: u64) {
        self.take(bytes, now);
        self.poll(now);
    }

    /// Lets time pass up to `now`: the board works, what is due is sent.
    pub fn poll(&mut self, now: u64) {
        for _ in 0..TURNS {
            let Self { out, host, wire, .. } = self;
            host.poll(now, wire);
            let Some(board) = &mut wire.board else { break };
            board.run(now);
            let mut said = [0; STEP];
            let len = if out.room() > ANSWER_MAX { board.say(&mut said) } else { 0 };
            if len == 0 {
                break;
            }
            self.take(said.get(..len).unwrap_or_default(), now);
        }
        let Self { out, host, client, wire, .. } = self;
        let mut is_told = true;
        while let Some(ended) = host.late(now, wire) {
            is_told &= client.tell(News::Ended(ended), out);
        }
        if !is_told {
            wire.say(&[NO_ROOM]);
        }
    }

    fn take(&mut self, mut bytes: &[u8], now: u64) {
        while !bytes.is_empty() {
            let Self { out, host, client, wire, .. } = self;
            let (used, news) = host.take(bytes, now, wire);
            bytes = bytes.get(used..).unwrap_or_default();
            let is_new = matches!(news, News::Listed);
            if !client.tell(news, out) {
                wire.say(&[NO_ROOM]);
            }
            if is_new {
                client.tell_of_list(out);
                ready(host, out);
            }
        }
    }

    /// What a sentence asks for, as a record.
    pub fn sentence(&mut self, sentence: &[u8]) {
        let Self { out, host, sentences, .. } = self;
        let mut wrong = "the device has not told its tools yet";
        let is_answered = host.is_ready()
            && out.put(Kind::Sentence, |out| match sentences.ask(host.list(), sentence, out) {
                Ok(len) => Some(len),
                Err(words) => {
                    wrong = words;
                    None
                }
            });
        if !is_answered {
            let pieces: [&[u8]; 3] = [b"{\"error\":\"", wrong.as_bytes(), b"\"}"];
            out.pieces(Kind::Sentence, &pieces);
        }
    }

    /// A person presses the button of the board.
    pub const fn press(&mut self) {
        if let Some(board) = &mut self.wire.board {
            board.press();
        }
    }

    /// Writes what a person would see of the board; `None` without one.
    pub fn picture(&self, out: &mut [u8]) -> Option<usize> {
        picture::write(self.wire.board.as_ref()?, out)
    }

    /// The frames and notes since this was asked last, as [`crate::out::records`].
    pub const fn trace(&mut self) -> &[u8] {
        self.wire.trace.take()
    }

    /// The answers since this was asked last, as [`crate::out::records`].
    pub const fn answers(&mut self) -> &[u8] {
        self.out.take()
    }
}

/// Says that the device is ready.
fn ready(host: &Host, out: &mut Answers) {
    let [product, firmware] = host.who();
    out.put(Kind::Ready, |out| {
        let mut json = JsonWriter::new(out);
        json.raw(b"{\"product\":");
        json.string(product);
        json.raw(b",\"firmware\":");
        json.string(firmware);
        json.raw(b",\"tools\":");
        json.unsigned(host.list().count().into());
        json.raw(b"}");
        json.finish().ok()
    });
}
