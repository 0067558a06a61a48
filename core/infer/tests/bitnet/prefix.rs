//! Models whose first blocks have prefix attention over a prompt.

use trine_infer::generate::{End, Event, Generation};
use trine_infer::sample::{Sampler, Sampling};
use trine_infer::{DecodeSession, Error, KvKind, Model, Options, Step};
use trine_ternary::Kernels;
use trine_ternary::parallel::{Parallel, Serial};

use crate::model::{expected, model, session};
use crate::same::Threads;

/// Cases with a block, with two, and with tied and other shapes.
const CASES: [&str; 4] = ["plain", "heads", "silu", "tq1"];

/// The model of a case, with another number of blocks that have prefix attention over a prompt.
pub(crate) fn with_prefix(case: &str, blocks: usize) -> Model<'static> {
    let plain = model(case, Kernels::best());
    let mut config = *plain.config();
    config.prefix_layers = blocks;
    Model::new(config, *plain.weights(), Kernels::best()).unwrap()
}

fn bits(session: &DecodeSession<'_, '_>) -> Vec<u32> {
    session.logits().unwrap().iter().map(|logit| logit.to_bits()).collect()
}

fn read_prompt(
    session: &mut DecodeSession<'_, '_>,
    prompt: &[u32],
    (rows, pool): (usize, &dyn Parallel),
) {
    session.begin_prompt(prompt.iter().copied()).unwrap();
    while session.step(rows, pool) == Step::More {}
    assert_eq!(session.tokens(), prompt);
}

/// The logits after a prompt, and after some tokens more.
fn logits(
    model: &Model<'static>,
    options: Options,
    tokens: &[u32],
    how: (usize, &dyn Parallel),
) -> [Vec<u32>; 2] {
    let mut session = session(model, &options);
    let (prompt, rest) = tokens.split_at(tokens.len() - 4);
    read_prompt(&mut session, prompt, how);
    let after = bits(&session);
    session.read(rest, &Serial).unwrap();
    [after, bits(&session)]
}

/// The model of a case with three blocks, its own ones again.
fn with_three_blocks(case: &str, prefix: usize) -> Model<'static> {
    let plain = model(case, Kernels::best());
    let (mut config, mut weights) = (*plain.config(), *plain.weights());
    (config.layers, config.prefix_layers) = (3, prefix);
    let layers: Vec<_> = weights.layers.iter().copied().cycle().take(3).collect();
    weights.layers = layers.leak();
    Model::new(config, weights, Kernels::best()).unwrap()
}

#[test]
fn batches_change_no_bit_where_some_of_three_blocks_have_prefix_attention() {
    let tokens = expected("heads").tokens;
    let tokens = &tokens[..tokens.len().min(17)];
    let mut seen = Vec::new();
    for blocks in 0..=2 {
        let model = with_three_blocks("heads", blocks);
        let options = |batch| Options { batch, ..Options::new(model.config()) };
        let wanted = logits(&model, options(17), tokens, (usize::MAX, &Serial));
        for batch in [1, 3, 13] {
            let found = logits(&model, options(batch), tokens, (usize::MAX, &Serial));
            assert_eq!(found, wanted, "{blocks} of three, batches of {batch}");
        }
        assert!(!seen.contains(&wanted), "{blocks} of three");
        seen.push(wanted);
    }
}

