//! The package of a target: libraries, headers, and what build systems find them by.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use devtools::{programs, sh};

use super::{
    DEVICE, HOST, HOSTED, MODEL, Target, contents, exports, library, object, small_library,
};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a package is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Users,
    /// To see that it works: `libtrine_host` is that of the other tests.
    Tests,
}
/// Files that are shipped as they are.
pub(super) const FILES: &str = "LICENSE-APACHE LICENSE-MIT include/trine.h include/trine.hpp \
                     include/trine_accounts.h include/trine_client.h include/trine_consent.h \
                     include/trine_devices.h include/trine_events.h include/trine_figures.h \
                     include/trine_host.h include/trine_hub.h include/trine_join.h \
                     include/trine_manager.h \
                     include/trine_model.h \
                     include/trine_mcp.h include/trine_mcp.hpp include/trine_mock.h \
                     include/trine_mock_double.h include/trine_news.h \
                     include/trine_plugin.h include/trine_pools.h include/trine_resources.h \
                     include/trine_run.h include/trine_runtime.h include/trine_sentences.h \
                     include/trine_stdio.h include/trine_tools.h";

/// The host's shared library, made of the same object as the static one, with its two links.
pub fn shared(library: &Path) -> Result<PathBuf> {
    let folder = library.parent().context("the library lies in a folder")?.join("shared");
    linked(library, "libtrine", &folder, &exports(&DEVICE, "sentences")?, "-lc")
}

/// Links a static library as a shared one, in which each function has a version, `TRINE_HOST_0` for
/// `libtrine_host`: a program that was linked with another is refused when it starts.
fn linked(
    library: &Path,
    name: &str,
    folder: &Path,
    names: &[String],
    needs: &str,
) -> Result<PathBuf> {
    let (path, soname) = place(name, folder)?;
    let script = library.with_file_name(format!("{name}.map"));
    let major = VERSION.split('.').next().unwrap_or_default();
    let node = format!("{}_{major}", name.trim_start_matches("lib").to_uppercase());
    let list = names.join(";\n");
    fs::write(&script, format!("{node} {{\nglobal:\n{list};\nlocal: *;\n}};\n"))?;
    let linker = format!("-Wl,-soname,{soname},-z,defs,-z,noexecstack,--gc-sections");
    let mut cc = sh::line(&format!("cc -shared {linker} -o"));
    cc.arg(&path).arg(format!("-Wl,--version-script={}", script.display()));
    cc.arg("-Wl,--build-id=none,--whole-archive").arg(library);
    sh::run(cc.arg("-Wl,--no-whole-archive").args(needs.split(' ')))?;
    sh::run(sh::line("strip --strip-unneeded").arg(&path))?;
    object::check_versions(&path, names, &node)?;
    Ok(path)
}

/// Where a shared library goes in a folder, and its name at run time; both links to it are made.
fn place(name: &str, folder: &Path) -> Result<(PathBuf, String)> {
    fs::create_dir_all(folder)?;
    let major = VERSION.split('.').next().unwrap_or_default();
    let (full, soname) = (format!("{name}.so.{VERSION}"), format!("{name}.so.{major}"));
    for (link, to) in [(soname.clone(), &full), (format!("{name}.so"), &soname)] {
        let link = folder.join(link);
        if link.symlink_metadata().is_ok() {
            fs::remove_file(&link)?;
        }
        symlink(to, &link)?;
    }
    Ok((folder.join(&full), soname))
}

/// Puts `libtrine_host`, which cargo left in `built`, into a folder, without what only a debugger
/// wants, and checks its functions.
pub fn hosted(built: &Path, folder: &Path) -> Result<PathBuf> {
    let (path, _) = place("libtrine_host", folder)?;
    let mut strip = sh::line("strip --strip-unneeded -o");
    sh::run(strip.arg(&path).arg(built.join("libtrine_host.so")))?;
    object::check_shared(&path, &of_host()?)?;
    Ok(path)
}

/// The same for users: it is linked from the static library, since cargo knows no versions.
fn hosted_for_users(built: &Path, folder: &Path) -> Result<()> {
    let needs = "-lgcc_s -lpthread -ldl -lm -lc";
    let library = built.join("libtrine_host.a");
    object::check_folders(&linked(&library, "libtrine_host", folder, &of_host()?, needs)?)
}

/// The functions of `libtrine_host`. A hub reads plug-ins' tables by the crate of libtrine, whose
/// functions cargo cannot hide.
fn of_host() -> Result<Vec<String>> {
    let libtrine = exports(&DEVICE, "sentences")?;
    Ok([libtrine, exports(&MODEL, "full")?, exports(&HOSTED, "full")?].concat())
}

