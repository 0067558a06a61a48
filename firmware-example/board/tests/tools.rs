//! Every tool, called as an MCP client calls it: JSON, engine, wire, dispatcher, board and back.

mod common;

use common::{Client, refusal};
use serde_json::json;
use trine_board::tools::TIMER_START;

#[test]
fn the_plain_tools_do_what_they_say() {
    let mut client = Client::new();
    let light = client.ok("light_set", &json!({"light": "grow", "on": true}));
    assert_eq!(light, json!({"light": "grow", "on": true, "brightness": 100}));
    let light = client.ok("light_set", &json!({"light": "all", "on": true, "brightness": 30}));
    assert_eq!(light, json!({"light": "all", "on": true, "brightness": 30}));
    let light = client.ok("light_set", &json!({"light": "door", "on": false, "brightness": 55}));
    assert_eq!(light, json!({"light": "door", "on": false, "brightness": 0}));
    assert_eq!(client.ok("fan_set", &json!({"percent": 40})), json!({"percent": 40}));

    let heat = client.ok("climate_set", &json!({"mode": "heat", "celsius": 24.5}));
    assert_eq!(heat, json!({"mode": "heat", "celsius": 24.5}));
    let off = client.ok("climate_set", &json!({"mode": "off", "celsius": 30}));
    assert_eq!(off, json!({"mode": "off"}));

    assert_eq!(client.ok("display_show", &json!({"text": "Grüße"})), json!({"line": 1}));
    assert_eq!(client.ok("display_show", &json!({"text": "x", "line": 4})), json!({"line": 4}));
    assert_eq!(client.ok("valve_close", &json!({"valve": "all"})), json!({"valve": "all"}));
    let lit = client.tools.board.lamps();
    assert_eq!((lit.grow, lit.door, lit.status), (30, 0, 30));
}

#[test]
fn the_status_tells_the_whole_board() {
    let mut client = Client::new();
    let shut = json!({"open": false, "remaining_s": 0});
    let dark = json!({"on": false, "brightness": 0});
    let at_boot = json!({
        "lights": {"grow": dark, "door": dark, "status": dark},
        "fan_percent": 0,
        "climate": {"mode": "off"},
        "valves": {"north": shut, "south": shut, "drip": shut, "mist": shut},
        "vent_degrees": 0,
        "sensors": {"temperature": 21.5, "humidity": 55, "soil": 40, "light": 800, "tank": 80},
        "timers": [],
        "display": ["", "", "", ""],
        "uptime_s": 0,
        "calls_entered": 1,
    });
    let status = client.ok("board_status", &json!({}));
    assert_eq!(numbers(&status), numbers(&at_boot));

    client.ok("climate_set", &json!({"mode": "heat", "celsius": 30}));
    client.ok("timer_start", &json!({"seconds": 60, "label": "tea"}));
    client.ok("timer_start", &json!({"seconds": 90}));
    client.ok("display_show", &json!({"text": "hello", "line": 2}));
    client.refusal("fan_set", &json!({"percent": 101}));
    let status = client.ok("board_status", &json!({}));
    assert_eq!(numbers(&status["climate"]), numbers(&json!({"mode": "heat", "celsius": 30})));
    assert_eq!(
        status["timers"],
        json!([
            {"timer_id": 1, "label": "tea", "remaining_s": 60},
            {"timer_id": 2, "remaining_s": 90},
        ])
    );
    assert_eq!(status["display"], json!(["", "hello", "", ""]));
    assert_eq!(status["calls_entered"], 6, "the refused call entered nothing");
}

