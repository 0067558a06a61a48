//! The pool next to a model that knows each byte.

use std::collections::BTreeMap;

use trine_bits::Random;
use trine_resources::{Block, Class, Error, Limit, Pool, PoolConfig, Table, ToolId};

use crate::{Aligned, steps};

const NONE: Class = Class { size: 0, count: 0 };
const CONFIG: PoolConfig = PoolConfig {
    memory: 8_192,
    is_backed: true,
    classes: [
        Class { size: 16, count: 12 },
        Class { size: 64, count: 8 },
        Class { size: 256, count: 4 },
        NONE,
    ],
    blocks_max: 24,
    tools_max: 4,
};
/// Bytes of the classes, behind which the arena begins.
const ARENA: usize = 16 * 12 + 64 * 8 + 256 * 4;
const TOOLS: [ToolId; 4] = [ToolId(0), ToolId(1), ToolId(7), ToolId(u32::MAX - 1)];
const BUDGET: usize = 3_000;

/// A block as the model knows it.
#[derive(Clone, Copy)]
struct Live {
    block: Block,
    tool: ToolId,
    size: usize,
    span: usize,
    /// What each of its bytes holds.
    mark: u8,
}

/// All blocks by place, and the sums of them.
#[derive(Default)]
struct Model {
    live: BTreeMap<usize, Live>,
    used: usize,
    high_water: usize,
    of_tool: BTreeMap<ToolId, (usize, usize)>,
    /// The last handles that were given back.
    gone: Vec<(ToolId, Block)>,
}

impl Model {
    /// Free blocks of a class.
    fn free(&self, class: usize) -> u32 {
        let start: usize =
            CONFIG.classes[..class].iter().map(|one| (one.size * one.count) as usize).sum();
        let Class { size, count } = CONFIG.classes[class];
        count - self.live.range(start..start + (size * count) as usize).count() as u32
    }

    /// What a block takes: of the first class with a free block, or of the arena's largest gap.
    fn span(&self, size: usize) -> Result<usize, usize> {
        for (at, class) in CONFIG.classes.iter().enumerate() {
            if class.size as usize >= size && self.free(at) > 0 {
                return Ok(class.size as usize);
            }
        }
        let (mut end, mut largest) = (ARENA, 0);
        for (place, live) in self.live.range(ARENA..) {
            largest = largest.max(place - end);
            end = place + live.span;
        }
        largest = largest.max(CONFIG.memory - end);
        if size <= largest { Ok(size.next_multiple_of(8)) } else { Err(largest) }
    }

    fn insert(&mut self, place: usize, live: Live) {
        let before = self.live.range(..place + live.span).next_back();
        assert!(before.is_none_or(|(at, other)| at + other.span <= place), "blocks overlap");
        assert!(place + live.span <= CONFIG.memory, "a block ends behind the memory");
        self.live.insert(place, live);
        self.used += live.span;
        self.high_water = self.high_water.max(self.used);
        let (used, most) = self.of_tool.entry(live.tool).or_default();
        *used += live.size;
        *most = (*most).max(*used);
    }

    fn remove(&mut self, place: usize) {
        let live = self.live.remove(&place).unwrap();
        self.used -= live.span;
        self.of_tool.get_mut(&live.tool).unwrap().0 -= live.size;
        self.gone.push((live.tool, live.block));
        if self.gone.len() > 64 {
            self.gone.remove(0);
        }
    }

    fn used_by(&self, tool: ToolId) -> usize {
        self.of_tool.get(&tool).map_or(0, |(used, _)| *used)
    }
}

fn allocate(pool: &mut Pool<'_>, model: &mut Model, random: &mut Random) {
    let tool = *random.pick(&TOOLS).unwrap();
    let most = *random.pick(&[16, 64, 256, 900]).unwrap();
    let size = 1 + random.below(most);
    let left = BUDGET - model.used_by(tool);
    let span = model.span(size);
    match pool.allocate(tool, size) {
        Ok(block) => {
            let (place, known) = pool.place(tool, block).unwrap();
            let mark = random.bits() as u8;
            pool.memory_mut(tool, block).unwrap().fill(mark);
            assert_eq!((known, pool.span(tool, block)), (size, span.map_err(|_| Error::Stale)));
            assert!(size <= left, "more than the budget");
            model.insert(place, Live { block, tool, size, span: span.unwrap(), mark });
        }
        Err(error) => {
            let asked = size as u64;
            let expected = match span {
                _ if size > left => {
                    Error::Limit { limit: Limit::ToolMemory, asked, left: left as u64 }
                }
                Err(left) => Error::Limit { limit: Limit::Memory, asked, left: left as u64 },
                Ok(_) => Error::Full(Table::Blocks),
            };
            assert_eq!(error, expected);
        }
    }
}

