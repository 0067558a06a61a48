//! Files that are there whole or not at all, and that only the user may read; and their end.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::error::{Error, Result};
use crate::sys;

/// Writes a file of that text in the place of the one that may be there.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error| Error::write(path, error);
    if let Some(folder) = path.parent() {
        sys::make_own_folder(folder).map_err(failed)?;
    }
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let file = sys::own(&mut options).open(&new);
    let written =
        file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&new, path)).map_err(|error| {
        drop(fs::remove_file(&new));
        failed(error)
    })
}

/// Removes a file, which may be gone already.
pub(super) fn drop_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::File { action: "remove", path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
