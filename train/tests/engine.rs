//! A file that is written here computes in the engine what it computes here.
#![cfg(test)]

use trine_infer::gguf::File;
use trine_infer::{
    Config, DecodeSession, KvKind, Layer, Model, Options, Step, Weights as Engine, arena_bytes,
};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;
use trine_train::gguf::{self, Value};
use trine_train::net::{Choice, Pass, TokenisedExample};
use trine_train::random::{Random, bell};
use trine_train::shape::Shape;
use trine_train::weights::{Arithmetic, Rounded, Weights};

const SHAPE: Shape = Shape {
    dim: 128,
    ffn: 256,
    layers: 3,
    heads: 4,
    kv_heads: 2,
    vocab: 200,
    context: 64,
    whole: 0,
    tags: 5,
};

/// Tokens of a sequence, and how many of them are its prompt: more than a batch.
const TOKENS: usize = 24;
const PROMPT: usize = 17;
const BATCH: usize = 5;

/// The engine's logits after a prompt and each token that follows it.
fn engine_logits(bytes: &[u8], (prompt, rest): (&[u32], &[u32]), batch: usize) -> Vec<f32> {
    let file = File::parse(bytes).unwrap();
    let config = Config::from_gguf(&file).unwrap();
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Engine::from_gguf(&file, &config, &mut layers).unwrap();
    let model = Model::new(config, weights, Kernels::best()).unwrap();
    let options = Options { kv: KvKind::F32, batch, ..Options::new(&config) };
    let mut memory = vec![0; arena_bytes(&config, &options).unwrap() + 3];
    let mut session = DecodeSession::new(&model, &options, &mut memory).unwrap();
    session.begin_prompt(prompt.iter().copied()).unwrap();
    while session.step(usize::MAX, &Serial) == Step::More {}
    let mut logits = session.logits().unwrap().to_vec();
    for token in rest {
        session.read(&[*token], &Serial).unwrap();
        logits.extend_from_slice(session.logits().unwrap());
    }
    logits
}

/// The same by what trains it.
fn trained_logits(rounded: &Rounded, tokens: &[u32], prompt: usize) -> Vec<f32> {
    let permitted: Vec<u32> = (0..SHAPE.vocab as u32).collect();
    let choice = |at| Choice { at, permitted: permitted.clone(), ..Choice::default() };
    let choices = (prompt - 1..tokens.len()).map(choice).collect();
    let example = TokenisedExample { tokens: tokens.to_vec(), prompt, choices, tags: Vec::new() };
    let found = Pass::default().choice_logits(rounded, &[&example]);
    found.into_iter().flat_map(|(_, logits)| logits).collect()
}

fn weights(seed: u64, whole: usize) -> Weights {
    let mut weights = Weights::random(Shape { whole, ..SHAPE }, seed);
    let mut random = Random::named(seed, "norms");
    for block in weights.plan.blocks.clone() {
        for norm in [block.attn_norm, block.attn_sub_norm, block.ffn_norm, block.ffn_sub_norm] {
            weights.numbers[norm].iter_mut().for_each(|x| *x += 0.2 * bell(&mut random));
        }
    }
    weights
}

/// How far apart the logits of the engine and of training are at most, of the greatest one.
fn apart(seed: u64, whole: usize, prompt: usize) -> f32 {
    let rounded = Rounded::new(&weights(seed, whole), Arithmetic::Ternary);
    let extra = [("trine.ask", Value::Bytes(vec![1, 2, 3]))];
    let bytes = gguf::write(&rounded, &extra).unwrap();
    let mut random = Random::named(seed, "tokens");
    let tokens: Vec<u32> = (0..TOKENS).map(|_| random.below(SHAPE.vocab) as u32).collect();
    let wanted = trained_logits(&rounded, &tokens, prompt);
    let found = engine_logits(&bytes, tokens.split_at(prompt), TOKENS);
    assert_eq!(found, engine_logits(&bytes, tokens.split_at(prompt), BATCH), "{whole} {prompt}");
    assert_eq!(found.len(), wanted.len());
    let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let worst = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    worst / most
}

/// Rounding makes a model discontinuous: where an activation lies on the edge between two integers,
/// a difference in the last bit of a float is a difference of one integer. So most seeds agree to
/// the last bits, and the worst logit of a few to some hundredths.
#[test]
fn the_engine_computes_the_logits_of_training_with_any_number_of_prefix_blocks() {
    for (whole, prompt) in (0..=SHAPE.layers).map(|whole| (whole, PROMPT)).chain([(0, 1), (2, 3)]) {
        let mut apart: Vec<f32> = (0..9).map(|seed| apart(seed, whole, prompt)).collect();
        apart.sort_by(f32::total_cmp);
        println!("{whole} blocks, a prompt of {prompt}: {apart:?}");
        assert!(apart[4] < 1e-3, "{whole} {prompt}: {apart:?}");
        assert!(apart[8] < 0.1, "{whole} {prompt}: {apart:?}");
    }
}
