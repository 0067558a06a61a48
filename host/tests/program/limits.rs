//! What a server and its plug-ins may use, and the report of what they did.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::plugins::Session;
use super::{done, trine};

/// A plug-in whose tool takes memory and keeps it.
fn takes(folder: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = folder.join("takes.so");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror"]).arg("-I").arg(root.join("../include"));
    cc.arg(root.join("tests/program/takes.c")).arg("-o").arg(&out);
    assert!(cc.status().unwrap().success());
    out.to_str().unwrap().to_owned()
}

#[test]
fn above_max_rss_plug_ins_get_no_calls_and_a_report_says_so() {
    let folder = TempDir::new().unwrap();
    let library = takes(folder.path());
    let none = trine(&["gateway", "--plugin", &library, "--max-rss", "1M"]);
    let said = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(1), "{said}");
    let refused = said.contains("takes.so is not loaded (resources): this program uses ");
    assert!(refused && said.contains("--max-rss allows 1 MiB"), "{said}");

    let used = folder.path().join("used.json");
    let used = used.to_str().unwrap();
    let options = ["--plugin", &library, "--max-rss", "400M", "--report", used];
    let mut session = Session::start(&[&["gateway"][..], &options].concat());
    let mut take = |mib: u32| -> Value {
        let call = json!({"name": "take", "arguments": {"mib": mib}});
        session.ask("tools/call", &call)
    };
    assert_eq!(take(1)["structuredContent"]["last"], 1);
    // The call that takes it was begun below the limit.
    assert_eq!(take(500)["structuredContent"]["last"], 1);
    let mut refused = take(0);
    for _ in 0..200 {
        if refused["isError"] == true {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        refused = take(0);
    }
    let why = refused["content"][0]["text"].as_str().unwrap();
    assert!(why.contains("of memory, and --max-rss allows 400 MiB: try again later"), "{why}");
    drop(session.child.stdin.take());
    assert!(session.child.wait().unwrap().success());

    let text = done(&["report", used]);
    assert!(text.contains("of 400 MiB") && text.contains("takes 1.0.0"), "{text}");
    let value: Value = serde_json::from_str(&std::fs::read_to_string(used).unwrap()).unwrap();
    let tool = &value["plugins"][0]["tools"][0];
    assert!(tool["refused"].as_u64().unwrap() >= 1, "{value}");
    assert_eq!(tool["begun"], tool["ended"], "{value}");
    let [svg, html] = ["used.svg", "used.html"].map(|name| folder.path().join(name));
    done(&["report", used, "--svg", svg.to_str().unwrap(), "--html", html.to_str().unwrap()]);
    assert!(std::fs::read_to_string(svg).unwrap().contains(">take</text>"));
    assert!(std::fs::read_to_string(html).unwrap().contains("<td>take</td>"));
}

#[test]
fn options_about_memory_refuse_what_is_no_size_and_what_is_too_much() {
    let folder = TempDir::new().unwrap();
    let library = takes(folder.path());
    let wrong = trine(&["gateway", "--max-rss", "much"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("'much' is no size"));
    let manifest = folder.path().join("takes.toml");
    let manifest = manifest.to_str().unwrap();
    std::fs::write(manifest, "library = \"takes.so\"\n[needs]\nmemory_min = \"2G\"\n").unwrap();
    let refused = trine(&["plugin", "check", manifest, "--plugin-memory-all", "1G"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    let part = "takes.toml needs 2147483648 bytes of memory, and 1073741824 may be used";
    assert!(!refused.status.success() && said.contains(part), "{said}");
    let needs = "memory_min = 5\nshared_devices = [\"null\"]\ncalls_per_second = 3";
    std::fs::write(manifest, format!("library = {library:?}\n[needs]\n{needs}\n")).unwrap();
    let shown = done(&["plugin", "check", manifest]);
    let needs = "5 bytes of memory at least, the device null, shared, at most 3 calls a second";
    assert!(shown.contains(needs), "{shown}");
    let other = folder.path().join("other.json");
    std::fs::write(&other, "{}").unwrap();
    let no_report = trine(&["report", other.to_str().unwrap()]);
    assert!(String::from_utf8(no_report.stderr).unwrap().contains("is no report: it has no"));
}
