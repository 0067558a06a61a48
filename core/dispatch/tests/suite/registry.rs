//! The registry: places, names and generations.

use trine_descriptor::{Tool, ToolInfo, ToolTable, record};
use trine_dispatch::{Registry, RegistryError};

const fn tool(name: &'static str) -> Tool<'static> {
    Tool::new(ToolInfo::new(name, "Does something."), &[], &[])
}

static TABLE: [Tool<'static>; 3] = [tool("a"), tool("b"), tool("c")];
static OTHER: [Tool<'static>; 1] = [tool("a")];

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
    let a = registry.add(&TABLE, 0).unwrap();
    let b = registry.add(&TABLE, 1).unwrap();
    assert!(registry.remove(a));
    assert!(!registry.remove(a));
    assert_eq!(registry.find("a"), None);
    let c = registry.add(&TABLE, 2).unwrap();
    assert_eq!(c.number(), a.number());
    assert_ne!(c, a);
    assert!(registry.source(a).is_none() && registry.source(b).is_some());
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
