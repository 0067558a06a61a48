//! Bad input, sentence by sentence: what is answered, in which words, and that the next call works.

use crate::common::*;
use trine_mcp::McpSession;

#[test]
fn a_wrong_value_is_a_result_that_names_tool_parameter_and_bound() {
    for (arguments, text) in [
        (r#"{"percent":"40"}"#, "fan_set: percent must be a whole number from 0 to 100"),
        (r#"{"percent":40.5}"#, "fan_set: percent must be a whole number from 0 to 100"),
        (r#"{"percent":null}"#, "fan_set: percent must be a whole number from 0 to 100"),
        (r#"{"percent":true}"#, "fan_set: percent must be a whole number from 0 to 100"),
        (r#"{"percent":[40]}"#, "fan_set: percent must be a whole number from 0 to 100"),
        (r#"{"percent":1e400}"#, "fan_set: percent must be at most 100"),
        (r#"{"percent":-1e400}"#, "fan_set: percent must be at least 0"),
        (r#"{"percent":1,"percent":2}"#, "fan_set: percent was given more than once: give it once"),
        (r#"{"speed":40}"#, "fan_set: there is no parameter 'speed'; it takes percent"),
    ] {
        assert_eq!(refused("fan_set", arguments), text);
    }
    for (arguments, text) in [
        (r#"{"mode":"cool"}"#, "climate_set: mode must be one of heat, off"),
        (r#"{"mode":1}"#, "climate_set: mode must be one of heat, off"),
        (r#"{"mode":"heat","celsius":"21"}"#, "climate_set: celsius must be a number from 5 to 35"),
        (r#"{"mode":"heat","celsius":21.25}"#, "climate_set: celsius must be a multiple of 0.5"),
    ] {
        assert_eq!(refused("climate_set", arguments), text);
    }
    assert_eq!(
        refused("board_status", r#"{"all":true}"#),
        "board_status: there is no parameter 'all'; it takes none"
    );
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(600));
    assert_eq!(
        refused("display_show", &long),
        "display_show: text must have at most 32 characters"
    );
}

#[test]
fn a_foreign_name_is_quoted_safely_and_cut() {
    let name = format!(r#"{{"a\n\"b{}":1}}"#, "é".repeat(100));
    let text = refused("fan_set", &name);
    assert!(text.starts_with("fan_set: there is no parameter 'a?\"bé"), "{text}");
    assert!(text.len() < 120, "{text}");
    let call =
        modern("tools/call", &format!(r#""name":"{}\u0007","arguments":{{}}"#, "é".repeat(99)));
    let (code, text) = error_of(&mut McpSession::new(), &call);
    assert_eq!((code, text), (-32602, format!("Unknown tool: {}...", "é".repeat(64))));
}

#[test]
fn what_can_be_encoded_is_left_to_the_device() {
    // Out of range, missing, or missing because of another: the device's own check decides.
    for (tool, arguments) in [
        ("fan_set", r#"{"percent":101}"#),
        ("fan_set", "{}"),
        ("climate_set", r#"{"mode":"heat"}"#),
        ("climate_set", r#"{"mode":"heat","celsius":36}"#),
    ] {
        encoded(tool, arguments);
    }
}

#[test]
fn numbers_and_names_may_be_spelled_in_any_way() {
    let forty = encoded("fan_set", r#"{"percent":40}"#);
    for arguments in [
        r#"{"percent":40.0}"#,
        r#"{"percent":4e1}"#,
        r#"{"percent":0.4E+2}"#,
        r#"{"\u0070ercent":40}"#,
        " { \"percent\" : 400e-1 } ",
    ] {
        assert_eq!(encoded("fan_set", arguments), forty);
    }
    let spelled = format!(r#"{{"text":"{}"}}"#, r"\u00e9".repeat(32));
    let plain = format!(r#"{{"text":"{}"}}"#, "é".repeat(32));
    assert_eq!(encoded("display_show", &spelled), encoded("display_show", &plain));
    let entries = encoded("display_show", &plain);
    assert_eq!(
        trine_descriptor::validate(TOOLS, 2, trine_descriptor::Side::Params, &entries),
        Ok(()),
        "32 times é fits 32"
    );
}

#[test]
fn unknown_tools_names_cursors_and_methods_are_protocol_errors() {
    let mut legacy_session = session("2025-11-25");
    for (method, params, code, text) in [
        ("tools/call", r#""name":"fan.set","arguments":{}"#, -32602, "Unknown tool: fan.set"),
        ("tools/call", r#""name":"","arguments":{}"#, -32602, "Unknown tool: "),
        ("tools/call", r#""arguments":{}"#, -32602, "Tool name required"),
        ("tools/call", r#""name":null"#, -32602, "Tool name required"),
        ("tools/call", r#""name":5"#, -32602, "Tool name must be a string"),
        ("tools/call", r#""name":"fan_set","arguments":[]"#, -32602, "arguments must be an object"),
        ("tools/list", r#""cursor":"abc""#, -32602, "Invalid cursor"),
        ("tools/list", r#""cursor":"""#, -32602, "Invalid cursor"),
        ("tools/list", r#""cursor":3"#, -32602, "Invalid cursor"),
        ("tools/list", r#""cursor":"00000000000000000001""#, -32602, "Invalid cursor"),
        ("tools/lis", "", -32601, "Method not found"),
        ("prompts/list", "", -32601, "Method not found"),
        ("resources/list", "", -32601, "Method not found"),
        ("logging/setLevel", r#""level":"info""#, -32601, "Method not found"),
        ("completion/complete", "", -32601, "Method not found"),
    ] {
        let expected = (code, text.to_string());
        assert_eq!(error_of(&mut McpSession::new(), &modern(method, params)), expected, "{method}");
        assert_eq!(error_of(&mut legacy_session, &legacy(method, params)), expected, "{method}");
    }
}

#[test]
fn the_rule_of_protocol_families_names_both() {
    for params in ["", r#""_meta":{}"#, r#""_meta":{"progressToken":1}"#, r#""_meta":null"#] {
        for method in ["tools/list", "tools/call", "server/discover", "prompts/list"] {
            let (code, text) = error_of(&mut McpSession::new(), &legacy(method, params));
            assert_eq!(code, -32602);
            assert!(text.contains("_meta") && text.contains("initialize"), "{text}");
        }
    }
    let (code, _) =
        error_of(&mut McpSession::new(), r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert_eq!(code, -32602);
    for meta in [
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#,
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":2026}"#,
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":null}"#,
        r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]}"#,
        r#""_meta":[]"#,
    ] {
        assert_eq!(
            error_of(&mut McpSession::new(), &legacy("tools/list", meta)).0,
            -32602,
            "{meta}"
        );
    }
}

#[test]
fn an_unknown_version_is_answered_with_those_that_are_served() {
    for version in ["1900-01-01", "2025-11-25", "2027-01-01", "\\u0041"] {
        let meta = format!(
            r#""_meta":{{"io.modelcontextprotocol/protocolVersion":"{version}","io.modelcontextprotocol/clientCapabilities":{{}}}}"#
        );
        let answer = ask_json(&mut McpSession::new(), &legacy("tools/list", &meta));
        assert_eq!(answer["error"]["code"], -32022);
        assert_eq!(answer["error"]["message"], "Unsupported protocol version");
        assert_eq!(answer["error"]["data"]["requested"], version.replace("\\u0041", "A"));
        assert_eq!(answer["error"]["data"]["supported"][0], "2026-07-28");
        let supported = answer["error"]["data"]["supported"].as_array().unwrap();
        assert_eq!(supported.len(), 1, "no version that is refused here is called supported");
    }
    for asked in ["1900-01-01", "2026-07-28", "", "2030-01-01"] {
        let open = legacy("initialize", &format!(r#""protocolVersion":"{asked}""#));
        let answer = ask_json(&mut McpSession::new(), &open);
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    }
    assert_eq!(error_of(&mut McpSession::new(), &legacy("initialize", "")).0, -32602);
    // Over HTTP the oldest revision had another transport.
    let mut http = McpSession::over_http();
    let open = legacy("initialize", r#""protocolVersion":"2024-11-05""#);
    assert_eq!(ask_json(&mut http, &open)["result"]["protocolVersion"], "2025-11-25");
}

#[test]
fn ids_are_echoed_or_left_out() {
    for id in ["7", "-1", "\"x\"", "\"\"", "\"\\u0041\\n\"", "12345678901234567890", "1.0"] {
        let answer = ask(
            &mut McpSession::new(),
            &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#),
        );
        assert_eq!(answer, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
    let long = format!("\"{}\"", "x".repeat(300));
    for id in ["null", "true", "[1]", "{}", "1.5", "1e-3", &long] {
        for method in ["tools/list", "notifications/initialized"] {
            let answer = ask_json(
                &mut McpSession::new(),
                &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#),
            );
            assert_eq!(answer["error"]["code"], -32600, "{id}");
            assert!(answer.get("id").is_none(), "{id}");
        }
    }
}

#[test]
fn an_id_of_256_bytes_is_the_longest_that_is_echoed() {
    let text = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    let digits = |len: usize| format!("1{}", "0".repeat(len - 1));
    for (id, is_echoed) in
        [(text(256), true), (text(257), false), (digits(256), true), (digits(257), false)]
    {
        let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let answer = ask(&mut McpSession::new(), &message);
        let echo = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
        assert_eq!(answer == echo, is_echoed, "{answer}");
        assert_eq!(answer.contains(&id), is_echoed, "{answer}");
    }
}

#[test]
fn what_is_no_message_is_an_invalid_request() {
    for message in [
        "5",
        "\"x\"",
        "null",
        "true",
        "{}",
        r#"{"foo":1}"#,
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","method":1}"#,
        r#"{"jsonrpc":"1.0","method":"ping"}"#,
        r#"{"method":"ping"}"#,
    ] {
        let answer = ask_json(&mut McpSession::new(), message);
        assert_eq!(answer["error"]["code"], -32600, "{message}");
        assert!(answer.get("id").is_none(), "{message}");
    }
    for message in [
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping", "jsonrpc": "2.0"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping", "m\u0065thod": "ping"}"#,
    ] {
        let answer = ask_json(&mut McpSession::new(), message);
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&(-32600).into(), &1.into()));
    }
    for params in ["5", "[]", "\"x\"", "true"] {
        let message =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{params}}}"#);
        assert_eq!(error_of(&mut McpSession::new(), &message).0, -32602);
    }
}

#[test]
fn notifications_and_answers_are_never_answered() {
    let mut session = session("2025-06-18");
    for message in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/unheard/of","params":{"x":[1]}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":null}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"fan_set"}}"#,
        r#"{"jsonrpc":"2.0","method":"initialize","params":{"protocolVersion":"2024-11-05"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}"#,
        "",
        " ",
        "\r",
    ] {
        assert_eq!(send(&mut session, message.as_bytes()), Received::Nothing, "{message}");
    }
    assert!(session.is_initialized());
    assert_eq!(session.version().unwrap().name(), "2025-06-18");
    let cancel =
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}"#;
    assert_eq!(send(&mut session, cancel.as_bytes()), Received::Cancel("\"a\"".into()));
}

#[test]
fn garbage_is_a_parse_error_and_the_next_call_is_served() {
    let mut session = McpSession::new();
    let good = modern("tools/call", r#""name":"fan_set","arguments":{"percent":40}"#);
    let cut = &good[..good.len() - 1];
    let spliced = format!("{good}x");
    let huge = format!(r#"{{"jsonrpc":"2.0","id":1,"x":"{}"#, "a".repeat(3 << 20));
    let nul = "\0".repeat(3000);
    let texts: Vec<Vec<u8>> = [
        "garbage",
        "{",
        "}",
        "{\"a\"",
        cut,
        &spliced,
        "[",
        "{'a':1}",
        &huge,
        &nul,
        "\u{feff}{}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\nng\"}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([b"[".repeat(5000), b"{\"a\":".repeat(5000), b"\xff\xfe{}".to_vec()])
    .chain([b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc0\xaf\"}".to_vec()])
    .collect();
    for text in texts {
        let Received::Reply(answer) = send(&mut session, &text) else { panic!("no answer") };
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["error"]["code"], -32700, "{answer}");
        assert!(answer.get("id").is_none());
        assert!(matches!(send(&mut session, good.as_bytes()), Received::Call(0, ..)));
    }
    // A long line that is a good message is served like any other.
    let long = modern("ping", &format!(r#""x":"{}""#, "é".repeat(3 << 19)));
    assert_eq!(error_of(&mut session, &long).0, -32601);
}

#[test]
fn ping_is_of_the_old_revisions_only() {
    assert_eq!(error_of(&mut McpSession::new(), &modern("ping", "")).0, -32601);
    assert_eq!(error_of(&mut McpSession::new(), &modern("initialize", "")).0, -32601);
    let mut session = session("2024-11-05");
    assert_eq!(ask(&mut session, &legacy("ping", "")), r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
    assert_eq!(error_of(&mut session, &legacy("server/discover", "")).0, -32601);
    assert_eq!(error_of(&mut session, &legacy("subscriptions/listen", "")).0, -32601);
}

#[test]
fn arrays_are_of_one_revision_only() {
    let array = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}, 5 ,[]]"#;
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        assert_eq!(error_of(&mut session(version), array).0, -32600);
    }
    assert_eq!(error_of(&mut McpSession::new(), array).0, -32600);
    let mut session = session("2025-03-26");
    let elements = [r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "5", "[]"];
    assert_eq!(
        send(&mut session, array.as_bytes()),
        Received::Batch(elements.map(String::from).to_vec())
    );
    assert_eq!(error_of(&mut session, " [ ] ").0, -32600);
    assert_eq!(error_of(&mut session, "[{},").0, -32700);
    assert_eq!(error_of(&mut session, "[1]x").0, -32700);

    let catalog = catalog();
    let engine = trine_mcp::McpEngine::new(&catalog);
    let mut out = [0; 512];
    let opening = legacy("initialize", r#""protocolVersion":"2025-03-26""#);
    for element in ["5", "[]", &opening] {
        let step = engine.receive_one(element.as_bytes(), &mut session, &mut [], &mut out);
        let trine_mcp::Step::Reply(len) = step else { panic!("{step:?}") };
        let answer: serde_json::Value = serde_json::from_slice(&out[..len]).unwrap();
        assert_eq!(answer["error"]["code"], -32600, "{element}");
    }
}

#[test]
fn a_buffer_that_is_too_small_is_said_so() {
    let catalog = catalog();
    let engine = trine_mcp::McpEngine::new(&catalog);
    let list = modern("tools/list", "");
    for size in 0..600 {
        let mut out = vec![0; size];
        match engine.receive(list.as_bytes(), &mut McpSession::new(), &mut [], &mut out) {
            trine_mcp::Step::Short(need) => assert!(need.0 > size),
            trine_mcp::Step::Reply(len) => {
                let answer: serde_json::Value = serde_json::from_slice(&out[..len]).unwrap();
                let short = answer["error"]["code"] == -32603;
                assert!(short || answer["result"]["tools"][0]["name"] == "fan_set", "{answer}");
            }
            other => panic!("{other:?}"),
        }
    }
    let call =
        modern("tools/call", r#""name":"plan_set","arguments":{"title":"x","days":[1,2,3]}"#);
    for size in 0..12 {
        let (mut args, mut out) = (vec![0; size], vec![0; 2000]);
        let step = engine.receive(call.as_bytes(), &mut McpSession::new(), &mut args, &mut out);
        let trine_mcp::Step::Reply(len) = step else { panic!("{step:?}") };
        let answer = String::from_utf8(out[..len].to_vec()).unwrap();
        assert!(answer.contains("plan_set: the arguments take more room"), "{answer}");
    }
}
