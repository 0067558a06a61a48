//! An optional cache outside the tree for what is slow to build and rarely changes.
//!
//! `TRINE_CACHE` names it (default: `trine` in the user's cache folder). An entry is keyed by the
//! leg, the compiler and a lock file, so a stale one is never read; nothing fails without it.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh;

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
pub fn keep_objects(build: Command) -> Command {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    let is_kind = |line: &&str| line.starts_with("flags") || line.starts_with("model name");
    about.lines().filter(is_kind).take(2).for_each(|line| line.hash(&mut hasher));
    keep_objects_in(build, &format!("ccache/{:016x}", hasher.finish()), "500M")
}

/// The same for a build that names the processor it is for, with room for CUDA's kernels.
pub fn keep_objects_for_all(build: Command) -> Command {
    keep_objects_in(build, "ccache-shared", "2G")
}

fn keep_objects_in(mut build: Command, folder: &str, size: &str) -> Command {
    match base() {
        Some(base) => build.env("CCACHE_DIR", base.join(folder)).env("CCACHE_MAXSIZE", size),
        None => build.env("CCACHE_DISABLE", "1"),
    };
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
    let used = |entry: PathBuf| {
        let is_of_leg = entry.file_name()?.to_string_lossy().starts_with(&prefix);
        let time = fs::metadata(entry.join("used")).ok()?.modified().ok()?;
        is_of_leg.then_some((time, entry))
    };
    let entries = sh::entries(base).unwrap_or_default();
    let by_time: BTreeSet<_> = entries.into_iter().filter_map(used).collect();
    for (_, old) in by_time.iter().rev().skip(ENTRIES_KEPT) {
        if let Err(error) = fs::remove_dir_all(old) {
            eprintln!("the cache entry {} stays: {error}", old.display());
        }
    }
}
