//! The same logits as Hugging Face's `BitNetForCausalLM`, and the same tokens.

use trine_infer::sample::likeliest;
use trine_infer::{KvKind, Options};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::model::{CASES, expected, logits_of_each, model, session};

/// The greatest difference, relative to the greatest logit.
fn difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let apart = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
    apart.fold(0.0_f32, f32::max) / most
}

/// The greatest difference of each case, keys and values being kept in a way.
fn differences(kv: KvKind) -> Vec<(&'static str, f32)> {
    let of = |case| {
        let (model, wanted) = (model(case, Kernels::best()), expected(case));
        let options = Options { kv, ..Options::new(model.config()) };
        let found = logits_of_each(&mut session(&model, &options), &wanted.tokens);
        let each = wanted.positions.iter().zip(&wanted.logits);
        let worst = each.map(|(at, wanted)| difference(&found[*at], wanted));
        (case, worst.fold(0.0, f32::max))
    };
    CASES.map(of).to_vec()
}

#[test]
fn logits_are_those_of_transformers() {
    for (case, worst) in differences(KvKind::F32) {
        println!("{case}: {worst:.1e}");
        assert!(worst < 1e-3, "{case}: {worst:.1e}");
    }
}

#[test]
fn greedy_tokens_are_those_of_transformers() {
    for case in CASES {
        let (model, wanted) = (model(case, Kernels::best()), expected(case));
        let options = Options { batch: 8, kv: KvKind::F32, ..Options::new(model.config()) };
        let mut session = session(&model, &options);
        session.read(&wanted.tokens, &Serial).unwrap();
        let mut found = Vec::new();
        while found.len() < wanted.greedy.len() {
            found.push(likeliest(session.logits().unwrap()));
            session.read(&found[found.len() - 1..], &Serial).unwrap();
        }
        assert_eq!(found, wanted.greedy, "{case}");
    }
}

/// Rounded keys and values move activations over the edges between their integers, which moves
/// the logits of these small random models by some hundredths.
#[test]
fn rounded_keys_and_values_stay_near_the_reference() {
    for (kv, most) in [(KvKind::F16, 0.06), (KvKind::I8, 0.15)] {
        for (case, worst) in differences(kv) {
            println!("{kv:?} {case}: {worst:.1e}");
            assert!(worst < most, "{kv:?} {case}: {worst:.1e}");
        }
    }
}
