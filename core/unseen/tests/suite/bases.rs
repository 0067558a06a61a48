//! A base in every packing, with every kernel: the same answers to the bit.

use trine_ternary::{Kernels, unpack};
use trine_unseen::base::{MATRIX_MAX, PACKINGS, Piece};
use trine_unseen::{Base, Table};

use crate::common::{MADE, SENTENCES, asker, base, bases, bits, compiled, packed, plain};

fn answers(base: &Base<'_>, table: &[u8], kernels: Kernels) -> Vec<String> {
    let table = Table::parse(table, base, None).unwrap();
    let mut asker = asker();
    asker.workspace().with_kernels(kernels);
    let mut ask = |sentence: &&'static str| {
        let answer = asker.ask(base, &table, sentence.as_bytes());
        answer.map_or_else(|error| format!("{error:?}"), |answer| bits(&answer))
    };
    SENTENCES.iter().map(&mut ask).collect()
}

#[test]
fn all_packings_and_kernels_give_the_same_answers() {
    let made = Base::parse(MADE).unwrap();
    for base in [&made, &bases()[1], &bases()[5]] {
        let table = compiled(base, &plain());
        let wanted = answers(base, &table, Kernels::best());
        assert_eq!(answers(base, &table, Kernels::scalar()), wanted);
        for packing in PACKINGS {
            let bytes = packed(base, packing);
            let other = Base::parse_trusted(&bytes).unwrap();
            assert_eq!((other.hash(), other.packing()), (base.hash(), packing));
            for kernels in [Kernels::scalar(), Kernels::best()] {
                assert_eq!(answers(&other, &table, kernels), wanted, "{packing:?}");
            }
            assert_eq!(packed(&other, base.packing()), base.bytes(), "{packing:?} and back");
        }
    }
}

#[test]
fn packing_into_too_little_says_what_is_needed() {
    let packing = PACKINGS[1];
    assert!(base().repack(packing, &mut [], &mut []).is_err());
    let mut memory = vec![0; MATRIX_MAX];
    let needed = base().repack(packing, &mut [], &mut memory).unwrap();
    let mut short = vec![0; needed - 1];
    assert_eq!(base().repack(packing, &mut short, &mut memory), Ok(needed));
    assert!(Base::parse_trusted(&short).is_err());
}

/// The scales, the floats and the trits of all weights, in order.
fn weights(base: &Base<'_>) -> Vec<String> {
    let mut all = Vec::new();
    base.weights(&mut |piece| {
        all.push(match piece {
            Piece::Floats(bytes) => format!("{bytes:?}"),
            Piece::Matrix(matrix, scale) => {
                let mut trits = vec![0; matrix.rows() * matrix.cols()];
                unpack(&matrix, &mut trits).unwrap();
                format!("{scale} {trits:?}")
            }
        });
    });
    all
}

#[test]
fn the_weights_that_a_base_shows_are_the_same_in_every_packing() {
    let made = Base::parse(MADE).unwrap();
    let wanted = weights(&made);
    assert!(wanted.len() > 40, "{}", wanted.len());
    for packing in PACKINGS {
        let bytes = packed(&made, packing);
        assert!(weights(&Base::parse_trusted(&bytes).unwrap()) == wanted, "{packing:?}");
    }
}
