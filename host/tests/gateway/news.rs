//! Lists and resources that change: who wants to know is told, over both transports.

use serde_json::{Value, json};

use crate::harness::{Gateway, initialize, stateless, until};
use crate::web::Site;

const WATCHED: &str = "test://watched-resource";
const TAG: &str = "io.modelcontextprotocol/subscriptionId";

fn method(message: &Value) -> &str {
    message["method"].as_str().unwrap_or_default()
}

#[test]
fn who_listens_over_http_is_told_of_what_it_wants_alone() {
    let site = Site::start(&["--fixtures"]);
    let listen = |id: &str, wanted: Value| {
        let params = json!({"notifications": wanted});
        let mut news = site.stream_of(&stateless(&json!(id), "subscriptions/listen", params));
        let first = news.next().unwrap();
        assert_eq!(method(&first), "notifications/subscriptions/acknowledged");
        (news, first)
    };
    let (mut prompts, _) = listen("prompts", json!({"promptsListChanged": true}));
    let (mut tools, _) = listen("tools", json!({"toolsListChanged": true}));
    let (mut watched, agreed) = listen("watched", json!({"resourceSubscriptions": [WATCHED]}));
    assert_eq!(agreed["params"]["notifications"]["resourceSubscriptions"], json!([WATCHED]));
    let id = site.open("2025-11-25");
    let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", &*id)];
    let mut session = site.stream("GET /mcp", &headers, "");
    until(|| (site.get("/health").json()["listeners"] == 4).then_some(()), || "4 listen".into());
    let of_session = |number: u32, method: &str, uri: &str| {
        let params = json!({"uri": uri});
        let message = json!({"jsonrpc": "2.0", "id": number, "method": method, "params": params});
        site.post(&[("Mcp-Session-Id", &*id)], &message).json()
    };
    assert_eq!(of_session(1, "resources/subscribe", WATCHED)["result"], json!({}));
    let refused = of_session(2, "resources/subscribe", "test://nothing");
    assert_eq!(refused["error"]["code"], json!(-32002), "{refused}");

    let trigger = |what: &str| site.call(&format!("test_trigger_{what}_change"), &json!({}));
    trigger("resource");
    let told = watched.next().unwrap();
    assert_eq!(method(&told), "notifications/resources/updated");
    assert_eq!(told["params"], json!({"_meta": {TAG: "watched"}, "uri": WATCHED}));
    let plain = session.next().unwrap();
    assert_eq!(plain["params"], json!({"uri": WATCHED}), "{plain}");
    // From here on the session watches no more.
    assert_eq!(of_session(3, "resources/unsubscribe", WATCHED)["result"], json!({}));
    trigger("resource");
    assert_eq!(method(&watched.next().unwrap()), "notifications/resources/updated");

    trigger("prompt");
    let told = prompts.next().unwrap();
    assert_eq!(method(&told), "notifications/prompts/list_changed");
    assert_eq!(told["params"]["_meta"][TAG], json!("prompts"));
    assert_eq!(method(&session.next().unwrap()), "notifications/prompts/list_changed");
    let listed = site.ask("prompts/list", json!({})).json();
    assert_eq!(listed["result"]["prompts"].as_array().unwrap().len(), 6, "{listed}");

    trigger("tool");
    let told = tools.next().unwrap();
    assert_eq!(method(&told), "notifications/tools/list_changed");
    assert_eq!(told["params"]["_meta"][TAG], json!("tools"));
    assert_eq!(method(&session.next().unwrap()), "notifications/tools/list_changed");
    let called = site.call("test_tool_that_comes_and_goes", &json!({}));
    assert_eq!(called["content"][0]["text"], json!("Here I am."), "{called}");
    // It goes again, and no one is told of anything else.
    trigger("tool");
    assert_eq!(method(&tools.next().unwrap()), "notifications/tools/list_changed");
}