/// Builds `libtrine_host` and the program, and answers the folder that they are in.
fn built_for(whom: For) -> Result<PathBuf> {
    if whom == For::Tests {
        programs::build()?;
        return Ok(programs::folder());
    }
    let folder = sh::target_dir().join("dist/build/hosted");
    // Without the program: what both need is compiled in one way for it and in another for a
    // shared library, so that together it would be compiled for the program once more.
    for what in ["rustc -p trine-c-host --crate-type staticlib", "build -p trine --bin trine"] {
        let mut cargo = sh::cargo();
        cargo.args(what.split(' ')).args(["--release", "--locked", "--target", &HOST.name]);
        cargo.env("CARGO_TARGET_DIR", &folder).env_remove("RUSTFLAGS");
        sh::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", without_folders()?))?;
    }
    let built = folder.join(&*HOST.name).join("release");
    object::check_folders(&built.join("trine"))?;
    Ok(built)
}

/// What takes the folders of this machine out of what is compiled, as cargo reads it.
pub(super) fn without_folders() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let home = home.context("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    let map = |from: &Path, to| format!("--remap-path-prefix={}={to}", from.display());
    Ok([map(&home, "/cargo"), map(&sh::root(), "/trine")].join("\u{1f}"))
}

/// Makes `trine-VERSION-TARGET.tar.gz` under `target/dist`, with every profile for a chip.
pub(super) fn make(target: &Target, whom: For) -> Result<PathBuf> {
    let dist = sh::target_dir().join("dist");
    let name = format!("trine-{VERSION}-{}", target.name);
    let root = dist.join("package").join(&name);
    sh::empty_folder(&root)?;
    for file in FILES.split(' ') {
        sh::install(&sh::root().join(file), &root.join(file))?;
    }
    let lib = root.join("lib");
    let mut templates = vec![
        ("pkgconfig", "trine.pc"),
        ("pkgconfig", "trine_model.pc"),
        ("cmake/Trine", "TrineConfig.cmake"),
        ("cmake/Trine", "TrineConfigVersion.cmake"),
    ];
    if target.is_host() {
        templates.push(("pkgconfig", "trine_host.pc"));
        templates.push(("pkgconfig", "trine_small.pc"));
    }
    for (folder, file) in templates {
        let text = sh::read(&format!("ffi/package/{file}.in"))?.replace("@VERSION@", VERSION);
        fs::create_dir_all(lib.join(folder))?;
        fs::write(lib.join(folder).join(file), text)?;
    }
    // What a chip's program pays for resources is little, but not nothing.
    let most = if target.is_host() { "sentences" } else { "full" };
    let built = library(&DEVICE, target, most)?;
    let mut program = None;
    fs::copy(&built, lib.join("libtrine.a"))?;
    if target.is_host() {
        let shared = shared(&built)?;
        let from = shared.parent().context("it lies in a folder")?;
        sh::run(sh::command("cp").arg("-a").arg(from.join(".")).arg(&lib))?;
        let built = built_for(whom)?;
        match whom {
            For::Users => hosted_for_users(&built, &lib)?,
            For::Tests => hosted(&built, &lib).map(drop)?,
        }
        fs::copy(small_library()?, lib.join("libtrine_small.a"))?;
        program = Some(sh::program_in(&built, "trine"));
    } else {
        for profile in ["base", "policy", "mcp", "resources", "sentences"] {
            let built = library(&DEVICE, target, profile)?;
            fs::copy(built, lib.join(format!("libtrine_{profile}.a")))?;
        }
        for profile in ["image", "base"] {
            let built = library(&MODEL, target, profile)?;
            fs::copy(built, lib.join(format!("libtrine_model_{profile}.a")))?;
        }
    }
    fs::copy(library(&MODEL, target, "full")?, lib.join("libtrine_model.a"))?;
    contents::complete(target, &root, program.as_deref())?;
    archive(&root)
}

/// Packs a folder of `target/dist/package`, beside which the archive goes. The same files make the
/// same bytes.
pub(super) fn archive(root: &Path) -> Result<PathBuf> {
    let name = root.file_name().context("a package has a name")?;
    archive_as(root, &name.to_string_lossy())
}

/// The same under a name that is not the folder's.
pub(super) fn archive_as(root: &Path, called: &str) -> Result<PathBuf> {
    let (folder, name) = (root.parent().context("it is in a folder")?, root.file_name());
    let name = name.context("a package has a name")?;
    let tarball = sh::target_dir().join("dist").join(format!("{called}.tar.gz"));
    let mut tar = sh::line("tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C");
    tar.arg(folder).args(["-I", "gzip -n", "-cf"]).arg(&tarball);
    sh::run(tar.arg(name))?;
    println!("{}", tarball.display());
    Ok(tarball)
}
