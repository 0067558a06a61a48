//! Golden answers of each revision, in the shapes of `schema/<revision>/schema.json`.

use crate::common::*;
use serde_json::{Value, json};
use trine_descriptor::extras::{self, Extra, Of, WHOLE};
use trine_descriptor::{Condition, Field, IntRange, Kind, Side, Tool, ToolInfo, ValueWriter};
use trine_mcp::{
    Block, Id, McpEngine, McpSession, Outcome, ServerInfo, Single, Step, Version, notify,
};

const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

#[test]
fn a_session_fits_its_bound() {
    assert!(size_of::<McpSession>() <= 64, "{}", size_of::<McpSession>());
    assert_eq!(size_of::<McpSession>(), 9);
}

#[test]
fn discover_says_who_serves_what() {
    assert_eq!(
        ask(&mut McpSession::new(), &modern("server/discover", "")),
        r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":false}},"instructions":"Be kind.","ttlMs":3600000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"greenhouse","title":"Greenhouse","version":"1.2.3"}}}}"#
    );
}

#[test]
fn a_method_name_may_be_escaped() {
    for method in ["tools\\/list", "\\u0074ools/list", "server\\/discover"] {
        let answer = ask(&mut McpSession::new(), &modern(method, ""));
        assert!(answer.contains(r#""resultType":"complete""#), "{method}: {answer}");
    }
    let long = "\\u0074".repeat(40);
    assert!(ask(&mut McpSession::new(), &modern(&long, "")).contains("-32601"));
}

#[test]
fn initialize_agrees_on_each_revision() {
    for version in LEGACY {
        let mut session = McpSession::new();
        let open = legacy(
            "initialize",
            &format!(
                r#""protocolVersion":"{version}","capabilities":{{"roots":{{}}}},"clientInfo":{{"name":"t","version":"1"}}"#
            ),
        );
        let title = if version >= "2025-06-18" { r#""title":"Greenhouse","# } else { "" };
        assert_eq!(
            ask(&mut session, &open),
            format!(
                r#"{{"jsonrpc":"2.0","id":7,"result":{{"protocolVersion":"{version}","capabilities":{{"tools":{{"listChanged":false}}}},"instructions":"Be kind.","serverInfo":{{"name":"greenhouse",{title}"version":"1.2.3"}}}}}}"#
            )
        );
        assert!(!session.is_initialized());
        let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(send(&mut session, ready), Received::Nothing);
        assert!(session.is_initialized());
        // A stateless request is served beside the session and leaves it alone.
        let before = session;
        assert!(ask(&mut session, &modern("tools/list", "")).contains("resultType"));
        assert_eq!(session, before);
        assert!(!ask(&mut session, &legacy("tools/list", "")).contains("resultType"));
    }
}

#[test]
fn a_client_is_ready_only_after_it_has_said_initialize() {
    let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let mut session = McpSession::new();
    assert_eq!(send(&mut session, ready), Received::Nothing);
    assert!(!session.is_initialized(), "it has not said initialize");
    let open = legacy("initialize", r#""protocolVersion":"2025-06-18""#);
    ask(&mut session, &open);
    assert!(!session.is_initialized(), "and not that it is ready since");
    assert_eq!(send(&mut session, ready), Received::Nothing);
    assert!(session.is_initialized());
}

#[test]
fn a_client_that_was_not_told_of_an_agreement_has_none() {
    let catalog = catalog();
    let engine = McpEngine::new(&catalog);
    let open = legacy("initialize", r#""protocolVersion":"2025-06-18""#);
    let mut session = McpSession::new();
    let step = engine.receive(open.as_bytes(), &mut session, &mut [], &mut [0; 100]);
    assert!(matches!(step, Step::Short(_) | Step::Reply(_)), "{step:?}");
    assert_eq!(session, McpSession::new());
    ask(&mut session, &open);
    let step = engine.receive(open.as_bytes(), &mut session, &mut [], &mut [0; 100]);
    assert!(matches!(step, Step::Short(_) | Step::Reply(_)), "{step:?}");
    assert_eq!(session.version(), Some(Version::V2025_06_18), "it keeps the one of before");
}

/// The tools of a list answer.
fn tools(answer: &Value) -> &Vec<Value> {
    answer["result"]["tools"].as_array().unwrap()
}

#[test]
fn a_tool_has_the_members_of_its_revision() {
    let fan = |annotations: Value| {
        let mut tool = json!({
            "name": "fan_set",
            "description": "Does what its name says.",
            "inputSchema": {
                "type": "object",
                "properties": {"percent": {
                    "type": "integer", "minimum": 0, "maximum": 100,
                    "description": "Percent of full speed.",
                }},
                "required": ["percent"],
                "additionalProperties": false,
            },
        });
        if !annotations.is_null() {
            tool["annotations"] = annotations;
        }
        tool
    };
    let hints = json!({
        "readOnlyHint": false, "destructiveHint": false, "idempotentHint": true,
        "openWorldHint": false,
    });
    let mut titled = hints.clone();
    titled["title"] = "Set the fan".into();
    let mut full = fan(hints);
    full["title"] = "Set the fan".into();
    full["outputSchema"] = json!({
        "type": "object",
        "properties": {"percent": {
            "type": "integer", "minimum": 0, "maximum": 100, "description": "Percent.",
        }},
        "required": ["percent"],
        "additionalProperties": false,
    });
    let expected = [fan(Value::Null), fan(titled), full.clone(), full.clone()];
    for (version, expected) in LEGACY.into_iter().zip(expected) {
        let answer = ask_json(&mut session(version), &legacy("tools/list", ""));
        assert_eq!(tools(&answer)[0], expected, "{version}");
        assert_eq!(answer["result"].as_object().unwrap().len(), 1, "{version}");
        let consent = tools(&answer)[4].get("_meta");
        assert_eq!(consent.is_some(), version >= "2025-06-18");
    }
    let answer = ask_json(&mut McpSession::new(), &modern("tools/list", ""));
    assert_eq!(tools(&answer)[0], full);
    assert_eq!(tools(&answer)[4]["_meta"], json!({"trine/consent": "elicit"}));
    let result = answer["result"].as_object().unwrap();
    let mut members: Vec<_> = result.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["_meta", "cacheScope", "resultType", "tools", "ttlMs"]);
    // A tool without a structured result, and one without parameters.
    assert!(tools(&answer)[3].get("outputSchema").is_none());
    assert_eq!(
        tools(&answer)[3]["inputSchema"],
        json!({"type": "object", "additionalProperties": false})
    );
}

#[test]
fn a_list_is_paged_by_what_fits() {
    let catalog = catalog();
    let engine = McpEngine::new(&catalog);
    let whole = ask_json(&mut McpSession::new(), &modern("tools/list", ""));
    for size in [1400, 1500, 2000, 3000, 8000] {
        let (mut params, mut names, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let mut out = vec![0; size];
            let request = modern("tools/list", &params);
            let step =
                engine.receive(request.as_bytes(), &mut McpSession::new(), &mut [], &mut out);
            let Step::Reply(len) = step else { panic!("{step:?}") };
            let page: Value = serde_json::from_slice(&out[..len]).unwrap();
            assert!(page.get("error").is_none(), "{page}");
            assert_eq!(page["result"]["cacheScope"], "public");
            names.extend(tools(&page).clone());
            pages += 1;
            let Some(cursor) = page["result"].get("nextCursor") else { break };
            params = format!(r#""cursor":{cursor}"#);
        }
        assert_eq!(&names, tools(&whole), "{size}");
        assert_eq!(pages == 1, size == 8000);
    }
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    let catalog = catalog();
    let mut out = [0; 1500];
    let list = legacy("tools/list", "");
    let mut open = session("2025-11-25");
    let step = McpEngine::new(&catalog).receive(list.as_bytes(), &mut open, &mut [], &mut out);
    let Step::Reply(len) = step else { panic!("{step:?}") };
    let page: Value = serde_json::from_slice(&out[..len]).unwrap();
    let next = legacy("tools/list", &format!(r#""cursor":{}"#, page["result"]["nextCursor"]));
    assert!(ask_json(&mut open, &next)["result"]["tools"].is_array());
    let other = Single::new(SERVER, &TOOLS[1..]);
    let mut out = [0; 1500];
    let step = McpEngine::new(&other).receive(next.as_bytes(), &mut open, &mut [], &mut out);
    let Step::Reply(len) = step else { panic!("{step:?}") };
    let answer: Value = serde_json::from_slice(&out[..len]).unwrap();
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(answer["error"]["message"], "Invalid cursor");
}

#[test]
fn a_call_answers_in_the_shape_of_its_revision() {
    let mut entries = [0; 32];
    let mut value = ValueWriter::new(&mut entries);
    value.int(0, 40);
    let outcome = || Outcome::Value(value.bytes());
    let old = r#"{"jsonrpc":"2.0","id":"c-1","result":{"content":[{"type":"text","text":"{\"percent\":40}"}],"isError":false}}"#;
    let middle = r#"{"jsonrpc":"2.0","id":"c-1","result":{"structuredContent":{"percent":40},"content":[{"type":"text","text":"{\"percent\":40}"}],"isError":false}}"#;
    let new = r#"{"jsonrpc":"2.0","id":"c-1","result":{"resultType":"complete","structuredContent":{"percent":40},"content":[{"type":"text","text":"{\"percent\":40}"}],"isError":false,"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"greenhouse","title":"Greenhouse","version":"1.2.3"}}}}"#;
    assert_eq!(finished(Version::V2024_11_05, 0, outcome()), old);
    assert_eq!(finished(Version::V2025_03_26, 0, outcome()), old);
    assert_eq!(finished(Version::V2025_06_18, 0, outcome()), middle);
    assert_eq!(finished(Version::V2025_11_25, 0, outcome()), middle);
    assert_eq!(finished(Version::V2026_07_28, 0, outcome()), new);
}

#[test]
fn an_image_comes_from_its_pieces() {
    let pieces: [&[u8]; 4] = [b"\x89P", b"", b"NG\r", b"\n"];
    let blocks = [
        Block::Text("A \"picture\"."),
        Block::Image { mime: "image/png", data: &pieces.as_slice() },
        Block::Image { mime: "image/png", data: &b"\x89PNG\r\n".as_slice() },
    ];
    assert_eq!(
        finished(Version::V2024_11_05, 3, Outcome::Content(&blocks)),
        r#"{"jsonrpc":"2.0","id":"c-1","result":{"content":[{"type":"text","text":"A \"picture\"."},{"type":"image","data":"iVBORw0K","mimeType":"image/png"},{"type":"image","data":"iVBORw0K","mimeType":"image/png"}],"isError":false}}"#
    );
}

#[test]
fn subscriptions_are_acknowledged_told_and_ended() {
    // A list that cannot change is never told of, and says so.
    let ask_for =
        |filter: &str| modern("subscriptions/listen", &format!(r#""notifications":{filter}"#));
    let listen = ask_for(r#"{"toolsListChanged":true,"resourceSubscriptions":["file:///x"]}"#);
    assert_eq!(
        send(&mut McpSession::new(), listen.as_bytes()),
        Received::Listen(false, r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7},"notifications":{}}}"#.into())
    );
    let catalog = Able { can_change: true, logs: false };
    let mut out = [0; 512];
    for (filter, told) in [
        (r#"{"toolsListChanged":true}"#, true),
        (r#"{"toolsListChanged":false}"#, false),
        (r#"{"promptsListChanged":true}"#, false),
        ("{}", false),
    ] {
        let request = ask_for(filter);
        let step = McpEngine::new(&catalog).receive(
            request.as_bytes(),
            &mut McpSession::new(),
            &mut [],
            &mut out,
        );
        let Step::Listen(listen) = step else { panic!("{step:?}") };
        assert_eq!(listen.tools, told, "{filter}");
        let text = std::str::from_utf8(&out[..listen.acknowledgement]).unwrap();
        assert_eq!(text.contains(r#""notifications":{"toolsListChanged":true}"#), told);
    }
    for filter in ["[]", "1", "null", r#"{"toolsListChanged":1}"#] {
        assert_eq!(error_of(&mut McpSession::new(), &ask_for(filter)).0, -32602, "{filter}");
    }

    let id = Id::from_raw(b"7").unwrap();
    let told = notify::tools_changed(Some(id), &mut out).unwrap();
    assert_eq!(
        std::str::from_utf8(&out[..told]).unwrap(),
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#
    );
    let told = notify::tools_changed(None, &mut out).unwrap();
    assert_eq!(
        std::str::from_utf8(&out[..told]).unwrap(),
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
    );
    let ended = notify::listen_ended(id, &SERVER, &mut out).unwrap();
    assert_eq!(
        std::str::from_utf8(&out[..ended]).unwrap(),
        r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":7,"io.modelcontextprotocol/serverInfo":{"name":"greenhouse","title":"Greenhouse","version":"1.2.3"}}}}"#
    );
    assert!(notify::tools_changed(None, &mut [0; 10]).is_err());
}

#[test]
fn progress_is_told_as_the_revision_allows() {
    let call =
        modern("tools/call", &format!(r#""name":"fan_set","arguments":{{"percent":1}},{}"#, ""))
            .replace(",,", ",")
            .replace(r#""_meta":{"#, r#""_meta":{"progressToken":"t\n1","#);
    let Received::Call(_, _, _, Some(token)) = send(&mut McpSession::new(), call.as_bytes()) else {
        panic!("no token")
    };
    let token = Id::from_raw(token.as_bytes()).unwrap();
    let mut out = [0; 256];
    let len =
        notify::progress(Version::V2026_07_28, token, (3, Some(10)), "moving", &mut out).unwrap();
    assert_eq!(
        std::str::from_utf8(&out[..len]).unwrap(),
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\n1","progress":3,"total":10,"message":"moving"}}"#
    );
    let len = notify::progress(Version::V2024_11_05, token, (3, None), "moving", &mut out).unwrap();
    assert_eq!(
        std::str::from_utf8(&out[..len]).unwrap(),
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\n1","progress":3}}"#
    );
    let bad = call.replace("\"t\\n1\"", "1.5");
    assert_eq!(error_of(&mut McpSession::new(), &bad).0, -32602);
}

const ADDED: &[Extra<'static>] = &[
    Extra { of: Of::Node(Side::Params, 0), members: r#"{"x-mcp-header":"Fan","type":"null"}"# },
    Extra { of: Of::Node(Side::Params, 1), members: r#"{"oneOf":[{"const":"a"}],"default":"a"}"# },
    Extra { of: Of::Node(Side::Params, 3), members: r#"{"$anchor":"it","items":7}"# },
    Extra { of: Of::Node(Side::Params, 4), members: r#"{"deprecated":true}"# },
    Extra {
        of: Of::Node(Side::Params, WHOLE),
        members: r#"{"$id":"a:b","additionalProperties":true,"properties":{},"allOf":[]}"#,
    },
    Extra { of: Of::Node(Side::Output, WHOLE), members: r#"{"$comment":"out"}"# },
    Extra { of: Of::Tool, members: r#"{"icons":[{"src":"a:i"}],"name":"other"}"# },
];
static ADDED_BYTES: [u8; extras::len(ADDED)] = extras::encode(ADDED);

#[test]
fn schemas_show_what_the_device_adds_to_them() {
    let params = [
        Field::new("percent", Kind::Int(IntRange { min: 0, max: 100 })).describe("Percent."),
        Field::new("how", Kind::Choice("a|b")).describe("How."),
        Field::new("why", Kind::Bool)
            .describe("Why.")
            .required_when(Condition { node: 1, label: 0 }),
        Field::new("many", Kind::Array { nodes: 1, min: 0, max: 2 }).describe("Many."),
        Field::new("", Kind::Bool),
    ];
    let tool = Tool::new(ToolInfo::new("fan_set", "Sets."), &params, &params[..1]);
    let listed = |tool: Tool<'_>, request: &str| {
        let (tools, mut out) = ([tool], [0; 2048]);
        let catalog = Single::new(ServerInfo::default(), &tools[..]);
        let mut open = session("2025-06-18");
        let engine = McpEngine::new(&catalog);
        let step = engine.receive(request.as_bytes(), &mut open, &mut [], &mut out);
        let Step::Reply(len) = step else { panic!("{step:?}") };
        let listed: Value = serde_json::from_slice(&out[..len]).unwrap();
        listed["result"]["tools"][0].clone()
    };
    let request = modern("tools/list", "");
    let whole = listed(tool.with_extras(&ADDED_BYTES), &request);
    let percent = json!({"type": "integer", "minimum": 0, "maximum": 100, "description": "Percent.",
        "x-mcp-header": "Fan"});
    let how = json!({"type": "string", "description": "How.", "oneOf": [{"const": "a"}],
        "default": "a"});
    let many = json!({"type": "array", "maxItems": 2, "description": "Many.", "$anchor": "it",
        "items": {"type": "boolean", "deprecated": true}});
    let why = json!({"type": "boolean", "description": "Why."});
    assert_eq!(
        whole["inputSchema"],
        json!({"type": "object", "properties": {"percent": percent, "how": how, "why": why,
            "many": many}, "required": ["percent", "how", "many"], "$id": "a:b",
            "additionalProperties": true, "allOf": []})
    );
    assert_eq!(whole["outputSchema"]["$comment"], "out");
    assert_eq!((&whole["icons"], &whole["name"]), (&json!([{"src": "a:i"}]), &json!("fan_set")));
    // The revisions before 2025-11-25 know no icons; a tool without extras is as it was.
    assert!(
        listed(tool.with_extras(&ADDED_BYTES), &legacy("tools/list", "")).get("icons").is_none()
    );
    let plain = listed(tool, &request);
    assert!(plain["inputSchema"].get("if").is_some() && plain.get("icons").is_none());
    // What cannot be read adds nothing.
    for cut in 0..ADDED_BYTES.len() {
        assert_eq!(listed(tool.with_extras(&ADDED_BYTES[..cut]), &request)["name"], "fan_set");
    }
}
