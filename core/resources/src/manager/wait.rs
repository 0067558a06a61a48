//! Tools that were refused, and what is kept for them, so that none waits for ever.

use super::tools::{LACKS_MEMORY, LACKS_PROCESSORS, State, Tool};
use super::{Manager, Priority, Requirements};
use crate::devices::Plan;
use crate::time::{elapsed, is_set_back};
use crate::{Error, Limit, ToolId};

/// A waiting tool that has not asked for so many microseconds waits no longer, where `patience` is
/// not longer yet.
const CLAIM: u64 = 1_000_000;

/// For how long a tool has waited, and for how long it has not asked. Where the clock was set back
/// after it asked, both are as they were then.
const fn waited(entry: &Tool, now: u64) -> (u64, u64) {
    if is_set_back(entry.asked, now) {
        (elapsed(entry.since, entry.asked), 0)
    } else {
        (elapsed(entry.since, now), elapsed(entry.asked, now))
    }
}

impl Manager<'_> {
    /// The tools that wait and still ask.
    fn waiting(&self, now: u64) -> impl Iterator<Item = &Tool> {
        let tools = self.tools.0.iter();
        tools.filter(move |entry| entry.state == State::Waiting && !self.has_given_up(entry, now))
    }

    /// The tools that have waited for longer than `patience`, and longer than this one.
    pub(super) fn before(&self, tool: ToolId, now: u64) -> impl Iterator<Item = &Tool> {
        let rank = move |entry: &Tool| (waited(entry, now).0, u32::MAX - entry.tool);
        let own = self.waiting(now).find(|entry| entry.tool == tool.0).map(rank);
        self.waiting(now).filter(move |entry| {
            entry.tool != tool.0
                && waited(entry, now).0 >= self.patience
                && own.is_none_or(|own| rank(entry) > own)
        })
    }

    /// Whether a waiting tool has not asked for so long that it waits no longer.
    fn has_given_up(&self, entry: &Tool, now: u64) -> bool {
        waited(entry, now).1 > self.patience.max(CLAIM)
    }

    /// Notes the time. Tools that wait when the clock is set back go on from there.
    pub(super) fn observe(&mut self, now: u64) {
        self.seen = now;
        let tools = self.tools.0.iter_mut();
        for entry in tools.filter(|entry| is_set_back(entry.asked, now)) {
            if entry.state == State::Waiting {
                entry.since = now.wrapping_sub(elapsed(entry.since, entry.asked));
                entry.asked = now;
            }
        }
    }

    /// Whether memory that is no part of the reserve may be taken.
    pub(super) fn may_take_memory(&self, tool: ToolId, now: u64) -> Result<(), Error> {
        let mut before = self.before(tool, now);
        let other = before.find(|entry| entry.lacks & LACKS_MEMORY != 0);
        other.map_or(Ok(()), |entry| Err(Error::KeptFor(ToolId(entry.tool))))
    }

    /// Whether processors and devices may be taken; those that the tool has already may.
    pub(super) fn may_pass(
        &self,
        tool: ToolId,
        processors: u32,
        devices: &Plan,
        now: u64,
    ) -> Result<(), Error> {
        let is_new = |device: &&u32| !self.devices.is_held(tool, **device);
        let mut before = self.before(tool, now);
        let other = before.find(|entry| {
            let mut new = devices.ids().iter().filter(is_new);
            (entry.lacks & LACKS_PROCESSORS != 0 && processors > 0)
                || new.any(|device| entry.lacks_device(*device))
        });
        other.map_or(Ok(()), |entry| Err(Error::KeptFor(ToolId(entry.tool))))
    }

    /// What a refused tool waits for; `None` where it would wait in vain.
    fn lacks(&self, tool: ToolId, asks: &Requirements<'_>, error: Error) -> Option<(u64, Plan)> {
        let wanted = || self.devices.plan(tool, asks.devices, asks.gpu_memory, |_| false).ok();
        match error {
            Error::Limit { limit: Limit::Memory, asked, .. } => {
                let reserve = if asks.priority == Priority::High { 0 } else { self.reserve };
                let most = self.pool.size() - reserve;
                let span = self.pool.span_of(usize::try_from(asked).ok()?)?;
                (span <= most).then_some((LACKS_MEMORY, Plan::default()))
            }
            Error::Limit { limit: Limit::Processors, asked, .. } => {
                let is_enough = asked <= self.processors.into();
                is_enough.then_some((LACKS_PROCESSORS, Plan::default()))
            }
            Error::Limit { limit: Limit::GpuMemory, asked, .. } => {
                let gpu = self.devices.place_gpu(&wanted()?, 0).ok()?;
                let memory = self.devices.state(gpu)?.info.memory;
                (asked <= memory).then_some((0, Plan::of(gpu)))
            }
            Error::DeviceBusy { device } => Some((0, Plan::of(device))),
            Error::KeptFor(other) => {
                let entry = self.tools.find(other)?;
                let memory = if asks.memory_min > 0 { LACKS_MEMORY } else { 0 };
                let processors = if asks.processors > 0 { LACKS_PROCESSORS } else { 0 };
                let mut devices = wanted().unwrap_or_default();
                devices.retain(|device| entry.lacks_device(device));
                Some((entry.lacks & (memory | processors), devices))
            }
            _ => None,
        }
    }

    /// Notes that a tool was refused. What it was refused before is kept for it as well: with one
    /// of two at a time others could take turns, and it would never have both.
    pub(super) fn wait(&mut self, tool: ToolId, asks: &Requirements<'_>, error: Error, now: u64) {
        let Some((lacks, devices)) = self.lacks(tool, asks, error) else { return };
        let is_known = self.waiting(now).any(|entry| entry.tool == tool.0);
        let Ok(entry) = self.enter(tool, now) else { return };
        if !is_known {
            entry.begin_to_wait(now);
        }
        entry.asked = now;
        entry.lacks |= lacks;
        devices.ids().iter().for_each(|device| entry.lack_device(*device));
    }

    /// Ends the waiting of a tool that was refused: nothing is kept for it any more.
    pub fn withdraw(&mut self, tool: ToolId) {
        if let Some(entry) = self.tools.get_mut(tool)
            && entry.state == State::Waiting
        {
            entry.state = State::Released;
        }
    }

    /// Whether a tool waits, and for how many microseconds.
    #[must_use]
    pub fn waits(&self, tool: ToolId, now: u64) -> Option<u64> {
        let entry = self.waiting(now).find(|entry| entry.tool == tool.0)?;
        Some(waited(entry, now).0)
    }

    /// Whether a tool could be entered.
    pub(super) fn has_place(&self, tool: ToolId, now: u64) -> Result<(), Error> {
        if tool.0 == crate::NO_TOOL {
            return Err(Error::Invalid("this number of a tool is reserved"));
        }
        match self.tools.find(tool) {
            Some(entry) if entry.state == State::Active => Err(Error::Allocated),
            Some(_) => Ok(()),
            None if self.place(now).is_some() => Ok(()),
            None => Err(Error::Full(crate::Table::Tools)),
        }
    }

    /// A place for a further tool: one that is free, or that of a tool which has nothing any more
    /// and does not wait.
    fn place(&self, now: u64) -> Option<usize> {
        let mut tools = self.tools.0.iter();
        let free = tools.position(|entry| entry.state == State::Free);
        free.or_else(|| {
            self.tools.0.iter().position(|entry| {
                let is_over = match entry.state {
                    State::Released => true,
                    State::Waiting => self.has_given_up(entry, now),
                    _ => false,
                };
                is_over && self.leaks(ToolId(entry.tool)).next().is_none()
            })
        })
    }

    /// The entry of a tool, or a new one.
    pub(super) fn enter(&mut self, tool: ToolId, now: u64) -> Result<&mut Tool, Error> {
        self.has_place(tool, now)?;
        if self.tools.find(tool).is_none()
            && let Some(entry) = self.place(now).and_then(|at| self.tools.0.get_mut(at))
        {
            let old = core::mem::replace(entry, Tool::EMPTY);
            entry.tool = tool.0;
            entry.state = State::Released;
            if old.state != State::Free {
                self.monitor.forget(ToolId(old.tool));
                // A tool that only waited has no budget.
                let _ = self.pool.forget(ToolId(old.tool));
            }
        }
        self.tools.get_mut(tool).ok_or(Error::Full(crate::Table::Tools))
    }
}
