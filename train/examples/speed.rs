//! How many tokens a second are trained on:
//! `cargo run --release -p trine-train --example speed -- DIM FFN THREADS [PRODUCTS]`
//!
//! Products are `single`, `avx512` or `amx`; without a word, the fastest that the processor has.

use std::time::Instant;

use trine_train::net::{Choice, TokenisedExample};
use trine_train::random::Random;
use trine_train::recipe::Recipe;
use trine_train::shape::Shape;
use trine_train::simd::Products;
use trine_train::trainer::Trainer;
use trine_train::weights::{Rounded, Weights};

/// Processor time of all threads so far, in seconds, from Linux.
fn processor_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e9
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let mut number = |default: usize| numbers.next().unwrap_or(default);
    let (dim, ffn, threads) = (number(128), number(384), number(1));
    let shape = Shape {
        dim,
        ffn,
        layers: 4,
        heads: dim / 32,
        kv_heads: 2,
        vocab: 497,
        context: 128,
        whole: 0,
        tags: 0,
    };
    let mut random = Random::new(1);
    let example = |random: &mut Random| {
        let length = 20 + random.below(29);
        let tokens: Vec<u32> = (0..length).map(|_| random.below(497) as u32).collect();
        let at = |at| Choice { at, target: 1, permitted: (0..12).collect(), ..Choice::default() };
        TokenisedExample {
            prompt: 19,
            choices: (19..length).step_by(2).map(at).collect(),
            tokens,
            tags: vec![],
        }
    };
    let batch: Vec<TokenisedExample> = (0..64).map(|_| example(&mut random)).collect();
    let recipe = Recipe { threads, tag: 0.0, ..Recipe::default() };
    let mut trainer = Trainer::new(Weights::random(shape, 1), recipe);
    let products = match std::env::args().nth(4).as_deref() {
        Some("single") => Products::Single,
        Some("avx512") => Products::Avx512,
        Some("amx") => Products::Amx,
        _ => Products::best(),
    };
    if !products.is_supported() {
        println!("this processor has no {products:?}");
        return;
    }
    trainer.rounded = Rounded::with(&trainer.weights, recipe.arithmetic, products);
    trainer.learn(&batch);
    let tokens: usize = batch.iter().map(|example| example.tokens.len()).sum();
    let steps = 20;
    let (begun, spent) = (Instant::now(), processor_seconds());
    // Threads that ended are gone from the list: processor time is that of one thread.
    for _ in 0..steps {
        trainer.learn(&batch);
    }
    let (wall, spent) = (begun.elapsed().as_secs_f64(), processor_seconds() - spent);
    let all = (steps * tokens) as f64;
    println!("dim {dim} ffn {ffn} threads {threads}: {:.0} tokens/s", all / wall);
    if threads == 1 {
        println!("{:.0} tokens a second of processor time", all / spent);
    }
}
