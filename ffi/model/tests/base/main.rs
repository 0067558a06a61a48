//! Sentences to calls of any tools in C: the answers are those of the Rust interface, and what is
//! no base model, no table or no memory is answered with a status.
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod steps;

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use trine_c_api::{
    TRINE_KIND_BOOL, TRINE_KIND_CHOICE, TRINE_KIND_INT, TRINE_KIND_STRING, TRINE_NODE_REQUIRED,
    TRINE_READ_ONLY, trine_node, trine_tool,
};
use trine_c_model::*;
use trine_descriptor::{Annotations, Field, IntRange, Kind, Tool, ToolInfo, ValueWriter, record};
use trine_unseen::hear::REASON_NAMES;
use trine_unseen::{Answer, ArgumentFault, Asker, Base, CompileError, Compiler, Table};

const E_NULL: i32 = -1;
const E_ARGUMENT: i32 = -2;
const E_STATE: i32 = -8;
const E_NO_SPACE: i32 = -4;
const E_ALIGNMENT: i32 = -5;
const E_VERSION: i32 = -6;
const E_UNSUPPORTED: i32 = -7;
const E_FULL: i32 = -13;
const E_UTF8: i32 = -15;
const E_MODEL: i32 = -16;

static BASE: &[u8] = include_bytes!("../../../../models/base.bin");

/// Sentences that have calls, two calls, none, and parts of one.
const SENTENCES: [&str; 14] = [
    "set the light to 40 percent",
    "switch the light on",
    "don't switch the light on",
    "light to 900 percent",
    "light to 40 degrees",
    "put the heating to cool",
    "mode heat and light to 20 percent",
    "turn the light off then set the mode to cool",
    "what is the temperature",
    "write the note buy milk",
    "set the light",
    "hello there",
    "book a flight to Rome",
    "xqz",
];

const fn node(texts: &'static str, sizes: (usize, usize), of: (u8, u16), most: i32) -> trine_node {
    trine_node {
        texts: texts.as_ptr().cast(),
        name_size: sizes.0 as u8,
        unit_size: sizes.1 as u8,
        extent: of.1,
        kind: of.0,
        flags: TRINE_NODE_REQUIRED,
        when_node: 0,
        when_label: 0,
        preset: 0,
        min: 0,
        max: most,
    }
}

const fn tool(
    texts: &'static str,
    name: usize,
    hints: u8,
    params: &'static [trine_node],
) -> trine_tool {
    trine_tool {
        texts: texts.as_ptr().cast(),
        params: params.as_ptr(),
        results: null(),
        call: None,
        user_data: null_mut(),
        more: null(),
        name_size: name as u8,
        title_size: 0,
        version_size: 0,
        hints,
        consent: 0,
        flags: 0,
        params_count: params.len() as u8,
        results_count: 0,
        form: null(),
    }
}

/// As the macros of `trine.h` make them.
static C_TOOLS: [trine_tool; 4] = [
    tool(
        "light_set\0\0\0Sets the light of the room.\0",
        9,
        0,
        &[node("level\0percent\0\0How bright.\0", (5, 7), (TRINE_KIND_INT, 0), 100)],
    ),
    tool(
        "mode_set\0\0\0Sets what the heating does.\0",
        8,
        0,
        &[
            node("mode\0\0heat|cool\0What it does.\0", (4, 0), (TRINE_KIND_CHOICE, 9), 0),
            node("on\0\0\0\0", (2, 0), (TRINE_KIND_BOOL, 0), 0),
        ],
    ),
    tool(
        "note_write\0\0\0Writes a note.\0",
        10,
        0,
        &[node("text\0\0\0The note.\0", (4, 0), (TRINE_KIND_STRING, 0), 60)],
    ),
    tool("temperature_read\0\0\0Reads the temperature.\0", 16, TRINE_READ_ONLY, &[]),
];

