//! Plug-ins of Extism: one that its authors have compiled, and one by hand that means harm.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_gateway::json_tools::{JsonTools, load_definition};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_wasm::{Extism, Guest, Limits, Task};

const PATIENCE: Duration = Duration::from_secs(60);

/// A file of the development kit of Extism for Rust, which comes with a plug-in. Cargo has brought
/// it, in the version and with the checksum of `Cargo.lock`.
fn of_the_kit(name: &str) -> Vec<u8> {
    static KIT: OnceLock<PathBuf> = OnceLock::new();
    let kit = KIT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--format-version=1", "--locked"]);
        let done = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        let all: Value = serde_json::from_slice(&done.stdout).unwrap();
        let mut packages = all["packages"].as_array().unwrap().iter();
        let kit = packages.find(|package| package["name"] == "extism-pdk").unwrap();
        Path::new(kit["manifest_path"].as_str().unwrap()).with_file_name("")
    });
    std::fs::read(kit.join(name)).unwrap()
}

/// The plug-in of `extism.c`; none where no clang is installed by `cargo xtask setup`.
fn by_hand() -> Option<&'static [u8]> {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    let made = || {
        let out = std::env::temp_dir().join(format!("trine-extism-{}.wasm", std::process::id()));
        let mut clang = Command::new("clang");
        clang.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "--target=wasm32", "-O1"]);
        clang.args(["-ffreestanding", "-nostdlib", "-Wl,--no-entry"]);
        clang.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/extism.c")).arg("-o").arg(&out);
        assert!(clang.status().unwrap().success(), "run `cargo xtask setup`");
        let wasm = std::fs::read(&out).unwrap();
        std::fs::remove_file(out).unwrap();
        wasm
    };
    cfg!(target_os = "linux").then(|| &**WASM.get_or_init(made))
}

fn limits() -> Limits {
    let time = Duration::from_secs(30);
    Limits { fuel: 5_000_000, time, memory: 2 << 20, ..Limits::default() }
}

/// A tool with one text, done by a function of a plug-in.
struct Tool(Arc<Hub>);

impl Tool {
    fn of(wasm: &[u8], task: Task, limits: &Limits) -> Self {
        Self::serving(Extism::load(wasm, task, limits).unwrap())
    }

    fn serving(plug_in: Extism) -> Self {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        let definition = r#"{"id": "tool", "name": "Tool", "description": "A tool.",
            "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}}}"#;
        let definition = load_definition(definition).unwrap();
        hub.add_tools(JsonTools::new(vec![(definition, Arc::new(plug_in))]).unwrap()).unwrap();
        Self(hub)
    }

    /// A tool by hand, whose output is a text.
    fn new(wasm: &[u8], function: &str) -> Self {
        Self::of(wasm, task(function), &limits())
    }

    fn call(&self, text: &str) -> Result<Value, String> {
        let report = self.0.call_own("tool", &json!({ "text": text }).to_string(), PATIENCE);
        let report = report.unwrap();
        match report.is_error {
            true => Err(report.text),
            false => Ok(report.result["structuredContent"].clone()),
        }
    }

    /// What it says of a text.
    fn said(&self, text: &str) -> String {
        self.call(text).unwrap()["said"].as_str().unwrap().to_owned()
    }
}

fn task(function: &str) -> Task {
    let [input, output] = ["text", "said"].map(|name| Some(name.to_owned()));
    let config = [("colour".to_owned(), "blue".to_owned())].into();
    Task { function: function.to_owned(), config, input, output }
}

#[test]
fn a_plug_in_that_others_have_compiled_loads_and_answers() {
    let task = Task { output: None, ..task("count_vowels") };
    for file in ["count_vowels.wasm", "test/code.wasm"] {
        let tool = Tool::of(&of_the_kit(file), task.clone(), &limits());
        for (text, count) in [("Hello, world!", 3), ("", 0), ("äöü aeiou", 5)] {
            let counted = tool.call(text).unwrap();
            assert_eq!(counted["count"], json!(count), "{file}: {text}: {counted}");
        }
        // A text that takes many calls of the functions that read it.
        let long = "trine ".repeat(2_000);
        assert_eq!(tool.call(&long).unwrap()["count"], json!(4_000));
    }
}

