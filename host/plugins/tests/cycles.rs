//! Plug-ins in processes of their own, loaded and taken out again a thousand times: this process is
//! then what it was before. It is alone in its process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_plugins::{Caps, Plugins, Policy, mapped};

const CYCLES: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// Descriptors, threads, lines of mappings of files, and children that were not waited for.
fn counts() -> [usize; 4] {
    let entries = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let of_files = maps.lines().filter(|line| line.contains('/')).count();
    let children = std::fs::read_dir("/proc/self/task").unwrap().map(|thread| {
        let path = thread.unwrap().path().join("children");
        std::fs::read_to_string(path).unwrap_or_default().split_whitespace().count()
    });
    [entries("fd"), entries("task"), of_files, children.sum()]
}

/// Bytes of memory that this process has resident.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_thousand_processes_leave_this_one_as_it_was() {
    let folder = tempfile::TempDir::new().unwrap();
    let (root, file) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder.path().join("v.so"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-std=c11", "-D_POSIX_C_SOURCE=200809L"]);
    cc.arg(format!("-DLEDGER=\"{}\"", folder.path().join("ledger").display()));
    cc.arg("-I").arg(root.join("../../include")).arg("-o").arg(&file);
    assert!(cc.arg(root.join("tests/suite/sources/version.c")).status().unwrap().success());
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let program = Some(env!("CARGO_BIN_EXE_trine-plugin-host").into());
    let caps = Caps { program, ..Caps::default() };
    let policy = Policy { isolate: true, caps, ..Policy::default() };
    let plugins = Plugins::new(Arc::clone(&hub), policy);
    let once = || {
        plugins.load(&[&file]).unwrap();
        let report = hub.call_own("which", r#"{"id":1}"#, PATIENCE).unwrap();
        assert!(!report.is_error, "{}", report.text);
        assert!(plugins.unload("versioned").unwrap().wait(PATIENCE));
    };
    let settled = |before: [usize; 4]| {
        let until = Instant::now() + PATIENCE;
        while counts() != before && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        counts()
    };
    for _ in 0..10 {
        once();
    }
    plugins.close();
    std::thread::sleep(Duration::from_millis(200));
    let (before, memory) = (counts(), resident());
    for _ in 0..CYCLES {
        once();
    }
    plugins.close();
    assert_eq!(settled(before), before, "descriptors, threads, mappings of files, children");
    let grown = resident().saturating_sub(memory);
    assert!(grown < 4 << 20, "{grown} bytes more are resident");
    assert_eq!(mapped(), (0, 0));
    let ledger = std::fs::read_to_string(folder.path().join("ledger")).unwrap();
    let count = |what: &str| ledger.lines().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("init"), count("shutdown")), (CYCLES + 10, CYCLES + 10));
}
