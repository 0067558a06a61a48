//! Entries in TOML files.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::client::Client;
use super::error::ConnectError;
use super::{Entry, is_trine};

pub(super) fn merge(client: Client, text: &str, entry: &Entry) -> Result<String, ConnectError> {
    let mut document = parse(text)?;
    let before = document.to_string();
    let key = client.servers_key();
    let mut parent = Table::new();
    parent.set_implicit(true);
    let servers = document.entry(key).or_insert(Item::Table(parent));
    let inline = servers.is_inline_table();
    let servers = servers
        .as_table_like_mut()
        .ok_or_else(|| ConnectError::Shape { key: key.to_owned(), expected: "a table" })?;
    match servers.get_mut(&entry.name) {
        None => {
            let mut fresh = if inline {
                Item::Value(Value::InlineTable(InlineTable::new()))
            } else {
                Item::Table(Table::new())
            };
            if let Some(table) = fresh.as_table_like_mut() {
                put(table, entry);
            }
            servers.insert(&entry.name, fresh);
        }
        Some(held) => {
            let held = held.as_table_like_mut().ok_or_else(|| ConnectError::Shape {
                key: format!("{key}.{}", entry.name),
                expected: "a table",
            })?;
            if let Some(holder) =
                other_holder(held).filter(|holder| entry.url.as_ref() != Some(holder))
            {
                return Err(ConnectError::Taken { name: entry.name.clone(), holder });
            }
            put(held, entry);
        }
    }
    let after = document.to_string();
    if after == before {
        return Ok(text.to_owned());
    }
    // The document has forgotten how its lines ended.
    let line_end = text.find('\n').and_then(|at| text.as_bytes().get(at.checked_sub(1)?));
    Ok(if line_end == Some(&b'\r') { after.replace('\n', "\r\n") } else { after })
}

pub(super) fn entries(client: Client, text: &str) -> Result<Vec<Entry>, ConnectError> {
    let document = parse(text)?;
    let Some(servers) = document.get(client.servers_key()).and_then(Item::as_table_like) else {
        return Ok(Vec::new());
    };
    let found = servers.iter().filter_map(|(name, held)| {
        let held = held.as_table_like()?;
        Some(Entry {
            name: name.to_owned(),
            command: text_of(held, "command")?,
            args: texts_of(held, "args").unwrap_or_default(),
            url: None,
        })
    });
    Ok(found.collect())
}

fn parse(text: &str) -> Result<DocumentMut, ConnectError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map_or(1, |span| {
            text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
        });
        ConnectError::Broken(format!("{} on line {line}", error.message()))
    })
}

// Only what differs is written, so that a second run changes no byte.
fn put(held: &mut dyn TableLike, entry: &Entry) {
    if let Some(url) = &entry.url {
        if text_of(held, "url").as_deref() != Some(url) {
            set(held, "url", Value::from(url.as_str()));
        }
        for other in ["command", "args"] {
            held.remove(other);
        }
        return;
    }
    if text_of(held, "command").as_deref() != Some(&entry.command) {
        set(held, "command", Value::from(entry.command.as_str()));
    }
    if texts_of(held, "args").as_deref() != Some(&entry.args) {
        set(held, "args", Value::Array(entry.args.iter().map(String::as_str).collect::<Array>()));
    }
}

// A value that is replaced keeps the spaces and the comment around it.
fn set(held: &mut dyn TableLike, key: &str, mut value: Value) {
    match held.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            held.insert(key, Item::Value(value));
        }
    }
}

fn other_holder(held: &dyn TableLike) -> Option<String> {
    text_of(held, "url").or_else(|| text_of(held, "command").filter(|command| !is_trine(command)))
}

fn text_of(held: &dyn TableLike, key: &str) -> Option<String> {
    Some(held.get(key)?.as_str()?.to_owned())
}

fn texts_of(held: &dyn TableLike, key: &str) -> Option<Vec<String>> {
    let array = held.get(key)?.as_array()?;
    array.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let args = vec!["gateway".to_owned(), "--simulate".to_owned()];
        Entry { name: "trine".to_owned(), command: "/usr/bin/trine".to_owned(), args, url: None }
    }

    fn merged(text: &str) -> String {
        merge(Client::Codex, text, &entry()).unwrap()
    }

    #[test]
    fn inline_tables_and_dotted_keys_stay_what_they_are() {
        let inline = "mcp_servers = { files = { command = \"npx\" } } # all of them\n";
        assert_eq!(
            merged(inline),
            "mcp_servers = { files = { command = \"npx\" } , trine = { command = \
             \"/usr/bin/trine\", args = [\"gateway\", \"--simulate\"] } } # all of them\n"
        );
        let dotted = "mcp_servers.trine.command = \"/opt/trine\"\nmodel = \"x\"\n";
        let after = merged(dotted);
        assert!(after.starts_with("mcp_servers.trine.command = \"/usr/bin/trine\"\n"), "{after}");
        assert!(after.ends_with("model = \"x\"\n"), "{after}");
        assert_eq!(entries(Client::Codex, &after).unwrap(), [entry()]);
    }

    #[test]
    fn an_address_takes_the_place_of_a_command_and_stays_when_it_is_the_same() {
        let url = "http://127.0.0.1:8331/mcp";
        let at = Entry { url: Some(url.to_owned()), ..entry() };
        let before = "[mcp_servers.trine] # ours\ncommand = \"/opt/trine\"\nargs = []\n";
        let after = merge(Client::Codex, before, &at).unwrap();
        assert_eq!(after, format!("[mcp_servers.trine] # ours\nurl = \"{url}\"\n"));
        assert_eq!(merge(Client::Codex, &after, &at).unwrap(), after);
        for other in [Entry { url: Some("http://other/mcp".to_owned()), ..entry() }, entry()] {
            let refused = merge(Client::Codex, &after, &other);
            assert!(matches!(refused, Err(ConnectError::Taken { .. })), "{refused:?}");
        }
    }

    #[test]
    fn line_ends_stay() {
        let after = merged("# mine\r\nmodel = \"x\"\r\n\r\n[history]\r\nmax = 3 # few\r\n");
        assert!(after.starts_with("# mine\r\nmodel = \"x\"\r\n"), "{after:?}");
        assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
        assert_eq!(merged(&after), after);
    }

    #[test]
    fn what_is_no_table_is_left_alone() {
        for text in ["mcp_servers = 3\n", "[[mcp_servers]]\n", "[mcp_servers]\ntrine = 3\n"] {
            let refused = merge(Client::Codex, text, &entry());
            assert!(matches!(refused, Err(ConnectError::Shape { .. })), "{text}: {refused:?}");
        }
    }
}
