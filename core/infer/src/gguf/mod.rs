//! The reader of GGUF files.
