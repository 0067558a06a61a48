//! Tables: what they are made of, what they refuse, and how large they are.

use proptest::prelude::*;
use trine_descriptor::{Field, Kind, Tool, record};
use trine_unseen::table::{HEAD, TOOL_BYTES_MAX};
use trine_unseen::tool::{Role, TOKENS_MAX};
use trine_unseen::{Base, CompileError, Compiler, Table, TableError};

use crate::common::{
    SENTENCES, ask, base, bases, compiled, config, packed, plain, tool, try_compiled,
};
use crate::lists;

/// The bytes of each tool.
fn parts(table: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut out) = (&table[HEAD..], Vec::new());
    while let Some(length) = rest.first_chunk() {
        let (part, after) = rest.split_at(u32::from_le_bytes(*length) as usize);
        out.push(part);
        rest = after;
    }
    out
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_tools_bytes_hang_on_itself_and_the_base_alone(
        (tools, mixed) in prop::collection::vec(lists::tool(), 1..6)
            .prop_flat_map(|tools| (Just(tools.clone()), Just(tools).prop_shuffle())),
        other in lists::tool(),
        which in 0..bases().len(),
    ) {
        let base = &bases()[which];
        let Ok(table) = try_compiled(base, &tools) else { return Ok(()) };
        let own = parts(&table);
        prop_assert_eq!(own.len(), tools.len());
        prop_assert!(own.iter().all(|part| part.len() <= TOOL_BYTES_MAX));
        let shuffled = compiled(base, &mixed);
        for (tool, part) in tools.iter().zip(&own) {
            let at = mixed.iter().position(|other| other == tool).unwrap();
            prop_assert_eq!(part, &parts(&shuffled)[at]);
        }
        let Ok(more) = try_compiled(base, &[&[other], &tools[..]].concat()) else { return Ok(()) };
        prop_assert_eq!(&parts(&more)[1..], &own[..]);
    }

    #[test]
    fn any_tools_make_a_table_that_reads_or_a_clear_error(tools in lists::tools()) {
        match try_compiled(base(), &tools) {
            Ok(table) => {
                let list = Some(record::table_hash(&tools[..]));
                let read = Table::parse(&table, base(), list);
                prop_assert_eq!(read.map(|table| table.count()), Ok(tools.len() as u16));
            }
            Err(CompileError::Labels { tool, needed }) => {
                prop_assert!(usize::from(tool) < tools.len() && needed > TOOL_BYTES_MAX);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn every_packing_compiles_the_same_bytes() {
    let (made, tools) = (Base::parse(crate::common::MADE).unwrap(), plain());
    let table = compiled(&made, &tools);
    for packing in trine_unseen::base::PACKINGS {
        let bytes = packed(&made, packing);
        let base = Base::parse_trusted(&bytes).unwrap();
        assert_eq!(compiled(&base, &tools), table, "{packing:?}");
    }
}

#[test]
fn a_table_of_another_base_or_list_is_refused() {
    let [base, other, ..] = bases() else { panic!("there are some") };
    let tools = plain();
    let (table, list) = (compiled(base, &tools), record::table_hash(&tools[..]));
    let of_other = TableError::Base { made: base.hash(), given: other.hash() };
    assert_eq!(Table::parse(&table, other, None).unwrap_err(), of_other);
    let of_list = TableError::List { made: list, given: list ^ 1 };
    assert_eq!(Table::parse(&table, base, Some(list ^ 1)).unwrap_err(), of_list);
    assert_eq!(Table::parse(&table[1..], base, None).unwrap_err(), TableError::Magic);
    assert_eq!(Table::parse(&table, base, Some(list)).unwrap().list(), list);
}

#[test]
fn five_hundred_tools_make_a_table_and_calls() {
    let words = ["fan", "lamp", "pump", "valve", "door", "oven", "gate", "horn"];
    let mut tools = Vec::new();
    for number in 0..500_usize {
        let name = format!("{}_{}_{number}", words[number % 8], words[number / 8 % 8]);
        // Twins, and tools of which nothing is said.
        let (name, about) = match number % 10 {
            0 => ("twin", "Switch the lamp."),
            1 => (&*name, ""),
            2 => ("", ""),
            _ => (&*name, "Set it to a value."),
        };
        tools.push(tool(name, about, plain()[number % 5].params.to_vec()));
    }
    let table = compiled(base(), &tools);
    assert_eq!(parts(&table).len(), 500);
    for sentence in &SENTENCES[..2] {
        ask(base(), &table, &tools, sentence.as_bytes());
    }
}

fn choice(labels: &[String]) -> Tool<'static> {
    let field = Field::new("which", Kind::Choice(labels.join("|").leak()));
    tool("choose", "Choose one.", vec![field])
}

#[test]
fn labels_that_take_too_much_are_an_error_with_a_number() {
    let of = |count: usize, length: usize| {
        let labels: Vec<String> =
            (0..count).map(|at| format!("{at}{}", "x".repeat(length))).collect();
        try_compiled(base(), &[plain().remove(0), choice(&labels)]).map(|table| {
            let parts = parts(&table);
            assert!(parts[1].len() <= TOOL_BYTES_MAX, "{}", parts[1].len());
            Table::parse(&table, base(), None).unwrap().count()
        })
    };
    assert_eq!((of(20, 9), of(200, 9), of(12, 1000)), (Ok(2), Ok(2), Ok(2)));
    // Further labels than are chosen from take no room.
    assert_eq!((of(5000, 9), of(12, 9)), (Ok(2), Ok(2)));
    for (count, length) in [(12, 1400), (1, 100_000)] {
        let error = of(count, length).unwrap_err();
        let CompileError::Labels { tool: 1, needed } = error else { panic!("{error:?}") };
        assert!(needed > TOOL_BYTES_MAX && error.to_string().contains("shorten its labels"));
    }
    // Eight parameters of twelve labels each, or three of 32.
    let many = |labels: usize, params: usize| {
        let params = vec![choice(&vec!["a".repeat(40); labels]).params[0]; params];
        try_compiled(base(), &[tool("many", "", params)])
    };
    for (labels, params) in [(12, 8), (32, 3), (32, 1)] {
        assert!(Table::parse(&many(labels, params).unwrap(), base(), None).is_ok());
    }
    assert!(matches!(many(12, 12), Err(CompileError::Labels { tool: 0, .. })));
}

#[test]
fn memory_that_is_too_small_says_how_much_is_needed() {
    let (tools, mut compiler) = (plain(), Box::new(Compiler::new()));
    let table = compiled(base(), &tools);
    let needed = CompileError::Memory { needed: table.len() };
    for room in [0, 1, HEAD, HEAD + 1, table.len() / 2, table.len() - 1] {
        let done = compiler.compile(base(), &tools[..], &mut vec![0; room]);
        assert_eq!(done, Err(needed));
    }
    let none: [Tool<'_>; 0] = [];
    assert_eq!(compiler.compile(base(), &none[..], &mut []), Err(CompileError::Empty));
}

#[test]
fn long_descriptions_leave_room_for_those_of_parameters() {
    let about = "word ".repeat(60);
    let field = |name: &'static str| Field::new(name, Kind::Bool).describe("one two three four");
    let names = ["a1", "b1", "c1", "d1", "e1"];
    let kept = |params: usize, role: Role| {
        let params = names.iter().take(params).map(|name| field(name)).collect();
        let tools = [tool("name", &about, params)];
        let tool = trine_unseen::tool::Tool::new(&tools[..], 0).unwrap();
        assert!(tool.tokens().len() <= TOKENS_MAX);
        tool.tokens().iter().filter(|token| token.role == role as u8).count()
    };
    // The names of five parameters are ten words, that of the tool is one.
    assert_eq!([kept(5, Role::About), kept(5, Role::ParamAbout)], [17, 20]);
    assert_eq!([kept(1, Role::About), kept(1, Role::ParamAbout)], [40, 4]);
    // What there is room for stays whole.
    assert_eq!(kept(0, Role::About), 40);
}
