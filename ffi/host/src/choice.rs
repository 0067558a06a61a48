//! What computes a model, in the words of `--backend`.

use trine_c_model::hosted::{ARGUMENT, NOT_FOUND, UNSUPPORTED};
use trine_c_model::trine_status;
#[cfg(feature = "gpu")]
use trine_ggml::Device;
use trine_models::offload::{Backend, BackendChoice, Missing};

use crate::note::Notes;

/// What a build without devices answers.
pub(crate) const NO_DEVICES: &str = "this library was built without graphics processors: build it \
    with `cargo build --release -p trine-c-host --features vulkan` (or cuda, or metal)";

/// No device: the processor computes.
#[cfg(not(feature = "gpu"))]
pub(crate) type Device = std::convert::Infallible;

/// What a program wishes, and the device that there is for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// None where the processor computes.
    pub(crate) device: Option<Device>,
    /// Whether the processor goes on where the device fails.
    #[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "there is none that fails"))]
    pub(crate) falls_back: bool,
}

/// A status, and a sentence on it.
pub(crate) type Refusal = (trine_status, String);

impl Choice {
    /// Our own engine.
    pub(crate) const PROCESSOR: Self = Self { device: None, falls_back: true };

    /// Finds what a program asks for, to compute with floats or with codes, and tells where the
    /// processor is taken in its place.
    pub(crate) fn new(words: &[u8], is_floats: bool, notes: Notes) -> Result<Self, Refusal> {
        let wish =
            std::str::from_utf8(words).ok().and_then(BackendChoice::parse).ok_or_else(|| {
                let words = String::from_utf8_lossy(words);
                (ARGUMENT, format!("the backend {words:?} is none of {WORDS}"))
            })?;
        match find(wish.backend, is_floats) {
            Ok(device) => Ok(Self { device, falls_back: wish.falls_back }),
            Err(missing) if wish.falls_back => {
                notes.warn(&sentence(missing).1);
                Ok(Self::PROCESSOR)
            }
            Err(missing) => Err(sentence(missing)),
        }
    }
}

/// All that may be said.
const WORDS: &str =
    "auto, cpu, ternary, vulkan, cuda and metal, nor one of these with \",cpu\" after it";

fn sentence(missing: Missing) -> Refusal {
    #[cfg(feature = "modules")]
    if let Some(said) = missing.of_modules() {
        return (NOT_FOUND, said);
    }
    match missing {
        Missing::Feature(Backend::Auto) => (UNSUPPORTED, NO_DEVICES.to_owned()),
        Missing::Feature(backend) => {
            let said = format!(
                "this library was built without {}: build it with `cargo build --release -p \
                 trine-c-host --features {}`, or ask for the backend cpu",
                backend.word(),
                backend.feature()
            );
            (UNSUPPORTED, said)
        }
        Missing::Device(backend) => {
            let said = format!(
                "no {} device found: install a driver, or use the backend cpu",
                backend.word()
            );
            (NOT_FOUND, said)
        }
        Missing::Any => (NOT_FOUND, missing.to_string()),
    }
}

#[cfg(feature = "gpu")]
fn find(backend: Backend, is_floats: bool) -> Result<Option<Device>, Missing> {
    let _turn = crate::offload::turn();
    if is_floats {
        trine_models::offload::choose_for_all(backend)
    } else {
        trine_models::offload::choose(backend)
    }
}

#[cfg(not(feature = "gpu"))]
fn find(backend: Backend, _: bool) -> Result<Option<Device>, Missing> {
    backend.check_built()?;
    // To be loud where somebody hopes for one.
    if backend == Backend::Auto { Err(Missing::Feature(backend)) } else { Ok(None) }
}
