//! A file that says which library a plug-in is, and what it has to be.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use semver::Version;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use trine_wasm::Limits;

use super::needs::ManifestNeeds;
use super::{Needs, read_text};

/// Most bytes of a manifest.
const MANIFEST_MAX: u64 = 64 * 1024;

/// What a manifest says, as TOML or JSON. A library that is loaded without one has an empty one.
///
/// ```toml
/// library = "libclock.so"
/// sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
/// name = "clock"
/// version = "1.2.0"
/// isolate = true
///
/// [needs]
/// memory_min = "64M"
/// calls_per_second = 20
///
/// [limits]
/// fuel = 5000000
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The library, from the folder of the manifest.
    library: Option<PathBuf>,
    /// The SHA-256 of the library in hexadecimal digits.
    sha256: Option<String>,
    /// What the library has to call itself.
    name: Option<String>,
    /// The version that it has to have.
    version: Option<Version>,
    /// Whether the library has to run in a process of its own.
    #[serde(default)]
    pub(super) isolate: bool,
    /// What it needs and may use, in the place of what it says itself.
    #[serde(default)]
    needs: ManifestNeeds,
    /// What a module may use, where that is less than what every module may.
    #[serde(default, deserialize_with = "each_once")]
    limits: BTreeMap<String, u64>,
}

/// A table of which no name is there twice. Of two JSON would take the last one.
fn each_once<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, u64>, D::Error> {
    struct Each;

    impl<'de> Visitor<'de> for Each {
        type Value = BTreeMap<String, u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table of numbers")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = BTreeMap::new();
            while let Some((name, number)) = map.next_entry::<String, u64>()? {
                if all.contains_key(&name) {
                    return Err(A::Error::custom(format!("duplicate field `{name}`")));
                }
                all.insert(name, number);
            }
            Ok(all)
        }
    }

    from.deserialize_map(Each)
}

impl Manifest {
    /// The manifest at a path; an empty one where a library is there.
    pub(super) fn of(path: &Path) -> Result<Self, String> {
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if !matches!(extension, "toml" | "json") {
            return Ok(Self::default());
        }
        let text = read_text(path, MANIFEST_MAX)?;
        let read: Self = if extension == "toml" {
            toml_edit::de::from_str(&text).map_err(|error| error.to_string())?
        } else {
            serde_json::from_str(&text).map_err(|error| error.to_string())?
        };
        read.judge()?;
        read.needs.judge()?;
        Ok(read)
    }

    /// What a manifest has to say.
    fn judge(&self) -> Result<(), String> {
        if self.library.as_ref().is_none_or(|library| library.as_os_str().is_empty()) {
            return Err("it names no library: add library = \"libNAME.so\"".to_owned());
        }
        if self.name.as_ref().is_some_and(String::is_empty) {
            return Err("its name is empty".to_owned());
        }
        let is_digest = |text: &String| {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
        };
        if !self.sha256.as_ref().is_none_or(is_digest) {
            return Err("its sha256 is no 64 hexadecimal digits".to_owned());
        }
        Ok(())
    }

    /// What the manifest says of a plug-in's needs, in the place of what that says itself.
    pub(super) fn needs(&self, own: &Needs) -> Result<Needs, String> {
        let needs = self.needs.over(own);
        needs.judge().map(|()| needs)
    }

    /// What a module may use, of what every module may.
    pub(super) fn limits(&self, most: &Limits, is_module: bool) -> Result<Limits, String> {
        if !self.limits.is_empty() && !is_module {
            return Err("its [limits] are those of a module in WebAssembly, which this is not: a \
                        library has none"
                .to_owned());
        }
        let mut limits = *most;
        for (name, value) in &self.limits {
            limits.lower(name, *value).map_err(|why| format!("limits: {why}"))?;
        }
        Ok(limits)
    }

    /// The library of the manifest at a path.
    pub(super) fn library(&self, path: &Path) -> PathBuf {
        let Some(library) = &self.library else { return path.to_owned() };
        path.parent().unwrap_or(Path::new("")).join(library)
    }

    /// Whether the library is the one that is meant.
    pub(super) fn compare(&self, digest: &[u8; 32]) -> Result<(), String> {
        let Some(wanted) = &self.sha256 else { return Ok(()) };
        let found = HEXLOWER_PERMISSIVE.encode(digest);
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        Err(format!("the library has {found}, and the manifest says {wanted}"))
    }

    /// Whether the library calls itself what the manifest does.
    pub(super) fn agrees(&self, name: &str, version: &Version) -> Result<(), String> {
        if let Some(wanted) = &self.name
            && wanted != name
        {
            return Err(format!("it is called '{name}', and the manifest says '{wanted}'"));
        }
        if let Some(wanted) = &self.version
            && wanted != version
        {
            return Err(format!("it is version {version}, and the manifest says {wanted}"));
        }
        Ok(())
    }
}
