//! Captures: what `trine trace`, `trine replay` and `--played` read.
//!
//! An input is a capture itself, and pieces of a link that are recorded as one: as they are, or as
//! messages that are put into frames. What was recorded is read back as it was; what is traced acts
//! on no one who reads it; and a device that is played answers a host.

use trine_gateway::middleware::conversation::Conversation;
use trine_gateway::middleware::{
    Direction, Layer as _, LinkKind, Played, Recorder, capture, trace,
};
use trine_gateway::{Driven, Framing, Settings};
use trine_wire::packet::{self, Fragmenter};
use trine_wire::{bus, encode_in_place, frame};

use crate::harmless::is_line;

/// What a played device is asked at most, in milliseconds of the host.
const PLAY_MS: u64 = 4_000;

/// Takes the bytes as a capture, and as pieces: the first byte says of which link, and whether they
/// are messages, then each has its length before it, and its direction in the highest bit of that.
pub fn run(data: &[u8]) {
    read(&String::from_utf8_lossy(data));
    let Some((&mode, mut rest)) = data.split_first() else { return };
    let kind = match mode % 3 {
        0 => LinkKind::Stream,
        1 => LinkKind::Packet { mtu: 8 + u16::from(mode / 3) },
        _ => LinkKind::Bus,
    };
    let mut pieces = Vec::new();
    let mut fragmenters = Direction::BOTH.map(|_| Fragmenter::new());
    while let Some((head, bytes)) = rest.split_first() {
        let way = if head & 128 == 0 { Direction::ToHost } else { Direction::ToDevice };
        let (piece, bytes) = bytes.split_at(bytes.len().min(usize::from(head % 128)));
        if mode & 128 == 0 || piece.is_empty() {
            pieces.push((way, piece.to_vec()));
        } else {
            let sent = framed(kind, way, piece, &mut fragmenters[way as usize]);
            pieces.extend(sent.into_iter().map(|piece| (way, piece)));
        }
        rest = bytes;
    }
    let text = recorded(kind, &pieces);
    let read_back = capture::read(&text).expect("what was recorded is a capture");
    let mut all = pieces.iter();
    for entry in read_back {
        // Some pieces are left out: they may hold a key.
        let is_it =
            |(way, piece): &(Direction, Vec<u8>)| *way == entry.way && *piece == entry.bytes;
        assert!(all.any(is_it), "{entry} was not said");
    }
    read(&text);
}

/// What a link carries of a message: a frame, or packets.
fn framed(
    kind: LinkKind,
    way: Direction,
    message: &[u8],
    fragmenter: &mut Fragmenter,
) -> Vec<Vec<u8>> {
    let header = match way {
        Direction::ToDevice => bus::Header::to_device(1, true),
        Direction::ToHost => bus::Header::from_device(1, false),
    };
    let LinkKind::Packet { mtu } = kind else {
        let header = if kind == LinkKind::Bus { &header.bytes()[..] } else { &[] };
        let content = [header, message].concat();
        let start = frame::headroom(content.len());
        let mut buffer = vec![0; start + frame::frame_max(content.len())];
        buffer[start..start + content.len()].copy_from_slice(&content);
        let len = encode_in_place(&mut buffer, start, content.len()).expect("there is room");
        buffer.truncate(len);
        return vec![buffer];
    };
    let start = packet::headroom(message.len());
    let mut body = vec![0; start + packet::body_len(message.len())];
    body[start..start + message.len()].copy_from_slice(message);
    let len = packet::encode_in_place(&mut body, start, message.len()).expect("there is room");
    let mut packets = Vec::new();
    loop {
        let mut packet = vec![0; usize::from(mtu)];
        match fragmenter.next(&body[..len], &mut packet) {
            0 => return packets,
            len => packets.push(packet[..len].to_vec()),
        }
    }
}

fn recorded(kind: LinkKind, pieces: &[(Direction, Vec<u8>)]) -> String {
    let mut file = Vec::new();
    let mut recorder = Recorder::new(&mut file, kind).expect("a vector takes everything");
    for ((way, piece), now_us) in pieces.iter().zip((0..).step_by(700)) {
        let mut passed = 0;
        recorder.pass(*way, now_us, piece, &mut |same| {
            assert_eq!(same, piece);
            passed += 1;
        });
        assert_eq!(passed, 1);
    }
    drop(recorder);
    String::from_utf8(file).expect("a capture is text")
}

fn read(text: &str) {
    let mut traced = Vec::new();
    if trace(text, &mut traced).is_err() {
        return;
    }
    let traced = String::from_utf8(traced).expect("a trace is text");
    assert!(traced.lines().all(is_line), "{traced:?}");
    let Ok(conversation) = Conversation::read(text) else { return };
    let answers = conversation.exchanges.iter().map(|exchange| exchange.answers.len());
    assert!(answers.sum::<usize>() + conversation.unasked.len() <= text.len());
    play(Played::new(conversation));
}

/// A host asks the device of the capture.
fn play(mut device: Played) {
    let mut host = Driven::new(Framing::Stream, Settings::none());
    host.link(0);
    for now in (0..PLAY_MS).step_by(50) {
        let mut said = Vec::new();
        while let Some(piece) = host.take_sent() {
            device.answer(&piece, &mut said);
        }
        host.receive(&said, now);
        assert!(host.take_notes().iter().all(|note| is_line(note)));
    }
}
