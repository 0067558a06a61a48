//! The server as a client meets it: lines of MCP through pipes.

use std::fs;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write as _};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use trine_infer::Options;

use super::{Limits, Place, serve};
use crate::Result;
use crate::model::{Buffers, HeadFormat, Loaded, Mapped, Pool, Shape, Text, Weights, make};

/// A folder with models, which goes away with it.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Makes a model that answers for `context` positions.
    pub(super) fn model(&self, name: &str, seed: u64, context: usize) -> PathBuf {
        let shape = Shape {
            text: Text::Byte,
            vocab: 320,
            width: 128,
            ffn: 128,
            blocks: 1,
            heads: 2,
            kv_heads: 1,
            context,
            ..Shape::tiny(Weights::I2S, HeadFormat::F16)
        };
        let mut bytes = Vec::new();
        make(&shape, seed, &mut bytes, |_| {}).unwrap();
        // Renamed into its place, as a file that others have mapped has to be replaced.
        let (new, path) = (self.0.join("new"), self.0.join(name));
        fs::write(&new, bytes).unwrap();
        fs::rename(&new, &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server and the client's ends of its pipes.
struct Client {
    orders: Option<PipeWriter>,
    answers: BufReader<PipeReader>,
    server: Option<JoinHandle<Result<()>>>,
    next: u64,
}

impl Client {
    fn new(folder: &Folder, bytes: usize) -> Self {
        let (input, orders) = std::io::pipe().unwrap();
        let (answers, mut output) = std::io::pipe().unwrap();
        let limits = Limits { folder: folder.0.clone(), bytes, place: Place::Processor };
        let run = move || serve(limits, BufReader::new(input), &mut output);
        let server = Some(std::thread::spawn(run));
        let answers = BufReader::new(answers);
        let mut client = Self { orders: Some(orders), answers, server, next: 0 };
        client.send(&json!({ "jsonrpc": "2.0", "id": "init", "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" } } }));
        assert_eq!(client.receive()["id"], "init");
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.orders.as_mut().unwrap(), "{message}").unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.start(method, params);
        let answer = self.receive();
        assert_eq!(answer["id"], id);
        answer["result"].clone()
    }

    fn start(&mut self, method: &str, params: &Value) -> u64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    /// The structured result of a call that must succeed.
    fn infer(&mut self, arguments: &Value) -> Value {
        let result = self.call("bitnet-inference", arguments);
        assert_eq!(result["isError"], json!(false), "{result}");
        result["structuredContent"].clone()
    }

    /// The sentence of a call that must fail.
    fn refused(&mut self, arguments: &Value) -> String {
        let result = self.call("bitnet-inference", arguments);
        assert_eq!(result["isError"], json!(true), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    fn health(&mut self) -> Value {
        self.call("bitnet-health", &json!({}))["structuredContent"].clone()
    }

    fn end(mut self) {
        self.orders = None;
        self.server.take().unwrap().join().unwrap().unwrap();
    }
}

const PLENTY: usize = 1 << 30;

/// What the tool must answer, from the engine itself.
fn expected(path: &Path, prompt: &str, tokens: usize) -> (Vec<u8>, usize) {
    use trine_infer::generate::Generation;
    use trine_infer::sample::{Candidate, Sampler, Sampling};
    let bytes = Mapped::open(path).unwrap();
    let (pool, mut buffers) = (Pool::new(1).unwrap(), Buffers::default());
    let loaded = Loaded::open(&bytes, &mut buffers, None, &pool).unwrap();
    let ids: Vec<u32> = [256].into_iter().chain(prompt.bytes().map(u32::from)).collect();
    let options = Options {
        context: ids.len() + tokens,
        batch: ids.len(),
        ..Options::new(loaded.model.config())
    };
    // As the server has it: what tables take depends on the packing.
    let mut other = Buffers::default();
    let packed = Some(trine_ternary::Packing::PanelBase3);
    let packed = Loaded::open(&bytes, &mut other, packed, &pool).unwrap();
    let packed = options.with_tables(packed.model.weights());
    let arena = trine_infer::arena_bytes(loaded.model.config(), &packed).unwrap();
    let options = options.with_tables(loaded.model.weights());
    let size = trine_infer::arena_bytes(loaded.model.config(), &options).unwrap();
    let mut memory = vec![0; size + 3];
    let mut session =
        trine_infer::DecodeSession::new(&loaded.model, &options, &mut memory).unwrap();
    let mut room = vec![Candidate::default(); Sampling::GREEDY.candidates(320)];
    let mut sampler = Sampler::new(Sampling::GREEDY, &mut room).unwrap();
    let mut written = Vec::new();
    let mut generation = Generation::new(&ids, tokens, &[257]);
    let each = |token: u32| {
        written.extend(u8::try_from(token));
        std::ops::ControlFlow::Continue(())
    };
    let _ = generation.run(&mut session, &mut sampler, &pool, each).unwrap();
    (written, arena)
}

#[test]
fn the_tools_are_listed_with_name_version_author_and_what_they_can() {
    let folder = Folder::new("list");
    let mut client = Client::new(&folder, PLENTY);
    let listed = client.request("tools/list", &json!({}));
    let tool = &listed["tools"][0];
    assert_eq!(tool["name"], "bitnet-inference");
    assert_eq!(tool["_meta"]["trine/version"], "1.0.0");
    assert_eq!(tool["_meta"]["trine/author"], "The Trine developers");
    let can = "text-generation, model-loading, gguf-support";
    assert_eq!(tool["_meta"]["trine/capabilities"], can);
    let schema = &tool["inputSchema"];
    assert_eq!(schema["required"], json!(["model_path", "prompt"]));
    let max_tokens = &schema["properties"]["max_tokens"];
    assert_eq!(max_tokens["minimum"], 1);
    assert_eq!(max_tokens["maximum"], 4096);
    assert_eq!(max_tokens["default"], 1024);
    assert_eq!(schema["properties"]["temperature"]["maximum"], 2);
    let required = tool["outputSchema"]["required"].as_array().unwrap();
    for name in ["generated_text", "tokens_generated", "inference_time_ms", "memory_used"] {
        assert!(required.contains(&json!(name)), "{name}");
    }
    client.end();
}

#[test]
fn bounds_are_kept_to_the_last_value() {
    let folder = Folder::new("bounds");
    folder.model("a", 1, 4200);
    let mut client = Client::new(&folder, PLENTY);
    let mut with = |name: &str, value: Value| {
        let mut arguments = json!({ "model_path": "a", "prompt": "x", "max_tokens": 1 });
        arguments[name] = value;
        let result = client.call("bitnet-inference", &arguments);
        (result["isError"] == json!(false), result["content"][0]["text"].to_string())
    };
    for (name, value, fine) in vec![
        ("max_tokens", json!(0), false),
        ("max_tokens", json!(1), true),
        ("max_tokens", json!(4096), true),
        ("max_tokens", json!(4097), false),
        ("temperature", json!(-0.1), false),
        ("temperature", json!(0), true),
        ("temperature", json!(2), true),
        ("temperature", json!(2.1), false),
        ("prompt", json!(""), false),
        ("model_path", json!(""), false),
    ] {
        let (done, said) = with(name, value.clone());
        assert_eq!(done, fine, "{name} {value}: {said}");
        assert!(done || said.contains(name), "{said}");
    }
    for name in ["model_path", "prompt"] {
        let mut arguments = json!({ "model_path": "a", "prompt": "x" });
        arguments.as_object_mut().unwrap().remove(name);
        assert!(client.refused(&arguments).contains(name));
    }
    client.end();
}

#[test]
fn without_max_tokens_a_text_has_1024_at_most() {
    let folder = Folder::new("default");
    folder.model("long", 1, 2000);
    let mut client = Client::new(&folder, PLENTY);
    let written = |client: &mut Client, seed: u32| {
        let arguments = json!({ "model_path": "long", "prompt": "x", "temperature": 0,
                                "seed": seed });
        client.infer(&arguments)
    };
    let one = written(&mut client, 0);
    assert_eq!((&one["tokens_generated"], &one["finish_reason"]), (&json!(1024), &json!("length")));
    client.end();
}

#[test]
fn the_answer_is_what_the_engine_writes_and_its_figures_are_true() {
    let folder = Folder::new("answer");
    let path = folder.model("a", 3, 300);
    let (bytes, arena) = expected(&path, "Once upon", 40);
    let mut client = Client::new(&folder, PLENTY);
    let arguments = json!({ "model_path": "a", "prompt": "Once upon", "max_tokens": 40,
                            "temperature": 0 });
    let begun = std::time::Instant::now();
    let answer = client.infer(&arguments);
    let took = begun.elapsed().as_millis();
    assert_eq!(answer["generated_text"], *String::from_utf8_lossy(&bytes));
    assert_eq!(answer["tokens_generated"], 40);
    assert_eq!(answer["memory_used"], arena);
    let measured = answer["inference_time_ms"].as_u64().unwrap();
    assert!(u128::from(measured) <= took, "{measured} of {took}");
    client.end();
}

#[test]
fn the_same_seed_writes_the_same_and_another_something_else() {
    let folder = Folder::new("seed");
    folder.model("a", 3, 300);
    let mut client = Client::new(&folder, PLENTY);
    let mut written = |temperature: f64, seed: u32| {
        let arguments = json!({ "model_path": "a", "prompt": "Once", "max_tokens": 30,
                                "temperature": temperature, "seed": seed });
        client.infer(&arguments)["generated_text"].clone()
    };
    assert_eq!(written(0.0, 1), written(0.0, 2), "the likeliest hangs on no seed");
    assert_eq!(written(1.5, 7), written(1.5, 7));
    assert_ne!(written(1.5, 7), written(1.5, 8));
    client.end();
}

#[test]
fn a_model_is_loaded_once_and_goes_when_another_needs_its_memory() {
    let folder = Folder::new("loaded");
    let size = fs::metadata(folder.model("a", 1, 64)).unwrap().len() as usize;
    folder.model("b", 2, 64);
    // Each takes its file and its weights once more, which are less than half of that.
    let mut client = Client::new(&folder, 2 * size);
    let ask = |client: &mut Client, model: &str| {
        let arguments = json!({ "model_path": model, "prompt": "x", "max_tokens": 1 });
        client.infer(&arguments)["load_time_ms"].as_u64().unwrap()
    };
    assert_eq!(client.health()["models_loaded"], 0);
    ask(&mut client, "a");
    assert_eq!(ask(&mut client, "a"), 0, "it is there");
    let one = client.health();
    assert_eq!(one["models_loaded"], 1);
    assert!(one["memory_usage"].as_u64().unwrap() > size as u64);
    ask(&mut client, "b");
    assert_eq!(client.health()["models_loaded"], 1, "there is room for one");
    ask(&mut client, "a");
    assert_eq!(client.health()["models_loaded"], 1);
    client.end();
    let mut small = Client::new(&folder, size);
    let said = small.refused(&json!({ "model_path": "a", "prompt": "x" }));
    assert!(said.contains("--memory"), "{said}");
    small.end();
}

#[test]
fn health_is_degraded_after_a_failed_load_and_recovers() {
    let folder = Folder::new("health");
    let good = folder.model("good", 1, 64);
    let mut broken = fs::read(good).unwrap();
    let at = broken.windows(12).position(|bytes| bytes == b"bitnet-b1.58").unwrap();
    broken[at..at + 12].copy_from_slice(b"bitnet-b1.59");
    fs::write(folder.0.join("broken"), broken).unwrap();
    let mut client = Client::new(&folder, PLENTY);
    let before = client.health();
    assert_eq!((&before["status"], before.get("last_execution")), (&json!("healthy"), None));
    let said = client.refused(&json!({ "model_path": "broken", "prompt": "x" }));
    assert!(said.contains("architecture"), "{said}");
    let after = client.health();
    assert_eq!(after["status"], "degraded");
    assert!(after["problem"].as_str().unwrap().contains("broken"), "{after}");
    assert_eq!(after["models_loaded"], 0);
    client.infer(&json!({ "model_path": "good", "prompt": "x", "max_tokens": 2 }));
    let well = client.health();
    assert_eq!((&well["status"], well.get("problem")), (&json!("healthy"), None));
    assert!(well["last_execution"].as_u64().unwrap() < 60);
    client.end();
}

#[test]
fn files_outside_the_folder_are_not_there() {
    let folder = Folder::new("outside");
    let path = folder.model("a", 1, 64);
    let inner = Folder(folder.0.join("inner"));
    fs::create_dir_all(&inner.0).unwrap();
    let mut client = Client::new(&inner, PLENTY);
    for name in ["../a", path.to_str().unwrap(), "missing", "."] {
        let said = client.refused(&json!({ "model_path": name, "prompt": "x" }));
        assert!(!said.contains("bytes"), "{said}");
    }
    assert_eq!(client.health()["models_loaded"], 0);
    client.end();
}

#[test]
fn while_a_text_is_written_others_are_served_and_it_can_be_cancelled() {
    let folder = Folder::new("cancel");
    folder.model("a", 1, 4200);
    let mut client = Client::new(&folder, PLENTY);
    let long = json!({ "name": "bitnet-inference", "_meta": { "progressToken": "p" },
        "arguments": { "model_path": "a", "prompt": "x", "max_tokens": 4096, "temperature": 0 } });
    let id = client.start("tools/call", &long);
    let first = client.receive();
    assert_eq!(first["method"], "notifications/progress");
    assert_eq!(first["params"]["total"], 4096);
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
                         "params": { "requestId": id } }));
    let list = client.start("tools/list", &json!({}));
    let answer = loop {
        let message = client.receive();
        if message.get("id").is_some() {
            break message;
        }
    };
    assert_eq!(answer["id"], list, "the cancelled call is not answered");
    let next = json!({ "model_path": "a", "prompt": "x", "max_tokens": 3, "temperature": 0 });
    assert_eq!(client.infer(&next)["tokens_generated"], 3);
    client.end();
}

