//! The manager: limits to the byte, and everything back.

use trine_bits::Random;
use trine_resources::{
    Block, Class, Config, DeviceInfo, DeviceKind, DeviceRequest, Error, Execution, Held, Limit,
    Manager, Mode, Outcome, PoolConfig, Presence, Priority, Quotas, Reclaimed, Requirements, Table,
    ToolId,
};

use crate::{Aligned, SMALL, steps};

const GPU: u32 = 2;
const BUS: u32 = 1;

fn devices(manager: &mut Manager<'_>) {
    let bus = DeviceInfo {
        id: BUS,
        kind: DeviceKind::I2c,
        bus: 0,
        name: "sensors",
        memory: 0,
        presence: Presence::Present,
    };
    let gpu = DeviceInfo { id: GPU, kind: DeviceKind::Cuda, memory: 1_000, name: "gpu", ..bus };
    manager.add_device(&bus).unwrap();
    manager.add_device(&gpu).unwrap();
}

/// All that a manager says of itself.
fn snapshot(manager: &Manager<'_>) -> impl PartialEq + core::fmt::Debug + use<> {
    let pool = manager.pool().state();
    let devices: Vec<_> = manager
        .devices()
        .states()
        .map(|state| (state.info.id, state.shared, state.exclusive, state.memory_used))
        .collect();
    let sums = (manager.reserve(), manager.processors(), pool.used, pool.blocks, pool.holes);
    (sums, devices, manager.allocations().collect::<Vec<_>>())
}

#[test]
fn one_over_each_limit_is_refused_with_numbers_and_changes_nothing() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    devices(&mut manager);
    let [one, two] = [ToolId(1), ToolId(2)];
    let gpu = [DeviceRequest::shared(GPU)];
    let fits = Requirements {
        memory_min: 1_000,
        memory_max: 1_000,
        processors: 3,
        gpu_memory: 900,
        devices: &gpu,
        ..Requirements::default()
    };
    manager.allocate(one, &fits, 7).unwrap();
    let before = snapshot(&manager);
    let over = Requirements { processors: 1, gpu_memory: 100, memory_min: 24, ..fits };
    let busy = [DeviceRequest::exclusive(GPU)];
    let bus = [DeviceRequest::shared(BUS)];
    let limit = |limit, asked, left| Error::Limit { limit, asked, left };
    for (asks, error) in [
        (Requirements { memory_min: 25, ..over }, limit(Limit::Memory, 25, 24)),
        (Requirements { memory_min: u64::MAX, memory_max: u64::MAX, ..over }, {
            limit(Limit::Memory, usize::MAX as u64, 24)
        }),
        (Requirements { processors: 2, ..over }, limit(Limit::Processors, 2, 1)),
        (Requirements { gpu_memory: 101, ..over }, limit(Limit::GpuMemory, 101, 100)),
        (Requirements { devices: &bus, ..over }, limit(Limit::GpuMemory, 100, 0)),
        (Requirements { devices: &busy, ..over }, Error::DeviceBusy { device: GPU }),
    ] {
        assert_eq!(manager.check(two, &asks, 8), Err(error));
        assert_eq!(manager.allocate(two, &asks, 8), Err(error));
        assert_eq!(snapshot(&manager), before, "{error}");
        assert_eq!(manager.leaks(two).count(), 0);
    }
    assert_eq!(manager.allocate(one, &over, 8), Err(Error::Allocated));
    let upside_down = Requirements { memory_min: 2, memory_max: 1, ..over };
    assert!(matches!(manager.allocate(two, &upside_down, 8), Err(Error::Invalid(_))));
    assert!(manager.allocate(two, &over, 8).is_ok(), "and to the byte it fits");
}

#[test]
fn an_allocation_says_what_was_given_and_release_gives_exactly_that_back() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    devices(&mut manager);
    let before = snapshot(&manager);
    let tool = ToolId(5);
    let both = [DeviceRequest::exclusive(GPU), DeviceRequest::shared(BUS)];
    let asks = Requirements {
        memory_min: 100,
        memory_max: 200,
        processors: 2,
        gpu_memory: 64,
        devices: &both,
        priority: Priority::High,
        ..Requirements::default()
    };
    let given = manager.allocate(tool, &asks, 42).unwrap();
    assert_eq!((given.tool, given.allocated_at, given.priority), (tool, 42, Priority::High));
    assert_eq!((given.memory_min, given.memory_max, given.processors), (100, 200, 2));
    assert_eq!((given.devices(), given.gpu, given.gpu_memory), (&[BUS, GPU][..], Some(GPU), 64));
    assert_eq!(manager.allocation(tool), Ok(given));
    assert_eq!(manager.resources(tool).unwrap().memory.len(), 100);
    let held: Vec<_> = manager.leaks(tool).collect();
    assert_eq!(held.len(), 3, "{held:?}");
    assert_eq!(manager.release(tool, 50), Ok(()));
    assert_eq!(manager.release(tool, 50), Err(Error::NoAllocation));
    assert_eq!(snapshot(&manager), before);
    assert_eq!(manager.leaks(tool).count(), 0);
}

