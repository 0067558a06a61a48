//! Signatures of minisign: ed25519 over the `BLAKE2b` of the file, in a file beside it.
//!
//! The format is that of <https://jedisct1.github.io/minisign/>.

use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};

use super::read_text;

/// Most bytes of a signature, with its comments.
const SIGNATURE_MAX: u64 = 64 * 1024;

/// Public keys of those whose plug-ins may be loaded.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    /// As the file has it.
    text: String,
    key: PublicKey,
}

impl Keys {
    /// Whether there is no key, and so no signature is asked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads keys, one in each line. Empty lines, and those that begin with `untrusted comment:` or
    /// `#`, are passed over.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let is_key = |line: &&str| {
            !line.is_empty() && !line.starts_with('#') && !line.starts_with("untrusted comment:")
        };
        let key = |line: &str| match PublicKey::from_base64(line) {
            Ok(key) => Ok(Key { text: line.to_owned(), key }),
            Err(error) => Err(format!("the line '{line}' is no key of minisign: {error}")),
        };
        let keys: Vec<_> =
            text.lines().map(str::trim).filter(is_key).map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err("it has no key: write one in each line".to_owned());
        }
        Ok(Self(keys))
    }

    /// Whether one of the keys has signed a file, and which. Without keys none has to.
    pub(crate) fn check(&self, file: &Path, bytes: &[u8]) -> Result<Option<String>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let beside = beside(file);
        let text = read_text(&beside, SIGNATURE_MAX);
        let text = text.map_err(|error| {
            format!("it is not signed: {} cannot be read: {error}", beside.display())
        })?;
        let signature = Signature::decode(&text);
        let signature =
            signature.map_err(|error| format!("{} is no signature: {error}", beside.display()))?;
        // Not over the file itself, as old versions of minisign sign.
        let is_by = |key: &&Key| key.key.verify(bytes, &signature, false).is_ok();
        match self.0.iter().find(is_by) {
            Some(key) => Ok(Some(key.text.clone())),
            None => Err(format!(
                "{} is not the signature of this file by one of the {} keys that are allowed",
                beside.display(),
                self.0.len()
            )),
        }
    }
}

/// Where the signature of a file is.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}
