//! Models that write no text: they turn sentences into calls of the tools that they were made for.

use serde_json::{Value as Json, json};
use trine_ask::Vocabulary;
use trine_infer::gguf::{File, Kind, Value};

use crate::Result;

/// What `tokenizer.ggml.model` is in their files.
pub(super) const TOKENIZER: &str = "trine";

/// What such a model says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandModel {
    /// How many tools it knows.
    pub tools: u16,
    /// Their names; none where the file does not say.
    pub names: Vec<String>,
    /// Their hash, `docs/ask.md`.
    pub hash: u64,
    /// Tokens of its vocabulary.
    pub tokens: u64,
    /// How sure it has to be of a call, from 0 to 1.
    pub threshold: f32,
}

impl CommandModel {
    /// What this file says, if it is one of them.
    ///
    /// # Errors
    /// When its vocabulary is damaged.
    pub fn of(file: &File<'_>) -> Result<Option<Self>> {
        let Some(table) = file.array("trine.ask", Kind::U8)? else { return Ok(None) };
        Ok(Some(Self::of_table(&Vocabulary::parse(table.bytes())?, names(file))))
    }

    /// What this table says, and the names of the tools.
    pub(super) fn of_table(table: &Vocabulary<'_>, names: Vec<String>) -> Self {
        Self {
            tools: table.tools,
            names,
            hash: table.hash,
            tokens: table.tokens() as u64,
            threshold: table.threshold,
        }
    }

    /// Its tools in words: `10 tools (hash 0123456789abcdef): light_set, fan_set`.
    #[must_use]
    pub fn known(&self) -> String {
        let colon = if self.names.is_empty() { "" } else { ": " };
        let names = self.names.join(", ");
        let noun = if self.tools == 1 { "tool" } else { "tools" };
        format!("{} {noun} (hash {:016x}){colon}{names}", self.tools, self.hash)
    }

    /// As one JSON object.
    #[must_use]
    pub fn json(&self) -> Json {
        json!({
            "tools": self.tools,
            "names": self.names,
            "hash": format!("{:016x}", self.hash),
            "threshold": (f64::from(self.threshold) * 1e4).round() / 1e4,
        })
    }
}

/// What a model of this kind chooses in place of text.
pub(super) fn calls(file: &File<'_>) -> String {
    match CommandModel::of(file) {
        Ok(Some(command_model)) => format!("calls of {}", command_model.known()),
        Ok(None) => "calls".to_owned(),
        Err(error) => format!("calls ({})", error.chain()),
    }
}

/// The names of the tools, which are among those of the tokens.
fn names(file: &File<'_>) -> Vec<String> {
    let tokens = file.array("tokenizer.ggml.tokens", Kind::String).ok().flatten();
    let tokens = tokens.into_iter().flat_map(|tokens| tokens.iter());
    let tool = |token: Value<'_>| match token {
        Value::String(name) => name.strip_prefix("tool:").map(str::to_owned),
        _ => None,
    };
    tokens.filter_map(tool).collect()
}
