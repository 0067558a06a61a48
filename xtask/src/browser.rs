//! The page of a browser: one file, its tests in Node, and in Chromium.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use devtools::programs;
use devtools_boards::{BOARDS, legs};

use crate::sh;
use crate::wasm::{self, TARGET};

/// The package of the module.
const PACKAGE: &str = "browser/module/Cargo.toml";
/// What makes the page of the module and the files beside it.
const MAKE: &str = "browser/page/make.js";
const TESTS: &str = "browser/tests";

/// Makes the page; answers where it is.
pub(crate) fn page() -> Result<PathBuf> {
    let folder = sh::target_dir().join("browser");
    let built = sh::run(&mut wasm::cargo("build", PACKAGE, "", &folder));
    built.context("Debian's lld is needed: apt-get install lld")?;
    let module = folder.join(TARGET).join("release/trine_page.wasm");
    let page = sh::target_dir().join("page/trine.html");
    sh::run(sh::command("node").arg(MAKE).arg(module).arg(&page))?;
    Ok(page)
}

/// `cargo xtask page`.
pub(crate) fn main() -> Result<()> {
    let page = page()?;
    let bytes = std::fs::metadata(&page)?.len();
    println!("{}: {bytes} bytes. Open it in a browser; it needs no server.", page.display());
    Ok(())
}

/// `cargo xtask test --leg browser`: the module of the page, next to the program and an emulated
/// board.
pub(crate) fn leg() -> Result<()> {
    let page = page()?;
    // The module compiles for its own target alone.
    let folder = sh::target_dir().join("browser");
    let mut clippy = wasm::cargo("clippy", PACKAGE, "", &folder);
    sh::run(clippy.args(["--", "-D", "warnings"]))?;
    wasm::compare()?;
    programs::build()?;
    tested(&page, &["--test", "browser/tests/module.test.js"], Path::new("."))
}

/// `cargo xtask soak browser`: the page in Chromium, with pictures of it.
pub(crate) fn soak() -> Result<String> {
    let page = page()?;
    programs::build()?;
    ensure!(sh::works("chromium", &["--version"]), "on Debian, `apt-get install chromium`");
    let folder = sh::target_dir().join("browser/npm");
    sh::empty_folder(&folder)?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(sh::root().join(TESTS).join(name), folder.join(name))?;
    }
    sh::run(sh::command("npm").args(["ci", "--silent"]).current_dir(&folder))?;
    tested(&page, &["--test", "browser/tests/page.test.js"], &folder)?;
    Ok(format!("its tests pass in Chromium; {} bytes", std::fs::metadata(&page)?.len()))
}

fn tested(page: &Path, arguments: &[&str], modules: &Path) -> Result<()> {
    legs::with_emulated(&BOARDS[0], |sockets| {
        let paths = sockets.each_ref().map(|path| path.display().to_string());
        let mut node = sh::command("node");
        node.args(arguments).env("TRINE_PAGE", page).env("TRINE_BOARD", paths.join(":"));
        node.env("TRINE_PROGRAM", programs::path("trine"));
        node.env("TRINE_PICTURES", page.with_file_name("pictures"));
        sh::run(node.env("NODE_PATH", modules.join("node_modules")))
    })
}
