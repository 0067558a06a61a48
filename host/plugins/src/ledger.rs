//! What plug-ins have of the memory, the graphics memory and the devices of this machine.
//!
//! A plug-in gets what it needs before its `init`, all or nothing, as a [`Claim`]. When that is
//! dropped everything is as before. Versions of one plug-in that replace each other share one
//! allocation, as large as the larger of their needs: a new version may use what the old one has
//! until the last call of that has ended.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self_cell::{MutBorrow, self_cell};
use trine_limits::{Files, Kind, System, devices, find};
use trine_resources::{
    Config, DeviceInfo, DeviceKind, DeviceRequest, Error, Limit, Manager, Mode, PoolConfig,
    Presence, Priority, Quotas, Requirements, ToolId, Wanted,
};

use crate::account::Holds;
use crate::load::Needs;

/// What plug-ins may have, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of it that only plug-ins of high priority get.
    pub reserve: u64,
    /// Bytes of a graphics processor's memory.
    pub gpu_memory: u64,
    /// Processors that one plug-in may need. They are shared by time, so they do not add up.
    pub processors: u32,
}

/// Most versions of plug-ins that hold something, and devices that are known by name.
const PLUG_INS_MAX: u32 = 128;
const DEVICES_MAX: u32 = 256;
/// The number of the device that has the graphics memory. It is the first, so that its memory is
/// the one that counts.
const GPU: u32 = 0;

type Room = MutBorrow<Box<[u8]>>;

self_cell!(
    struct Managed {
        owner: Room,
        #[not_covariant]
        dependent: MaybeManager,
    }
);

/// Its sizes fit each other; where they did not, everything would be refused.
type MaybeManager<'m> = Result<Manager<'m>, Error>;

/// What all plug-ins have.
pub(crate) struct Ledger {
    budget: Budget,
    state: Mutex<State>,
}

struct State {
    manager: Managed,
    groups: Vec<Group>,
    /// Names of the devices that were entered, by number.
    names: Vec<String>,
    /// The number of the next group and the next member.
    next: u32,
}

/// Versions that share an allocation.
struct Group {
    tool: ToolId,
    name: String,
    members: Vec<(u32, Needs)>,
}

/// What a version of a plug-in has, until it is dropped.
pub(crate) struct Claim {
    ledger: Arc<Ledger>,
    tool: ToolId,
    member: u32,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("holds", &self.holds()).finish()
    }
}

