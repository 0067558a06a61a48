//! The bytes of version 1, which stay what they are: `tests/golden/wire-v1`.

use crate::samples;

use std::fmt::Write as _;

use crate::lines::{compare, hex, lines, note, text, unhex};
use trine_wire::bus::Header;
use trine_wire::message::block::{Block, Blocks};
use trine_wire::message::input::{Answer, Records, Request};
use trine_wire::message::{self, DeviceMessage, HostMessage, Message, Outcome};
use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::secure::{
    DeviceKeys, Direction, HostKeys, Key, Salt, TAIL_LEN, hello_digest, session_key,
};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame};

fn bytes_of<'a>(message: &impl Message<'a>) -> Vec<u8> {
    samples::written(|out| message::write(message, out)).to_vec()
}

/// Every sample as bytes, in the order of the file.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let host = samples::host().into_iter().map(|(name, message)| (name, bytes_of(&message)));
    let device = samples::device().into_iter().map(|(name, message)| (name, bytes_of(&message)));
    host.chain(device).collect()
}

fn framed(content: &[u8]) -> Vec<u8> {
    let start = frame::headroom(content.len());
    let mut buffer = vec![0; start + frame::frame_max(content.len())];
    buffer[start..start + content.len()].copy_from_slice(content);
    let len = encode_in_place(&mut buffer, start, content.len()).unwrap();
    buffer[..len].to_vec()
}

fn unframed(frame: &[u8]) -> Vec<u8> {
    let (mut decoder, mut buffer) = (Decoder::new(), vec![0; frame.len()]);
    match decoder.take(&frame[1..], &mut buffer) {
        (_, DecodeEvent::Message(len)) => buffer[..len].to_vec(),
        (_, other) => panic!("{other:?} of {}", hex(frame)),
    }
}

#[test]
fn golden_messages() {
    let mut written = String::from(
        "# Messages of version 1, and the frames of them on a stream: name, message, frame.\n",
    );
    for (name, message) in messages() {
        writeln!(written, "{name} {} {}", hex(&message), hex(&framed(&message))).unwrap();
    }
    compare("messages.txt", &written);
}

