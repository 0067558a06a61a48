//! The two tools, as `trine serve` describes them. A test compares the descriptors.

use crate::run::{generate, health};
use crate::trine_plugin::{choice, default, int, node, string};
use crate::trine_plugin::{Need, Node, Tool, IDEMPOTENT, OPTIONAL, READ_ONLY, REQUIRED};
use crate::trine_plugin_state::{wide, with_state, More, Wide};
use crate::Models;

/// A long text on a small machine takes its time: an hour.
const DEADLINE_MS: u32 = 3_600_000;
const PRESET: Need = Need { flags: 2, preset: 0 };

static BOUNDS: [Wide; 3] = [
    Wide { min: 0, max: u32::MAX as i64, step: 0, preset: 0 },
    Wide { min: 0, max: i64::MAX, step: 0, preset: 0 },
    Wide { min: 0, max: u32::MAX as i64, step: 0, preset: 0 },
];
static MORE: More = More::new(DEADLINE_MS, &BOUNDS);

static NONE: [Node; 0] = [];
static PARAMS: [Node; 5] = [
    string!(
        REQUIRED,
        "model_path",
        "The model: a GGUF file, or an image of `trine model pack`, in the folder that the server \
         was given.",
        1,
        255
    ),
    string!(REQUIRED, "prompt", "What the text begins with.", 1, 16_384),
    int!(default(1024), "max_tokens", "", "The most tokens to write.", 1, 4096),
    node!(
        default(700),
        "temperature",
        "",
        "",
        "How freely words are chosen; 0 always takes the likeliest.",
        1,
        3 + 16 * 3,
        0,
        2000
    ),
    wide!(
        0,
        PRESET,
        "seed",
        "",
        "Where random numbers start: the same seed writes the same text.",
        2
    ),
];
static GENERATED: [Node; 6] = [
    string!(REQUIRED, "generated_text", "What follows the prompt.", 0, 65_534),
    int!(REQUIRED, "tokens_generated", "", "Tokens of it.", 0, 4096),
    wide!(
        2,
        REQUIRED,
        "inference_time_ms",
        "ms",
        "Time for prompt and text, without loading, in milliseconds.",
        2
    ),
    wide!(
        1,
        REQUIRED,
        "memory_used",
        "byte",
        "Bytes of working memory that the text took: keys, values and states.",
        2
    ),
    wide!(
        2,
        REQUIRED,
        "load_time_ms",
        "ms",
        "Time for loading, in milliseconds; 0 when the model was loaded before.",
        2
    ),
    choice!(REQUIRED, "finish_reason", "Why the text ends.", "stop|length|context|ended"),
];
static HEALTH: [Node; 5] = [
    choice!(
        REQUIRED,
        "status",
        "Degraded when a model could not be loaded or used, until one can.",
        "healthy|degraded"
    ),
    wide!(1, REQUIRED, "memory_usage", "byte", "Bytes of all loaded models.", 2),
    int!(REQUIRED, "models_loaded", "", "How many models are loaded.", 0, 65_535),
    wide!(
        2,
        OPTIONAL,
        "last_execution",
        "s",
        "Seconds since a text was last written; absent when none was.",
        2
    ),
    string!(OPTIONAL, "problem", "Why it is degraded.", 0, 400),
];

pub(crate) static TOOLS: [Tool; 2] = [
    with_state!(
        Models,
        "bitnet-inference",
        "Generate text",
        "1.0.0",
        "Go on with a text, by a ternary language model (the BitNet b1.58 family) that is computed \
         on this machine. The model is loaded when it is first used, and stays for the next call.",
        READ_ONLY,
        PARAMS,
        GENERATED,
        MORE,
        generate
    ),
    with_state!(
        Models,
        "bitnet-health",
        "Report the state of the models",
        "1.0.0",
        "Say whether the last model could be loaded, what memory models take, and when one was \
         last used. Changes nothing.",
        READ_ONLY | IDEMPOTENT,
        NONE,
        HEALTH,
        MORE,
        health
    ),
];
