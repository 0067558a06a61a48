//! Lists of tools as JSON (`tools.json`), and sentences for what they say.
//!
//! A list that is taken has a table that keeps the rules or is refused by name, and a call that
//! comes of a sentence is one that its tool takes.

use serde_json::Value;
use trine_ask::{GrammarState, Next, Sentence, ValueWriter, Vocabulary, compile, program_bytes};
use trine_descriptor::{Side, ToolTable as _, check, validate};
use trine_models::ask::{ToolList, arguments_json};
use trine_models::tools::{encode, fields, joined, parse, table};

/// What is said of each list.
const SENTENCE: &[u8] = b"a b on 1 2.5 % half \"x\" 3 s first off";

/// Reads what stands before a zero as a list; what is behind it chooses a call.
pub fn run(data: &[u8]) {
    let zero = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (text, choices) = data.split_at(zero);
    let text = String::from_utf8_lossy(text);
    let list = match ToolList::parse(&text) {
        Ok(list) => list,
        Err(error) => return assert!(trine_models::chain(&error).len() > 8),
    };
    arguments(&text);
    let count = list.count();
    let Ok(bytes) = program_bytes(&list, count) else { return };
    let mut memory = vec![0; bytes];
    let program = compile(&list, count, &mut memory).expect("there is room");
    if check::table(&list).is_err() {
        // What breaks a rule of tables was compiled without a panic, and no call need be valid.
        return;
    }
    let table = pieces(&program);
    let vocabulary = Vocabulary::parse(&table).expect("it was made here");
    let sentence = Sentence::read(SENTENCE, &program, &vocabulary).expect("a short one");
    let mut state = GrammarState::new(program, &vocabulary, &sentence);
    let mut rest = choices.iter().skip(1).map(|byte| usize::from(*byte));
    while state.next() == Next::Choice {
        let permitted = state.choices().tokens();
        let token = permitted[rest.next().unwrap_or(0) % permitted.len()];
        state.choose(token);
    }
    if let Some(Ok(call)) = state.answer() {
        let mut memory = vec![0; 4096];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        assert!(!out.overflowed());
        assert_eq!(validate(&list, call.tool(), Side::Params, out.bytes()), Ok(()), "{text}");
        assert!(!arguments_json(&list, &call).is_empty() || out.bytes().is_empty());
    }
}

/// The table of a model that knows letters.
fn pieces(program: &trine_ask::Program<'_>) -> Vec<u8> {
    let pieces: Vec<u8> = (b'a'..=b'z').flat_map(|letter| [0x81, letter, 0x01, letter]).collect();
    let mut table = Vec::new();
    table.extend(trine_ask::TABLE_VERSION.to_le_bytes());
    table.extend(1_u16.to_le_bytes());
    table.extend(program.tools().to_le_bytes());
    table.extend(program.symbols().to_le_bytes());
    table.extend(program.hash().to_le_bytes());
    table.extend(1_f32.to_le_bytes());
    table.extend(0_f32.to_le_bytes());
    table.extend(((pieces.len() / 2) as u16).to_le_bytes());
    table.extend([0, 0]);
    table.extend(pieces);
    table
}

/// The schemas themselves taken for arguments: they are, or they are refused.
fn arguments(text: &str) {
    let tools = parse(text).expect("it was read before");
    let labels = joined(&tools);
    let fields = fields(&tools, &labels);
    let json: Value = serde_json::from_str(text).expect("it was read before");
    for (at, tool) in table(&tools, &fields).iter().enumerate() {
        for value in [&json[at], &json[at]["parameters"], &json[at]["arguments"]] {
            _ = encode(tool, value);
        }
    }
}
