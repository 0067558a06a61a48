//! CUDA's toolkit for the build of ggml: what is installed, or else Nvidia's packages for Python,
//! which bring its compiler and libraries (half a gigabyte) and no driver.
//!
//! Debian has it in its part `non-free` alone, in a version that knows no newer processor.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use devtools::sh;

/// Where its packages for Python put all that is theirs.
const ROOT: &str = "nvidia/cu13";

/// Cargo, told where the toolkit is.
pub fn build(mut cargo: Command) -> Result<Command> {
    let Some(root) = root()? else { return Ok(cargo) };
    sh::prepend(&mut cargo, "PATH", &root.join("bin"))?;
    cargo.env("CUDACXX", root.join("bin/nvcc"));
    cargo.env("CUDAToolkit_ROOT", &root).env("CUDA_PATH", &root);
    Ok(cargo)
}

/// The folder of the toolkit's libraries; `None` where they are the system's.
pub fn libraries() -> Result<Option<PathBuf>> {
    Ok(root()?.map(|root| root.join("lib")))
}

/// The compiler: that of the toolkit, or the system's.
pub fn compiler() -> Result<PathBuf> {
    let systems = || std::env::var_os("CUDACXX").map_or_else(|| "nvcc".into(), PathBuf::from);
    Ok(root()?.map_or_else(systems, |root| root.join("bin/nvcc")))
}

/// Where the toolkit lies that is not the system's.
fn root() -> Result<Option<PathBuf>> {
    if std::env::var_os("CUDACXX").is_some() || sh::works("nvcc", &["--version"]) {
        return Ok(None);
    }
    let folder = sh::target_dir().join("cuda");
    let root = folder.join(ROOT);
    if !root.join("ready").exists() {
        sh::run(sh::line("sh devtools/gpu/src/toolkit.sh").arg(&folder).arg(&root))?;
    }
    let compiler = root.join("bin/nvcc").to_string_lossy().into_owned();
    ensure!(sh::works(&compiler, &["--version"]), "{compiler} does not run");
    Ok(Some(root))
}
