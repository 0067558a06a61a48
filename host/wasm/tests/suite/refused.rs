//! Modules that are not loaded, and the reason that is given.

use std::time::{Duration, Instant};

use trine_wasm::{Error, Guest, Limits};

use crate::modules::{BASE, IMPORTS, with_other};

/// Limits that are soon reached.
fn limits() -> Limits {
    let time = Duration::from_millis(500);
    Limits { fuel: 2_000_000, time, memory: 1 << 20, ..Limits::default() }
}

fn refused(text: &str) -> String {
    let wasm = wat::parse_str(text).unwrap();
    Guest::load(&wasm, &limits()).unwrap_err().to_string()
}

/// A module whose entry has this body.
fn with_entry(body: &str) -> String {
    format!(
        r#"(module {IMPORTS} (memory (export "memory") 1)
             (func (export "trine_plugin_entry") (param i32) (result i32) {body}))"#
    )
}

#[test]
fn no_other_import_is_given_and_the_one_that_is_asked_for_is_named() {
    for (import, why) in [
        (
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32)))"#,
            "'fd_write' of module 'wasi_snapshot_preview1'",
        ),
        (r#"(import "env" "trine_need_input" (func))"#, "'trine_need_input' of module 'env'"),
        (r#"(import "trine" "open_file" (func))"#, "'open_file' of module 'trine'"),
        (r#"(import "env" "memory" (memory 1))"#, "'memory' of module 'env'"),
    ] {
        let said = refused(&format!("(module {import})"));
        assert!(said.contains(why) && said.contains("without WASI"), "{said}");
    }
    // The name is right, and what it takes is not.
    for import in [
        r#"(import "trine" "now" (func (result i32)))"#,
        r#"(import "trine" "now" (global i64))"#,
        r#"(import "trine" "now" (memory 1))"#,
    ] {
        let said = refused(&format!("(module {import})"));
        assert!(said.contains("it imports 'now' of module 'trine' as something else"), "{said}");
    }
}

#[test]
fn what_it_does_not_export_is_named_with_the_remedy() {
    let said = refused("(module)");
    assert!(said.contains("it exports no memory 'memory'"), "{said}");
    let said = refused(r#"(module (memory (export "memory") 1))"#);
    assert!(said.contains("no function 'trine_plugin_entry': put TRINE_PLUGIN"), "{said}");
    let said =
        refused(r#"(module (memory (export "memory") 1) (func (export "trine_plugin_entry")))"#);
    assert!(said.contains("no function 'trine_plugin_entry'"), "{said}");
    let mut plug = with_other("i32.const 0");
    plug.finish();
    let text = plug.text().replace("(export \"__indirect_function_table\")", "");
    assert!(refused(&text).contains("link it with -Wl,--export-table"));
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    let said = |bytes: &[u8]| Guest::load(bytes, &limits()).unwrap_err().to_string();
    assert!(said(b"").contains("not a WebAssembly module"));
    assert!(said(b"\0asm").contains("not a WebAssembly module"));
    // Text is no module either.
    assert!(said(b"(module)").contains("not a WebAssembly module"));
    let long = vec![0; limits().module + 1];
    assert!(matches!(Guest::load(&long, &limits()), Err(Error::TooLong { .. })));
    let memory64 = wat::parse_str("(module (memory i64 1))").unwrap();
    assert!(said(&memory64).contains("memory64"), "{}", said(&memory64));
}

#[test]
fn an_entry_that_does_not_answer_is_stopped() {
    for (body, why) in [
        ("(loop $again (br $again)) unreachable", "more than 2000000 instructions"),
        ("unreachable", "trine_plugin_entry did not return: it was stopped"),
        ("i32.const 0", "refuses version 1.0"),
        ("i32.const 64", "does not begin with"),
        ("i32.const 65530", "is not in its 65536 bytes of memory"),
        ("i32.const -1", "is not in its 65536 bytes of memory"),
    ] {
        let said = refused(&with_entry(body));
        assert!(said.contains(why), "{body}: {said}");
    }
    for start in ["(loop $again (br $again))", "unreachable"] {
        let text = with_entry("i32.const 0").replace("(memory", "(start $start) (memory");
        let said = refused(
            &text.replace("(func (export", &format!("(func $start {start}) (func (export")),
        );
        assert!(said.starts_with("its start did not return"), "{said}");
    }
    let text = with_entry("i32.const 0")
        .replace("(func (export", "(func (export \"_initialize\") unreachable) (func (export");
    assert!(refused(&text).contains("_initialize did not return"), "{}", refused(&text));
}

#[test]
fn a_start_function_has_the_time_of_a_call_whatever_its_steps_cost() {
    // Each call clears 2,000 registers, and takes a few units of fuel for that.
    let wide = format!("(func $wide (local {}))", "i64 ".repeat(2_000));
    let start = format!("{wide} (func $start (loop $again (call $wide) (br $again)))");
    let text = with_entry("i32.const 0").replace("(memory", "(start $start) (memory");
    let wasm = wat::parse_str(text.replace("(func (export", &format!("{start} (func (export")));
    let limits = Limits { fuel: u64::MAX, time: Duration::from_millis(50), ..Limits::default() };
    let began = Instant::now();
    let said = Guest::load(&wasm.unwrap(), &limits).unwrap_err().to_string();
    assert!(said.starts_with("its start did not return: it ran for more than 50 ms"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn texts_that_nodes_share_count_for_each_of_them() {
    let mut plug = with_other("i32.const 0");
    let default = [&b"a\0\0"[..], &vec![b'x'; 60_000], b"\0A text.\0"].concat();
    let texts = plug.put(&default).to_le_bytes();
    let [low, high, ..] = 60_000_u32.to_le_bytes();
    let numbers = [0, 0, i32::MAX].map(i32::to_le_bytes);
    let node = [&texts[..], &[1, 0, low, high, 4, 2, 0, 0], numbers.as_flattened()].concat();
    let nodes = plug.put(&node.repeat(100));
    plug.finish();
    // The first tool has 100 parameters, each with this default: 6 MB.
    let at = (plug.list - BASE) as usize;
    plug.bytes[at + 4..at + 8].copy_from_slice(&nodes.to_le_bytes());
    plug.bytes[at + 30] = 100;
    plug.memory = "4";
    let said = refused(&plug.text());
    assert!(said.contains("tool 0: too long texts: 1048576 bytes"), "{said}");
}

#[test]
fn more_memory_than_it_may_have_is_refused_at_once() {
    for memory in ["17", "65536", "1 65536"] {
        let mut plug = with_other("i32.const 0");
        plug.memory = memory;
        plug.finish();
        let wasm = wat::parse_str(plug.text()).unwrap();
        let loaded = Guest::load(&wasm, &limits());
        if memory == "1 65536" {
            // What it could grow to is not what it has.
            assert!(loaded.is_ok(), "{loaded:?}");
            continue;
        }
        let said = loaded.unwrap_err().to_string();
        assert!(said.contains("more than 1048576 bytes of memory"), "{said}");
    }
    let table = "(module (table 100000 funcref) (memory (export \"memory\") 1))";
    assert!(!refused(table).is_empty());
    let bomb = with_entry(
        "(loop $again (br_if $again (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
         unreachable",
    );
    assert!(refused(&bomb).contains("more than 1048576 bytes of memory"), "{}", refused(&bomb));
}

/// What is said of a good module, of which one word is another one.
fn broken((in_table, at, word): (bool, u32, u32)) -> String {
    let mut plug = with_other("i32.const 0");
    plug.finish();
    let place = if in_table { plug.table } else { plug.list };
    let at = (place - BASE + at) as usize;
    plug.bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    refused(&plug.text())
}

#[test]
fn a_damaged_table_is_refused_with_the_place() {
    let table = |at, word| (true, at, word);
    let tool = |at, word| (false, at, word);
    let cases = vec![
        (table(0, 1), "\"TRPL\""),
        (table(4, 95), "a table of 95 bytes"),
        (table(8, 0x0002_0000), "version 2.0"),
        (table(20, 0), "its name is ''"),
        (table(20, 1 << 20), "its name has 1048576 bytes"),
        (table(16, 0), "its name"),
        (table(28, 3), "its version is '1.2'"),
        (table(64, 4_000_000_000), "what it needs"),
        (table(68, 0), "the list of tools is NULL"),
        (table(68, u32::MAX), "the list of tools"),
        (table(72, 0), "it has 0 tools: 1 to 1024"),
        (table(72, u32::MAX), "it has 4294967295 tools"),
        (table(72, 1_024), "tool 3"),
        (table(68, 131_070), "the list of tools"),
        (table(80, 77), "`init` is function 77, which it does not have"),
        (table(80, 1), "`init` is function 1, which takes other values"),
        (table(84, 1), "`shutdown` is function 1"),
        (table(92, u32::MAX), "`self_test` is function 4294967295"),
        (tool(0, 0), "its name must match"),
        (tool(0, 130_000), "its name must match"),
        (tool(0, u32::MAX), "tool 0"),
        (tool(4, 131_070), "a list of nodes"),
        (tool(12, 0), "`call` of tool 0 is NULL"),
        (tool(12, 50), "`call` of tool 0 is function 50"),
        (tool(20, 131_070), "its `more`"),
        (tool(28, 0xff00_0000), "nodes"),
    ];
    for (word, why) in cases {
        let said = broken(word);
        assert!(said.contains(why), "{why}: {said}");
    }
}