const fn field<'a>(
    name: &'a str,
    description: &'a str,
    unit: &'a str,
    kind: Kind<'a>,
) -> Field<'a> {
    Field { name, description, unit, kind, required: true, required_if: None, default: None }
}

/// The same in Rust.
static TOOLS: [Tool<'static>; 4] = [
    Tool::new(
        ToolInfo::new("light_set", "Sets the light of the room."),
        &[field("level", "How bright.", "percent", Kind::Int(IntRange { min: 0, max: 100 }))],
        &[],
    ),
    Tool::new(
        ToolInfo::new("mode_set", "Sets what the heating does."),
        &[
            field("mode", "What it does.", "", Kind::Choice("heat|cool")),
            field("on", "", "", Kind::Bool),
        ],
        &[],
    ),
    Tool::new(
        ToolInfo::new("note_write", "Writes a note."),
        &[field("text", "The note.", "", Kind::Text { min: 0, max: 60 })],
        &[],
    ),
    Tool::new(
        ToolInfo {
            annotations: Annotations(Annotations::READ_ONLY),
            ..ToolInfo::new("temperature_read", "Reads the temperature.")
        },
        &[],
        &[],
    ),
];

fn config(base: &'static [u8], tools: &'static [trine_tool]) -> trine_base_config {
    trine_base_config {
        struct_size: size_of::<trine_base_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        data: base.as_ptr().cast(),
        size: base.len(),
        // It is the same structure of the other library.
        tools: tools.as_ptr().cast(),
        tools_count: tools.len(),
        table: null(),
        table_size: 0,
        flags: TRINE_MODEL_CHECK,
        reserved: 0,
    }
}

fn with_table(config: trine_base_config, table: &'static [u8]) -> trine_base_config {
    trine_base_config { table: table.as_ptr(), table_size: table.len(), ..config }
}

/// Aligned memory, for as long as the program runs.
fn memory(bytes: usize) -> *mut c_void {
    vec![u64::MAX; bytes.div_ceil(8)].leak().as_mut_ptr().cast()
}

fn text(status: i32, problem: &trine_model_problem) -> String {
    let mut text = [0_u8; 200];
    // SAFETY: room for so many bytes.
    let len =
        unsafe { trine_model_error_text(status, problem, text.as_mut_ptr().cast(), text.len()) };
    String::from_utf8_lossy(&text[..len as usize]).into_owned()
}

const NO_PROBLEM: trine_model_problem =
    trine_model_problem { bytes_needed: 1, alignment_needed: 1, details: [7; 26] };

/// Compiles in as much memory as it takes.
fn compiled(config: &trine_base_config) -> Result<&'static [u8], (i32, String)> {
    let (size, mut problem) = (trine_tools_sizeof(), NO_PROBLEM);
    let working = memory(size);
    // SAFETY: sound structures.
    let needed = unsafe { trine_tools_compile_size(config, &raw mut problem) };
    let (mut table, mut written) = (vec![0_u8; needed], 0);
    // SAFETY: as above, and room for the table.
    let status = unsafe {
        let (out, written) = (table.as_mut_ptr(), &raw mut written);
        trine_tools_compile(working, size, config, out, needed, written, &raw mut problem)
    };
    if status != 0 {
        assert_eq!(needed, 0, "what has no size is not compiled");
        return Err((status, text(status, &problem)));
    }
    assert_eq!((written, problem.bytes_needed), (needed, needed));
    Ok(table.leak())
}

fn opened(config: &trine_base_config) -> Result<*mut trine_base, (i32, String)> {
    let (size, mut problem, mut base) = (trine_base_sizeof(), NO_PROBLEM, null_mut());
    // SAFETY: as much memory as it takes.
    let status =
        unsafe { trine_base_open(memory(size), size, config, &raw mut base, &raw mut problem) };
    if status == 0 { Ok(base) } else { Err((status, text(status, &problem))) }
}