#[test]
fn a_text_is_finished_with_the_weights_that_it_began_with() {
    let folder = Folder::new("swap");
    let path = folder.model("a", 1, 700);
    let (old, _) = expected(&path, "Once upon", 600);
    let mut client = Client::new(&folder, PLENTY);
    let call = |tokens: usize| {
        json!({ "name": "bitnet-inference", "_meta": { "progressToken": 1 }, "arguments": {
            "model_path": "a", "prompt": "Once upon", "max_tokens": tokens, "temperature": 0 } })
    };
    let first = client.start("tools/call", &call(600));
    assert_eq!(client.receive()["method"], "notifications/progress");
    let path = folder.model("a", 9, 700);
    let (new, _) = expected(&path, "Once upon", 30);
    assert_ne!(old[..30], new[..]);
    let second = client.start("tools/call", &call(30));
    let mut texts = std::collections::HashMap::new();
    while texts.len() < 2 {
        let message = client.receive();
        if let Some(id) = message["id"].as_u64() {
            let text = message["result"]["structuredContent"]["generated_text"].clone();
            texts.insert(id, text);
        }
    }
    assert_eq!(texts[&first], *String::from_utf8_lossy(&old));
    assert_eq!(texts[&second], *String::from_utf8_lossy(&new));
    client.end();
}

