//! Derivatives against differences, which the fp32 baseline allows: without rounding the loss is
//! smooth.

use super::{Choice, Mix, Pass, TokenisedExample};
use crate::random::{Random, bell};
use crate::shape::Shape;
use crate::simd::Products;
use crate::weights::{Arithmetic, Rounded, Weights};

const SHAPE: Shape = Shape {
    dim: 16,
    ffn: 24,
    layers: 2,
    heads: 4,
    kv_heads: 2,
    vocab: 20,
    context: 12,
    whole: 1,
    tags: 3,
};

fn examples() -> Vec<TokenisedExample> {
    let mut random = Random::named(3, "examples");
    let example = |length: usize| {
        let tokens: Vec<u32> = (0..length).map(|_| random.below(SHAPE.vocab) as u32).collect();
        let choice = |at: usize| Choice {
            at,
            target: tokens[at],
            permitted: (0..20).filter(|token| *token == tokens[at] || token % 3 == 0).collect(),
            ..Choice::default()
        };
        let choices = vec![choice(length / 2), choice(length - 1)];
        let tags = (0..length / 2).map(|at| (at, at as u32 % 3)).collect();
        TokenisedExample { prompt: length / 2 + 1, choices, tags, tokens }
    };
    [5, 9, 1].map(example).to_vec()
}

fn total(weights: &Weights, examples: &[&TokenisedExample], mix: &Mix) -> f64 {
    let rounded = Rounded::with(weights, Arithmetic::Dense, Products::Single);
    let losses = Pass::default().losses(&rounded, examples, mix);
    losses.choice * f64::from(mix.choice)
        + losses.language * f64::from(mix.language)
        + losses.tag * f64::from(mix.tag)
}

#[test]
fn derivatives_are_the_gradients_of_the_loss() {
    let examples = examples();
    let examples: Vec<&TokenisedExample> = examples.iter().collect();
    let mix = Mix { choice: 1.0, language: 0.3, tag: 0.5, taught: 0.0, dropout: 0.0 };
    let mut weights = Weights::random(SHAPE, 7);
    let mut random = Random::named(7, "norms");
    for block in weights.plan.blocks.clone() {
        for norm in [block.attn_norm, block.attn_sub_norm, block.ffn_norm, block.ffn_sub_norm] {
            weights.numbers[norm].iter_mut().for_each(|x| *x += 0.2 * bell(&mut random));
        }
    }
    let rounded = Rounded::with(&weights, Arithmetic::Dense, Products::Single);
    let mut gradients = vec![0.0; weights.plan.len];
    Pass::default().learn(&rounded, &examples, &mix, 1, &mut gradients);
    weights.trained_gradients(&mut gradients);
    // Along a random direction of each part, so that no part can hide behind another.
    let mut parts = vec![weights.plan.embedding.at.clone(), weights.plan.output_norm.clone()];
    parts.push(weights.plan.tags.at.clone());
    for block in &weights.plan.blocks {
        parts.extend(block.matrices.iter().map(|matrix| matrix.at.clone()));
        parts.extend([&block.attn_norm, &block.attn_sub_norm].map(Clone::clone));
        parts.extend([&block.ffn_norm, &block.ffn_sub_norm].map(Clone::clone));
    }
    for part in parts {
        let direction: Vec<f32> = part.clone().map(|_| bell(&mut random)).collect();
        let along: f64 = gradients[part.clone()]
            .iter()
            .zip(&direction)
            .map(|(gradient, d)| f64::from(gradient * d))
            .sum();
        let at = |step: f32| {
            let mut moved = weights.clone();
            let numbers = moved.numbers[part.clone()].iter_mut().zip(&direction);
            numbers.for_each(|(x, d)| *x += step * d);
            total(&moved, &examples, &mix)
        };
        let step = 2e-3;
        let measured = (at(step) - at(-step)) / (2.0 * f64::from(step));
        let apart = (measured - along).abs() / (along.abs() + 0.05);
        assert!(apart < 0.03, "{part:?}: {along} should be {measured}");
    }
}

#[test]
fn a_sentence_is_not_changed_by_others_of_its_batch() {
    let weights = Weights::random(Shape { dim: 128, ffn: 128, ..SHAPE }, 1);
    let rounded = Rounded::new(&weights, Arithmetic::Ternary);
    let examples = examples();
    let mix = Mix { choice: 1.0, language: 0.1, tag: 0.5, taught: 0.0, dropout: 0.0 };
    let mut pass = Pass::default();
    let each: f64 = examples.iter().map(|one| pass.losses(&rounded, &[one], &mix).choice).sum();
    let all = pass.losses(&rounded, &examples.iter().collect::<Vec<_>>(), &mix).choice;
    assert!((each - all).abs() < 1e-6 * each, "{each} {all}");
}

