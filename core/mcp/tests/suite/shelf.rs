//! Resources, prompts and completion: listed, asked for, answered; and what is wrong with a
//! request.

use serde_json::{Value, json};
use trine_descriptor::{
    Field, Kind, Lists, Prompt, Resource, Shelf, Template, Tool, ToolInfo, ToolTable,
};
use trine_mcp::{
    Block, Catalog, Contents, InputKind, InputRequest, McpEngine, McpSession, Message,
    ResourceContents, ServerInfo, Step, Version, Want, Wanted, notify,
};

const PLANT: [Field<'static>; 2] = [
    Field::new("plant", Kind::Text { min: 1, max: 20 }).describe("Which plant."),
    Field::new("mood", Kind::Choice("short|long")).optional(),
];

static SHELF: Shelf<'static> = Shelf {
    resources: &[
        Resource::new("board://manual", "manual").of("text/markdown", 300),
        Resource::new("board://log", "log").describe("The last lines."),
    ],
    templates: &[Template::new("plot://{name}/soil", "soil").describe("Soil.", "text/plain")],
    prompts: &[
        Prompt::new("advise", "Asks for advice.", &PLANT).titled("Advice"),
        Prompt::new("greet", "", &[]),
    ],
    completes: true,
};

static TOOLS: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("beep", "Beeps."), &[], &[])];

/// A server with these lists.
struct Server(&'static Shelf<'static>);

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

    fn name(&self, _: u16) -> Option<&str> {
        Some("beep")
    }

    fn generation(&self) -> u64 {
        7
    }

    fn lists(&self) -> &dyn Lists {
        self.0
    }

    fn can_watch(&self) -> bool {
        true
    }

    fn can_change(&self) -> bool {
        true
    }
}

/// What a request leads to: an answer, or what is wanted with the argument buffer.
enum Came {
    Answer(Value),
    Want(Wanted, Vec<u8>),
}

/// A client of one of the two families.
struct Client {
    server: Server,
    session: McpSession,
    is_stateless: bool,
}

impl Client {
    fn new(is_stateless: bool) -> Self {
        Self::of(&SHELF, is_stateless)
    }

    fn of(shelf: &'static Shelf<'static>, is_stateless: bool) -> Self {
        let mut client = Self { server: Server(shelf), session: McpSession::new(), is_stateless };
        if !is_stateless {
            client.answer("initialize", json!({"protocolVersion": "2025-11-25"}));
        }
        client
    }

