//! Which device computes a model, and what is said of it.

#[cfg(feature = "gpu")]
mod list;
#[cfg(feature = "modules")]
mod modules;

#[cfg(feature = "gpu")]
pub(super) use list::list;
pub(super) use trine_models::offload::{Backend, BackendChoice};

use trine::{Error, Result};
#[cfg(feature = "gpu")]
use trine_models::offload::Missing;

/// Says what went wrong, where the processor goes on.
///
/// # Errors
/// With what went wrong, where it does not.
pub(super) fn failed(wish: BackendChoice, error: impl Into<Error>) -> Result<()> {
    let error = error.into();
    if wish.falls_back {
        fall_back(&error.chain());
        return Ok(());
    }
    Err(error)
}

/// Says aloud that the processor computes, and why.
pub(super) fn fall_back(why: &str) {
    eprintln!("warning: {why}: the model is computed on the CPU");
}

/// Without a backend for graphics processors there is nothing to choose.
#[cfg(not(feature = "gpu"))]
pub(super) fn choose(backend: Backend) -> Result<()> {
    backend.check_built().map_err(Error::device)
}

#[cfg(not(feature = "gpu"))]
pub(super) fn list(_: bool) -> Result<std::process::ExitCode> {
    Err(Error::NoGpuBuild)
}

/// The device of a backend; none where the processor is to compute, which is said aloud when
/// nobody asked for it.
#[cfg(feature = "gpu")]
pub(super) fn choose(backend: Backend) -> Result<Option<trine_ggml::Device>> {
    said(trine_models::offload::choose(backend))
}

/// The same for floats and for training.
#[cfg(feature = "gpu")]
pub(super) fn choose_for_all(backend: Backend) -> Result<Option<trine_ggml::Device>> {
    said(trine_models::offload::choose_for_all(backend))
}

#[cfg(feature = "gpu")]
fn said(
    found: std::result::Result<Option<trine_ggml::Device>, Missing>,
) -> Result<Option<trine_ggml::Device>> {
    match found {
        Err(Missing::Any) => {
            fall_back(&explained(Missing::Any).chain());
            Ok(None)
        }
        found => found.map_err(explained),
    }
}

/// Why there is no device: what became of the modules, where that is the reason.
#[cfg(feature = "gpu")]
fn explained(missing: Missing) -> Error {
    #[cfg(feature = "modules")]
    if let Some(reason) = missing.of_modules() {
        return Error::NoModule { reason };
    }
    Error::device(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_wrong_is_an_error_where_the_processor_does_not_go_on() {
        let listed = BackendChoice::new(&[Backend::Vulkan, Backend::Cpu]).unwrap();
        assert!(failed(listed, Error::NoGpuBuild).is_ok());
        let alone = BackendChoice::new(&[Backend::Vulkan]).unwrap();
        assert!(matches!(failed(alone, Error::NoGpuBuild), Err(Error::NoGpuBuild)));
    }
}
