//! Calls that go well, and tools that ask for what is not there.

use trine_descriptor::{Kind, Side, ToolTable as _, ValueWriter};
use trine_gateway::host_tools::HostTools as _;

use crate::modules::{Node, PRESET, Plug, STRING, call, int, text, value, with_other};

/// A tool that answers its text: what it got from `get_string` at 60000.
const ECHO: &str = "
    (local $size i32)
    (local.set $size (call $get_string (local.get $call) (i32.const 0) (i32.const 60000)))
    (call $put_string (local.get $call) (i32.const 0)
      (i32.load (i32.const 60000)) (local.get $size))";

#[test]
fn a_module_has_the_tools_of_its_table_and_runs_them() {
    let guest = with_other("i32.const 0").load();
    let facts = guest.facts();
    assert_eq!((&*facts.name, &*facts.version, facts.tools), ("tester", "1.2.3", 3));
    assert_eq!((&*facts.description, &*facts.author), ("Tests.", "Me"));
    let table = guest.table();
    assert_eq!(table.info(0).unwrap().name, "add");
    let field = table.node(0, Side::Params, 0).unwrap();
    assert_eq!((field.name, field.description, field.required), ("n", "A number.", true));
    assert!(matches!(field.kind, Kind::Int(range) if (range.min, range.max) == (0, 1_000)));
    for n in 0..3 {
        assert_eq!(call(&guest, 0, |args| args.int(0, n)), value(0, n + 1));
    }
    // What it keeps in its globals stays from one call to the next.
    assert_eq!(call(&guest, 1, |_| {}), value(0, 3));
}

#[test]
fn bad_arguments_reach_no_tool_and_bad_results_no_client() {
    let guest = with_other("i32.const 0").load();
    assert!(call(&guest, 0, |args| args.int(0, 1_001)).unwrap_err().contains("Fault"));
    assert!(call(&guest, 0, |_| {}).unwrap_err().contains("Fault"));
    assert_eq!(call(&guest, 1, |_| {}), value(0, 0));
    // 1,001 is more than its result allows.
    assert!(call(&guest, 0, |args| args.int(0, 1_000)).unwrap_err().contains("BadResult"));
    // A result without its member.
    assert!(call(&guest, 2, |args| args.text(0, "")).unwrap_err().contains("BadResult"));
    assert!(call(&guest, 9, |_| {}).unwrap_err().contains("no such tool"));
}

#[test]
fn texts_are_lent_to_the_module_and_copied_back() {
    let preset = Node {
        texts: ["text", "", "by default", "A text."],
        kind: STRING,
        flags: PRESET,
        numbers: [0, 0, 1_000],
    };
    let guest = Plug::new().tool("echo", [&[preset], &[text("text")]], ECHO).load();
    let echo = |said: &str| {
        let mut room = vec![0; 5_000];
        let mut out = ValueWriter::new(&mut room);
        out.text(0, said);
        out.bytes().to_vec()
    };
    for said in ["", "a", "grüße", &"x".repeat(1_000)] {
        assert_eq!(call(&guest, 0, |args| args.text(0, said)), Ok(echo(said)));
    }
    assert_eq!(call(&guest, 0, |_| {}), Ok(echo("by default")));
    // What would act on a terminal is replaced.
    assert_eq!(call(&guest, 0, |args| args.text(0, "a\u{1b}[2J")), Ok(echo("a\u{fffd}[2J")));
}

#[test]
fn a_text_that_is_asked_for_often_takes_no_more_memory() {
    let body = "
        (local $left i32)
        (local.set $left (i32.const 20))
        (loop $again
          (drop (call $get_string (local.get $call) (i32.const 0) (i32.const 60000)))
          (drop (call $get_string (local.get $call) (i32.const 1) (i32.const 60000)))
          (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $put_int (local.get $call) (i32.const 0) (i64.extend_i32_u (memory.size)))";
    let preset = Node {
        texts: ["other", "", "by default", "A text."],
        kind: STRING,
        flags: PRESET,
        numbers: [0, 0, 1_000],
    };
    let guest = Plug::new().tool("often", [&[text("text"), preset], &[int("pages")]], body).load();
    // All of them together would be 300 KiB, and the program adds 128.
    let long = "x".repeat(1_000);
    for _ in 0..300 {
        assert_eq!(call(&guest, 0, |args| args.text(0, &long)), value(0, 4));
    }
}

#[test]
fn what_a_tool_asks_for_and_is_not_there_makes_its_call_fail() {
    let get =
        |what: &str| format!("(drop (call {what} (local.get $call) (i32.const 7))) i32.const 0");
    let put = "(drop (call $put_int (local.get $call) (i32.const -1) (i64.const 0))) i32.const 0";
    let list =
        "(drop (call $put_array (local.get $call) (i32.const 0) (i32.const 70000))) i32.const 0";
    let bad_text = "(i32.store8 (i32.const 60000) (i32.const 255))
        (call $put_string (local.get $call) (i32.const 0) (i32.const 60000) (i32.const 1))";
    for (body, why) in [
        (&*get("$get_int"), "a parameter that it does not have"),
        (&get("$get_bool"), "a parameter that it does not have"),
        (&get("$get_choice"), "a parameter that it does not have"),
        (put, "a node that its result does not have"),
        (list, "a node that its result does not have"),
        (bad_text, "no UTF-8"),
        ("i32.const 1", "answer later"),
        ("i32.const -12", "the tool could not do it"),
        ("i32.const 99", "the tool could not do it"),
        ("i32.const 2", "the tool could not do it"),
        ("(call $fail (local.get $call) (i32.const 1024) (i32.const 3))", "add"),
    ] {
        let guest = with_other(body).load();
        let said = call(&guest, 2, |args| args.text(0, "x")).unwrap_err();
        assert!(said.contains(why), "{body}: {said}");
        assert_eq!(call(&guest, 0, |args| args.int(0, 1)), value(0, 2));
        assert_eq!(call(&guest, 1, |_| {}), value(0, 1));
    }
}

#[test]
fn names_are_found_and_a_call_is_known_by_its_handle_alone() {
    // "n" is at the place of the first node's texts; a call that has ended, or none, is NULL.
    let body = "
        (local $bad i32)
        (i32.store8 (i32.const 60000) (i32.const 0x6e))
        (if (call $result (local.get $call) (i32.const 60000) (i32.const 1))
          (then (return (i32.const -12))))
        (if (i32.ne (i32.const -10)
              (call $param (local.get $call) (i32.const 60000) (i32.const 1)))
          (then (return (i32.const -12))))
        (if (i32.ne (i32.const -1) (call $has (i32.const 0) (i32.const 0)))
          (then (return (i32.const -12))))
        (if (i32.ne (i32.const -1)
              (call $put_int (i32.sub (local.get $call) (i32.const 1)) (i32.const 0) (i64.const 5)))
          (then (return (i32.const -12))))
        (if (call $info (local.get $call) (i32.const 60000)) (then (return (i32.const -12))))
        (if (i32.ne (i32.const 2) (i32.load (i32.const 60020))) (then (return (i32.const -12))))
        (if (i64.lt_u (call $now) (i64.load (i32.const 60000))) (then (return (i32.const -12))))
        (call $put_int (local.get $call) (i32.const 0) (i64.const 7))";
    let guest = with_other(body).load();
    for _ in 0..3 {
        assert_eq!(call(&guest, 2, |args| args.text(0, "x")), value(0, 7));
    }
}