// The same value with every number as a float: 40 and 40.0 are one number in JSON.
fn numbers(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), numbers(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn the_largest_status_fits() {
    let mut client = Client::new();
    for line in 1..=4 {
        client.ok("display_show", &json!({"text": "\u{1D11E}".repeat(32), "line": line}));
        let timer = json!({"seconds": 86_400, "label": "\u{1D11E}".repeat(24)});
        client.ok("timer_start", &timer);
    }
    client.ok("light_set", &json!({"light": "all", "on": true}));
    client.ok("climate_set", &json!({"mode": "heat", "celsius": 35}));
    for valve in ["north", "south", "drip", "mist"] {
        let arguments = json!({"valve": valve, "seconds": 1_800});
        client.refusal("valve_open", &arguments);
        client.press();
        client.ok("valve_open", &arguments);
    }
    client.run_ms(100_000);
    let status = client.ok("board_status", &json!({}));
    assert_eq!(status["timers"][3]["label"], "\u{1D11E}".repeat(24));
    assert_eq!(status["valves"]["mist"]["open"], true);
}

/// What stands on the glass in line 4.
fn glass(client: &Client) -> String {
    let line = client.tools.board.hardware().bus.shown(4).copied();
    String::from_utf8_lossy(line.as_ref().map_or(&[][..], |line| &line[..])).trim().to_owned()
}

#[test]
fn water_waits_for_a_person_and_each_press_allows_one_call() {
    let mut client = Client::new();
    let arguments = json!({"valve": "south", "seconds": 5});
    client.ok("display_show", &json!({"text": "mine", "line": 4}));
    let text = client.refusal("valve_open", &arguments);
    assert!(text.contains("valve_open") && text.contains("person"), "{text}");
    assert!(!client.tools.board.hardware().valves.south.is_on());
    assert_eq!(glass(&client), "Button = water: south, 5 s");
    let status = client.ok("board_status", &json!({}));
    assert_eq!(status["display"][3], "mine");

    client.press();
    client.refusal("valve_open", &json!({"valve": "south", "seconds": 6}));
    let opened = client.ok("valve_open", &arguments);
    assert_eq!(opened, json!({"valve": "south", "closes_in_s": 5}));
    assert_eq!(glass(&client), "mine");
    assert!(client.tools.board.hardware().valves.south.is_on());
    client.refusal("valve_open", &arguments);
    client.run_ms(5_000);
    assert!(!client.tools.board.hardware().valves.south.is_on());
    client.run_ms(60_000);
    assert_eq!(glass(&client), "mine", "the question goes away by itself");
}

#[test]
fn the_vent_answers_when_it_has_arrived() {
    let mut client = Client::new();
    let began_ms = client.now_ms;
    assert_eq!(client.ok("vent_move", &json!({"degrees": 90})), json!({"degrees": 90}));
    let took_ms = client.now_ms - began_ms;
    assert!((1_990..=2_100).contains(&took_ms), "{took_ms} ms");
    assert_eq!(client.ok("vent_move", &json!({"degrees": 90})), json!({"degrees": 90}));

    let first = client.start("vent_move", &json!({"degrees": 0})).expect("sent");
    client.run_ms(500);
    assert!(!client.is_answered(first));
    let second = client.start("vent_move", &json!({"degrees": 80})).expect("sent");
    let text = refusal(&client.wait(first));
    assert!(text.contains("later vent_move"), "{text}");
    assert_eq!(client.wait(second)["structuredContent"], json!({"degrees": 80}));
}

#[test]
fn sensors_answer_when_they_have_measured() {
    let mut client = Client::new();
    for (sensor, value, unit) in [
        ("temperature", 21.5, "celsius"),
        ("humidity", 55.0, "percent"),
        ("soil", 40.0, "percent"),
        ("light", 800.0, "lux"),
        ("tank", 80.0, "percent"),
    ] {
        let reading = client.ok("sensor_read", &json!({"sensor": sensor}));
        assert_eq!(numbers(&reading), json!({"value": value, "unit": unit}));
    }
    let board = client.tools.board.hardware_mut();
    board.bus.unplug(Some(trine_board::sim::Chip::Bh1750));
    let text = client.refusal("sensor_read", &json!({"sensor": "light"}));
    assert!(text.starts_with("sensor_read: the chip does not answer"), "{text}");
}

#[test]
fn a_cancelled_call_frees_its_place() {
    let mut client = Client::new();
    for _ in 0..12 {
        let call = client.start("sensor_read", &json!({"sensor": "light"})).expect("sent");
        client.run_ms(20);
        client.cancel(call);
        assert_eq!(client.wait(call)["isError"], true);
    }
    client.ok("sensor_read", &json!({"sensor": "light"}));
}

#[test]
fn as_many_calls_as_there_are_slots_wait_at_a_time_and_are_all_answered() {
    let mut client = Client::new();
    let light = json!({"sensor": "light"});
    for _ in 0..3 {
        let calls: Vec<_> =
            (0..4).map(|_| client.start("sensor_read", &light).expect("sent")).collect();
        for call in calls {
            assert_eq!(client.wait(call)["isError"], false);
        }
    }
}

#[test]
fn a_timer_returns_at_once_and_its_end_is_an_event() {
    let mut client = Client::new();
    let tea = client.ok("timer_start", &json!({"seconds": 2, "label": "tea"}));
    assert_eq!(tea, json!({"timer_id": 1, "ends_in_s": 2}));
    client.ok("timer_start", &json!({"seconds": 1}));
    client.run_ms(3_000);
    let expected = ["timer 2 has ended", "timer 1 has ended: tea"];
    assert_eq!(client.events, expected.map(|text| (TIMER_START, text.to_owned())));

    for _ in 0..4 {
        client.ok("timer_start", &json!({"seconds": 60}));
    }
    let text = client.refusal("timer_start", &json!({"seconds": 60}));
    assert_eq!(text, "timer_start: all four timers are running; wait for one to end");
}

#[test]
fn pictures_come_in_chunks() {
    let mut client = Client::new();
    for (arguments, width, height) in [
        (json!({}), 64, 48),
        (json!({"size": "large"}), 160, 120),
        (json!({"size": "small"}), 64, 48),
    ] {
        let result = client.call("camera_snap", &arguments);
        assert_eq!(result["isError"], false, "{result}");
        let block = &result["content"][0];
        assert_eq!((&block["type"], &block["mimeType"]), (&json!("image"), &json!("image/png")));
        let file = base64(block["data"].as_str().expect("Base64"));
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
        assert_eq!((reader.info().width, reader.info().height), (width, height));
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("whole");
    }
}

// RFC 4648 section 4.
fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let word = four.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - four.len()));
        word.to_be_bytes().into_iter().skip(1).take(four.len() - 1)
    });
    bytes.collect()
}

