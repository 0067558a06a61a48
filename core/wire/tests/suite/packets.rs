//! Packet links and buses: every message arrives, and what is corrupt costs no other.

use proptest::prelude::*;
use trine_wire::bus::{self, Header};
use trine_wire::packet::{self, Fragmenter, Reassembler, Taken};
use trine_wire::slot;

const MTUS: [usize; 4] = [8, 20, 64, 244];

fn body(message: &[u8]) -> Vec<u8> {
    let start = packet::headroom(message.len());
    let mut buffer = vec![0xaa; start + packet::body_len(message.len())];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = packet::encode_in_place(&mut buffer, start, message.len()).unwrap();
    assert_eq!(len, packet::body_len(message.len()));
    buffer.truncate(len);
    buffer
}

fn packets(fragmenter: &mut Fragmenter, message: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    let (body, mut packet, mut all) = (body(message), vec![0; mtu], Vec::new());
    loop {
        match fragmenter.next(&body, &mut packet) {
            0 => return all,
            len => all.push(packet[..len].to_vec()),
        }
    }
}

fn joined<'p>(
    reassembler: &mut Reassembler,
    packets: impl IntoIterator<Item = &'p Vec<u8>>,
    size: usize,
) -> (Vec<Vec<u8>>, u32) {
    let (mut buffer, mut messages, mut bad) = (vec![0; size], Vec::new(), 0);
    for packet in packets {
        let taken = reassembler.take(packet, &mut buffer);
        bad += u32::from(taken.bad);
        messages.extend(taken.message.map(|len| buffer[..len].to_vec()));
    }
    (messages, bad)
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..20),
        proptest::collection::vec(any::<u8>(), 1..400),
    ]
}

#[test]
fn a_packet_without_a_payload_ends_the_message_that_it_belongs_to() {
    let mtu = 8;
    let all = packets(&mut Fragmenter::new(), b"a byte!", mtu);
    let (first, next, rest) = (&all[0], &all[1], &all[2..]);
    assert!(rest.is_empty(), "{all:?}");
    assert_eq!(joined(&mut Reassembler::new(), &all, 64), (vec![b"a byte!".to_vec()], 0));
    let header = u16::from_le_bytes([next[0], next[1]]);
    let empty = header.to_le_bytes().to_vec();
    let late = [&(header + 1).to_le_bytes(), &next[2..]].concat();
    let (messages, bad) = joined(&mut Reassembler::new(), [first, &empty, &late], 64);
    assert!(messages.is_empty() && bad > 0, "{messages:?}, {bad} bad");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_arrive_whatever_the_mtu_though_packets_are_padded_or_repeated(
        messages in proptest::collection::vec(message(), 1..40),
        mtu in prop_oneof![8..70_usize, Just(244), Just(65535)],
        padding in 0..9_usize,
        repeats in proptest::collection::vec(0..3_usize, 64),
    ) {
        let (mut fragmenter, mut all) = (Fragmenter::new(), Vec::new());
        for message in &messages {
            let mut packets = packets(&mut fragmenter, message, mtu);
            prop_assert!(packets.iter().all(|packet| packet.len() <= mtu && packet.len() > 2));
            let last = packets.last_mut().unwrap();
            last.resize(mtu.min(last.len() + padding), 0xcc);
            all.extend(packets);
        }
        let repeated = all.iter().zip(repeats.iter().cycle());
        let all = repeated.flat_map(|(packet, count)| std::iter::repeat_n(packet, count + 1));
        prop_assert_eq!(joined(&mut Reassembler::new(), all, 404), (messages, 0));
    }

    #[test]
    fn any_packets_at_all_do_not_panic_and_the_next_message_is_served(
        noise in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..40),
        headers in proptest::collection::vec(0u16..4, 40),
        message in message(),
        size in 0..420_usize,
    ) {
        let mut reassembler = Reassembler::new();
        // Small numbers come close to what is expected more often than any.
        let near = noise.iter().zip(&headers).map(|(packet, header)| {
            [&(header & 1 | (header & 2) << 14).to_le_bytes(), packet.as_slice()].concat()
        });
        for packets in [noise.clone(), near.collect()] {
            joined(&mut reassembler, &packets, size);
        }
        let mut fragmenter = Fragmenter::new();
        packets(&mut fragmenter, b"-", 20);
        // Two, since the first may look like a repeat of the noise.
        let mut good = packets(&mut fragmenter, &message, 20);
        good.extend(packets(&mut fragmenter, &message, 20));
        let (messages, _) = joined(&mut reassembler, &good, 404);
        prop_assert_eq!(messages.last(), Some(&message));
    }
}

