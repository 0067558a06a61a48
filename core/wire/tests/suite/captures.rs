//! A host decodes every conversation under `tests/golden/wire-v1`: all that the device says is
//! whole, known and asked for, and an answer that comes again is the same.

use std::collections::BTreeMap;

use crate::lines::{CaptureLine, capture, note, text, unhex};
use trine_wire::bus::Header;
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome};
use trine_wire::packet::Reassembler;
use trine_wire::secure::{HostKeys, TAIL_LEN};
use trine_wire::{DecodeEvent, Decoder};

const CAPTURES: [&str; 12] = [
    "plain",
    "pipelined",
    "content",
    "input",
    "keyed",
    "bus",
    "packets-8",
    "packets-20",
    "packets-64",
    "packets-244",
    "pipelined-2",
    "keyed-2",
];

/// One direction of a link.
enum Joiner {
    Stream(Decoder),
    Packet(Reassembler),
    Bus(u8, Decoder),
}

impl Joiner {
    fn new(link: &str) -> Self {
        match *link.split(' ').collect::<Vec<_>>().as_slice() {
            ["stream"] => Self::Stream(Decoder::new()),
            ["packet", _] => Self::Packet(Reassembler::new()),
            ["bus", address] => Self::Bus(address.parse().unwrap(), Decoder::new()),
            _ => panic!("no link is {link:?}"),
        }
    }

    /// The messages in one line, and how many were none.
    fn take(&mut self, said: &CaptureLine, buffer: &mut [u8]) -> (Vec<Vec<u8>>, u32) {
        let (mut found, mut bad) = (Vec::new(), 0);
        let (address, decoder) = match self {
            Self::Packet(reassembler) => {
                let taken = reassembler.take(&said.bytes, buffer);
                found.extend(taken.message.map(|len| buffer[..len].to_vec()));
                return (found, u32::from(taken.bad));
            }
            Self::Stream(decoder) => (None, decoder),
            Self::Bus(address, decoder) => (Some(*address), decoder),
        };
        for &byte in &said.bytes {
            match decoder.feed(byte, buffer) {
                DecodeEvent::Nothing => {}
                DecodeEvent::Bad => bad += 1,
                DecodeEvent::Message(len) => {
                    let content = &buffer[..len];
                    let Some(address) = address else {
                        found.push(content.to_vec());
                        continue;
                    };
                    let (header, message) = Header::split(content).unwrap();
                    let answer = header.answer_of(address).is_some();
                    assert_eq!(answer, !said.by_host, "who speaks");
                    if !message.is_empty() {
                        found.push(message.to_vec());
                    }
                }
            }
        }
        (found, bad)
    }
}

/// What the host has heard.
#[derive(Default)]
struct HostState {
    /// Results by their id, content apart.
    results: BTreeMap<u32, Vec<u8>>,
    asked: Vec<u32>,
    messages: usize,
    repeats: usize,
}

impl HostState {
    /// Something that the host has said, if it is a message that a device takes.
    fn asked(&mut self, bytes: &[u8]) {
        match message::read(bytes) {
            Some(HostMessage::Call(call)) => self.asked.push(call.id),
            Some(
                HostMessage::Read { id, .. }
                | HostMessage::Prompt { id, .. }
                | HostMessage::Complete { id, .. },
            ) => self.asked.push(id),
            _ => {}
        }
    }

    fn message(&mut self, bytes: &[u8], name: &str) {
        self.messages += 1;
        let message = message::read::<DeviceMessage<'_>>(bytes);
        let message = message.unwrap_or_else(|| panic!("{name}: {bytes:02x?} is no message"));
        let (DeviceMessage::Result { id, .. }
        | DeviceMessage::Progress { id, .. }
        | DeviceMessage::Chunk { id, .. }) = message
        else {
            return;
        };
        assert!(self.asked.contains(&id), "{name}: nobody asked for {message:?}");
        let DeviceMessage::Result { outcome, .. } = message else { return };
        let is_kept = !matches!(
            outcome,
            Outcome::Content { .. }
                | Outcome::Stale
                | Outcome::UnknownTool
                | Outcome::Busy
                | Outcome::Forgotten
        );
        if is_kept && let Some(before) = self.results.insert(id, bytes.to_vec()) {
            assert_eq!(before, bytes, "{name}: two answers to {id}");
            self.repeats += 1;
        }
    }
}

fn decode(name: &str) -> HostState {
    let text = text(&format!("{name}.capture"));
    let link = note(&text, "link").unwrap();
    let mut keys = note(&text, "key").map(|key| HostKeys::new(unhex(key).try_into().unwrap()));
    let (mut to_device, mut to_host) = (Joiner::new(link), Joiner::new(link));
    let (mut buffer, mut host_nonce, mut heard) = (vec![0; 4096], [0; 8], HostState::default());
    for said in capture(&text) {
        let joiner = if said.by_host { &mut to_device } else { &mut to_host };
        let (messages, bad) = joiner.take(&said, &mut buffer);
        assert!(said.by_host || bad == 0, "{name}: the device's frames are whole");
        for message in messages {
            if said.by_host {
                if let Some(HostMessage::Hello(hello)) = message::read(&message) {
                    host_nonce = hello.host_nonce;
                }
                let tail = if keys.is_some() { TAIL_LEN } else { 0 };
                heard.asked(&message[..message.len().saturating_sub(tail)]);
                continue;
            }
            let Some(keys) = &mut keys else {
                heard.message(&message, name);
                continue;
            };
            let body = &message[..message.len() - TAIL_LEN];
            let opened = match message::read(body) {
                Some(DeviceMessage::Hello(hello)) if hello.nonce != 0 => {
                    keys.hello_answered(host_nonce, hello.challenge, &message)
                }
                _ => keys.open(&message),
            };
            heard.message(opened.unwrap_or_else(|| panic!("{name}: a wrong tag")), name);
        }
    }
    heard
}

#[test]
fn every_capture_is_decoded_by_a_host() {
    let (mut messages, mut results, mut repeats) = (0, 0, 0);
    for name in CAPTURES {
        let heard = decode(name);
        assert!(heard.messages > 5 && !heard.results.is_empty(), "{name}");
        messages += heard.messages;
        results += heard.results.len();
        repeats += heard.repeats;
    }
    assert!(messages > 150 && results > 30 && repeats > 3, "{messages} {results} {repeats}");
}

#[test]
fn no_capture_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/wire-v1");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files
        .filter_map(|name| name.to_str()?.strip_suffix(".capture").map(str::to_owned))
        .collect();
    names.sort();
    let mut known = CAPTURES.map(str::to_owned);
    known.sort();
    assert_eq!(names, known);
}
