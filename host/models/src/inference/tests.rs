//! The service as a caller meets it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_descriptor::{Args, Side, validate};
use trine_infer::{BatchOptions, KvKind, Options, batch_arena_bytes};
use trine_mcp::result::value_json;
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};

use super::tools::{INFERENCE, TOOLS};
use super::{Limits, Place, Reply, Service};
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

/// What came of a call.
enum News {
    Progress(u32, u32),
    Ended(Result<Value, String>),
}

/// A service and what it answers.
struct Client {
    service: Service,
    said: Sender<(u64, News)>,
    news: Receiver<(u64, News)>,
    cancelled: HashMap<u64, Arc<AtomicBool>>,
    next: u64,
}

/// Where the answer to one call goes.
struct To {
    tool: u16,
    id: u64,
    said: Sender<(u64, News)>,
}

impl Reply for To {
    fn progress(&self, (done, most): (u32, u32), _: &str) -> bool {
        self.said.send((self.id, News::Progress(done, most))).is_ok()
    }

    fn value(self: Box<Self>, entries: &[u8]) {
        let tools = Service::tools();
        assert_eq!(validate(tools, self.tool, Side::Output, entries), Ok(()));
        let mut json = vec![0; 1 << 20];
        let len = value_json(tools, self.tool, entries, &mut json).unwrap();
        let value = serde_json::from_slice(&json[..len]).unwrap();
        _ = self.said.send((self.id, News::Ended(Ok(value))));
    }

    fn error(self: Box<Self>, why: &str) {
        _ = self.said.send((self.id, News::Ended(Err(why.to_owned()))));
    }
}

impl Client {
    fn new(folder: &Folder, bytes: usize) -> Self {
        let limits =
            Limits { folder: folder.0.clone(), bytes, place: Place::Processor, texts: TEXTS };
        let (said, news) = channel();
        let service = Service::new(limits);
        Self { service, said, news, cancelled: HashMap::new(), next: 0 }
    }

    /// Starts a call and answers its number.
    fn start(&mut self, tool: u16, arguments: &Value) -> u64 {
        self.next += 1;
        let (id, said) = (self.next, self.said.clone());
        let bytes = encoded(tool, arguments);
        let args = Args::new(&TOOLS, tool, &bytes);
        let cancelled = self.cancelled.entry(id).or_default();
        self.service.call(tool, &args, cancelled, Box::new(To { tool, id, said }));
        id
    }

    /// Waits for the end of a call, and drops what others say.
    fn end_of(&mut self, id: u64) -> Result<Value, String> {
        loop {
            if let (other, News::Ended(end)) = self.news.recv().unwrap()
                && other == id
            {
                return end;
            }
        }
    }

    /// Waits for the first progress.
    fn progress(&mut self) -> (u32, u32) {
        loop {
            if let (_, News::Progress(done, most)) = self.news.recv().unwrap() {
                return (done, most);
            }
        }
    }

    /// The structured result of a call that must succeed.
    fn infer(&mut self, arguments: &Value) -> Value {
        let id = self.start(INFERENCE, arguments);
        self.end_of(id).unwrap()
    }

    /// The sentence of a call that must fail.
    fn refused(&mut self, arguments: &Value) -> String {
        let id = self.start(INFERENCE, arguments);
        self.end_of(id).unwrap_err()
    }

    fn health(&mut self) -> Value {
        let id = self.start(1, &json!({}));
        self.end_of(id).unwrap()
    }
}

/// Arguments as the gateway hands them over.
fn encoded(tool: u16, arguments: &Value) -> Vec<u8> {
    let catalog = Single::new(ServerInfo::default(), &TOOLS);
    let name = ["bitnet-inference", "bitnet-health"][usize::from(tool)];
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                       "io.modelcontextprotocol/clientCapabilities": {} });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": name, "arguments": arguments, "_meta": meta } });
    let (mut args, mut out) = (vec![0; 1 << 17], vec![0; 1 << 16]);
    let message = message.to_string();
    let mut session = McpSession::new();
    let step =
        McpEngine::new(&catalog).receive(message.as_bytes(), &mut session, &mut args, &mut out);
    let Step::Call(call) = step else { panic!("{}", String::from_utf8_lossy(&out)) };
    args[..call.arguments].to_vec()
}

const PLENTY: usize = 1 << 30;
/// Texts at a time.
const TEXTS: usize = 4;

