//! Prompts in, tokens out.

use std::ops::ControlFlow;

use trine_infer::generate::{End, Event, Generation};
use trine_infer::sample::{Candidate, Greedy, Sampler, Sampling};
use trine_infer::{Error, KvKind, Options};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::model::{expected, model, session};

#[test]
fn a_generation_ends_at_its_limit_at_a_stop_token_or_when_told() {
    let (model, wanted) = (model("plain", Kernels::best()), expected("plain"));
    let options = Options { kv: KvKind::F32, batch: 16, ..Options::new(model.config()) };
    let (stop, before) = (wanted.greedy[5], &wanted.greedy[..5]);
    let before = &before[..before.iter().position(|token| *token == stop).unwrap_or(5)];
    let run = |limit, stop: &[u32], most: usize| {
        let mut session = session(&model, &options);
        let mut sampler = Sampler::new(Sampling::GREEDY, &mut []).unwrap();
        let mut found = Vec::new();
        let mut generation = Generation::new(&wanted.tokens, limit, stop);
        let end = generation.run(&mut session, &mut sampler, &Serial, |token| {
            found.push(token);
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let again = generation.step(&mut session, &mut sampler, 1, &Serial);
        assert_eq!(again, Ok(Event::End(end.unwrap())));
        (found, end.unwrap())
    };
    let all = wanted.greedy.clone();
    assert_eq!(run(all.len(), &[], 99), (all.clone(), End::Limit));
    assert_eq!(run(99, &[stop], 99), (before.to_vec(), End::Stop(stop)));
    assert_eq!(run(99, &[], 3), (all[..3].to_vec(), End::Cancelled));
    assert_eq!(run(0, &[], 99), (vec![], End::Limit));
}

#[test]
fn a_full_context_ends_or_shifts() {
    let (model, wanted) = (model("plain", Kernels::best()), expected("plain"));
    let options = Options { context: 20, batch: 4, kv: KvKind::F16, tables: 0 };
    let run = |shift: bool| {
        let mut session = session(&model, &options);
        let mut generation = Generation::new(&wanted.tokens, 50, &[]);
        if shift {
            generation = generation.shifting(4);
        }
        let mut found = 0;
        let end = generation.run(&mut session, &mut Greedy, &Serial, |_| {
            found += 1;
            ControlFlow::Continue(())
        });
        (found, end.unwrap(), session.tokens()[..4].to_vec())
    };
    // 16 tokens of prompt, 4 that find room, and one more that was chosen and not read.
    assert_eq!(run(false), (5, End::Full, wanted.tokens[..4].to_vec()));
    assert_eq!(run(true), (50, End::Limit, wanted.tokens[..4].to_vec()));
}

#[test]
fn tokens_outside_the_vocabulary_and_empty_prompts_are_errors() {
    let model = model("plain", Kernels::best());
    let mut session = session(&model, &Options::new(model.config()));
    let mut sampler = Sampler::new(Sampling::GREEDY, &mut []).unwrap();
    let run =
        |prompt: &[u32], session: &mut _, sampler: &mut _| {
            Generation::new(prompt, 1, &[])
                .run(session, sampler, &Serial, |_| ControlFlow::Continue(()))
        };
    assert_eq!(run(&[96], &mut session, &mut sampler), Err(Error::Token(96)));
    assert!(matches!(run(&[], &mut session, &mut sampler), Err(Error::Option(_))));
    assert_eq!(run(&[95], &mut session, &mut sampler), Ok(End::Limit));
}

#[test]
fn a_seed_gives_the_same_text_each_time() {
    let (model, wanted) = (model("plain", Kernels::best()), expected("plain"));
    let run = |seed| {
        let sampling = Sampling { temperature: 1.5, top_k: 40, seed, ..Sampling::GREEDY };
        let mut room = vec![Candidate::default(); sampling.candidates(model.config().vocab)];
        let mut session = session(&model, &Options::new(model.config()));
        let mut sampler = Sampler::new(sampling, &mut room).unwrap();
        let mut found = Vec::new();
        let mut generation = Generation::new(&wanted.tokens, 20, &[]);
        let end = generation.run(&mut session, &mut sampler, &Serial, |token| {
            found.push(token);
            ControlFlow::Continue(())
        });
        assert_eq!(end, Ok(End::Limit));
        found
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_sampler_that_goes_on_chooses_what_the_other_would() {
    let sampling = Sampling { temperature: 1.0, top_k: 60, seed: 5, ..Sampling::GREEDY };
    let mut room = vec![Candidate::default(); sampling.candidates(64)];
    let chosen = |sampler: &mut Sampler<'_>| -> Vec<u32> {
        (0..12).map(|_| sampler.choose(&mut [0.0; 64], &[])).collect()
    };
    let mut one = Sampler::new(sampling, &mut room).unwrap();
    let (first, random) = (chosen(&mut one), one.random());
    let rest = chosen(&mut one);
    let mut other = Sampler::new(sampling, &mut room).unwrap().going_on(random);
    assert_eq!(chosen(&mut other), rest);
    assert_ne!(first, rest);
}
