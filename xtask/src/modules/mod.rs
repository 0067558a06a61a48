//! `cargo xtask modules`: the program, the library for C programs, ggml, and a module for each
//! backend, in one folder.
//!
//! The program and the processor's module come from ggml's own build of modules. That of a graphics
//! processor is linked here, from the library that the static build of that backend makes, with
//! ggml's one entry point: so each backend is compiled once, and on its own. CUDA's comes out of
//! ggml's own build, since a static one wants libraries that not every toolkit has. Our own for
//! Nvidia's devices is no part of ggml, and is compiled by itself.

mod cuda;
pub(crate) mod ternary;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use cargo_metadata::camino::Utf8PathBuf;

use crate::bench::model::native;
use crate::{cache, sh, toolkit, vulkan};

pub(crate) use cuda::main as try_cuda;
pub(crate) use trial::main as try_out;

/// The package that builds ggml.
pub(crate) const GGML: &str = "llama-cpp-sys-2";
/// What the program, and every module, is linked with.
const SHARED: [&str; 2] = ["libggml.so", "libggml-base.so"];
/// The library for C programs.
const HOST: &str = "libtrine_host.so";
/// What the program reads from the environment: the folder of its modules.
pub(crate) const VARIABLE: &str = "TRINE_GGML_MODULES";
/// The processor's module.
const CPU: &str = "libggml-cpu.so";

/// A backend that becomes a module.
struct Backend {
    /// The feature of our crates, and what its module is called after.
    name: &'static str,
    /// ggml's function that registers it.
    registers: &'static str,
    /// Libraries of the system that its devices are reached through.
    libraries: &'static [&'static str],
}

const VULKAN: Backend =
    Backend { name: "vulkan", registers: "ggml_backend_vk_reg", libraries: &["vulkan"] };
/// The feature for CUDA, and the module that it makes.
const CUDA: [&str; 2] = ["cuda", "libggml-cuda.so"];

/// Builds for this machine or for others, with CUDA's module or without, and where.
#[derive(Debug, Clone)]
struct Build {
    target_dir: PathBuf,
    is_native: bool,
    has_cuda: bool,
    /// More of what ggml's build is told, unless the environment says it.
    quick: &'static [(&'static str, &'static str)],
}

/// `cargo xtask modules [BACKEND]...`: Vulkan's where none is named.
///
/// # Errors
/// When there is no such backend, or something does not build.
pub(crate) fn main(names: &[&str]) -> Result<()> {
    let known = [VULKAN.name, CUDA[0], ternary::NAME];
    let unknown = names.iter().find(|name| !known.contains(name));
    ensure!(unknown.is_none(), "no module is made for {}: see docs/gpu.md", names.join(", "));
    let folder = sh::target_dir().join("modules");
    let has_cuda = names.contains(&CUDA[0]);
    let build = Build { target_dir: folder.join("build"), is_native: false, has_cuda, quick: &[] };
    let shipped = folder.join("trine");
    let ggml = build.program(&shipped)?;
    if names.is_empty() || names.contains(&VULKAN.name) {
        let library = build.library(&VULKAN)?;
        build.link(&VULKAN, &library, &shipped)?;
    }
    if has_cuda || names.contains(&ternary::NAME) {
        // It is quicker than CUDA's on models of its kind, and computes no others.
        ternary::compile(&ggml, &shipped)?;
    }
    println!("{}:", shipped.display());
    for file in fs::read_dir(&shipped)? {
        let file = file?;
        println!("{:>12} bytes  {}", file.metadata()?.len(), file.file_name().to_string_lossy());
    }
    Ok(())
}

impl Build {
    fn cargo(&self) -> Result<Command> {
        let cargo = sh::cargo();
        let cargo = if self.is_native { native(cargo) } else { portable(cargo) };
        vulkan::build(cargo)
    }

    /// The same for ggml as modules, whose files have no versions in their names: the package that
    /// builds ggml would link the names alone to where the program is.
    fn modular(&self) -> Result<Command> {
        let mut cargo = self.cargo()?;
        cargo.env("GGML_BACKEND_DL", "ON").env("CMAKE_PLATFORM_NO_VERSIONED_SONAME", "ON");
        for (name, value) in self.quick {
            if std::env::var_os(name).is_none() {
                cargo.env(name, value);
            }
        }
        if self.has_cuda { toolkit::build(cargo) } else { Ok(cargo) }
    }

