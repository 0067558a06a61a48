//! The program with modules: that it finds them where it is said to, computes what the program with
//! the backend in it computes, and goes on without a module that is not there or not right.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use devtools::sh::{self, said};

use super::{Build, CPU, VARIABLE, VULKAN};
use crate::build::copy;
use crate::vulkan;

/// A small model, from the root of the workspace.
const MODEL: &str = "tests/golden/bitnet/bytes.gguf";
/// A version of ggml's that none of its modules has.
const OTHER_VERSION: u32 = 99;

/// Builds the program with modules where the benches build, and tries it beside the program that
/// holds the backend.
pub fn main() -> Result<()> {
    let target_dir = sh::target_dir().join("ggml");
    let scratch = target_dir.join("modules");
    let build = Build { target_dir, is_native: true, has_cuda: false, quick: &[] };
    let whole = build.whole()?;
    let wanted = sh::bytes(&mut generate(&whole, "vulkan")?)?;
    let processor = sh::bytes(&mut generate(&whole, "cpu")?)?;
    let shipped = scratch.join("trine");
    build.program(&shipped)?;
    build.vulkan(&shipped)?;
    let smoke = SmokeTest { shipped, scratch, processor };
    smoke.loads(&wanted)?;
    smoke.is_for_c_programs(&wanted)?;
    smoke.misses()?;
    smoke.refuses()?;
    smoke.refuses_another_version()?;
    let tests = ["-p", "trine-ggml", "--features", "modules", "--lib", "--", "modules::", "why::"];
    sh::run(build.modular("test")?.args(tests))?;
    let mut lints = build.modular("clippy")?;
    lints.args(["--all-targets", "-p", "trine", "-p", "trine-ggml", "-p", "trine-c-host"]);
    let features = "trine/modules,trine-ggml/modules,trine-c-host/modules";
    sh::run(lints.args(["--features", features, "--", "-D", "warnings"]))
}

/// The program in its folder, a folder for what is made, and what the processor writes.
struct SmokeTest {
    shipped: PathBuf,
    scratch: PathBuf,
    processor: Vec<u8>,
}

impl SmokeTest {
    fn program(&self) -> PathBuf {
        self.shipped.join("trine")
    }

    /// An attempt to write a text by the modules of a folder.
    fn tried(&self, backend: &str, modules: &Path) -> Result<Output> {
        sh::ended(generate(&self.program(), backend)?.env(VARIABLE, modules))
    }

