//! What a writer writes, and what it does not where there is no room.

use proptest::prelude::*;
use trine_descriptor::value::tag;
use trine_descriptor::{Item, ValueReader, ValueWriter};

/// Writes one entry of each kind, and reads it back as it lies.
fn round_trip(write: impl Fn(&mut ValueWriter<'_>)) {
    let (mut bytes, mut again) = ([0; 64], [0; 64]);
    let mut out = ValueWriter::new(&mut bytes);
    assert!(out.is_empty());
    write(&mut out);
    assert!(!out.is_empty() && !out.overflowed());
    let mut reader = ValueReader::new(out.bytes());
    assert_eq!(reader.remaining(), out.len());
    let item = reader.item().unwrap();
    assert_eq!((reader.remaining(), reader.is_at_end()), (0, true));
    let mut copy = ValueWriter::new(&mut again);
    copy.item(&item);
    assert_eq!(copy.bytes(), out.bytes(), "{item:?}");
    // With too little room nothing is said to be written.
    for room in 0..out.len() {
        let mut short = vec![0; room];
        let mut copy = ValueWriter::new(&mut short);
        copy.item(&item);
        assert!(copy.overflowed(), "{item:?} in {room}");
    }
}

proptest! {
    #[test]
    fn an_entry_is_written_again_as_it_was_read(
        node: u16,
        number: i64,
        label: u16,
        text in ".{0,6}",
    ) {
        round_trip(|out| out.int(node, number));
        round_trip(|out| out.int(node, number >> 50));
        round_trip(|out| out.decimal(node, number));
        round_trip(|out| out.bool(node, number & 1 == 0));
        round_trip(|out| out.label(node, label));
        round_trip(|out| out.array(node, label));
        round_trip(|out| out.text(node, &text));
        round_trip(|out| out.object(node));
    }
}

#[test]
fn a_number_of_another_kind_is_no_boolean() {
    let read =
        |bytes: &[u8]| ValueReader::new(bytes).item().ok().map(|item| (item.tag, item.number));
    assert_eq!(read(&[0, tag::BOOL, 1]), Some((tag::BOOL, 1)));
    assert_eq!(read(&[0, tag::BOOL, 2]), None);
    assert_eq!(read(&[0, tag::LABEL, 2]), Some((tag::LABEL, 2)));
    assert_eq!(read(&[0, tag::LABEL, 0xff, 0xff, 3]), Some((tag::LABEL, 65_535)));
    assert_eq!(read(&[0, tag::LABEL, 0x80, 0x80, 4]), None, "65,536");
    assert_eq!(read(&[0, tag::ARRAY, 0xff, 0xff, 3]), Some((tag::ARRAY, 65_535)));
    assert_eq!(read(&[0, 8, 1]), None, "no such tag");
    assert_eq!(read(&[0, tag::TEXT, 2, b'a']), None, "a byte is missing");
}

#[test]
fn nothing_is_written_behind_what_did_not_fit() {
    let mut bytes = [0; 8];
    let mut out = ValueWriter::new(&mut bytes);
    out.slice(b"123456");
    out.slice(b"789");
    assert!(out.overflowed());
    let len = out.len();
    out.slice(b"7");
    out.bool(0, true);
    out.int(0, 1);
    out.with_rest(|_| Some(0));
    assert!(out.overflowed() && out.len() == len, "{}", out.len());
    out.clear();
    assert!(out.is_empty() && !out.overflowed());
    out.int(0, 1);
    assert_eq!(out.bytes(), [0, tag::INT, 2]);
}

#[test]
fn the_rest_is_written_by_who_knows_how() {
    let mut bytes = [9; 6];
    let mut out = ValueWriter::new(&mut bytes);
    out.slice(b"ab");
    out.with_rest(|rest| {
        assert_eq!(rest.len(), 4);
        rest[..3].copy_from_slice(b"cde");
        Some(3)
    });
    assert_eq!((out.bytes(), out.overflowed()), (&b"abcde"[..], false));
    out.with_rest(|rest| Some(rest.len()));
    assert_eq!((out.len(), out.overflowed()), (6, false), "all of it");
    out.with_rest(|rest| Some(rest.len() + 1));
    assert!(out.overflowed(), "more than there is");
    out.clear();
    out.with_rest(|_| None);
    assert!(out.overflowed(), "it wrote nothing");
}

#[test]
fn an_item_of_a_text_has_its_length_once() {
    let item = Item { node: 1, tag: tag::TEXT, number: 0, text: b"ab" };
    let mut bytes = [0; 8];
    let mut out = ValueWriter::new(&mut bytes);
    out.item(&item);
    assert_eq!(out.bytes(), [1, tag::TEXT, 2, b'a', b'b']);
}
