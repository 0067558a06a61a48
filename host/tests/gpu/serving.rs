//! `trine serve` on a device.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::fails::{asked, library};
use super::{Settings, said, warnings};

/// Answers of `trine serve`, and what it says.
struct Served {
    answers: Vec<Value>,
    output: std::process::Output,
}

/// Two texts and a look at the server's health.
fn serve(backend: &str, settings: Settings<'_>) -> Served {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/bitnet");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(["serve", "--backend", backend, "--models"]).arg(models);
    command.env("TRINE_LOG", "off").envs(settings.iter().copied());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = pipes.spawn().unwrap();
    let mut orders = server.stdin.take().unwrap();
    let mut request = |id: u32, method: &str, params: Value| {
        let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(orders, "{line}").unwrap();
    };
    let client = json!({ "name": "test", "version": "1" });
    let version = "2025-06-18";
    let opens = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
    request(0, "initialize", opens);
    for id in [1, 2] {
        let arguments = json!({ "model_path": "plain.gguf", "prompt": "THE CAT SAT ON THE MAT",
                                "max_tokens": 20, "temperature": 0 });
        let name = "bitnet-inference";
        request(id, "tools/call", json!({ "name": name, "arguments": arguments }));
    }
    // The end of input lets texts end.
    drop(orders);
    let output = server.wait_with_output().unwrap();
    assert!(output.status.success(), "{settings:?}: {}", said(&output));
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    let answers: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    Served { answers, output }
}

impl Served {
    /// The result of a call.
    fn result(&self, id: u32) -> &Value {
        let answer = self.answers.iter().find(|answer| answer["id"] == json!(id));
        &answer.unwrap_or_else(|| panic!("{}", said(&self.output)))["result"]
    }

    fn texts(&self) -> [&str; 2] {
        [1, 2].map(|id| {
            let result = self.result(id);
            assert_eq!(result["isError"], json!(false), "{result}");
            result["structuredContent"]["generated_text"].as_str().unwrap()
        })
    }
}

#[test]
fn clients_get_the_processors_texts_from_a_device() {
    let wanted = serve("cpu", &[]);
    let found = serve("vulkan", &[("LD_PRELOAD", library())]);
    assert_eq!(found.texts(), wanted.texts());
    assert!(!wanted.texts()[0].is_empty());
    assert!(said(&found.output).contains("Vulkan0"), "{}", said(&found.output));
    assert!(warnings(&found.output).is_empty(), "{}", said(&found.output));
    // The model stays on the device.
    assert_eq!(found.result(2)["structuredContent"]["load_time_ms"], json!(0));
    assert!(found.result(1)["structuredContent"]["memory_used"].as_u64() > Some(0));

    // Lost when it is opened, in the first text, and in the second.
    let [submissions, _] = asked(&found.output);
    for after in [0, submissions / 2, submissions - 1] {
        let after = after.to_string();
        let settings: Settings<'_> =
            &[("LD_PRELOAD", library()), ("FAILS_AT", "wait"), ("FAILS_AFTER", &after)];
        let goes_on = serve("vulkan,cpu", settings);
        assert_eq!(goes_on.texts(), wanted.texts(), "{settings:?}");
        let warned = warnings(&goes_on.output);
        let is_told = |line: &String| line.contains("ErrorDeviceLost") && line.contains("plain");
        assert!(warned.len() == 1 && warned.iter().all(is_told), "{warned:?}");

        // Without leave to go on each call is answered all the same.
        let refused = serve("vulkan", settings);
        let last = refused.result(2);
        assert_eq!(last["isError"], json!(true), "{settings:?}: {last}");
        let why = last["content"][0]["text"].as_str().unwrap();
        assert!(why.contains("ErrorDeviceLost"), "{settings:?}: {why}");
        assert!(refused.result(1)["isError"].is_boolean());
    }
}

#[test]
fn a_server_starts_on_the_processor_where_there_is_no_device_if_it_may() {
    let none: Settings<'_> = &[("GGML_VK_VISIBLE_DEVICES", "99")];
    let wanted = serve("cpu", &[]);
    for backend in ["auto", "vulkan,cpu"] {
        let found = serve(backend, none);
        assert_eq!(found.texts(), wanted.texts());
        assert_eq!(warnings(&found.output).len(), 1, "{}", said(&found.output));
    }
}
