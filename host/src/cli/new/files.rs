//! The files of a project, and the names in them.

use std::fs;
use std::path::{Component, Path, PathBuf};

use trine::{Error, Result};

/// Most bytes of a file, and most files of a template.
const FILE_MAX: u64 = 4 * 1024 * 1024;
const FILES_MAX: usize = 1_000;

/// A file of a project: where it is, and what it holds.
pub(super) type File = (PathBuf, Vec<u8>);

/// What stands for the names of a project.
pub(super) struct Names {
    name: String,
    /// The tool: the same with `_` for `-`.
    pub(super) tool: String,
}

impl Names {
    /// The names of a project; `None` where it can have no such name.
    pub(super) fn new(name: &str) -> Option<Self> {
        let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let is_name = begins && name.len() <= 48 && name.bytes().all(is_letter);
        is_name.then(|| Self { name: name.to_owned(), tool: name.replace('-', "_") })
    }

    fn put(&self, text: &str) -> String {
        text.replace("@name@", &self.name).replace("@tool@", &self.tool)
    }
}

/// The files of a folder and of those in it.
pub(super) fn copied(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        let failed = |error| Error::read(&path, error);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = below.join(entry.file_name());
            let kind = entry.file_type().map_err(failed)?;
            let size = entry.metadata().map_err(failed)?.len();
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() && size <= FILE_MAX && files.len() < FILES_MAX {
                let bytes = fs::read(entry.path());
                files.push((name, bytes.map_err(|error| Error::read(entry.path(), error))?));
            } else {
                return Err(Error::Template(entry.path()));
            }
        }
    }
    Ok(files)
}

/// The files with the names of a project, in a folder. What is no text is as it was.
pub(super) fn renamed(files: &[File], names: &Names, folder: &Path) -> Vec<File> {
    let is_below = |path: &PathBuf| path.components().all(|it| matches!(it, Component::Normal(_)));
    let one = |(path, bytes): &File| {
        let path = path.to_str().map(|path| PathBuf::from(names.put(path))).filter(is_below)?;
        let bytes = match std::str::from_utf8(bytes) {
            Ok(text) => names.put(text).into_bytes(),
            Err(_) => bytes.clone(),
        };
        Some((folder.join(path), bytes))
    };
    files.iter().filter_map(one).collect()
}

/// Writes the files into a folder that is new or empty.
pub(super) fn write(folder: &Path, files: &[File], names: &Names) -> Result<()> {
    let failed = |error| Error::write(folder, error);
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Error::ProjectThere(folder.to_owned()));
    }
    for (path, bytes) in renamed(files, names, folder) {
        let failed = |error| Error::write(&path, error);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        fs::write(&path, bytes).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_is_one_of_a_folder_a_library_and_a_tool() {
        let names = Names::new("two-words").unwrap();
        assert_eq!(names.put("lib@name@.so has @tool@"), "libtwo-words.so has two_words");
        for bad in ["", "-a", "1a", "A", "a b", "../a", "a/b", "é", &"a".repeat(49)] {
            assert!(Names::new(bad).is_none(), "{bad}");
        }
    }
}
