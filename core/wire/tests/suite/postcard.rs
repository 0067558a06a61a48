//! Messages are what the `postcard` crate makes of their kind and members, and are read from the
//! same bytes that it reads.

use proptest::prelude::*;
use trine_wire::message::{
    self, Call, DeviceMessage, Hello, HostHello, HostMessage, Message, Outcome, Status,
};

type Bytes = Vec<u8>;
type HelloTuple<'a> =
    ((u8, u8, u32, u32, u64, u16, u16, u8), (u32, &'a str, &'a str, &'a str, &'a str, &'a str));

fn postcard<T: serde::Serialize>(members: &T) -> Bytes {
    postcard::to_allocvec(members).unwrap()
}

/// Writes as `wanted`, reads back, and does not fit one byte less.
fn agrees<'a, M: Message<'a> + PartialEq + core::fmt::Debug>(
    message: &M,
    wanted: &'a Bytes,
) -> Result<(), TestCaseError> {
    let mut buffer = vec![0; wanted.len()];
    prop_assert_eq!(message::write(message, &mut buffer), Some(wanted.len()));
    prop_assert_eq!(&buffer, wanted);
    prop_assert_eq!(message::write(message, &mut buffer[1..]), None);
    let read = message::read::<M>(wanted);
    prop_assert_eq!(read.as_ref(), Some(message));
    for short in 0..wanted.len() {
        prop_assert_eq!(message::read::<M>(&wanted[..short]), None);
    }
    Ok(())
}

/// Where `last`, the last member that was read, ends in `bytes`.
fn end_of(bytes: &[u8], last: &[u8]) -> usize {
    last.as_ptr() as usize + last.len() - bytes.as_ptr() as usize
}

/// Numbers of every length, each bit count as likely as another.
fn number() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0u32..32).prop_map(|(number, less)| number >> less)
}

fn long() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(number, less)| number >> less)
}

fn content() -> impl Strategy<Value = Bytes> {
    prop_oneof![9 => proptest::collection::vec(any::<u8>(), 0..40),
                1 => proptest::collection::vec(any::<u8>(), 100..300)]
}