    fn came(&mut self, method: &str, mut params: Value, room: usize) -> Came {
        if self.is_stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let message = json!({"params": params, "jsonrpc": "2.0", "id": 5, "method": method});
        let message = message.to_string().into_bytes();
        let (mut args, mut out) = (vec![0; 256], vec![0; room]);
        let engine = McpEngine::new(&self.server);
        match engine.receive(&message, &mut self.session, &mut args, &mut out) {
            Step::Reply(len) => Came::Answer(serde_json::from_slice(&out[..len]).unwrap()),
            Step::Listen(listen) => {
                Came::Answer(serde_json::from_slice(&out[..listen.acknowledgement]).unwrap())
            }
            Step::Want(Want { what, id, .. }) => {
                assert_eq!(id.raw(), b"5");
                Came::Want(what, args)
            }
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, method: &str, params: Value) -> Value {
        match self.came(method, params, 4096) {
            Came::Answer(answer) => answer,
            Came::Want(want, _) => panic!("{want:?}"),
        }
    }

    fn want(&mut self, method: &str, params: Value) -> (Wanted, Vec<u8>) {
        match self.came(method, params, 4096) {
            Came::Want(want, args) => (want, args),
            Came::Answer(answer) => panic!("{answer}"),
        }
    }

    /// The code of an error, and its sentence.
    fn error(&mut self, method: &str, params: Value) -> (i64, String) {
        let answer = self.answer(method, params);
        let error = &answer["error"];
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }
}

#[test]
fn a_server_says_what_it_has_and_lists_it() {
    for is_stateless in [true, false] {
        let mut client = Client::new(is_stateless);
        let hello = match is_stateless {
            true => client.answer("server/discover", json!({})),
            false => client.answer("initialize", json!({"protocolVersion": "2025-06-18"})),
        };
        let has = &hello["result"]["capabilities"];
        assert_eq!(has["resources"], json!({"subscribe": true, "listChanged": true}), "{hello}");
        assert_eq!(has["prompts"], json!({"listChanged": true}));
        assert_eq!(has["completions"], json!({}));
        let resources = &client.answer("resources/list", json!({}))["result"]["resources"];
        assert_eq!(
            *resources,
            json!([
                {"uri": "board://manual", "name": "manual", "mimeType": "text/markdown",
                 "size": 300},
                {"uri": "board://log", "name": "log", "description": "The last lines."},
            ])
        );
        let listed = client.answer("resources/templates/list", json!({}));
        assert_eq!(
            listed["result"]["resourceTemplates"],
            json!([{"uriTemplate":
            "plot://{name}/soil", "name": "soil", "description": "Soil.",
            "mimeType": "text/plain"}])
        );
        let listed = client.answer("prompts/list", json!({}));
        assert_eq!(
            listed["result"]["prompts"],
            json!([
                {"name": "advise", "title": "Advice", "description": "Asks for advice.",
                 "arguments": [
                    {"name": "plant", "description": "Which plant.", "required": true},
                    {"name": "mood", "required": false}]},
                {"name": "greet"},
            ])
        );
        let hints = [&listed["result"]["ttlMs"], &listed["result"]["cacheScope"]];
        assert_eq!(hints.map(Value::is_null), [!is_stateless; 2]);
    }
}

#[test]
fn long_lists_come_in_pages_and_a_cursor_is_of_its_list() {
    let mut client = Client::new(true);
    let (mut names, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
        let Came::Answer(page) = client.came("prompts/list", params, 420) else { panic!() };
        let prompts = page["result"]["prompts"].as_array().unwrap();
        names.extend(prompts.iter().map(|it| it["name"].as_str().unwrap().to_owned()));
        cursor = page["result"]["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(names, ["advise", "greet"]);
    for cursor in [json!("x"), json!(3), json!("00000000000000070009")] {
        assert_eq!(client.error("resources/list", json!({"cursor": cursor})).0, -32602);
    }
}

#[test]
fn what_is_wanted_is_decoded_and_found() {
    for is_stateless in [true, false] {
        let mut client = Client::new(is_stateless);
        let (want, args) = client.want("resources/read", json!({"uri": "plot://n\u{f6}/soil"}));
        let uri = "plot://nö/soil";
        assert_eq!((want, &args[..uri.len()]), (Wanted::Read { uri: uri.len() }, uri.as_bytes()));
        let params = json!({"name": "advise", "arguments": {"mood": "long", "plant": "basil"}});
        let (want, args) = client.want("prompts/get", params);
        let Wanted::Prompt { prompt: 0, arguments } = want else { panic!("{want:?}") };
        assert_eq!(&args[..arguments], b"\0\x04\x05basil\x01\x05\x01");
        let (want, _) = client.want("prompts/get", json!({"name": "greet"}));
        assert_eq!(want, Wanted::Prompt { prompt: 1, arguments: 0 });
        let complete = |reference: Value, argument: &str| -> Value {
            let argument = json!({"value": "ba", "name": argument});
            json!({"ref": reference, "argument": argument, "context": {}})
        };
        let prompt = json!({"type": "ref/prompt", "name": "advise"});
        let (want, args) = client.want("completion/complete", complete(prompt, "mood"));
        assert_eq!(want, Wanted::Complete { of: 1, index: 0, node: 1, text: 2 });
        assert_eq!(&args[..2], b"ba");
        let soil = json!({"uri": "plot://{name}/soil", "type": "ref/resource"});
        let (want, _) = client.want("completion/complete", complete(soil, "name"));
        assert_eq!(want, Wanted::Complete { of: 2, index: 0, node: 0, text: 2 });
    }
    let mut client = Client::new(false);
    let (want, _) = client.want("resources/subscribe", json!({"uri": "board://log"}));
    assert_eq!(want, Wanted::Subscribe { uri: 11, on: true });
    let (want, _) = client.want("resources/unsubscribe", json!({"uri": "board://log"}));
    assert_eq!(want, Wanted::Subscribe { uri: 11, on: false });
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let mut client = Client::new(true);
    let bad = [
        ("resources/read", json!({})),
        ("resources/read", json!({"uri": 3})),
        ("resources/read", json!({"uri": "x".repeat(300)})),
        ("prompts/get", json!({})),
        ("prompts/get", json!({"name": "no_such"})),
        ("prompts/get", json!({"name": "advise"})),
        ("prompts/get", json!({"name": "advise", "arguments": {"plant": ""}})),
        ("prompts/get", json!({"name": "advise", "arguments": {"plant": 3}})),
        ("prompts/get", json!({"name": "advise", "arguments": {"plant": "x", "mood": "no"}})),
        ("prompts/get", json!({"name": "advise", "arguments": {"plant": "x", "more": "y"}})),
        ("completion/complete", json!({})),
        ("completion/complete", json!({"ref": {"type": "ref/prompt", "name": "advise"}})),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "advise"},
            "argument": {"name": "no_such", "value": ""}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/resource", "uri": "board://log"},
            "argument": {"name": "name", "value": ""}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/tool", "name": "beep"},
            "argument": {"name": "name", "value": ""}}),
        ),
    ];
    for (method, params) in bad {
        let (code, said) = client.error(method, params.clone());
        assert!(code == -32602 && said.len() > 5, "{method} {params}: {said}");
    }
    // The stateless revision has no such methods.
    let params = json!({"uri": "board://log"});
    assert_eq!(client.error("resources/subscribe", params.clone()).0, -32601);
    // What a server has not, it does not know the methods of.
    for is_stateless in [true, false] {
        let mut bare = Client::of(&Shelf::EMPTY, is_stateless);
        for method in [
            "resources/list",
            "resources/templates/list",
            "resources/read",
            "prompts/list",
            "prompts/get",
            "completion/complete",
            "resources/subscribe",
        ] {
            assert_eq!(bare.error(method, params.clone()).0, -32601, "{method}");
        }
        let hello = match is_stateless {
            true => bare.answer("server/discover", json!({})),
            false => bare.answer("initialize", json!({"protocolVersion": "2025-11-25"})),
        };
        let has = hello["result"]["capabilities"].as_object().unwrap().len();
        assert_eq!(has, 1, "{hello}");
    }
}

