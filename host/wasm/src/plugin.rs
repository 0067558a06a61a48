//! The table of a plug-in, `trine_plugin`, as a 32-bit chip lays it out.

use crate::error::{Error, Result};
use crate::memory::{Linear, Record};

/// The first member: "TRPL".
const MAGIC: u32 = 0x4c50_5254;
/// `TRINE_PLUGIN_ABI`. The upper half has to be the same.
pub(crate) const ABI: u32 = 0x0001_0000;
/// Bytes of `trine_plugin` and of `trine_plugin_needs`.
const SIZE: u32 = 96;
const NEEDS_SIZE: u32 = 40;
/// Most tools of a plug-in, and most bytes of one text of it.
const TOOLS_MAX: u32 = 1_024;
const TEXT_MAX: usize = 4_096;
const NAME_MAX: usize = 64;

/// What a plug-in says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Its name, by which it is replaced.
    pub name: String,
    /// Its version, as semver.org has it.
    pub version: String,
    /// What it is, in one sentence; may be empty.
    pub description: String,
    /// Who made it; may be empty.
    pub author: String,
    /// What it can do, as words separated by spaces.
    pub capabilities: String,
    /// The plug-ins that it needs, separated by `;`, each with the versions that will do.
    pub dependencies: String,
    /// Bytes of memory without which it cannot work.
    pub memory_min: u64,
    /// Names of devices, separated by spaces, which it needs for itself alone.
    pub devices: String,
    /// How many tools it has.
    pub tools: u32,
}

/// Where the tools and the functions are. A function is an index of the table of functions; 0 is
/// NULL.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Places {
    pub(crate) tools: u32,
    pub(crate) tool_count: u32,
    pub(crate) init: u32,
    pub(crate) shutdown: u32,
    pub(crate) health: u32,
    pub(crate) self_test: u32,
}

/// Reads the table at an address.
pub(crate) fn read(memory: Linear<'_>, at: u32) -> Result<(Facts, Places)> {
    if at == 0 {
        let [major, minor] = [ABI >> 16, ABI & 0xffff];
        return Err(Error::Version(format!("its entry refuses version {major}.{minor}")));
    }
    let table = memory.record(at, SIZE, "the table")?;
    if table.word(0) != MAGIC {
        return Err(Error::Table("it does not begin with \"TRPL\"".to_owned()));
    }
    let (size, abi) = (table.word(4), table.word(8));
    if abi >> 16 != ABI >> 16 || size < SIZE {
        let (major, minor) = (abi >> 16, abi & 0xffff);
        return Err(Error::Version(format!("version {major}.{minor}, a table of {size} bytes")));
    }
    let places = Places {
        tools: table.word(68),
        tool_count: table.word(72),
        init: table.word(80),
        shutdown: table.word(84),
        health: table.word(88),
        self_test: table.word(92),
    };
    if !(1..=TOOLS_MAX).contains(&places.tool_count) {
        let count = places.tool_count;
        return Err(Error::Table(format!("it has {count} tools: 1 to {TOOLS_MAX} are allowed")));
    }
    Ok((facts(memory, &table)?, places))
}

fn facts(memory: Linear<'_>, table: &Record<'_>) -> Result<Facts> {
    let text = |at, what: &str| {
        let text = short(memory, table.word(at), table.word(at + 4), what)?;
        Ok::<_, Error>(trine_gateway::sanitize::plain(text).into_owned())
    };
    let mut facts = Facts {
        name: text(16, "its name")?,
        version: text(24, "its version")?,
        description: text(32, "its description")?,
        author: text(40, "its author")?,
        capabilities: text(48, "its capabilities")?,
        dependencies: text(56, "its dependencies")?,
        tools: table.word(72),
        ..Facts::default()
    };
    let needs = table.word(64);
    if needs != 0 {
        let needs = memory.record(needs, NEEDS_SIZE, "what it needs")?;
        facts.memory_min = needs.long(8).cast_unsigned();
        let devices = short(memory, needs.word(32), needs.word(36), "its devices")?;
        facts.devices = trine_gateway::sanitize::plain(devices).into_owned();
    }
    if !is_name(&facts.name) {
        return Err(Error::Table(format!(
            "its name is '{}': lower-case letters, digits, - and _ are allowed, {NAME_MAX} at most",
            facts.name
        )));
    }
    if !is_version(&facts.version) {
        let version = facts.version;
        return Err(Error::Table(format!("its version is '{version}': write it as 1.2.3")));
    }
    Ok(facts)
}

fn short<'m>(memory: Linear<'m>, at: u32, size: u32, what: &str) -> Result<&'m str> {
    if usize::try_from(size).is_ok_and(|size| size <= TEXT_MAX) {
        return memory.text(at, size, what);
    }
    Err(Error::Table(format!("{what} has {size} bytes: at most {TEXT_MAX} are allowed")))
}

fn is_name(name: &str) -> bool {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(fits)
}

/// Whether a text is `1.2.3`, `1.2.3-rc.1` or `1.2.3+build`.
fn is_version(version: &str) -> bool {
    let (version, build) = version.split_once('+').unwrap_or((version, "0"));
    let (numbers, pre) = version.split_once('-').unwrap_or((version, "0"));
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_number = |part: &str| part.parse::<u64>().is_ok_and(|it| it.to_string() == part);
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && [pre, build].into_iter().all(|more| more.split('.').all(is_part))
}

#[cfg(test)]
mod tests {
    use super::{is_name, is_version};

    #[test]
    fn names_and_versions_are_those_of_the_header() {
        for good in ["1.2.3", "0.0.0", "2.0.0-rc.1", "1.0.0+build-7.x", "1.0.0-a+b"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3-", "1.2.3+", "1.2.-3"] {
            assert!(!is_version(bad), "{bad}");
        }
        assert!(is_name("time-zones_2") && is_name(&"a".repeat(64)));
        assert!(!is_name("") && !is_name("Clock") && !is_name("a b") && !is_name(&"a".repeat(65)));
    }
}
