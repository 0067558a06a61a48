//! Tools, what they ask for and what they have.

use crate::{
    Block, DEVICES_PER_REQUEST, DeviceRequest, Error, Execution, Mode, NO_TOOL, Quota, Quotas,
    ToolId,
};

/// How urgent a tool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Priority {
    /// It may wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// It may have the reserve too; never what another tool has.
    High,
}

/// What a tool asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requirements<'a> {
    /// Bytes of memory that it gets at once.
    pub memory_min: u64,
    /// The most bytes that it may have.
    pub memory_max: u64,
    /// Processors.
    pub processors: u32,
    /// Bytes of GPU memory, on the lowest of its devices that has memory of its own.
    pub gpu_memory: u64,
    /// Devices, all or none.
    pub devices: &'a [DeviceRequest],
    /// Calls per second and processor time.
    pub quotas: Quotas,
    /// How urgent it is.
    pub priority: Priority,
}

/// What a tool has been given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The tool.
    pub tool: ToolId,
    /// The block of its `memory_min`; `None` where that was 0.
    pub memory: Option<Block>,
    /// Bytes of that block.
    pub memory_min: u64,
    /// The most bytes that it may have.
    pub memory_max: u64,
    /// Processors.
    pub processors: u32,
    /// Bytes of GPU memory.
    pub gpu_memory: u64,
    /// The device that they are on.
    pub gpu: Option<u32>,
    /// How urgent it is.
    pub priority: Priority,
    /// The time at which it was given.
    pub allocated_at: u64,
    devices: [u32; DEVICES_PER_REQUEST],
    device_count: usize,
}

impl Allocation {
    /// Numbers of its devices, in rising order.
    #[must_use]
    pub fn devices(&self) -> &[u32] {
        self.devices.get(..self.device_count).unwrap_or_default()
    }
}

/// What a tool may use, and nothing else.
#[derive(Debug)]
pub struct Resources<'a> {
    /// Its allocation.
    pub allocation: Allocation,
    /// Its memory; empty where the pool only counts.
    pub memory: &'a mut [u8],
}

/// Something that a tool holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A block.
    Block {
        /// Its handle.
        block: Block,
        /// Its bytes.
        size: usize,
    },
    /// A device.
    Device {
        /// Its number.
        device: u32,
        /// How it is held.
        mode: Mode,
        /// References.
        count: u32,
    },
    /// An execution that has not ended.
    Execution(Execution),
}

/// What was taken back of a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reclaimed {
    /// Whether it had an allocation.
    pub had_allocation: bool,
    /// Blocks.
    pub blocks: u32,
    /// Bytes of them.
    pub bytes: usize,
    /// References to devices.
    pub devices: u32,
    /// Executions, which were aborted.
    pub executions: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum State {
    /// The place is free.
    Free,
    /// It was refused and asks again.
    Waiting,
    /// It has an allocation.
    Active,
    /// It had one.
    Released,
}

/// What a waiting tool was refused, joined by |; devices are listed by their numbers.
pub(super) const LACKS_MEMORY: u64 = 1;
pub(super) const LACKS_PROCESSORS: u64 = 2;

/// A tool that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool {
    pub(super) quota: Quota,
    memory: u64,
    memory_min: u64,
    memory_max: u64,
    gpu_memory: u64,
    /// When it got its allocation, gave it back, or began to wait.
    pub(super) since: u64,
    /// When a waiting tool last asked.
    pub(super) asked: u64,
    /// Bytes of the reserve that it has.
    pub(super) from_reserve: u64,
    /// Of one that waits: all that it was refused since then.
    pub(super) lacks: u64,
    pub(super) tool: u32,
    pub(super) state: State,
    pub(super) priority: Priority,
    processors: u32,
    gpu: u32,
    /// Its devices; of one that waits, those that it lacks.
    device_count: u32,
    devices: [u32; DEVICES_PER_REQUEST],
}

