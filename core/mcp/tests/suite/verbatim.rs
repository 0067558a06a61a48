//! Tools with schemas of their own: shown, called and answered without a look at them.

use trine_descriptor::{Side, Tool, ToolInfo};
use trine_mcp::{Catalog, McpEngine, McpSession, Outcome, ServerInfo, Step};

const INPUT: &str = r##"{"type":"object","$ref":"#/$defs/\u0061","$defs":{"a":{}},"x":1.50}"##;
const OUTPUT: &str = r#"{"required":["b","a"],"type":"object"}"#;

/// One tool with these schemas.
struct Own {
    tools: [Tool<'static>; 1],
    output: Option<&'static str>,
}

impl Own {
    const fn new(output: Option<&'static str>) -> Self {
        Self { tools: [Tool::new(ToolInfo::new("own", "Has its own."), &[], &[])], output }
    }
}

impl Catalog for Own {
    type Table = [Tool<'static>];

    fn server(&self) -> ServerInfo<'_> {
        ServerInfo { name: "own", version: "1", ..ServerInfo::default() }
    }

    fn count(&self) -> u16 {
        1
    }

    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
        (index == 0).then_some((&self.tools[..], 0))
    }

    fn name(&self, index: u16) -> Option<&str> {
        (index == 0).then_some("own")
    }

    fn verbatim(&self, _: u16, side: Side) -> Option<&str> {
        match side {
            Side::Params => Some(INPUT),
            Side::Output => self.output,
        }
    }

    fn generation(&self) -> u64 {
        1
    }
}

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
    "io.modelcontextprotocol/clientCapabilities":{}}"#;
const REVISIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// A session of this revision.
fn session(own: &Own, revision: &str) -> McpSession {
    let mut session = McpSession::new();
    let hello = format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{revision}"}}}}"#
    );
    McpEngine::new(own).receive(hello.as_bytes(), &mut session, &mut [], &mut [0; 1024]);
    session
}

/// The answer to a request of the newest revision, or the arguments of a call and its result.
fn ask(own: &Own, message: &str, room: usize, result: &str) -> (String, String) {
    let (mut args, mut out) = (vec![0; room], [0; 2048]);
    let engine = McpEngine::new(own);
    match engine.receive(message.as_bytes(), &mut McpSession::new(), &mut args, &mut out) {
        Step::Reply(len) => (String::new(), String::from_utf8(out[..len].to_vec()).unwrap()),
        Step::Call(call) => {
            assert!(!call.checked, "no one has looked at them");
            args.truncate(call.arguments);
            let outcome = Outcome::Json(result);
            let len = engine.finish(call.id, call.version, call.tool, outcome, &mut out).unwrap();
            let answer = String::from_utf8(out[..len].to_vec()).unwrap();
            (String::from_utf8(args).unwrap(), answer)
        }
        step => panic!("{step:?}"),
    }
}

fn call(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{params}}}}}"#)
}

#[test]
fn every_revision_shows_the_schemas_byte_for_byte() {
    let own = Own::new(Some(OUTPUT));
    let stateless =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{{META}}}}}"#);
    let newest = ask(&own, &stateless, 0, "").1;
    assert!(newest.contains(&format!(r#""inputSchema":{INPUT},"#)), "{newest}");
    assert!(newest.contains(&format!(r#""outputSchema":{OUTPUT}"#)), "{newest}");
    let plain = ask(&Own::new(None), &stateless, 0, "").1;
    assert!(plain.contains(INPUT) && !plain.contains("outputSchema"), "{plain}");
    for revision in REVISIONS {
        let (mut session, mut out) = (session(&own, revision), [0; 2048]);
        let list = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let step = McpEngine::new(&own).receive(list, &mut session, &mut [], &mut out);
        let Step::Reply(len) = step else { panic!("{step:?}") };
        let answer = std::str::from_utf8(&out[..len]).unwrap();
        assert!(answer.contains(&format!(r#""inputSchema":{INPUT}"#)), "{answer}");
        let has_output = answer.contains(&format!(r#""outputSchema":{OUTPUT}"#));
        assert_eq!(has_output, revision >= "2025-06-18", "{answer}");
    }
}

#[test]
fn arguments_arrive_as_they_were_written_wherever_they_stand() {
    let own = Own::new(None);
    let arguments = "{ \"\\u0061\" : [ {\"b\":1.50e0} , null ],\n \"a\":\"}\" }";
    for params in [
        format!(r#""name":"own","arguments":{arguments},{META}"#),
        format!(r#""arguments":{arguments},"name":"own",{META}"#),
        format!(r#"{META},"name":"\u006fwn", "arguments" :  {arguments} "#),
    ] {
        let (args, answer) = ask(&own, &call(&params), 256, "{}");
        assert_eq!(args, arguments, "{params}");
        assert!(answer.contains(r#""structuredContent":{}"#), "{answer}");
    }
    let (none, _) = ask(&own, &call(&format!(r#""name":"own",{META}"#)), 0, "{}");
    assert_eq!(none, "");
}

#[test]
fn what_is_no_object_or_has_no_room_is_refused() {
    let own = Own::new(None);
    for arguments in ["[]", "1", "\"{}\""] {
        let message = call(&format!(r#""name":"own","arguments":{arguments},{META}"#));
        let answer = ask(&own, &message, 256, "{}").1;
        assert!(answer.contains("arguments must be an object"), "{answer}");
    }
    for arguments in ["{\"a\":}", "{\"a\":1", "{,}", "{\"a\":\u{1}}"] {
        let message = call(&format!(r#""name":"own","arguments":{arguments},{META}"#));
        let answer = ask(&own, &message, 256, "{}").1;
        assert!(answer.contains("-32700"), "{answer}");
    }
    let message = call(&format!(r#""name":"own","arguments":{{"a":1}},{META}"#));
    assert_eq!(ask(&own, &message, 7, "{}").0, r#"{"a":1}"#);
    let answer = ask(&own, &message, 6, "{}").1;
    assert!(answer.contains("own: ") && answer.contains(r#""isError":true"#), "{answer}");
}

#[test]
fn a_result_is_passed_on_and_is_the_text_of_every_revision() {
    let own = Own::new(Some(OUTPUT));
    let result = r#"{"b":1.50,"a":"\"\\ \u00e9"}"#;
    let escaped = serde_json::to_string(result).unwrap();
    let message = call(&format!(r#""name":"own","arguments":{{}},{META}"#));
    let answer = ask(&own, &message, 2, result).1;
    assert!(answer.contains(&format!(r#""structuredContent":{result},"#)), "{answer}");
    assert!(answer.contains(&format!(r#""text":{escaped}"#)), "{answer}");
    for revision in REVISIONS {
        let (mut session, mut args, mut out) = (session(&own, revision), [0; 64], [0; 1024]);
        let engine = McpEngine::new(&own);
        let message = call(r#""name":"own","arguments":{}"#);
        let step = engine.receive(message.as_bytes(), &mut session, &mut args, &mut out);
        let Step::Call(call) = step else { panic!("{step:?}") };
        let outcome = Outcome::Json(result);
        let len = engine.finish(call.id, call.version, 0, outcome, &mut out).unwrap();
        let answer = std::str::from_utf8(&out[..len]).unwrap();
        assert!(answer.contains(&format!(r#""text":{escaped}"#)), "{answer}");
        assert!(answer.contains(r#""isError":false"#), "{answer}");
        let is_structured = answer.contains("structuredContent");
        assert_eq!(is_structured, revision >= "2025-06-18", "{answer}");
    }
}
