//! All resources of all tools.

mod tools;
mod wait;

use trine_arena::Arena;

pub use tools::{Allocation, Held, Priority, Reclaimed, Requirements, Resources};
use tools::{State, Tool, Tools};

use crate::devices::Plan;
use crate::pool::{TOO_SMALL, align, refused};
use crate::{
    Block, Config, DeviceRequest, Devices, Error, Execution, Limit, Monitor, Outcome, Pool, Quota,
    QuotaState, ToolId,
};

/// Gives tools memory, devices, processors and time, each within its limits.
///
/// ```
/// use trine_resources::{Config, Error, Limit, Manager, PoolConfig, Requirements, ToolId};
///
/// const CONFIG: Config = Config {
///     pool: PoolConfig { memory: 1_000, is_backed: true, blocks_max: 4, tools_max: 2,
///         classes: PoolConfig::NO_CLASSES },
///     processors: 1, devices_max: 2, holds_max: 4, executions_max: 2, reserve: 0,
///     patience: 1_000_000,
/// };
/// let mut memory = [0; Manager::bytes(&CONFIG) + 7];
/// let mut manager = Manager::new(&mut memory, &CONFIG)?;
/// let pump = ToolId(1);
/// let more = Requirements { memory_min: 1_001, memory_max: 1_001, ..Requirements::default() };
/// let refused = Error::Limit { limit: Limit::Memory, asked: 1_001, left: 1_000 };
/// assert_eq!(manager.allocate(pump, &more, 0), Err(refused));
/// let all = Requirements { memory_min: 1_000, memory_max: 1_000, ..more };
/// let allocation = manager.allocate(pump, &all, 5)?;
/// assert_eq!(allocation.allocated_at, 5);
/// manager.resources(pump)?.memory.fill(7);
/// manager.release(pump, 9)?;
/// assert_eq!(manager.leaks(pump).count(), 0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Manager<'m> {
    tools: Tools<'m>,
    pool: Pool<'m>,
    devices: Devices<'m>,
    monitor: Monitor<'m>,
    reserve: usize,
    /// Bytes of the reserve that tools have.
    reserve_used: usize,
    processors: u32,
    processors_used: u32,
    patience: u64,
    /// The time that was last given.
    seen: u64,
}

/// What a request would take.
#[derive(Clone, Copy, Debug)]
struct Grant {
    devices: Plan,
    /// Bytes of the pool that are of the reserve.
    from_reserve: usize,
    gpu: Option<u32>,
}

impl<'m> Manager<'m> {
    /// Bytes that a manager takes with all its tables, and the pool's memory where it is given
    /// too. Memory that does not start at a multiple of 8 has to have up to 7 more.
    #[must_use]
    pub const fn bytes(config: &Config) -> usize {
        let tools_max = config.pool.tools_max;
        let tools = (tools_max as usize).saturating_mul(size_of::<Tool>());
        tools
            .saturating_add(Devices::bytes(config.devices_max, config.holds_max))
            .saturating_add(Monitor::bytes(tools_max, config.executions_max))
            .saturating_add(Pool::bytes(&config.pool))
    }

    /// A manager in `memory`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a configuration that contradicts itself, and for memory that is too
    /// small.
    pub fn new(memory: &'m mut [u8], config: &Config) -> Result<Self, Error> {
        config.check()?;
        let mut arena = Arena::new(memory);
        align(&mut arena);
        let tools = Tools(arena.slice(config.pool.tools_max as usize, Tool::EMPTY));
        let devices = Devices::carve(&mut arena, config.devices_max, config.holds_max);
        let monitor = Monitor::carve(&mut arena, config.pool.tools_max, config.executions_max);
        let pool = Pool::carve(&mut arena, &config.pool)?;
        if arena.fault().is_some() {
            return Err(TOO_SMALL);
        }
        let Config { reserve, processors, patience, .. } = *config;
        Ok(Self {
            tools,
            pool,
            devices,
            monitor,
            reserve,
            reserve_used: 0,
            processors,
            processors_used: 0,
            patience,
            seen: 0,
        })
    }

    /// Enters a device.
    ///
    /// # Errors
    /// As [`Devices::add`].
    pub fn add_device(&mut self, info: &crate::DeviceInfo<'_>) -> Result<(), Error> {
        self.devices.add(info)
    }

    /// Says that a device came or went.
    ///
    /// # Errors
    /// As [`Devices::set_presence`].
    pub fn set_presence(&mut self, device: u32, presence: crate::Presence) -> Result<(), Error> {
        self.devices.set_presence(device, presence)
    }

    /// Whether a tool could be given what it asks for now. Nothing changes.
    ///
    /// # Errors
    /// As [`Self::allocate`].
    pub fn check(&self, tool: ToolId, asks: &Requirements<'_>, now: u64) -> Result<(), Error> {
        self.grant(tool, asks, now).map(|_| ())
    }

