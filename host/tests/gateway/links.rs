//! Boards at the end of cables: several at once, pulled and plugged, restarted, with noise.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::board::Board;
use crate::harness::{Folder, Gateway, initialize, stateless, until};
use serde_json::json;

#[test]
fn every_tool_works_over_a_byte_link() {
    let folder = Folder::new("link");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.tools_of(11);
    assert_eq!(gateway.value("fan_set", json!({"percent": 12})), json!({"percent": 12}));
    let image = gateway.call("camera_snap", json!({}));
    assert_eq!(image["content"][0]["type"], json!("image"), "{image}");
    let soil = gateway.value("sensor_read", json!({"sensor": "soil"}));
    assert_eq!(soil["unit"], json!("percent"));
    let log = gateway.logged("online: 11 tools");
    assert!(log.contains("greenhouse: online"), "{log}");
    assert!(gateway.end().success());
}

#[test]
fn many_calls_at_once_overrun_no_small_board() {
    let folder = Folder::new("many");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address(), "--in-flight", "200"]);
    gateway.tools_of(11);
    // Pending calls, of which the board takes four at a time, among quick ones.
    for id in 0..300 {
        let (tool, arguments) = match id % 10 {
            3 => ("sensor_read", json!({"sensor": "light"})),
            _ => ("display_show", json!({"text": format!("line {id}"), "line": id % 4 + 1})),
        };
        let params = json!({"name": tool, "arguments": arguments});
        gateway.send(&stateless(&json!(id), "tools/call", params));
    }
    let mut ids: Vec<u64> = (0..300)
        .map(|_| {
            let answer = gateway.line();
            assert_eq!(answer["result"]["isError"], json!(false), "{answer}");
            answer["id"].as_u64().unwrap()
        })
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..300).collect::<Vec<_>>());
    assert_eq!(board.controls.bad.load(SeqCst), 0);
}

#[test]
fn a_log_that_no_one_reads_any_more_ends_nothing() {
    let folder = Folder::new("unread");
    let board = Board::start(folder.path("board"), "A1");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut gateway = Gateway::spawn(Gateway::command(&["--unix", board.address()]).stderr(writer));
    gateway.tools_of(11);
    board.unplug();
    let refused = |gateway: &mut Gateway| gateway.call("fan_set", json!({"percent": 1}));
    until(|| (refused(&mut gateway)["isError"] == true).then_some(()), || "not lost".into());
    board.plug();
    until(|| (refused(&mut gateway)["isError"] == false).then_some(()), || "not back".into());
    assert!(gateway.end().success());
}

#[test]
fn a_pulled_cable_is_said_at_once_and_a_plugged_one_noticed() {
    let folder = Folder::new("cable");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.value("fan_set", json!({"percent": 12}));
    board.unplug();
    gateway.logged("offline: ");
    // The refusal waits for nothing: it comes before the answer to what is asked after it.
    let fan = json!({"name": "fan_set", "arguments": {"percent": 13}});
    gateway.send(&stateless(&json!("call"), "tools/call", fan));
    gateway.send(&stateless(&json!("after"), "server/discover", json!({})));
    let result = gateway.answer(&json!("call"))["result"].clone();
    assert_eq!(result["isError"], json!(true), "{result}");
    let said = result["content"][0]["text"].as_str().unwrap();
    assert!(said.starts_with("fan_set: ") && said.contains("offline"), "{said}");
    gateway.answer(&json!("after"));
    // The tools stay listed, so that a client need not learn them again.
    gateway.tools_of(11);
    board.plug();
    gateway.logged("online again");
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(12));
}

#[test]
fn a_board_that_is_plugged_in_later_is_announced() {
    let folder = Folder::new("later");
    let path = folder.path("board");
    let mut gateway = Gateway::start(&["--unix", path.to_str().unwrap()]);
    for message in initialize("2025-11-25") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    gateway.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
    let listed = gateway.answer(&json!(1));
    assert_eq!(listed["result"]["tools"], json!([]));
    let params = json!({"notifications": {"toolsListChanged": true}});
    gateway.send(&stateless(&json!("news"), "subscriptions/listen", params));
    assert_eq!(gateway.line()["method"], json!("notifications/subscriptions/acknowledged"));
    let _board = Board::start(path, "A1");
    let news = [gateway.line(), gateway.line()];
    for each in &news {
        assert_eq!(each["method"], json!("notifications/tools/list_changed"), "{news:?}");
    }
    let meta = "io.modelcontextprotocol/subscriptionId";
    assert!(news.iter().any(|each| each["params"]["_meta"][meta] == json!("news")), "{news:?}");
    gateway.tools_of(11);
}

