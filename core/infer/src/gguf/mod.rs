//! The reader of GGUF files, version 3, over the bytes of the whole file.
//!
//! [`File::parse`] reads the header, the keys and the list of tensors once, and refuses what is
//! wrong with them: after that, no value and no tensor can point past the end. Nothing is copied:
//! texts, arrays and tensors are slices of the file, which may be a mapping or flash.
//!
//! ```
//! use trine_infer::gguf::{Error, File};
//!
//! fn blocks(file: &[u8]) -> Result<Option<u64>, Error> {
//!     let file = File::parse(file)?;
//!     let Some(name) = file.string("general.architecture")? else { return Ok(None) };
//!     let key = file.keys().find(|(key, _)| key.strip_prefix(name) == Some(".block_count"));
//!     Ok(key.and_then(|(_, value)| value.unsigned()))
//! }
//! # assert!(blocks(b"GGUF").is_err());
//! ```
//!
//! # Type ids that stand for two layouts
//!
//! The file names a type by a number, and forks of ggml gave theirs to other layouts. The length of
//! the data decides: 42 is [`Type::Q2_0`] in blocks of 64 as ggml has it, or in blocks of 128; 39
//! is [`Type::Mxfp4`], and a shorter one is TL2 of bitnet.cpp, which is refused; 36 is
//! [`Type::I2S`] in the layout of the published file (runs of 128), with `n / 4 + 32` bytes.
//! What bitnet.cpp writes for itself on ARM has the same length and cannot be told apart.
//!
//! # Cost
//!
//! [`File`] takes [`File::SIZE_MAX`] bytes, and parsing is linear in the bytes of the keys. Finding
//! a tensor walks over the list. The format is specified at
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod error;
mod file;
mod read;
mod tensor;
mod types;
mod value;

pub use error::{Error, Name, Only, Place, Reason};
pub use file::{File, Keys};
pub use tensor::{Tensor, Tensors};
pub use types::Type;
pub use value::{Array, Elements, Kind, Value};
