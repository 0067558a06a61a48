//! The greenhouse's tools as C descriptors are the same tools as its Rust ones.

extern crate std;

use std::format;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::string::String;

use trine_bits::Random;
use trine_board::TOOLS;
use trine_descriptor::schema::{self, JsonSink};
use trine_descriptor::{
    Integer, Rules, Side, TextSink, Tool, ToolTable, ValueWriter, record, validate,
};
use trine_mcp::Nodes as _;

use crate::descriptor::{trine_table, trine_tool};
use crate::source::Source;
use crate::table::{CRules, Table};

struct Json(String);

impl TextSink for Json {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

impl JsonSink for Json {
    fn string(&mut self, text: &str) {
        self.0.push_str(&format!("{text:?}"));
    }
}

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&done.stderr));
}

/// Functions whose presence a descriptor tells of; nobody calls them here.
const PRESENT: &str = "void valve_link_lost(void *board) { (void)board; }\n\
                       void valve_make_safe(void *board) { (void)board; }\n";

/// C descriptors, compiled for this computer. The other functions that they name are left out: an
/// address of nothing is enough here.
fn compiled(name: &str, source: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let c = root.join("firmware-example/c");
    let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (object, library) = (folder.join("descriptors.o"), folder.join("descriptors.so"));
    let include = |folder: &Path| format!("-I{}", folder.display());
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-fPIC", "-c", "-o"]).arg(&object).arg(include(&root.join("include")));
    cc.arg(include(&c.join("src"))).arg(include(&c.join("board")));
    run(cc.arg(c.join(source)));
    run(Command::new("objcopy").arg("--weaken").arg(&object));
    let present = folder.join("present.c");
    std::fs::write(&present, PRESENT).unwrap();
    let mut cc = Command::new("cc");
    run(cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&object).arg(&present));
    library
}

