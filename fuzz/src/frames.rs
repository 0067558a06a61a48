//! The readers of links: byte streams, packets, and lines that several devices share; and what is
//! read before a message is believed: its tag and the slot of its call.

use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::secure::{DeviceKeys, HostKeys, TAIL_LEN};
use trine_wire::{DecodeEvent, Decoder, bus, encode_in_place, frame_max, slot};

/// Most bytes of a message that the readers here take.
const MESSAGE_MAX: usize = 300;
const ROOM: usize = MESSAGE_MAX + 4;
/// The key of the device, the host's nonce, and challenges of the device.
const KEY: [u8; 16] = *b"a key of no one!";
const NONCE: [u8; 8] = *b"a nonce!";
const CHALLENGES: [[u8; 12]; 2] = [*b"never before", *b"nor this one"];

/// Reads the bytes as each link would, and then a good message behind them.
pub fn run(data: &[u8]) {
    let (size, data) =
        data.split_first().map_or((0, data), |(size, rest)| (usize::from(*size), rest));
    stream(data, size % 19 + 1);
    packets(data, size % 60 + packet::MTU_MIN);
    if let Some((header, message)) = bus::Header::split(data) {
        assert_eq!([&header.bytes(), message].concat(), data);
        assert!(header.received_by(7).is_none() || header.answer_of(7).is_none());
    }
    tagged(data, size);
    slots(data, size as u8);
}

/// Who has the key is believed, each message once and only as it was sent; any other bytes are not,
/// whatever hellos of strangers came before.
fn tagged(noise: &[u8], size: usize) {
    let (mut device, mut host) = (DeviceKeys::new(KEY), HostKeys::new(KEY));
    assert!(device.open(noise).is_none() && host.open(noise).is_none());
    let (nonces, _) = noise.as_chunks::<8>();
    for (nonce, fresh) in nonces.iter().zip(0..=3) {
        device.answer_hello(*nonce, noise, [fresh; 12]);
    }
    let hello = device.answer_hello(NONCE, noise, CHALLENGES[0]);
    assert_eq!(device.answer_hello(NONCE, noise, CHALLENGES[1]), hello, "it came again");
    let message = &message(noise);
    let start = size % 5;
    let answer = sealed(message, start, |buffer, len| device.seal_hello(buffer, start, len));
    assert!(host.hello_answered(NONCE, CHALLENGES[1], &answer).is_none(), "another challenge");
    let read = host.hello_answered(NONCE, hello.challenge, &answer);
    assert_eq!((read, host.is_open()), (Some(&message[..]), true));
    assert_eq!(host.hello_digest(noise), Some(hello.digest));
    for first in [Some(hello.offer), None] {
        let sent = sealed(message, start, |buffer, len| host.seal(buffer, start, len));
        let mut hurt = sent.clone();
        hurt[size % sent.len()] ^= 1 << (size % 8);
        assert!(device.open(&hurt).is_none() && device.open(noise).is_none());
        assert_eq!(device.open(&sent), Some((&message[..], first)));
        assert_eq!(device.open(&sent), None, "it came again");
        let sent = sealed(message, start, |buffer, len| device.seal(buffer, start, len));
        assert_eq!((host.open(&sent), host.open(&sent)), (Some(&message[..]), None));
    }
    // What was sent before the next session is taken until that has a message.
    let late = sealed(message, start, |buffer, len| device.seal(buffer, start, len));
    let hello = device.answer_hello(NONCE, message, CHALLENGES[1]);
    let answer = sealed(message, start, |buffer, len| device.seal_hello(buffer, start, len));
    assert!(host.hello_answered(NONCE, hello.challenge, &answer).is_some());
    assert_eq!(host.open(&late), Some(&message[..]));
    assert_eq!(host.seal(&mut [0; TAIL_LEN], 0, message.len()), None, "there is no room");
}

/// A message with what stands behind it when it is tagged.
fn sealed(
    message: &[u8],
    start: usize,
    seal: impl FnOnce(&mut [u8], usize) -> Option<usize>,
) -> Vec<u8> {
    let mut buffer = vec![0; start + message.len() + TAIL_LEN];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = seal(&mut buffer, message.len()).expect("there is room");
    assert_eq!(len, message.len() + TAIL_LEN);
    buffer.split_off(start)
}

