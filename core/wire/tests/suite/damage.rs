//! After damage at any byte the next good message is served, on every kind of link, with tags and
//! without.

use trine_wire::bus::Header;
use trine_wire::packet::{self, Fragmenter, Reassembler};
use trine_wire::secure::{DeviceKeys, HostKeys, TAIL_LEN};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame};

/// What may happen to one byte on a line.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flipped(u8),
    Lost,
    Doubled,
    /// A byte comes in from nowhere.
    Added(u8),
    /// All that follows is lost, as when a cable is pulled.
    Cut,
}

const DAMAGES: [Damage; 15] = [
    Damage::Flipped(1 << 0),
    Damage::Flipped(1 << 1),
    Damage::Flipped(1 << 2),
    Damage::Flipped(1 << 3),
    Damage::Flipped(1 << 4),
    Damage::Flipped(1 << 5),
    Damage::Flipped(1 << 6),
    Damage::Flipped(1 << 7),
    Damage::Flipped(0xff),
    Damage::Lost,
    Damage::Doubled,
    Damage::Added(0),
    Damage::Added(1),
    Damage::Added(0xff),
    Damage::Cut,
];

fn damaged(bytes: &[u8], at: usize, damage: Damage) -> Vec<u8> {
    let mut corrupt = bytes.to_vec();
    match damage {
        Damage::Flipped(bits) => corrupt[at] ^= bits,
        Damage::Lost => {
            corrupt.remove(at);
        }
        Damage::Doubled => corrupt.insert(at, bytes[at]),
        Damage::Added(byte) => corrupt.insert(at, byte),
        Damage::Cut => corrupt.truncate(at),
    }
    corrupt
}

fn framed(content: &[u8]) -> Vec<u8> {
    let start = frame::headroom(content.len());
    let mut buffer = vec![0; start + frame::frame_max(content.len())];
    buffer[start..start + content.len()].copy_from_slice(content);
    let len = encode_in_place(&mut buffer, start, content.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn unframed(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut decoder, mut buffer, mut found) = (Decoder::new(), [0; 300], Vec::new());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (taken, fed) = decoder.take(rest, &mut buffer);
        rest = &rest[taken..];
        if let DecodeEvent::Message(len) = fed {
            found.push(buffer[..len].to_vec());
        }
    }
    found
}

/// Messages of every shape that matters: short, full of zeros, longer than a block of COBS.
fn messages() -> [Vec<u8>; 4] {
    [vec![4], vec![0; 40], (0..60).collect(), vec![7; 260]]
}

const NEXT: &[u8] = &[9, 77, 0, 1];

#[test]
fn on_a_stream_and_on_a_bus() {
    let headers = [None, Some(Header::to_device(5, true)), Some(Header::from_device(5, false))];
    for header in headers {
        let content = |message: &[u8]| match header {
            Some(header) => [&header.bytes(), message].concat(),
            None => message.to_vec(),
        };
        for message in messages() {
            let (first, next) = (framed(&content(&message)), content(NEXT));
            for (at, damage) in (0..first.len()).flat_map(|at| DAMAGES.map(|damage| (at, damage))) {
                let bytes = [damaged(&first, at, damage), framed(&next)].concat();
                let found = unframed(&bytes);
                assert_eq!(found.last(), Some(&next), "{damage:?} at {at} of {first:02x?}");
                let intact = |found: &Vec<u8>| *found == content(&message) || *found == next;
                assert!(found.iter().all(intact), "{damage:?} at {at} made {found:02x?}");
            }
        }
    }
}

fn cut(fragmenter: &mut Fragmenter, message: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    let start = packet::headroom(message.len());
    let mut body = vec![0; start + packet::body_len(message.len())];
    body[start..start + message.len()].copy_from_slice(message);
    let len = packet::encode_in_place(&mut body, start, message.len()).unwrap();
    let (mut packet, mut packets) = (vec![0; mtu], Vec::new());
    loop {
        match fragmenter.next(&body[..len], &mut packet) {
            0 => return packets,
            len => packets.push(packet[..len].to_vec()),
        }
    }
}

#[test]
fn on_a_packet_link() {
    for (mtu, message) in [8, 20, 64, 244].into_iter().flat_map(|mtu| messages().map(|m| (mtu, m)))
    {
        let mut fragmenter = Fragmenter::new();
        let before = cut(&mut fragmenter, b"before", mtu);
        let first = cut(&mut fragmenter, &message, mtu);
        let next = cut(&mut fragmenter, NEXT, mtu);
        let places = first.iter().enumerate().flat_map(|(number, packet)| {
            (0..packet.len()).flat_map(move |at| DAMAGES.map(|damage| (number, at, damage)))
        });
        for (number, at, damage) in places {
            let mut corrupt = first.clone();
            corrupt[number] = damaged(&first[number], at, damage);
            let (mut reassembler, mut buffer, mut found) =
                (Reassembler::new(), [0; 264], Vec::new());
            for packet in before.iter().chain(&corrupt).chain(&next) {
                let taken = reassembler.take(packet, &mut buffer);
                found.extend(taken.message.map(|len| buffer[..len].to_vec()));
            }
            let what = format!("{damage:?} at {at} of packet {number} of MTU {mtu}");
            assert_eq!(found.last().map(Vec::as_slice), Some(NEXT), "{what}");
            let known = |found: &Vec<u8>| *found == message || *found == NEXT || found == b"before";
            assert!(found.iter().all(known), "{what} made {found:02x?}");
        }
    }
}

#[test]
fn with_tags_where_also_what_the_crc_lets_through_is_seen() {
    let key = *b"sixteen byte key";
    let (mut device, mut host) = (DeviceKeys::new(key), HostKeys::new(key));
    let challenge = device.answer_hello([1; 8], b"hello", [2; 12]).challenge;
    let mut hello = [0; 5 + TAIL_LEN];
    device.seal_hello(&mut hello, 0, 5).unwrap();
    host.hello_answered([1; 8], challenge, &hello).unwrap();
    let mut tagged = |message: &[u8]| {
        let mut tagged = [message, &[0; TAIL_LEN]].concat();
        host.seal(&mut tagged, 0, message.len()).unwrap();
        tagged
    };
    let first = tagged(&[2, 9, 0, 0]);
    for (at, damage) in (0..first.len()).flat_map(|at| DAMAGES.map(|damage| (at, damage))) {
        let corrupt = damaged(&first, at, damage);
        // A byte that is doubled beside its like is a byte more, which shifts the rest.
        assert_eq!(device.open(&corrupt), None, "{damage:?} at {at}");
        let next = tagged(NEXT);
        let taken = device.open(&next).map(|(message, _)| message);
        assert_eq!(taken, Some(NEXT), "after {damage:?} at {at}");
    }
}
