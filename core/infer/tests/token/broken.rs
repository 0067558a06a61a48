use trine_infer::token::{Bpe, Error, Strings, Vocabulary};

use crate::vocabulary::Owned;

fn refusal(change: impl Fn(&mut Owned)) -> Error {
    let mut owned = Owned::golden();
    change(&mut owned);
    let vocabulary = owned.vocabulary();
    let mut index = vec![0; vocabulary.index_slots()];
    Bpe::new(vocabulary, &mut index).expect_err("it is broken")
}

#[test]
fn an_index_that_is_too_small_is_refused() {
    let mut owned = Owned::golden();
    let vocabulary = owned.vocabulary();
    let needed = vocabulary.index_slots();
    assert_eq!(needed, 708 + 1024 + 1024);
    let mut index = vec![0xffff_ffff; needed];
    for given in [0, 707, 708, 1732, needed - 1] {
        let error = Bpe::new(vocabulary, &mut index[..given]).expect_err("too small");
        assert_eq!(error, Error::Index { needed, given });
    }
    // What stood in it before does not matter.
    assert!(Bpe::new(vocabulary, &mut index).is_ok());
}

#[test]
fn lists_that_are_cut_short_are_refused() {
    let mut owned = Owned::golden();
    let vocabulary = owned.vocabulary();
    let shorter = |bytes: &'_ [u8]| bytes.len() - 1;
    let mut index = vec![0; vocabulary.index_slots()];
    let bytes = &vocabulary.tokens.bytes[..shorter(vocabulary.tokens.bytes)];
    let tokens = Vocabulary { tokens: Strings { bytes, ..vocabulary.tokens }, ..vocabulary };
    assert_eq!(Bpe::new(tokens, &mut index).err(), Some(Error::Tokens(707)));
    let bytes = &vocabulary.merges.bytes[..shorter(vocabulary.merges.bytes)];
    let merges = Vocabulary { merges: Strings { bytes, ..vocabulary.merges }, ..vocabulary };
    assert_eq!(Bpe::new(merges, &mut index).err(), Some(Error::Merges));
    let huge = Strings { count: u32::MAX, bytes: &[0; 16] };
    let merges = Vocabulary { merges: huge, ..vocabulary };
    assert!(merges.index_slots() > 1 << 32, "and no caller has that");
}

#[test]
fn types_for_other_tokens_are_refused() {
    let error = refusal(|owned| owned.types.truncate(707));
    assert_eq!(error, Error::Types { types: 707, tokens: 708 });
}

#[test]
fn a_vocabulary_without_a_byte_is_refused() {
    let error = refusal(|owned| {
        let at = owned.tokens.iter().position(|token| token == "Ġ").unwrap();
        owned.tokens[at] = "no space".into();
    });
    assert_eq!(error, Error::MissingByte(b' '));
}

#[test]
fn tokens_that_are_all_one_are_refused() {
    let error = refusal(|owned| {
        owned.tokens.extend(std::iter::repeat_n("same".to_owned(), 3000));
        owned.types.extend(vec![1; 3000]);
    });
    assert_eq!(error, Error::Collisions);
}

/// llama.cpp's rule too: the parts of a merge without a token of its own are its bytes.
#[test]
fn a_merge_without_a_token_falls_back_to_bytes() {
    let mut owned = Owned::golden();
    owned.merges = vec!["q x".into()];
    let id = |text: &str| owned.tokens.iter().position(|token| token == text).unwrap() as u32;
    let (q, x) = (id("q"), id("x"));
    let vocabulary = owned.vocabulary();
    let mut index = vec![0; vocabulary.index_slots()];
    let bpe = Bpe::new(vocabulary, &mut index).unwrap();
    let (mut scratch, mut out) = ([0; 64], [0; 8]);
    let count = bpe.encode("qxq", trine_infer::token::Encode::default(), &mut scratch, &mut out);
    assert_eq!((count, &out[..3]), (Ok(3), &[q, x, q][..]));
}
