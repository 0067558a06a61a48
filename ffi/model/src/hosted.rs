//! What a library that takes memory and starts threads builds on: Rust only, no part of the header.

use crate::status::{self, trine_status};

pub use crate::model::{ModelObject, TRINE_MODEL_ALIGN};
#[cfg(feature = "hosted")]
pub use crate::problem::tell_text;
pub use crate::problem::{tell_error, tell_system};
#[cfg(feature = "hosted")]
pub use crate::reading::ExternalModel;
pub use crate::reading::Refused;
#[cfg(feature = "hosted")]
pub use crate::session::{bytes_external, open_external};
pub use crate::session::{is_hosted_session, mark_hosted_session};
pub use crate::slices::{read, write};

#[cfg(feature = "hosted")]
use crate::config::{self, trine_model_session_config};

/// What a session of this model is told, as the engine takes it.
///
/// # Safety
/// NULL, or the program's structure.
///
/// # Errors
/// The status to answer.
#[cfg(feature = "hosted")]
pub unsafe fn session_options(
    config: *const trine_model_session_config,
    model: &ModelObject,
) -> Result<trine_infer::Options, trine_status> {
    // SAFETY: passed on.
    unsafe { config::read_session(config, model) }
        .map(|setup| setup.options)
        .map_err(|refusal| refusal.status)
}

/// TRINE_OK.
pub const OK: trine_status = status::TRINE_OK;
/// TRINE_E_NULL.
pub const NULL: trine_status = status::TRINE_E_NULL;
/// TRINE_E_BUSY.
pub const BUSY: trine_status = status::TRINE_E_BUSY;
/// TRINE_E_ARGUMENT.
pub const ARGUMENT: trine_status = status::TRINE_E_ARGUMENT;
/// TRINE_E_UNSUPPORTED.
pub const UNSUPPORTED: trine_status = status::TRINE_E_UNSUPPORTED;
/// TRINE_E_STATE.
pub const STATE: trine_status = status::TRINE_E_STATE;
/// TRINE_E_NOT_FOUND.
pub const NOT_FOUND: trine_status = status::TRINE_E_NOT_FOUND;
/// TRINE_E_FAILED.
pub const FAILED: trine_status = status::TRINE_E_FAILED;
