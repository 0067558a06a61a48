//! The crates that are linked into a package, as cargo resolves them: names, licences, sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use devtools::sh;
use serde_json::Value;

use super::Target;

/// A crate that is linked into something of a package.
#[derive(Debug, Clone)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// A licence expression of SPDX.
    pub(super) licence: String,
    pub(super) repository: String,
    pub(super) folder: PathBuf,
    /// SHA-256 of its archive; nothing where it is of this repository.
    pub(super) checksum: Option<String>,
    /// The names and versions that it needs itself, in order.
    pub(super) needs: BTreeSet<(String, String)>,
}

impl Crate {
    pub(super) fn is_ours(&self) -> bool {
        self.checksum.is_none()
    }
}

/// Crates by name and version.
pub(super) type Crates = BTreeMap<(String, String), Crate>;

/// All crates that are linked into the package of a target.
pub(super) fn linked(target: &Target) -> Result<Crates> {
    let mut all = Crates::new();
    let profile = if target.is_host() { "sentences" } else { "full" };
    let features = [profile, "model-full"];
    let features = features.map(|name| format!("--no-default-features --features {name}"));
    add(&mut all, target, &sh::root().join("ffi/artifact"), &features)?;
    if target.is_host() {
        let packages = ["-p trine", "-p trine-c-host"].map(str::to_owned);
        add(&mut all, target, &sh::root(), &packages)?;
    }
    Ok(all)
}

/// What cargo links with each of these options, by name and version.
fn wanted(
    target: &Target,
    workspace: &Path,
    options: &[String],
) -> Result<BTreeSet<(String, String)>> {
    let mut wanted = BTreeSet::new();
    for options in options {
        let line = "tree --locked --prefix none --edges normal,no-proc-macro --format {p} --target";
        let mut tree = cargo(workspace, line);
        let tree = sh::output(tree.arg(&*target.name).args(options.split(' ')))?;
        let of = |line: &str| -> Option<(String, String)> {
            let mut words = line.split(' ');
            Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
        };
        wanted.extend(tree.lines().filter_map(of));
    }
    ensure!(!wanted.is_empty(), "cargo tree shows no crate of {}", workspace.display());
    Ok(wanted)
}

/// Adds what is linked of a workspace, each time with other options of cargo.
fn add(all: &mut Crates, target: &Target, workspace: &Path, options: &[String]) -> Result<()> {
    let wanted = wanted(target, workspace, options)?;
    let described =
        sh::output(&mut cargo(workspace, "metadata --locked --all-features --format-version 1"))?;
    let described: Value = serde_json::from_str(&described)?;
    let checksums = checksums(&std::fs::read_to_string(workspace.join("Cargo.lock"))?);
    let packages = described["packages"].as_array().context("cargo names no packages")?;
    let ids: BTreeMap<&str, (String, String)> =
        packages.iter().filter_map(|one| Some((one["id"].as_str()?, key(one)))).collect();
    let nodes = described["resolve"]["nodes"].as_array().context("cargo resolves nothing")?;
    let mut found = 0;
    for package in packages {
        let key = key(package);
        if !wanted.contains(&key) {
            continue;
        }
        found += 1;
        let node = nodes.iter().find(|node| node["id"] == package["id"]);
        let needs = node.and_then(|node| node["deps"].as_array()).into_iter().flatten();
        let needs = needs.filter(|need| is_linked(need));
        let needs = needs.filter_map(|need| ids.get(need["pkg"].as_str()?));
        let needs = needs.filter(|need| wanted.contains(*need)).cloned().collect();
        let checksum = checksums.get(&key).cloned();
        let is_ours = package["source"].is_null();
        ensure!(is_ours != checksum.is_some(), "{key:?} has no checksum in Cargo.lock");
        let one = described_by(package, checksum, needs)?;
        match all.get_mut(&key) {
            Some(known) => known.needs.extend(one.needs),
            None => drop(all.insert(key, one)),
        }
    }
    ensure!(found == wanted.len(), "cargo metadata and cargo tree differ");
    Ok(())
}

fn cargo(workspace: &Path, line: &str) -> Command {
    let mut cargo = sh::cargo();
    cargo.current_dir(workspace).args(line.split(' '));
    cargo
}

/// Whether a dependency is one to run, not to build or to test.
fn is_linked(need: &Value) -> bool {
    let kinds = need["dep_kinds"].as_array();
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

fn text(package: &Value, field: &str) -> String {
    package[field].as_str().unwrap_or_default().to_owned()
}

fn key(package: &Value) -> (String, String) {
    (text(package, "name"), text(package, "version"))
}

fn described_by(
    package: &Value,
    checksum: Option<String>,
    needs: BTreeSet<(String, String)>,
) -> Result<Crate> {
    let (name, version) = key(package);
    let manifest = PathBuf::from(text(package, "manifest_path"));
    let folder = manifest.parent().context("a manifest lies in a folder")?.to_owned();
    // An older way to write it, which is no expression of SPDX.
    let licence = text(package, "license").replace('/', " OR ");
    ensure!(!licence.is_empty(), "{name} {version} names no licence in its manifest");
    let repository = text(package, "repository");
    Ok(Crate { name, version, licence, repository, folder, checksum, needs })
}

/// Checksums of a `Cargo.lock` by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned())
    };
    let blocks = lock.split("[[package]]");
    let entry = |block| {
        let key = (field(block, "name")?, field(block, "version")?);
        Some((key, field(block, "checksum")?))
    };
    blocks.filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::checksums;

    #[test]
    fn checksums_are_those_of_crates_from_outside() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\n\
                    name = \"b\"\nversion = \"2.0.0\"\nsource = \"x\"\nchecksum = \"ab\"\n";
        let found = checksums(lock);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&("b".to_owned(), "2.0.0".to_owned())], "ab");
    }
}
