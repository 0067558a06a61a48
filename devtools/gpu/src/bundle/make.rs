//! `cargo xtask gpu-bundle`: builds a bundle with ggml and llama.cpp as shared libraries, which
//! program and tests have in common. For x86-64 it runs on any machine with AVX2.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use devtools::{cache, record, sh};

use super::{LOADER, MODELS, PROGRAMS, SCRIPT, TESTS, TRINE, XTASK};
use crate::build::{Made, copy};
use crate::modules::ternary;
use crate::toolkit;
use crate::vulkan::{self, LIBRARIES};

/// How ggml's C and C++ is compiled: it takes its vector instructions from the flags of its
/// compiler, and the processor of the other machine is not known.
const FLAGS: &str =
    if cfg!(target_arch = "x86_64") { "-O3 -march=x86-64-v3" } else { "-O3 -march=native" };
/// Nvidia's generations where nothing else is said: Turing's as what the driver translates, since
/// any later one can; those of A100 and H100 as they are.
const GENERATIONS: &str = "75-virtual;80-real;90-real";
/// Files that tests read, where they lie in the source.
const READ: [(&str, &str); 2] = [(MODELS, "gguf"), ("tests/golden/bitnet", "gguf")];

/// `cargo xtask gpu-bundle [BACKEND]...`: with Vulkan's where none is named.
pub fn main(names: &[&str]) -> Result<()> {
    let folder = made(if names.is_empty() { &["vulkan"] } else { names })?;
    let packed = folder.with_extension("tar.xz");
    let mut tar = sh::command("tar");
    tar.env("XZ_OPT", "-T0").arg("-C").arg(sh::target_dir()).arg("-cJf").arg(&packed);
    sh::run(tar.arg("gpu-bundle"))?;
    sh::run(sh::command("du").arg("-sh").arg(&folder).arg(&packed))
}

/// Builds the bundle with which a backend is measured on this machine.
pub fn make_for(backend: &str) -> Result<PathBuf> {
    made(&[if backend == ternary::NAME { "cuda" } else { backend }])
}

/// Builds a bundle, and answers where it lies. Features are the same as far as ggml goes, so that
/// program and tests share one build of it.
fn made(backends: &[&str]) -> Result<PathBuf> {
    let unknown = backends.iter().find(|name| !["vulkan", "cuda"].contains(name));
    ensure!(unknown.is_none(), "no bundle is made for {}: see docs/gpu.md", backends.join(", "));
    ensure!(cfg!(target_os = "linux"), "a bundle is made on Linux, and for it");
    let features = |first: &str, crates: &[&str]| {
        let of = |backend| crates.iter().map(move |name| format!(",{name}/{backend}"));
        first.to_owned() + &backends.iter().flat_map(of).collect::<String>()
    };
    let mut made = Made::default();
    let mut program = cargo(backends, "build")?;
    program.args(["-p", "trine", "--bin", "trine", "--features"]);
    made.run(program.arg(features("trine/peer", &["trine"])), &[])?;
    let mut tests = cargo(backends, "test")?;
    tests.args(["--no-run", "-p", "trine-ggml", "-p", "trine-train", "--lib", "--test", "device"]);
    tests.arg("--features").arg(features("trine-ggml/llama", &["trine-ggml", "trine-train"]));
    made.run(&mut tests, &[])?;
    let folder = sh::target_dir().join("gpu-bundle");
    pack(&made, backends, &folder)?;
    Ok(folder)
}

/// Cargo, told how ggml and llama.cpp are compiled, the same for all that is built: libraries
/// without versions in their names, since links do not survive every way of copying.
fn cargo(backends: &[&str], what: &str) -> Result<Command> {
    let mut cargo = cache::keep_objects_for_all(sh::cargo());
    if backends.contains(&"vulkan") {
        cargo = vulkan::build(cargo)?;
    }
    if backends.contains(&"cuda") {
        cargo = toolkit::build(cargo)?;
        // The linker looks there for what ggml's library is linked with.
        if let Some(libraries) = toolkit::libraries()? {
            cargo.env(LIBRARIES, libraries);
        }
        if std::env::var_os("CMAKE_CUDA_ARCHITECTURES").is_none() {
            cargo.env("CMAKE_CUDA_ARCHITECTURES", GENERATIONS);
        }
    }
    cargo.env("CFLAGS", FLAGS).env("CXXFLAGS", FLAGS);
    cargo.env("CMAKE_GENERATOR", "Ninja").env("LLAMA_LIB_PROFILE", "Release");
    cargo.env("LLAMA_BUILD_SHARED_LIBS", "1").env("CMAKE_PLATFORM_NO_VERSIONED_SONAME", "ON");
    // Three programs are linked, for minutes each with it.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").args([what, "--release", "--target-dir"]);
    cargo.arg(sh::target_dir().join("gpu-bundle-build"));
    Ok(cargo)
}

/// Puts all of a bundle into an empty folder.
fn pack(made: &Made, backends: &[&str], folder: &Path) -> Result<()> {
    sh::empty_folder(folder)?;
    sh::install(made.file(TRINE)?, &folder.join(TRINE))?;
    sh::install(&std::env::current_exe()?, &folder.join(XTASK))?;
    for (test, _) in &PROGRAMS {
        sh::install(made.file(test)?, &folder.join(TESTS).join(test))?;
    }
    copy_all(&made.ggml()?.join("lib"), "so", folder)?;
    for backend in backends {
        let name = super::library(backend);
        ensure!(folder.join(&name).exists(), "ggml's build made no {name}");
    }
    if backends.contains(&"cuda") {
        ternary::compile(made.ggml()?, folder)?;
    }
    for (place, kind) in READ {
        copy_all(&sh::root().join(place), kind, &folder.join(place))?;
    }
    if backends.contains(&"vulkan") {
        loader(&folder.join(LOADER))?;
    }
    sh::script(&folder.join(SCRIPT), include_str!("bench-gpu.sh"))?;
    fs::write(folder.join(record::COMMIT_FILE), record::commit()?)?;
    Ok(())
}

/// Vulkan's loader, which a machine may lack that has Nvidia's driver.
fn loader(folder: &Path) -> Result<()> {
    const NAME: &str = "libvulkan.so.1";
    let found = sh::output(sh::command("cc").arg(format!("-print-file-name={NAME}")))?;
    let found = Path::new(found.trim());
    // A compiler prints the bare name of what it does not find.
    ensure!(found.is_absolute(), "there is no {NAME}: run `cargo xtask setup`");
    sh::install(found, &folder.join(NAME))
}

/// Copies the files of a folder whose names end so.
fn copy_all(from: &Path, ending: &str, to: &Path) -> Result<()> {
    sh::files(from, ending)?.iter().try_for_each(|file| copy(file, to))
}
