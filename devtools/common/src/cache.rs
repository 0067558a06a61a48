//! An optional cache outside the tree for what is slow to build and rarely changes.
//!
//! `TRINE_CACHE` names it (default: `trine` in the user's cache folder). An entry is keyed by the
//! leg, the compiler and a lock file, so a stale one is never read; nothing fails without it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Entries that a leg keeps; older ones are removed.
const ENTRIES_KEPT: usize = 3;

fn base() -> Option<PathBuf> {
    match std::env::var_os("TRINE_CACHE") {
        Some(dir) if dir.is_empty() => None,
        Some(dir) => Some(PathBuf::from(dir)),
        None => Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/trine")),
    }
}

/// Has a build in C++ keep what it compiles: ggml's looks for ccache by itself, and that one tells
/// by the source and all options whether it has compiled it before. What `-march=native` means it
/// does not look at, so each kind of processor has a folder.
pub fn keep_objects(mut build: Command) -> Command {
    let Some(base) = base() else {
        build.env("CCACHE_DISABLE", "1");
        return build;
    };
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    let is_kind = |line: &&str| line.starts_with("flags") || line.starts_with("model name");
    about.lines().filter(is_kind).take(2).for_each(|line| line.hash(&mut hasher));
    let folder = base.join(format!("ccache/{:016x}", hasher.finish()));
    build.env("CCACHE_DIR", folder).env("CCACHE_MAXSIZE", "500M");
    build
}

/// The same for a build that names the processor it is for, with room for CUDA's kernels.
pub fn keep_objects_for_all(mut build: Command) -> Command {
    let Some(base) = base() else {
        build.env("CCACHE_DISABLE", "1");
        return build;
    };
    build.env("CCACHE_DIR", base.join("ccache-shared")).env("CCACHE_MAXSIZE", "2G");
    build
}

/// A folder for this leg, compiler and lock file, made if need be; `None` when there can be none.
pub fn folder(leg: &str, compiler: &str, lock: &Path) -> Option<PathBuf> {
    let base = base()?;
    let mut hasher = DefaultHasher::new();
    compiler.hash(&mut hasher);
    fs::read(lock).unwrap_or_default().hash(&mut hasher);
    let folder = base.join(format!("{leg}-{:016x}", hasher.finish()));
    fs::create_dir_all(&folder).ok()?;
    // The time of the last use decides what goes.
    fs::write(folder.join("used"), "").ok()?;
    prune(&base, leg);
    Some(folder)
}

fn prune(base: &Path, leg: &str) {
    let prefix = format!("{leg}-");
    let Ok(entries) = fs::read_dir(base) else { return };
    let mut dated: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .filter_map(|entry| {
            let used = fs::metadata(entry.path().join("used")).and_then(|meta| meta.modified());
            Some((used.ok()?, entry.path()))
        })
        .collect();
    dated.sort_by_key(|entry| std::cmp::Reverse(entry.0));
    for (_, old) in dated.iter().skip(ENTRIES_KEPT) {
        if let Err(error) = fs::remove_dir_all(old) {
            eprintln!("the cache entry {} stays: {error}", old.display());
        }
    }
}