fn written(write: impl Fn(&mut [u8]) -> Result<usize, trine_mcp::NeedBytes>) -> Value {
    let mut out = vec![0; 1024];
    let len = write(&mut out).unwrap();
    assert!(write(&mut out[..len - 1]).is_err(), "one byte less is too little");
    serde_json::from_slice(&out[..len]).unwrap()
}

#[test]
fn answers_are_those_of_the_revision() {
    let server = Server(&SHELF);
    let engine = McpEngine::new(&server);
    let id = trine_mcp::Id::from_raw(b"\"a\"").unwrap();
    for version in trine_mcp::VERSIONS {
        let is_stateless = version.is_stateless();
        let blob: &[u8] = &[1, 2, 3];
        let contents = [
            ResourceContents { uri: "a:1", mime: "text/plain", contents: Contents::Text("one") },
            ResourceContents { uri: "a:2", mime: "", contents: Contents::Blob(&blob) },
        ];
        let read = written(|out| engine.finish_read(id, version, &contents, out));
        assert_eq!(
            read["result"]["contents"],
            json!([
            {"uri": "a:1", "mimeType": "text/plain", "text": "one"},
            {"uri": "a:2", "blob": "AQID"}])
        );
        assert_eq!(read["result"]["ttlMs"].is_null(), !is_stateless);
        assert_eq!(read["result"]["resultType"].is_null(), !is_stateless);
        let messages = [
            Message { is_assistants: false, block: Block::Text("Hi") },
            Message { is_assistants: true, block: Block::Image { mime: "image/png", data: &blob } },
        ];
        let prompt = written(|out| engine.finish_prompt(id, version, 0, &messages[..], out));
        assert_eq!(prompt["result"]["description"], json!("Asks for advice."));
        assert_eq!(
            prompt["result"]["messages"],
            json!([
            {"role": "user", "content": {"type": "text", "text": "Hi"}},
            {"role": "assistant", "content":
                {"type": "image", "data": "AQID", "mimeType": "image/png"}}])
        );
        let none = written(|out| engine.finish_complete(id, version, (&[][..], None), out));
        assert_eq!(none["result"]["completion"], json!({"values": [], "hasMore": false}));
        let some = written(|out| engine.finish_complete(id, version, (&["a"][..], Some(9)), out));
        assert_eq!(
            some["result"]["completion"],
            json!({"values": ["a"], "total": 9, "hasMore": true})
        );
        let missing = written(|out| engine.finish_missing(id, version, "a:\"b", out));
        let code = if is_stateless { -32602 } else { -32002 };
        assert_eq!(missing["error"]["code"], json!(code));
        assert_eq!(
            (&missing["error"]["data"]["uri"], &missing["id"]),
            (&json!("a:\"b"), &json!("a"))
        );
    }
    let many = vec!["x"; 150];
    let version = trine_mcp::Version::V2026_07_28;
    let mut out = vec![0; 4096];
    let len = engine.finish_complete(id, version, (&many[..], None), &mut out).unwrap();
    let answer: Value = serde_json::from_slice(&out[..len]).unwrap();
    let completion = &answer["result"]["completion"];
    assert_eq!(completion["values"].as_array().unwrap().len(), 100);
    assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(150), &json!(true)));
}

