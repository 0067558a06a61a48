//! Tools that JSON defines and a plug-in of Extism does; and caps of a manifest.
#![expect(clippy::large_stack_arrays, reason = "tables of cases")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use trine_plugins::{Limits, Policy, Runs, Step, load_defined};

use crate::site::Site;

/// Answers its input, and loops for ever where that is empty.
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

fn build(site: &Site) -> PathBuf {
    let (source, out) = (site.path("echo.c"), site.path("echo.wasm"));
    std::fs::write(&source, ECHO).unwrap();
    let mut clang = Command::new("clang");
    clang.args(["--target=wasm32", "-O1", "-ffreestanding", "-nostdlib", "-Wl,--no-entry"]);
    clang.arg(source).arg("-o").arg(&out);
    assert!(clang.status().unwrap().success(), "run `cargo xtask setup`");
    out
}

/// A definition with this `execute`, in a file.
fn definition(site: &Site, execute: &Value) -> PathBuf {
    let text = json!({"type": "string"});
    let schema = json!({"type": "object", "properties": {"text": text}});
    let definition = json!({
        "id": "echo", "name": "Echo", "description": "Answer with the same text.",
        "input_schema": schema, "execute": execute,
    });
    let path = site.path("echo.json");
    std::fs::write(&path, definition.to_string()).unwrap();
    path
}

fn execute(more: Value) -> Value {
    let mut execute = json!({"extism": "echo.wasm", "function": "echo"});
    let Value::Object(more) = more else { return execute };
    execute.as_object_mut().unwrap().extend(more);
    execute
}

#[test]
fn a_definition_says_what_goes_in_and_what_comes_out() {
    for (more, expected) in [
        (json!({}), json!({"text": "ab"})),
        (json!({"input": "json"}), json!({"text": "ab"})),
        (json!({"input": "text", "output": "said"}), json!({"said": "ab"})),
        (json!({"output": "said"}), json!({"said": "{\"text\":\"ab\"}"})),
    ] {
        let site = Site::new();
        build(&site);
        let file = definition(&site, &execute(more));
        let (tools, runs) = load_defined(&file, &Policy::default()).unwrap();
        assert!(matches!(runs, Runs::Extism { .. }), "{runs:?}");
        site.hub.add_tools(tools).unwrap();
        assert_eq!(site.call("echo", &json!({"text": "ab"})), Ok(expected));
    }
}

