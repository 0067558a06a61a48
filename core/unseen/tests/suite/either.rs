//! Values of which it may be either.

use trine_descriptor::{Field, IntRange, Kind, Tool};

use crate::common::{answered, plain, tool};

/// The tools, and a bell in three places.
fn tools() -> Vec<Tool<'static>> {
    let place = Field::new("zone", Kind::Choice("gym|annex|hall|north_court|pool side"));
    let seconds = Field::new("seconds", Kind::Int(IntRange { min: 1, max: 30 }));
    let mut tools = plain();
    tools.push(tool("ring_zone", "Ring the bell of a zone.", vec![place, seconds]));
    tools
}

/// How sure the calls of a sentence are; 0 where there is none.
fn sure(sentence: &str) -> f32 {
    answered(&tools(), sentence, |answer| {
        if answer.calls[0].is_some() && answer.reason.is_none() { answer.confidence } else { 0.0 }
    })
}

#[test]
fn of_two_values_with_or_between_them_none_is_sure() {
    for sentence in [
        "gym or annex, 4 seconds",
        "hall or the gym, 10 seconds",
        "ring gym or annex for 4 seconds",
        "4 or 5 seconds, gym",
        "ring the gym for 4 or 5 seconds",
        "north court or gym, 4 seconds",
        "gym or the north court, 4 seconds",
        "ring north court or the pool side for 4 seconds",
        "fan 40 or 50 percent",
        "fan to 40 or 50",
    ] {
        assert!(sure(sentence) <= 0.5, "{sentence}: {}", sure(sentence));
    }
}

#[test]
fn one_value_is_as_sure_as_it_was() {
    for sentence in [
        "ring the bell in the gym for 4 seconds",
        "ring the bell at the north court for 4 seconds",
        "set the fan to 40 percent",
    ] {
        assert!(sure(sentence) > 0.9, "{sentence}: {}", sure(sentence));
    }
}
