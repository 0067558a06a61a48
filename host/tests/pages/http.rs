//! The page about HTTP: its server is started, and its client called.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::shown::{commands, read};

const PAGE: &str = "docs/http.md";
/// The address on the page.
const ADDRESS: &str = "127.0.0.1:8331";

/// What the `curl` of the page prints when it asks a server of this address.
fn asked(page: &str, address: &str) -> Value {
    let shown = commands(page).into_iter().find(|shown| shown.command.starts_with("curl "));
    let command = shown.unwrap().command.replace(ADDRESS, address);
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

#[test]
fn the_server_of_the_page_answers_the_curl_of_the_page() {
    let page = read(PAGE);
    let first = &commands(&page)[0].command;
    let arguments = first.strip_prefix("trine ").unwrap().replace(ADDRESS, "127.0.0.1:0");
    let mut server = Command::new(env!("CARGO_BIN_EXE_trine"));
    server.args(arguments.split(' ')).env("TRINE_CONFIG", "/nonexistent");
    let mut server = server.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).find(|line| line.contains("http://")).unwrap();
    let address = said.split_once("http://").unwrap().1.split('/').next().unwrap();
    let answer = asked(&page, address);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(answer["result"]["structuredContent"], json!({"percent": 40}), "{answer}");
}