#[test]
fn what_is_left_after_a_release_is_listed_and_taken_back() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    devices(&mut manager);
    let before = snapshot(&manager);
    let tool = ToolId(1);
    let asks = Requirements { memory_min: 8, memory_max: 88, ..Requirements::default() };
    manager.allocate(tool, &asks, 0).unwrap();
    let block = manager.take_block(tool, 80, 0).unwrap();
    let refused = Error::Limit { limit: Limit::ToolMemory, asked: 1, left: 0 };
    assert_eq!(manager.take_block(tool, 1, 0), Err(refused));
    assert_eq!(manager.quota(tool, 0).unwrap().refused_memory, 1);
    manager.take_devices(tool, &[DeviceRequest::shared(BUS)]).unwrap();
    manager.take_devices(tool, &[DeviceRequest::shared(BUS)]).unwrap();
    let execution = manager.begin(tool, 1).unwrap();
    manager.release(tool, 2).unwrap();
    let left: Vec<_> = manager.leaks(tool).collect();
    let expected = [
        Held::Block { block, size: 80 },
        Held::Device { device: BUS, mode: Mode::Shared, count: 2 },
        Held::Execution(execution),
    ];
    assert_eq!(left, expected);
    let back = Reclaimed { had_allocation: false, blocks: 1, bytes: 80, devices: 2, executions: 1 };
    assert_eq!(manager.reclaim(tool, 3), back);
    assert_eq!(manager.reclaim(tool, 3), Reclaimed::default());
    assert_eq!(snapshot(&manager), before);
    assert_eq!(manager.end(execution, 4, 0, Outcome::Done), Err(Error::Stale));
    let summary = manager.monitor().summary(tool).unwrap();
    assert_eq!((summary.started, summary.ended, summary.aborted), (1, 1, 1));
}

#[test]
fn a_tool_sees_no_memory_of_another() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    let [one, two] = [ToolId(1), ToolId(2)];
    let asks = Requirements { memory_min: 64, memory_max: 128, ..Requirements::default() };
    let given = manager.allocate(one, &asks, 0).unwrap();
    manager.allocate(two, &asks, 0).unwrap();
    manager.resources(one).unwrap().memory.fill(1);
    manager.resources(two).unwrap().memory.fill(2);
    assert!(manager.resources(one).unwrap().memory.iter().all(|byte| *byte == 1));
    assert_eq!(manager.memory_of(two, given.memory.unwrap()), Err(Error::Foreign));
    assert_eq!(manager.free_block(two, given.memory.unwrap()), Err(Error::Foreign));
    // A result that is passed on is read where it lies, and by its new owner alone.
    let result = manager.take_block(one, 32, 0).unwrap();
    manager.memory_of(one, result).unwrap().fill(7);
    let place = manager.memory_of(one, result).unwrap().as_ptr();
    manager.pass_block(one, result, two).unwrap();
    assert_eq!(manager.memory_of(one, result), Err(Error::Foreign));
    let read = manager.memory_of(two, result).unwrap();
    assert_eq!((read.as_ptr(), read[31]), (place, 7));
    let own = given.memory.unwrap();
    assert!(matches!(manager.pass_block(one, own, two), Err(Error::Invalid(_))));
}

