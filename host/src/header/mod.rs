//! C from a list of MCP tools: typed arguments and results, their decoders, and descriptors.
//!
//! The list is the one that `tools/list` answers, so it can be taken from a device, from a program
//! in another language, or be written by hand. What has no flat form is an error that names the
//! tool and the member.

mod c;
mod descriptors;
mod model;
mod nodes;
mod types;

use serde_json::Value;

use crate::error::{Error, Result};
use model::Tool;

/// How a header is written.
#[derive(Clone, Debug, Default)]
pub struct GenOptions {
    /// What every name begins with; may be empty.
    pub prefix: String,
    /// Digits after the point of a number in a result whose schema does not say.
    pub places: u8,
    /// Where the list came from, for the first line of the header.
    pub source: String,
}

/// A header for a list of tools, as JSON text: an object with `tools`, or the list alone.
///
/// # Errors
/// When the text is no such list, or says what a descriptor cannot: the sentence names the tool and
/// the member and says what to change.
pub fn c_header(tools: &str, options: &GenOptions) -> Result<String> {
    let value: Value = serde_json::from_str(tools)
        .map_err(|error| Error::new(format!("the list of tools is no JSON: {error}")))?;
    let list = value.get("result").unwrap_or(&value);
    let list = list.get("tools").unwrap_or(list).as_array().ok_or_else(|| {
        Error::new("there is no list of tools: give what tools/list answers, {\"tools\": [...]}")
    })?;
    let tools = list.iter().map(|tool| Tool::read(tool, options)).collect::<Result<Vec<_>>>()?;
    model::check(&tools)?;
    Ok(c::header(&tools, options))
}

#[cfg(test)]
mod tests;
