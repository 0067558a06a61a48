use serde_json::Value;
use trine_infer::token::{Decoder, Encode, Tokenizer, scratch_slots};

use crate::vocabulary::{golden, lines};

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

fn encoded(tokenizer: &Tokenizer<'_>, text: &str, special: bool) -> Vec<u32> {
    let mut scratch = vec![0; scratch_slots(text.len())];
    let mut out = vec![0; text.len()];
    let how = Encode { special, bos: false };
    let count = tokenizer.encode(text, how, &mut scratch, &mut out).unwrap();
    out.truncate(count);
    out
}

/// The text of tokens, of which each piece is valid by itself.
fn decoded(tokenizer: &Tokenizer<'_>, ids: &[u32], control: bool) -> String {
    let mut decoder = Decoder::new();
    let mut out = vec![0; tokenizer.piece_bytes_max()];
    let mut text = String::new();
    for id in ids {
        let length = tokenizer.decode(&mut decoder, *id, control, &mut out).unwrap();
        text.push_str(str::from_utf8(&out[..length]).unwrap());
    }
    let length = decoder.finish(&mut out).unwrap();
    text + str::from_utf8(&out[..length]).unwrap()
}

#[test]
fn tokens_are_those_of_hugging_face() {
    let tokenizer = Tokenizer::from(golden());
    let rows = lines(include_str!("golden/texts.json"));
    assert!(rows.len() > 500, "{}", rows.len());
    for row in rows {
        let text = row[0].as_str().unwrap();
        assert_eq!(encoded(&tokenizer, text, false), ids(&row[1]), "{text:?}");
        assert_eq!(encoded(&tokenizer, text, true), ids(&row[2]), "{text:?} with control tokens");
    }
}

#[test]
fn texts_are_those_of_hugging_face() {
    let tokenizer = Tokenizer::from(golden());
    for row in lines(include_str!("golden/texts.json")) {
        let tokens = ids(&row[2]);
        assert_eq!(decoded(&tokenizer, &tokens, true), row[3].as_str().unwrap());
        assert_eq!(decoded(&tokenizer, &tokens, false), row[4].as_str().unwrap());
    }
}
