//! The gateway on standard input and output, as clients of both eras see it.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::board::Board;
use crate::harness::{Folder, Gateway, initialize, person, stateless};
use serde_json::{Value, json};

const TOOLS: [&str; 11] = [
    "light_set",
    "fan_set",
    "climate_set",
    "valve_open",
    "valve_close",
    "vent_move",
    "sensor_read",
    "timer_start",
    "display_show",
    "board_status",
    "camera_snap",
];

#[test]
fn a_stateless_client_discovers_lists_and_calls() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let discovered = gateway.ask("server/discover", json!({}));
    assert_eq!(discovered["result"]["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!(gateway.tools(), TOOLS);
    let fan = gateway.value("fan_set", json!({"percent": 40}));
    assert_eq!(fan, json!({"percent": 40}));
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(40));
    assert!(gateway.end().success());
}

#[test]
fn clients_of_every_older_revision_are_served() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut gateway = Gateway::start(&["--simulate"]);
        for message in initialize(version) {
            gateway.send(&message);
        }
        let hello = gateway.answer(&json!("hello"));
        assert_eq!(hello["result"]["protocolVersion"], json!(version));
        gateway.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
        let listed = gateway.answer(&json!(1));
        assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), TOOLS.len(), "{version}");
        let params = json!({"name": "fan_set", "arguments": {"percent": 7}});
        gateway.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}));
        let called = gateway.answer(&json!(2));
        assert_eq!(called["result"]["content"][0]["text"], json!("{\"percent\":7}"), "{version}");
        assert!(gateway.end().success());
    }
}

#[test]
fn pending_tools_an_image_and_a_timer_come_to_their_ends() {
    let mut gateway = Gateway::start(&["--simulate", "--time-scale", "20"]);
    let vent = gateway.value("vent_move", json!({"degrees": 30}));
    assert_eq!(vent, json!({"degrees": 30}));
    let soil = gateway.value("sensor_read", json!({"sensor": "soil"}));
    assert_eq!(soil["unit"], json!("percent"));
    let image = gateway.call("camera_snap", json!({}));
    assert_eq!(image["content"][0]["type"], json!("image"));
    assert_eq!(image["content"][0]["mimeType"], json!("image/png"));
    assert!(image["content"][0]["data"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    gateway.value("timer_start", json!({"seconds": 2, "label": "tea"}));
    let log = gateway.logged("timer_start: ");
    assert!(log.contains("tea"), "{log}");
}

#[test]
fn a_person_at_the_board_allows_one_call() {
    let folder = Folder::new("person");
    let socket = folder.path("button");
    let button = format!("unix:{}", socket.display());
    let mut gateway = Gateway::start(&["--simulate", "--button", &button]);
    let valve = json!({"valve": "north", "seconds": 60});
    let said = gateway.refusal("valve_open", valve.clone());
    assert!(said.contains("person"), "{said}");
    let shut = gateway.value("board_status", json!({}));
    assert_eq!(shut["valves"]["north"]["open"], json!(false));
    person(&socket, "button");
    assert_eq!(gateway.value("valve_open", valve.clone())["closes_in_s"], json!(60));
    gateway.refusal("valve_open", valve);
    let open = gateway.value("board_status", json!({}));
    assert_eq!(open["valves"]["north"]["open"], json!(true));
    person(&socket, "scale 600");
    crate::harness::until(
        || {
            let status = gateway.value("board_status", json!({}));
            (status["valves"]["north"]["open"] == json!(false)).then_some(())
        },
        || "the valve did not close by itself".to_owned(),
    );
    assert!(gateway.end().success());
    assert!(!socket.exists(), "the socket stayed behind");
}

#[test]
fn an_array_is_answered_when_all_of_it_is() {
    let mut gateway = Gateway::start(&["--simulate"]);
    for message in initialize("2025-03-26") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    let call = |id: u32, tool: &str, arguments: Value| {
        let params = json!({"name": tool, "arguments": arguments});
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
    };
    gateway.send(&json!([
        call(1, "sensor_read", json!({"sensor": "light"})),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        call(2, "fan_set", json!({"percent": 5})),
        {"jsonrpc": "2.0", "id": 3, "method": "nothing/such"},
    ]));
    let answers = gateway.line();
    let mut ids: Vec<_> =
        answers.as_array().unwrap().iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3], "{answers}");
    gateway.send(&json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]));
    gateway.send(&json!(vec![json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}); 129]));
    let refused = gateway.line();
    assert_eq!(refused["error"]["code"], json!(-32600), "{refused}");
}

#[test]
fn a_cancelled_call_is_not_answered() {
    let mut gateway = Gateway::start(&["--simulate"]);
    gateway.tools();
    let call = |id: &str| {
        let params = json!({"name": "vent_move", "arguments": {"degrees": 90}});
        stateless(&json!(id), "tools/call", params)
    };
    gateway.send(&call("slow"));
    let params = json!({"requestId": "slow"});
    gateway.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}));
    gateway.send(&call("next"));
    let answer = gateway.answer(&json!("next"));
    assert_eq!(answer["result"]["structuredContent"]["degrees"], json!(90));
    gateway.is_silent_for(200);
}

#[test]
fn a_subscription_is_acknowledged_and_ended() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let params = json!({"notifications": {"toolsListChanged": true}});
    gateway.send(&stateless(&json!("news"), "subscriptions/listen", params));
    let acknowledged = gateway.line();
    let method = json!("notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["method"], method, "{acknowledged}");
    gateway.input = None;
    let ended = gateway.line();
    assert_eq!(ended["id"], json!("news"), "{ended}");
}

