//! Files that other people's tools have made: modules, plug-ins of Extism and components.
//!
//! What is loaded is called once; it ends at its caps, and nothing panics.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use trine_gateway::json_tools::{JsonTools, load_definition};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_wasm::{Extism, Guest, Limits, Task};

static HUB: LazyLock<Arc<Hub>> = LazyLock::new(|| {
    Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).expect("no device")
});

const DEFINITION: &str = r#"{"id": "f", "name": "F", "description": "F.",
    "input_schema": {"type": "object"}}"#;

/// Loads the bytes as a module with a table, and as a plug-in of Extism whose function is `f`.
pub fn run(data: &[u8]) {
    let time = Duration::from_millis(200);
    let limits = Limits { fuel: 30_000, time, memory: 1 << 20, ..Limits::default() };
    if let Err(error) = Guest::load(data, &limits) {
        assert!(error.to_string().len() > 8);
    }
    let output = Some("said".to_owned());
    let task = Task { function: "f".to_owned(), output, ..Task::default() };
    let plug_in = match Extism::load(data, task, &limits) {
        Ok(plug_in) => plug_in,
        Err(error) => return assert!(error.to_string().len() > 8),
    };
    let definition = load_definition(DEFINITION).expect("it is one");
    let tools = JsonTools::new(vec![(definition, Arc::new(plug_in))]).expect("one tool");
    let id = HUB.add_tools(tools).expect("it is alone");
    let called = HUB.call_own("f", "{\"text\": \"a b\"}", Duration::from_secs(20));
    assert!(!called.expect("it is there").text.contains("no answer within"));
    let leaving = HUB.remove_tools(id).expect("it is there");
    assert!(leaving.wait(Duration::from_secs(20)), "nothing is under way");
}
