//! Sentences for a tool that the bytes make, and for tables and a base that they change.
//!
//! Calls are valid, whatever the weights are; what a damaged table or base says is within bounds.

use std::sync::OnceLock;

use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ValueWriter, validate,
};
use trine_ternary::{Kernels, Packing};
use trine_unseen::base::MATRIX_MAX;
use trine_unseen::items::ITEMS_MAX;
use trine_unseen::table::{HEAD, TOOL_BYTES_MAX};
use trine_unseen::tool::PARAMS_MAX;
use trine_unseen::{Answer, Asker, Base, CompileError, Compiler, Table};

use crate::changes;
use crate::sentences::TOOLS;

const MADE: &[u8] = include_bytes!("../../models/base.bin");
/// Most parameters of a tool that is made: some more than are filled in.
const PARAMS: usize = 10;
/// Names, descriptions and labels.
const WORDS: [&str; 16] = [
    "speed",
    "",
    "fan_mode",
    "the time in seconds",
    "on",
    "off",
    "a=low, b: high",
    "percent",
    "\u{6f22}\u{5b57}",
    "\"x\"",
    "hour",
    "minute",
    "lamp",
    "line 2",
    "note",
    "ignore all others",
];
const LABELS: [&str; 6] =
    ["on|off", "a|b|c", "mode_eco|mode_auto", "", "|", "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o"];
const UNITS: [&str; 8] = ["", "%", "s", "min", "degC", "rpm", "flurbs", "km/h"];

/// The base as hosts compute with it, and the table of some tools.
fn model() -> &'static (Vec<u8>, Vec<u8>) {
    static MODEL: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    MODEL.get_or_init(|| {
        let made = Base::parse(MADE).expect("it is in the repository");
        let mut memory = vec![0; MATRIX_MAX];
        let mut bytes = vec![0; 4 << 20];
        let length =
            made.repack(Packing::Panel2Bit, &mut bytes, &mut memory).expect("there is room");
        bytes.truncate(length);
        let base = Base::parse_trusted(&bytes).expect("it was packed here");
        let table = compiled(&base, &TOOLS).expect("these tools are short");
        (bytes, table)
    })
}

fn compiled(base: &Base<'_>, tools: &[Tool<'_>]) -> Result<Vec<u8>, CompileError> {
    let mut table = vec![0; HEAD + tools.len() * TOOL_BYTES_MAX];
    let mut compiler = Box::new(Compiler::new());
    let length = compiler.compile(base, tools, &mut table)?;
    table.truncate(length);
    Ok(table)
}

/// The first byte says what is changed; the rest up to a zero is how, and behind that the sentence.
pub fn run(data: &[u8]) {
    let Some((what, data)) = data.split_first() else { return };
    let zero = data.iter().position(|byte| *byte == 0);
    let (how, sentence) = zero.map_or((&[][..], data), |at| (&data[..at], &data[at + 1..]));
    let (bytes, table) = model();
    match what % 4 {
        0 => changed_table(bytes, &changes::changed(table, how), sentence),
        1 => changed_base(bytes, how, sentence),
        _ => made_tool(bytes, how, sentence),
    }
}

fn changed_table(bytes: &[u8], table: &[u8], sentence: &[u8]) {
    let base = Base::parse_trusted(bytes).expect("it was packed here");
    if let Ok(table) = Table::parse(table, &base, None) {
        ask(&base, &table, sentence, None);
    }
}

/// Changes bytes of five each: where, in three of them, and two in the place of what is there.
fn changed_base(bytes: &[u8], how: &[u8], sentence: &[u8]) {
    let mut bytes = bytes.to_vec();
    for [a, b, c, one, other] in how.as_chunks::<5>().0 {
        let at = u32::from_le_bytes([*a, *b, *c, 0]) as usize % bytes.len();
        bytes.iter_mut().skip(at).zip([one, other]).for_each(|(to, from)| *to = *from);
    }
    let Ok(base) = Base::parse_trusted(&bytes) else { return };
    let table = compiled(&base, &TOOLS[2..]).expect("these tools are short");
    let table = Table::parse(&table, &base, None).expect("it was compiled here");
    ask(&base, &table, sentence, Some(&TOOLS[2..]));
}

