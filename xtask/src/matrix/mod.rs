//! The C and C++ side under every compiler and standard that users have, and under tools that look
//! for what no compiler says.

mod clerk;
mod compilers;
mod misra;
mod runs;

pub(crate) use runs::SANITIZE;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::sh;

/// `cargo xtask test --leg matrix`: compile everything everywhere, then look for faults that only
/// show in a run.
///
/// # Errors
/// When a compiler or a checker has something to say.
pub(crate) fn main() -> Result<()> {
    compilers::main()?;
    misra::main()?;
    runs::main()?;
    clerk::main()
}

/// Runs a command that has nothing to say when all is well, and shows what it said otherwise.
///
/// # Errors
/// When it cannot be started or its exit status is not 0.
pub(crate) fn quiet(command: &mut Command) -> Result<String> {
    let line = sh::shown(command);
    let done = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{line}` could not start"))?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    if !done.status.success() {
        let errors = String::from_utf8_lossy(&done.stderr);
        bail!("`{line}` failed: {}\n{said}{errors}", done.status);
    }
    Ok(said)
}

/// The files of a folder that end in `.extension`, in order.
///
/// # Errors
/// When there is no such folder, or no such file in it.
pub(crate) fn files(folder: &str, extension: &str) -> Result<Vec<PathBuf>> {
    let path = sh::root().join(folder);
    let entries = std::fs::read_dir(&path).with_context(|| format!("no folder {folder}"))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|have| have == extension) {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{folder} has no .{extension} file: there is nothing to check");
    }
    Ok(files)
}

/// A folder for what is built here, under cargo's.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn output_folder(name: &str) -> Result<PathBuf> {
    let folder = sh::target_dir().join("c").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The name of a file without its folder and extension.
pub(crate) fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