#[test]
fn a_breach_of_a_quota_is_counted_and_no_matter_of_other_tools() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    let [one, two] = [ToolId(1), ToolId(2)];
    let quotas = Quotas { calls_per_second: 2, cpu_time: 1_000, ..Quotas::default() };
    let asks = Requirements { quotas, ..Requirements::default() };
    [one, two].iter().for_each(|tool| assert!(manager.allocate(*tool, &asks, 0).is_ok()));
    for _ in 0..2 {
        let execution = manager.begin(one, 0).unwrap();
        manager.end(execution, 10, 100, Outcome::Done).unwrap();
    }
    let refused = Error::Quota { limit: Limit::Calls, wait: 499_990 };
    assert_eq!(manager.begin(one, 10), Err(refused));
    assert_eq!(manager.quota(one, 10).unwrap().refused_calls, 1);
    assert_eq!(manager.monitor().summary(one).unwrap().started, 2);
    let execution = manager.begin(two, 10).unwrap();
    manager.end(execution, 20, 1_000, Outcome::Done).unwrap();
    let refused = Error::Quota { limit: Limit::CpuTime, wait: 999_980 };
    assert_eq!(manager.begin(two, 20), Err(refused));
    let counts = [one, two].map(|tool| manager.quota(tool, 20).unwrap());
    assert_eq!(counts.map(|state| (state.refused_calls, state.refused_cpu)), [(1, 0), (0, 1)]);
    assert_eq!(manager.begin(ToolId(3), 0), Err(Error::NoAllocation));
}

#[test]
fn places_of_tools_that_have_nothing_any_more_are_given_to_others() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    let asks = Requirements { memory_min: 8, memory_max: 16, ..Requirements::default() };
    for round in 0..100 {
        let tools = [0, 1, 2, 3].map(|at| ToolId(round * 4 + at));
        tools.iter().for_each(|tool| assert!(manager.allocate(*tool, &asks, 0).is_ok()));
        tools.iter().for_each(|tool| {
            let execution = manager.begin(*tool, 0).unwrap();
            manager.end(execution, 3, 1, Outcome::Done).unwrap();
        });
        let further = ToolId(u32::MAX - 1);
        assert_eq!(manager.allocate(further, &asks, 0), Err(Error::Full(Table::Tools)));
        tools.iter().for_each(|tool| manager.release(*tool, 0).unwrap());
        assert_eq!(manager.monitor().summary(tools[3]).unwrap().ended, 1, "it is still known");
    }
    assert!(matches!(manager.allocate(ToolId(u32::MAX), &asks, 0), Err(Error::Invalid(_))));
}

#[test]
fn a_manager_takes_the_bytes_that_it_says_and_refuses_one_less() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let given = memory.0.len();
    assert!(Manager::new(&mut memory.0[..given - 1], &SMALL).is_err());
    for _ in 0..2 {
        let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
        let all = Requirements { memory_min: 1_024, memory_max: 1_024, ..Requirements::default() };
        manager.allocate(ToolId(1), &all, 0).unwrap();
        manager.resources(ToolId(1)).unwrap().memory.fill(0xff);
        assert_eq!(manager.release(ToolId(1), 0), Ok(()));
    }
}

#[test]
fn a_configuration_that_contradicts_itself_is_told_without_memory() {
    let classes = |size, count| {
        let mut classes = PoolConfig::NO_CLASSES;
        classes[1] = Class { size, count };
        Config { pool: PoolConfig { classes, ..SMALL.pool }, ..SMALL }
    };
    let mut memory = Aligned([0; 2 * Manager::bytes(&SMALL)]);
    for (config, is_valid) in [
        (SMALL, true),
        (Config { reserve: 1_024, ..SMALL }, true),
        (Config { reserve: 1_025, ..SMALL }, false),
        (classes(8, 128), true),
        (classes(8, 129), false),
        (classes(12, 1), false),
        (classes(0, 1), false),
    ] {
        assert_eq!(config.check().is_ok(), is_valid, "{config:?}");
        assert_eq!(Manager::new(&mut memory.0, &config).is_ok(), is_valid);
    }
}

/// The memory of a processor is that of its neural engine as well.
#[test]
fn gpu_memory_is_on_the_lowest_device_that_has_some() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    let engine = DeviceInfo {
        id: 1,
        kind: DeviceKind::NeuralEngine,
        bus: 0,
        name: "engine",
        memory: 0,
        presence: Presence::Present,
    };
    manager.add_device(&engine).unwrap();
    let metal = DeviceInfo { id: 2, kind: DeviceKind::Metal, memory: 1_000, ..engine };
    manager.add_device(&metal).unwrap();
    let any = DeviceRequest::any(DeviceKind::NeuralEngine, Mode::Shared);
    let both = [any, DeviceRequest::shared(2)];
    let asks = Requirements { gpu_memory: 1_000, devices: &both, ..Requirements::default() };
    let given = manager.allocate(ToolId(1), &asks, 0).unwrap();
    assert_eq!((given.devices(), given.gpu), (&[1, 2][..], Some(2)));
    let refused = Error::Limit { limit: Limit::GpuMemory, asked: 1_000, left: 0 };
    assert_eq!(manager.allocate(ToolId(2), &asks, 0), Err(refused));
    assert!(manager.waits(ToolId(2), 0).is_some(), "it can be had later");
}