#[test]
fn corrupt_frames_are_dropped_and_calls_come_through() {
    let folder = Folder::new("hurt");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.tools_of(11);
    for percent in 0..5 {
        board.controls.hurt.store(1, SeqCst);
        // The answer is lost; the call is one that may be repeated, and is.
        assert_eq!(gateway.value("fan_set", json!({"percent": percent}))["percent"], percent);
        assert_eq!(board.controls.hurt.load(SeqCst), 0);
    }
}

#[test]
fn what_a_board_prints_appears_under_its_name() {
    let folder = Folder::new("print");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", &format!("north={}", board.address())]);
    gateway.tools_of(11);
    *board.controls.print.lock().unwrap() = b"pump 1 ready\r\n".to_vec();
    gateway.logged("north| pump 1 ready");
    *board.controls.print.lock().unwrap() = b"login:".to_vec();
    gateway.logged("north| login:");
    gateway.value("fan_set", json!({"percent": 3}));
}

/// The frames of two calls have come to a board that is stuck.
fn both_are_there(board: &Board) {
    let held = || (board.controls.held.load(SeqCst) >= 4).then_some(());
    until(held, || "the calls did not come".to_owned());
}

#[test]
fn a_restart_leaves_no_call_without_an_answer() {
    let folder = Folder::new("restart");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.tools_of(11);
    let calls = [
        ("timer", "timer_start", json!({"seconds": 9})),
        ("sensor", "sensor_read", json!({"sensor": "soil"})),
    ];
    board.controls.stuck.store(true, SeqCst);
    for (id, tool, arguments) in calls {
        let params = json!({"name": tool, "arguments": arguments});
        gateway.send(&stateless(&json!(id), "tools/call", params));
    }
    both_are_there(&board);
    board.controls.restart.store(true, SeqCst);
    let restarted = || (!board.controls.restart.load(SeqCst)).then_some(());
    until(restarted, || "the board did not restart".to_owned());
    board.controls.stuck.store(false, SeqCst);
    let answers = [gateway.line(), gateway.line()];
    let of = |id: &str| answers.iter().find(|answer| answer["id"] == json!(id)).unwrap();
    // A timer started twice would be two timers: no one knows, so no one repeats it.
    let timer = of("timer")["result"]["content"][0]["text"].as_str().unwrap();
    assert!(timer.contains("outcome unknown"), "{timer}");
    // Reading a sensor does no harm, so it is done again.
    assert_eq!(of("sensor")["result"]["isError"], json!(false), "{answers:?}");
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["timers"], json!([]));
}

#[test]
fn a_cable_pulled_during_a_call_loses_none_and_runs_none_twice() {
    let folder = Folder::new("during");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.tools_of(11);
    board.controls.stuck.store(true, SeqCst);
    let ask = |id: &str, tool: &str| {
        let arguments =
            if tool == "fan_set" { json!({"percent": 9}) } else { json!({"seconds": 9}) };
        stateless(&json!(id), "tools/call", json!({"name": tool, "arguments": arguments}))
    };
    gateway.send(&ask("fan", "fan_set"));
    gateway.send(&ask("timer", "timer_start"));
    both_are_there(&board);
    board.unplug();
    gateway.logged("offline: ");
    // The board runs both while no one hears it.
    board.controls.stuck.store(false, SeqCst);
    let ran = || (board.controls.entered.load(SeqCst) == 2).then_some(());
    until(ran, || "the calls were not run".to_owned());
    gateway.is_silent_for(100);
    board.plug();
    let answers = [gateway.line(), gateway.line()];
    let of = |id: &str| answers.iter().find(|answer| answer["id"] == json!(id)).unwrap();
    let [fan, timer] = ["fan", "timer"].map(|id| of(id)["result"]["structuredContent"].clone());
    assert_eq!((&fan, &timer["timer_id"]), (&json!({"percent": 9}), &json!(1)), "{answers:?}");
    let status = gateway.value("board_status", json!({}));
    assert_eq!(status["timers"].as_array().unwrap().len(), 1, "{status}");
    // The board counts after it has answered.
    let entered = || board.controls.entered.load(SeqCst);
    until(|| (entered() >= 3).then_some(()), || format!("{} calls were run", entered()));
    assert_eq!(entered(), 3);
}