#[test]
fn what_a_plug_in_of_others_may_not_is_named() {
    let load = |file: &str, function: &str| {
        Extism::load(&of_the_kit(file), task(function), &limits()).map(drop)
    };
    let said = load("test/host_function.wasm", "count_vowels").unwrap_err().to_string();
    assert!(said.contains("'hello_world' of module 'extism:host/user'"), "{said}");
    let said = load("count_vowels.wasm", "count").unwrap_err().to_string();
    assert!(said.contains("no function 'count'"), "{said}");
    // The network: it is loaded, and its call fails.
    let tool = Tool::new(&of_the_kit("test/http.wasm"), "http_get");
    let said = tool.call("{\"url\": \"http://192.0.2.1/\"}").unwrap_err();
    assert!(said.contains("over HTTP, which it may not"), "{said}");
    // As a plug-in with a table it is refused, with what to do.
    let said = Guest::load(&of_the_kit("count_vowels.wasm"), &limits()).unwrap_err().to_string();
    assert!(said.contains("plug-in of Extism") && said.contains("\"execute\""), "{said}");
}

#[test]
fn input_output_settings_and_variables_are_what_extism_says() {
    let Some(wasm) = by_hand() else { return };
    let tool = Tool::new(wasm, "backwards");
    for text in ["", "a", "abcdefg", "abcdefgh", "abcdefghi"] {
        assert_eq!(tool.said(text), text.chars().rev().collect::<String>());
    }
    let tool = Tool::new(wasm, "setting");
    assert_eq!([tool.said("colour"), tool.said("size"), tool.said("")], ["blue", "none", "none"]);
    // Variables stay from call to call, and are those of this tool.
    let count = Tool::new(wasm, "count");
    assert_eq!([count.said(""), count.said(""), count.said("")], ["1", "2", "3"]);
    assert_eq!(Tool::new(wasm, "count").said(""), "1");
    assert_eq!(Tool::new(wasm, "forget").said(""), "gone");
    assert_eq!(Tool::new(wasm, "wasi").said(""), "as it should be");
    let unjudged = Tool::of(wasm, Task { output: None, ..task("unjudged") }, &limits());
    assert_eq!(unjudged.call(""), Ok(json!({"ok": true})));
    let said = Extism::load(wasm, task("takes_one"), &limits()).unwrap_err().to_string();
    assert!(said.contains("no function 'takes_one' without parameters"), "{said}");
}

#[test]
fn a_plug_in_fails_with_its_own_words_and_goes_on() {
    let Some(wasm) = by_hand() else { return };
    let said = Tool::new(wasm, "fails").call("").unwrap_err();
    assert!(said.contains("tank is empty") && !said.contains('\x1b'), "{said:?}");
    let said = Tool::new(wasm, "fails_without_a_word").call("").unwrap_err();
    assert!(said.contains("its function answered 7"), "{said}");
    let said = Tool::of(wasm, Task { output: None, ..task("backwards") }, &limits());
    assert!(said.call("x").unwrap_err().contains("name a member for it with `output`"));
}

#[test]
fn what_reaches_outside_its_memory_reaches_nothing() {
    let Some(wasm) = by_hand() else { return };
    assert_eq!(Tool::new(wasm, "stray").said("abc"), "nothing");
    for function in ["output_outside", "output_too_long", "error_outside", "log_outside"] {
        let said = Tool::new(wasm, function).call("").unwrap_err();
        assert!(said.contains("outside its Extism memory"), "{function}: {said}");
    }
}