/// An id is its slot and its sequence number.
fn slots(data: &[u8], slots: u8) {
    let Some(id) = data.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else { return };
    let (own, sequence) = (slot::slot(id, slots), slot::sequence(id, slots));
    assert!(slots == 0 || own < slots && slot::id(sequence, own, slots) == Some(id));
    assert!(slot::id(id, slots, slots).is_none());
}

/// A stream read byte by byte and in pieces says the same; nothing keeps the next frame from being
/// found.
fn stream(noise: &[u8], piece: usize) {
    let message = &message(noise);
    let mut line = noise.to_vec();
    line.extend(frame(message));
    let (mut bytewise, mut one) = (Vec::new(), [0; ROOM]);
    let mut decoder = Decoder::new();
    for &byte in &line {
        note(decoder.feed(byte, &mut one), &one, &mut bytewise);
    }
    let (mut piecewise, mut other) = (Vec::new(), [0; ROOM]);
    let mut decoder = Decoder::new();
    for mut bytes in line.chunks(piece) {
        while !bytes.is_empty() {
            let (taken, fed) = decoder.take(bytes, &mut other);
            assert!(taken > 0 && taken <= bytes.len());
            note(fed, &other, &mut piecewise);
            bytes = &bytes[taken..];
        }
    }
    assert_eq!(bytewise, piecewise);
    assert_eq!(bytewise.last(), Some(&Some(message.clone())));
    assert!(!decoder.is_inside());
}

/// A message with the noise in it. Nothing is shorter than its kind.
fn message(noise: &[u8]) -> Vec<u8> {
    let mut message = vec![1];
    message.extend(noise.iter().take(MESSAGE_MAX - 1));
    message
}

fn note(fed: DecodeEvent, buffer: &[u8], seen: &mut Vec<Option<Vec<u8>>>) {
    match fed {
        DecodeEvent::Nothing => {}
        DecodeEvent::Message(len) => seen.push(Some(buffer[..len].to_vec())),
        DecodeEvent::Bad => seen.push(None),
    }
}

fn frame(message: &[u8]) -> Vec<u8> {
    let start = trine_wire::frame::headroom(message.len());
    let mut buffer = vec![0; frame_max(message.len()) + start];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = encode_in_place(&mut buffer, start, message.len()).expect("there is room");
    assert!(len <= frame_max(message.len()));
    assert!(buffer[1..len - 1].iter().all(|byte| *byte != 0), "a zero inside of a frame");
    buffer.truncate(len);
    buffer
}

/// Packets of any content, then two bodies as the sender cuts them: the second is always heard.
fn packets(noise: &[u8], mtu: usize) {
    let mut reassembler = Reassembler::new();
    let mut buffer = [0; ROOM];
    let mut rest = noise;
    while let Some((len, bytes)) = rest.split_first() {
        let (packet, bytes) = bytes.split_at(bytes.len().min(usize::from(*len) % (mtu + 1)));
        let taken = reassembler.take(packet, &mut buffer);
        assert!(taken.message.is_none_or(|len| len <= MESSAGE_MAX) && taken.bad <= 2);
        rest = bytes;
    }
    let message = &message(noise);
    let start = packet::headroom(message.len());
    let mut body = vec![0; packet::body_len(message.len()) + start];
    body[start..start + message.len()].copy_from_slice(message);
    let len = packet::encode_in_place(&mut body, start, message.len()).expect("there is room");
    assert_eq!(len, packet::body_len(message.len()));
    let (mut fragmenter, mut heard) = (Fragmenter::new(), None);
    for _ in 0..2 {
        heard = None;
        let mut packet = vec![0; mtu];
        loop {
            match fragmenter.next(&body[..len], &mut packet) {
                0 => break,
                len => heard = reassembler.take(&packet[..len], &mut buffer).message.or(heard),
            }
        }
    }
    assert_eq!(heard.map(|len| &buffer[..len]), Some(&message[..]));
}