    /// An empty folder.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.join(name);
        sh::empty_folder(&folder)?;
        Ok(folder)
    }

    /// What `trine devices --gpu` says of a folder.
    fn devices(&self, folder: &Path) -> Result<String> {
        let words = ["devices", "--gpu", "--modules"];
        sh::output(on_software(&self.program())?.args(words).arg(folder))
    }

    /// Modules beside the program are loaded, and write what the backend in a program writes.
    fn loads(&self, wanted: &[u8]) -> Result<()> {
        let said = sh::output(on_software(&self.program())?.args(["devices", "--gpu"]))?;
        has(&said, &[&format!("{VULKAN}  loaded: Vulkan, 1 device"), "Vulkan0"])?;
        has(&said, &[&format!("{CPU}  loaded: CPU, 1 device")])?;
        let found = sh::bytes(&mut generate(&self.program(), "vulkan")?)?;
        ensure!(found == wanted, "the module wrote another text than the program with Vulkan");
        Ok(())
    }

    /// A C program with the library beside it loads the same modules, and writes the same text;
    /// with none it says what is missing.
    fn is_for_c_programs(&self, wanted: &[u8]) -> Result<()> {
        let program = self.shipped.join("generate");
        let mut compiler = sh::command("cc");
        compiler.args(["-std=c11", "-Iinclude", "host-example/model/generate.c", "-o"]);
        compiler.arg(&program).arg("-L").arg(&self.shipped);
        // The libraries of ggml are found by the library itself.
        compiler.args(["-ltrine_host", "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined"]);
        sh::run(&mut compiler)?;
        let listed = sh::output(&mut on_software(&program)?)?;
        has(&listed, &["Vulkan0 (Vulkan)", "CPU"])?;
        let on = |backend: &str| -> Result<Command> {
            let mut command = on_software(&program)?;
            command.args([MODEL, "THE CAT ", backend]);
            Ok(command)
        };
        let found = sh::bytes(&mut on("vulkan")?)?;
        let begins = wanted.strip_suffix(b"\n").unwrap_or(wanted);
        let is_same = !begins.is_empty() && found.starts_with(begins);
        ensure!(is_same, "the library wrote another text than the program");
        let empty = self.folder("empty")?;
        let missed = sh::ended(on("vulkan")?.env(VARIABLE, &empty))?;
        ensure!(!missed.status.success(), "it found a device where there is none");
        has(&said(&missed), &["no vulkan device found", "put libggml-vulkan.so there"])?;
        let found = sh::ended(on("vulkan,cpu")?.env(VARIABLE, &empty))?;
        ensure!(found.status.success(), "it did not go on: {}", said(&found));
        has(&said(&found), &["warning: no vulkan device found"])
    }

    /// Where there is no module the processor answers, and it is said what to do.
    fn misses(&self) -> Result<()> {
        let empty = self.folder("empty")?;
        let nowhere = self.scratch.join("nowhere");
        has(&self.devices(&empty)?, &["has no modules", VULKAN, "on the processor"])?;
        for (folder, why) in [(&empty, "put libggml-vulkan.so there"), (&nowhere, "No such file")] {
            self.went_on(&self.tried("auto", folder)?, why)?;
            refused(&self.tried("vulkan", folder)?, &["no vulkan device found", why])?;
        }
        let alone = self.folder("vulkan-alone")?;
        copy(&self.shipped.join(VULKAN), &alone)?;
        self.goes_on_with(&alone, CPU)
    }

    /// The same for a folder on the command line.
    fn goes_on_with(&self, modules: &Path, why: &str) -> Result<()> {
        let mut found = generate(&self.program(), "vulkan,cpu")?;
        self.went_on(&sh::ended(found.arg("--modules").arg(modules))?, why)
    }

    /// What is no module is refused, each with its reason, and the others are loaded.
    fn refuses(&self) -> Result<()> {
        let folder = self.folder("refused")?;
        [CPU, VULKAN].iter().try_for_each(|it| copy(&self.shipped.join(it), &folder))?;
        fs::write(folder.join("libggml-text.so"), "this is a text and no library\n".repeat(9))?;
        fs::write(folder.join("libggml-short.so"), "")?;
        let named = |name: &str| folder.join(format!("libggml-{name}.so"));
        library("int something(void) { return 1; }", &named("other"), &[])?;
        let misses =
            "extern int missed(void); void *ggml_backend_init(void) { missed(); return 0; }";
        library(misses, &named("symbol"), &[])?;
        // What a module for Vulkan is where Vulkan's loader is not installed.
        let gone = self.scratch.join("libgone.so");
        library("int missed(void) { return 1; }", &gone, &["-Wl,-soname,libgone.so"])?;
        let gone_name = gone.to_str().context("a path that is no text")?;
        library(misses, &named("driver"), &["-Wl,--no-as-needed", gone_name])?;
        fs::remove_file(&gone)?;
        let said = self.devices(&folder)?;
        has(&said, &[&format!("{VULKAN}  loaded"), &format!("{CPU}  loaded"), "Vulkan0"])?;
        for (name, why) in [
            ("text", "invalid ELF header: it is no library"),
            ("short", "file too short: put the whole module there again"),
            ("other", "failed to find ggml_backend_init: it is a library and no module"),
            ("symbol", "undefined symbol: missed: it is of another version of ggml"),
            ("driver", "libgone.so: cannot open shared object file"),
        ] {
            has(&said, &[&format!("libggml-{name}.so  refused: {why}")])?;
        }
        Ok(())
    }

    /// ggml's own check of a module's version, in place of the module that is wanted.
    fn refuses_another_version(&self) -> Result<()> {
        let folder = self.folder("version")?;
        copy(&self.shipped.join(CPU), &folder)?;
        // A registry entry begins with its version; ggml looks at no more of it.
        let source = format!(
            "static struct {{ int api_version; void *rest[8]; }} entry = {{ {OTHER_VERSION}, {{ 0 \
             }} }};\nvoid *ggml_backend_init(void) {{ return &entry; }}\n"
        );
        library(&source, &folder.join(VULKAN), &[])?;
        let why = format!("incompatible API version (backend: {OTHER_VERSION}, current: ");
        let advice = "take the module that was built with this program";
        has(&self.devices(&folder)?, &[&format!("{VULKAN}  refused: {why}"), advice])?;
        self.goes_on_with(&folder, &why)
    }

    /// Whether the processor answered, with one warning that says why.
    fn went_on(&self, found: &Output, why: &str) -> Result<()> {
        let said = said(found);
        ensure!(found.status.success(), "it did not go on: {said}");
        let warned = said.lines().filter(|line| line.starts_with("warning: ")).count();
        ensure!(warned == 1, "{warned} warnings: {said}");
        has(&said, &[why])?;
        ensure!(found.stdout == self.processor, "another text than the processor's: {said}");
        Ok(())
    }
}

/// A text of a small model on a backend.
pub(super) fn generate(program: &Path, backend: &str) -> Result<Command> {
    let mut command = on_software(program)?;
    command.args(["generate", "THE CAT ", "--tokens", "20", "--threads", "1"]);
    command.args(["--model", MODEL, "--backend", backend]);
    Ok(command)
}

/// The program with the driver in software, and with libraries from nowhere else but beside it.
pub(super) fn on_software(program: &Path) -> Result<Command> {
    let mut command = sh::command(program);
    command.env_remove("LD_LIBRARY_PATH").env_remove(VARIABLE).env("TRINE_LOG", "off");
    vulkan::on_software(command)
}

/// That a program wrote nothing but why.
pub(super) fn refused(found: &Output, why: &[&str]) -> Result<()> {
    ensure!(!found.status.success() && found.stdout.is_empty(), "{}", said(found));
    has(&said(found), why)
}

pub(super) fn has(said: &str, parts: &[&str]) -> Result<()> {
    let missed = parts.iter().find(|part| !said.contains(**part));
    ensure!(missed.is_none(), "`{}` is missing in:\n{said}", missed.unwrap_or(&""));
    Ok(())
}

/// A shared library from a text in C.
fn library(source: &str, to: &Path, more: &[&str]) -> Result<()> {
    let file = to.with_extension("c");
    fs::write(&file, source)?;
    let mut compiler = sh::command("cc");
    sh::run(compiler.args(["-shared", "-fPIC", "-o"]).arg(to).arg(&file).args(more))
}
