//! What each key of a GGUF file means to this engine: used, harmless, or refused by its name.
//!
//! A key that changes what a model computes, and is not computed here, must not be passed over: the
//! model would write another text without a word. So each key under the architecture's name is in
//! the table, or it is refused; `tests/bitnet/keys.rs` holds the table against all keys that
//! llama.cpp's converters know.

use super::gguf::Keys;
use crate::config::Config;
use crate::gguf::{Error, Only, Reason, Value};

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treated {
    /// It is read.
    Used,
    /// It changes nothing of what is computed.
    Harmless,
    /// It is refused where its value is another than the one that changes nothing.
    Refused(Only),
}

use Only::{False, Model, Nothing, One, Reference, Scaling, True, Width, Zero};
use Treated::{Harmless, Refused, Used};

/// Keys behind the architecture's name. What is not here is refused, whatever its value.
const OF_ARCHITECTURE: &[(&str, Treated)] = &[
    ("vocab_size", Used),
    ("context_length", Used),
    ("embedding_length", Used),
    ("block_count", Used),
    ("feed_forward_length", Used),
    ("hidden_act", Used),
    ("hidden_activation", Used),
    ("attention.head_count", Used),
    ("attention.head_count_kv", Used),
    ("attention.layer_norm_rms_epsilon", Used),
    ("rope.dimension_count", Used),
    ("rope.freq_base", Used),
    // Another kind of norm, which no model of these architectures has.
    ("attention.layer_norm_epsilon", Harmless),
    ("attention.causal", Refused(True)),
    ("attention.key_length", Refused(Width)),
    ("attention.value_length", Refused(Width)),
    ("rope.scaling.type", Refused(Scaling)),
    ("rope.scaling.factor", Refused(One)),
    ("rope.scale_linear", Refused(One)),
    ("rope.scaling.attn_factor", Refused(One)),
    // Of kinds of scaling that are refused.
    ("rope.scaling.original_context_length", Harmless),
    ("rope.scaling.finetuned", Harmless),
    ("logit_scale", Refused(One)),
    ("residual_scale", Refused(One)),
    ("embedding_scale", Refused(One)),
    ("attention.output_scale", Refused(One)),
    ("tensor_data_layout", Refused(Reference)),
    ("use_parallel_residual", Refused(False)),
    ("swin_norm", Refused(False)),
    ("expert_weights_norm", Refused(False)),
    ("leading_dense_block_count", Refused(Zero)),
    ("expert_feed_forward_length", Refused(Zero)),
    ("expert_shared_feed_forward_length", Refused(Zero)),
    ("expert_chunk_feed_forward_length", Refused(Zero)),
    ("expert_count", Refused(Zero)),
    ("expert_used_count", Refused(Zero)),
    ("expert_shared_count", Refused(Zero)),
    ("expert_group_count", Refused(Zero)),
    ("expert_group_used_count", Refused(Zero)),
    ("expert_weights_scale", Refused(Zero)),
    ("expert_gating_func", Refused(Zero)),
    ("moe_every_n_layers", Refused(Zero)),
    ("nextn_predict_layers", Refused(Zero)),
    ("pooling_type", Refused(Zero)),
    ("attn_logit_softcapping", Refused(Zero)),
    ("router_logit_softcapping", Refused(Zero)),
    ("final_logit_softcapping", Refused(Zero)),
    ("attention.max_alibi_bias", Refused(Zero)),
    ("attention.clamp_kqv", Refused(Zero)),
    ("attention.sliding_window", Refused(Zero)),
    ("attention.sliding_window_pattern", Refused(Zero)),
    ("attention.scale", Refused(Zero)),
    ("attention.relative_buckets_count", Refused(Zero)),
    ("attention.shared_kv_layers", Refused(Zero)),
    ("attention.temperature_length", Refused(Zero)),
    ("attention.temperature_scale", Refused(Zero)),
];

