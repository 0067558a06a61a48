//! Keys of devices.
//!
//! A new key is written down before it is sent, as one that is pending: should the answer be lost,
//! the device is not locked out. It becomes the key once the device has proven that it has it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use trine_wire::secure::{KEY_LEN, Key};

use super::{Settings, file_name};
use crate::error::{Error, Result};

/// The keys that are held for one serial number.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// The device has proven that it has this one.
    pub(crate) known: Option<Key>,
    /// It may have this one by now.
    pub(crate) pending: Option<Key>,
}

impl Settings {
    /// The keys held for a serial number. A file that others may read is refused.
    pub(crate) fn keys(&self, serial: &str) -> Result<Held> {
        let read = |pending| self.key_file(serial, pending).map_or(Ok(None), |path| read(&path));
        Ok(Held { known: read(false)?, pending: read(true)? })
    }

    /// How many keys there are, and what is wrong with those that cannot be used.
    #[must_use]
    pub fn check_keys(&self) -> (u64, Vec<Error>) {
        let folder = self.path("keys").and_then(|folder| fs::read_dir(folder).ok());
        let (mut count, mut problems) = (0, Vec::new());
        for entry in folder.into_iter().flatten().flatten() {
            match read(&entry.path()) {
                Ok(_) => count += 1,
                Err(error) => problems.push(error),
            }
        }
        (count, problems)
    }

    /// Where the key of a serial number is, or would be.
    #[must_use]
    pub fn key_path(&self, serial: &str) -> Option<PathBuf> {
        self.key_file(serial, false)
    }

    fn key_file(&self, serial: &str, pending: bool) -> Option<PathBuf> {
        let end = if pending { "new" } else { "key" };
        self.path("keys").map(|folder| folder.join(format!("{}.{end}", file_name(serial))))
    }

    /// Writes down a key that is about to be sent.
    pub(crate) fn keep_pending(&self, serial: &str, key: &Key) -> Result<()> {
        let path = self.key_file(serial, true).ok_or_else(nowhere)?;
        let failed = |error| Error::new(format!("{}: {error}", path.display()));
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        drop_file(&path)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        file.write_all(digits.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// The device has proven that it has this key: a pending one is the key now.
    pub(crate) fn proven(&self, serial: &str, key: &Key) -> Result<()> {
        if self.keys(serial)?.pending.as_ref() != Some(key) {
            return Ok(());
        }
        let (from, to) = (self.key_file(serial, true), self.key_file(serial, false));
        let (from, to) = from.zip(to).ok_or_else(nowhere)?;
        fs::rename(&from, &to).map_err(|error| Error::new(format!("{}: {error}", to.display())))
    }

    /// The device has not taken the pending key.
    pub(crate) fn drop_pending(&self, serial: &str) -> Result<()> {
        self.key_file(serial, true).map_or(Ok(()), |path| drop_file(&path))
    }

    /// The device has no key any more.
    pub(crate) fn drop_keys(&self, serial: &str) -> Result<()> {
        self.drop_pending(serial)?;
        self.key_file(serial, false).map_or(Ok(()), |path| drop_file(&path))
    }
}

fn nowhere() -> Error {
    Error::new("there is no folder to keep the key in: set HOME, or TRINE_CONFIG to a folder")
}

fn drop_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::new(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<Key>> {
    let failed = |error| Error::new(format!("{}: {error}", path.display()));
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(failed)?,
    };
    if fs::metadata(path).map_err(failed)?.mode() & 0o077 != 0 {
        let path = path.display();
        return Err(Error::new(format!(
            "others may read {path}: chmod 600 {path}, then try again"
        )));
    }
    let key = key(text.trim()).ok_or_else(|| {
        Error::new(format!("{} holds no key: 32 hexadecimal digits", path.display()))
    })?;
    Ok(Some(key))
}

/// A key from hexadecimal digits.
pub(crate) fn key(digits: &str) -> Option<Key> {
    let mut key = [0; KEY_LEN];
    if digits.len() != 2 * KEY_LEN {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str) -> (PathBuf, Settings) {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        (folder.clone(), Settings::in_folder(&folder))
    }

    #[test]
    fn a_key_is_pending_until_the_device_has_proven_it() {
        let (folder, settings) = settings("keys");
        let (serial, key) = ("../A 1", [7; KEY_LEN]);
        assert!(settings.keys(serial).unwrap() == Held::default());
        settings.keep_pending(serial, &key).unwrap();
        assert!(settings.keys(serial).unwrap() == Held { known: None, pending: Some(key) });
        settings.proven(serial, &[8; KEY_LEN]).unwrap();
        assert!(settings.keys(serial).unwrap().known.is_none());
        settings.proven(serial, &key).unwrap();
        assert!(settings.keys(serial).unwrap() == Held { known: Some(key), pending: None });
        let path = settings.key_path(serial).unwrap();
        assert_eq!(path, folder.join("keys/%2E%2E%2FA%201.key"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        settings.drop_keys(serial).unwrap();
        assert!(settings.keys(serial).unwrap() == Held::default());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_others_may_read_or_that_holds_no_key_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let (folder, settings) = settings("open-keys");
        settings.keep_pending("A1", &[7; KEY_LEN]).unwrap();
        settings.proven("A1", &[7; KEY_LEN]).unwrap();
        let path = settings.key_path("A1").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let said = settings.keys("A1").err().unwrap().to_string();
        assert!(said.contains("chmod 600"), "{said}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "0707").unwrap();
        let said = settings.keys("A1").err().unwrap().to_string();
        assert!(said.contains("32 hexadecimal"), "{said}");
        fs::remove_dir_all(folder).unwrap();
        assert!(Settings::none().keep_pending("A1", &[7; KEY_LEN]).is_err());
    }
}
