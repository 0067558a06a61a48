//! The table of devices, and who holds them.

use trine_arena::Arena;

use super::{DeviceInfo, DeviceKind, DeviceRequest, DeviceState, Mode, Presence, Wanted};
use crate::pool::align;
use crate::{DEVICES_PER_REQUEST, Error, Limit, NAME_MAX, NO_TOOL, Table, ToolId};

/// A device.
#[derive(Clone, Copy, Debug)]
struct Device {
    memory: u64,
    memory_used: u64,
    id: u32,
    bus: u32,
    shared: u32,
    /// The tool that has it exclusively.
    exclusive: u32,
    name: [u8; NAME_MAX],
    name_size: u8,
    kind: DeviceKind,
    presence: Presence,
}

trine_arena::solid!(
    enum DeviceKind {
        Cpu,
    }
);
trine_arena::solid!(
    enum Presence {
        Present,
    }
);
trine_arena::solid!(
    struct Device {
        memory: u64,
        memory_used: u64,
        id: u32,
        bus: u32,
        shared: u32,
        exclusive: u32,
        name: [u8; NAME_MAX],
        name_size: u8,
        kind: DeviceKind,
        presence: Presence,
    }
);

/// What a tool holds of a device.
#[derive(Clone, Copy, Debug)]
struct Hold {
    tool: u32,
    device: u32,
    /// How many times it was taken; 0 of a place that is free.
    count: u32,
    is_exclusive: u32,
}

trine_arena::solid!(
    struct Hold {
        tool: u32,
        device: u32,
        count: u32,
        is_exclusive: u32,
    }
);

const NO_DEVICE: Device = Device {
    memory: 0,
    memory_used: 0,
    id: 0,
    bus: 0,
    shared: 0,
    exclusive: NO_TOOL,
    name: [0; NAME_MAX],
    name_size: 0,
    kind: DeviceKind::Cpu,
    presence: Presence::NotFound,
};
/// In a table: no device.
const NONE: u32 = u32::MAX;
const NO_HOLD: Hold = Hold { tool: NO_TOOL, device: 0, count: 0, is_exclusive: 0 };

pub(super) const fn bytes(devices_max: u32, holds_max: u32) -> usize {
    let devices = (devices_max as usize).saturating_mul(size_of::<Device>());
    let holds = (holds_max as usize).saturating_mul(size_of::<Hold>());
    devices.saturating_add(holds)
}

/// The devices of a request, in rising order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    ids: [u32; DEVICES_PER_REQUEST],
    exclusive: [bool; DEVICES_PER_REQUEST],
    count: usize,
}

impl Plan {
    pub(crate) fn ids(&self) -> &[u32] {
        self.ids.get(..self.count).unwrap_or_default()
    }

    fn iter(&self) -> impl Iterator<Item = (u32, bool)> {
        self.ids.into_iter().zip(self.exclusive).take(self.count)
    }

    /// This device, shared.
    pub(crate) fn of(id: u32) -> Self {
        let mut plan = Self::default();
        plan.insert(id, false);
        plan
    }

    /// Leaves those devices alone of which it holds.
    pub(crate) fn retain(&mut self, holds: impl Fn(u32) -> bool) {
        let all = core::mem::take(self);
        all.iter().filter(|(id, _)| holds(*id)).for_each(|(id, is_exclusive)| {
            self.insert(id, is_exclusive);
        });
    }

    /// Puts a device in its place; false when it is there already or when there is no room.
    fn insert(&mut self, id: u32, is_exclusive: bool) -> bool {
        let at = self.ids().partition_point(|known| *known < id);
        if self.count == DEVICES_PER_REQUEST || self.ids().get(at) == Some(&id) {
            return false;
        }
        self.count += 1;
        // Each from there on moves one place.
        let (mut id, mut is_exclusive) = (id, is_exclusive);
        let places = self.ids.iter_mut().zip(&mut self.exclusive);
        for (place, mode) in places.take(self.count).skip(at) {
            core::mem::swap(place, &mut id);
            core::mem::swap(mode, &mut is_exclusive);
        }
        true
    }
}