/// Keys of other names. What is not here is its writer's own, and harmless.
const OTHERS: &[(&str, Treated)] = &[
    ("general.architecture", Used),
    ("general.alignment", Used),
    ("general.type", Refused(Model)),
    ("split.no", Refused(Zero)),
    ("split.count", Refused(One)),
    ("tokenizer.ggml.model", Used),
    ("tokenizer.ggml.pre", Used),
    (TOKENS, Used),
    ("tokenizer.ggml.token_type", Used),
    ("tokenizer.ggml.merges", Used),
    ("tokenizer.ggml.bos_token_id", Used),
    ("tokenizer.ggml.eos_token_id", Used),
    ("tokenizer.ggml.eot_token_id", Used),
    ("tokenizer.ggml.eom_token_id", Used),
    ("tokenizer.ggml.add_bos_token", Used),
    ("tokenizer.ggml.add_eos_token", Refused(False)),
    ("tokenizer.ggml.add_sep_token", Refused(False)),
    ("tokenizer.ggml.remove_extra_whitespaces", Refused(False)),
    ("tokenizer.ggml.precompiled_charsmap", Refused(Nothing)),
    ("tokenizer.rwkv.world", Refused(Nothing)),
    ("trine.attention.whole", Used),
];

const TOKENS: &str = "tokenizer.ggml.tokens";

/// Names under which all keys are of models that are none for this engine.
const FOREIGN: [&str; 4] = ["adapter.", "clip.", "diffusion.", "xielu."];

fn of(table: &[(&str, Treated)], name: &str) -> Option<Treated> {
    table.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// What is done with a key in a file of this architecture.
#[must_use]
pub fn treated(architecture: &str, name: &str) -> Treated {
    let own = name.strip_prefix(architecture).and_then(|rest| rest.strip_prefix('.'));
    if let Some(own) = own {
        return of(OF_ARCHITECTURE, own).unwrap_or(Refused(Nothing));
    }
    if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
        return Refused(Nothing);
    }
    of(OTHERS, name).unwrap_or(Harmless)
}

/// Whether a value changes nothing.
fn is_neutral(value: &Value<'_>, only: Only, config: &Config) -> bool {
    let number = |wanted: u8| match value {
        Value::F32(number) => *number == f32::from(wanted),
        Value::F64(number) => *number == f64::from(wanted),
        value => value.unsigned() == Some(wanted.into()),
    };
    let word = |wanted: &[&str]| matches!(value, Value::String(word) if wanted.contains(word));
    match (only, value) {
        // Of numbers for each block, all.
        (Zero, Value::Array(array)) => array.iter().all(|value| is_neutral(&value, only, config)),
        (Zero, Value::Bool(is_set)) => !is_set,
        (Zero, _) => number(0),
        (One, _) => number(1),
        (False, value) => *value == Value::Bool(false),
        (True, value) => *value == Value::Bool(true),
        (Width, value) => value.unsigned() == u64::try_from(config.head_width()).ok(),
        (Scaling, _) => word(&["none", "linear"]),
        (Reference, _) => word(&["reference"]),
        (Model, _) => word(&["model"]),
        _ => false,
    }
}

/// Checks each key of a file.
///
/// # Errors
/// With the first that would change what is computed.
pub(super) fn check(keys: &Keys<'_, '_>, config: &Config) -> Result<(), Error> {
    for (name, value) in keys.file.keys() {
        if let Refused(only) = treated(keys.architecture, name)
            && !is_neutral(&value, only, config)
        {
            return Err(Error::key(name, Reason::of_value(&value, only)));
        }
    }
    check_tokens(keys, config)
}

/// Checks that no token is beyond the vocabulary.
fn check_tokens(keys: &Keys<'_, '_>, config: &Config) -> Result<(), Error> {
    let vocab = u32::try_from(config.vocab).unwrap_or(u32::MAX);
    if let Some(Value::Array(tokens)) = keys.file.get(TOKENS)
        && tokens.count() > config.vocab
    {
        let count = u64::try_from(tokens.count()).unwrap_or(u64::MAX);
        return Err(Error::key(TOKENS, Reason::Tokens(count, vocab)));
    }
    for name in ["tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"] {
        let found = keys.file.u32(name)?;
        if let Some(found) = found.filter(|found| *found >= vocab) {
            return Err(Error::key(name, Reason::Vocabulary(found, vocab)));
        }
    }
    Ok(())
}
