//! Clients over WebSockets, those that mean no good, and those that vanish.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use trine_gateway::ErrorKind;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

use crate::board::Board;
use crate::harness::{Folder, PATIENCE, initialize, stateless, until};
use crate::web::{Header, Site};

const KEYS: &str = "kitchen 0123456789abcdef\ncellar fedcba9876543210\n";

/// A client on a WebSocket.
struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn open(site: &Site) -> Self {
        Self::open_with(site, &[("Sec-WebSocket-Protocol", "mcp")]).unwrap()
    }

    /// Opens one with these headers; or the status of the refusal and its body.
    fn open_with(site: &Site, headers: &[Header<'_>]) -> Result<Self, (u16, String)> {
        let mut request = format!("ws://{}/mcp", site.address).into_client_request().unwrap();
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match tungstenite::client(request, site.connect()) {
            Ok((socket, response)) => {
                if headers.iter().any(|(name, _)| *name == "Sec-WebSocket-Protocol") {
                    assert_eq!(response.headers()["sec-websocket-protocol"], "mcp");
                }
                Ok(Self(socket))
            }
            Err(HandshakeError::Failure(Error::Http(response))) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8(body).unwrap()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    /// The next message that is no ping.
    fn next(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other}"),
            }
        }
    }

    fn ask(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.send(&stateless(&json!(id), method, params));
        loop {
            let message = self.next();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Why the server ends the connection.
    fn closed(&mut self) -> CloseCode {
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => return frame.unwrap().code,
                Ok(_) => {}
                Err(error) => panic!("no close frame: {error}"),
            }
        }
    }
}

fn fan(percent: u32) -> Value {
    json!({"name": "fan_set", "arguments": {"percent": percent}})
}

/// How many clients are connected, one of which asks.
fn connected(site: &Site) -> u64 {
    site.get("/health").json()["connected_clients"].as_u64().unwrap()
}

#[test]
fn clients_of_both_families_call_at_once_and_get_their_own_answers() {
    let site = Site::start(&["--simulate"]);
    let mut all: Vec<_> = (0..8).map(|_| Socket::open(&site)).collect();
    let [hello, ready] = initialize("2025-11-25");
    let mut session = Socket::open(&site);
    session.send(&hello);
    assert_eq!(session.next()["result"]["protocolVersion"], "2025-11-25");
    session.send(&ready);
    // All use the same ids.
    for round in 0..20 {
        for (at, socket) in (0..).zip(&mut all) {
            let percent = (round * 8 + at) % 101;
            socket.send(&stateless(&json!(round), "tools/call", fan(percent)));
        }
        for (at, socket) in (0..).zip(&mut all) {
            let answer = socket.next();
            assert_eq!(answer["id"], round);
            let percent = (round * 8 + at) % 101;
            assert_eq!(answer["result"]["structuredContent"], json!({"percent": percent}));
        }
    }
    let call = json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": fan(7)});
    // Line ends between its members are white space.
    session.0.send(Message::text(serde_json::to_string_pretty(&call).unwrap())).unwrap();
    assert_eq!(session.next()["result"]["structuredContent"], json!({"percent": 7}));
    assert_eq!(connected(&site), 10);
    // Who says goodbye is answered.
    session.0.close(None).unwrap();
    assert!(matches!(session.0.read(), Ok(Message::Close(_))));
    assert!(matches!(session.0.read(), Err(Error::ConnectionClosed)));
    // Over HTTP and over the sockets it is one board.
    assert_eq!(site.call("board_status", &json!({}))["structuredContent"]["fan_percent"], 7);
    drop((all, session));
    until(|| (connected(&site) == 1).then_some(()), || "sockets that stay".into());
}

