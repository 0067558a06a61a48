//! MCP Apps of devices: what clients are shown of them, and what a device cannot do by them.

use serde_json::{Value, json};

use crate::harness::{Folder, Gateway, stateless, until};
use crate::panels::{Order, PANEL, Panels, Plan};
use crate::web::{Site, repeated};

const EXTENSION: &str = "io.modelcontextprotocol/ui";
const HTML: &str = "<!doctype html><p>20 \u{b0}C</p>";

/// What a client declares that shows user interfaces.
fn able() -> Value {
    json!({"extensions": {EXTENSION: {"mimeTypes": [PANEL]}}})
}

/// What a server answers a client of 2026-07-28 that shows user interfaces.
fn ask(gateway: &mut Gateway, method: &str, params: Value) -> Value {
    let mut message = stateless(&json!("app"), method, params);
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = able();
    gateway.send(&message);
    gateway.answer(&json!("app"))["result"].clone()
}

/// The `_meta.ui` of a tool, as that client is shown it.
fn ui(gateway: &mut Gateway, tool: &str) -> Value {
    let list = ask(gateway, "tools/list", json!({}));
    let tools = list["tools"].as_array().unwrap().iter();
    let found: Vec<_> = tools.filter(|it| it["name"] == tool).collect();
    assert_eq!(found.len(), 1, "{tool}: {list}");
    found[0]["_meta"]["ui"].clone()
}

fn content(gateway: &mut Gateway, uri: &str) -> Value {
    ask(gateway, "resources/read", json!({"uri": uri}))["contents"][0].clone()
}

