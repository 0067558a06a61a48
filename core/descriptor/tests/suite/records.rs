//! Records on the wire: pages, round trips, hashes and pinned bytes.

use proptest::prelude::*;
use trine_descriptor::extras::{self, Extra, Of};
use trine_descriptor::record::{self, Decoder, Encoder};
use trine_descriptor::{
    Annotations, Consent, Field, IntRange, Kind, Side, Tool, ToolInfo, ToolTable,
};

use crate::everything::TABLE;
use crate::generate;
use crate::source::Source;

/// A table as a host holds it: decoded, each record owning its bounds.
#[derive(Debug, PartialEq)]
struct Received<'a> {
    tools: Vec<(ToolInfo<'a>, Vec<Field<'a>>, Vec<Field<'a>>)>,
}

impl Received<'_> {
    fn nodes(&self, tool: u16, side: Side) -> &[Field<'_>] {
        self.tools.get(usize::from(tool)).map_or(&[], |(_, params, output)| match side {
            Side::Params => params,
            Side::Output => output,
        })
    }
}

impl ToolTable for Received<'_> {
    fn count(&self) -> u16 {
        u16::try_from(self.tools.len()).unwrap()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.tools.get(usize::from(tool)).map(|(info, ..)| *info)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        u16::try_from(self.nodes(tool, side).len()).unwrap()
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.nodes(tool, side).get(usize::from(node)).copied()
    }
}

fn list<T: ToolTable + ?Sized>(table: &T) -> Vec<u8> {
    let mut bytes = vec![0; record::page(table, 0, &mut [])];
    let len = bytes.len();
    assert_eq!(record::page(table, 0, &mut bytes), len);
    bytes
}

fn decode_record(bytes: &[u8]) -> Option<(ToolInfo<'_>, Vec<Field<'_>>, Vec<Field<'_>>)> {
    let mut record = Decoder::new(bytes);
    let info = record.info()?;
    let mut side = || (0..record.count()?).map(|_| record.node()).collect::<Option<Vec<_>>>();
    let (params, output) = (side()?, side()?);
    Some((info, params, output))
}

fn decode(list: &[u8]) -> Option<Received<'_>> {
    let mut list = Decoder::new(list);
    let mut tools = Vec::new();
    while !list.is_at_end() {
        tools.push(decode_record(list.record()?)?);
    }
    Some(Received { tools })
}

fn same_after_the_wire<T: ToolTable + ?Sized>(table: &T) {
    let bytes = list(table);
    let received = decode(&bytes).unwrap();
    assert_eq!(received.count(), table.count());
    let mut records = Decoder::new(&bytes);
    for tool in 0..table.count() {
        assert_eq!(received.info(tool), table.info(tool));
        for side in [Side::Params, Side::Output] {
            assert_eq!(received.node_count(tool, side), table.node_count(tool, side));
            for node in 0..table.node_count(tool, side) {
                assert_eq!(received.node(tool, side, node), table.node(tool, side, node));
            }
        }
        assert_eq!(received.hash(tool), table.hash(tool));
        assert_eq!(record::hash(table, tool), table.hash(tool));
        assert_eq!(record::hash_bytes(records.record().unwrap()), table.hash(tool));
    }
    assert_eq!(record::table_hash(&received), record::table_hash(table));
    assert_eq!(list(&received), bytes);
}

#[test]
fn the_table_of_everything_survives_the_wire() {
    same_after_the_wire(&TABLE);
    same_after_the_wire::<[Tool<'_>; 0]>(&[]);
}

proptest! {
    #[test]
    fn any_table_survives_the_wire(
        choices in prop::collection::vec(any::<u32>(), 0..300),
        tools in 0usize..4,
    ) {
        let mut source = Source::new(&choices);
        let sides = [Side::Params, Side::Output];
        let table: Vec<Tool<'_>> =
            (0..tools).map(|n| generate::tool(&mut source, sides[n % 2])).collect();
        same_after_the_wire(&table[..]);
    }

    #[test]
    fn broken_records_are_refused_without_a_panic(
        at in 0usize..4000,
        byte: u8,
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = list(&TABLE);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = decode(&bytes);
        bytes.truncate(at);
        bytes.extend(tail);
        let _ = decode(&bytes);
    }
}

#[test]
fn no_truncated_list_passes() {
    let bytes = list(&TABLE);
    let mut ends = vec![0];
    let mut records = Decoder::new(&bytes);
    let mut at = 0;
    while let Some(record) = records.record() {
        at += record.len() + if record.len() < 128 { 1 } else { 2 };
        ends.push(at);
    }
    assert_eq!(at, bytes.len());
    for len in 0..bytes.len() {
        assert_eq!(decode(&bytes[..len]).is_some(), ends.contains(&len), "{len}");
    }
}

#[test]
fn pages_of_every_size_are_the_list() {
    let whole = list(&TABLE);
    for size in 1..=whole.len() + 1 {
        let mut bytes: Vec<u8> = Vec::new();
        while bytes.len() < whole.len() {
            let mut page = vec![0xaa; size];
            assert_eq!(record::page(&TABLE, bytes.len(), &mut page), whole.len());
            let kept = size.min(whole.len() - bytes.len());
            assert!(page[kept..].iter().all(|&byte| byte == 0xaa));
            bytes.extend(&page[..kept]);
        }
        assert_eq!(bytes, whole, "{size}");
    }
    for offset in 0..=whole.len() + 1 {
        let mut page = [0xaa; 7];
        assert_eq!(record::page(&TABLE, offset, &mut page), whole.len());
        let rest = whole.get(offset..).unwrap_or_default();
        let kept = rest.len().min(page.len());
        assert_eq!(page[..kept], rest[..kept], "{offset}");
    }
}

/// One tool with one parameter and one member.
const FAN: Tool<'static> = Tool::new(
    ToolInfo {
        title: "Set the fan",
        annotations: Annotations(Annotations::IDEMPOTENT),
        consent: Consent::Elicit,
        ..ToolInfo::new("fan_set", "0 stops it.")
    },
    &[Field::new("percent", Kind::Int(IntRange { min: 0, max: 100 })).describe("Speed.").unit("%")],
    &[Field::new("on", Kind::Bool)],
);

