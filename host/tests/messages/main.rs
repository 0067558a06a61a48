//! Every error of the program and of its libraries, as a user reads it: compared with one file.
//!
//! A variant without a sample does not compile, and a message that changes shows in a review.
//! `cargo xtask golden` writes the file.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use trine_infer::gguf;
use trine_mcp::{ErrorCodes, ErrorKind};
use trine_models::chain;

/// The samples of an enum, by the names of its variants.
macro_rules! samples {
    ($out:ident, $crate_name:literal, $error:ident: $($variant:ident $fields:tt)+) => {{
        // A variant that is not listed is an error here.
        let _ = |error: &$error| match error { $($error::$variant { .. } => ()),+ };
        $(
            let error = $error::$variant $fields;
            crate::add($out, concat!($crate_name, ".", stringify!($variant)), &error);
        )+
    }};
}

mod client;
mod gateway;
mod models;
mod plugins;
mod program;
mod train;

/// A line of the file: messages of several lines are indented. The kind stands in parentheses.
fn add(out: &mut String, name: &str, error: &(dyn StdError + 'static)) {
    let kind = kind(error).map_or_else(String::new, |kind| format!(" ({kind})"));
    writeln!(out, "{name}{kind}: {}", chain(error).trim_end().replace('\n', "\n    ")).unwrap();
}

fn kind(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let of_client = error.downcast_ref().map(trine_client::Error::kind);
    let of_gateway = error.downcast_ref().map(trine_gateway::Error::kind);
    of_client.or(of_gateway).flatten()
}

fn absent() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn json() -> serde_json::Error {
    serde_json::from_str::<serde_json::Value>("{\"tools\": [\n").unwrap_err()
}

fn parsed() -> gguf::Error {
    gguf::Error::tensor("blk.0.attn_q.weight", gguf::Reason::End)
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn golden_messages() {
    let mut out = String::new();
    gateway::gateway(&mut out);
    gateway::links(&mut out);
    gateway::journal(&mut out);
    client::client(&mut out);
    models::models(&mut out);
    train::train(&mut out);
    plugins::plugins(&mut out);
    program::program(&mut out);
    for kind in ErrorKind::ALL {
        assert!(out.contains(&format!(" ({kind}): ")), "no error is of the kind {kind}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages.txt");
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(path, out).unwrap();
        return;
    }
    assert_eq!(out, fs::read_to_string(&path).unwrap());
}

#[test]
fn the_page_has_every_kind_of_error_with_its_codes() {
    let rows: String = ErrorKind::ALL
        .map(|kind| {
            let ErrorCodes { name, c, json_rpc, http, python, .. } = kind.codes();
            format!("| {name} | `{kind:?}` | {c} | {json_rpc} | {http} | `trine.{python}` |\n")
        })
        .concat();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/http.md");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains(&rows), "docs/http.md needs these rows:\n{rows}");
}
