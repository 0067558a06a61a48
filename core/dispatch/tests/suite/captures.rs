//! Whole conversations, as they are kept in `tests/golden/wire-v1` for ever: a device that is fed
//! the host's lines says the device's lines, byte for byte.

use trine_arena::Ring;
use trine_descriptor::{ToolTable, ValueWriter};
use trine_dispatch::{Device, Key, Link};
use trine_wire::bus::Header;
use trine_wire::message::{self, HostHello, HostMessage};

use crate::bench::SESSION;
use crate::demo::{Demo, ERASE, KEY, PICTURE, PLACES, SET, TABLE, TURN, config};
use crate::golden::{self, CaptureLine};
use crate::harness::LinkHarness;

/// A host that talks to a new device; what both say becomes the capture.
struct Script {
    harness: LinkHarness<Demo>,
    epoch: u32,
}

impl Script {
    fn new(link: Link, key: Option<Key>) -> Self {
        let mut harness = LinkHarness::new(config(link, key), &TABLE, Demo::default());
        let epoch = harness.send_hello(SESSION);
        Self { harness, epoch }
    }

    fn say(&mut self, message: &HostMessage<'_>) {
        self.harness.send(message);
        self.hear();
    }

    /// What `talk` says comes to the device in one piece.
    fn at_once(&mut self, talk: impl FnOnce(&mut Self)) {
        self.harness.gathered = Some(Vec::new());
        talk(self);
        let bytes = self.harness.gathered.take().expect("it was set");
        self.harness.push(&bytes);
        self.hear();
    }

    fn call(&mut self, id: u32, tool: u16, percent: i64) {
        self.call_with(id, tool, percent, message::Call::default());
    }

    fn call_with(&mut self, id: u32, tool: u16, percent: i64, more: message::Call<'_>) {
        let mut args = [0; 8];
        let mut writer = ValueWriter::new(&mut args);
        writer.int(0, percent);
        let check = message::check(TABLE.hash(tool), self.epoch, SESSION);
        let call = message::Call { id, tool, check, args: writer.bytes(), ..more };
        self.say(&HostMessage::Call(call));
    }

    fn hear(&mut self) {
        if self.harness.gathered.is_none() {
            self.harness.hear();
        }
    }

    /// Lets time pass; a device on a bus may speak every 100 ms.
    fn wait(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.harness.now += 20;
            if self.harness.now.is_multiple_of(100) {
                self.harness.ask();
            }
            self.harness.hear();
        }
    }

    fn list(&mut self) {
        for offset in [0, 128, 256, 384] {
            self.say(&HostMessage::List { offset, max: 128, what: 0 });
        }
    }
}

/// Hello, list, each outcome that needs nothing special, ping, status, factory.
fn plain(script: &mut Script) {
    script.list();
    script.call(4, SET, 40);
    script.call(5, SET, 101);
    script.call(6, SET, 99);
    script.call(7, 9, 0);
    script.call_with(8, SET, 1, message::Call { deadline_ms: 5, ..message::Call::default() });
    let epoch = core::mem::replace(&mut script.epoch, 1);
    script.call(9, SET, 1);
    script.epoch = epoch;
    script.call(13, TURN, 1);
    script.say(&HostMessage::Cancel { id: 13 });
    script.call_with(17, TURN, 1, message::Call { deadline_ms: 50, ..message::Call::default() });
    script.wait(60);
    script.call(21, PLACES, 1);
    script.say(&HostMessage::Ping { nonce: 77 });
    script.say(&HostMessage::Status);
    script.say(&HostMessage::List { offset: 0, max: 100, what: 3 });
    script.say(&HostMessage::Read { id: 25, uri: "demo://nothing" });
    for (op, arg) in [(0, &b"echo"[..]), (1, &[]), (2, &[]), (9, &[])] {
        script.say(&HostMessage::Factory { op, arg });
    }
}