fn ask(base: *mut trine_base, sentence: &[u8]) -> Result<trine_base_answer, i32> {
    let none = trine_base_call { args: null(), args_size: 0, tool: 0, reserved: 0 };
    let mut answer = trine_base_answer {
        struct_size: size_of::<trine_base_answer>() as u32,
        why: 77,
        calls_count: 77,
        is_sure: 77,
        confidence: 77.0,
        tool: 77,
        node: 77,
        between: [77; 2],
        reserved: 77,
        calls: [none; 2],
    };
    let start: *const c_char = sentence.as_ptr().cast();
    // SAFETY: a handle, or what is answered; a sentence and a place for an answer.
    let status = unsafe { trine_base_ask(base, start, sentence.len(), &raw mut answer) };
    if status == 0 { Ok(answer) } else { Err(status) }
}

fn closed(base: *mut trine_base) -> i32 {
    // SAFETY: a handle, or what is answered.
    unsafe { trine_base_close(base) }
}

/// A table that the Rust interface makes.
fn compiled_in_rust(base: &Base<'_>) -> Vec<u8> {
    let mut compiler = Box::new(Compiler::new());
    let mut table = Vec::new();
    if let Err(CompileError::Memory { needed }) = compiler.compile(base, &TOOLS, &mut table) {
        table.resize(needed, 0);
    }
    compiler.compile(base, &TOOLS, &mut table).unwrap();
    table
}

/// What C says of an answer of the Rust interface.
fn is_same(c: &trine_base_answer, rust: &Answer<'_>, base: &Base<'_>, table: &Table<'_>) {
    assert_eq!(c.confidence.to_bits(), rust.confidence.to_bits());
    let between = rust.between.map_or([TRINE_MODEL_NONE; 2], |both| both.map(u32::from));
    assert_eq!(c.between, between);
    let calls: Vec<_> = rust.calls.iter().flatten().filter(|_| rust.reason.is_none()).collect();
    let why = match (rust.reason, calls.len(), rust.fault) {
        (Some(reason), ..) => {
            REASON_NAMES.iter().position(|name| *name == reason.name()).unwrap() as u32
        }
        (None, 2, _) => TRINE_WHY_TWO,
        (None, 1, _) => TRINE_WHY_NONE,
        (None, _, Some((_, ArgumentFault::Missing(_)))) => TRINE_WHY_MISSING,
        (None, _, Some((_, ArgumentFault::Range(_)))) => TRINE_WHY_RANGE,
        (None, _, Some((_, ArgumentFault::Unit(_)))) => TRINE_WHY_UNIT,
        (None, ..) => TRINE_WHY_CANNOT,
    };
    assert_eq!((c.why, c.calls_count), (why, calls.len() as u32));
    let reads = calls.iter().all(|call| table.tool(call.tool).unwrap().is_read_only());
    let least = base.thresholds();
    let least = if reads { least.reading } else { least.acting };
    assert_eq!(c.is_sure, u32::from(calls.is_empty() || rust.confidence >= least));
    for (c, call) in c.calls.iter().zip(&calls) {
        let mut room = vec![0; 1280];
        let mut args = ValueWriter::new(&mut room);
        call.encode(&mut args);
        // SAFETY: the arguments of the answer, which live until the next sentence.
        let bytes = unsafe { core::slice::from_raw_parts(c.args, c.args_size) };
        assert_eq!((c.tool, bytes), (call.tool.into(), args.bytes()));
    }
    let place = match rust.fault {
        Some((
            tool,
            ArgumentFault::Missing(node) | ArgumentFault::Range(node) | ArgumentFault::Unit(node),
        )) if (TRINE_WHY_MISSING..=TRINE_WHY_UNIT).contains(&why) => (tool.into(), node.into()),
        _ => (TRINE_MODEL_NONE, TRINE_MODEL_NONE),
    };
    assert_eq!((c.tool, c.node), place);
}