#[test]
fn only_prefix_attention_depends_on_later_tokens() {
    let examples = examples();
    let prompt = examples[1].prompt;
    let logits = |whole: usize, last: u32| {
        let weights = Weights::random(Shape { dim: 128, ffn: 128, whole, ..SHAPE }, 1);
        let rounded = Rounded::new(&weights, Arithmetic::Ternary);
        let mut tokens = examples[1].tokens[..prompt].to_vec();
        *tokens.last_mut().expect("a prompt") = last;
        let all = Pass::default().logits(&rounded, &tokens);
        all[..(prompt - 1) * SHAPE.vocab].to_vec()
    };
    assert_eq!(logits(0, 1), logits(0, 2));
    assert_ne!(logits(1, 1), logits(1, 2));
    assert_ne!(logits(2, 1), logits(2, 2));
}

/// Whole numbers and trits are exact in bf16, and derivatives are nearly those in single precision.
#[test]
fn products_in_bf16_choose_the_same_and_learn_nearly_the_same() {
    let shape = Shape { dim: 128, ffn: 128, vocab: 40, ..SHAPE };
    let weights = Weights::random(shape, 2);
    let examples = examples();
    let examples: Vec<&TokenisedExample> = examples.iter().collect();
    let mix = Mix { choice: 1.0, language: 0.3, tag: 0.5, taught: 0.0, dropout: 0.1 };
    let learn = |products: Products| {
        let rounded = Rounded::with(&weights, Arithmetic::Ternary, products);
        let mut gradients = vec![0.0; weights.plan.len];
        let losses = Pass::default().learn(&rounded, &examples, &mix, 1, &mut gradients);
        (losses, gradients)
    };
    let (losses, wanted) = learn(Products::Single);
    for products in Products::ALL.into_iter().filter(|products| products.is_supported()) {
        let (found, gradients) = learn(products);
        assert_eq!(found.choice.to_bits(), losses.choice.to_bits(), "{products:?}");
        assert!((found.language - losses.language).abs() <= 1e-2 * losses.language);
        assert!((found.tag - losses.tag).abs() < 1e-2 * losses.tag);
        let mut parts = vec![weights.plan.embedding.at.clone(), weights.plan.tags.at.clone()];
        for block in &weights.plan.blocks {
            parts.extend(block.matrices.iter().map(|matrix| matrix.at.clone()));
        }
        for part in parts {
            let both = gradients[part.clone()].iter().zip(&wanted[part.clone()]);
            let apart: f32 = both.map(|(a, b)| (a - b) * (a - b)).sum();
            let length: f32 = wanted[part.clone()].iter().map(|x| x * x).sum();
            assert!(apart < 1e-4 * length, "{products:?} {part:?}: {apart} of {length}");
        }
    }
}

/// The numbers of a dense model are rounded to bf16 for products, which is a three hundredth at
/// most; read in single precision they are what they were.
#[test]
fn a_dense_model_learns_nearly_the_same_in_bf16_and_is_read_as_it_is() {
    let shape = Shape { dim: 128, ffn: 128, vocab: 40, ..SHAPE };
    let weights = Weights::random(shape, 2);
    let examples = examples();
    let examples: Vec<&TokenisedExample> = examples.iter().collect();
    let mix = Mix { choice: 1.0, language: 0.3, tag: 0.5, taught: 0.0, dropout: 0.0 };
    let learn = |rounded: &Rounded| {
        let mut gradients = vec![0.0; weights.plan.len];
        let losses = Pass::default().learn(rounded, &examples, &mix, 1, &mut gradients);
        (losses.choice, gradients)
    };
    let with = |products| Rounded::with(&weights, Arithmetic::Dense, products);
    let (loss, wanted) = learn(&with(Products::Single));
    let length: f32 = wanted.iter().map(|x| x * x).sum();
    for products in Products::ALL.into_iter().filter(|products| products.is_supported()) {
        let (found, gradients) = learn(&with(products));
        assert!((found - loss).abs() < 2e-2 * loss, "{products:?}: {found} {loss}");
        let apart: f32 = gradients.iter().zip(&wanted).map(|(a, b)| (a - b) * (a - b)).sum();
        assert!(apart < 1e-2 * length, "{products:?}: {apart} of {length}");
        let (again, gradients) = learn(&with(products).single());
        assert_eq!((again.to_bits(), &gradients), (loss.to_bits(), &wanted), "{products:?}");
    }
}
