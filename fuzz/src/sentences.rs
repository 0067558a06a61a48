//! Sentences: any bytes read as one, and a call of it by any choices.
//!
//! What is read stays inside of the sentence, and what is chosen is a call that its tool accepts.

use std::sync::OnceLock;

use trine_ask::{
    GrammarState, ITEMS_MAX, Item, MENTIONS_MAX, Next, Program, Sentence, TABLE_VERSION,
    TOKENS_MAX, ValueWriter, Vocabulary, compile, program_bytes,
};
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, validate,
};

const fn whole(name: &'static str, max: i64, unit: &'static str) -> Field<'static> {
    Field::new(name, Kind::Int(IntRange { min: 0, max })).unit(unit)
}

const CELSIUS: Kind<'static> =
    Kind::Decimal(DecimalRange { min: -50, max: 350, step: 5, places: 1 });

/// A number of every sort of unit, and what else may stand beside one.
pub(crate) static TOOLS: [Tool<'static>; 4] = [
    Tool::new(
        ToolInfo::new("motor", ""),
        &[whole("speed", 9000, "rpm"), whole("percent", 100, "%").optional()],
        &[],
    ),
    Tool::new(
        ToolInfo::new("timer", ""),
        &[
            whole("seconds", 86_400, "s"),
            Field::new("label", Kind::Text { min: 1, max: 24 }).optional(),
            whole("pause", 5000, "ms").optional(),
        ],
        &[],
    ),
    Tool::new(
        ToolInfo::new("heat", ""),
        &[
            Field::new("mode", Kind::Choice("off|on")),
            Field::new("celsius", CELSIUS)
                .unit("degC")
                .required_when(Condition { node: 0, label: 1 }),
            whole("angle", 90, "deg").optional(),
        ],
        &[],
    ),
    Tool::new(
        ToolInfo::new("line", ""),
        &[
            whole("number", 4, ""),
            Field::new("on", Kind::Bool).optional(),
            Field::new("first", Kind::Text { min: 0, max: 9 }).optional(),
            Field::new("second", Kind::Text { min: 0, max: 99 }).optional(),
        ],
        &[],
    ),
];

/// The program of the tools, and the table of a model for it.
pub(crate) fn model() -> &'static (Vec<u8>, Vec<u8>) {
    static MODEL: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    MODEL.get_or_init(|| {
        let count = u16::try_from(TOOLS.len()).expect("a few tools");
        let mut bytes = vec![0; program_bytes(&TOOLS, count).expect("these tools are sound")];
        let program = compile(&TOOLS, count, &mut bytes).expect("there is room");
        let table = table(&program);
        (bytes, table)
    })
}

/// The table of a model for a program, whose pieces are letters.
pub(crate) fn table(program: &Program<'_>) -> Vec<u8> {
    let letters = (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"'%\"&");
    let pieces = letters.flat_map(|letter| [[0x81, letter], [0x01, letter]]);
    let pieces: Vec<u8> = pieces.flatten().collect();
    let mut table = Vec::new();
    table.extend(TABLE_VERSION.to_le_bytes());
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

/// Reads what is behind the first zero as a sentence; what is before it chooses the call.
pub fn run(data: &[u8]) {
    let zero = data.iter().position(|byte| *byte == 0);
    let (choices, bytes) = zero.map_or((&[][..], data), |at| (&data[..at], &data[at + 1..]));
    let (program, table) = model();
    let program = Program::new(program).expect("it was compiled here");
    let vocabulary = Vocabulary::parse(table).expect("it was made here");
    let Ok(sentence) = Sentence::read(bytes, &program, &vocabulary) else { return };
    check(&sentence, &vocabulary);
    let mut walk = GrammarState::new(program, &vocabulary, &sentence);
    let mut rest = choices.iter().map(|byte| usize::from(*byte));
    while walk.next() == Next::Choice {
        let permitted = walk.choices().tokens();
        let token = permitted[rest.next().unwrap_or(0) % permitted.len()];
        walk.choose(token);
    }
    let answer = walk.answer().expect("a walk ends with an answer");
    if let Ok(call) = answer {
        let mut memory = vec![0; 4096];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        assert!(!out.overflowed());
        let judged = validate(&TOOLS[..], call.tool(), Side::Params, out.bytes());
        assert_eq!(judged, Ok(()), "{:?}", sentence.text());
    }
}

/// Items stand behind one another, each of whole characters; each number is one of them.
fn check(sentence: &Sentence<'_>, vocabulary: &Vocabulary<'_>) {
    let (text, items) = (sentence.text(), sentence.items());
    let (mentions, tokens) = (sentence.mentions(), sentence.tokens());
    assert!(!items.is_empty() && items.len() <= ITEMS_MAX);
    assert!(tokens.len() <= TOKENS_MAX && mentions.len() <= MENTIONS_MAX);
    assert!(tokens.iter().all(|token| usize::from(*token) < vocabulary.tokens()));
    let (mut end, mut numbers) = (0, 0);
    for item in items {
        let span = usize::from(item.start)..usize::from(item.end);
        assert!(span.start >= end && text.get(span.clone()).is_some_and(|text| !text.is_empty()));
        end = span.end;
        numbers += check_number(item, sentence);
    }
    assert_eq!(numbers, mentions.len(), "{text:?}");
}

fn check_number(item: &Item, sentence: &Sentence<'_>) -> usize {
    let Some(at) = item.mention else { return 0 };
    let (mention, token) = sentence.mentions()[usize::from(at)];
    assert_eq!((mention.start, mention.end), (item.start, item.end));
    assert_eq!(sentence.tokens()[usize::from(item.first)], token);
    1
}