#[test]
fn who_is_refused_over_http_gets_no_websocket() {
    let folder = Folder::new("websocket-keys");
    std::fs::write(folder.path("keys"), KEYS).unwrap();
    let site = Site::start(&["--simulate", "--api-keys", folder.path("keys").to_str().unwrap()]);
    let right = ("Authorization", "Bearer 0123456789abcdef");
    let protocol = ("Sec-WebSocket-Protocol", "mcp");
    let refused = |headers: &[Header<'_>]| Socket::open_with(&site, headers).err().unwrap().0;
    assert_eq!(refused(&[protocol]), 401);
    assert_eq!(refused(&[protocol, ("Authorization", "Bearer 0123456789abcdeF")]), 401);
    // A page of another site, and a name that was made to mean this machine.
    assert_eq!(refused(&[protocol, right, ("Origin", "https://evil.example")]), 403);
    assert_eq!(refused(&[protocol, right, ("Origin", "null")]), 403);
    assert_eq!(refused(&[protocol, right, ("Host", "evil.example")]), 403);
    assert_eq!(refused(&[right, ("Sec-WebSocket-Protocol", "chat, soap")]), 400);
    assert_eq!(refused(&[protocol, right, ("Sec-WebSocket-Version", "7")]), 400);
    let plain = [("Upgrade", "websocket"), right];
    assert_eq!(site.send("GET /mcp", &plain, "").status, 400);
    for headers in [&[protocol, right][..], &[right], &[right, ("Origin", "http://localhost:1")]] {
        let mut socket = Socket::open_with(&site, headers).unwrap();
        let answer = socket.ask(1, "tools/call", fan(3));
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
}

#[test]
fn bad_messages_get_an_error_or_end_the_connection_with_a_reason() {
    let site = Site::start(&["--simulate"]);
    let mut socket = Socket::open(&site);
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(1_500_000));
    let deep = "[".repeat(100_000);
    for (text, code) in
        [("{", -32700), ("", -32700), ("7", -32600), (&long, -32600), (&deep, -32700)]
    {
        socket.0.send(Message::text(text)).unwrap();
        // An empty line is none of a stream of lines.
        if !text.is_empty() {
            assert_eq!(socket.next()["error"]["code"], code, "{:.20}", text);
        }
    }
    // The connection goes on.
    assert_eq!(socket.ask(1, "tools/call", fan(4))["result"]["isError"], false);
    socket.0.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(socket.closed(), CloseCode::Unsupported);
    let mut socket = Socket::open(&site);
    // The server may end the connection before it has all of it.
    drop(socket.0.send(Message::text("x".repeat(3_000_000))));
    if let Ok(Message::Close(Some(frame))) = socket.0.read() {
        assert_eq!(frame.code, CloseCode::Size);
    }
    let mut raw = Socket::open(&site);
    // No mask, and an opcode that is reserved.
    raw.0.get_mut().write_all(&[0x83, 0x01, 0x41]).unwrap();
    assert_eq!(raw.closed(), CloseCode::Protocol);
    assert_eq!(site.call("board_status", &json!({}))["structuredContent"]["fan_percent"], 4);
    until(|| (connected(&site) == 1).then_some(()), || "sockets that stay".into());
}

#[test]
fn one_websocket_too_many_is_refused_and_http_goes_on() {
    let site = Site::start(&["--simulate"]);
    let before = site.gateway.memory_kib("RssAnon");
    let mut all: Vec<_> = (0..64).map(|_| Socket::open(&site)).collect();
    for socket in &mut all {
        assert_eq!(socket.ask(7, "tools/call", fan(3))["result"]["isError"], false);
    }
    let each = site.gateway.memory_kib("RssAnon").saturating_sub(before) / 64;
    assert!(each < 400, "{each} KiB a client");
    let (status, why) =
        Socket::open_with(&site, &[("Sec-WebSocket-Protocol", "mcp")]).err().unwrap();
    assert_eq!(status, ErrorKind::Overloaded.codes().http);
    assert!(why.contains("64 WebSockets are open"), "{why}");
    assert_eq!(site.ask("tools/call", fan(2)).status, 200);
    assert_eq!(all[63].ask(1, "tools/call", fan(1))["result"]["isError"], false);
    drop(all.pop());
    until(|| Socket::open_with(&site, &[]).ok(), || "no socket is free again".into());
}

#[test]
fn a_signal_answers_the_calls_of_websockets_and_says_goodbye() {
    let folder = Folder::new("websocket-signal");
    let board = Board::start(folder.path("board"), "A1");
    let mut site = Site::start(&["--unix", board.address()]);
    until(|| (site.ask("tools/call", fan(1)).status == 200).then_some(()), || "no fan".into());
    let mut all: Vec<_> = (0..8).map(|_| Socket::open(&site)).collect();
    let read = json!({"name": "sensor_read", "arguments": {"sensor": "light"}});
    for socket in &mut all {
        socket.send(&stateless(&json!(1), "tools/call", read.clone()));
    }
    std::thread::sleep(Duration::from_millis(30));
    site.terminate();
    for socket in &mut all {
        assert_eq!(socket.next()["result"]["isError"], false);
        assert_eq!(socket.closed(), CloseCode::Away);
    }
    assert_eq!(site.gateway.exited().code(), Some(0));
}

#[test]
fn clients_that_vanish_with_a_call_under_way_leave_nothing_behind() {
    let site = Site::start(&["--fixtures"]);
    let slow = json!({"name": "slow_compute", "arguments": {"seconds": 1}});
    drop(Socket::open(&site).ask(1, "tools/list", json!({})));
    let threads = || site.gateway.memory_kib("Threads");
    until(|| (connected(&site) == 1).then_some(()), || "sockets that stay".into());
    let before = threads();
    for _ in 0..3 {
        let mut all: Vec<_> = (0..16).map(|_| Socket::open(&site)).collect();
        for socket in &mut all {
            socket.send(&stateless(&json!(1), "tools/call", slow.clone()));
        }
        // Without a close frame.
        all.iter().for_each(|it| it.0.get_ref().shutdown(std::net::Shutdown::Both).unwrap());
    }
    until(|| (connected(&site) == 1).then_some(()), || "sockets that stay".into());
    until(|| (threads() <= before).then_some(()), || format!("{} threads", threads()));
    let greet = json!({"name": "greet", "arguments": {"name": "Ada"}});
    assert_eq!(site.ask("tools/call", greet).json()["result"]["isError"], false);
}

#[test]
fn a_client_that_does_not_read_holds_no_one_up_and_little_memory() {
    let site = Site::start(&["--simulate"]);
    let before = site.gateway.memory_kib("VmRSS");
    let mut stuck = Socket::open(&site);
    let list = stateless(&json!(1), "tools/list", json!({})).to_string();
    stuck.0.get_ref().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // As many requests as the server takes, without reading an answer.
    let mut sent = 0;
    while stuck.0.send(Message::text(list.clone())).is_ok() && sent < 100_000 {
        sent += 1;
    }
    assert!(sent < 100_000, "the server took all of them");
    let mut other = Socket::open(&site);
    for percent in 0..50 {
        let answer = other.ask(percent, "tools/call", fan(percent));
        assert_eq!(answer["result"]["isError"], false);
    }
    let more = site.gateway.memory_kib("VmRSS").saturating_sub(before);
    assert!(more < 8 * 1024, "{more} KiB");
}

#[test]
fn changes_reach_each_websocket_that_asked_for_them() {
    let folder = Folder::new("websocket-news");
    let board = Board::start(folder.path("board"), "A1");
    let site = Site::start(&["--unix", board.address()]);
    until(|| (site.ask("tools/call", fan(1)).status == 200).then_some(()), || "no fan".into());
    let mut session = Socket::open(&site);
    let [hello, ready] = initialize("2025-11-25");
    session.send(&hello);
    session.next();
    session.send(&ready);
    let mut listening = Socket::open(&site);
    let wanted = json!({"notifications": {"toolsListChanged": true}});
    listening.send(&stateless(&json!("l"), "subscriptions/listen", wanted));
    assert_eq!(listening.next()["method"], "notifications/subscriptions/acknowledged");
    let mut silent = Socket::open(&site);
    assert!(silent.ask(1, "tools/list", json!({}))["result"]["tools"].is_array());
    board.unplug();
    let is_change = |message: &Value| {
        let method = message["method"].as_str().unwrap_or_default();
        method == "notifications/tools/list_changed" || method == "notifications/message"
    };
    for socket in [&mut session, &mut listening] {
        let change = socket.next();
        assert!(is_change(&change), "{change}");
    }
    silent.0.get_ref().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(silent.0.read().is_err());
}

#[test]
fn a_task_of_one_key_is_not_seen_by_another() {
    let folder = Folder::new("websocket-tasks");
    std::fs::write(folder.path("keys"), KEYS).unwrap();
    let site = Site::start(&["--fixtures", "--api-keys", folder.path("keys").to_str().unwrap()]);
    let open = |key: &str| Socket::open_with(&site, &[("X-Api-Key", key)]).unwrap();
    let (mut one, mut other) = (open("0123456789abcdef"), open("fedcba9876543210"));
    let able = |mut message: Value| {
        message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        message
    };
    let slow = json!({"name": "slow_compute", "arguments": {"seconds": 1}});
    one.send(&able(stateless(&json!(1), "tools/call", slow)));
    let task = one.next()["result"]["taskId"].clone();
    assert!(task.is_string());
    let get = able(stateless(&json!(2), "tasks/get", json!({"taskId": task})));
    let listen = json!({"notifications": {"taskIds": [task]}});
    let listen = able(stateless(&json!("l"), "subscriptions/listen", listen));
    other.send(&get);
    assert_eq!(other.next()["error"]["code"], -32602);
    other.send(&listen);
    let agreed = other.next();
    assert_eq!(agreed["params"]["notifications"].get("taskIds"), None, "{agreed}");
    one.send(&get);
    assert_eq!(one.next()["result"]["taskId"], task);
    one.send(&listen);
    assert_eq!(one.next()["params"]["notifications"]["taskIds"], json!([task]));
    let status = |message: &Value| message["params"]["status"].clone();
    let mut told = one.next();
    while status(&told) != "completed" {
        assert_eq!(told["method"], "notifications/tasks", "{told}");
        told = one.next();
    }
    other.0.get_ref().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(other.0.read().is_err());
}

#[test]
fn a_half_open_handshake_is_not_kept() {
    let site = Site::start(&["--simulate"]);
    let mut stream = site.connect();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // An upgrade without a key is an error, not a connection that waits.
    let text = site.request("GET /mcp", &[("Connection", "upgrade"), ("Upgrade", "websocket")], "");
    stream.write_all(text.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 400");
}
