//! Captures: what `trine trace`, `trine replay` and `--played` read.
//!
//! An input is a capture itself, and pieces of a link that are recorded as one. What was recorded
//! is read back as it was; what is traced acts on no one who reads it; and a device that is played
//! answers a host.

use trine_gateway::middleware::conversation::Conversation;
use trine_gateway::middleware::{
    Direction, Layer as _, LinkKind, Played, Recorder, capture, trace,
};
use trine_gateway::{Driven, Framing, Settings};

use crate::harmless::is_line;

/// What a played device is asked at most, in milliseconds of the host.
const PLAY_MS: u64 = 4_000;

/// Takes the bytes as a capture, and as pieces: the first byte says of which link, then each has
/// its length before it, and its direction in the highest bit of that.
pub fn run(data: &[u8]) {
    read(&String::from_utf8_lossy(data));
    let Some((&mode, mut rest)) = data.split_first() else { return };
    let kind = match mode % 3 {
        0 => LinkKind::Stream,
        1 => LinkKind::Packet { mtu: 8 + u16::from(mode / 3) },
        _ => LinkKind::Bus,
    };
    let mut pieces = Vec::new();
    while let Some((head, bytes)) = rest.split_first() {
        let way = if head & 128 == 0 { Direction::ToHost } else { Direction::ToDevice };
        let (piece, bytes) = bytes.split_at(bytes.len().min(usize::from(head % 128)));
        pieces.push((way, piece));
        rest = bytes;
    }
    let text = recorded(kind, &pieces);
    let read_back = capture::read(&text).expect("what was recorded is a capture");
    let mut all = pieces.iter();
    for entry in read_back {
        // Some pieces are left out: they may hold a key.
        let is_it = |(way, piece): &&(Direction, &[u8])| *way == entry.way && *piece == entry.bytes;
        assert!(all.any(|piece| is_it(&piece)), "{entry} was not said");
    }
    read(&text);
}

fn recorded(kind: LinkKind, pieces: &[(Direction, &[u8])]) -> String {
    let mut file = Vec::new();
    let mut recorder = Recorder::new(&mut file, kind).expect("a vector takes everything");
    for ((way, piece), now_us) in pieces.iter().zip((0..).step_by(700)) {
        let mut passed = 0;
        recorder.pass(*way, now_us, piece, &mut |same| {
            assert_eq!(same, *piece);
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
