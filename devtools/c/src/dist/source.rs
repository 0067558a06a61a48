//! The archive of the source with all crates that it needs, to build without a registry.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use devtools::sh;

use super::package::{VERSION, archive};

/// Workspaces of their own, whose crates are in the archive too.
const WORKSPACES: [&str; 4] = [
    "ffi/artifact",
    "firmware-example/c/freertos",
    "firmware-example/rust",
    "firmware-example/ternary",
];

/// What tells cargo to look nowhere else.
const CONFIG: &str = "
[source.crates-io]
replace-with = \"vendored-sources\"

[source.vendored-sources]
directory = \"vendor\"
";

/// Makes `trine-VERSION-source.tar.gz` under `target/dist`, of what is committed, and sees that
/// cargo resolves each workspace from it without a network.
pub(super) fn make() -> Result<PathBuf> {
    let name = format!("trine-{VERSION}-source");
    let dist = sh::target_dir().join("dist");
    let root = dist.join("package").join(&name);
    sh::empty_folder(&root)?;
    let tree = dist.join("source.tar");
    sh::run(sh::line("git archive --format=tar HEAD -o").arg(&tree))?;
    sh::run(sh::line("tar -xf").arg(&tree).arg("-C").arg(&root))?;
    fs::remove_file(tree)?;
    let mut cargo = sh::cargo();
    cargo.current_dir(&root).args("vendor --locked --quiet --versioned-dirs".split(' '));
    for workspace in WORKSPACES {
        cargo.arg("--sync").arg(format!("{workspace}/Cargo.toml"));
    }
    sh::run(cargo.arg("vendor"))?;
    let config = root.join(".cargo/config.toml");
    let own = fs::read_to_string(&config)?;
    fs::write(&config, own + CONFIG)?;
    let home = dist.join("empty-home");
    sh::empty_folder(&home)?;
    for workspace in [""].into_iter().chain(WORKSPACES) {
        let mut cargo = sh::cargo();
        cargo.args("metadata --format-version 1 --offline --locked".split(' '));
        sh::output(cargo.current_dir(root.join(workspace)).env("CARGO_HOME", &home))?;
    }
    let tarball = archive(&root)?;
    // It is large, and the archive has it.
    fs::remove_dir_all(root)?;
    Ok(tarball)
}