/// What the tool must answer, from the engine itself.
fn expected(path: &Path, prompt: &str, tokens: usize) -> (Vec<u8>, usize) {
    use trine_infer::generate::Generation;
    use trine_infer::sample::{Candidate, Sampler, Sampling};
    let bytes = Mapped::open(path).unwrap();
    let (pool, mut buffers) = (Pool::new(1).unwrap(), Buffers::default());
    let loaded = Loaded::open(&bytes, &mut buffers, None, &pool).unwrap();
    let ids: Vec<u32> = [256].into_iter().chain(prompt.bytes().map(u32::from)).collect();
    let kv = KvKind::of_context(loaded.model.config().context);
    let options = Options {
        context: ids.len() + tokens,
        batch: ids.len(),
        kv,
        ..Options::new(loaded.model.config())
    };
    // As the server has it: what tables take depends on the packing.
    let mut other = Buffers::default();
    let packed = Some(trine_ternary::Packing::PanelBase3);
    let packed = Loaded::open(&bytes, &mut other, packed, &pool).unwrap();
    let all = options.context * TEXTS;
    let server = BatchOptions {
        positions: options.context,
        batch: all.clamp(TEXTS, 128),
        kv,
        ..BatchOptions::new(loaded.model.config(), TEXTS)
    };
    let server = server.with_tables(packed.model.weights());
    let arena = batch_arena_bytes(loaded.model.config(), &server).unwrap();
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
    let mut small = Client::new(&folder, size - 1);
    let said = small.refused(&json!({ "model_path": "a", "prompt": "x" }));
    assert!(said.contains("--memory"), "{said}");
}

#[test]
fn a_model_whose_packing_does_not_fit_writes_the_same_as_it_is_in_its_file() {
    let folder = Folder::new("file");
    let path = folder.model("a", 3, 300);
    let size = fs::metadata(&path).unwrap().len() as usize;
    let call = json!({ "model_path": "a", "prompt": "Once upon", "max_tokens": 40,
                       "temperature": 0 });
    let written = |limit: usize| {
        let mut client = Client::new(&folder, limit);
        let text = client.infer(&call)["generated_text"].clone();
        (text, client.health()["memory_usage"].as_u64().unwrap() as usize)
    };
    let (packed, more) = written(PLENTY);
    assert!(more > size);
    assert_eq!(written(more), (packed.clone(), more), "it just fits");
    for limit in [more - 1, size] {
        assert_eq!(written(limit), (packed.clone(), size), "{limit}");
    }
    let said = Client::new(&folder, size - 1).refused(&call);
    assert!(said.contains(&format!("takes {size} bytes, the limit is {}", size - 1)), "{said}");
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
}

#[test]
fn while_a_text_is_written_others_are_served_and_it_can_be_cancelled() {
    let folder = Folder::new("cancel");
    folder.model("a", 1, 4200);
    let mut client = Client::new(&folder, PLENTY);
    let long = json!({ "model_path": "a", "prompt": "x", "max_tokens": 4096, "temperature": 0 });
    let id = client.start(INFERENCE, &long);
    assert_eq!(client.progress().1, 4096);
    assert_eq!(client.health()["models_loaded"], 1);
    client.cancelled[&id].store(true, Ordering::Release);
    assert!(client.end_of(id).unwrap_err().contains("cancelled"));
    let next = json!({ "model_path": "a", "prompt": "x", "max_tokens": 3, "temperature": 0 });
    assert_eq!(client.infer(&next)["tokens_generated"], 3);
}

/// Arguments for the likeliest text, of at most `tokens` tokens.
fn likeliest(tokens: usize) -> Value {
    json!({ "model_path": "a", "prompt": "x", "max_tokens": tokens, "temperature": 0 })
}

/// The texts of calls that were started, by their numbers.
fn texts(client: &Client, calls: &[u64]) -> HashMap<u64, Result<Value, String>> {
    let mut ends = HashMap::new();
    while ends.len() < calls.len() {
        if let (id, News::Ended(end)) = client.news.recv().unwrap() {
            assert!(ends.insert(id, end).is_none());
        }
    }
    ends
}

#[test]
fn texts_that_are_written_at_the_same_time_are_what_each_is_by_itself() {
    let folder = Folder::new("together");
    let path = folder.model("a", 3, 900);
    let prompts: Vec<String> = (0..9).map(|at| "Once upon a time ".repeat(1 + at * 5)).collect();
    let calls: Vec<(Value, Value)> = prompts
        .iter()
        .zip(0..)
        .map(|(prompt, at)| {
            let call = json!({ "model_path": "a", "prompt": prompt, "max_tokens": 20 + 9 * at,
                           "temperature": f64::from(at % 3), "seed": at });
            // By itself: no other call is under way, and nothing is kept of one before.
            let written = Client::new(&folder, PLENTY).infer(&call);
            (call, written["generated_text"].clone())
        })
        .collect();
    let (greedy, _) = expected(&path, &prompts[3], 47);
    assert_eq!(calls[3].1, *String::from_utf8_lossy(&greedy));
    // With room for all, for some, and for one.
    for bytes in [PLENTY, fs::metadata(&path).unwrap().len() as usize * 3 / 2] {
        let mut client = Client::new(&folder, bytes);
        for round in 0..2 {
            let started: Vec<u64> =
                calls.iter().map(|(call, _)| client.start(INFERENCE, call)).collect();
            let ends = texts(&client, &started);
            for (id, (_, wanted)) in started.iter().zip(&calls) {
                let found = ends[id].as_ref().unwrap();
                assert_eq!(found["generated_text"], *wanted, "{bytes} {round} {id}");
            }
        }
    }
}

