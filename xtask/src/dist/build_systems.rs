//! The package as users' build systems find it: `pkg-config` and `CMake` build the quick start's
//! program with it, from wherever it was unpacked.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::package::VERSION;
use crate::examples::converse;
use crate::sh;

const PROGRAM: &str = "host-example/c";

/// Unpacks the package and builds the program in each way.
///
/// # Errors
/// When the package is not found, the program does not build, or it answers otherwise.
pub(super) fn main(tarball: &Path) -> Result<()> {
    let folder = sh::target_dir().join("dist/trial/build systems");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    sh::run(sh::command("tar").arg("-xzf").arg(tarball).arg("-C").arg(&folder))?;
    let name = tarball.file_name().context("the package has a name")?.to_string_lossy();
    let root = folder.join(name.trim_end_matches(".tar.gz"));
    pkg_config(&root, &folder)?;
    every_library_links(&root, &folder)?;
    for library in ["Trine::trine", "Trine::shared"] {
        cmake(&root, &folder.join(library.trim_start_matches("Trine::")), library)?;
    }
    newer_is_refused(&root, &folder.join("newer"))?;
    println!("pkg-config and CMake find the package, and the quick start's program works");
    Ok(())
}

/// By the compiler's flags, with the shared library.
fn pkg_config(root: &Path, folder: &Path) -> Result<()> {
    let ask = |what: &[&str]| -> Result<String> {
        let mut pkg_config = sh::command("pkg-config");
        pkg_config.args(what).arg("trine").env("PKG_CONFIG_PATH", root.join("lib/pkgconfig"));
        Ok(sh::output(&mut pkg_config)?.trim().to_owned())
    };
    let version = ask(&["--modversion"])?;
    ensure!(version == VERSION, "trine.pc says version {version}");
    // A shell takes the flags apart, as in a Makefile: the folder's name has a space in it.
    let flags = ask(&["--cflags", "--libs"])?;
    let program = folder.join("by-flags");
    let script = format!("cc -std=c99 \"$0\" -o \"$1\" {flags}");
    let mut shell = sh::command("sh");
    shell.args(["-euc", &script]).arg(sh::root().join(PROGRAM).join("hello.c")).arg(&program);
    sh::run(&mut shell)?;
    let mut run = sh::command(program);
    run.env("LD_LIBRARY_PATH", root.join("lib"));
    converse(run, "hello")
}

/// A program that calls one function of a library links by the flags of its `.pc` file alone.
fn every_library_links(root: &Path, folder: &Path) -> Result<()> {
    for (library, call) in [
        ("trine", "trine_deinit(NULL)"),
        ("trine_model", "trine_ask_open(NULL, 0u, NULL, NULL, NULL)"),
        ("trine_host", "trine_host_model_open(NULL, NULL, NULL, NULL)"),
    ] {
        let source = folder.join(format!("{library}-alone.c"));
        let program = format!("#include <{library}.h>\nint main(void) {{ return {call} == 0; }}\n");
        fs::write(&source, program)?;
        let mut pkg_config = sh::command("pkg-config");
        pkg_config.args(["--cflags", "--libs", library]);
        let flags = sh::output(pkg_config.env("PKG_CONFIG_PATH", root.join("lib/pkgconfig")))?;
        let program = folder.join(format!("{library}-alone"));
        let script = format!("cc -std=c99 \"$0\" -o \"$1\" {}", flags.trim());
        sh::run(sh::command("sh").args(["-euc", &script]).arg(&source).arg(&program))?;
        sh::run(sh::command(program).env("LD_LIBRARY_PATH", root.join("lib")))?;
    }
    Ok(())
}

fn cmake(root: &Path, build: &Path, library: &str) -> Result<()> {
    let mut configure = sh::command("cmake");
    configure.arg("-S").arg(sh::root().join(PROGRAM)).arg("-B").arg(build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", root.display()));
    sh::run(configure.arg(format!("-DTRINE_LIBRARY={library}")))?;
    sh::run(sh::command("cmake").arg("--build").arg(build))?;
    converse(sh::command(build.join("hello")), "hello")
}

/// A project that asks for a newer library than there is does not get this one.
fn newer_is_refused(root: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let project = "cmake_minimum_required(VERSION 3.13)\nproject(newer C)\n\
                   find_package(Trine 99 REQUIRED)\n";
    fs::write(folder.join("CMakeLists.txt"), project)?;
    let mut configure = sh::command("cmake");
    configure.arg("-S").arg(folder).arg("-B").arg(folder.join("build"));
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", root.display()));
    let done = configure.output().context("cmake could not start")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(!done.status.success() && said.contains("not accepted"), "{said}");
    Ok(())
}
