//! MCP Apps: who is shown the user interface of a tool, and which tools.

use serde_json::{Value, json};
use trine_descriptor::{Tool, ToolInfo, ToolTable};
use trine_mcp::{Catalog, McpEngine, McpSession, ServerInfo, Step, ToolUi};

use crate::common::modern;

const fn tool(name: &'static str) -> Tool<'static> {
    Tool::new(ToolInfo::new(name, "Does."), &[], &[])
}
static TOOLS: [Tool<'static>; 4] = [tool("plain"), tool("show"), tool("refresh"), tool("last")];

/// A server with the user interfaces of these tools.
struct Server(&'static [Option<ToolUi<'static>>]);

/// The same before it knows its tools.
const EARLY: &[Option<ToolUi<'static>>] = &[None];

const UI: ToolUi<'static> = ToolUi { resource: "ui://panel", for_model: true, for_app: true };
static UIS: [Option<ToolUi<'static>>; 4] =
    [None, Some(UI), Some(ToolUi { for_model: false, ..UI }), None];

impl Catalog for Server {
    type Table = [Tool<'static>; 4];

    fn server(&self) -> ServerInfo<'_> {
        ServerInfo { name: "board", version: "1", ..ServerInfo::default() }
    }

    fn count(&self) -> u16 {
        TOOLS.count()
    }

    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
        Some((&TOOLS, index))
    }

    fn name(&self, index: u16) -> Option<&str> {
        TOOLS.get(usize::from(index)).map(|tool| tool.info.name)
    }

    fn generation(&self) -> u64 {
        7
    }

    fn may_have_apps(&self) -> bool {
        self.0.len() == EARLY.len()
    }

    fn ui(&self, index: u16) -> Option<ToolUi<'_>> {
        self.0.get(usize::from(index)).copied().flatten()
    }
}

const PLAIN: &[Option<ToolUi<'static>>] = &[];
const APPS: &str =
    r#"{"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}}"#;

fn received(server: &Server, session: &mut McpSession, room: usize, message: &str) -> Value {
    let mut out = vec![0; room];
    match McpEngine::new(server).receive(message.as_bytes(), session, &mut [0; 64], &mut out) {
        Step::Reply(len) => serde_json::from_slice(&out[..len]).unwrap(),
        step => panic!("{step:?}"),
    }
}

/// The answer of a server to a client of 2026-07-28 with these capabilities.
fn answer(server: &Server, able: &str, (method, params): (&str, &str)) -> Value {
    let message = modern(method, params);
    let message = message.replace(r#"Capabilities":{}"#, &format!(r#"Capabilities":{able}"#));
    received(server, &mut McpSession::new(), 4096, &message)["result"].clone()
}

fn names(list: &Value) -> Vec<&str> {
    list["tools"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[test]
fn a_user_interface_is_shown_to_who_declares_the_extension() {
    let list = answer(&Server(&UIS), APPS, ("tools/list", ""));
    assert_eq!(names(&list), ["plain", "show", "refresh", "last"]);
    let of = |tool: usize| list["tools"][tool]["_meta"].clone();
    assert_eq!(of(0), Value::Null);
    let ui = json!({"resourceUri": "ui://panel", "visibility": ["model", "app"]});
    assert_eq!(of(1), json!({"ui": ui}));
    assert_eq!(of(2)["ui"]["visibility"], json!(["app"]));
    let list = answer(&Server(&UIS), "{}", ("tools/list", ""));
    assert_eq!(names(&list), ["plain", "show", "last"]);
    assert!(!list.to_string().contains("ui://"), "{list}");
}

#[test]
fn the_media_types_of_a_client_decide_where_it_names_them() {
    let ui = |settings: &str| {
        let able = format!(r#"{{"extensions":{{"io.modelcontextprotocol/ui":{settings}}}}}"#);
        answer(&Server(&UIS), &able, ("tools/list", "")).to_string().contains("ui://")
    };
    assert!(ui("{}") && ui(r#"{"mimeTypes":["text/x","text\/html;profile=mcp-app"]}"#));
    for refused in [r#"{"mimeTypes":[]}"#, r#"{"mimeTypes":["text/html"]}"#] {
        assert!(!ui(refused), "{refused}");
    }
    for malformed in [r#"{"mimeTypes":7}"#, r#"{"mimeTypes":[7,"text/html;profile=mcp-app"]}"#] {
        assert!(!ui(malformed), "{malformed}");
    }
    let other =
        r#"{"extensions":{"io.modelcontextprotocol/tasks":{}},"io.modelcontextprotocol/ui":{}}"#;
    assert!(!answer(&Server(&UIS), other, ("tools/list", "")).to_string().contains("ui://"));
}

#[test]
fn a_session_has_what_its_client_declared_at_first() {
    for revision in ["2024-11-05", "2025-11-25"] {
        let hello = |able: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{
                    "protocolVersion":"{revision}","capabilities":{able},
                    "clientInfo":{{"name":"t","version":"1"}}}}}}"#
            )
        };
        let list = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;
        for (able, count) in [(APPS, 4), ("{}", 3)] {
            let mut session = McpSession::new();
            let said = received(&Server(&UIS), &mut session, 4096, &hello(able));
            let extensions = &said["result"]["capabilities"]["extensions"];
            assert_eq!(*extensions, json!({"io.modelcontextprotocol/ui": {}}), "{revision}");
            let list = received(&Server(&UIS), &mut session, 4096, list)["result"].clone();
            assert_eq!(names(&list).len(), count, "{revision} {able}");
            assert_eq!(list.to_string().contains("ui://panel"), able == APPS);
        }
        let said = received(&Server(PLAIN), &mut McpSession::new(), 4096, &hello(APPS));
        assert_eq!(said["result"]["capabilities"]["extensions"], Value::Null);
    }
}

#[test]
fn a_list_that_differs_between_clients_is_kept_by_no_shared_cache() {
    let scope =
        |server: &Server, able| answer(server, able, ("tools/list", ""))["cacheScope"].clone();
    for able in [APPS, "{}"] {
        assert_eq!(scope(&Server(&UIS), able), "private");
        assert_eq!(scope(&Server(PLAIN), able), "public");
    }
    let found = |uis| answer(&Server(uis), "{}", ("server/discover", ""));
    let all = found(&UIS);
    assert_eq!(all["capabilities"]["extensions"], json!({"io.modelcontextprotocol/ui": {}}));
    assert_eq!(all["cacheScope"], "public");
    assert_eq!(found(PLAIN)["capabilities"]["extensions"], Value::Null);
    assert_eq!(found(EARLY)["capabilities"]["extensions"], all["capabilities"]["extensions"]);
    assert_eq!(scope(&Server(EARLY), APPS), "public");
}

#[test]
fn pages_leave_out_what_a_client_is_not_shown() {
    for (able, all) in [(APPS, 4), ("{}", 3)] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let message = modern("tools/list", &cursor);
            let message =
                message.replace(r#"Capabilities":{}"#, &format!(r#"Capabilities":{able}"#));
            let page = received(&Server(&UIS), &mut McpSession::new(), 600, &message);
            let page = &page["result"];
            seen.extend(names(page).into_iter().map(str::to_owned));
            pages += 1;
            if page["nextCursor"].is_null() {
                break;
            }
            cursor = format!(r#""cursor":{}"#, page["nextCursor"]);
        }
        assert!(seen.len() == all && pages > 1, "{seen:?} on {pages}");
    }
}
