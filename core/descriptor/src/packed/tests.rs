//! The short way and the walk judge alike.

extern crate std;
use super::*;
use crate::ValueWriter;
use std::vec::Vec;
use trine_bits::{Random, rounds};

static PACKED: &[u8] = include_bytes!("../../tests/golden/packed.bin");

/// The first bytes of a node's rule: its mark and its least number.
fn start(nodes: &Nodes<'_>, node: usize) -> (u8, u8) {
    let place = usize::from(nodes.places[node]) * usize::from(nodes.factor);
    (nodes.rules[place], nodes.rules[place + 1])
}

#[test]
fn what_is_short_and_right_is_accepted_at_once() {
    let (table, mut random) = (Packed::new(PACKED), Random::new(9));
    let (mut at_once, mut walked, mut wrong) = (0, 0, 0);
    for _ in 0..rounds(200_000).max(20_000) {
        let tool = random.below(table.tools().into()) as u16;
        let side = [Side::Params, Side::Output][random.below(2)];
        let nodes = table.nodes(tool, side).unwrap();
        let (mut room, mut is_short) = ([0; 256], true);
        let mut out = ValueWriter::new(&mut room);
        for node in 0..nodes.places.len() {
            let (mark, least) = start(&nodes, node);
            if mark & REQUIRED == 0 && random.below(2) == 0 || random.below(50) == 0 {
                is_short &= mark & CONDITION == 0 && mark & 7 < tag::OBJECT;
                continue;
            }
            let number = [0, 1, 5, 62, 63, 64, 98, 99, 100, 101, 350, 8_191, -2][random.below(13)];
            let node = node as u16;
            match mark & 7 {
                tag::BOOL => out.bool(node, number & 1 == 1),
                tag::INT => out.int(node, number),
                tag::DECIMAL => out.decimal(node, number),
                tag::LABEL => out.label(node, (number & 3) as u16),
                tag::TEXT => out.text(node, "text"),
                tag::OBJECT => out.object(node),
                _ => out.array(node, 0),
            }
            is_short &= mark & !REQUIRED <= tag::LABEL && mark & 7 != tag::TEXT;
            is_short &= number >= 0 && least < 0x80;
        }
        let accepted = nodes.accept(out.bytes());
        let judged = walk_nodes(&nodes, out.bytes());
        let what = out.bytes().iter().collect::<Vec<_>>();
        assert!(!accepted || judged.is_ok(), "{tool} {side:?} {what:?}");
        assert!(accepted || !is_short || judged.is_err(), "{tool} {side:?} {what:?}");
        at_once += usize::from(accepted);
        walked += usize::from(judged.is_ok() && !accepted);
        wrong += usize::from(judged.is_err());
    }
    assert!(at_once > 800 && walked > 100 && wrong > 2_000, "{at_once} {walked} {wrong}");
}

#[test]
fn a_number_of_two_bytes_has_no_byte_more_than_it_needs() {
    let table = Packed::new(PACKED);
    let mut count = 0;
    for tool in 0..table.tools() {
        let nodes = table.nodes(tool, Side::Output).unwrap();
        let is_one = nodes.places.len() == 1 && start(&nodes, 0).0 & !REQUIRED == tag::INT;
        if is_one && nodes.accept(&[0, tag::INT, 10]) {
            count += 1;
            assert!(!nodes.accept(&[0, tag::INT, 0x8a, 0]), "{tool}");
            assert!(!nodes.accept(&[0, tag::INT, 0x8a]), "{tool}");
            assert!(!nodes.accept(&[0, tag::INT, 10, 0]), "{tool}: a byte is left");
        }
    }
    assert!(count > 0);
}
