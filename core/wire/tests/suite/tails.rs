//! Members that version 1 appended, and kinds that it added: as `postcard` writes them, left out
//! while they are zero, and zero where they are missing.

use core::fmt::Debug;

use proptest::prelude::*;
use trine_wire::message::block::{Block, Blocks};
use trine_wire::message::input::{self, Answer, Records, Request};
use trine_wire::message::{
    self, Call, DeviceMessage, Hello, HostHello, HostMessage, Message, Outcome, Status, check,
};
use trine_wire::slot;

type Bytes = Vec<u8>;

fn postcard<T: serde::Serialize>(members: &T) -> Bytes {
    postcard::to_allocvec(members).unwrap()
}

fn written<'a>(message: &impl Message<'a>) -> Bytes {
    let mut buffer = vec![0; 4096];
    let len = message::write(message, &mut buffer).unwrap();
    buffer.truncate(len);
    buffer
}

/// `whole` has every member of the message, `required` those that may not be missing.
fn agrees<'a, M: Message<'a> + PartialEq + Debug>(
    message: &M,
    required: &Bytes,
    whole: &'a Bytes,
) -> Result<(), TestCaseError> {
    let ours = written(message);
    prop_assert!(whole.starts_with(&ours) && ours.starts_with(required), "{:02x?}", ours);
    prop_assert!(whole[ours.len()..].iter().all(|&byte| byte == 0));
    // Neither a byte more nor one less than needed.
    let mut buffer = vec![0xee; ours.len()];
    prop_assert_eq!(message::write(message, &mut buffer), Some(ours.len()));
    prop_assert_eq!(message::write(message, &mut buffer[1..]), None);
    let read = message::read::<M>(whole);
    prop_assert_eq!(read.as_ref(), Some(message));
    for short in 0..whole.len() {
        let read = message::read::<M>(&whole[..short]);
        if short < required.len() {
            prop_assert_eq!(read, None, "{} bytes", short);
        } else if let Some(read) = read {
            // What is there is as it was; what is not is zero.
            let again = written(&read);
            prop_assert!(whole[..short].starts_with(&again));
            prop_assert!(whole[again.len()..short].iter().all(|&byte| byte == 0));
        }
    }
    Ok(())
}

/// Whatever a later version appends, the members of this one are read as they are.
fn skips<'a, M: Message<'a> + PartialEq + Debug>(
    message: &M,
    longer: &'a Bytes,
) -> Result<(), TestCaseError> {
    let read = message::read::<M>(longer);
    prop_assert_eq!(read.as_ref(), Some(message));
    Ok(())
}

/// Numbers of every length, zero among them.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0), 3 => (any::<u32>(), 0u32..32).prop_map(|(n, less)| n >> less)]
}

fn short() -> impl Strategy<Value = u16> {
    prop_oneof![1 => Just(0), 3 => any::<u16>()]
}

fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![1 => Just(0), 3 => any::<u8>()]
}

fn array<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    prop_oneof![1 => Just([0; N]), 1 => any::<[u8; N]>()]
}

