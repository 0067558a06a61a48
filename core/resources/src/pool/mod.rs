//! Blocks of memory for tools.

mod places;
mod usage;

use trine_arena::Arena;

pub(crate) use places::{ALIGN, check};
use places::{Places, Record};
pub use usage::Usage;
use usage::{Owner, Owners};

use crate::{Class, Error, Limit, PoolConfig, Table, ToolId};

/// The handle of a block. After the block was freed it is that of no other one, until its place
/// was taken 2^31 times more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    index: u32,
    generation: u32,
}

impl Block {
    /// The handle as one number, which is never 0.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.index as u64) << 32 | self.generation as u64
    }

    /// The handle that a number stands for. Any number is safe: one that is no handle is refused
    /// where it is used.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { index: (bits >> 32) as u32, generation: bits as u32 }
    }
}

/// What a pool holds. All bytes are those of whole blocks: of a class its size, of others the next
/// multiple of 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// Bytes of the pool.
    pub size: usize,
    /// Bytes in blocks.
    pub used: usize,
    /// The most bytes in blocks at once so far.
    pub high_water: usize,
    /// Blocks.
    pub blocks: u32,
    /// The largest block that the arena could give now.
    pub largest: usize,
    /// Free pieces between blocks of the arena.
    pub holes: u32,
}

/// Blocks of memory, each of which belongs to a tool.
///
/// Two tiers share one piece of memory. Blocks up to the size of a class come from that class or a
/// larger one, in constant time. Others come from an arena behind the classes: at its end, or in
/// the first hole that is large enough. Neighbouring holes become one, and one at the end is part
/// of the free rest.
///
/// ```
/// use trine_resources::{Class, Error, Pool, PoolConfig, ToolId};
///
/// const CONFIG: PoolConfig = PoolConfig {
///     memory: 1_024,
///     is_backed: true,
///     classes: [Class { size: 32, count: 4 }, Class { size: 0, count: 0 },
///         Class { size: 0, count: 0 }, Class { size: 0, count: 0 }],
///     blocks_max: 4,
///     tools_max: 2,
/// };
/// // Seven more, since an array of bytes may start anywhere.
/// let mut memory = [0; Pool::bytes(&CONFIG) + 7];
/// let mut pool = Pool::new(&mut memory, &CONFIG)?;
/// let [pump, fan] = [ToolId(1), ToolId(2)];
/// pool.set_budget(pump, 400)?;
/// pool.set_budget(fan, 400)?;
/// let block = pool.allocate(pump, 300)?;
/// pool.memory_mut(pump, block)?.fill(7);
/// assert_eq!(pool.memory(fan, block), Err(Error::Foreign));
/// pool.free(pump, block)?;
/// assert_eq!(pool.free(pump, block), Err(Error::Stale));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Pool<'m> {
    places: Places<'m>,
    owners: Owners<'m>,
    memory: &'m mut [u8],
    used: usize,
    high_water: usize,
    blocks: u32,
}

impl<'m> Pool<'m> {
    /// Bytes that a pool takes: its tables, and its memory when that is given too. Where these do
    /// not start at a multiple of 8 it takes up to 7 more.
    #[must_use]
    pub const fn bytes(config: &PoolConfig) -> usize {
        let tables = Self::table_bytes(config);
        if config.is_backed { tables.saturating_add(config.memory) } else { tables }
    }

    const fn table_bytes(config: &PoolConfig) -> usize {
        let records = (places::records(config) as usize).saturating_mul(size_of::<Record>());
        let owners = (config.tools_max as usize).saturating_mul(size_of::<Owner>());
        aligned(records.saturating_add(owners))
    }

    /// A pool in `memory`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a configuration that contradicts itself, and for memory that is too
    /// small.
    pub fn new(memory: &'m mut [u8], config: &PoolConfig) -> Result<Self, Error> {
        let mut arena = Arena::new(memory);
        let pool = Self::carve(&mut arena, config)?;
        if arena.fault().is_some() {
            return Err(TOO_SMALL);
        }
        Ok(pool)
    }

    /// The same from an arena, whose `fault` says whether it fitted.
    pub(crate) fn carve(arena: &mut Arena<'m>, config: &PoolConfig) -> Result<Self, Error> {
        config.check()?;
        align(arena);
        let records = arena.slice(places::records(config) as usize, Record::EMPTY);
        let owners = arena.slice(config.tools_max as usize, Owner::EMPTY);
        align(arena);
        let memory = arena.bytes(if config.is_backed { config.memory } else { 0 });
        let places = Places::new(records, config);
        Ok(Self { places, owners: Owners(owners), memory, used: 0, high_water: 0, blocks: 0 })
    }

