//! Frames and text on a stream.

use super::*;
use trine_wire::{encode_in_place, frame};

fn frame_of(message: &[u8]) -> Vec<u8> {
    let start = frame::headroom(message.len());
    let mut buffer = vec![0; start + frame::frame_max(message.len())];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = encode_in_place(&mut buffer, start, message.len()).unwrap();
    buffer[..len].to_vec()
}

fn found(frames: &mut Frames, bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    let mut each = |found: FrameEvent<'_>| {
        all.push(match found {
            FrameEvent::Message(message, _) => format!("{message:?}"),
            FrameEvent::Text(text) => text.to_owned(),
        });
    };
    frames.feed(bytes, &mut each);
    all
}

#[test]
fn frames_and_text_are_told_apart_however_they_are_cut() {
    let mut bytes = b"boot ROM v1\r\nhello\n".to_vec();
    bytes.extend(frame_of(&[2, 0, 7]));
    bytes.extend_from_slice(b"temperature 21 \xc2\xb0C\n");
    // The code byte of this one is a line end.
    bytes.extend(frame_of(&[2, 9, 3, 4, 5, 6, 7, 8, 9, 0]));
    let wanted = [
        "boot ROM v1",
        "hello",
        "[2, 0, 7]",
        "temperature 21 \u{b0}C",
        "[2, 9, 3, 4, 5, 6, 7, 8, 9, 0]",
    ];
    for size in 1..bytes.len() {
        let mut frames = Frames::new(Framing::Stream);
        let all: Vec<_> = bytes.chunks(size).flat_map(|chunk| found(&mut frames, chunk)).collect();
        assert_eq!(all, wanted, "in chunks of {size}");
        assert_eq!(frames.bad(), 0);
    }
}

#[test]
fn a_corrupt_frame_is_counted_and_the_next_one_found() {
    let mut corrupt = frame_of(&[2, 0, 7, 8]);
    corrupt[3] ^= 0x40;
    corrupt.extend(frame_of(&[3, 1]));
    let mut frames = Frames::new(Framing::Stream);
    assert_eq!(found(&mut frames, &corrupt), ["[3, 1]"]);
    assert_eq!(frames.bad(), 1);
}

#[test]
fn text_without_a_line_end_is_shown_when_the_line_is_quiet() {
    let mut frames = Frames::new(Framing::Stream);
    assert_eq!(found(&mut frames, b"login: "), [""; 0]);
    let mut shown = Vec::new();
    frames.idle(&mut |found| shown.push(format!("{found:?}")));
    assert_eq!(shown, ["Text(\"login: \")"]);
    assert_eq!(found(&mut frames, &frame_of(&[1, 2])), ["[1, 2]"]);
    assert_eq!(frames.bad(), 0);
}

#[test]
fn endless_noise_costs_no_memory() {
    let mut frames = Frames::new(Framing::Stream);
    for _ in 0..10_000 {
        found(&mut frames, &[0xff; 500]);
    }
    assert!(frames.message.len() <= MESSAGE_MAX && frames.raw.len() <= TEXT_MAX);
    assert_eq!(found(&mut frames, &[0]), [""; 0]);
    assert_eq!(frames.bad(), 1);
    assert_eq!(found(&mut frames, &frame_of(&[1, 2])), ["[1, 2]"]);
}