#[test]
fn batches_steps_and_threads_change_no_bit_under_prefix_attention() {
    for case in CASES {
        let tokens = expected(case).tokens;
        let tokens = &tokens[..tokens.len().min(17)];
        let mut seen = Vec::new();
        for blocks in 0..=model(case, Kernels::best()).config().layers {
            let model = with_prefix(case, blocks);
            let options = |batch, kv| Options { batch, kv, ..Options::new(model.config()) };
            for kv in [KvKind::F32, KvKind::F16, KvKind::I8] {
                let wanted = logits(&model, options(17, kv), tokens, (usize::MAX, &Serial));
                for batch in [1, 3, 12, 13] {
                    let found = logits(&model, options(batch, kv), tokens, (usize::MAX, &Serial));
                    assert_eq!(found, wanted, "{case}, {blocks}, {kv:?}, batches of {batch}");
                }
            }
            let wanted = logits(&model, options(17, KvKind::F16), tokens, (usize::MAX, &Serial));
            for (batch, rows, threads) in [(17, 1, 1), (3, 33, 1), (5, 50, 2), (1, 1000, 3)] {
                let (options, pool) = (options(batch, KvKind::F16), Threads(threads));
                let found = logits(&model, options, tokens, (rows, &pool));
                assert_eq!(found, wanted, "{case}, {blocks}, {rows} rows, batches of {batch}");
            }
            seen.push(wanted);
        }
        // Of the last block nothing is read but the last token, which sees all anyway.
        assert_eq!(seen.pop(), seen.last().cloned(), "{case}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), model(case, Kernels::best()).config().layers, "{case}");
    }
}

#[test]
fn a_prompt_without_prefix_attention_is_read_as_anything_else_is() {
    let (model, tokens) = (model("plain", Kernels::best()), expected("plain").tokens);
    let mut one = session(&model, &Options { batch: 3, ..Options::new(model.config()) });
    let mut other = session(&model, &Options { batch: 3, ..Options::new(model.config()) });
    one.read(&tokens, &Serial).unwrap();
    read_prompt(&mut other, &tokens, (usize::MAX, &Serial));
    assert_eq!(bits(&one), bits(&other));
    other.truncate(1).unwrap();
}

#[test]
fn a_prompt_that_is_given_up_was_never_read() {
    let (model, tokens) = (with_prefix("plain", 1), expected("plain").tokens);
    let options = Options { batch: 3, ..Options::new(model.config()) };
    let mut session = session(&model, &options);
    let mut steps = 1;
    session.begin_prompt(tokens.iter().copied()).unwrap();
    assert_eq!(session.begin(&[1]), Err(Error::Busy));
    assert_eq!(session.begin_prompt([1].into_iter()), Err(Error::Busy));
    while session.step(64, &Serial) == Step::More {
        steps += 1;
    }
    let wanted = bits(&session);
    for at in (0..steps).step_by(7) {
        session.truncate(0).unwrap();
        session.begin_prompt(tokens.iter().copied()).unwrap();
        (0..at).for_each(|_| assert_eq!(session.step(64, &Serial), Step::More));
        session.cancel();
        assert_eq!((session.tokens(), session.logits()), (&[][..], None));
    }
    read_prompt(&mut session, &tokens, (usize::MAX, &Serial));
    assert_eq!(bits(&session), wanted);
}

#[test]
fn a_prompt_with_prefix_attention_is_forgotten_as_one() {
    let (model, tokens) = (with_prefix("plain", 2), expected("plain").tokens);
    let mut session = session(&model, &Options { batch: 8, ..Options::new(model.config()) });
    read_prompt(&mut session, &tokens[..10], (usize::MAX, &Serial));
    session.read(&tokens[10..13], &Serial).unwrap();
    let wanted = bits(&session);
    assert!(matches!(session.truncate(9), Err(Error::Option(_))));
    assert_eq!(bits(&session), wanted);
    session.truncate(10).unwrap();
    session.read(&tokens[10..13], &Serial).unwrap();
    assert_eq!(bits(&session), wanted);
    // Three tokens of the prompt are forgotten, and one after it.
    session.shift(7, 4).unwrap();
    assert_eq!(session.tokens().len(), 9);
    assert!(matches!(session.truncate(6), Err(Error::Option(_))));
    session.truncate(7).unwrap();
    session.read(&tokens[..1], &Serial).unwrap();
    session.shift(0, 8).unwrap();
    session.begin_prompt(tokens.iter().copied()).unwrap();
    assert_eq!(session.logits(), None, "what they followed was forgotten");
    session.cancel();
    session.read(&tokens[..10], &Serial).unwrap();
    session.truncate(9).unwrap();
}

#[test]
fn a_prompt_that_cannot_be_one_is_refused_and_nothing_is_read() {
    let model = with_prefix("plain", 1);
    let mut session = session(&model, &Options { context: 8, ..Options::new(model.config()) });
    assert_eq!(session.begin_prompt([1; 9].into_iter()), Err(Error::Full));
    assert_eq!(session.begin_prompt([1, 2, 96].into_iter()), Err(Error::Token(96)));
    session.begin_prompt(core::iter::empty()).unwrap();
    assert_eq!(session.step(1, &Serial), Step::Done);
    assert_eq!((session.tokens(), session.logits()), (&[][..], None));
    session.read(&[1], &Serial).unwrap();
    assert!(matches!(session.begin_prompt([1].into_iter()), Err(Error::Option(_))));
}

#[test]
fn a_generation_has_prefix_attention_where_the_model_does() {
    let (model, tokens) = (with_prefix("plain", 1), expected("plain").tokens);
    let options = Options { batch: 3, ..Options::new(model.config()) };
    let mut wanted = session(&model, &options);
    read_prompt(&mut wanted, &tokens, (usize::MAX, &Serial));
    let mut session = session(&model, &options);
    let mut sampler = Sampler::new(Sampling::GREEDY, &mut []).unwrap();
    let mut generation = Generation::new(&tokens, 0, &[]);
    loop {
        match generation.step(&mut session, &mut sampler, 100, &Serial).unwrap() {
            Event::End(end) => break assert_eq!(end, End::Limit),
            event => assert_eq!(event, Event::More),
        }
    }
    assert_eq!(bits(&session), bits(&wanted));
    session.truncate(0).unwrap();
    let long = vec![1; model.config().context + 1];
    let mut generation = Generation::new(&long, 1, &[]);
    let ended = generation.step(&mut session, &mut sampler, 100, &Serial);
    assert_eq!(ended, Ok(Event::End(End::Full)));
}
