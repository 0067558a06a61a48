//! An optional cache outside the tree for what is slow to build and rarely changes.
//!
//! `TRINE_CACHE` names it (default: `trine` in the user's cache folder). An entry is keyed by the
//! leg, the compiler and a lock file, so a stale one is never read; nothing fails without it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Entries that a leg keeps; older ones are removed.
const ENTRIES_KEPT: usize = 3;

/// A folder for this leg, compiler and lock file, made if need be; `None` when there can be none.
pub(crate) fn folder(leg: &str, compiler: &str, lock: &Path) -> Option<PathBuf> {
    let base = match std::env::var_os("TRINE_CACHE") {
        Some(dir) if dir.is_empty() => return None,
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/trine"),
    };
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