    /// Gives a tool what it asks for: all of it, or an error that says what is missing.
    /// `memory_min` bytes are taken at once; further blocks, up to `memory_max` in all, when the
    /// tool asks for them by [`Self::take_block`].
    ///
    /// A tool that is refused for want of memory, processors or a device waits from then on: see
    /// [`Config::patience`]. It asks again, or [`Self::withdraw`] ends its waiting.
    ///
    /// # Errors
    /// [`Error::Limit`] with the limit, [`Error::NoDevice`], [`Error::DeviceBusy`],
    /// [`Error::KeptFor`] when another tool has waited for longer, [`Error::Allocated`],
    /// [`Error::Full`] or [`Error::Invalid`].
    pub fn allocate(
        &mut self,
        tool: ToolId,
        asks: &Requirements<'_>,
        now: u64,
    ) -> Result<Allocation, Error> {
        self.observe(now);
        match self.grant(tool, asks, now) {
            Ok(grant) => self.commit(tool, asks, &grant, now),
            Err(error) => {
                self.wait(tool, asks, error, now);
                Err(error)
            }
        }
    }

    /// What a request would take, or why it is refused.
    fn grant(&self, tool: ToolId, asks: &Requirements<'_>, now: u64) -> Result<Grant, Error> {
        let min = usize::try_from(asks.memory_min).unwrap_or(usize::MAX);
        if asks.memory_min > asks.memory_max {
            return Err(Error::Invalid("memory_min is more than memory_max"));
        }
        self.has_place(tool, now)?;
        // What an earlier allocation of the tool has left behind still counts.
        let kept = self.pool.usage(tool).map_or(0, |usage| usage.used);
        let max = usize::try_from(asks.memory_max).unwrap_or(usize::MAX);
        if min > max.saturating_sub(kept) {
            return Err(refused(Limit::ToolMemory, min, max.saturating_sub(kept)));
        }
        let from_reserve = self.memory(tool, asks.priority, min, now)?;
        let left = self.processors - self.processors_used;
        if asks.processors > left {
            let (asked, left) = (asks.processors.into(), left.into());
            return Err(Error::Limit { limit: Limit::Processors, asked, left });
        }
        let is_kept = |device| self.before(tool, now).any(|entry| entry.lacks_device(device));
        let devices = self.devices.plan(tool, asks.devices, asks.gpu_memory, is_kept)?;
        let gpu = match asks.gpu_memory {
            0 => None,
            bytes => Some(self.devices.place_gpu(&devices, bytes)?),
        };
        self.may_pass(tool, asks.processors, &devices, now)?;
        Ok(Grant { devices, from_reserve, gpu })
    }

    /// Whether there is memory for a block of `size` bytes, and how many bytes of the reserve it
    /// takes.
    fn memory(
        &self,
        tool: ToolId,
        priority: Priority,
        size: usize,
        now: u64,
    ) -> Result<usize, Error> {
        if size == 0 {
            return Ok(0);
        }
        let span = self.pool.fits(size)?;
        let state = self.pool.state();
        let reserve = match priority {
            Priority::High => self.reserve - self.reserve_used,
            Priority::Normal | Priority::Low => 0,
        };
        let free = state.size - state.used;
        let common = free.saturating_sub(self.reserve - self.reserve_used);
        if span > common + reserve {
            // The block may take more than was asked for: that of a class, or the next multiple.
            let left = self.pool.floor(common + reserve).min(size - 1);
            return Err(refused(Limit::Memory, size, left));
        }
        let from_reserve = span.min(reserve);
        if span > from_reserve {
            self.may_take_memory(tool, now)?;
        }
        Ok(from_reserve)
    }

    fn commit(
        &mut self,
        tool: ToolId,
        asks: &Requirements<'_>,
        grant: &Grant,
        now: u64,
    ) -> Result<Allocation, Error> {
        let max = usize::try_from(asks.memory_max).unwrap_or(usize::MAX);
        self.enter(tool, now)?;
        self.pool.set_budget(tool, max)?;
        let memory = match usize::try_from(asks.memory_min).unwrap_or(usize::MAX) {
            0 => None,
            size => Some(self.pool.allocate(tool, size)?),
        };
        self.reserve_used += grant.from_reserve;
        self.processors_used += asks.processors;
        self.devices.commit(tool, &grant.devices);
        if let Some(gpu) = grant.gpu {
            self.devices.take_memory(gpu, asks.gpu_memory);
        }
        let entry = self.tools.get_mut(tool).ok_or(Error::NoAllocation)?;
        entry.begin(asks, memory, grant.devices.ids(), grant.gpu, now);
        entry.from_reserve += grant.from_reserve as u64;
        Ok(entry.allocation())
    }

