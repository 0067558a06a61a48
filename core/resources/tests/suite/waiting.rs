//! Priorities, and that no tool waits for ever.

use trine_bits::Random;
use trine_resources::{
    Class, Config, DeviceInfo, DeviceKind, DeviceRequest, Error, Limit, Manager, Mode, PoolConfig,
    Presence, Priority, Requirements, Table, ToolId,
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

fn device(id: u32, kind: DeviceKind, memory: u64) -> DeviceInfo<'static> {
    DeviceInfo { id, kind, bus: 0, name: "device", memory, presence: Presence::Present }
}

/// One tool uses memory and another one a device, by turns, and each begins before the other ends.
#[test]
fn a_tool_that_lacks_now_one_thing_and_now_another_is_served() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    manager.add_device(&device(1, DeviceKind::Spi, 0)).unwrap();
    let bus = [DeviceRequest::exclusive(1)];
    let turns =
        [asks(600, Priority::Normal), Requirements { devices: &bus, ..asks(0, Priority::Normal) }];
    let wants = Requirements { devices: &bus, ..asks(700, Priority::Low) };
    manager.allocate(ToolId(0), &turns[0], 0).unwrap();
    let served = (1..100_u32).find(|turn| {
        let now = u64::from(*turn) * SECOND;
        let [next, last] = [turn % 2, 1 - turn % 2];
        let _ = manager.allocate(ToolId(next), &turns[next as usize], now);
        let _ = manager.release(ToolId(last), now);
        manager.allocate(ToolId(9), &wants, now).is_ok()
    });
    // Its patience, and a turn of each.
    assert!(served.is_some_and(|turn| u64::from(turn) * SECOND <= CONFIG.patience + 3 * SECOND));
}

#[test]
fn a_tool_that_gave_up_waiting_is_behind_those_that_wait() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let [gone, waits, runs] = [ToolId(1), ToolId(2), ToolId(3)];
    manager.allocate(runs, &asks(768, Priority::Normal), 0).unwrap();
    let all = asks(700, Priority::Low);
    assert!(manager.allocate(gone, &all, 0).is_err());
    let late = CONFIG.patience * 2;
    for now in [CONFIG.patience / 2, late, late + CONFIG.patience] {
        assert!(manager.allocate(waits, &all, now).is_err());
    }
    let now = late + CONFIG.patience;
    assert_eq!(manager.waits(gone, now), None);
    manager.release(runs, now).unwrap();
    assert_eq!(manager.allocate(gone, &all, now), Err(Error::KeptFor(waits)));
    assert!(manager.allocate(waits, &all, now).is_ok());
}

/// A clock of 32 bits wraps, or a clock is set back by a day: a tool that waits is served after its
/// patience all the same, and one that is gone keeps nothing.
#[test]
fn a_clock_that_is_set_back_takes_no_turn_away_and_gives_none() {
    for (start, back) in [(u64::from(u32::MAX) - 3 * SECOND, 0), (86_400 * SECOND, 7 * SECOND)] {
        let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
        let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
        let [waits, runs, other, gone] = [ToolId(1), ToolId(2), ToolId(3), ToolId(4)];
        manager.allocate(runs, &asks(600, Priority::Normal), start).unwrap();
        let [most, few] = [asks(700, Priority::Low), asks(8, Priority::Normal)];
        assert!(manager.allocate(gone, &most, start).is_err());
        for now in [start, start + SECOND, start + 2 * SECOND, back, back + 4 * SECOND] {
            assert!(manager.allocate(waits, &most, now).is_err());
        }
        let asked = manager.waits(waits, back + 7 * SECOND);
        assert_eq!(asked, Some(9 * SECOND), "what it had waited counts");
        assert_eq!(manager.check(other, &few, back + 7 * SECOND), Ok(()));
        let late = back + 8 * SECOND;
        assert!(manager.allocate(waits, &most, late).is_err());
        manager.withdraw(waits);
        // The other one asked before that for the last time, and has no more than its patience.
        let last = back + CONFIG.patience;
        assert_eq!(manager.check(other, &few, last), Err(Error::KeptFor(gone)));
        assert_eq!(manager.check(other, &few, last + 1), Ok(()));
    }
}

#[test]
fn any_of_a_kind_waits_for_the_one_that_is_there_and_takes_none_that_is_kept() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    let absent = DeviceInfo { presence: Presence::NoDriver, ..device(3, DeviceKind::Cuda, 0) };
    for info in [device(1, DeviceKind::Cuda, 0), device(2, DeviceKind::Cuda, 0), absent] {
        manager.add_device(&info).unwrap();
    }
    let [any, alone] =
        [Mode::Shared, Mode::Exclusive].map(|mode| [DeviceRequest::any(DeviceKind::Cuda, mode)]);
    let both = [DeviceRequest::shared(1), DeviceRequest::exclusive(2)];
    let wants = |devices| Requirements { devices, ..Requirements::default() };
    let [runs, waits, other] = [ToolId(1), ToolId(2), ToolId(3)];
    manager.allocate(runs, &wants(&both), 0).unwrap();
    // The absent one would be waited for in vain.
    assert_eq!(manager.allocate(waits, &wants(&alone), 0), Err(Error::DeviceBusy { device: 1 }));
    let late = CONFIG.patience;
    assert!(manager.allocate(waits, &wants(&alone), late).is_err());
    assert_eq!(manager.check(other, &wants(&any), late), Err(Error::KeptFor(waits)));
    manager.release_device(runs, 2).unwrap();
    let given = manager.allocate(other, &wants(&any), late).unwrap();
    assert_eq!(given.devices(), [2], "the first is kept, and the second is as good");
}