#[test]
fn a_subscription_gets_what_there_is_of_what_it_asks_for() {
    let mut client = Client::new(true);
    let filter = json!({"notifications": {"promptsListChanged": true, "resourcesListChanged": true,
        "resourceSubscriptions": ["board://log"], "toolsListChanged": false, "other": 1}});
    let said = client.answer("subscriptions/listen", filter.clone());
    assert_eq!(
        said["params"]["notifications"],
        json!({"promptsListChanged": true,
        "resourcesListChanged": true, "resourceSubscriptions": ["board://log"]})
    );
    let mut bare = Client::of(&Shelf::EMPTY, true);
    let said = bare.answer("subscriptions/listen", filter);
    assert_eq!(said["params"]["notifications"], json!({}));
    for wrong in [
        json!({"promptsListChanged": 1}),
        json!({"resourceSubscriptions": [1]}),
        json!({"resourceSubscriptions": "a:b"}),
        json!({"resourcesListChanged": "yes"}),
    ] {
        assert_eq!(client.error("subscriptions/listen", json!({"notifications": wrong})).0, -32602);
    }
    let id = trine_mcp::Id::from_raw(b"5");
    for (list, name) in [
        (notify::Changed::Tools, "tools"),
        (notify::Changed::Prompts, "prompts"),
        (notify::Changed::Resources, "resources"),
    ] {
        let plain = written(|out| notify::list_changed(list, None, out));
        let method = format!("notifications/{name}/list_changed");
        assert_eq!(plain, json!({"jsonrpc": "2.0", "method": method}));
        let tagged = written(|out| notify::list_changed(list, id, out));
        assert_eq!(tagged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], json!(5));
    }
    let updated = written(|out| notify::resource_updated("a:b", id, out));
    assert_eq!(
        (&updated["method"], &updated["params"]["uri"]),
        (&json!("notifications/resources/updated"), &json!("a:b"))
    );
    let updated = written(|out| notify::resource_updated("a:b", None, out));
    assert_eq!(updated["params"], json!({"uri": "a:b"}));
}

