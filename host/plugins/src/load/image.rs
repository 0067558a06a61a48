//! Libraries mapped into this process, each content once and for ever.
//!
//! Nothing is unmapped: a library may have started threads, registered destructors of threads, or
//! given pointers away, and no one can know. So a reference to an image lives as long as the
//! process, and none can outlive its code.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use libloading::Library;
use trine_c_api::{hosted, trine_text, trine_tool, trine_tool_more};
use trine_c_plugin::{
    TRINE_PLUGIN_ABI, TRINE_PLUGIN_ABORTS, TRINE_PLUGIN_AT_ONCE, TRINE_PLUGIN_MAGIC, trine_plugin,
    trine_plugin_host,
};
use trine_descriptor::ToolTable as _;
use trine_gateway::sanitize;
use trine_gateway::table::Table;

use super::{About, Claims, Needs};
use crate::call::HOST;
use crate::error::{Fault, Step};
use crate::sys;

/// A library that is mapped, and what it said of itself.
pub(crate) struct Image {
    pub(crate) about: About,
    pub(crate) table: Arc<Table>,
    pub(crate) tools: &'static [trine_tool],
    /// The whole table of the plug-in.
    pub(crate) raw: trine_plugin,
    /// Bytes of its file.
    pub(crate) size: usize,
}

// SAFETY: its pointers are to constants of a library that is never unmapped; its functions may be
// called on any thread, as the header says.
unsafe impl Send for Image {}
// SAFETY: as above.
unsafe impl Sync for Image {}

/// The function that a plug-in exports, `trine_plugin_entry`.
pub type Entry = unsafe extern "C" fn(u32, *const trine_plugin_host) -> *const trine_plugin;
type Known = Result<&'static Image, (Step, String)>;

/// All that was mapped, by the SHA-256 of the file; also what turned out to be no plug-in, which is
/// not mapped again.
static IMAGES: LazyLock<Mutex<HashMap<[u8; 32], Known>>> = LazyLock::new(Mutex::default);

/// Those that are linked into this program, by the addresses of their entries.
static LINKED: Mutex<Vec<(usize, &'static Image)>> = Mutex::new(Vec::new());

/// How many libraries are mapped, and the bytes of their files.
#[must_use]
pub fn mapped() -> (usize, usize) {
    let images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let sound = images.values().filter_map(|known| known.as_ref().ok());
    (images.len(), sound.map(|image| image.size).sum())
}

/// A library that stays mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The plug-in and its version.
    pub name: String,
    /// Bytes of its file.
    pub bytes: usize,
}

