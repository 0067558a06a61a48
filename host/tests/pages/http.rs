//! The page about HTTP: its server is started, and its client called.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::shown::{Scratch, commands, read};

const PAGE: &str = "docs/http.md";
/// The address on the page.
const ADDRESS: &str = "127.0.0.1:8331";

/// A server that ends with its test, which may fail.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed again, which is fine.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What each `curl` of the page prints when it asks a server of this address, without TLS.
fn asked(page: &str, address: &str) -> Vec<Value> {
    let is_plain = |command: &str| command.starts_with("curl ") && !command.contains("https://");
    let shown = commands(page).into_iter().filter(|shown| is_plain(&shown.command));
    let answer = |command: String| {
        let command = command.replace(ADDRESS, address);
        let output = Command::new("sh").args(["-c", &command]).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
    };
    shown.map(|shown| answer(shown.command)).collect()
}

/// The server of the page on a free port, and its address.
fn start(page: &str) -> (Server, String) {
    let first = &commands(page)[0].command;
    let arguments = first.strip_prefix("trine ").unwrap().replace(ADDRESS, "127.0.0.1:0");
    let mut server = Command::new(env!("CARGO_BIN_EXE_trine"));
    server.args(arguments.split(' ')).env("TRINE_CONFIG", "/nonexistent");
    let server = server.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut server = Server(server.unwrap());
    let lines = BufReader::new(server.0.stderr.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).find(|line| line.contains("http://")).unwrap();
    let address = said.split_once("http://").unwrap().1.split('/').next().unwrap();
    (server, address.to_owned())
}

#[test]
fn the_server_of_the_page_answers_each_curl_of_the_page() {
    let page = read(PAGE);
    let (_server, address) = start(&page);
    let answers = asked(&page, &address);
    let [mcp, discovered, executed] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(mcp["result"]["structuredContent"], json!({"percent": 40}), "{mcp}");
    assert_eq!(discovered["tools"].as_array().unwrap().len(), 11, "{discovered}");
    assert_eq!(executed["successful"], json!(true), "{executed}");
    assert_eq!(executed["data"]["results"][1]["response"]["fan_percent"], json!(40), "{executed}");
}

#[test]
fn the_server_of_the_page_is_measured_by_each_load_of_the_page() {
    let page = read(PAGE);
    let (_server, address) = start(&page);
    let scratch = Scratch::new("http-load");
    let loads = commands(&page).into_iter().map(|shown| shown.command);
    let loads: Vec<String> = loads.filter(|command| command.contains(" bench load ")).collect();
    assert_eq!(loads.len(), 2);
    for command in loads {
        let output = scratch.run(&command.replace(ADDRESS, &address));
        let [printed, errors] = [output.stdout, output.stderr].map(String::from_utf8);
        let (printed, errors) = (printed.unwrap(), errors.unwrap());
        assert!(output.status.success(), "{command}: {printed}{errors}");
        assert!(printed.contains("p99"), "{printed}");
    }
}
