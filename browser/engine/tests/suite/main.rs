//! A page from the outside: messages and sentences in, records out.
#![expect(clippy::large_stack_arrays, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod bench;
mod boat;
mod calls;
mod descriptions;
mod hostile;
mod lines;
mod sentences;
