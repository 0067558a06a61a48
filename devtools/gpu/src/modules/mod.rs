//! `cargo xtask modules`: the program, the library for C programs, ggml, and a module for each
//! backend, in one folder.
//!
//! The program and the CPU's module come from ggml's own build of modules. That of Vulkan is linked
//! here, from the library that the static build of that backend makes, with ggml's one entry point:
//! so each backend is compiled once, and on its own. CUDA's comes out of ggml's own build, since a
//! static one wants libraries that not every toolkit has. Our own for Nvidia's devices is no part
//! of ggml, and is compiled by itself.

pub mod ternary;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use devtools::sh;

use crate::build::{Made, copy, native, portable};
use crate::{toolkit, vulkan};

/// What the program, and every module, is linked with.
const SHARED: [&str; 2] = ["libggml.so", "libggml-base.so"];
/// The library for C programs.
const HOST: &str = "libtrine_host.so";
/// What the program reads from the environment: the folder of its modules.
pub const VARIABLE: &str = "TRINE_GGML_MODULES";
/// The modules of the CPU, of Vulkan and of CUDA.
const CPU: &str = "libggml-cpu.so";
const VULKAN: &str = "libggml-vulkan.so";
const CUDA: &str = "libggml-cuda.so";
/// What of CUDA's module is left out where it is only tried, and nothing else is asked for: all
/// processors but one generation, and the kernels of attention, of which there are many.
const QUICK: [(&str, &str); 2] =
    [("CMAKE_CUDA_ARCHITECTURES", "75-virtual"), ("GGML_CUDA_FA", "OFF")];
/// The one generation that our own module is compiled for there.
const GENERATION: &str = "75";
/// How rustc makes a program or library that looks for ggml where it lies itself.
const HERE: [&str; 2] = ["-C", "link-arg=-Wl,-rpath,$ORIGIN"];

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
pub fn main(names: &[&str]) -> Result<()> {
    let known = ["vulkan", "cuda", ternary::NAME];
    let unknown = names.iter().find(|name| !known.contains(name));
    ensure!(unknown.is_none(), "no module is made for {}: see docs/gpu.md", names.join(", "));
    let folder = sh::target_dir().join("modules");
    let has_cuda = names.contains(&"cuda");
    let build = Build { target_dir: folder.join("build"), is_native: false, has_cuda, quick: &[] };
    let shipped = folder.join("trine");
    let ggml = build.program(&shipped)?;
    if names.is_empty() || names.contains(&"vulkan") {
        build.vulkan(&shipped)?;
    }
    if has_cuda || names.contains(&ternary::NAME) {
        // It is quicker than CUDA's on models of its kind, and computes no others.
        ternary::compile(&ggml, &shipped)?;
    }
    sh::run(sh::command("ls").arg("-l").arg(&shipped))
}

/// Builds the program with modules where the benches build, and tries it next to the program that
/// holds the backend.
pub fn try_out() -> Result<()> {
    let target_dir = sh::target_dir().join("ggml");
    let scratch = target_dir.join("modules");
    let shipped = scratch.join("trine");
    let build = Build { target_dir, is_native: true, has_cuda: false, quick: &[] };
    // Of the same name as the program with modules, which is built to the same place.
    let whole = scratch.join("whole");
    fs::create_dir_all(&scratch)?;
    fs::copy(build.whole()?, &whole)?;
    build.program(&shipped)?;
    build.vulkan(&shipped)?;
    sh::run(tests_of("Vulkan", &shipped, &scratch)?.env("WHOLE", whole))?;
    let tests = ["-p", "trine-ggml", "--features", "modules", "--lib", "--", "modules::", "why::"];
    sh::run(build.modular("test")?.args(tests))?;
    let mut lints = build.modular("clippy")?;
    lints.args(["--all-targets", "-p", "trine", "-p", "trine-ggml", "-p", "trine-c-host"]);
    let features = "trine/modules,trine-ggml/modules,trine-c-host/modules";
    sh::run(lints.args(["--features", features, "--", "-D", "warnings"]))
}

/// Builds the program with CUDA's module, and tries it on a machine that need not have such a
/// device; then the same for our own, so that what was tried before is CUDA's alone.
pub fn try_cuda() -> Result<String> {
    let scratch = sh::target_dir().join("modules");
    let shipped = scratch.join("cuda");
    // What CMake was told it keeps, and this is not what is shipped.
    let target_dir = scratch.join("quick");
    let build = Build { target_dir, is_native: false, has_cuda: true, quick: &QUICK };
    let ggml = build.program(&shipped)?;
    let libraries = toolkit::libraries()?.unwrap_or_default();
    let wrote = sh::output(tests_of("Cuda", &shipped, &scratch)?.env("CUDA", &libraries))?;
    ternary::compile_for(GENERATION, &ggml, &shipped)?;
    sh::run(tests_of("Ternary", &shipped, &scratch)?.env("CUDA", libraries))?;
    Ok(format!("CUDA's module is built, {}; ours is built, and loaded", wrote.trim()))
}

