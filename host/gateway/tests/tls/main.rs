//! A server with TLS, as clients see it: those of each version, and those that mean no good.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod clients;
mod files;
mod hostile;
mod site;