    /// Ends a tool's allocation: its memory, devices, processors and GPU memory are free again.
    /// Blocks, devices and executions that it took beyond that are left: [`Self::leaks`] lists
    /// them, and [`Self::reclaim`] takes them back.
    ///
    /// # Errors
    /// [`Error::NoAllocation`] when it has none, such as after it was released.
    pub fn release(&mut self, tool: ToolId, now: u64) -> Result<(), Error> {
        let entry = self.tools.active_mut(tool)?;
        self.seen = now;
        let allocation = entry.allocation();
        entry.state = State::Released;
        entry.since = now;
        if let Some(block) = allocation.memory {
            // One that the tool freed itself is no error here.
            let _ = self.pool.free(tool, block);
            self.settle(tool);
        }
        self.processors_used -= allocation.processors;
        for device in allocation.devices() {
            // One that the tool released itself is no error here.
            let _ = self.devices.release(tool, *device);
        }
        if let Some(gpu) = allocation.gpu {
            self.devices.give_memory(gpu, allocation.gpu_memory);
        }
        Ok(())
    }

    /// After a tool gave bytes back: first those count that are of everyone, then those of the
    /// reserve. Answers how many of the reserve it has no more.
    fn settle(&mut self, tool: ToolId) -> u64 {
        let pool = &self.pool;
        let spans = pool.blocks(tool).filter_map(|(block, _)| pool.span(tool, block).ok());
        let has = spans.sum::<usize>() as u64;
        let Some(entry) = self.tools.get_mut(tool) else { return 0 };
        let gone = entry.from_reserve.saturating_sub(has);
        entry.from_reserve -= gone;
        self.reserve_used -= gone as usize;
        gone
    }

    /// What a tool still holds, whether or not it has an allocation.
    pub fn leaks(&self, tool: ToolId) -> impl Iterator<Item = Held> {
        let blocks = self.pool.blocks(tool).map(|(block, size)| Held::Block { block, size });
        let devices = self.devices.held_by(tool);
        let devices = devices.map(|(device, mode, count)| Held::Device { device, mode, count });
        blocks.chain(devices).chain(self.monitor.running(tool).map(Held::Execution))
    }

    /// Takes back all that a tool holds, its allocation included, such as after it crashed.
    /// Executions under way end as aborted.
    pub fn reclaim(&mut self, tool: ToolId, now: u64) -> Reclaimed {
        let before = self.pool.usage(tool).unwrap_or_default();
        let held: u32 = self.devices.held_by(tool).map(|(_, _, count)| count).sum();
        let had_allocation = self.release(tool, now).is_ok();
        self.pool.free_all(tool);
        self.settle(tool);
        self.devices.release_all(tool);
        let executions = self.monitor.abort_all(tool, now);
        self.withdraw(tool);
        Reclaimed {
            had_allocation,
            blocks: before.blocks,
            bytes: before.used,
            devices: held,
            executions,
        }
    }

    /// The allocation of a tool.
    ///
    /// # Errors
    /// [`Error::NoAllocation`].
    pub fn allocation(&self, tool: ToolId) -> Result<Allocation, Error> {
        self.tools.active(tool).map(Tool::allocation)
    }

    /// All allocations.
    pub fn allocations(&self) -> impl Iterator<Item = Allocation> {
        self.tools.0.iter().filter(|tool| tool.state == State::Active).map(Tool::allocation)
    }

