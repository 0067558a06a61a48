//! Licences, sources and banned crates, by the rules of `deny.toml`: `cargo deny` where it is
//! installed, with the advisory database; else a check of the most important of them, which needs
//! no other program.

use anyhow::{Context, Result};
use cargo_metadata::semver::{Version, VersionReq};
use serde::Deserialize;
use spdx::{Expression, LicenseReq};

use super::graph::{Graph, MANIFESTS, Node};
use crate::{sh, structure};

/// The one registry that crates may come from, as cargo names it in its metadata.
pub(crate) const REGISTRY: &str =
    concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// What is read of `deny.toml`, which is cargo-deny's own format.
#[derive(Debug, Deserialize)]
struct Policy {
    graph: GraphRules,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct GraphRules {
    exclude: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    /// A name, or `name@requirement`.
    #[serde(rename = "crate")]
    spec: String,
    /// The only crates that may need it. None may when the list is empty.
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

impl Ban {
    fn covers(&self, node: &Node) -> bool {
        let (name, wanted) = self.spec.split_once('@').unwrap_or((&self.spec, "*"));
        let wanted = VersionReq::parse(wanted).unwrap_or_default();
        name == node.name && Version::parse(&node.version).is_ok_and(|it| wanted.matches(&it))
    }
}

impl Policy {
    /// Every breach of the rules in the part of the graph that they cover.
    fn faults(&self, graph: &Graph) -> Vec<String> {
        let reached = graph.reached(&self.graph.exclude);
        let mut faults = Vec::new();
        for node in reached.iter().filter_map(|at| graph.nodes.get(*at)) {
            let Node { name, .. } = node;
            let text = node.license.as_deref().unwrap_or("none");
            let allowed = |it: &LicenseReq| self.licenses.allow.contains(&it.to_string());
            let licence = Expression::parse_mode(text, spdx::ParseMode::LAX);
            if !licence.is_ok_and(|expression| expression.evaluate(allowed)) {
                faults.push(format!("{name}: the licence {text} is not allowed"));
            }
            if let Some(source) = node.source.as_ref().filter(|source| *source != REGISTRY) {
                faults.push(format!("{name} comes from {source}"));
            }
            for ban in self.bans.deny.iter().filter(|ban| !ban.wrappers.contains(name)) {
                for used in graph.needs(node).filter(|used| ban.covers(used)) {
                    faults.push(format!("{name} must not need {}: {}", used.name, ban.reason));
                }
            }
        }
        faults
    }
}

pub(crate) fn main() -> Result<()> {
    if sh::works("cargo", &["deny", "--version"]) {
        return MANIFESTS.iter().try_for_each(|manifest| {
            sh::run(sh::cargo().args(["deny", "--manifest-path", manifest, "check"]))
        });
    }
    println!("cargo-deny is not installed: without advisories, by our own reading of deny.toml");
    let policy: Policy = toml::from_str(&sh::read("deny.toml")?).context("deny.toml")?;
    let faults = MANIFESTS.map(|manifest| Ok(policy.faults(&Graph::at(manifest)?)));
    let faults = faults.into_iter().collect::<Result<Vec<_>>>()?.concat();
    structure::none("licences, sources and bans", &faults)
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::{Policy, main};

    #[test]
    fn the_workspace_keeps_the_rules() {
        main().unwrap();
    }

    #[test]
    fn a_foreign_licence_source_and_crate_are_found() {
        let mut graph = graph(&[("trine", true, &["a"]), ("a", false, &["b"]), ("b", false, &[])]);
        let found = |graph: &_, deny: &str| {
            let text = format!(
                "graph.exclude = ['xtask']\nlicenses.allow = ['MIT']\nbans.deny = [{deny}]"
            );
            toml::from_str::<Policy>(&text).unwrap().faults(graph).len()
        };
        assert_eq!(found(&graph, ""), 0);
        for (ban, faults) in [
            ("{ crate = 'b', reason = 'x' }", 1),
            ("{ crate = 'b@1', reason = 'x' }", 1),
            ("{ crate = 'b@<1', reason = 'x' }", 0),
            ("{ crate = 'b', wrappers = ['a'], reason = 'x' }", 0),
        ] {
            assert_eq!(found(&graph, ban), faults, "{ban}");
        }
        let wrong = ["GPL-3.0-only", "MIT AND GPL-3.0-only", "?"].map(Some);
        for license in [Some("MIT OR GPL-3.0-only"), None].into_iter().chain(wrong) {
            graph.nodes[1].license = license.map(str::to_owned);
            let faults = usize::from(license != Some("MIT OR GPL-3.0-only"));
            assert_eq!(found(&graph, ""), faults, "{license:?}");
        }
        for source in ["git+https://example.org/a", "registry+https://example.org/index"] {
            graph.nodes[2].source = Some(source.to_owned());
            assert_eq!(found(&graph, ""), 2, "{source}");
        }
    }
}
