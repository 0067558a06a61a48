//! Checksums and signatures of packages.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use devtools::sh;
use minisign::{PublicKey, SecretKey, SecretKeyBox};
use sha2::{Digest as _, Sha256};

/// The text of the secret key that releases are signed with, as minisign writes it.
const VARIABLE: &str = "TRINE_SIGNING_KEY";
/// Its password; without one the key is not encrypted.
const PASSWORD: &str = "TRINE_SIGNING_PASSWORD";
/// Where there is none, this one signs, which everybody has.
const TEST_KEY: &str = include_str!("../../../../ffi/package/test.key");
const SUMS: &str = "SHA256SUMS";

/// What signs, and whether it is what releases are signed with.
pub(super) struct Key {
    secret: SecretKey,
    is_test: bool,
}

impl Key {
    /// The release's key, or that for tests where there is none.
    pub(super) fn found() -> Result<Self> {
        let [key, password] = [VARIABLE, PASSWORD]
            .map(|name| std::env::var(name).ok().filter(|text| !text.trim().is_empty()));
        Self::of(key.as_deref(), password)
    }

    /// The release's key. Without one, and with that for tests, there is no release.
    pub(super) fn of_releases() -> Result<Self> {
        Self::found()?.for_release()
    }

    fn of(text: Option<&str>, password: Option<String>) -> Result<Self> {
        let test = secret(TEST_KEY, None)?;
        match text {
            None => Ok(Self { secret: test, is_test: true }),
            Some(text) => {
                let secret = secret(text, password);
                let secret =
                    secret.with_context(|| format!("{VARIABLE} or {PASSWORD} is invalid"))?;
                let public = |key| anyhow::Ok(PublicKey::from_secret_key(key)?.to_base64());
                let is_test =
                    secret.keynum() == test.keynum() || public(&secret)? == public(&test)?;
                Ok(Self { secret, is_test })
            }
        }
    }

    fn for_release(self) -> Result<Self> {
        if self.is_test {
            bail!("a release is not signed with the test key: set {VARIABLE} to the release's key");
        }
        Ok(self)
    }

    /// Signs a file, in a file beside it. The comment, which is signed too, says what it is.
    pub(super) fn sign(&self, path: &Path) -> Result<PathBuf> {
        let name = path.file_name().context("a file has a name")?.to_string_lossy();
        let [said, not] = if self.is_test {
            [format!("{name}: for tests, not a release"), "signed with the test key".to_owned()]
        } else {
            [name.to_string(), "signature of Trine".to_owned()]
        };
        let bytes = fs::read(path)?;
        let signature = minisign::sign(None, &self.secret, &*bytes, Some(&said), Some(&not))?;
        let beside = path.with_file_name(format!("{name}.minisig"));
        fs::write(&beside, signature.to_string())?;
        Ok(beside)
    }
}

fn secret(text: &str, password: Option<String>) -> Result<SecretKey> {
    let sealed = SecretKeyBox::from_string(text)?;
    Ok(match password {
        Some(password) => sealed.into_secret_key(Some(password))?,
        None => sealed.into_unencrypted_secret_key()?,
    })
}

/// Writes the checksums of all files below a folder, as `sha256sum -c` reads them.
pub(super) fn sum_up(folder: &Path) -> Result<()> {
    let mut sums = String::new();
    each_file(folder, &mut |path| {
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        // A string takes whatever is written to it.
        _ = writeln!(sums, "{}  {name}", sum(path)?);
        Ok(())
    })?;
    ensure!(!sums.is_empty(), "{} has no file", folder.display());
    Ok(fs::write(folder.join(SUMS), sums)?)
}

/// Writes the checksums of some files of a folder.
pub(super) fn sum_up_files(folder: &Path, files: &[PathBuf]) -> Result<PathBuf> {
    let mut sums = String::new();
    for path in files {
        let name = path.file_name().context("a file has a name")?.to_string_lossy();
        _ = writeln!(sums, "{}  {name}", sum(path)?);
    }
    let path = folder.join(SUMS);
    fs::write(&path, sums)?;
    Ok(path)
}

fn each_file(folder: &Path, work: &mut impl FnMut(&Path) -> Result<()>) -> Result<()> {
    for path in sh::entries(folder)? {
        let kind = path.symlink_metadata()?;
        if kind.is_dir() {
            each_file(&path, work)?;
        } else if kind.is_file() && path.file_name().is_some_and(|name| name != SUMS) {
            work(&path)?;
        }
    }
    Ok(())
}

fn sum(path: &Path) -> Result<String> {
    let mut text = String::new();
    for byte in Sha256::digest(fs::read(path)?) {
        _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use devtools::sh;
    use minisign::{KeyPair, PublicKeyBox, SignatureBox};

    use super::{Key, SUMS, TEST_KEY, sum_up};

    #[test]
    fn the_test_key_signs_packages_and_no_release() {
        for text in [None, Some(TEST_KEY)] {
            let key = Key::of(text, None).unwrap();
            assert!(key.is_test);
            let error = key.for_release().err().unwrap().to_string();
            assert!(error.starts_with("a release is not signed with the test key"), "{error}");
        }
        let other = KeyPair::generate_unencrypted_keypair().unwrap().sk.to_box(None).unwrap();
        let other = Key::of(Some(&other.to_string()), None).unwrap();
        assert!(!other.is_test && other.for_release().is_ok());
        assert!(Key::of(Some("nonsense"), None).is_err());
    }

    #[test]
    fn a_signature_fits_its_file_alone_and_says_what_it_is() {
        let folder = sh::scratch("signed");
        let path = folder.join("package");
        fs::write(&path, "bytes").unwrap();
        let key = Key::of(None, None).unwrap();
        let signature = fs::read_to_string(key.sign(&path).unwrap()).unwrap();
        let signature = SignatureBox::from_string(&signature).unwrap();
        let said = signature.trusted_comment().unwrap();
        assert_eq!(said, "package: for tests, not a release");
        let public = PublicKeyBox::from_string(include_str!("../../../../ffi/package/test.pub"));
        let public = public.unwrap().into_public_key().unwrap();
        let fits = |bytes: &[u8]| {
            let bytes = std::io::Cursor::new(bytes);
            minisign::verify(&public, &signature, bytes, true, false, false).is_ok()
        };
        assert!(fits(b"bytes") && !fits(b"other"));
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let folder = sh::scratch("sums");
        fs::create_dir(folder.join("below")).unwrap();
        fs::write(folder.join("below/empty"), "").unwrap();
        fs::write(folder.join(SUMS), "old").unwrap();
        sum_up(&folder).unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let text = fs::read_to_string(folder.join(SUMS)).unwrap();
        assert_eq!(text, format!("{empty}  below/empty\n"));
    }
}