#[test]
fn memory_is_what_the_page_says() {
    assert!(trine_tools_sizeof() <= 48 << 10, "{}", trine_tools_sizeof());
    // Built for a host, sentences may be longer.
    let most = (72 << 10) * trine_unseen::said::WORDS_MAX / 32;
    assert!(trine_base_sizeof() <= most, "{}", trine_base_sizeof());
    let header = include_str!("../../macros.h");
    assert!(header.contains("TRINE_BASE_BYTES ((sizeof(void *) > 4u) ? 73728u : 70400u)"));
}

#[test]
fn tables_and_answers_are_those_of_the_rust_interface() {
    let mut config = config(BASE, &C_TOOLS);
    let table = compiled(&config).unwrap();
    let base = Base::parse(BASE).unwrap();
    assert!(table == compiled_in_rust(&base), "the tables are the same to the byte");
    config = with_table(config, table);
    let handle = opened(&config).unwrap();
    let table = Table::parse(table, &base, Some(record::table_hash(&TOOLS))).unwrap();
    let mut asker = Box::new(Asker::new());
    // The text is given away before the answer is looked at, and more than one follows the other.
    for sentence in SENTENCES.iter().chain(&SENTENCES) {
        let answer = ask(handle, sentence.to_owned().as_bytes()).unwrap();
        let wanted = asker.ask(&base, &table, sentence.as_bytes()).unwrap();
        is_same(&answer, &wanted, &base, &table);
    }
    assert_eq!(closed(handle), 0);
}

#[test]
fn the_reasons_have_their_numbers_in_the_order_of_their_names() {
    let numbers = [
        TRINE_WHY_NONE,
        TRINE_WHY_NEGATED,
        TRINE_WHY_PAST,
        TRINE_WHY_CONDITIONAL,
        TRINE_WHY_LATER,
        TRINE_WHY_QUOTED,
        TRINE_WHY_MISSING,
        TRINE_WHY_RANGE,
        TRINE_WHY_UNIT,
        TRINE_WHY_CANNOT,
        TRINE_WHY_OTHER,
        TRINE_WHY_AMBIGUOUS,
        TRINE_WHY_CHAT,
        TRINE_WHY_ABOUT,
        TRINE_WHY_ATTACK,
        TRINE_WHY_NOISE,
    ];
    assert!(numbers.iter().copied().eq(0..REASON_NAMES.len() as u32));
    assert_eq!(REASON_NAMES[TRINE_WHY_RANGE as usize], "range");
    assert_eq!(REASON_NAMES[TRINE_WHY_ATTACK as usize], "attack");
    assert_eq!(TRINE_WHY_TWO as usize, REASON_NAMES.len());
}

#[test]
fn a_damaged_base_is_refused_in_words() {
    let leak = |bytes: Vec<u8>| -> &'static [u8] { bytes.leak() };
    let mut changed = BASE.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    let cut = BASE[..BASE.len() - 4].to_vec();
    let cases: [(Vec<u8>, &str); 4] = [
        (changed.clone(), "the base model has changed since it was made"),
        (cut, "bytes of"),
        (vec![7; 200], "not a base model"),
        (vec![7; 0], "not a base model"),
    ];
    for (bytes, words) in cases {
        let config = config(leak(bytes), &C_TOOLS);
        let (status, text) = compiled(&config).unwrap_err();
        assert!(status == E_MODEL && text.contains(words), "{status} {text}");
        let (status, text) = opened(&config).unwrap_err();
        assert!(status == E_MODEL && text.contains(words), "{status} {text}");
    }
    let unchecked = trine_base_config { flags: 0, ..config(leak(changed), &C_TOOLS) };
    assert!(compiled(&unchecked).is_ok(), "each byte is looked at where that is asked for");
}

