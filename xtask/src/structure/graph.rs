//! Our crates and what each needs, as plain data.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand, NodeDep};

use crate::sh;

/// The manifests of our workspaces, from the root.
pub(crate) const MANIFESTS: [&str; 7] = [
    "Cargo.toml",
    "browser/kernels/Cargo.toml",
    "browser/module/Cargo.toml",
    "embassy/Cargo.toml",
    "ffi/artifact/Cargo.toml",
    "firmware-example/rust/Cargo.toml",
    "firmware-example/ternary/Cargo.toml",
];

/// A crate of this tree, as one of the workspaces sees it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// Its folder in this tree.
    pub(crate) folder: String,
    /// What its manifest says it is.
    pub(crate) about: String,
    /// The crates that it needs to run or to build, not those that only its tests need; and whether
    /// they lie in this tree too.
    pub(crate) needs: BTreeMap<String, bool>,
}

/// Our crates with normal and build dependencies, all features, for all platforms. One that several
/// workspaces have is there as often.
pub(crate) fn all() -> Result<Vec<Node>> {
    Ok(MANIFESTS.into_iter().map(at).collect::<Result<Vec<_>>>()?.concat())
}

fn at(manifest: &str) -> Result<Vec<Node>> {
    let metadata = MetadataCommand::new()
        .manifest_path(sh::root().join(manifest))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .with_context(|| format!("cargo cannot describe {manifest}"))?;
    let is_needed =
        |dep: &&NodeDep| dep.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
    let node = |node: &cargo_metadata::Node| {
        let package = &metadata[&node.id];
        let folder = package.manifest_path.parent()?.strip_prefix(sh::root()).ok()?;
        let needs = node.deps.iter().filter(is_needed).map(|dep| &metadata[&dep.pkg]);
        Some(Node {
            name: package.name.to_string(),
            folder: folder.to_string(),
            about: package.description.clone().unwrap_or_default(),
            needs: needs.map(|it| (it.name.to_string(), it.source.is_none())).collect(),
        })
    };
    let resolve = metadata.resolve.as_ref().context("cargo gave no resolved graph")?;
    let ours = resolve.nodes.iter().filter(|node| metadata[&node.id].source.is_none());
    Ok(ours.filter_map(node).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Node;

    /// Our crates by their names and the names of those that each needs.
    pub(crate) fn nodes(crates: &[(&str, &[&str])]) -> Vec<Node> {
        let is_ours = |name: &str| crates.iter().any(|(ours, _)| *ours == name);
        let node = |&(name, needs): &(&str, &[&str])| Node {
            name: name.to_owned(),
            folder: format!("of/{name}"),
            about: format!("The {name}."),
            needs: needs.iter().map(|&name| (name.to_owned(), is_ours(name))).collect(),
        };
        crates.iter().map(node).collect()
    }
}
