//! A model file, or an image of one, in a few lines.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use trine_infer::config::Key;
use trine_infer::gguf::{Error as FileError, File, Kind, Value};
use trine_infer::image::MAGIC;
use trine_infer::token::{Bpe, Vocabulary};
use trine_infer::{Config, Error as EngineError, Layer, Weights};

use super::command_model::{self, CommandModel};
use crate::Error;

/// Why something of a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// What a model file holds.
///
/// ```
/// use trine_models::ask::BUILT_IN;
/// use trine_models::model::Summary;
///
/// let summary = Summary::of(BUILT_IN[0].file)?;
/// assert_eq!(summary.architecture, "bitnet-b1.58");
/// assert!(summary.refusals.is_empty(), "{:?}", summary.refusals);
/// # Ok::<(), trine_models::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// `general.architecture`; `image` of an image.
    pub architecture: String,
    /// `general.name`; empty of an image.
    pub name: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of all tensors.
    pub tensor_bytes: u64,
    /// Bytes of tensors that one token reads: all but the embedding, unless that is the head too.
    pub token_bytes: u64,
    /// Elements of all tensors.
    pub parameters: u64,
    /// Integers of the header, by their names without the architecture's, and how many blocks see a
    /// prompt whole.
    pub numbers: Vec<(String, u64)>,
    /// Type, tensors, elements and bytes, by the name of the type.
    pub types: BTreeMap<&'static str, [u64; 3]>,
    /// The tokenizer: its model and its counts.
    pub tokenizer: Option<Tokenizer>,
    /// What it was made for, where it writes no text and chooses calls of tools.
    pub command_model: Option<CommandModel>,
    /// What would be refused.
    pub refusals: Vec<Refusal>,
}

/// The tokenizer of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokenizer {
    /// `tokenizer.ggml.model`.
    pub model: String,
    /// How many tokens.
    pub tokens: u64,
    /// How many merges.
    pub merges: u64,
    /// Bytes of memory for its index.
    pub index_bytes: u64,
    /// The token that begins a text, and the one that ends it.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
}

impl Summary {
    /// What this file holds: a GGUF file, or an image.
    ///
    /// # Errors
    /// When it is neither, or is not sound.
    pub fn of(bytes: &[u8]) -> crate::Result<Self> {
        if bytes.starts_with(&MAGIC) {
            return super::summary_image::summary(bytes);
        }
        Self::of_gguf(bytes).map_err(crate::Error::from)
    }

    fn of_gguf(bytes: &[u8]) -> Result<Self, FileError> {
        let file = File::parse(bytes)?;
        let text = |key| Ok::<_, FileError>(file.string(key)?.unwrap_or_default().to_owned());
        let mut summary = Self {
            architecture: text("general.architecture")?,
            name: text("general.name")?,
            file_bytes: bytes.len() as u64,
            ..Self::default()
        };
        summary.count_tensors(&file);
        summary.numbers =
            file.keys().filter_map(|(key, value)| summary.number(key, &value)).collect();
        match tokenizer(&file) {
            Ok(found) => summary.tokenizer = found,
            Err(refusal) => summary.refusals.push(refusal),
        }
        match CommandModel::of(&file) {
            Ok(found) => summary.command_model = found,
            Err(error) => summary.refusals.push(Refusal(error.chain())),
        }
        if let Err(error) = engine(&file) {
            summary.refusals.push(Refusal(named(error, &file)));
        }
        Ok(summary)
    }

    fn number(&self, key: &str, value: &Value<'_>) -> Option<(String, u64)> {
        let own = || key.strip_prefix(&*self.architecture)?.strip_prefix('.');
        let name = if key == Key::PrefixAttention.name() { key } else { own()? };
        Some((name.to_owned(), value.unsigned()?))
    }