#[test]
fn each_cap_stops_a_call_by_name_and_the_next_one_runs_in_a_new_instance() {
    let Some(wasm) = by_hand() else { return };
    for (function, why) in [
        ("huge", "more than 2097152 bytes of memory"),
        ("hoard", "more than 2097152 bytes of memory"),
        ("crumbs", "more than 2097152 bytes of memory"),
        ("large", "more than 2097152 bytes of memory"),
        ("keeps_too_much", "variables take more than 1048576 bytes"),
        ("forever", "more than 5000000 instructions: raise its limit `fuel`"),
        ("deep", "more than 1000 deep"),
        ("traps", "it was stopped"),
        ("asks_the_network", "'http://192.0.2.1/secret' over HTTP"),
        ("leaves", "ended itself with status 9"),
    ] {
        let tool = Tool::new(wasm, function);
        // The second call comes to a new instance, and is told the same.
        for _ in 0..2 {
            let said = tool.call("").unwrap_err();
            assert!(said.contains(why), "{function}: {said}");
        }
    }
    let time = Duration::from_millis(50);
    let slow = Limits { fuel: u64::MAX, time, ..limits() };
    let tool = Tool::of(wasm, task("forever"), &slow);
    let began = Instant::now();
    assert!(tool.call("").unwrap_err().contains("more than 50 ms: raise its limit `time`"));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let wide = Limits { memory: 16 << 20, ..limits() };
    let said = Tool::of(wasm, task("large"), &wide).call("").unwrap_err();
    assert!(said.contains("3000000 bytes, and its limit `result` is 1048576"), "{said}");
    // An input that has no room.
    let small = Limits { memory: 200_000, ..limits() };
    let tool = Tool::of(wasm, task("backwards"), &small);
    assert!(tool.call(&"a".repeat(300_000)).unwrap_err().contains("bytes of memory"));
    assert_eq!(tool.said("ab"), "ba");
}

#[test]
fn calls_wait_for_each_other_and_one_too_many_is_refused() {
    let Some(wasm) = by_hand() else { return };
    let time = Duration::from_secs(2);
    let limits = Limits { fuel: u64::MAX, time, waiting: 1, ..limits() };
    let tool = Tool::of(wasm, task("forever"), &limits);
    let said = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| tool.call("").unwrap_err())).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
    });
    let count = |why: &str| said.iter().filter(|it| it.contains(why)).count();
    assert_eq!((count("too many calls wait"), count("more than 2000 ms")), (2, 2), "{said:?}");
}

#[test]
fn a_function_may_have_any_name_that_webassembly_allows() {
    let text = r#"(module (memory (export "memory") 1) (func (export "a\00b")))"#;
    let wasm = wat::parse_str(text).unwrap();
    let tool = Tool::of(&wasm, task("a\0b"), &limits());
    assert_eq!(tool.said("x"), "");
}

#[test]
fn a_start_function_that_never_ends_is_stopped_by_name() {
    let wasm = wat::parse_str(
        "(module (func $f (loop $a (br $a))) (start $f)
        (func (export \"f\")))",
    );
    let said = Extism::load(&wasm.unwrap(), task("f"), &limits()).unwrap_err().to_string();
    assert!(said.starts_with("its start did not return: it ran for more than"), "{said}");
}

#[test]
fn damaged_plug_ins_are_refused_or_run() {
    let whole = of_the_kit("count_vowels.wasm");
    let limits = Limits { fuel: 300_000, memory: 2 << 20, ..limits() };
    let mut random = trine_bits::Random::new(70);
    let mut loaded = 0;
    for _ in 0..200 {
        let mut wasm = whole.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(wasm.len());
            wasm[at] = random.below(256) as u8;
        }
        let task = Task { output: None, ..task("count_vowels") };
        if let Ok(plug_in) = Extism::load(&wasm, task, &limits) {
            loaded += 1;
            _ = Tool::serving(plug_in).call("Hello, world!");
        }
    }
    assert!(loaded > 20, "{loaded}");
}

/// Functions that `docs/plugins.md` lists for whoever writes one.
#[test]
fn the_page_lists_each_function_of_wasi_that_is_given() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plugins.md");
    let page = std::fs::read_to_string(page).unwrap();
    let source = include_str!("../../src/extism/wasi.rs");
    let names = source.lines().filter_map(|line| line.trim().strip_prefix("(\""));
    let mut count = 0;
    for name in names.filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
        count += 1;
    }
    assert_eq!(count, 23);
}
