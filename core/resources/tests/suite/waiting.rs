//! Priorities, and that no tool waits for ever.

use trine_bits::Random;
use trine_resources::{
    Config, DeviceInfo, DeviceKind, DeviceRequest, Error, Limit, Manager, Presence, Priority,
    Requirements, Table, ToolId,
};

use crate::{Aligned, SMALL, steps};

const SECOND: u64 = 1_000_000;
const CONFIG: Config = Config { reserve: 256, patience: 10 * SECOND, ..SMALL };

fn asks(bytes: u64, priority: Priority) -> Requirements<'static> {
    Requirements { memory_min: bytes, memory_max: bytes, priority, ..Requirements::default() }
}

#[test]
fn a_high_priority_has_the_reserve_and_never_what_a_low_one_has() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let [low, high, other] = [ToolId(1), ToolId(2), ToolId(3)];
    let refused = Error::Limit { limit: Limit::Memory, asked: 769, left: 768 };
    for priority in [Priority::Low, Priority::Normal] {
        assert_eq!(manager.allocate(low, &asks(769, priority), 0), Err(refused));
    }
    manager.allocate(low, &asks(768, Priority::Low), 0).unwrap();
    manager.resources(low).unwrap().memory.fill(3);
    let refused = Error::Limit { limit: Limit::Memory, asked: 257, left: 256 };
    assert_eq!(manager.allocate(high, &asks(257, Priority::High), 0), Err(refused));
    manager.allocate(high, &asks(256, Priority::High), 0).unwrap();
    manager.resources(high).unwrap().memory.fill(9);
    assert!(manager.resources(low).unwrap().memory.iter().all(|byte| *byte == 3));
    // What the low one gives back is for everyone; the reserve is still that of the high one.
    manager.release(low, 0).unwrap();
    assert_eq!(manager.reserve(), (256, 256));
    manager.allocate(other, &asks(768, Priority::Normal), 0).unwrap();
    manager.release(high, 0).unwrap();
    assert_eq!(manager.reserve(), (256, 0));
    assert!(manager.allocate(low, &asks(8, Priority::Normal), 0).is_err());
}

/// Tools of high priority ask for memory all the time, each for a while; a low one needs more than
/// they ever leave.
#[test]
fn a_tool_of_low_priority_is_served_among_any_number_of_high_ones() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let low = ToolId(0);
    let mut random = Random::named(1, "waiting");
    let (mut until, mut served, mut asked_at) = ([0; 3], 0, 0);
    for now in (0..).step_by(SECOND as usize / 4).take(steps(20_000)) {
        for (at, until) in until.iter_mut().enumerate() {
            let tool = ToolId(1 + at as u32);
            if manager.allocation(tool).is_ok() {
                if now < *until {
                    continue;
                }
                manager.release(tool, now).unwrap();
            }
            if manager.allocate(tool, &asks(328, Priority::High), now).is_ok() {
                *until = now + SECOND * (1 + random.below(3) as u64);
            }
        }
        if manager.allocate(low, &asks(760, Priority::Low), now).is_ok() {
            manager.release(low, now).unwrap();
            served += 1;
            asked_at = now;
        }
        // Its patience, and the longest that those that run then may take.
        assert!(now - asked_at <= CONFIG.patience + 4 * SECOND, "it starves at {now}");
    }
    assert!(served > 0 || steps(20_000) < 100);
}

#[test]
fn what_is_kept_for_a_waiting_tool_is_no_more_than_it_lacks() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let [low, runs, other] = [ToolId(1), ToolId(2), ToolId(3)];
    manager.allocate(runs, &asks(600, Priority::Normal), 0).unwrap();
    assert!(manager.allocate(low, &asks(700, Priority::Low), 0).is_err());
    let late = CONFIG.patience;
    assert!(manager.allocate(low, &asks(700, Priority::Low), late - 1).is_err());
    assert_eq!(manager.waits(low, late), Some(late));
    let small = asks(16, Priority::Normal);
    assert_eq!(manager.check(other, &small, late - 1), Ok(()));
    assert_eq!(manager.check(other, &small, late), Err(Error::KeptFor(low)));
    let block = manager.take_block(runs, 8, late);
    assert!(matches!(block, Err(Error::Limit { limit: Limit::ToolMemory, .. })));
    // The reserve and what is no memory are not kept.
    assert_eq!(manager.check(other, &asks(256, Priority::High), late), Ok(()));
    assert_eq!(manager.check(other, &asks(0, Priority::Normal), late), Ok(()));
    // One that asks no more waits no more, and one that withdraws neither.
    assert_eq!(manager.check(other, &small, late * 2), Ok(()));
    manager.withdraw(low);
    assert_eq!(manager.check(other, &small, late), Ok(()));
    assert_eq!(manager.waits(low, late), None);
}

