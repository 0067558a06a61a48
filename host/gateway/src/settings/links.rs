//! Which device has proven its key on which link.
//!
//! Only links that the command line or a configuration names are kept. `links/LINK.link` has a line
//! with the link, and one with the device. Every later program of the user serves no other device
//! there, until `trine trust LINK` removes the file.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{DeviceId, Settings, drop_file, file_name, name_of, whole};
use crate::error::{Error, Result};

const FOLDER: &str = "links";

/// A link, and the device that has proven its key on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// As the log has it: `serial /dev/ttyACM0`.
    pub link: String,
    /// The device; `None` where the file does not say it.
    pub device: Option<DeviceId>,
}

impl Settings {
    fn link_file(&self, link: &str) -> Option<PathBuf> {
        let name = name_of(&file_name(link), &[link]);
        self.path(FOLDER).map(|folder| folder.join(format!("{name}.link")))
    }

    /// The device that has proven its key on this link.
    ///
    /// # Errors
    /// When that is written down and cannot be read: then no device is known to be the right one.
    pub(crate) fn device_of_link(&self, link: &str) -> Result<Option<DeviceId>> {
        let Some(path) = self.link_file(link) else { return Ok(None) };
        let Some(bound) = read(&path)? else { return Ok(None) };
        match bound.device.filter(|_| bound.link == link) {
            Some(device) => Ok(Some(device)),
            None => Err(Error::BadLink { path, link: link.to_owned() }),
        }
    }

    /// Keeps that a device has proven its key on this link.
    pub(crate) fn bind_link(&self, link: &str, device: &DeviceId) -> Result<()> {
        let path = self.link_file(link).ok_or(Error::NoFolder)?;
        if link.contains(['\n', '\r']) {
            return Err(Error::LinkName { link: link.to_owned() });
        }
        whole::write(&path, &format!("link {link}\ndevice {}\n", device.text()))
    }

    /// Forgets which device belongs on this link.
    pub(crate) fn unbind_link(&self, link: &str) -> Result<()> {
        self.link_file(link).map_or(Ok(()), |path| drop_file(&path))
    }

    /// Forgets which device has proven its key on a link, and answers what was known; `None` where
    /// nothing is known of such a link. `which` is the link as the log has it, `serial
    /// /dev/ttyACM0`, or as the command line has it, `/dev/ttyACM0`.
    ///
    /// # Errors
    /// When several links are called so, or a file cannot be read or removed.
    pub fn forget_link(&self, which: &str) -> Result<Option<Bound>> {
        let own = self.link_file(which);
        let mut found = self.link_files()?;
        found.retain(|(path, bound)| own.as_ref() == Some(path) || is_called(&bound.link, which));
        match found.as_slice() {
            [] => Ok(None),
            [(path, bound)] => drop_file(path).map(|()| Some(bound.clone())),
            several => {
                let all: Vec<_> =
                    several.iter().map(|(_, bound)| format!("'{}'", bound.link)).collect();
                Err(Error::AmbiguousTrust { which: which.to_owned(), known: all.join(", ") })
            }
        }
    }

    fn link_files(&self) -> Result<Vec<(PathBuf, Bound)>> {
        let folder = self.path(FOLDER).and_then(|folder| fs::read_dir(folder).ok());
        let paths = folder.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension() == Some("link".as_ref())).collect();
        paths.sort();
        let read = |path: PathBuf| Ok(read(&path)?.map(|bound| (path, bound)));
        paths.into_iter().filter_map(|path| read(path).transpose()).collect()
    }
}

/// Whether a link may be named so: whole, without what kind it is, or by a path from here.
fn is_called(link: &str, name: &str) -> bool {
    let address = link.split_once(' ').map_or("", |(_, address)| address);
    let path = std::path::absolute(name).ok();
    link == name || address == name || path.is_some_and(|path| Path::new(address) == path)
}

/// What a file says.
fn read(path: &Path) -> Result<Option<Bound>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Error::read(path, error)),
    };
    let mut lines = text.lines();
    let mut after = |word| lines.next().and_then(|line| line.strip_prefix(word));
    let link = after("link ").unwrap_or_default().to_owned();
    let device = after("device ").and_then(DeviceId::parse);
    Ok(Some(Bound { link, device }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(serial: &str) -> DeviceId {
        DeviceId { vendor: "v/w".into(), product: "p".into(), serial: serial.into() }
    }

    #[test]
    fn a_link_is_bound_to_one_device_until_it_is_forgotten_by_any_of_its_names() {
        let folder = std::env::temp_dir().join(format!("trine-bound-{}", std::process::id()));
        let settings = Settings::in_folder(&folder);
        assert_eq!(settings.link_files().unwrap(), []);
        assert_eq!(settings.forget_link("/dev/ttyX").unwrap(), None);
        let links = [
            "serial /dev/ttyX",
            "tcp a:1",
            "udp a:1",
            "bus 1 on serial /dev/ttyX",
            "usb 303a:1001",
        ];
        for (link, serial) in links.iter().zip(["1", "2", "3", "4", "5"]) {
            assert_eq!(settings.device_of_link(link).unwrap(), None);
            settings.bind_link(link, &id(serial)).unwrap();
            assert_eq!(settings.device_of_link(link).unwrap(), Some(id(serial)));
        }
        assert_eq!(settings.link_files().unwrap().len(), 5);
        assert_eq!(settings.forget_link("303a:1001").unwrap().unwrap().device, Some(id("5")));
        let said = settings.forget_link("a:1").unwrap_err().to_string();
        assert!(said.contains("'tcp a:1', 'udp a:1'"), "{said}");
        assert_eq!(settings.forget_link("udp a:1").unwrap().unwrap().device, Some(id("3")));
        assert_eq!(settings.forget_link("a:1").unwrap().unwrap().link, "tcp a:1");
        assert_eq!(settings.forget_link("/dev/ttyX").unwrap().unwrap().device, Some(id("1")));
        assert_eq!(settings.device_of_link(links[0]).unwrap(), None);
        assert_eq!(settings.device_of_link(links[3]).unwrap(), Some(id("4")));
        settings.unbind_link(links[3]).unwrap();
        assert_eq!(settings.link_files().unwrap(), []);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_does_not_say_it_serves_no_device_and_can_be_forgotten() {
        let folder = std::env::temp_dir().join(format!("trine-unbound-{}", std::process::id()));
        let settings = Settings::in_folder(&folder);
        let link = "serial /dev/ttyX";
        for text in
            ["", "link serial /dev/other\ndevice a/b/c\n", "link serial /dev/ttyX\ndevice a"]
        {
            settings.bind_link(link, &id("1")).unwrap();
            fs::write(settings.link_file(link).unwrap(), text).unwrap();
            let said = settings.device_of_link(link).unwrap_err().to_string();
            assert!(said.contains("trine trust 'serial /dev/ttyX'"), "{said}");
            settings.unbind_link(link).unwrap();
        }
        settings.bind_link(link, &id("1")).unwrap();
        fs::write(settings.link_file("serial /dev/ttyX").unwrap(), "").unwrap();
        assert!(settings.forget_link("serial /dev/ttyX").unwrap().is_some(), "by its file's name");
        fs::remove_dir_all(folder).unwrap();
        assert!(settings.bind_link("serial /dev/a\nb", &id("1")).is_err());
        assert!(Settings::none().bind_link(link, &id("1")).is_err());
        assert_eq!(Settings::none().device_of_link(link).unwrap(), None);
    }
}
