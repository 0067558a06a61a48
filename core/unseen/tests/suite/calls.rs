//! Whatever the tools, the sentence and the weights are: what comes out is a valid call, or none.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use trine_ask::SentenceError;
use trine_descriptor::{Condition, DecimalRange, Field, IntRange, Kind, Scalar};
use trine_unseen::Table;
use trine_unseen::said::WORDS_MAX;

use crate::common::{
    self, SENTENCES, ask, asker, base, bases, bits, check, compiled, config, plain, try_compiled,
};
use crate::lists::{sentence, tools};

#[test]
fn every_call_of_any_tools_and_any_weights_is_valid() {
    let (calls, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let inputs = (tools(), prop::collection::vec(sentence(), 3), 0..bases().len());
    let done = TestRunner::new(config(100)).run(&inputs, |(tools, sentences, which)| {
        let base = &bases()[which];
        let Ok(table) = try_compiled(base, &tools) else { return Ok(()) };
        for sentence in sentences {
            asked.fetch_add(1, Ordering::Relaxed);
            let count = ask(base, &table, &tools, sentence.as_bytes());
            calls.fetch_add(count, Ordering::Relaxed);
        }
        Ok(())
    });
    done.unwrap();
    let (calls, asked) = (calls.into_inner(), asked.into_inner());
    assert!(calls * 8 > asked, "{calls} calls of {asked} sentences show nothing");
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn no_bytes_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "\\PC{0,80}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 10_000),
            "[a-z ,.0-9]{10000}".prop_map(String::into_bytes),
        ],
        which in 0..bases().len(),
    ) {
        let (base, tools) = (&bases()[which], plain());
        let table = compiled(base, &tools);
        ask(base, &table, &tools, &bytes);
    }
}

#[test]
fn what_is_no_sentence_says_why() {
    let table = compiled(base(), &plain());
    let table = Table::parse(&table, base(), None).unwrap();
    let refused = |bytes: &[u8]| asker().ask(base(), &table, bytes).unwrap_err();
    assert_eq!((refused(b""), refused(b"  ")), (SentenceError::Empty, SentenceError::Empty));
    assert_eq!(refused(b"fan\xff"), SentenceError::Utf8(3));
    assert_eq!(refused(&vec![b'a'; 10_240]), SentenceError::Bytes(10_240));
    // On a host the words of a sentence are as many as are ever read.
    let too_many = match WORDS_MAX {
        32 => SentenceError::Tokens { most: WORDS_MAX },
        _ => SentenceError::Items,
    };
    assert_eq!(refused("go ".repeat(WORDS_MAX + 1).as_bytes()), too_many);
    assert!(asker().ask(base(), &table, "go ".repeat(WORDS_MAX).as_bytes()).is_ok());
}

#[test]
fn an_asker_keeps_nothing_of_sentences_before() {
    let tools = plain();
    for base in bases() {
        let table = compiled(base, &tools);
        let table = Table::parse(&table, base, None).unwrap();
        let mut reused = asker();
        for sentence in SENTENCES.iter().chain(SENTENCES.iter().rev()) {
            let one = asker().ask(base, &table, sentence.as_bytes()).map(|answer| bits(&answer));
            _ = reused.ask(base, &table, b"\xff");
            let answer = reused.ask(base, &table, sentence.as_bytes());
            answer.iter().for_each(|answer| _ = check(&tools, answer, sentence.as_bytes()));
            assert_eq!(one, answer.map(|answer| bits(&answer)));
        }
    }
}

/// The least lists that once had calls that are not valid.
#[test]
fn what_broke_once_stays_mended() {
    let choice = Field::new("set", Kind::Choice("set"));
    let number = |min, max| Kind::Int(IntRange { min, max });
    let lists = [
        // A number out of bounds, behind what is likelier missing.
        vec![choice, Field::new("set", number(-25, -25))],
        // Nothing that is required by a label.
        vec![
            choice,
            Field::new("set", number(0, 0))
                .unit("s")
                .required_when(Condition { node: 0, label: 0 }),
        ],
        // More places than a table has room for.
        vec![Field::new(
            "set",
            Kind::Decimal(DecimalRange { min: 0, max: 0, step: 0, places: 128 }),
        )],
    ];
    for params in lists {
        let tools = [common::tool("set", "set", params)];
        for base in bases() {
            let table = compiled(base, &tools);
            for sentence in ["set", "set set set set 20 set set set"] {
                ask(base, &table, &tools, sentence.as_bytes());
            }
        }
    }
}

#[test]
fn a_text_in_quotes_is_taken_as_it_stands_there() {
    let text = |name| Field::new(name, Kind::Text { min: 1, max: 60 });
    let tools = [
        common::tool("note_add", "Add a note", vec![text("note")]),
        common::tool("song_play", "Play a song", vec![text("title")]),
        common::tool("file_delete", "Delete a file by its id", vec![text("file_id")]),
    ];
    let table = compiled(base(), &tools);
    let table = Table::parse(&table, base(), None).unwrap();
    let mut asker = asker();
    for (sentence, wanted) in [
        ("play the song 'Shape of You' for me", "Shape of You"),
        ("Add the note 'call the dentist about Friday'.", "call the dentist about Friday"),
        ("delete the file with the ID '1a1a-c6'", "1a1a-c6"),
        ("play \u{201c}The End of Us All\u{201d} now", "The End of Us All"),
        ("please add a note: \"don't water the figs\"", "don't water the figs"),
        ("play the title `Made in Heaven`", "Made in Heaven"),
    ] {
        let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
        let call = answer.calls[0].unwrap();
        let given: Vec<_> = call.arguments().map(|(_, value)| value).collect();
        assert_eq!(given, [Scalar::Text(wanted)], "{sentence}: {answer:?}");
    }
}

#[test]
fn a_second_command_may_have_its_argument_in_the_first() {
    let text = |name| Field::new(name, Kind::Text { min: 1, max: 40 });
    let tools = [
        common::tool("ticket_reopen", "Open a closed ticket again", vec![text("ticket_id")]),
        common::tool(
            "ticket_assign",
            "Hand a ticket to an agent",
            vec![text("ticket_id"), text("agent")],
        ),
        common::tool("ticket_close", "Close a ticket", vec![text("ticket_id")]),
    ];
    let table = compiled(base(), &tools);
    let table = Table::parse(&table, base(), None).unwrap();
    let mut asker = asker();
    for (sentence, id, agent) in [
        ("open T-33 again and hand it to Otieno", "T-33", "Otieno"),
        ("reopen K-7 and give it to Mara", "K-7", "Mara"),
    ] {
        let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
        let mut calls: Vec<(u16, Vec<Scalar<'_>>)> = answer
            .calls
            .iter()
            .flatten()
            .map(|call| (call.tool, call.arguments().map(|(_, value)| value).collect()))
            .collect();
        calls.sort_by_key(|call| call.0);
        let wanted =
            [(0, vec![Scalar::Text(id)]), (1, vec![Scalar::Text(id), Scalar::Text(agent)])];
        assert_eq!(calls, wanted, "{sentence}: {answer:?}");
        assert!(answer.confidence <= 1.0, "{sentence}");
    }
}
