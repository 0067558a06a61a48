//! From a file to tools that clients may be shown: each step in its order, and nothing is left of
//! those before where one fails.

mod about;
mod image;
mod manifest;
mod needs;
mod scan;
mod signature;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use trine_limits::{Machine, MaxRss, System, rss};
use trine_wasm::Limits;

pub(crate) use about::Claims;
pub use about::{About, Dependency, Needs};
pub(crate) use image::Image;
pub use image::{Entry, Mapping, mapped, mappings};
use manifest::Manifest;
pub use scan::{Finding, Imports};
pub use signature::Keys;

use crate::error::{Error, Fault, Result, Step};
use crate::isolate::{Caps, Children, Sealed};
use crate::ledger::Budget;
use crate::module::Module;

/// What plug-ins have to be like.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Keys, one of which has to have signed each plug-in; without keys no signature is asked for.
    pub keys: Keys,
    /// What becomes of a plug-in that imports functions that start programs, or has writable code.
    pub imports: Imports,
    /// Most bytes of memory that a plug-in may say it needs; 0 for no limit.
    pub memory_max: u64,
    /// Bytes of memory that all plug-ins may say they need, together; `None` for what this process
    /// may use beyond what it has.
    pub memory_all: Option<u64>,
    /// Bytes of that which only plug-ins of high priority get.
    pub memory_reserve: u64,
    /// Bytes of a graphics processor's memory that all plug-ins may need, together.
    pub gpu_memory: u64,
    /// A watch over the memory of this program: above its limit plug-ins get no calls, and none is
    /// loaded.
    pub max_rss: Option<Arc<MaxRss>>,
    /// What a module in WebAssembly may use.
    pub limits: Limits,
    /// How long each of a library's `init`, `self_test`, `health` and `shutdown` may take. Default:
    /// 10 seconds.
    pub patience: Duration,
    /// Whether libraries run in processes of their own, also where their manifests do not ask for
    /// it. It needs Linux.
    pub isolate: bool,
    /// What such a process may use.
    pub caps: Caps,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            imports: Imports::default(),
            memory_max: 0,
            memory_all: None,
            memory_reserve: 0,
            gpu_memory: 0,
            max_rss: None,
            limits: Limits::default(),
            patience: Duration::from_secs(10),
            isolate: false,
            caps: Caps::default(),
        }
    }
}

/// Most bytes of a library.
const FILE_MAX: u64 = 256 * 1024 * 1024;
/// Most bytes of a file of keys.
const KEYS_MAX: u64 = 1024 * 1024;

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
    limits: Limits,
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
    let limits = manifest.limits(&policy.limits, Module::is_one(&bytes));
    let limits = limits.map_err(|why| Fault(Step::Manifest, why))?;
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
    Ok(Checked { file, digest, signed_by, findings: scanned, manifest, limits, bytes })
}

pub(crate) fn read(file: &Path) -> std::result::Result<Vec<u8>, String> {
    read_up_to(file, FILE_MAX)
}

/// Reads a file of up to `max` bytes. What is no file has no end, or waits for one who writes it.
fn read_up_to(file: &Path, max: u64) -> std::result::Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    // Opening a pipe would wait as well.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let failed = |error: std::io::Error| error.to_string();
    let opened = options.open(file).map_err(failed)?;
    if !opened.metadata().map_err(failed)?.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    opened.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(format!("it has more than {max} bytes"));
    }
    Ok(bytes)
}

/// Reads a text of up to `max` bytes, without the byte order mark that some editors begin it with.
fn read_text(file: &Path, max: u64) -> std::result::Result<String, String> {
    let text = String::from_utf8(read_up_to(file, max)?);
    let text = text.map_err(|_| "it is no UTF-8".to_owned())?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// What is started.
#[derive(Clone)]
pub(crate) enum Code {
    /// A library that is mapped into this process.
    Library(&'static Image),
    /// A library that runs in a process of its own.
    Isolated(Arc<Sealed>),
    /// A module in WebAssembly, and what it may use.
    Module(Arc<[u8]>, Limits),
}

impl Checked {
    /// What the manifest says that it needs, and what it is called there.
    pub(crate) fn claimed(&self) -> std::result::Result<Needs, Fault> {
        self.manifest.needs(&Needs::default()).map_err(|why| Fault(Step::Manifest, why))
    }

    /// Maps a library into this process or another one, which runs its constructors, or compiles a
    /// module. Answers what its table says.
    pub(crate) fn open(self, policy: &Policy, children: &Children) -> Result<(Code, Arc<About>)> {
        let Self { file, digest, manifest, limits, bytes, .. } = self;
        let (code, about) = if Module::is_one(&bytes) {
            let module = Module::start(&bytes, &limits).map_err(|fault| fault.of(&file))?;
            let about = module.about().clone();
            module.end();
            (Code::Module(bytes.into(), limits), about)
        } else if policy.isolate || manifest.isolate {
            let name = file.file_name().unwrap_or_default();
            let sealed = Sealed::open(&bytes, name, policy, children);
            let sealed = sealed.map_err(|fault| fault.of(&file))?;
            let about = sealed.about().clone();
            (Code::Isolated(sealed), about)
        } else {
            let image = Image::of(&digest, &bytes, &file).map_err(|fault| fault.of(&file))?;
            (Code::Library(image), image.about.clone())
        };
        let is_so = manifest.agrees(&about.name, &about.version);
        let needs = is_so.and_then(|()| manifest.needs(&about.needs));
        let needs = needs.map_err(|why| Fault(Step::Table, why).of(&file))?;
        Ok((code, Arc::new(About { needs, ..about })))
    }
}

impl Policy {
    /// Whether a plug-in's needs can be met.
    pub(crate) fn allows(&self, needs: &Needs) -> std::result::Result<(), String> {
        if let Some(watch) = &self.max_rss {
            watch.look();
            watch.check()?;
        }
        let most = needs.memory_min.max(needs.memory_max);
        if self.memory_max > 0 && most > self.memory_max {
            let max = self.memory_max;
            return Err(format!("it takes up to {most} bytes of memory, and {max} are allowed"));
        }
        Ok(())
    }

    /// What plug-ins may have together: where it is not given, as much as this process may use.
    pub(crate) fn budget(&self) -> Budget {
        let machine = Machine::read(&System);
        let max_rss = self.max_rss.as_ref().map(|watch| watch.now().1);
        let most = machine.memory.map(|memory| memory.bytes).into_iter().chain(max_rss).min();
        let now = rss(&System).unwrap_or(0);
        // Blocks are counted in multiples of 8 bytes.
        let left = most.map_or(u64::MAX, |most| most.saturating_sub(now) & !7);
        Budget {
            memory: self.memory_all.unwrap_or(left),
            reserve: self.memory_reserve,
            gpu_memory: self.gpu_memory,
            processors: machine.processors.thousandths.div_ceil(1_000),
        }
    }
}

/// Reads keys, each in a line as minisign writes them.
///
/// # Errors
/// [`Error::Keys`].
pub fn keys(file: &Path) -> Result<Keys> {
    let failed = |why: String| Error::Keys { file: file.to_owned(), why };
    let text = read_text(file, KEYS_MAX).map_err(failed)?;
    Keys::read(&text).map_err(failed)
}
