//! The encoding of values: round trips, postcard as the judge of varints, and bytes that no one
//! should have sent.

use proptest::prelude::*;
use trine_bits::rounds;
use trine_descriptor::{
    Entry, Malformed, Scalar, Side, ToolTable, ValueReader, ValueWriter, validate,
};

use crate::encode::encode;
use crate::everything::TABLE;
use crate::generate;
use crate::source::Source;

fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, Malformed> {
    let mut reader = ValueReader::new(bytes);
    let mut entries = Vec::new();
    while let Some(entry) = reader.entry()? {
        entries.push(entry);
    }
    Ok(entries)
}

fn written(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut buffer = vec![0; 4096];
    let mut out = ValueWriter::new(&mut buffer);
    for entry in entries {
        out.scalar(entry.node, entry.value);
    }
    assert!(!out.overflowed());
    out.bytes().to_vec()
}

/// A call of the first tool with a value of every kind.
fn good() -> Vec<u8> {
    let value = serde_json::json!({
        "flag": false, "count": -1, "ratio": 20.5, "note": "tea é", "mode": "heat",
        "target": -10.25,
        "colour": "red", "at": {"hour": 23, "minute": 59}, "days": [1, 7],
        "steps": [{"valve": "north"}, {"valve": "south", "litres": 0.25, "tags": ["ab", "éé"]}],
        "nothing": {},
    });
    encode(TABLE[0].params, &value).unwrap()
}

#[test]
fn the_bytes_of_a_call_are_pinned() {
    let bytes = good();
    assert_eq!(validate(&TABLE, 0, Side::Params, &bytes), Ok(()));
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex.concat(), GOLDEN);
}

/// Worked out by hand from the table in the documentation of `value`.
const GOLDEN: &str = concat!(
    "000100",
    "010201",
    "02039a03",
    "030406746561",
    "20c3a9",
    "040500",
    "05038110",
    "070500",
    "0806",
    "09022e",
    "0a0276",
    "0b0702",
    "0c0202",
    "0c020e",
    "0d0702",
    "0e06",
    "0f0500",
    "0e06",
    "0f0501",
    "100332",
    "110702",
    "12040261",
    "62",
    "120404c3a9c3a9",
    "1306",
);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(10_000) as u32))]

    #[test]
    fn varints_are_those_of_postcard(number: u64, signed: i64, bits in 0u32..64, node: u16) {
        for number in [number >> bits, number] {
            let theirs = postcard::to_allocvec(&number).unwrap();
            prop_assert_eq!(ValueReader::new(&theirs).number(), Ok(number));
        }
        for signed in [signed >> bits, signed] {
            let mut wanted = postcard::to_allocvec(&node).unwrap();
            wanted.push(2);
            wanted.extend(postcard::to_allocvec(&signed).unwrap());
            prop_assert_eq!(written(&[Entry { node, value: Scalar::Int(signed) }]), wanted);
        }
    }

    #[test]
    fn texts_are_those_of_postcard(text: String) {
        let mut wanted = vec![0, 4];
        wanted.extend(postcard::to_allocvec(&text).unwrap());
        prop_assert_eq!(written(&[Entry { node: 0, value: Scalar::Text(&text) }]), wanted);
    }

    #[test]
    fn entries_come_back(numbers: Vec<(u16, i64)>, text: String, count: u16) {
        let mut all = Vec::new();
        for (node, value) in numbers {
            all.push(Entry { node, value: Scalar::Int(value) });
            all.push(Entry { node, value: Scalar::Decimal(value) });
            all.push(Entry { node, value: Scalar::Bool(value % 2 == 0) });
            all.push(Entry { node, value: Scalar::Label(count) });
        }
        all.push(Entry { node: 7, value: Scalar::Text(&text) });
        all.push(Entry { node: 8, value: Scalar::Object });
        all.push(Entry { node: 9, value: Scalar::Array(count) });
        let bytes = written(&all);
        prop_assert_eq!(entries(&bytes), Ok(all));
    }

    #[test]
    fn an_integer_is_read_alike_whatever_follows_it(
        bytes in prop::collection::vec(prop_oneof![Just(0x80u8), Just(0), any::<u8>()], 1..11),
        tail in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        // Behind the node and the tag an integer is a varint, which `number` reads byte by byte.
        let whole = [&[5, 2], &*bytes, &*tail].concat();
        let mut plain = ValueReader::new(whole.get(2..).unwrap_or_default());
        let mut reader = ValueReader::new(&whole);
        let number = plain.number().map(|raw| (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed());
        prop_assert_eq!(reader.item().map(|item| (item.node, item.number)), number.map(|n| (5, n)));
        if number.is_ok() {
            prop_assert_eq!(reader.remaining(), plain.remaining());
        }
    }

    #[test]
    fn whatever_is_read_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        canonical(&bytes)?;
    }

    #[test]
    fn random_bytes_are_judged_without_a_panic(
        choices in prop::collection::vec(any::<u32>(), 0..80),
        bytes in prop::collection::vec(0u8..24, 0..60),
    ) {
        let table = [generate::tool(&mut Source::new(&choices), Side::Params)];
        if validate(&table, 0, Side::Params, &bytes).is_ok() {
            prop_assert_eq!(entries(&bytes).map(|all| written(&all)), Ok(bytes));
        }
    }
}

