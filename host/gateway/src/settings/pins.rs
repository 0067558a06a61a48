//! What the tools of a device were when it was first used.
//!
//! `pins/VENDOR.PRODUCT.SERIAL.pins` names the device and has a random key, and a line for each
//! tool: its name and the keyed hash of its record. Who makes a device does not know the key, and
//! so cannot look for two descriptions with one hash. A tool that was seen otherwise, or is new,
//! has a line `seen`, which `trine trust` makes the one that is trusted: the device need not be
//! there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use trine_wire::siphash::siphash128;

use super::{DeviceId, Settings, key, whole};
use crate::error::{Error, Result};

/// Most bytes of a file that are read.
const FILE_MAX: u64 = 4 << 20;

type Hash = [u8; 16];

/// The tools of one device as they were trusted, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pins {
    /// [`DeviceId::text`].
    device: String,
    key: Hash,
    tools: BTreeMap<String, Hash>,
    /// Those that were seen since and are not trusted.
    seen: BTreeMap<String, Hash>,
}

/// A device with tools that are not as they were when it was first used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `VENDOR/PRODUCT/SERIAL`.
    pub device: String,
    /// The tools.
    pub tools: Vec<String>,
}

/// What a tool is beside the one that was trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was not there.
    New,
    /// It was described in another way.
    Other,
}

impl Pins {
    /// No tools, and a new key.
    pub(crate) fn new(id: &DeviceId) -> Result<Self> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(Error::Random)?;
        let (tools, seen) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { device: id.text(), key, tools, seen })
    }

    /// Trusts a tool as it is.
    pub(crate) fn trust(&mut self, name: &str, record: &[u8]) {
        self.tools.insert(name.to_owned(), siphash128(&self.key, record));
    }

    /// Notes a tool as it is now, and answers what has become of it; `None` where it is as it was.
    pub(crate) fn see(&mut self, name: &str, record: &[u8]) -> Option<Change> {
        let hash = siphash128(&self.key, record);
        let change = match self.tools.get(name) {
            Some(trusted) if *trusted == hash => {
                self.seen.remove(name);
                return None;
            }
            Some(_) => Change::Other,
            None => Change::New,
        };
        self.seen.insert(name.to_owned(), hash);
        Some(change)
    }

    /// Trusts what was seen: all of it, or one tool. Answers the names.
    fn trust_seen(&mut self, tool: Option<&str>) -> Vec<String> {
        let is_meant = |name: &String| tool.is_none_or(|tool| tool == name);
        let names: Vec<String> = self.seen.keys().filter(|name| is_meant(name)).cloned().collect();
        for name in &names {
            if let Some(hash) = self.seen.remove(name) {
                self.tools.insert(name.clone(), hash);
            }
        }
        names
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let device = lines.next()?.strip_prefix("device ")?.to_owned();
        let own = key(lines.next()?.strip_prefix("key ")?)?;
        let mut pins = Self { device, key: own, tools: BTreeMap::new(), seen: BTreeMap::new() };
        for line in lines {
            let (what, rest) = line.split_once(' ')?;
            let (name, hash) = rest.split_once(' ')?;
            let all = match what {
                "tool" => &mut pins.tools,
                "seen" => &mut pins.seen,
                _ => return None,
            };
            all.insert(name.to_owned(), key(hash)?);
        }
        Some(pins)
    }

    fn write(&self) -> String {
        let mut text = format!("device {}\nkey {}\n", self.device, digits(&self.key));
        for (what, tools) in [("tool", &self.tools), ("seen", &self.seen)] {
            for (name, hash) in tools {
                // A string takes whatever is written to it.
                _ = writeln!(text, "{what} {name} {}", digits(hash));
            }
        }
        text
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Settings {
    /// Whether there is a place to keep anything.
    pub(crate) const fn can_keep(&self) -> bool {
        self.folder.is_some()
    }

    fn pins_file(&self, id: &DeviceId) -> Option<PathBuf> {
        self.path("pins").map(|folder| folder.join(format!("{}.pins", id.file_name())))
    }

    /// When someone last trusted a device, or a device was first used.
    pub(crate) fn pins_changed(&self) -> Option<SystemTime> {
        fs::metadata(self.path("pins")?).ok()?.modified().ok()
    }

    /// The tools of a device that were trusted; `None` where it was never used.
    pub(crate) fn pins(&self, id: &DeviceId) -> Result<Option<Pins>> {
        self.pins_file(id).map_or(Ok(None), |path| read(&path))
    }

    /// Keeps what is trusted of a device.
    pub(crate) fn keep_pins(&self, id: &DeviceId, pins: &Pins) -> Result<()> {
        let path = self.pins_file(id).ok_or(Error::NoFolder)?;
        whole::write(&path, &pins.write())
    }

    /// The devices with tools that are not trusted.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn changed(&self) -> Result<Vec<Changed>> {
        let all = self.all_pins()?.into_iter().filter(|(_, pins)| !pins.seen.is_empty());
        let changed = |(_, pins): (PathBuf, Pins)| {
            let tools = pins.seen.keys().cloned().collect();
            Changed { device: pins.device, tools }
        };
        Ok(all.map(changed).collect())
    }

    /// Trusts the tools of a device as they were last seen: all of them, or one. `which` is the
    /// device's name, its serial number or `VENDOR/PRODUCT/SERIAL`; with `/TOOL` behind it, that
    /// tool alone. Answers what is trusted from now on.
    ///
    /// # Errors
    /// When there is no such device, several are called so, or a file cannot be read or written.
    pub fn trust(&self, which: &str) -> Result<Changed> {
        let all = self.all_pins()?;
        let called = |name: &str| -> Result<Vec<(PathBuf, Pins)>> {
            let aliases = self.aliases()?;
            let own = aliases.into_iter().find(|alias| alias.name == name);
            let name = own.map_or_else(|| name.to_owned(), |alias| alias.serial);
            Ok(all.iter().filter(|(_, pins)| is_called(&pins.device, &name)).cloned().collect())
        };
        let mut found = (called(which)?, None);
        if found.0.is_empty()
            && let Some((device, tool)) = which.rsplit_once('/')
        {
            found = (called(device)?, Some(tool));
        }
        let (devices, tool) = found;
        let [(path, pins)] = devices.as_slice() else {
            let which = which.to_owned();
            let all: Vec<_> = devices.iter().map(|(_, pins)| &*pins.device).collect();
            return Err(match all.is_empty() {
                true => Error::UnknownTrust { which },
                false => Error::AmbiguousTrust { which, known: all.join(", ") },
            });
        };
        let mut pins = pins.clone();
        let tools = pins.trust_seen(tool);
        if tools.is_empty() {
            let device = &pins.device;
            let tool = tool.map(|tool| format!("tool '{tool}' of {device}"));
            return Err(Error::Unchanged { what: tool.unwrap_or_else(|| device.clone()) });
        }
        whole::write(path, &pins.write())?;
        Ok(Changed { device: pins.device, tools })
    }

    fn all_pins(&self) -> Result<Vec<(PathBuf, Pins)>> {
        let folder = self.path("pins").and_then(|folder| fs::read_dir(folder).ok());
        let paths = folder.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension() == Some("pins".as_ref())).collect();
        paths.sort();
        let read = |path: PathBuf| Ok(read(&path)?.map(|pins| (path, pins)));
        paths.into_iter().filter_map(|path| read(path).transpose()).collect()
    }
}