#[test]
fn what_a_client_sent_before_it_ended_its_input_is_answered() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let params = json!({"name": "sensor_read", "arguments": {"sensor": "tank"}});
    let last = stateless(&json!(1), "tools/call", params).to_string();
    // The last line has no end.
    gateway.send_raw(last.as_bytes());
    gateway.input = None;
    let answer = gateway.answer(&json!(1));
    assert_eq!(answer["result"]["isError"], json!(false), "{answer}");
    assert!(gateway.end().success());
}

#[test]
fn without_a_device_it_says_what_to_add() {
    let output = Gateway::command(&[]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(said.contains("--simulate") && said.contains("--serial"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_it_in_good_order() {
    let mut gateway = Gateway::start(&["--simulate"]);
    gateway.tools();
    let id = gateway.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(gateway.exited().code(), Some(0));
}

/// While calls come without end the program is told to end: what it has taken is answered.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_under_load_drops_no_call_that_was_taken() {
    under_load("quick", "64", json!({"name": "display_show", "arguments": {"text": "on"}}));
    // Calls that take their time, one after the other, while many more wait to be taken.
    under_load("slow", "1", json!({"name": "sensor_read", "arguments": {"sensor": "light"}}));
}

#[cfg(target_os = "linux")]
fn under_load(name: &str, in_flight: &str, call: Value) {
    use std::io::Write;

    let folder = Folder::new(&format!("signal-{name}"));
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address(), "--in-flight", in_flight]);
    gateway.tools_of(11);
    let mut input = gateway.input.take().unwrap();
    let load = std::thread::spawn(move || {
        for id in 0_u64.. {
            let call = stateless(&json!(id), "tools/call", call.clone());
            if input.write_all(format!("{call}\n").as_bytes()).is_err() {
                return;
            }
        }
    });
    // The load is under way.
    let mut answered: Vec<u64> = (0..10).map(|_| gateway.line()["id"].as_u64().unwrap()).collect();
    let id = gateway.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    while let Some(line) = gateway.line_or_end() {
        assert_eq!(line["result"]["isError"], json!(false), "{line}");
        answered.push(line["id"].as_u64().unwrap());
    }
    assert_eq!(gateway.exited().code(), Some(0));
    load.join().unwrap();
    // Calls are taken in order, so a gap would be one that was taken and dropped; and the board ran
    // each of them, and no other.
    answered.sort_unstable();
    assert_eq!(answered, (0..answered.len() as u64).collect::<Vec<_>>(), "{name}");
    assert_eq!(board.controls.entered.load(SeqCst) as usize, answered.len(), "{name}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_says_how_to_connect() {
    use std::os::fd::AsRawFd;

    let (keys, terminal) = serial2::SerialPort::pair().unwrap();
    let path = std::fs::read_link(format!("/proc/self/fd/{}", terminal.as_raw_fd())).unwrap();
    let typed = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut gateway = Gateway::start_on(typed.into(), &["--simulate"]);
    let log = gateway.logged("Ctrl-D");
    assert!(log.contains("trine connect claude-code") && log.contains("tools/list"), "{log}");
    let valve = json!({"name": "valve_open", "arguments": {"valve": "mist", "seconds": 5}});
    let request = format!("{}\n", stateless(&json!(1), "tools/call", valve));
    keys.write_all(request.as_bytes()).unwrap();
    assert_eq!(gateway.answer(&json!(1))["result"]["isError"], json!(true));
    // A press counts once the board has shown the question for a second.
    std::thread::sleep(Duration::from_millis(1_200));
    keys.write_all(b"b\n").unwrap();
    keys.write_all(request.as_bytes()).unwrap();
    assert_eq!(gateway.answer(&json!(1))["result"]["isError"], json!(false));
}

/// A client that drops a list without `resultType` is in use (2026-07-28): each result has one, for
/// what real clients send in `_meta`, and on what they send.
#[test]
fn each_result_names_its_type_to_the_clients_that_were_recorded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/messages");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let modern: Vec<_> =
        files.filter(|file| file.to_str().unwrap().ends_with("-modern.jsonl")).collect();
    assert!(modern.len() >= 4, "{modern:?}");
    for file in modern {
        let recorded = std::fs::read_to_string(&file).unwrap();
        let recorded: Vec<&str> = recorded.lines().collect();
        let first: Value = serde_json::from_str(recorded[0]).unwrap();
        let meta = &first["params"]["_meta"];
        let mut gateway = Gateway::start(&["--simulate"]);
        let mut lists = Vec::new();
        for method in [
            "server/discover",
            "tools/list",
            "resources/list",
            "resources/templates/list",
            "prompts/list",
        ] {
            let params = json!({"_meta": meta});
            let id = format!("{method} of {}", file.display());
            lists.push(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        }
        let lists: Vec<String> = lists.iter().map(Value::to_string).collect();
        for line in lists.iter().map(String::as_str).chain(recorded) {
            let message: Value = serde_json::from_str(line).unwrap();
            gateway.send_raw(format!("{line}\n").as_bytes());
            let answer = gateway.answer(&message["id"]);
            let kind =
                answer["result"]["resultType"].as_str().unwrap_or_else(|| panic!("{answer}"));
            assert!(["complete", "task"].contains(&kind), "{answer}");
            // What may be kept says for how long; the result of a call does not.
            let is_kept = message["method"] != "tools/call" || kind == "task";
            assert_eq!(answer["result"]["ttlMs"].is_number(), is_kept, "{answer}");
        }
    }
}
