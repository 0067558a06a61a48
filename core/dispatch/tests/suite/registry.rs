//! The registry: places, names and generations, and a device that serves it.

use trine_descriptor::check::TableErrorKind;
use trine_descriptor::{Field, Kind, Rules as _, Side, Tool, ToolInfo, ToolTable, record};
use trine_dispatch::{Listed, Place, Registry, RegistryError};

const fn tool(name: &'static str) -> Tool<'static> {
    Tool::new(ToolInfo::new(name, "Does something."), &[], &[])
}

static TABLE: [Tool<'static>; 3] = [tool("a"), tool("b"), tool("c")];
static OTHER: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("a", "Does more."), &[], &[])];
static BAD: [Tool<'static>; 1] = [tool("no name")];
const ON: &[Field<'static>] = &[Field::new("on", Kind::Bool).describe("Whether it is on.")];
const COUNT: &[Field<'static>] = &[
    Field::new("which", Kind::Choice("a|b")).describe("Which one."),
    Field::new("on", Kind::Bool).describe("Whether it is on."),
];
static WITH_NODES: [Tool<'static>; 1] =
    [Tool::new(ToolInfo::new("switch", "Switches."), COUNT, ON)];

type Three = Registry<Listed<'static>, [Place<'static, Listed<'static>>; 3]>;

const fn empty(first: u16) -> Three {
    Registry::new(first, [const { Place::free() }; 3])
}

fn listed(table: &'static dyn ToolTable, tool: u16) -> &'static Listed<'static> {
    Box::leak(Box::new(Listed::new(table, tool).expect("a right tool")))
}

#[test]
fn a_full_registry_a_taken_name_and_a_broken_tool_are_refused() {
    let registry = empty(0);
    let a = registry.add(listed(&TABLE, 0)).unwrap();
    assert_eq!(registry.add(listed(&OTHER, 0)), Err(RegistryError::Duplicate(a.number())));
    assert_eq!(Listed::new(&TABLE, 9).unwrap_err(), RegistryError::NoSuchTool);
    let RegistryError::Table(error) = Listed::new(&BAD, 0).unwrap_err() else { panic!() };
    assert_eq!(error.kind, TableErrorKind::Name);
    registry.add(listed(&TABLE, 1)).unwrap();
    registry.add(listed(&TABLE, 2)).unwrap();
    assert_eq!(registry.add(listed(&WITH_NODES, 0)), Err(RegistryError::Full(3)));
    assert_eq!((registry.len(), registry.count(), registry.high_water()), (3, 3, 3));
    registry.remove(a);
    assert_eq!((registry.len(), registry.count(), registry.high_water()), (2, 3, 3));
}

#[test]
fn a_removed_tools_id_is_stale_also_when_its_place_is_taken_again() {
    let registry = empty(0);
    assert!(registry.is_empty());
    let a = registry.add(listed(&TABLE, 0)).unwrap();
    assert!(!registry.is_empty());
    let b = registry.add(listed(&TABLE, 1)).unwrap();
    assert_eq!((a.number(), b.number()), (0, 1));
    assert!(registry.remove(a));
    assert!(!registry.remove(a));
    assert_eq!(registry.find(b"a"), None);
    let c = registry.add(listed(&TABLE, 2)).unwrap();
    assert_eq!(c.number(), a.number());
    assert_ne!(c, a);
    assert!(registry.get(a).is_none() && registry.get(b).is_some());
    assert!(!registry.remove(a), "another tool has its place");
    assert_eq!(registry.replace(a, listed(&OTHER, 0)), Err(RegistryError::Stale));
    assert_eq!((registry.id(c.number()), registry.len()), (Some(c), 2));
    assert_eq!(registry.find(b"c"), Some(c));
    for id in [a, b, c] {
        assert_eq!(trine_dispatch::ToolId::from_bits(id.to_bits()), id);
        assert_ne!(id.to_bits(), 0);
    }
    assert!(registry.get(trine_dispatch::ToolId::from_bits(0)).is_none());
}

#[test]
fn a_replaced_tool_keeps_its_id_and_has_another_guard() {
    let registry = empty(5);
    let a = registry.add(listed(&TABLE, 0)).unwrap();
    let b = registry.add(listed(&TABLE, 1)).unwrap();
    assert_eq!((a.number(), registry.end(), registry.check_at(4)), (5, 7, 0));
    let (before, changes) = (registry.check_at(5), registry.changes());
    registry.replace(a, listed(&OTHER, 0)).unwrap();
    assert_eq!(registry.find(b"a"), Some(a));
    assert_ne!(registry.check_at(5), before);
    assert_eq!(registry.check_at(5), OTHER.check(0));
    assert_ne!(registry.changes(), changes);
    assert_eq!(registry.replace(b, listed(&OTHER, 0)), Err(RegistryError::Duplicate(5)));
    registry.replace(b, listed(&TABLE, 2)).unwrap();
    assert_eq!((registry.find(b"b"), registry.find(b"c")), (None, Some(b)));
}

#[test]
fn a_hole_keeps_the_numbers_of_the_others_and_lists_as_an_empty_record() {
    let registry = empty(0);
    let a = registry.add(listed(&TABLE, 0)).unwrap();
    registry.add(listed(&TABLE, 1)).unwrap();
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
    let registry = empty(0);
    registry.add(listed(&TABLE, 1)).unwrap();
    let switch = registry.add(listed(&WITH_NODES, 0)).unwrap().number();
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
    assert_eq!(listed(&WITH_NODES, 0).source().1, 0);
}