/// The tests of a backend as a module: on the driver in software, and with libraries from nowhere
/// else but beside the program.
fn tests_of(backend: &str, shipped: &Path, scratch: &Path) -> Result<Command> {
    let mut python = sh::command("python3");
    python.args(["tests/modules/test_modules.py", backend]).env("TRINE_LOG", "off");
    python.env_remove(vulkan::LIBRARIES).env_remove(VARIABLE);
    python.env("SHIPPED", shipped).env("SCRATCH", scratch);
    vulkan::on_software(python)
}

impl Build {
    fn cargo(&self, what: &str) -> Result<Command> {
        let cargo = if self.is_native { native(sh::cargo()) } else { portable(sh::cargo()) };
        let mut cargo = vulkan::build(cargo)?;
        cargo.args([what, "--release", "--target-dir"]).arg(&self.target_dir);
        Ok(cargo)
    }

    /// The same for ggml as modules, whose files have no versions in their names: the package that
    /// builds ggml would link the names alone to where the program is.
    fn modular(&self, what: &str) -> Result<Command> {
        let mut cargo = self.cargo(what)?;
        cargo.env("GGML_BACKEND_DL", "ON").env("CMAKE_PLATFORM_NO_VERSIONED_SONAME", "ON");
        for (name, value) in self.quick {
            if std::env::var_os(name).is_none() {
                cargo.env(name, value);
            }
        }
        if self.has_cuda { toolkit::build(cargo) } else { Ok(cargo) }
    }

    /// Builds the program, the library and the CPU's module, and puts them into an empty folder.
    /// Answers where ggml was built.
    fn program(&self, folder: &Path) -> Result<PathBuf> {
        let features = if self.has_cuda { "modules,cuda" } else { "modules" };
        let mut made = Made::default();
        let mut library = self.modular("rustc")?;
        library.args(["-p", "trine-c-host", "--lib", "--crate-type", "cdylib"]);
        let [key, here] = HERE;
        let name = format!("link-arg=-Wl,-soname,{HOST}");
        made.run(library.args(["--features", features]), &[key, here, key, &name])?;
        let program = ["-p", "trine", "--bin", "trine", "--features", features];
        made.run(self.modular("rustc")?.args(program), &HERE)?;
        let ggml = made.ggml()?;
        sh::empty_folder(folder)?;
        copy(made.file("trine")?, folder)?;
        copy(made.file(HOST)?, folder)?;
        let cuda = self.has_cuda.then_some(CUDA);
        let modules = [CPU].into_iter().chain(cuda).map(|module| ggml.join("bin").join(module));
        let mut all = modules.chain(SHARED.map(|library| ggml.join("lib").join(library)));
        all.try_for_each(|library| copy(&library, folder))?;
        Ok(ggml.to_owned())
    }

    /// The program with Vulkan in it.
    fn whole(&self) -> Result<PathBuf> {
        let mut made = Made::default();
        let program = ["-p", "trine", "--bin", "trine", "--features", "peer,vulkan"];
        made.run(self.cargo("build")?.args(program), &[])?;
        Ok(made.file("trine")?.to_owned())
    }

    /// Links the library of Vulkan's static build to a module beside the others.
    fn vulkan(&self, folder: &Path) -> Result<()> {
        let mut made = Made::default();
        let mut cargo = self.cargo("build")?;
        made.run(cargo.args(["-p", "trine-ggml", "--features", "vulkan"]), &[])?;
        let library = made.ggml()?.join("lib/libggml-vulkan.a");
        let entry = self.target_dir.join("entry-vulkan.cpp");
        fs::write(
            &entry,
            "extern \"C\" {\nvoid *ggml_backend_vk_reg(void);\nvoid *ggml_backend_init(void) { \
             return ggml_backend_vk_reg(); }\n}\n",
        )?;
        let mut linker = sh::command("c++");
        linker.args(["-shared", "-fPIC", "-O2", "-s", "-o"]).arg(folder.join(VULKAN)).arg(&entry);
        // Nothing refers to most of it, and what is missed is to be found now.
        linker.arg("-Wl,--whole-archive").arg(library).arg("-Wl,--no-whole-archive,-z,defs");
        sh::run(linker.arg("-L").arg(folder).args(["-lggml-base", "-lvulkan"]))
    }
}
