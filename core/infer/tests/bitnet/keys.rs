//! Every key that llama.cpp's converters know is used, harmless, or refused by its name.
//!
//! `keys.txt` has the names in `gguf/constants.py` (class `Keys`) of `gguf` 0.19.0 from `PyPI`, in
//! their order, each behind what becomes of it.

use trine_infer::config::Activation;
use trine_infer::gguf::File;
use trine_infer::weights::{Treated, treated};
use trine_infer::{Config, Error};

use crate::errors::{message, open, with_value};
use crate::model::file;

const KEYS: &str = include_str!("keys.txt");
const U32: u32 = 4;
const F32: u32 = 6;
const BOOL: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

fn word(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

fn float(number: f32) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

fn number(number: u32) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

/// A file of a case, whose architecture this is, with one key more behind it.
fn with(case: &str, architecture: &str, key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    with_value(case, &format!("{architecture}.{key}"), kind, value)
}

/// The model `plain` with one key more behind its architecture.
fn plain(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    with("plain", "bitnet-b1.58", key, kind, value)
}

fn config(bytes: Vec<u8>) -> Result<Config, Error> {
    Config::from_gguf(&File::parse(bytes.leak())?)
}

#[test]
fn each_key_of_the_converters_is_used_or_harmless_or_refused_by_its_name() {
    let before = config(with_value("plain", "own.key", U32, &number(7))).unwrap();
    let mut count = [0; 3];
    for row in KEYS.lines() {
        let (class, name) = row.split_once(' ').unwrap();
        let name = name.trim().replace("{arch}", "bitnet-b1.58");
        let name = name.replace("{id}", "0").replace("{name}", "x").replace("{dense}", "dense_2");
        let found = treated("bitnet-b1.58", &name);
        let is_there = file("plain.gguf").get(&name).is_some();
        let opened = || config(with_value("plain", &name, U32, &number(7)));
        match (class, found) {
            ("used", Treated::Used) => count[0] += 1,
            ("harmless", Treated::Harmless) => {
                assert!(is_there || opened().unwrap() == before, "{name}");
                count[1] += 1;
            }
            ("refused", Treated::Refused(_)) => {
                let said = opened().unwrap_err().to_string();
                // An error has room for the beginning of a name.
                let named = &name[..name.len().min(46)];
                assert!(said.starts_with(&format!("key {named}")), "{name}: {said}");
                assert!(said.contains("is 7: "), "{name}: {said}");
                count[2] += 1;
            }
            _ => panic!("{name} is {found:?}, and in the table it is {class}"),
        }
    }
    assert_eq!(count.iter().sum::<usize>(), 269);
    assert!(count.iter().all(|count| *count > 10), "{count:?}");
}

#[test]
fn an_unknown_key_of_the_architecture_is_refused_by_its_name() {
    let said = message(plain("attention.of_tomorrow", U32, &number(0)));
    assert!(said.starts_with("key bitnet-b1.58.attention.of_tomorrow: is 0"), "{said}");
    // Behind another name it is someone's own.
    open(with_value("plain", "bitnet.attention.of_tomorrow", U32, &number(0))).unwrap();
}

#[test]
fn values_that_change_nothing_are_taken_and_all_others_refused() {
    let array = |kind: u32, elements: &[u8], count: u64| {
        [&kind.to_le_bytes()[..], &count.to_le_bytes(), elements].concat()
    };
    let cases: [(&str, u32, Vec<u8>, Vec<u8>); 13] = [
        ("attention.sliding_window", U32, number(0), number(4096)),
        ("attention.sliding_window_pattern", ARRAY, array(BOOL, &[0; 2], 2), array(BOOL, &[1], 1)),
        ("attention.key_length", U32, number(32), number(64)),
        ("attention.value_length", U32, number(32), number(16)),
        ("attention.causal", BOOL, vec![1], vec![0]),
        ("logit_scale", F32, float(1.0), float(0.125)),
        ("residual_scale", F32, float(1.0), float(0.0)),
        ("embedding_scale", F32, float(1.0), float(f32::NAN)),
        ("final_logit_softcapping", F32, float(0.0), float(30.0)),
        ("expert_count", U32, number(0), number(8)),
        ("use_parallel_residual", BOOL, vec![0], vec![1]),
        ("tensor_data_layout", STRING, word("reference"), word("Meta AI original pth")),
        ("attention.clamp_kqv", F32, float(0.0), float(8.0)),
    ];
    for (key, kind, taken, other) in cases {
        open(plain(key, kind, &taken)).unwrap();
        let said = message(plain(key, kind, &other));
        assert!(said.starts_with(&format!("key bitnet-b1.58.{key}")), "{said}");
    }
    let said = message(with_value("plain", "split.count", U32, &number(2)));
    assert_eq!(said, "key split.count: is 2: only 1 is computed");
}

#[test]
fn positions_scaled_by_one_are_taken_and_all_other_scaling_refused() {
    for word_taken in ["none", "linear"] {
        open(plain("rope.scaling.type", STRING, &word(word_taken))).unwrap();
    }
    for key in ["rope.scaling.factor", "rope.scale_linear"] {
        open(plain(key, F32, &float(1.0))).unwrap();
        let said = message(plain(key, F32, &float(4.0)));
        assert_eq!(said, format!("key bitnet-b1.58.{key}: is 4: only 1 is computed"));
    }
    for other in ["yarn", "longrope", ""] {
        let said = message(plain("rope.scaling.type", STRING, &word(other)));
        assert!(said.starts_with("key bitnet-b1.58.rope.scaling.type: is "), "{said}");
    }
}

#[test]
fn both_names_of_the_function_are_read() {
    let function = |value: &str| {
        config(plain("hidden_activation", STRING, &word(value))).map(|config| config.activation)
    };
    for value in ["relu2", "relu_sqr", "relu_squared"] {
        assert_eq!(function(value), Ok(Activation::ReluSquared));
    }
    for value in ["silu", "swish"] {
        assert_eq!(function(value), Ok(Activation::Silu));
    }
    let said = function("gelu").unwrap_err().to_string();
    assert!(said.starts_with("key bitnet-b1.58.hidden_activation: is gelu: only relu2"), "{said}");
    // `silu` has the other key with the other function.
    let both = |value| config(with("silu", "bitnet", "hidden_activation", STRING, &word(value)));
    assert_eq!(both("silu").unwrap().activation, Activation::Silu);
    let said = both("relu2").unwrap_err().to_string();
    assert_eq!(said, "key bitnet.hidden_activation: is relu2: hidden_act says another one");
}

#[test]
fn tokens_beyond_the_vocabulary_are_refused_with_both_numbers() {
    for name in ["tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"] {
        open(with_value("plain", name, U32, &number(95))).unwrap();
        for beyond in [96, 128_000, u32::MAX] {
            let said = message(with_value("plain", name, U32, &number(beyond)));
            assert_eq!(
                said,
                format!("key {name}: token {beyond} is not in the vocabulary of 96 tokens")
            );
        }
    }
    let names: Vec<u8> = (0..97).flat_map(|_| word("x")).collect();
    let value = [&STRING.to_le_bytes()[..], &97_u64.to_le_bytes(), &names].concat();
    let said = message(with_value("plain", "tokenizer.ggml.tokens", ARRAY, &value));
    assert_eq!(said, "key tokenizer.ggml.tokens: names 97 tokens, and the vocabulary has 96");
}

#[cfg(feature = "bpe")]
#[test]
fn a_rule_of_words_that_is_not_implemented_is_refused_by_its_name() {
    let said = |rule: Option<&str>| {
        let (name, value) = rule.map_or(("own.key", ""), |rule| ("tokenizer.ggml.pre", rule));
        let bytes = with_value("plain", name, STRING, &word(value)).leak();
        let read = trine_infer::token::Vocabulary::from_gguf(&File::parse(bytes).unwrap());
        read.unwrap_err().to_string()
    };
    // There is no vocabulary either, which is what is said next.
    let next = "key tokenizer.ggml.tokens: missing, and this model needs it";
    for rule in [None, Some("llama-bpe"), Some("llama3"), Some("llama-v3")] {
        assert_eq!(said(rule), next);
    }
    for rule in ["default", "gpt-2", "qwen2", "tekken", "falcon", ""] {
        let wanted = format!("key tokenizer.ggml.pre: is {rule}: only llama-bpe, llama3 and");
        assert!(said(Some(rule)).starts_with(&wanted), "{}", said(Some(rule)));
    }
}

#[cfg(feature = "bpe")]
#[test]
fn an_end_of_texts_that_would_be_written_past_is_refused() {
    let text = |name: &str, value: &str| [word(name), 8_u32.to_le_bytes().to_vec(), word(value)];
    let list = |name: &str, all: &[&str]| {
        let head = [ARRAY.to_le_bytes(), STRING.to_le_bytes()].concat();
        let count = (all.len() as u64).to_le_bytes().to_vec();
        [word(name), head, [count, all.iter().flat_map(|one| word(one)).collect()].concat()]
    };
    let id = |name: &str, id: u32| [word(name), U32.to_le_bytes().to_vec(), number(id)];
    let read = |key: &str, end: u32| {
        let keys = [
            text("tokenizer.ggml.model", "gpt2"),
            list("tokenizer.ggml.tokens", &["a", "</s>", "<|eot_id|>", "<|end|>"]),
            list("tokenizer.ggml.merges", &[]),
            id("tokenizer.ggml.eos_token_id", 1),
            id(key, end),
        ];
        let head = [b"GGUF".to_vec(), number(3), vec![0; 8], vec![5, 0, 0, 0, 0, 0, 0, 0]];
        let bytes = [head.concat(), keys.concat().concat()].concat().leak();
        trine_infer::token::Vocabulary::from_gguf(&File::parse(bytes).unwrap()).map(drop)
    };
    for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
        assert_eq!((read(key, 1), read(key, 2)), (Ok(()), Ok(())));
        for end in [0, 3, 4, u32::MAX] {
            let said = read(key, end).unwrap_err().to_string();
            assert!(said.starts_with(&format!("key {key}: is {end}: only eos_token_id")), "{said}");
        }
    }
}

/// `plain` has no tokenizer. Tests that give it text use the same model with the one of bytes.
#[test]
fn golden_bytes_is_plain_with_a_tokenizer() {
    let bytes = with_value("plain", "tokenizer.ggml.model", STRING, &word("byte"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/bitnet/bytes.gguf");
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path, &bytes).unwrap();
    }
    assert!(std::fs::read(path).unwrap() == bytes, "other bytes");
    open(bytes).unwrap();
}
