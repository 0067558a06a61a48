//! Where blocks lie: classes of fixed blocks at the front, the arena behind them.

use super::{FULL, TOO_SMALL, refused};
use crate::{CLASSES_MAX, Class, Error, Limit, NO_TOOL, PoolConfig, ToolId};

/// Blocks start at multiples of this.
pub(crate) const ALIGN: usize = 8;
/// No record.
const NIL: u32 = u32::MAX;

/// A block, a hole of the arena, or a record that is not used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) offset: usize,
    /// Bytes that it takes.
    pub(super) span: usize,
    /// Bytes that were asked for.
    pub(super) size: usize,
    pub(super) owner: u32,
    /// Odd while it is a block. It grows by one when that changes, so that a handle fits one block.
    pub(super) generation: u32,
    /// Neighbours in the arena; of what is not used, the next one.
    before: u32,
    after: u32,
}

trine_arena::solid!(
    struct Record {
        offset: usize,
        span: usize,
        size: usize,
        owner: u32,
        generation: u32,
        before: u32,
        after: u32,
    }
);

impl Record {
    pub(super) const EMPTY: Self = Self {
        offset: 0,
        span: 0,
        size: 0,
        owner: NO_TOOL,
        generation: 0,
        before: NIL,
        after: NIL,
    };

    const fn is_live(&self) -> bool {
        self.generation & 1 == 1
    }
}

/// The state of a class.
#[derive(Clone, Copy, Debug)]
struct Tier {
    class: Class,
    /// The first free record of the class.
    free: u32,
    used: u32,
    high_water: u32,
}

/// Records: one for each block of a class; of the arena two for each, since each of its blocks may
/// have a hole before it.
pub(super) const fn records(config: &PoolConfig) -> u32 {
    let (mut sum, mut i) = (config.blocks_max.saturating_mul(2), 0);
    while i < CLASSES_MAX {
        sum = sum.saturating_add(config.classes[i].count);
        i += 1;
    }
    sum
}

fn class_bytes(config: &PoolConfig) -> Option<usize> {
    config.classes.iter().try_fold(0_usize, |sum, class| {
        sum.checked_add((class.size as usize).checked_mul(class.count as usize)?)
    })
}

/// Whether a configuration can be.
pub(crate) fn check(config: &PoolConfig) -> Result<(), Error> {
    let mut last = 0;
    for class in config.classes.iter().filter(|class| class.count > 0) {
        if class.size <= last || !(class.size as usize).is_multiple_of(ALIGN) {
            return Err(Error::Invalid("sizes of classes rise and are multiples of 8"));
        }
        last = class.size;
    }
    let in_classes = class_bytes(config).ok_or(TOO_SMALL)?;
    if in_classes > config.memory {
        return Err(Error::Invalid("the classes take more than the memory"));
    }
    if in_classes > 0 && !config.is_backed {
        return Err(Error::Invalid("a pool that only counts has no classes"));
    }
    if records(config) == NIL {
        return Err(Error::Invalid("too many blocks"));
    }
    Ok(())
}

#[derive(Debug)]
pub(super) struct Places<'m> {
    records: &'m mut [Record],
    tiers: [Tier; CLASSES_MAX],
    is_placed: bool,
    size: usize,
    /// Where the arena starts, and where its last block ends.
    start: usize,
    top: usize,
    /// The last record of the arena in order of places, the first one, and the first not used.
    last: u32,
    first: u32,
    unused: u32,
    /// Blocks of the arena, and the most of them.
    live: u32,
    live_max: u32,
}

impl<'m> Places<'m> {
    pub(super) fn new(records: &'m mut [Record], config: &PoolConfig) -> Self {
        let mut next = 0_u32;
        let mut offset = 0;
        let tiers = config.classes.map(|class| {
            let free = if class.count > 0 { next } else { NIL };
            let end = next + class.count;
            for index in next..end {
                if let Some(record) = records.get_mut(index as usize) {
                    record.offset = offset;
                    record.span = class.size as usize;
                    record.after = if index + 1 < end { index + 1 } else { NIL };
                }
                offset += class.size as usize;
            }
            next = end;
            Tier { class, free, used: 0, high_water: 0 }
        });
        let end = records.len() as u32;
        for index in next..end {
            if let Some(record) = records.get_mut(index as usize) {
                record.after = if index + 1 < end { index + 1 } else { NIL };
            }
        }
        Self {
            records,
            tiers,
            is_placed: config.is_backed,
            size: config.memory,
            start: offset,
            top: offset,
            last: NIL,
            first: NIL,
            unused: if next < end { next } else { NIL },
            live: 0,
            live_max: config.blocks_max,
        }
    }

