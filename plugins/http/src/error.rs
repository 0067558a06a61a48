//! What goes wrong with a request, in a sentence that says what to change.

use std::time::Duration;

/// An answer, or why there is none.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the text of each error says what its members are")]
pub enum Error {
    #[error("{setting} is `{address}`: {why}")]
    Address { setting: &'static str, address: String, why: &'static str },
    #[error("{name}: the token has characters that no header may have")]
    Token { name: &'static str },
    #[error("{name}: TLS: {why}")]
    Tls { name: &'static str, why: String },
    #[error(
        "cannot connect to {name} at {place}: {error}: start it, or set {setting} to its address"
    )]
    Connect { name: &'static str, place: String, error: String, setting: &'static str },
    #[error("{name} at {place} did not answer within {} seconds", limit.as_secs_f32())]
    Late { name: &'static str, place: String, limit: Duration },
    #[error("the call was cancelled")]
    Cancelled,
    #[error("{name} answered more than {limit} bytes: ask for less")]
    Long { name: &'static str, limit: usize },
    #[error("{name} at {place} broke off or does not speak HTTP: {error}: is {setting} right?")]
    Broken { name: &'static str, place: String, error: String, setting: &'static str },
    #[error("{name} at {place} did not answer JSON: {error}: is {setting} right?")]
    NotJson { name: &'static str, place: String, error: String, setting: &'static str },
    #[error("{name} redirects to `{to}`, which is not followed: set {setting} to that address")]
    Moved { name: &'static str, to: String, setting: &'static str },
    #[error("{name} answered status {status}: {words}")]
    Status { name: &'static str, status: u16, words: String },
    #[error("{name}: no request for `{path}` can be made")]
    Path { name: &'static str, path: String },
    #[error("no request can be made on this system: {0}")]
    System(#[from] std::io::Error),
}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.to_string()
    }
}
