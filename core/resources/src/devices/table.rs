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

    /// Enters a device.
    ///
    /// # Errors
    /// [`Error::Full`]; [`Error::Invalid`] when the number is taken or the name too long.
    pub fn add(&mut self, info: &DeviceInfo<'_>) -> Result<(), Error> {
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
        self.plan(tool, requests, 0).map(|_| ())
    }

    /// Takes all of these devices, or none. A tool that takes a shared device again gets another
    /// reference to it.
    ///
    /// # Errors
    /// Of the device of the lowest number: [`Error::NoDevice`] when it is absent or in no table,
    /// [`Error::DeviceBusy`], [`Error::Order`]; [`Error::Full`] when there are `holds_max`;
    /// [`Error::Invalid`] when one is named twice, or more than [`DEVICES_PER_REQUEST`] are.
    pub fn take(&mut self, tool: ToolId, requests: &[DeviceRequest]) -> Result<(), Error> {
        let plan = self.plan(tool, requests, 0)?;
        self.commit(tool, &plan);
        Ok(())
    }

    /// Which devices a request gets; of a kind, one that has `gpu_memory` left if it has any.
    pub(crate) fn plan(
        &self,
        tool: ToolId,
        requests: &[DeviceRequest],
        gpu_memory: u64,
    ) -> Result<Plan, Error> {
        let mut plan = Plan::default();
        if requests.len() > DEVICES_PER_REQUEST || tool.0 == NO_TOOL {
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
                let id = self.choose(tool, (kind, request.mode), &plan, gpu_memory)?;
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

    /// The lowest device of a kind that may be taken; why the lowest may not, if none may.
    fn choose(
        &self,
        tool: ToolId,
        (kind, mode): (DeviceKind, Mode),
        plan: &Plan,
        gpu_memory: u64,
    ) -> Result<u32, Error> {
        let mut why = Error::NoDevice { device: kind as u32, presence: None };
        let (mut best, mut nearest) = (None, None);
        let of_kind = self.all().iter().filter(|device| device.kind == kind);
        for device in of_kind.filter(|device| !plan.ids().contains(&device.id)) {
            let has_room =
                !kind.has_gpu_memory() || device.memory - device.memory_used >= gpu_memory;
            match self.may_take(tool, device.id, mode == Mode::Exclusive) {
                Ok(()) if has_room => {
                    best = Some(best.map_or(device.id, |id: u32| id.min(device.id)));
                }
                // It is refused for its memory afterwards, with what it has left.
                Ok(()) => nearest = Some(device.id),
                Err(error) => why = error,
            }
        }
        best.or(nearest).ok_or(why)
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
        match devices.find(|device| device.kind.has_gpu_memory()) {
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
