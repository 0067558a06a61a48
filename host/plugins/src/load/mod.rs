//! From a file to tools that clients may be shown: each step in its order, and nothing is left of
//! those before where one fails.

mod image;
mod manifest;
mod scan;
mod signature;

use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use sha2::{Digest as _, Sha256};

pub(crate) use image::Image;
pub use image::mapped;
use manifest::Manifest;
pub use scan::{Finding, Imports};
pub use signature::Keys;

use crate::error::{Error, Fault, Result, Step};

/// What plug-ins have to be like.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Keys of which one has to have signed each plug-in; where there is none, no signature is
    /// asked for.
    pub keys: Keys,
    /// What becomes of a plug-in that imports functions that start programs, or has writable code.
    pub imports: Imports,
    /// Most bytes of memory that a plug-in may say it needs; 0 for no limit.
    pub memory_max: u64,
}

/// Most bytes of a library.
const FILE_MAX: u64 = 256 * 1024 * 1024;

/// The name of a plug-in that another one needs, and the versions of it that will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The other plug-in's name.
    pub name: String,
    /// Its versions.
    pub versions: VersionReq,
}

/// What a file was found to be before anything of it ran.
#[derive(Debug)]
pub struct Checked {
    /// The library.
    pub file: PathBuf,
    /// Its SHA-256.
    pub digest: [u8; 32],
    /// The key that signed it, by its id.
    pub signed_by: Option<String>,
    /// What of it may be a reason not to load it.
    pub findings: Vec<Finding>,
    manifest: Manifest,
    bytes: Vec<u8>,
}

/// Reads a library, or the manifest of one, and checks what can be checked without running it.
///
/// # Errors
/// [`Error::Load`] at one of the steps up to [`Step::Imports`].
pub fn check(path: &Path, policy: &Policy) -> Result<Checked> {
    checked(path, policy).map_err(|fault| fault.of(path))
}

fn checked(path: &Path, policy: &Policy) -> std::result::Result<Checked, Fault> {
    let manifest = Manifest::of(path).map_err(|why| Fault(Step::Manifest, why))?;
    let file = manifest.library(path);
    let bytes = read(&file).map_err(|why| Fault(Step::Read, why))?;
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    manifest.compare(&digest).map_err(|why| Fault(Step::Digest, why))?;
    let signed_by = policy.keys.check(&file, &bytes);
    let signed_by = signed_by.map_err(|why| Fault(Step::Signature, why))?;
    let scanned = scan::scan(&bytes).map_err(|why| Fault(Step::Machine, why))?;
    policy.imports.judge(&scanned).map_err(|why| Fault(Step::Imports, why))?;
    Ok(Checked { file, digest, signed_by, findings: scanned, manifest, bytes })
}

fn read(file: &Path) -> std::result::Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| error.to_string())?;
    let read = opened.take(FILE_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(format!("it has more than {FILE_MAX} bytes"));
    }
    Ok(bytes)
}

impl Checked {
    /// Maps it into this process, which runs its constructors, and reads its table.
    pub(crate) fn map(self) -> Result<&'static Image> {
        let Self { file, digest, manifest, bytes, .. } = self;
        let image = Image::of(&digest, &bytes, &file).map_err(|fault| fault.of(&file))?;
        let is_so = manifest.agrees(&image.about.name, &image.about.version);
        is_so.map_err(|why| Fault(Step::Table, why).of(&file))?;
        Ok(image)
    }
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

/// What a plug-in needs of the machine.
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
}

impl Policy {
    /// Whether a plug-in's needs can be met.
    pub(crate) fn allows(&self, needs: &Needs) -> std::result::Result<(), String> {
        let Needs { memory_min, memory_max, .. } = *needs;
        if self.memory_max > 0 && memory_min.max(memory_max) > self.memory_max {
            let (most, needs) = (self.memory_max, memory_min.max(memory_max));
            return Err(format!("it takes up to {needs} bytes of memory, and {most} are allowed"));
        }
        if needs.gpu_memory > 0 || !needs.devices.is_empty() {
            return Err("it needs a graphics processor's memory or a device for itself alone, \
                        which this program does not manage"
                .to_owned());
        }
        Ok(())
    }
}

/// Reads keys, each in a line as minisign writes them.
///
/// # Errors
/// [`Error::Keys`].
pub fn keys(file: &Path) -> Result<Keys> {
    let failed = |why: String| Error::Keys { file: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    Keys::read(&text).map_err(failed)
}
