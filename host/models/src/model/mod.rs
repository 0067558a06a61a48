//! Model files: GGUF written, random models made, and what a file or an image holds.
//!
//! - [`Header`] and [`Shape`]: what stands before the data of a GGUF file, in any shape;
//! - [`keep_ahead_in`]: where it is kept how far ahead memory is asked for weights;
//! - [`make`]: random models, tiny ones and one in the exact shape of the published BitNet file;
//! - [`Summary`]: a file in a few lines, and what would be refused of it;
//! - [`CommandModel`]: what a model that writes no text was made for;
//! - [`Footprint`]: what it takes in flash and RAM;
//! - [`Loaded`]: a file opened for use;
//! - [`pack`]: images for firmware;
//! - [`write_for_llama`]: a file as llama.cpp opens it;
//! - [`bench()`]: how fast a model is here;
//! - [`Mapped`]: the bytes of a file without reading them;
//! - [`Pool`]: threads for the kernels.

mod ahead;
mod bench;
mod command_model;
mod fill;
mod footprint;
mod header;
mod llama;
mod make;
mod open;
mod pack;
mod parts;
mod profile;
mod random;
mod roofline;
mod rows;
mod shape;
mod summary;
mod summary_image;
mod vocabulary;

pub use crate::sys::{Mapped, Pool, Zeros, memory_peak, processor_time};
pub use ahead::keep_ahead_in;
pub use bench::{BATCH, Figures, Measured, Plan, Round, bench, measure, stretch, tokens};
pub use command_model::CommandModel;
pub use footprint::Footprint;
pub use header::Header;
pub use llama::write_for_llama;
pub use make::{make, plan};
pub use open::{Loaded, threads};
pub(crate) use open::{gguf_tokenizer, image_tokenizer};
pub use pack::{Packed, pack};
pub use parts::Buffers;
pub(crate) use parts::{Companion, Parts};
pub use profile::{Profile, Stage, profile};
pub use roofline::{Machine, Point, Roofline, roofline};
pub use shape::{HeadFormat, Shape, Text, Weights};
pub use summary::{Refusal, Summary};
