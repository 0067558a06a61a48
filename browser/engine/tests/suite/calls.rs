//! Calls of the board by a client.

use serde_json::{Value, json};
use trine_board::TOOLS;
use trine_browser::out::Kind;
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};
use trine_wire::{DecodeEvent, Decoder};

use crate::bench::Bench;

/// The tools that the engine makes of the board's own table.
fn own_tools() -> Value {
    let catalog = Single::new(ServerInfo::default(), &TOOLS);
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }}});
    let (text, mut out) = (request.to_string(), vec![0; 1 << 20]);
    let mut session = McpSession::default();
    let step = McpEngine::new(&catalog).receive(text.as_bytes(), &mut session, &mut [], &mut out);
    let Step::Reply(len) = step else { panic!("{step:?}") };
    serde_json::from_slice::<Value>(&out[..len]).unwrap()["result"]["tools"].take()
}

#[test]
fn the_list_that_came_in_frames_is_that_of_the_board() {
    let mut bench = Bench::new();
    let answer = bench.ask("tools/list", json!({}));
    assert_eq!(answer["result"]["tools"], own_tools());
    assert_eq!(bench.ready[0]["product"], "greenhouse");
    assert_eq!(bench.ready[0]["tools"], TOOLS.len());
}

#[test]
fn a_call_moves_the_board_and_every_frame_of_it_is_shown() {
    let mut bench = Bench::new();
    bench.frames.clear();
    let result = bench.call("light_set", json!({"light": "grow", "on": true, "brightness": 80}));
    assert_eq!(result["structuredContent"]["brightness"], 80, "{result}");
    assert_eq!(bench.picture()["lamps"]["grow"], 80);
    let kinds: Vec<_> = bench.frames.iter().map(|(way, bytes)| (*way, bytes[0])).collect();
    assert_eq!(kinds, [(Kind::ToDevice, 2), (Kind::FromDevice, 2)]);
    for (_, bytes) in &bench.frames {
        let (mut decoder, mut message) = (Decoder::new(), [0; 4096]);
        let events = bytes[1..].iter().map(|byte| decoder.feed(*byte, &mut message));
        let events: Vec<_> = events.filter(|event| *event != DecodeEvent::Nothing).collect();
        assert!(matches!(*events, [DecodeEvent::Message(_)]), "{events:?}");
        assert_eq!(message[0], bytes[0], "the kind that is shown is that of the message");
    }
}

#[test]
fn a_number_out_of_range_is_refused_in_words_by_the_board() {
    let mut bench = Bench::new();
    let result = bench.call("fan_set", json!({"percent": 140}));
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(result["isError"], true);
    assert!(text.contains("percent") && text.contains("100"), "{text}");
    assert_eq!(bench.picture()["fan"], 0);
}

#[test]
fn water_waits_for_a_person_at_the_button() {
    let mut bench = Bench::new();
    let given = json!({"valve": "drip", "seconds": 60});
    let refused = bench.call("valve_open", given.clone());
    assert_eq!(refused["isError"], true, "{refused}");
    assert_eq!(bench.picture()["asks"], true);
    bench.pass(1_500);
    bench.page.press();
    bench.pass(500);
    let opened = bench.call("valve_open", given.clone());
    assert_eq!(opened["isError"], false, "{opened}");
    assert!(bench.picture()["valves"]["drip"].as_u64().unwrap() > 50);
    let again = bench.call("valve_open", given);
    assert_eq!(again["isError"], true, "one press agrees to one call");
}

#[test]
fn a_picture_comes_in_chunks_and_is_whole() {
    for size in ["small", "large"] {
        let mut bench = Bench::new();
        let result = bench.call("camera_snap", json!({"size": size}));
        let block = &result["content"][0];
        assert_eq!((&block["type"], &block["mimeType"]), (&json!("image"), &json!("image/png")));
        let data = block["data"].as_str().unwrap();
        assert!(data.starts_with("iVBORw0KGgo"), "{}", &data[..20]);
        assert!(data.len() > 200);
    }
}

#[test]
fn a_client_of_an_initialize_revision_is_served_too() {
    let mut bench = Bench::new();
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "old", "version": "1"}});
    bench.send(&json!({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": hello}));
    assert_eq!(bench.messages[0]["result"]["protocolVersion"], "2025-06-18");
    bench.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let call = json!({"name": "fan_set", "arguments": {"percent": 40}});
    bench.send(&json!({"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": call}));
    bench.pass(200);
    let last = bench.messages.last().unwrap();
    assert_eq!((&last["id"], &last["result"]["isError"]), (&json!("b"), &json!(false)), "{last}");
    assert_eq!(bench.picture()["fan"], 40);
}

#[test]
fn four_calls_are_under_way_and_a_fifth_is_told_so() {
    let mut bench = Bench::new();
    let timer = json!({"name": "sensor_read", "arguments": {"sensor": "temperature"}});
    let ids: Vec<u64> = (0..6).map(|_| bench.request("tools/call", timer.clone())).collect();
    bench.pass(5_000);
    let (mut done, mut busy) = (0, 0);
    for id in ids {
        let [answer] = *bench.answers(id) else { panic!("one answer to {id}") };
        if answer["result"]["isError"] == true {
            busy += 1;
            let text = answer["result"]["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("too many calls"), "{text}");
        } else {
            done += 1;
        }
    }
    assert!(done >= 4 && done + busy == 6, "{done} done, {busy} busy");
}

#[test]
fn a_call_that_is_cancelled_gets_no_answer() {
    let mut bench = Bench::new();
    let timer = json!({"name": "vent_move", "arguments": {"degrees": 40}});
    let id = bench.request("tools/call", timer);
    bench.frames.clear();
    bench.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": id}}));
    // The device is told, once, and answers that it has ended the call.
    let cancels = |frame: &&(Kind, Vec<u8>)| frame.0 == Kind::ToDevice && frame.1[0] == 3;
    assert_eq!(bench.frames.iter().filter(cancels).count(), 1);
    bench.pass(20_000);
    assert_eq!(bench.answers(id).len(), 0);
    let result = bench.call("fan_set", json!({"percent": 30}));
    assert_eq!(result["isError"], false, "its lane is free again: {result}");
}

#[test]
fn a_call_before_the_device_is_ready_says_that_nothing_was_done() {
    let mut bench = Bench::without_board();
    let answer = bench.ask("tools/call", json!({"name": "fan_set", "arguments": {}}));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    bench.plug(&[""; 11]);
    let result = bench.call("fan_set", json!({"percent": 30}));
    assert_eq!(result["isError"], false);
}