#[test]
fn who_watches_over_standard_input_is_told_until_it_watches_no_more() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    for message in initialize("2025-06-18") {
        gateway.send(&message);
    }
    let hello = gateway.answer(&json!("hello"));
    let can = json!({"subscribe": true, "listChanged": true});
    assert_eq!(hello["result"]["capabilities"]["resources"], can, "{hello}");
    let ask = |gateway: &mut Gateway, id: u32, method: &str, params: Value| {
        gateway.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut news = Vec::new();
        loop {
            let line = gateway.line();
            if line["id"] == json!(id) {
                return (line, news);
            }
            news.push(line);
        }
    };
    let subscribe = |gateway: &mut Gateway, id, method: &str| {
        let (answer, _) = ask(gateway, id, method, json!({"uri": WATCHED}));
        assert_eq!(answer["result"], json!({}), "{answer}");
    };
    let trigger = |gateway: &mut Gateway, id, what: &str| {
        let params = json!({"name": format!("test_trigger_{what}_change"), "arguments": {}});
        ask(gateway, id, "tools/call", params).1
    };
    assert!(trigger(&mut gateway, 1, "resource").is_empty());
    subscribe(&mut gateway, 2, "resources/subscribe");
    let mut news = trigger(&mut gateway, 3, "resource");
    if news.is_empty() {
        news.push(gateway.line());
    }
    assert_eq!(method(&news[0]), "notifications/resources/updated", "{news:?}");
    assert_eq!(news[0]["params"], json!({"uri": WATCHED}));
    subscribe(&mut gateway, 4, "resources/unsubscribe");
    assert!(trigger(&mut gateway, 5, "resource").is_empty());
    let mut news = trigger(&mut gateway, 6, "prompt");
    if news.is_empty() {
        news.push(gateway.line());
    }
    assert_eq!(method(&news[0]), "notifications/prompts/list_changed", "{news:?}");
    gateway.is_silent_for(100);
}

#[test]
fn one_client_may_watch_so_many_resources_and_no_more() {
    let site = Site::start(&["--fixtures"]);
    let wanted = |count: u32| {
        let uris: Vec<_> = (0..count).map(|id| format!("test://template/{id}/data")).collect();
        json!({"notifications": {"resourceSubscriptions": uris}})
    };
    let listen = stateless(&json!(1), "subscriptions/listen", wanted(256));
    assert!(site.stream_of(&listen).next().is_some());
    let refused = site.ask("subscriptions/listen", wanted(257));
    assert_eq!((refused.status, refused.code()), (200, -32602), "{refused:?}");
    assert!(refused.message().contains("256 resources"), "{refused:?}");
}

#[test]
fn lines_of_log_go_to_sessions_that_want_their_level() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let site = Site::start(&["--fixtures"]);
    for message in initialize("2025-11-25") {
        gateway.send(&message);
    }
    let hello = gateway.answer(&json!("hello"));
    assert_eq!(hello["result"]["capabilities"]["logging"], json!({}), "{hello}");
    let id = site.open("2025-11-25");
    let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", &*id)];
    let mut session = site.stream("GET /mcp", &headers, "");
    until(|| (site.get("/health").json()["listeners"] == 1).then_some(()), || "it listens".into());
    let of = |id: u32, method: &str, params: Value| -> Value {
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    };
    let call = |id| of(id, "tools/call", json!({"name": "test_logging_tool", "arguments": {}}));
    let level = |id, level: &str| of(id, "logging/setLevel", json!({"level": level}));
    let post = |message: &Value| site.post(&[("Mcp-Session-Id", &*id)], message).json();
    let line = json!({"level": "info", "logger": "fixtures", "data": "one more step is done"});
    // Those of level info come, unless the client wants higher ones alone.
    gateway.send(&call(1));
    assert!(post(&call(1))["result"].is_object());
    for _ in 0..3 {
        let told = gateway.line();
        assert_eq!((method(&told), &told["params"]), ("notifications/message", &line), "{told}");
        let told = session.next().unwrap();
        assert_eq!((method(&told), &told["params"]), ("notifications/message", &line), "{told}");
    }
    assert_eq!(gateway.line()["id"], json!(1));
    gateway.send(&level(2, "error"));
    assert_eq!(gateway.answer(&json!(2))["result"], json!({}));
    assert_eq!(post(&level(2, "error"))["result"], json!({}));
    gateway.send(&call(3));
    assert_eq!(gateway.line()["id"], json!(3), "no line comes before it");
    assert!(post(&call(3))["result"].is_object());
    assert!(site.call("test_trigger_prompt_change", &json!({}))["content"].is_array());
    let told = session.next().unwrap();
    assert_eq!(method(&told), "notifications/prompts/list_changed", "{told}");
    // A stateless client has no session, so it gets none.
    assert_eq!(gateway.call("test_logging_tool", json!({}))["isError"], json!(false));
}