fn free(pool: &mut Pool<'_>, model: &mut Model, random: &mut Random) {
    let at = random.below(model.live.len());
    let Some((&place, &live)) = model.live.iter().nth(at) else { return };
    let Live { block, tool, mark, .. } = live;
    let other = TOOLS.into_iter().find(|other| *other != tool).unwrap();
    assert_eq!(pool.free(other, block), Err(Error::Foreign));
    assert!(pool.memory(tool, block).unwrap().iter().all(|byte| *byte == mark), "it was changed");
    assert_eq!(pool.free(tool, block), Ok(()));
    assert_eq!(pool.free(tool, block), Err(Error::Stale));
    model.remove(place);
}

/// All that a pool says of itself.
fn compare(pool: &Pool<'_>, model: &Model) {
    let state = pool.state();
    assert_eq!((state.used, state.high_water), (model.used, model.high_water));
    assert_eq!(state.blocks as usize, model.live.len());
    for tool in TOOLS {
        let usage = pool.usage(tool).unwrap();
        let (used, most) = model.of_tool.get(&tool).copied().unwrap_or_default();
        assert_eq!((usage.used, usage.high_water), (used, most), "{tool}");
    }
}

#[test]
fn the_pool_agrees_with_its_model_and_neither_leaks_nor_frays() {
    let mut memory = Box::new(Aligned([0; Pool::bytes(&CONFIG)]));
    let mut pool = Pool::new(&mut memory.0, &CONFIG).unwrap();
    let (mut model, mut random) = (Model::default(), Random::named(1, "pool"));
    TOOLS.iter().for_each(|tool| pool.set_budget(*tool, BUDGET).unwrap());
    let steps = steps(100_000);
    // Bytes that are free in the arena and no part of its largest piece, by tenths of the run.
    let mut scattered = [0_u64; 10];
    for step in 0..steps {
        if random.below(100) < 52 {
            allocate(&mut pool, &mut model, &mut random);
        } else {
            free(&mut pool, &mut model, &mut random);
        }
        let state = pool.state();
        assert_eq!((state.used, state.high_water), (model.used, model.high_water));
        let in_arena: usize = model.live.range(ARENA..).map(|(_, live)| live.span).sum();
        scattered[step * 10 / steps] += (CONFIG.memory - ARENA - in_arena - state.largest) as u64;
        if step % 97 == 0 {
            compare(&pool, &model);
            let (tool, block) = random.pick(&model.gone).copied().unwrap_or((TOOLS[0], OLD));
            assert_eq!(pool.free(tool, block), Err(Error::Stale));
        }
    }
    let (second, last) = (scattered[1], scattered[9]);
    assert!(last <= second + second / 2, "it frays: {scattered:?}");
    for tool in TOOLS {
        let blocks = pool.blocks(tool).count() as u32;
        let bytes = model.used_by(tool);
        assert_eq!(pool.free_all(tool), (blocks, bytes));
        assert_eq!(pool.free_all(tool), (0, 0));
    }
    let state = pool.state();
    assert_eq!((state.used, state.blocks, state.holes), (0, 0, 0));
    assert_eq!((state.largest, pool.arena_top()), (CONFIG.memory - ARENA, ARENA));
    assert_eq!(state.high_water, model.high_water);
    for (at, class) in CONFIG.classes.iter().enumerate().take(3) {
        let (known, used, most) = pool.class(at).unwrap();
        assert_eq!((known, used), (*class, 0));
        assert!(most > 0 && most <= class.count);
    }
    println!("{steps} steps; the most in use {} of {}", state.high_water, state.size);
}

/// No handle of any block.
const OLD: Block = Block::from_bits(u64::MAX);

#[test]
fn one_byte_over_the_pool_or_the_budget_is_refused_with_what_is_left() {
    let config = PoolConfig { memory: 100, classes: [NONE; 4], ..CONFIG };
    let mut memory = Aligned([0; 4_096]);
    let mut pool = Pool::new(&mut memory.0, &config).unwrap();
    let (one, two) = (TOOLS[0], TOOLS[1]);
    pool.set_budget(one, 50).unwrap();
    pool.set_budget(two, 500).unwrap();
    let refused = Error::Limit { limit: Limit::ToolMemory, asked: 51, left: 50 };
    assert_eq!(pool.allocate(one, 51), Err(refused));
    let block = pool.allocate(one, 50).unwrap();
    // 56 of the 100 bytes are taken, and of the other 44 whole multiples of 8 are given.
    let refused = Error::Limit { limit: Limit::Memory, asked: 41, left: 40 };
    assert_eq!(pool.allocate(two, 41), Err(refused));
    assert_eq!(pool.allocate(ToolId(9), 1), Err(Error::NoAllocation));
    assert!(matches!(pool.allocate(two, 0), Err(Error::Invalid(_))));
    let before = pool.state();
    assert!(pool.allocate(two, usize::MAX).is_err());
    assert_eq!(pool.state(), before);
    assert!(pool.allocate(two, 40).is_ok());
    assert_eq!(pool.free(one, block), Ok(()));
}

