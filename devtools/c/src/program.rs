//! Programs in C: where they are built, and how they are linked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use devtools::sh;

/// A folder for what is built here, below cargo's.
pub fn output_folder(name: &str) -> Result<PathBuf> {
    let folder = sh::target_dir().join("c").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Links what a compiler was told with libraries, of which it finds shared ones where they lie.
pub fn link(mut cc: Command, libraries: &[&Path], program: &Path) -> Result<()> {
    for library in libraries {
        cc.arg(library);
        if let Some(folder) = library.parent() {
            cc.arg(format!("-Wl,-rpath,{}", folder.display()));
        }
    }
    sh::output(cc.arg("-o").arg(program)).map(drop)
}
