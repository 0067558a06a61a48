//! What may not change a bit: the size of a step or a batch, threads, and instruction sets.

use trine_infer::{KvKind, Layer, Model, Options, Step};
use trine_ternary::parallel::{Parallel, Serial};
use trine_ternary::{Isa, Kernels, Packing};

use crate::model::{CASES, expected, file, logits_of_each, model, repacked, session, with_context};

const KINDS: [KvKind; 3] = [KvKind::F32, KvKind::F16, KvKind::I8];

/// Threads that share the tasks as they come.
pub(crate) struct Threads(pub(crate) usize);

impl Parallel for Threads {
    fn threads(&self) -> usize {
        self.0
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            for thread in 0..self.0 {
                scope.spawn(move || (thread..tasks).step_by(self.0).for_each(task));
            }
        });
    }
}

/// The last logits of a prompt as bits.
fn bits(
    model: &Model<'static>,
    options: &Options,
    tokens: &[u32],
    rows: usize,
    pool: &dyn Parallel,
) -> Vec<u32> {
    let mut session = session(model, options);
    let mut rest = tokens;
    while !rest.is_empty() {
        let taken = session.begin(rest).unwrap();
        while session.step(rows, pool) == Step::More {}
        rest = &rest[taken..];
    }
    session.logits().unwrap().iter().map(|logit| logit.to_bits()).collect()
}

fn one_by_one(model: &Model<'static>, kv: KvKind, tokens: &[u32]) -> Vec<u32> {
    let options = Options { kv, ..Options::new(model.config()) };
    let rows = logits_of_each(&mut session(model, &options), tokens);
    rows.last().unwrap().iter().map(|logit| logit.to_bits()).collect()
}

#[test]
fn prefill_in_batches_is_token_by_token_to_the_bit() {
    for case in CASES {
        let (model, tokens) = (model(case, Kernels::best()), expected(case).tokens);
        let tokens = &tokens[..tokens.len().min(60)];
        for kv in KINDS {
            let wanted = one_by_one(&model, kv, tokens);
            for batch in [2, 5, 16, 60] {
                let options = Options { batch, kv, ..Options::new(model.config()) };
                let found = bits(&model, &options, tokens, usize::MAX, &Serial);
                assert_eq!(found, wanted, "{case}, {kv:?}, batches of {batch}");
            }
        }
    }
}

#[test]
fn steps_of_any_size_give_the_same_bits() {
    for case in CASES {
        let (model, tokens) = (model(case, Kernels::best()), expected(case).tokens);
        let tokens = &tokens[..tokens.len().min(20)];
        let wanted = one_by_one(&model, KvKind::F16, tokens);
        for (rows, batch) in [(1, 1), (1, 7), (33, 7), (64, 16), (0, 16), (1000, 3)] {
            let options = Options { batch, ..Options::new(model.config()) };
            let found = bits(&model, &options, tokens, rows, &Serial);
            assert_eq!(found, wanted, "{case}, {rows} rows, batches of {batch}");
        }
    }
}

#[test]
fn threads_give_the_same_bits_as_none() {
    for case in CASES {
        let (model, tokens) = (model(case, Kernels::best()), expected(case).tokens);
        let tokens = &tokens[..tokens.len().min(20)];
        let wanted = one_by_one(&model, KvKind::F16, tokens);
        for (threads, batch, rows) in [(2, 1, usize::MAX), (3, 20, usize::MAX), (2, 20, 50)] {
            let options = Options { batch, ..Options::new(model.config()) };
            let found = bits(&model, &options, tokens, rows, &Threads(threads));
            assert_eq!(found, wanted, "{case}, {threads} threads, batches of {batch}");
        }
    }
}

/// So many tokens take rows of gate and up in several parts.
#[test]
fn a_batch_whose_products_are_many_gives_the_same_bits() {
    let model = with_context("plain", 640);
    let tokens: Vec<u32> = (0..600).map(|at| at * 7 % 50 + 3).collect();
    let options = |batch| Options { batch, ..Options::new(model.config()) };
    let wanted = bits(&model, &options(16), &tokens, usize::MAX, &Serial);
    for pool in [&Serial as &dyn Parallel, &Threads(2)] {
        assert_eq!(bits(&model, &options(600), &tokens, usize::MAX, pool), wanted);
    }
}