#[test]
fn a_short_text_does_not_wait_for_the_end_of_long_ones() {
    let folder = Folder::new("short");
    folder.model("a", 1, 4200);
    let mut client = Client::new(&folder, PLENTY);
    let long: Vec<u64> =
        (0..TEXTS - 1).map(|_| client.start(INFERENCE, &likeliest(4096))).collect();
    client.progress();
    let short = client.start(INFERENCE, &likeliest(5));
    let (first, end) = loop {
        if let (id, News::Ended(end)) = client.news.recv().unwrap() {
            break (id, end);
        }
    };
    assert_eq!((first, &end.unwrap()["tokens_generated"]), (short, &json!(5)));
    // One that is cancelled ends, the others are as long as they are to be.
    client.cancelled[&long[1]].store(true, Ordering::Release);
    let ends = texts(&client, &long);
    assert!(ends[&long[1]].as_ref().unwrap_err().contains("cancelled"));
    for id in [long[0], long[2]] {
        let finish = &ends[&id].as_ref().unwrap()["finish_reason"];
        assert!(["length", "stop"].contains(&finish.as_str().unwrap()), "{finish}");
    }
}

#[test]
fn a_text_that_needs_more_room_than_there_is_waits_and_a_prompt_that_is_too_long_does_not() {
    let folder = Folder::new("waits");
    let path = folder.model("a", 1, 4200);
    // Enough for one.
    let mut client = Client::new(&folder, fs::metadata(path).unwrap().len() as usize * 3 / 2);
    let calls: Vec<u64> = [300, 4096, 2, 3000]
        .iter()
        .map(|most| client.start(INFERENCE, &likeliest(*most)))
        .collect();
    let long = json!({ "model_path": "a", "prompt": "x".repeat(4300), "max_tokens": 2 });
    let long = client.start(INFERENCE, &long);
    let ends = texts(&client, &[&calls[..], &[long]].concat());
    assert!(ends[&long].as_ref().unwrap_err().contains("4200"));
    for (id, most) in calls.iter().zip([300, 4096, 2, 3000]) {
        let written = ends[id].as_ref().unwrap()["tokens_generated"].as_u64().unwrap();
        assert!(written > 0 && written <= most);
    }
}

#[test]
fn a_text_is_finished_with_the_weights_that_it_began_with() {
    let folder = Folder::new("swap");
    let path = folder.model("a", 1, 700);
    let (old, _) = expected(&path, "Once upon", 600);
    let mut client = Client::new(&folder, PLENTY);
    let call = |tokens: usize| {
        json!({ "model_path": "a", "prompt": "Once upon", "max_tokens": tokens,
                "temperature": 0 })
    };
    let first = client.start(INFERENCE, &call(600));
    client.progress();
    let path = folder.model("a", 9, 700);
    let (new, _) = expected(&path, "Once upon", 30);
    assert_ne!(old[..30], new[..]);
    let second = client.start(INFERENCE, &call(30));
    let mut texts = HashMap::new();
    while texts.len() < 2 {
        if let (id, News::Ended(end)) = client.news.recv().unwrap() {
            texts.insert(id, end.unwrap()["generated_text"].clone());
        }
    }
    assert_eq!(texts[&first], *String::from_utf8_lossy(&old));
    assert_eq!(texts[&second], *String::from_utf8_lossy(&new));
}

#[test]
fn the_end_lets_a_text_end_with_what_it_has_and_takes_no_further_call() {
    let folder = Folder::new("end");
    folder.model("a", 1, 60_000);
    let mut client = Client::new(&folder, PLENTY);
    let long = json!({ "model_path": "a", "prompt": "x", "max_tokens": 4096, "temperature": 0 });
    // Some of them are written, the others wait for them longer than there is time.
    let calls: Vec<u64> = (0..12).map(|_| client.start(INFERENCE, &long)).collect();
    client.progress();
    client.service.end();
    assert!(client.refused(&long).contains("the server ended"));
    let since = Instant::now();
    let ends = texts(&client, &calls);
    assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
    for end in ends.into_values() {
        match end {
            Ok(written) => {
                let reason = written["finish_reason"].as_str().unwrap();
                assert!(["ended", "length", "stop"].contains(&reason), "{reason}");
            }
            Err(why) => assert!(why.contains("repeat the call"), "{why}"),
        }
    }
}

#[test]
fn a_service_that_is_closed_answers_all_calls_and_leaves_no_thread() {
    let folder = Folder::new("closed");
    folder.model("a", 1, 4200);
    let mut client = Client::new(&folder, PLENTY);
    let long = json!({ "model_path": "a", "prompt": "x", "max_tokens": 4096, "temperature": 0 });
    let calls: Vec<u64> = (0..3).map(|_| client.start(INFERENCE, &long)).collect();
    client.progress();
    client.service.close();
    assert_eq!(Arc::strong_count(&client.cancelled[&calls[0]]), 1, "its job is gone");
    for id in calls {
        assert!(client.end_of(id).unwrap_err().contains("repeat the call"));
    }
}