/// Varints at and past the end of each width, overlong ones, and anything.
fn odd_bytes() -> impl Strategy<Value = Bytes> {
    let piece = prop_oneof![
        (0usize..12, any::<u8>()).prop_map(|(count, last)| {
            let mut bytes = vec![0xff; count];
            bytes.push(last);
            bytes
        }),
        (0usize..12, 0u8..2).prop_map(|(count, last)| {
            let mut bytes = vec![0x80; count];
            bytes.push(last);
            bytes
        }),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn host_messages(
        id in number(), wide in number(), tool: u16, check: [u8; 4], wire: u8, args in content(),
    ) {
        let hello = HostHello { wire, nonce: id, ..HostHello::default() };
        agrees(&HostMessage::Hello(hello), &postcard(&(0u8, wire, id)))?;
        agrees(&HostMessage::List { offset: id, max: tool, what: 0 }, &postcard(&(1u8, id, tool)))?;
        let call = Call { id, tool, check, deadline_ms: wide, args: &args, ..Call::default() };
        let call = HostMessage::Call(call);
        agrees(&call, &postcard(&(2u8, id, tool, check, wide, &args)))?;
        agrees(&HostMessage::Cancel { id }, &postcard(&(3u8, id)))?;
        agrees(&HostMessage::Status, &postcard(&4u8))?;
    }

    #[test]
    fn device_messages(
        id in number(), offset in number(), tool: u16, kind: u8, bytes in content(),
        text in ".{0,40}",
    ) {
        let page = DeviceMessage::Page { offset, total: id, bytes: &bytes, what: 0 };
        agrees(&page, &postcard(&(1u8, offset, id, &bytes)))?;
        let chunk = DeviceMessage::Chunk { id, offset, bytes: &bytes, block: 0 };
        agrees(&chunk, &postcard(&(3u8, id, offset, &bytes)))?;
        let event = DeviceMessage::Event { seq: id, tool, text: &text, what: 0 };
        agrees(&event, &postcard(&(4u8, id, tool, &text)))?;
        agrees(&DeviceMessage::Unsupported { kind }, &postcard(&(6u8, kind)))?;
    }

    #[test]
    fn outcomes(
        id in number(), len in number(), node: u16, code: u8, bound: i64, value in content(),
        text in ".{0,40}",
    ) {
        let result = |outcome| DeviceMessage::Result { id, outcome };
        let head = (2u8, id);
        agrees(&result(Outcome::Done { value: &value }), &postcard(&(head, 0u8, &value)))?;
        let fault = Outcome::Fault { code, node, bound };
        agrees(&result(fault), &postcard(&(head, 1u8, code, node, bound)))?;
        agrees(&result(Outcome::Failed { text: &text }), &postcard(&(head, 2u8, &text)))?;
        agrees(&result(Outcome::Stale), &postcard(&(head, 3u8)))?;
        agrees(&result(Outcome::UnknownTool), &postcard(&(head, 4u8)))?;
        let person = Outcome::NeedsPerson { consent: code };
        agrees(&result(person), &postcard(&(head, 5u8, code)))?;
        agrees(&result(Outcome::Busy), &postcard(&(head, 6u8)))?;
        agrees(&result(Outcome::Expired), &postcard(&(head, 7u8)))?;
        agrees(&result(Outcome::Cancelled), &postcard(&(head, 8u8)))?;
        let bad = Outcome::BadResult { code, node };
        agrees(&result(bad), &postcard(&(head, 9u8, code, node)))?;
        let content = Outcome::Content { mime: &text, len };
        agrees(&result(content), &postcard(&(head, 10u8, &text, len)))?;
    }

    #[test]
    fn greetings(
        nonce in number(), epoch in number(), features in number(), table_hash in long(),
        tools: u16, message_max: u16, calls_max: u8, wire: u8,
        texts in proptest::array::uniform5(".{0,12}"),
    ) {
        let [vendor, product, serial, firmware, build] = &texts;
        let hello = Hello {
            wire, nonce, epoch, table_hash, tools, message_max, calls_max, features,
            vendor, product, serial, firmware, build,
            ..Hello::default()
        };
        let members: HelloTuple<'_> = (
            (0, wire, nonce, epoch, table_hash, tools, message_max, calls_max),
            (features, vendor, product, serial, firmware, build),
        );
        agrees(&DeviceMessage::Hello(hello), &postcard(&members))?;
    }

    #[test]
    fn counters(uptime_ms in long(), n in proptest::array::uniform14(number()), calls: u8) {
        let status = Status {
            uptime_ms,
            frames_in: n[0], frames_bad: n[1], bytes_lost: n[2], frames_out: n[3], calls: n[4],
            entered: n[5], faults: n[6], unagreed: n[7], expired: n[8], bad_results: n[9],
            memory: n[10], memory_used: n[11], rx_high_water: n[12], tx_high_water: n[13],
            calls_high_water: calls,
            ..Status::default()
        };
        agrees(&DeviceMessage::Status(status), &postcard(&(5u8, uptime_ms, n, calls)))?;
    }

    #[test]
    fn the_same_bytes_are_refused(odd in odd_bytes()) {
        let with = |kind: &[u8]| [kind, odd.as_slice()].concat();
        // A length is a number of 32 bits on every machine; postcard's is as wide as a pointer.
        let bytes = with(&[2]);
        let theirs = postcard::take_from_bytes::<(u8, u32, u16, [u8; 4], u32, u32)>(&bytes);
        let theirs = theirs.ok().and_then(|((_, id, tool, check, deadline_ms, len), rest)| {
            let args = rest.get(..usize::try_from(len).unwrap())?;
            Some((id, tool, check, deadline_ms, args))
        });
        // What stands behind the members of version 0 is judged elsewhere.
        let len = theirs.map_or(bytes.len(), |(.., args)| end_of(&bytes, args));
        let ours = message::read::<HostMessage<'_>>(&bytes[..len]);
        let theirs = theirs.map(|(id, tool, check, deadline_ms, args)| {
            HostMessage::Call(Call { id, tool, check, deadline_ms, args, ..Call::default() })
        });
        prop_assert_eq!(ours, theirs);
        let bytes = with(&[4]);
        let theirs = postcard::take_from_bytes::<(u8, u32, u16, u32)>(&bytes);
        let theirs = theirs.ok().and_then(|((_, seq, tool, len), rest)| {
            let text = core::str::from_utf8(rest.get(..usize::try_from(len).unwrap())?).ok()?;
            Some((seq, tool, text))
        });
        let len = theirs.map_or(bytes.len(), |(.., text)| end_of(&bytes, text.as_bytes()));
        let ours = message::read::<DeviceMessage<'_>>(&bytes[..len]);
        let theirs =
            theirs.map(|(seq, tool, text)| DeviceMessage::Event { seq, tool, text, what: 0 });
        prop_assert_eq!(ours, theirs);
        let bytes = with(&[2, 7, 1]);
        let theirs = postcard::take_from_bytes::<(u8, u8, u8, u8, u16, i64)>(&bytes);
        let theirs = theirs.ok().map(|((_, _, _, code, node, bound), _)| {
            DeviceMessage::Result { id: 7, outcome: Outcome::Fault { code, node, bound } }
        });
        prop_assert_eq!(message::read::<DeviceMessage<'_>>(&bytes), theirs);
    }
}
