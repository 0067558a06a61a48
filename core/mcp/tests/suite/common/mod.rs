//! A small greenhouse and a client that talks to it in process.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod spelled;

use serde_json::Value;
use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, Field, IntRange, Kind, Literal, Tool, ToolInfo,
};
use trine_mcp::{Call, Catalog, McpEngine, McpSession, Outcome, ServerInfo, Single, Step};

const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
const SETTER: Annotations = Annotations(Annotations::IDEMPOTENT);

const fn info(
    name: &'static str,
    title: &'static str,
    annotations: Annotations,
) -> ToolInfo<'static> {
    let mut info = ToolInfo::new(name, "Does what its name says.");
    info.title = title;
    info.annotations = annotations;
    info
}

const CAMERA: ToolInfo<'static> = {
    let mut info = info("camera_snap", "Take a picture", Annotations(Annotations::READ_ONLY));
    info.content = true;
    info
};

const VALVE: ToolInfo<'static> = {
    let mut info = info("valve_open", "Open a valve", Annotations(Annotations::DESTRUCTIVE));
    info.consent = Consent::Elicit;
    info
};

const CLIMATE: &[Field<'static>] = &[
    Field::new("mode", Kind::Choice("heat|off")),
    Field::new("celsius", Kind::Decimal(DecimalRange { places: 1, min: 50, max: 350, step: 5 }))
        .required_when(Condition { node: 0, label: 0 }),
];

const STATUS: &[Field<'static>] = &[
    Field::new("lights", Kind::Object { nodes: 3 }),
    Field::new("grow", Kind::Object { nodes: 2 }),
    Field::new("on", Kind::Bool),
    Field::new("brightness", PERCENT),
    Field::new("timers", Kind::Array { nodes: 3, min: 0, max: 4 }),
    Field::new("", Kind::Object { nodes: 2 }),
    Field::new("id", Kind::Int(IntRange { min: 1, max: 255 })),
    Field::new("label", Kind::Text { min: 0, max: 24 }).optional(),
    Field::new(
        "celsius",
        Kind::Decimal(DecimalRange { places: 2, min: i64::MIN, max: i64::MAX, step: 0 }),
    ),
];

/// A tool with every kind of parameter, nested ones too.
const PLAN: &[Field<'static>] = &[
    Field::new("title", Kind::Text { min: 1, max: 8 }),
    Field::new("at", Kind::Object { nodes: 2 }).optional(),
    Field::new("hour", Kind::Int(IntRange { min: 0, max: 23 })),
    Field::new("early", Kind::Bool).optional(),
    Field::new("steps", Kind::Array { nodes: 3, min: 1, max: 3 }).optional(),
    Field::new("", Kind::Object { nodes: 2 }),
    Field::new("valve", Kind::Choice("north|south")),
    Field::new("litres", Kind::Decimal(DecimalRange { places: 2, min: 0, max: 1000, step: 25 })),
    Field::new("days", Kind::Array { nodes: 1, min: 0, max: 7 }).optional(),
    Field::new("", Kind::Int(IntRange { min: 1, max: 7 })),
];

pub(crate) const TOOLS: &[Tool<'static>] = &[
    Tool::new(
        info("fan_set", "Set the fan", SETTER),
        &[Field::new("percent", PERCENT).describe("Percent of full speed.")],
        &[Field::new("percent", PERCENT).describe("Percent.")],
    ),
    Tool::new(
        info("climate_set", "Set the target", SETTER),
        CLIMATE,
        &[
            Field::new("mode", Kind::Choice("heat|off")),
            Field::new(
                "celsius",
                Kind::Decimal(DecimalRange { places: 1, min: 50, max: 350, step: 0 }),
            )
            .optional(),
        ],
    ),
    Tool::new(
        info("display_show", "Show text", SETTER),
        &[
            Field::new("text", Kind::Text { min: 0, max: 32 }),
            Field::new("line", Kind::Int(IntRange { min: 1, max: 4 }))
                .default_to(Literal::Number(1)),
        ],
        &[],
    ),
    Tool::new(CAMERA, &[], &[]),
    Tool::new(
        VALVE,
        &[Field::new("seconds", Kind::Int(IntRange { min: 1, max: 1800 }))],
        &[Field::new("seconds", Kind::Int(IntRange { min: 1, max: 1800 }))],
    ),
    Tool::new(
        info("board_status", "", Annotations(Annotations::READ_ONLY | Annotations::IDEMPOTENT)),
        &[],
        STATUS,
    ),
    Tool::new(info("plan_set", "Plan", SETTER), PLAN, &[]),
];

pub(crate) const SERVER: ServerInfo<'static> = ServerInfo {
    name: "greenhouse",
    title: "Greenhouse",
    version: "1.2.3",
    instructions: "Be kind.",
};

pub(crate) fn catalog() -> Single<'static, [Tool<'static>]> {
    Single::new(SERVER, TOOLS)
}

