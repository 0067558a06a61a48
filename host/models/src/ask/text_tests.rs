//! On models of text that were never trained: whatever they say, what comes of it is a call.

use trine_ask::{Decoding, PromptedTextModel, Sentence, compile, describe_tools, program_bytes};
use trine_bits::Random;
use trine_board::TOOLS;
use trine_descriptor::ToolTable;
use trine_infer::token::Decoder;
use trine_infer::{DecodeSession, KvKind, Options, arena_bytes};
use trine_ternary::parallel::Serial;

use super::tests::ask;
use super::text::TextModel;
use super::{Opened, Reading, ToolList};
use crate::model::{Buffers, HeadFormat, Shape, Text, Weights, make};

const SENTENCES: [&str; 6] = [
    "make the fan spin at forty percent",
    "open the north valve for a quarter of an hour please",
    "what is the capital of France?",
    "on line two show 'back at 5'",
    "show back at five, or later",
    "timer 2 min 30 for the tea",
];

/// A random model with a token for each byte, or with byte-level BPE.
fn file(text: Text, seed: u64) -> Vec<u8> {
    let small = Shape::tiny(Weights::I2S, HeadFormat::F16);
    let vocab = if matches!(text, Text::Byte) { 258 } else { small.vocab };
    let shape = Shape { width: 128, blocks: 2, ffn: 128, heads: 2, kv_heads: 1, ..small };
    let shape = Shape { context: 4096, vocab, text, ..shape };
    let mut out = Vec::new();
    make(&shape, seed, &mut out, |_| {}).unwrap();
    out
}

fn bpe(seed: u64) -> Vec<u8> {
    file(Text::Bpe { merges: 700, control: 5 }, seed)
}

#[test]
fn a_model_of_text_makes_valid_calls_of_tools_that_it_never_saw() {
    // That a call keeps to the tool's schema is checked where it is made.
    let sentences = SENTENCES.map(str::as_bytes);
    let mut calls = 0;
    for seed in 0..4 {
        for file in [bpe(seed), file(Text::Byte, seed)] {
            for reply in ask(&file, &TOOLS, &sentences).unwrap() {
                assert!(reply.confidence > 0.0 && reply.confidence <= 1.0, "{reply:?}");
                calls += usize::from(reply.call.is_some());
            }
        }
    }
    assert!(calls > 5, "{calls}");
}

#[test]
fn random_bytes_in_front_of_a_model_of_text_make_valid_calls_or_none() {
    let (file, mut random) = (bpe(3), Random::new(0x5eed));
    let parts =
        ["forty", " %", " 2 min ", "half ", "and ", "north ", "\"", "é", "🔥", "-5", " on "];
    let sentences: Vec<Vec<u8>> = (0..60)
        .map(|_| {
            let mut out = Vec::new();
            for _ in 0..12 {
                let dice = random.bits() as usize;
                match dice % 3 {
                    0 => out.push((dice >> 8) as u8),
                    1 => out.push(b' ' + ((dice >> 8) % 95) as u8),
                    _ => out.extend(parts[(dice >> 8) % parts.len()].bytes()),
                }
            }
            out
        })
        .collect();
    let sentences: Vec<&[u8]> = sentences.iter().map(Vec::as_slice).collect();
    assert_eq!(ask(&file, &TOOLS, &sentences).unwrap().len(), 60);
}

#[test]
fn what_was_read_of_the_tools_before_changes_no_bit() {
    let file = bpe(1);
    let together = ask(&file, &TOOLS, &SENTENCES.map(str::as_bytes)).unwrap();
    for (sentence, wanted) in SENTENCES.iter().zip(together) {
        let found = ask(&file, &TOOLS, &[sentence.as_bytes()]).unwrap().remove(0);
        assert_eq!(found.confidence.to_bits(), wanted.confidence.to_bits(), "{sentence}");
        assert_eq!(found, wanted);
    }
}