/// Runs `test` with the table of the C descriptors.
fn with_c_tools(name: &str, test: impl FnOnce(Table<'_>)) {
    let path = compiled(name, "src/descriptors.c");
    // SAFETY: the library has constants and no code that runs when it is loaded.
    let library = unsafe { libloading::Library::new(&path) }.unwrap();
    // SAFETY: the symbol is an array of as many tools as the board has.
    let tools = unsafe { library.get::<*const trine_tool>(b"board_tools\0") }.unwrap();
    // SAFETY: its address, which holds while the library is loaded: until the end of this function.
    let first = unsafe { tools.try_as_raw_ptr() }.unwrap().cast::<trine_tool>();
    // SAFETY: as above.
    let tools = unsafe { core::slice::from_raw_parts(first, TOOLS.len()) };
    // SAFETY: the macros of the header made them.
    test(unsafe { Table::new(tools) });
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

fn tools() -> &'static [Tool<'static>] {
    &TOOLS
}

#[test]
fn the_c_tools_are_the_rust_tools_in_every_byte_and_hash() {
    with_c_tools("bytes", |table| {
        assert_eq!(table.count(), tools().count());
        let mut integers = 0;
        for tool in 0..table.count() {
            let name = tools().info(tool).unwrap().name;
            assert_eq!(table.info(tool), tools().info(tool), "{name}");
            for side in [Side::Params, Side::Output] {
                assert_eq!(table.node_count(tool, side), tools().node_count(tool, side), "{name}");
                for node in 0..table.node_count(tool, side) {
                    let place = format!("{name} {side:?} {node}");
                    assert_eq!(
                        table.node(tool, side, node),
                        tools().node(tool, side, node),
                        "{place}"
                    );
                    let one = table.tool(tool).unwrap();
                    // SAFETY: the tools of this file.
                    let one = unsafe { crate::registry::Tool::of(one) };
                    integers += usize::from(quick_agrees(one, (side, node), &place));
                }
                let [mut c, mut rust] = [Json(String::new()), Json(String::new())];
                schema::write(&table, tool, side, &mut c);
                schema::write(tools(), tool, side, &mut rust);
                assert_eq!(c.0, rust.0, "{name}");
            }
            assert_eq!(table.hash(tool), tools().hash(tool), "{name}");
            assert_eq!(record::hash(&table, tool), tools().hash(tool), "{name}");
        }
        assert!(integers > 5 || !QUICK, "{integers}");
        assert_eq!(record::table_hash(&table), record::table_hash(tools()));
        let list = |table: &dyn Rules, at: usize| {
            let mut bytes = std::vec![0; 16_384];
            let len = table.page(at, &mut bytes);
            bytes.truncate(len.saturating_sub(at));
            bytes
        };
        let whole = list(&TOOLS, 0);
        let rules = CRules::new(table, &[]);
        for at in (0..whole.len()).step_by(97) {
            assert_eq!(list(&table, at), whole[at..]);
            assert_eq!(list(&rules, at), whole[at..]);
        }
        assert_eq!(rules.list_hash(), record::table_hash(tools()));
    });
}

#[test]
fn c_descriptors_judge_by_their_short_way_as_by_the_long_one() {
    with_c_tools("rules", |table| {
        let rules = CRules::new(table, &[]);
        let mut random = Random::new(1);
        let mut next = move || (random.bits() >> 40) as usize;
        let (mut accepted, mut at_once) = (0, 0);
        for _ in 0..200_000 {
            let mut bytes = [0; 96];
            let mut out = ValueWriter::new(&mut bytes);
            let mut node = 0;
            for _ in 0..next() % 5 {
                match next() % 6 {
                    0 => out.bool(node, next() % 2 == 0),
                    1 | 2 => out.int(node, next() as i64 % 130 - 10),
                    3 => out.decimal(node, next() as i64 % 400),
                    4 => out.text(node, "a greenhouse of some kind for tests"),
                    _ => out.label(node, next() as u16 % 6),
                }
                node += u16::from(next() % 8 > 0);
            }
            let tool = next() as u16 % table.count();
            let side = if next() % 2 == 0 { Side::Params } else { Side::Output };
            let long = validate(&table, tool, side, out.bytes());
            assert_eq!(rules.judge(tool, side, out.bytes()), long, "{tool} {side:?}");
            accepted += usize::from(long.is_ok());
            if accepts_at_once(&rules, (tool, side), out.bytes()) {
                assert_eq!(long, Ok(()), "{tool} {side:?}");
                at_once += 1;
            }
        }
        assert!(accepted > 2_000, "{accepted}");
        assert!(at_once > 500 || !QUICK, "{at_once} at once");
        for tool in 0..table.count() {
            assert_eq!(rules.head(tool), (&table as &dyn Rules).head(tool));
            assert_eq!(rules.check(tool), tools().hash(tool) as u32);
            for node in 0..table.node_count(tool, Side::Params) {
                assert_eq!(rules.absent(tool, node), tools().absent(tool, node));
                assert_eq!((&table as &dyn Rules).absent(tool, node), tools().absent(tool, node));
            }
        }
    });
}

/// Whether there is a quick way.
const QUICK: bool = cfg!(all(target_pointer_width = "64", not(trine_small)));

/// Whether a node is an integer that the quick way knows, and then as the other way does.
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
fn quick_agrees(tool: &crate::registry::Tool, (side, node): (Side, u16), place: &str) -> bool {
    let nodes = crate::quick::Nodes::new(tool, side);
    let Some(found) = nodes.integer(node) else { return false };
    let whole = nodes.field(node).unwrap().integer().unwrap();
    assert_eq!(Integer { range: whole.range, ..found }, whole, "{place}");
    let within = whole.range.min..=whole.range.max;
    assert!(within.contains(&found.range.min), "{place}");
    assert!(within.contains(&found.range.max), "{place}");
    true
}

#[cfg(all(target_pointer_width = "64", not(trine_small)))]
fn accepts_at_once(
    rules: &crate::table::CRules<'_>,
    (tool, side): (u16, Side),
    bytes: &[u8],
) -> bool {
    rules.accepts(tool, side, bytes)
}

#[cfg(not(all(target_pointer_width = "64", not(trine_small))))]
fn accepts_at_once(_: &crate::table::CRules<'_>, _: (u16, Side), _: &[u8]) -> bool {
    false
}

#[cfg(not(all(target_pointer_width = "64", not(trine_small))))]
fn quick_agrees(_: &crate::registry::Tool, _: (Side, u16), _: &str) -> bool {
    false
}

#[test]
fn the_packed_table_in_c_is_the_first_ten_rust_tools() {
    let path = compiled("packed", "src/table.c");
    // SAFETY: the library has constants and no code that runs when it is loaded.
    let library = unsafe { libloading::Library::new(&path) }.unwrap();
    // SAFETY: the symbol is the board's table.
    let table = unsafe { library.get::<*const trine_table>(b"board_table\0") }.unwrap();
    // SAFETY: its address, which holds while the library is loaded: until the end of this function.
    let first = unsafe { table.try_as_raw_ptr() }.unwrap().cast::<trine_table>();
    // SAFETY: as above.
    let table: &trine_table = unsafe { &*first };
    let rust = &tools()[..10];
    assert_eq!((table.tools(), table.list_hash()), (rust.tools(), rust.list_hash()));
    let list = |page: &dyn Fn(&mut [u8]) -> usize| {
        let mut bytes = std::vec![0; 16_384];
        let len = page(&mut bytes);
        bytes.truncate(len);
        bytes
    };
    assert_eq!(list(&|out| table.page(0, out)), list(&|out| rust.page(0, out)));
    let mut verdicts = [0, 0];
    for tool in 0..rust.tools() {
        assert_eq!(
            (Rules::check(table, tool), table.head(tool)),
            (rust.check(tool), rust.head(tool))
        );
        assert_eq!(u16::from(table.params(tool)), rust.node_count(tool, Side::Params));
        for node in 0..rust.node_count(tool, Side::Params) {
            assert_eq!(table.absent(tool, node), rust.absent(tool, node));
        }
        for seed in 0..2_000_i64 {
            let mut bytes = [0; 64];
            let mut out = ValueWriter::new(&mut bytes);
            match seed % 4 {
                0 => out.label(0, (seed / 4 % 6) as u16),
                1 => out.int(0, seed * 97 % 2_000 - 4),
                2 => {
                    out.label(0, (seed / 4 % 2) as u16);
                    out.decimal(1, seed % 400);
                }
                _ => {
                    out.label(0, (seed / 4 % 5) as u16);
                    out.bool(1, seed % 3 == 0);
                    out.int(2, seed % 130);
                }
            }
            let wanted = rust.judge(tool, Side::Params, out.bytes());
            assert_eq!(table.judge(tool, Side::Params, out.bytes()), wanted);
            verdicts[usize::from(wanted.is_ok())] += 1;
        }
    }
    assert!(verdicts.iter().all(|&count| count > 1_000), "{verdicts:?}");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}
