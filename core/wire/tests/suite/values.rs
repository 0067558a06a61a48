//! Numbers, values and records as `docs/wire.md` has them: `tests/golden/wire-v1/values.txt`.

use crate::samples;

use std::fmt::Write as _;

use crate::lines::{compare, hex, lines, text, unhex};
use trine_bits::crc32;
use trine_descriptor::extras::{self, Extra, Of};
use trine_descriptor::record::{self, Decoder, Encoder};
use trine_descriptor::{
    Annotations, Consent, FailSafe, Field, IntRange, Kind, Limits, Scalar, Side, ToolInfo,
    ValueReader, ValueWriter,
};
use trine_wire::message::{self, DeviceMessage, HostMessage, Message, Outcome};

/// What a message writes behind its first `skip` bytes.
fn behind<'a>(skip: usize, message: &impl Message<'a>) -> Vec<u8> {
    samples::written(|out| message::write(message, out))[skip..].to_vec()
}

fn number(number: u32) -> Vec<u8> {
    behind(1, &HostMessage::Ping { nonce: number })
}

fn zigzag(bound: i64) -> Vec<u8> {
    let outcome = Outcome::Fault { code: 0, node: 0, bound };
    behind(5, &DeviceMessage::Result { id: 0, outcome })
}

fn words(text: &str) -> Vec<u8> {
    behind(2, &DeviceMessage::Log { level: 0, text, call: 0 })
}

const FAN: ToolInfo<'_> = ToolInfo {
    name: "fan_set",
    title: "",
    description: "Sets the fan.",
    version: "1",
    annotations: Annotations(4),
    consent: Consent::None,
    fail_safe: FailSafe(1),
    content: false,
    limits: Limits { deadline_ms: 0, pending_bytes: 0 },
};

fn percent() -> Field<'static> {
    let kind = Kind::Int(IntRange { min: 0, max: 100 });
    Field { unit: "%", ..Field::new("percent", kind) }
}

fn fan_record() -> Vec<u8> {
    let mut bytes = vec![0; 200];
    let mut out = Encoder::new(&mut bytes, 0);
    out.tool(&FAN, &[percent()], &[percent()]);
    let len = out.len();
    bytes.truncate(len);
    bytes
}

/// The same tool, whose parameter clients repeat in a header.
fn dressed_record() -> Vec<u8> {
    let members = r#"{"x-mcp-header":"Fan"}"#;
    let mut added = [0; 64];
    let extra = Extra { of: Of::Node(Side::Params, 0), members };
    let len = extras::write(&[extra], &mut added).unwrap();
    let mut bytes = vec![0; 200];
    let mut out = Encoder::new(&mut bytes, 0);
    out.tool(&FAN, &[percent()], &[percent()]);
    out.extras(&added[..len]);
    let len = out.len();
    bytes.truncate(len);
    bytes
}

fn list() -> Vec<u8> {
    let record = fan_record();
    [number(record.len() as u32), record].concat()
}

/// An entry of each tag: nodes 0 to 6, the array of node 6 with two items of node 7.
fn every_tag(out: &mut ValueWriter<'_>) {
    out.bool(0, true);
    out.int(1, -3);
    out.decimal(2, 215);
    out.text(3, "north");
    out.label(4, 2);
    out.object(5);
    out.array(6, 2);
    out.int(7, 1);
    out.int(7, 2);
}

fn values(write: impl FnOnce(&mut ValueWriter<'_>)) -> Vec<u8> {
    let mut bytes = [0; 64];
    let mut out = ValueWriter::new(&mut bytes);
    write(&mut out);
    out.bytes().to_vec()
}

#[test]
fn golden_values() {
    let hash = record::hash_bytes(&fan_record());
    let table_hash = record::hash_bytes(&hash.to_le_bytes());
    assert_eq!((hash, table_hash), (samples::FAN_HASH, samples::TABLE_HASH));
    let mut written = String::from("# Numbers, values and records: name, bytes.\n");
    for (name, bytes) in [
        ("number-0", number(0)),
        ("number-127", number(127)),
        ("number-128", number(128)),
        ("number-300", number(300)),
        ("number-4294967295", number(u32::MAX)),
        ("zigzag-0", zigzag(0)),
        ("zigzag-minus-1", zigzag(-1)),
        ("zigzag-40", zigzag(40)),
        ("text", words("20 °C")),
        ("crc-of-123456789", crc32(b"123456789").to_le_bytes().to_vec()),
        ("percent-40", values(|out| out.int(0, 40))),
        ("every-tag", values(every_tag)),
        ("record-fan_set", fan_record()),
        ("hash-fan_set", hash.to_le_bytes().to_vec()),
        ("list-fan_set", list()),
        ("hash-list", table_hash.to_le_bytes().to_vec()),
        ("record-extras", dressed_record()),
        ("requests", samples::requests().to_vec()),
        ("answers", samples::answers().to_vec()),
        ("requests-of-kinds", samples::later_requests().to_vec()),
        ("answers-of-kinds", samples::later_answers().to_vec()),
    ] {
        writeln!(written, "{name} {}", hex(&bytes)).unwrap();
    }
    compare("values.txt", &written);
}

#[test]
fn what_is_in_values_txt_is_read_as_what_it_says() {
    let file = text("values.txt");
    let bytes = |name| {
        let row = lines(&file).into_iter().find(|row| row[0] == name).unwrap();
        unhex(row[1])
    };
    let entries = bytes("every-tag");
    let mut entries = ValueReader::new(&entries);
    let mut count = 0;
    while let Some(entry) = entries.entry().unwrap() {
        assert_eq!(entry.node, [0, 1, 2, 3, 4, 5, 6, 7, 7][count]);
        if entry.node == 3 {
            assert_eq!(entry.value, Scalar::Text("north"));
        }
        count += 1;
    }
    assert_eq!(count, 9);
    let list = bytes("list-fan_set");
    let mut list = Decoder::new(&list);
    let record = list.record().unwrap();
    assert!(list.is_at_end());
    assert_eq!(record, bytes("record-fan_set"));
    let mut record = Decoder::new(record);
    assert_eq!(record.info(), Some(FAN));
    for _ in 0..2 {
        assert_eq!((record.count(), record.node()), (Some(1), Some(percent())));
    }
    assert!(record.is_at_end());
}
