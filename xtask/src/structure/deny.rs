//! Licences, sources and banned crates, by the rules of `deny.toml`.
//!
//! The file is cargo-deny's own format, so `cargo deny check` reads the same rules. This check
//! takes seconds and needs no other program; what it leaves to cargo-deny is the advisory
//! database, and it says so. Keys that it does not understand are an error, never passed over.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use spdx::{Expression, LicenseReq};

use super::graph::{Graph, MANIFESTS, Node};
use crate::{sh, structure};

/// The one registry that crates may come from, as cargo names it in its metadata.
pub(crate) const REGISTRY: &str =
    concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// The rules of `deny.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    graph: GraphRules,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
    /// Read by cargo-deny alone.
    #[serde(rename = "advisories")]
    _advisories: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GraphRules {
    exclude: Vec<String>,
    #[serde(rename = "all-features")]
    _all_features: bool,
    #[serde(rename = "exclude-dev")]
    _exclude_dev: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Severity,
    #[serde(rename = "wildcards")]
    _wildcards: Severity,
    #[serde(rename = "allow-wildcard-paths")]
    _allow_wildcard_paths: bool,
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Deny,
    Warn,
    Allow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    /// A name, or `name@requirement`.
    #[serde(rename = "crate")]
    spec: String,
    /// The only crates that may need it. None may when the list is empty.
    #[serde(default)]
    wrappers: Vec<String>,
    /// Why.
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Severity,
    unknown_git: Severity,
}

impl Ban {
    fn covers(&self, node: &Node) -> bool {
        match self.spec.split_once('@') {
            None => self.spec == node.name,
            Some((name, requirement)) => {
                let matches = semver::VersionReq::parse(requirement)
                    .ok()
                    .zip(semver::Version::parse(&node.version).ok())
                    .is_none_or(|(requirement, version)| requirement.matches(&version));
                name == node.name && matches
            }
        }
    }
}

impl Policy {
    /// The rules of the committed file.
    ///
    /// # Errors
    /// When the file is not there or has a key that this check does not know.
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(sh::root().join("deny.toml")).context("deny.toml")?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("deny.toml")
    }

    /// Every breach of the rules in the part of the graph that they cover.
    pub(crate) fn faults(&self, graph: &Graph) -> Vec<String> {
        let reached = graph.reached(&self.graph.exclude);
        let covered: Vec<&Node> = reached.iter().filter_map(|at| graph.nodes.get(*at)).collect();
        let mut faults = Vec::new();
        for node in &covered {
            faults.extend(self.licence_fault(node));
            faults.extend(self.source_fault(node));
        }
        for ban in &self.bans.deny {
            for user in &covered {
                if ban.wrappers.contains(&user.name) {
                    continue;
                }
                for used in graph.needs(user).filter(|used| ban.covers(used)) {
                    let (reason, name) = (&ban.reason, &used.name);
                    faults.push(format!("{} must not need {name}: {reason}", user.name));
                }
            }
        }
        let doubled = doubled(&covered);
        if self.bans.multiple_versions == Severity::Deny {
            faults.extend(doubled);
        }
        faults
    }

    fn licence_fault(&self, node: &Node) -> Option<String> {
        let Some(text) = &node.license else {
            return Some(format!("{} states no licence", node.name));
        };
        let Ok(expression) = Expression::parse_mode(text, spdx::ParseMode::LAX) else {
            return Some(format!("{}: `{text}` is no licence expression", node.name));
        };
        let allowed = |requirement: &LicenseReq| {
            let named = requirement.to_string();
            self.licenses.allow.contains(&named)
        };
        (!expression.evaluate(allowed))
            .then(|| format!("{}: the licence {text} is not allowed", node.name))
    }

    fn source_fault(&self, node: &Node) -> Option<String> {
        let source = node.source.as_deref()?;
        let rule = if source.starts_with("git+") {
            &self.sources.unknown_git
        } else if source == REGISTRY {
            return None;
        } else {
            &self.sources.unknown_registry
        };
        (*rule == Severity::Deny).then(|| format!("{} comes from {source}", node.name))
    }
}

