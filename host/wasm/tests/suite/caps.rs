//! Calls that use too much: each ends with an error that names the cap, and the next one runs in a
//! new instance.

use std::time::{Duration, Instant};

use trine_wasm::Limits;

use crate::modules::{call, value, with_other};

/// Loops until it is stopped.
const FOREVER: &str = "(loop $again (br $again)) unreachable";

/// Checks that `other` fails with `why`, and that the tools run on without what they kept.
fn fails(body: &str, limits: &Limits, why: &str) {
    let guest = with_other(body).code("(func $deep (call $deep))").load_with(limits);
    for _ in 0..2 {
        assert_eq!(call(&guest, 0, |args| args.int(0, 1)), value(0, 2));
        let said = call(&guest, 2, |args| args.text(0, "x")).unwrap_err();
        assert!(said.contains(why), "{body}: {said}");
        assert_eq!(call(&guest, 1, |_| {}), value(0, 0), "{body}: a new instance");
    }
}

#[test]
fn a_call_that_runs_for_ever_ends_at_its_fuel() {
    let limits = Limits { fuel: 3_000_000, ..Limits::default() };
    fails(FOREVER, &limits, "more than 3000000 instructions: raise its limit `fuel`");
    // Less than a slice.
    let limits = Limits { fuel: 5_000, ..Limits::default() };
    fails(FOREVER, &limits, "more than 5000 instructions");
}

#[test]
fn a_call_that_runs_for_ever_ends_at_its_time() {
    let time = Duration::from_millis(50);
    let limits = Limits { fuel: u64::MAX, time, ..Limits::default() };
    let began = Instant::now();
    fails(FOREVER, &limits, "more than 50 ms: raise its limit `time`");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_function_of_the_program_that_is_called_for_ever_ends_too() {
    let time = Duration::from_millis(50);
    let limits = Limits { fuel: u64::MAX, time, ..Limits::default() };
    for body in [
        "(loop $again (drop (call $get_string (local.get $call) (i32.const 0) (i32.const 60000)))
           (br $again)) unreachable",
        "(loop $again (drop (call $put_string (local.get $call) (i32.const 0) (i32.const 0)
           (i32.const 131072))) (br $again)) unreachable",
        "(loop $again (drop (call $log (local.get $call) (i32.const 1) (i32.const 1024)
           (i32.const 3))) (br $again)) unreachable",
        "(loop $again (drop (call $put_int (local.get $call) (i32.const 0) (i64.const 7)))
           (br $again)) unreachable",
        "(loop $again (memory.fill (i32.const 0) (i32.const 0) (i32.const 131072)) (br $again))
           unreachable",
    ] {
        fails(body, &limits, "more than 50 ms");
    }
}

#[test]
fn memory_that_is_not_given_is_named_where_the_module_stops_for_it() {
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let grow = "(loop $again
          (br_if $again (i32.ne (i32.const -1) (memory.grow (i32.const 1)))))
        unreachable";
    fails(grow, &limits, "more than 1048576 bytes of memory: raise its limit `memory`");
    // A module that goes on without it is let go on.
    let grow = "(drop (memory.grow (i32.const 60000)))
        (call $put_int (local.get $call) (i32.const 0) (i64.extend_i32_u (memory.size)))";
    let guest = with_other(grow).load_with(&limits);
    assert_eq!(call(&guest, 2, |args| args.text(0, "x")), value(0, 2));
    // The next stop is not laid at its door.
    let guest = with_other(&format!("(drop (memory.grow (i32.const 9))) {FOREVER}"));
    let guest = guest.load_with(&Limits { fuel: 100_000, ..limits });
    assert!(call(&guest, 2, |args| args.text(0, "x")).unwrap_err().contains("`fuel`"));
}

#[test]
fn a_module_without_memory_for_texts_says_so() {
    let get = "(drop (call $get_string (local.get $call) (i32.const 0) (i32.const 60000)))
        i32.const 0";
    let guest = with_other(get).load_with(&Limits { memory: 2 << 16, ..Limits::default() });
    let said = call(&guest, 2, |args| args.text(0, "x")).unwrap_err();
    assert!(said.contains("no memory is left for the texts of a call"), "{said}");
}

#[test]
fn functions_that_call_each_other_too_deep_are_stopped() {
    let limits = Limits { depth: 100, ..Limits::default() };
    fails("(call $deep) i32.const 0", &limits, "more than 100 deep: raise its limit `depth`");
}

#[test]
fn what_webassembly_stops_a_module_for_is_told() {
    let limits = Limits::default();
    fails("unreachable", &limits, "it was stopped: wasm `unreachable`");
    fails("(i32.load (i32.const -4))", &limits, "it was stopped: out of bounds memory access");
    fails("(i32.div_u (i32.const 1) (i32.const 0))", &limits, "it was stopped: integer divide");
}

#[test]
fn a_result_beyond_its_cap_is_an_error_and_no_memory() {
    let body = "(loop $again
          (br_if $again (i32.ne (i32.const -4)
            (call $put_int (local.get $call) (i32.const 0) (i64.const 7)))))
        i32.const 0";
    // A text that does not fit by itself.
    let long = "(drop (call $put_string (local.get $call) (i32.const 0) (i32.const 1024)
          (i32.const 6000)))
        i32.const 0";
    for body in [body, long] {
        let guest = with_other(body).load_with(&Limits { result: 5_000, ..Limits::default() });
        let said = call(&guest, 2, |args| args.text(0, "x")).unwrap_err();
        assert!(said.contains("TooLarge"), "{said}");
        assert_eq!(call(&guest, 0, |args| args.int(0, 1)), value(0, 2));
    }
}
