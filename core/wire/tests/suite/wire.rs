//! Golden bytes, and agreement with the `cobs` and `crc` crates.

use proptest::prelude::*;
use trine_bits::crc32;
use trine_wire::codec::WireWriter;
use trine_wire::message::{
    self, Call, DeviceMessage, Hello, HostHello, HostMessage, Message, Outcome, Status,
};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame, frame_max};

fn framed(message: &[u8]) -> Vec<u8> {
    let start = frame::headroom(message.len());
    let mut buffer = vec![0xaa; start + message.len() + frame_max(message.len())];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = encode_in_place(&mut buffer, start, message.len()).unwrap();
    assert!(len <= frame_max(message.len()));
    buffer.truncate(len);
    buffer
}

fn fed(bytes: &[u8], size: usize) -> (Vec<Vec<u8>>, usize) {
    let (mut decoder, mut buffer) = (Decoder::new(), vec![0; size]);
    let (mut messages, mut bad) = (Vec::new(), 0);
    for &byte in bytes {
        match decoder.feed(byte, &mut buffer) {
            DecodeEvent::Nothing => {}
            DecodeEvent::Message(len) => messages.push(buffer[..len].to_vec()),
            DecodeEvent::Bad => bad += 1,
        }
    }
    (messages, bad)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn written<'a, M: Message<'a>>(message: &M) -> String {
    let mut buffer = [0; 256];
    let len = message::write(message, &mut buffer).unwrap();
    hex(&buffer[..len])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_frame_is_what_the_cobs_and_crc_crates_make(
        message in proptest::collection::vec(
            prop_oneof![3 => any::<u8>(), 1 => Just(0), 1 => Just(1)],
            1..1200,
        ),
    ) {
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&message);
        prop_assert_eq!(crc32(&message), crc);
        let mut content = message.clone();
        content.extend_from_slice(&crc.to_le_bytes());
        let mut expected = vec![0];
        expected.extend(cobs::encode_vec(&content));
        // The crate closes a full last block with an empty one, which the encoding does not need.
        let last_full = expected.last() == Some(&1) && framed(&message).len() == expected.len();
        if last_full {
            expected.pop();
        }
        expected.push(0);
        prop_assert_eq!(framed(&message), expected);
        prop_assert_eq!(fed(&framed(&message), message.len() + 4), (vec![message], 0));
    }

    #[test]
    fn noise_never_panics_and_the_next_frame_is_found(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        message in proptest::collection::vec(any::<u8>(), 1..60),
    ) {
        let mut bytes = noise;
        bytes.extend(framed(&message));
        let (messages, _) = fed(&bytes, 128);
        prop_assert_eq!(messages.last(), Some(&message));
    }

    #[test]
    fn any_stretches_decode_as_single_bytes_do(
        noise in proptest::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(0)], 0..300),
        message in proptest::collection::vec(any::<u8>(), 1..300),
        sizes in proptest::collection::vec(1..40_usize, 60),
        size in 0..320_usize,
    ) {
        let mut bytes = noise;
        bytes.extend(framed(&message));
        let (mut decoder, mut buffer) = (Decoder::new(), vec![0; size]);
        let (mut messages, mut bad, mut at) = (Vec::new(), 0, 0);
        for stretch in sizes.iter().cycle() {
            let end = bytes.len().min(at + stretch);
            let (taken, found) = decoder.take(&bytes[at..end], &mut buffer);
            at += taken;
            match found {
                DecodeEvent::Nothing => prop_assert_eq!(at, end),
                DecodeEvent::Message(len) => messages.push(buffer[..len].to_vec()),
                DecodeEvent::Bad => bad += 1,
            }
            if at == bytes.len() {
                break;
            }
        }
        prop_assert_eq!((messages, bad), fed(&bytes, size));
    }

    #[test]
    fn messages_never_panic_on_noise(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        _ = message::read::<HostMessage<'_>>(&bytes);
        _ = message::read::<DeviceMessage<'_>>(&bytes);
    }
}

#[test]
fn one_flipped_bit_anywhere_loses_that_frame_and_no_other() {
    let frame = framed(&(0..80).collect::<Vec<u8>>());
    for bit in 0..frame.len() * 8 {
        let mut bytes = frame.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let lead = bit / 8 == 0;
        bytes.extend(framed(b"next"));
        let (messages, _) = fed(&bytes, 128);
        assert_eq!(messages.last().map(Vec::as_slice), Some(&b"next"[..]), "bit {bit}");
        assert!(lead || messages.len() == 1, "bit {bit} went unseen");
    }
}

#[test]
fn a_frame_longer_than_the_buffer_is_bad_and_does_not_overflow() {
    let mut bytes = framed(&[7; 200]);
    bytes.extend(framed(b"ok"));
    assert_eq!(fed(&bytes, 100), (vec![b"ok".to_vec()], 1));
}

