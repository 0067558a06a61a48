//! Orders about plug-ins to a server that runs.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{done, trine};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");

/// A gateway without a tool, which takes orders.
struct Gateway(Child, PathBuf);

impl Gateway {
    fn start(socket: &Path) -> Self {
        Self::start_with(socket, &[])
    }

    fn start_with(socket: &Path, more: &[&OsStr]) -> Self {
        let mut gateway = Command::new(TRINE);
        gateway.args(["gateway", "--http", "127.0.0.1:0", "--plugin-control"]).arg(socket);
        gateway.args(more);
        gateway.env("TRINE_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = gateway.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let serves = lines.any(|line| line.unwrap().contains("MCP over HTTP"));
        assert!(serves, "the gateway has ended");
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, socket.to_owned())
    }

    fn order(&self, what: &[&str]) -> (Option<i32>, String) {
        let ran = trine(&[&["plugin"], what, &["--control", self.1.to_str().unwrap()]].concat());
        (ran.status.code(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
    }

    fn end(&mut self, signal: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A plug-in in C.
fn library(folder: &Path) -> String {
    let path = folder.join("degrees");
    done(&["new", "tool", "degrees", "--folder", path.to_str().unwrap()]);
    let mut make = Command::new("make");
    make.arg("-s").current_dir(&path);
    assert!(make.status().unwrap().success());
    path.join("libdegrees.so").to_str().unwrap().to_owned()
}

#[test]
fn a_tool_is_made_loaded_swapped_under_load_and_rolled_back_and_its_ledger_is_whole() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-example/lifecycle/run.sh");
    let run = Command::new("sh").arg(script).args(["3000", "1000"]).env("TRINE", TRINE).output();
    let run = run.unwrap();
    let said = String::from_utf8([run.stdout, run.stderr].concat()).unwrap();
    assert!(run.status.success(), "{said}");
    assert!(said.contains("0 failed, 3000 are in the ledger"), "{said}");
}

#[test]
fn what_cannot_be_done_is_refused_by_name_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let gateway = Gateway::start(&folder.path().join("orders"));
    let library = library(folder.path());
    let refused = |what: &[&str], why: &str| {
        let (code, said) = gateway.order(what);
        assert_eq!((code, said.contains(why)), (Some(1), true), "{what:?}: {said}");
    };
    assert_eq!(gateway.order(&["list"]), (Some(0), "no plug-in is loaded\n".to_owned()));
    refused(&["unload", "degrees"], "degrees");
    refused(&["update", &library], "load it first");
    refused(&["load", "/nowhere/x.so"], "/nowhere/x.so");
    assert_eq!(gateway.order(&["load", &library]).0, Some(0));
    refused(&["load", &library], "is loaded already");
    refused(&["roll-back", "degrees"], "no other version");
    refused(&["health", "fahrenheit"], "fahrenheit");
    assert_eq!(gateway.order(&["health", "degrees"]), (Some(0), "degrees is well\n".to_owned()));
    let (_, list) = gateway.order(&["list"]);
    assert!(list.contains("degrees 1.0.0") && list.contains("0 calls, 0 errors"), "{list}");
    assert_eq!(gateway.order(&["unload", "degrees"]).1, "no plug-in is loaded\n");
    // A tool that JSON defines is no plug-in, and is loaded all the same, once.
    let defined = folder.path().join("echo.json");
    let text = r#"{"id": "echo", "name": "Echo", "description": "Answer the same.",
        "input_schema": {"type": "object"}, "execute": {"command": ["cat"]}}"#;
    fs::write(&defined, text).unwrap();
    let defined = defined.to_str().unwrap();
    assert_eq!(gateway.order(&["load", defined]), (Some(0), "no plug-in is loaded\n".to_owned()));
    refused(&["load", defined], "echo");
    // It is replaced and taken out by its id.
    refused(&["update", defined, "--canary", "10"], "without --canary");
    fs::write(defined, text.replace("Answer the same", "Answer it again")).unwrap();
    assert_eq!(gateway.order(&["update", defined]).0, Some(0));
    fs::write(defined, text.replace("\"object\"", "\"array\"")).unwrap();
    refused(&["update", defined], "/type");
    assert_eq!(gateway.order(&["unload", "echo"]).0, Some(0));
    refused(&["unload", "echo"], "echo");
    fs::write(defined, text).unwrap();
    refused(&["update", defined], "load it first");
    assert_eq!(gateway.order(&["load", defined]).0, Some(0));
}

#[test]
fn what_is_no_order_is_answered_and_the_next_one_is_served() {
    let folder = TempDir::new().unwrap();
    let gateway = Gateway::start(&folder.path().join("orders"));
    let ask = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(&gateway.1).unwrap();
        // It may have been closed before all was written.
        drop(stream.write_all(bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        answer
    };
    for bad in ["\n", "{}\n", "{\"do\":\"reboot\"}\n", "{\"do\":\"load\"}\n", "list\n", ""] {
        assert!(ask(bad.as_bytes()).contains("this is no order"), "{bad:?}");
    }
    assert!(ask(&[0xff; 64]).is_empty());
    assert!(ask(&vec![b' '; 3 << 20]).contains("it has more than 1048576 bytes"));
    assert_eq!(ask(b"{\"do\":\"list\"}\n"), "{\"done\":[]}\n");
}

#[test]
fn a_socket_is_of_its_user_alone_and_of_one_server() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("orders");
    let mut gateway = Gateway::start(&path);
    let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let line = ["gateway", "--simulate", "--plugin-control", path.to_str().unwrap()];
    let second = trine(&line);
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another server takes orders there"), "{said}");
    // One that was killed leaves its socket, which is no obstacle; one that ends takes it along.
    gateway.end("-KILL");
    assert!(path.exists());
    let mut gateway = Gateway::start(&path);
    assert_eq!(gateway.order(&["list"]).0, Some(0));
    gateway.end("-TERM");
    assert!(!path.exists());
    assert_eq!(gateway.order(&["list"]).0, Some(1));
    // What is no socket stays.
    fs::write(&path, "mine").unwrap();
    assert!(String::from_utf8(trine(&line).stderr).unwrap().contains("something else"));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn a_socket_of_something_else_stays_and_so_does_that_of_the_next_server() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("orders");
    // No server of orders: a stream cannot be opened to it.
    let other = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let line = ["gateway", "--simulate", "--plugin-control", path.to_str().unwrap()];
    let refused = trine(&line);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("a socket of another kind or user has this name"), "{said}");
    assert!(path.exists());
    drop(other);
    // One whose socket was taken away leaves that of the server that has its place.
    let mut first = Gateway::start(&path);
    fs::remove_file(&path).unwrap();
    let second = Gateway::start(&path);
    first.end("-TERM");
    assert_eq!(second.order(&["list"]).0, Some(0));
}

#[test]
fn a_plug_in_whose_path_is_not_utf_8_is_listed_like_the_others() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = TempDir::new().unwrap();
    let odd = folder.path().join(OsStr::from_bytes(b"odd\xff.so"));
    fs::copy(library(folder.path()), &odd).unwrap();
    let more = [OsStr::new("--plugin"), odd.as_os_str()];
    let gateway = Gateway::start_with(&folder.path().join("orders"), &more);
    let (code, list) = gateway.order(&["list"]);
    assert_eq!(code, Some(0), "{list}");
    assert!(list.contains("degrees 1.0.0") && list.contains("odd\u{fffd}.so"), "{list}");
    assert_eq!(gateway.order(&["unload", "degrees"]).0, Some(0));
}