/// Calls on all slots at once, each sent again before and after its answer; a hello in between.
fn pipelined(script: &mut Script) {
    let tool = |slot| if slot == 2 { TURN } else { SET };
    script.at_once(|script| {
        for slot in 0..4 {
            script.call(4 + slot, tool(slot), i64::from(slot));
            script.call(4 + slot, tool(slot), i64::from(slot));
        }
    });
    script.wait(400);
    script.at_once(|script| {
        for slot in 0..4 {
            script.call(4 + slot, tool(slot), i64::from(slot));
        }
    });
    script.harness.send_hello(SESSION);
    script.call(6, TURN, 2);
    script.call(2, SET, 2);
    script.at_once(|script| {
        script.call(8, PICTURE, 0);
        script.call(8, PICTURE, 0);
        script.call(9, SET, 7);
    });
    script.call(8, PICTURE, 0);
    script.call(12, TURN, 0);
    // Another host.
    script.harness.send_hello(SESSION + 1);
    script.call(12, TURN, 0);
    script.wait(400);
}

/// A content of 300 bytes with a window of 100.
fn content(script: &mut Script) {
    let hello = HostHello {
        wire: 1,
        nonce: 8,
        session: SESSION,
        message_max: 100,
        content_window: 100,
        keepalive_ms: 3_000,
        ..HostHello::default()
    };
    script.say(&HostMessage::Hello(hello));
    script.call(4, PICTURE, 1);
    script.call(5, SET, 1);
    script.call(4, PICTURE, 1);
    script.say(&HostMessage::Credit { id: 4, upto: 200 });
    script.wait(40);
    script.say(&HostMessage::Credit { id: 4, upto: 300 });
    script.call(4, PICTURE, 1);
    script.call(6, PICTURE, 1);
    script.say(&HostMessage::Cancel { id: 6 });
}

/// Progress, log, an event, and a question with its answer.
fn input(script: &mut Script) {
    script.say(&HostMessage::Log { level: 1 });
    script.call_with(4, TURN, 1, message::Call { flags: 1, ..message::Call::default() });
    script.wait(400);
    script.call(5, ERASE, 7);
    let answers = [1, 7, 4, b's', b'u', b'r', b'e', 0, 0];
    let more = message::Call { state: b"asked", answers: &answers, ..message::Call::default() };
    script.call_with(9, ERASE, 7, more);
}

/// A little of everything, for the other links.
fn mixed(script: &mut Script) {
    script.list();
    script.call(4, SET, 40);
    script.call(4, SET, 40);
    script.call(5, TURN, 1);
    script.call(6, PICTURE, 1);
    script.wait(400);
    script.say(&HostMessage::Ping { nonce: 5 });
}

/// A session, frames of it again, a hello of no one, a session after it.
fn keyed(script: &mut Script) {
    mixed(script);
    let replayed: Vec<Vec<u8>> = script
        .harness
        .said
        .iter()
        .rev()
        .filter(|said| said.by_host)
        .take(3)
        .map(|said| said.bytes.clone())
        .collect();
    for frame in replayed {
        script.harness.push(&frame);
        script.hear();
    }
    script.harness.plain(&HostMessage::Status);
    script.hear();
    let nobody = HostHello { wire: 1, nonce: 666, host_nonce: [6; 8], ..HostHello::default() };
    script.harness.plain(&HostMessage::Hello(nobody));
    script.harness.hear_raw();
    script.call_with(8, SET, 3, message::Call { principal: "ann", ..message::Call::default() });
    script.harness.host_nonce = *b"hostnext";
    script.harness.send_hello(SESSION);
    script.call(9, SET, 4);
    script.say(&HostMessage::Provision { op: 1, key: [0; 16] });
}

/// Polls with nothing to say, others' frames and a broadcast, then the usual.
fn bus(script: &mut Script) {
    for header in [
        Header::to_device(9, true),
        Header::to_device(8, true),
        Header::from_device(8, false),
        Header::to_device(0, false),
    ] {
        script.harness.bus_frame(header, &[]);
        script.harness.hear();
    }
    mixed(script);
}

