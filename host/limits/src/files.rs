//! Files of a system, which tests make up.

use std::path::Path;

/// What is read of a system.
pub trait Files {
    /// The text of a file; `None` where there is none, or it is no text.
    fn text(&self, path: &Path) -> Option<String>;

    /// The names in a folder, in order; none where there is no such folder.
    fn names(&self, folder: &Path) -> Vec<String>;

    /// Whether there is a file or folder.
    fn is_there(&self, path: &Path) -> bool;

    /// Processors on which the system lets this process run, where no file says it.
    fn processors(&self) -> usize;
}

/// This system.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Files for System {
    fn text(&self, path: &Path) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let name =
            |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let mut names: Vec<_> = entries.filter_map(name).collect();
        names.sort();
        names
    }

    fn is_there(&self, path: &Path) -> bool {
        path.exists()
    }

    fn processors(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }
}

/// Files that a test made up.
#[cfg(test)]
pub(crate) struct MadeUp(pub(crate) usize, pub(crate) std::collections::BTreeMap<String, String>);

#[cfg(test)]
impl MadeUp {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self(8, files.iter().map(owned).collect())
    }
}

#[cfg(test)]
impl Files for MadeUp {
    fn text(&self, path: &Path) -> Option<String> {
        self.1.get(path.to_str()?).cloned()
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let inside = |path: &String| {
            let rest = Path::new(path).strip_prefix(folder).ok()?;
            rest.components().next().map(|it| it.as_os_str().to_str().unwrap().to_owned())
        };
        let mut names: Vec<_> = self.1.keys().filter_map(inside).collect();
        names.dedup();
        names
    }

    fn is_there(&self, path: &Path) -> bool {
        self.1.keys().any(|it| Path::new(it).starts_with(path))
    }

    fn processors(&self) -> usize {
        self.0
    }
}
