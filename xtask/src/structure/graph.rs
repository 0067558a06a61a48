//! The dependency graph that the checks look at, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, NodeDep, PackageId};

use crate::sh;

/// The manifests of our workspaces, from the root.
pub(crate) const MANIFESTS: [&str; 4] = [
    "Cargo.toml",
    "ffi/artifact/Cargo.toml",
    "firmware-example/rust/Cargo.toml",
    "firmware-example/ternary/Cargo.toml",
];

#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// Its folder in this tree; empty for a package from outside.
    pub(crate) folder: String,
    /// What its manifest says it is.
    pub(crate) about: String,
    pub(crate) version: String,
    /// Its licence as an SPDX expression, where it states one.
    pub(crate) license: Option<String>,
    /// Where it comes from: `None` for a path in this workspace.
    pub(crate) source: Option<String>,
    pub(crate) member: bool,
    /// Indices of the packages it needs to run or to build, not those that only its tests need.
    pub(crate) needs: Vec<usize>,
}

impl Node {
    /// Whether it lies in this tree, be it a member of this workspace or of another.
    pub(crate) fn is_ours(&self) -> bool {
        self.source.is_none()
    }
}

/// Packages and their normal and build dependencies, with all features, for all platforms.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
}

impl Graph {
    pub(crate) fn at(manifest: &str) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(sh::root().join(manifest))
            .features(cargo_metadata::CargoOpt::AllFeatures)
            .other_options(["--locked".to_owned()])
            .exec()
            .with_context(|| format!("cargo cannot describe {manifest}"))?;
        let resolve = metadata.resolve.as_ref().context("cargo gave no resolved graph")?;
        let index: BTreeMap<&PackageId, usize> =
            resolve.nodes.iter().enumerate().map(|(at, node)| (&node.id, at)).collect();
        let is_needed = |dep: &&NodeDep| {
            dep.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
        };
        let node = |node: &cargo_metadata::Node| {
            let package = &metadata[&node.id];
            let needs = node.deps.iter().filter(is_needed);
            let folder = package.manifest_path.parent();
            let folder = folder.and_then(|at| at.strip_prefix(sh::root()).ok());
            Node {
                name: package.name.to_string(),
                folder: folder.map(ToString::to_string).unwrap_or_default(),
                about: package.description.clone().unwrap_or_default(),
                version: package.version.to_string(),
                license: package.license.clone(),
                source: package.source.as_ref().map(ToString::to_string),
                member: metadata.workspace_members.contains(&node.id),
                needs: needs.filter_map(|dep| index.get(&dep.pkg).copied()).collect(),
            }
        };
        Ok(Self { nodes: resolve.nodes.iter().map(node).collect() })
    }

    pub(crate) fn all() -> Result<Vec<Self>> {
        MANIFESTS.into_iter().map(Self::at).collect()
    }

    pub(crate) fn needs<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        node.needs.iter().filter_map(|at| self.nodes.get(*at))
    }

    /// The indices of all packages that the members outside `excluded` reach.
    pub(crate) fn reached(&self, excluded: &[String]) -> BTreeSet<usize> {
        let is_start = |node: &Node| node.member && !excluded.contains(&node.name);
        let starts = self.nodes.iter().enumerate().filter(|(_, node)| is_start(node));
        let mut open: Vec<usize> = starts.map(|(at, _)| at).collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(self.nodes.get(at).into_iter().flat_map(|node| &node.needs));
            }
        }
        seen
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Graph, Node};

    /// A graph from (name, member, needs).
    pub(crate) fn graph(packages: &[(&str, bool, &[&str])]) -> Graph {
        let at = |name: &str| packages.iter().position(|package| package.0 == name).unwrap();
        let node = |&(name, member, needs): &(&str, bool, &[&str])| Node {
            name: name.to_owned(),
            folder: format!("of/{name}"),
            about: format!("The {name}."),
            version: "1.0.0".to_owned(),
            license: Some("MIT".to_owned()),
            source: (!member).then(|| super::super::deny::REGISTRY.to_owned()),
            member,
            needs: needs.iter().map(|name| at(name)).collect(),
        };
        Graph { nodes: packages.iter().map(node).collect() }
    }

    #[test]
    fn an_excluded_member_brings_nothing() {
        let members = [("trine", true, &["a"][..]), ("xtask", true, &["b"])];
        let graph = graph(&[&members[..], &[("a", false, &[]), ("b", false, &[])]].concat());
        assert!(graph.reached(&["xtask".to_owned()]).into_iter().eq([0, 2]));
    }
}
