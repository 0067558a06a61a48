//! Language models next to devices: one server, whichever command starts it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Gateway, stateless, until};
use crate::web::{Site, repeated};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");
/// Of the simulated board.
const BOARD: usize = 11;

/// A folder with a small model of bytes, which takes texts of this many tokens.
fn folder(name: &str, context: &str) -> PathBuf {
    wide_folder(name, context, "128", "1")
}

/// The same with a model of this width and this number of blocks.
fn wide_folder(name: &str, context: &str, width: &str, blocks: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let sizes = ["--width", width, "--ffn", width, "--blocks", blocks, "--heads", "2"];
    let more = ["--kv-heads", "1", "--vocab", "258", "--bytes", "--context", context, "-o"];
    let mut make = Command::new(TRINE);
    make.args(["model", "make"]).args(sizes).args(more).arg(folder.join("a.gguf"));
    let made = make.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

fn text(tokens: u32) -> Value {
    json!({"model_path": "a.gguf", "prompt": "x", "max_tokens": tokens, "temperature": 0})
}

fn listed(answer: &Value) -> Vec<&Value> {
    answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().collect()
}

fn names<'a>(tools: &[&'a Value]) -> Vec<&'a str> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[test]
fn models_sentences_and_devices_are_in_one_list_over_both_transports() {
    let folder = folder("one-list", "400");
    let arguments = ["--models", folder.to_str().unwrap(), "--simulate", "--ask"];
    let mut gateway = Gateway::start(&arguments);
    gateway.tools_of(BOARD + 3);
    let answer = gateway.ask("tools/list", json!({}));
    let site = Site::start(&arguments);
    let over_http = until(
        || {
            let answer = site.ask("tools/list", json!({})).json();
            (listed(&answer).len() == BOARD + 3).then_some(answer)
        },
        || site.gateway.log(),
    );
    assert_eq!(listed(&over_http), listed(&answer));
    let tools = listed(&answer);
    let names = names(&tools);
    assert_eq!(names[..3], ["bitnet-inference", "bitnet-health", "light_set"], "{names:?}");
    assert_eq!(names.last(), Some(&"ask"));
    let meta = &tools[0]["_meta"];
    assert_eq!(meta["trine/version"], "1.0.0", "{meta}");
    assert_eq!(meta["trine/author"], "The Trine developers");
    assert_eq!(meta["trine/capabilities"], "text-generation, model-loading, gguf-support");
    let schema = &tools[0]["inputSchema"];
    assert_eq!(schema["required"], json!(["model_path", "prompt"]));
    let tokens = &schema["properties"]["max_tokens"];
    let bounds = [&tokens["minimum"], &tokens["maximum"], &tokens["default"]];
    assert_eq!(bounds, [&json!(1), &json!(4096), &json!(1024)]);
    assert_eq!(schema["properties"]["temperature"]["maximum"], 2);

    let written = gateway.value("bitnet-inference", text(5));
    assert_eq!(written["tokens_generated"], 5, "{written}");
    assert_eq!(gateway.value("fan_set", json!({"percent": 40})), json!({"percent": 40}));
    let sentence = json!({"text": "make the fan spin at forty percent"});
    assert_eq!(gateway.value("ask", sentence)["tool"], "fan_set");
    let over_http = site.call("bitnet-inference", &text(5))["structuredContent"].clone();
    assert_eq!(over_http["generated_text"], written["generated_text"]);
    assert_eq!(site.call("bitnet-health", &json!({}))["structuredContent"]["models_loaded"], 1);
    assert!(gateway.end().success());
}

