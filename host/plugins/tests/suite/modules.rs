//! Plug-ins in WebAssembly, in the same place as libraries.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use trine_plugins::{Limits, Policy, Step};

use crate::site::{PATIENCE, Site};

/// Compiles the tool `loop` for this machine or for WebAssembly.
pub(crate) fn build(site: &Site, name: &str, version: u32, defines: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = site.path(name);
    let mut clang = Command::new("clang");
    if name.ends_with(".wasm") {
        clang.args(["--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-Wl,--export-table"]);
    } else {
        clang.args(["-shared", "-fPIC", "-Wl,-z,defs"]);
    }
    clang.args(["-O1", "-std=c99", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]);
    clang.arg(format!("-DVERSION={version}")).args(defines.iter().map(|it| format!("-D{it}")));
    clang.arg("-I").arg(root.join("../../include"));
    clang.arg(root.join("tests/suite/sources/loop.c")).arg("-o").arg(&path);
    assert!(clang.status().unwrap().success(), "clang refused {name}: run `cargo xtask setup`");
    path
}

#[test]
fn a_library_and_a_module_of_one_source_take_each_others_place() {
    let site = Site::new();
    let native = build(&site, "loop.so", 1, &[]);
    let module = build(&site, "loop.wasm", 2, &[]);
    site.plugins.load(&[&native]).unwrap();
    let call = |n: u32| site.call("loop", &json!({ "n": n }));
    assert_eq!(call(10), Ok(json!({"sum": 45, "version": 1})));
    assert!(site.plugins.update(&module, true).unwrap().wait(PATIENCE));
    assert_eq!(call(10), Ok(json!({"sum": 45, "version": 2})));
    assert_eq!(call(0).unwrap_err(), "loop: nothing to add");
    assert!(site.plugins.roll_back("loop").unwrap().wait(PATIENCE));
    assert_eq!(call(10), Ok(json!({"sum": 45, "version": 1})));
    // Side by side.
    let third = build(&site, "third.wasm", 3, &[]);
    site.plugins.load(&[third]).unwrap();
    assert_eq!(call(3), Ok(json!({"sum": 3, "version": 3})));
    assert_eq!(site.call("loop@1.1.0", &json!({"n": 3})), Ok(json!({"sum": 3, "version": 1})));
}

#[test]
fn a_module_that_runs_away_stops_at_its_cap_and_harms_no_other() {
    let limits = Limits { fuel: 50_000_000, time: Duration::from_secs(300), ..Limits::default() };
    let site = Site::with(Policy { limits, ..Policy::default() });
    let other = site.build("v.so", "version.c", &[]);
    site.plugins.load(&[build(&site, "loop.wasm", 1, &[]), other]).unwrap();
    std::thread::scope(|scope| {
        let runaway = scope.spawn(|| site.call("loop", &json!({"n": 2_000_000_000})));
        for id in 0..50 {
            assert!(site.call("which", &json!({ "id": id })).is_ok());
        }
        let why = runaway.join().unwrap().unwrap_err();
        assert!(why.contains("more than 50000000 instructions"), "{why}");
    });
    assert_eq!(site.call("loop", &json!({"n": 4})), Ok(json!({"sum": 6, "version": 1})));
}

#[test]
fn a_module_is_refused_by_its_step_and_nothing_is_left_of_it() {
    let site = Site::new();
    let refused = |name: &str, defines: &[&str], step: Step| {
        let error = site.plugins.load(&[build(&site, name, 1, defines)]).unwrap_err();
        assert_eq!(error.step(), Some(step), "{error}");
        assert!(site.plugins.list().is_empty() && site.listed().is_empty());
    };
    refused("import.wasm", &["IMPORTS"], Step::Imports);
    refused("init.wasm", &["INIT=-12"], Step::Init);
    refused("test.wasm", &["TEST=-1"], Step::SelfTest);
    refused("name.wasm", &["NAME=\"No Name\""], Step::Table);
    let path = site.path("cut.wasm");
    std::fs::write(&path, b"\0asm\x01\0\0\0\xff").unwrap();
    let error = site.plugins.load(&[&path]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Machine), "{error}");
}

#[test]
fn a_thousand_loads_of_a_module_leave_no_thread() {
    let site = Site::new();
    let path = build(&site, "loop.wasm", 1, &[]);
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    for _ in 0..1_000 {
        site.plugins.load(&[&path]).unwrap();
        site.call("loop", &json!({"n": 1})).unwrap();
        assert!(site.plugins.unload("loop").unwrap().wait(PATIENCE));
    }
    crate::site::until("threads are left", || threads() < 100);
}
