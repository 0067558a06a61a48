//! What a library that takes memory and starts threads builds on: Rust only, no part of the header.

use crate::status::{self, trine_status};

pub use crate::model::{ALIGN, ModelObject};
pub use crate::problem::{tell_error, tell_system};
pub use crate::session::{is_hosted_session, mark_hosted_session};
pub use crate::slices::read;

/// TRINE_OK.
pub const OK: trine_status = status::TRINE_OK;
/// TRINE_E_NULL.
pub const NULL: trine_status = status::TRINE_E_NULL;
/// TRINE_E_ARGUMENT.
pub const ARGUMENT: trine_status = status::TRINE_E_ARGUMENT;
/// TRINE_E_UNSUPPORTED.
pub const UNSUPPORTED: trine_status = status::TRINE_E_UNSUPPORTED;
/// TRINE_E_STATE.
pub const STATE: trine_status = status::TRINE_E_STATE;
/// TRINE_E_FAILED.
pub const FAILED: trine_status = status::TRINE_E_FAILED;
