//! A device that says what it should not.

use proptest::prelude::*;
use serde_json::json;
use trine_browser::out::Kind;
use trine_descriptor::{Tool, ToolInfo, record};
use trine_wire::message::{self, DeviceMessage, Hello, HostMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame};

use crate::bench::Bench;

/// A frame with these bytes as its message.
fn framed(message: &[u8]) -> Vec<u8> {
    let start = frame::headroom(message.len());
    let mut buffer = vec![0; start + frame::frame_max(message.len())];
    buffer[start..start + message.len()].copy_from_slice(message);
    let len = encode_in_place(&mut buffer, start, message.len()).unwrap();
    buffer[..len].to_vec()
}

fn say(bench: &mut Bench, message: &DeviceMessage<'_>) {
    let mut bytes = [0; 1 << 15];
    let len = message::write(message, &mut bytes).unwrap();
    bench.page.receive(&framed(&bytes[..len]), bench.now);
    bench.look();
}

/// The nonce of the last hello, and the id of the last call, of the page.
fn last(bench: &Bench) -> (u32, u32) {
    let mut found = (0, 0);
    for (_, bytes) in bench.frames.iter().filter(|(way, _)| *way == Kind::ToDevice) {
        let (mut decoder, mut message) = (Decoder::new(), [0; 4096]);
        for byte in &bytes[1..] {
            if let DecodeEvent::Message(len) = decoder.feed(*byte, &mut message) {
                match message::read(&message[..len]) {
                    Some(HostMessage::Hello(hello)) => found.0 = hello.nonce,
                    Some(HostMessage::Call(call)) => found.1 = call.id,
                    _ => {}
                }
            }
        }
    }
    found
}

/// What a device says of itself.
fn hello() -> Hello<'static> {
    Hello { wire: 1, epoch: 9, tools: 1, message_max: 512, calls_max: 4, ..Hello::default() }
}

fn greet(hello: Hello<'_>) -> Bench {
    let mut bench = Bench::without_board();
    bench.pass(10);
    let (nonce, _) = last(&bench);
    assert_ne!(nonce, 0);
    say(&mut bench, &DeviceMessage::Hello(Hello { nonce, ..hello }));
    bench
}

#[test]
fn a_device_that_a_page_cannot_serve_is_told_so_and_asked_no_more() {
    let devices = [
        (Hello { keyed: true, ..hello() }, "has a key"),
        (Hello { wire: 0, ..hello() }, "another version of the wire"),
        (Hello { wire: 2, ..hello() }, "another version of the wire"),
        (Hello { result_max: 16_380, ..hello() }, "results are longer"),
    ];
    for (hello, words) in devices {
        let mut bench = greet(hello);
        assert!(bench.notes.iter().any(|note| note.contains(words)), "{:?}", bench.notes);
        bench.frames.clear();
        bench.pass(10_000);
        assert_eq!(bench.frames.len(), 0);
        assert!(bench.ready.is_empty());
    }
}

