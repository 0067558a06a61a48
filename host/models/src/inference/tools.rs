//! The tools, and the list of them.

use trine_derive::{Choice, Record, Tool};
use trine_descriptor::{Decimal, Tool};

/// The longest text that is written, in characters.
pub(super) const TEXT_MAX: usize = 65_534;
/// The longest reason of a problem, in characters.
pub(super) const PROBLEM_MAX: usize = 400;

/// Go on with a text, by a ternary language model (the BitNet b1.58 family) that is computed on
/// this machine. The model is loaded when it is first used, and stays for the next call.
#[derive(Tool)]
#[trine(
    name = "bitnet-inference",
    title = "Generate text",
    version = "1.0.0",
    read_only,
    output = Generated<'_>
)]
pub(super) struct Inference<'a> {
    /// The model: a GGUF file, or an image of `trine model pack`, in the folder that the server
    /// was given.
    #[trine(len(min = 1, max = 255))]
    pub(super) model_path: &'a str,
    /// What the text begins with.
    #[trine(len(min = 1, max = 16384))]
    pub(super) prompt: &'a str,
    /// The most tokens to write.
    #[trine(min = 1, max = 4096, default = 1024)]
    pub(super) max_tokens: u16,
    /// How freely words are chosen; 0 always takes the likeliest.
    #[trine(min = 0, max = 2, step = 0.001, default = 0.7)]
    pub(super) temperature: Decimal<3>,
    /// Where random numbers start: the same seed writes the same text.
    #[trine(default = 0)]
    pub(super) seed: u32,
}

/// What was written.
#[derive(Record)]
pub(super) struct Generated<'a> {
    /// What follows the prompt.
    #[trine(max_len = 65534)]
    pub(super) generated_text: &'a str,
    /// Tokens of it.
    #[trine(min = 0, max = 4096)]
    pub(super) tokens_generated: u16,
    /// Time for prompt and text, without loading, in milliseconds.
    #[trine(unit = "ms")]
    pub(super) inference_time_ms: u32,
    /// Bytes of working memory that the text took: keys, values and states.
    #[trine(min = 0, max = open, unit = "byte")]
    pub(super) memory_used: i64,
    /// Time for loading, in milliseconds; 0 when the model was loaded before.
    #[trine(unit = "ms")]
    pub(super) load_time_ms: u32,
    /// Why the text ends.
    pub(super) finish_reason: Finish,
}

/// Why a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub(super) enum Finish {
    /// The model ended it.
    Stop,
    /// It has `max_tokens`.
    Length,
    /// The model takes no longer texts.
    Context,
    /// The server was told to end while it was written.
    Ended,
}

/// Say whether the last model could be loaded, what memory models take, and when one was last
/// used. Changes nothing.
#[derive(Tool)]
#[trine(
    name = "bitnet-health",
    title = "Report the state of the models",
    version = "1.0.0",
    read_only,
    idempotent,
    output = Health<'_>
)]
pub(super) struct HealthCheck {}

/// How the server is.
#[derive(Record)]
pub(super) struct Health<'a> {
    /// Degraded when a model could not be loaded or used, until one can.
    pub(super) status: Status,
    /// Bytes of all loaded models.
    #[trine(min = 0, max = open, unit = "byte")]
    pub(super) memory_usage: i64,
    /// How many models are loaded.
    pub(super) models_loaded: u16,
    /// Seconds since a text was last written; absent when none was.
    #[trine(unit = "s")]
    pub(super) last_execution: Option<u32>,
    /// Why it is degraded.
    #[trine(max_len = 400)]
    pub(super) problem: Option<&'a str>,
}

/// Whether all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub(super) enum Status {
    /// It is.
    Healthy,
    /// It is not.
    Degraded,
}

/// Number of `bitnet-inference` in the table.
pub(super) const INFERENCE: u16 = 0;

pub(super) static TOOLS: [Tool<'static>; 2] = [Inference::TOOL, HealthCheck::TOOL];

/// What is said of each tool beside its description.
pub(super) const META: [(&str, &str); 3] = [
    ("trine/version", "1.0.0"),
    ("trine/author", "The Trine developers"),
    ("trine/capabilities", "text-generation, model-loading, gguf-support"),
];
