//! Numbers beyond the bounds of a parameter that a call need not have.

use trine_descriptor::{Field, IntRange, Kind, Tool};
use trine_unseen::ArgumentFault;

use crate::common::{answered, plain, tool};

/// The tools, and a display with four lines, of which one need not be said.
fn tools() -> Vec<Tool<'static>> {
    let text = Kind::Text { min: 0, max: 32 };
    let line = Field::new("line", Kind::Int(IntRange { min: 1, max: 4 })).optional();
    let mut tools = plain();
    tools.push(tool("display_show", "Write on the display.", vec![Field::new("text", text), line]));
    tools
}

/// Whether there is a call, and whether a number is said to be out of bounds.
fn outcome(sentence: &str) -> (bool, bool) {
    answered(&tools(), sentence, |answer| {
        let is_range = matches!(answer.fault, Some((_, ArgumentFault::Range(_))));
        (answer.calls[0].is_some(), is_range)
    })
}

#[test]
fn a_number_that_is_said_by_the_name_of_a_parameter_is_not_left_out() {
    for place in ["line 0", "line 9", "line zero", "line minus one", "line number 12", "line #7"] {
        let sentence = format!("write \"ok\" on {place} of the display");
        assert_eq!(outcome(&sentence), (false, true), "{sentence}");
    }
}

#[test]
fn numbers_within_bounds_of_other_things_and_in_texts_leave_the_call() {
    for sentence in [
        "write \"ok\" on line 3 of the display",
        "write \"ok\" on the display",
        "write \"line 9\" on the display",
        "write \"ok\" on line 9, no, line 2 of the display",
        "write \"gate 9\" on line 2 of the display",
    ] {
        assert_eq!(outcome(sentence), (true, false), "{sentence}");
    }
}