#[test]
fn a_board_that_falls_silent_is_offline_and_comes_back() {
    let folder = Folder::new("silent");
    let board = Board::start(folder.path("board"), "A1");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.tools_of(11);
    board.controls.stuck.store(true, SeqCst);
    gateway.logged("offline: it does not answer");
    gateway.refusal("fan_set", json!({"percent": 13}));
    board.controls.stuck.store(false, SeqCst);
    gateway.logged("online again");
    gateway.value("fan_set", json!({"percent": 13}));
}

#[test]
fn two_boards_are_told_apart_by_their_serial_numbers() {
    let folder = Folder::new("two");
    let one = Board::start(folder.path("one"), "A1");
    let two = Board::start(folder.path("two"), "B/2");
    // The order on the command line changes no name.
    for order in [[&one, &two], [&two, &one]] {
        let addresses = order.map(Board::address);
        let mut gateway = Gateway::start(&["--unix", addresses[0], "--unix", addresses[1]]);
        let tools = gateway.tools_of(22);
        assert_eq!((&*tools[1], &*tools[12]), ("greenhouse_A1_fan_set", "greenhouse_B_2_fan_set"));
        gateway.value("greenhouse_A1_fan_set", json!({"percent": 1}));
        gateway.value("greenhouse_B_2_fan_set", json!({"percent": 2}));
        let status = gateway.value("greenhouse_A1_board_status", json!({}));
        assert_eq!(status["fan_percent"], json!(1));
        let said = gateway.refusal("greenhouse_B_2_fan_set", json!({"percent": 200}));
        assert!(said.starts_with("greenhouse_B_2_fan_set: percent"), "{said}");
    }
}

#[test]
fn one_board_gone_leaves_the_other_at_work() {
    let folder = Folder::new("half");
    let board = Board::start(folder.path("board"), "A1");
    let address = format!("bed={}", board.address());
    let mut gateway = Gateway::start(&["--unix", &address, "--simulate=shed"]);
    gateway.tools_of(22);
    board.unplug();
    gateway.logged("bed: offline");
    let said = gateway.refusal("bed_fan_set", json!({"percent": 1}));
    assert!(said.contains("offline"), "{said}");
    gateway.value("shed_fan_set", json!({"percent": 2}));
}

#[test]
fn a_device_that_is_not_there_stops_no_other_one() {
    let folder = Folder::new("three");
    let boards = [("bed", "A1"), ("shed", "B2")];
    let boards = boards.map(|(name, serial)| Board::start(folder.path(name), serial));
    let [bed, shed] = ["bed", "shed"].map(|name| format!("{name}={}", folder.path(name).display()));
    let gone = format!("gone={}", folder.path("nothing").display());
    let mut gateway = Gateway::start(&["--unix", &gone, "--unix", &bed, "--unix", &shed]);
    assert!(gateway.tools_of(22).iter().all(|tool| !tool.starts_with("gone_")));
    for name in ["bed", "shed"] {
        gateway.value(&format!("{name}_fan_set"), json!({"percent": 3}));
    }
    let log = gateway.logged("gone: ");
    let said: Vec<&str> = log.lines().filter(|line| line.contains("gone: ")).collect();
    assert!(said.len() == 1 && said[0].contains("No such file"), "{log}");
    drop(boards);
}

#[test]
fn a_clash_of_names_costs_the_second_device_its_tools_and_names_both() {
    let folder = Folder::new("clash");
    let board = Board::start(folder.path("board"), "A1");
    let address = format!("bed={}", board.address());
    let mut gateway = Gateway::start(&["--unix", &address, "--simulate=shed", "--prefix", "none"]);
    assert_eq!(gateway.tools_of(11).len(), 11);
    gateway.value("fan_set", json!({"percent": 13}));
    let log = gateway.logged("two tools are called 'fan_set'");
    // Either may be there first: both are opened at once.
    let is_shed = log.contains("shed: its tool fan_set");
    let (second, first) =
        if is_shed { ("shed", "bed (unix ") } else { ("bed", "shed (simulated)") };
    assert!(log.contains(&format!("{second}: its tool fan_set")) && log.contains(first), "{log}");
    assert!(log.contains("--prefix auto"), "{log}");
}

#[test]
fn prefixes_are_as_asked() {
    let tool = |arguments: &[&str]| Gateway::start(arguments).tools()[1].clone();
    assert_eq!(tool(&["--simulate"]), "fan_set");
    assert_eq!(tool(&["--simulate", "--prefix", "always"]), "greenhouse_fan_set");
    assert_eq!(tool(&["--simulate=bed", "--prefix", "always"]), "bed_fan_set");
    assert_eq!(tool(&["--simulate", "--simulate"]), "greenhouse_sim-1_fan_set");
}

