//! CUDA's toolkit for the build of ggml: what is installed, or else Nvidia's packages for Python,
//! which bring its compiler and libraries (half a gigabyte) and no driver.
//!
//! Debian has it in its part `non-free` alone, in a version that knows no newer processor.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::sh;

/// One release of the toolkit, in its parts.
const PACKAGES: [&str; 2] = ["-r", "devtools/gpu/src/toolkit.txt"];
/// Where these put all that is theirs.
const ROOT: &str = "nvidia/cu13";
/// Libraries that have no name but that with their version, which no linker looks for.
const VERSIONED: [&str; 3] = ["libcudart.so", "libcublas.so", "libcublasLt.so"];
const MAJOR: &str = "13";

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
        eprintln!(
            "CUDA's toolkit is not installed: its packages on PyPI are taken, half a gigabyte"
        );
        let mut pip = sh::command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
        sh::run(pip.arg("--upgrade").arg("--target").arg(&folder).args(PACKAGES))?;
        complete(&root)?;
        fs::write(root.join("ready"), "")?;
    }
    let compiler = root.join("bin/nvcc").to_string_lossy().into_owned();
    ensure!(sh::works(&compiler, &["--version"]), "{compiler} does not run");
    Ok(Some(root))
}

/// Adds the names under which a build looks for what the packages hold.
fn complete(root: &std::path::Path) -> Result<()> {
    let lib = root.join("lib");
    let links = VERSIONED.map(|name| (lib.join(name), format!("{name}.{MAJOR}")));
    for (link, to) in links.into_iter().chain([(root.join("lib64"), "lib".to_owned())]) {
        if link.symlink_metadata().is_err() {
            symlink(&to, &link).with_context(|| link.display().to_string())?;
        }
    }
    Ok(())
}
