//! A device played by hand: what the host has said to it can be read, and anything be answered.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use trine_board::tools::TOOLS;
use trine_descriptor::{ToolTable as _, record};
use trine_mcp::Outcome;
use trine_wire::message::{self, DeviceMessage, Hello, HostHello, HostMessage, feature};
use trine_wire::secure::DeviceKeys;
use trine_wire::{DecodeEvent, Decoder};

use crate::device::State;
use crate::device::calls::{CallRequest, Cost, Extra, Ticket, Waiter};
use crate::device::session::DeviceSession;
use crate::link::{FrameEvent, Framing, Line};
use crate::settings::Settings;
use crate::sync::lock;

/// What the host has written.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Notes how each call ended, by its tag.
#[derive(Default)]
pub(super) struct Ends(pub(super) Mutex<Vec<(u64, String)>>);

impl Waiter for Ends {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        lock(&self.0).push((tag, format!("{outcome:?}")));
    }

    fn progress(&self, tag: u64, (done, total): (u32, u32), text: &str) -> bool {
        lock(&self.0).push((tag, format!("{done}/{total} {text}")));
        true
    }
}

pub(super) const HELLO: Hello<'_> = Hello {
    wire: 1,
    nonce: 0,
    epoch: 5,
    table_hash: 0,
    tools: 11,
    message_max: 192,
    calls_max: 4,
    features: feature::CONTENT | feature::CREDIT | feature::PROGRESS | feature::CANCEL,
    vendor: "v",
    product: "p",
    serial: "s",
    firmware: "f",
    build: "b",
    session: 77,
    rx_bytes: 256,
    result_max: 256,
    link_ms: 0,
    keyed: false,
    challenge: [0; 12],
    hello_digest: [0; 8],
};

/// A session, the device that it speaks with, and the time.
pub(super) struct Play {
    pub(super) session: DeviceSession,
    pub(super) now: u64,
    pub(super) hello: Hello<'static>,
    /// The device has a key.
    pub(super) keys: Option<DeviceKeys>,
    /// Its hello repeats the digest of the host's.
    pub(super) has_digests: bool,
    greetings: u32,
    /// Bytes of the host's last hello.
    pub(super) last_hello: Vec<u8>,
    wire: Wire,
    read: usize,
    ends: Arc<Ends>,
}

impl Play {
    /// A device that has said nothing yet.
    pub(super) fn new() -> Self {
        Self::with_settings(Settings::none())
    }

    pub(super) fn with_settings(settings: Settings) -> Self {
        let (wire, ends) = (Wire::default(), Arc::default());
        let mut play = Self {
            session: DeviceSession::new(settings),
            now: 0,
            hello: HELLO,
            keys: None,
            has_digests: true,
            greetings: 0,
            last_hello: Vec::new(),
            wire,
            read: 0,
            ends,
        };
        play.plug();
        // Real ids begin at random.
        play.session.calls.slots.begin_at(0);
        play
    }

    /// A device that has said `hello` and shown its tools.
    pub(super) fn online(hello: Hello<'static>) -> Self {
        let mut play = Self::new();
        play.hello = Hello { table_hash: record::table_hash(&TOOLS), ..hello };
        play.send_hello();
        play.list();
        assert_eq!(play.session.state(), State::Online);
        play.said();
        play
    }

    /// A new cable.
    pub(super) fn plug(&mut self) {
        self.wire = Wire::default();
        self.read = 0;
        let line = Line::Link(Box::new(self.wire.clone()), Framing::Stream);
        self.session.linked(line, self.now);
    }

    /// The first cable of a program.
    pub(super) fn plug_as_new(&mut self) {
        self.session = DeviceSession::new(Settings::none());
        self.plug();
    }

    /// The device answers the last hello.
    pub(super) fn send_hello(&mut self) {
        let said = self.said();
        assert!(said.iter().any(|said| said.starts_with("Hello")), "no hello in {said:?}");
        self.send_hello_as_asked();
    }

    /// The device answers the last hello that was read.
    pub(super) fn send_hello_as_asked(&mut self) {
        let asked = self.asked_hello();
        let mut hello = Hello { nonce: asked.nonce, session: asked.session, ..self.hello };
        if let Some(keys) = &mut self.keys {
            self.greetings += 1;
            let mut fresh = [7; 12];
            fresh[..4].copy_from_slice(&self.greetings.to_le_bytes());
            let offered = keys.answer_hello(asked.host_nonce, &self.last_hello, fresh);
            hello.challenge = offered.challenge;
            if self.has_digests {
                hello.hello_digest = offered.digest;
            }
            hello.keyed = true;
        }
        self.say(&DeviceMessage::Hello(hello));
    }

