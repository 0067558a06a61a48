//! Tools as they are written to C, read from JSON.

use serde_json::Value;
use trine_descriptor::{Annotations, Limits};

use super::error::{HeaderError, Result};
use super::nodes::Node;
use super::{GenOptions, nodes, types};

/// One tool.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) hints: Hints,
    /// The end of `TRINE_CONSENT_...`.
    pub(super) consent: &'static str,
    /// What only the device knows.
    pub(super) version: String,
    pub(super) limits: Limits,
    pub(super) fail_safe: u8,
    pub(super) content: bool,
    pub(super) params: Vec<Node>,
    pub(super) results: Vec<Node>,
}

impl Tool {
    pub(super) fn read(tool: &Value, options: &GenOptions) -> Result<Self> {
        let text = |name: &str| tool[name].as_str().unwrap_or_default().to_owned();
        let name = text("name");
        if !trine_descriptor::check::name_is_legal(&name) {
            return Err(HeaderError::ToolName { name });
        }
        let wrong = |error: HeaderError| error.at(&name);
        let params = nodes::read(&tool["inputSchema"], None).map_err(wrong)?;
        let output = tool.get("outputSchema");
        let results = match output {
            Some(schema) => nodes::read(schema, Some(options.places)).map_err(wrong)?,
            None => Vec::new(),
        };
        Ok(Self {
            title: text("title"),
            description: text("description"),
            hints: hints(&tool["annotations"]),
            consent: consent(tool).map_err(wrong)?,
            version: String::new(),
            limits: Limits::default(),
            fail_safe: 0,
            content: output.is_none(),
            name,
            params,
            results,
        })
    }
}

/// `TRINE_READ_ONLY` and the other hints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hints(pub(super) u8);

impl std::fmt::Display for Hints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = ["READ_ONLY", "DESTRUCTIVE", "IDEMPOTENT", "OPEN_WORLD"];
        let mut before = "TRINE_";
        for (bit, name) in names.into_iter().enumerate() {
            if self.0 & 1 << bit != 0 {
                write!(f, "{before}{name}")?;
                before = " | TRINE_";
            }
        }
        f.write_str(if self.0 == 0 { "0u" } else { "" })
    }
}

fn hints(annotations: &Value) -> Hints {
    let set = |name: &str, bit: u8, default: bool| {
        if annotations[name].as_bool().unwrap_or(default) { bit } else { 0 }
    };
    // What a list leaves out is as MCP has it: nothing is promised.
    Hints(
        set("readOnlyHint", Annotations::READ_ONLY, false)
            | set("destructiveHint", Annotations::DESTRUCTIVE, annotations.is_object())
            | set("idempotentHint", Annotations::IDEMPOTENT, false)
            | set("openWorldHint", Annotations::OPEN_WORLD, annotations.is_object()),
    )
}

fn consent(tool: &Value) -> Result<&'static str> {
    match tool["_meta"]["trine/consent"].as_str() {
        None | Some("none") => Ok("NONE"),
        Some("elicit") => Ok("ELICIT"),
        Some("operator") => Ok("OPERATOR"),
        Some("device") => Ok("DEVICE"),
        Some(other) => Err(HeaderError::Consent { found: other.to_owned() }),
    }
}

/// What holds for all tools together.
pub(super) fn check(tools: &[Tool]) -> Result<()> {
    for (at, tool) in tools.iter().enumerate() {
        let same = |other: &&Tool| identifier(&other.name) == identifier(&tool.name);
        if let Some(other) = tools.get(..at).into_iter().flatten().find(same) {
            let (one, two) = (other.name.clone(), tool.name.clone());
            return Err(HeaderError::SameName { one, two });
        }
        for nodes in [&tool.params, &tool.results] {
            if let Some(name) = types::member_twice(nodes) {
                return Err(HeaderError::DefinedTwice { name }.at(&tool.name));
            }
        }
    }
    Ok(())
}

/// Words that no member can be called, in C and C++.
const RESERVED: &str = "alignas alignof and asm auto bitand bitor bool break case catch char class \
    compl const constexpr continue decltype default delete do double else enum explicit export \
    extern false float for friend goto if inline int long mutable namespace new noexcept not \
    nullptr operator or private protected public register restrict return short signed sizeof \
    static struct switch template this throw true try typedef typeid typename typeof union \
    unsigned using virtual void volatile while xor";

/// A name as C has it.
pub(super) fn identifier(name: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut text: String = name.chars().map(legal).collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) || text.is_empty() {
        text.insert(0, '_');
    }
    if RESERVED.split_whitespace().any(|word| word == text) {
        text.push('_');
    }
    text
}
