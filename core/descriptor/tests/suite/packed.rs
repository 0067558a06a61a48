//! A table that the packer of `trine gen` packed is the table that it was packed from.

use trine_bits::{Random, rounds};
use trine_descriptor::{Kind, Literal, Packed, Rules, Side, ValueReader, ValueWriter, packed};

use crate::drawn::{self, same, value};

static PACKED: &[u8] = include_bytes!("../golden/packed.bin");

#[test]
fn a_packed_table_is_the_table_that_it_was_packed_from() {
    let tools = drawn::tools();
    let table = Packed::new(PACKED);
    assert!(table.is_complete() && table.check());
    let random = &mut Random::new(5);
    let accepted: usize = (0..1 + rounds(10)).map(|_| same(&tools[..], &table, random)).sum();
    assert!(accepted > 500, "{accepted}");
    // A page may start anywhere, also where one piece of the list ends.
    let whole = drawn::list(&tools[..]);
    assert!(whole.len() > 2 * packed::layout::CHUNK, "{}", whole.len());
    for at in 0..whole.len() {
        let mut page = [0; 3];
        assert_eq!(table.page(at, &mut page), whole.len());
        let len = (whole.len() - at).min(3);
        assert_eq!(page[..len], whole[at..at + len], "at {at}");
    }
}

#[test]
fn a_packed_table_has_the_defaults_of_its_parameters() {
    let tools = drawn::tools();
    let table = Packed::new(PACKED);
    let mut count = 0;
    for (number, tool) in (0..).zip(&tools) {
        for (node, field) in (0..).zip(tool.params) {
            let found = table.default(number, node);
            count += usize::from(found.is_some());
            let Some(default) = field.default else {
                assert_eq!(found, None, "{number} {node}");
                continue;
            };
            let mut bytes = [0; 64];
            let mut out = ValueWriter::new(&mut bytes);
            match (default, field.kind) {
                (Literal::Bool(value), _) => out.bool(node, value),
                (Literal::Number(value), Kind::Decimal(_)) => {
                    out.decimal(node, value);
                }
                (Literal::Number(value), _) => out.int(node, value),
                (Literal::Text(text), _) => out.text(node, text),
                (Literal::Label(label), _) => out.label(node, label),
            }
            let wanted = ValueReader::new(out.bytes()).item().unwrap();
            assert_eq!(found, Some(wanted), "{number} {node}");
        }
        assert_eq!(table.default(number, tool.params.len() as u16), None);
    }
    assert!(count > 5, "{count}");
    assert_eq!(table.default(tools.len() as u16, 0), None);
}

#[test]
fn an_edited_or_shortened_packed_table_is_found_and_never_panics() {
    let random = &mut Random::new(3);
    for at in (0..PACKED.len()).step_by(1 + 3 * usize::from(rounds(50) == 1)) {
        let mut bytes = PACKED.to_vec();
        bytes[at] ^= 1 << random.below(8);
        let (edited, short) = (Packed::new(&bytes), Packed::new(&PACKED[..at]));
        assert!(!edited.check(), "byte {at}");
        assert!(!short.is_complete() && !short.check(), "{at} bytes");
        for table in [edited, short] {
            let (mut page, mut room) = ([0; 64], [0; 64]);
            let mut values = ValueWriter::new(&mut room);
            value(random, &mut values);
            let tool = random.below(38) as u16;
            _ = (table.head(tool), table.absent(tool, 1), table.params(tool));
            _ = (table.judge(tool, Side::Params, values.bytes()), table.default(tool, 2));
            table.page(random.below(20_000), &mut page);
        }
    }
    let longer = [PACKED, &[7]].concat();
    assert!(!Packed::new(&longer).check(), "a byte too many");
    assert_eq!(packed::sum(b"foobar"), 0xbf9c_f968, "FNV-1a has a published value for this");
    assert_eq!(u32::from(Packed::new(PACKED).tools()), 36);
    assert_eq!(Packed::new(PACKED).list_hash(), drawn::tools().as_slice().list_hash());
}
