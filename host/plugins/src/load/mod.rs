//! From a file to tools that clients may be shown: each step in its order, and nothing is left of
//! those before where one fails.

mod about;
mod image;
mod manifest;
mod scan;
mod signature;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use trine_wasm::Limits;

pub(crate) use about::Claims;
pub use about::{About, Dependency, Needs};
pub(crate) use image::Image;
pub use image::{Entry, mapped};
use manifest::Manifest;
pub use scan::{Finding, Imports};
pub use signature::Keys;

use crate::error::{Error, Fault, Result, Step};
use crate::module::Module;
use crate::work::Work as _;

/// What plug-ins have to be like.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Keys, one of which has to have signed each plug-in; without keys no signature is asked for.
    pub keys: Keys,
    /// What becomes of a plug-in that imports functions that start programs, or has writable code.
    pub imports: Imports,
    /// Most bytes of memory that a plug-in may say it needs; 0 for no limit.
    pub memory_max: u64,
    /// What a module in WebAssembly may use.
    pub limits: Limits,
    /// How long each of a library's `init`, `self_test`, `health` and `shutdown` may take. Default:
    /// 10 seconds.
    pub patience: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            imports: Imports::default(),
            memory_max: 0,
            limits: Limits::default(),
            patience: Duration::from_secs(10),
        }
    }
}

/// Most bytes of a library.
const FILE_MAX: u64 = 256 * 1024 * 1024;

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
    // A module reaches nothing of the machine.
    let scanned = match Module::is_one(&bytes) {
        true => Vec::new(),
        false => scan::scan(&bytes).map_err(|why| Fault(Step::Machine, why))?,
    };
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

/// What is started.
#[derive(Clone)]
pub(crate) enum Code {
    /// A library that is mapped into this process.
    Library(&'static Image),
    /// A module in WebAssembly.
    Module(Arc<[u8]>),
}

impl Checked {
    /// Maps a library into this process, which runs its constructors, or compiles a module. Answers
    /// what its table says.
    pub(crate) fn open(self, limits: &Limits) -> Result<(Code, Arc<About>)> {
        let Self { file, digest, manifest, bytes, .. } = self;
        let (code, about) = if Module::is_one(&bytes) {
            let module = Module::start(&bytes, limits).map_err(|fault| fault.of(&file))?;
            let about = module.about().clone();
            module.shutdown();
            (Code::Module(bytes.into()), about)
        } else {
            let image = Image::of(&digest, &bytes, &file).map_err(|fault| fault.of(&file))?;
            (Code::Library(image), image.about.clone())
        };
        let is_so = manifest.agrees(&about.name, &about.version);
        is_so.map_err(|why| Fault(Step::Table, why).of(&file))?;
        Ok((code, Arc::new(about)))
    }
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