#[test]
fn what_is_in_messages_txt_is_read_as_what_it_was_written_from() {
    let (file, host, device) = (text("messages.txt"), samples::host(), samples::device());
    let rows = lines(&file);
    assert_eq!(rows.len(), host.len() + device.len());
    for row in rows {
        let [name, message, frame] = row.try_into().unwrap();
        let message = unhex(message);
        assert_eq!(unframed(&unhex(frame)), message, "{name}");
        if let Some((_, sample)) = host.iter().find(|(known, _)| *known == name) {
            assert_eq!(message::read::<HostMessage<'_>>(&message), Some(*sample), "{name}");
        } else {
            let (_, sample) = device.iter().find(|(known, _)| *known == name).unwrap();
            assert_eq!(message::read::<DeviceMessage<'_>>(&message), Some(*sample), "{name}");
        }
    }
}

#[test]
fn blocks_requests_and_answers_are_read_from_their_bytes() {
    let file = text("messages.txt");
    let result = |wanted: &str| {
        let row = lines(&file).into_iter().find(|row| row[0] == wanted).unwrap();
        unhex(row[1])
    };
    for (name, block) in samples::blocks() {
        let message = result(name);
        let Some(DeviceMessage::Result { outcome: Outcome::Blocks { bytes }, .. }) =
            message::read(&message)
        else {
            panic!("{name}");
        };
        assert_eq!(Blocks::new(bytes).collect::<Vec<_>>(), [Ok(block)], "{name}");
    }
    // A type of a later version between two of this one is stepped over.
    let text = samples::written(|out| Block::Text { text: "a" }.write(out));
    let mixed = [text, &[99, 3, 1, 2, 3], text].concat();
    assert_eq!(Blocks::new(&mixed).count(), 2);
    assert_eq!(samples::requests(), samples::REQUESTS);
    assert_eq!(samples::answers(), samples::ANSWERS);
    let mut records = Records::new(samples::REQUESTS).unwrap();
    assert_eq!(records.record::<Request<'_>>(), Some(samples::REQUEST));
    assert_eq!((records.left(), records.record::<Request<'_>>()), (0, None));
    let mut records = Records::new(samples::ANSWERS).unwrap();
    assert_eq!(records.record::<Answer<'_>>(), Some(samples::ANSWER));
    let mut records = Records::new(samples::later_requests()).unwrap();
    for request in [samples::SAMPLING, samples::ROOTS] {
        assert_eq!(records.record::<Request<'_>>(), Some(request));
    }
    let mut records = Records::new(samples::later_answers()).unwrap();
    for answer in [samples::WRITTEN, samples::FOLDERS] {
        assert_eq!(records.record::<Answer<'_>>(), Some(answer));
    }
}

/// What is sent over packet links: one message that fits into any packet, those of a usual
/// conversation, and a long one.
fn for_packets() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["host.status", "host.hello", "host.call", "device.hello", "device.result.done"];
    let mut all = messages();
    all.retain(|(name, _)| names.contains(name));
    let bytes: Vec<u8> = (0..=255).collect();
    let page = DeviceMessage::Page { offset: 0, total: 256, bytes: &bytes, what: 0 };
    all.push(("device.page.long", bytes_of(&page)));
    all
}

fn body(message: &[u8]) -> Vec<u8> {
    let start = packet::headroom(message.len());
    let mut buffer = vec![0; start + packet::body_len(message.len())];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = packet::encode_in_place(&mut buffer, start, message.len()).unwrap();
    buffer[..len].to_vec()
}

const MTUS: [usize; 4] = [8, 20, 64, 244];

#[test]
fn golden_packets() {
    for mtu in MTUS {
        let mut written = format!(
            "# Messages on a packet link of MTU {mtu}, one after another: name, message, packets.\n"
        );
        let (mut fragmenter, mut packet) = (Fragmenter::new(), vec![0; mtu]);
        for (name, message) in for_packets() {
            write!(written, "{name} {}", hex(&message)).unwrap();
            let body = body(&message);
            loop {
                match fragmenter.next(&body, &mut packet) {
                    0 => break,
                    len => write!(written, " {}", hex(&packet[..len])).unwrap(),
                }
            }
            written.push('\n');
        }
        compare(&format!("packets-{mtu}.txt"), &written);
    }
}

#[test]
fn what_is_in_packets_txt_is_joined_to_its_messages() {
    for mtu in MTUS {
        let file = text(&format!("packets-{mtu}.txt"));
        let (mut reassembler, mut buffer) = (Reassembler::new(), [0; 300]);
        for row in lines(&file) {
            let message = unhex(row[1]);
            let (last, before) = row[2..].split_last().unwrap();
            for packet in before {
                assert_eq!(reassembler.take(&unhex(packet), &mut buffer), packet::Taken::default());
            }
            let mut last = unhex(last);
            assert!(last.len() <= mtu);
            // Padding up to the MTU changes nothing.
            last.resize(mtu, 0x55);
            let taken = reassembler.take(&last, &mut buffer);
            assert_eq!(taken, packet::Taken { message: Some(message.len()), bad: 0 }, "{}", row[0]);
            assert_eq!(buffer[..message.len()], message);
        }
    }
}

#[test]
fn golden_bus() {
    let mut written = String::from(
        "# Frames on a bus with a device of address 5: name, address, control, message, frame.\n",
    );
    let all = messages();
    let message = |wanted| all.iter().find(|(name, _)| *name == wanted).unwrap().1.as_slice();
    for (name, header, message) in [
        ("poll", Header::to_device(5, true), &[][..]),
        ("nothing-to-say", Header::from_device(5, false), &[]),
        ("call-and-poll", Header::to_device(5, true), message("host.call")),
        ("call-without-poll", Header::to_device(5, false), message("host.call")),
        ("answer", Header::from_device(5, false), message("device.result.done")),
        ("answer-and-more", Header::from_device(5, true), message("device.event")),
        ("to-all", Header::to_device(0, false), message("host.ping")),
    ] {
        let Header { address, control } = header;
        let content = [&header.bytes(), message].concat();
        let line = (hex(&[address]), hex(&[control]), hex(message), hex(&framed(&content)));
        writeln!(written, "{name} {} {} {} {}", line.0, line.1, line.2, line.3).unwrap();
    }
    compare("bus.txt", &written);
}

#[test]
fn what_is_in_bus_txt_is_parted_into_header_and_message() {
    let file = text("bus.txt");
    let rows = lines(&file);
    assert_eq!(rows.len(), 7);
    for row in rows {
        let [name, address, control, message, frame] = row.try_into().unwrap();
        let content = unframed(&unhex(frame));
        let (header, rest) = Header::split(&content).unwrap();
        assert_eq!(header.bytes().to_vec(), [unhex(address), unhex(control)].concat(), "{name}");
        assert_eq!(rest, unhex(message), "{name}");
    }
}

const KEY: Key = *b"sixteen byte key";
const SALT: Salt =
    Salt { host_nonce: [1, 2, 3, 4, 5, 6, 7, 8], challenge: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 1] };

/// A conversation under the key: name, message, and the bytes of it with counter and tag.
fn keyed() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let all = messages();
    let message = |wanted| all.iter().find(|(name, _)| *name == wanted).unwrap().1.clone();
    let (mut device, mut host) = (DeviceKeys::new(KEY), HostKeys::new(KEY));
    let mut said = vec![("host.hello", message("host.hello"), message("host.hello"))];
    let hello_answer = device.answer_hello(SALT.host_nonce, &said[0].1, SALT.challenge);
    assert_eq!(hello_answer.digest, samples::HELLO_DIGEST);
    let mut tag = |name, by_device: bool, host: &mut HostKeys, device: &mut DeviceKeys| {
        let message = message(name);
        let mut tagged = [message.as_slice(), &[0; TAIL_LEN]].concat();
        let len = match (name, by_device) {
            ("device.hello", _) => device.seal_hello(&mut tagged, 0, message.len()),
            (_, true) => device.seal(&mut tagged, 0, message.len()),
            (_, false) => host.seal(&mut tagged, 0, message.len()),
        };
        assert_eq!(len, Some(tagged.len()));
        said.push((name, message, tagged.clone()));
        tagged
    };
    let hello = tag("device.hello", true, &mut host, &mut device);
    assert!(host.hello_answered(SALT.host_nonce, hello_answer.challenge, &hello).is_some());
    let call = tag("host.call", false, &mut host, &mut device);
    assert!(device.open(&call).is_some_and(|(_, begun)| begun == Some(hello_answer.offer)));
    for (name, by_device) in
        [("device.result.done", true), ("host.call.principal", false), ("device.event", true)]
    {
        let tagged = tag(name, by_device, &mut host, &mut device);
        let taken =
            if by_device { host.open(&tagged) } else { device.open(&tagged).map(|taken| taken.0) };
        assert!(taken.is_some(), "{name}");
    }
    said
}

#[test]
fn golden_keyed() {
    let mut written = String::from(
        "# A conversation under a key: name, message, message with counter and tag.\n",
    );
    for (name, bytes) in [
        ("key", &KEY[..]),
        ("host-nonce", &SALT.host_nonce),
        ("challenge", &SALT.challenge),
        ("key-to-device", &session_key(&KEY, Direction::ToDevice, &SALT)),
        ("key-to-host", &session_key(&KEY, Direction::ToHost, &SALT)),
        ("digest-of-host.hello", &samples::HELLO_DIGEST),
    ] {
        writeln!(written, "# {name}: {}", hex(bytes)).unwrap();
    }
    for (name, message, tagged) in keyed() {
        writeln!(written, "{name} {} {}", hex(&message), hex(&tagged)).unwrap();
    }
    compare("keyed.txt", &written);
}

#[test]
fn what_is_in_keyed_txt_is_taken_by_the_side_that_it_is_for() {
    let file = text("keyed.txt");
    let noted = |name| unhex(note(&file, name).unwrap());
    let key: Key = noted("key").try_into().unwrap();
    let (mut device, mut host) = (DeviceKeys::new(key), HostKeys::new(key));
    let host_nonce = noted("host-nonce").try_into().unwrap();
    let hello = unhex(lines(&file)[0][1]);
    let fresh = noted("challenge").try_into().unwrap();
    let challenge = device.answer_hello(host_nonce, &hello, fresh).challenge;
    for (at, row) in lines(&file).into_iter().enumerate() {
        let (message, tagged) = (unhex(row[1]), unhex(row[2]));
        let taken = match (at, row[0].starts_with("host.")) {
            (0, _) => Some(tagged.as_slice()),
            (1, _) => host.hello_answered(host_nonce, challenge, &tagged),
            (_, true) => device.open(&tagged).map(|taken| taken.0),
            (_, false) => host.open(&tagged),
        };
        assert_eq!(taken, Some(message.as_slice()), "{}", row[0]);
    }
    let digest = hello_digest(&key, &SALT, &hello);
    assert_eq!(digest.to_vec(), noted("digest-of-host.hello"));
}
