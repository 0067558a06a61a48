//! API keys: who may use the server.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Fewest characters of a key.
pub const KEY_MIN: usize = 16;

/// The keys of a server, each with the name of who has it.
#[derive(Clone, Default)]
pub struct Keys(Vec<(Arc<str>, Box<[u8]>)>);

impl Keys {
    /// No key: everyone may use the server.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads a file of keys: lines of a name and a key of [`KEY_MIN`] characters or more. Empty
    /// lines, and what follows a `#` at the start of a line, mean nothing.
    ///
    /// ```
    /// use trine_gateway::server::http::Keys;
    ///
    /// let keys = Keys::read("# For the kitchen tablet.\nkitchen 5f2b7d0c1e9a4486\n")?;
    /// assert_eq!(keys.find(b"5f2b7d0c1e9a4486").as_deref(), Some("kitchen"));
    /// assert_eq!(keys.find(b"5f2b7d0c1e9a4487"), None);
    /// # Ok::<(), trine_gateway::Error>(())
    /// ```
    ///
    /// # Errors
    /// With the number of a line that is neither, of a key that is too short, and of a key or name
    /// that is there twice; and when there is no key at all. No error repeats a key.
    pub fn read(text: &str) -> Result<Self> {
        let mut keys = Self::none();
        for (line, number) in text.lines().zip(1_usize..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = |what| Error::ApiKeys { line: number, what };
            let mut words = line.split_whitespace();
            let (Some(name), Some(key), None) = (words.next(), words.next(), words.next()) else {
                return Err(fault("expected a name and a key"));
            };
            if key.len() < KEY_MIN {
                return Err(fault("the key has fewer than 16 characters"));
            }
            if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(fault("the key has characters that a header cannot carry"));
            }
            if keys.0.iter().any(|(known, other)| **known == *name || **other == *key.as_bytes()) {
                return Err(fault("the name or the key is there twice"));
            }
            keys.0.push((name.into(), key.as_bytes().into()));
        }
        if keys.is_empty() {
            return Err(Error::ApiKeys { line: 0, what: "there is no key" });
        }
        Ok(keys)
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who has this key. Takes as long for every key of the same length.
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<Arc<str>> {
        let mut found = None;
        for (name, known) in &self.0 {
            if is_same(known, key) {
                found = Some(name);
            }
        }
        found.map(Arc::clone)
    }
}

/// Compares without a branch that tells how many bytes are right.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let different = one.iter().zip(other).fold(0, |sum, (one, other)| sum | (one ^ other));
    std::hint::black_box(different) == 0
}

/// Without the keys.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_all_of_its_bytes() {
        let keys = Keys::read("a 0123456789abcdef\n\n#b 0\nc 0123456789abcdeg00\n").unwrap();
        assert_eq!(keys.find(b"0123456789abcdef").as_deref(), Some("a"));
        assert_eq!(keys.find(b"0123456789abcdeg00").as_deref(), Some("c"));
        for wrong in [&b""[..], b"0123456789abcde", b"0123456789abcdeg", b"1123456789abcdef"] {
            assert_eq!(keys.find(wrong), None);
        }
        assert!(!format!("{keys:?}").contains("0123"));
    }

    #[test]
    fn a_bad_file_is_refused_by_its_line_and_without_its_key() {
        for (text, what) in [
            ("", "there is no key"),
            ("a short", "line 1: the key has fewer"),
            ("\na 0123456789abcdef more", "line 2: expected a name and a key"),
            ("0123456789abcdef", "line 1: expected"),
            ("a 0123456789abcdef\nb 0123456789abcdef", "line 2: the name or the key"),
            ("a 0123456789abcdef\na 1123456789abcdef", "line 2: the name or the key"),
            ("a 0123456789abcdé", "line 1: the key has characters"),
        ] {
            let error = Keys::read(text).unwrap_err().to_string();
            assert!(error.contains(what) && !error.contains("0123456789"), "{error}");
        }
    }
}
