//! The readers of links: byte streams, packets, and lines that several devices share.

use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::{DecodeEvent, Decoder, bus, encode_in_place, frame_max};

/// Most bytes of a message that the readers here take.
const MESSAGE_MAX: usize = 300;
const ROOM: usize = MESSAGE_MAX + 4;

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
