//! The package of a target: libraries, headers, and what build systems find them by.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use devtools::{programs, sh};

use super::{DEVICE, HOSTED, MODEL, Target, exports, library, object, small_library};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a package is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Users,
    /// To see that it works: `libtrine_host` is that of the other tests.
    Tests,
}
/// Files that are shipped as they are.
const FILES: &str = "LICENSE-APACHE LICENSE-MIT include/trine.h include/trine.hpp \
                     include/trine_accounts.h include/trine_consent.h include/trine_devices.h \
                     include/trine_host.h include/trine_hub.h include/trine_manager.h \
                     include/trine_model.h \
                     include/trine_mcp.h include/trine_mcp.hpp include/trine_mock.h \
                     include/trine_mock_double.h include/trine_news.h \
                     include/trine_plugin.h include/trine_pools.h include/trine_resources.h \
                     include/trine_run.h include/trine_runtime.h include/trine_sentences.h \
                     include/trine_stdio.h include/trine_tools.h";

/// The host's shared library, made of the same object as the static one, with its two links.
pub fn shared(library: &Path) -> Result<PathBuf> {
    let folder = library.parent().context("the library lies in a folder")?.join("shared");
    let (path, soname) = place("libtrine", &folder)?;
    let linker = format!("-Wl,-soname,{soname},-z,defs,-z,noexecstack,--gc-sections");
    let mut cc = sh::line(&format!("cc -shared {linker} -o"));
    cc.arg(&path).arg("-Wl,--whole-archive").arg(library);
    sh::run(cc.args(["-Wl,--no-whole-archive", "-lc"]))?;
    sh::run(sh::line("strip --strip-unneeded").arg(&path))?;
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
    // A hub reads plug-ins' tables by the crate of libtrine, whose functions cannot be hidden.
    let libtrine = exports(&DEVICE, "sentences")?;
    let wanted = [libtrine, exports(&MODEL, "full")?, exports(&HOSTED, "full")?].concat();
    object::check_shared(&path, &wanted)?;
    Ok(path)
}

/// Builds `libtrine_host`, and answers the folder that it is in.
fn built_for(whom: For) -> Result<PathBuf> {
    if whom == For::Tests {
        programs::build()?;
        return Ok(programs::folder());
    }
    // Without the program: what both need is compiled in one way for it and in another for a
    // shared library, so that together it would be compiled for the program once more.
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine-c-host"]))?;
    Ok(sh::target_dir().join("release"))
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
    fs::copy(&built, lib.join("libtrine.a"))?;
    if target.is_host() {
        let shared = shared(&built)?;
        let from = shared.parent().context("it lies in a folder")?;
        sh::run(sh::command("cp").arg("-a").arg(from.join(".")).arg(&lib))?;
        hosted(&built_for(whom)?, &lib)?;
        fs::copy(small_library()?, lib.join("libtrine_small.a"))?;
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
    let tarball = dist.join(format!("{name}.tar.gz"));
    // The same files make the same bytes.
    let mut tar = sh::line("tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C");
    sh::run(tar.arg(dist.join("package")).arg("-czf").arg(&tarball).arg(&name))?;
    println!("{}", tarball.display());
    Ok(tarball)
}
