//! On the inference engine, with weights that were never trained.

use trine_ask::{DecodeEngine, Decoding, Progress, Sentence, SessionEngine, Vocabulary};
use trine_infer::gguf::File;
use trine_infer::{Config, DecodeSession, Layer, Model, Options, Weights, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::common;

const SENTENCES: [&str; 6] = [
    "make the fan spin at forty percent",
    "grow light on, half",
    "open the north valve for a quarter of an hour please",
    "what is the capital of France?",
    "on line two show 'back at 5'",
    "timer 2 min 30 for the tea",
];

fn model(with_prefix: usize) -> Model<'static> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/bitnet/plain.gguf");
    let file = File::parse(std::fs::read(path).unwrap().leak()).unwrap();
    let mut config = Config::from_gguf(&file).unwrap();
    config.prefix_layers = with_prefix;
    let layers = vec![Layer::EMPTY; config.layers].leak();
    let weights = Weights::from_gguf(&file, &config, layers).unwrap();
    Model::new(config, weights, Kernels::best()).unwrap()
}

fn session(model: &Model<'static>, batch: usize) -> DecodeSession<'static, 'static> {
    let options = Options { batch, ..Options::new(model.config()) };
    let bytes = arena_bytes(model.config(), &options).unwrap() + 3;
    DecodeSession::new(model, &options, vec![0; bytes].leak()).unwrap()
}

/// Tokens and confidences of all sentences, by a model whose first blocks see them whole.
fn ask(with_prefix: usize, batch: usize, rows: usize) -> Vec<(Vec<u16>, f32, usize)> {
    let program = common::program(&common::board());
    // The model has a small vocabulary: most words are unknown.
    let table = common::table(&program, ["▁the", "▁fan", "▁n", "▁l", "e", "t", "i"]);
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let model = model(with_prefix);
    vocabulary.check(&program, model.config().vocab).unwrap();
    let mut session = session(&model, batch);
    let ask = |text: &&str| {
        let sentence = Sentence::read(text.as_bytes(), &program, &vocabulary).unwrap();
        let mut decoding = Decoding::new(program, &vocabulary, &sentence);
        let mut steps = 0;
        // Between two steps anything else may use the processor, and the session's place moves.
        loop {
            let mut engine = SessionEngine { session: &mut session, pool: &Serial };
            steps += 1;
            if decoding.step(&mut engine, rows).unwrap() == Progress::Done {
                break;
            }
        }
        assert!(decoding.answer().is_some());
        (decoding.tokens().to_vec(), decoding.confidence(), steps)
    };
    SENTENCES.iter().map(ask).collect()
}

#[test]
fn steps_and_batches_change_no_token_and_no_bit_of_a_confidence() {
    let mut confidences = Vec::new();
    for with_prefix in 0..=2 {
        let wanted = ask(with_prefix, 64, usize::MAX);
        for (batch, rows) in [(16, 1), (16, usize::MAX), (1, usize::MAX), (1, 40), (5, 64)] {
            for (one, other) in wanted.iter().zip(ask(with_prefix, batch, rows)) {
                assert_eq!((&one.0, one.1.to_bits()), (&other.0, other.1.to_bits()));
                assert!(other.2 >= one.2);
            }
        }
        assert!(wanted.iter().any(|(tokens, ..)| tokens.len() > 12));
        confidences.push(wanted.iter().map(|(_, confidence, _)| *confidence).collect::<Vec<_>>());
    }
    // Of the last of the two blocks nothing is read but the last token, which sees all anyway.
    assert_eq!(confidences[1], confidences[2]);
    assert_ne!(confidences[0], confidences[1]);
}

#[test]
fn logits_of_some_tokens_are_those_of_all() {
    let model = model(0);
    let mut session = session(&model, 8);
    let tokens: Vec<u32> = (0..20).collect();
    session.read(&tokens, &Serial).unwrap();
    let all = session.logits().unwrap().to_vec();
    let mut some = [0.0; 5];
    let asked = [3_u32, 95, 0, 41, 40];
    session.logits_of(asked.into_iter(), &mut some).unwrap();
    assert_eq!(some, asked.map(|token| all[token as usize]));

    let mut engine = SessionEngine { session: &mut session, pool: &Serial };
    let narrow: Vec<u16> = (0..20).collect();
    let (prompt, mut rest) = narrow.split_at(12);
    engine.begin_prompt(prompt).unwrap();
    while engine.step(7).unwrap() {}
    while !rest.is_empty() {
        let taken = engine.begin(rest).unwrap();
        rest = &rest[taken..];
        while engine.step(7).unwrap() {}
    }
    let mut again = [0.0; 5];
    engine.logits(&[3, 95, 0, 41, 40], &mut again).unwrap();
    assert_eq!(again, some);
    assert!(engine.session.logits().is_none(), "the rest of the head was not computed");
    assert!(engine.logits(&[96], &mut again).is_err());
    assert!(engine.logits(&[1, 2], &mut again[..1]).is_err());
    engine.begin_prompt(&narrow).unwrap();
    assert!(engine.logits(&[1], &mut again).is_err(), "nothing was read");
}
