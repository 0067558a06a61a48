//! What a device tells a host of an answer is that answer, whatever the tools and weights are.

use proptest::prelude::*;
use trine_descriptor::ValueWriter;
use trine_unseen::told::{self, BYTES_MAX};
use trine_unseen::{Answer, Table};
use trine_wire::message::block::{Block, Blocks, verdict, why};

use crate::common::{asker, bases, config, try_compiled};
use crate::lists::{sentence, tools};

fn encoded(answer: &Answer<'_>) -> Vec<(u16, Vec<u8>)> {
    let each = answer.calls.iter().flatten().map(|call| {
        let mut room = vec![0; 4_096];
        let mut out = ValueWriter::new(&mut room);
        call.encode(&mut out);
        (call.tool, out.bytes().to_vec())
    });
    each.collect()
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn the_blocks_say_what_the_answer_says(
        tools in tools(),
        sentence in sentence(),
        which in 0..bases().len(),
        is_sure in any::<bool>(),
    ) {
        let base = &bases()[which];
        let Ok(table) = try_compiled(base, &tools) else { return Ok(()) };
        let table = Table::parse(&table, base, None).unwrap();
        let mut asker = asker();
        let Ok(answer) = asker.ask(base, &table, sentence.as_bytes()) else { return Ok(()) };
        let mut room = vec![0; BYTES_MAX];
        let calls = encoded(&answer);
        let Some(len) = told::write(&answer, is_sure, &mut room) else {
            prop_assert!(calls.len() == 2 && calls.iter().any(|(_, args)| args.len() > 320));
            return Ok(());
        };
        prop_assert_eq!(told::write(&answer, is_sure, &mut room[..len - 1]), None);
        told::write(&answer, is_sure, &mut room).unwrap();
        let blocks: Vec<_> = Blocks::new(&room[..len]).map(Result::unwrap).collect();
        let [Block::Call { verdict: said, confidence, tool, args, .. }, Block::Why { why, .. },
            ref more @ ..] = blocks[..]
        else {
            panic!("{blocks:?}")
        };
        prop_assert_eq!(confidence, answer.confidence.to_bits());
        let commands: Vec<_> = more.iter().map(|block| match block {
            Block::Command { tool, args } => (*tool, args.to_vec()),
            other => panic!("{other:?}"),
        }).collect();
        match (answer.reason, &calls[..]) {
            (Some(reason), _) => {
                prop_assert_eq!(why, reason.number());
                prop_assert!(said >= verdict::NO_TOOL && args.is_empty() && commands.is_empty());
            }
            (None, [one]) => {
                let wanted = if is_sure { verdict::CALL } else { verdict::UNSURE };
                if one.1.len() > 320 {
                    prop_assert!(said == verdict::TOO_LONG && args.is_empty());
                } else {
                    prop_assert_eq!((said, why), (wanted, 0));
                    prop_assert_eq!((tool, args), (one.0, &one.1[..]));
                }
                prop_assert!(commands.is_empty());
            }
            (None, both @ [_, _]) => {
                let wanted = if is_sure { why::TWO } else { why::TWO_UNSURE };
                prop_assert_eq!((said, why), (verdict::NO_TOOL, wanted));
                prop_assert_eq!(&commands[..], both);
            }
            (None, _) => {
                prop_assert!(why == 0 && args.is_empty() && commands.is_empty());
                prop_assert!(said >= verdict::NO_TOOL);
            }
        }
    }
}