fn plan(html: &str) -> Plan {
    Plan::default().tool("show", r#"{"resourceUri":"ui://panel"}"#).panel("ui://panel", html)
}

/// A gateway of these devices, once it has this many tools.
fn gateway(devices: &[&Panels], more: &[&str], tools: usize) -> Gateway {
    let mut arguments = Vec::from(more);
    devices.iter().for_each(|device| arguments.extend(["--unix", device.address()]));
    let mut gateway = Gateway::start(&arguments);
    until(
        || {
            let list = ask(&mut gateway, "tools/list", json!({}));
            (list["tools"].as_array().map(Vec::len) == Some(tools)).then_some(())
        },
        || "not all tools are there".to_owned(),
    );
    gateway
}

#[test]
fn a_panel_of_one_device_has_the_address_that_the_device_gives_it() {
    let folder = Folder::new("apps-one");
    let ui_of = r#"{"resourceUri":"ui://panel","visibility":["model","app"]}"#;
    let north = Plan::default().tool("show", ui_of).panel("ui://panel", HTML);
    let north = Panels::start(folder.path("n"), "north", north);
    let mut gateway = gateway(&[&north], &[], 1);
    let shown = json!({"resourceUri": "ui://panel", "visibility": ["model", "app"]});
    assert_eq!(ui(&mut gateway, "show"), shown);
    let read = content(&mut gateway, "ui://panel");
    assert_eq!(read, json!({"uri": "ui://panel", "mimeType": PANEL, "text": HTML}));
    let found = ask(&mut gateway, "server/discover", json!({}));
    assert_eq!(found["capabilities"]["extensions"][EXTENSION], json!({}));
}

#[test]
fn panels_of_several_devices_are_told_apart_by_the_names_of_those() {
    let folder = Folder::new("apps-two");
    let north = Panels::start(folder.path("n"), "north", plan("<p>north"));
    let south = Panels::start(folder.path("s"), "south", plan("<p>south"));
    let mut gateway = gateway(&[&south, &north], &[], 2);
    for name in ["north", "south"] {
        let uri = format!("ui://{name}/panel");
        assert_eq!(ui(&mut gateway, &format!("{name}_show"))["resourceUri"], json!(uri));
        let read = content(&mut gateway, &uri);
        let text = format!("<p>{name}");
        assert_eq!(read, json!({"uri": uri, "mimeType": PANEL, "text": text}));
        // What a tool answers leads to the same addresses.
        let result = gateway.call(&format!("{name}_show"), json!({}));
        assert_eq!(result["content"][0]["uri"], json!(uri));
        let small = format!("ui://{name}/small");
        assert_eq!(result["content"][1]["resource"]["uri"], json!(small), "{result}");
    }
    let list = ask(&mut gateway, "resources/list", json!({}));
    let mut uris: Vec<_> =
        list["resources"].as_array().unwrap().iter().map(|it| it["uri"].clone()).collect();
    uris.sort_by_key(Value::to_string);
    assert_eq!(uris, ["ui://north/panel", "ui://south/panel"]);
    let missing = gateway.ask("resources/read", json!({"uri": "ui://panel"}));
    assert_eq!(missing["error"]["code"], json!(-32602), "no one's");
    assert!(!gateway.log().contains("left out"), "{}", gateway.log());
}

#[test]
fn without_names_the_first_device_has_an_address_and_no_tool_of_another_leads_to_it() {
    let folder = Folder::new("apps-none");
    let named = |name, html: &str| {
        Plan::default().tool(name, r#"{"resourceUri":"ui://panel"}"#).panel("ui://panel", html)
    };
    let north = Panels::start(folder.path("n"), "north", named("show", "<p>north"));
    let south = Panels::start(folder.path("s"), "south", named("view", "<p>south"));
    let mut both = gateway(&[&north, &south], &["--prefix", "none"], 2);
    assert_eq!(ui(&mut both, "show")["resourceUri"], "ui://panel");
    assert_eq!(content(&mut both, "ui://panel")["text"], "<p>north");
    let view = ui(&mut both, "view");
    assert_eq!(view, json!({"visibility": ["model", "app"]}), "it leads nowhere");
    both.logged("south: its resource ui://panel is left out: another device has it");
    both.logged("south: the resourceUri of its tool view is left out");
    drop(both);
    let west = Panels::start(folder.path("w"), "west", plan(HTML));
    let mut named = gateway(&[&west], &["--prefix", "always"], 1);
    assert_eq!(ui(&mut named, "west_show")["resourceUri"], "ui://west/panel");
}

#[test]
fn a_device_that_points_elsewhere_points_nowhere() {
    let folder = Folder::new("apps-rogue");
    let rogue = Plan::default()
        .tool("other", r#"{"resourceUri":"ui://north/panel"}"#)
        .tool("up", r#"{"resourceUri":"ui://../north/panel"}"#)
        .tool("web", r#"{"resourceUri":"https://example.com/"}"#)
        .tool("file", r#"{"resourceUri":"file:///etc/passwd"}"#)
        .tool("plain", r#"{"resourceUri":"ui://plain"}"#)
        .tool("shout", r#"{"resourceUri":"UI://north/panel"}"#)
        .tool("array", "[]")
        .tool("hidden", r#"{"resourceUri":"ui://gone","visibility":["app"]}"#)
        .tool("both", r#"{"visibility":"app"}"#)
        .panel("UI://north/panel", "<p>rogue")
        .resource("ui://plain", "text/html", "<p>plain");
    let north = Panels::start(folder.path("n"), "north", plan("<p>north"));
    let rogue = Panels::start(folder.path("r"), "rogue", rogue);
    let mut gateway = gateway(&[&north, &rogue], &[], 10);
    for tool in ["other", "up", "plain"] {
        let shown = ui(&mut gateway, &format!("rogue_{tool}"));
        assert_eq!(shown, json!({"visibility": ["model", "app"]}), "{tool}");
        gateway.logged(&format!("rogue: the resourceUri of its tool {tool} is left out"));
    }
    for tool in ["web", "file", "shout", "array", "both"] {
        assert_eq!(ui(&mut gateway, &format!("rogue_{tool}")), Value::Null, "{tool}");
        gateway.logged(&format!("rogue: the _meta.ui of its tool {tool} is left out"));
    }
    // What is for user interfaces alone stays so.
    assert_eq!(ui(&mut gateway, "rogue_hidden"), json!({"visibility": ["app"]}));
    gateway.logged("rogue: its resource UI://north/panel is left out");
    let list = ask(&mut gateway, "tools/list", json!({})).to_string();
    assert_eq!(list.matches("ui://").count(), 1, "{list}");
    assert_eq!(content(&mut gateway, "ui://north/panel")["text"], "<p>north");
    assert!(gateway.log().contains("https://example.com/"));
}

#[test]
fn clients_without_the_extension_see_no_user_interface_and_no_tool_of_one() {
    let folder = Folder::new("apps-who");
    let north = plan(HTML).tool("refresh", r#"{"resourceUri":"ui://panel","visibility":["app"]}"#);
    let north = Panels::start(folder.path("n"), "north", north);
    let mut modern = gateway(&[&north], &[], 2);
    assert_eq!(modern.tools(), ["show"]);
    let plain = modern.ask("tools/list", json!({}));
    assert!(!plain.to_string().contains("ui://"), "{plain}");
    assert_eq!(plain["result"]["cacheScope"], "private");
    assert_eq!(ui(&mut modern, "refresh")["visibility"], json!(["app"]));
    drop(modern);
    for (capabilities, tools) in [(able(), 2), (json!({}), 1)] {
        let path = folder.path(&format!("s{tools}"));
        let plan = plan(HTML).tool("refresh", r#"{"visibility":["app"]}"#);
        let board = Panels::start(path, "south", plan);
        let mut session = Gateway::start(&["--unix", board.address()]);
        let params = json!({"protocolVersion": "2025-06-18", "capabilities": capabilities,
            "clientInfo": {"name": "test", "version": "1"}});
        let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
        session.send(&hello);
        // The device may not have answered by then.
        let first = session.answer(&json!(1))["result"]["capabilities"].clone();
        assert_eq!(first["extensions"][EXTENSION], json!({}), "{first}");
        session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        session.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}));
        let list = session.answer(&json!(2))["result"].clone();
        assert_eq!(list["tools"].as_array().unwrap().len(), tools, "{list}");
        assert_eq!(list.to_string().contains("ui://panel"), tools == 2);
        session.send(&json!({"jsonrpc": "2.0", "id": 3, "method": "initialize", "params": params}));
        let again = session.answer(&json!(3))["result"]["capabilities"].clone();
        assert_eq!(again["extensions"][EXTENSION], json!({}), "{again}");
    }
}

#[test]
fn clients_over_http_are_shown_what_they_declare() {
    let folder = Folder::new("apps-http");
    let north = plan(HTML).tool("refresh", r#"{"visibility":["app"]}"#);
    let north = Panels::start(folder.path("n"), "north", north);
    let site = Site::start(&["--unix", north.address(), "--prefix", "always"]);
    let tools = |capabilities: Value| {
        let mut message = stateless(&json!(1), "tools/list", json!({}));
        message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
        let list = site.post(&repeated(&message), &message).json()["result"]["tools"].clone();
        list.as_array().unwrap().clone()
    };
    until(|| (tools(able()).len() == 2).then_some(()), || "not all tools are there".to_owned());
    assert_eq!(tools(able())[0]["_meta"]["ui"]["resourceUri"], "ui://north/panel");
    let [show] = &tools(json!({}))[..] else { panic!("another tool is shown") };
    assert!(!show.to_string().contains("ui://"), "{show}");
    let read = stateless(&json!(2), "resources/read", json!({"uri": "ui://north/panel"}));
    let read = site.post(&repeated(&read), &read).json()["result"]["contents"][0].clone();
    assert_eq!(read, json!({"uri": "ui://north/panel", "mimeType": PANEL, "text": HTML}));
}

#[test]
fn a_server_without_user_interfaces_declares_none() {
    let folder = Folder::new("apps-undeclared");
    let plain = Plan { tools: vec![("show", "{}".to_owned())], ..Plan::default() };
    let board = Panels::start(folder.path("n"), "north", plain.panel("ui://panel", HTML));
    let mut gateway = gateway(&[&board], &[], 1);
    let found = ask(&mut gateway, "server/discover", json!({}));
    assert_eq!(found["capabilities"]["extensions"][EXTENSION], Value::Null, "{found}");
    assert_eq!(gateway.ask("tools/list", json!({}))["result"]["cacheScope"], "public");
}

/// Texts whose characters lie across every boundary of a piece, whatever its length.
fn long(start: &str) -> String {
    format!("{start}\"{}\"", "\u{20ac}\u{e4}x".repeat(4_000))
}

#[test]
fn long_text_is_text_whatever_its_media_type() {
    let folder = Folder::new("apps-long");
    let (html, json_text) = (long("<!doctype html>"), long(""));
    assert!(serde_json::from_str::<Value>(&json_text).is_ok() && html.len() > 20_000);
    let north = plan(&html)
        .resource("board://data", "application/json", &json_text)
        .resource("board://graph", "application/ld+json; charset=utf-8", &json_text)
        .resource("board://picture", "image/svg+xml", &html)
        .resource("board://raw", "application/octet-stream", &html);
    let north = Panels::start(folder.path("n"), "north", north);
    let mut gateway = gateway(&[&north], &["--prefix", "always"], 1);
    let read = content(&mut gateway, "ui://north/panel");
    assert_eq!(read, json!({"uri": "ui://north/panel", "mimeType": PANEL, "text": html}));
    for uri in ["board://data", "board://graph"] {
        assert_eq!(content(&mut gateway, uri)["text"], json!(json_text), "{uri}");
    }
    for uri in ["board://picture", "board://raw"] {
        let read = content(&mut gateway, uri);
        assert!(read["blob"].is_string() && read["text"].is_null(), "{uri}");
    }
}

#[test]
fn templates_and_changes_have_the_same_addresses() {
    let folder = Folder::new("apps-templates");
    let mut north = plan(HTML);
    north.templates = vec!["ui://plot/{name}", "{scheme}://panel"];
    let north = Panels::start(folder.path("n"), "north", north);
    let south = Panels::start(folder.path("s"), "south", plan(HTML));
    let mut gateway = gateway(&[&north, &south], &[], 2);
    let list = ask(&mut gateway, "resources/templates/list", json!({}));
    assert_eq!(list["resourceTemplates"][0]["uriTemplate"], "ui://north/plot/{name}");
    let read = content(&mut gateway, "ui://north/plot/herbs");
    let (uri, text) = ("ui://north/plot/herbs", "ui://plot/herbs");
    assert_eq!(read, json!({"uri": uri, "mimeType": PANEL, "text": text}));
    // A template for any scheme is none for user interfaces.
    for uri in ["ui://panel", "ui://west/panel"] {
        let missing = gateway.ask("resources/read", json!({"uri": uri}));
        assert_eq!(missing["error"]["code"], json!(-32602), "{uri}");
    }
    let filter = json!({"notifications": {"resourceSubscriptions": ["ui://north/panel"]}});
    gateway.send(&stateless(&json!("all"), "subscriptions/listen", filter));
    assert_eq!(gateway.line()["method"], "notifications/subscriptions/acknowledged");
    for device in [&south, &north] {
        device.orders.send(Order::Changed("ui://panel")).unwrap();
    }
    let told = gateway.line();
    assert_eq!(told["method"], "notifications/resources/updated");
    assert_eq!(told["params"]["uri"], "ui://north/panel");
    gateway.is_silent_for(100);
}

#[test]
fn a_panel_that_goes_away_and_comes_back_changes_the_list_of_tools() {
    let folder = Folder::new("apps-gone");
    let north = Panels::start(folder.path("n"), "north", plan(HTML));
    let mut gateway = gateway(&[&north], &[], 1);
    let filter = json!({"notifications": {"toolsListChanged": true}});
    gateway.send(&stateless(&json!("all"), "subscriptions/listen", filter));
    assert_eq!(gateway.line()["method"], "notifications/subscriptions/acknowledged");
    for (offer, shown) in [(Plan::default(), Value::Null), (plan(HTML), json!("ui://panel"))] {
        north.orders.send(Order::Offer(offer)).unwrap();
        assert_eq!(gateway.line()["method"], "notifications/tools/list_changed");
        assert_eq!(ui(&mut gateway, "show")["resourceUri"], shown);
    }
}

#[test]
fn members_that_are_no_json_or_too_long_cost_their_tool_alone() {
    let folder = Folder::new("apps-bad");
    let mut bad = plan(HTML);
    let deep = format!(r#"{{"_meta":{{"ui":{}1{}}}}}"#, "[".repeat(2_000), "]".repeat(2_000));
    let twice = r#"{"_meta":{"ui":{"resourceUri":"ui://panel"},"ui":{"resourceUri":"ui://no"}}}"#;
    for (name, members) in [
        ("cut", r#"{"_meta":{"ui":{"resourceUri":"ui://panel""#.to_owned()),
        ("deep", deep),
        ("bytes", "\u{1b}[2J{}".to_owned()),
        ("twice", twice.to_owned()),
        ("long", format!(r#"{{"_meta":{{"ui":{{"resourceUri":"ui://{}"}}}}}}"#, "x".repeat(900))),
    ] {
        bad.tools.push((name, members));
    }
    let bad = Panels::start(folder.path("b"), "bad", bad);
    let mut gateway = gateway(&[&bad], &[], 6);
    assert_eq!(ui(&mut gateway, "show")["resourceUri"], "ui://panel");
    for tool in ["cut", "deep", "bytes"] {
        assert_eq!(ui(&mut gateway, tool), Value::Null, "{tool}");
    }
    for tool in ["twice", "long"] {
        assert_eq!(ui(&mut gateway, tool)["resourceUri"], Value::Null, "{tool}");
        gateway.logged(&format!("the resourceUri of its tool {tool} is left out"));
    }
    let longest = gateway.log().lines().map(str::len).max();
    assert!(longest < Some(400), "{longest:?}");
}
