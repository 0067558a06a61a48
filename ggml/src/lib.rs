//! Models on ggml: ours on its devices, and llama.cpp's.
//!
//! `GgmlEngine` computes one of our models on a `Device` of ggml's: the whole forward pass as one
//! graph, with the integers of our engine. It is there with the feature `cpu`, which has the
//! processor alone and is for comparisons, and with `vulkan`, `cuda` or `metal`, each of which has
//! its GPUs too. With `modules` all of them, the processor's too, are shared
//! libraries that `Modules` loads when the program runs.
//!
//! ```no_run
//! # #[cfg(feature = "cpu")]
//! # fn go_on(model: &trine_infer::Model<'_>, prompt: &[u32]) -> trine_ggml::Result<()> {
//! use trine_ggml::{Device, GgmlEngine, Options};
//! use trine_ternary::parallel::Serial;
//!
//! let Some(device) = Device::all().into_iter().next() else { return Ok(()) };
//! let options = Options::new(256);
//! let tell = |plan: &_| eprintln!("{plan}");
//! let mut engine = GgmlEngine::open(model, device, &options, &Serial, tell)?;
//! engine.read(prompt)?;
//! # Ok(())
//! # }
//! ```
//!
//! `Blocks` are those of a model in training on a `Device`, forward and back; `trine-train` has
//! the rest of it.
//!
//! `llama` runs a GGUF file as llama.cpp does: what our engine is compared with. It is there with
//! the feature `llama`.
//!
//! Each of these features builds llama.cpp's C++ and so needs cmake, a C++ compiler and libclang;
//! without them the crate is empty and needs Rust alone. ggml takes vector instructions from the
//! flags of its compiler, so what is to be measured is built with `CFLAGS` and `CXXFLAGS` set to
//! `-O3 -march=native`; `llama::flags` says what it got.

#[cfg(feature = "cpu")]
mod backend;
#[cfg(feature = "cpu")]
mod bytes;
#[cfg(feature = "cpu")]
mod engine;
#[cfg(feature = "cpu")]
mod error;
#[cfg(feature = "cpu")]
mod learn;
#[cfg(feature = "llama")]
pub mod llama;
#[cfg(feature = "cpu")]
mod round;

#[cfg(feature = "cpu")]
pub use backend::{Device, Kernels, Kind};
#[cfg(feature = "modules")]
pub use backend::{Module, Modules, State, VARIABLE};
#[cfg(feature = "cpu")]
pub use engine::{Activations, GgmlEngine, Kept, Options, Place, Plan, llama_type, memory_speed};
#[cfg(feature = "cpu")]
pub use error::{Error, Result};
#[cfg(feature = "cpu")]
pub use learn::{Blocks, Dropped, Sentence, Sizes};
