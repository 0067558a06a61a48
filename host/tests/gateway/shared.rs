//! One board on a serial port, and several programs that use it at a time.

use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use serial2::SerialPort;

use crate::bakery::Bakery;
use crate::board::Board;
use crate::crowd::{Cabled, Crowd};
use crate::harness::{Folder, Gateway, stateless, until};
use crate::ledger::Ledger;
use crate::panels::{PANEL, Panels, Plan};

/// A board on a pseudo-terminal, and the folder in which its users meet.
struct Port {
    folder: Folder,
    /// What is behind the terminal.
    _board: Box<dyn std::any::Any>,
    path: PathBuf,
    /// Keeps the terminal while no one has it open.
    _its: SerialPort,
}

impl Port {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let board = Board::start(folder.path("board"), "A1");
        let path = board.path.clone();
        Self::of(folder, Box::new(board), &path)
    }

    /// One behind which a device listens on a socket.
    fn of(folder: Folder, board: Box<dyn std::any::Any>, socket: &std::path::Path) -> Self {
        let (ours, its) = SerialPort::pair().unwrap();
        let path = std::fs::read_link(format!("/proc/self/fd/{}", its.as_raw_fd())).unwrap();
        let socket = until(
            || std::os::unix::net::UnixStream::connect(socket).ok(),
            || "the board's socket is not there".to_owned(),
        );
        let (mut from, mut to) = (socket.try_clone().unwrap(), ours.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut from, mut to) = (ours, socket);
        from.set_read_timeout(Duration::from_secs(600)).unwrap();
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        Self { folder, _board: board, path, _its: its }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.args(arguments).arg("--serial").arg(&self.path);
        command.env("XDG_RUNTIME_DIR", self.folder.path("")).env("TRINE_CONFIG", "/nonexistent");
        command
    }

    /// A gateway that has the board, or uses it through the one that has.
    fn gateway(&self, arguments: &[&str]) -> Gateway {
        let mut gateway = self.started(arguments);
        gateway.tools_of(11);
        gateway
    }

    fn started(&self, arguments: &[&str]) -> Gateway {
        let serial = self.path.to_str().unwrap();
        let arguments = [&["--serial", serial], arguments].concat();
        let mut command = Gateway::command(&arguments);
        command.env("XDG_RUNTIME_DIR", self.folder.path(""));
        Gateway::spawn(&mut command)
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }
}

fn fan(gateway: &mut Gateway, percent: u32) -> Value {
    gateway.value("fan_set", json!({"percent": percent}))
}

