//! Bases, tables and askers.

use std::sync::OnceLock;

use proptest::test_runner::Config;
use trine_descriptor::{Field, Kind, Side, Tool, ToolInfo, ValueWriter, validate};
use trine_ternary::{Kernels, Packing};
use trine_unseen::base::MATRIX_MAX;
use trine_unseen::table::{HEAD, TOOL_BYTES_MAX};
use trine_unseen::{Answer, Asker, Base, CompileError, Compiler, Table};

use crate::random_base;

/// The base model as it was made.
pub(crate) const MADE: &[u8] = include_bytes!("../../../../models/base.bin");

/// A base in another packing.
pub(crate) fn packed(base: &Base<'_>, packing: Packing) -> Vec<u8> {
    let mut memory = vec![0; MATRIX_MAX];
    let needed = base.repack(packing, &mut [], &mut memory).unwrap();
    let mut bytes = vec![0; needed];
    assert_eq!(base.repack(packing, &mut bytes, &mut memory), Ok(needed));
    bytes
}

/// The base model as hosts compute with it, and some of random weights, which do what a trained
/// one seldom does.
pub(crate) fn bases() -> &'static [Base<'static>] {
    static BASES: OnceLock<Vec<Base<'static>>> = OnceLock::new();
    BASES.get_or_init(|| {
        let made = Base::parse(MADE).unwrap();
        let random = (1..8).map(random_base::bytes);
        let all = std::iter::once(packed(&made, Packing::Panel2Bit)).chain(random);
        all.map(|bytes| Base::parse_trusted(bytes.leak()).unwrap()).collect()
    })
}

/// The base model as hosts compute with it.
pub(crate) fn base() -> &'static Base<'static> {
    &bases()[0]
}

/// The table of some tools.
pub(crate) fn try_compiled(base: &Base<'_>, tools: &[Tool<'_>]) -> Result<Vec<u8>, CompileError> {
    let mut table = vec![0; HEAD + tools.len() * TOOL_BYTES_MAX];
    let mut compiler = Box::new(Compiler::new());
    let length = compiler.compile(base, tools, &mut table)?;
    table.truncate(length);
    Ok(table)
}

/// The table of tools that one can be made of.
pub(crate) fn compiled(base: &Base<'_>, tools: &[Tool<'_>]) -> Vec<u8> {
    try_compiled(base, tools).unwrap()
}

/// The parameters that lie in no other: what an optional object needs, a call need not have.
fn outer<'p, 'a>(params: &'p [Field<'a>]) -> impl Iterator<Item = &'p Field<'a>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let param = params.get(at)?;
        at += 1 + param.kind.nodes();
        Some(param)
    })
}

/// As hosts ask.
pub(crate) fn asker<'s>() -> Box<Asker<'s>> {
    let mut asker = Box::new(Asker::new());
    asker.workspace().with_kernels(Kernels::best());
    asker
}

/// What must hold of each answer: what it says is within bounds, and each call is valid. Answers
/// how many calls there were.
pub(crate) fn check(tools: &[Tool<'_>], answer: &Answer<'_>, sentence: &[u8]) -> usize {
    check_sane(tools.len(), answer);
    for call in answer.calls.iter().flatten() {
        let mut memory = vec![0; 16_384];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        assert!(!out.overflowed());
        let judged = validate(tools, call.tool, Side::Params, out.bytes());
        let said = String::from_utf8_lossy(sentence);
        let arguments: Vec<_> = call.arguments().collect();
        let params = tools[usize::from(call.tool)].params;
        assert_eq!(judged, Ok(()), "{said:?} {arguments:?} {params:#?}");
        // What is missing has a name, where a call needs something.
        let is_of_missing = answer.reason.is_some_and(|reason| reason.name() == "missing");
        let needs_any = outer(params).any(|param| param.required);
        assert!(!is_of_missing || !needs_any || answer.fault.is_some(), "{said:?} {answer:?}");
    }
    answer.calls.iter().flatten().count()
}

/// What holds even where the table or the base is damaged.
pub(crate) fn check_sane(tools: usize, answer: &Answer<'_>) {
    assert!((0.0..=1.0).contains(&answer.confidence), "{}", answer.confidence);
    assert!(answer.calls[0].is_some() || answer.calls[1].is_none());
    let called = answer.calls.iter().flatten().map(|call| call.tool);
    let named = answer.fault.iter().map(|(tool, _)| *tool);
    let mut all = called.chain(named).chain(answer.between.into_iter().flatten());
    assert!(all.all(|tool| usize::from(tool) < tools));
    for call in answer.calls.iter().flatten() {
        let most = trine_unseen::tool::PARAMS_MAX + trine_unseen::items::ITEMS_MAX;
        assert!(call.arguments().take(100).count() <= most);
    }
}

/// Asks and checks.
pub(crate) fn ask(base: &Base<'_>, table: &[u8], tools: &[Tool<'_>], sentence: &[u8]) -> usize {
    let table = Table::parse(table, base, None).unwrap();
    assert_eq!(usize::from(table.count()), tools.len());
    let mut asker = asker();
    asker.ask(base, &table, sentence).map_or(0, |answer| check(tools, &answer, sentence))
}

