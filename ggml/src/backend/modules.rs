//! Backends that lie beside the program as modules, shared libraries of ggml's, and are loaded
//! when it runs.
//!
//! ggml's own search knows the names of its backends, looks into the folder that one happens to
//! be in, and is silent about what it could not load. So the folder is read here, and ggml is
//! handed one file after the other; what it says about each is kept.

use std::ffi::{CString, OsStr, c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use llama_cpp_sys_2 as sys;

use super::device::text;
use super::guard::guarded;
use super::why::explained;
use super::{Error, Result, log};

/// The variable that names the folder, where nothing else does.
pub const VARIABLE: &str = "TRINE_GGML_MODULES";
/// How a module's file is called, around its name. ggml calls them so on macOS too.
const PREFIX: &str = "libggml-";
const SUFFIX: &str = ".so";
/// What every module is built on, which is called like one.
const BASE: &str = "base";
/// The module of the processor, which comes last: devices are listed in the order of their modules.
const CPU: &str = "cpu";

unsafe extern "C" {
    fn trine_ggml_load(path: *const c_char, said: *mut c_char) -> sys::ggml_backend_reg_t;
    fn trine_ggml_score(path: *const c_char) -> c_int;
}

/// A file that is called as a module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where it lies.
    pub path: PathBuf,
    /// What became of it.
    pub state: State,
}

/// What became of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was loaded: the name of its backend, and how many devices it found.
    Loaded(String, usize),
    /// Another one of its kind was made for a processor that is more like this one.
    Left,
    /// It was not loaded, with why and what to do.
    Refused(String),
}

/// What was found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modules {
    /// The folder.
    pub folder: PathBuf,
    /// Its modules in the order in which they were loaded, or why it could not be read.
    pub found: std::result::Result<Vec<Module>, String>,
}

/// The folder that someone has named.
static NAMED: Mutex<Option<PathBuf>> = Mutex::new(None);
/// What was loaded, which happens once: ggml unloads nothing safely.
static LOADED: OnceLock<Modules> = OnceLock::new();

impl Modules {
    /// Has modules looked for in this folder, and in no other. To be called before anything asks
    /// for a device: modules are loaded once in a process.
    ///
    /// # Errors
    /// When they have been loaded from another folder.
    pub fn look_in(folder: &Path) -> Result<()> {
        if let Some(loaded) = LOADED.get()
            && loaded.folder != folder
        {
            let (loaded, named) = (loaded.folder.clone(), folder.to_owned());
            return Err(Error::Modules { loaded, named });
        }
        *NAMED.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder.to_owned());
        Ok(())
    }

    /// Loads what lies in the folder, if no one has yet, and says what became of it.
    #[must_use]
    pub fn loaded() -> &'static Self {
        LOADED.get_or_init(|| Self::load(folder()))
    }

    fn load(folder: PathBuf) -> Self {
        log::start();
        let found = files(&folder).map(load_all).map_err(|error| error.to_string());
        Self { folder, found }
    }

    /// The names of the backends that were loaded.
    pub fn backends(&self) -> impl Iterator<Item = &str> {
        self.found.iter().flatten().filter_map(|module| match &module.state {
            State::Loaded(backend, _) => Some(&**backend),
            State::Left | State::Refused(_) => None,
        })
    }
}

/// The folder that is named: by the caller, or the variable; else that of the program. The folder
/// that one happens to be in is never looked at, since a module is a program.
fn folder() -> PathBuf {
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let named = named.or_else(|| {
        let value = std::env::var_os(VARIABLE);
        value.filter(|value| !value.is_empty()).map(PathBuf::from)
    });
    named.or_else(beside).unwrap_or_default()
}

fn beside() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    program.parent().map(Path::to_owned)
}

/// All files that are called as modules are, with their names, in the order of loading.
fn files(folder: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(name) = path.file_name().and_then(name) {
            found.push((name.to_owned(), path));
        }
    }
    found.sort_by_key(|(name, path)| (kind(name) == CPU, path.clone()));
    Ok(found)
}

/// A module's name, `vulkan` or `cpu-haswell`, if a file is called as one.
fn name(file: &OsStr) -> Option<&str> {
    let name = file.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    (name != BASE && !name.is_empty()).then_some(name)
}

/// What modules for one kind of device have in common: what comes before a processor's name.
fn kind(name: &str) -> &str {
    name.split_once('-').map_or(name, |(kind, _)| kind)
}

/// Loads one module of each kind: that which suits this machine best.
fn load_all(files: Vec<(String, PathBuf)>) -> Vec<Module> {
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let of_kind = |name: &str| names.iter().filter(|other| kind(other) == kind(name)).count();
    let scored = files.into_iter().map(|(name, path)| {
        let scored = if of_kind(&name) > 1 { score(&path) } else { 0 };
        (name, path, scored)
    });
    let scored: Vec<(String, PathBuf, c_int)> = scored.collect();
    let best = |name: &str| {
        let same = scored.iter().filter(|(other, _, _)| kind(other) == kind(name));
        same.map(|(_, _, score)| *score).max().unwrap_or(0)
    };
    let mut taken: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for (name, path, score) in &scored {
        let is_left = *score > 0 && (*score < best(name) || taken.contains(&kind(name)));
        let state = if is_left { State::Left } else { load(path) };
        if matches!(state, State::Loaded(..)) {
            taken.push(kind(name));
        }
        all.push(Module { path: path.clone(), state });
    }
    all
}

/// How well a module says that it suits this machine; 0 for one that does not, or does not load.
fn score(path: &Path) -> c_int {
    let Ok(path) = as_c(path) else { return 0 };
    // SAFETY: the path ends with a zero and lives through the call.
    unsafe { trine_ggml_score(path.as_ptr()) }
}

fn as_c(path: &Path) -> Result<CString> {
    let text = path.to_str().ok_or_else(|| Error::failed("its path is not UTF-8"))?;
    CString::new(text).map_err(|_| Error::failed("its path has a zero in it"))
}

/// Hands ggml one file.
fn load(path: &Path) -> State {
    match registered(path) {
        Ok((backend, devices)) => State::Loaded(backend, devices),
        Err(error) => State::Refused(explained(&error.to_string(), path)),
    }
}

fn registered(path: &Path) -> Result<(String, usize)> {
    let name = as_c(path)?;
    // What was printed before is not about this module.
    drop(log::take());
    // SAFETY: the path ends with a zero and lives through the call.
    let registry = guarded(|said| unsafe { trine_ggml_load(name.as_ptr(), said) })?;
    if registry.is_null() {
        return Err(Error::failed(""));
    }
    // SAFETY: what was registered lives as long as the process.
    let backend = text(unsafe { sys::ggml_backend_reg_name(registry) });
    // SAFETY: as above.
    Ok((backend, unsafe { sys::ggml_backend_reg_dev_count(registry) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_modules_by_their_names() {
        let named = |file: &'static str| name(OsStr::new(file));
        assert_eq!(named("libggml-vulkan.so"), Some("vulkan"));
        assert_eq!(named("libggml-cpu-haswell.so"), Some("cpu-haswell"));
        for other in ["libggml-base.so", "libggml.so", "libggml-.so", "libggml-cpu.so.0", "trine"] {
            assert_eq!(named(other), None, "{other}");
        }
        assert_eq!((kind("cpu-haswell"), kind("vulkan")), ("cpu", "vulkan"));
    }
}
