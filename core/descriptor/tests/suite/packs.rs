//! A packed table says what the table says that it was packed from.

use trine_bits::Random;
use trine_descriptor::{Args, Pack, Rule, Rules, Side, Tool, ToolInfo, record};

use crate::everything::TABLE;
use crate::generate;
use crate::source::Source;

static PACK: Pack<{ TABLE.len() }, { Pack::len(&TABLE) }> = Pack::new(&TABLE);

/// Every answer of the one beside the same answer of the other.
fn same<const N: usize, const BYTES: usize>(pack: &Pack<N, BYTES>, tools: &[Tool<'_>; N]) {
    for (number, tool) in (0..).zip(tools) {
        for (side, nodes) in [(Side::Params, tool.params), (Side::Output, tool.output)] {
            // A step of 1 asks for nothing.
            let plain = |rule: Rule| Rule { step: rule.step.max(1), ..rule };
            for (node, field) in (0..).zip(nodes) {
                let rule = pack.rule(number, side, node);
                assert_eq!(rule.map(plain), Some(plain(Rule::of(field))));
            }
            assert_eq!(pack.rule(number, side, nodes.len() as u16), None);
        }
    }
    answers_alike(pack, tools);
}

fn answers_alike(pack: &dyn Rules, table: &dyn Rules) {
    assert_eq!(pack.tools(), table.tools());
    assert_eq!(pack.list_hash(), table.list_hash());
    for tool in 0..=table.tools() {
        assert_eq!(pack.head(tool), table.head(tool));
        assert_eq!(pack.check(tool), table.check(tool));
        for node in 0..20 {
            assert_eq!(pack.absent(tool, node), table.absent(tool, node));
            let of = |table| Args::new(table, tool, &[]).get(node);
            assert_eq!(of(pack), of(table));
        }
    }
    let len = table.page(0, &mut []);
    for (offset, size) in [(0, len), (0, 7), (5, len), (len - 1, 4), (len, 4), (len + 9, 4)] {
        let (mut ours, mut theirs) = (vec![0; size], vec![0; size]);
        assert_eq!(pack.page(offset, &mut ours), table.page(offset, &mut theirs));
        assert_eq!(ours, theirs);
    }
}

static DRESSED: [Tool<'static>; 2] =
    [TABLE[0].with_extras(b"\x00\x00\x02{}"), TABLE[1].with_extras(b"\x02\x00\x02{}")];
static DRESSED_PACK: Pack<2, { Pack::len(&DRESSED) }> = Pack::new(&DRESSED);

#[test]
fn a_pack_answers_as_its_table() {
    same(&PACK, &TABLE);
    same(&DRESSED_PACK, &DRESSED);
    assert_eq!(PACK.list_hash(), record::table_hash(&TABLE));
}

#[test]
fn so_does_a_pack_of_any_tools() {
    let mut random = Random::new(7);
    for _ in 0..400 {
        let choices: Vec<u32> = (0..200).map(|_| random.bits() as u32).collect();
        let mut source = Source::new(&choices);
        let sides = [("a", Side::Params), ("b", Side::Output), ("c", Side::Params)];
        let tools = sides.map(|(name, side)| {
            let tool = generate::tool(&mut source, side);
            Tool::new(ToolInfo { name, ..tool.info }, tool.params, tool.output)
        });
        same(&Pack::<3, 32_768>::new(&tools), &tools);
    }
}