    fn features(&self) -> &'static str {
        if self.has_cuda { "modules,cuda" } else { "modules" }
    }

    /// Builds the program, the library and the processor's module, and puts them into an empty
    /// folder. Both look for ggml where they lie themselves. The answer is where ggml was built.
    fn program(&self, folder: &Path) -> Result<PathBuf> {
        const HERE: [&str; 2] = ["-C", "link-arg=-Wl,-rpath,$ORIGIN"];
        let mut cargo = self.modular()?;
        cargo.args(["rustc", "--release", "-p", "trine-c-host", "--lib", "--crate-type", "cdylib"]);
        cargo.args(["--features", self.features()]);
        let name = format!("link-arg=-Wl,-soname,{HOST}");
        let [key, here] = HERE;
        let library = self.built(&mut cargo, &[key, here, key, &name])?;
        let library = library.library.context("cargo made no library")?;
        let mut cargo = self.modular()?;
        cargo.args(["rustc", "--release", "-p", "trine", "--bin", "trine"]);
        cargo.args(["--features", self.features()]);
        let built = self.built(&mut cargo, &HERE)?;
        let program = built.program.context("cargo made no program")?;
        let ggml = built.ggml.context("cargo did not build ggml")?;
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        copy(&program, folder)?;
        copy(&library, folder)?;
        for library in SHARED {
            copy(&ggml.join("lib").join(library), folder)?;
        }
        if self.has_cuda {
            copy(&ggml.join("bin").join(CUDA[1]), folder)?;
        }
        copy(&ggml.join("bin").join(CPU), folder)?;
        Ok(ggml)
    }

    /// The program with a backend in it, as the benches build it.
    fn whole(&self, backend: &Backend) -> Result<PathBuf> {
        let mut cargo = self.cargo()?;
        cargo.args(["build", "--release", "-p", "trine", "--bin", "trine", "--features"]);
        let built = self.built(cargo.arg(format!("peer,{}", backend.name)), &[])?;
        built.program.context("cargo made no program")
    }

    /// The static build of a backend: where its library is.
    fn library(&self, backend: &Backend) -> Result<PathBuf> {
        let mut cargo = self.cargo()?;
        cargo.args(["build", "--release", "-p", "trine-ggml", "--features", backend.name]);
        let built = self.built(&mut cargo, &[])?;
        let ggml = built.ggml.context("cargo did not build ggml")?;
        Ok(ggml.join("lib").join(format!("libggml-{}.a", backend.name)))
    }

    /// Links a backend's library to a module beside the others.
    fn link(&self, backend: &Backend, library: &Path, folder: &Path) -> Result<()> {
        let entry = self.target_dir.join(format!("entry-{}.cpp", backend.name));
        let registers = backend.registers;
        fs::write(
            &entry,
            format!(
                "extern \"C\" {{\nvoid *{registers}(void);\nvoid *ggml_backend_init(void) {{ \
                 return {registers}(); }}\n}}\n"
            ),
        )?;
        let module = folder.join(format!("libggml-{}.so", backend.name));
        let mut linker = sh::command("c++");
        linker.args(["-shared", "-fPIC", "-O2", "-s", "-o"]).arg(module).arg(&entry);
        // Nothing refers to most of it, and what is missed is to be found now.
        linker.arg("-Wl,--whole-archive").arg(library).arg("-Wl,--no-whole-archive,-z,defs");
        linker.arg("-L").arg(folder).arg("-lggml-base");
        linker.args(backend.libraries.iter().map(|library| format!("-l{library}")));
        sh::run(&mut linker)
    }

    /// Runs cargo, and answers what it made.
    fn built(&self, cargo: &mut Command, rustc: &[&str]) -> Result<Built> {
        cargo.arg("--target-dir").arg(&self.target_dir);
        cargo.arg("--message-format=json-render-diagnostics");
        if !rustc.is_empty() {
            cargo.arg("--").args(rustc);
        }
        eprintln!("$ {}", sh::shown(cargo));
        cargo.stderr(std::process::Stdio::inherit());
        Built::read(&sh::output(cargo)?)
    }
}

/// ggml for any machine that our program runs on.
fn portable(mut cargo: Command) -> Command {
    cargo.env("CMAKE_GENERATOR", "Ninja").env("LLAMA_LIB_PROFILE", "Release");
    cache::keep_objects(cargo)
}

/// What cargo made.
#[derive(Debug, Default)]
struct Built {
    program: Option<PathBuf>,
    /// The library for C programs.
    library: Option<PathBuf>,
    /// Where ggml was installed to.
    ggml: Option<PathBuf>,
}

impl Built {
    fn read(messages: &str) -> Result<Self> {
        let mut built = Self::default();
        for message in Message::parse_stream(messages.as_bytes()) {
            match message? {
                Message::BuildScriptExecuted(script) if script.package_id.repr.contains(GGML) => {
                    built.ggml = Some(script.out_dir.into_std_path_buf());
                }
                Message::CompilerArtifact(artifact) => {
                    let program = artifact.executable.map(Into::into);
                    built.program = program.or(built.program);
                    let is_library = |file: &&Utf8PathBuf| file.file_name() == Some(HOST);
                    let library = artifact.filenames.iter().find(is_library).map(Into::into);
                    built.library = library.or(built.library);
                }
                _ => {}
            }
        }
        Ok(built)
    }
}

/// Copies a file into a folder.
fn copy(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().context("a file has a name")?;
    fs::copy(file, folder.join(name)).with_context(|| file.display().to_string())?;
    Ok(())
}
