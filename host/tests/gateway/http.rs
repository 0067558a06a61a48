//! The gateway over HTTP, as clients of both protocol families see it, and those that mean no good.

use std::io::{BufReader, Read, Write};
use std::time::Duration;

use serde_json::{Value, json};
use trine_gateway::{ErrorKind, server::http::Tls};

use crate::bakery::Bakery;
use crate::board::Board;
use crate::harness::{Folder, Gateway, initialize, stateless, until};
use crate::web::{Header, Reply, Site, USUAL, repeated, request};

const KEYS: &str = "kitchen 0123456789abcdef\ncellar fedcba9876543210\n";

fn fan(percent: u32) -> Value {
    json!({"name": "fan_set", "arguments": {"percent": percent}})
}

#[test]
fn a_stateless_client_discovers_lists_and_calls() {
    let site = Site::start(&["--simulate"]);
    let discovered = site.ask("server/discover", json!({})).json();
    assert_eq!(discovered["result"]["supportedVersions"], json!(["2026-07-28"]));
    let listed = site.ask("tools/list", json!({})).json();
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 11);
    let reply = site.ask("tools/call", fan(40));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("mcp-session-id"), None);
    assert_eq!(reply.json()["result"]["structuredContent"], json!({"percent": 40}));
    let status = site.call("board_status", &json!({}));
    assert_eq!(status["structuredContent"]["fan_percent"], json!(40));
}

#[test]
fn clients_of_every_older_revision_are_served_in_a_session() {
    let site = Site::start(&["--simulate"]);
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let id = site.open(version);
        let session = [("Mcp-Session-Id", &*id), ("MCP-Protocol-Version", version)];
        let ask = |id: u32, method: &str, params: Value| {
            let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
            site.post(&session, &message)
        };
        let listed = ask(1, "tools/list", json!({})).json();
        assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 11, "{version}");
        let called = ask(2, "tools/call", fan(7)).json();
        assert_eq!(called["result"]["content"][0]["text"], json!("{\"percent\":7}"), "{version}");
        assert_eq!(ask(3, "nothing/such", json!({})).code(), -32601);
        assert_eq!(site.send("DELETE /mcp", &session, "").status, 204);
        let ended = ask(4, "tools/list", json!({}));
        assert_eq!((ended.status, ended.code()), (404, -32600), "{ended:?}");
    }
    // It had a transport of its own.
    let [hello, _] = initialize("2024-11-05");
    let agreed = site.post(&[], &hello).json();
    assert_eq!(agreed["result"]["protocolVersion"], json!("2025-11-25"));
}

#[test]
fn an_array_is_answered_when_all_of_it_is() {
    let site = Site::start(&["--simulate"]);
    let id = site.open("2025-03-26");
    let call = |id: u32, params: Value| -> Value {
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
    };
    let session = [("Mcp-Session-Id", &*id)];
    let array = json!([call(1, json!({"name": "sensor_read", "arguments": {"sensor": "light"}})),
        {"jsonrpc": "2.0", "method": "notifications/initialized"}, call(2, fan(5))]);
    let answers = site.post(&session, &array).json();
    let ids: Vec<_> = answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [1, 2], "{answers}");
    let silent = json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]);
    assert_eq!(site.post(&session, &silent).status, 202);
    let newer = site.open("2025-11-25");
    assert_eq!(site.post(&[("Mcp-Session-Id", &*newer)], &array).code(), -32600);
    assert_eq!(site.post(&[], &array).status, 400);
}

