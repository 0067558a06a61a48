//! Who may depend on whom, by the lists in `edges.toml`.
//!
//! The arrows between our own crates are those of the map in `ARCHITECTURE.md`; crates from
//! outside are listed for each of ours, so that a new one is a decision and never an accident.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::graph::{self, Node};
use crate::sh;

const FILE: &str = "edges.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edges {
    /// Members that are no part of the product.
    pub(super) tools: Vec<String>,
    /// Product crates.
    pub(super) crates: BTreeMap<String, Allowed>,
}

/// What one product crate may need to run or to build.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowed {
    pub(super) ours: Vec<String>,
    pub(super) outside: Vec<String>,
}

impl Edges {
    pub(crate) fn read() -> Result<Self> {
        toml::from_str(&sh::read(FILE)?).context(FILE)
    }

    /// Every edge that is not allowed, and every one that is listed in vain: no workspace with the
    /// member has it. What a feature brings may be in one and not in another.
    fn faults(&self, nodes: &[Node]) -> Vec<String> {
        let mut faults = BTreeSet::new();
        for node in nodes {
            if let Some(allowed) = self.crates.get(&node.name) {
                faults.extend(allowed.faults(node));
            } else if !self.tools.contains(&node.name) {
                faults.insert(format!("{FILE} does not know the member {}", node.name));
            }
        }
        for (member, allowed) in &self.crates {
            let same: Vec<&Node> = nodes.iter().filter(|node| node.name == *member).collect();
            if same.is_empty() {
                faults.insert(format!("{FILE} lists {member}, which is in no workspace"));
                continue;
            }
            let is_needed = |name: &&String| same.iter().any(|node| node.needs.contains_key(*name));
            let listed = allowed.ours.iter().chain(&allowed.outside);
            let fault = |name| format!("{FILE} lists {name} for {member}, which does not need it");
            faults.extend(listed.filter(|name| !is_needed(name)).map(fault));
        }
        faults.into_iter().collect()
    }
}

impl Allowed {
    fn faults(&self, node: &Node) -> Vec<String> {
        let fault = |(to, is_ours): (&String, &bool)| match is_ours {
            true if self.ours.contains(to) => None,
            true => Some(format!("{} must not need {to}", node.name)),
            false if self.outside.contains(to) => None,
            false => Some(format!("{} needs {to}, which {FILE} does not list for it", node.name)),
        };
        node.needs.iter().filter_map(fault).collect()
    }
}

pub(crate) fn all_faults() -> Result<Vec<String>> {
    Ok(Edges::read()?.faults(&graph::all()?))
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::nodes;
    use super::{Edges, all_faults};

    fn faults(edges: &str, crates: &[(&str, &[&str])]) -> Vec<String> {
        toml::from_str::<Edges>(edges).unwrap().faults(&nodes(crates))
    }

    #[test]
    fn the_workspaces_have_only_allowed_edges() {
        let faults = all_faults().unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn a_wrong_arrow_is_found() {
        let edges = "tools = []\n[crates]\narena = { ours = [], outside = [] }\n\
                     wire = { ours = ['arena'], outside = [] }";
        assert!(faults(edges, &[("arena", &[]), ("wire", &["arena"])]).is_empty());
        let wrong = faults(edges, &[("arena", &["wire"]), ("wire", &[])]);
        let vain = "edges.toml lists arena for wire, which does not need it";
        assert_eq!(wrong, ["arena must not need wire", vain]);
    }

    #[test]
    fn a_crate_from_outside_needs_leave() {
        let none = "tools = []\n[crates]\nwire = { ours = ['cobs'], outside = [] }";
        assert_eq!(faults(none, &[("wire", &["cobs"])]).len(), 1);
        let leave = "tools = []\n[crates]\nwire = { ours = [], outside = ['cobs'] }";
        assert!(faults(leave, &[("wire", &["cobs"])]).is_empty());
        assert_eq!(faults(leave, &[("wire", &[])]).len(), 1, "listed in vain");
        let twice = faults(leave, &[("wire", &[]), ("wire", &["cobs"])]);
        assert!(twice.is_empty(), "needed by a feature");
    }

    #[test]
    fn an_unknown_member_and_a_needed_tool_are_found() {
        let edges = "tools = ['xtask']\n[crates]\ntrine = { ours = [], outside = [] }";
        let crates: &[(&str, &[&str])] =
            &[("new", &[]), ("trine", &["xtask"]), ("xtask", &["new"])];
        assert_eq!(faults(edges, crates).len(), 2);
        let gone = faults(edges, &[("xtask", &[])]);
        assert_eq!(gone, ["edges.toml lists trine, which is in no workspace"]);
    }
}
