//! What a plug-in says of itself, and whether it can be so.

use std::time::Duration;

use semver::{Version, VersionReq};
use trine_resources::Priority;

/// The name of a plug-in that another one needs, and the versions of it that will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The other plug-in's name.
    pub name: String,
    /// Its versions.
    pub versions: VersionReq,
}

/// What a plug-in says of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// What it is.
    pub description: String,
    /// Who made it.
    pub author: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// The plug-ins that it needs.
    pub dependencies: Vec<Dependency>,
    /// What it needs of the machine.
    pub needs: Needs,
}

/// What a plug-in needs of the machine, and what it may use of it at most: what it says itself,
/// and in its place what a manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Processors.
    pub processors: u32,
    /// Bytes of memory without which it cannot work.
    pub memory_min: u64,
    /// Bytes of memory that it takes at most; 0 where it does not say.
    pub memory_max: u64,
    /// Bytes of a graphics processor's memory.
    pub gpu_memory: u64,
    /// Devices that it needs for itself alone.
    pub devices: Vec<String>,
    /// Devices that others may have too.
    pub shared_devices: Vec<String>,
    /// Calls in a second, in the long run; 0 for any number.
    pub calls_per_second: u32,
    /// Processor time of its functions in a minute; zero for any.
    pub cpu_per_minute: Duration,
    /// Whether it may have the reserve of memory.
    pub priority: Priority,
}

impl Needs {
    /// What of it contradicts itself.
    pub(crate) fn judge(&self) -> Result<(), String> {
        let Self { memory_min, memory_max, .. } = self;
        if *memory_max > 0 && memory_min > memory_max {
            return Err(format!(
                "it needs at least {memory_min} bytes of memory and at most {memory_max}"
            ));
        }
        let mut all = self.devices.iter().chain(&self.shared_devices);
        while let Some(name) = all.next() {
            if all.clone().any(|other| other == name) {
                return Err(format!("it names the device '{name}' twice"));
            }
        }
        Ok(())
    }
}

/// The texts of a plug-in's table, as they are there.
pub(crate) struct Claims {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) author: String,
    pub(crate) capabilities: String,
    pub(crate) dependencies: String,
}

impl Claims {
    /// What they say; or which one says nothing that can be.
    pub(crate) fn judge(self) -> Result<About, String> {
        let Self { name, version, description, author, capabilities, dependencies } = self;
        let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_letter) {
            return Err(format!(
                "its name '{name}' is no name: use up to 64 of a to z, 0 to 9, '-' and '_'"
            ));
        }
        let version = version.parse().map_err(|error| {
            format!("its version '{version}' is no version such as 1.0.0: {error}")
        })?;
        let capabilities = capabilities.split_ascii_whitespace().map(str::to_owned).collect();
        let dependencies = needed(&dependencies)?;
        let needs = Needs::default();
        Ok(About { name, version, description, author, capabilities, dependencies, needs })
    }
}

fn needed(text: &str) -> Result<Vec<Dependency>, String> {
    let each = text.split(';').map(str::trim).filter(|it| !it.is_empty());
    let read = |one: &str| {
        let (name, versions) = one.split_once(' ').unwrap_or((one, "*"));
        let versions = versions.parse();
        let versions = versions
            .map_err(|error| format!("it needs '{one}', which is no name and versions: {error}"))?;
        Ok(Dependency { name: name.to_owned(), versions })
    };
    each.map(read).collect()
}
