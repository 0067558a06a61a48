//! `cargo xtask gpu-kit`: builds a kit with ggml and llama.cpp as shared libraries, which program
//! and tests have in common, for any machine of x86-64 with AVX2.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;

use super::{LIBRARIES, LOADER, MODELS, PROGRAMS, SCRIPT, TESTS, TRINE, XTASK};
use crate::modules::{GGML, ternary};
use crate::{cache, sh, toolkit, vulkan};

/// How ggml's C and C++ is compiled: it takes its vector instructions from the flags of its
/// compiler, and the processor of the other machine is not known.
const FLAGS: &str = "-O3 -march=x86-64-v3";
/// Nvidia's generations where nothing else is said: Turing's as what the driver translates, since
/// any later one can; those of A100 and H100 as they are.
const GENERATIONS: &str = "75-virtual;80-real;90-real";
/// Files that tests read, where they lie in the source.
const READ: &[(&str, &str)] = &[(MODELS, "gguf"), ("tests/golden/bitnet", "gguf")];

/// `cargo xtask gpu-kit [BACKEND]...`: with Vulkan's where none is named.
///
/// # Errors
/// When there is no such backend, or something does not build.
pub(crate) fn main(names: &[&str]) -> Result<()> {
    let backends = if names.is_empty() { &["vulkan"] } else { names };
    let folder = made(backends)?;
    println!("{:>7.1} MB  {}", megabytes(&folder)?, folder.display());
    let packed = folder.with_extension("tar.xz");
    let mut tar = sh::command("tar");
    tar.env("XZ_OPT", "-T0").arg("-C").arg(sh::target_dir()).arg("-cJf").arg(&packed);
    sh::run(tar.arg("gpu-kit"))?;
    println!("{:>7.1} MB  {}", megabytes(&packed)?, packed.display());
    Ok(())
}

/// Builds the kit with which a backend is measured on this machine.
///
/// # Errors
/// As [`main`].
pub(crate) fn make_for(backend: &str) -> Result<PathBuf> {
    made(&[if backend == ternary::NAME { "cuda" } else { backend }])
}

/// Builds a kit, and answers where it lies.
fn made(backends: &[&str]) -> Result<PathBuf> {
    let unknown = backends.iter().find(|name| !["vulkan", "cuda"].contains(name));
    ensure!(unknown.is_none(), "no kit is made for {}: see docs/gpu.md", backends.join(", "));
    let is_here = cfg!(all(target_arch = "x86_64", target_os = "linux"));
    ensure!(is_here, "a kit is made on Linux on x86-64, and for it");
    let mut made = Made::default();
    for mut cargo in builds(backends)? {
        eprintln!("$ {}", sh::shown(&cargo));
        made.read(&sh::output(cargo.stderr(Stdio::inherit()))?)?;
    }
    let folder = sh::target_dir().join("gpu-kit");
    pack(&made, backends, &folder)?;
    Ok(folder)
}

/// What cargo is run for: the program, and the tests. Features are the same as far as ggml goes, so
/// that both share one build of it.
fn builds(backends: &[&str]) -> Result<[Command; 2]> {
    let features = |crates: &[&str], first: &[&str]| {
        let of_backends = crates
            .iter()
            .flat_map(|name| backends.iter().map(move |backend| format!("{name}/{backend}")));
        let all: Vec<String> = first.iter().map(|&one| one.to_owned()).chain(of_backends).collect();
        all.join(",")
    };
    let mut program = cargo(backends, "build")?;
    program.args(["-p", "trine", "--bin", "trine", "--features"]);
    program.arg(features(&["trine"], &["trine/peer"]));
    let mut tests = cargo(backends, "test")?;
    tests.args(["--no-run", "-p", "trine-ggml", "-p", "trine-train", "--lib", "--test", "device"]);
    tests.arg("--features").arg(features(&["trine-ggml", "trine-train"], &["trine-ggml/llama"]));
    Ok([program, tests])
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
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.args([what, "--release", "--message-format=json-render-diagnostics", "--target-dir"]);
    cargo.arg(sh::target_dir().join("gpu-kit-build"));
    Ok(cargo)
}

/// What cargo made.
#[derive(Debug, Default)]
struct Made {
    /// Programs, by what they are built from, the tests among them.
    programs: BTreeMap<String, PathBuf>,
    /// Where ggml was installed to.
    ggml: Option<PathBuf>,
}

impl Made {
    fn read(&mut self, messages: &str) -> Result<()> {
        for message in Message::parse_stream(messages.as_bytes()) {
            match message? {
                Message::BuildScriptExecuted(script) if script.package_id.repr.contains(GGML) => {
                    let folder = script.out_dir.into_std_path_buf();
                    let before = self.ggml.replace(folder.clone());
                    let is_one = before.is_none_or(|before| before == folder);
                    ensure!(is_one, "ggml was built twice, and one of both is not in the kit");
                }
                Message::CompilerArtifact(artifact) => {
                    if let Some(program) = artifact.executable {
                        let name = artifact.target.name.replace('-', "_");
                        self.programs.insert(name, program.into_std_path_buf());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn program(&self, name: &str) -> Result<&Path> {
        let program = self.programs.get(name).map(PathBuf::as_path);
        program.with_context(|| format!("cargo made no program of {name}"))
    }
}

/// Puts all of a kit into an empty folder.
fn pack(made: &Made, backends: &[&str], folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.join(TESTS))?;
    copy(made.program(TRINE)?, &folder.join(TRINE))?;
    copy(&std::env::current_exe()?, &folder.join(XTASK))?;
    for test in &PROGRAMS {
        copy(made.program(test.name)?, &folder.join(TESTS).join(test.name))?;
    }
    let ggml = made.ggml.as_ref().context("cargo did not build ggml")?;
    copy_all(&ggml.join("lib"), "so", folder)?;
    for backend in backends {
        let name = super::library(backend);
        ensure!(folder.join(&name).exists(), "ggml's build made no {name}");
    }
    if backends.contains(&"cuda") {
        ternary::compile(ggml, folder)?;
    }
    for (place, kind) in READ {
        copy_all(&sh::root().join(place), kind, &folder.join(place))?;
    }
    if backends.contains(&"vulkan") {
        loader(&folder.join(LOADER))?;
    }
    let script = folder.join(SCRIPT);
    fs::write(&script, include_str!("bench-gpu.sh"))?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Vulkan's loader, which a machine may lack that has Nvidia's driver.
fn loader(folder: &Path) -> Result<()> {
    const NAME: &str = "libvulkan.so.1";
    let found = sh::output(sh::command("cc").arg(format!("-print-file-name={NAME}")))?;
    let found = Path::new(found.trim());
    // A compiler says the bare name of what it does not find.
    ensure!(found.is_absolute(), "there is no {NAME}: run `cargo xtask setup`");
    fs::create_dir_all(folder)?;
    copy(found, &folder.join(NAME))
}

/// Copies the files of a folder whose names end so.
fn copy_all(from: &Path, ending: &str, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let file = file?.path();
        if let (Some(name), true) =
            (file.file_name(), file.extension().is_some_and(|e| e == ending))
        {
            copy(&file, &to.join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    Ok(())
}

/// The size of a file, or of all in a folder.
fn megabytes(path: &Path) -> Result<f64> {
    if !path.is_dir() {
        return Ok(fs::metadata(path)?.len() as f64 / 1e6);
    }
    fs::read_dir(path)?.map(|entry| megabytes(&entry?.path())).sum()
}