fn content() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        1 => Just(Vec::new()),
        3 => proptest::collection::vec(any::<u8>(), 0..30),
        1 => proptest::collection::vec(any::<u8>(), 120..140),
    ]
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 3 => ".{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_hello_of_a_host(
        wire: u8, nonce in number(), session in number(), flags in byte(), message_max in short(),
        content_window in number(), keepalive_ms in number(), host_nonce in array::<8>(),
        more in content(),
    ) {
        let hello = HostHello {
            wire, nonce, session, flags, message_max, content_window, keepalive_ms, host_nonce,
        };
        let message = HostMessage::Hello(hello);
        let required = postcard(&(0u8, wire, nonce));
        let tail = (session, flags, message_max, content_window, keepalive_ms, host_nonce);
        let whole = [required.clone(), postcard(&tail)].concat();
        agrees(&message, &required, &whole)?;
        skips(&message, &[whole, more].concat())?;
    }

    #[test]
    fn calls(
        id in number(), tool: u16, check: [u8; 4], deadline_ms in number(), args in content(),
        flags in byte(), state in content(), answers in content(), principal in words(),
        more in content(),
    ) {
        let message = HostMessage::Call(Call {
            id, tool, check, deadline_ms, args: &args, flags, state: &state, answers: &answers,
            principal: &principal,
        });
        let required = postcard(&(2u8, id, tool, check, deadline_ms, &args));
        let whole = [required.clone(), postcard(&(flags, &state, &answers, &principal))].concat();
        agrees(&message, &required, &whole)?;
        skips(&message, &[whole, more].concat())?;
    }

    #[test]
    fn the_hello_of_a_device(
        numbers in proptest::array::uniform4(number()), table_hash: u64,
        texts in proptest::array::uniform5(".{0,6}"),
        shorts in proptest::array::uniform4(short()), calls_max: u8, keyed: bool,
        challenge in array::<12>(), hello_digest in array::<8>(), more in content(),
    ) {
        let [vendor, product, serial, firmware, build] = &texts;
        let [nonce, epoch, session, link_ms] = numbers;
        let [tools, message_max, rx_bytes, result_max] = shorts;
        let message = DeviceMessage::Hello(Hello {
            wire: 1, nonce, epoch, table_hash, tools, message_max, calls_max, features: 7,
            vendor, product, serial, firmware, build, session, rx_bytes, result_max, link_ms,
            keyed, challenge, hello_digest,
        });
        let head = (0u8, 1u8, nonce, epoch, table_hash, tools, message_max, calls_max, 7u8);
        let required = postcard(&(head, vendor, product, serial, firmware, build));
        let link = (session, rx_bytes, result_max, link_ms);
        let tail = postcard(&(link, keyed, challenge, hello_digest));
        let whole = [required.clone(), tail].concat();
        agrees(&message, &required, &whole)?;
        skips(&message, &[whole, more].concat())?;
    }

    #[test]
    fn other_messages_with_a_tail(
        id in number(), offset in number(), small in short(), bytes in content(), text in words(),
        tail in byte(), n in proptest::array::uniform3(number()),
    ) {
        let with = |required: Bytes| {
            let whole = [required.as_slice(), &[tail]].concat();
            (required, whole)
        };
        let (required, whole) = with(postcard(&(1u8, offset, small)));
        agrees(&HostMessage::List { offset, max: small, what: tail }, &required, &whole)?;
        let prompt = HostMessage::Prompt {
            id, prompt: small, args: &bytes, state: text.as_bytes(), answers: &bytes,
        };
        let required = postcard(&(7u8, id, small, &bytes));
        let whole = [required.clone(), postcard(&(&text, &bytes))].concat();
        agrees(&prompt, &required, &whole)?;
        skips(&prompt, &[whole, vec![tail]].concat())?;
        let (required, whole) = with(postcard(&(1u8, offset, id, &bytes)));
        let page = DeviceMessage::Page { offset, total: id, bytes: &bytes, what: tail };
        agrees(&page, &required, &whole)?;
        let (required, whole) = with(postcard(&(3u8, id, offset, &bytes)));
        let chunk = DeviceMessage::Chunk { id, offset, bytes: &bytes, block: tail };
        agrees(&chunk, &required, &whole)?;
        let (required, whole) = with(postcard(&(4u8, id, small, &text)));
        let event = DeviceMessage::Event { seq: id, tool: small, text: &text, what: tail };
        agrees(&event, &required, &whole)?;
        let required = postcard(&(8u8, tail, &text));
        let whole = [required.clone(), postcard(&id)].concat();
        agrees(&DeviceMessage::Log { level: tail, text: &text, call: id }, &required, &whole)?;
        let [repeats, unauthentic, link_losses] = n;
        let status =
            Status { uptime_ms: 5, repeats, unauthentic, link_losses, ..Status::default() };
        let required = [&[5, 5][..], &[0; 15]].concat();
        let whole = [required.clone(), postcard(&n)].concat();
        agrees(&DeviceMessage::Status(status), &required, &whole)?;
    }

    #[test]
    fn kinds_that_version_1_added(
        id in number(), upto in number(), index in short(), node in short(), op: u8, key: [u8; 16],
        bytes in content(), text in words(), of: u8, more in content(),
    ) {
        let text = text.as_str();
        let host = [
            (HostMessage::Credit { id, upto }, postcard(&(5u8, id, upto))),
            (HostMessage::Read { id, uri: text }, postcard(&(6u8, id, text))),
            (HostMessage::Complete { id, of, index, node, text },
                postcard(&(8u8, id, of, index, node, text))),
            (HostMessage::Ping { nonce: id }, postcard(&(9u8, id))),
            (HostMessage::Log { level: op }, postcard(&(10u8, op))),
            (HostMessage::Provision { op, key }, postcard(&(11u8, op, key))),
            (HostMessage::Factory { op, arg: &bytes }, postcard(&(12u8, op, &bytes))),
        ];
        for (message, whole) in &host {
            agrees(message, whole, whole)?;
            skips(message, &[whole.as_slice(), &more].concat())?;
        }
        let (state, requests) = (&bytes[..], text.as_bytes());
        let result = |outcome| DeviceMessage::Result { id, outcome };
        let device = [
            (DeviceMessage::Progress { id, done: upto, total: id, text },
                postcard(&(7u8, id, upto, id, text))),
            (DeviceMessage::Pong { nonce: id, epoch: upto },
                postcard(&(9u8, id, upto.to_le_bytes()))),
            (DeviceMessage::Provisioned { code: op }, postcard(&(10u8, op))),
            (DeviceMessage::Factory { op, code: of, bytes: &bytes },
                postcard(&(11u8, op, of, &bytes))),
            (result(Outcome::NeedInput { state, requests }),
                postcard(&(2u8, id, 11u8, state, requests))),
            (result(Outcome::Forgotten), postcard(&(2u8, id, 12u8))),
            (result(Outcome::Blocks { bytes: &bytes }), postcard(&(2u8, id, 13u8, &bytes))),
            (result(Outcome::Unauthenticated), postcard(&(2u8, id, 14u8))),
        ];
        for (message, whole) in &device {
            agrees(message, whole, whole)?;
            skips(message, &[whole.as_slice(), &more].concat())?;
        }
    }

    #[test]
    fn blocks(
        bytes in content(), text in words(), mime in words(), what: u8, more in number(),
        junk in content(),
    ) {
        let bytes = bytes.as_slice();
        let (text, mime) = (text.as_str(), mime.as_str());
        let all = [
            (Block::Text { text }, 1u8, postcard(&text)),
            (Block::Image { mime, bytes }, 2, postcard(&(mime, bytes))),
            (Block::Audio { mime, bytes }, 3, postcard(&(mime, bytes))),
            (Block::Link { uri: text, name: mime, mime, description: text }, 4,
                postcard(&(text, mime, mime, text))),
            (Block::Embedded { uri: text, mime, what, bytes }, 5,
                postcard(&(text, mime, what, bytes))),
            (Block::Structured { value: bytes }, 6, postcard(&bytes)),
            (Block::Role { role: what }, 7, postcard(&what)),
            (Block::More { total: more }, 8, postcard(&more)),
            (Block::Call { verdict: what, confidence: more, tool: 7, node: 300, args: bytes }, 9,
                postcard(&(what, more.to_le_bytes(), 7_u16, 300_u16, bytes))),
            (Block::Why { why: what, fault: 1, tool: 7, node: 300, other: 8 }, 11,
                postcard(&(what, 1_u8, 7_u16, 300_u16, 8_u16))),
            (Block::Command { tool: 300, args: bytes }, 12, postcard(&(300_u16, bytes))),
        ];
        let mut joined = Vec::new();
        for (block, kind, body) in &all {
            let wanted = postcard(&(*kind, body));
            let mut buffer = vec![0; wanted.len()];
            prop_assert_eq!(block.write(&mut buffer), Some(wanted.len()));
            prop_assert_eq!(&buffer, &wanted);
            prop_assert_eq!(block.write(&mut buffer[1..]), None);
            joined.extend(wanted);
            // Of another type, and with members of a later version behind its own.
            joined.extend(postcard(&(99u8, &junk)));
            joined.extend(postcard(&(*kind, [body.as_slice(), &junk].concat())));
        }
        let read: Vec<_> = Blocks::new(&joined).collect();
        let twice: Vec<_> = all.iter().flat_map(|(block, ..)| [Ok(*block), Ok(*block)]).collect();
        prop_assert_eq!(read, twice);
        for short in 0..joined.len() {
            let read: Vec<_> = Blocks::new(&joined[..short]).collect();
            prop_assert!(read.iter().rev().skip(1).all(Result::is_ok), "an error is the end");
        }
        prop_assert!(Blocks::new(&junk).count() <= junk.len());
    }

    #[test]
    fn requests_and_answers(
        name in words(), kind: u8, text in words(), bytes in content(), junk in content(),
        tokens in number(), extras in content(),
    ) {
        let (name, message, values) = (name.as_str(), text.as_str(), bytes.as_slice());
        let request = Request { name, kind, message, nodes: values, tokens, extras: &extras };
        let answer = Answer { name, action: kind, values };
        let head = postcard(&(name, kind, message, values));
        let tail = postcard(&(tokens, &extras));
        let record = [head.as_slice(), &tail, &junk].concat();
        for short in 0..=tail.len() {
            let cut = [head.as_slice(), &tail[..short]].concat();
            let list = [vec![1], postcard(&cut)].concat();
            let read = Records::new(&list).and_then(|mut list| list.record::<Request<'_>>());
            let Some(read) = read else {
                prop_assert!(short > 0 && short < tail.len());
                continue;
            };
            let rest = Request { tokens: read.tokens, extras: read.extras, ..request };
            prop_assert_eq!(read, rest);
            prop_assert!([0, tokens].contains(&read.tokens));
            prop_assert!(read.extras.is_empty() || read == request);
        }
        let longer = [vec![1], postcard(&record)].concat();
        prop_assert_eq!(Records::new(&longer).unwrap().record(), Some(request));
        let mut list = vec![0; 1024];
        let len = input::write(&[request, request], &mut list).unwrap();
        prop_assert_eq!(input::write(&[request, request], &mut list[..len - 1]), None);
        let mut records = Records::new(&list[..len]).unwrap();
        prop_assert_eq!(records.record(), Some(request));
        prop_assert_eq!(records.record(), Some(request));
        prop_assert_eq!(records.record::<Request<'_>>(), None);
        prop_assert_eq!(records.left(), 0);
        let len = input::write(&[answer], &mut list).unwrap();
        let whole = [vec![1], postcard(&postcard(&(name, kind, values)))].concat();
        prop_assert_eq!(&list[..len], whole);
        for short in 1..len {
            let mut records = Records::new(&list[..short]).unwrap();
            prop_assert_eq!((records.record::<Answer<'_>>(), records.left()), (None, 1));
        }
        if let Some(mut records) = Records::new(&junk) {
            while records.record::<Request<'_>>().is_some() {}
        }
    }

    #[test]
    fn ids_hold_slot_and_sequence(sequence in number(), slots in 1..=slot::SLOTS_MAX, at: u8) {
        let at = at % slots;
        match slot::id(sequence, at, slots) {
            Some(id) => {
                prop_assert_eq!((slot::slot(id, slots), slot::sequence(id, slots)), (at, sequence));
                let next = sequence.checked_add(1).and_then(|next| slot::id(next, at, slots));
                prop_assert!(next.is_none_or(|next| next > id));
            }
            None => prop_assert!(u64::from(sequence) * u64::from(slots) + 63 > u64::from(u32::MAX)),
        }
        prop_assert_eq!(slot::id(sequence, slots, slots), None);
    }
}

#[test]
fn a_list_of_no_bytes_has_no_records_and_a_device_without_slots_has_one() {
    assert_eq!(Records::new(&[]).unwrap().left(), 0);
    assert!(Records::new(&[0x80]).is_none());
    assert_eq!((slot::slot(77, 0), slot::sequence(77, 0)), (0, 77));
}

#[test]
fn the_call_guard_joins_hash_epoch_and_session() {
    assert_eq!(check(0xffff_ffff_1122_3344, 0, 0), [0x44, 0x33, 0x22, 0x11]);
    assert_eq!(check(0x1122_3344, 0x0bad_cafe, 0xcafe_f00d), [0xb7, 0x09, 0x71, 0xd0]);
}