#[test]
fn what_is_wrong_with_a_request_shows_in_its_status() {
    let site = Site::start(&["--simulate"]);
    let seen = |reply: Reply| (reply.status, reply.code());
    assert_eq!(seen(site.ask("nothing/such", json!({}))), (404, -32601));
    assert_eq!(seen(site.ask("ping", json!({}))), (404, -32601));
    assert_eq!(
        seen(site.ask("tools/call", json!({"name": "no_such", "arguments": {}}))),
        (200, -32602)
    );
    let none = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert_eq!(seen(site.post(&[], &none)), (400, -32602));
    let mut bare = stateless(&json!(1), "tools/list", json!({}));
    let meta = bare["params"]["_meta"].as_object_mut().unwrap();
    meta.remove("io.modelcontextprotocol/clientCapabilities");
    assert_eq!(seen(site.post(&repeated(&bare), &bare)), (400, -32602));
    let mut other = stateless(&json!(1), "tools/list", json!({}));
    other["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2031-01-01");
    let headers = [("MCP-Protocol-Version", "2031-01-01"), ("Mcp-Method", "tools/list")];
    assert_eq!(seen(site.post(&headers, &other)), (400, -32022));
    let send = |body: &str| site.send("POST /mcp", &USUAL, body);
    for (body, code) in [("{", -32700), ("", -32700), ("7", -32600), ("[]", -32600)] {
        assert_eq!(seen(send(body)), (400, code), "{body}");
    }
    assert_eq!(seen(send(&"[".repeat(100_000))), (400, -32700));
    let long = format!("\"{}\"", "x".repeat(1024 * 1024));
    assert_eq!(seen(send(&long)), (413, -32600));
    let plain = [("Content-Type", "text/plain")];
    assert_eq!(site.send("POST /mcp", &plain, &none.to_string()).status, 415);
    assert_eq!(site.get("/mcp").status, 405);
    assert_eq!(site.get("/").status, 404);
    assert_eq!(site.get("/mcp/../../etc/passwd").status, 404);
    assert_eq!(site.send("PUT /mcp", &USUAL, "{}").status, 405);
    assert_eq!(site.call("fan_set", &json!({"percent": 1}))["isError"], json!(false));
}

#[test]
fn headers_that_are_not_what_the_body_says_are_refused() {
    let site = Site::start(&["--simulate"]);
    let message = stateless(&json!(7), "tools/call", fan(9));
    let right = repeated(&message);
    for at in 0..right.len() {
        let mut headers = right.clone();
        let (name, _) = headers.remove(at);
        for wrong in [None, Some("other")] {
            headers.truncate(right.len() - 1);
            headers.extend(wrong.map(|value| (name, value)));
            let reply = site.post(&headers, &message);
            assert_eq!((reply.status, reply.code()), (400, -32020), "{name}");
            assert!(reply.message().contains(&name.to_lowercase()) && reply.json()["id"] == 7);
        }
    }
    let untouched = site.call("board_status", &json!({}));
    assert_eq!(untouched["structuredContent"]["fan_percent"], json!(0), "a refused call ran");
}

#[test]
fn a_page_that_resolved_its_name_to_this_machine_is_refused() {
    let site = Site::start(&[
        "--simulate",
        "--allow-host",
        "board.example",
        "--allow-origin",
        "https://app.example",
    ]);
    let message = stateless(&json!(1), "tools/call", fan(9));
    let status = |headers: &[(&str, &str)]| {
        let headers = [&repeated(&message), headers].concat();
        site.post(&headers, &message).status
    };
    assert_eq!(status(&[("Host", "evil.example")]), 403);
    assert_eq!(status(&[("Host", "evil.example:8331"), ("Origin", "http://evil.example")]), 403);
    assert_eq!(status(&[("Origin", "http://evil.example")]), 403);
    assert_eq!(status(&[("Origin", "null")]), 403);
    for path in ["/health", "/ready", "/mcp"] {
        let reply = site.send(&format!("GET {path}"), &[("Host", "evil.example")], "");
        assert_eq!(reply.status, 403, "{path}");
    }
    let untouched = site.call("board_status", &json!({}));
    assert_eq!(untouched["structuredContent"]["fan_percent"], json!(0), "a refused call ran");
    assert_eq!(status(&[("Host", "board.example"), ("Origin", "https://app.example")]), 200);
    assert_eq!(status(&[("Origin", "http://localhost:6274")]), 200);
}