#[test]
fn too_little_headroom_is_refused() {
    let mut buffer = [1; 600];
    assert_eq!(encode_in_place(&mut buffer, 1, 10), None);
    assert_eq!(encode_in_place(&mut buffer, 3, 300), Some(300 + 4 + 2 + 2));
    assert_eq!(encode_in_place(&mut buffer[..20], 2, 18), None);
    assert_eq!(encode_in_place(&mut buffer, usize::MAX, 2), None);
}

#[test]
fn golden_host_messages() {
    let call = HostMessage::Call(Call {
        id: 5,
        tool: 1,
        check: [1, 2, 3, 4],
        deadline_ms: 300,
        args: &[0, 2, 80],
        ..Call::default()
    });
    for (message, bytes) in [
        (HostMessage::Hello(HostHello { nonce: 0x1234, ..HostHello::default() }), "0000b424"),
        (HostMessage::List { offset: 256, max: 128, what: 0 }, "0180028001"),
        (call, "02050101020304ac0203000250"),
        (HostMessage::Cancel { id: 5 }, "0305"),
        (HostMessage::Status, "04"),
    ] {
        assert_eq!(written(&message), bytes, "{message:?}");
    }
    assert_eq!(
        hex(&framed(&[2, 5, 1, 1, 2, 3, 4, 0, 3, 0, 2, 80])),
        "0008020501010203040203070250".to_string() + &hex(&crc_tail()) + "00"
    );
}

/// The CRC of the golden call, by the other crate.
fn crc_tail() -> [u8; 4] {
    let message = [2, 5, 1, 1, 2, 3, 4, 0, 3, 0, 2, 80];
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&message).to_le_bytes()
}

#[test]
fn golden_device_messages() {
    let hello = Hello {
        wire: 0,
        nonce: 1,
        epoch: 2,
        table_hash: 300,
        tools: 11,
        message_max: 192,
        calls_max: 4,
        features: 0,
        vendor: "v",
        product: "p",
        serial: "s",
        firmware: "1",
        build: "",
        ..Hello::default()
    };
    let result = |outcome| DeviceMessage::Result { id: 5, outcome };
    for (message, bytes) in [
        (DeviceMessage::Hello(hello), "00000102ac020bc001040001760170017301 3100"),
        (DeviceMessage::Page { offset: 0, total: 3, bytes: b"abc", what: 0 }, "01000303616263"),
        (result(Outcome::Done { value: &[0, 2, 80] }), "02050003000250"),
        (result(Outcome::Fault { code: 5, node: 0, bound: 100 }), "0205010500c801"),
        (result(Outcome::Failed { text: "no" }), "020502026e6f"),
        (result(Outcome::Stale), "020503"),
        (result(Outcome::UnknownTool), "020504"),
        (result(Outcome::NeedsPerson { consent: 1 }), "02050501"),
        (result(Outcome::Busy), "020506"),
        (result(Outcome::Expired), "020507"),
        (result(Outcome::Cancelled), "020508"),
        (result(Outcome::BadResult { code: 5, node: 0 }), "0205090500"),
        (result(Outcome::Content { mime: "a/b", len: 300 }), "02050a03612f62ac02"),
        (DeviceMessage::Chunk { id: 5, offset: 128, bytes: &[9], block: 0 }, "030580010109"),
        (DeviceMessage::Event { seq: 1, tool: 7, text: "hi", what: 0 }, "0401070 26869"),
        (DeviceMessage::Status(Status::default()), "0500000000000000000000000000000000"),
        (DeviceMessage::Unsupported { kind: 9 }, "0609"),
    ] {
        assert_eq!(written(&message), bytes.replace(' ', ""), "{message:?}");
    }
}

#[test]
fn a_longer_message_of_a_later_version_is_read_without_its_tail() {
    let mut buffer = [0; 64];
    let len = message::write(&HostMessage::Cancel { id: 300 }, &mut buffer).unwrap();
    buffer[len] = 0x77;
    let read = message::read::<HostMessage<'_>>(&buffer[..len + 5]);
    assert_eq!(read, Some(HostMessage::Cancel { id: 300 }));
}

#[test]
fn the_head_of_a_result_is_what_the_whole_message_begins_with() {
    for (id, len) in [(0, 0), (5, 3), (u32::MAX, 255), (1 << 20, 1000)] {
        let value = vec![1; len];
        let mut whole = vec![0; len + 32];
        let message = DeviceMessage::Result { id, outcome: Outcome::Done { value: &value } };
        let count = message::write(&message, &mut whole).unwrap();
        let mut head = [0; message::DONE_HEAD_MAX];
        let mut out = WireWriter::new(&mut head);
        message::put::result_head(&mut out, id, message::outcome::DONE);
        assert_eq!(out.number(len as u32).written(), whole.get(..count - len));
    }
}