    /// What a tool is given when it starts: its memory and its devices, and nothing of others.
    ///
    /// # Errors
    /// [`Error::NoAllocation`].
    pub fn resources(&mut self, tool: ToolId) -> Result<Resources<'_>, Error> {
        let allocation = self.allocation(tool)?;
        let memory = match allocation.memory {
            Some(block) => self.pool.memory_mut(tool, block)?,
            None => &mut [],
        };
        Ok(Resources { allocation, memory })
    }

    /// Takes a further block for a tool, within its `memory_max`.
    ///
    /// # Errors
    /// [`Error::NoAllocation`]; [`Error::Limit`] with `ToolMemory` or `Memory`;
    /// [`Error::KeptFor`]; [`Error::Full`]; [`Error::Invalid`] for no bytes.
    pub fn take_block(&mut self, tool: ToolId, size: usize, now: u64) -> Result<Block, Error> {
        let priority = self.tools.active(tool)?.priority;
        self.observe(now);
        let checked = self.pool.check(tool, size);
        if let (Err(Error::Limit { limit: Limit::ToolMemory, .. }), Some(entry)) =
            (checked, self.tools.get_mut(tool))
        {
            entry.quota.refuse_memory();
        }
        checked?;
        let from_reserve = self.memory(tool, priority, size, now)?;
        let block = self.pool.allocate(tool, size)?;
        self.reserve_used += from_reserve;
        if let Some(entry) = self.tools.get_mut(tool) {
            entry.from_reserve += from_reserve as u64;
        }
        Ok(block)
    }

    /// Gives a block back that [`Self::take_block`] gave.
    ///
    /// # Errors
    /// As [`Pool::free`].
    pub fn free_block(&mut self, tool: ToolId, block: Block) -> Result<(), Error> {
        self.pool.free(tool, block)?;
        self.settle(tool);
        Ok(())
    }

    /// Gives a block to another tool, without a copy; see [`Pool::pass`].
    ///
    /// # Errors
    /// As [`Pool::pass`]; [`Error::Invalid`] for the block of the allocation itself.
    pub fn pass_block(&mut self, from: ToolId, block: Block, to: ToolId) -> Result<(), Error> {
        if self.allocation(from).is_ok_and(|allocation| allocation.memory == Some(block)) {
            return Err(Error::Invalid("the memory of an allocation stays with it"));
        }
        self.tools.active(to)?;
        self.pool.pass(from, block, to)?;
        // What it took of the reserve goes with it.
        let moved = self.settle(from);
        self.reserve_used += moved as usize;
        if let Some(entry) = self.tools.get_mut(to) {
            entry.from_reserve += moved;
        }
        Ok(())
    }

    /// The bytes of a tool's block.
    ///
    /// # Errors
    /// As [`Pool::memory_mut`].
    pub fn memory_of(&mut self, tool: ToolId, block: Block) -> Result<&mut [u8], Error> {
        self.pool.memory_mut(tool, block)
    }

    /// Takes further devices for a tool: all or none, of higher numbers than those that it holds.
    /// Whether another tool has waited for one of them for longer than `patience` is told by the
    /// time that was last given.
    ///
    /// # Errors
    /// [`Error::NoAllocation`], [`Error::KeptFor`], and as [`Devices::take`].
    pub fn take_devices(&mut self, tool: ToolId, asks: &[DeviceRequest]) -> Result<(), Error> {
        self.tools.active(tool)?;
        let is_kept = |device| self.before(tool, self.seen).any(|entry| entry.lacks_device(device));
        let plan = self.devices.plan(tool, asks, 0, is_kept)?;
        self.may_pass(tool, 0, &plan, self.seen)?;
        self.devices.commit(tool, &plan);
        Ok(())
    }

    /// Gives a device back.
    ///
    /// # Errors
    /// As [`Devices::release`].
    pub fn release_device(&mut self, tool: ToolId, device: u32) -> Result<(), Error> {
        self.devices.release(tool, device)
    }

    /// Begins an execution of a tool: its quota is asked first.
    ///
    /// # Errors
    /// [`Error::NoAllocation`]; [`Error::Quota`] with how long to wait; [`Error::Full`].
    pub fn begin(&mut self, tool: ToolId, now: u64) -> Result<Execution, Error> {
        self.tools.active(tool)?;
        self.monitor.may_begin(tool)?;
        self.seen = now;
        self.tools.active_mut(tool)?.quota.admit(now)?;
        self.monitor.begin(tool, now)
    }

    /// Ends an execution, which has used `cpu` microseconds of processor time.
    ///
    /// # Errors
    /// [`Error::Stale`] for one that has ended.
    pub fn end(
        &mut self,
        execution: Execution,
        now: u64,
        cpu: u64,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let (tool, _) = self.monitor.end(execution, now, outcome)?;
        self.seen = now;
        if let Some(entry) = self.tools.get_mut(tool) {
            entry.quota.charge_cpu(now, cpu);
        }
        Ok(())
    }

    /// What the quota of a tool leaves, and what it has refused.
    ///
    /// # Errors
    /// [`Error::NoAllocation`].
    pub fn quota(&self, tool: ToolId, now: u64) -> Result<QuotaState, Error> {
        self.tools.active(tool).map(|entry| entry.quota.state(now))
    }

    /// The quota of a tool by itself.
    ///
    /// # Errors
    /// [`Error::NoAllocation`].
    pub fn quota_mut(&mut self, tool: ToolId) -> Result<&mut Quota, Error> {
        self.tools.active_mut(tool).map(|entry| &mut entry.quota)
    }

    /// The pool.
    #[must_use]
    pub const fn pool(&self) -> &Pool<'m> {
        &self.pool
    }

    /// The devices.
    #[must_use]
    pub const fn devices(&self) -> &Devices<'m> {
        &self.devices
    }

    /// The monitor.
    #[must_use]
    pub const fn monitor(&self) -> &Monitor<'m> {
        &self.monitor
    }

    /// Bytes of the reserve, and how many of them tools have.
    #[must_use]
    pub const fn reserve(&self) -> (usize, usize) {
        (self.reserve, self.reserve_used)
    }

    /// Processors in all, and how many of them tools have.
    #[must_use]
    pub const fn processors(&self) -> (u32, u32) {
        (self.processors, self.processors_used)
    }
}
