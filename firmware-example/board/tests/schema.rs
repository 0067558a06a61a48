//! The descriptors derived from Rust types are exactly the tools of `tools.json` and `camera.json`.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use serde_json::{Value, json};

/// Every tool as an MCP client lists it.
fn listed() -> Vec<Value> {
    let mut session = common::session();
    let mut tools = Vec::new();
    let mut params = json!({});
    loop {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params});
        let answer = common::ask(&mut session, &request);
        tools.extend(answer["result"]["tools"].as_array().expect("a list").iter().cloned());
        match answer["result"].get("nextCursor") {
            Some(cursor) => params = json!({"cursor": cursor}),
            None => return tools,
        }
    }
}

#[test]
fn the_exported_tools_equal_the_published_ones_in_every_member() {
    let published = [include_str!("../tools.json"), include_str!("../camera.json")]
        .map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    let published: Vec<_> =
        published.iter().flat_map(|file| file["tools"].as_array().expect("a list")).collect();
    let listed = listed();
    assert_eq!((published.len(), listed.len()), (11, 11));
    for (published, listed) in published.into_iter().zip(&listed) {
        assert_eq!(published, listed, "{}", published["name"]);
    }
}

#[test]
fn the_numbers_of_the_tools_are_their_places_in_the_table() {
    use trine_board::tools as t;
    for (number, name) in [
        (t::LIGHT_SET, "light_set"),
        (t::FAN_SET, "fan_set"),
        (t::CLIMATE_SET, "climate_set"),
        (t::VALVE_OPEN, "valve_open"),
        (t::VALVE_CLOSE, "valve_close"),
        (t::VENT_MOVE, "vent_move"),
        (t::SENSOR_READ, "sensor_read"),
        (t::TIMER_START, "timer_start"),
        (t::DISPLAY_SHOW, "display_show"),
        (t::BOARD_STATUS, "board_status"),
        (t::CAMERA_SNAP, "camera_snap"),
    ] {
        assert_eq!(trine_board::TOOLS[usize::from(number)].info.name, name);
    }
}
