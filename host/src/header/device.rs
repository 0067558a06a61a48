//! What a list of tools does not say and the device does: units, limits, what is safe.

use serde_json::{Map, Value};
use trine_descriptor::FailSafe;

use super::model::Tool;
use super::nodes::{Kind, Node};
use crate::error::{Error, Result};

/// Adds what `text` says of each tool.
pub(super) fn add(tools: &mut [Tool], text: &str) -> Result<()> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Error::new(format!("what the device says is no JSON: {error}")))?;
    for (name, said) in object(&value, "what the device says")? {
        if name.starts_with('$') {
            continue;
        }
        let tool = tools.iter_mut().find(|tool| tool.name == *name);
        let tool = tool.ok_or_else(|| {
            Error::new(format!("the device says something of {name}, which is not in the list"))
        })?;
        one(tool, said).map_err(|error| Error::new(format!("{name}: {error}")))?;
    }
    Ok(())
}

fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| Error::new(format!("{what} is no object")))
}

fn one(tool: &mut Tool, said: &Value) -> Result<()> {
    for (name, value) in object(said, "what is said of it")? {
        let wrong = |what: &str| Error::new(format!("{name} is {value}; it is {what}"));
        match name.as_str() {
            "version" => {
                value.as_str().ok_or_else(|| wrong("text"))?.clone_into(&mut tool.version);
            }
            "deadline_ms" => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                tool.limits.deadline_ms = number.ok_or_else(|| wrong("a number of 32 bits"))?;
            }
            "pending_bytes" => {
                let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
                tool.limits.pending_bytes = number.ok_or_else(|| wrong("a number of 16 bits"))?;
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
                return Err(Error::new(format!(
                    "there is no {name}: say version, deadline_ms, pending_bytes, fail_safe, units \
                     or result_units"
                )));
            }
        }
    }
    Ok(())
}

/// Units by the name of a node, at any depth.
fn units(nodes: &mut [Node], said: &Value) -> Result<()> {
    for (name, unit) in object(said, "what it says of units")? {
        let unit = unit.as_str().ok_or_else(|| Error::new(format!("{unit} is no unit")))?;
        let mut found = false;
        for node in nodes.iter_mut().filter(|node| node.name == *name) {
            if !matches!(node.kind, Kind::Int { .. } | Kind::Decimal { .. }) {
                return Err(Error::new(format!("{name} is no number, so it has no unit")));
            }
            unit.clone_into(&mut node.unit);
            found = true;
        }
        if !found {
            return Err(Error::new(format!("{name}, whose unit is said, is not there")));
        }
    }
    Ok(())
}