    fn count_tensors(&mut self, file: &File<'_>) {
        let has_head = file.tensor("output.weight").is_some();
        for tensor in file.tensors() {
            let bytes = tensor.data.len() as u64;
            let [tensors, elements, all] = self.types.entry(tensor.kind.name()).or_default();
            *tensors += 1;
            *elements += tensor.elements();
            *all += bytes;
            self.tensor_bytes += bytes;
            self.parameters += tensor.elements();
            if !(has_head && tensor.name == "token_embd.weight") {
                self.token_bytes += bytes;
            }
        }
    }

    /// The summary as one JSON object.
    #[must_use]
    pub fn json(&self) -> Json {
        let types: Json = self
            .types
            .iter()
            .map(|(name, [tensors, elements, bytes])| {
                let counts = json!({ "tensors": tensors, "elements": elements, "bytes": bytes });
                ((*name).to_owned(), counts)
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        let numbers: serde_json::Map<String, Json> =
            self.numbers.iter().map(|(name, number)| (name.clone(), (*number).into())).collect();
        let tokenizer = self.tokenizer.as_ref().map(|tokenizer| {
            json!({
                "model": tokenizer.model,
                "tokens": tokenizer.tokens,
                "merges": tokenizer.merges,
                "index_bytes": tokenizer.index_bytes,
                "bos": tokenizer.bos,
                "eos": tokenizer.eos,
            })
        });
        let refusals: Vec<&str> = self.refusals.iter().map(|refusal| &*refusal.0).collect();
        json!({
            "architecture": self.architecture,
            "name": self.name,
            "file_bytes": self.file_bytes,
            "parameters": self.parameters,
            "tensor_bytes": self.tensor_bytes,
            "token_bytes": self.token_bytes,
            "numbers": numbers,
            "types": types,
            "tokenizer": tokenizer,
            "chooses": self.command_model.as_ref().map(CommandModel::json),
            "refused": refusals,
        })
    }
}

/// Whether the engine computes this model.
fn engine(file: &File<'_>) -> Result<(), EngineError> {
    let config = Config::from_gguf(file)?;
    let mut layers = vec![Layer::EMPTY; config.layers];
    Weights::from_gguf(file, &config, &mut layers).map(drop)
}

/// The engine's sentence, with the name of a tensor or architecture that it knows the place of.
fn named(error: EngineError, file: &File<'_>) -> String {
    match error {
        EngineError::UnknownTensor(at) => match file.tensors().nth(at) {
            Some(tensor) => format!("tensor {}: no model of this architecture has it", tensor.name),
            None => error.to_string(),
        },
        _ => error.to_string(),
    }
}

fn tokenizer(file: &File<'_>) -> Result<Option<Tokenizer>, Refusal> {
    let said = |error: FileError| Refusal(error.to_string());
    let Some(model) = file.string("tokenizer.ggml.model").map_err(said)? else { return Ok(None) };
    let mut found = Tokenizer {
        model: model.to_owned(),
        bos: file.u32("tokenizer.ggml.bos_token_id").map_err(said)?,
        eos: file.u32("tokenizer.ggml.eos_token_id").map_err(said)?,
        ..Tokenizer::default()
    };
    match model {
        "gpt2" => {
            let vocabulary = Vocabulary::from_gguf(file).map_err(said)?;
            let slots = vocabulary.index_slots();
            found.tokens = vocabulary.tokens.count.into();
            found.merges = vocabulary.merges.count.into();
            found.index_bytes = 4 * slots as u64;
            Bpe::new(vocabulary, &mut vec![0; slots])
                .map_err(|error| Refusal(format!("tokenizer: {error}")))?;
        }
        "byte" => found.tokens = 256,
        command_model::TOKENIZER => {
            let tokens = file.array("tokenizer.ggml.tokens", Kind::String).map_err(said)?;
            found.tokens = tokens.map_or(0, |tokens| tokens.count() as u64);
        }
        other => {
            let error = Error::Tokenizer { found: Some(other.to_owned()) };
            return Err(Refusal(error.to_string()));
        }
    }
    Ok(Some(found))
}
