//! A bump arena over memory that the caller gives.

use core::mem::{align_of, size_of};

use crate::{Plain, Solid};

/// The block is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// Bytes that the block would have had to have for all that was asked for.
    pub needed: usize,
    /// Bytes that it has.
    pub given: usize,
}

impl core::fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes were given and {} are needed", self.given, self.needed)
    }
}

impl core::error::Error for OutOfMemory {}

/// A slice of `len` copies of `value` from the front of a block, aligned as `T` wants it, and the
/// rest; `None` when it does not fit. Once the slice is gone its bytes are the caller's again, so
/// they have to be [`Solid`].
///
/// ```
/// let mut block = [0xff; 40];
/// let (numbers, rest) = trine_arena::carve(&mut block, 4, 7_u32).ok_or("too small")?;
/// assert_eq!(numbers, [7; 4]);
/// // Up to three bytes before the numbers are for their alignment.
/// assert!((21..=24).contains(&rest.len()));
/// # Ok::<(), &str>(())
/// ```
pub fn carve<T: Solid>(memory: &mut [u8], len: usize, value: T) -> Option<(&mut [T], &mut [u8])> {
    const { assert!(size_of::<T>() > 0, "as many as one likes would fit") };
    let padding = memory.as_ptr().align_offset(align_of::<T>());
    let bytes = size_of::<T>().checked_mul(len)?;
    let (piece, rest) = memory.get_mut(padding..)?.split_at_mut_checked(bytes)?;
    let start = piece.as_mut_ptr().cast::<T>();
    for i in 0..len {
        // SAFETY: the piece is `len * size_of::<T>()` bytes and starts at a multiple of T's
        // alignment, so element `i < len` lies inside it; it is borrowed for us alone.
        let place = unsafe { start.add(i) };
        // SAFETY: as above; `write` does not read or drop what was there.
        unsafe { place.write(value) };
    }
    // SAFETY: all `len` elements were just initialised, `start` is aligned, and the bytes are
    // exclusively borrowed for as long as the slice is. Whatever is written through it leaves
    // bytes that are initialised: `T` is solid.
    Some((unsafe { core::slice::from_raw_parts_mut(start, len) }, rest))
}

/// Bytes of a line of a processor's cache.
pub const LINE: usize = 64;

/// Hands out slices of one block and never takes any back; freeing is dropping the block. What
/// does not fit is an empty slice, and [`Arena::fault`] says so of all of them at once: asking
/// after each costs a microcontroller more than the carving.
///
/// ```
/// use trine_arena::Arena;
///
/// let mut block = [0; 64];
/// let mut arena = Arena::new(&mut block);
/// let (counters, text) = (arena.slice(4, 1_u32), arena.bytes(20));
/// assert_eq!((counters.len(), text.len()), (4, 20));
/// assert!(arena.fault().is_none());
/// // One question after the last request: did all of them fit, and if not, what would have?
/// assert!(arena.slice(100, 0_u16).is_empty());
/// assert!(arena.fault().is_some_and(|fault| fault.needed >= 236 && fault.given == 64));
/// ```
#[derive(Debug)]
pub struct Arena<'m> {
    rest: &'m mut [u8],
    given: usize,
    needed: usize,
}