    /// The last hello that was read.
    fn asked_hello(&self) -> HostHello {
        match message::read(&self.last_hello) {
            Some(HostMessage::Hello(hello)) => hello,
            other => panic!("no hello: {other:?}"),
        }
    }

    /// The nonce of the last hello that was read.
    pub(super) fn asked_nonce(&self) -> u32 {
        self.asked_hello().nonce
    }

    pub(super) fn list(&mut self) {
        let mut list = vec![0; record::page(&TOOLS, 0, &mut [])];
        record::page(&TOOLS, 0, &mut list);
        let total = list.len() as u32;
        for (at, bytes) in list.chunks(200).enumerate() {
            let offset = at as u32 * 200;
            self.say(&DeviceMessage::Page { offset, total, bytes, what: 0 });
        }
    }

    /// The device says something.
    pub(super) fn say(&mut self, message: &DeviceMessage<'_>) {
        let mut bytes = vec![0; 8 * 1024];
        let mut len = message::write(message, &mut bytes).unwrap();
        if let Some(keys) = &mut self.keys {
            let sealed = match message {
                DeviceMessage::Hello(_) => keys.seal_hello(&mut bytes, 0, len),
                _ => keys.seal(&mut bytes, 0, len),
            };
            len = sealed.unwrap();
        }
        self.hear(&bytes[..len]);
    }

    /// The host hears bytes of a message.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.session.found(FrameEvent::Message(bytes, bytes.len() as u32), self.now);
        self.session.tick(self.now);
    }

    /// The device answers a call.
    pub(super) fn answer(&mut self, id: u32, outcome: message::Outcome<'_>) {
        self.say(&DeviceMessage::Result { id, outcome });
    }

    /// Time passes, a millisecond at a time.
    pub(super) fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += 1;
            self.session.tick(self.now);
        }
    }

    /// Passes over what the host has said, but for its last hello.
    pub(super) fn skip_to_hello(&mut self) {
        let bytes = lock(&self.wire.0).clone();
        let mut frames = bytes[self.read..].split(|&byte| byte == 0);
        // The kind of a hello is 0, so its frame begins with the code byte 1.
        let last = frames.rfind(|frame| frame.first() == Some(&1)).unwrap();
        self.read = last.as_ptr() as usize - bytes.as_ptr() as usize - 1;
        let end = self.read + last.len() + 2;
        lock(&self.wire.0).truncate(end);
    }

    /// What the host has said since the last time.
    pub(super) fn said(&mut self) -> Vec<String> {
        let bytes = lock(&self.wire.0).clone();
        let mut all = Vec::new();
        let (mut decoder, mut message) = (Decoder::new(), vec![0; 1024]);
        for &byte in &bytes[self.read..] {
            if let DecodeEvent::Message(len) = decoder.feed(byte, &mut message) {
                let mut bytes = &message[..len];
                if bytes[0] == 0 {
                    self.last_hello = bytes.to_vec();
                }
                if let Some(keys) = self.keys.as_mut().filter(|_| bytes[0] != 0) {
                    bytes = keys.open(bytes).unwrap_or_else(|| panic!("untagged: {bytes:?}")).0;
                }
                let said: HostMessage<'_> = message::read(bytes).unwrap();
                all.push(format!("{said:?}"));
            }
        }
        self.read = bytes.len();
        all
    }

    /// The ids of the calls that the host has sent since the last time.
    pub(super) fn calls(&mut self) -> Vec<u32> {
        let said = self.said();
        let calls = said.iter().filter(|said| said.starts_with("Call"));
        calls.map(|said| number(said, "id: ")).collect()
    }

    /// How the calls have ended since the last time.
    pub(super) fn ends(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut *lock(&self.ends.0))
    }

    /// Who hears the ends of calls.
    pub(super) fn waiter(&self) -> Arc<dyn Waiter> {
        Arc::clone(&self.ends) as _
    }

    /// The host's client calls a tool.
    pub(super) fn call(&mut self, tool: u16, tag: u64) -> Option<Ticket> {
        self.call_as(0, tool, &[0, 2, 8], tag)
    }

    /// A client of this number calls a tool with these arguments.
    pub(super) fn call_as(
        &mut self,
        client: u64,
        tool: u16,
        args: &[u8],
        tag: u64,
    ) -> Option<Ticket> {
        let info = TOOLS.info(tool).unwrap();
        let hash = TOOLS.hash(tool);
        let extra = Extra { progress: true, client, ..Extra::default() };
        let waiter: Arc<dyn Waiter> = Arc::clone(&self.ends) as _;
        let (now, waiter) = (self.now, &waiter);
        self.session.call(&CallRequest { info, tool, hash, args, extra, now, waiter, tag })
    }
}

/// The number behind a word of what was said.
pub(super) fn number(said: &str, word: &str) -> u32 {
    let rest = &said[said.find(word).unwrap() + word.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap()
}
