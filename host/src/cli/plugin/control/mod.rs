//! Orders to a server that runs: load a plug-in, replace it, roll it back, take it out; and a
//! program that joins with tools of its own.
//!
//! They come over a Unix socket that the user of the server alone may use: one line of JSON each,
//! which is answered by one line.

mod client;
mod joined;
mod joining;
mod server;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(in crate::cli) use client::Orders;
pub(in crate::cli) use server::Control;

/// The longest order.
const LINE_MAX: u64 = 1 << 20;
/// The longest answer: a list names each tool of each plug-in.
const ANSWER_MAX: u64 = 64 << 20;

/// What a server is told to do.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Order {
    /// Say what is loaded.
    List,
    /// Load these.
    Load { files: Vec<PathBuf> },
    /// Put this in the place of the plug-in of its name.
    Update { file: PathBuf, is_compatible: bool, trial: Option<Trial> },
    /// Bring back what served before.
    RollBack { name: String },
    /// Take it out.
    Unload { name: String },
    /// Say whether it can work.
    Health { name: String },
    /// Serve these tools, of a list of MCP. When they are taken, the connection carries MCP.
    Join { name: String, tools: Vec<Value> },
}

/// A trial of a new version.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Trial {
    percent: u8,
    calls: u32,
    errors_max: u32,
    seconds: u64,
}

/// What comes of it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Done(Vec<Row>),
    Said(String),
    Refused(String),
}

/// A plug-in that is loaded.
#[derive(Debug, Deserialize, Serialize)]
struct Row {
    name: String,
    version: String,
    /// Where it was loaded from. As text, since a path need not be UTF-8, which JSON is.
    file: String,
    /// The version that a roll-back would bring back.
    previous: Option<String>,
    is_listed: bool,
    tools: Vec<Tool>,
}

/// A tool of it, with its calls since this version serves.
#[derive(Debug, Deserialize, Serialize)]
struct Tool {
    name: String,
    calls: u64,
    errors: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orders and answers are read by other programs too.
    #[test]
    fn each_order_has_one_text() {
        let (name, file) = ("a".to_owned(), PathBuf::from("/a.so"));
        let trial = Trial { percent: 5, calls: 9, errors_max: 2, seconds: 60 };
        let plain = Order::Update { file: file.clone(), is_compatible: true, trial: None };
        let tried = Order::Update { file: file.clone(), is_compatible: false, trial: Some(trial) };
        let same = |order: &Order, text: &str| {
            assert_eq!(serde_json::to_string(order).unwrap(), text);
            let read: Order = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        };
        same(&Order::List, r#"{"do":"list"}"#);
        same(&Order::Load { files: vec![file] }, r#"{"do":"load","files":["/a.so"]}"#);
        let text = r#"{"do":"update","file":"/a.so","is_compatible":true,"trial":null}"#;
        same(&plain, text);
        let text = concat!(
            r#"{"do":"update","file":"/a.so","is_compatible":false,"#,
            r#""trial":{"percent":5,"calls":9,"errors_max":2,"seconds":60}}"#
        );
        same(&tried, text);
        same(&Order::RollBack { name: name.clone() }, r#"{"do":"roll-back","name":"a"}"#);
        same(&Order::Unload { name: name.clone() }, r#"{"do":"unload","name":"a"}"#);
        same(&Order::Health { name: name.clone() }, r#"{"do":"health","name":"a"}"#);
        let tools = vec![serde_json::json!({"name": "add"})];
        let text = r#"{"do":"join","name":"a","tools":[{"name":"add"}]}"#;
        same(&Order::Join { name, tools }, text);
    }
}
