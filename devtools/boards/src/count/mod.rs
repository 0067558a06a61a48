//! Counts instructions on emulated boards, by plug-ins of QEMU. They are instructions, not cycles.

pub mod calls;
pub mod model;
pub mod products;
pub(crate) mod snips;
pub mod start;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use devtools::{Image, sh};
use devtools_c::output_folder;

/// Compiles a plug-in of `devtools/boards/plugin` for the QEMU that is installed.
pub(crate) fn build_plugin(name: &str) -> Result<PathBuf> {
    let version = sh::output(sh::command("qemu-system-arm").arg("--version"))?;
    let major = version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok());
    let major: u32 = major.with_context(|| format!("QEMU's version is {version:?}"))?;
    let interface = if major < 9 { 1 } else { 4 };
    let folder = output_folder("plugins")?;
    let own = folder.join(format!("{name}-{}.so", std::process::id()));
    let mut cc = sh::line("cc -std=c11 -Wall -Wextra -Werror -O2 -fPIC -shared -o");
    cc.arg(&own).arg(format!("-DPLUGIN_VERSION={interface}"));
    sh::run(cc.arg(format!("devtools/boards/plugin/{name}.c")))?;
    let plugin = folder.join(format!("{name}.so"));
    fs::rename(own, &plugin)?;
    Ok(plugin)
}

/// What the emulator is told to count the instructions between returns of two functions, a line for
/// each in the file `out`.
pub(crate) fn region(image: &Image, [before, after]: [&str; 2], out: &Path) -> Result<String> {
    let (before, after) = (image.address(before)?, image.address(after)?);
    let (plugin, out) = (build_plugin("region")?, out.display());
    let plugin = plugin.display();
    Ok(format!("{plugin},before={before:#x},after={after:#x},out={out}"))
}

/// The numbers that a plug-in has written.
pub(crate) fn numbers(out: &Path) -> Result<Vec<u64>> {
    let text = fs::read_to_string(out).context("the plug-in has written nothing")?;
    let number = |word: &str| word.parse().with_context(|| format!("the plug-in wrote {word:?}"));
    text.split_whitespace().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::{fs, numbers, sh};

    #[test]
    fn numbers_are_read_and_anything_else_is_an_error() {
        let file = sh::scratch("numbers").join("out");
        for (text, wanted) in [("4298 4000\n7\n", Some(vec![4298, 4000, 7])), ("4298 x\n", None)] {
            fs::write(&file, text).unwrap();
            assert_eq!(numbers(&file).ok(), wanted);
        }
    }
}