/// Devices, present or absent, and which tool holds which.
///
/// Several devices are taken all or none, and in rising order of their numbers; a tool that holds
/// a device may only take devices of higher numbers. So no two tools can wait for each other.
///
/// ```
/// use trine_resources::{DeviceInfo, DeviceKind, DeviceRequest, Devices, Error, Presence, ToolId};
///
/// let mut memory = [0; Devices::bytes(2, 4) + 7];
/// let mut devices = Devices::new(&mut memory, 2, 4)?;
/// let bus = DeviceInfo {
///     id: 1, kind: DeviceKind::I2c, bus: 0, name: "sensors", memory: 0,
///     presence: Presence::Present,
/// };
/// devices.add(&bus)?;
/// let [pump, fan] = [ToolId(1), ToolId(2)];
/// devices.take(pump, &[DeviceRequest::shared(1)])?;
/// devices.take(fan, &[DeviceRequest::shared(1)])?;
/// devices.release(pump, 1)?;
/// assert_eq!(devices.release(pump, 1), Err(Error::NotHeld { device: 1 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Devices<'m> {
    devices: &'m mut [Device],
    count: usize,
    holds: &'m mut [Hold],
}

impl<'m> Devices<'m> {
    pub(crate) fn carve(arena: &mut Arena<'m>, devices_max: u32, holds_max: u32) -> Self {
        align(arena);
        let devices = arena.slice(devices_max as usize, NO_DEVICE);
        let holds = arena.slice(holds_max as usize, NO_HOLD);
        Self { devices, count: 0, holds }
    }

    fn all(&self) -> &[Device] {
        self.devices.get(..self.count).unwrap_or_default()
    }

    fn find(&self, id: u32) -> Result<&Device, Error> {
        let found = self.all().iter().find(|device| device.id == id);
        found.ok_or(Error::NoDevice { device: id, presence: None })
    }

    fn find_mut(&mut self, id: u32) -> Option<&mut Device> {
        self.devices.iter_mut().take(self.count).find(|device| device.id == id)
    }

    fn hold(&self, tool: ToolId, device: u32) -> Option<&Hold> {
        let mut holds = self.holds.iter();
        holds.find(|hold| hold.count > 0 && hold.tool == tool.0 && hold.device == device)
    }

    /// Whether a tool holds a device.
    pub(crate) fn is_held(&self, tool: ToolId, device: u32) -> bool {
        self.hold(tool, device).is_some()
    }

    /// Enters a device.
    ///
    /// # Errors
    /// [`Error::Full`]; [`Error::Invalid`] when the number is taken or `u32::MAX`, or the name too
    /// long.
    pub fn add(&mut self, info: &DeviceInfo<'_>) -> Result<(), Error> {
        if info.id == NONE {
            return Err(Error::Invalid("this number of a device is reserved"));
        }
        if self.find(info.id).is_ok() {
            return Err(Error::Invalid("there is a device of this number"));
        }
        let (name, name_size) = super::name_bytes(info.name)?;
        let place = self.devices.get_mut(self.count).ok_or(Error::Full(Table::Devices))?;
        let &DeviceInfo { id, kind, bus, memory, presence, .. } = info;
        *place = Device { id, kind, bus, memory, presence, name, name_size, ..NO_DEVICE };
        self.count += 1;
        Ok(())
    }

    /// Says that a device came or went. Tools that hold it keep it until they release it.
    ///
    /// # Errors
    /// [`Error::NoDevice`].
    pub fn set_presence(&mut self, id: u32, presence: Presence) -> Result<(), Error> {
        self.find(id)?;
        if let Some(device) = self.find_mut(id) {
            device.presence = presence;
        }
        Ok(())
    }

