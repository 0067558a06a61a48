//! Tools that no model was trained for: a list that the viewer may edit.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_models::ask::{BASE_NAME, Source, ToolList};

use super::super::paint::say;
use super::super::tools::print_table;
use super::scene::Show;
use super::sentence::{answered, is_call};

/// Tools and sentences for them.
const LIST: &str = include_str!("list.json");

/// Asks the model `base` about the sentences of a list. A file that does not exist is written.
pub(super) fn sentences(show: &mut Show, file: Option<&Path>) -> Result<()> {
    let text = match file {
        Some(path) if path.exists() => {
            std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?
        }
        Some(path) => {
            std::fs::write(path, LIST).map_err(|error| Error::write(path, error))?;
            LIST.to_owned()
        }
        None => LIST.to_owned(),
    };
    let place = |error: trine_models::Error| match file {
        Some(path) => Error::from(error).at(path.display()),
        None => error.into(),
    };
    let tools = ToolList::parse(&text).map_err(place)?;
    let remark = match file {
        Some(path) => &format!("The list is {}: edit it, and run this again.", path.display()),
        None => "Another model reads the list. --list PATH keeps it, to be edited.",
    };
    show.scene("Tools that no model was trained for", remark);
    print_table(&tools, &Value::Null);
    // What was parsed above is JSON.
    let list: Value = serde_json::from_str(&text).unwrap_or_default();
    let own = list["sentences"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if own.clone().next().is_none() {
        say!("   no sentences: add \"sentences\": [\"…\"] next to \"tools\"");
    }
    let is_ours = text == LIST;
    Source::named(OsStr::new(BASE_NAME)).with(Some(&tools), |asker| {
        if is_ours {
            asker.trust_hints();
        }
        for (at, sentence) in own.enumerate() {
            let reply = answered(asker, sentence)?;
            if let Some((tool, given)) = is_ours.then(|| wanted(at)).flatten() {
                show.expect(is_call(&reply, tool, &given), &format!("{tool} {given}"));
            } else if is_ours {
                show.expect(reply.call.is_none() && reply.calls.is_empty(), "no call");
            }
        }
        Ok(())
    })
}

/// The calls of our list's sentences.
fn wanted(sentence: usize) -> Option<(&'static str, Value)> {
    Some(match sentence {
        0 => ("lift_move", json!({ "metres": 2.5 })),
        1 => ("sign_show", json!({ "text": "Closed for lunch", "colour": "red" })),
        2 => ("visit_invite", json!({ "names": ["Ana", "Kofi", "Mei"] })),
        3 => ("visitors_count", json!({})),
        _ => return None,
    })
}