#[test]
fn the_end_of_input_lets_texts_end_and_frees_everything() {
    let folder = Folder::new("end");
    folder.model("a", 1, 300);
    let mut client = Client::new(&folder, PLENTY);
    let arguments =
        json!({ "model_path": "a", "prompt": "x", "max_tokens": 200, "temperature": 0 });
    let id = client.start(
        "tools/call",
        &json!({ "name": "bitnet-inference",
                                                 "arguments": arguments }),
    );
    client.orders = None;
    let answer = client.receive();
    assert_eq!(answer["id"], id);
    assert_eq!(answer["result"]["structuredContent"]["tokens_generated"], 200);
    let mut rest = String::new();
    assert_eq!(client.answers.read_line(&mut rest).unwrap(), 0, "{rest}");
    client.end();
}

#[test]
fn a_client_that_goes_away_leaves_no_text_behind() {
    let folder = Folder::new("away");
    folder.model("a", 1, 4200);
    let mut client = Client::new(&folder, PLENTY);
    let long = json!({ "name": "bitnet-inference", "_meta": { "progressToken": "p" },
        "arguments": { "model_path": "a", "prompt": "x", "max_tokens": 4096, "temperature": 0 } });
    client.start("tools/call", &long);
    assert_eq!(client.receive()["method"], "notifications/progress");
    let Client { orders, answers, server, .. } = client;
    drop((orders, answers));
    let ended = server.unwrap().join().unwrap();
    assert!(ended.unwrap_err().to_string().contains("standard output"));
}
