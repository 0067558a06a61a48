//! What a list of tools does not say and the device does: units, limits, what is safe.

use serde_json::{Map, Value};
use trine_descriptor::FailSafe;

use super::error::{HeaderError, Result};
use super::model::Tool;
use super::nodes::{Kind, Node};

/// Adds what `text` says of each tool.
pub(super) fn add(tools: &mut [Tool], text: &str) -> Result<()> {
    let value: Value = serde_json::from_str(text)
        .map_err(|source| HeaderError::Json { what: "file of --device", source })?;
    for (name, said) in object(&value, "the file of --device")? {
        if name.starts_with('$') {
            continue;
        }
        let tool = tools.iter_mut().find(|tool| tool.name == *name);
        let tool = tool.ok_or_else(|| HeaderError::UnknownTool { name: name.clone() })?;
        one(tool, said).map_err(|error| error.at(name))?;
    }
    Ok(())
}

fn object<'v>(value: &'v Value, what: &'static str) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or(HeaderError::NotAnObject { what })
}

fn one(tool: &mut Tool, said: &Value) -> Result<()> {
    for (name, value) in object(said, "its value")? {
        let wrong =
            |expected| HeaderError::Value { key: name.clone(), value: value.to_string(), expected };
        match name.as_str() {
            "version" => {
                value.as_str().ok_or_else(|| wrong("text"))?.clone_into(&mut tool.version);
            }
            "deadline_ms" => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                tool.limits.deadline_ms = number.ok_or_else(|| wrong("an integer of 32 bits"))?;
            }
            "pending_bytes" => {
                let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
                tool.limits.pending_bytes = number.ok_or_else(|| wrong("an integer of 16 bits"))?;
            }
            "fail_safe" => {
                let states = value.as_array().ok_or_else(|| wrong("a list"))?;
                for state in states {
                    tool.fail_safe |= match state.as_str() {
                        Some("link_lost") => FailSafe::LINK_LOST,
                        Some("reset") => FailSafe::RESET,
                        _ => return Err(wrong("a list of link_lost and reset")),
                    };
                }
            }
            "units" => units(&mut tool.params, value)?,
            "result_units" => units(&mut tool.results, value)?,
            _ => {
                return Err(HeaderError::UnknownKey { key: name.clone() });
            }
        }
    }
    Ok(())
}

/// Units by the name of a node, at any depth.
fn units(nodes: &mut [Node], said: &Value) -> Result<()> {
    for (name, unit) in object(said, "the list of units")? {
        let text = unit.as_str().ok_or_else(|| HeaderError::Value {
            key: format!("unit of {name}"),
            value: unit.to_string(),
            expected: "text",
        })?;
        let mut found = false;
        for node in nodes.iter_mut().filter(|node| node.name == *name) {
            if !matches!(node.kind, Kind::Int { .. } | Kind::Decimal { .. }) {
                return Err(HeaderError::UnitOfText { name: name.clone() });
            }
            text.clone_into(&mut node.unit);
            found = true;
        }
        if !found {
            return Err(HeaderError::UnknownMember { name: name.clone() });
        }
    }
    Ok(())
}
