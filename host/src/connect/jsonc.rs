//! Entries in JSON files, with or without comments.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstRootNode};

use super::client::{Address, Client, FileSyntax};
use super::error::ConnectError;
use super::{Entry, is_trine};

// What an entry for a server at an address holds instead of a command, by client.
const ADDRESS_KEYS: [&str; 3] = ["url", "httpUrl", "serverUrl"];

pub(super) fn merge(client: Client, text: &str, entry: &Entry) -> Result<String, ConnectError> {
    let root = parse(client, text)?;
    let top = match root.value() {
        None => root.object_value_or_set(),
        Some(value) => value
            .as_object()
            .ok_or_else(|| ConnectError::Broken("the file is not a JSON object".to_owned()))?,
    };
    once(&top)?;
    let key = client.servers_key();
    let servers =
        top.object_value_or_create(key).ok_or_else(|| shape(key, "an object of servers"))?;
    once(&servers)?;
    match servers.get(&entry.name) {
        None => {
            servers.append(&entry.name, whole(client, entry)?);
        }
        Some(property) => {
            let held = property.object_value().ok_or_else(|| shape(&entry.name, "an object"))?;
            once(&held)?;
            if let Some(holder) =
                other_holder(&held).filter(|holder| entry.url.as_ref() != Some(holder))
            {
                return Err(ConnectError::Taken { name: entry.name.clone(), holder });
            }
            match &entry.url {
                Some(url) => put_address(address(client)?, &held, url),
                None => put(client, &held, entry),
            }
        }
    }
    let mut merged = root.to_string();
    if !merged.ends_with('\n') && text.trim().is_empty() {
        merged.push('\n');
    }
    Ok(merged)
}

pub(super) fn entries(client: Client, text: &str) -> Result<Vec<Entry>, ConnectError> {
    let root = parse(client, text)?;
    let Some(top) = root.object_value() else { return Ok(Vec::new()) };
    let Some(servers) = top.object_value(client.servers_key()) else { return Ok(Vec::new()) };
    let found = servers.properties().into_iter().filter_map(|property| {
        let held = property.object_value()?;
        Some(Entry {
            name: property.decoded_name()?,
            command: text_of(&held, "command")?,
            args: texts_of(&held, "args").unwrap_or_default(),
            url: None,
        })
    });
    Ok(found.collect())
}

fn parse(client: Client, text: &str) -> Result<CstRootNode, ConnectError> {
    let broken = |fault: String| ConnectError::Broken(fault);
    if client.form() == FileSyntax::Json && !text.trim().is_empty() {
        // The other reader lets some comments pass whatever it is told.
        serde_json::from_str::<serde_json::Value>(text)
            .map_err(|error| broken(error.to_string()))?;
    }
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    CstRootNode::parse(text, &options).map_err(|error| broken(error.to_string()))
}

fn shape(key: &str, expected: &'static str) -> ConnectError {
    ConnectError::Shape { key: key.to_owned(), expected }
}

// Readers of JSON take the last of two equal keys, editors the first: no edit would be safe.
fn once(object: &CstObject) -> Result<(), ConnectError> {
    let mut names: Vec<_> =
        object.properties().iter().filter_map(|property| property.decoded_name()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ConnectError::Twice(pair[0].clone())),
        None => Ok(()),
    }
}

fn whole(client: Client, entry: &Entry) -> Result<CstInputValue, ConnectError> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), CstInputValue::from(*value));
    let mut members = Vec::new();
    if let Some(url) = &entry.url {
        let (key, before) = address(client)?;
        members.extend(before.iter().map(pair));
        members.push((key.to_owned(), CstInputValue::from(url.as_str())));
        return Ok(CstInputValue::Object(members));
    }
    members.extend(client.fixed().iter().map(pair));
    members.push(("command".to_owned(), CstInputValue::from(entry.command.as_str())));
    members.push(("args".to_owned(), args_value(entry)));
    Ok(CstInputValue::Object(members))
}

fn address(client: Client) -> Result<Address, ConnectError> {
    client.address().ok_or(ConnectError::NoAddress(client.title()))
}

// What started a program is taken out; the rest stays.
fn put_address((key, before): Address, held: &CstObject, url: &str) {
    for (key, value) in before {
        if text_of(held, key).as_deref() != Some(value) {
            set(held, key, CstInputValue::from(*value));
        }
    }
    if text_of(held, key).as_deref() != Some(url) {
        set(held, key, CstInputValue::from(url));
    }
    let is_stale = text_of(held, "type").as_deref() == Some("stdio");
    let stale: &[&str] = if is_stale { &["type", "command", "args"] } else { &["command", "args"] };
    for property in stale.iter().filter_map(|other| held.get(other)) {
        property.remove();
    }
}

fn args_value(entry: &Entry) -> CstInputValue {
    CstInputValue::Array(entry.args.iter().map(|arg| CstInputValue::from(arg.as_str())).collect())
}

// Only what differs is written, so that a second run changes no byte.
fn put(client: Client, held: &CstObject, entry: &Entry) {
    for (key, value) in client.fixed() {
        if held.get(key).is_none() {
            held.insert(0, key, CstInputValue::from(*value));
        }
    }
    if text_of(held, "command").as_deref() != Some(&entry.command) {
        set(held, "command", CstInputValue::from(entry.command.as_str()));
    }
    if texts_of(held, "args").as_deref() != Some(&entry.args) {
        set(held, "args", args_value(entry));
    }
}

fn set(held: &CstObject, key: &str, value: CstInputValue) {
    match held.get(key) {
        Some(property) => property.set_value(value),
        None => {
            held.append(key, value);
        }
    }
}

fn other_holder(held: &CstObject) -> Option<String> {
    if let Some(address) = ADDRESS_KEYS.iter().find_map(|key| text_of(held, key)) {
        return Some(address);
    }
    text_of(held, "command").filter(|command| !is_trine(command))
}

fn text_of(held: &CstObject, key: &str) -> Option<String> {
    text_value(&held.get(key)?.value()?)
}

fn texts_of(held: &CstObject, key: &str) -> Option<Vec<String>> {
    held.array_value(key)?.elements().iter().map(text_value).collect()
}

fn text_value(node: &CstNode) -> Option<String> {
    node.as_string_lit()?.decoded_value().ok()
}
