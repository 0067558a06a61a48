//! How what is compiled with ggml is built, and what cargo made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use devtools::{cache, sh};

use crate::vulkan;

/// The package that builds ggml.
const GGML: &str = "llama-cpp-sys-2";

/// For this processor, with what it has: ggml takes its vector instructions from the flags of its
/// compiler, and ours asks the processor.
#[must_use]
pub fn native(mut cargo: Command) -> Command {
    cargo.env("CFLAGS", "-O3 -march=native").env("CXXFLAGS", "-O3 -march=native");
    portable(cargo)
}

/// For any machine that our program runs on. Release, whatever the profile says of symbols, which
/// would make it a slower build of ggml.
pub(crate) fn portable(mut cargo: Command) -> Command {
    cargo.env("CMAKE_GENERATOR", "Ninja").env("LLAMA_LIB_PROFILE", "Release");
    cache::keep_objects(cargo)
}

/// ggml's file for AMX does not compile together with others: its tests do without it.
const FOR_TESTS: &str = if cfg!(target_arch = "x86_64") {
    "-march=native -mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
} else {
    "-march=native"
};

/// For tests, which compile ggml far longer than they run it: it is made less quick.
#[must_use]
pub fn for_tests(cargo: Command) -> Command {
    let mut cargo = native(cargo);
    // Several sources at once share what their headers take, a sixth of all.
    cargo.env("LLAMA_LIB_PROFILE", "Tests").env("CMAKE_UNITY_BUILD", "ON");
    for language in ["C", "CXX"] {
        cargo.env(format!("{language}FLAGS"), FOR_TESTS);
        cargo.env(format!("CMAKE_{language}_FLAGS_TESTS"), "-O0 -DNDEBUG");
    }
    cargo
}

/// How what is compiled with ggml is built.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// As the other legs build and in their folder, where most of it lies already.
    ForTests,
    /// As it is shipped, in a folder of its own: ggml is compiled once for all measurements.
    ForSpeed,
}

impl How {
    /// Cargo, told how ggml and llama.cpp are compiled. Tests compile them far longer than they run
    /// them, so for these they are made less quick, by a configuration of which its build knows
    /// nothing but these options.
    pub(crate) fn cargo(self, what: &str) -> Result<Command> {
        if matches!(self, Self::ForSpeed) {
            let mut cargo = vulkan::build(native(sh::cargo()))?;
            cargo.args([what, "--release", "--target-dir"]).arg(target_dir());
            return Ok(cargo);
        }
        let mut cargo = vulkan::build_for_tests(for_tests(sh::cargo()))?;
        // What is compiled lies with that of the other legs, the programs apart: these have
        // devices. Where cargo does not know this, it compiles all of it once more.
        cargo.args([what, "--target-dir"]).arg(with_devices());
        cargo.env("CARGO_BUILD_BUILD_DIR", sh::target_dir());
        Ok(cargo)
    }
}

/// Where the programs with devices are.
pub(crate) fn with_devices() -> PathBuf {
    sh::target_dir().join("devices")
}

/// Where what is measured is built.
#[must_use]
pub fn target_dir() -> PathBuf {
    sh::target_dir().join("ggml")
}

/// Cargo on the program, `libtrine_host` and training with devices: together, so that what they
/// need is compiled once.
pub fn program(what: &str, backend: &str, how: How) -> Result<Command> {
    let mut cargo = how.cargo(what)?;
    let features = ["trine/peer,trine", "trine-c-host", "trine-train"];
    let features = features.map(|name| format!("{name}/{backend}")).join(",");
    match what {
        // Crates from outside have the features then that they have in the leg `clippy`.
        "clippy" => cargo.arg("--workspace"),
        _ => cargo.args(["-p", "trine", "-p", "trine-c-host", "-p", "trine-train"]),
    };
    cargo.args(["--features", &features]);
    Ok(cargo)
}

/// Cargo on all that calls ggml, so that ggml is built once.
pub fn ggml(what: &str, backend: &str, how: How) -> Result<Command> {
    let mut cargo = how.cargo(what)?;
    let mut features = format!("trine-ggml/llama,trine-ggml/{backend},trine-ggml-kernels/ggml");
    if matches!(how, How::ForTests) {
        // Our own backend for CUDA, whose kernels run on the processor then.
        features += ",trine-ggml/fibers";
    }
    cargo.args(["-p", "trine-ggml", "-p", "trine-ggml-kernels", "--features", &features]);
    Ok(cargo)
}

/// What cargo made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Programs by what they are built from, the tests among them, and files by their names.
    files: BTreeMap<String, PathBuf>,
    /// Where ggml was installed to.
    ggml: Option<PathBuf>,
}

impl Made {
    /// Runs cargo with what it is told, and what it tells rustc, and notes what it made.
    pub(crate) fn run(&mut self, cargo: &mut Command, rustc: &[&str]) -> Result<()> {
        cargo.arg("--message-format=json-render-diagnostics");
        if !rustc.is_empty() {
            cargo.arg("--").args(rustc);
        }
        eprintln!("$ {}", sh::shown(cargo));
        // The messages go to its output; what a person reads is shown.
        let mut child = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let messages = std::io::BufReader::new(child.stdout.take().context("a pipe")?);
        for message in Message::parse_stream(messages) {
            self.note(message?)?;
        }
        let status = child.wait()?;
        ensure!(status.success(), "`{}` failed: {status}", sh::shown(cargo));
        Ok(())
    }

    fn note(&mut self, message: Message) -> Result<()> {
        match message {
            Message::BuildScriptExecuted(script) if script.package_id.repr.contains(GGML) => {
                let folder = script.out_dir.into_std_path_buf();
                let before = self.ggml.replace(folder.clone());
                ensure!(before.is_none_or(|before| before == folder), "ggml was built twice");
            }
            Message::CompilerArtifact(artifact) => {
                let program = artifact.executable.into_iter();
                let program = program.map(|it| (artifact.target.name.replace('-', "_"), it));
                let files = artifact.filenames.into_iter();
                let files = files.map(|it| (it.file_name().unwrap_or_default().to_owned(), it));
                let all = files.chain(program).map(|(name, it)| (name, it.into_std_path_buf()));
                self.files.extend(all);
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn file(&self, name: &str) -> Result<&Path> {
        let file = self.files.get(name).map(PathBuf::as_path);
        file.with_context(|| format!("cargo made no {name}"))
    }

    pub(crate) fn ggml(&self) -> Result<&Path> {
        self.ggml.as_deref().context("cargo did not build ggml")
    }
}

/// Copies a file into a folder.
pub(crate) fn copy(file: &Path, folder: &Path) -> Result<()> {
    sh::install(file, &folder.join(file.file_name().context("a file has a name")?))
}
