//! Modules as files of plug-ins would bring them: good ones, broken ones and hostile ones.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod calls;
mod caps;
mod component;
mod content;
mod extism;
mod gateway;
mod hooks;
mod hostile;
mod modules;
mod refused;
mod source;
