//! `cargo xtask test --leg services`: the shipped plug-ins with a real Prometheus and a real Docker
//! Engine.
//!
//! The programs are those of Debian's packages, unpacked into a folder: nothing is installed. Where
//! there is no apt-get, or it cannot download, the leg says that it is skipped.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::sh;

/// The packages, and a program of each that shows that it is unpacked.
const PACKAGES: [(&str, &str); 5] = [
    ("busybox-static", "bin/busybox"),
    ("containerd", "usr/bin/containerd"),
    ("docker.io", "usr/sbin/dockerd"),
    ("prometheus", "usr/bin/prometheus"),
    ("runc", "usr/sbin/runc"),
];

pub(crate) fn main() -> Result<()> {
    // By itself it has no TLS, as other crates of the workspace want it to have.
    sh::run(sh::cargo().args(["test", "-q", "-p", "trine-plugin-http"]))?;
    let folder = sh::target_dir().join("services");
    if !is_there(&folder)
        && let Err(error) = download(&folder)
    {
        println!("skipped: a real Prometheus and a real Docker Engine: {error:#}");
        return Ok(());
    }
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "-p", "trine", "--test", "program", "services::"]);
    sh::run(cargo.args(["--", "--nocapture"]).env("TRINE_SERVICES", folder))
}

fn is_there(folder: &Path) -> bool {
    PACKAGES.iter().all(|(_, program)| folder.join(program).exists())
}

/// Downloads the packages, with none of those that they depend on, and unpacks them.
fn download(folder: &Path) -> Result<()> {
    sh::empty_folder(folder)?;
    let mut download = sh::command("apt-get");
    download.args(["download", "-q"]).args(PACKAGES.map(|(package, _)| package));
    sh::run(download.current_dir(folder))?;
    for file in sh::files(folder, "deb")? {
        sh::run(sh::command("dpkg-deb").arg("-x").arg(&file).arg(folder))?;
        fs::remove_file(file)?;
    }
    anyhow::ensure!(is_there(folder), "the packages do not have the programs");
    Ok(())
}
