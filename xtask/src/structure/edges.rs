//! Who may depend on whom, by the lists in `edges.toml`.
//!
//! The arrows between our own crates are those of the map in `ARCHITECTURE.md`; crates from
//! outside are listed for each of ours, so that a new one is a decision and never an accident.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::graph::{Graph, Node};
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

    /// Every edge that is not allowed, and every one that is listed in vain: no graph with the
    /// member has it. What a feature brings may be in one and not in another.
    pub(crate) fn faults(&self, graphs: &[Graph]) -> Vec<String> {
        let mut faults = Vec::new();
        for (graph, node) in ours(graphs) {
            if let Some(allowed) = self.crates.get(&node.name) {
                faults.extend(graph.needs(node).filter_map(|to| allowed.fault(node, to)));
            } else if !self.tools.contains(&node.name) {
                faults.push(format!("{FILE} does not know the member {}", node.name));
            }
        }
        for (member, allowed) in &self.crates {
            let same = || ours(graphs).filter(|(_, node)| node.name == *member);
            if same().next().is_none() {
                faults.push(format!("{FILE} lists {member}, which is in no workspace"));
                continue;
            }
            let needed: BTreeSet<&String> =
                same().flat_map(|(graph, node)| graph.needs(node)).map(|to| &to.name).collect();
            let listed = allowed.ours.iter().chain(&allowed.outside);
            let vain = listed.filter(|name| !needed.contains(name));
            let fault = |name| format!("{FILE} lists {name} for {member}, which does not need it");
            faults.extend(vain.map(fault));
        }
        faults
    }
}

pub(super) fn ours(graphs: &[Graph]) -> impl Iterator<Item = (&Graph, &Node)> {
    graphs.iter().flat_map(|graph| {
        graph.nodes.iter().filter(|node| node.is_ours()).map(move |node| (graph, node))
    })
}

impl Allowed {
    fn fault(&self, node: &Node, needed: &Node) -> Option<String> {
        let (Node { name, .. }, to) = (node, &needed.name);
        if needed.is_ours() {
            return (!self.ours.contains(to)).then(|| format!("{name} must not need {to}"));
        }
        let fault = || format!("{name} needs {to}, which {FILE} does not list for it");
        (!self.outside.contains(to)).then(fault)
    }
}

pub(crate) fn all_faults() -> Result<Vec<String>> {
    let edges = Edges::read()?;
    let faults: BTreeSet<String> = edges.faults(&Graph::all()?).into_iter().collect();
    Ok(faults.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::{Edges, all_faults};

    fn faults(edges: &str, packages: &[(&str, bool, &[&str])]) -> Vec<String> {
        let edges: Edges = toml::from_str(edges).unwrap();
        edges.faults(&[graph(packages)])
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
        assert!(faults(edges, &[("arena", true, &[]), ("wire", true, &["arena"])]).is_empty());
        let wrong = faults(edges, &[("arena", true, &["wire"]), ("wire", true, &[])]);
        let vain = "edges.toml lists arena for wire, which does not need it";
        assert_eq!(wrong, ["arena must not need wire", vain]);
    }

    #[test]
    fn a_crate_from_outside_needs_leave() {
        let packages: &[(&str, bool, &[&str])] = &[("wire", true, &["cobs"]), ("cobs", false, &[])];
        let none = "tools = []\n[crates]\nwire = { ours = ['cobs'], outside = [] }";
        assert_eq!(faults(none, packages).len(), 1);
        let leave = "tools = []\n[crates]\nwire = { ours = [], outside = ['cobs'] }";
        assert!(faults(leave, packages).is_empty());
        let alone: &[(&str, bool, &[&str])] = &[("wire", true, &[])];
        assert_eq!(faults(leave, alone).len(), 1, "listed in vain");
        let edges: Edges = toml::from_str(leave).unwrap();
        assert!(edges.faults(&[graph(alone), graph(packages)]).is_empty(), "needed by a feature");
    }

    #[test]
    fn an_unknown_member_and_a_needed_tool_are_found() {
        let edges = "tools = ['xtask']\n[crates]\ntrine = { ours = [], outside = [] }";
        let packages: &[(&str, bool, &[&str])] =
            &[("new", true, &[]), ("trine", true, &["xtask"]), ("xtask", true, &["new"])];
        assert_eq!(faults(edges, packages).len(), 2);
        let gone = faults(edges, &[("xtask", true, &[])]);
        assert_eq!(gone, ["edges.toml lists trine, which is in no workspace"]);
    }
}
