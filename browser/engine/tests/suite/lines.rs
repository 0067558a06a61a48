//! A device at the page's own line, as a board at a serial port is: bytes are lost, the board
//! starts anew.

use serde_json::json;
use trine_browser::board::{Board, TOOL_COUNT};
use trine_browser::out::Kind;

use crate::bench::{Bench, board};

const PLAIN: [&str; TOOL_COUNT] = [""; TOOL_COUNT];

/// Carries bytes between the page and a board beyond it; `harm` changes or drops what passes.
fn carry(bench: &mut Bench, board: &mut Board<'_>, ms: u64, harm: &mut dyn FnMut(&mut Vec<u8>)) {
    let end = bench.now + ms;
    while bench.now < end {
        bench.pass(10);
        for (way, bytes) in std::mem::take(&mut bench.frames) {
            if way == Kind::ToDevice {
                let mut frame = bytes[1..].to_vec();
                harm(&mut frame);
                board.feed(&frame);
            }
        }
        board.run(bench.now);
        let mut said = vec![0; 4096];
        let len = board.say(&mut said);
        said.truncate(len);
        harm(&mut said);
        bench.page.receive(&said, bench.now);
        bench.look();
    }
}

#[test]
fn a_board_at_a_line_is_found_and_called() {
    let (mut bench, mut board) = (Bench::without_board(), board(&PLAIN, 5, 1_000));
    bench.page.receive(b"boot 1.2\r\n", bench.now);
    carry(&mut bench, &mut board, 2_000, &mut |_| {});
    assert_eq!(bench.ready.len(), 1, "{:?}", bench.notes);
    let id = bench.request("tools/call", json!({"name": "fan_set", "arguments": {"percent": 40}}));
    carry(&mut bench, &mut board, 200, &mut |_| {});
    assert_eq!(bench.answers(id).len(), 1);
    assert_eq!(board.greenhouse().fan_percent(), 40);
}

#[test]
fn on_a_line_that_loses_frames_each_call_is_answered_and_run_once() {
    let (mut bench, mut board) = (Bench::without_board(), board(&PLAIN, 5, 1_000));
    let mut chance = 1_u32;
    // One stretch of bytes in ten is lost, and one has a wrong bit.
    let mut harm = |bytes: &mut Vec<u8>| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match chance >> 16 & 255 {
            0..26 => bytes.clear(),
            26..52 => bytes.iter_mut().skip(3).take(1).for_each(|byte| *byte ^= 0x10),
            _ => {}
        }
    };
    carry(&mut bench, &mut board, 60_000, &mut harm);
    assert_eq!(bench.ready.len(), 1, "{:?}", bench.notes);
    let before = board.greenhouse().calls_entered();
    let mut ids = Vec::new();
    for percent in 0..20 {
        let call = json!({"name": "fan_set", "arguments": {"percent": percent}});
        ids.push(bench.request("tools/call", call));
        carry(&mut bench, &mut board, 6_000, &mut harm);
    }
    carry(&mut bench, &mut board, 30_000, &mut harm);
    for id in ids {
        let [answer] = *bench.answers(id) else { panic!("{id}: {:?}", bench.answers(id)) };
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
    assert_eq!(board.greenhouse().calls_entered() - before, 20);
}

#[test]
fn a_call_whose_board_starts_anew_has_an_unknown_outcome_and_is_not_repeated() {
    let (mut bench, mut first) = (Bench::without_board(), board(&PLAIN, 5, 1_000));
    carry(&mut bench, &mut first, 2_000, &mut |_| {});
    let call = json!({"name": "vent_move", "arguments": {"degrees": 60}});
    let id = bench.request("tools/call", call);
    carry(&mut bench, &mut first, 50, &mut |_| {});
    let mut second = board(&PLAIN, 6, bench.now);
    carry(&mut bench, &mut second, 8_000, &mut |_| {});
    let [answer] = *bench.answers(id) else { panic!("{:?}", bench.answers(id)) };
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("outcome unknown"), "{text}");
    assert_eq!(second.greenhouse().calls_entered(), 0);
    let id = bench.request("tools/call", json!({"name": "fan_set", "arguments": {"percent": 9}}));
    carry(&mut bench, &mut second, 200, &mut |_| {});
    assert_eq!(bench.answers(id)[0]["result"]["isError"], false);
}

#[test]
fn a_board_that_is_unplugged_is_missed_and_its_calls_end() {
    let (mut bench, mut board) = (Bench::without_board(), board(&PLAIN, 5, 1_000));
    carry(&mut bench, &mut board, 2_000, &mut |_| {});
    let id = bench.request("tools/call", json!({"name": "fan_set", "arguments": {"percent": 9}}));
    bench.pass(60_000);
    let [answer] = *bench.answers(id) else { panic!("{:?}", bench.answers(id)) };
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("the link to the device was lost"), "{text}");
    assert!(bench.notes.iter().any(|note| note == "the device does not answer"));
    bench.frames.clear();
    carry(&mut bench, &mut board, 3_000, &mut |_| {});
    let id = bench.request("tools/call", json!({"name": "fan_set", "arguments": {"percent": 9}}));
    carry(&mut bench, &mut board, 300, &mut |_| {});
    assert_eq!(bench.answers(id)[0]["result"]["isError"], false, "it is found again");
}