#[test]
fn every_program_of_the_user_has_the_board_and_options_of_its_own() {
    let port = Port::new("shared");
    let mut holder = port.gateway(&[]);
    let mut guest = port.gateway(&["--prefix", "always"]);
    assert_eq!(fan(&mut holder, 30), json!({"percent": 30}));
    let status = guest.value("greenhouse_board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(30), "it is the same board");
    // A refusal of the device, an image, and a tool that takes its time.
    let said = guest.refusal("greenhouse_valve_open", json!({"valve": "north", "seconds": 60}));
    assert_eq!(
        said,
        holder
            .refusal("valve_open", json!({"valve": "north", "seconds": 60}))
            .replace("valve_open:", "greenhouse_valve_open:")
    );
    let mut images = Vec::new();
    for (gateway, tool) in [(&mut holder, "camera_snap"), (&mut guest, "greenhouse_camera_snap")] {
        let image = gateway.call(tool, json!({}));
        images.push(image["content"][0]["data"].as_str().unwrap().len());
    }
    assert!(images[0] > 1000 && images[1] > 1000, "{images:?}");
    let vent = guest.value("greenhouse_vent_move", json!({"degrees": 20}));
    assert_eq!(vent, json!({"degrees": 20}));
    // What happens on the board is told to each.
    holder.value("timer_start", json!({"seconds": 1, "label": "tea"}));
    assert!(holder.logged("timer_start: ").contains("tea"));
    assert!(guest.logged("timer_start: ").contains("tea"));
    let (code, said) = port.run(&["call", "greenhouse", "fan_set", "{\"percent\": 41}"]);
    assert!(code == Some(0) && said.contains("41"), "{said}");
    let (code, said) = port.run(&["devices"]);
    assert!(code == Some(0) && said.contains("online"), "{said}");
    let status = holder.value("board_status", json!({}));
    assert_eq!(status["fan_percent"], json!(41));
    assert!(guest.end().success());
    assert_eq!(fan(&mut holder, 7), json!({"percent": 7}));
    assert!(holder.end().success());
}

#[test]
fn when_the_holder_ends_another_takes_its_place_however_it_ends() {
    let port = Port::new("shared-end");
    let mut next = port.gateway(&[]);
    for how in ["EOF", "TERM", "KILL", "EOF"] {
        let holder = std::mem::replace(&mut next, port.gateway(&[]));
        let other = port.run(&["call", "greenhouse", "fan_set", "{\"percent\": 3}"]);
        assert_eq!(other.0, Some(0), "{}", other.1);
        let id = holder.child.id().to_string();
        let since = Instant::now();
        match how {
            "EOF" => assert!(holder.end().success()),
            signal => {
                let signal = format!("-{signal}");
                assert!(Command::new("kill").args([&signal, &id]).status().unwrap().success());
            }
        }
        until(
            || {
                let result = next.call("fan_set", json!({"percent": 50}));
                (result["isError"] == false).then_some(())
            },
            || format!("no call goes through after {how}"),
        );
        println!("{how}: {} ms", since.elapsed().as_millis());
    }
}

/// A ledger on a pseudo-terminal whose name stays.
struct Terminal {
    folder: Folder,
    ledger: Ledger,
}

impl Cabled for Terminal {
    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn gateway(&self) -> Command {
        let port = self.ledger.port().to_str().unwrap();
        let mut command = Gateway::command(&["--serial", port]);
        command.env("XDG_RUNTIME_DIR", self.folder.path(""));
        command
    }

    fn pull(&mut self) {
        self.ledger.pull();
    }

    fn plug(&mut self) {
        self.ledger.plug();
    }
}

/// How many calls are made; a soak makes 10,000 (`cargo xtask soak shared`).
fn calls() -> usize {
    let set = std::env::var("SHARED_CALLS").ok();
    set.map_or(600, |calls| calls.parse().unwrap())
}

#[test]
fn no_call_runs_twice_or_goes_unanswered_whoever_is_killed_and_however_the_cable_is() {
    let folder = Folder::new("shared-kill");
    let ledger = Ledger::start(folder.path("port"), calls());
    Crowd::new(Terminal { folder, ledger }).play();
}

#[test]
fn the_second_program_has_resources_and_prompts_too_and_is_told_of_changes() {
    let folder = Folder::new("shared-shelf");
    let clerk = folder.path("clerk");
    let bakery = Bakery::start(clerk.clone());
    let port = Port::of(folder, Box::new(bakery), &clerk);
    let mut first = port.started(&[]);
    first.tools_of(4);
    let mut second = port.started(&[]);
    second.tools_of(4);
    let lists = ["resources/list", "resources/templates/list", "prompts/list"];
    for method in lists {
        let [one, two] =
            [&mut first, &mut second].map(|it| it.ask(method, json!({}))["result"].clone());
        assert!(one.is_object(), "{method}");
        assert_eq!(one, two, "{method}");
    }
    let read =
        |gateway: &mut Gateway, uri: &str| gateway.ask("resources/read", json!({"uri": uri}));
    let menu = read(&mut second, "board://menu");
    assert_eq!(menu["result"]["contents"][0]["text"], "Rye, wheat.", "{menu}");
    assert!(read(&mut second, "bread://rye/price")["result"].is_object());
    let refused = read(&mut second, "bread://gold/price");
    assert!(refused["error"]["message"].as_str().unwrap().contains("no such bread"), "{refused}");
    assert_eq!(read(&mut second, "board://other")["error"]["code"], json!(-32602));
    let order = json!({"name": "order", "arguments": {"kind": "rye"}});
    let made = second.ask("prompts/get", order);
    assert_eq!(
        made["result"]["messages"][0]["content"]["text"], "A loaf of rye, please.",
        "{made}"
    );
    let typed = json!({"ref": {"type": "ref/prompt", "name": "order"},
        "argument": {"name": "kind", "value": "w"}});
    let typed = second.ask("completion/complete", typed);
    assert_eq!(typed["result"]["completion"]["values"], json!(["wheat"]), "{typed}");
    // What the first program's call changes, the second one's client is told.
    let filter = json!({"notifications": {"resourceSubscriptions": ["board://menu"]}});
    second.send(&stateless(&json!("menu"), "subscriptions/listen", filter));
    assert_eq!(second.line()["method"], "notifications/subscriptions/acknowledged");
    first.call("bake", json!({}));
    let told = second.line();
    assert_eq!(told["method"], "notifications/resources/updated", "{told}");
    assert_eq!(told["params"]["uri"], "board://menu");
}

#[test]
fn the_second_program_reads_content_of_any_length() {
    let folder = Folder::new("shared-panel");
    let html = |count: usize| format!("<!doctype html><p>{}", "20 \u{b0}C ".repeat(count));
    let all = [html(1), html(300), html(6_000)];
    let manual = format!("---\nname: north\ndescription: How.\n---\n{}", all[1]);
    let plan = Plan::default()
        .tool("show", r#"{"resourceUri":"ui://a"}"#)
        .panel("ui://a", &all[0])
        .panel("ui://b", &all[1])
        .panel("ui://c", &all[2])
        .resource("board://data", "application/json", &format!("\"{}\"", all[1]))
        .resource("skill://north/SKILL.md", "text/markdown", &manual);
    let board = Panels::start(folder.path("board"), "north", plan);
    let path = board.path.clone();
    let port = Port::of(folder, Box::new(board), &path);
    let (mut first, mut second) = (port.started(&[]), port.started(&["--prefix", "always"]));
    first.tools_of(1);
    second.tools_of(1);
    for (gateway, scope) in [(&mut first, ""), (&mut second, "north/")] {
        for (name, text) in ["a", "b", "c"].iter().zip(&all) {
            let uri = format!("ui://{scope}{name}");
            let read = gateway.ask("resources/read", json!({"uri": uri}));
            let wanted = json!({"uri": uri, "mimeType": PANEL, "text": text});
            assert_eq!(read["result"]["contents"][0], wanted, "{uri}");
        }
        let read = gateway.ask("resources/read", json!({"uri": "board://data"}));
        assert!(read["result"]["contents"][0]["text"].is_string(), "{read}");
        let skill = || {
            let skills = gateway.ask("skills/list", json!({}))["result"]["skills"].clone();
            (skills[0]["uri"] == "skill://north/SKILL.md").then_some(())
        };
        until(skill, || "there is no skill".to_owned());
    }
}
