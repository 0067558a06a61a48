//! The C interface of language models: every C-visible type and function, one file for each object.
//!
//! `include/trine_model.h` is made from this crate and is its documentation; `docs/c-models.md`
//! begins with a program. `ffi/artifact` makes the static library for chips and hosts of it, and
//! `ffi/host` the shared one that also opens files and has threads.
//!
//! # Safety
//!
//! What holds for every function: a pointer is NULL or what its documentation says, for as long as
//! it says, and an object is used in the context that it says. Everything else is checked and
//! answered with a status.
#![no_std]
#![expect(non_camel_case_types, reason = "C types carry their C names")]
#![expect(clippy::doc_markdown, reason = "the comments are those of the C header")]
#![expect(clippy::missing_safety_doc, reason = "the page of this crate says it for all functions")]
#![cfg_attr(
    feature = "full",
    expect(clippy::result_large_err, reason = "opening is once, and there is no heap to box on")
)]

#[cfg(feature = "ask")]
mod ask;
#[cfg(feature = "base")]
mod base;
mod config;
// Tools described in C, as a device has them.
#[cfg(feature = "base")]
#[path = "../../api/src/descriptor.rs"]
#[expect(dead_code, unreachable_pub, reason = "a device has more of them, and shows them")]
mod descriptor;
// One owner at a time, as for a device.
#[path = "../../api/src/guard.rs"]
mod guard;
pub mod hosted;
mod info;
mod layout;
mod load;
mod model;
#[cfg(feature = "base")]
#[path = "../../api/src/nodes.rs"]
mod nodes;
#[cfg(feature = "ask")]
mod owned;
mod problem;
mod reading;
mod run;
mod sampling;
mod session;
mod slices;
mod source;
mod status;
#[cfg(feature = "base")]
mod steps;
mod text;
#[cfg(feature = "base")]
mod tools;
mod version;

#[cfg(feature = "ask")]
pub use ask::{
    TRINE_ASK_CALL, TRINE_ASK_MISSING, TRINE_ASK_NO_TOOL, TRINE_ASK_OUT_OF_RANGE,
    TRINE_ASK_SENTENCE_MAX, TRINE_ASK_TOO_LONG, TRINE_ASK_UNSURE, trine_ask, trine_ask_answer,
    trine_ask_begin, trine_ask_close, trine_ask_config, trine_ask_open, trine_ask_result,
    trine_ask_sizeof, trine_ask_step,
};
#[cfg(feature = "base")]
pub use base::{
    TRINE_WHY_ABOUT, TRINE_WHY_AMBIGUOUS, TRINE_WHY_ATTACK, TRINE_WHY_CANNOT, TRINE_WHY_CHAT,
    TRINE_WHY_CONDITIONAL, TRINE_WHY_LATER, TRINE_WHY_MISSING, TRINE_WHY_NEGATED, TRINE_WHY_NOISE,
    TRINE_WHY_NONE, TRINE_WHY_OTHER, TRINE_WHY_PAST, TRINE_WHY_QUOTED, TRINE_WHY_RANGE,
    TRINE_WHY_TWO, TRINE_WHY_UNIT, trine_base, trine_base_answer, trine_base_ask,
    trine_base_ask_steps, trine_base_call, trine_base_close, trine_base_open, trine_base_sizeof,
};
pub use config::{
    TRINE_MODEL_CHECK, TRINE_MODEL_KV_F16, TRINE_MODEL_KV_F32, TRINE_MODEL_KV_I8,
    TRINE_MODEL_NO_TABLES, trine_model_config, trine_model_session_config,
};
pub use info::{TRINE_MODEL_NONE, trine_model_get_info, trine_model_info};
pub use load::trine_model_load;
pub use model::{
    trine_model, trine_model_alignof, trine_model_close, trine_model_open, trine_model_sizeof,
};
pub use problem::{trine_model_error_text, trine_model_problem};
pub use run::{
    TRINE_MODEL_SHIFT, trine_model_cancel, trine_model_eval, trine_model_generate,
    trine_model_generation, trine_model_logits, trine_model_step, trine_model_truncate,
};
pub use sampling::{trine_model_sample, trine_model_sampling, trine_model_set_sampling};
pub use session::{
    TRINE_MODEL_END_CANCELLED, TRINE_MODEL_END_FULL, TRINE_MODEL_END_LIMIT, TRINE_MODEL_END_NONE,
    TRINE_MODEL_END_STOP, trine_model_get_session_info, trine_model_session,
    trine_model_session_close, trine_model_session_info, trine_model_session_open,
    trine_model_session_sizeof,
};
pub use status::{TRINE_E_MODEL, trine_status};
#[cfg(feature = "base")]
pub use steps::{TRINE_BASE_TOLD_MAX, trine_base_steps};
pub use text::{
    TRINE_MODEL_BEGIN, TRINE_MODEL_CONTROL, TRINE_MODEL_SPECIAL, trine_model_decoder,
    trine_model_detokenize, trine_model_tokenize,
};
#[cfg(feature = "base")]
pub use tools::{
    trine_base_config, trine_tools_compile, trine_tools_compile_size, trine_tools_sizeof,
};
pub use version::{TRINE_MODEL_ABI_VERSION, trine_model_abi_version, trine_model_build_info};