#[test]
fn a_serial_port_is_a_byte_link_like_any_other() {
    let folder = Folder::new("serial");
    let board = Board::start(folder.path("board"), "A1");
    let (ours, its) = serial2::SerialPort::pair().unwrap();
    let socket = until(
        || std::os::unix::net::UnixStream::connect(&board.path).ok(),
        || "the board's socket is not there".to_owned(),
    );
    let name = {
        use std::os::fd::AsRawFd;
        std::fs::read_link(format!("/proc/self/fd/{}", its.as_raw_fd())).unwrap()
    };
    let (mut from, mut to) = (socket.try_clone().unwrap(), ours.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut from, mut to) = (ours, socket);
    from.set_read_timeout(Duration::from_secs(60)).unwrap();
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut gateway = Gateway::start(&["--serial", &format!("{}:9600", name.display())]);
    gateway.logged("online: 11 tools");
    assert_eq!(gateway.value("fan_set", json!({"percent": 77})), json!({"percent": 77}));
    let image = gateway.call("camera_snap", json!({}));
    assert_eq!(image["content"][0]["type"], json!("image"), "{image}");
}

#[test]
fn a_tcp_port_is_a_byte_link_like_any_other() {
    let folder = Folder::new("tcp");
    let board = Board::start(folder.path("board"), "A1");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let path = board.path.clone();
    std::thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let unix = std::os::unix::net::UnixStream::connect(path).unwrap();
        let (mut from, mut to) = (tcp.try_clone().unwrap(), unix.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut from, mut to) = (unix, tcp);
        drop(std::io::copy(&mut from, &mut to));
    });
    let mut gateway = Gateway::start(&["--tcp", &address]);
    assert_eq!(gateway.value("fan_set", json!({"percent": 78})), json!({"percent": 78}));
}

#[test]
fn the_handshake_waits_for_no_device() {
    let folder = Folder::new("greeting");
    let board = Board::start(folder.path("board"), "A1");
    board.controls.stuck.store(true, SeqCst);
    let devices = ["--unix", board.address(), "--serial", "/dev/nonexistent"];
    let mut gateway = Gateway::start(&[&["--log", "debug"], &devices[..]].concat());
    gateway.logged("/dev/nonexistent");
    // The board is silent until it has been answered.
    gateway.ask("server/discover", json!({}));
    for message in initialize("2025-11-25") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    // What is asked about tools waits for the board, but not for ever.
    assert_eq!(gateway.tools(), [""; 0]);
    board.controls.stuck.store(false, SeqCst);
    let log = gateway.logged("online: 11 tools");
    // Whatever waits is logged before it does, and nothing of the hello did.
    let mut waits = log.lines().filter(|line| line.contains("waits until all devices"));
    assert!(waits.all(|line| line.contains("tools/list waits")), "{log}");
    gateway.tools_of(11);
}

#[test]
fn both_ends_count_corrupt_frames() {
    let folder = Folder::new("count");
    let board = Board::start(folder.path("board"), "A1");
    let args = trine_gateway::DeviceArgs {
        unix: vec![board.address().to_owned()],
        ..trine_gateway::DeviceArgs::default()
    };
    let hub = trine_gateway::Hub::open(&args, trine_gateway::Prefix::None).unwrap();
    assert!(hub.wait_ready(Duration::from_secs(10)));
    let device = hub.find("greenhouse").unwrap();
    assert_eq!(device.frames_bad(), 0);
    for lost in 1..=3 {
        board.controls.hurt.store(1, SeqCst);
        let report = device.call_json("fan_set", "{\"percent\": 9}", Duration::from_secs(10));
        assert!(!report.is_error, "{}", report.text);
        // One bit wrong may make a zero, which cuts one bad frame into two.
        assert!(device.frames_bad() >= lost, "{} of {lost}", device.frames_bad());
        assert!(report.bytes_out > 0 && report.bytes_in > 0);
    }
    let status = device.status(Duration::from_secs(5)).unwrap();
    assert_eq!((status.frames_bad, status.bytes_lost), (0, 0));
    // Each lost answer was asked for again, and came from the board's store.
    assert_eq!(status.entered, 3);
    assert!(status.repeats >= 3, "{}", status.repeats);
}
