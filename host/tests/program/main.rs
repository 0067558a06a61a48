//! The program `trine` from outside: what a user types, what it prints and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod any_tools;
mod ask;
mod cli;
mod connect;
mod demo;
mod eval;
mod exit_codes;
mod generate;
mod header;
mod load;
mod model;
#[cfg(unix)]
mod serve;
mod settings;
mod surfaces;
mod train;
mod tune;
