//! Who may depend on whom, by the lists in `edges.toml`.
//!
//! The arrows between our own crates are those of the map in `ARCHITECTURE.md`; crates from
//! outside are listed for each of ours, so that a new one is a decision and never an accident.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::graph::{Graph, Node};
use crate::sh;

const FILE: &str = "edges.toml";

/// The lists.
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
    /// The committed lists.
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(sh::root().join(FILE)).context(FILE)?;
        toml::from_str(&text).context(FILE)
    }

    /// Every edge that is not allowed, and every one that is listed in vain: no graph with the
    /// member has it. What a feature brings may be in one and not in another.
    pub(crate) fn faults(&self, graphs: &[Graph]) -> Vec<String> {
        let mut faults = Vec::new();
        for (graph, node) in ours(graphs) {
            match self.crates.get(&node.name) {
                Some(allowed) => {
                    faults.extend(graph.needs(node).filter_map(|to| allowed.fault(node, to)));
                }
                None if self.tools.contains(&node.name) => {}
                None => faults.push(format!("{FILE} does not know the member {}", node.name)),
            }
        }
        for (member, allowed) in &self.crates {
            if !ours(graphs).any(|(_, node)| node.name == *member) {
                faults.push(format!("{FILE} lists {member}, which is in no workspace"));
                continue;
            }
            let needs = |name: &String| {
                let same = ours(graphs).filter(|(_, node)| node.name == *member);
                same.flat_map(|(graph, node)| graph.needs(node)).any(|to| to.name == *name)
            };
            let listed = allowed.ours.iter().chain(&allowed.outside);
            let vain = listed.filter(|name| !needs(name));
            faults.extend(
                vain.map(|name| {
                    format!("{FILE} lists {name} for {member}, which does not need it")
                }),
            );
        }
        faults
    }
}

/// Our members of all graphs.
pub(super) fn ours(graphs: &[Graph]) -> impl Iterator<Item = (&Graph, &Node)> {
    graphs.iter().flat_map(|graph| {
        graph.nodes.iter().filter(|node| node.is_ours()).map(move |node| (graph, node))
    })
}

impl Allowed {
    fn fault(&self, node: &Node, needed: &Node) -> Option<String> {
        if needed.is_ours() {
            let fine = self.ours.contains(&needed.name);
            return (!fine).then(|| format!("{} must not need {}", node.name, needed.name));
        }
        let fine = self.outside.contains(&needed.name);
        (!fine).then(|| {
            format!("{} needs {}, which {FILE} does not list for it", node.name, needed.name)
        })
    }
}

/// The faults of all our workspaces.
pub(crate) fn all_faults() -> Result<Vec<String>> {
    let edges = Edges::read()?;
    let mut faults = edges.faults(&Graph::all()?);
    faults.sort_unstable();
    faults.dedup();
    Ok(faults)
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
        let right: &[(&str, bool, &[&str])] = &[("arena", true, &[]), ("wire", true, &["arena"])];
        assert!(faults(edges, right).is_empty());
        let wrong: &[(&str, bool, &[&str])] = &[("arena", true, &["wire"]), ("wire", true, &[])];
        let found =
            ["arena must not need wire", "edges.toml lists arena for wire, which does not need it"];
        assert_eq!(faults(edges, wrong), found);
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
