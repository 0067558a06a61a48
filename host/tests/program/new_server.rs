//! Projects of `trine new server`: built, tested, and served as their files say.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{done, trine};

/// A server over HTTP, and its address.
struct Served(Child, String);

impl Served {
    fn start(folder: &Path, arguments: &[String]) -> Self {
        let mut trine = Command::new(env!("CARGO_BIN_EXE_trine"));
        trine.args(arguments).current_dir(folder).env("TRINE_LOG", "info").stdin(Stdio::null());
        let mut child = trine.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("MCP over HTTP: ").map(|(_, url)| url.replace("/mcp", ""))
        });
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, address.unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn project(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("weather");
    let tools = ["--tool", "degrees", "--tool", "forecast-2:python"];
    let arguments = ["new", "server", "weather", "--folder", path.to_str().unwrap()];
    done(&[&arguments[..], &tools].concat());
    path
}

fn make(folder: &Path, what: &str) -> bool {
    let mut make = Command::new("make");
    make.args(["--no-print-directory", what]).current_dir(folder).stdout(Stdio::null());
    make.env("TRINE", env!("CARGO_BIN_EXE_trine")).env("TRINE_LOG", "off");
    make.status().unwrap().success()
}

#[test]
fn a_server_builds_tests_and_serves_its_tools_from_any_folder() {
    let folder = TempDir::new().unwrap();
    let path = project(&folder);
    assert!(make(&path, "all") && make(&path, "test"));
    let config = path.join("server.toml").to_str().unwrap().to_owned();
    // The command line overrides the file, whose paths are its own.
    let line = ["gateway", "--config", &config, "--http", "127.0.0.1:0"].map(str::to_owned);
    let served = Served::start(Path::new("/"), &line);
    let health: Value = serde_json::from_str(&done(&["health", &served.1])).unwrap();
    assert_eq!((&health["status"], &health["tools_available"]), (&"healthy".into(), &2.into()));
    let ready = done(&["health", &served.1, "--ready"]);
    assert!(ready.contains("\"ready\""), "{ready}");
    let address = served.1.clone();
    drop(served);
    assert_eq!(trine(&["health", &address]).status.code(), Some(1));
}

/// The words of `CMD [...]` behind that line of a Dockerfile.
fn command(dockerfile: &str, before: &str) -> Vec<String> {
    let text = dockerfile.replace("\\\n", " ");
    let line = text.lines().find(|line| line.starts_with(before)).unwrap();
    let list = line.split_once("CMD ").unwrap().1;
    serde_json::from_str(list).unwrap()
}

#[test]
fn what_the_image_would_run_serves_and_is_healthy() {
    let folder = TempDir::new().unwrap();
    let path = project(&folder);
    assert!(make(&path, "all"));
    let dockerfile = fs::read_to_string(path.join("Dockerfile")).unwrap();
    assert!(dockerfile.contains("python3") && !dockerfile.contains('@'), "{dockerfile}");
    let numbers = "HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 ";
    assert!(dockerfile.contains(numbers), "{dockerfile}");
    for copied in ["tools", "Makefile", "server.toml"] {
        assert!(dockerfile.contains(&format!("COPY {copied} ")) && path.join(copied).exists());
    }
    let keys = folder.path().join("keys");
    fs::write(&keys, format!("me {}\n", "k".repeat(32))).unwrap();
    let here = |word: &String| match word.as_str() {
        "0.0.0.0:8080" => "127.0.0.1:0".to_owned(),
        "/run/secrets/api-keys" => keys.to_str().unwrap().to_owned(),
        _ => word.clone(),
    };
    let line: Vec<_> = command(&dockerfile, "CMD").iter().skip(1).map(here).collect();
    let served = Served::start(&path, &line);
    let check = command(&dockerfile, "HEALTHCHECK");
    let check: Vec<_> = check
        .iter()
        .skip(1)
        .map(|word| if word.starts_with("http") { &*served.1 } else { word })
        .collect();
    assert!(done(&check).contains("healthy"));
}

#[test]
fn a_server_that_cannot_be_made_is_refused_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x");
    let at = path.to_str().unwrap();
    for (tools, why) in [
        (&["--tool", "a", "--tool", "a:rust"][..], "two tools have the name"),
        (&["--tool", "a-b", "--tool", "a_b"], "two tools have the name"),
        (&["--tool", "../a"], "../a"),
        (&["--tool", "a:cobol"], "cobol"),
    ] {
        let made = trine(&[&["new", "server", "x", "--folder", at][..], tools].concat());
        assert_eq!(made.status.code(), Some(2), "{tools:?}");
        let said = String::from_utf8(made.stderr).unwrap();
        assert!(said.contains(why), "{said}");
        assert!(!path.exists());
    }
}
