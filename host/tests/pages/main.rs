//! The pages that people read: their commands are run, their figures and pictures compared.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod book;
mod commands;
mod figures;
mod http;
mod picture;
mod platforms;
mod prelude;
mod readme;
mod shown;
