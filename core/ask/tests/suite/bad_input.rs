//! What is refused, and how.

use crate::common;
use crate::engines::Dice;
use trine_ask::{
    AskError, CompileError, DecodeEngine, Decoding, LABELS_MAX, PARAMS_MAX, Program, Sentence,
    SentenceError, TableError, Vocabulary, compile, program_bytes,
};
use trine_descriptor::{Field, Kind, Tool, ToolInfo};

fn read(bytes: &[u8]) -> Result<usize, String> {
    let program = common::program(&common::board());
    let letters = common::letters();
    let table = common::table(&program, letters.iter().map(String::as_str));
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(bytes, &program, &vocabulary);
    sentence.map(|sentence| sentence.items().len()).map_err(|error| error.to_string())
}

#[test]
fn invalid_sentences_say_what_is_wrong_with_them() {
    assert_eq!(read(b"").unwrap_err(), "the sentence has no words");
    assert_eq!(read(b" ... \n\t--").unwrap_err(), "the sentence has no words");
    assert_eq!(read(b"fan \xff").unwrap_err(), "the sentence is not UTF-8 at byte 4");
    let long = "fan ".repeat(2560);
    let error = read(long.as_bytes()).unwrap_err();
    assert_eq!(error, "the sentence has 10240 bytes; at most 1024 are read");
    let exact = |bytes: usize| format!("{:1$}", "fan", bytes);
    assert_eq!(read(exact(1024).as_bytes()), Ok(1));
    let error = read(exact(1025).as_bytes()).unwrap_err();
    assert_eq!(error, "the sentence has 1025 bytes; at most 1024 are read");
    let error = read("a ".repeat(97).as_bytes()).unwrap_err();
    assert_eq!(error, "the sentence has more than 96 words and marks");
    let error = read("abcdefgh ".repeat(90).as_bytes()).unwrap_err();
    assert!(error.ends_with("room for 160 tokens"), "{error}");
}

#[test]
fn emoji_and_other_scripts_are_words() {
    assert_eq!(read("🔥🔥 fan 🌱".as_bytes()), Ok(3));
    assert_eq!(read("打开风扇".as_bytes()), Ok(1));
    assert!(read("👩‍🌾 öffne das Ventil".as_bytes()).is_ok());
}

#[test]
fn a_sentence_that_the_model_has_no_room_for_says_so() {
    let tools = common::board();
    let program = common::program(&tools);
    let table = common::table(&program, []);
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(b"a b c d e f g h i j", &program, &vocabulary).unwrap();
    let mut engine = Dice::new(1);
    engine.room = 8;
    let error = Decoding::new(program, &vocabulary, &sentence).run(&mut engine).unwrap_err();
    assert_eq!(error, AskError::Sentence(SentenceError::Tokens { most: engine.room() }));
}

#[test]
fn a_model_for_other_tools_is_refused() {
    let tools = common::board();
    let program = common::program(&tools);
    let table = common::table(&program, []);
    let vocabulary = Vocabulary::parse(&table).unwrap();
    assert_eq!(vocabulary.check(&program, vocabulary.tokens()), Ok(()));
    let other = common::program(&tools[..9]);
    let error = vocabulary.check(&other, 1000).unwrap_err();
    assert!(matches!(error, TableError::OtherTools { .. }), "{error}");
    assert!(error.to_string().contains("train it for these"));
    assert!(matches!(vocabulary.check(&program, 10), Err(TableError::Tokens { .. })));
}

#[test]
fn any_change_of_what_decoding_depends_on_changes_the_hash() {
    let text = include_str!("../../../../firmware-example/board/tools.json");
    let hash = |text: &str| common::program(&common::tools(text).unwrap()).hash();
    let before = hash(text);
    for (from, to) in [
        ("\"name\": \"fan_set\"", "\"name\": \"fan\""),
        ("\"percent\"", "\"share\""),
        ("\"maximum\": 1800", "\"maximum\": 1801"),
        ("\"mist\"", "\"fog\""),
        ("\"maxLength\": 24", "\"maxLength\": 25"),
    ] {
        assert!(text.contains(from), "{from}");
        assert_ne!(hash(&text.replace(from, to)), before, "{from}");
    }
    let reworded = text.replace("Switch one lamp of the greenhouse", "Turn one lamp");
    assert_eq!(hash(&reworded), before, "descriptions are for people");
}

#[test]
fn tables_that_are_cut_or_changed_are_refused_or_read_without_a_panic() {
    let program = common::program(&common::board());
    let letters = common::letters();
    let table = common::table(&program, letters.iter().map(String::as_str));
    for length in 0..table.len() {
        assert!(Vocabulary::parse(&table[..length]).is_err());
    }
    for at in 0..table.len() {
        let mut changed = table.clone();
        changed[at] ^= 0xff;
        if let Ok(vocabulary) = Vocabulary::parse(&changed) {
            let sentence = Sentence::read(b"fan at 40 percent", &program, &vocabulary);
            assert!(sentence.is_ok());
        }
    }
}

#[test]
fn programs_that_are_changed_make_no_panic() {
    let tools = common::board();
    let good = common::program(&tools).bytes().to_vec();
    let table = common::table(&common::program(&tools), []);
    let vocabulary = Vocabulary::parse(&table).unwrap();
    for at in 0..good.len() {
        for change in [0xff, 1, 0x80] {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            let Some(program) = Program::new(&bytes) else { continue };
            let sentence = Sentence::read(b"on line 2 show 5 min", &program, &vocabulary).unwrap();
            let mut decoding = Decoding::new(program, &vocabulary, &sentence);
            _ = decoding.run(&mut Dice::new(at as u64));
        }
    }
}

#[test]
fn a_program_is_a_few_hundred_bytes_and_says_how_many() {
    let tools = common::board();
    let bytes = program_bytes(tools.as_slice(), 10).unwrap();
    println!("the board's program: {bytes} bytes");
    assert!(bytes < 350, "{bytes}");
    let mut memory = vec![0; bytes];
    assert!(compile(tools.as_slice(), 10, &mut memory[1..]).is_err());
    assert!(compile(tools.as_slice(), 10, &mut memory).is_ok());
    let none: [Tool<'static>; 0] = [];
    assert!(program_bytes(&none[..], 0).is_err());
    assert!(program_bytes(tools.as_slice(), 11).is_err());
}

#[test]
fn tools_with_more_than_is_numbered_are_refused_by_number() {
    let bytes = |params: Vec<Field<'static>>| {
        let tools = [Tool::new(ToolInfo::new("t", ""), params.leak(), &[])];
        program_bytes(&tools[..], 1)
    };
    let labels = |count: usize| {
        let labels: Vec<String> = (0..count).map(|label| label.to_string()).collect();
        bytes(vec![Field::new("p", Kind::Choice(labels.join("|").leak()))])
    };
    assert!(labels(LABELS_MAX).is_ok());
    assert_eq!(labels(LABELS_MAX + 1), Err(CompileError::Labels(0)));
    let names = (0..=PARAMS_MAX).map(|at| &*at.to_string().leak());
    let params: Vec<Field<'static>> = names.map(|name| Field::new(name, Kind::Bool)).collect();
    assert!(bytes(params[1..].to_vec()).is_ok());
    assert_eq!(bytes(params), Err(CompileError::Params(0)));
}