#[test]
fn two_devices_have_prefixes_and_the_tools_of_the_models_have_none() {
    let folder = folder("prefixes", "400");
    let models = ["--models", folder.to_str().unwrap()];
    let arguments = [&models[..], &["--simulate=north", "--simulate=south"]].concat();
    let tools = Gateway::start(&arguments).tools_of(2 * BOARD + 2);
    assert_eq!(tools[..3], ["bitnet-inference", "bitnet-health", "north_light_set"]);
    assert!(tools.contains(&"south_fan_set".to_owned()), "{tools:?}");
    // A sentence may mean any of them.
    let asking = [&models[..], &["--simulate", "--ask=base"]].concat();
    let mut gateway = Gateway::start(&asking);
    assert_eq!(gateway.tools_of(BOARD + 4)[BOARD + 2..], ["ask", "ask_all"]);
    let shown = gateway.value("ask_all", json!({"text": "how are the models?"}));
    assert!(shown["confidence"].is_number(), "{shown}");
    // A server without devices is one of models.
    let mut alone = Gateway::start(&models);
    assert_eq!(alone.tools_of(2), ["bitnet-inference", "bitnet-health"]);
    let unknown = alone.refusal("bitnet-inference", json!({"model_path": "../a", "prompt": "x"}));
    assert!(unknown.contains("../a"), "{unknown}");
}

#[test]
fn bounds_are_kept_to_the_last_value() {
    let folder = folder("bounds", "4200");
    let mut gateway = Gateway::start(&["--models", folder.to_str().unwrap()]);
    let mut with = |name: &str, value: &Value| {
        let mut arguments = text(1);
        arguments[name] = value.clone();
        let result = gateway.call("bitnet-inference", arguments);
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
        let (done, said) = with(name, &value);
        assert_eq!(done, fine, "{name} {value}: {said}");
        assert!(done || said.contains(name), "{said}");
    }
    // The longest prompt of the longest characters comes to the model, which has too few positions.
    let (done, said) = with("prompt", &json!("\u{1f525}".repeat(16_384)));
    assert!(!done && said.contains("65537") && said.contains("4200"), "{said}");
    let (done, said) = with("prompt", &json!("x".repeat(16_385)));
    assert!(!done && said.contains("prompt") && said.contains("16384"), "{said}");
}

#[test]
fn a_text_is_seen_over_http_while_it_is_written_and_a_signal_ends_it_with_what_it_has() {
    let folder = folder("drained-web", "4200");
    let models = folder.to_str().unwrap();
    let mut site = Site::start(&["--models", models]);
    let mut call = stateless(
        &json!(1),
        "tools/call",
        json!({"name": "bitnet-inference", "arguments": text(4096)}),
    );
    call["params"]["_meta"]["progressToken"] = json!("seen");
    let mut events = site.stream_of(&call);
    let first = events.next().unwrap();
    assert_eq!(first["method"], "notifications/progress", "{first}");
    assert_eq!(first["params"]["total"], 4096);
    site.terminate();
    // News that comes within a character has a count alone.
    let fresh = |news: &Value| news["params"]["message"].as_str().unwrap_or_default().to_owned();
    let mut seen = fresh(&first);
    let answer = loop {
        let message = events.next().unwrap();
        if message.get("method").is_none() {
            break message;
        }
        assert_eq!(message["method"], "notifications/progress", "{message}");
        seen += &fresh(&message);
    };
    let written = &answer["result"]["structuredContent"];
    let reason = written["finish_reason"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert!(["ended", "length", "stop"].contains(&reason), "{reason}");
    let text = written["generated_text"].as_str().unwrap();
    assert!(text.starts_with(&seen) && !seen.is_empty(), "{} of {}", seen.len(), text.len());
    assert!(site.gateway.exited().success());
}

#[test]
fn a_client_that_goes_away_leaves_no_text_behind() {
    let folder = folder("away", "4200");
    let site = Site::start(&["--models", folder.to_str().unwrap()]);
    let mut call = stateless(
        &json!(1),
        "tools/call",
        json!({"name": "bitnet-inference", "arguments": text(4096)}),
    );
    call["params"]["_meta"]["progressToken"] = json!("p");
    let gone: Vec<_> = (0..4).map(|_| site.stream_of(&call)).collect();
    drop(gone);
    // The model writes texts one after the other: this one waits for no text of those.
    let since = std::time::Instant::now();
    assert_eq!(site.call("bitnet-inference", &text(3))["isError"], json!(false));
    let one = since.elapsed();
    let since = std::time::Instant::now();
    assert_eq!(site.call("bitnet-inference", &text(4096))["isError"], json!(false));
    let whole = since.elapsed();
    assert!(one < whole * 2, "{one:?} after four that were cancelled, {whole:?} for one of them");
}

#[test]
fn a_text_is_a_task_for_a_client_that_takes_tasks() {
    let folder = folder("task", "4200");
    let site = Site::start(&["--models", folder.to_str().unwrap()]);
    let ask = |method: &str, params: Value| {
        let mut message = stateless(&json!(1), method, params);
        message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        site.post(&repeated(&message), &message).json()["result"].clone()
    };
    let call = json!({"name": "bitnet-inference", "arguments": text(4096)});
    let made = ask("tools/call", call);
    let Some(id) = made.get("taskId").cloned() else {
        // This machine writes 4096 tokens before a call becomes a task.
        assert_eq!(made["isError"], json!(false), "{made}");
        return;
    };
    let task = until(
        || {
            let task = ask("tasks/get", json!({"taskId": id}));
            (task["status"] != "working").then_some(task)
        },
        || site.gateway.log(),
    );
    assert_eq!(task["status"], "completed", "{task}");
    let written = &task["result"]["structuredContent"];
    assert!(written["tokens_generated"].as_u64().unwrap() > 0, "{task}");
}

#[test]
fn serve_is_the_same_server_over_http_and_with_devices() {
    let folder = folder("served", "400");
    let mut command = Gateway::command(&[]);
    let mut serve = Command::new(TRINE);
    serve.arg("serve").args(["--models", folder.to_str().unwrap()]);
    serve.args(["--simulate", "--http", "127.0.0.1:0"]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => serve.env(name, value),
            None => serve.env_remove(name),
        };
    }
    command.args(["--models", "/no/such/folder"]);
    let refused = command.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("/no/such/folder"), "{said}");
    serve.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let gateway = Gateway::spawn(serve.stderr(std::process::Stdio::piped()));
    let log = gateway.logged("/mcp");
    let (_, rest) = log.split_once("http://").unwrap();
    let address = rest.split('/').next().unwrap().to_owned();
    let mut site = Site { gateway, address };
    let answer = until(
        || {
            let answer = site.ask("tools/list", json!({})).json();
            (listed(&answer).len() == BOARD + 2).then_some(answer)
        },
        || site.gateway.log(),
    );
    assert_eq!(names(&listed(&answer))[..2], ["bitnet-inference", "bitnet-health"]);
    assert_eq!(site.call("bitnet-inference", &text(2))["isError"], json!(false));
    site.terminate();
    assert!(site.gateway.exited().success());
}