fn captures() -> Vec<(&'static str, String, Script)> {
    let make = |link, key, talk: fn(&mut Script)| {
        let mut script = Script::new(link, key);
        talk(&mut script);
        script
    };
    let mut all = vec![
        ("plain", "stream".to_owned(), make(Link::Stream, None, plain)),
        ("pipelined-2", "stream".to_owned(), make(Link::Stream, None, pipelined)),
        ("content", "stream".to_owned(), make(Link::Stream, None, content)),
        ("input", "stream".to_owned(), make(Link::Stream, None, input)),
        ("keyed-2", "stream".to_owned(), make(Link::Stream, Some(KEY), keyed)),
        ("bus", "bus 9".to_owned(), make(Link::Bus { address: 9 }, None, bus)),
    ];
    for (name, mtu) in
        [("packets-8", 8), ("packets-20", 20), ("packets-64", 64), ("packets-244", 244)]
    {
        all.push((name, format!("packet {mtu}"), make(Link::Packet { mtu }, None, mixed)));
    }
    all
}

#[test]
fn golden_captures_are_what_host_and_device_say_now() {
    for (name, link, script) in captures() {
        let mut text = format!("# link: {link}\n");
        if script.harness.keys.is_some() {
            text += &format!("# key: {}\n", golden::hex(&KEY.0));
        }
        for said in &script.harness.said {
            text += &golden::capture_line(said);
        }
        golden::compare(&format!("{name}.capture"), &text);
    }
}

/// What a device says when it is fed the host's lines at their times.
fn replay(link: Link, key: Option<Key>, said: &[CaptureLine]) -> Vec<CaptureLine> {
    let config = config(link, key);
    let mut memory = vec![0; config.memory()];
    let mut line = vec![0; 4096];
    let mut ring = Ring::new(&mut line);
    let (mut line, rx) = ring.split();
    let mut device = Device::new(config, &mut memory, rx, &TABLE).expect("the memory is enough");
    let mut tools = Demo::default();
    let mut heard = Vec::new();
    for line_said in said {
        let at_ms = line_said.at_ms;
        if line_said.by_host {
            match link {
                Link::Packet { .. } => assert!(line.push_packet(&line_said.bytes)),
                _ => assert_eq!(line.push(&line_said.bytes), line_said.bytes.len()),
            }
            heard.push(line_said.clone());
        } else {
            // What is due by now may be said by now.
            while device.tx_peek().is_empty() && device.poll(at_ms, 8, &mut tools) <= at_ms {}
            let bytes = device.tx_peek().to_vec();
            device.tx_consume(bytes.len());
            heard.push(CaptureLine { at_ms, by_host: false, bytes });
        }
        while device.poll(at_ms, 8, &mut tools) <= at_ms && device.tx_peek().is_empty() {}
    }
    assert_eq!(device.tx_peek(), [], "it has more to say");
    heard
}

#[test]
fn every_capture_replays_for_ever() {
    for name in [
        "plain",
        "pipelined-2",
        "content",
        "input",
        "keyed-2",
        "bus",
        "packets-8",
        "packets-20",
        "packets-64",
        "packets-244",
    ] {
        let text = golden::text(&format!("{name}.capture"));
        let link: Vec<&str> = golden::note(&text, "link").expect("a link").split(' ').collect();
        let link = match link[..] {
            ["stream"] => Link::Stream,
            ["packet", mtu] => Link::Packet { mtu: mtu.parse().expect("a number") },
            ["bus", address] => Link::Bus { address: address.parse().expect("a number") },
            ref link => panic!("{link:?}"),
        };
        let key = golden::note(&text, "key");
        let key = key.map(|key| Key(golden::unhex(key).try_into().expect("16 bytes")));
        let said = golden::capture(&text);
        assert!(said.len() > 8);
        for (at, (ours, theirs)) in replay(link, key, &said).iter().zip(&said).enumerate() {
            assert_eq!(ours, theirs, "{name}, line {}", at + 1);
        }
    }
}
