//! Which device computes a model, and what is said of it.

#[cfg(feature = "gpu")]
mod list;
#[cfg(feature = "modules")]
mod modules;

#[cfg(feature = "gpu")]
pub(super) use list::list;
pub(super) use trine_models::offload::{Backend, Wish};

use trine::{Error, Result};
#[cfg(feature = "gpu")]
use trine_models::offload::Missing;

/// Says what went wrong, where the processor goes on.
///
/// # Errors
/// With what went wrong, where it does not.
pub(super) fn failed(wish: Wish, error: &impl std::fmt::Display) -> Result<()> {
    if wish.falls_back {
        fall_back(&error.to_string());
        return Ok(());
    }
    Err(Error::new(error.to_string()))
}

/// Says aloud that the processor computes, and why.
fn fall_back(why: &str) {
    eprintln!("warning: {why}: the model is computed on the processor");
}

/// Without a backend for graphics processors there is nothing to choose.
#[cfg(not(feature = "gpu"))]
pub(super) fn choose(backend: Backend) -> Result<()> {
    backend.check_built().map_err(|missing| Error::new(missing.to_string()))
}

#[cfg(not(feature = "gpu"))]
pub(super) fn list(_: bool) -> Result<std::process::ExitCode> {
    Err(Error::new(
        "this program was built without graphics processors: build it with `cargo build --release \
         --features vulkan` (or cuda, or metal), as docs/gpu.md says",
    ))
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
            fall_back(&sentence(Missing::Any));
            Ok(None)
        }
        found => found.map_err(|missing| Error::new(sentence(missing))),
    }
}

/// Why there is no device: what became of the modules, where that is the reason.
#[cfg(feature = "gpu")]
fn sentence(missing: Missing) -> String {
    #[cfg(feature = "modules")]
    if let Some(said) = missing.of_modules() {
        return said;
    }
    missing.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_wrong_is_an_error_where_the_processor_does_not_go_on() {
        let listed = Wish::new(&[Backend::Vulkan, Backend::Cpu]).unwrap();
        assert!(failed(listed, &"no device").is_ok());
        let alone = Wish::new(&[Backend::Vulkan]).unwrap();
        assert!(failed(alone, &"no device").unwrap_err().to_string().contains("no device"));
    }
}
