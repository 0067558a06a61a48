//! What ggml's Vulkan backend is built with and tested on: newer headers and a newer software
//! driver than Debian 12 has, taken from its other releases without installing them.
//!
//! The headers of Debian 12 (1.3.239) lack an extension that ggml uses, and its lavapipe (Mesa
//! 22.3) writes over its own heap in ggml's graphs; Mesa 25 of its backports works with the LLVM
//! that Debian 12 has.

use std::os::unix::fs::PermissionsExt;
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
/// Where Debian keeps its own key.
const KEY: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where what is taken from other releases lies.
fn folder() -> PathBuf {
    sh::target_dir().join("vulkan")
}

/// Packages of another release, and where they are unpacked.
struct Borrowed {
    to: &'static str,
    suite: &'static str,
    packages: &'static [&'static str],
}

const HEADERS: Borrowed = Borrowed { to: "headers", suite: "trixie", packages: &["libvulkan-dev"] };
const PACKAGES: &[&str] = &["mesa-vulkan-drivers", "libdrm2"];
const DRIVER: Borrowed = Borrowed { to: "driver", suite: "bookworm-backports", packages: PACKAGES };

impl Borrowed {
    fn path(&self) -> PathBuf {
        folder().join(self.to)
    }

    /// Downloads and unpacks them, if they are not there.
    fn fetch(&self) -> Result<()> {
        if self.path().exists() {
            return Ok(());
        }
        let apt = folder().join("apt").join(self.suite);
        for part in ["lists/partial", "cache/archives/partial", "sources"] {
            std::fs::create_dir_all(apt.join(part))?;
        }
        let (archive, suite) = (mirror()?, self.suite);
        let source = format!(
            "Types: deb\nURIs: {archive}\nSuites: {suite}\nComponents: main\nSigned-By: {KEY}\n"
        );
        std::fs::write(apt.join("sources/one.sources"), source)?;
        sh::run(apt_get(&apt).args(["update", "-qq"]))?;
        let named = self.packages.iter().map(|name| format!("{name}/{suite}"));
        sh::run(apt_get(&apt).args(["download", "-qq"]).args(named))?;
        let unpacked = apt.join("unpacked");
        for file in sh::files(&apt, "deb")? {
            sh::run(sh::command("dpkg").arg("-x").arg(file).arg(&unpacked))?;
        }
        std::fs::rename(&unpacked, self.path()).context("nothing was downloaded")
    }
}

/// The archive that the system itself is installed from: its other releases lie beside its own.
fn mirror() -> Result<String> {
    let archives = sh::output(&mut sh::line("apt-get indextargets --format $(REPO_URI)"))?;
    let debians = archives.lines().find(|line| line.trim_end_matches('/').ends_with("/debian"));
    Ok(debians.context("no source of Debian packages: see sources.list(5)")?.to_owned())
}

/// `apt-get` with lists and sources of its own, which leaves the system's alone.
fn apt_get(apt: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.current_dir(apt);
    for (what, part) in [
        ("Dir::Etc::sourcelist", "none"),
        ("Dir::Etc::sourceparts", "sources"),
        ("Dir::State::lists", "lists"),
        ("Dir::Cache", "cache"),
    ] {
        command.arg("-o").arg(format!("{what}={}", apt.join(part).display()));
    }
    command.args(["-o", "APT::Sandbox::User=root"]);
    command
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

/// Whether the programs are there that are installed.
pub fn is_installed() -> bool {
    let spirv = Path::new("/usr/share/cmake/SPIRV-Headers/SPIRV-HeadersConfig.cmake");
    sh::works("glslc", &["--version"]) && lavapipe(Path::new("/")).is_some() && spirv.exists()
}

/// The description of the driver below a root.
fn lavapipe(root: &Path) -> Option<PathBuf> {
    let drivers = sh::entries(&root.join("usr/share/vulkan/icd.d")).unwrap_or_default();
    drivers.into_iter().find(|path| path.to_string_lossy().contains("/lvp_icd"))
}

/// Fetches what the system has too old.
pub fn fetch() -> Result<()> {
    if !has_headers() {
        HEADERS.fetch()?;
    }
    if !has_driver() {
        DRIVER.fetch()?;
    }
    Ok(())
}

/// Cargo with what ggml's build looks for. What is set here is the same for every command, so that
/// ggml is built once.
pub fn build(mut cargo: Command) -> Result<Command> {
    fetch()?;
    if !has_headers() {
        cargo.env("VULKAN_SDK", HEADERS.path().join("usr"));
    }
    // ggml sees software drivers only when it is told which device to take.
    cargo.env(VISIBLE, "0");
    Ok(cargo)
}

/// The same for tests, which compile fewer shaders.
pub(crate) fn build_for_tests(cargo: Command) -> Result<Command> {
    let mut cargo = build(cargo)?;
    let programs = folder().join("programs");
    std::fs::create_dir_all(&programs)?;
    let (script, compiler) = (include_str!("glslc.sh"), programs.join("glslc"));
    if std::fs::read_to_string(&compiler).ok().as_deref() != Some(script) {
        // No process may find half of it.
        let new = compiler.with_extension("new");
        std::fs::write(&new, script)?;
        std::fs::set_permissions(&new, PermissionsExt::from_mode(0o755))?;
        std::fs::rename(&new, &compiler)?;
    }
    sh::prepend(&mut cargo, "PATH", &programs)?;
    Ok(cargo)
}

/// A command that computes on the software driver, which keeps what it has compiled.
pub fn on_software(command: Command) -> Result<Command> {
    fetch()?;
    on_software_here(command)
}

/// The same where nothing is fetched: by the driver that was fetched before, or the machine's.
pub fn on_software_here(mut command: Command) -> Result<Command> {
    let is_borrowed = !has_driver() && DRIVER.path().exists();
    let root = if is_borrowed { DRIVER.path() } else { PathBuf::from("/") };
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
