//! Who may depend on whom.
//!
//! Between our own crates the arrows are the table below, which is the map in `ARCHITECTURE.md`.
//! Crates from outside are listed in `deny.toml`: an entry of `bans.deny` with `wrappers` names
//! the crates that may use it, and what is not listed there may not be used by a product crate.

use super::deny::Policy;
use super::graph::{Graph, Node};

/// A product crate and the product crates that it may need to run or to build.
const EDGES: &[(&str, &[&str])] = &[
    ("trine-arena", &[]),
    ("trine-descriptor", &[]),
    ("trine-derive", &[]),
    ("trine-wire", &["trine-arena"]),
    ("trine-dispatch", &["trine-arena", "trine-descriptor", "trine-wire"]),
    ("trine-mcp", &["trine-descriptor", "trine-dispatch"]),
    ("trine-plan", &["trine-descriptor", "trine-dispatch"]),
    ("trine-board", &["trine-derive", "trine-descriptor", "trine-dispatch"]),
    ("trine", &HOST),
];

const HOST: [&str; 8] = [
    "trine-arena",
    "trine-board",
    "trine-derive",
    "trine-descriptor",
    "trine-dispatch",
    "trine-mcp",
    "trine-plan",
    "trine-wire",
];

/// Members that are no part of the product: they may need anything, and nothing may need them.
const TOOLS: &[&str] = &["xtask", "trine-peer"];

/// Every edge that is not allowed.
pub(crate) fn faults(graph: &Graph, policy: &Policy) -> Vec<String> {
    let mut faults = Vec::new();
    for node in graph.nodes.iter().filter(|node| node.member) {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == node.name) else {
            if !TOOLS.contains(&node.name.as_str()) {
                faults.push(format!(
                    "{} is a member that xtask/src/structure/edges.rs does not know: add it to \
                     EDGES, or to TOOLS when nothing of the product needs it",
                    node.name
                ));
            }
            continue;
        };
        for needed in graph.needs(node) {
            faults.extend(fault(node, needed, allowed, policy));
        }
    }
    faults
}

fn fault(node: &Node, needed: &Node, allowed: &[&str], policy: &Policy) -> Option<String> {
    if needed.member {
        let fine = allowed.contains(&needed.name.as_str());
        return (!fine).then(|| format!("{} must not need {}", node.name, needed.name));
    }
    let fine = policy.may_use(&node.name, &needed.name);
    (!fine).then(|| {
        format!(
            "{} needs {}, which deny.toml does not allow it: name {} among its wrappers there, \
             with the reason",
            node.name, needed.name, node.name
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::deny::{Policy, tests::policy};
    use super::super::graph::{Graph, tests::graph};
    use super::faults;

    #[test]
    fn the_workspace_has_only_allowed_edges() {
        let faults = faults(&Graph::of_workspace().unwrap(), &Policy::read().unwrap());
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn a_wrong_arrow_is_found() {
        let graph = graph(&[
            ("trine-arena", true, &["trine-wire"]),
            ("trine-wire", true, &["trine-arena"]),
        ]);
        let faults = faults(&graph, &policy(""));
        assert_eq!(faults, ["trine-arena must not need trine-wire"]);
    }

    #[test]
    fn a_crate_from_outside_needs_leave() {
        let graph = graph(&[("trine-wire", true, &["cobs"]), ("cobs", false, &[])]);
        assert_eq!(faults(&graph, &policy("")).len(), 1);
        let other = policy(r#"{ crate = "cobs", wrappers = ["trine-mcp"] }"#);
        assert_eq!(faults(&graph, &other).len(), 1);
        let leave = policy(r#"{ crate = "cobs", wrappers = ["trine-wire"] }"#);
        assert!(faults(&graph, &leave).is_empty());
    }

    #[test]
    fn an_unknown_member_and_a_needed_tool_are_found() {
        let graph =
            graph(&[("trine-new", true, &[]), ("trine", true, &["xtask"]), ("xtask", true, &[])]);
        assert_eq!(faults(&graph, &policy("")).len(), 2);
    }
}