    /// Whether a tool could take these devices now.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn check(&self, tool: ToolId, requests: &[DeviceRequest]) -> Result<(), Error> {
        self.plan(tool, requests, 0, |_| false).map(|_| ())
    }

    /// Takes all of these devices, or none. A tool that takes a shared device again gets another
    /// reference to it.
    ///
    /// # Errors
    /// Of the device of the lowest number: [`Error::NoDevice`] when it is absent or in no table,
    /// [`Error::DeviceBusy`], [`Error::Order`]; [`Error::Full`] when there are `holds_max`;
    /// [`Error::Invalid`] when one is named twice, or more than [`DEVICES_PER_REQUEST`] are.
    pub fn take(&mut self, tool: ToolId, requests: &[DeviceRequest]) -> Result<(), Error> {
        let plan = self.plan(tool, requests, 0, |_| false)?;
        self.commit(tool, &plan);
        Ok(())
    }

    /// Which devices a request gets; of a kind, one that has `gpu_memory` left if it has any, and
    /// that is not kept for another tool.
    pub(crate) fn plan(
        &self,
        tool: ToolId,
        requests: &[DeviceRequest],
        gpu_memory: u64,
        is_kept: impl Fn(u32) -> bool,
    ) -> Result<Plan, Error> {
        let mut plan = Plan::default();
        if tool.0 == NO_TOOL {
            return Err(Error::Invalid("this number of a tool is reserved"));
        }
        if requests.len() > DEVICES_PER_REQUEST {
            return Err(Error::Invalid("more devices than one request may name"));
        }
        for request in requests {
            if let Wanted::Id(id) = request.wanted
                && !plan.insert(id, request.mode == Mode::Exclusive)
            {
                return Err(Error::Invalid("a device is named twice"));
            }
        }
        for request in requests {
            if let Wanted::Kind(kind) = request.wanted {
                let is_best = |device: &Device| {
                    let left = device.memory - device.memory_used;
                    !is_kept(device.id) && (!kind.has_gpu_memory() || left >= gpu_memory)
                };
                let id = self.choose(tool, (kind, request.mode), &plan, is_best)?;
                plan.insert(id, request.mode == Mode::Exclusive);
            }
        }
        for (id, is_exclusive) in plan.iter() {
            self.may_take(tool, id, is_exclusive)?;
        }
        let new = plan.ids().iter().filter(|id| self.hold(tool, **id).is_none()).count();
        if new > self.holds.iter().filter(|hold| hold.count == 0).count() {
            return Err(Error::Full(Table::Holds));
        }
        Ok(plan)
    }

    /// The lowest device of a kind that may be taken, one of the best if there is one. If none may
    /// be taken, why: a device that is in use comes before one that is absent, since it can be
    /// waited for, and then the lowest.
    fn choose(
        &self,
        tool: ToolId,
        (kind, mode): (DeviceKind, Mode),
        plan: &Plan,
        is_best: impl Fn(&Device) -> bool,
    ) -> Result<u32, Error> {
        let of_kind = self.all().iter().filter(|device| device.kind == kind);
        let others = of_kind.filter(|device| !plan.ids().contains(&device.id));
        let answers = others.map(|device| {
            let rank = match self.may_take(tool, device.id, mode == Mode::Exclusive) {
                Ok(()) if is_best(device) => 0,
                // It is refused for its memory or its tool afterwards, with what it has left.
                Ok(()) => 1,
                Err(Error::DeviceBusy { .. }) => 2,
                Err(Error::NoDevice { .. }) => 4,
                Err(_) => 3,
            };
            (rank, device.id)
        });
        match answers.min() {
            Some((0 | 1, id)) => Ok(id),
            Some((_, id)) => {
                let why = self.may_take(tool, id, mode == Mode::Exclusive);
                Err(why.err().unwrap_or(Error::DeviceBusy { device: id }))
            }
            None => Err(Error::NoDevice { device: kind as u32, presence: None }),
        }
    }

    fn may_take(&self, tool: ToolId, id: u32, is_exclusive: bool) -> Result<(), Error> {
        let device = self.find(id)?;
        if device.presence != Presence::Present {
            return Err(Error::NoDevice { device: id, presence: Some(device.presence) });
        }
        let own = self.hold(tool, id);
        let higher = self.held_by(tool).map(|(held, ..)| held).find(|held| *held > id);
        if let (Some(held), None) = (higher, own) {
            return Err(Error::Order { device: id, held });
        }
        if device.shared == u32::MAX {
            return Err(Error::Full(Table::Holds));
        }
        let is_busy = device.exclusive != NO_TOOL || (is_exclusive && device.shared > 0);
        if is_busy { Err(Error::DeviceBusy { device: id }) } else { Ok(()) }
    }

    /// Takes what was planned, and nothing was changed since.
    pub(crate) fn commit(&mut self, tool: ToolId, plan: &Plan) {
        for (id, is_exclusive) in plan.iter() {
            let known = self
                .holds
                .iter()
                .position(|hold| hold.count > 0 && (hold.tool, hold.device) == (tool.0, id));
            let place = known.or_else(|| self.holds.iter().position(|hold| hold.count == 0));
            let Some(hold) = place.and_then(|at| self.holds.get_mut(at)) else { return };
            let count = hold.count + 1;
            *hold = Hold { tool: tool.0, device: id, count, is_exclusive: is_exclusive.into() };
            if let Some(device) = self.find_mut(id) {
                if is_exclusive {
                    device.exclusive = tool.0;
                } else {
                    device.shared += 1;
                }
            }
        }
    }

    /// Gives back one reference to a device.
    ///
    /// # Errors
    /// [`Error::NotHeld`] when the tool does not hold it, such as after it released it.
    pub fn release(&mut self, tool: ToolId, id: u32) -> Result<(), Error> {
        let mut holds = self.holds.iter_mut();
        let held = holds.find(|hold| hold.count > 0 && (hold.tool, hold.device) == (tool.0, id));
        let hold = held.ok_or(Error::NotHeld { device: id })?;
        hold.count -= 1;
        let is_exclusive = hold.is_exclusive != 0;
        if let Some(device) = self.find_mut(id) {
            if is_exclusive {
                device.exclusive = NO_TOOL;
            } else {
                device.shared -= 1;
            }
        }
        Ok(())
    }

    /// Gives back all devices of a tool; answers how many references they were.
    pub fn release_all(&mut self, tool: ToolId) -> u32 {
        let mut released = 0;
        loop {
            let held = self.held_by(tool).map(|(id, ..)| id).next();
            if held.is_none_or(|id| self.release(tool, id).is_err()) {
                return released;
            }
            released += 1;
        }
    }

    /// What a tool holds: the device, how, and how many references.
    pub fn held_by(&self, tool: ToolId) -> impl Iterator<Item = (u32, Mode, u32)> {
        let held = self.holds.iter().filter(move |hold| hold.count > 0 && hold.tool == tool.0);
        held.map(|hold| {
            let mode = if hold.is_exclusive != 0 { Mode::Exclusive } else { Mode::Shared };
            (hold.device, mode, hold.count)
        })
    }

    /// The devices of the table, in the order in which they were entered.
    pub fn states(&self) -> impl Iterator<Item = DeviceState<'_>> {
        self.all().iter().map(|device| {
            let name = device.name.get(..device.name_size.into()).unwrap_or_default();
            let &Device { id, kind, bus, memory, presence, shared, memory_used, .. } = device;
            let name = core::str::from_utf8(name).unwrap_or_default();
            let exclusive = (device.exclusive != NO_TOOL).then_some(ToolId(device.exclusive));
            let info = DeviceInfo { id, kind, bus, name, memory, presence };
            DeviceState { info, exclusive, shared, memory_used }
        })
    }

    /// A device of the table.
    #[must_use]
    pub fn state(&self, id: u32) -> Option<DeviceState<'_>> {
        self.states().find(|state| state.info.id == id)
    }

    /// The first of these devices that has memory of its own, if it has so much left.
    pub(crate) fn place_gpu(&self, plan: &Plan, bytes: u64) -> Result<u32, Error> {
        let mut devices = plan.ids().iter().filter_map(|id| self.find(*id).ok());
        let asked = bytes;
        // A neural engine that shares the memory of its processor has none of its own.
        let has_memory = |device: &&Device| device.kind.has_gpu_memory() && device.memory > 0;
        match devices.find(has_memory) {
            None => Err(Error::Limit { limit: Limit::GpuMemory, asked, left: 0 }),
            Some(device) => {
                let left = device.memory - device.memory_used;
                if asked > left {
                    Err(Error::Limit { limit: Limit::GpuMemory, asked, left })
                } else {
                    Ok(device.id)
                }
            }
        }
    }

    pub(crate) fn take_memory(&mut self, id: u32, bytes: u64) {
        if let Some(device) = self.find_mut(id) {
            device.memory_used += bytes;
        }
    }

    pub(crate) fn give_memory(&mut self, id: u32, bytes: u64) {
        if let Some(device) = self.find_mut(id) {
            device.memory_used -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_refused_before_they_are_more_than_can_be_counted() {
        #[repr(align(8))]
        struct Memory([u8; bytes(1, 1)]);
        let mut memory = Memory([0; bytes(1, 1)]);
        let mut devices = Devices::carve(&mut Arena::new(&mut memory.0), 1, 1);
        let presence = Presence::Present;
        let info =
            DeviceInfo { id: 1, kind: DeviceKind::I2c, bus: 0, name: "", memory: 0, presence };
        devices.add(&info).unwrap();
        let (tool, one) = (ToolId(1), [DeviceRequest::shared(1)]);
        devices.take(tool, &one).unwrap();
        devices.devices[0].shared = u32::MAX - 1;
        devices.holds[0].count = u32::MAX - 1;
        devices.take(tool, &one).unwrap();
        assert_eq!(devices.take(tool, &one), Err(Error::Full(Table::Holds)));
        assert_eq!(devices.release(tool, 1), Ok(()));
        assert_eq!(devices.state(1).unwrap().shared, u32::MAX - 1);
    }
}