#[test]
fn one_flipped_bit_anywhere_loses_that_message_and_no_other() {
    let (long, next) = ((0..80).collect::<Vec<u8>>(), b"next".to_vec());
    for mtu in MTUS {
        let mut fragmenter = Fragmenter::new();
        packets(&mut fragmenter, b"-", mtu);
        let first = packets(&mut fragmenter, &long, mtu);
        let after = packets(&mut fragmenter, &next, mtu);
        for bit in 0..first.iter().map(Vec::len).sum::<usize>() * 8 {
            let mut corrupt = first.clone();
            let mut at = bit / 8;
            let packet = corrupt.iter_mut().find(|packet| {
                let inside = at < packet.len();
                at -= if inside { 0 } else { packet.len() };
                inside
            });
            packet.unwrap()[at] ^= 1 << (bit % 8);
            corrupt.extend(after.clone());
            let (messages, bad) = joined(&mut Reassembler::new(), &corrupt, 84);
            // A last packet that came as another's number leaves the message open until the next.
            assert_eq!(messages.last(), Some(&next), "MTU {mtu}, bit {bit}");
            let harmless = messages.len() == 2 && messages[0] == long;
            assert!(harmless || messages.len() == 1 && bad > 0, "MTU {mtu}, bit {bit} unseen");
            assert!(!harmless || bit / 8 < 2, "MTU {mtu}, bit {bit}");
        }
    }
}

#[test]
fn a_lost_packet_anywhere_loses_that_message_and_is_counted_once() {
    let long = (0..200).collect::<Vec<u8>>();
    for mtu in [8, 20, 64] {
        let mut fragmenter = Fragmenter::new();
        let before = packets(&mut fragmenter, b"before", mtu);
        let first = packets(&mut fragmenter, &long, mtu);
        let after = packets(&mut fragmenter, b"after", mtu);
        for lost in 0..first.len() {
            let mut all = before.clone();
            all.extend(
                first.iter().enumerate().filter(|(at, _)| *at != lost).map(|(_, p)| p.clone()),
            );
            all.extend(after.clone());
            let (messages, bad) = joined(&mut Reassembler::new(), &all, 204);
            assert_eq!(messages, [b"before".to_vec(), b"after".to_vec()], "MTU {mtu}, {lost}");
            assert_eq!(bad, 1, "MTU {mtu}, {lost}");
        }
    }
}

#[test]
fn what_is_too_long_is_dropped_and_not_sent() {
    let mut fragmenter = Fragmenter::new();
    let all = packets(&mut fragmenter, &[7; 100], 8);
    let next = packets(&mut fragmenter, b"ok", 8);
    let all: Vec<_> = all.into_iter().chain(next).collect();
    assert_eq!(joined(&mut Reassembler::new(), &all, 103), (vec![b"ok".to_vec()], 1));
    let most = packet::message_max(8);
    let longest = vec![1; most];
    let sent = packets(&mut fragmenter, &longest, 8);
    assert_eq!(sent.len(), packet::FRAGMENTS_MAX);
    assert_eq!(joined(&mut Reassembler::new(), &sent, most + 4), (vec![longest], 0));
    assert!(packets(&mut fragmenter, &vec![1; most + 1], 8).is_empty());
    assert_eq!(fragmenter.next(&body(b"x"), &mut [0; 1]), 0);
    let mut buffer = [0; 20];
    assert_eq!(packet::encode_in_place(&mut buffer, 0, 3), None);
    assert_eq!(packet::encode_in_place(&mut buffer, 1, 16), None);
    assert_eq!(packet::encode_in_place(&mut buffer, usize::MAX, 2), None);
}

#[test]
fn two_messages_of_one_packet_each_may_be_dropped_at_once() {
    let mut fragmenter = Fragmenter::new();
    let open = packets(&mut fragmenter, &[1; 30], 20);
    let mut corrupt = packets(&mut fragmenter, b"short", 20);
    corrupt[0][5] ^= 1;
    let mut reassembler = Reassembler::new();
    let mut buffer = [0; 64];
    assert_eq!(reassembler.take(&open[0], &mut buffer), Taken::default());
    assert!(reassembler.is_inside());
    assert_eq!(reassembler.take(&corrupt[0], &mut buffer), Taken { message: None, bad: 2 });
    assert!(!reassembler.is_inside());
    assert_eq!(reassembler.take(&[1], &mut buffer), Taken { message: None, bad: 1 });
}

