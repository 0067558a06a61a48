//! The registry: places, names and generations.

use trine_descriptor::{Field, Kind, Side, Tool, ToolInfo, ToolTable, record};
use trine_dispatch::{Registry, RegistryError};

const fn tool(name: &'static str) -> Tool<'static> {
    Tool::new(ToolInfo::new(name, "Does something."), &[], &[])
}

static TABLE: [Tool<'static>; 3] = [tool("a"), tool("b"), tool("c")];
static OTHER: [Tool<'static>; 1] = [tool("a")];
const ON: &[Field<'static>] = &[Field::new("on", Kind::Bool).describe("Whether it is on.")];
const COUNT: &[Field<'static>] = &[
    Field::new("which", Kind::Choice("a|b")).describe("Which one."),
    Field::new("on", Kind::Bool).describe("Whether it is on."),
];
static WITH_NODES: [Tool<'static>; 1] =
    [Tool::new(ToolInfo::new("switch", "Switches."), COUNT, ON)];

#[test]
fn a_full_registry_and_a_taken_name_are_refused() {
    let mut registry = Registry::<2>::new();
    let a = registry.add(&TABLE, 0).unwrap();
    assert_eq!(registry.add(&OTHER, 0), Err(RegistryError::Duplicate(a.number())));
    assert_eq!(registry.add(&TABLE, 9), Err(RegistryError::NoSuchTool));
    registry.add(&TABLE, 1).unwrap();
    assert_eq!(registry.add(&TABLE, 2), Err(RegistryError::Full(2)));
    assert_eq!((registry.len(), registry.count()), (2, 2));
}

#[test]
fn a_removed_tools_id_is_stale_also_when_its_place_is_taken_again() {
    let mut registry = Registry::<2>::new();
    assert!(registry.is_empty());
    let a = registry.add(&TABLE, 0).unwrap();
    assert!(!registry.is_empty());
    let b = registry.add(&TABLE, 1).unwrap();
    assert_eq!((a.number(), b.number()), (0, 1));
    assert!(registry.remove(a));
    assert!(!registry.remove(a));
    assert_eq!(registry.find("a"), None);
    let c = registry.add(&TABLE, 2).unwrap();
    assert_eq!(c.number(), a.number());
    assert_ne!(c, a);
    assert!(registry.source(a).is_none() && registry.source(b).is_some());
    assert!(!registry.remove(a), "another tool has its place");
    assert_eq!((registry.id(c.number()), registry.len()), (Some(c), 2));
    assert_eq!(registry.find("c"), Some(c));
}

#[test]
fn a_hole_keeps_the_numbers_of_the_others_and_lists_as_an_empty_record() {
    let mut registry = Registry::<3>::new();
    let a = registry.add(&TABLE, 0).unwrap();
    registry.add(&TABLE, 1).unwrap();
    let before = record::table_hash(&registry);
    registry.remove(a);
    assert_eq!(registry.count(), 2);
    assert_eq!(registry.info(0), None);
    assert_eq!(registry.info(1).map(|info| info.name), Some("b"));
    assert_ne!(record::table_hash(&registry), before);
    let mut list = [0; 64];
    let len = record::page(&registry, 0, &mut list);
    let mut decoder = record::Decoder::new(&list[..len]);
    assert_eq!(decoder.record(), Some(&[][..]));
    assert!(decoder.record().is_some_and(|record| !record.is_empty()));
    assert!(decoder.is_at_end());
}

#[test]
fn a_tools_nodes_are_those_of_its_table() {
    let mut registry = Registry::<3>::new();
    registry.add(&TABLE, 1).unwrap();
    let switch = registry.add(&WITH_NODES, 0).unwrap().number();
    for (side, nodes) in [(Side::Params, COUNT), (Side::Output, ON)] {
        assert_eq!(usize::from(registry.node_count(switch, side)), nodes.len());
        assert_eq!(registry.nodes(switch, side), Some(nodes));
        for (number, node) in (0..).zip(nodes) {
            assert_eq!(registry.node(switch, side, number), Some(*node));
        }
        assert_eq!(registry.node(switch, side, nodes.len() as u16), None);
        assert_eq!((registry.node_count(0, side), registry.node(0, side, 0)), (0, None));
        assert_eq!((registry.node_count(2, side), registry.nodes(2, side)), (0, None));
    }
    assert_eq!(registry.hash(switch), WITH_NODES[0].hash());
}