#[test]
fn bad_arguments_enter_nothing_and_change_nothing() {
    let mut client = Client::new();
    let before = client.ok("board_status", &json!({}));
    for (name, arguments, part) in vec![
        ("fan_set", json!({"percent": 101}), "percent"),
        ("fan_set", json!({"percent": "40"}), "percent"),
        ("fan_set", json!({}), "percent"),
        ("fan_set", json!({"percent": 1, "speed": 2}), "speed"),
        ("climate_set", json!({"mode": "heat"}), "celsius"),
        ("climate_set", json!({"mode": "heat", "celsius": 20.3}), "celsius"),
        ("climate_set", json!({"mode": "cool"}), "mode"),
        ("light_set", json!({"light": "grow", "on": 1}), "on"),
        ("light_set", json!({"light": "grow", "on": true, "brightness": 0}), "brightness"),
        ("valve_open", json!({"valve": "north", "seconds": 1_801}), "seconds"),
        ("vent_move", json!({"degrees": 91}), "degrees"),
        ("display_show", json!({"text": "é".repeat(33)}), "text"),
        ("timer_start", json!({"seconds": 0}), "seconds"),
        ("camera_snap", json!({"size": "huge"}), "size"),
    ] {
        let text = client.refusal(name, &arguments);
        assert!(text.contains(name) && text.contains(part), "{text}");
    }
    let after = client.ok("board_status", &json!({}));
    assert_eq!(after["calls_entered"], 2);
    for member in
        ["lights", "fan_percent", "climate", "valves", "vent_degrees", "timers", "display"]
    {
        assert_eq!(after[member], before[member], "{member}");
    }
    client.ok("display_show", &json!({"text": "é".repeat(32)}));
}