/// Whether a device may be named so: by the whole text, its serial number, or as the gateway does.
fn is_called(device: &str, name: &str) -> bool {
    let parts: Vec<String> = device.split('/').map(plain).collect();
    let [_, product, serial] = parts.as_slice() else { return false };
    let [product, longer] =
        [product.clone(), format!("{product}_{serial}")].map(|text| legal(&text));
    device == name || serial == name && !serial.is_empty() || product == name || longer == name
}

/// A part of [`DeviceId::text`] as the device has it.
fn plain(part: &str) -> String {
    part.replace("%2F", "/").replace("%25", "%")
}

fn legal(text: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    text.chars().map(sound).collect()
}

fn read(path: &Path) -> Result<Option<Pins>> {
    let wrong = || Error::BadPins { path: path.to_owned() };
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // Nothing is there to look into.
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(Error::read(path, error)),
        Ok(file) if file.len() > FILE_MAX => return Err(wrong()),
        Ok(_) => {}
    }
    let text = fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
    Pins::read(&text).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> DeviceId {
        DeviceId { vendor: "v".into(), product: "p".into(), serial: "s".into() }
    }

    #[test]
    fn a_tool_is_as_it_was_or_other_or_new() {
        let folder = std::env::temp_dir().join(format!("trine-pins-{}", std::process::id()));
        let settings = Settings::in_folder(&folder);
        assert_eq!(settings.pins(&id()).unwrap(), None);
        let mut pins = Pins::new(&id()).unwrap();
        pins.trust("set", b"as it is");
        pins.trust("get", b"as well");
        settings.keep_pins(&id(), &pins).unwrap();
        assert_eq!(settings.changed().unwrap(), []);
        let mut pins = settings.pins(&id()).unwrap().unwrap();
        assert_eq!(pins.see("set", b"as it is"), None);
        assert_eq!(pins.see("set", b"as it was not"), Some(Change::Other));
        assert_eq!(pins.see("put", b"as it is"), Some(Change::New));
        settings.keep_pins(&id(), &pins).unwrap();
        let changed = settings.changed().unwrap();
        assert_eq!(changed[0].device, "v/p/s");
        assert_eq!(changed[0].tools, ["put", "set"]);
        assert_ne!(Pins::new(&id()).unwrap(), Pins::new(&id()).unwrap(), "each has its own key");
        // One tool, then all, by any name of the device.
        assert_eq!(settings.trust("v/p/s/put").unwrap().tools, ["put"]);
        assert!(settings.trust("p/put").unwrap_err().to_string().contains("has not changed"));
        assert!(settings.trust("pump").unwrap_err().to_string().contains("'pump'"));
        assert_eq!(settings.trust("p_s").unwrap().tools, ["set"]);
        let mut pins = settings.pins(&id()).unwrap().unwrap();
        assert_eq!(pins.see("set", b"as it was not"), None);
        assert_eq!(pins.see("put", b"as it is"), None);
        let path = folder.join("pins/v.p.s.pins");
        for text in ["", "key 00", "key x\nset 1", "nothing\n"] {
            fs::write(&path, text).unwrap();
            assert!(settings.pins(&id()).unwrap_err().to_string().contains("remove it"));
        }
        fs::remove_dir_all(folder).unwrap();
        assert!(Settings::none().keep_pins(&id(), &pins).is_err());
        assert_eq!(Settings::none().pins(&id()).unwrap(), None);
    }
}