/// Bytes of one more of each, with words of 64 bits and of 32, as docs/resource-limits.md says.
const ROWS: [(&str, usize, usize); 6] = [
    ("tool", 784, 772),
    ("block outside of the classes", 80, 56),
    ("block of a class", 40, 28),
    ("device", 64, 64),
    ("tool and device that it holds", 16, 16),
    ("execution", 16, 16),
];

#[test]
fn the_page_says_how_many_bytes_each_table_takes() {
    let less = Manager::bytes(&SMALL);
    let pool = SMALL.pool;
    let mut classes = pool.classes;
    classes[0] = Class { size: 8, count: 2 };
    let of_pool = |pool| Config { pool, ..SMALL };
    let more = [
        of_pool(PoolConfig { tools_max: pool.tools_max + 2, ..pool }),
        of_pool(PoolConfig { blocks_max: pool.blocks_max + 2, ..pool }),
        of_pool(PoolConfig { classes, ..pool }),
        Config { devices_max: SMALL.devices_max + 2, ..SMALL },
        Config { holds_max: SMALL.holds_max + 2, ..SMALL },
        Config { executions_max: SMALL.executions_max + 2, ..SMALL },
    ];
    let page = include_str!("../../../../docs/resource-limits.md");
    for ((name, large, small), more) in ROWS.iter().zip(&more) {
        let bytes = (Manager::bytes(more) - less) / 2;
        assert_eq!(bytes, if size_of::<usize>() == 8 { *large } else { *small }, "{name}");
        let row = format!("| {name} | {large} | {small} |");
        assert!(page.contains(&row), "{row}");
    }
}

/// What the model knows of a tool.
#[derive(Clone, Default)]
struct Known {
    priority: Option<Priority>,
    processors: u32,
    /// Its blocks that are no part of its allocation.
    blocks: Vec<(Block, usize)>,
    min: usize,
    max: usize,
    from_reserve: usize,
    executions: Vec<Execution>,
}

impl Known {
    fn used(&self) -> usize {
        self.min + self.blocks.iter().map(|(_, size)| size).sum::<usize>()
    }

    fn settle(&mut self) {
        self.from_reserve = self.from_reserve.min(self.used());
    }
}

const MEMORY: usize = 5_000;
const RESERVE: usize = 700;
const COUNTED: Config = Config {
    pool: PoolConfig {
        memory: MEMORY,
        is_backed: false,
        classes: PoolConfig::NO_CLASSES,
        blocks_max: 200,
        tools_max: 5,
    },
    reserve: RESERVE,
    processors: 6,
    devices_max: 0,
    holds_max: 0,
    executions_max: 40,
    patience: u64::MAX / 4,
};

/// What of the reserve a block takes; `None` where it does not fit.
fn share(tools: &[Known], priority: Priority, size: usize) -> Option<usize> {
    let reserve_used: usize = tools.iter().map(|tool| tool.from_reserve).sum();
    let used: usize = tools.iter().map(Known::used).sum();
    let may = if priority == Priority::High { RESERVE - reserve_used } else { 0 };
    let common = MEMORY - used - (RESERVE - reserve_used);
    (size <= common + may).then_some(size.min(may))
}

fn allocate(manager: &mut Manager<'_>, tools: &mut [Known], at: usize, random: &mut Random) {
    let priority = *random.pick(&[Priority::Low, Priority::Normal, Priority::High]).unwrap();
    let (min, more) = (random.below(1_800), random.below(900));
    let processors = random.below(4) as u32;
    let asks = Requirements {
        memory_min: min as u64,
        memory_max: (min + more) as u64,
        processors,
        priority,
        ..Requirements::default()
    };
    let busy: u32 = tools.iter().map(|tool| tool.processors).sum();
    let from_reserve = share(tools, priority, min);
    // What the tool has left behind counts against the new limit.
    let fits = tools[at].priority.is_none()
        && min <= (min + more).saturating_sub(tools[at].used())
        && from_reserve.is_some()
        && busy + processors <= 6;
    let before = snapshot(manager);
    let given = manager.allocate(ToolId(at as u32), &asks, 0);
    assert_eq!(given.is_ok(), fits, "{given:?}");
    if fits {
        let tool = &mut tools[at];
        (tool.priority, tool.processors) = (Some(priority), processors);
        (tool.min, tool.max) = (min, min + more);
        tool.from_reserve += from_reserve.unwrap();
    } else {
        assert_eq!(snapshot(manager), before);
    }
}