#[test]
fn a_further_device_is_kept_for_a_tool_that_waits_as_well() {
    let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
    let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
    manager.add_device(&device(1, DeviceKind::I2c, 0)).unwrap();
    let [reads, writes, also] = [ToolId(1), ToolId(2), ToolId(3)];
    let [shared, alone] = [[DeviceRequest::shared(1)], [DeviceRequest::exclusive(1)]];
    let write = Requirements { devices: &alone, ..Requirements::default() };
    for tool in [reads, also] {
        manager.allocate(tool, &Requirements::default(), 0).unwrap();
    }
    manager.take_devices(reads, &shared).unwrap();
    assert!(manager.allocate(writes, &write, 0).is_err());
    manager.take_devices(also, &shared).unwrap();
    manager.release_device(also, 1).unwrap();
    assert!(manager.allocate(writes, &write, CONFIG.patience).is_err());
    assert_eq!(manager.take_devices(also, &shared), Err(Error::KeptFor(writes)));
    // What it has already does not keep the other one waiting for longer.
    assert_eq!(manager.take_devices(reads, &shared), Ok(()));
    manager.release_device(reads, 1).unwrap();
    manager.release_device(reads, 1).unwrap();
    assert!(manager.allocate(writes, &write, CONFIG.patience).is_ok());
}

/// One that waits in vain would keep the memory from all others for as long as it asks.
#[test]
fn what_no_pool_of_this_form_ever_has_is_not_waited_for() {
    const ODD: Config = Config { reserve: 100, ..CONFIG };
    let with = |memory, classes| Config {
        reserve: 0,
        pool: PoolConfig { memory, classes, ..SMALL.pool },
        ..CONFIG
    };
    let mut classes = PoolConfig::NO_CLASSES;
    classes[0] = Class { size: 512, count: 1 };
    let mut memory = Aligned([0; 2 * Manager::bytes(&CONFIG)]);
    for (config, most, over) in [
        // A block takes a multiple of 8: of the 924 bytes beside the reserve, and of all.
        (ODD, 920, 921),
        (with(1_023, PoolConfig::NO_CLASSES), 1_016, 1_017),
        // What is in classes is no part of a larger block.
        (with(1_000, classes), 512, 513),
        (with(1_100, classes), 584, 585),
    ] {
        let mut manager = Manager::new(&mut memory.0, &config).unwrap();
        let [never, other] = [ToolId(1), ToolId(2)];
        let asked = manager.allocate(never, &asks(over, Priority::Low), 0);
        let left = match asked {
            Err(Error::Limit { limit: Limit::Memory, asked, left }) if asked == over => left,
            other => panic!("{other:?}"),
        };
        assert!(left < over, "{left} of {over} bytes are left");
        assert_eq!(manager.waits(never, 0), None, "{over} of {config:?}");
        assert!(manager.allocate(other, &asks(most, Priority::Low), 0).is_ok());
        assert!(manager.allocate(never, &asks(most, Priority::Low), 0).is_err());
        assert_eq!(manager.waits(never, 0), Some(0), "{most} of {config:?}");
    }
}

/// What is kept for it is what it asks for, of what the one before it lacks.
#[test]
fn one_that_is_refused_for_a_tool_that_waits_waits_itself() {
    const MEMORY: (u64, u32) = (700, 0);
    const PROCESSORS: (u64, u32) = (0, 2);
    for (before, asked, kept) in [
        (&[MEMORY, PROCESSORS][..], (16, 0), [true, false]),
        (&[MEMORY, PROCESSORS], (0, 1), [false, true]),
        (&[MEMORY, PROCESSORS], (16, 1), [true, true]),
        (&[MEMORY], (16, 1), [true, false]),
        (&[PROCESSORS], (16, 1), [false, true]),
    ] {
        let mut memory = Aligned([0; Manager::bytes(&CONFIG)]);
        let mut manager = Manager::new(&mut memory.0, &CONFIG).unwrap();
        let [first, second, runs, other] = [1, 2, 3, 4].map(ToolId);
        let wants =
            |(bytes, processors)| Requirements { processors, ..asks(bytes, Priority::Normal) };
        let late = CONFIG.patience;
        manager.allocate(runs, &wants((600, 3)), 0).unwrap();
        for (now, one) in [0, late].iter().flat_map(|now| before.iter().map(move |one| (now, one)))
        {
            assert!(manager.allocate(first, &wants(*one), *now).is_err());
        }
        assert_eq!(manager.allocate(second, &wants(asked), late), Err(Error::KeptFor(first)));
        manager.withdraw(first);
        let checked = [(16, 0), (0, 1)].map(|one| manager.check(other, &wants(one), late * 2));
        let wanted = kept.map(|is| if is { Err(Error::KeptFor(second)) } else { Ok(()) });
        assert_eq!(checked, wanted, "{asked:?} behind {before:?}");
    }
}

#[test]
fn a_tool_waits_for_memory_that_is_only_counted() {
    const COUNTED: Config =
        Config { pool: PoolConfig { is_backed: false, ..SMALL.pool }, ..CONFIG };
    let mut memory = Aligned([0; Manager::bytes(&COUNTED)]);
    let mut manager = Manager::new(&mut memory.0, &COUNTED).unwrap();
    let [runs, waits] = [ToolId(1), ToolId(2)];
    manager.allocate(runs, &asks(700, Priority::Normal), 0).unwrap();
    assert!(manager.allocate(waits, &asks(700, Priority::Normal), 0).is_err());
    assert_eq!(manager.waits(waits, 0), Some(0));
}
