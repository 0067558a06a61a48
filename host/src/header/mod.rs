//! C from a list of MCP tools: typed arguments and results, their decoders, and descriptors.
//!
//! The list is the one that `tools/list` answers, so it can be taken from a device, from a program
//! in another language, or be written by hand. What has no flat form is an error that names the
//! tool and the member.

mod c;
mod descriptors;
mod device;
mod error;
mod model;
mod nodes;
mod pack;
mod pairs;
mod ram;
mod sentences;
mod table;
mod types;

use serde_json::Value;

use error::Result;
use model::Tool;

pub use error::HeaderError;
pub use pack::pack;
pub use ram::device_bytes;
pub use sentences::c_sentences;

/// How a header is written.
#[derive(Clone, Debug, Default)]
pub struct GenOptions {
    /// What every name begins with; may be empty.
    pub prefix: String,
    /// Digits after the point of a number in a result whose schema does not say.
    pub places: u8,
    /// Where the list came from, for the first line of the header.
    pub source: String,
    /// What the list does not say, as JSON text; may be empty. An object with a member for a tool
    /// of which there is something to say, an object with any of `version`, `deadline_ms`,
    /// `pending_bytes`, `fail_safe` (a list of `link_lost` and `reset`), `units` and `result_units`
    /// (unit by name of the parameter or of the member of the result).
    pub device: String,
}

/// A header for a list of tools, as JSON text: an object with `tools`, or the list alone.
///
/// # Errors
/// When the text is no such list, or says what a descriptor cannot: the sentence names the tool and
/// the member and says what to change.
pub fn c_header(tools: &str, options: &GenOptions) -> Result<String> {
    let header = c::header(&listed(tools, options)?, options);
    match c::defined_twice(&header) {
        Some(name) => Err(HeaderError::DefinedTwice { name: name.to_owned() }),
        None => Ok(header),
    }
}

/// The tools of a list.
fn listed(tools: &str, options: &GenOptions) -> Result<Vec<Tool>> {
    let value: Value = serde_json::from_str(tools)
        .map_err(|source| HeaderError::Json { what: "list of tools", source })?;
    let list = value.get("result").unwrap_or(&value);
    let list = list.get("tools").unwrap_or(list).as_array().ok_or(HeaderError::NotAList)?;
    let mut tools =
        list.iter().map(|tool| Tool::read(tool, options)).collect::<Result<Vec<_>>>()?;
    model::check(&tools)?;
    if !options.device.is_empty() {
        device::add(&mut tools, &options.device)?;
    }
    Ok(tools)
}

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