#[test]
fn a_definition_that_means_another_plug_in_is_refused_with_the_member() {
    let site = Site::new();
    let digest = Sha256::digest(std::fs::read(build(&site)).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let load = |more: Value| {
        let loaded = load_defined(&definition(&site, &execute(more)), &Policy::default());
        loaded.map(drop).map_err(|error| match std::error::Error::source(&error) {
            Some(inner) => inner.to_string(),
            None => error.to_string(),
        })
    };
    assert_eq!(load(json!({ "sha256": digest.to_uppercase() })), Ok(()));
    for (more, why) in [
        (json!({"sha256": "00"}), format!("execute/sha256: the plug-in has {digest}")),
        (json!({"sha256": digest.replace('a', "b")}), "execute/sha256: ".to_owned()),
        (json!({"input": "words"}), "execute/input: the input schema has no property".to_owned()),
        (json!({"function": "eco"}), "it exports no function 'eco'".to_owned()),
        (json!({"extism": "other.wasm"}), "No such file".to_owned()),
        (json!({"extism": "echo.c"}), "not a WebAssembly module".to_owned()),
        (json!({"extra": 1}), "execute: unknown field `extra`".to_owned()),
        (json!({"command": ["true"]}), "execute: unknown field `command`".to_owned()),
        (json!({"config": {"n": 1}}), "execute: invalid type: ".to_owned()),
        (json!({"limits": {"fule": 1}}), "execute/limits: 'fule' is no limit".to_owned()),
        (json!({"limits": {"fuel": 0}}), "execute/limits: fuel: it must be 1".to_owned()),
    ] {
        let said = load(more.clone()).unwrap_err();
        assert!(said.contains(&why), "{more}: {said}");
    }
}

#[test]
fn with_keys_a_plug_in_that_none_of_them_signed_does_no_call() {
    let site = Site::new();
    build(&site);
    let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let keys = site.path("keys.pub");
    std::fs::write(&keys, pair.pk.to_base64()).unwrap();
    let policy = Policy { keys: trine_plugins::keys(&keys).unwrap(), ..Policy::default() };
    let file = definition(&site, &execute(json!({})));
    assert!(load_defined(&file, &policy).is_err());
    let bytes = std::fs::read(site.path("echo.wasm")).unwrap();
    let signed = minisign::sign(Some(&pair.pk), &pair.sk, &bytes[..], None, None).unwrap();
    std::fs::write(site.path("echo.wasm.minisig"), signed.to_string()).unwrap();
    let (_, runs) = load_defined(&file, &policy).unwrap();
    assert!(matches!(runs, Runs::Extism { signed_by: Some(_), .. }), "{runs:?}");
}

#[test]
fn caps_are_lowered_by_a_definition_and_not_raised() {
    let site = Site::new();
    build(&site);
    let limits = Limits { fuel: 1_000_000, ..Limits::default() };
    let policy = Policy { limits, ..Policy::default() };
    for (fuel, counts) in [(2_000_u64, 2_000), (1 << 40, 1_000_000)] {
        let file = definition(&site, &execute(json!({"limits": {"fuel": fuel}})));
        let (tools, _) = load_defined(&file, &policy).unwrap();
        let id = site.hub.add_tools(tools).unwrap();
        let said = site.call("echo", &json!({"text": ""})).map(drop);
        assert_eq!(said, Ok(()), "the input is all arguments");
        drop(site.hub.remove_tools(id).unwrap());
        let lower = json!({"input": "text", "output": "said", "limits": {"fuel": fuel}});
        let file = definition(&site, &execute(lower));
        let id = site.hub.add_tools(load_defined(&file, &policy).unwrap().0).unwrap();
        let said = site.call("echo", &json!({"text": ""})).unwrap_err();
        assert!(said.contains(&format!("more than {counts} instructions")), "{said}");
        drop(site.hub.remove_tools(id).unwrap());
    }
}

#[test]
fn caps_are_lowered_by_a_manifest_of_a_module_and_not_raised() {
    let limits = Limits { fuel: 1_000_000, ..Limits::default() };
    let site = Site::with(Policy { limits, ..Policy::default() });
    let module = crate::modules::build(&site, "loop.wasm", 1, &[]);
    let manifest = |more: &str| {
        let path = site.path("loop.toml");
        std::fs::write(&path, format!("library = {module:?}\n{more}")).unwrap();
        path
    };
    for (fuel, counts) in [(30_000_u64, 30_000), (1 << 40, 1_000_000)] {
        site.plugins.load(&[manifest(&format!("[limits]\nfuel = {fuel}"))]).unwrap();
        let said = site.call("loop", &json!({"n": 2_000_000_000})).unwrap_err();
        assert!(said.contains(&format!("more than {counts} instructions")), "{said}");
        drop(site.plugins.unload("loop").unwrap());
    }
    for (more, why) in [
        ("[limits]\nfule = 1", "'fule' is no limit"),
        ("[limits]\ntime = 0", "time: it must be 1 or more"),
        ("[limits]\ntime = \"1s\"", "invalid type"),
    ] {
        let error = site.plugins.load(&[manifest(more)]).unwrap_err();
        assert_eq!(error.step(), Some(Step::Manifest), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    // A library has no caps.
    let library = site.build("v.so", "version.c", &[]);
    let path = site.path("v.toml");
    std::fs::write(&path, format!("library = {library:?}\n[limits]\nfuel = 5")).unwrap();
    let error = site.plugins.load(&[path]).unwrap_err();
    assert!(error.to_string().contains("a library has none"), "{error}");
}

#[test]
fn a_component_and_a_plug_in_of_extism_are_refused_by_name_at_their_step() {
    let site = Site::new();
    let error = site.plugins.load(&[build(&site)]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Imports), "{error}");
    assert!(error.to_string().contains("plug-in of Extism"), "{error}");
    let path = site.path("component.wasm");
    std::fs::write(&path, b"\0asm\x0d\0\x01\0\x0a\x07\x01\x00\x03a:b\x05\x00").unwrap();
    let error = site.plugins.load(&[path]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Machine), "{error}");
    assert!(error.to_string().contains("it is a component, not a module: it first imports 'a:b'"));
}
