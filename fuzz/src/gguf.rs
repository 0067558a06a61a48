//! Model files: the reader, and the tokenizer of what it takes.

use std::sync::OnceLock;

use trine_infer::gguf::{File, Value};
use trine_infer::token::{Bpe, Decoder, Encode, Strings, Tokenizer, Vocabulary, scratch_slots};

/// The largest index that a vocabulary of a fuzzed file is given, in slots.
const SLOTS_MAX: usize = 1 << 16;

/// Reads the input as a file, all of it if it is taken, and then as a text.
pub fn run(data: &[u8]) {
    if let Ok(file) = File::parse(data) {
        keys(&file);
        tensors(&file);
        vocabulary(&file);
    }
    text(&String::from_utf8_lossy(data));
}

fn keys(file: &File<'_>) {
    let mut count = 0;
    for (key, value) in file.keys() {
        assert!(file.get(key).is_some(), "each key is found by its name");
        if let Value::Array(array) = value {
            assert!(array.iter().count() <= array.count());
        }
        count += 1;
    }
    assert_eq!(count, file.key_count());
}

fn tensors(file: &File<'_>) {
    let mut bytes = 0;
    for tensor in file.tensors() {
        assert_eq!(file.tensor(tensor.name), Some(tensor), "each tensor is found by its name");
        let length = tensor.data.len();
        assert_eq!(tensor.kind.bytes(tensor.elements()), Some(length as u64));
        bytes += length;
    }
    assert!(bytes <= file.bytes().len(), "tensors do not overlap");
    assert_eq!(file.tensors().count(), file.tensor_count() as usize);
}

fn vocabulary(file: &File<'_>) {
    let Ok(vocabulary) = Vocabulary::from_gguf(file) else { return };
    let slots = vocabulary.index_slots();
    if slots <= SLOTS_MAX {
        // The least sound vocabulary is larger than an input: this is refused.
        let mut index = vec![0; slots];
        assert!(Bpe::new(vocabulary, &mut index).is_err());
    }
}

/// The bytes' own tokens and some merges.
fn tokenizer() -> Tokenizer<'static> {
    static INDEX: OnceLock<Tokenizer<'static>> = OnceLock::new();
    *INDEX.get_or_init(|| {
        let printable = |code: &u32| matches!(code, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
        let codes = (0..256).filter(printable).chain(0x100..0x144).filter_map(char::from_u32);
        let mut tokens: Vec<String> = codes.map(String::from).collect();
        let merges = ["t h", "th e", "Ġ the", "a a", "aa aa", "Ã ¤", "Ċ Ċ", "l l"];
        tokens.extend(merges.iter().map(|merge| merge.replace(' ', "")));
        tokens.extend(["<|end|>".into(), "<|end|>x".into()]);
        let merges: Vec<String> = merges.map(String::from).to_vec();
        let mut types = vec![1_i32; tokens.len() - 2];
        types.extend([3, 4]);
        let types: Vec<u8> = types.iter().flat_map(|kind| kind.to_le_bytes()).collect();
        let vocabulary = Vocabulary {
            tokens: strings(&tokens),
            merges: strings(&merges),
            types: types.leak(),
            ..Vocabulary::default()
        };
        let index = vec![0; vocabulary.index_slots()].leak();
        Bpe::new(vocabulary, index).expect("it is sound").into()
    })
}

fn strings(all: &[String]) -> Strings<'static> {
    let pack = |text: &String| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let bytes: Vec<u8> = all.iter().flat_map(pack).collect();
    Strings { count: all.len() as u32, bytes: bytes.leak() }
}

/// A text comes back from its tokens, with control tokens or without.
fn text(text: &str) {
    let tokenizer = tokenizer();
    for special in [false, true] {
        let mut scratch = vec![0; scratch_slots(text.len())];
        let mut out = vec![0; text.len()];
        let how = Encode { special, bos: false };
        let count = tokenizer.encode(text, how, &mut scratch, &mut out).expect("it has room");
        let mut decoder = Decoder::new();
        let mut piece = vec![0; tokenizer.piece_bytes_max()];
        let mut back = String::new();
        for id in &out[..count] {
            let length = tokenizer.decode(&mut decoder, *id, true, &mut piece).expect("its own");
            back.push_str(std::str::from_utf8(&piece[..length]).expect("whole characters"));
        }
        assert_eq!(back, text);
    }
}
