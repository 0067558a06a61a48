//! After any damage the next good message is found, on every kind of link.

use trine_wire::bus::Header;
use trine_wire::frame;

use super::{FrameEvent, Frames};
use crate::link::{BusMaster, BusTiming, Framing, Line, Outgoing};

/// The message that is hurt, and the one behind it.
const CORRUPT: &[u8] = &[2, 9, 0, 0, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 0xff, 0, 0, 5, 6, 7];
const NEXT: &[u8] = &[2, 10, 0, 3, 0xaa, 0, 0xbb];

/// Every way to hurt one byte of a piece; `None` where the piece itself is lost.
fn damages(piece: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..piece.len() {
        for bit in 0..8 {
            let mut flipped = piece.to_vec();
            flipped[at] ^= 1 << bit;
            all.push(flipped);
        }
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut other = piece.to_vec();
            other[at] = byte;
            all.push(other);
            let mut more = piece.to_vec();
            more.insert(at, byte);
            all.push(more);
        }
        let mut less = piece.to_vec();
        less.remove(at);
        all.push(less);
        all.push(piece[..at].to_vec());
        all.push(piece[at..].to_vec());
        all.push([piece, &piece[at..]].concat());
    }
    all
}

/// The pieces of messages, one after another, as a line sends them.
fn pieces(framing: Framing, messages: &[&[u8]]) -> Vec<Vec<Vec<u8>>> {
    struct Sink(std::sync::Arc<std::sync::Mutex<Vec<Vec<u8>>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().push(piece.to_vec());
            Ok(piece.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sent = std::sync::Arc::default();
    let mut line = Line::Link(Box::new(Sink(std::sync::Arc::clone(&sent))), framing);
    let mut outgoing = Outgoing::new();
    let send = |message: &&[u8]| {
        let write = |out: &mut [u8]| {
            out[..message.len()].copy_from_slice(message);
            Some(message.len())
        };
        outgoing.write(message.len(), write).unwrap();
        line.send(&mut outgoing, |_| ()).unwrap();
        std::mem::take(&mut *sent.lock().unwrap())
    };
    messages.iter().map(send).collect()
}

/// The messages found in pieces.
fn found(frames: &mut Frames, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for piece in pieces {
        frames.feed(piece, &mut |found| {
            if let FrameEvent::Message(message, _) = found {
                all.push(message.to_vec());
            }
        });
    }
    all
}

#[test]
fn the_next_message_is_found_after_damage_at_every_byte_of_a_stream() {
    let sent = pieces(Framing::Stream, &[CORRUPT, NEXT]);
    let damages = damages(&sent[0][0]);
    assert!(damages.len() > 20 * sent[0][0].len());
    for damage in damages {
        let mut frames = Frames::new(Framing::Stream);
        let got = found(&mut frames, &[damage.clone(), sent[1][0].clone()]);
        assert_eq!(got.last().map(Vec::as_slice), Some(NEXT), "after {damage:02x?}");
        assert!(got[..got.len() - 1].iter().all(|message| message == CORRUPT), "{damage:02x?}");
    }
}

#[test]
fn the_next_message_is_found_after_damage_at_every_byte_of_every_packet() {
    for mtu in [8, 20, 64, 244] {
        let sent = pieces(Framing::Packet { mtu }, &[CORRUPT, NEXT]);
        let mut cases: Vec<Vec<Vec<u8>>> = Vec::new();
        for at in 0..sent[0].len() {
            for damage in damages(&sent[0][at]) {
                let mut corrupt = sent[0].clone();
                corrupt[at] = damage;
                cases.push(corrupt);
            }
            let (mut lost, mut twice, mut late) =
                (sent[0].clone(), sent[0].clone(), sent[0].clone());
            lost.remove(at);
            twice.insert(at, sent[0][at].clone());
            late.remove(at);
            late.push(sent[0][at].clone());
            cases.extend([lost, twice, late, sent[0][..at].to_vec()]);
        }
        for corrupt in cases {
            let mut frames = Frames::new(Framing::Packet { mtu });
            let got = found(&mut frames, &[corrupt.as_slice(), &sent[1]].concat());
            let what = format!("MTU {mtu}, after {corrupt:02x?}");
            assert_eq!(got.last().map(Vec::as_slice), Some(NEXT), "{what}");
            assert!(got[..got.len() - 1].iter().all(|message| message == CORRUPT), "{what}");
        }
    }
}

#[test]
fn the_next_answer_is_found_after_damage_at_every_byte_of_a_bus() {
    let answer = |message: &[u8]| {
        let mut content = Header::from_device(3, false).bytes().to_vec();
        content.extend_from_slice(message);
        let start = frame::headroom(content.len());
        let mut buffer = vec![0; start + frame::frame_max(content.len())];
        buffer[start..start + content.len()].copy_from_slice(&content);
        let len = frame::encode_in_place(&mut buffer, start, content.len()).unwrap();
        buffer.truncate(len);
        buffer
    };
    for damage in damages(&answer(CORRUPT)) {
        let mut master = BusMaster::new(BusTiming::of_baud(115_200));
        master.join(3);
        let (mut now_us, mut got) = (0, Vec::new());
        for said in [&damage, &answer(NEXT)] {
            // The first turn may have to run out before the host asks again.
            let asked = (0..3).any(|_| {
                now_us = now_us.max(master.next_due_us());
                master.next_frame(now_us).is_some_and(|frame| frame.len() > 3)
            });
            assert!(asked, "the host asks");
            now_us += 5_000;
            master.receive(said, now_us, &mut |address, message| {
                got.push((address, message.to_vec()));
            });
        }
        assert_eq!(got.last(), Some(&(3, NEXT.to_vec())), "after {damage:02x?}");
        assert!(got[..got.len() - 1].iter().all(|(_, it)| it == CORRUPT), "{damage:02x?}");
    }
}