/// The libraries that are mapped, by name.
#[must_use]
pub fn mappings() -> Vec<Mapping> {
    let images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let sound = images.values().filter_map(|known| known.as_ref().ok());
    let mut all: Vec<_> = sound.map(|image| image.mapping()).collect();
    drop(images);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl Image {
    fn mapping(&self) -> Mapping {
        let About { name, version, .. } = &self.about;
        Mapping { name: format!("{name} {version}"), bytes: self.size }
    }

    /// The image of these bytes, whose SHA-256 is `digest`.
    pub(super) fn of(digest: &[u8; 32], bytes: &[u8], file: &Path) -> Result<&'static Self, Fault> {
        let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = images.get(digest) {
            return known.clone().map_err(|(step, why)| Fault(step, why));
        }
        let mapped = Self::map(bytes, file);
        let known: Known = match mapped {
            Ok(image) => Ok(Box::leak(Box::new(image))),
            // Nothing is mapped, and what it needs may be there the next time.
            Err(fault @ Fault(Step::Map, _)) => return Err(fault),
            Err(Fault(step, why)) => Err((step, why)),
        };
        images.insert(*digest, known.clone());
        known.map_err(|(step, why)| Fault(step, why))
    }

    fn map(bytes: &[u8], file: &Path) -> Result<Self, Fault> {
        let name = file.file_name().map(OsString::from).unwrap_or_default();
        let path = sys::private(bytes, &name)
            .map_err(|error| Fault(Step::Map, format!("no memory for it can be had: {error}")))?;
        let image = Self::map_file(path.path(), bytes.len());
        if !matches!(image, Err(Fault(Step::Map, _))) {
            path.keep();
        }
        let image = image?;
        if image.raw.flags & TRINE_PLUGIN_ABORTS != 0 {
            return Err(Fault(Step::Table, ABORTS.to_owned()));
        }
        Ok(image)
    }

    /// Maps the library of a file, which stays what it is; [`Step::Map`] where it is not mapped.
    pub(crate) fn map_file(path: &Path, size: usize) -> Result<Self, Fault> {
        let map = |why: String| Fault(Step::Map, why);
        // SAFETY: this runs the library's constructors. Whoever names a plug-in trusts it as much
        // as this program: docs/security.md says so.
        let library = unsafe { Library::new(path) };
        let library = library.map_err(|error| map(explained(&error)))?;
        // It is never unmapped.
        let library: &'static Library = Box::leak(Box::new(library));
        let table = |why: String| Fault(Step::Table, why);
        // SAFETY: the header says of what type this symbol is.
        let entry = unsafe { library.get::<Entry>(b"trine_plugin_entry\0") };
        let entry = entry.map_err(|_| {
            table("it exports no trine_plugin_entry: end one file with TRINE_PLUGIN".to_owned())
        })?;
        // SAFETY: the symbol is the entry of a plug-in, which is never unmapped.
        unsafe { Self::entered(*entry, size) }
    }

    /// The image of a plug-in that is linked into this program, by its entry: one for each.
    ///
    /// # Safety
    /// It is the entry of a plug-in, as the header says.
    pub(crate) unsafe fn linked(entry: Entry) -> Result<&'static Self, Fault> {
        let mut linked = LINKED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, image)) = linked.iter().find(|(known, _)| *known == entry as usize) {
            return Ok(image);
        }
        // SAFETY: passed on.
        let image: &'static Self = Box::leak(Box::new(unsafe { Self::entered(entry, 0) }?));
        linked.push((entry as usize, image));
        Ok(image)
    }

    /// What the entry of a plug-in answers, whose file has so many bytes.
    ///
    /// # Safety
    /// It is the entry of a plug-in, as the header says.
    unsafe fn entered(entry: Entry, size: usize) -> Result<Self, Fault> {
        let table = |why: String| Fault(Step::Table, why);
        // SAFETY: the program's table lives for ever.
        let raw = unsafe { entry(TRINE_PLUGIN_ABI, &raw const HOST) };
        // SAFETY: what the entry answers is NULL or the plug-in's table, which it keeps for ever.
        let raw = unsafe { read_table(raw) }.map_err(table)?;
        // SAFETY: as above.
        let about = unsafe { about(&raw) }.map_err(table)?;
        // SAFETY: the table says that there are so many.
        let tools = unsafe { slice(raw.tools, raw.tool_count as usize) };
        // SAFETY: the tools are made by the macros of the header.
        let table = unsafe { described(tools) }.map_err(|why| Fault(Step::Tools, why))?;
        Ok(Self { about, table, tools, raw, size })
    }

    /// Whether its functions are called on the thread that reads requests.
    pub(crate) const fn is_at_once(&self) -> bool {
        self.raw.flags & TRINE_PLUGIN_AT_ONCE != 0
    }
}