#[test]
fn who_has_no_key_or_another_ones_session_is_not_let_in() {
    let folder = Folder::new("keys");
    let path = folder.path("keys");
    std::fs::write(&path, KEYS).unwrap();
    let site = Site::start(&["--simulate", "--api-keys", path.to_str().unwrap()]);
    let message = stateless(&json!(1), "tools/call", fan(9));
    let with = |key: &str| {
        let key = format!("Bearer {key}");
        let headers = [repeated(&message), vec![("Authorization", &*key)]].concat();
        site.post(&headers, &message)
    };
    let missing = site.post(&repeated(&message), &message);
    assert_eq!(missing.status, 401);
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    for wrong in ["0123456789abcdeF", "", "kitchen", "0123456789abcdef0"] {
        assert_eq!(with(wrong).status, 401, "{wrong}");
    }
    assert_eq!(with("fedcba9876543210").status, 200);
    let (kitchen, cellar) = ("Bearer 0123456789abcdef", "Bearer fedcba9876543210");
    let id = site.open_as(&[("Authorization", kitchen)], "2025-11-25");
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let status = |key| site.post(&[("Authorization", key), ("Mcp-Session-Id", &*id)], &list).status;
    assert_eq!((status(cellar), status(kitchen)), (404, 200));
    let ended =
        site.send("DELETE /mcp", &[("Authorization", cellar), ("Mcp-Session-Id", &*id)], "");
    assert_eq!((ended.status, status(kitchen)), (404, 200));
    // Who watches over the program needs no key, and is told no more than that.
    assert_eq!(site.get("/health").json(), json!({"status": "healthy"}));
    let whole = site.send("GET /health", &[("Authorization", kitchen)], "").json();
    assert_eq!((&whole["status"], &whole["tools_available"]), (&json!("healthy"), &json!(11)));
    assert!(whole["version"].is_string() && whole["uptime_seconds"].is_u64(), "{whole}");
    // An earlier connection may take a moment to be gone.
    let whole = || site.send("GET /health", &[("Authorization", kitchen)], "").json();
    until(|| (whole()["connected_clients"] == 1).then_some(()), || whole().to_string());
    assert!(!site.gateway.log().contains("0123456789abcdef"), "a key is in the log");
}

#[test]
fn an_address_that_others_reach_needs_keys_and_a_proxy() {
    let folder = Folder::new("open");
    let path = folder.path("keys");
    let run = |arguments: &[&str]| {
        let all = [&["--simulate", "--http"], arguments].concat();
        let output = Gateway::command(&all).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&["0.0.0.0:0"]).contains("--api-keys"));
    assert!(run(&["[::]:0", "--behind-proxy"]).contains("--api-keys"));
    let path = path.to_str().unwrap();
    assert!(run(&["0.0.0.0:0", "--api-keys", path]).contains("cannot read"));
    std::fs::write(path, "kitchen secret\n").unwrap();
    let said = run(&["0.0.0.0:0", "--behind-proxy", "--api-keys", path]);
    assert!(said.contains("line 1") && said.contains("16 characters"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    std::fs::write(path, KEYS).unwrap();
    assert!(run(&["0.0.0.0:0", "--api-keys", path]).contains("--behind-proxy"));
    let said = run(&["127.0.0.1:0", "--tls-cert", path, "--tls-key", path]);
    let wanted =
        if Tls::IS_BUILT { "invalid certificate" } else { "--features tls, or put a proxy" };
    assert!(said.contains(wanted), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = run(&[&taken.local_addr().unwrap().to_string()]);
    assert!(said.contains("cannot listen on 127.0.0.1"), "{said}");
}

#[test]
fn news_of_a_call_come_before_its_answer() {
    let folder = Folder::new("http-progress");
    let clerk = folder.path("clerk");
    let _bakery = Bakery::start(clerk.clone());
    let site = Site::start(&["--unix", clerk.to_str().unwrap()]);
    let params = json!({"name": "bake", "arguments": {}});
    until(
        || (site.ask("tools/call", params.clone()).status == 200).then_some(()),
        || "no bake".into(),
    );
    let mut message = stateless(&json!("cake"), "tools/call", params.clone());
    message["params"]["_meta"]["progressToken"] = json!("steps");
    let mut events = site.stream_of(&message);
    assert_eq!(events.head.header("x-accel-buffering"), Some("no"));
    for step in 1..=4 {
        let told = events.next().unwrap();
        assert_eq!(told["method"], json!("notifications/progress"), "{told}");
        assert_eq!(
            [&told["params"]["progress"], &told["params"]["progressToken"]],
            [&json!(step), &json!("steps")]
        );
    }
    assert_eq!(events.next().unwrap()["id"], json!("cake"));
    assert!(events.next().is_none(), "the answer ends the response");
    // Who reads no events gets the answer alone.
    let headers = [repeated(&message), vec![("Content-Type", "application/json")]].concat();
    let plain = site.send("POST /mcp", &headers, &message.to_string());
    assert_eq!(plain.json()["id"], json!("cake"));
    // A session's client as well.
    let id = site.open("2025-11-25");
    let mut message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params});
    message["params"]["_meta"] = json!({"progressToken": 5});
    let headers = [&USUAL[..], &[("Mcp-Session-Id", &*id)]].concat();
    let mut events = site.stream("POST /mcp", &headers, &message.to_string());
    assert_eq!(events.next().unwrap()["params"]["progressToken"], json!(5));
}

