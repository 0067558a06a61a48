//! Lists that are kept in a form of their own: prompts as tools of a table, extras elsewhere.

use serde_json::{Value, json};
use trine_descriptor::extras::{Of, WHOLE};
use trine_descriptor::{
    Field, Kind, Lists, Prompt, Resource, Side, Template, Tool, ToolInfo, ToolTable,
};
use trine_mcp::{
    Catalog, Contents, McpEngine, McpSession, ResourceContents, ServerInfo, Step, Wanted,
};

const PLANT: [Field<'static>; 2] = [
    Field::new("plant", Kind::Text { min: 1, max: 20 }).describe("Which plant."),
    Field::new("mood", Kind::Choice("short|long")).optional(),
];

static TOOLS: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("beep", "Beeps."), &[], &[])];

/// A server that keeps its prompts as tools of a table, what its schemas say more elsewhere, and
/// lists that change by themselves.
struct Other {
    has_changed: bool,
}

static PROMPTS: [Tool<'static>; 2] = [
    Tool::new(ToolInfo::new("greet", ""), &[], &[]),
    Tool::new(ToolInfo::new("advise", "Asks for advice."), &PLANT, &[]),
];

struct Counts([u16; 3]);

impl Lists for Counts {
    fn counts(&self) -> [u16; 3] {
        self.0
    }

    fn resource(&self, index: u16) -> Option<Resource<'_>> {
        (index < self.0[0]).then_some(Resource::new("a:b", "a name that takes room"))
    }

    fn template(&self, _: u16) -> Option<Template<'_>> {
        None
    }

    fn prompt(&self, _: u16) -> Option<Prompt<'_>> {
        None
    }

    fn completes(&self) -> bool {
        true
    }
}

static COUNTS: Counts = Counts([40, 0, 2]);

impl Catalog for Other {
    type Table = [Tool<'static>; 1];

    fn server(&self) -> ServerInfo<'_> {
        ServerInfo { name: "other", version: "1", ..ServerInfo::default() }
    }

