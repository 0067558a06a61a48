use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};
use trine_infer::token::{Byte, Decoder, Encode, Error, Kind, Tokenizer, scratch_slots};

use crate::vocabulary::golden;

const PLAIN: Encode = Encode { bos: false, special: false };

fn through(tokenizer: &Tokenizer<'_>, text: &str) -> String {
    let mut out = vec![0; text.len()];
    let mut scratch = vec![0; scratch_slots(text.len())];
    let count = tokenizer.encode(text, PLAIN, &mut scratch, &mut out).unwrap();
    let mut decoder = Decoder::new();
    let mut piece = vec![0; tokenizer.piece_bytes_max()];
    let mut all = Vec::new();
    for id in &out[..count] {
        let length = tokenizer.decode(&mut decoder, *id, false, &mut piece).unwrap();
        all.extend_from_slice(&piece[..length]);
    }
    assert_eq!(decoder.finish(&mut []), Ok(0), "a text ends with a whole character");
    String::from_utf8(all).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "the ",
        "  ",
        "\n",
        "\r\n",
        "'s",
        "ß",
        "中",
        "😀",
        "7",
        "<|eot_id|>",
        "[[TOOL]]",
        "_",
        "\0",
    ]);
    let pieces = prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat());
    (pieces, any::<String>()).prop_map(|(pieces, other)| pieces + &other)
}

proptest! {
    #[test]
    fn a_text_comes_back(text in text()) {
        prop_assert_eq!(&through(&Tokenizer::from(golden()), &text), &text);
        let byte = Byte { bos: Some(256), eos: Some(257), add_bos: true };
        prop_assert_eq!(&through(&Tokenizer::from(byte), &text), &text);
    }

    #[test]
    fn any_tokens_make_a_text(
        ids in prop::collection::vec(0_u32..708, 0..40),
        control in any::<bool>(),
    ) {
        let tokenizer = Tokenizer::from(golden());
        let mut decoder = Decoder::new();
        let mut piece = vec![0; tokenizer.piece_bytes_max()];
        for id in ids {
            let length = tokenizer.decode(&mut decoder, id, control, &mut piece).unwrap();
            prop_assert_eq!(str::from_utf8(&piece[..length]).err(), None);
        }
    }
}

/// A merge costs time in the logarithm of the word's length: in the square, this takes minutes.
#[test]
fn a_word_of_a_hundred_thousand_letters_is_encoded() {
    let text = "valve".repeat(20_000);
    assert_eq!(through(&Tokenizer::from(golden()), &text), text);
}

#[test]
fn the_token_that_begins_a_text_comes_first_where_it_is_asked_for() {
    let mut out = [0; 8];
    let with = Encode { bos: true, special: false };
    let bpe = Tokenizer::from(golden());
    let count = bpe.encode("", with, &mut [], &mut out).unwrap();
    assert_eq!((&out[..count], bpe.bos(), bpe.adds_bos()), (&[700][..], Some(700), false));
    let byte = Tokenizer::from(Byte { bos: Some(256), eos: Some(257), add_bos: true });
    let count = byte.encode("é", with, &mut [], &mut out).unwrap();
    assert_eq!(
        (&out[..count], byte.bos(), byte.adds_bos()),
        (&[256, 0xc3, 0xa9][..], Some(256), true)
    );
    assert!(byte.is_end(257) && !byte.is_end(256) && !byte.is_end(0));
}

#[test]
fn generation_ends_at_each_token_that_ends_a_turn() {
    let bpe = golden();
    let eot = bpe.token("<|eot_id|>").unwrap();
    let ends: Vec<u32> = (0..708).filter(|id| bpe.is_end(*id)).collect();
    assert_eq!(ends, [701, eot]);
    assert_eq!(
        (bpe.kind(eot), bpe.kind(65), bpe.kind(708)),
        (Some(Kind::Control), Some(Kind::Normal), None)
    );
    assert_eq!(bpe.kind(bpe.token("[[TOOL]]").unwrap()), Some(Kind::Defined));
}

#[test]
fn memory_that_is_too_small_is_refused_and_the_size_named() {
    let bpe = Tokenizer::from(golden());
    let mut out = [0; 32];
    let text = "qxqxqxqx qxqxqxqx";
    let needed = scratch_slots(9);
    let mut scratch = vec![0; needed];
    assert!(bpe.encode(text, PLAIN, &mut scratch, &mut out).is_ok());
    let short = bpe.encode(text, PLAIN, &mut scratch[1..], &mut out);
    assert_eq!(short, Err(Error::Scratch { needed, given: needed - 1 }));
    let full = bpe.encode(text, PLAIN, &mut scratch, &mut out[..3]);
    assert_eq!(full, Err(Error::Output { given: 3 }));
    let byte = Tokenizer::from(Byte { bos: None, eos: None, add_bos: false });
    assert_eq!(byte.encode("abc", PLAIN, &mut [], &mut [0; 2]), Err(Error::Output { given: 2 }));
    let mut decoder = Decoder::new();
    let unknown = |tokenizer: &Tokenizer<'_>, id| {
        tokenizer.decode(&mut Decoder::new(), id, true, &mut [0; 8])
    };
    assert_eq!(unknown(&bpe, 708), Err(Error::Token(708)));
    assert_eq!(unknown(&byte, 256), Err(Error::Token(256)));
    let piece = bpe.decode(&mut decoder, 300, true, &mut []);
    assert_eq!(piece, Err(Error::Piece { given: 0 }));
}