/// A list as a device sends it.
fn list(table: &[Tool<'static>]) -> Vec<u8> {
    let mut bytes = vec![0; record::page(table, 0, &mut [])];
    record::page(table, 0, &mut bytes);
    bytes
}

#[test]
fn a_list_that_is_not_what_it_should_be_is_refused_in_words() {
    const fn named(name: &'static str) -> Tool<'static> {
        Tool::new(ToolInfo::new(name, "Does something."), &[], &[])
    }
    let (one, bad, many) = ([named("a")], [named("no name")], [named("a"); 33]);
    let whole = list(&one);
    let cut = &whole[..whole.len() - 1];
    let long = vec![0; 12_000];
    let lists: [(&[u8], u64, usize, &str); 6] = [
        (&whole, 1, whole.len(), "is not the one that it announced"),
        (cut, 1, cut.len(), "cannot be read"),
        (&[5, 1, 2], 1, 3, "cannot be read"),
        (&list(&bad), record::table_hash(&bad), list(&bad).len(), "breaks a rule"),
        (&list(&many), record::table_hash(&many), list(&many).len(), "more tools than the 32"),
        (&long, 1, 1 << 20, "longer than the 16 KiB"),
    ];
    for (bytes, table_hash, total, words) in lists {
        let mut bench = greet(Hello { table_hash, ..hello() });
        let total = u32::try_from(total).unwrap();
        say(&mut bench, &DeviceMessage::Page { offset: 0, total, bytes, what: 0 });
        bench.pass(20);
        let told = bench.notes.iter().filter(|note| note.contains(words)).count();
        assert_eq!(told, 1, "{words}: {:?}", bench.notes);
        assert!(bench.ready.is_empty());
    }
    let table_hash = record::table_hash(&one);
    let mut bench = greet(Hello { table_hash, ..hello() });
    let total = u32::try_from(whole.len()).unwrap();
    say(&mut bench, &DeviceMessage::Page { offset: 0, total, bytes: &whole, what: 0 });
    assert_eq!(bench.ready.len(), 1, "the same list with its hash is taken: {:?}", bench.notes);
}

#[test]
fn a_hello_for_another_host_says_nothing() {
    let mut bench = Bench::without_board();
    bench.pass(10);
    let (nonce, _) = last(&bench);
    let other = Hello { nonce: nonce.wrapping_add(1), ..hello() };
    bench.frames.clear();
    say(&mut bench, &DeviceMessage::Hello(other));
    bench.pass(400);
    let asked = bench.frames.iter().filter(|(way, _)| *way == Kind::ToDevice).count();
    assert_eq!(asked, 0, "no list is asked of it");
}

#[test]
fn what_a_device_answers_against_its_own_description_is_not_passed_on() {
    let mut bench = Bench::new();
    // The board is silent from here on, and another speaks in its place.
    let id = bench.request(
        "tools/call",
        json!({"name": "vent_move",
        "arguments": {"degrees": 60}}),
    );
    let (_, call) = last(&bench);
    let outcome = Outcome::Done { value: &[0, 2, 0xff, 0xff, 0x7f] };
    say(&mut bench, &DeviceMessage::Result { id: call, outcome });
    bench.pass(20);
    let [answer] = *bench.answers(id) else { panic!("{:?}", bench.answers(id)) };
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(answer["result"].get("structuredContent").is_none());
}

#[test]
fn content_with_a_hole_or_too_much_of_it_ends_the_call() {
    for (len, offset, words) in [(100, 50, "was lost"), (1 << 20, 0, "more content than")] {
        let mut bench = Bench::new();
        let id = bench.request(
            "tools/call",
            json!({"name": "vent_move",
            "arguments": {"degrees": 60}}),
        );
        let (_, call) = last(&bench);
        let outcome = Outcome::Content { mime: "image/png", len };
        say(&mut bench, &DeviceMessage::Result { id: call, outcome });
        say(&mut bench, &DeviceMessage::Chunk { id: call, offset, bytes: &[7; 20], block: 0 });
        bench.pass(20);
        let [answer] = *bench.answers(id) else { panic!("{:?}", bench.answers(id)) };
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(words), "{text}");
    }
}

/// What is almost a call, or any text.
fn texts() -> impl Strategy<Value = String> {
    let call = |(id, rest): (String, String)| {
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{rest}}}")
    };
    prop_oneof!["\\PC{0,60}", ("[0-9a-z\"]{1,4}", "\\PC{0,40}").prop_map(call)]
}

/// Kinds of messages with anything behind them.
fn messages() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    prop::collection::vec((0_u8..13, prop::collection::vec(any::<u8>(), 0..80)), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Bytes of any kind, alone and as messages of a device that was greeted.
    #[test]
    fn no_bytes_of_a_device_stop_the_page(
        messages in messages(),
        raw in prop::collection::vec(any::<u8>(), 0..600),
        is_ready in any::<bool>(),
    ) {
        let mut bench = if is_ready { Bench::new() } else { greet(hello()) };
        bench.request("tools/call", json!({"name": "fan_set", "arguments": {"percent": 9}}));
        for (kind, rest) in messages {
            let message = [&[kind], &*rest].concat();
            bench.page.receive(&framed(&message), bench.now);
            bench.pass(20);
        }
        bench.page.receive(&raw, bench.now);
        bench.pass(1_000);
        bench.page.sentence(b"fan to 40 percent");
        bench.look();
        // A new board on it works.
        bench.plug(&[""; 11]);
        let result = bench.call("fan_set", json!({"percent": 9}));
        prop_assert_eq!(&result["isError"], &json!(false));
    }

    /// Text of any kind as a message of a client, and as a sentence.
    #[test]
    fn no_message_of_a_client_stops_the_page(
        texts in prop::collection::vec(texts(), 1..20),
    ) {
        let mut bench = Bench::new();
        for text in &texts {
            bench.page.message(text.as_bytes(), bench.now);
            bench.page.sentence(text.as_bytes());
            bench.pass(10);
        }
        let result = bench.call("fan_set", json!({"percent": 9}));
        prop_assert_eq!(&result["isError"], &json!(false));
    }
}