/// 7 MB in its file, and 5 MB more when it is packed.
#[test]
fn without_memory_for_a_text_model_sentences_still_become_calls_and_each_step_is_logged() {
    let folder = wide_folder("no-memory", "100", "1024", "4");
    let models = folder.to_str().unwrap();
    let written = |memory: &str| {
        let arguments = ["--models", models, "--memory", memory, "--simulate", "--ask=base"];
        let mut gateway = Gateway::start(&arguments);
        gateway.tools_of(BOARD + 4);
        let answer = gateway.ask(
            "tools/call",
            json!({
                "name": "bitnet-inference", "arguments": text(4),
            }),
        );
        let health = gateway.value("bitnet-health", json!({}));
        let sentence = json!({"text": "make the fan spin at forty percent"});
        assert_eq!(gateway.value("ask", sentence)["tool"], "fan_set");
        let log = gateway.log();
        assert!(gateway.end().success());
        (answer["result"].clone(), health, log)
    };
    let (whole, _, log) = written("64");
    assert!(!log.contains("the limit is"), "{log}");
    let (in_file, health, log) = written("9");
    let both = [&whole, &in_file].map(|it| it["structuredContent"]["generated_text"].clone());
    assert!(both[0].is_string() && both[0] == both[1], "{both:?}");
    assert_eq!((&health["status"], &health["models_loaded"]), (&json!("healthy"), &json!(1)));
    assert!(log.contains("a.gguf: packed for this processor it takes"), "{log}");
    let (refused, health, log) = written("1");
    assert_eq!(refused["isError"], true, "{refused}");
    assert_eq!((&health["status"], &health["models_loaded"]), (&json!("degraded"), &json!(0)));
    assert!(health["problem"].as_str().unwrap().contains("raise --memory"), "{health}");
    assert!(log.contains("sentences still become calls by `ask`"), "{log}");
}