    pub(super) const fn len(&self) -> u32 {
        self.records.len() as u32
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }

    pub(super) const fn top(&self) -> usize {
        self.top
    }

    fn record(&self, index: u32) -> Option<&Record> {
        self.records.get(index as usize)
    }

    fn record_mut(&mut self, index: u32) -> Option<&mut Record> {
        self.records.get_mut(index as usize)
    }

    /// The record of a block.
    pub(super) fn live(&self, index: u32) -> Option<&Record> {
        self.record(index).filter(|record| record.is_live())
    }

    pub(super) fn generation(&self, index: u32) -> u32 {
        self.record(index).map_or(0, |record| record.generation)
    }

    pub(super) fn set_owner(&mut self, index: u32, tool: ToolId) {
        if let Some(record) = self.record_mut(index) {
            record.owner = tool.0;
        }
    }

    /// The class that a block of this size would come from now.
    fn tier(&self, size: usize) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.free != NIL && tier.class.size as usize >= size)
    }

    /// Holes of the arena, in order of places.
    fn spans(&self) -> impl Iterator<Item = (u32, &Record)> {
        let mut at = self.first;
        core::iter::from_fn(move || {
            let record = self.record(at)?;
            let index = at;
            at = record.after;
            Some((index, record))
        })
    }

    fn hole(&self, span: usize) -> Option<u32> {
        let mut spans = self.spans();
        spans.find(|(_, record)| !record.is_live() && record.span >= span).map(|(index, _)| index)
    }

    pub(super) fn holes(&self) -> u32 {
        self.spans().filter(|(_, record)| !record.is_live()).count() as u32
    }

    /// The largest block that the arena could give.
    pub(super) fn largest(&self, used: usize) -> usize {
        if !self.is_placed {
            return self.size - used;
        }
        let rest = self.floor(self.size - self.top);
        let holes = self.spans().filter(|(_, record)| !record.is_live());
        holes.map(|(_, record)| record.span).fold(rest, usize::max)
    }

    /// Whether there is a place, and the bytes that it takes.
    pub(super) fn fits(&self, size: usize, used: usize) -> Result<usize, Error> {
        if let Some(tier) = self.tier(size) {
            return Ok(tier.class.size as usize);
        }
        let largest = self.largest(used);
        if size > largest {
            return Err(refused(Limit::Memory, size, largest));
        }
        if self.live >= self.live_max {
            return Err(FULL);
        }
        // A pool that only counts places nothing, so no byte is lost to alignment.
        Ok(if self.is_placed { size.next_multiple_of(ALIGN) } else { size })
    }

    /// The bytes that a block would take of an empty pool; `None` where it would find no place.
    pub(super) fn span_of(&self, size: usize) -> Option<usize> {
        let tiers = self.tiers.iter().filter(|tier| tier.class.count > 0);
        let sizes = tiers.map(|tier| tier.class.size as usize);
        match { sizes }.find(|of_class| *of_class >= size) {
            None if self.is_placed => {
                let rest = self.floor(self.size - self.start);
                (size <= rest).then(|| size.next_multiple_of(ALIGN))
            }
            None => (size <= self.size).then_some(size),
            of_class => of_class,
        }
    }

    /// The largest block that so many bytes are enough for.
    pub(super) const fn floor(&self, bytes: usize) -> usize {
        if self.is_placed { bytes / ALIGN * ALIGN } else { bytes }
    }

    /// Takes a block; answers its record and the bytes that it takes.
    pub(super) fn take(
        &mut self,
        tool: ToolId,
        size: usize,
        used: usize,
    ) -> Result<(u32, usize), Error> {
        let span = self.fits(size, used)?;
        let index = self.take_fixed(size).or_else(|| self.take_arena(span)).ok_or(FULL)?;
        let record = self.record_mut(index).ok_or(FULL)?;
        record.owner = tool.0;
        record.size = size;
        record.generation = record.generation.wrapping_add(1);
        Ok((index, record.span))
    }

    fn take_fixed(&mut self, size: usize) -> Option<u32> {
        let tier = self
            .tiers
            .iter_mut()
            .find(|tier| tier.free != NIL && tier.class.size as usize >= size)?;
        let index = tier.free;
        tier.free = self.records.get(index as usize)?.after;
        tier.used += 1;
        tier.high_water = tier.high_water.max(tier.used);
        Some(index)
    }

    fn take_arena(&mut self, span: usize) -> Option<u32> {
        let index = match self.hole(span) {
            Some(hole) if self.is_placed => self.cut(hole, span)?,
            _ => self.bump(span)?,
        };
        self.live += 1;
        Some(index)
    }

    /// A record behind the last one.
    fn bump(&mut self, span: usize) -> Option<u32> {
        let (offset, last) = (self.top, self.last);
        let index = self.spare()?;
        let record = self.record_mut(index)?;
        record.offset = offset;
        record.span = span;
        self.link(last, index, NIL);
        if self.is_placed {
            self.top += span;
        }
        Some(index)
    }

    /// The front of a hole becomes a block; the rest stays a hole.
    fn cut(&mut self, hole: u32, span: usize) -> Option<u32> {
        let Record { offset, span: given, after, .. } = *self.record(hole)?;
        if given > span {
            let rest = self.spare()?;
            let record = self.record_mut(rest)?;
            record.offset = offset + span;
            record.span = given - span;
            self.link(hole, rest, after);
            self.record_mut(hole)?.span = span;
        }
        Some(hole)
    }

    /// A record that is not used.
    fn spare(&mut self) -> Option<u32> {
        let index = self.unused;
        self.unused = self.record(index)?.after;
        Some(index)
    }

    /// Puts a record between two neighbours.
    fn link(&mut self, before: u32, index: u32, after: u32) {
        if let Some(record) = self.record_mut(index) {
            record.before = before;
            record.after = after;
        }
        self.join(before, index);
        self.join(index, after);
    }

    fn join(&mut self, before: u32, after: u32) {
        match self.record_mut(before) {
            Some(record) => record.after = after,
            None => self.first = after,
        }
        match self.record_mut(after) {
            Some(record) => record.before = before,
            None => self.last = before,
        }
    }

    /// Takes a record out of the arena's list.
    fn unlink(&mut self, index: u32) {
        let Some(&Record { before, after, .. }) = self.record(index) else { return };
        self.join(before, after);
        let unused = self.unused;
        if let Some(record) = self.record_mut(index) {
            record.after = unused;
            record.before = NIL;
            record.span = 0;
        }
        self.unused = index;
    }

    /// Gives a block back; answers its owner, its size and the bytes that it took.
    pub(super) fn give(&mut self, index: u32) -> Option<(ToolId, usize, usize)> {
        let record = self.record_mut(index).filter(|record| record.is_live())?;
        record.generation = record.generation.wrapping_add(1);
        let gone = (ToolId(record.owner), record.size, record.span);
        record.owner = NO_TOOL;
        record.size = 0;
        let offset = record.offset;
        if self.is_placed && offset < self.start {
            self.give_fixed(index, gone.2);
        } else {
            self.live -= 1;
            self.give_arena(index);
        }
        Some(gone)
    }

    fn give_fixed(&mut self, index: u32, span: usize) {
        let is_of = |tier: &&mut Tier| tier.class.count > 0 && tier.class.size as usize == span;
        let Some(tier) = self.tiers.iter_mut().find(is_of) else { return };
        if let Some(record) = self.records.get_mut(index as usize) {
            record.after = tier.free;
        }
        tier.free = index;
        tier.used -= 1;
    }

    fn give_arena(&mut self, index: u32) {
        if !self.is_placed {
            self.unlink(index);
            return;
        }
        let Some(&Record { before, after, .. }) = self.record(index) else { return };
        if self.record(after).is_some_and(|record| !record.is_live()) {
            self.merge(index, after);
        }
        let whole = match self.record(before) {
            Some(record) if !record.is_live() => {
                self.merge(before, index);
                before
            }
            _ => index,
        };
        if let Some(&Record { offset, after: NIL, .. }) = self.record(whole) {
            self.top = offset;
            self.unlink(whole);
        }
    }

    /// Makes one hole of two neighbours.
    fn merge(&mut self, front: u32, behind: u32) {
        let span = self.record(behind).map_or(0, |record| record.span);
        self.unlink(behind);
        if let Some(record) = self.record_mut(front) {
            record.span += span;
        }
    }

    pub(super) fn class(&self, index: usize) -> Option<(Class, u32, u32)> {
        let tier = self.tiers.get(index).filter(|tier| tier.class.count > 0)?;
        Some((tier.class, tier.used, tier.high_water))
    }
}