/// What a model read and wrote for a sentence, as text, and the call.
fn written(file: &[u8], text: &str) -> Option<(String, Vec<(String, String)>)> {
    let mut buffers = Buffers::default();
    let opened = Opened::open(file, &mut buffers).unwrap();
    let Reading::Text(tokenizer) = &opened.reading else { panic!("it reads text") };
    let mut memory = vec![0; program_bytes(&TOOLS, TOOLS.count()).unwrap()];
    let program = compile(&TOOLS, TOOLS.count(), &mut memory).unwrap();
    let vocabulary = PromptedTextModel::vocabulary(&program, 0.0);
    let sentence = Sentence::read(text.as_bytes(), &program, &vocabulary).unwrap();
    let config = opened.model.config();
    let mut model = TextModel::new(&TOOLS, tokenizer, config).unwrap();
    let options = Options { kv: KvKind::I8, ..Options::new(config) };
    let mut arena = vec![0; arena_bytes(config, &options).unwrap() + 3];
    let mut session = DecodeSession::new(&opened.model, &options, &mut arena).unwrap();
    let mut engine = model.engine(&mut session, &Serial, (&TOOLS, program), &sentence);
    let mut decoding = Decoding::new(program, &vocabulary, &sentence);
    decoding.run(&mut engine).unwrap();
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    for token in engine.tokens() {
        let mut piece = vec![0; tokenizer.piece_bytes_max()];
        let bytes = tokenizer.decode(&mut decoder, *token, false, &mut piece).unwrap();
        out.extend(&piece[..bytes]);
    }
    let answer = decoding.answer().unwrap();
    let call = answer.call()?;
    let table = |node| TOOLS.node(call.tool(), trine_descriptor::Side::Params, node).unwrap();
    let value = |node, scalar| {
        let value = crate::tools::decode(&table(node), scalar);
        (table(node).name.to_owned(), value.as_str().map_or(value.to_string(), str::to_owned))
    };
    let mut lines = vec![(TOOLS.info(call.tool()).unwrap().name.to_owned(), String::new())];
    lines.extend(call.arguments().map(|(node, scalar)| value(node, scalar)));
    Some((String::from_utf8(out).unwrap(), lines))
}

/// A line of a call: the tool, or an argument.
fn line((name, value): &(String, String)) -> String {
    match value.as_str() {
        "" => format!("{name}\n"),
        value => format!("{name}: {}\n", value.trim_end_matches(".0")),
    }
}

#[test]
fn a_call_is_written_as_lines_behind_the_tools_and_the_sentence() {
    let mut before = String::new();
    describe_tools(&TOOLS, TOOLS.count(), &mut before).unwrap();
    assert!(before.contains("\nfan_set: "), "{before}");
    assert!(before.contains("\n- percent: 0 to 100 %"), "{before}");
    let mut calls = 0;
    for (seed, sentence) in (0..6).flat_map(|seed| SENTENCES.map(|sentence| (seed, sentence))) {
        let Some((text, lines)) = written(&bpe(seed), sentence) else { continue };
        let start = format!("{before}\nSentence: {sentence}\nCall:\n");
        let call = text.strip_prefix(&start).unwrap_or_else(|| panic!("{text}"));
        // What was chosen last is not read, so the text may end within a line.
        let expected: Vec<String> = lines.iter().map(line).collect();
        for part in call.split_inclusive('\n') {
            let is_one = |line: &String| match part.ends_with('\n') {
                true => line == part,
                false => line.starts_with(part),
            };
            assert!(expected.iter().any(is_one), "{call:?}: {lines:?}");
        }
        assert!(call.split_inclusive('\n').count() + 1 >= lines.len(), "{call:?}: {lines:?}");
        calls += 1;
    }
    assert!(calls > 3, "{calls}");
}

#[test]
fn tools_that_leave_no_room_for_a_sentence_say_so() {
    let tool = |at| {
        let words = "word ".repeat(400);
        format!(r#"{{"name": "t{at}", "description": "{words}", "inputSchema": {{}}}}"#)
    };
    let tools: Vec<String> = (0..4).map(tool).collect();
    let list = ToolList::parse(&format!("[{}]", tools.join(", "))).unwrap();
    let reply = ask(&bpe(0), &list, &[b"hello"]).unwrap().remove(0);
    assert!(reply.reason.contains("the model has room for 4096: ask for"), "{reply:?}");
}
