//! A file that is written here computes in the engine what it computes here.
#![cfg(test)]

use trine_infer::gguf::File;
use trine_infer::{Config, KvKind, Layer, Model, Options, Session, Weights as Engine, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;
use trine_train::gguf::{self, Value};
use trine_train::net::Pass;
use trine_train::random::Random;
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

/// The engine's logits after each token.
fn engine_logits(bytes: &[u8], tokens: &[u32]) -> Vec<f32> {
    let file = File::parse(bytes).unwrap();
    let config = Config::from_gguf(&file).unwrap();
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Engine::from_gguf(&file, &config, &mut layers).unwrap();
    let model = Model::new(config, weights, Kernels::best()).unwrap();
    let options = Options { kv: KvKind::F32, ..Options::new(&config) };
    let mut memory = vec![0; arena_bytes(&config, &options).unwrap() + 3];
    let mut session = Session::new(&model, &options, &mut memory).unwrap();
    let mut logits = Vec::new();
    for token in tokens {
        session.read(&[*token], &Serial).unwrap();
        logits.extend_from_slice(session.logits().unwrap());
    }
    logits
}

fn weights(seed: u64) -> Weights {
    let mut weights = Weights::random(SHAPE, seed);
    let mut random = Random::named(seed, "norms");
    for block in weights.plan.blocks.clone() {
        for norm in [block.attn_norm, block.attn_sub_norm, block.ffn_norm, block.ffn_sub_norm] {
            weights.numbers[norm].iter_mut().for_each(|x| *x += 0.2 * random.bell());
        }
    }
    weights
}

/// Rounding makes a model discontinuous: where an activation lies on the edge between two integers,
/// a difference in the last bit of a float is a difference of one integer. So most seeds agree to
/// the last bits, and the worst logit of a few to some hundredths.
#[test]
fn the_engine_computes_the_logits_of_training() {
    let mut apart = Vec::new();
    for seed in 0..9 {
        let rounded = Rounded::new(&weights(seed), Arithmetic::Ternary);
        let extra = [("trine.ask", Value::Bytes(vec![1, 2, 3]))];
        let bytes = gguf::write(&rounded, &extra).unwrap();
        let mut random = Random::named(seed, "tokens");
        let tokens: Vec<u32> = (0..24).map(|_| random.below(SHAPE.vocab) as u32).collect();
        let wanted = Pass::default().logits(&rounded, &tokens);
        let found = engine_logits(&bytes, &tokens);
        assert_eq!(found.len(), wanted.len());
        let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let worst = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        apart.push(worst / most);
    }
    apart.sort_by(f32::total_cmp);
    println!("{apart:?}");
    assert!(apart[4] < 1e-3, "{apart:?}");
    assert!(apart[8] < 0.1, "{apart:?}");
}
