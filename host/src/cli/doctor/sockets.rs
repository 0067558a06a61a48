//! Folders of sockets that a program which was killed has left behind.
//!
//! The gateway talks to QEMU through sockets in a folder `trine-PID-...` of the temporary folder,
//! and removes it as soon as both ends are connected. Only a program that ended in between leaves
//! one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::Check;

const SUBJECT: &str = "sockets";

pub(super) fn checks() -> Vec<Check> {
    let folder = env::temp_dir();
    let stale = stale(&folder, |process| Path::new("/proc").join(process).exists());
    if stale.is_empty() {
        return vec![Check::ok(SUBJECT, format!("nothing left behind in {}", folder.display()))];
    }
    let remove = |path: PathBuf| {
        let text = format!("{} is left of a program that has ended", path.display());
        Check::warn(SUBJECT, text, format!("rm -r {}", path.display()))
    };
    stale.into_iter().map(remove).collect()
}

/// The folders of processes that are no more. Where the system has no `/proc` nothing is known of
/// any process, so nothing is called stale.
fn stale(folder: &Path, lives: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    if !lives("self") {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of_the_dead = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let parts: Vec<_> = name.split('-').collect();
        match parts[..] {
            ["trine", process, count, salt] => {
                let numbers = [process, count].iter().all(|part| part.parse::<u32>().is_ok());
                let salted = u32::from_str_radix(salt, 16).is_ok();
                numbers && salted && path.is_dir() && !lives(process)
            }
            _ => false,
        }
    };
    let mut stale: Vec<_> = entries.map(|entry| entry.path()).filter(of_the_dead).collect();
    stale.sort_unstable();
    stale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_ended_programs_are_stale() {
        let folder = env::temp_dir().join(format!("stale-sockets-{}", std::process::id()));
        for name in ["trine-7-0-00c0ffee", "trine-8-0-00c0ffee", "trine-x-0-0", "trine-9-0"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("trine-6-0-00c0ffee"), "no folder").unwrap();
        let found = stale(&folder, |process| process == "self" || process == "8");
        let unknown = stale(&folder, |_| false);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [folder.join("trine-7-0-00c0ffee")]);
        assert!(unknown.is_empty());
    }
}
