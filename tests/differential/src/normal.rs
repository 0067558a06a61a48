//! Brings an answer to a form in which only what the specification fixes is left.

use serde_json::{Map, Value, json};

/// The normal form of one line that a server sent.
///
/// `{"id": …, "error": CODE, "data": …}`, `{"id": …, "refusal": …}` for a result with `isError`,
/// `{"id": …, "result": …}`, or `{"text": …}` for what is no JSON.
pub fn normal(line: &[u8]) -> Value {
    let Ok(Value::Object(mut message)) = serde_json::from_slice::<Value>(line) else {
        return json!({ "text": String::from_utf8_lossy(line) });
    };
    let mut out = Map::new();
    if let Some(id) = message.remove("id") {
        out.insert("id".into(), id);
    }
    if let Some(error) = message.remove("error") {
        out.insert("error".into(), error["code"].clone());
        if let Some(data) = error.get("data") {
            out.insert("data".into(), data.clone());
            // Ours are the versions that a request may name; rmcp's are also those of `initialize`,
            // the refused one among them.
            if let Some(Value::Array(versions)) = out["data"].get_mut("supported") {
                versions.retain(|version| version == "2026-07-28");
            }
        }
        return Value::Object(out);
    }
    let Some(Value::Object(mut result)) = message.remove("result") else {
        return Value::Object(message);
    };
    if result.get("isError") == Some(&Value::Bool(true)) {
        result.remove("isError");
        result.insert("content".into(), sentences(result.get("content")));
        out.insert("refusal".into(), Value::Object(envelope(result)));
    } else {
        out.insert("result".into(), Value::Object(envelope(contents(result))));
    }
    Value::Object(out)
}

/// Kinds of the blocks of an error; the wording is each server's own.
fn sentences(content: Option<&Value>) -> Value {
    content
        .and_then(Value::as_array)
        .map(|blocks| blocks.iter().map(|block| block["type"].clone()).collect())
        .unwrap_or_default()
}

/// What a server may choose freely: its name, its advice, how long a list may be kept.
fn envelope(mut result: Map<String, Value>) -> Map<String, Value> {
    for (key, name) in [("ttlMs", "a number"), ("serverInfo", "an object")] {
        if result.contains_key(key) {
            result.insert(key.into(), name.into());
        }
    }
    if result.get("cacheScope").is_some_and(|scope| scope == "public" || scope == "private") {
        result.insert("cacheScope".into(), "public or private".into());
    }
    result.remove("instructions");
    if let Some(info) = result.get_mut("_meta").and_then(Value::as_object_mut)
        && info.contains_key("io.modelcontextprotocol/serverInfo")
    {
        info.insert("io.modelcontextprotocol/serverInfo".into(), "an object".into());
    }
    result
}

/// Results of calls, without what time and sensors change. `isError: false` is the default.
fn contents(mut result: Map<String, Value>) -> Map<String, Value> {
    if result.get("isError") == Some(&Value::Bool(false)) {
        result.remove("isError");
    }
    if let Some(value) = result.get_mut("structuredContent") {
        calm(value);
    }
    if let Some(Value::Array(blocks)) = result.get_mut("content") {
        blocks.iter_mut().for_each(block);
    }
    result
}

fn block(block: &mut Value) {
    let text = block["text"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(mut value) = text {
        calm(&mut value);
        block["text"] = value;
    }
    if let Some(data) = block["data"].as_str() {
        // Both draw a plant bed; only the size is agreed.
        block["data"] = picture_size(data).into();
    }
}

/// Replaces what differs from one moment, or one sensor, to the next.
fn calm(value: &mut Value) {
    let Some(object) = value.as_object_mut() else { return };
    if object.contains_key("unit") {
        number(object, "value");
    }
    number(object, "uptime_s");
    if let Some(sensors) = object.get_mut("sensors").and_then(Value::as_object_mut) {
        for name in ["temperature", "humidity", "soil", "light", "tank"] {
            number(sensors, name);
        }
    }
    for timer in object.get_mut("timers").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(timer) = timer.as_object_mut() {
            number(timer, "remaining_s");
        }
    }
}

fn number(object: &mut Map<String, Value>, key: &str) {
    if object.get(key).is_some_and(Value::is_number) {
        object.insert(key.into(), "a number".into());
    }
}

/// Width and height out of the header of a PNG in Base64.
fn picture_size(data: &str) -> String {
    use base64::Engine;
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(data) else {
        return "no base64".into();
    };
    let side = |at: usize| {
        bytes.get(at..at + 4).and_then(|side| side.try_into().ok()).map(u32::from_be_bytes)
    };
    match (bytes.starts_with(b"\x89PNG\r\n\x1a\n"), side(16), side(20)) {
        (true, Some(width), Some(height)) => format!("PNG {width} x {height}"),
        _ => "no PNG".into(),
    }
}
