//! llama.cpp and our engine compute the same logits of the same file, prompt and single tokens.
//!
//! The one thing in which they differ is the activation of the feed-forward network, so the file
//! has it multiplied by zero. Its rows are one block of `TQ2_0`, for which ggml quantises
//! activations as we do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use trine_ggml::llama;
use trine_infer::gguf::File;
use trine_infer::{Config, Layer, Options, Session, Weights, arena_bytes};
use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Packing, pack};

const WIDTH: usize = 256;
const KV_WIDTH: usize = 128;
const VOCAB: usize = 100;
const BLOCKS: usize = 2;
const F32: u32 = 0;
const TQ2_0: u32 = 35;
/// A scale that half floats have: 1/64.
const SCALE: [u8; 2] = [0x00, 0x24];

/// A file in the making.
#[derive(Default)]
struct Gguf {
    keys: Vec<u8>,
    key_count: u64,
    tensors: Vec<(String, Vec<u64>, u32, Vec<u8>)>,
    seed: u64,
}

impl Gguf {
    fn key(&mut self, name: &str, kind: u32, value: &[u8]) {
        self.keys.extend(string(name));
        self.keys.extend(kind.to_le_bytes());
        self.keys.extend(value);
        self.key_count += 1;
    }

    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.seed >> 33
    }

    fn floats(&mut self, name: &str, dims: &[u64], number: impl Fn(u64) -> f32) {
        let count: u64 = dims.iter().product();
        let data = (0..count).flat_map(|_| number(self.random()).to_le_bytes()).collect();
        self.tensors.push((name.into(), dims.to_vec(), F32, data));
    }

    fn matrix(&mut self, name: &str, rows: usize) {
        let trits: Vec<i8> = (0..rows * WIDTH).map(|_| (self.random() % 3) as i8 - 1).collect();
        let mut data = vec![0; Packing::Tq2_0.bytes(rows, WIDTH).unwrap()];
        pack(Packing::Tq2_0, rows, WIDTH, &trits, &mut data).unwrap();
        for block in data.chunks_exact_mut(66) {
            block[64..].copy_from_slice(&SCALE);
        }
        self.tensors.push((name.into(), vec![WIDTH as u64, rows as u64], TQ2_0, data));
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend(self.key_count.to_le_bytes());
        bytes.extend(&self.keys);
        let mut offset = 0_u64;
        for (name, dims, kind, data) in &self.tensors {
            bytes.extend(string(name));
            bytes.extend((dims.len() as u32).to_le_bytes());
            bytes.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
            bytes.extend(kind.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            offset += data.len().next_multiple_of(32) as u64;
        }
        for (.., data) in &self.tensors {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes.extend(data);
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes
    }
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

fn model() -> Vec<u8> {
    let mut file = Gguf { seed: 5, ..Gguf::default() };
    file.key("general.architecture", 8, &string("bitnet"));
    file.key("tokenizer.ggml.model", 8, &string("none"));
    for (name, number) in [
        ("vocab_size", VOCAB),
        ("context_length", 64),
        ("embedding_length", WIDTH),
        ("block_count", BLOCKS),
        ("feed_forward_length", WIDTH),
        ("rope.dimension_count", 64),
        ("attention.head_count", 4),
        ("attention.head_count_kv", 2),
    ] {
        file.key(&format!("bitnet.{name}"), 4, &(number as u32).to_le_bytes());
    }
    for (name, number) in [("attention.layer_norm_rms_epsilon", 1e-5), ("rope.freq_base", 5e5)] {
        file.key(&format!("bitnet.{name}"), 6, &f32::to_le_bytes(number));
    }
    let spread = |random: u64| (random % 2001) as f32 / 1000.0 - 1.0;
    let norm = |random: u64| 0.75 + (random % 500) as f32 / 1000.0;
    let width = WIDTH as u64;
    file.floats("token_embd.weight", &[width, VOCAB as u64], spread);
    for block in 0..BLOCKS {
        let name = |part: &str| format!("blk.{block}.{part}.weight");
        for part in ["attn_norm", "attn_sub_norm", "ffn_norm"] {
            file.floats(&name(part), &[width], norm);
        }
        file.floats(&name("ffn_sub_norm"), &[width], |_| 0.0);
        for (part, rows) in [
            ("attn_q", WIDTH),
            ("attn_k", KV_WIDTH),
            ("attn_v", KV_WIDTH),
            ("attn_output", WIDTH),
            ("ffn_gate", WIDTH),
            ("ffn_up", WIDTH),
            ("ffn_down", WIDTH),
        ] {
            file.matrix(&name(part), rows);
        }
    }
    file.floats("output_norm.weight", &[width], norm);
    file.bytes()
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
    let mut session = Session::new(&model, &options, &mut memory).unwrap();
    let mut all = Vec::new();
    for tokens in [&PROMPT[..], &REST[..1], &REST[1..2], &REST[2..]] {
        session.read(tokens, &Serial).unwrap();
        all.push(session.logits().unwrap().to_vec());
    }
    all
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
        // Each time after forgetting, on another number of threads, and on one as before.
        for again in [threads, 3 - threads, threads, 3] {
            model.set_threads(again).unwrap();
            model.forget();
            let mut tokens = vec![&PROMPT[..]];
            tokens.extend(REST.chunks(1));
            for (tokens, ours) in tokens.into_iter().zip(&ours) {
                model.read(tokens).unwrap();
                let theirs = model.logits().unwrap();
                let most = ours.iter().fold(0.0_f32, |most, logit| most.max(logit.abs()));
                let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
                let apart = apart.fold(0.0_f32, f32::max);
                assert!(most > 1.0 && apart < 0.01 * most, "{apart} of {most}");
            }
            model.rest();
        }
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
