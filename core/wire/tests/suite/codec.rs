//! The writer of members and their reader, by themselves.

use trine_bits::crc32;
use trine_wire::codec::{Members, WireWriter};
use trine_wire::message::{self, DeviceMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, frame, packet};

#[test]
fn a_message_starts_where_the_writer_was_told_in_the_buffer_that_it_has() {
    let (mut first, mut second) = ([9; 4], [8; 8]);
    let mut out = WireWriter::new(&mut first);
    assert_eq!((out.from(), out.buffer().len()), (0, 4));
    out.start(3).byte(1).byte(2);
    assert_eq!((out.from(), out.written()), (3, None));
    // The first message was too long for its buffer; the next one has a longer one.
    out.set_buffer(&mut second);
    out.start(3).byte(1).byte(2);
    assert_eq!((out.from(), out.written()), (3, Some(&[1, 2][..])));
    assert_eq!(out.buffer(), [8, 8, 8, 1, 2, 8, 8, 8]);
    assert_eq!(first, [9, 9, 9, 1]);
}

#[test]
fn a_reader_is_broken_from_the_first_member_that_is_missing() {
    let mut members = Members::new(&[7, 1]);
    assert_eq!((members.byte(), members.byte(), members.is_broken()), (7, 1, false));
    assert_eq!(members.complete(3), Some(3));
    assert_eq!((members.byte(), members.is_broken()), (0, true));
    assert_eq!((members.number(), members.text(), members.is_broken()), (0, "", true));
    assert_eq!(members.complete(3), None);
}

#[test]
fn a_number_has_64_bits_and_no_more() {
    // The greatest of all as it stands: ten bytes, of which the last has one bit.
    let outcome = Outcome::Fault { code: 1, node: 2, bound: i64::MIN };
    let fault = DeviceMessage::Result { id: 3, outcome };
    let mut buffer = [0; 32];
    let len = message::write(&fault, &mut buffer).unwrap();
    let last = buffer[..len].iter().rposition(|byte| *byte == 1).unwrap();
    assert_eq!(buffer[last - 9..last], [0xff; 9]);
    assert_eq!(message::read::<DeviceMessage<'_>>(&buffer[..len]), Some(fault));
    for more in [2, 3, 0x7f] {
        buffer[last] = more;
        assert_eq!(message::read::<DeviceMessage<'_>>(&buffer[..len]), None, "{more}");
    }
}

#[test]
fn room_for_a_frame_is_its_message_a_crc_and_what_cobs_adds() {
    // One byte, one more for each 254 of message and CRC, a zero at both ends.
    for (message, stuffing) in [(0, 1), (1, 1), (249, 1), (250, 2), (503, 2), (504, 3), (4096, 17)]
    {
        assert_eq!(frame::frame_max(message), message + 4 + stuffing + 2, "{message}");
        assert_eq!(frame::headroom(message), 1 + stuffing, "{message}");
    }
}

#[test]
fn a_frame_without_room_is_not_taken_for_what_it_begins_with() {
    let begins = b"a message";
    let begins = [&begins[..], &crc32(begins).to_le_bytes()].concat();
    let whole = [&begins[..], b"and more"].concat();
    let line = [&[0], &*cobs::encode_vec(&whole), &[0]].concat();
    for size in begins.len() - 1..whole.len() {
        let (mut decoder, mut buffer) = (Decoder::new(), vec![0; size]);
        let events = line.iter().map(|byte| decoder.feed(*byte, &mut buffer));
        let events: Vec<_> = events.filter(|event| *event != DecodeEvent::Nothing).collect();
        assert_eq!(events, [DecodeEvent::Bad], "{size}");
    }
}

#[test]
fn the_longest_message_in_packets_fills_them_or_has_a_length_of_three_bytes() {
    assert_eq!(packet::message_max(2), 0);
    for mtu in 3..1100 {
        let (most, room) = (packet::message_max(mtu), packet::FRAGMENTS_MAX * (mtu - 2));
        assert!(packet::body_len(most) <= room && most < 1 << 21, "{mtu}: {most}");
        // One more has no room, or no length.
        assert!(packet::body_len(most + 1) > room || most == (1 << 21) - 1, "{mtu}: {most}");
    }
    assert_eq!(packet::message_max(1100), (1 << 21) - 1);
    // Kind, id, outcome and length of a result, each number at its longest.
    assert_eq!(message::DONE_HEAD_MAX, 12);
}