    fn count(&self) -> u16 {
        1
    }

    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
        (index == 0).then_some((&TOOLS, 0))
    }

    fn name(&self, _: u16) -> Option<&str> {
        Some("beep")
    }

    fn generation(&self) -> u64 {
        7
    }

    fn lists_generation(&self) -> u64 {
        u64::from(self.has_changed)
    }

    fn lists_ttl_ms(&self) -> u32 {
        5
    }

    fn lists_can_change(&self) -> bool {
        true
    }

    fn has_extras(&self, index: u16) -> bool {
        index == 0
    }

    fn added(&self, _: u16, of: Of) -> Option<&str> {
        match of {
            Of::Tool => Some(r#"{"icons":[]}"#),
            Of::Node(Side::Params, WHOLE) => Some(r#"{"title":"Beep"}"#),
            Of::Node(..) => None,
        }
    }

    fn lists(&self) -> &dyn Lists {
        &COUNTS
    }

    fn with_prompt(&self, index: u16, with: &mut dyn FnMut(&dyn ToolTable, u16)) {
        with(&PROMPTS, index);
    }
}

fn ask_other(server: &Other, method: &str, mut params: Value) -> Result<Value, Wanted> {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": "t",
    });
    let message = json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": params});
    let message = message.to_string().into_bytes();
    let (mut args, mut out) = (vec![0; 256], vec![0; 1_500]);
    let mut session = McpSession::new();
    match McpEngine::new(server).receive(&message, &mut session, &mut args, &mut out) {
        Step::Reply(len) => Ok(serde_json::from_slice(&out[..len]).unwrap()),
        Step::Listen(listen) => Ok(serde_json::from_slice(&out[..listen.acknowledgement]).unwrap()),
        Step::Want(want) => {
            assert_eq!(want.progress.unwrap().raw(), b"\"t\"");
            Err(want.what)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn prompts_and_extras_may_be_kept_in_another_form() {
    let server = Other { has_changed: false };
    let ask = |method, params| ask_other(&server, method, params);
    let prompts = ask("prompts/list", json!({})).unwrap();
    assert_eq!(prompts["result"]["prompts"][0], json!({"name": "greet"}));
    assert_eq!(prompts["result"]["prompts"][1]["arguments"][0]["name"], json!("plant"));
    assert_eq!(prompts["result"]["ttlMs"], json!(5));
    let got = ask("prompts/get", json!({"name": "advise", "arguments": {"plant": "fern"}}));
    assert!(matches!(got, Err(Wanted::Prompt { prompt: 1, arguments: 7 })), "{got:?}");
    for (params, why) in [
        (json!({"name": "advise"}), "missing"),
        (json!({"name": "advise", "arguments": {"plant": 5}}), "must be strings"),
        (json!({"name": "advise", "arguments": {"x": "y"}}), "no argument of that name"),
        (json!({"name": "x"}), "Unknown prompt"),
    ] {
        let answer = ask("prompts/get", params).unwrap();
        assert_eq!(answer["error"]["code"], json!(-32602));
        assert!(answer["error"]["message"].as_str().unwrap().contains(why), "{answer}");
    }
    let reference = json!({"type": "ref/prompt", "name": "advise"});
    let of = |name| json!({"ref": reference, "argument": {"name": name, "value": "b"}});
    let got = ask("completion/complete", of("mood"));
    assert_eq!(got.unwrap_err(), Wanted::Complete { of: 1, index: 1, node: 1, text: 1 });
    assert!(ask("completion/complete", of("moods")).unwrap()["error"].is_object());
    let tools = ask("tools/list", json!({})).unwrap();
    let tool = &tools["result"]["tools"][0];
    assert_eq!((&tool["icons"], &tool["inputSchema"]["title"]), (&json!([]), &json!("Beep")));
    let caps = &ask("server/discover", json!({})).unwrap()["result"]["capabilities"];
    assert_eq!(caps["tools"]["listChanged"], json!(false));
    assert_eq!(caps["prompts"]["listChanged"], json!(true));
    let all = json!({"toolsListChanged": true, "promptsListChanged": true});
    let listen = ask("subscriptions/listen", json!({"notifications": all})).unwrap();
    assert_eq!(listen["params"]["notifications"], json!({"promptsListChanged": true}));
}

#[test]
fn a_cursor_of_lists_that_have_changed_is_refused_and_one_of_the_tools_is_none_of_them() {
    let server = Other { has_changed: false };
    let page = ask_other(&server, "resources/list", json!({})).unwrap();
    let cursor = page["result"]["nextCursor"].clone();
    let second = ask_other(&server, "resources/list", json!({"cursor": cursor})).unwrap();
    assert!(second["result"]["resources"].is_array(), "{second}");
    let changed = Other { has_changed: true };
    let refused = ask_other(&changed, "resources/list", json!({"cursor": cursor})).unwrap();
    assert_eq!(refused["error"]["message"], json!("Invalid cursor"));
}

#[test]
fn text_in_pieces_that_cut_characters_is_text_and_lack_of_room_is_told() {
    let text = "\"é\"\n𝄞";
    for size in 1..=text.len() {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        let pieces = pieces.as_slice();
        let contents =
            [ResourceContents { uri: "a:1", mime: "", contents: Contents::TextPieces(&pieces) }];
        let server = Other { has_changed: false };
        let engine = McpEngine::new(&server);
        let id = trine_mcp::Id::from_raw(b"1").unwrap();
        let version = trine_mcp::Version::V2026_07_28;
        let mut out = vec![0; 400];
        let len = engine.finish_read(id, version, &contents, &mut out).unwrap();
        let answer: Value = serde_json::from_slice(&out[..len]).unwrap();
        assert_eq!(answer["result"]["contents"], json!([{"uri": "a:1", "text": text}]));
        let short = engine.finish_read(id, version, &contents, &mut out[..len - 1]).unwrap_err();
        assert_eq!(short, trine_mcp::NeedBytes(len));
        let told = trine_mcp::error::no_room(id, short, &mut out).unwrap();
        let told: Value = serde_json::from_slice(&out[..told]).unwrap();
        let why = format!("The answer takes {len} bytes, more than this server has room for");
        assert_eq!(told["error"], json!({"code": -32603, "message": why}));
        assert!(trine_mcp::error::no_room(id, short, &mut [0; 9]).is_err());
    }
}
