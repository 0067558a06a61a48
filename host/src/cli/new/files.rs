//! The files of a project, and the names in them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use trine::{Error, Result};

/// Most bytes of a file, and most files of a template.
const FILE_MAX: u64 = 4 * 1024 * 1024;
const FILES_MAX: usize = 1_000;

/// A file of a project.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Where it is, in the folder.
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    /// Whether it is a program.
    pub(super) runs: bool,
}

impl File {
    pub(super) fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), runs: false }
    }
}

#[cfg(unix)]
fn runs(file: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
const fn runs(_: &fs::Metadata) -> bool {
    false
}

/// Makes a file a program for whoever may read it.
fn let_run(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path)?.permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

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
            let about = entry.metadata().map_err(failed)?;
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() && about.len() <= FILE_MAX && files.len() < FILES_MAX {
                let bytes = fs::read(entry.path());
                let bytes = bytes.map_err(|error| Error::read(entry.path(), error))?;
                files.push(File { path: name, bytes, runs: runs(&about) });
            } else {
                return Err(Error::Template(entry.path()));
            }
        }
    }
    Ok(files)
}

/// The files with the names of a project, in a folder. What is no text is as it was.
pub(super) fn renamed(files: &[File], names: &Names, folder: &Path) -> Vec<File> {
    let one = |File { path, bytes, runs }: &File| {
        // What is no text stands for no name.
        let path = path.to_str().map_or_else(|| path.clone(), |path| names.put(path).into());
        let bytes = match std::str::from_utf8(bytes) {
            Ok(text) => names.put(text).into_bytes(),
            Err(_) => bytes.clone(),
        };
        File { path: folder.join(path), bytes, runs: *runs }
    };
    files.iter().map(one).collect()
}

/// Writes the files into a folder that is new or empty.
pub(super) fn write(folder: &Path, files: &[File], names: &Names) -> Result<()> {
    let failed = |error| Error::write(folder, error);
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Error::ProjectThere(folder.to_owned()));
    }
    for File { path, bytes, runs } in renamed(files, names, folder) {
        let failed = |error| Error::write(&path, error);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        // Two files of a template may get the same name.
        let mut file = fs::File::create_new(&path).map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        if runs {
            let_run(&path).map_err(failed)?;
        }
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
