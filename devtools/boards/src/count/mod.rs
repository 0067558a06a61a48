//! Counts instructions on emulated boards, by plug-ins of QEMU. They are instructions, not cycles.

pub mod calls;
mod calls_c;
pub mod model;
pub mod products;
pub(crate) mod snips;
pub mod start;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use devtools::elf::Image;
use devtools::sh;

/// Compiles a plug-in of `devtools/boards/plugin` for the QEMU that is installed.
pub(crate) fn build_plugin(name: &str) -> Result<PathBuf> {
    let version = sh::output(sh::command("qemu-system-arm").arg("--version"))?;
    let major = version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok());
    let major: u32 = major.with_context(|| format!("QEMU's version is {version:?}"))?;
    let interface = if major < 9 { 1 } else { 4 };
    let plugin = sh::target_dir().join("plugins").join(format!("{name}.so"));
    let own = sh::target_dir().join(format!("{name}-{}.so", std::process::id()));
    let mut cc = sh::command("cc");
    cc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"]);
    cc.arg(format!("-DPLUGIN_VERSION={interface}")).arg("-o").arg(&own);
    sh::run(cc.arg(format!("devtools/boards/plugin/{name}.c")))?;
    sh::install(&own, &plugin)?;
    std::fs::remove_file(own)?;
    Ok(plugin)
}

/// What the emulator is told to count the instructions between returns of two functions of a
/// module, a line for each in the file `out`.
pub(crate) fn region(
    image: &Image,
    module: &str,
    [before, after]: [&str; 2],
    out: &Path,
) -> Result<String> {
    let address = |name: &str| image.address(&format!("{module}::{name}"));
    Ok(format!(
        "{},before={:#x},after={:#x},out={}",
        build_plugin("region")?.display(),
        address(before)?,
        address(after)?,
        out.display()
    ))
}