#[test]
fn a_question_comes_back_with_the_answer_over_another_connection_once_and_of_the_same_client() {
    let folder = Folder::new("http-ask");
    let (clerk, keys) = (folder.path("clerk"), folder.path("keys"));
    let _bakery = Bakery::start(clerk.clone());
    std::fs::write(&keys, KEYS).unwrap();
    let site =
        Site::start(&["--unix", clerk.to_str().unwrap(), "--api-keys", keys.to_str().unwrap()]);
    let (kitchen, cellar) = ("Bearer 0123456789abcdef", "Bearer fedcba9876543210");
    let seal = |key: &str, more: Value| {
        let mut params = json!({"name": "seal", "arguments": {"letter": "bill"}});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut message = stateless(&json!(1), "tools/call", params);
        let capabilities = "io.modelcontextprotocol/clientCapabilities";
        message["params"]["_meta"][capabilities] = json!({"elicitation": {}});
        let headers = [repeated(&message), vec![("Authorization", key)]].concat();
        site.post(&headers, &message).json()
    };
    let asked = || {
        until(
            || {
                let asked = seal(kitchen, json!({}))["result"].clone();
                (asked["resultType"] == "input_required").then_some(asked)
            },
            || "no question".into(),
        )
    };
    let answer = |asked: &Value| {
        json!({"requestState": asked["requestState"],
            "inputResponses": {"to": {"action": "accept", "content": {"who": "Ada"}}}})
    };
    let one = answer(&asked());
    let foreign = seal(cellar, one.clone());
    assert_eq!(foreign["error"]["code"], json!(-32602), "{foreign}");
    let sealed = seal(kitchen, one.clone());
    assert_eq!(sealed["result"]["structuredContent"], json!({"sealed": "bill for Ada"}));
    let replayed = seal(kitchen, one);
    assert_eq!(replayed["error"]["code"], json!(-32602), "{replayed}");
    // Answers without a state are those of no question: it is asked anew.
    let mut bare = answer(&asked());
    bare.as_object_mut().unwrap().remove("requestState");
    assert_eq!(seal(kitchen, bare)["result"]["resultType"], json!("input_required"));
}

