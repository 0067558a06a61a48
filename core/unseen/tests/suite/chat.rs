//! Small talk.

use trine_descriptor::{Field, Kind, Tool};
use trine_unseen::Table;

use crate::common::{asker, base, check, compiled, plain, tool};

/// Whether a sentence is answered as small talk, of which no call is made.
fn is_chat(tools: &[Tool<'_>], sentence: &str) -> bool {
    let table = compiled(base(), tools);
    let table = Table::parse(&table, base(), None).unwrap();
    let mut asker = asker();
    let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
    check(tools, &answer, sentence.as_bytes());
    answer.confidence == 0.0 && answer.reason.is_some_and(|reason| reason.name() == "chat")
}

#[test]
fn no_call_is_made_of_small_talk() {
    for sentence in ["hi there", "How are you today?", "thanks a lot!", "what's your name"] {
        assert!(is_chat(&plain(), sentence), "{sentence}");
    }
    for sentence in ["hi there, set the fan to 20", "set the fan to 20", "fan, please"] {
        assert!(!is_chat(&plain(), sentence), "{sentence}");
    }
}

#[test]
fn what_names_a_tool_or_a_label_is_no_small_talk() {
    let with = |name: &'static str, labels: &'static str| {
        let mut tools = plain();
        tools[0] = tool(name, "Does it.", vec![Field::new("mode", Kind::Choice(labels))]);
        tools
    };
    assert!(is_chat(&with("how_is_it", "now|today"), "how are you today?"));
    for (sentence, name, labels) in
        [("cool", "ac_mode", "heat|cool"), ("hello!", "say_hello", "loud|soft")]
    {
        assert!(is_chat(&with("ac_mode", "heat|dry"), sentence), "{sentence}");
        assert!(!is_chat(&with(name, labels), sentence), "{sentence}");
    }
}