    /// Lets a tool have at most `bytes`, in blocks as they are asked for. A lower budget takes
    /// nothing away.
    ///
    /// # Errors
    /// [`Error::Full`] when there is no place for a further tool.
    pub fn set_budget(&mut self, tool: ToolId, bytes: usize) -> Result<(), Error> {
        self.owners.enter(tool)?.budget = bytes;
        Ok(())
    }

    /// Forgets a tool that has no block.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it has blocks, [`Error::NoAllocation`] when it has no budget.
    pub fn forget(&mut self, tool: ToolId) -> Result<(), Error> {
        let owner = self.owners.get_mut(tool)?;
        if owner.blocks > 0 {
            return Err(Error::Invalid("the tool has blocks"));
        }
        *owner = Owner::EMPTY;
        Ok(())
    }

    /// Whether a tool could have a block now, and how many bytes of the pool that would take.
    ///
    /// # Errors
    /// As [`Self::allocate`].
    pub fn check(&self, tool: ToolId, size: usize) -> Result<usize, Error> {
        let owner = self.owners.get(tool)?;
        let left = owner.budget.saturating_sub(owner.used);
        if size > left {
            return Err(refused(Limit::ToolMemory, size, left));
        }
        self.fits(size)
    }

    /// Whether there is a place for a block, whoever asks, and how many bytes it would take.
    ///
    /// # Errors
    /// [`Error::Limit`], [`Error::Full`], [`Error::Invalid`].
    pub fn fits(&self, size: usize) -> Result<usize, Error> {
        if size == 0 {
            return Err(Error::Invalid("a block has a byte at least"));
        }
        self.places.fits(size, self.used)
    }

    /// The bytes that a block would take of the pool if it were empty; `None` where none is ever
    /// large enough.
    pub(crate) fn span_of(&self, size: usize) -> Option<usize> {
        self.places.span_of(size)
    }

    /// Bytes of the pool.
    pub(crate) const fn size(&self) -> usize {
        self.places.size()
    }

    /// The largest block that so many bytes are enough for.
    pub(crate) const fn floor(&self, bytes: usize) -> usize {
        self.places.floor(bytes)
    }

    /// Takes a block of `size` bytes for a tool.
    ///
    /// # Errors
    /// [`Error::NoAllocation`] for a tool without a budget; [`Error::Limit`] with `ToolMemory` when
    /// the budget leaves less, or `Memory` when the pool does; [`Error::Full`] when there are
    /// `blocks_max`; [`Error::Invalid`] for no bytes.
    pub fn allocate(&mut self, tool: ToolId, size: usize) -> Result<Block, Error> {
        self.check(tool, size)?;
        let (index, span) = self.places.take(tool, size, self.used)?;
        self.owners.charge(tool, size)?;
        self.used += span;
        self.high_water = self.high_water.max(self.used);
        self.blocks += 1;
        Ok(Block { index, generation: self.places.generation(index) })
    }

    /// Gives a block back.
    ///
    /// # Errors
    /// [`Error::Stale`] for a block that was freed, [`Error::Foreign`] for one of another tool.
    pub fn free(&mut self, tool: ToolId, block: Block) -> Result<(), Error> {
        self.find(tool, block)?;
        self.drop_block(block.index);
        Ok(())
    }

    /// Gives back all blocks of a tool; answers how many and their bytes.
    pub fn free_all(&mut self, tool: ToolId) -> (u32, usize) {
        let (mut count, mut bytes) = (0, 0);
        for index in 0..self.places.len() {
            if let Some(record) = self.places.live(index)
                && record.owner == tool.0
            {
                bytes += record.size;
                count += 1;
                self.drop_block(index);
            }
        }
        (count, bytes)
    }

    fn drop_block(&mut self, index: u32) {
        if let Some((owner, size, span)) = self.places.give(index) {
            self.owners.discharge(owner, size);
            self.used -= span;
            self.blocks -= 1;
        }
    }