#[test]
fn a_pulled_cable_reaches_who_listens_and_the_end_of_the_program_too() {
    let folder = Folder::new("http-listen");
    let board = Board::start(folder.path("board"), "A1");
    let mut site = Site::start(&["--unix", board.address()]);
    until(|| (site.ask("tools/call", fan(1)).status == 200).then_some(()), || "no fan".into());
    let params = json!({"notifications": {"toolsListChanged": true}});
    let mut news = site.stream_of(&stateless(&json!("news"), "subscriptions/listen", params));
    let first = news.next().unwrap();
    assert_eq!(first["method"], json!("notifications/subscriptions/acknowledged"));
    let deaf = json!({"notifications": {}});
    let mut deaf = site.stream_of(&stateless(&json!("deaf"), "subscriptions/listen", deaf));
    deaf.next().unwrap();
    let id = site.open("2025-11-25");
    let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", &*id)];
    let mut session = site.stream("GET /mcp", &headers, "");
    until(|| (site.get("/health").json()["listeners"] == 3).then_some(()), || "3 listen".into());
    let tools = |site: &Site| {
        let listed = site.ask("tools/list", json!({})).json();
        listed["result"]["tools"].as_array().unwrap().len()
    };
    let before = tools(&site);
    // A device that shows other tools than before: the list has changed.
    board.unplug();
    until(|| (site.get("/ready").status == 503).then_some(()), || "still ready".into());
    board.plug();
    until(|| (site.get("/ready").status == 200).then_some(()), || "not ready again".into());
    assert_eq!(tools(&site), before);
    site.terminate();
    let ended = std::iter::from_fn(|| news.next()).last().unwrap();
    assert_eq!(ended["id"], json!("news"), "{ended}");
    assert_eq!(ended["result"]["resultType"], json!("complete"), "{ended}");
    assert_eq!(deaf.next().unwrap()["id"], json!("deaf"));
    while session.next().is_some() {}
    assert_eq!(site.gateway.exited().code(), Some(0));
}

