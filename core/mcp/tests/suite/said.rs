//! What a client is told beside answers: log, long lists, results that break their tool's rules.

use crate::common::*;
use serde_json::Value;
use trine_descriptor::{Fault, FaultCode, NO_NODE, Tool, ToolInfo, ValueWriter};
use trine_mcp::result::value_json;
use trine_mcp::{
    Block, Catalog, Contents, Id, McpEngine, McpSession, Outcome, Single, Step, Version, notify,
};

fn told<C: Catalog>(catalog: &C, session: &mut McpSession, message: &str) -> Value {
    let mut out = vec![0; 8_192];
    let step = McpEngine::new(catalog).receive(message.as_bytes(), session, &mut [0; 64], &mut out);
    let Step::Reply(len) = step else { panic!("{message} gave {step:?}") };
    serde_json::from_slice(&out[..len]).unwrap()
}

const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

#[test]
fn a_client_says_how_much_log_it_wants() {
    let logs = Able { can_change: false, logs: true };
    let mut session = McpSession::new();
    let open = legacy("initialize", r#""protocolVersion":"2025-06-18""#);
    let answer = told(&logs, &mut session, &open);
    assert_eq!(answer["result"]["capabilities"]["logging"], serde_json::json!({}));
    assert_eq!(session.level(), 1, "info, until it says so");
    for (number, name) in LEVELS.iter().enumerate() {
        let set = legacy("logging/setLevel", &format!(r#""level":"{name}""#));
        assert_eq!(told(&logs, &mut session, &set)["result"], serde_json::json!({}));
        assert_eq!(usize::from(session.level()), number);
    }
    for wrong in [r#""level":"loud""#, r#""level":3"#, r#""level":null"#, ""] {
        let set = legacy("logging/setLevel", wrong);
        let error = told(&logs, &mut session, &set)["error"].clone();
        assert_eq!(error["code"], -32602, "{wrong}");
        assert!(error["message"].as_str().unwrap().contains("debug, info"), "{error}");
        assert_eq!(session.level(), 7, "as it was");
    }
    // The next client of the same connection begins anew.
    told(&logs, &mut session, &open);
    assert_eq!(session.level(), 1);
    // Who has no log, and the stateless revision, know no such method.
    let set = legacy("logging/setLevel", r#""level":"debug""#);
    assert_eq!(told(&catalog(), &mut session, &set)["error"]["code"], -32601);
    let set = modern("logging/setLevel", r#""level":"debug""#);
    assert_eq!(told(&logs, &mut session, &set)["error"]["code"], -32601);
    assert_eq!(session.level(), 1);
}

#[test]
fn a_line_of_log_names_its_level_and_its_logger() {
    let line = |level, logger| {
        let mut out = [0; 256];
        let len = notify::message(level, logger, "tank \"1\" is dry", &mut out).unwrap();
        assert!(notify::message(level, logger, "tank \"1\" is dry", &mut out[..len - 1]).is_err());
        String::from_utf8(out[..len].to_vec()).unwrap()
    };
    assert_eq!(
        line(3, "pump"),
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"pump","data":"tank \"1\" is dry"}}"#
    );
    assert_eq!(
        line(0, ""),
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"debug","data":"tank \"1\" is dry"}}"#
    );
    for (number, name) in LEVELS.iter().enumerate() {
        assert!(line(number as u8, "").contains(&format!(r#""level":"{name}""#)));
    }
    assert!(line(8, "").contains("emergency") && line(255, "").contains("emergency"));
}

#[test]
fn a_list_of_more_tools_than_a_digit_counts_is_paged_to_its_end() {
    let names: Vec<String> = (0..40).map(|number| format!("tool_{number}")).collect();
    let tools: Vec<_> =
        names.iter().map(|name| Tool::new(ToolInfo::new(name, "Text."), &[], &[])).collect();
    let many = Single::new(SERVER, &*tools);
    let (mut session, mut found, mut cursor) = (session("2025-06-18"), Vec::new(), String::new());
    loop {
        let mut out = vec![0; 1_000];
        let list = legacy("tools/list", &cursor);
        let step = McpEngine::new(&many).receive(list.as_bytes(), &mut session, &mut [], &mut out);
        let Step::Reply(len) = step else { panic!("{step:?}") };
        let page: Value = serde_json::from_slice(&out[..len]).unwrap();
        let tools = page["result"]["tools"].as_array().unwrap_or_else(|| panic!("{page}"));
        assert!(!tools.is_empty(), "{page}");
        found.extend(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["result"].get("nextCursor") else { break };
        cursor = format!(r#""cursor":{next}"#);
    }
    assert_eq!(found, names);
    // A cursor that was not given: behind the last tool, or with a digit of another case.
    let last = cursor.trim_end_matches('"').rsplit_once('"').unwrap().1.to_owned();
    let behind = format!("{}{:04x}", &last[..16], names.len());
    for wrong in [behind, last.to_uppercase() + "A", format!("+{}", &last[1..]), last[1..].into()] {
        let list = legacy("tools/list", &format!(r#""cursor":"{wrong}""#));
        let answer = told(&many, &mut session, &list);
        assert_eq!(answer["error"]["message"], "Invalid cursor", "{wrong}: {answer}");
    }
}

#[test]
fn a_result_that_breaks_its_rules_is_told_by_what_broke() {
    let text = |fault| {
        let answer = finished(Version::V2025_06_18, 0, Outcome::BadResult(fault));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["result"]["isError"], true);
        answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
    };
    let long = text(Fault::new(FaultCode::TooLong, NO_NODE));
    assert!(long.contains("longer than the device has room for"), "{long}");
    let other = text(Fault::new(FaultCode::Malformed, NO_NODE));
    assert_eq!(
        other,
        "fan_set: the device answered something that its own description does not allow; the call \
         may have taken effect"
    );
    let node = text(Fault::bound(FaultCode::TooLarge, 0, 100));
    assert!(node.contains("percent") && node.contains("100"), "{node}");
    let short = text(Fault::bound(FaultCode::TooLong, 0, 100));
    assert!(!short.contains("room"), "{short}");
}

#[test]
fn a_value_alone_is_the_json_of_its_answer() {
    let mut entries = [0; 32];
    let mut value = ValueWriter::new(&mut entries);
    value.label(0, 1);
    value.decimal(1, 215);
    let mut out = [0; 64];
    let len = value_json(TOOLS, 1, value.bytes(), &mut out).unwrap();
    assert_eq!(&out[..len], br#"{"mode":"off","celsius":21.5}"#);
    assert_eq!(value_json(TOOLS, 1, value.bytes(), &mut out[..10]), Some(len), "what it takes");
    assert_eq!(value_json(TOOLS, 0, value.bytes(), &mut out), None, "another tool's");
    assert_eq!(value_json(TOOLS, 1, &[9, 9], &mut out), None);
}

#[test]
fn an_id_is_kept_without_what_is_around_it() {
    for id in ["7", "-7", "\"a\"", "1e2"] {
        assert_eq!(Id::from_raw(id.as_bytes()).map(|id| id.raw()), Some(id.as_bytes()));
        for around in [format!("{id} "), format!(" {id}"), format!("{id} 1"), format!("{id},")] {
            assert!(Id::from_raw(around.as_bytes()).is_none(), "{around:?}");
        }
    }
}

#[test]
fn blocks_say_what_they_are() {
    let embedded = Block::Embedded { uri: "a:b", mime: "", contents: Contents::Text("dry") };
    assert_eq!(format!("{embedded:?}"), r#"Embedded("a:b", Text("dry"))"#);
    assert_eq!(format!("{:?}", Block::Text("wet")), r#"Text("wet")"#);
    assert_eq!(format!("{:?}", Block::Structured(&[1, 2])), "Structured([1, 2])");
}

#[test]
fn an_id_that_cannot_be_echoed_is_named_before_other_faults() {
    let mut open = session("2025-06-18");
    for id in ["null", "1.5", "[]", "true", &format!("\"{}\"", "i".repeat(256))] {
        for rest in ["", r#","jsonrpc":"2.0""#] {
            let message = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"{rest}}}"#);
            let (code, text) = error_of(&mut open, &message);
            assert_eq!((code, text.contains("id must be")), (-32600, true), "{message}: {text}");
        }
    }
}
