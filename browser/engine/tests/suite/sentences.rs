//! Sentences: the page says what `trine ask` says.

use serde_json::{Value, json};
use trine_board::TOOLS;
use trine_models::ask::{Ask as _, BaseAsker, OpenedBase};

use crate::bench::{BASE, Bench};

const SENTENCES: &[&str] = &[
    "set the fan to 40 percent",
    "turn on the grow light at 80 percent",
    "open the drip valve for ten minutes",
    "open the drip valve",
    "open the drip valve for ten hours",
    "how warm is it",
    "what is the humidity and set the fan to 20 percent",
    "do not open the valve",
    "show hello world on line 2",
    "the fan was at 40 percent yesterday",
    "start a tea timer of three minutes",
    "move the vent to 30 degrees",
    "take a picture",
    "heat to 21.5 degrees",
    "heat",
    "hello there",
    "order a pizza",
    "close all valves",
    "xyzzy",
    "fan_set(percent=30)",
];

#[test]
fn each_sentence_comes_to_what_the_program_makes_of_it() {
    let mut bench = Bench::new();
    let opened = OpenedBase::open(BASE).unwrap();
    let mut asker = BaseAsker::new(&opened, &TOOLS).unwrap();
    for sentence in SENTENCES {
        let mut wanted = asker.ask(sentence.as_bytes()).unwrap().to_json();
        // The page has a table of words for `why` in place of sentences.
        wanted.as_object_mut().unwrap().remove("reason");
        let mut given = bench.sentence(sentence);
        for json in [&mut wanted, &mut given] {
            let rounded = (json["confidence"].as_f64().unwrap() * 1e3).round() / 1e3;
            json["confidence"] = json!(rounded);
        }
        assert_eq!(given, wanted, "{sentence}");
    }
}

#[test]
fn a_sentence_that_cannot_be_read_is_answered_in_words() {
    let mut bench = Bench::new();
    for sentence in ["", " ", &"word ".repeat(2_000)] {
        let answer = bench.sentence(sentence);
        assert!(answer["error"].as_str().unwrap().contains("empty, too long"), "{answer}");
    }
    let before = Bench::without_board().sentence("set the fan to 40 percent");
    assert_eq!(before, json!({"error": "the device has not told its tools yet"}));
    let after: Value = bench.sentence("set the fan to 40 percent");
    assert_eq!(after["likeliest"]["tool"], "fan_set", "{after}");
}