#[test]
fn who_vanishes_takes_its_call_along_but_not_its_session() {
    let folder = Folder::new("http-vanish");
    let board = Board::start(folder.path("board"), "A1");
    let site = Site::start(&["--unix", board.address()]);
    until(|| (site.ask("tools/call", fan(1)).status == 200).then_some(()), || "no fan".into());
    let vent = json!({"name": "vent_move", "arguments": {"degrees": 90}});
    let message = stateless(&json!(1), "tools/call", vent.clone());
    let headers = [&USUAL[..], &repeated(&message)].concat();
    let request = site.request("POST /mcp", &headers, &message.to_string());
    let degrees = || {
        let status = site.call("board_status", &json!({}));
        status["structuredContent"]["vent_degrees"].as_u64().unwrap()
    };
    let mut stream = site.connect();
    stream.write_all(request.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    drop(stream);
    std::thread::sleep(Duration::from_millis(300));
    assert!(degrees() < 90, "the vent went on without its client");
    // In a session a lost connection means nothing.
    let id = site.open("2025-11-25");
    let message = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": vent});
    let headers = [&USUAL[..], &[("Mcp-Session-Id", &*id)]].concat();
    let mut stream = site.connect();
    let request = site.request("POST /mcp", &headers, &message.to_string());
    stream.write_all(request.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    drop(stream);
    until(|| (degrees() == 90).then_some(()), || "the vent stopped".into());
}

#[test]
fn a_session_cancels_its_own_calls_alone() {
    let site = Site::start(&["--simulate"]);
    let [one, two] = [site.open("2025-11-25"), site.open("2025-11-25")];
    let vent = json!({"name": "vent_move", "arguments": {"degrees": 90}});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": vent});
    let start = |session: &str| {
        let headers = [&USUAL[..], &[("Mcp-Session-Id", session)]].concat();
        let mut stream = site.connect();
        let request = site.request("POST /mcp", &headers, &message.to_string());
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    };
    let cancel = |session: &str| {
        let message = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": 1}});
        assert_eq!(site.post(&[("Mcp-Session-Id", session)], &message).status, 202);
    };
    let mut kept = start(&one);
    std::thread::sleep(Duration::from_millis(20));
    cancel(&two);
    assert_eq!(Reply::read(&mut kept).json()["result"]["structuredContent"]["degrees"], json!(90));
    let back = json!({"name": "vent_move", "arguments": {"degrees": 0}});
    let message = json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": back});
    site.post(&[("Mcp-Session-Id", &*one)], &message);
    let mut ended = start(&one);
    std::thread::sleep(Duration::from_millis(20));
    cancel(&one);
    let reply = Reply::read(&mut ended);
    assert_eq!((reply.status, &*reply.body), (202, ""), "{reply:?}");
}

#[test]
fn one_connection_too_many_is_refused_with_a_sentence() {
    let site = Site::start(&["--simulate", "--max-connections", "2"]);
    let one = site.connect();
    let two = site.connect();
    let refused = until(
        || {
            let mut stream = site.connect();
            let mut text = String::new();
            stream.read_to_string(&mut text).ok()?;
            let status = ErrorKind::Overloaded.codes().http.to_string();
            text.contains(&status).then_some(text)
        },
        || "never refused".into(),
    );
    assert!(refused.contains("max_connections: 2 clients are connected"), "{refused}");
    drop((one, two));
    until(
        || {
            let mut stream = site.connect();
            let request = site.request("GET /health", &[("Connection", "close")], "");
            stream.write_all(request.as_bytes()).ok()?;
            let mut text = String::new();
            stream.read_to_string(&mut text).ok()?;
            text.contains(" 200 ").then_some(())
        },
        || "no room again".into(),
    );
}

#[test]
fn a_signal_under_load_drops_no_call_that_was_taken() {
    let folder = Folder::new("http-signal");
    let board = Board::start(folder.path("board"), "A1");
    let mut site = Site::start(&["--unix", board.address()]);
    until(|| (site.ask("tools/call", fan(1)).status == 200).then_some(()), || "no fan".into());
    let read = json!({"name": "sensor_read", "arguments": {"sensor": "light"}});
    let message = stateless(&json!(1), "tools/call", read);
    let headers = [&USUAL[..], &repeated(&message)].concat();
    let request = site.request("POST /mcp", &headers, &message.to_string());
    let mut streams: Vec<_> = (0..8).map(|_| site.connect()).collect();
    for stream in &mut streams {
        stream.write_all(request.as_bytes()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(30));
    site.terminate();
    for stream in streams {
        let reply = Reply::read(&mut BufReader::new(stream));
        assert_eq!(reply.json()["result"]["isError"], json!(false), "{reply:?}");
    }
    assert_eq!(site.gateway.exited().code(), Some(0));
}

#[test]
fn many_clients_at_once_get_their_own_answers() {
    let site = Site::start(&["--simulate"]);
    let (address, ids) = (&*site.address, 0..32_u64);
    std::thread::scope(|scope| {
        for client in ids {
            scope.spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                for turn in 0..20 {
                    let percent = (client * 20 + turn) % 101;
                    let id = json!(client * 1000 + turn);
                    let params = json!({"name": "fan_set", "arguments": {"percent": percent}});
                    let message = stateless(&id, "tools/call", params);
                    let headers = [&USUAL[..], &repeated(&message)].concat();
                    let request = request(address, "POST /mcp", &headers, &message.to_string());
                    stream.write_all(request.as_bytes()).unwrap();
                    let answer = Reply::read(&mut reader).json();
                    assert_eq!(answer["id"], id);
                    assert_eq!(answer["result"]["structuredContent"]["percent"], json!(percent));
                }
            });
        }
    });
}

#[test]
fn a_thousand_idle_connections_take_little_memory_and_give_it_back() {
    let site = Site::start(&["--simulate"]);
    site.call("fan_set", &json!({"percent": 1}));
    let before = site.gateway.memory_kib("VmRSS");
    let mut all: Vec<_> = (0..1000).map(|_| site.connect()).collect();
    for stream in &mut all {
        stream.write_all(site.request("GET /health", &[], "").as_bytes()).unwrap();
    }
    for stream in &all {
        Reply::read(&mut BufReader::new(stream.try_clone().unwrap()));
    }
    let peak = site.gateway.memory_kib("VmHWM");
    // What was there before is the program itself, which is larger without optimisation.
    assert!(peak < before + 16 * 1024, "{peak} KiB, {before} before");
    drop(all);
    until(
        || (site.get("/health").json()["connected_clients"] == 1).then_some(()),
        || format!("{} are left", site.get("/health").json()["connected_clients"]),
    );
}

#[test]
fn what_a_device_has_beside_tools_is_read_through_the_same_frames() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let site = Site::start(&["--fixtures"]);
    let capture = Folder::new("fixtures");
    let path = capture.path("capture");
    let recorded = Site::start(&["--fixtures", "--record", path.to_str().unwrap()]);
    let asked = vec![
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "test://static-text"})),
        ("resources/read", json!({"uri": "test://template/7/data"})),
        ("resources/read", json!({"uri": "test://nothing"})),
        ("prompts/list", json!({})),
        (
            "prompts/get",
            json!({"name": "test_prompt_with_arguments",
            "arguments": {"arg1": "a", "arg2": "b"}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt",
            "name": "test_prompt_with_arguments"}, "argument": {"name": "arg1", "value": "test"}}),
        ),
    ];
    for (method, params) in asked {
        let over_stdio = gateway.ask(method, params.clone());
        let mut answers = [&site, &recorded].map(|site| site.ask(method, params.clone()).json());
        for answer in &mut answers {
            answer["id"] = over_stdio["id"].clone();
            assert_eq!(*answer, over_stdio, "{method}");
        }
    }
    assert_eq!(
        gateway.ask("resources/read", json!({"uri": "test://nothing"}))["error"]["code"],
        json!(-32602)
    );
    let read = gateway.ask("resources/read", json!({"uri": "test://template/7/data"}));
    let text = read["result"]["contents"][0]["text"].as_str().unwrap();
    assert!(text.contains('7'), "{read}");
    drop(recorded);
    let capture = std::fs::read_to_string(&path).unwrap();
    assert!(capture.lines().count() > 16, "it went past the link:\n{capture}");
}

