//! What ggml's Vulkan backend is built with and tested on: newer headers and a newer software
//! driver than Debian 12 has, taken from its other releases without installing them.
//!
//! The headers of Debian 12 (1.3.239) lack an extension that ggml uses, and its lavapipe (Mesa
//! 22.3) writes over its own heap in ggml's graphs; Mesa 25 of its backports works with the LLVM
//! that Debian 12 has.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};
use devtools::{cache, sh};

/// The first version of Vulkan's headers that has what ggml uses.
const HEADERS_LEAST: &str = "--atleast-version=1.3.275";
/// The first version of Mesa whose lavapipe computes ggml's graphs.
const MESA_LEAST: u32 = 25;
/// The variable that says which of Vulkan's devices ggml sees.
pub const VISIBLE: &str = "GGML_VK_VISIBLE_DEVICES";
/// The variable that keeps ggml to single precision.
pub const SINGLE: &str = "GGML_VK_DISABLE_F16";
/// The variable by which programs find libraries.
pub(crate) const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// Where what is taken from other releases lies.
fn folder() -> PathBuf {
    sh::target_dir().join("vulkan")
}

fn headers() -> PathBuf {
    folder().join("headers")
}

fn driver() -> PathBuf {
    folder().join("driver")
}

/// Downloads packages of another release and unpacks them into a folder, if it is not there.
fn borrow(suite: &str, folder: &Path, packages: &[&str]) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let mut script = sh::line("sh devtools/gpu/src/borrow.sh");
    sh::run(script.arg(suite).arg(folder).args(packages))
}

fn has_headers() -> bool {
    sh::works("pkg-config", &[HEADERS_LEAST, "vulkan"])
}

fn has_driver() -> bool {
    let query = ["-W", "-f", "${Version}", "mesa-vulkan-drivers"];
    let version = sh::output(sh::command("dpkg-query").args(query)).unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major >= MESA_LEAST)
}

/// The description of the driver below a root.
fn lavapipe(root: &Path) -> Option<PathBuf> {
    let drivers = sh::entries(&root.join("usr/share/vulkan/icd.d")).unwrap_or_default();
    drivers.into_iter().find(|path| path.to_string_lossy().contains("/lvp_icd"))
}

/// Fetches what the system has too old. Legs that run at the same time wait for each other.
pub fn fetch() -> Result<()> {
    sh::exclusively(&folder(), || {
        if !has_headers() {
            borrow("trixie", &headers(), &["libvulkan-dev"])?;
        }
        if !has_driver() {
            borrow("bookworm-backports", &driver(), &["mesa-vulkan-drivers", "libdrm2"])?;
        }
        Ok(())
    })
}

/// Cargo with what ggml's build looks for. What is set here is the same for every command, so that
/// ggml is built once.
pub fn build(mut cargo: Command) -> Result<Command> {
    fetch()?;
    if !has_headers() {
        cargo.env("VULKAN_SDK", headers().join("usr"));
    }
    // ggml sees software drivers only when it is told which device to take.
    cargo.env(VISIBLE, "0");
    Ok(cargo)
}

/// The same for tests, which compile fewer shaders.
pub(crate) fn build_for_tests(cargo: Command) -> Result<Command> {
    let mut cargo = build(cargo)?;
    sh::prepend(&mut cargo, "PATH", &sh::root().join("devtools/gpu/src/for-tests"))?;
    Ok(cargo)
}

/// A command that computes on the software driver, which keeps what it has compiled.
pub fn on_software(command: Command) -> Result<Command> {
    fetch()?;
    on_software_here(command)
}

/// The same where nothing is fetched: by the driver that was fetched before, or the machine's.
pub fn on_software_here(mut command: Command) -> Result<Command> {
    let is_borrowed = !has_driver() && driver().exists();
    let root = if is_borrowed { driver() } else { PathBuf::from("/") };
    if is_borrowed {
        // Before what the command was told of libraries; what cargo told us is not for it.
        if !command.get_envs().any(|(name, _)| name == LIBRARIES) {
            command.env_remove(LIBRARIES);
        }
        sh::prepend(&mut command, LIBRARIES, &root.join("usr/lib/x86_64-linux-gnu"))?;
    }
    let lavapipe = lavapipe(&root).context("there is no lavapipe: run `cargo xtask setup`")?;
    ensure!(lavapipe.exists(), "{} leads nowhere", lavapipe.display());
    command.env("VK_ICD_FILENAMES", lavapipe).env(VISIBLE, "0");
    if let Some(kept) = cache::folder("vulkan", "lavapipe", &sh::root().join("Cargo.lock")) {
        command.env("MESA_SHADER_CACHE_DIR", kept);
    }
    Ok(command)
}

/// The same for tests, on which nothing is measured: who waits for the driver leaves the processor
/// to it, and it compiles its kernels quickly rather than well.
pub fn on_software_patiently(command: Command) -> Result<Command> {
    static LIBRARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| preloaded().map_err(|error| format!("{error:#}")));
    let mut command = on_software(command)?;
    command.env("LD_PRELOAD", library.as_ref().map_err(|error| anyhow!("{error}"))?);
    command.env("GALLIVM_PERF", "nopt");
    Ok(command)
}

fn preloaded() -> Result<PathBuf> {
    let library = folder().join("preloaded.so");
    std::fs::create_dir_all(folder())?;
    let mut cc = sh::command("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]);
    cc.args(["tests/c/vulkan/fence_wait.c", "tests/c/vulkan/llvm.c", "-ldl", "-o"]);
    sh::run(cc.arg(&library))?;
    Ok(library)
}
