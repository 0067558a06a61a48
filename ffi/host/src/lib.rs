//! libtrine_host: language models from files, with threads and on devices, and a hub of tools, for
//! C programs.
//!
//! `include/trine_host.h` is made from this crate and is its documentation. The functions on what
//! is opened here are those of `trine-c-model`, which this library brings along.
//!
//! # Safety
//!
//! What holds for every function: a pointer is NULL or what its documentation says, for as long as
//! it says, and an object is used in the context that it says. Everything else is checked and
//! answered with a status.
#![expect(clippy::doc_markdown, reason = "the comments are those of the C header")]
#![expect(clippy::missing_safety_doc, reason = "the page of this crate says it for all functions")]

#[cfg(feature = "hub")]
mod answer;
#[cfg(feature = "hub")]
mod ask;
#[cfg(feature = "hub")]
mod calls;
mod choice;
#[cfg(feature = "hub")]
mod client;
mod device;
#[cfg(feature = "hub")]
mod events;
#[cfg(feature = "hub")]
mod figures;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "hub")]
mod join;
#[cfg(feature = "hub")]
mod json;
mod layout;
#[cfg(feature = "hub")]
mod measure;
mod model;
mod note;
#[cfg(feature = "gpu")]
mod offload;
mod session;

// What is opened here is used by these.
pub use trine_c_model::*;

#[cfg(feature = "hub")]
pub use ask::trine_hub_ask;
#[cfg(feature = "hub")]
pub use calls::{trine_hub_cancel, trine_hub_ended, trine_hub_start, trine_hub_value};
#[cfg(feature = "hub")]
pub use client::{
    trine_client, trine_client_about, trine_client_call, trine_client_cancel, trine_client_close,
    trine_client_open, trine_client_start, trine_client_tools,
};
pub use device::{
    TRINE_HOST_GPU, TRINE_HOST_HELPER, TRINE_HOST_INTEGRATED, TRINE_HOST_PROCESSOR,
    trine_host_device, trine_host_device_count, trine_host_get_device,
};
#[cfg(feature = "hub")]
pub use events::{trine_hub_event, trine_hub_listen, trine_hub_unlisten};
#[cfg(feature = "hub")]
pub use figures::{trine_calculate, trine_figures};
#[cfg(feature = "hub")]
pub use hub::{
    TRINE_E_CONNECTION, TRINE_E_PROTOCOL, TRINE_E_TLS, TRINE_HUB_BY_CAPABILITY, TRINE_HUB_BY_NAME,
    trine_hub, trine_hub_add, trine_hub_call, trine_hub_close, trine_hub_find, trine_hub_free,
    trine_hub_list, trine_hub_load, trine_hub_open, trine_hub_remove, trine_hub_replace,
    trine_hub_roll_back, trine_hub_serve_http, trine_hub_serve_stdio, trine_hub_tools,
    trine_hub_wait, trine_hub_why,
};
#[cfg(feature = "hub")]
pub use join::{trine_hub_join, trine_hub_leave};
#[cfg(feature = "hub")]
pub use json::{
    trine_hub_add_json, trine_hub_remove_json, trine_json_call, trine_json_done, trine_json_fail,
    trine_json_function, trine_json_is_cancelled, trine_json_progress, trine_json_release,
};
#[cfg(feature = "hub")]
pub use measure::{trine_hub_get_stats, trine_hub_metrics, trine_hub_stats};
pub use model::{
    TRINE_HOST_FLOATS, TRINE_HOST_IN_PLACE, trine_host_config, trine_host_model_close,
    trine_host_model_open,
};
pub use note::{TRINE_HOST_NOTE_ERROR, TRINE_HOST_NOTE_PLAN, TRINE_HOST_NOTE_WARNING};
pub use session::{trine_host_session_close, trine_host_session_open};

use std::panic::{AssertUnwindSafe, catch_unwind};

use hosted::FAILED;

/// What a function answers, also where its work panics: no C program has to unwind.
fn guarded(work: impl FnOnce() -> trine_status) -> trine_status {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(FAILED)
}