#[test]
fn a_parameter_that_a_header_repeats_and_an_address_have_to_be_what_the_body_says() {
    let site = Site::start(&["--fixtures"]);
    let params = |region: &Value| {
        let arguments = json!({"region": region});
        json!({"name": "test_x_mcp_header", "arguments": arguments})
    };
    let call = |region: &Value, more: &[Header<'_>]| {
        let message = stateless(&json!(1), "tools/call", params(region));
        site.post(&[&repeated(&message)[..], more].concat(), &message)
    };
    let north = json!("north");
    for right in [("Mcp-Param-Region", "north"), ("MCP-PARAM-REGION", "=?base64?bm9ydGg=?=")] {
        let called = call(&north, &[right]);
        assert_eq!(
            (called.status, called.json()["result"]["isError"].clone()),
            (200, json!(false))
        );
    }
    for wrong in [&[][..], &[("Mcp-Param-Region", "south")], &[("Mcp-Param-Region", "north"); 2]] {
        let refused = call(&north, wrong);
        assert_eq!((refused.status, refused.code()), (400, -32020), "{wrong:?}: {refused:?}");
        assert!(refused.message().contains("mcp-param-region"), "{refused:?}");
    }
    let listed = site.ask("tools/list", json!({})).json();
    let tools = listed["result"]["tools"].as_array().unwrap();
    let tool = tools.iter().find(|tool| tool["name"] == "test_x_mcp_header").unwrap();
    assert_eq!(tool["inputSchema"]["properties"]["region"]["x-mcp-header"], "Region");
    // A session's client repeats nothing.
    let id = site.open("2025-11-25");
    let message =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params(&north)});
    assert_eq!(site.post(&[("Mcp-Session-Id", &*id)], &message).status, 200);

    let read = stateless(&json!(2), "resources/read", json!({"uri": "test://static-text"}));
    assert_eq!(site.post(&repeated(&read), &read).status, 200);
    let mut headers = repeated(&read);
    headers.last_mut().unwrap().1 = "test://static-binary";
    let refused = site.post(&headers, &read);
    assert_eq!((refused.status, refused.code()), (400, -32020), "{refused:?}");
}
