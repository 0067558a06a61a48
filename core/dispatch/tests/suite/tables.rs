//! Tables that a device checks itself, that were checked before, and that change.

use core::sync::atomic::{AtomicU16, Ordering};

use trine_arena::Ring;
use trine_descriptor::{Field, Side, Tool, ToolInfo, ToolTable};
use trine_dispatch::{Config, Device, InitError};

use crate::bench::{Bench, CONFIG, MOVE, TOOLS};

static SECOND_IS_WRONG: [Tool<'static>; 2] = [
    Tool::new(ToolInfo::new("good", "Does something."), &[], &[]),
    Tool::new(ToolInfo::new("not a name", "Does something."), &[], &[]),
];

#[test]
fn a_table_that_comes_after_the_device_is_checked_in_its_first_polls() {
    for is_watched in [false, true] {
        let (mut line, mut memory) = ([0; 8], vec![0; CONFIG.memory()]);
        let mut ring = Ring::new(&mut line);
        let mut device = Device::without_memory(&CONFIG, ring.split().1, &SECOND_IS_WRONG);
        if is_watched {
            device.set_table(&SECOND_IS_WRONG, |table, tool| {
                trine_descriptor::check::tool(table, tool)
            });
        }
        device.set_memory(&mut memory).expect("enough");
        assert_eq!(device.fault(), None, "nothing was looked at");
        device.poll(0, 8, &mut Bench::default());
        let fault = device.fault();
        assert_eq!(matches!(fault, Some(InitError::Table(_))), is_watched, "{fault:?}");
    }
}

#[test]
fn a_table_that_was_checked_before_still_has_to_find_its_bytes() {
    for (pending_max, fault) in
        [(3, Some(InitError::PendingBytes { tool: MOVE, needed: 4 })), (4, None), (5, None)]
    {
        let config = Config { pending_max, ..CONFIG };
        let (mut line, mut memory) = ([0; 8], vec![0; config.memory()]);
        let mut ring = Ring::new(&mut line);
        let mut device =
            Device::with_rules(&config, &mut memory, ring.split().1, &TOOLS).expect("enough");
        assert_eq!(device.fault(), fault, "{pending_max}");
        // The same after the tools have changed.
        device.announce();
        assert_eq!(device.fault(), fault, "{pending_max}");
    }
}

#[test]
fn a_table_that_no_one_has_checked_costs_a_start_nothing() {
    let config = Config { pending_max: 3, ..CONFIG };
    let (mut line, mut memory) = ([0; 8], vec![0; config.memory()]);
    let mut ring = Ring::new(&mut line);
    let mut device = Device::new(config, &mut memory, ring.split().1, &TOOLS).expect("enough");
    assert_eq!(device.fault(), None, "nothing was looked at");
    device.poll(0, 8, &mut Bench::default());
    assert_eq!(device.fault(), Some(InitError::PendingBytes { tool: MOVE, needed: 4 }));
}

/// Two tools, the second of which breaks a rule, or the first alone.
struct Shrinking(AtomicU16);

impl ToolTable for Shrinking {
    fn count(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        SECOND_IS_WRONG.info(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        SECOND_IS_WRONG.node_count(tool, side)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        SECOND_IS_WRONG.node(tool, side, node)
    }
}

#[test]
fn a_device_whose_wrong_tool_is_gone_serves_the_others() {
    let table = Shrinking(AtomicU16::new(2));
    let (mut line, mut memory) = ([0; 8], vec![0; CONFIG.memory()]);
    let mut ring = Ring::new(&mut line);
    let mut device = Device::new(CONFIG, &mut memory, ring.split().1, &table).expect("enough");
    device.poll(0, 8, &mut Bench::default());
    assert!(matches!(device.fault(), Some(InitError::Table(_))), "{:?}", device.fault());
    table.0.store(1, Ordering::Relaxed);
    device.announce();
    device.poll(0, 8, &mut Bench::default());
    assert_eq!(device.fault(), None);
}

#[test]
fn a_device_without_tools_is_no_fault() {
    let table = Shrinking(AtomicU16::new(0));
    let (mut line, mut memory) = ([0; 8], vec![0; CONFIG.memory()]);
    let mut ring = Ring::new(&mut line);
    let mut device = Device::new(CONFIG, &mut memory, ring.split().1, &table).expect("enough");
    device.poll(0, 8, &mut Bench::default());
    assert_eq!(device.fault(), None);
}
