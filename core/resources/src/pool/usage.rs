//! What each tool has of a pool.

use crate::{Error, NO_TOOL, Table, ToolId};

/// What a tool has of a pool, in bytes as they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The most that it may have.
    pub budget: usize,
    /// What it has.
    pub used: usize,
    /// The most that it had at once so far.
    pub high_water: usize,
    /// Its blocks.
    pub blocks: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    tool: u32,
    pub(super) blocks: u32,
    pub(super) budget: usize,
    pub(super) used: usize,
    high_water: usize,
}

trine_arena::solid!(
    struct Owner {
        tool: u32,
        blocks: u32,
        budget: usize,
        used: usize,
        high_water: usize,
    }
);

impl Owner {
    pub(super) const EMPTY: Self =
        Self { tool: NO_TOOL, blocks: 0, budget: 0, used: 0, high_water: 0 };

    pub(super) const fn usage(&self) -> Usage {
        let Self { budget, used, high_water, blocks, .. } = *self;
        Usage { budget, used, high_water, blocks }
    }
}

#[derive(Debug)]
pub(super) struct Owners<'m>(pub(super) &'m mut [Owner]);

impl Owners<'_> {
    pub(super) fn get(&self, tool: ToolId) -> Result<&Owner, Error> {
        let found = self.0.iter().find(|owner| owner.tool == tool.0 && tool.0 != NO_TOOL);
        found.ok_or(Error::NoAllocation)
    }

    pub(super) fn get_mut(&mut self, tool: ToolId) -> Result<&mut Owner, Error> {
        let found = self.0.iter_mut().find(|owner| owner.tool == tool.0 && tool.0 != NO_TOOL);
        found.ok_or(Error::NoAllocation)
    }

    /// The tool's entry, or a new one.
    pub(super) fn enter(&mut self, tool: ToolId) -> Result<&mut Owner, Error> {
        if tool.0 == NO_TOOL {
            return Err(Error::Invalid("this number of a tool is reserved"));
        }
        let known = self.0.iter().position(|owner| owner.tool == tool.0);
        let place = known.or_else(|| self.0.iter().position(|owner| owner.tool == NO_TOOL));
        let owner = place.and_then(|at| self.0.get_mut(at)).ok_or(Error::Full(Table::Tools))?;
        owner.tool = tool.0;
        Ok(owner)
    }

    pub(super) fn charge(&mut self, tool: ToolId, size: usize) -> Result<(), Error> {
        let owner = self.get_mut(tool)?;
        owner.used += size;
        owner.blocks += 1;
        owner.high_water = owner.high_water.max(owner.used);
        Ok(())
    }

    pub(super) fn discharge(&mut self, tool: ToolId, size: usize) {
        if let Ok(owner) = self.get_mut(tool) {
            owner.used -= size;
            owner.blocks -= 1;
        }
    }
}