/// What of the base's answer to a sentence is looked at; the answer is checked.
pub(crate) fn answered<T>(
    tools: &[Tool<'_>],
    sentence: &str,
    seen: impl FnOnce(&Answer<'_>) -> T,
) -> T {
    let table = compiled(base(), tools);
    let table = Table::parse(&table, base(), None).unwrap();
    let mut asker = asker();
    let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
    check(tools, &answer, sentence.as_bytes());
    seen(&answer)
}

/// The bits of an answer.
pub(crate) fn bits(answer: &Answer<'_>) -> String {
    let mut out = format!("{:08x} {:?}", answer.confidence.to_bits(), answer.between);
    for call in answer.calls.iter().flatten() {
        let arguments: Vec<_> = call.arguments().collect();
        out += &format!(" {} {arguments:?}", call.tool);
    }
    out + &format!(" {:?} {:?}", answer.reason, answer.fault)
}

/// A tool of leaked parts.
pub(crate) fn tool(name: &str, about: &str, params: Vec<Field<'static>>) -> Tool<'static> {
    let leak = |text: &str| -> &'static str { text.to_owned().leak() };
    Tool::new(ToolInfo::new(leak(name), leak(about)), params.leak(), &[])
}

/// A few plain tools.
pub(crate) fn plain() -> Vec<Tool<'static>> {
    let percent = Kind::Int(trine_descriptor::IntRange { min: 0, max: 100 });
    let celsius = trine_descriptor::DecimalRange { min: 50, max: 350, step: 5, places: 1 };
    vec![
        tool("fan_set", "Set the fan.", vec![Field::new("percent", percent).unit("%")]),
        tool("lamp", "Switch the lamp.", vec![Field::new("on", Kind::Bool)]),
        tool(
            "heat",
            "Heat the room.",
            vec![
                Field::new("mode", Kind::Choice("off|eco|auto")),
                Field::new("target", Kind::Decimal(celsius)).unit("degC").optional(),
            ],
        ),
        tool(
            "note",
            "Keep a note.",
            vec![Field::new("text", Kind::Text { min: 1, max: 40 }).describe("What it says.")],
        ),
        tool("status", "Read the status.", vec![]),
    ]
}

/// Sentences for them, and for none.
pub(crate) const SENTENCES: [&str; 10] = [
    "set the fan to 40 percent",
    "turn the lamp on and set the fan to half",
    "heat the room to 21.5 degrees, eco mode",
    "note that the milk is empty",
    "what is the status?",
    "lamp off then fan 20 % then heat auto",
    "stop",
    "do not switch the lamp off",
    "how are you",
    "\u{1f525} caf\u{e9} 7:30",
];

/// So many cases, or `PROPTEST_CASES` where that is less; what fails is shown, and not kept.
pub(crate) fn config(cases: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.map_or(cases, |asked: u32| cases.min(asked));
    Config { failure_persistence: None, ..Config::with_cases(cases) }
}