impl<'m> Arena<'m> {
    /// An arena over `memory`, of any alignment.
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        let given = memory.len();
        Self { rest: memory, given, needed: 0 }
    }

    /// Bytes handed out so far, padding included. Since nothing is taken back this is also the
    /// high-water mark.
    #[must_use]
    pub const fn used(&self) -> usize {
        self.given - self.rest.len()
    }

    /// Bytes in the block.
    #[must_use]
    pub const fn given(&self) -> usize {
        self.given
    }

    /// What is wrong when something that was asked for did not fit: its slice is empty.
    #[must_use]
    pub fn fault(&self) -> Option<OutOfMemory> {
        let Self { given, needed, .. } = *self;
        (needed > given).then_some(OutOfMemory { needed, given })
    }

    /// A slice of `len` bytes, which hold whatever was there; see [`Self::fault`].
    #[inline(never)]
    pub fn bytes(&mut self, len: usize) -> &'m mut [u8] {
        self.needed = self.needed.saturating_add(len);
        if self.needed > self.given {
            return &mut [];
        }
        let (piece, rest) =
            core::mem::take(&mut self.rest).split_at_mut_checked(len).unwrap_or_default();
        self.rest = rest;
        piece
    }

    /// Leaves out what is before the next line of a processor's cache ([`LINE`] bytes), where `len`
    /// bytes fit behind it.
    ///
    /// ```
    /// let mut block = [0; 200];
    /// let mut arena = trine_arena::Arena::new(&mut block);
    /// arena.to_line(100);
    /// assert!(arena.bytes(100).as_ptr().addr().is_multiple_of(trine_arena::LINE));
    /// // That many would not fit behind it, so nothing is left out.
    /// let used = arena.used();
    /// arena.to_line(200 - used);
    /// assert_eq!(arena.used(), used);
    /// ```
    pub fn to_line(&mut self, len: usize) {
        let padding = self.rest.as_ptr().align_offset(LINE);
        if padding.saturating_add(len) <= self.rest.len() {
            self.bytes(padding);
        }
    }

    /// A slice of `len` copies of `value`, aligned as `T` wants it; see [`Self::fault`].
    pub fn slice<T: Solid>(&mut self, len: usize, value: T) -> &'m mut [T] {
        const { assert!(size_of::<T>() > 0, "an empty slice says that it did not fit") };
        let padding = self.rest.as_ptr().align_offset(align_of::<T>());
        self.bytes(padding);
        let piece = self.bytes(size_of::<T>().saturating_mul(len));
        carve(piece, len, value).map_or(&mut [], |(slice, _)| slice)
    }

    /// A slice of `len` numbers, aligned as `T` wants it, that are whatever the block's bytes are:
    /// memory that the system has not given yet is not asked for. See [`Self::fault`].
    ///
    /// ```
    /// let mut block = [1; 16];
    /// let numbers = trine_arena::Arena::new(&mut block).as_it_is::<u16>(4);
    /// assert_eq!(numbers, [0x0101; 4]);
    /// ```
    pub fn as_it_is<T: Plain>(&mut self, len: usize) -> &'m mut [T] {
        const { assert!(size_of::<T>() > 0, "an empty slice says that it did not fit") };
        let padding = self.rest.as_ptr().align_offset(align_of::<T>());
        self.bytes(padding);
        let piece = self.bytes(size_of::<T>().saturating_mul(len));
        // SAFETY: any bytes are a value of `T`, and whatever is written through the slice leaves
        // bytes that are initialised: `T` is solid.
        let (_, numbers, _) = unsafe { piece.align_to_mut::<T>() };
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_aligned_disjoint_and_counted() {
        let mut memory = [0xaa_u8; 64];
        for skew in 0..8 {
            let mut arena = Arena::new(&mut memory[skew..]);
            let bytes = arena.bytes(3);
            let words = arena.slice(4, 0x0102_0304_u32);
            assert_eq!(words.as_ptr().align_offset(4), 0);
            bytes.fill(7);
            assert_eq!(words, [0x0102_0304; 4]);
            assert!((19..=22).contains(&arena.used()));
        }
    }

    #[test]
    fn numbers_as_they_are_keep_the_bytes_of_the_block() {
        let mut memory: [u8; 40] = core::array::from_fn(|at| at as u8);
        for skew in 0..4 {
            let mut arena = Arena::new(&mut memory[skew..]);
            let first = arena.bytes(1).as_ptr() as usize;
            let words = arena.as_it_is::<u32>(5);
            let at = words.as_ptr() as usize - first + skew;
            assert!(at.is_multiple_of(4) || words.as_ptr().align_offset(4) == 0);
            let wanted: [u8; 4] = core::array::from_fn(|byte| (at + byte) as u8);
            assert_eq!((words.len(), words[0].to_ne_bytes()), (5, wanted), "{skew}");
            assert!(arena.as_it_is::<u64>(5).is_empty());
            assert!(arena.fault().is_some_and(|fault| fault.needed > 60));
        }
    }

    /// The bytes that a caller gets back are the values that were written there. (Under Miri this
    /// also sees that each of them was.)
    #[test]
    fn a_block_comes_back_with_every_byte_initialised() {
        #[derive(Clone, Copy)]
        struct Point {
            at: u16,
            is_on: bool,
            kind: u8,
        }
        crate::solid!(
            struct Point {
                at: u16,
                is_on: bool,
                kind: u8,
            }
        );
        let mut memory = [0xaa_u8; 64];
        for skew in 0..4 {
            let block = &mut memory[skew..];
            let points = Arena::new(block).slice(5, Point { at: 0x0101, is_on: true, kind: 1 });
            points[4] = Point { at: 0x0202, is_on: false, kind: 2 };
            assert!(points.iter().all(|one| one.is_on == (one.kind == 1 && one.at == 0x0101)));
            let sum: u32 = block.iter().filter(|byte| **byte != 0xaa).map(|b| u32::from(*b)).sum();
            assert_eq!(sum, 4 * 4 + 6);
            block.fill(0xaa);
        }
    }

    #[test]
    fn what_does_not_fit_is_empty_and_says_the_bytes_needed() {
        let mut memory = [0u8; 10];
        let mut arena = Arena::new(&mut memory);
        assert_eq!(arena.bytes(4).len(), 4);
        assert_eq!(arena.fault(), None);
        assert!(arena.bytes(7).is_empty());
        assert_eq!(arena.fault(), Some(OutOfMemory { needed: 11, given: 10 }));
        assert_eq!(arena.used(), 4);
        assert!(arena.bytes(1).is_empty(), "what is behind it would not fit either");
        assert!(arena.slice::<u64>(usize::MAX, 0).is_empty());
        assert_eq!(arena.fault(), Some(OutOfMemory { needed: usize::MAX, given: 10 }));
    }
}