/// One value has one encoding, so bytes may stand for values in digests and comparisons.
fn canonical(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut reader = ValueReader::new(bytes);
    let mut read = Vec::new();
    while let Ok(Some(entry)) = reader.entry() {
        read.push(entry);
        let again = written(&read);
        prop_assert_eq!(&again[..], &bytes[..again.len()]);
    }
    Ok(())
}

#[test]
fn every_truncation_is_refused_or_a_shorter_call() {
    let bytes = good();
    let whole = entries(&bytes).unwrap();
    for len in 0..bytes.len() {
        let cut = &bytes[..len];
        if let Ok(read) = entries(cut) {
            assert_eq!(read, whole[..read.len()]);
        }
        if validate(&TABLE, 0, Side::Params, cut).is_ok() {
            assert_eq!(written(&entries(cut).unwrap()), cut);
        }
    }
}

#[test]
fn every_bit_flip_is_refused_or_another_call() {
    let bytes = good();
    let (mut accepted, mut refused) = (0, 0);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match validate(&TABLE, 0, Side::Params, &flipped) {
            Ok(()) => {
                accepted += 1;
                let read = entries(&flipped).unwrap();
                assert_eq!(written(&read), flipped);
                assert_ne!(read, entries(&bytes).unwrap());
            }
            Err(_) => refused += 1,
        }
    }
    // A flip inside a text or a number is another legal value; in structure it never is.
    assert!(accepted > 10 && refused > 500, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_varint_has_no_needless_bytes() {
    for (bytes, value) in [
        (&[0][..], Ok(0)),
        (&[0x7f], Ok(0x7f)),
        (&[0x80, 0x01], Ok(0x80)),
        (&[0x80, 0x00], Err(Malformed)),
        (&[0xff, 0x80, 0x00], Err(Malformed)),
        (&[0x80], Err(Malformed)),
        (&[], Err(Malformed)),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Ok(u64::MAX)),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], Err(Malformed)),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00], Err(Malformed)),
    ] {
        assert_eq!(ValueReader::new(bytes).number(), value, "{bytes:x?}");
    }
}

#[test]
fn a_writer_that_is_full_keeps_nothing_more() {
    let mut buffer = [0; 5];
    let mut out = ValueWriter::new(&mut buffer);
    out.bool(0, true);
    assert_eq!((out.len(), out.overflowed()), (3, false));
    out.text(1, "abc");
    assert!(out.overflowed());
    out.bool(2, true);
    assert!(out.overflowed());
    out.clear();
    assert!(out.is_empty() && !out.overflowed());
}

#[test]
fn arguments_not_given_are_the_default() {
    let bytes = good();
    let args = trine_descriptor::Args::new(&TABLE, 0, &bytes);
    assert_eq!((args.bool(0), args.int(1), args.decimal(2)), (Some(false), Some(-1), Some(205)));
    assert_eq!((args.text(3), args.label(4), args.label(7)), (Some("tea é"), Some(0), Some(0)));
    let few = trine_descriptor::Args::new(&TABLE, 0, &[1, 2, 0, 4, 5, 1]);
    assert_eq!((few.bool(0), few.int(1), few.decimal(2)), (Some(true), Some(0), Some(205)));
    assert_eq!((few.text(3), few.label(7), few.decimal(5)), (Some("tea é\\"), Some(1), None));
    assert!(few.has(1) && !few.has(0));
    assert_eq!(few.bool(1), None, "a getter of another type answers nothing");
    assert_eq!(TABLE.info(0).unwrap().name, "plan_set");
}
