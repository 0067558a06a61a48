//! Projects of `trine new tool`: made, built, tested, served and replaced while they are called.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{done, trine};

/// Makes a project and runs `make` in it.
fn make(folder: &Path, what: &[&str]) -> bool {
    let mut make = Command::new("make");
    make.arg("--no-print-directory").args(what).current_dir(folder);
    make.env("TRINE", env!("CARGO_BIN_EXE_trine")).env("TRINE_LOG", "off");
    // Where many have set one for all of their projects.
    make.env("CARGO_TARGET_DIR", folder.join("../elsewhere"));
    make.stdout(Stdio::null()).status().unwrap().success()
}

fn project(folder: &Path, name: &str, lang: &str) -> String {
    let path = folder.join(name).to_str().unwrap().to_owned();
    let said = done(&["new", "tool", name, "--lang", lang, "--folder", &path]);
    assert!(said.contains("  1 schema") && said.contains("  7 monitoring"), "{said}");
    path
}

#[test]
fn a_project_in_each_language_builds_tests_and_loads_at_once() {
    let folder = TempDir::new().unwrap();
    for lang in ["c", "cpp", "rust", "wasm", "python"] {
        let name = format!("my-{lang}");
        let path = project(folder.path(), &name, lang);
        assert!(make(path.as_ref(), &["test"]), "{lang}");
        let library = match lang {
            "wasm" => format!("{path}/{name}.wasm"),
            "python" => format!("{path}/{name}.json"),
            _ => format!("{path}/lib{name}.so"),
        };
        let report = done(&["plugin", "check", &library]);
        let has_version = report.contains("1.0.0") || lang == "python";
        assert!(has_version && report.contains(&format!("my_{lang}")), "{report}");
        // What the tool refuses by itself.
        let call =
            trine(&["plugin", "call", &library, &format!("my_{lang}"), r#"{"celsius":999.9}"#]);
        assert_eq!(call.status.code(), Some(1));
        assert!(String::from_utf8(call.stdout).unwrap().contains("measure again"));
    }
}

#[test]
fn a_template_of_ones_own_is_taken_and_nothing_is_written_over() {
    let folder = TempDir::new().unwrap();
    let template = folder.path().join("template");
    std::fs::create_dir_all(template.join("src")).unwrap();
    std::fs::write(template.join("src/@name@.txt"), "@tool@ of @name@").unwrap();
    std::fs::write(template.join("raw"), b"@name@\xff").unwrap();
    let (template, path) = (template.to_str().unwrap(), folder.path().join("mine"));
    let path = path.to_str().unwrap();
    done(&["new", "tool", "two-words", "--template", template, "--folder", path]);
    let text = std::fs::read_to_string(format!("{path}/src/two-words.txt")).unwrap();
    assert_eq!(text, "two_words of two-words");
    assert_eq!(std::fs::read(format!("{path}/raw")).unwrap(), b"@name@\xff");
    let again = trine(&["new", "tool", "two-words", "--folder", path]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8(again.stderr).unwrap().contains("is not empty"));
    let bad = trine(&["new", "tool", "../up", "--folder", path]);
    assert_eq!(bad.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn of_a_template_each_file_is_taken_and_programs_stay_programs() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let template = folder.path().join("template");
    std::fs::create_dir(&template).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
    std::fs::write(template.join("@name@.sh"), "#!/bin/sh\necho @tool@\n").unwrap();
    std::fs::write(template.join(odd), "@name@").unwrap();
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(template.join("@name@.sh"), runs).unwrap();
    let (template_path, path) = (template.to_str().unwrap(), folder.path().join("mine"));
    let new = ["new", "tool", "a-b", "--template", template_path, "--folder"];
    done(&[&new[..], &[path.to_str().unwrap()]].concat());
    let said = Command::new(path.join("a-b.sh")).output().unwrap().stdout;
    assert_eq!(said, b"a_b\n");
    assert_eq!(std::fs::read(path.join(odd)).unwrap(), b"a-b");
    assert_eq!(std::fs::metadata(path.join(odd)).unwrap().permissions().mode() & 0o111, 0);
    // Two files that get one name: neither is lost without a word.
    std::fs::write(template.join("a-b.sh"), "mine").unwrap();
    let again = folder.path().join("again");
    let twice = trine(&[&new[..], &[again.to_str().unwrap()]].concat());
    assert_eq!(twice.status.code(), Some(2));
    assert!(String::from_utf8(twice.stderr).unwrap().contains("again/a-b.sh"));
}

#[test]
fn a_project_may_have_the_name_of_a_module_of_python_or_a_word_of_rust() {
    let folder = TempDir::new().unwrap();
    for (name, lang) in [("json", "python"), ("calendar", "python"), ("import", "python")] {
        assert!(make(project(folder.path(), name, lang).as_ref(), &["test"]), "{name} {lang}");
    }
    let path = project(folder.path(), "fn", "rust");
    assert!(make(path.as_ref(), &["test"]), "fn rust");
}

#[test]
fn what_functions_of_a_table_in_cpp_throw_is_a_failure_and_ends_no_program() {
    let folder = TempDir::new().unwrap();
    let path = project(folder.path(), "throws", "cpp");
    let source = format!("{path}/throws.cpp");
    let text = std::fs::read_to_string(&source).unwrap();
    let table = r#"
static trine_status init(void **) {
    if (AT == 0) { throw std::runtime_error("init"); }
    return TRINE_OK;
}
static trine_status self_test(void *) {
    if (AT == 1) { throw std::runtime_error("self_test"); }
    return TRINE_OK;
}
static void shutdown(void *) { throw std::runtime_error("shutdown"); }
static const trine_plugin own = {
    TRINE_PLUGIN_HEAD(0u, "throws", "1.0.0", "", "", "", "", NULL, tools), 0u,
    trine::guarded<init>, trine::guarded<shutdown>, NULL, trine::guarded<self_test>};
TRINE_PLUGIN_TABLE(own);
"#;
    for (at, said) in [("0", "(init): it"), ("1", "(self-test): it answered"), ("2", "")] {
        let own = table.replace("AT", at);
        let own = text.replace("TRINE_PLUGIN(\"throws\", \"1.0.0\", tools);", &own);
        std::fs::write(&source, own).unwrap();
        assert!(make(path.as_ref(), &["-B"]));
        let check = trine(&["plugin", "check", &format!("{path}/libthrows.so")]);
        let stderr = String::from_utf8(check.stderr).unwrap();
        let code = if said.is_empty() { 0 } else { 1 };
        assert_eq!((check.status.code(), stderr.contains(said)), (Some(code), true), "{stderr}");
    }
}

#[test]
fn a_tool_that_needs_consent_is_called_after_a_y_at_a_terminal_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("echo.json");
    let text = r#"{"id": "echo", "name": "Echo", "description": "Answer the same.",
        "requires_confirmation": true, "input_schema": {"type": "object"},
        "execute": {"command": ["cat"]}}"#;
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let refused = trine(&["plugin", "call", path, "echo", r#"{"a":1}"#]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
    assert!(said.contains("call it at a terminal"), "{said}");
    assert!(said.contains("the user did not agree to this call"), "{said}");
    // `script` runs a command at a terminal of its own.
    for (answer, code, part) in [
        ("y\n", 0, r#""structuredContent":{"a":1}"#),
        ("n\n", 1, "the user did not agree"),
        ("\n", 1, "the user did not agree"),
    ] {
        let line = format!("{} plugin call {path} echo '{{\"a\":1}}'", env!("CARGO_BIN_EXE_trine"));
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-c", &line, "/dev/null"]).env("TRINE_LOG", "off");
        let Ok(mut child) = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
            return;
        };
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(answer.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert_eq!((ended.status.code(), said.contains(part)), (Some(code), true), "{said}");
        assert!(said.contains(r#"Allow echo (Echo) with {"a":1}? [y/N]"#), "{said}");
    }
}

#[test]
fn a_tool_that_json_defines_is_checked_called_and_served() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("send_email.json");
    let path = path.to_str().unwrap();
    let list = json!({"type": "array", "items": {"type": "string", "format": "email"}});
    let properties = json!({"to": list, "cc": {"type": "array", "default": []}});
    let schema = json!({"type": "object", "properties": properties, "required": ["to"]});
    let definition = json!({
        "id": "send_email", "name": "Send e-mail", "description": "Send an e-mail.",
        "category": "communication", "input_schema": schema,
        "rate_limit": {"max_calls": 10, "per_seconds": 3600}, "permissions": ["email.send"],
        "execute": {"command": ["/bin/sh", "-c", "printf '{\"sent\":'; cat; printf '}'"]},
    });
    std::fs::write(path, definition.to_string()).unwrap();
    let report = done(&["plugin", "check", path]);
    for part in ["send_email", "communication", "email.send", "10 calls in 3600 s"] {
        assert!(report.contains(part), "{report}");
    }
    let sent = done(&["plugin", "call", path, "send_email", r#"{"to": ["a@b.example"]}"#]);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let expected = json!({"sent": {"to": ["a@b.example"], "cc": []}});
    assert_eq!(sent["structuredContent"], expected);
    let refused = trine(&["plugin", "call", path, "send_email", r#"{"to": ["no address"]}"#]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stdout).unwrap();
    assert!(said.contains("send_email: to/0 must be"), "{said}");
    let mut session = Session::start(&["gateway", "--plugin", path]);
    let tool = session.ask("tools/list", &json!({}))["tools"][0].clone();
    assert_eq!(tool["inputSchema"], schema);
    // It is not watched, and that is said.
    let watched = trine(&["plugin", "watch", path]);
    assert_eq!(watched.status.code(), Some(1));
    assert!(String::from_utf8(watched.stderr).unwrap().contains("is not watched"));
    // A definition without a program does nothing, and says so.
    std::fs::write(
        path,
        r#"{"id": "a", "name": "A", "description": "A.",
        "input_schema": {"type": "object"}}"#,
    )
    .unwrap();
    let bare = trine(&["plugin", "call", path, "a"]);
    let said = String::from_utf8(bare.stderr).unwrap();
    assert!(said.contains("execute"), "{said}");
}

/// A plug-in of Extism that answers its input, or runs for ever where that is empty.
const ECHO: &str = r#"
#define EXTISM(name) __attribute__((import_module("extism:host/env"), import_name(#name)))
EXTISM(input_length) unsigned long long input_length(void);
EXTISM(input_offset) unsigned long long input_offset(void);
EXTISM(output_set) void output_set(unsigned long long at, unsigned long long size);
__attribute__((export_name("echo"))) int echo(void) {
    for (volatile int i = 0; input_length() == 0; i++) {
    }
    output_set(input_offset(), input_length());
    return 0;
}
"#;

#[test]
fn a_plug_in_of_extism_does_the_calls_of_a_tool_that_json_defines() {
    let folder = TempDir::new().unwrap();
    let [source, plug_in, file] = ["echo.c", "echo.wasm", "echo.json"]
        .map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    std::fs::write(&source, ECHO).unwrap();
    let mut clang = Command::new("clang");
    clang.args(["--target=wasm32", "-O1", "-ffreestanding", "-nostdlib", "-Wl,--no-entry"]);
    clang.args([&source, "-o", &plug_in]);
    assert!(clang.status().unwrap().success(), "run `cargo xtask setup`");
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let execute = json!({"extism": "echo.wasm", "function": "echo", "input": "text",
        "output": "said", "limits": {"time": 30_000}});
    let definition = json!({"id": "echo", "name": "Echo", "description": "Answer the same text.",
        "input_schema": schema, "execute": execute});
    std::fs::write(&file, definition.to_string()).unwrap();
    let report = done(&["plugin", "check", &file, "--plugin-limit", "fuel=70000"]);
    for part in ["a plug-in of Extism", "SHA-256", "70000 instructions, 10000 ms"] {
        assert!(report.contains(part), "{report}");
    }
    let said = done(&["plugin", "call", &file, "echo", r#"{"text": "\u00e4 b"}"#]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["structuredContent"], json!({"said": "ä b"}));
    let limits = ["--plugin-limit", "fuel=70000", "--plugin-limit", "time=20000"];
    let call = [&["plugin", "call", &file, "echo", r#"{"text": ""}"#][..], &limits].concat();
    let stopped = trine(&call);
    assert_eq!(stopped.status.code(), Some(1));
    let said = String::from_utf8(stopped.stdout).unwrap();
    assert!(said.contains("more than 70000 instructions"), "{said}");
    let mut session = Session::start(&["gateway", "--plugin", &file]);
    let call = json!({"name": "echo", "arguments": {"text": "on"}});
    assert_eq!(session.ask("tools/call", &call)["structuredContent"], json!({"said": "on"}));
    drop(session);
    for (wrong, why) in [
        ("fule=1", "'fule' is no limit"),
        ("fuel", "NAME=NUMBER"),
        ("fuel=-1", "no whole number"),
        ("memory=0", "must be 1 or more"),
    ] {
        let refused = trine(&["plugin", "check", &file, "--plugin-limit", wrong]);
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(why), "{wrong}: {said}");
    }
    // The plug-in by itself does not say what its tools are.
    let refused = trine(&["plugin", "check", &plug_in]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("load a JSON definition"));
}

/// A session of a server on standard input and output.
pub(crate) struct Session {
    pub(crate) child: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    id: u64,
}

impl Session {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut trine = Command::new(env!("CARGO_BIN_EXE_trine"));
        trine.args(arguments).env("TRINE_LOG", "off");
        let mut child = trine.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut session = Self { child, lines, id: 0 };
        let client = json!({"name": "test", "version": "1"});
        let hello =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        session.ask("initialize", &hello);
        session.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        session
    }

    fn send(&mut self, message: &Value) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{message}").unwrap();
    }

    /// The result of a request; notifications before it are passed over.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let line = self.lines.next().unwrap().unwrap();
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == id {
                return message["result"].clone();
            }
        }
    }

    fn call(&mut self, celsius: f64) -> Value {
        let call = json!({"name": "degrees", "arguments": {"celsius": celsius}});
        self.ask("tools/call", &call)["structuredContent"]["fahrenheit"].clone()
    }
}

#[test]
fn a_project_is_replaced_while_a_client_calls_it_and_comes_back() {
    let folder = TempDir::new().unwrap();
    let path = project(folder.path(), "degrees", "c");
    let (source, library) = (format!("{path}/degrees.c"), format!("{path}/libdegrees.so"));
    assert!(make(path.as_ref(), &[]));
    let mut session = Session::start(&["plugin", "watch", &library]);
    assert_eq!(session.ask("tools/list", &json!({}))["tools"][0]["name"], "degrees");
    assert_eq!(session.call(100.0), json!(212));
    let first = std::fs::read_to_string(&source).unwrap();
    // Version 1.1.0 counts from another zero.
    let second = first.replace("+ 320", "+ 330").replace("\"1.0.0\"", "\"1.1.0\"");
    for (text, expected) in [(&second, 213), (&first, 212)] {
        std::fs::write(&source, text).unwrap();
        assert!(make(path.as_ref(), &["-B"]));
        let mut calls = 0;
        // Each call is answered, by the one version or the other.
        while session.call(100.0) != json!(expected) {
            calls += 1;
            assert!(calls < 1_000_000, "it was not replaced");
        }
    }
    // A version that does not compile never reaches it, and one that is cut is not loaded.
    std::fs::write(&library, b"\x7fELF").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(session.call(0.0), json!(32));
    drop(session.child.stdin.take());
    assert!(session.child.wait().unwrap().success());
}

#[test]
fn versions_are_called_by_their_names_in_both_protocol_families() {
    let folder = TempDir::new().unwrap();
    let path = project(folder.path(), "degrees", "c");
    let (source, library) = (format!("{path}/degrees.c"), format!("{path}/libdegrees.so"));
    assert!(make(path.as_ref(), &[]));
    let first = format!("{path}/first.so");
    std::fs::rename(&library, &first).unwrap();
    let text = std::fs::read_to_string(&source).unwrap();
    let text = text.replace("+ 320", "+ 330").replace("\"1.0.0\"", "\"1.1.0\"");
    std::fs::write(&source, text).unwrap();
    assert!(make(path.as_ref(), &[]));
    let mut session = Session::start(&["gateway", "--plugin", &first, "--plugin", &library]);
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                      "io.modelcontextprotocol/clientCapabilities": {}});
    for (name, expected) in [("degrees", 213), ("degrees@1.0.0", 212), ("degrees@1.1.0", 213)] {
        let mut call = json!({"name": name, "arguments": {"celsius": 100}});
        for _ in ["2025-11-25", "2026-07-28"] {
            let result = session.ask("tools/call", &call);
            assert_eq!(result["structuredContent"]["fahrenheit"], json!(expected), "{result}");
            call["_meta"] = meta.clone();
        }
    }
    let tools = session.ask("tools/list", &json!({}))["tools"].clone();
    assert_eq!(tools.as_array().unwrap().len(), 1, "{tools}");
}

#[test]
fn the_options_about_plug_ins_refuse_what_they_are_for() {
    let folder = TempDir::new().unwrap();
    let path = project(folder.path(), "degrees", "c");
    let source = format!("{path}/degrees.c");
    let library = format!("{path}/libdegrees.so");
    let text = std::fs::read_to_string(&source).unwrap();
    let starts =
        "#include <stdlib.h>\nint run(void);\nint run(void) { return system(\"true\"); }\n";
    std::fs::write(&source, format!("{starts}{text}")).unwrap();
    assert!(make(path.as_ref(), &[]));
    let report = done(&["plugin", "check", "--static", &library]);
    assert!(report.contains("it imports system") && !report.contains("loaded"), "{report}");
    let key = format!("{path}/keys");
    let text =
        "untrusted comment: a key\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n";
    std::fs::write(&key, text).unwrap();
    let refused = |options: &[&str]| {
        let call = trine(&[&["plugin", "check", &library], options].concat());
        assert!(!call.status.success(), "{options:?}");
        String::from_utf8(call.stderr).unwrap()
    };
    assert!(refused(&["--plugin-imports", "deny"]).contains("(imports): it imports system"));
    assert!(refused(&["--plugin-keys", &key]).contains("(signature): it is not signed"));
    assert!(refused(&["--plugin-imports", "some"]).contains("use allow, warn or deny"));
    done(&["plugin", "check", "--plugin-imports", "allow", "--plugin-memory", "1", &library]);
}

/// The processes that a process has started, and that live.
#[cfg(target_os = "linux")]
fn children(process: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default()
    };
    let all: String = tasks.map(of).collect();
    all.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_plug_in_in_a_process_of_its_own_is_served_and_ends_with_the_program() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::process::CommandExt as _;

    let folder = TempDir::new().unwrap();
    let path = project(folder.path(), "degrees", "c");
    let library = format!("{path}/libdegrees.so");
    assert!(make(path.as_ref(), &[]));
    let manifest = format!("{path}/degrees.toml");
    std::fs::write(&manifest, "library = \"libdegrees.so\"\nisolate = true\n").unwrap();
    let report = done(&["plugin", "check", "--isolate", "--isolate-cpu", "5", &library]);
    assert!(report.contains("1.0.0") && report.contains("degrees"), "{report}");
    let said = done(&["plugin", "call", "--isolate", &library, "degrees", r#"{"celsius":100}"#]);
    assert!(said.contains("212"), "{said}");
    // A program in a folder whose name is no UTF-8.
    let odd = std::ffi::OsStr::from_bytes(b"/opt/\xff/trine");
    let mut check = Command::new(env!("CARGO_BIN_EXE_trine"));
    check.arg0(odd).args(["plugin", "check", "--isolate", &library]).env("TRINE_LOG", "off");
    let checked = check.output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    for arguments in
        [&["gateway", "--isolate", "--plugin", &library][..], &["plugin", "watch", &manifest]]
    {
        let mut session = Session::start(arguments);
        assert_eq!(session.call(100.0), json!(212));
        let [own] = children(session.child.id())[..] else { panic!("{arguments:?}") };
        let maps = std::fs::read_to_string(format!("/proc/{own}/maps")).unwrap();
        assert!(maps.contains("libdegrees.so"));
        // SIGKILL, which it cannot answer.
        session.child.kill().unwrap();
        session.child.wait().unwrap();
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{own}/stat")).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while lives() {
            assert!(std::time::Instant::now() < until, "it lives on");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    let by_hand = trine(&["plugin", "host"]);
    assert_eq!(by_hand.status.code(), Some(2));
    assert!(String::from_utf8(by_hand.stderr).unwrap().contains("use --isolate"));
}