impl Ledger {
    pub(crate) fn new(budget: Budget) -> Arc<Self> {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(SIZE_MAX);
        let pool = PoolConfig {
            memory: size(budget.memory),
            is_backed: false,
            classes: PoolConfig::NO_CLASSES,
            blocks_max: PLUG_INS_MAX,
            tools_max: PLUG_INS_MAX,
        };
        let config = Config {
            pool,
            reserve: size(budget.reserve).min(pool.memory),
            processors: u32::MAX,
            devices_max: DEVICES_MAX,
            holds_max: PLUG_INS_MAX * 4,
            executions_max: 0,
            patience: u64::MAX,
        };
        // Some more, since it may start anywhere.
        let room = vec![0; Manager::bytes(&config) + 7].into_boxed_slice();
        let room = MutBorrow::new(room);
        let manager = Managed::new(room, |room| Manager::new(room.borrow_mut(), &config));
        let mut state = State { manager, groups: Vec::new(), names: Vec::new(), next: 0 };
        state.enter("gpu", DeviceKind::Cuda, budget.gpu_memory);
        for device in devices(&System).iter().filter(|device| device.absent.is_none()) {
            state.enter(&device.name, kind(device.kind), 0);
        }
        Arc::new(Self { budget, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What plug-ins may have.
    pub(crate) const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Whether a plug-in could be given what it needs now.
    pub(crate) fn check(&self, name: &str, needs: &Needs) -> Result<(), String> {
        self.bounds(name, needs)?;
        let mut state = self.lock();
        let tool = ToolId(u32::MAX - 1);
        let found = state.with(needs, |manager, asks| manager.check(tool, asks, 0));
        found.map_err(|error| state.said(name, &error, needs))
    }

    /// Gives a plug-in what it needs.
    pub(crate) fn take(self: &Arc<Self>, name: &str, needs: &Needs) -> Result<Claim, String> {
        self.bounds(name, needs)?;
        let mut state = self.lock();
        let (tool, member) = (ToolId(state.number()), state.number());
        state.allocate(tool, needs).map_err(|error| state.said(name, &error, needs))?;
        let members = vec![(member, needs.clone())];
        state.groups.push(Group { tool, name: name.to_owned(), members });
        Ok(Claim { ledger: Arc::clone(self), tool, member })
    }

    /// Gives a new version what it needs, where it may use what the old one has.
    pub(crate) fn take_over(
        self: &Arc<Self>,
        old: &Claim,
        name: &str,
        needs: &Needs,
    ) -> Result<Claim, String> {
        self.bounds(name, needs)?;
        let tool = old.tool;
        let mut state = self.lock();
        let find = |group: &Group| group.tool == tool;
        let gone = || "what it replaces is gone".to_owned();
        let place = state.groups.iter().position(find).ok_or_else(gone)?;
        let before = state.groups.get(place).map(Group::needs).ok_or_else(gone)?;
        let member = state.number();
        let both = before.and(needs);
        state.release(tool);
        if let Err(error) = state.allocate(tool, &both) {
            // It was just free, and nothing else was given under this lock.
            let again = state.allocate(tool, &before);
            debug_assert!(again.is_ok(), "{again:?}");
            return Err(state.said(name, &error, needs));
        }
        if let Some(group) = state.groups.get_mut(place) {
            group.members.push((member, needs.clone()));
        }
        Ok(Claim { ledger: Arc::clone(self), tool, member })
    }

    /// Whether a plug-in could be given what it needs, if nothing were given yet.
    pub(crate) fn bounds(&self, name: &str, needs: &Needs) -> Result<(), String> {
        let Budget { memory, gpu_memory, processors, .. } = self.budget;
        let most = [
            (needs.processors.into(), processors.into(), "processors"),
            (needs.memory_min, memory, "bytes of memory"),
            (needs.gpu_memory, gpu_memory, "bytes of graphics memory"),
        ];
        let over = most.into_iter().find(|(needs, most, _)| needs > most);
        if let Some((needs, most, what)) = over {
            return Err(format!("{name} needs {needs} {what}, and {most} may be used"));
        }
        let known = self.lock().know(needs);
        known.map_err(|why| format!("{name}: {why}"))
    }

    /// What is given.
    pub(crate) fn given(&self) -> Holds {
        let state = self.lock();
        let all = state.groups.iter().map(Group::needs);
        let mut sum = Holds::default();
        for needs in all {
            sum.memory += needs.memory_min;
            sum.gpu_memory += needs.gpu_memory;
            sum.processors += needs.processors;
            sum.devices.extend(needs.device_names());
        }
        sum.devices.sort();
        sum
    }
}

impl Claim {
    /// What the version has, with what it shares with one that it replaces.
    pub(crate) fn holds(&self) -> Holds {
        let state = self.ledger.lock();
        let group = state.groups.iter().find(|group| group.tool == self.tool);
        let needs = group.map(Group::needs).unwrap_or_default();
        Holds {
            memory: needs.memory_min,
            gpu_memory: needs.gpu_memory,
            processors: needs.processors,
            devices: needs.device_names().collect(),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.ledger.lock();
        let tool = self.tool;
        let Some(place) = state.groups.iter().position(|group| group.tool == tool) else { return };
        state.release(tool);
        let Some(group) = state.groups.get_mut(place) else { return };
        group.members.retain(|(member, _)| *member != self.member);
        if group.members.is_empty() {
            state.groups.remove(place);
            return;
        }
        let rest = group.needs();
        // No more than it had.
        let again = state.allocate(tool, &rest);
        debug_assert!(again.is_ok(), "{again:?}");
    }
}

/// Twice as much does not overflow.
const SIZE_MAX: usize = (isize::MAX as usize) & !7;

/// A device as the table of devices has it. Graphics memory is in one entry alone.
const fn kind(kind: Kind) -> DeviceKind {
    match kind {
        Kind::Cuda => DeviceKind::Cuda,
        Kind::Vulkan => DeviceKind::Vulkan,
        Kind::Metal => DeviceKind::Metal,
        Kind::NeuralEngine => DeviceKind::NeuralEngine,
        Kind::I2c => DeviceKind::I2c,
        Kind::Spi => DeviceKind::Spi,
        Kind::Gpio => DeviceKind::Gpio,
        Kind::Cpu => DeviceKind::Cpu,
        // Another file has no memory either.
        _ => DeviceKind::Uart,
    }
}

impl State {
    fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1) % (u32::MAX - 1);
        self.next
    }

    fn manager<T>(
        &mut self,
        work: impl FnOnce(&mut Manager<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.manager.with_dependent_mut(|_, manager| match manager {
            Ok(manager) => work(manager),
            Err(error) => Err(*error),
        })
    }

    fn enter(&mut self, name: &str, kind: DeviceKind, memory: u64) {
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        // A name too long for the table is known here alone.
        let short = name.get(..trine_resources::NAME_MAX).unwrap_or(name);
        let presence = Presence::Present;
        let info = DeviceInfo { id, kind, bus: id, name: short, memory, presence };
        if self.manager(|manager| manager.add_device(&info)).is_ok() {
            self.names.push(name.to_owned());
        }
    }

    /// Enters the devices that it names, where this machine has them.
    fn know(&mut self, needs: &Needs) -> Result<(), String> {
        self.know_of(&System, needs)
    }

    fn know_of(&mut self, files: &dyn Files, needs: &Needs) -> Result<(), String> {
        for name in needs.devices.iter().chain(&needs.shared_devices) {
            // One that was there may be gone by now.
            let device = match &**name {
                "gpu" => continue,
                name => find(files, name)?,
            };
            if !self.names.contains(name) {
                self.enter(name, kind(device.kind), 0);
            }
        }
        Ok(())
    }

    fn with<T>(
        &mut self,
        needs: &Needs,
        work: impl FnOnce(&mut Manager<'_>, &Requirements<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut requests = Vec::new();
        for (names, mode) in
            [(&needs.devices, Mode::Exclusive), (&needs.shared_devices, Mode::Shared)]
        {
            for name in names {
                let place = self.names.iter().position(|known| known == name);
                let id = place.and_then(|place| u32::try_from(place).ok());
                let id = id.ok_or(Error::Full(trine_resources::Table::Devices))?;
                requests.push(DeviceRequest { wanted: Wanted::Id(id), mode });
            }
        }
        let has_gpu = requests.iter().any(|request| request.wanted == Wanted::Id(GPU));
        if needs.gpu_memory > 0 && !has_gpu {
            requests.push(DeviceRequest::shared(GPU));
        }
        let asks = Requirements {
            memory_min: needs.memory_min,
            memory_max: u64::MAX,
            // They do not add up: see `Budget`.
            processors: 0,
            gpu_memory: needs.gpu_memory,
            devices: &requests,
            quotas: Quotas::default(),
            priority: needs.priority,
        };
        self.manager(|manager| work(manager, &asks))
    }

    fn allocate(&mut self, tool: ToolId, needs: &Needs) -> Result<(), Error> {
        self.with(needs, |manager, asks| {
            let given = manager.allocate(tool, asks, 0).map(|_| ());
            // Nothing is kept for one that was refused: whoever loads it tries again, or not.
            manager.withdraw(tool);
            given
        })
    }

    fn release(&mut self, tool: ToolId) {
        let released = self.manager(|manager| manager.release(tool, 0));
        debug_assert!(released.is_ok(), "{released:?}");
    }

    /// What an error says to people.
    fn said(&self, name: &str, error: &Error, needs: &Needs) -> String {
        let device = |id: u32| self.names.get(id as usize).map_or("?", |name| &**name);
        match *error {
            Error::Limit { limit: Limit::Memory, asked, left } => {
                format!("{name} needs {asked} bytes of memory, and {left} are left")
            }
            Error::Limit { limit: Limit::GpuMemory, left, .. } => {
                let asked = needs.gpu_memory;
                format!("{name} needs {asked} bytes of graphics memory, and {left} are left")
            }
            Error::DeviceBusy { device: id } => {
                let has = |group: &&Group| {
                    group
                        .needs()
                        .device_names()
                        .any(|it| it.split_whitespace().next() == Some(device(id)))
                };
                let by = self.groups.iter().find(has).map_or("another plug-in", |it| &it.name);
                format!("{name} needs the device '{}', which {by} has", device(id))
            }
            other => format!("{name}: {other}"),
        }
    }
}

impl Group {
    /// What its members need together, each using what the others have.
    fn needs(&self) -> Needs {
        self.members.iter().fold(Needs::default(), |all, (_, needs)| all.and(needs))
    }
}

impl Needs {
    /// The larger of both, of each thing.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.processors = both.processors.max(other.processors);
        both.memory_min = both.memory_min.max(other.memory_min);
        both.memory_max = both.memory_max.max(other.memory_max);
        both.gpu_memory = both.gpu_memory.max(other.gpu_memory);
        both.priority = both.priority.max(other.priority);
        let more = |all: &mut Vec<String>, some: &[String]| {
            let new: Vec<_> = some.iter().filter(|it| !all.contains(it)).cloned().collect();
            all.extend(new);
        };
        more(&mut both.devices, &other.devices);
        more(&mut both.shared_devices, &other.shared_devices);
        let Self { devices, shared_devices, .. } = &mut both;
        shared_devices.retain(|name| !devices.contains(name));
        both
    }

    /// Its devices as they are shown.
    pub(crate) fn device_names(&self) -> impl Iterator<Item = String> {
        let shared = self.shared_devices.iter().map(|name| format!("{name} shared"));
        self.devices.iter().cloned().chain(shared)
    }
}

/// The priority of a word.
pub(crate) fn priority(word: &str) -> Option<Priority> {
    match word {
        "low" => Some(Priority::Low),
        "normal" => Some(Priority::Normal),
        "high" => Some(Priority::High),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, the same each time.
    struct Draw(u64);

    impl Draw {
        fn next(&mut self, below: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % below
        }
    }

    const MEMORY: u64 = 1_000;
    const GPU_MEMORY: u64 = 500;
    const DEVICES: [&str; 3] = ["null", "zero", "tty"];

    fn needs(draw: &mut Draw) -> Needs {
        let mut needs = Needs {
            memory_min: draw.next(60) * 8,
            gpu_memory: if draw.next(2) == 0 { 0 } else { draw.next(300) },
            ..Needs::default()
        };
        for device in DEVICES {
            match draw.next(6) {
                0 => needs.devices.push(device.to_owned()),
                1 => needs.shared_devices.push(device.to_owned()),
                _ => {}
            }
        }
        needs
    }

    /// Whether all groups fit, reckoned from nothing.
    fn fits(groups: &[Needs]) -> bool {
        let sum = |of: fn(&Needs) -> u64| groups.iter().map(of).sum::<u64>();
        let is_free = |device: &str| {
            let alone = groups.iter().filter(|it| it.devices.iter().any(|name| name == device));
            let some = groups.iter().filter(|it| it.shared_devices.iter().any(|it| it == device));
            let (alone, some) = (alone.count(), some.count());
            alone == 0 || (alone == 1 && some == 0)
        };
        sum(|it| it.memory_min) <= MEMORY
            && sum(|it| it.gpu_memory) <= GPU_MEMORY
            && DEVICES.iter().all(|device| is_free(device))
    }

    fn union(group: &[(Claim, Needs)]) -> Needs {
        group.iter().fold(Needs::default(), |all, (_, needs)| all.and(needs))
    }

    #[cfg(unix)]
    #[test]
    fn what_is_given_is_what_a_list_of_all_claims_says() {
        let budget = Budget { memory: MEMORY, reserve: 0, gpu_memory: GPU_MEMORY, processors: 4 };
        let mut draw = Draw(0x2545_f491_4f6c_dd1d);
        let [mut given, mut refused] = [0, 0];
        for _ in 0..60 {
            let ledger = Ledger::new(budget);
            let mut groups: Vec<Vec<(Claim, Needs)>> = Vec::new();
            for _ in 0..60 {
                let wanted = needs(&mut draw);
                let mut all: Vec<_> = groups.iter().map(|group| union(group)).collect();
                let place = draw.next(groups.len() as u64 + 1) as usize;
                let done = match (draw.next(3), groups.get_mut(place)) {
                    (0, Some(group)) => {
                        // A version ends, whichever of them.
                        let which = draw.next(group.len() as u64) as usize;
                        drop(group.swap_remove(which));
                        groups.retain(|group| !group.is_empty());
                        continue;
                    }
                    (1, Some(group)) => {
                        all[place] = all[place].and(&wanted);
                        let (old, _) = group.first().unwrap();
                        let claim = ledger.take_over(old, "new", &wanted);
                        claim.map(|claim| group.push((claim, wanted)))
                    }
                    _ => {
                        all.push(wanted.clone());
                        let claim = ledger.take("one", &wanted);
                        claim.map(|claim| groups.push(vec![(claim, wanted)]))
                    }
                };
                assert_eq!(done.is_ok(), fits(&all), "{done:?} {all:?}");
                *(if done.is_ok() { &mut given } else { &mut refused }) += 1;
                let expected: Vec<_> = groups.iter().map(|group| union(group)).collect();
                let memory = expected.iter().map(|it| it.memory_min).sum::<u64>();
                assert_eq!(ledger.given().memory, memory);
            }
            groups.clear();
            assert_eq!(ledger.given(), Holds::default());
            let all = Needs { memory_min: MEMORY, gpu_memory: GPU_MEMORY, ..Needs::default() };
            assert!(ledger.take("all", &all).is_ok());
        }
        assert!(given > 300 && refused > 300, "{given} {refused}");
    }

    #[test]
    fn a_budget_without_end_is_counted_too() {
        let budget = Budget { memory: u64::MAX, reserve: 0, gpu_memory: u64::MAX, processors: 1 };
        let ledger = Ledger::new(budget);
        let most = Needs { memory_min: 1 << 62, ..Needs::default() };
        let claim = ledger.take("one", &most).unwrap();
        assert!(ledger.take("two", &most).is_err());
        drop(claim);
        assert!(ledger.take("two", &Needs { memory_min: u64::MAX, ..most }).is_err());
    }
}