    /// Gives a block to another tool, whose budget it then counts against. The bytes stay where
    /// they are, so that the next step of a plan reads a result without a copy.
    ///
    /// # Errors
    /// As [`Self::free`], and as [`Self::allocate`] for the budget of the other tool.
    pub fn pass(&mut self, from: ToolId, block: Block, to: ToolId) -> Result<(), Error> {
        let size = self.find(from, block)?.size;
        let owner = self.owners.get(to)?;
        let left = owner.budget.saturating_sub(owner.used);
        if from != to && size > left {
            return Err(refused(Limit::ToolMemory, size, left));
        }
        self.owners.discharge(from, size);
        self.owners.charge(to, size)?;
        self.places.set_owner(block.index, to);
        Ok(())
    }

    fn find(&self, tool: ToolId, block: Block) -> Result<&Record, Error> {
        let record = self.places.live(block.index).ok_or(Error::Stale)?;
        if record.generation != block.generation {
            Err(Error::Stale)
        } else if record.owner != tool.0 {
            Err(Error::Foreign)
        } else {
            Ok(record)
        }
    }

    /// Where a block starts in the memory, and its bytes as they were asked for.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub fn place(&self, tool: ToolId, block: Block) -> Result<(usize, usize), Error> {
        self.find(tool, block).map(|record| (record.offset, record.size))
    }

    /// Bytes of the pool that a block takes: at least its size.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub fn span(&self, tool: ToolId, block: Block) -> Result<usize, Error> {
        self.find(tool, block).map(|record| record.span)
    }

    /// The bytes of a tool's block; none where the pool only counts.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub fn memory(&self, tool: ToolId, block: Block) -> Result<&[u8], Error> {
        let (offset, size) = self.place(tool, block)?;
        Ok(self.memory.get(offset..offset + size).unwrap_or_default())
    }

    /// The bytes of a tool's block, to be written.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub fn memory_mut(&mut self, tool: ToolId, block: Block) -> Result<&mut [u8], Error> {
        let (offset, size) = self.place(tool, block)?;
        Ok(self.memory.get_mut(offset..offset + size).unwrap_or_default())
    }

    /// The blocks of a tool.
    pub fn blocks(&self, tool: ToolId) -> impl Iterator<Item = (Block, usize)> {
        (0..self.places.len()).filter_map(move |index| {
            let record = self.places.live(index).filter(|record| record.owner == tool.0)?;
            Some((Block { index, generation: record.generation }, record.size))
        })
    }

    /// What a tool has of the pool; `None` for one without a budget.
    #[must_use]
    pub fn usage(&self, tool: ToolId) -> Option<Usage> {
        self.owners.get(tool).ok().map(Owner::usage)
    }

    /// What the pool holds.
    #[must_use]
    pub fn state(&self) -> PoolState {
        PoolState {
            size: self.places.size(),
            used: self.used,
            high_water: self.high_water,
            blocks: self.blocks,
            largest: self.places.largest(self.used),
            holes: self.places.holes(),
        }
    }

    /// A class: its blocks in use, and the most in use at once so far.
    #[must_use]
    pub fn class(&self, index: usize) -> Option<(Class, u32, u32)> {
        self.places.class(index)
    }

    /// The end of the arena's last block: it never grows past what blocks and holes need.
    #[must_use]
    pub const fn arena_top(&self) -> usize {
        self.places.top()
    }
}

/// The next multiple of [`ALIGN`]; of more than can be, the largest number.
const fn aligned(bytes: usize) -> usize {
    match bytes.checked_next_multiple_of(ALIGN) {
        Some(bytes) => bytes,
        None => usize::MAX,
    }
}

/// Skips bytes up to the next multiple of [`ALIGN`].
pub(crate) fn align(arena: &mut Arena<'_>) {
    let skipped = arena.bytes(0).as_ptr().align_offset(ALIGN);
    arena.bytes(skipped);
}

/// The memory is too small for the configuration.
pub(crate) const TOO_SMALL: Error = Error::Invalid("the memory is too small");

pub(crate) const fn refused(limit: Limit, asked: usize, left: usize) -> Error {
    Error::Limit { limit, asked: asked as u64, left: left as u64 }
}

/// The table of blocks is full.
const FULL: Error = Error::Full(Table::Blocks);

#[cfg(test)]
mod tests {
    use super::aligned;

    /// With words of 32 bits a table of 2^31 blocks takes more bytes than a number can hold.
    #[test]
    fn more_bytes_than_can_be_counted_are_not_few() {
        assert_eq!([0, 1, 8, 9].map(aligned), [0, 8, 8, 16]);
        assert_eq!([usize::MAX - 7, usize::MAX - 6].map(aligned), [usize::MAX - 7, usize::MAX]);
        assert_eq!(aligned(usize::MAX), usize::MAX);
    }
}
