//! The memory of an Extism plug-in: blocks outside the module, which it reads and writes by
//! functions of the program alone. No offset is trusted.

use std::collections::BTreeMap;
use std::ops::Range;

/// The offset of the first block. 0 is no block.
const BASE: usize = 16;
/// Bytes that a block counts beside its own, for what is kept of it.
const KEPT: usize = 64;

/// Blocks, and the gaps that were freed.
#[derive(Debug)]
pub(crate) struct Blocks {
    bytes: Vec<u8>,
    /// The length of each block by its offset.
    used: BTreeMap<u64, u64>,
    /// Offsets of free room by its size, which is one of [`room`].
    free: BTreeMap<usize, Vec<u64>>,
    /// Most bytes of all.
    most: usize,
}

/// Bytes that are set apart for a block: a fourth more than it needs at most, so that freed room
/// fits others.
fn room(len: usize) -> Option<usize> {
    let step = len.checked_next_power_of_two()?.max(64) / 4;
    len.checked_next_multiple_of(step)
}

impl Blocks {
    pub(crate) fn new(most: usize) -> Self {
        let bytes = vec![0; BASE];
        Self { bytes, used: BTreeMap::new(), free: BTreeMap::new(), most }
    }

    /// Frees all of them.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.most);
    }

    /// A block of so many bytes; 0 for an empty one, and `None` where there is no room for it.
    pub(crate) fn add(&mut self, len: u64) -> Option<u64> {
        if len == 0 {
            return Some(0);
        }
        let size = room(usize::try_from(len).ok()?)?;
        let free = self.free.get_mut(&size).filter(|free| !free.is_empty());
        let more = if free.is_some() { 0 } else { size };
        let end = self.bytes.len().checked_add(more)?;
        // What is kept of a block in freed room counts too.
        let kept = self.used.len().checked_add(1)?.checked_mul(KEPT)?;
        if end.checked_add(kept)? > self.most {
            return None;
        }
        let at = match free.and_then(Vec::pop) {
            Some(at) => at,
            None => {
                let at = self.bytes.len();
                self.bytes.resize(end, 0);
                u64::try_from(at).ok()?
            }
        };
        self.used.insert(at, len);
        Some(at)
    }

    /// A block with these bytes.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Option<u64> {
        let at = self.add(u64::try_from(bytes.len()).ok()?)?;
        self.write(at, bytes);
        Some(at)
    }

    /// Frees a block; what is none is passed over.
    pub(crate) fn free(&mut self, at: u64) {
        let Some(len) = self.used.remove(&at) else { return };
        if let Some(size) = usize::try_from(len).ok().and_then(room) {
            self.free.entry(size).or_default().push(at);
        }
    }

    /// The length of the block that begins there; 0 where none does.
    pub(crate) fn len(&self, at: u64) -> u64 {
        self.used.get(&at).copied().unwrap_or_default()
    }

    /// The block that begins there.
    pub(crate) fn block(&self, at: u64) -> Option<&[u8]> {
        self.read(at, *self.used.get(&at)?)
    }

    fn range(&self, at: u64, len: u64) -> Option<Range<usize>> {
        let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
        let end = at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        (at >= BASE).then_some(at..end)
    }

    /// Bytes of the memory, in a block or not; none where it ends before.
    pub(crate) fn read(&self, at: u64, len: u64) -> Option<&[u8]> {
        self.bytes.get(self.range(at, len)?)
    }

    /// Eight bytes as a number, which is 0 outside the memory.
    pub(crate) fn word(&self, at: u64) -> u64 {
        let word = self.read(at, 8).and_then(<[u8]>::first_chunk);
        u64::from_le_bytes(word.copied().unwrap_or_default())
    }

    /// Writes bytes, or none where they would not all be in the memory.
    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        let range = u64::try_from(bytes.len()).ok().and_then(|len| self.range(at, len));
        if let Some(to) = range.and_then(|range| self.bytes.get_mut(range)) {
            to.copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_meet_and_keep_what_was_written() {
        let mut blocks = Blocks::new(1 << 20);
        let mut kept: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut seed = 1_u64;
        for round in 0..2_000_u32 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pick = usize::try_from(seed >> 33).unwrap();
            if kept.len() > 40 {
                let (at, bytes) = kept.swap_remove(pick % kept.len());
                assert_eq!(blocks.block(at), Some(&bytes[..]), "round {round}");
                blocks.free(at);
                assert_eq!((blocks.len(at), blocks.block(at)), (0, None));
            }
            let bytes = vec![round.to_le_bytes()[0]; 1 + pick % 3_000];
            let at = blocks.put(&bytes).unwrap();
            assert_eq!(blocks.len(at), bytes.len() as u64);
            kept.push((at, bytes));
        }
        for (at, bytes) in kept {
            assert_eq!(blocks.block(at), Some(&bytes[..]));
        }
    }

    #[test]
    fn what_is_freed_is_used_again_and_the_cap_holds() {
        let mut blocks = Blocks::new(100_000);
        for _ in 0..10_000 {
            let at = blocks.add(60_000).unwrap();
            blocks.free(at);
        }
        for too_long in [100_000, 1 << 40, u64::MAX - 3, u64::MAX] {
            assert_eq!(blocks.add(too_long), None);
        }
        // What is kept of small blocks counts too.
        let count = (0..).take_while(|_| blocks.add(1).is_some()).count();
        assert!(count < 100_000 / KEPT, "{count}");
        blocks.clear();
        assert!(blocks.add(90_000).is_some());
    }

    #[test]
    fn what_is_kept_of_blocks_in_freed_room_has_the_cap_too() {
        let most = 100_000;
        let mut blocks = Blocks::new(most);
        // Gaps of each size, which are all taken again.
        let sizes = [1, 17, 33, 49, 65, 97];
        for size in sizes {
            let made: Vec<_> = (0..200).map_while(|_| blocks.add(size)).collect();
            made.into_iter().for_each(|at| blocks.free(at));
        }
        while sizes.iter().any(|size| blocks.add(*size).is_some()) {}
        let kept = blocks.bytes.len() + blocks.used.len() * KEPT;
        assert!(kept <= most, "{kept}");
    }

    #[test]
    fn offsets_outside_read_as_nothing_and_are_not_written() {
        let mut blocks = Blocks::new(1 << 16);
        let at = blocks.put(b"12345678").unwrap();
        assert_eq!(blocks.word(at), u64::from_le_bytes(*b"12345678"));
        for outside in [0, 8, u64::MAX, u64::MAX - 7, 1 << 32, blocks.bytes.len() as u64 - 7] {
            assert_eq!((blocks.word(outside), blocks.read(outside, 8)), (0, None), "{outside}");
            blocks.write(outside, b"xxxxxxxx");
        }
        assert_eq!(blocks.read(at, u64::MAX), None);
        assert_eq!(blocks.block(at), Some(&b"12345678"[..]));
        assert_eq!(blocks.block(at + 1), None);
        blocks.free(at + 1);
        blocks.free(at);
        blocks.free(at);
        let [one, other] = [blocks.add(8), blocks.add(8)];
        assert_ne!(one, other, "a block that was freed twice is given once");
    }
}
