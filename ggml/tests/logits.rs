//! llama.cpp and our engine compute the same logits of the same file, prompt and single tokens.
//!
//! The one thing in which they differ is the activation of the feed-forward network, so the file
//! has it multiplied by zero. Its rows are one block of `TQ2_0`, for which ggml quantises
//! activations as we do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod making;

use std::path::PathBuf;

use making::Made;
use trine_ggml::llama;
use trine_infer::gguf::File;
use trine_infer::{Config, DecodeSession, Layer, Options, Weights, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

/// Rows of one block, and a network that adds nothing.
const MODEL: Made =
    Made { architecture: "bitnet", ffn: 256, context: 64, is_mute: true, ..Made::SMALL };
const VOCAB: usize = MODEL.vocab;

fn model() -> Vec<u8> {
    MODEL.file()
}

fn written(bytes: &[u8], name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The logits after a prompt and after each of some tokens.
const PROMPT: [u32; 9] = [3, 14, 15, 92, 65, 35, 89, 79, 32];
const REST: [u32; 3] = [38, 46, 26];

fn ours(bytes: &[u8]) -> Vec<Vec<f32>> {
    let file = File::parse(bytes).unwrap();
    let config = Config::from_gguf(&file).unwrap();
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Weights::from_gguf(&file, &config, &mut layers).unwrap();
    let model = trine_infer::Model::new(config, weights, Kernels::best()).unwrap();
    let options = Options { context: 32, batch: 9, ..Options::new(&config) };
    let options = options.with_tables(model.weights());
    let mut memory = vec![0; arena_bytes(&config, &options).unwrap() + 3];
    let mut session = DecodeSession::new(&model, &options, &mut memory).unwrap();
    let mut all = Vec::new();
    for tokens in [&PROMPT[..], &REST[..1], &REST[1..2], &REST[2..]] {
        session.read(tokens, &Serial).unwrap();
        all.push(session.logits().unwrap().to_vec());
    }
    all
}

/// The greatest difference of logits, and the greatest of them.
fn apart(ours: &[f32], theirs: &[f32]) -> (f32, f32) {
    assert_eq!(ours.len(), theirs.len());
    let most = ours.iter().fold(0.0_f32, |most, logit| most.max(logit.abs()));
    let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    // What is no number is as far away as can be.
    let far = |apart: f32| if apart.is_nan() { f32::INFINITY } else { apart };
    (apart.map(far).fold(0.0_f32, f32::max), most)
}

#[test]
fn logits_are_ours_on_a_file_without_what_differs() {
    let bytes = model();
    let path = written(&bytes, "logits.gguf");
    let ours = ours(&bytes);
    for (threads, mapped) in [(1, true), (2, false)] {
        let options = llama::Options { context: 32, batch: 16, threads, mapped };
        let mut model = llama::Model::open(&path, &options).unwrap();
        assert_eq!(model.vocab(), VOCAB);
        assert_eq!(model.head().unwrap(), "CPU");
        // Each time after forgetting, on another number of threads, and on one as before.
        for again in [threads, 3 - threads, threads, 3] {
            model.set_threads(again).unwrap();
            model.forget();
            let mut tokens = vec![&PROMPT[..]];
            tokens.extend(REST.chunks(1));
            for (tokens, ours) in tokens.into_iter().zip(&ours) {
                model.read(tokens).unwrap();
                let theirs = model.logits().unwrap();
                let (apart, most) = apart(ours, theirs);
                assert!(most > 1.0 && apart < 0.01 * most, "{apart} of {most}");
            }
            model.rest();
        }
    }
}

/// `Q2_0` is what GPUs multiply that have no `TQ2_0`. Activations are rounded in
/// blocks of 32 there, and not in the rows of ours.
#[test]
fn logits_of_the_same_trits_in_q2_0_are_near_ours() {
    let path = written(&Made { is_q2_0: true, ..MODEL }.file(), "q2_0.gguf");
    let options = llama::Options { context: 32, batch: 16, threads: 1, mapped: true };
    let mut model = llama::Model::open(&path, &options).unwrap();
    let tokens = [&PROMPT[..], &REST[..1], &REST[1..2], &REST[2..]];
    for (tokens, ours) in tokens.into_iter().zip(ours(&self::model())) {
        model.read(tokens).unwrap();
        let (apart, most) = apart(&ours, model.logits().unwrap());
        println!("{apart:.1e} of {most:.1e}");
        assert!(most > 1.0 && apart < 0.03 * most, "{apart} of {most}");
    }
}

#[test]
fn what_llama_cpp_does_not_open_is_refused_with_its_reason() {
    let options = llama::Options { context: 32, batch: 16, threads: 1, mapped: true };
    let path = written(b"GGUF, but not really", "broken.gguf");
    assert!(llama::Model::open(&path, &options).is_err());
    let mut other = model();
    let at = other.windows(6).position(|bytes| bytes == b"bitnet").unwrap();
    other[at..at + 6].copy_from_slice(b"bitnot");
    let path = written(&other, "other.gguf");
    let said = llama::Model::open(&path, &options).unwrap_err().to_string();
    assert!(said.contains("bitnot"), "{said}");
    let path = written(&model(), "whole.gguf");
    let mut model = llama::Model::open(&path, &options).unwrap();
    assert!(model.logits().is_err(), "nothing was read");
    assert!(model.read(&[VOCAB as u32]).is_err(), "no such token");
    assert!(model.read(&[1; 17]).is_err(), "more than the batch");
    assert!(model.read(&[]).is_err(), "nothing");
    assert!(model.read(&[1; 16]).is_ok());
    assert!(model.read(&[1; 16]).is_ok() && model.read(&[1]).is_err(), "the context is full");
}