#[test]
fn a_session_with_several_streams_is_told_once_over_the_latest() {
    let site = Site::start(&["--fixtures"]);
    let id = site.open("2025-11-25");
    let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", &*id)];
    let listen = |count: u32| {
        let stream = site.stream("GET /mcp", &headers, "");
        let listeners = || site.get("/health").json()["listeners"] == count;
        until(|| listeners().then_some(()), || format!("{count} listen"));
        stream
    };
    let mut first = listen(1);
    let mut second = listen(2);
    let change = || site.call("test_trigger_prompt_change", &json!({}));
    change();
    assert_eq!(method(&second.next().unwrap()), "notifications/prompts/list_changed");
    drop(second);
    until(
        || (site.get("/health").json()["listeners"] == 1).then_some(()),
        || "the second has ended".into(),
    );
    site.call("test_trigger_tool_change", &json!({}));
    let told = first.next().unwrap();
    assert_eq!(method(&told), "notifications/tools/list_changed", "{told}: the first one hears it");
}

#[test]
fn who_cannot_ask_a_person_is_told_which_capability_is_missing() {
    let site = Site::start(&["--fixtures"]);
    let call = json!({"name": "test_streaming_elicitation", "arguments": {}});
    let refused = site.ask("tools/call", call);
    assert_eq!((refused.status, refused.code()), (400, -32021), "{refused:?}");
    let needed = &refused.json()["error"]["data"]["requiredCapabilities"];
    assert_eq!(*needed, json!({"elicitation": {"form": {}}}));
}

#[test]
fn the_log_of_a_call_goes_to_the_client_that_made_it_where_it_asked_for_that() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let site = Site::start(&["--fixtures"]);
    let call = |id: u32, level: Option<&str>| {
        let params = json!({"name": "test_tool_with_logging", "arguments": {}});
        let mut message = stateless(&json!(id), "tools/call", params);
        if let Some(level) = level {
            message["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = json!(level);
        }
        message
    };
    for (id, level, wanted) in
        [(1, Some("debug"), 3), (2, Some("info"), 3), (3, Some("notice"), 0), (4, None, 0)]
    {
        let message = call(id, level);
        let mut over_stdio = Vec::new();
        gateway.send(&message);
        while over_stdio.last().is_none_or(|it: &Value| it.get("id").is_none()) {
            over_stdio.push(gateway.line());
        }
        let headers = [&crate::web::USUAL[..], &crate::web::repeated(&message)].concat();
        let mut events = site.messages("POST /mcp", &headers, &message.to_string());
        let mut over_http = Vec::new();
        while over_http.last().is_none_or(|it: &Value| it.get("id").is_none()) {
            over_http.push(events.next().unwrap());
        }
        for told in [over_stdio, over_http] {
            let (answer, lines) = told.split_last().unwrap();
            assert_eq!((&answer["id"], lines.len()), (&json!(id), wanted), "{level:?}: {lines:?}");
            for line in lines {
                assert_eq!(method(line), "notifications/message", "{line}");
                assert_eq!(line["params"]["level"], json!("info"));
                assert_eq!(line["params"]["data"], json!("one more step is done"));
                assert_eq!(line["params"]["logger"], json!("fixtures"));
            }
        }
    }
}

#[test]
fn an_event_of_a_device_goes_to_sessions_as_a_line_of_level_notice() {
    let of = |id: u32, method: &str, params: Value| -> Value {
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    };
    let start = json!({"name": "timer_start", "arguments": {"seconds": 1, "label": "tea"}});
    for (level, lines) in [("info", 2), ("notice", 1)] {
        let mut gateway = Gateway::start(&["--simulate", "--time-scale", "20"]);
        for message in initialize("2025-11-25") {
            gateway.send(&message);
        }
        gateway.answer(&json!("hello"));
        gateway.send(&of(1, "logging/setLevel", json!({"level": level})));
        assert_eq!(gateway.answer(&json!(1))["result"], json!({}));
        gateway.send(&of(2, "tools/call", start.clone()));
        assert!(gateway.answer(&json!(2))["result"]["structuredContent"].is_object());
        // The board of the example has it in its log too, of level info.
        let told: Vec<Value> = (0..lines).map(|_| gateway.line()).collect();
        let params: Vec<&Value> = told.iter().map(|line| &line["params"]).collect();
        let event = json!({
            "level": "notice",
            "logger": "greenhouse",
            "data": "timer_start: timer 1 has ended: tea",
        });
        assert!(params.contains(&&event), "{told:?}");
        gateway.is_silent_for(100);
    }
}