#[test]
fn a_handle_is_never_that_of_a_later_block_in_the_same_place() {
    let mut memory = Aligned([0; Pool::bytes(&CONFIG)]);
    let mut pool = Pool::new(&mut memory.0, &CONFIG).unwrap();
    let tool = TOOLS[0];
    pool.set_budget(tool, 1_000).unwrap();
    for size in [8, 600] {
        let first = pool.allocate(tool, size).unwrap();
        pool.free(tool, first).unwrap();
        let second = pool.allocate(tool, size).unwrap();
        assert_eq!(pool.free(tool, first), Err(Error::Stale));
        assert_ne!((first.to_bits(), second.to_bits()), (0, 0));
        assert_eq!(Block::from_bits(second.to_bits()), second);
        assert_eq!(pool.free(tool, second), Ok(()));
    }
}

#[test]
fn a_block_is_passed_on_without_a_copy_and_counts_against_its_new_tool() {
    let mut memory = Aligned([0; Pool::bytes(&CONFIG)]);
    let mut pool = Pool::new(&mut memory.0, &CONFIG).unwrap();
    let [from, to, poor, _] = TOOLS;
    for (tool, most) in [(from, 900), (to, 700), (poor, 600)] {
        pool.set_budget(tool, most).unwrap();
    }
    let block = pool.allocate(from, 650).unwrap();
    pool.memory_mut(from, block).unwrap().fill(9);
    let place = pool.place(from, block).unwrap();
    let refused = Error::Limit { limit: Limit::ToolMemory, asked: 650, left: 600 };
    assert_eq!(pool.pass(from, block, poor), Err(refused));
    assert_eq!(pool.pass(to, block, from), Err(Error::Foreign));
    assert_eq!(pool.pass(from, block, to), Ok(()));
    assert_eq!(pool.memory(from, block), Err(Error::Foreign));
    assert_eq!(pool.place(to, block), Ok(place));
    assert!(pool.memory(to, block).unwrap().iter().all(|byte| *byte == 9));
    assert_eq!(pool.usage(from).map(|usage| (usage.used, usage.blocks)), Some((0, 0)));
    assert_eq!(pool.usage(to).map(|usage| (usage.used, usage.blocks)), Some((650, 1)));
}

#[test]
fn a_pool_that_only_counts_limits_the_sum_to_the_byte() {
    let config = PoolConfig { is_backed: false, classes: [NONE; 4], memory: 1 << 30, ..CONFIG };
    let mut memory =
        Aligned([0; Pool::bytes(&PoolConfig { is_backed: false, memory: 1 << 30, ..CONFIG })]);
    let mut pool = Pool::new(&mut memory.0, &config).unwrap();
    let tool = TOOLS[0];
    pool.set_budget(tool, usize::MAX).unwrap();
    let blocks = [1, (1 << 29) + 3, 77].map(|size| pool.allocate(tool, size).unwrap());
    let left = (1_usize << 30) - (1 << 29) - 81;
    assert_eq!(pool.state().largest, left);
    pool.free(tool, blocks[1]).unwrap();
    // In the middle, and yet the rest is one piece.
    assert_eq!(pool.allocate(tool, (1 << 30) - 78).map(|_| ()), Ok(()));
    assert_eq!(pool.state().largest, 0);
    assert!(pool.memory(tool, blocks[0]).unwrap().is_empty());
}

#[test]
fn a_pool_takes_the_bytes_that_it_says_and_refuses_one_less() {
    let mut memory = Aligned([0; Pool::bytes(&CONFIG)]);
    let given = memory.0.len();
    assert!(Pool::new(&mut memory.0[..given - 1], &CONFIG).is_err());
    assert!(Pool::new(&mut memory.0[1..], &CONFIG).is_err());
    let mut pool = Pool::new(&mut memory.0, &CONFIG).unwrap();
    pool.set_budget(TOOLS[0], usize::MAX).unwrap();
    assert!(pool.allocate(TOOLS[0], CONFIG.memory - ARENA).is_ok());
    for classes in [
        [Class { size: 12, count: 1 }, NONE, NONE, NONE],
        [Class { size: 16, count: 1 }, Class { size: 16, count: 1 }, NONE, NONE],
        [Class { size: 4_096, count: 3 }, NONE, NONE, NONE],
        [Class { size: u32::MAX - 7, count: u32::MAX }, NONE, NONE, NONE],
    ] {
        assert!(Pool::new(&mut [0; 9_999], &PoolConfig { classes, ..CONFIG }).is_err());
    }
}

#[test]
fn a_hole_is_what_lies_between_two_blocks() {
    let mut memory = Aligned([0; Pool::bytes(&CONFIG)]);
    let mut pool = Pool::new(&mut memory.0, &CONFIG).unwrap();
    let tool = TOOLS[0];
    pool.set_budget(tool, usize::MAX).unwrap();
    let [first, middle, last] = [300, 400, 500].map(|size| pool.allocate(tool, size).unwrap());
    assert_eq!(pool.state().holes, 0);
    pool.free(tool, middle).unwrap();
    assert_eq!(pool.state().holes, 1);
    pool.free(tool, first).unwrap();
    assert_eq!(pool.state().holes, 1, "two that touch are one");
    pool.free(tool, last).unwrap();
    assert_eq!(pool.state().holes, 0);
}