/// A server to which devices come.
struct Later;

impl Catalog for Later {
    type Table = [Tool<'static>; 1];

    fn server(&self) -> ServerInfo<'_> {
        ServerInfo { name: "board", version: "1", ..ServerInfo::default() }
    }

    fn count(&self) -> u16 {
        0
    }

    fn tool(&self, _: u16) -> Option<(&Self::Table, u16)> {
        None
    }

    fn name(&self, _: u16) -> Option<&str> {
        None
    }

    fn find(&self, _: &[u8]) -> Option<u16> {
        None
    }

    fn generation(&self) -> u64 {
        1
    }

    fn may_have_lists(&self) -> bool {
        true
    }
}

#[test]
fn what_may_come_later_is_declared_and_its_lists_are_empty() {
    let answer = |method: &str, params: &str| -> Value {
        let message = crate::common::modern(method, params);
        let (mut session, mut out) = (McpSession::new(), [0; 1024]);
        let engine = McpEngine::new(&Later);
        let step = engine.receive(message.as_bytes(), &mut session, &mut [0; 64], &mut out);
        let Step::Reply(len) = step else { panic!("{step:?}") };
        serde_json::from_slice(&out[..len]).unwrap()
    };
    let declared = answer("server/discover", "")["result"]["capabilities"].clone();
    for name in ["resources", "prompts", "completions"] {
        assert!(declared[name].is_object(), "{declared}");
    }
    assert!(declared["extensions"]["io.modelcontextprotocol/skills"].is_object(), "{declared}");
    for (method, list) in [
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
        ("skills/list", "skills"),
    ] {
        assert_eq!(answer(method, "")["result"][list], json!([]), "{method}");
    }
    let none = answer("prompts/get", r#""name":"advise""#);
    assert_eq!(none["error"]["code"], -32602, "{none}");
}

/// Lists of which two are empty.
static ALONE: [Shelf<'static>; 3] = [
    Shelf { resources: &[Resource::new("board://log", "log")], ..NOTHING },
    Shelf { templates: &[Template::new("plot://{name}", "plot")], ..NOTHING },
    Shelf { prompts: &[Prompt::new("greet", "", &[])], ..NOTHING },
];
const NOTHING: Shelf<'static> =
    Shelf { resources: &[], templates: &[], prompts: &[], completes: false };

#[test]
fn each_list_is_served_without_the_others() {
    const METHODS: [(&str, &str); 3] = [
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
    ];
    for (at, shelf) in ALONE.iter().enumerate() {
        let mut client = Client::of(shelf, true);
        let can = client.answer("server/discover", json!({}))["result"]["capabilities"].clone();
        let has = ["resources", "prompts"].map(|name| can.get(name).is_some());
        assert_eq!(has, [at < 2, at == 2], "{can}");
        let notifications = json!({"resourcesListChanged": true, "promptsListChanged": true,
            "resourceSubscriptions": ["board://log"]});
        let agreed = client.answer("subscriptions/listen", json!({"notifications": notifications}));
        let agreed = &agreed["params"]["notifications"];
        let is_agreed = |name: &str| agreed.get(name).is_some();
        let [resources, uris, prompts] =
            ["resourcesListChanged", "resourceSubscriptions", "promptsListChanged"].map(is_agreed);
        assert_eq!([resources, uris, prompts], [at < 2, at < 2, at == 2], "{agreed}");
        for (number, (method, member)) in METHODS.into_iter().enumerate() {
            let answer = client.answer(method, json!({}));
            let count = answer["result"][member].as_array().map(Vec::len);
            let is_reading = (at < 2) == (number < 2);
            assert_eq!(count, is_reading.then_some(usize::from(at == number)), "{answer}");
            let code = &answer["error"]["code"];
            assert!(is_reading || *code == -32601, "{method}: {answer}");
        }
    }
}

#[test]
fn a_request_for_a_list_says_whether_its_meta_has_more() {
    let has_more = |more: &str| {
        let meta = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#;
        let params = format!(r#"{{"uri":"board://log","_meta":{{{meta}{more}}}}}"#);
        let message =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{params}}}"#);
        let (server, mut out) = (Server(&SHELF), [0; 4096]);
        let (mut session, engine) = (McpSession::new(), McpEngine::new(&server));
        let step = engine.receive(message.as_bytes(), &mut session, &mut [0; 256], &mut out);
        assert!(matches!(step, Step::Want(_)), "{step:?}");
        step.has_more_meta()
    };
    assert!(!has_more(""));
    assert!(has_more(r#","traceparent":"00-00-00-01""#));
}

#[test]
fn a_prompt_asks_whom_it_can_ask_and_a_watched_resource_is_told() {
    let server = Server(&SHELF);
    let engine = McpEngine::new(&server);
    let id = || trine_mcp::Id::from_raw(b"\"a\"").unwrap();
    let request =
        InputRequest { name: "who", message: "Who?", kind: InputKind::Sampling { tokens: 9 } };
    let asked = written(|out| {
        engine.finish_input(id(), Version::V2026_07_28, (&[request], &[1, 2, 3]), out)
    });
    assert_eq!(asked["result"]["resultType"], "input_required");
    assert_eq!(asked["result"]["requestState"], "AQID");
    assert_eq!(asked["result"]["inputRequests"]["who"]["params"]["maxTokens"], 9);
    let watched = written(|out| engine.finish_subscribe(id(), out));
    assert_eq!(watched, json!({"jsonrpc": "2.0", "id": "a", "result": {}}));

    let mut session = McpSession::new();
    let meta = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"sampling":{}}"#;
    let params = format!(r#"{{"name":"greet","_meta":{{{meta}}}}}"#);
    let message = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{params}}}"#);
    let mut out = [0; 512];
    let step = engine.receive(message.as_bytes(), &mut session, &mut [0; 64], &mut out);
    let Step::Want(want) = step else { panic!("{step:?}") };
    let client = want.client(&session);
    assert!(client.sampling && !client.forms && !client.roots);
}