/// What came of one message.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    Nothing,
    Reply(String),
    /// Tool, arguments, id, progress token.
    Call(u16, Vec<u8>, String, Option<String>),
    Cancel(String),
    Listen(bool, String),
    Batch(Vec<String>),
    Short(usize),
}

/// Sends one message and copies all that came of it.
pub(crate) fn send(session: &mut McpSession, message: &[u8]) -> Received {
    let catalog = catalog();
    let (mut args, mut out) = ([0; 512], [0; 8192]);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("answers are UTF-8");
    match McpEngine::new(&catalog).receive(message, session, &mut args, &mut out) {
        Step::Silent => Received::Nothing,
        Step::Reply(len) => Received::Reply(text(&out[..len])),
        Step::Call(Call { id, tool, arguments, progress, .. }) => Received::Call(
            tool,
            args[..arguments].to_vec(),
            text(id.raw()),
            progress.map(|token| text(token.raw())),
        ),
        Step::Cancel(id) => Received::Cancel(text(id.raw())),
        Step::Listen(listen) => {
            Received::Listen(listen.tools, text(&out[..listen.acknowledgement]))
        }
        Step::Batch(batch) => Received::Batch(batch.map(text).collect()),
        Step::Short(need) => Received::Short(need.0),
        other => panic!("{other:?}"),
    }
}

/// Sends a message that must be answered.
pub(crate) fn ask(session: &mut McpSession, message: &str) -> String {
    match send(session, message.as_bytes()) {
        Received::Reply(reply) => reply,
        other => panic!("{message} gave {other:?}"),
    }
}

/// The answer as JSON.
pub(crate) fn ask_json(session: &mut McpSession, message: &str) -> Value {
    serde_json::from_str(&ask(session, message)).unwrap()
}

/// The code and message of an error answer.
pub(crate) fn error_of(session: &mut McpSession, message: &str) -> (i64, String) {
    let answer = ask_json(session, message);
    assert_eq!(answer["jsonrpc"], "2.0");
    let error = &answer["error"];
    (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().into())
}

pub(crate) const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;

/// A stateless request.
pub(crate) fn modern(method: &str, params: &str) -> String {
    let comma = if params.is_empty() { "" } else { "," };
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{params}{comma}{META}}}}}"#)
}

/// A request of a session.
pub(crate) fn legacy(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{params}}}}}"#)
}

/// A session that has agreed on `version`.
pub(crate) fn session(version: &str) -> McpSession {
    let mut session = McpSession::new();
    let open =
        legacy("initialize", &format!(r#""protocolVersion":"{version}","capabilities":{{}}"#));
    ask(&mut session, &open);
    assert_eq!(session.version().unwrap().name(), version);
    session
}

/// The text of an `isError` result that a call with these arguments gets at once.
pub(crate) fn refused(tool: &str, arguments: &str) -> String {
    let call = modern("tools/call", &format!(r#""name":"{tool}","arguments":{arguments}"#));
    let answer = ask_json(&mut McpSession::new(), &call);
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert_eq!(answer["result"]["resultType"], "complete");
    answer["result"]["content"][0]["text"].as_str().unwrap().into()
}

/// The encoded arguments of a call that is to be run.
pub(crate) fn encoded(tool: &str, arguments: &str) -> Vec<u8> {
    let call = modern("tools/call", &format!(r#""name":"{tool}","arguments":{arguments}"#));
    match send(&mut McpSession::new(), call.as_bytes()) {
        Received::Call(_, bytes, ..) => bytes,
        other => panic!("{arguments} gave {other:?}"),
    }
}

/// The response of a finished call.
pub(crate) fn finished(version: trine_mcp::Version, tool: u16, outcome: Outcome<'_>) -> String {
    let catalog = catalog();
    let mut out = [0; 8192];
    let id = trine_mcp::Id::from_raw(b"\"c-1\"").unwrap();
    let len = McpEngine::new(&catalog).finish(id, version, tool, outcome, &mut out).unwrap();
    String::from_utf8(out[..len].to_vec()).unwrap()
}

/// The same tools of a server that can do more: change its list, as a gateway's can, or tell a log.
pub(crate) struct Able {
    pub(crate) can_change: bool,
    pub(crate) logs: bool,
}

impl Catalog for Able {
    type Table = [Tool<'static>];
    fn server(&self) -> ServerInfo<'_> {
        SERVER
    }
    fn count(&self) -> u16 {
        catalog().count()
    }
    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
        (index < self.count()).then_some((TOOLS, index))
    }
    fn name(&self, index: u16) -> Option<&str> {
        TOOLS.get(usize::from(index)).map(|tool| tool.info.name)
    }
    fn generation(&self) -> u64 {
        catalog().generation()
    }
    fn can_change(&self) -> bool {
        self.can_change
    }
    fn logs(&self) -> bool {
        self.logs
    }
    fn has_tasks(&self) -> bool {
        true
    }
}
