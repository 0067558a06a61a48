//! Numbers of things.

use trine_descriptor::{Field, IntRange, Kind, Tool};
use trine_unseen::ArgumentFault;

use crate::common::{answered, plain, tool};

/// The number of a sentence's one call, if there is one, and whether its unit is said to be wrong.
fn number(tools: &[Tool<'_>], sentence: &str) -> (Option<String>, bool) {
    answered(tools, sentence, |answer| {
        let is_unit = matches!(answer.fault, Some((_, ArgumentFault::Unit(_))));
        let value = answer.calls[0]
            .and_then(|call| call.arguments().next().map(|(_, value)| format!("{value:?}")));
        (value, is_unit)
    })
}

#[test]
fn a_number_of_things_is_no_percentage() {
    for things in ["parsnips", "sheep", "flurbs", "quatloos", "big macs", "children now"] {
        let sentence = format!("set the fan to 20 {things}");
        let is_adjective = things == "big macs";
        let (value, is_unit) = number(&plain(), &sentence);
        assert_eq!((value.is_none(), is_unit), (!is_adjective, !is_adjective), "{sentence}");
        let words = format!("set the fan to twenty {things}");
        assert_eq!(number(&plain(), &words).0.is_none(), !is_adjective, "{words}");
    }
}

#[test]
fn a_level_without_a_unit_is_no_number_of_things() {
    let level = Kind::Int(IntRange { min: 0, max: 100 });
    let tools = |name| {
        let mut tools = plain();
        tools[0] = tool("fan_set", "Set the fan.", vec![Field::new(name, level)]);
        tools
    };
    assert_eq!(number(&tools("speed"), "set the fan to 20 parsnips"), (None, true));
    assert_eq!(number(&tools("count"), "set the fan to 20 parsnips").0.unwrap(), "Int(20)");
}

#[test]
fn other_words_behind_a_number_leave_it_as_it_is() {
    for words in [
        "",
        "please",
        "now",
        "then",
        "and stop",
        "for the people",
        "at once",
        "times",
        "percent",
        "notches",
        "fans",
        "on all floors",
        ", parsnips",
        "this time",
    ] {
        let sentence = format!("set the fan to 20 {words}");
        assert!(!number(&plain(), &sentence).1, "{sentence}");
    }
    assert_eq!(number(&plain(), "set the fan to 20 please").0.unwrap(), "Int(20)");
}
