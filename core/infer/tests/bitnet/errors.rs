//! Models that are none: each error names the key or tensor.

use trine_infer::gguf::File;
use trine_infer::{Config, Error, Layer, Weights};

use crate::model::file;

/// The bytes of a model after some of them are replaced by others of the same length.
fn changed(case: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = file(&format!("{case}.gguf")).bytes().to_vec();
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// A key of 32 bits with its value, as it lies in a file.
fn key(name: &str, kind: u32, value: u32) -> Vec<u8> {
    [name.as_bytes(), &kind.to_le_bytes(), &value.to_le_bytes()].concat()
}

pub(crate) fn open(bytes: Vec<u8>) -> Result<(), Error> {
    let file = File::parse(bytes.leak())?;
    let config = Config::from_gguf(&file)?;
    let layers = vec![Layer::EMPTY; config.layers].leak();
    Weights::from_gguf(&file, &config, layers).map(|_| ())
}

pub(crate) fn message(bytes: Vec<u8>) -> String {
    open(bytes).unwrap_err().to_string()
}

#[test]
fn the_files_themselves_open() {
    for case in ["plain", "long", "tq2", "tq1"] {
        open(file(&format!("{case}.gguf")).bytes().to_vec()).unwrap();
    }
}

#[test]
fn numbers_that_make_no_model_are_named() {
    let (u32_kind, f32_kind) = (4, 6);
    let cases = [
        ("embedding_length", 128, 0, "embedding_length: must not be zero"),
        (
            "embedding_length",
            128,
            130,
            "embedding_length: must be a multiple of attention.head_count",
        ),
        ("embedding_length", 128, 1 << 30, "embedding_length: must be at most 131072"),
        ("embedding_length", 128, 12, "attention.head_count: must make heads of an even width"),
        ("feed_forward_length", 256, 0, "feed_forward_length: must not be zero"),
        ("block_count", 2, 0, "block_count: must not be zero"),
        ("block_count", 2, 3, "blk.2.attn_norm.weight: is missing"),
        ("block_count", 2, u32::MAX, "block_count: must be at most 4096"),
        ("attention.head_count", 4, 0, "attention.head_count: must not be zero"),
        (
            "attention.head_count",
            4,
            3,
            "embedding_length: must be a multiple of attention.head_count",
        ),
        ("head_count_kv", 2, 0, "attention.head_count_kv: must not be zero"),
        (
            "head_count_kv",
            2,
            3,
            "attention.head_count: must be a multiple of attention.head_count_kv",
        ),
        ("vocab_size", 96, 0, "vocab_size: must not be zero"),
        ("vocab_size", 96, 97, "token_embd.weight: must have the dimensions [128, 97]"),
        ("context_length", 128, 0, "context_length: must not be zero"),
        ("rope.dimension_count", 32, 16, "rope.dimension_count: must be 32"),
    ];
    for (name, from, to, wanted) in cases {
        let bytes = changed("plain", &key(name, u32_kind, from), &key(name, u32_kind, to));
        assert_eq!(message(bytes), wanted, "{name} {to}");
    }
    let epsilon = |value: f32| key("layer_norm_rms_epsilon", f32_kind, value.to_bits());
    for wrong in [f32::NAN, 0.0, -1.0, f32::INFINITY] {
        let found = message(changed("plain", &epsilon(1e-5), &epsilon(wrong)));
        assert_eq!(found, "attention.layer_norm_rms_epsilon: must be a finite number above zero");
    }
}

/// A model with one key more, and one that makes up for its length: tensors lie at multiples of 32.
pub(crate) fn with_value(case: &str, name: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let more = [&text(name)[..], &kind.to_le_bytes(), value].concat();
    let rest = 32 - (more.len() + text("pad").len() + 12) % 32;
    let filled = [text("pad"), 8_u32.to_le_bytes().to_vec(), text(&" ".repeat(rest))].concat();
    let mut bytes = file(&format!("{case}.gguf")).bytes().to_vec();
    // Behind magic, version and the number of tensors stands that of keys, and then the first.
    let keys = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
    bytes[16..24].copy_from_slice(&(keys + 2).to_le_bytes());
    bytes.splice(24..24, [more, filled].concat());
    bytes
}

#[test]
fn blocks_with_prefix_attention_are_at_most_all_of_them() {
    let whole =
        |kind, value: u32| with_value("plain", "trine.attention.whole", kind, &value.to_le_bytes());
    for value in 0..=2 {
        let bytes = whole(4, value).leak();
        open(bytes.to_vec()).unwrap();
        let config = Config::from_gguf(&File::parse(bytes).unwrap()).unwrap();
        assert_eq!(config.prefix_layers, value as usize);
    }
    for value in [3, 1 << 16, u32::MAX] {
        assert_eq!(message(whole(4, value)), "trine.attention.whole: must be at most 2");
    }
    let found = message(whole(6, 1));
    assert!(found.starts_with("key trine.attention.whole: "), "{found}");
}

#[test]
fn architectures_functions_and_tensors_that_are_not_computed_are_refused() {
    let cases: [(&str, &[u8], &[u8], &str); 6] = [
        (
            "plain",
            b"architecture\x08\0\0\0\x0c\0\0\0\0\0\0\0bitnet-b1.58",
            b"architecture\x08\0\0\0\x0c\0\0\0\0\0\0\0bitnet-b1.99",
            "general.architecture: must be bitnet-b1.58, bitnet-25 or bitnet",
        ),
        (
            "tq2",
            b"relu2",
            b"gelu2",
            "key bitnet.hidden_act: is gelu2: only relu2, relu_sqr, relu_squared, silu and swish \
             are computed",
        ),
        (
            "plain",
            b"blk.1.ffn_sub_norm",
            b"blk.1.ffn_sub_nor_",
            "blk.1.ffn_sub_norm.weight: is missing",
        ),
        ("plain", b"blk.0.attn_q.", b"blk.0.attn_x.", "blk.0.attn_q.weight: is missing"),
        ("plain", b"token_embd", b"token_embo", "token_embd.weight: is missing"),
        (
            "plain",
            b"rope.freq_base",
            b"rope.freq_bass",
            "key bitnet-b1.58.rope.freq_bass: is 500000: this engine does not compute what it \
             stands for",
        ),
    ];
    for (case, from, to, wanted) in cases {
        let found = open(changed(case, from, to)).err().map(|error| error.to_string());
        assert_eq!(found.unwrap_or_default(), wanted, "{case}");
    }
}

#[test]
fn shapes_and_types_that_do_not_fit_name_their_tensor() {
    let dims = |name: &str, columns: u64, rows: u64, kind: u32| {
        let axes = 2_u32.to_le_bytes();
        let name = name.as_bytes();
        [name, &axes, &columns.to_le_bytes(), &rows.to_le_bytes(), &kind.to_le_bytes()].concat()
    };
    let q = |columns, rows, kind| dims("blk.0.attn_q.weight", columns, rows, kind);
    let cases = [
        (
            q(128, 128, 36),
            q(128, 64, 36),
            "blk.0.attn_q.weight: must have the dimensions [128, 128]",
        ),
        (
            q(128, 128, 36),
            q(256, 64, 36),
            "blk.0.attn_q.weight: must have the dimensions [128, 128]",
        ),
        (q(128, 128, 36), q(128, 128, 24), "tensor blk.0.attn_q.weight: the data overlaps"),
    ];
    for (from, to, wanted) in cases {
        let found = message(changed("plain", &from, &to));
        assert!(found.starts_with(wanted), "{found}");
    }
    // The scale of the first matrix is after its weights.
    let plain = file("plain.gguf");
    let tensor = plain.tensor("blk.0.attn_q.weight").unwrap();
    let tail = &tensor.data[tensor.data.len() - 32..];
    for scale in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let wrong = [&scale.to_le_bytes()[..], &tail[4..]].concat();
        let found = message(changed("plain", tail, &wrong));
        assert_eq!(found, "blk.0.attn_q.weight: has a scale that is not finite", "{scale}");
    }
}

#[test]
fn a_code_that_is_no_weight_is_refused_in_place_and_packed() {
    for case in ["plain", "tq2"] {
        let model = file(&format!("{case}.gguf"));
        let tensor = model.tensor("blk.0.ffn_down.weight").unwrap();
        let start = tensor.data.as_ptr().addr() - model.bytes().as_ptr().addr();
        // The last codes of the tensor: behind those of I2_S stand 32 bytes, of TQ2_0 two.
        let behind = if case == "plain" { 32 } else { 2 };
        let last = start + tensor.data.len() - behind - 1;
        for at in [start, last] {
            for shift in [0, 2, 4, 6] {
                let mut bytes = model.bytes().to_vec();
                bytes[at] |= 3 << shift;
                assert_eq!(
                    message(bytes),
                    "tensor blk.0.ffn_down.weight: a weight has the code 3, only 0, 1 and 2 stand \
                     for weights"
                );
            }
        }
    }
}
