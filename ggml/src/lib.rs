//! Models in llama.cpp, on ggml.
//!
//! `llama` runs a GGUF file as llama.cpp does: what our engine is compared with. It is there with
//! the feature `llama`, which builds llama.cpp's C++ and so needs cmake, a C++ compiler and
//! libclang; without it the crate is empty and needs Rust alone.
//!
//! ggml takes vector instructions from the flags of its compiler, so what is to be measured is
//! built with `CFLAGS` and `CXXFLAGS` set to `-O3 -march=native`; `llama::flags` says what it got.

#[cfg(feature = "llama")]
pub mod llama;
