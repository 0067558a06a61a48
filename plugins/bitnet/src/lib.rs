//! Text from ternary language models, as the tools of a plug-in: `bitnet-inference` generates text,
//! `bitnet-health` says how the models are.
//!
//! They are the tools of `trine serve`. The folder of the models is in the variable
//! `TRINE_MODELS`, and the memory for them, in MiB, in `TRINE_MODELS_MEMORY`. The library itself is
//! `plugins/bitnet/library`.

mod run;
mod tools;

#[path = "../../../ffi/plugin/rust/trine_plugin.rs"]
pub mod trine_plugin;
#[path = "../../../ffi/plugin/rust/trine_plugin_state.rs"]
mod trine_plugin_state;

use std::path::PathBuf;

use trine_models::inference::{Limits, Place, Service, TEXTS};
use trine_plugin::{RawPlugin, Text};
use trine_plugin_state::{Needs, State};

/// Where models are, and how much memory they may take together.
const FOLDER: &str = "TRINE_MODELS";
const MEMORY: &str = "TRINE_MODELS_MEMORY";
const MEMORY_MIB: usize = 4096;
/// Calls at a time. A model writes one text after the other.
const CALLS_MAX: u32 = 8;

static NEEDS: Needs =
    Needs { processors: 2, memory_min: 2 << 30, memory_max: 8 << 30, ..Needs::NOTHING };

/// The plug-in, in a version.
#[must_use]
pub const fn plugin(version: &'static str) -> RawPlugin {
    let plugin = RawPlugin {
        description: Text::new("Text from ternary language models (BitNet b1.58)."),
        author: Text::new("The Trine developers"),
        capabilities: Text::new("text-generation model-loading gguf-support"),
        needs: (&raw const NEEDS).cast(),
        calls_max: CALLS_MAX,
        ..RawPlugin::new("bitnet-inference", version, &tools::TOOLS)
    };
    plugin.with_state::<Models>()
}

/// The models of a folder.
pub(crate) struct Models(Service);

impl State for Models {
    fn init() -> Result<Self, String> {
        let folder = std::env::var_os(FOLDER).map(PathBuf::from).unwrap_or_else(|| ".".into());
        if !folder.is_dir() {
            return Err(format!("{FOLDER}: {} is no folder", folder.display()));
        }
        let mebibytes = match std::env::var(MEMORY) {
            Ok(text) => {
                text.parse().map_err(|_| format!("{MEMORY}: {text} is no number of MiB"))?
            }
            Err(_) => MEMORY_MIB,
        };
        let bytes = usize::saturating_mul(mebibytes, 1 << 20);
        Ok(Self(Service::new(Limits { folder, bytes, place: Place::Processor, texts: TEXTS })))
    }

    fn shutdown(&self) {
        self.0.close();
    }
}
