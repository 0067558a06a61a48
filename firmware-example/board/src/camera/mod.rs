//! The camera: a picture of the plant bed as a PNG, made while it is read.
//!
//! There is no image buffer. [`Picture::read`] computes each byte of the file when it is asked for
//! it, with the checksums carried along, so a picture of any size costs the same few words of RAM.
//! The length of the file is known before its first byte, which a transfer in chunks needs.
//!
//! - [`Scene`] is the state of the board at the moment of the picture: what a snapshot keeps.
//! - [`Picture`] is one PNG stream over a scene.

mod ink;
mod png;
mod scene;
mod shape;

pub use png::{Picture, Size};
pub use scene::Scene;