fn blocks(manager: &mut Manager<'_>, tools: &mut [Known], at: usize, random: &mut Random) {
    let id = ToolId(at as u32);
    let to = random.below(5);
    match random.below(5) {
        0..2 => {
            let size = 1 + random.below(400);
            let known = &tools[at];
            let shared = known.priority.and_then(|priority| share(tools, priority, size));
            let shared = shared.filter(|_| known.used() + size <= known.max);
            match manager.take_block(id, size, 0) {
                Ok(block) => {
                    tools[at].from_reserve += shared.expect("more than there is");
                    tools[at].blocks.push((block, size));
                }
                Err(error) => assert_eq!(shared, None, "{error}"),
            }
        }
        2..4 if !tools[at].blocks.is_empty() => {
            let which = random.below(tools[at].blocks.len());
            let (block, _) = tools[at].blocks.swap_remove(which);
            tools[at].settle();
            assert_eq!(manager.free_block(id, block), Ok(()));
            assert_eq!(manager.free_block(id, block), Err(Error::Stale));
        }
        _ if !tools[at].blocks.is_empty() && to != at => {
            let (block, size) = *tools[at].blocks.last().unwrap();
            let fits = tools[to].priority.is_some() && tools[to].used() + size <= tools[to].max;
            let passed = manager.pass_block(id, block, ToolId(to as u32));
            assert_eq!(passed.is_ok(), fits, "{passed:?}");
            if fits {
                tools[at].blocks.pop();
                let before = tools[at].from_reserve;
                tools[at].settle();
                tools[to].from_reserve += before - tools[at].from_reserve;
                tools[to].blocks.push((block, size));
            }
        }
        _ => {}
    }
}

#[test]
fn the_manager_agrees_with_its_model_and_everything_comes_back() {
    let mut memory = Box::new(Aligned([0; Manager::bytes(&COUNTED)]));
    let mut manager = Manager::new(&mut memory.0, &COUNTED).unwrap();
    let mut tools = vec![Known::default(); 5];
    let mut random = Random::named(1, "manager");
    let mut most = 0;
    for _ in 0..steps(40_000) {
        let at = random.below(5);
        let id = ToolId(at as u32);
        match random.below(20) {
            0..5 => allocate(&mut manager, &mut tools, at, &mut random),
            5..15 => blocks(&mut manager, &mut tools, at, &mut random),
            15..18 => match manager.begin(id, 0) {
                Ok(execution) => tools[at].executions.push(execution),
                Err(error) => assert!(tools[at].priority.is_none() || error == FULL, "{error}"),
            },
            18 => {
                let released = manager.release(id, 0);
                assert_eq!(released.is_ok(), tools[at].priority.is_some());
                let tool = &mut tools[at];
                (tool.priority, tool.processors, tool.min) = (None, 0, 0);
                tool.settle();
            }
            _ => {
                let gone = std::mem::take(&mut tools[at]);
                let back = manager.reclaim(id, 0);
                let blocks = gone.blocks.len() + usize::from(gone.min > 0);
                assert_eq!((back.blocks as usize, back.bytes), (blocks, gone.used()));
                assert_eq!(back.executions as usize, gone.executions.len());
                assert_eq!(manager.leaks(id).count(), 0);
            }
        }
        let used: usize = tools.iter().map(Known::used).sum();
        let from_reserve: usize = tools.iter().map(|tool| tool.from_reserve).sum();
        let busy: u32 = tools.iter().map(|tool| tool.processors).sum();
        assert_eq!(manager.pool().state().used, used);
        assert_eq!(manager.reserve(), (RESERVE, from_reserve));
        assert_eq!(manager.processors(), (6, busy));
        most = most.max(used);
    }
    assert_eq!(manager.pool().state().high_water, most);
    for at in 0..5 {
        manager.reclaim(ToolId(at), 0);
        assert!(manager.monitor().summary(ToolId(at)).is_none_or(|one| one.started == one.ended));
    }
    assert_eq!((manager.pool().state().used, manager.pool().state().blocks), (0, 0));
    assert_eq!((manager.reserve(), manager.processors()), ((RESERVE, 0), (6, 0)));
    assert!(most > MEMORY - RESERVE, "the reserve was never used: {most}");
}