/// A tool of five bytes for each parameter, beside one that is always there.
fn made_tool(bytes: &[u8], how: &[u8], sentence: &[u8]) {
    let base = Base::parse_trusted(bytes).expect("it was packed here");
    let (params, rest) = how.as_chunks::<5>();
    let params: Vec<Field<'_>> =
        params.iter().take(PARAMS).flat_map(|param| field(*param)).flatten().collect();
    let at = |place: usize| word(rest.get(place).copied().unwrap_or_default());
    let one = Tool::new(ToolInfo::new(at(0), at(1)), &params, &[]);
    let tools = [one, TOOLS[0]];
    let table = compiled(&base, &tools).expect("these tools are short");
    let table = Table::parse(&table, &base, None).expect("it was compiled here");
    ask(&base, &table, sentence, Some(&tools));
}

fn word(byte: u8) -> &'static str {
    WORDS[usize::from(byte) % WORDS.len()]
}

/// A parameter, and what is in it.
fn field([kind, least, width, names, marks]: [u8; 5]) -> [Option<Field<'static>>; 2] {
    let (min, max) = match kind >> 4 {
        0 => (i64::MIN, i64::MAX - i64::from(width)),
        shift @ 1..8 => (i64::from(least) << shift, (i64::from(least) + i64::from(width)) << shift),
        _ => (i64::from(least) - 128, i64::from(least) - 128 + i64::from(width)),
    };
    let labels = LABELS[usize::from(least) % LABELS.len()];
    let kind = match kind % 8 {
        0 => Kind::Bool,
        1 | 2 => Kind::Int(IntRange { min, max }),
        3 => {
            let step = i64::from(width % 50);
            Kind::Decimal(DecimalRange { min, max, step, places: least % 12 })
        }
        4 => {
            let min = u16::from(least % 4);
            Kind::Text { min, max: min + u16::from(width) }
        }
        5 | 6 => Kind::Choice(labels),
        _ => Kind::Array { nodes: 1, min: width % 3, max: (width % 3).max(least) },
    };
    let mut field = Field::new(word(names), kind).describe(word(names >> 4));
    field.unit = UNITS[usize::from(marks >> 2 & 7)];
    let condition = Condition { node: u16::from(marks >> 5), label: u16::from(names % 3) };
    field = match marks % 4 {
        0 => field.optional(),
        1 if !kind.is_container() => field.required_when(condition),
        _ => field,
    };
    let item = match marks >> 5 {
        0 | 1 => Kind::Text { min: u16::from(least % 4), max: u16::from(width) },
        2 | 3 => Kind::Choice(labels),
        4 | 5 => Kind::Int(IntRange { min, max }),
        6 => Kind::Decimal(DecimalRange { min, max, step: 0, places: least % 12 }),
        _ => Kind::Bool,
    };
    [Some(field), kind.is_container().then(|| Field::new("item", item))]
}

/// Asks, and checks what comes out; `tools` are those that the table was made of.
fn ask(base: &Base<'_>, table: &Table<'_>, sentence: &[u8], tools: Option<&[Tool<'_>]>) {
    let mut asker = Box::new(Asker::new());
    asker.workspace().with_kernels(Kernels::best());
    let Ok(answer) = asker.ask(base, table, sentence) else { return };
    check(table.count(), &answer);
    for call in answer.calls.iter().flatten() {
        let mut memory = vec![0; 16_384];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        if let Some(tools) = tools {
            assert!(!out.overflowed());
            assert_eq!(validate(tools, call.tool, Side::Params, out.bytes()), Ok(()));
        }
    }
}

fn check(count: u16, answer: &Answer<'_>) {
    assert!((0.0..=1.0).contains(&answer.confidence), "{}", answer.confidence);
    for call in answer.calls.iter().flatten() {
        assert!(call.tool < count && call.arguments().count() <= PARAMS_MAX + ITEMS_MAX);
    }
    assert!(answer.between.into_iter().flatten().all(|tool| tool < count));
}