#[test]
fn a_table_that_is_damaged_or_of_another_base_or_list_is_refused_in_words() {
    let config = config(BASE, &C_TOOLS);
    let table = compiled(&config).unwrap();
    let changed = |at: usize| -> &'static [u8] {
        let mut bytes = table.to_vec();
        bytes[at] ^= 1;
        bytes.leak()
    };
    let cases = [
        (&table[..table.len() - 1], "the table is damaged at tool 3"),
        (&table[..20], "the table is damaged at tool 0"),
        (&[], "not a table of tools"),
        (changed(0), "not a table of tools"),
        (changed(8), "the table was made with base"),
        (changed(16), "the table was made from the tools"),
        (changed(28), "the table is damaged at tool 0"),
    ];
    for (table, words) in cases {
        let (status, text) = opened(&with_table(config, table)).unwrap_err();
        assert!(status == E_MODEL && text.contains(words), "{status} {text}");
    }
    let fewer = with_table(trine_base_config { tools_count: 3, ..config }, table);
    let (status, text) = opened(&fewer).unwrap_err();
    assert!(status == E_MODEL && text.contains("compile the tools again"), "{text}");
    let any = with_table(trine_base_config { tools: null(), tools_count: 0, ..config }, table);
    assert_eq!(closed(opened(&any).unwrap()), 0, "what names no tools takes any table");
}

#[test]
fn memory_that_is_missing_too_small_or_not_aligned_is_refused() {
    let (size, config) = (trine_tools_sizeof(), config(BASE, &C_TOOLS));
    let table = compiled(&config).unwrap();
    let (mut out, mut written) = (vec![0_u8; table.len()], 7);
    let mut compile = |memory: *mut c_void, size: usize, room: usize| {
        let mut problem = NO_PROBLEM;
        let (out, written) = (out.as_mut_ptr(), &raw mut written);
        // SAFETY: memory that is what it is said to be, or NULL.
        let status = unsafe {
            trine_tools_compile(
                memory,
                size,
                &raw const config,
                out,
                room,
                written,
                &raw mut problem,
            )
        };
        (status, problem.bytes_needed)
    };
    let place = memory(size + 8);
    let odd = place.wrapping_byte_add(4);
    assert_eq!(compile(null_mut(), size, table.len()), (E_NULL, size));
    assert_eq!(compile(odd, size, table.len()), (E_ALIGNMENT, size));
    assert_eq!(compile(place, size - 1, table.len()), (E_NO_SPACE, size));
    assert_eq!(compile(place, size, table.len() - 1), (E_NO_SPACE, table.len()));
    assert_eq!(compile(place, size, 0), (E_NO_SPACE, table.len()));
    assert_eq!(compile(place, size, table.len()), (0, table.len()));
    assert!(written == table.len() && out == table);
    let (size, config) = (trine_base_sizeof(), with_table(config, table));
    let open = |memory: *mut c_void, size: usize| {
        let (mut problem, mut base) = (NO_PROBLEM, null_mut());
        // SAFETY: as above.
        let status = unsafe {
            trine_base_open(memory, size, &raw const config, &raw mut base, &raw mut problem)
        };
        assert_eq!(base.is_null(), status != 0);
        (status, problem.bytes_needed)
    };
    let place = memory(size + 8);
    assert_eq!(open(null_mut(), size), (E_NULL, size));
    assert_eq!(open(place.wrapping_byte_add(4), size), (E_ALIGNMENT, size));
    assert_eq!(open(place, size - 1), (E_NO_SPACE, size));
    assert_eq!(open(place, size), (0, size));
}