#[test]
fn nothing_is_written_over_a_question_and_what_was_meant_for_its_line_follows_it() {
    let mut client = Client::new();
    let arguments = json!({"valve": "south", "seconds": 5});
    client.refusal("valve_open", &arguments);
    client.ok("display_show", &json!({"text": "ALARM: press to silence", "line": 4}));
    assert_eq!(glass(&client), "Button = water: south, 5 s");
    client.press();
    assert_eq!(glass(&client), "ALARM: press to silence", "the question is answered");
    client.ok("valve_open", &arguments);
}

#[test]
fn who_presses_in_the_moment_in_which_a_question_comes_agrees_to_nothing() {
    let mut client = Client::new();
    let arguments = json!({"valve": "south", "seconds": 1_800});
    client.refusal("valve_open", &arguments);
    client.press_at_once();
    client.refusal("valve_open", &arguments);
    client.run_ms(60_000);
    assert_eq!(glass(&client), "", "its time is over");
    client.press_at_once();
    client.refusal("valve_open", &arguments);
    assert!(!client.tools.board.water_flows());
}

#[test]
fn a_large_question_does_not_take_the_place_of_a_small_one() {
    let mut client = Client::new();
    let small = json!({"valve": "drip", "seconds": 1});
    let large = json!({"valve": "south", "seconds": 1_800});
    client.refusal("valve_open", &small);
    client.run_ms(900);
    client.refusal("valve_open", &large);
    assert_eq!(glass(&client), "Button = water: drip, 1 s");
    client.press();
    client.refusal("valve_open", &large);
    client.ok("valve_open", &small);
    assert_eq!(glass(&client), "");
}

/// Opens the northern valve for as long as may be.
fn open_north(client: &mut Client) {
    let north = json!({"valve": "north", "seconds": 1_800});
    client.refusal("valve_open", &north);
    client.press();
    client.ok("valve_open", &north);
    assert!(client.tools.board.water_flows());
}

#[test]
fn the_valves_close_when_the_link_is_lost_and_the_log_is_told_later() {
    let mut client = Client::new();
    client.want_log(3);
    open_north(&mut client);
    client.run_ms(10_000);
    assert!(client.tools.board.water_flows(), "the host was there");
    client.be_silent_ms(3_900);
    assert!(client.tools.board.water_flows(), "the host may have said something a second ago");
    client.be_silent_ms(1_200);
    assert!(!client.tools.board.water_flows());
    client.be_silent_ms(1_000);
    assert_eq!(client.log, []);
    client.run_ms(100);
    let text = "the link was lost: the valves were closed";
    assert_eq!(client.log, [(3, text.to_owned())]);
    open_north(&mut client);
}

#[test]
fn the_valves_close_at_a_reset() {
    let mut client = Client::new();
    open_north(&mut client);
    let now_ms = client.now_ms;
    trine_dispatch::Tools::reset(&mut client.tools, now_ms);
    assert!(!client.tools.board.water_flows());
}

#[test]
fn the_vent_tells_how_far_it_is() {
    let mut client = Client::new();
    client.ok("vent_move", &json!({"degrees": 0}));
    client.progress.clear();
    client.ok("vent_move", &json!({"degrees": 90}));
    let told = std::mem::take(&mut client.progress);
    assert!(told.len() > 10 && told.is_sorted(), "{told:?}");
    assert!(told.iter().all(|&(done, total)| total == 90 && done <= 90), "{told:?}");
    client.ok("vent_move", &json!({"degrees": 60}));
    assert!(client.progress.iter().all(|&(done, total)| total == 30 && done <= 30));
}