#[test]
fn a_device_takes_its_own_address_and_all_and_sends_only_when_polled() {
    let heard = |address, control, own| Header { address, control }.received_by(own);
    assert_eq!(heard(5, bus::POLL, 5), Some(true));
    assert_eq!(heard(5, 0, 5), Some(false));
    assert_eq!(heard(6, bus::POLL, 5), None);
    assert_eq!(heard(bus::BROADCAST, bus::POLL, 5), Some(false));
    assert_eq!(heard(5, bus::FROM_DEVICE | bus::POLL, 5), None, "another's answer, or its echo");
    assert_eq!(heard(bus::BROADCAST, bus::FROM_DEVICE, 5), None);
    let answer = Header::from_device(5, true);
    assert_eq!((answer.answer_of(5), answer.answer_of(6)), (Some(true), None));
    assert_eq!(Header::from_device(5, false).answer_of(5), Some(false));
    assert_eq!(Header::to_device(5, true).answer_of(5), None);
    assert_eq!(Header::to_device(5, true).bytes(), [5, 1]);
    assert_eq!(Header::to_device(5, false).received_by(5), Some(false));
    assert_eq!(Header::split(&[5]), None);
    assert_eq!(Header::split(&[5, 1]), Some((Header { address: 5, control: 1 }, &[][..])));
}

#[test]
fn a_first_packet_that_is_not_number_0_begins_no_message() {
    let mut fragmenter = Fragmenter::new();
    packets(&mut fragmenter, b"-", 20);
    let mut all = packets(&mut fragmenter, b"one packet", 20);
    assert_eq!(all.len(), 1);
    all[0][0] |= 1;
    all.extend(packets(&mut fragmenter, b"next", 20));
    assert_eq!(joined(&mut Reassembler::new(), &all, 64), (vec![b"next".to_vec()], 1));
}

#[test]
fn a_body_ends_with_packet_2047_and_the_next_number_is_not_that_of_another_body() {
    let mut reassembler = Reassembler::new();
    let mut buffer = vec![0; 20_000];
    let packet = |header: u16, payload: &[u8]| [&header.to_le_bytes(), payload].concat();
    // A message of 16,383 bytes, of which each packet brings six.
    let first = packet(1 << 15, &[0xff, 0x7f, 0, 0, 0, 0]);
    assert_eq!(reassembler.take(&first, &mut buffer), Taken::default());
    for number in 1..2048 {
        assert_eq!(reassembler.take(&packet(number, &[7; 6]), &mut buffer), Taken::default());
    }
    assert!(reassembler.is_inside());
    // Bits 11 to 14 count bodies.
    let beyond = packet(1 << 11, &[7; 6]);
    assert_eq!(reassembler.take(&beyond, &mut buffer), Taken { message: None, bad: 1 });
    assert!(!reassembler.is_inside());
}

#[test]
fn ids_of_calls_end_with_32_bits() {
    // 2^32 - 1 is 3 · 1,431,655,765, and 4 · 1,073,741,823 + 3.
    assert_eq!(slot::id(1_431_655_765, 0, 3), Some(u32::MAX));
    assert_eq!(slot::id(1_431_655_765, 1, 3), None);
    assert_eq!(slot::id(1_073_741_823, 3, 4), Some(u32::MAX));
    assert_eq!(slot::id(1_073_741_824, 0, 4), None);
    assert_eq!(slot::id(1, 4, 4), None, "there is no such slot");
}

#[test]
fn a_sender_that_begins_again_is_heard_and_one_that_repeats_itself_is_not() {
    let first = |message: &[u8]| packets(&mut Fragmenter::default(), message, 64);
    let once = first(b"fan on");
    for other in [&b"fan up"[..], b"fan on again", b"fan"] {
        let (mut reassembler, again) = (Reassembler::default(), first(other));
        // Headers are the same: what follows them tells them apart.
        assert_eq!(once[0][..2], again[0][..2]);
        let line = [&once[..], &once[..], &again[..], &again[..]].concat();
        let (messages, bad) = joined(&mut reassembler, &line, 64);
        assert_eq!((messages, bad), (vec![b"fan on".to_vec(), other.to_vec()], 0));
    }
}

#[test]
fn a_message_has_less_than_two_mebibytes() {
    let most = (1 << 21) - 1;
    let mut buffer = vec![0; most + 32];
    assert_eq!(packet::encode_in_place(&mut buffer, 3, most), Some(3 + most + 4));
    assert_eq!(packet::encode_in_place(&mut buffer, 3, most + 1), None);
    assert_eq!(packet::encode_in_place(&mut buffer, 2, most), None);
}
