//! The vocabulary of `golden`, as a file has it.

use std::sync::OnceLock;

use serde_json::Value;
use trine_infer::token::{Bpe, Strings, Vocabulary};

/// A vocabulary with its bytes.
#[derive(Clone, Default)]
pub(crate) struct Owned {
    pub(crate) tokens: Vec<String>,
    pub(crate) merges: Vec<String>,
    pub(crate) types: Vec<i32>,
    bytes: [Vec<u8>; 3],
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    let value: Value = serde_json::from_str(text).unwrap();
    value.as_array().unwrap().clone()
}

fn packed(strings: &[String]) -> Vec<u8> {
    let pack = |text: &String| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    strings.iter().flat_map(pack).collect()
}

impl Owned {
    /// What `tests/oracle/tokens.py` has trained.
    pub(crate) fn golden() -> Self {
        let tokens = lines(include_str!("golden/tokens.json"));
        let merges = lines(include_str!("golden/merges.json"));
        let string = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            types: tokens.iter().map(|row| row[1].as_i64().unwrap() as i32).collect(),
            tokens: tokens.iter().map(|row| string(&row[0])).collect(),
            merges: merges.iter().map(string).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn vocabulary(&mut self) -> Vocabulary<'_> {
        let types = self.types.iter().flat_map(|kind| kind.to_le_bytes()).collect();
        self.bytes = [packed(&self.tokens), packed(&self.merges), types];
        let [tokens, merges, types] = &self.bytes;
        let strings = |count: usize, bytes| Strings { count: count.try_into().unwrap(), bytes };
        Vocabulary {
            tokens: strings(self.tokens.len(), tokens),
            merges: strings(self.merges.len(), merges),
            types,
            ..Vocabulary::default()
        }
    }
}

/// The tokenizer of that vocabulary, with a beginning and an end of texts.
pub(crate) fn golden() -> Bpe<'static> {
    static TOKENIZER: OnceLock<Bpe<'static>> = OnceLock::new();
    *TOKENIZER.get_or_init(|| {
        let owned = Box::leak(Box::new(Owned::golden()));
        let vocabulary = owned.vocabulary();
        let index = vec![0; vocabulary.index_slots()].leak();
        Bpe::new(Vocabulary { bos: Some(700), eos: Some(701), ..vocabulary }, index).unwrap()
    })
}