const FULL: Error = Error::Full(Table::Executions);

#[test]
fn an_allocation_without_gpu_memory_names_no_gpu() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    devices(&mut manager);
    let gpu = [DeviceRequest::shared(GPU)];
    for (gpu_memory, wanted) in [(0, None), (1, Some(GPU))] {
        let asks = Requirements { gpu_memory, devices: &gpu, ..Requirements::default() };
        assert_eq!(manager.allocate(ToolId(1), &asks, 0).unwrap().gpu, wanted);
        manager.release(ToolId(1), 0).unwrap();
    }
}

#[test]
fn any_gpu_is_one_with_enough_memory_left() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    devices(&mut manager);
    let further = DeviceInfo {
        id: GPU + 1,
        kind: DeviceKind::Cuda,
        bus: 1,
        name: "gpu",
        memory: 1_000,
        presence: Presence::Present,
    };
    manager.add_device(&further).unwrap();
    let [first, second] = [ToolId(1), ToolId(2)];
    let gpu = [DeviceRequest::any(DeviceKind::Cuda, Mode::Shared)];
    let asks = Requirements { gpu_memory: 600, devices: &gpu, ..Requirements::default() };
    assert_eq!(manager.allocate(first, &asks, 0).unwrap().gpu, Some(GPU));
    assert_eq!(manager.allocate(second, &asks, 0).unwrap().gpu, Some(GPU + 1));
}

#[test]
fn a_check_says_that_the_table_of_tools_is_full() {
    let mut memory = Aligned([0; Manager::bytes(&SMALL)]);
    let mut manager = Manager::new(&mut memory.0, &SMALL).unwrap();
    let asks = Requirements::default();
    for tool in 0..SMALL.pool.tools_max {
        assert_eq!(manager.check(ToolId(tool), &asks, 0), Ok(()));
        manager.allocate(ToolId(tool), &asks, 0).unwrap();
    }
    assert_eq!(manager.check(ToolId(99), &asks, 0), Err(Error::Full(Table::Tools)));
}

/// The block of a class would take of the reserve, and the same number of bytes elsewhere not.
#[test]
fn what_is_left_is_less_than_what_was_refused() {
    const CLASSES: Config = Config {
        reserve: 900,
        pool: PoolConfig {
            classes: {
                let mut classes = PoolConfig::NO_CLASSES;
                classes[0] = Class { size: 256, count: 1 };
                classes
            },
            ..SMALL.pool
        },
        ..SMALL
    };
    let mut memory = Aligned([0; Manager::bytes(&CLASSES)]);
    let mut manager = Manager::new(&mut memory.0, &CLASSES).unwrap();
    let asks = Requirements { memory_min: 100, memory_max: 100, ..Requirements::default() };
    let refused = Error::Limit { limit: Limit::Memory, asked: 100, left: 99 };
    assert_eq!(manager.allocate(ToolId(1), &asks, 0), Err(refused));
}

#[test]
fn refusals_name_the_limit_the_unit_and_the_table() {
    let limit = |limit| Error::Limit { limit, asked: 9, left: 1 }.to_string();
    let [memory, tool, processors, gpu] =
        [Limit::Memory, Limit::ToolMemory, Limit::Processors, Limit::GpuMemory].map(limit);
    assert_eq!(memory, "memory: 9 bytes were asked for and 1 are left");
    assert_eq!(tool, "memory of the tool: 9 bytes were asked for and 1 are left");
    assert_eq!(processors, "processors: 9 processors were asked for and 1 are left");
    assert_eq!(gpu, "GPU memory: 9 bytes were asked for and 1 are left");
    let quota = |limit| Error::Quota { limit, wait: 5 }.to_string();
    assert_eq!(quota(Limit::Calls), "calls per second: try again in 5 microseconds");
    assert_eq!(quota(Limit::CpuTime), "processor time: try again in 5 microseconds");
    for (table, name) in [
        (Table::Tools, "tools"),
        (Table::Blocks, "blocks"),
        (Table::Devices, "devices"),
        (Table::Holds, "holds"),
        (Table::Executions, "executions"),
        (Table::Items, "items"),
    ] {
        assert_eq!(Error::Full(table).to_string(), format!("the table of {name} is full"));
    }
    let kept = Error::KeptFor(ToolId(4)).to_string();
    assert_eq!(kept, "it is kept for tool 4, which waits for longer");
}
