//! A program that ignores the ends of its processes, as some programs in C do: no one can wait for
//! them. It is alone in its process.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "the disposition of a signal")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_plugins::{Caps, Plugins, Policy};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn processes_that_something_else_has_waited_for_end_at_once_and_nothing_is_killed_for_them() {
    let folder = tempfile::TempDir::new().unwrap();
    let (root, file) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder.path().join("wild.so"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-std=c11", "-D_DEFAULT_SOURCE", "-w"]);
    cc.arg(format!("-DLEDGER=\"{}\"", folder.path().join("ledger").display()));
    cc.arg("-I").arg(root.join("../../include")).arg("-o").arg(&file);
    assert!(cc.arg(root.join("tests/suite/sources/wild.c")).status().unwrap().success());
    // SAFETY: no handler is set, and nothing else in this process starts others.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let program = Some(env!("CARGO_BIN_EXE_trine-plugin-host").into());
    let caps = Caps { program, ..Caps::default() };
    let policy = Policy { isolate: true, caps, ..Policy::default() };
    let plugins = Plugins::new(Arc::clone(&hub), policy);
    plugins.load(&[&file]).unwrap();
    let call = |what: &str| {
        let arguments = format!(r#"{{"what":"{what}","n":100}}"#);
        hub.call_own("wild", &arguments, PATIENCE).unwrap()
    };
    let began = Instant::now();
    for _ in 0..3 {
        assert!(!call("burn").is_error);
        let why = call("abort").text;
        let part = "its process has ended; something else in this program waited for it";
        assert!(why.contains(part), "{why}");
    }
    let usage = plugins.process_usage("wild").unwrap().unwrap();
    assert_eq!(usage.failures, 3);
    assert!(usage.cpu >= Duration::from_millis(290), "what was last read counts: {usage:?}");
    assert!(!call("fine").is_error);
    assert!(plugins.unload("wild").unwrap().wait(PATIENCE));
    plugins.close();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