trine_arena::solid!(
    enum Priority {
        Low,
    }
);
trine_arena::solid!(
    enum State {
        Free,
    }
);
trine_arena::solid!(
    struct Tool {
        quota: Quota,
        memory: u64,
        memory_min: u64,
        memory_max: u64,
        gpu_memory: u64,
        since: u64,
        asked: u64,
        from_reserve: u64,
        lacks: u64,
        tool: u32,
        state: State,
        priority: Priority,
        processors: u32,
        gpu: u32,
        device_count: u32,
        devices: [u32; DEVICES_PER_REQUEST],
    }
);

/// No device.
const NONE: u32 = u32::MAX;

impl Tool {
    pub(super) const EMPTY: Self = Self {
        quota: Quota::FREE,
        memory: 0,
        memory_min: 0,
        memory_max: 0,
        gpu_memory: 0,
        since: 0,
        asked: 0,
        from_reserve: 0,
        lacks: 0,
        tool: NO_TOOL,
        state: State::Free,
        priority: Priority::Normal,
        processors: 0,
        gpu: NONE,
        device_count: 0,
        devices: [NONE; DEVICES_PER_REQUEST],
    };

    /// Notes an allocation.
    pub(super) fn begin(
        &mut self,
        asks: &Requirements<'_>,
        memory: Option<Block>,
        devices: &[u32],
        gpu: Option<u32>,
        now: u64,
    ) {
        self.state = State::Active;
        self.since = now;
        self.priority = asks.priority;
        self.quota = Quota::new(&asks.quotas, now);
        self.memory = memory.map_or(0, Block::to_bits);
        self.memory_min = asks.memory_min;
        self.memory_max = asks.memory_max;
        self.gpu_memory = asks.gpu_memory;
        self.gpu = gpu.unwrap_or(NONE);
        self.processors = asks.processors;
        self.devices.iter_mut().zip(devices).for_each(|(to, from)| *to = *from);
        self.device_count = devices.len() as u32;
    }

    /// Begins to wait: nothing was refused yet.
    pub(super) const fn begin_to_wait(&mut self, now: u64) {
        self.state = State::Waiting;
        self.since = now;
        self.lacks = 0;
        self.device_count = 0;
    }

    /// The devices that it has, or that it lacks while it waits.
    fn listed(&self) -> &[u32] {
        self.devices.get(..self.device_count as usize).unwrap_or_default()
    }

    /// Whether it waits for this device.
    pub(super) fn lacks_device(&self, device: u32) -> bool {
        self.state == State::Waiting && self.listed().contains(&device)
    }

    /// Notes a device that it lacks; more than fit are of requests that it has made before.
    pub(super) fn lack_device(&mut self, device: u32) {
        if !self.listed().contains(&device)
            && let Some(place) = self.devices.get_mut(self.device_count as usize)
        {
            *place = device;
            self.device_count += 1;
        }
    }

    pub(super) fn allocation(&self) -> Allocation {
        let Self { memory_min, memory_max, processors, gpu_memory, priority, devices, .. } = *self;
        Allocation {
            tool: ToolId(self.tool),
            memory: (self.memory != 0).then_some(Block::from_bits(self.memory)),
            memory_min,
            memory_max,
            processors,
            gpu_memory,
            gpu: (gpu_memory > 0).then_some(self.gpu),
            priority,
            allocated_at: self.since,
            devices,
            device_count: self.device_count as usize,
        }
    }
}

#[derive(Debug)]
pub(super) struct Tools<'m>(pub(super) &'m mut [Tool]);

impl Tools<'_> {
    pub(super) fn find(&self, tool: ToolId) -> Option<&Tool> {
        self.0.iter().find(|entry| entry.state != State::Free && entry.tool == tool.0)
    }

    pub(super) fn get_mut(&mut self, tool: ToolId) -> Option<&mut Tool> {
        self.0.iter_mut().find(|entry| entry.state != State::Free && entry.tool == tool.0)
    }

    pub(super) fn active(&self, tool: ToolId) -> Result<&Tool, Error> {
        let entry = self.find(tool).filter(|entry| entry.state == State::Active);
        entry.ok_or(Error::NoAllocation)
    }

    pub(super) fn active_mut(&mut self, tool: ToolId) -> Result<&mut Tool, Error> {
        let entry = self.get_mut(tool).filter(|entry| entry.state == State::Active);
        entry.ok_or(Error::NoAllocation)
    }
}