#[test]
fn configurations_that_are_none_are_refused() {
    let good = config(BASE, &C_TOOLS);
    let cases = vec![
        (trine_base_config { struct_size: 8, ..good }, E_VERSION),
        (trine_base_config { abi_version: 9, ..good }, E_VERSION),
        (trine_base_config { flags: 8, ..good }, E_UNSUPPORTED),
        (trine_base_config { reserved: 1, ..good }, E_UNSUPPORTED),
        (trine_base_config { data: null(), ..good }, E_NULL),
        (trine_base_config { tools: null(), ..good }, E_NULL),
        (trine_base_config { tools: good.tools.wrapping_byte_add(1), ..good }, E_ALIGNMENT),
        (trine_base_config { tools_count: 70_000, ..good }, E_ARGUMENT),
        (trine_base_config { table_size: 1, ..good }, E_NULL),
    ];
    for (config, wanted) in cases {
        assert_eq!(compiled(&config).unwrap_err().0, wanted);
        assert_eq!(opened(&config).unwrap_err().0, wanted);
    }
    let none = trine_base_config { tools_count: 0, ..good };
    assert_eq!(compiled(&none).unwrap_err(), (E_ARGUMENT, "there are no tools".into()));
}

#[test]
fn null_is_answered_everywhere() {
    let (size, config) = (trine_tools_sizeof(), config(BASE, &C_TOOLS));
    let (place, table) = (memory(size.max(trine_base_sizeof())), compiled(&config).unwrap());
    let (mut written, mut base) = (7, null_mut());
    let mut out = vec![0; table.len()];
    let (out, room, no) = (out.as_mut_ptr(), out.len(), null_mut());
    // SAFETY: NULL is allowed for each pointer; the others are sound.
    let compile = |config, out, written| unsafe {
        trine_tools_compile(place, size, config, out, room, written, no)
    };
    assert_eq!(compile(null(), out, &raw mut written), E_NULL);
    assert_eq!(compile(&raw const config, null_mut(), &raw mut written), E_NULL);
    assert_eq!(compile(&raw const config, out, null_mut()), E_NULL);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_tools_compile_size(null(), no) }, 0);
    let (config, size) = (with_table(config, table), trine_base_sizeof());
    // SAFETY: as above.
    assert_eq!(unsafe { trine_base_open(place, size, null(), &raw mut base, no) }, E_NULL);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_base_open(place, size, &raw const config, null_mut(), no) }, E_NULL);
    assert!(base.is_null() && written == 7);
    let base = opened(&config).unwrap();
    assert_eq!(ask(null_mut(), b"light").unwrap_err(), E_NULL);
    assert_eq!(closed(null_mut()), E_NULL);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_base_ask(base, c"light".as_ptr(), 5, null_mut()) }, E_NULL);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_base_ask(base, null(), 5, null_mut()) }, E_NULL);
    assert!(ask(base, b"light").is_ok(), "it goes on");
}

#[test]
fn what_is_closed_or_was_never_open_is_invalid() {
    let config = config(BASE, &C_TOOLS);
    let base = opened(&with_table(config, compiled(&config).unwrap())).unwrap();
    let odd = base.wrapping_byte_add(1);
    assert_eq!((ask(odd, b"light").unwrap_err(), closed(odd)), (E_ALIGNMENT, E_ALIGNMENT));
    assert_eq!(closed(base), 0);
    let never: *mut trine_base = memory(trine_base_sizeof()).cast();
    for base in [base, never] {
        assert_eq!(ask(base, b"light").unwrap_err(), E_STATE);
        assert_eq!(closed(base), E_STATE);
    }
}

#[test]
fn sentences_that_are_none_are_refused_and_the_next_is_answered() {
    let config = config(BASE, &C_TOOLS);
    let base = opened(&with_table(config, compiled(&config).unwrap())).unwrap();
    let long = vec![b'a'; TRINE_ASK_SENTENCE_MAX + 1];
    let many = "light ".repeat(trine_unseen::said::WORDS_MAX + 1);
    let cases: [(&[u8], i32); 5] = [
        (b"", E_ARGUMENT),
        (b"  ", E_ARGUMENT),
        (b"light \xff", E_UTF8),
        (&long, E_FULL),
        (many.as_bytes(), E_FULL),
    ];
    for (sentence, wanted) in cases {
        assert_eq!(ask(base, sentence).unwrap_err(), wanted);
        assert!(ask(base, b"switch the light on").is_ok());
    }
    assert_eq!(closed(base), 0);
}
