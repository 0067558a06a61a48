//! The C interface of Trine: every C-visible type and function, one file for each C object.
//!
//! `include/trine.h` is made from this crate and is its documentation. A C program links the
//! static or shared library that `ffi/artifact` makes of it; a Rust program that is to hold C code
//! which uses Trine depends on this crate instead, and finds the header by `DEP_TRINE_INCLUDE`.
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

#[cfg(feature = "mcp")]
mod added;
#[cfg(feature = "full")]
mod allocation;
mod args;
#[cfg(feature = "policy")]
mod ask;
#[cfg(feature = "policy")]
mod block;
mod bound;
mod call;
#[cfg(feature = "resources")]
mod client;
mod clock;
mod config;
#[cfg(feature = "policy")]
mod consent;
mod descriptor;
mod device;
#[cfg(feature = "full")]
mod devices;
mod guard;
#[cfg(feature = "policy")]
pub mod hosted;
#[cfg(feature = "resources")]
mod json_lists;
#[cfg(feature = "mcp")]
mod json_tools;
mod later;
mod layout;
#[cfg(feature = "resources")]
mod lists;
#[cfg(feature = "resources")]
mod lists_check;
#[cfg(feature = "policy")]
mod log;
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(feature = "full")]
mod measure;
mod memory;
#[cfg(feature = "mcp")]
mod news;
mod nodes;
mod place;
#[cfg(feature = "policy")]
mod policy;
mod polled;
#[cfg(feature = "full")]
mod pools;
mod port;
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod quick;
#[cfg(feature = "mcp")]
mod registry;
#[cfg(feature = "full")]
mod resources;
mod result;
#[cfg(feature = "mcp")]
mod run;
#[cfg(feature = "full")]
mod runtime;
#[cfg(feature = "full")]
mod secure;
#[cfg(feature = "sentences")]
mod sentences;
#[cfg(feature = "resources")]
mod serve;
mod source;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod tools;
mod version;
#[cfg(feature = "resources")]
mod watch;

#[cfg(feature = "mcp")]
pub use added::{
    trine_tool_id, trine_tools_add, trine_tools_count, trine_tools_find, trine_tools_high_water,
    trine_tools_init, trine_tools_number, trine_tools_remove, trine_tools_replace,
};
#[cfg(feature = "full")]
pub use allocation::*;
pub use args::*;
#[cfg(feature = "policy")]
pub use ask::{trine_need_input, trine_question};
#[cfg(feature = "policy")]
pub use block::{
    TRINE_BLOCK_AUDIO, TRINE_BLOCK_EMBEDDED, TRINE_BLOCK_EMBEDDED_TEXT, TRINE_BLOCK_IMAGE,
    TRINE_BLOCK_LINK, TRINE_BLOCK_STRUCTURED, TRINE_BLOCK_TEXT, trine_block, trine_put_block,
};
pub use call::{trine_call_get_block, trine_call_get_id, trine_call_get_info, trine_call_info};
pub use call::{trine_content, trine_fail};
#[cfg(feature = "resources")]
pub use client::{trine_mcp_ask_model, trine_mcp_ask_roots, trine_mcp_log, trine_mcp_root};
pub use clock::*;
pub use config::{
    TRINE_LINK_BUS, TRINE_LINK_PACKET, TRINE_LINK_STREAM, trine_config, trine_problem,
};
#[cfg(feature = "policy")]
pub use consent::{
    trine_consent_dismiss, trine_consent_hidden, trine_consent_set_guard, trine_consent_shown,
    trine_port_dismiss,
};
pub use descriptor::*;
pub use device::*;
#[cfg(feature = "full")]
pub use devices::*;
pub use later::{trine_event, trine_resume};
#[cfg(feature = "resources")]
pub use lists::{
    TRINE_EXTRA_ALL, TRINE_EXTRA_PARAM, TRINE_EXTRA_RESULT, TRINE_EXTRA_TOOL, TRINE_LIST_PROMPTS,
    TRINE_LIST_RESOURCES, TRINE_LIST_TEMPLATES, TRINE_RESOURCE_BINARY, trine_extra,
    trine_mcp_changed, trine_mcp_lists, trine_mcp_offer, trine_mcp_updated, trine_resource,
};
#[cfg(feature = "policy")]
pub use log::trine_port_log;
#[cfg(feature = "mcp")]
pub use mcp::{trine_handle_json, trine_next_json, trine_session, trine_session_init};
#[cfg(feature = "full")]
pub use measure::*;
pub use memory::{
    trine_alignof, trine_deinit, trine_device, trine_get_problem, trine_init, trine_sizeof,
};
#[cfg(feature = "mcp")]
pub use news::trine_news_init;
#[cfg(feature = "policy")]
pub use policy::{
    trine_agree, trine_asked, trine_counters, trine_get_counters, trine_log, trine_progress,
};
#[cfg(feature = "full")]
pub use pools::*;
pub use port::{
    trine_draft, trine_port, trine_port_agree, trine_port_cancel, trine_port_complete,
    trine_port_event, trine_port_fail, trine_port_init,
};
#[cfg(feature = "full")]
pub use resources::{
    TRINE_LIMIT_CALLS, TRINE_LIMIT_CPU_TIME, TRINE_LIMIT_DEVICE, TRINE_LIMIT_GPU_MEMORY,
    TRINE_LIMIT_KEPT, TRINE_LIMIT_MEMORY, TRINE_LIMIT_PROCESSORS, TRINE_LIMIT_TOOL_MEMORY,
    TRINE_NONE, trine_pool_class, trine_refusal, trine_resources, trine_resources_config,
    trine_resources_init, trine_resources_size,
};
pub use result::*;
#[cfg(feature = "mcp")]
pub use run::*;
#[cfg(feature = "full")]
pub use runtime::{
    trine_runtime, trine_runtime_activate, trine_runtime_bridge, trine_runtime_config,
    trine_runtime_deactivate, trine_runtime_deinit, trine_runtime_device, trine_runtime_init,
    trine_runtime_is_active, trine_runtime_resources, trine_runtime_session, trine_runtime_size,
};
#[cfg(feature = "full")]
pub use secure::trine_provision;
#[cfg(feature = "sentences")]
pub use sentences::{
    trine_sentence, trine_sentence_answer, trine_sentence_fail, trine_sentences,
    trine_sentences_offer,
};
#[cfg(feature = "resources")]
pub use serve::{
    TRINE_OF_PROMPT, TRINE_OF_TEMPLATE, TRINE_OF_TOOL, TRINE_ROLE_ASSISTANT, TRINE_ROLE_USER,
    trine_completion, trine_mcp_completion_of, trine_mcp_more, trine_mcp_say, trine_mcp_suggest,
    trine_mcp_uri, trine_mcp_variable, trine_mcp_write,
};
pub use source::{trine_form_nodes, trine_form_packed};
pub use status::{
    TRINE_BLOCKS, TRINE_CONTENT, TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_BUSY, TRINE_E_FAILED,
    TRINE_E_FULL, TRINE_E_LIMIT, TRINE_E_NO_DEVICE, TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND,
    TRINE_E_NULL, TRINE_E_QUOTA, TRINE_E_STALE, TRINE_E_STATE, TRINE_E_TABLE, TRINE_E_TYPE,
    TRINE_E_UNSUPPORTED, TRINE_E_UTF8, TRINE_E_VERSION, TRINE_NEED_INPUT, TRINE_OK, TRINE_PENDING,
    trine_status, trine_status_string,
};
pub use text::trine_text;
pub use version::*;
