//! Changing a client's file on disk.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Client, ConnectError, Entry, merge};

/// What [`update`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The file held the entry already and was not touched.
    None,
    /// The file is new.
    Created,
    /// The file was changed, after it was copied to this path.
    Changed(PathBuf),
}

/// Puts an entry into a client's file: copies the file beside itself, then replaces it in one step,
/// so that no reader ever sees a part of it. A link is followed, so that it stays a link.
///
/// # Errors
/// When the file is not what the client reads, or reading or writing fails.
pub fn update(
    client: Client,
    path: &Path,
    entry: &Entry,
    now: SystemTime,
) -> Result<Change, ConnectError> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let old = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(fault("read", &path, error)),
    };
    let new = merge(client, old.as_deref().unwrap_or_default(), entry)?;
    let Some(old) = old else {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|error| fault("create", directory, error))?;
        }
        replace(&path, &new, None)?;
        return Ok(Change::Created);
    };
    if new == old {
        return Ok(Change::None);
    }
    let backup = backup_path(&path, now);
    fs::copy(&path, &backup).map_err(|error| fault("write", &backup, error))?;
    let permissions = fs::metadata(&path).map_err(|error| fault("read", &path, error))?;
    replace(&path, &new, Some(permissions.permissions()))?;
    Ok(Change::Changed(backup))
}

fn fault(doing: &'static str, path: &Path, error: std::io::Error) -> ConnectError {
    ConnectError::Io { doing, path: path.to_path_buf(), error }
}

// `settings.json.2026-11-20T09-30-00Z.bak`; a second backup in the same second gets a number.
fn backup_path(path: &Path, now: SystemTime) -> PathBuf {
    let stamp = humantime::format_rfc3339_seconds(now).to_string().replace(':', "-");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = |number: u32| match number {
        0 => path.with_file_name(format!("{name}.{stamp}.bak")),
        _ => path.with_file_name(format!("{name}.{stamp}.{number}.bak")),
    };
    (0..).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(0))
}

fn replace(
    path: &Path,
    text: &str,
    permissions: Option<fs::Permissions>,
) -> Result<(), ConnectError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = write_through(&fresh, text, permissions).and_then(|()| fs::rename(&fresh, path));
    written.map_err(|error| {
        // What is left of a failed attempt would only puzzle the reader of the directory.
        let _ = fs::remove_file(&fresh);
        fault("write", path, error)
    })
}

fn write_through(
    path: &Path,
    text: &str,
    permissions: Option<fs::Permissions>,
) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
