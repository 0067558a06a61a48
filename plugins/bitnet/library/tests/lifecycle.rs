//! The plug-in of language models from its first load to a roll-back, while clients call it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{json, Value};
use trine_gateway::host_tools::{table, ToolsId};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_models::inference::Service;
use trine_models::model::{make, HeadFormat, Shape, Text, Weights};
use trine_plugins::{Plugins, Policy, Step};

const PATIENCE: Duration = Duration::from_secs(60);
const CLIENTS: u64 = 4;

/// A library that cargo has built with this test.
fn library(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let built = here.parent().and_then(std::path::Path::parent).unwrap();
    let (begin, end) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    built.join(name.replace("NAME", &format!("{begin}bitnet_inference")) + end)
}

struct Site {
    hub: Arc<Hub>,
    plugins: Plugins,
    id: ToolsId,
}

impl Site {
    fn new() -> Self {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        let plugins = Plugins::new(Arc::clone(&hub), Policy::default());
        plugins.load(&[library("deps/NAME")]).unwrap();
        let id = plugins.list()[0].id;
        Self { hub, plugins, id }
    }

    fn call(&self, tool: &str, arguments: &Value) -> Result<Value, String> {
        let report = self.hub.call_own(tool, &arguments.to_string(), PATIENCE);
        let report = report.map_err(|error| error.to_string())?;
        match report.is_error {
            true => Err(report.text),
            false => Ok(report.result["structuredContent"].clone()),
        }
    }

    fn version(&self) -> String {
        self.plugins.list()[0].about.version.to_string()
    }
}

/// A folder with a small model whose tokens are bytes, which the plug-in reads.
fn models() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape {
        vocab: 258,
        context: 400,
        width: 128,
        blocks: 1,
        ffn: 128,
        heads: 2,
        kv_heads: 1,
        text: Text::Byte,
        ..Shape::tiny(Weights::I2S, HeadFormat::F16)
    };
    let mut file = std::fs::File::create(folder.path().join("model.gguf")).unwrap();
    make(&shape, 1, &mut file, |_| {}).unwrap();
    folder
}

fn order(seed: u64) -> Value {
    json!({"model_path": "model.gguf", "prompt": format!("Number {seed}"), "max_tokens": 24,
           "temperature": 1, "seed": seed})
}

/// One test: the folder of the models is a variable of the process.
#[test]
fn a_library_of_models_is_called_swapped_under_load_and_rolled_back() {
    let folder = models();
    std::env::set_var("TRINE_MODELS", folder.path());
    refused_where_there_is_too_little();
    let site = Site::new();
    its_tools_are_those_of_the_server(&site);

    let refused = |arguments: Value| site.call("bitnet-inference", &arguments).unwrap_err();
    let missing = json!({"model_path": "../model.gguf", "prompt": "x"});
    assert!(refused(missing).contains("../model.gguf"));
    let long = json!({"model_path": "model.gguf", "prompt": "x", "max_tokens": 4097});
    assert!(refused(long).contains("max_tokens must be at most 4096"));

    let first = site.call("bitnet-inference", &order(0)).unwrap();
    assert_eq!(
        (first["tokens_generated"].as_u64(), first["finish_reason"].as_str()),
        (Some(24), Some("length"))
    );
    assert!(first["memory_used"].as_u64().unwrap() > 0);
    let again = site.call("bitnet-inference", &order(0)).unwrap();
    assert_eq!(
        (&again["generated_text"], &again["load_time_ms"]),
        (&first["generated_text"], &json!(0))
    );
    let health = site.call("bitnet-health", &json!({})).unwrap();
    assert_eq!((&health["status"], &health["models_loaded"]), (&json!("healthy"), &json!(1)));

    swapped_under_load(&site);
    site.plugins.close();
    assert!(site.call("bitnet-health", &json!({})).is_err());
}

/// It needs 2 GiB and takes 8 at most: that is more than a budget of 1 GiB.
fn refused_where_there_is_too_little() {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let policy = Policy { memory_all: Some(1 << 30), ..Policy::default() };
    let plugins = Plugins::new(Arc::clone(&hub), policy);
    let error = plugins.load(&[library("deps/NAME")]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Resources));
    assert!(error.to_string().contains("needs 2147483648 bytes of memory"), "{error}");
    assert!(plugins.list().is_empty());
}

/// Clients call it all the time; each text has to be that of its number, whatever version wrote it.
fn swapped_under_load(site: &Site) {
    let expected: Vec<_> = (0..32)
        .map(|seed| site.call("bitnet-inference", &order(seed)).unwrap()["generated_text"].clone())
        .collect();
    let (is_over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (is_over, sent, wrong, expected) = (&is_over, &sent, &wrong, &expected);
            scope.spawn(move || {
                for number in (client..).step_by(7) {
                    if is_over.load(Ordering::Acquire) {
                        return;
                    }
                    let seed = number % 32;
                    sent.fetch_add(1, Ordering::AcqRel);
                    let text = site.call("bitnet-inference", &order(seed));
                    let text = text.map(|text| text["generated_text"].clone());
                    if text.as_ref() != Ok(&expected[seed as usize]) {
                        wrong.lock().unwrap().push((number, text));
                    }
                }
            });
        }
        let more_calls = || {
            let (end, now) = (Instant::now() + PATIENCE, sent.load(Ordering::Acquire));
            while sent.load(Ordering::Acquire) < now + 20 && Instant::now() < end {
                thread::sleep(Duration::from_millis(1));
            }
        };
        for _ in 0..3 {
            more_calls();
            let leaving = site.plugins.update(&library("examples/NAME_next"), true).unwrap();
            assert_eq!(site.version(), "1.1.0");
            assert!(leaving.wait(PATIENCE));
            more_calls();
            let leaving = site.plugins.roll_back("bitnet-inference").unwrap();
            assert_eq!(site.version(), "1.0.0");
            assert!(leaving.wait(PATIENCE));
        }
        more_calls();
        is_over.store(true, Ordering::Release);
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
    let sent = sent.into_inner();
    println!("{sent} texts by {CLIENTS} clients during 6 swaps");
    // The counts begin again with each version.
    let stats = site.hub.tool_stats(site.id, "bitnet-inference").unwrap();
    assert!(sent >= 140 && stats.calls >= 20 && stats.errors == 0, "{sent} {stats:?}");
}

fn its_tools_are_those_of_the_server(site: &Site) {
    use trine_descriptor::{Side, ToolTable as _};
    let (own, served) = (site.hub.own_table(site.id).unwrap(), table(Service::tools()).unwrap());
    assert_eq!(own.count(), served.count());
    for row in 0..own.count() {
        let (mut info, expected) = (own.info(row).unwrap(), served.info(row).unwrap());
        assert_eq!(info.limits.deadline_ms, 3_600_000);
        info.limits.deadline_ms = expected.limits.deadline_ms;
        assert_eq!(info, expected);
        for side in [Side::Params, Side::Output] {
            assert_eq!(own.node_count(row, side), served.node_count(row, side));
            for node in 0..own.node_count(row, side) {
                let [own, served] = [own.node(row, side, node), served.node(row, side, node)];
                assert_eq!(format!("{own:?}"), format!("{served:?}"));
            }
        }
    }
}