fn doubled(nodes: &[&Node]) -> Vec<String> {
    let mut versions = BTreeMap::<&str, BTreeSet<&str>>::new();
    for node in nodes {
        versions.entry(&node.name).or_default().insert(&node.version);
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            let list: Vec<&str> = versions.into_iter().collect();
            format!("{name} is there in {} versions: {}", list.len(), list.join(", "))
        })
        .collect()
}

/// The leg `deny`.
///
/// # Errors
/// When a rule is broken, or the file or a graph cannot be read.
pub(crate) fn main() -> Result<()> {
    let policy = Policy::read()?;
    for manifest in MANIFESTS {
        let graph = Graph::at(manifest)?;
        let reached = graph.reached(&policy.graph.exclude);
        let covered: Vec<&Node> = reached.iter().filter_map(|at| graph.nodes.get(*at)).collect();
        println!("{manifest}: {} packages", covered.len());
        if policy.bans.multiple_versions == Severity::Warn {
            doubled(&covered).iter().for_each(|line| println!("note: {line}"));
        }
        structure::none("licences, sources and bans", &policy.faults(&graph))?;
    }
    println!("advisories are not looked up here: `cargo deny check advisories` does");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Graph, MANIFESTS, tests::graph};
    use super::Policy;

    /// A policy with these entries of `bans.deny`.
    fn policy(deny: &str) -> Policy {
        // A reason is required of each entry; the tests do not care which.
        let deny = deny.replace(" }", ", reason = 'test' }");
        Policy::parse(&format!(
            "[graph]\nexclude = ['xtask']\nall-features = true\nexclude-dev = true\n\
             [licenses]\nallow = ['MIT']\n\
             [bans]\nmultiple-versions = 'deny'\nwildcards = 'deny'\n\
             allow-wildcard-paths = true\ndeny = [{deny}]\n\
             [sources]\nunknown-registry = 'deny'\nunknown-git = 'deny'\n[advisories]\n"
        ))
        .unwrap()
    }

    #[test]
    fn the_workspace_keeps_the_rules() {
        for manifest in MANIFESTS {
            let faults = Policy::read().unwrap().faults(&Graph::at(manifest).unwrap());
            assert!(faults.is_empty(), "{manifest}: {faults:#?}");
        }
    }

    #[test]
    fn a_foreign_licence_is_found() {
        let mut graph = graph(&[("trine", true, &["a"]), ("a", false, &[])]);
        assert!(policy("").faults(&graph).is_empty());
        for (license, faults) in
            [("GPL-3.0-only", 1), ("MIT OR GPL-3.0-only", 0), ("MIT AND GPL-3.0-only", 1), ("?", 1)]
        {
            graph.nodes[1].license = Some(license.to_owned());
            assert_eq!(policy("").faults(&graph).len(), faults, "{license}");
        }
        graph.nodes[1].license = None;
        assert_eq!(policy("").faults(&graph).len(), 1);
    }

    #[test]
    fn a_foreign_source_is_found() {
        let mut graph = graph(&[("trine", true, &["a"]), ("a", false, &[])]);
        for source in ["git+https://example.org/a", "registry+https://example.org/index"] {
            graph.nodes[1].source = Some(source.to_owned());
            assert_eq!(policy("").faults(&graph).len(), 1, "{source}");
        }
    }

    #[test]
    fn a_ban_holds_for_all_but_its_wrappers() {
        let graph = graph(&[("trine", true, &["a"]), ("a", false, &["b"]), ("b", false, &[])]);
        assert_eq!(policy(r#"{ crate = "b" }"#).faults(&graph).len(), 1);
        assert_eq!(policy(r#"{ crate = "b@1" }"#).faults(&graph).len(), 1);
        assert!(policy(r#"{ crate = "b@<1" }"#).faults(&graph).is_empty());
        assert!(policy(r#"{ crate = "b", wrappers = ["a"] }"#).faults(&graph).is_empty());
    }

    #[test]
    fn a_second_version_is_found() {
        let mut graph =
            graph(&[("trine", true, &["a", "b"]), ("a", false, &[]), ("b", false, &[])]);
        graph.nodes[2].name = "a".to_owned();
        graph.nodes[2].version = "2.0.0".to_owned();
        assert_eq!(policy("").faults(&graph).len(), 1);
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(Policy::parse("[surprise]\n").is_err());
    }
}