#[test]
fn members_that_a_request_does_not_have_are_passed_over() {
    let mut client = Client::new(true);
    let params = json!({"more": "x", "uri": "board://log", "zebra": [1]});
    assert_eq!(client.want("resources/read", params).0, Wanted::Read { uri: 11 });
    let reference = json!({"a": 1, "type": "ref/prompt", "name": "advise", "title": "uri", "z": 2});
    let argument = json!({"a": 1, "name": "mood", "value": "ba", "z": "other"});
    let (want, args) =
        client.want("completion/complete", json!({"ref": reference, "argument": argument}));
    assert_eq!(want, Wanted::Complete { of: 1, index: 0, node: 1, text: 2 });
    assert_eq!(&args[..2], b"ba");
    for kind in ["ref/tool", "ref/prompts"] {
        let reference = json!({"type": kind, "uri": "plot://{name}/soil"});
        let argument = json!({"name": "name", "value": ""});
        let params = json!({"ref": reference, "argument": argument});
        assert_eq!(client.error("completion/complete", params).0, -32602, "{kind}");
    }
    let mut wrong = |arguments: Value| {
        client.error("prompts/get", json!({"name": "advise", "arguments": arguments})).1
    };
    assert!(wrong(json!({"plant": 3})).contains("must be strings"));
    assert!(wrong(json!({"plant": ""})).contains("not what its description allows"));
}
