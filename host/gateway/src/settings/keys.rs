//! Keys of devices.
//!
//! A new key is written down before it is sent, as one that is pending: should the answer be lost,
//! the device is not locked out. It becomes the key once the device has proven that it has it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use trine_wire::secure::{KEY_LEN, Key};

use super::{DeviceId, Settings, drop_file, file_name};
use crate::error::{Error, Result};
use crate::sys;

/// The keys that are held for one device.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// The device has proven that it has this one.
    pub(crate) known: Option<Key>,
    /// It may have this one by now.
    pub(crate) pending: Option<Key>,
}

/// How the file of a key ends.
#[derive(Clone, Copy)]
enum Stage {
    Known,
    Pending,
}

impl Stage {
    const fn end(self) -> &'static str {
        match self {
            Self::Known => "key",
            Self::Pending => "new",
        }
    }
}

impl Settings {
    /// The keys held for a device. A file that others may read is refused.
    pub(crate) fn keys(&self, id: &DeviceId) -> Result<Held> {
        let read = |stage| Ok(self.held_file(id, stage)?.map(|(_, key)| key));
        Ok(Held { known: read(Stage::Known)?, pending: read(Stage::Pending)? })
    }

    /// The file that a key is in, and the key: the device's own file, or the one of its serial
    /// number that an earlier version wrote.
    fn held_file(&self, id: &DeviceId, stage: Stage) -> Result<Option<(PathBuf, Key)>> {
        let paths = [self.key_file(id, stage), self.file_of_serial(&id.serial, stage)];
        for path in paths.into_iter().flatten() {
            if let Some(key) = read(&path)? {
                return Ok(Some((path, key)));
            }
        }
        Ok(None)
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

    /// Where the key of a device is, or would be.
    #[must_use]
    pub fn key_path(&self, id: &DeviceId) -> Option<PathBuf> {
        let held = self.held_file(id, Stage::Known).ok().flatten();
        held.map(|(path, _)| path).or_else(|| self.key_file(id, Stage::Known))
    }

    fn key_file(&self, id: &DeviceId, stage: Stage) -> Option<PathBuf> {
        self.path("keys").map(|folder| folder.join(format!("{}.{}", id.file_name(), stage.end())))
    }

    /// The file that an earlier version kept the key of this serial number in.
    fn file_of_serial(&self, serial: &str, stage: Stage) -> Option<PathBuf> {
        let name = format!("{}.{}", file_name(serial), stage.end());
        self.path("keys").filter(|_| !serial.is_empty()).map(|folder| folder.join(name))
    }

    /// Writes down a key that is about to be sent.
    pub(crate) fn keep_pending(&self, id: &DeviceId, key: &Key) -> Result<()> {
        let path = self.key_file(id, Stage::Pending).ok_or(Error::NoFolder)?;
        let failed = |error| Error::write(&path, error);
        if let Some(folder) = path.parent() {
            sys::make_own_folder(folder).map_err(failed)?;
        }
        drop_file(&path)?;
        let mut options = OpenOptions::new();
        let file = sys::own(options.write(true).create_new(true)).open(&path);
        let mut file = file.map_err(failed)?;
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        file.write_all(digits.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// The device has proven that it has this key: a pending one is the key now, and one that was
    /// kept by the serial number alone is kept by the whole name.
    pub(crate) fn proven(&self, id: &DeviceId, key: &Key) -> Result<()> {
        let to = self.key_file(id, Stage::Known).ok_or(Error::NoFolder);
        for stage in [Stage::Pending, Stage::Known] {
            match self.held_file(id, stage)? {
                Some((from, held)) if held == *key => {
                    let to = to?;
                    if from == to {
                        return Ok(());
                    }
                    let renamed = fs::rename(&from, &to);
                    return renamed.map_err(|error| Error::write(to, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The device has not taken the pending key.
    pub(crate) fn drop_pending(&self, id: &DeviceId) -> Result<()> {
        self.key_file(id, Stage::Pending).map_or(Ok(()), |path| drop_file(&path))
    }

    /// The device has no key any more.
    pub(crate) fn drop_keys(&self, id: &DeviceId) -> Result<()> {
        self.drop_pending(id)?;
        self.key_file(id, Stage::Known).map_or(Ok(()), |path| drop_file(&path))
    }
}

fn read(path: &Path) -> Result<Option<Key>> {
    let failed = |error| Error::read(path, error);
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(failed)?,
    };
    if sys::is_exposed(&fs::metadata(path).map_err(failed)?) {
        return Err(Error::KeyExposed { path: path.to_owned() });
    }
    key(text.trim()).map(Some).ok_or_else(|| Error::BadKey { path: path.to_owned() })
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
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn settings(name: &str) -> (PathBuf, Settings) {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        (folder.clone(), Settings::in_folder(&folder))
    }

    fn id(vendor: &str, serial: &str) -> DeviceId {
        DeviceId { vendor: vendor.into(), product: "p".into(), serial: serial.into() }
    }

    #[test]
    fn a_key_is_pending_until_the_device_has_proven_it() {
        let (folder, settings) = settings("keys");
        let (id, key) = (&id("v", "../A 1"), [7; KEY_LEN]);
        assert!(settings.keys(id).unwrap() == Held::default());
        settings.keep_pending(id, &key).unwrap();
        assert!(settings.keys(id).unwrap() == Held { known: None, pending: Some(key) });
        settings.proven(id, &[8; KEY_LEN]).unwrap();
        assert!(settings.keys(id).unwrap().known.is_none());
        settings.proven(id, &key).unwrap();
        assert!(settings.keys(id).unwrap() == Held { known: Some(key), pending: None });
        let path = settings.key_path(id).unwrap();
        assert!(path.starts_with(folder.join("keys")), "{}", path.display());
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("v.p.%2E%2E%2FA%201~"), "{name}");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        settings.drop_keys(id).unwrap();
        assert!(settings.keys(id).unwrap() == Held::default());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_vendors_with_one_serial_number_have_a_key_each() {
        let (folder, settings) = settings("vendors");
        for (vendor, key) in [("one", [1; KEY_LEN]), ("two", [2; KEY_LEN])] {
            settings.keep_pending(&id(vendor, "0001"), &key).unwrap();
            settings.proven(&id(vendor, "0001"), &key).unwrap();
        }
        assert!(settings.keys(&id("one", "0001")).unwrap().known == Some([1; KEY_LEN]));
        assert!(settings.keys(&id("two", "0001")).unwrap().known == Some([2; KEY_LEN]));
        assert!(settings.keys(&id("three", "0001")).unwrap() == Held::default());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_by_serial_number_is_read_and_renamed_once_the_key_is_proven() {
        let (folder, settings) = settings("renamed");
        settings.keep_pending(&id("v", "s"), &[7; KEY_LEN]).unwrap();
        settings.proven(&id("v", "s"), &[7; KEY_LEN]).unwrap();
        let (old, new) = (folder.join("keys/s.key"), folder.join("keys/v.p.s.key"));
        fs::rename(&new, &old).unwrap();
        assert!(settings.keys(&id("v", "s")).unwrap().known == Some([7; KEY_LEN]));
        assert_eq!(settings.key_path(&id("v", "s")).unwrap(), old);
        settings.proven(&id("v", "s"), &[7; KEY_LEN]).unwrap();
        assert!(new.exists() && !old.exists());
        // From then on it is no other vendor's.
        assert!(settings.keys(&id("w", "s")).unwrap() == Held::default());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_others_may_read_or_that_holds_no_key_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let (folder, settings) = settings("open-keys");
        let id = &id("v", "a1");
        settings.keep_pending(id, &[7; KEY_LEN]).unwrap();
        settings.proven(id, &[7; KEY_LEN]).unwrap();
        let path = settings.key_path(id).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let said = settings.keys(id).err().unwrap().to_string();
        assert!(said.contains("chmod 600"), "{said}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "0707").unwrap();
        let said = settings.keys(id).err().unwrap().to_string();
        assert!(said.contains("32 hexadecimal"), "{said}");
        fs::remove_dir_all(folder).unwrap();
        assert!(Settings::none().keep_pending(id, &[7; KEY_LEN]).is_err());
    }
}