#[test]
fn of_two_that_wait_the_one_that_waits_for_longer_is_served_first() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let [first, second, runs] = [ToolId(8), ToolId(2), ToolId(3)];
    manager.allocate(runs, &asks(768, Priority::Normal), 0).unwrap();
    let all = asks(768, Priority::Low);
    for (tool, since) in [(first, 0), (second, 0), (second, 9), (first, 9)] {
        assert!(manager.allocate(tool, &all, since).is_err());
    }
    let late = CONFIG.patience + 9;
    manager.release(runs, late).unwrap();
    // Both have waited since the same time: then it is the lower number.
    assert_eq!(manager.allocate(first, &all, late), Err(Error::KeptFor(second)));
    assert!(manager.allocate(second, &all, late).is_ok());
    manager.release(second, late).unwrap();
    assert!(manager.allocate(first, &all, late).is_ok());
}

#[test]
fn a_device_and_processors_are_kept_as_well() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let gpu = DeviceInfo {
        id: 1,
        kind: DeviceKind::Vulkan,
        bus: 0,
        name: "gpu",
        memory: 100,
        presence: Presence::Present,
    };
    manager.add_device(&gpu).unwrap();
    let [writer, reader, other] = [ToolId(1), ToolId(2), ToolId(3)];
    let [shared, alone] = [[DeviceRequest::shared(1)], [DeviceRequest::exclusive(1)]];
    let read = Requirements { devices: &shared, ..Requirements::default() };
    let write = Requirements { devices: &alone, ..Requirements::default() };
    manager.allocate(reader, &read, 0).unwrap();
    assert_eq!(manager.allocate(writer, &write, 0), Err(Error::DeviceBusy { device: 1 }));
    let late = CONFIG.patience;
    assert_eq!(manager.allocate(writer, &write, late), Err(Error::DeviceBusy { device: 1 }));
    assert_eq!(manager.allocate(other, &read, late), Err(Error::KeptFor(writer)));
    manager.release(reader, late).unwrap();
    assert!(manager.allocate(writer, &write, late).is_ok());
    manager.release(writer, late).unwrap();
    manager.withdraw(other);
    // GPU memory and processors.
    let some = Requirements { gpu_memory: 60, processors: 3, ..read };
    manager.allocate(reader, &some, late).unwrap();
    let more = Requirements { processors: 2, ..Requirements::default() };
    assert!(manager.allocate(writer, &more, late).is_err());
    assert!(manager.allocate(writer, &more, late * 2).is_err());
    let one = Requirements { processors: 1, ..Requirements::default() };
    assert_eq!(manager.check(other, &one, late * 2), Err(Error::KeptFor(writer)));
    manager.withdraw(writer);
    let memory = Requirements { gpu_memory: 41, ..read };
    assert!(manager.allocate(writer, &memory, late * 2).is_err());
    assert!(manager.allocate(writer, &memory, late * 3).is_err());
    let little = Requirements { gpu_memory: 1, ..read };
    assert_eq!(manager.check(other, &little, late * 3), Err(Error::KeptFor(writer)));
    // What can never be had is not waited for.
    manager.withdraw(writer);
    let never = Requirements { gpu_memory: 101, ..read };
    assert!(manager.allocate(writer, &never, late * 3).is_err());
    assert_eq!(manager.waits(writer, late * 3), None);
}

#[test]
fn tools_that_waited_and_ask_no_more_take_no_place() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    manager.allocate(ToolId(0), &asks(768, Priority::Normal), 0).unwrap();
    for tool in 1..4 {
        assert!(manager.allocate(ToolId(tool), &asks(700, Priority::Low), 0).is_err());
    }
    let further = asks(0, Priority::Normal);
    let full = Error::Full(Table::Tools);
    assert_eq!(manager.allocate(ToolId(9), &further, CONFIG.patience), Err(full));
    assert!(manager.allocate(ToolId(9), &further, CONFIG.patience + 1).is_ok());
}
