//! The package as users' build systems find it: `pkg-config` and `CMake` build the quick start's
//! program with it, from wherever it was unpacked.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::sh;

use super::package::VERSION;
use crate::examples::converse;

const PROGRAM: &str = "host-example/c";
/// A program that calls one function of a library.
const ALONE: [(&str, &str); 3] = [
    ("trine", "trine_deinit(NULL)"),
    ("trine_model", "trine_ask_open(NULL, 0u, NULL, NULL, NULL)"),
    ("trine_host", "trine_host_model_open(NULL, NULL, NULL, NULL)"),
];

pub(super) fn main(tarball: &Path) -> Result<()> {
    // A space in the name shows what takes flags apart wrongly.
    let folder = sh::target_dir().join("dist/smoke/build systems");
    sh::empty_folder(&folder)?;
    sh::run(sh::line("tar -xzf").arg(tarball).arg("-C").arg(&folder))?;
    let name = tarball.file_name().context("the package has a name")?.to_string_lossy();
    let root = folder.join(name.trim_end_matches(".tar.gz"));
    let version = pkg_config(&root, &["--modversion", "trine"])?;
    ensure!(version == VERSION, "trine.pc says version {version}");
    let hello = Path::new(PROGRAM).join("hello.c");
    converse(by_flags(&root, "trine", &hello, &folder.join("by-flags"))?, "hello")?;
    for (library, call) in ALONE {
        let source = folder.join(format!("{library}.c"));
        let text = format!("#include <{library}.h>\nint main(void) {{ return {call} == 0; }}\n");
        fs::write(&source, text)?;
        sh::run(&mut by_flags(&root, library, &source, &folder.join(library))?)?;
    }
    for library in ["trine", "shared"] {
        let build = folder.join(format!("cmake-{library}"));
        let mut cmake = configure(&root, PROGRAM.as_ref(), &build);
        sh::run(cmake.arg(format!("-DTRINE_LIBRARY=Trine::{library}")))?;
        sh::run(sh::line("cmake --build").arg(&build))?;
        converse(sh::command(build.join("hello")), "hello")?;
    }
    newer_is_refused(&root, &folder.join("newer"))?;
    println!("pkg-config and CMake find the package, and the quick start's program works");
    Ok(())
}

fn pkg_config(root: &Path, words: &[&str]) -> Result<String> {
    let mut command = sh::command("pkg-config");
    command.args(words).env("PKG_CONFIG_PATH", root.join("lib/pkgconfig"));
    Ok(sh::output(&mut command)?.trim().to_owned())
}

/// Compiles a program by the flags of a library's `.pc` file alone, as a Makefile would: a shell
/// takes the flags apart. Answers the command that runs it.
fn by_flags(root: &Path, library: &str, source: &Path, program: &Path) -> Result<Command> {
    let flags = pkg_config(root, &["--cflags", "--libs", library])?;
    let script = format!("cc -std=c99 \"$0\" -o \"$1\" {flags}");
    sh::run(sh::command("sh").args(["-euc", &script]).arg(source).arg(program))?;
    let mut command = sh::command(program);
    command.env("LD_LIBRARY_PATH", root.join("lib"));
    Ok(command)
}

/// `CMake`, as it looks at a project and finds the package.
fn configure(root: &Path, project: &Path, build: &Path) -> Command {
    let mut cmake = sh::line("cmake -S");
    cmake.arg(project).arg("-B").arg(build);
    cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", root.display()));
    cmake
}

/// A project that asks for a newer library than there is does not get this one.
fn newer_is_refused(root: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let project = "cmake_minimum_required(VERSION 3.13)\nproject(newer C)\n\
                   find_package(Trine 99 REQUIRED)\n";
    fs::write(folder.join("CMakeLists.txt"), project)?;
    let mut cmake = configure(root, folder, &folder.join("build"));
    let done = cmake.output().context("cmake could not start")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(!done.status.success() && said.contains("not accepted"), "{said}");
    Ok(())
}
