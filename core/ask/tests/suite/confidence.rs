//! How sure a call is: the first choice and those after it have temperatures of their own.

use trine_ask::{Decoding, Progress, Sentence, Vocabulary};

use crate::common;
use crate::engines::Dice;

/// What was said of the first choice, and of all, with what was chosen.
fn sure(further: u16, seed: u64) -> (f32, f32, Vec<u16>) {
    let tools = common::board();
    let program = common::program(&tools);
    let letters = common::letters();
    let mut table = common::table(&program, letters.iter().map(String::as_str));
    table[26..28].copy_from_slice(&further.to_le_bytes());
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(b"fan at 40 % please", &program, &vocabulary).unwrap();
    let mut decoding = Decoding::new(program, &vocabulary, &sentence);
    let (mut engine, mut first) = (Dice::new(seed), 1.0);
    loop {
        let progress = decoding.step(&mut engine, usize::MAX).unwrap();
        if decoding.choices() == 1 {
            first = decoding.confidence();
        }
        if progress == Progress::Done {
            return (first, decoding.confidence(), decoding.tokens().to_vec());
        }
    }
}

#[test]
fn choices_after_the_first_have_a_temperature_of_their_own() {
    let mut sharper = 0;
    for seed in 0..200 {
        let (first, whole, tokens) = sure(0, seed);
        assert_eq!((first, whole, tokens.clone()), sure(1000, seed), "0 is that of the first");
        let (other_first, other_whole, other_tokens) = sure(250, seed);
        assert_eq!((first, tokens), (other_first, other_tokens), "what is chosen stays");
        assert!(other_whole >= whole);
        sharper += usize::from(other_whole > whole);
    }
    assert!(sharper > 50, "{sharper} of 200");
}
