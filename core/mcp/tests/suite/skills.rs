//! The skills extension: what is listed of skills and of their folders.

use serde_json::{Value, json};
use trine_descriptor::{Lists, Resource, Shelf, Tool, ToolInfo, ToolTable};
use trine_mcp::{Catalog, McpEngine, McpSession, ServerInfo, Skill, SkillFile, Skills, Step};

use crate::common::modern;

static TOOLS: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("beep", "Beeps."), &[], &[])];
const MANUAL: &str = "skill://board/SKILL.md";
const LIGHTS: &str = "skill://acme/lights/SKILL.md";

const fn file(uri: &'static str) -> Resource<'static> {
    Resource::new(uri, "file").of("text/markdown", 5)
}

static SHELF: Shelf<'static> = Shelf {
    resources: &[
        file("board://menu"),
        file(MANUAL),
        file("skill://board/parts/valve.md"),
        file("skill://board/parts/fan/blade.md"),
        file("skill://board/notes.md"),
        file("skill://board/parts/fan/hub.md"),
        file("skill://board2/other.md"),
        file(LIGHTS),
    ],
    ..Shelf::EMPTY
};

const fn digest(uri: &'static str, byte: u8, size: u64) -> SkillFile<'static> {
    SkillFile { uri, sha256: [byte; 32], size }
}

type Both = (Skill<'static>, &'static [SkillFile<'static>]);
static SKILLS: [Both; 2] = [
    (
        Skill {
            uri: MANUAL,
            frontmatter: r#"{"name":"board","description":"How.","metadata":{"v":1}}"#,
        },
        &[digest(MANUAL, 0x0a, 5), digest("skill://board/notes.md", 0xf0, 70_000)],
    ),
    (
        Skill { uri: LIGHTS, frontmatter: r#"{"name":"lights","description":"Which."}"# },
        &[digest(LIGHTS, 1, 5)],
    ),
];

/// A server with these skills.
struct Server(&'static [Both]);

impl Catalog for Server {
    type Table = [Tool<'static>; 1];

    fn server(&self) -> ServerInfo<'_> {
        ServerInfo { name: "board", version: "1", ..ServerInfo::default() }
    }

    fn count(&self) -> u16 {
        TOOLS.count()
    }

    fn tool(&self, index: u16) -> Option<(&Self::Table, u16)> {
        (index == 0).then_some((&TOOLS, 0))
    }

    fn find(&self, _: &[u8]) -> Option<u16> {
        None
    }

    fn name(&self, _: u16) -> Option<&str> {
        Some("beep")
    }

    fn generation(&self) -> u64 {
        7
    }

    fn ttl_ms(&self) -> u32 {
        9
    }

    fn lists(&self) -> &dyn Lists {
        &SHELF
    }

    fn skills(&self) -> &dyn Skills {
        &self.0
    }
}

/// What a server with these skills answers, in so many bytes.
fn answer_in(room: usize, skills: &'static [Both], message: &str) -> Value {
    let mut out = vec![0; room];
    let server = Server(skills);
    let engine = McpEngine::new(&server);
    match engine.receive(message.as_bytes(), &mut McpSession::new(), &mut [0; 64], &mut out) {
        Step::Reply(len) => serde_json::from_slice(&out[..len]).unwrap(),
        step => panic!("{step:?}"),
    }
}

fn answer(method: &str, params: &str) -> Value {
    answer_in(4096, &SKILLS, &modern(method, params))
}

#[test]
fn skills_are_declared_and_listed_with_a_digest_of_each_file() {
    let extensions = &answer("server/discover", "")["result"]["capabilities"]["extensions"];
    assert_eq!(*extensions, json!({"io.modelcontextprotocol/skills": {"directoryRead": true}}));
    let all = answer("skills/list", "");
    let digest = |byte: &str| format!("sha256:{}", byte.repeat(32));
    let board = json!({
        "uri": MANUAL,
        "frontmatter": {"name": "board", "description": "How.", "metadata": {"v": 1}},
        "resources": [
            {"uri": MANUAL, "digest": digest("0a"), "size": 5},
            {"uri": "skill://board/notes.md", "digest": digest("f0"), "size": 70_000},
        ],
    });
    assert_eq!(all["result"]["skills"][0], board);
    assert_eq!(all["result"]["skills"][1]["frontmatter"]["name"], "lights");
    let hints = |answer: &Value| {
        let result = answer["result"].clone();
        json!([result["resultType"], result["ttlMs"], result["cacheScope"]])
    };
    assert_eq!(hints(&all), json!(["complete", 9, "public"]));
    let one = answer("skills\\/get", r#""uri":"skill:\/\/board/SKILL.md""#);
    assert_eq!((&one["result"]["skill"], hints(&one)), (&board, hints(&all)));
}

#[test]
fn skills_come_in_pages_that_fit() {
    let first = answer_in(700, &SKILLS, &modern("skills/list", ""));
    assert_eq!(first["result"]["skills"].as_array().unwrap().len(), 1, "{first}");
    let next = format!(r#""cursor":{}"#, first["result"]["nextCursor"]);
    let last = answer_in(700, &SKILLS, &modern("skills/list", &next));
    assert_eq!(last["result"]["skills"][0]["uri"], LIGHTS);
    assert_eq!(last["result"]["nextCursor"], Value::Null);
}

#[test]
fn a_folder_of_a_skill_has_its_files_and_each_folder_once() {
    let children = |uri: &str| {
        let answer = answer("resources/directory/read", &format!(r#""uri":"{uri}""#));
        let list = answer["result"]["resources"].as_array().cloned().unwrap_or_default();
        list.iter().map(|it| json!([it["uri"], it["name"], it["mimeType"]])).collect::<Value>()
    };
    let folder = |uri: &str, name: &str| json!([uri, name, "inode/directory"]);
    let file = |uri: &str| json!([uri, "file", "text/markdown"]);
    let parts = "skill://board/parts";
    let root = [file(MANUAL), folder(parts, "parts"), file("skill://board/notes.md")];
    assert_eq!(children("skill://board"), json!(root));
    assert_eq!(children("skill://board/"), json!(root));
    let both = [file("skill://board/parts/valve.md"), folder("skill://board/parts/fan", "fan")];
    assert_eq!(children(parts), json!(both));
    let fan = ["skill://board/parts/fan/blade.md", "skill://board/parts/fan/hub.md"].map(file);
    assert_eq!(children("skill://board/parts/fan"), json!(fan));
    assert_eq!(children("skill://acme/lights"), json!([file(LIGHTS)]));
}

#[test]
fn the_pages_of_a_folder_have_every_child_once() {
    let mut all = Vec::new();
    let mut params = r#""uri":"skill://board""#.to_owned();
    for _ in 0..9 {
        let page = answer_in(380, &SKILLS, &modern("resources/directory/read", &params));
        let list = page["result"]["resources"].as_array().unwrap();
        all.extend(list.iter().map(|it| it["uri"].as_str().unwrap().to_owned()));
        let next = &page["result"]["nextCursor"];
        if next.is_null() {
            break;
        }
        params = format!(r#""uri":"skill://board","cursor":{next}"#);
    }
    assert_eq!(all, [MANUAL, "skill://board/parts", "skill://board/notes.md"]);
}

#[test]
fn what_is_no_skill_or_no_folder_of_one_is_refused() {
    let code = |method: &str, params: &str| answer(method, params)["error"]["code"].clone();
    for uri in [
        "skill://board/notes.md",
        "skill://boar",
        "skill://board2",
        "skill://acme",
        "skill:/",
        "board:/",
        "",
        &"x".repeat(600),
    ] {
        let params = format!(r#""uri":"{uri}""#);
        assert_eq!(code("resources/directory/read", &params), json!(-32602), "{uri}");
        assert_eq!(code("skills/get", &params), json!(-32602), "{uri}");
    }
    for method in ["skills/get", "resources/directory/read"] {
        assert_eq!(code(method, r#""uri":7"#), json!(-32602));
        assert_eq!(code(method, ""), json!(-32602));
    }
    let strange = r#""uri":"skill://board","cursor":"00""#;
    assert_eq!(code("resources/directory/read", strange), json!(-32602));
}

#[test]
fn a_server_without_skills_and_an_earlier_revision_know_no_such_method() {
    for method in ["skills/list", "skills/get", "resources/directory/read"] {
        let message = modern(method, r#""uri":"skill://board""#);
        assert_eq!(answer_in(900, &[], &message)["error"]["code"], -32601);
    }
    let none = answer_in(900, &[], &modern("server/discover", ""));
    assert_eq!(none["result"]["capabilities"]["extensions"], Value::Null);
    let mut session = McpSession::new();
    let (server, mut out) = (Server(&SKILLS), [0; 2048]);
    let mut ask = |message: &str| {
        let engine = McpEngine::new(&server);
        let step = engine.receive(message.as_bytes(), &mut session, &mut [0; 64], &mut out);
        let Step::Reply(len) = step else { panic!("{step:?}") };
        serde_json::from_slice::<Value>(&out[..len]).unwrap()
    };
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
        "protocolVersion":"2025-11-25","capabilities":{},
        "clientInfo":{"name":"c","version":"1"}}}"#;
    assert_eq!(ask(hello)["result"]["capabilities"]["extensions"], Value::Null);
    let list = ask(r#"{"jsonrpc":"2.0","id":2,"method":"skills/list"}"#);
    assert_eq!(list["error"]["code"], -32601);
}
