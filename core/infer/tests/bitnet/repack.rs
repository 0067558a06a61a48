//! Weights in other packings, made in parallel, are the same weights.

use trine_infer::{DecodeSession, Error, KvKind, Layer, Model, Options, Step};
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing};

use crate::model::{expected, logits_of_each, model, session};
use crate::same::Threads;

/// The logits after these tokens, read a few rows a step.
fn in_steps(session: &mut DecodeSession<'_, '_>, tokens: &[u32], rows: usize) -> Vec<f32> {
    let mut rest = tokens;
    while !rest.is_empty() {
        let taken = session.begin(rest).unwrap();
        while session.step(rows, &Serial) == Step::More {}
        rest = &rest[taken..];
    }
    session.logits().unwrap().to_vec()
}

#[test]
fn repacked_weights_give_the_same_bits() {
    for case in ["plain", "tq2", "tq1", "odd"] {
        let (model, tokens) = (model(case, Kernels::best()), expected(case).tokens);
        let options = Options { kv: KvKind::F16, ..Options::new(model.config()) };
        let tokens = &tokens[..tokens.len().min(6)];
        let wanted = logits_of_each(&mut session(&model, &options), tokens);
        let from = model.weights();
        for &to in Packing::ALL {
            let Ok(bytes) = from.repacked_bytes(to) else {
                assert!(to.cols_multiple() > 1, "{case}, {to:?}");
                continue;
            };
            let layers = || vec![Layer::EMPTY; from.layers.len()].leak();
            let less = from.repack(to, vec![0; bytes - 64].leak(), layers(), &Serial);
            assert!(matches!(less.err(), Some(Error::Memory(_))), "{case}, {to:?}");
            let memory = vec![0; bytes].leak();
            let weights = from.repack(to, memory, layers(), &Threads(3)).unwrap();
            let lies = |layer: &Layer<'_>| layer.down.matrix.bytes().as_ptr().align_offset(64);
            assert!(weights.layers.iter().all(|layer| lies(layer) == 0));
            let repacked = Model::new(*model.config(), weights, Kernels::best()).unwrap();
            let found = logits_of_each(&mut session(&repacked, &options), tokens);
            assert_eq!(found, wanted, "{case}, {to:?}");
            let tables = options.with_tables(repacked.weights());
            if tables.tables > 0 {
                let found = logits_of_each(&mut session(&repacked, &tables), tokens);
                assert_eq!(found, wanted, "{case}, {to:?} with tables");
                // Several tokens together, in steps that end between two matrices and inside one.
                for (batch, rows) in [(2, usize::MAX), (3, 32), (6, 100)] {
                    let options = Options { batch, ..tables };
                    let found = in_steps(&mut session(&repacked, &options), tokens, rows);
                    assert_eq!(found, wanted[tokens.len() - 1], "{case}, {to:?}, {batch}, {rows}");
                }
            }
        }
    }
}
