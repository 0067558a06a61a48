//! An emulated PC that boots Debian's kernel with busybox and programs of ours, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::sh;

/// The package whose dependency is the kernel of the day.
const KERNEL: &str = "linux-image-amd64";
const BUSYBOX: &str = "busybox-static";

/// Downloads the kernel and busybox into a folder, once; the version of the kernel.
pub(crate) fn packages(folder: &Path) -> Result<String> {
    let asked = sh::output(sh::command("apt-cache").args(["depends", KERNEL]))?;
    let package = asked.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    let package = package.filter(|name| name.starts_with("linux-image-"));
    let package = package.context("no kernel: run apt-get update")?;
    if !folder.join(package).exists() {
        sh::empty_folder(folder)?;
        let mut download = sh::command("apt-get");
        sh::run(download.args(["download", "-q", package, BUSYBOX]).current_dir(folder))?;
        for file in sh::files(folder, "deb")? {
            sh::run(sh::command("dpkg-deb").arg("-x").arg(file).arg(folder))?;
        }
        fs::write(folder.join(package), "")?;
    }
    Ok(package.trim_start_matches("linux-image-").to_owned())
}

/// The kernel, in the folder of [`packages`].
pub(crate) fn kernel(folder: &Path) -> Result<PathBuf> {
    let boot = sh::entries(&folder.join("boot"))?;
    let is_kernel = |path: &PathBuf| path.to_string_lossy().contains("/vmlinuz-");
    boot.into_iter().find(is_kernel).context("no kernel in its package")
}

/// Begins the machine's files: some folders, busybox, and its first program.
pub(crate) fn begin(machine: &Path, busybox: &Path, init: &str, folders: &[&str]) -> Result<()> {
    sh::empty_folder(machine)?;
    for name in ["bin", "proc", "sys", "dev", "tmp"].iter().chain(folders) {
        fs::create_dir_all(machine.join(name))?;
    }
    fs::copy(busybox, machine.join("bin/busybox"))?;
    let first = machine.join("init");
    fs::write(&first, init)?;
    sh::run(sh::command("chmod").arg("+x").arg(first))
}

/// Copies a program without what debuggers want, and the libraries that it needs.
pub(crate) fn place(machine: &Path, program: &Path, to: &Path) -> Result<()> {
    let to = below(machine, to)?;
    sh::run(sh::command("strip").arg("-o").arg(to).arg(program))?;
    for library in libraries(program)? {
        let place = below(machine, &library)?;
        fs::copy(library, place)?;
    }
    Ok(())
}

/// A path in the machine, whose folder is there.
fn below(machine: &Path, path: &Path) -> Result<PathBuf> {
    let place = machine.join(path.strip_prefix("/")?);
    fs::create_dir_all(place.parent().context("a file")?)?;
    Ok(place)
}

fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let said = sh::output(sh::command("ldd").arg(program))?;
    let words = said.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(words.map(PathBuf::from).collect())
}

/// Packs the machine's files as the kernel unpacks them.
pub(crate) fn pack(machine: &Path, to: &Path) -> Result<()> {
    let archive = r#"find . | bin/busybox cpio -o -H newc | gzip -1 > "$0""#;
    sh::run(sh::command("sh").args(["-c", archive]).arg(to).current_dir(machine))
}

/// The programs of tests that `cargo test` builds with these arguments.
pub(crate) fn test_programs(arguments: &[&str]) -> Result<Vec<PathBuf>> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "--no-run", "--message-format=json"]).args(arguments);
    let built = sh::output(&mut cargo)?;
    // Programs that are no tests are built, too, and may come before or after.
    let tests = built.lines().filter(|line| line.contains(r#""kind":["test"]"#));
    let paths = tests.filter_map(|line| line.split_once(r#""executable":""#)?.1.split('"').next());
    Ok(paths.map(PathBuf::from).collect())
}