/// What the system says of a library that it does not map.
fn explained(error: &libloading::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// # Safety
/// NULL, or `count` elements that live for ever.
const unsafe fn slice<T>(first: *const T, count: usize) -> &'static [T] {
    if first.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// Reads a plug-in's table as far as this version of the interface knows it.
///
/// # Safety
/// NULL, or a table as long as it says.
unsafe fn read_table(from: *const trine_plugin) -> Result<trine_plugin, String> {
    let Some(head) = std::ptr::NonNull::new(from.cast_mut()) else {
        return Err("it does not want this version of the interface: load it into a program of \
                    the version that it was compiled with"
            .to_owned());
    };
    // SAFETY: the first three members of a table of any version.
    let [magic, size, abi] = unsafe { head.cast::<[u32; 3]>().read() };
    if magic != TRINE_PLUGIN_MAGIC {
        return Err("its table does not begin with TRINE_PLUGIN_MAGIC".to_owned());
    }
    let [theirs, ours] = [abi, TRINE_PLUGIN_ABI].map(|abi| (abi >> 16, abi & 0xffff));
    if theirs.0 != ours.0 {
        return Err(format!(
            "it was compiled for version {}.{} of the interface, and this program has {}.{}: \
             compile it with this version's trine_plugin.h",
            theirs.0, theirs.1, ours.0, ours.1
        ));
    }
    let known = size_of::<trine_plugin>();
    if (size as usize) < known {
        return Err(format!("its table has {size} bytes, and version 1.0 has {known}"));
    }
    // SAFETY: it has as many bytes as were asked for.
    let raw = unsafe { *from };
    if !(1..=TOOLS_MAX).contains(&raw.tool_count) || raw.tools.is_null() {
        return Err(format!("it has {} tools: 1 to {TOOLS_MAX} may be", raw.tool_count));
    }
    Ok(raw)
}

/// Why a plug-in whose panics abort is not mapped into this process.
const ABORTS: &str = "a panic of it would end this process: build it with panic = \"unwind\", or \
                      run it in a process of its own with --isolate";

/// Most tools of a plug-in, and most calls at a time.
const TOOLS_MAX: u32 = 2_048;
pub(crate) const CALLS_MAX: u32 = 256;

/// # Safety
/// The texts of the table can be read.
unsafe fn about(raw: &trine_plugin) -> Result<About, String> {
    // SAFETY: the caller's promise.
    let text = |member: &str, text: trine_text| unsafe {
        hosted::text_of(text.data, text.size)
            .map(|text| sanitize::plain(text).into_owned())
            .map_err(|_| format!("its {member} is no UTF-8"))
    };
    let claims = Claims {
        name: text("name", raw.name)?,
        version: text("version", raw.version)?,
        description: text("description", raw.description)?,
        author: text("author", raw.author)?,
        capabilities: text("capabilities", raw.capabilities)?,
        dependencies: text("dependencies", raw.dependencies)?,
    };
    if raw.calls_max > CALLS_MAX {
        return Err(format!("its calls_max is {}, {CALLS_MAX} at most", raw.calls_max));
    }
    // SAFETY: NULL, or as long as its first member says.
    let needs = unsafe { raw.needs.as_ref() };
    let needs = needs.map(|needs| -> Result<Needs, String> {
        let devices = text("devices", needs.devices)?;
        let needs = Needs {
            processors: needs.processors,
            memory_min: needs.memory_min,
            memory_max: needs.memory_max,
            gpu_memory: needs.gpu_memory,
            devices: devices.split_ascii_whitespace().map(str::to_owned).collect(),
            ..Needs::default()
        };
        needs.judge().map(|()| needs)
    });
    Ok(About { needs: needs.transpose()?.unwrap_or_default(), ..claims.judge()? })
}

/// The tools as a table that is checked by every rule.
///
/// # Safety
/// All that the tools point to can be read, and the texts end with a zero byte.
unsafe fn described(tools: &'static [trine_tool]) -> Result<Arc<Table>, String> {
    // SAFETY: passed on.
    let mut list = vec![0; unsafe { hosted::list_of(tools, 0, &mut []) }];
    // SAFETY: as above.
    unsafe { hosted::list_of(tools, 0, &mut list) };
    let table = Table::new(list.into()).map_err(|why| why.to_string())?;
    for (row, tool) in (0..).zip(tools) {
        let name = table.info(row).map(|info| info.name).unwrap_or_default();
        if tool.call.is_none() {
            return Err(format!("its tool {name} has no function"));
        }
        // SAFETY: passed on.
        let more = unsafe { tool.more.as_ref() };
        if more.is_some_and(|more| (more.struct_size as usize) < size_of::<trine_tool_more>()) {
            return Err(format!("its tool {name} has a trine_tool_more without struct_size"));
        }
    }
    Ok(Arc::new(table))
}
