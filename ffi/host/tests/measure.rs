//! Counts of a hub's calls, and figures of arrays.
#![cfg(feature = "hub")]
#![expect(clippy::multiple_unsafe_ops_per_block, clippy::unwrap_used, reason = "it is a test")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

use serde_json::{Value, json};
use trine_host::hosted::{NULL, OK};
use trine_host::*;

const ARGUMENT: trine_status = -2;
const VERSION: trine_status = -6;
const FAILED: trine_status = -12;

/// Fails where `user_data` is not NULL.
unsafe extern "C" fn tool(
    fails: *mut c_void,
    call: *mut trine_json_call,
    _: *const c_char,
    _: usize,
) {
    // SAFETY: as the header says.
    unsafe {
        let status = match fails.is_null() {
            true => trine_json_done(call, c"{}".as_ptr()),
            false => trine_json_fail(call, c"it failed".as_ptr()),
        };
        assert_eq!(status, OK);
    }
}

fn metrics(hub: *mut trine_hub) -> Value {
    let mut place = null_mut();
    // SAFETY: the place is this function's, and the text is freed once.
    unsafe {
        assert_eq!(trine_hub_metrics(hub, &mut place), OK);
        let value = serde_json::from_slice(CStr::from_ptr(place).to_bytes()).unwrap();
        assert_eq!(trine_hub_free(place), OK);
        value
    }
}

#[test]
fn metrics_are_the_sums_of_what_each_tool_has_done() {
    let mut hub = null_mut();
    // SAFETY: the places are this function's.
    unsafe {
        assert_eq!(trine_hub_open(null(), &mut hub), OK);
        assert_eq!(metrics(hub)["tools"], json!({}));
        for (name, data) in [("well", null_mut()), ("ill", (&raw mut hub).cast())] {
            let text = json!({"id": name, "name": name, "description": "Do.",
                "input_schema": {"type": "object", "required": ["n"]}});
            let text = CString::new(text.to_string()).unwrap();
            assert_eq!(trine_hub_add_json(hub, text.as_ptr(), Some(tool), data, None), OK);
        }
        let call = |name: &CStr, arguments: &CStr| {
            trine_hub_call(hub, name.as_ptr(), arguments.as_ptr(), 0, null_mut())
        };
        for _ in 0..3 {
            assert_eq!(call(c"well", c"{\"n\":1}"), OK);
        }
        assert_eq!(call(c"ill", c"{\"n\":1}"), FAILED);
        assert_eq!(call(c"well", c"{}"), FAILED);
    }
    let found = metrics(hub);
    let of = |part: &Value| ["active", "calls", "errors"].map(|it| part[it].as_u64().unwrap());
    let [well, ill] = ["well", "ill"].map(|it| of(&found["tools"][it]));
    assert_eq!(ill, [0, 1, 1]);
    // Arguments that are refused are an error of the call, and never reach the tool.
    assert_eq!(well[1] - well[2], 3, "{found}");
    assert_eq!(of(&found), [0, well[1] + 1, well[2] + 1]);
    assert_eq!(found["tools_available"], 2);
    for part in ["well", "ill"] {
        let part = &found["tools"][part];
        let [all, longest] = ["seconds", "longest_seconds"].map(|it| part[it].as_f64().unwrap());
        assert!(all >= longest && longest >= 0.0, "{part}");
    }
    assert!(found["uptime_seconds"].as_f64().unwrap() > 0.0);
    // SAFETY: NULL is checked; it is closed once.
    unsafe {
        assert_eq!(trine_hub_metrics(hub, null_mut()), NULL);
        assert_eq!(trine_hub_metrics(null_mut(), &mut null_mut()), NULL);
        assert_eq!(trine_hub_close(hub), OK);
    }
}

fn figures() -> trine_figures {
    let zero = 0.0;
    trine_figures {
        struct_size: size_of::<trine_figures>() as u32,
        reserved: 0,
        count: 0,
        sum: zero,
        mean: zero,
        deviation: zero,
        least: zero,
        most: zero,
    }
}

fn of(values: &[f64]) -> trine_figures {
    let mut place = figures();
    // SAFETY: the numbers and the place are this program's.
    assert_eq!(unsafe { trine_calculate(values.as_ptr(), values.len(), &mut place) }, OK);
    assert_eq!(place.count, values.len() as u64);
    place
}

#[test]
fn figures_are_those_of_the_numbers_in_any_order() {
    let found = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
    assert_eq!([found.sum, found.mean, found.deviation], [40.0, 5.0, 2.0]);
    assert_eq!([found.least, found.most], [2.0, 9.0]);
    let one = of(&[-3.5]);
    assert_eq!(
        [one.sum, one.mean, one.deviation, one.least, one.most],
        [-3.5, -3.5, 0.0, -3.5, -3.5]
    );
    // A plain sum answers 0 here.
    for values in [[1e100, 1.0, -1e100], [1.0, 1e100, -1e100], [1e100, -1e100, 1.0]] {
        assert_eq!(of(&values).sum, 1.0, "{values:?}");
    }
    assert_eq!(of(&vec![0.1; 1_000_000]).mean, 0.1);
}

#[test]
fn what_is_not_a_number_is_seen_and_the_infinite_is_itself() {
    for values in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
        let found = of(&values);
        assert!([found.sum, found.mean, found.least, found.most].iter().all(|it| it.is_nan()));
    }
    let found = of(&[f64::INFINITY, 1.0]);
    assert_eq!([found.sum, found.least, found.most], [f64::INFINITY, 1.0, f64::INFINITY]);
    let found = of(&[f64::INFINITY, f64::NEG_INFINITY]);
    assert!(found.sum.is_nan());
    assert_eq!([found.least, found.most], [f64::NEG_INFINITY, f64::INFINITY]);
    assert_eq!(of(&[f64::MAX, f64::MAX]).sum, f64::INFINITY);
}

#[test]
fn calculate_refuses_what_it_cannot_read() {
    let (values, mut place) = ([1.0, 2.0], figures());
    // SAFETY: NULL and bad pointers are checked before anything is read.
    unsafe {
        assert_eq!(trine_calculate(null(), 2, &mut place), NULL);
        assert_eq!(trine_calculate(values.as_ptr(), 2, null_mut()), NULL);
        assert_eq!(trine_calculate(values.as_ptr(), 0, &mut place), ARGUMENT);
        let crooked = values.as_ptr().byte_add(1);
        assert_eq!(trine_calculate(crooked, 1, &mut place), ARGUMENT);
        place.struct_size -= 1;
        assert_eq!(trine_calculate(values.as_ptr(), 2, &mut place), VERSION);
    }
    assert_eq!(place.count, 0);
}