/// From 512 positions on, threads share heads that are left over.
#[test]
fn threads_that_share_a_head_give_the_same_bits() {
    for case in ["plain", "heads"] {
        let model = with_context(case, 640);
        let tokens: Vec<u32> = (0..530).map(|at| at * 7 % 50 + 3).collect();
        for kv in [KvKind::F16, KvKind::I8] {
            let options = Options { batch: 128, kv, ..Options::new(model.config()) };
            let read = |pool: &dyn Parallel| {
                let mut session = session(&model, &options);
                let one = |logit: &f32| logit.to_bits();
                session.read(&tokens, pool).unwrap();
                let each = tokens.iter().take(4).map(|token| {
                    session.read(&[*token], pool).unwrap();
                    session.logits().unwrap().iter().map(one).collect::<Vec<_>>()
                });
                each.collect::<Vec<_>>()
            };
            let wanted = read(&Serial);
            for threads in [2, 3, 5] {
                assert_eq!(read(&Threads(threads)), wanted, "{case}, {kv:?}, {threads} threads");
            }
        }
    }
}

#[test]
fn every_instruction_set_gives_the_bits_of_plain_rust() {
    for case in CASES {
        let tokens = expected(case).tokens;
        let tokens = &tokens[..tokens.len().min(20)];
        let scalar = model(case, Kernels::scalar());
        for kv in KINDS {
            let options = Options { batch: 20, kv, ..Options::new(scalar.config()) };
            let wanted = bits(&scalar, &options, tokens, usize::MAX, &Serial);
            for isa in Isa::supported() {
                let model = model(case, Kernels::new(isa).unwrap());
                let found = bits(&model, &options, tokens, usize::MAX, &Serial);
                assert_eq!(found, wanted, "{case}, {kv:?}, {isa:?}");
            }
        }
    }
}

/// Products with panels lie in blocks of rows: the same numbers, in steps and shares too.
#[test]
fn batches_with_panels_give_the_same_bits() {
    for case in ["plain", "heads", "silu"] {
        let (plain, tokens) = (model(case, Kernels::best()), expected(case).tokens);
        let tokens = &tokens[..tokens.len().min(40)];
        let (wanted, from) = (one_by_one(&plain, KvKind::F16, tokens), plain.weights());
        for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
            let memory = vec![0; from.repacked_bytes(packing).unwrap()].leak();
            let layers = vec![Layer::EMPTY; from.layers.len()].leak();
            let weights = from.repack(packing, memory, layers, &Serial).unwrap();
            for isa in Isa::supported() {
                let kernels = Kernels::new(isa).unwrap();
                let model = Model::new(*plain.config(), weights, kernels).unwrap();
                for (batch, rows, threads) in
                    [(40, usize::MAX, 1), (20, 33, 1), (3, usize::MAX, 2), (40, usize::MAX, 3)]
                {
                    let options = Options { batch, ..Options::new(model.config()) };
                    let found = bits(&model, &options, tokens, rows, &Threads(threads));
                    assert_eq!(found, wanted, "{case}, {packing:?}, {isa:?}, batches of {batch}");
                }
            }
        }
    }
}

#[test]
fn every_packing_gives_the_same_bits() {
    for case in ["odd", "heads", "silu"] {
        let (plain, tokens) = (model(case, Kernels::best()), expected(case).tokens);
        let wanted = one_by_one(&plain, KvKind::F16, &tokens);
        let any = |packing: &&Packing| packing.cols_multiple() == 1;
        for packing in Packing::ALL.iter().filter(any) {
            let file = file(&format!("{case}.gguf"));
            let model = repacked(&file, *plain.config(), *packing, Kernels::best());
            assert_eq!(one_by_one(&model, KvKind::F16, &tokens), wanted, "{case}, {packing:?}");
        }
    }
}
