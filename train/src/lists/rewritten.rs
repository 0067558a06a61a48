//! Lists with their tools written otherwise, so that a model learns from sentences and not from
//! one way to write tools: parameters that nobody speaks of, as servers have them, no descriptions
//! at all, another order. The sentences stay the same, but for texts in them.

use serde_json::{Map, Value as Json, json};

use super::List;
use super::texts::Texts;
use crate::random::Random;

/// How often a list has no descriptions, of tools and of parameters.
const BARE: [f32; 2] = [0.15, 0.15];
/// How often a list has parameters that nobody speaks of, and each of its tools has one.
const UNSAID: [f32; 2] = [0.7, 0.75];

/// A parameter that nobody speaks of: its name, type, and description.
type Unsaid = (&'static str, &'static str, &'static str);

/// Parameters of servers' tools that say how a call is made, not what it does.
static ALL: [Unsaid; 44] = [
    ("host", "string", "Hostname or IP address of the device; the default one if left out"),
    ("host", "string", ""),
    ("ip", "string", "IP of the unit (optional)"),
    ("ip_address", "string", "Address of the device to talk to, overrides the configuration"),
    ("base_url", "string", "URL of the API, if not the configured one"),
    ("port", "integer", "TCP port, default 80"),
    ("deviceId", "string", "Identifier of the device"),
    ("device_id", "string", "ID of the target device, optional when there is only one"),
    ("serial_number", "string", "Serial number of the unit"),
    ("serial_port", "string", "Serial port such as /dev/ttyUSB0"),
    ("instance", "string", "Name of the instance to use"),
    ("node_id", "integer", "Bus address of the node"),
    ("unit_id", "integer", "Modbus unit identifier"),
    ("timeout", "number", "Seconds to wait for an answer"),
    ("timeout_ms", "integer", ""),
    ("timeoutSeconds", "number", "Request timeout in seconds"),
    ("retries", "integer", "How often to try again on failure"),
    ("retry_delay", "number", "Delay between attempts in seconds"),
    ("verbose", "boolean", "Return more detail"),
    ("debug", "boolean", "Include debug output"),
    ("dry_run", "boolean", "Only say what would be done"),
    ("dryRun", "boolean", ""),
    ("wait_for_completion", "boolean", "Block until the device has finished"),
    ("blocking", "boolean", "Whether the call returns only when done"),
    ("raw", "boolean", "Return the raw response"),
    ("no_cache", "boolean", "Ask the device and not the cache"),
    ("format", "json|text", "Format of the response"),
    ("response_format", "markdown|json", "Output format"),
    ("output", "text|json|csv", ""),
    ("log_level", "debug|info|warning|error", "Log level for this call"),
    ("detail", "concise|detailed", "How much the response contains"),
    ("api_key", "string", "API key, taken from the environment if missing"),
    ("token", "string", "Access token"),
    ("session_id", "string", "Session to run in"),
    ("request_id", "string", "Identifier that is returned with the result"),
    ("correlationId", "string", ""),
    ("user_agent", "string", "User agent sent with the request"),
    ("config_path", "string", "Path of the configuration file"),
    ("tenant", "string", "Tenant of the account"),
    ("workspace", "string", "Workspace, if more than one is configured"),
    ("callback_url", "string", "URL that is called when the operation has ended"),
    ("locale", "string", "Locale of the response, e.g. en_US"),
    ("encoding", "string", "Character encoding"),
    ("context", "string", "Why this call is made, for the log"),
];

/// The list with its tools written otherwise and other texts in its sentences, by chance.
#[must_use]
pub fn rewritten(list: &List, all: &Texts, seed: u64) -> List {
    let mut random = Random::named(seed, &list.name);
    let mut tools = list.tools.clone();
    random.shuffle(&mut tools);
    let [no_tools, no_params] = BARE.map(|share| random.chance(share));
    let own = if random.chance(UNSAID[0]) { unsaid(list, &mut random) } else { Vec::new() };
    for tool in &mut tools {
        let Some(tool) = tool.as_object_mut() else { continue };
        if no_tools {
            tool.remove("description");
        }
        let schema = tool.entry("inputSchema").or_insert_with(|| json!({ "type": "object" }));
        let Some(schema) = schema.as_object_mut() else { continue };
        let properties = schema.entry("properties").or_insert_with(|| json!({}));
        let Some(properties) = properties.as_object_mut() else { continue };
        if no_params {
            properties.values_mut().filter_map(Json::as_object_mut).for_each(|one| {
                one.remove("description");
            });
        }
        let most = trine_unseen::tool::PARAMS_MAX;
        for (name, kind, about) in &own {
            if properties.len() < most && random.chance(UNSAID[1]) {
                properties
                    .insert((*name).into(), property(kind, if no_params { "" } else { about }));
            }
        }
    }
    let records = list.records.iter().map(|one| all.replaced(list, one, &mut random)).collect();
    List { name: format!("{} rewritten {seed}", list.name), tools, records }
}

/// One or two parameters that no tool of the list has.
fn unsaid(list: &List, random: &mut Random) -> Vec<Unsaid> {
    let has = |name: &str| {
        list.tools.iter().any(|tool| tool["inputSchema"]["properties"].get(name).is_some())
    };
    let mut all: Vec<Unsaid> = ALL.iter().copied().filter(|one| !has(one.0)).collect();
    random.shuffle(&mut all);
    all.truncate(if random.chance(0.5) { 1 } else { 2 });
    all
}

fn property(kind: &str, about: &str) -> Json {
    let mut out = Map::new();
    if kind.contains('|') {
        out.insert("type".into(), "string".into());
        out.insert("enum".into(), kind.split('|').collect());
    } else {
        out.insert("type".into(), kind.into());
    }
    if !about.is_empty() {
        out.insert("description".into(), about.into());
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::{Set, load};

    #[test]
    fn rewritten_lists_keep_what_their_sentences_ask_for() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/lists"));
        let lists = load(folder, Set::Training).unwrap();
        let all = Texts::new(&lists);
        let mut added = 0;
        for list in lists.iter().take(40) {
            let other = rewritten(list, &all, 1);
            assert_eq!(other.records.len(), list.records.len());
            assert_eq!(other.tools.len(), list.tools.len());
            let names = |list: &List| {
                let mut names: Vec<String> =
                    list.tools.iter().map(|tool| tool["name"].to_string()).collect();
                names.sort_unstable();
                names
            };
            assert_eq!(names(&other), names(list));
            // Each tool has all that it had, and what is new is not required.
            for tool in &list.tools {
                let new = other.tools.iter().find(|new| new["name"] == tool["name"]).unwrap();
                let (old, new) = (&tool["inputSchema"], &new["inputSchema"]);
                assert_eq!(new["required"], old["required"]);
                let old = old["properties"].as_object();
                for (name, _) in old.into_iter().flatten() {
                    assert!(new["properties"].get(name).is_some(), "{name}");
                }
                added += new["properties"].as_object().map_or(0, Map::len);
                added -= old.map_or(0, Map::len);
            }
            assert_eq!(
                rewritten(list, &all, 1).tools,
                other.tools,
                "the same chance, the same list"
            );
            crate::unseen::data::texts(&other).unwrap();
        }
        assert!(added > 100, "{added} parameters");
    }
}
