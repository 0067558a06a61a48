//! `trine serve` on a device.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Output, Stdio};

use serde_json::{Value, json};

use super::fails::{asked, library};
use super::{Settings, said, warnings};

/// A folder with the same model under two names.
fn models() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serving");
    std::fs::create_dir_all(&folder).unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/bitnet/bytes.gguf");
    for name in ["plain.gguf", "other.gguf"] {
        let (new, path) = (folder.join("new"), folder.join(name));
        if !path.exists() {
            std::fs::copy(&model, &new).unwrap();
            std::fs::rename(&new, &path).unwrap();
        }
    }
    folder
}

fn request(orders: &mut ChildStdin, id: usize, method: &str, params: &Value) {
    let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    writeln!(orders, "{line}").unwrap();
}

/// What the server answered to each call, and what it said.
struct Served {
    results: Vec<Value>,
    output: Output,
}

/// A text of each of these models: one after the other, or all asked for together.
fn serve(backend: &str, settings: Settings<'_>, names: &[&str], together: bool) -> Served {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(["serve", "--backend", backend, "--models"]).arg(models());
    command.env("TRINE_LOG", "off").envs(settings.iter().copied());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = pipes.spawn().unwrap();
    let mut orders = server.stdin.take().unwrap();
    let mut answers = BufReader::new(server.stdout.take().unwrap()).lines();
    let client = json!({ "name": "test", "version": "1" });
    let opens = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
                        "clientInfo": client });
    request(&mut orders, names.len(), "initialize", &opens);
    let mut results = vec![Value::Null; names.len() + 1];
    let mut next = || {
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        results[answer["id"].as_u64().unwrap() as usize] = answer["result"].clone();
    };
    next();
    for (id, name) in names.iter().enumerate() {
        let arguments = json!({ "model_path": name, "prompt": "THE CAT SAT ON THE MAT",
                                "max_tokens": 20, "temperature": 0 });
        let call = json!({ "name": "bitnet-inference", "arguments": arguments });
        request(&mut orders, id, "tools/call", &call);
        if !together {
            next();
        }
    }
    if together {
        names.iter().for_each(|_| next());
    }
    drop(orders);
    let output = server.wait_with_output().unwrap();
    assert!(output.status.success(), "{settings:?}: {}", said(&output));
    results.pop();
    Served { results, output }
}

const TWICE: [&str; 2] = ["plain.gguf"; 2];

impl Served {
    fn text(&self, call: usize) -> &str {
        let result = &self.results[call];
        assert_eq!(result["isError"], json!(false), "{result}");
        result["structuredContent"]["generated_text"].as_str().unwrap()
    }

    /// What a call was answered that failed.
    fn refusal(&self, call: usize) -> &str {
        let result = &self.results[call];
        assert_eq!(result["isError"], json!(true), "{result}");
        result["content"][0]["text"].as_str().unwrap()
    }
}

#[test]
fn clients_get_the_processors_texts_from_a_device() {
    let wanted = serve("cpu", &[], &TWICE, false);
    let found = serve("vulkan", &[("LD_PRELOAD", library())], &TWICE, false);
    assert!(!wanted.text(0).is_empty());
    assert!([0, 1].iter().all(|call| found.text(*call) == wanted.text(0)));
    assert!(said(&found.output).contains("Vulkan0"), "{}", said(&found.output));
    assert!(warnings(&found.output).is_empty(), "{}", said(&found.output));
    // The model stays on the device.
    assert_eq!(found.results[1]["structuredContent"]["load_time_ms"], json!(0));
    assert!(found.results[0]["structuredContent"]["memory_used"].as_u64() > Some(0));

    // Lost when it is opened, in the first text, and in the second.
    let [submissions, _] = asked(&found.output);
    for after in [0, submissions / 2, submissions - 1] {
        let after = after.to_string();
        let settings: Settings<'_> =
            &[("LD_PRELOAD", library()), ("FAILS_AT", "wait"), ("FAILS_AFTER", &after)];
        let goes_on = serve("vulkan,cpu", settings, &TWICE, false);
        assert!([0, 1].iter().all(|call| goes_on.text(*call) == wanted.text(0)), "{settings:?}");
        let warned = warnings(&goes_on.output);
        let is_told = |line: &String| line.contains("ErrorDeviceLost") && line.contains("plain");
        assert!(warned.len() == 1 && warned.iter().all(is_told), "{warned:?}");

        // Without leave to go on the call is answered all the same, and the server goes on.
        let refused = serve("vulkan", settings, &TWICE, false);
        assert!(refused.refusal(1).contains("ErrorDeviceLost"), "{}", refused.refusal(1));
    }
}

#[test]
fn a_model_that_a_device_had_no_memory_for_is_opened_again_for_the_next_call() {
    let wanted = serve("cpu", &[], &TWICE, false);
    let settings: Settings<'_> = &[
        ("LD_PRELOAD", library()),
        ("FAILS_AT", "memory"),
        ("FAILS_AFTER", "1"),
        // ggml asks for memory in a second way where it gets none in the first.
        ("FAILS_TIMES", "2"),
    ];
    let found = serve("vulkan", settings, &TWICE, false);
    assert!(found.refusal(0).contains("emory"), "{}", found.refusal(0));
    assert_eq!(found.text(1), wanted.text(0));
}

#[test]
fn two_models_share_a_device() {
    let both = ["plain.gguf", "other.gguf", "plain.gguf", "other.gguf"];
    let wanted = serve("cpu", &[], &TWICE, false);
    let found = serve("vulkan", &[], &both, true);
    assert!((0..both.len()).all(|call| found.text(call) == wanted.text(0)));
}

#[test]
fn a_server_starts_on_the_processor_where_there_is_no_device_if_it_may() {
    let none: Settings<'_> = &[("GGML_VK_VISIBLE_DEVICES", "99")];
    let wanted = serve("cpu", &[], &TWICE, false);
    for backend in ["auto", "vulkan,cpu"] {
        let found = serve(backend, none, &TWICE, false);
        assert!([0, 1].iter().all(|call| found.text(*call) == wanted.text(0)));
        assert_eq!(warnings(&found.output).len(), 1, "{}", said(&found.output));
    }
}
