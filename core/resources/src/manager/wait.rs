//! Tools that were refused, and what is kept for them, so that none waits for ever.

use super::tools::{Lacks, State, Tool};
use super::{Manager, Priority, Requirements};
use crate::devices::Plan;
use crate::time::elapsed;
use crate::{Error, Limit, ToolId};

/// A waiting tool that has not asked for so many microseconds waits no longer, where `patience` is
/// not longer yet.
const CLAIM: u64 = 1_000_000;

impl Manager<'_> {
    /// The tools that have waited for longer than `patience`, and longer than this one.
    fn before(&self, tool: ToolId, now: u64) -> impl Iterator<Item = &Tool> {
        let waited = move |entry: &Tool| (elapsed(entry.since, now), u32::MAX - entry.tool);
        let is_waiting = |entry: &&Tool| entry.state == State::Waiting;
        let own = self.tools.0.iter().filter(is_waiting).find(|entry| entry.tool == tool.0);
        let own = own.map(waited);
        let others = self.tools.0.iter().filter(is_waiting);
        others.filter(move |entry| {
            entry.tool != tool.0
                && elapsed(entry.since, now) >= self.patience
                && !self.has_given_up(entry, now)
                && own.is_none_or(|own| waited(entry) > own)
        })
    }

    /// Whether a waiting tool has not asked for so long that it waits no longer.
    fn has_given_up(&self, entry: &Tool, now: u64) -> bool {
        elapsed(entry.asked, now) > self.patience.max(CLAIM)
    }

    /// Whether memory that is no part of the reserve may be taken.
    pub(super) fn may_take_memory(&self, tool: ToolId, now: u64) -> Result<(), Error> {
        let mut before = self.before(tool, now);
        let other = before.find(|entry| entry.lacks == Lacks::Memory);
        other.map_or(Ok(()), |entry| Err(Error::KeptFor(ToolId(entry.tool))))
    }

    /// Whether processors and devices may be taken.
    pub(super) fn may_pass(
        &self,
        tool: ToolId,
        asks: &Requirements<'_>,
        devices: &Plan,
        now: u64,
    ) -> Result<(), Error> {
        let mut before = self.before(tool, now);
        let other = before.find(|entry| match entry.lacks {
            Lacks::Memory => false,
            Lacks::Processors => asks.processors > 0,
            Lacks::Device => devices.ids().contains(&entry.lacks_device),
        });
        other.map_or(Ok(()), |entry| Err(Error::KeptFor(ToolId(entry.tool))))
    }

    /// What a refused tool waits for; `None` where it would wait in vain.
    fn lacks(&self, tool: ToolId, asks: &Requirements<'_>, error: Error) -> Option<(Lacks, u32)> {
        match error {
            Error::Limit { limit: Limit::Memory, asked, .. } => {
                let reserve = if asks.priority == Priority::High { 0 } else { self.reserve };
                let most = self.pool.state().size - reserve;
                (asked <= most as u64).then_some((Lacks::Memory, u32::MAX))
            }
            Error::Limit { limit: Limit::Processors, asked, .. } => {
                (asked <= self.processors.into()).then_some((Lacks::Processors, u32::MAX))
            }
            Error::Limit { limit: Limit::GpuMemory, asked, .. } => {
                let plan = self.devices.plan(tool, asks.devices, asks.gpu_memory).ok()?;
                let gpu = self.devices.place_gpu(&plan, 0).ok()?;
                let memory = self.devices.state(gpu)?.info.memory;
                (asked <= memory).then_some((Lacks::Device, gpu))
            }
            Error::DeviceBusy { device } => Some((Lacks::Device, device)),
            Error::KeptFor(other) => {
                let entry = self.tools.find(other)?;
                Some((entry.lacks, entry.lacks_device))
            }
            _ => None,
        }
    }

    /// Notes that a tool was refused.
    pub(super) fn wait(&mut self, tool: ToolId, asks: &Requirements<'_>, error: Error, now: u64) {
        let Some((lacks, device)) = self.lacks(tool, asks, error) else { return };
        let is_new = self.tools.find(tool).is_none_or(|entry| self.has_given_up(entry, now));
        let Ok(entry) = self.enter(tool, now) else { return };
        if entry.state != State::Waiting || is_new {
            entry.state = State::Waiting;
            entry.since = now;
        }
        entry.asked = now;
        (entry.lacks, entry.lacks_device) = (lacks, device);
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
        let entry = self.tools.find(tool).filter(|entry| entry.state == State::Waiting)?;
        Some(elapsed(entry.since, now))
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