#[test]
fn the_bytes_of_a_record_are_pinned() {
    let mut buffer = [0; 128];
    let mut out = Encoder::new(&mut buffer, 0);
    out.tool(&FAN.info, FAN.params, FAN.output);
    let (len, hash) = (out.len(), out.hash());
    let hex: Vec<String> = buffer[..len].iter().map(|byte| format!("{byte:02x}")).collect();
    let wanted = concat!(
        "0766616e5f736574",
        "0b536574207468652066616e",
        "0b302073746f70732069742e",
        "00",
        "04010000",
        "0000",
        "01",
        "0770657263656e74",
        "0653706565642e",
        "0125",
        "0102",
        "00c801",
        "01",
        "026f6e",
        "00",
        "00",
        "0101",
    );
    assert_eq!(hex.concat(), wanted);
    assert_eq!(hash, FAN.hash());
    assert_eq!(format!("{hash:016x}"), fnv1a(&buffer[..len]));
}

/// FNV-1a written as its draft writes it, in wide arithmetic: what `trine_bits` is held against.
fn fnv1a(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u128, |hash, &byte| {
        (hash ^ u128::from(byte)) * 0x0100_0000_01b3 % (1 << 64)
    });
    format!("{hash:016x}")
}

#[test]
fn the_hash_is_the_published_one() {
    // From the test vectors of draft-eastlake-fnv: the empty text, "a" and "foobar".
    for (text, hash) in
        [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")]
    {
        assert_eq!(format!("{:016x}", record::hash_bytes(text.as_bytes())), hash);
        assert_eq!(fnv1a(text.as_bytes()), hash);
    }
}

#[test]
fn every_word_of_a_descriptor_counts_in_its_hash() {
    let mut seen = vec![FAN.hash()];
    let changed = [
        ToolInfo { title: "Fan", ..FAN.info },
        ToolInfo { version: "1", ..FAN.info },
        ToolInfo { content: true, ..FAN.info },
        ToolInfo { consent: Consent::None, ..FAN.info },
    ];
    for info in changed {
        seen.push(Tool::new(info, FAN.params, FAN.output).hash());
    }
    seen.push(Tool::new(FAN.info, &[], FAN.output).hash());
    seen.push(Tool::new(FAN.info, FAN.params, &[]).hash());
    for field in [FAN.params[0].unit("s"), FAN.params[0].optional(), FAN.params[0].describe("")] {
        seen.push(Tool::new(FAN.info, &[field], FAN.output).hash());
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

const ADDED: &[Extra<'static>] = &[
    Extra { of: Of::Node(Side::Params, 0), members: r#"{"format":"uri"}"# },
    Extra { of: Of::Tool, members: r#"{"icons":[]}"# },
];
static ADDED_BYTES: [u8; extras::len(ADDED)] = extras::encode(ADDED);

#[test]
fn extras_end_a_record_and_count_in_its_hash() {
    let dressed = [FAN.with_extras(&ADDED_BYTES), FAN];
    let plain = list(&[FAN]);
    let whole = list(&dressed);
    let mut records = Decoder::new(&whole);
    let (first, second) = (records.record().unwrap(), records.record().unwrap());
    assert_eq!(second, Decoder::new(&plain).record().unwrap(), "without extras nothing is added");
    assert_eq!(first.len(), second.len() + 1 + ADDED_BYTES.len());
    assert_eq!(record::hash_bytes(first), dressed[0].hash());
    assert_ne!(dressed[0].hash(), FAN.hash());
    assert_eq!(FAN.with_extras(&[]), FAN);
    for (bytes, extras) in [(first, &ADDED_BYTES[..]), (second, &[])] {
        let mut record = Decoder::new(bytes);
        record.info().unwrap();
        for _ in 0..2 {
            assert!((0..record.count().unwrap()).all(|_| record.node().is_some()));
        }
        assert_eq!(record.extras(), Some(extras));
    }
    // A reader of before takes what it knows.
    assert_eq!(decode_record(first), decode_record(second));
}
