//! A bump arena over memory that the caller gives.

use core::mem::{align_of, size_of};

/// The block is too small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// Bytes that the block would have had to have, as far as it was carved.
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

/// Hands out slices of one block and never takes any back; freeing is dropping the block.
#[derive(Debug)]
pub struct Arena<'m> {
    rest: &'m mut [u8],
    given: usize,
}

impl<'m> Arena<'m> {
    /// An arena over `memory`, of any alignment.
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        let given = memory.len();
        Self { rest: memory, given }
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

    /// A slice of `len` zero bytes.
    ///
    /// # Errors
    /// [`OutOfMemory`] when fewer are left.
    pub fn bytes(&mut self, len: usize) -> Result<&'m mut [u8], OutOfMemory> {
        let piece = self.take(len, 0)?;
        piece.fill(0);
        Ok(piece)
    }

    /// A slice of `len` copies of `value`, aligned as `T` wants it.
    ///
    /// # Errors
    /// [`OutOfMemory`] when too few bytes are left.
    pub fn slice<T: Copy>(&mut self, len: usize, value: T) -> Result<&'m mut [T], OutOfMemory> {
        let padding = self.rest.as_ptr().align_offset(align_of::<T>());
        let size = size_of::<T>().saturating_mul(len);
        let piece = self.take(size, padding)?;
        let start = piece.as_mut_ptr().cast::<T>();
        for i in 0..len {
            // SAFETY: `piece` is `len * size_of::<T>()` bytes and starts at a multiple of T's
            // alignment, so element `i < len` lies inside it; it is borrowed for us alone.
            let place = unsafe { start.add(i) };
            // SAFETY: as above; `write` does not read or drop what was there.
            unsafe { place.write(value) };
        }
        // SAFETY: all `len` elements were just initialised, `start` is aligned and the bytes are
        // exclusively borrowed for 'm, since `take` split them off the rest for good.
        Ok(unsafe { core::slice::from_raw_parts_mut(start, len) })
    }

    fn take(&mut self, len: usize, padding: usize) -> Result<&'m mut [u8], OutOfMemory> {
        let size = len.saturating_add(padding);
        if size > self.rest.len() {
            let needed = self.used().saturating_add(size);
            return Err(OutOfMemory { needed, given: self.given });
        }
        let (piece, rest) = core::mem::take(&mut self.rest).split_at_mut(size);
        self.rest = rest;
        Ok(piece.split_at_mut(padding).1)
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
            let bytes = arena.bytes(3).unwrap();
            let words = arena.slice(4, 0x0102_0304_u32).unwrap();
            assert_eq!(words.as_ptr().align_offset(4), 0);
            bytes.fill(7);
            assert_eq!(words, [0x0102_0304; 4]);
            assert!((19..=22).contains(&arena.used()));
        }
    }

    #[test]
    fn what_does_not_fit_says_the_bytes_needed_and_takes_nothing() {
        let mut memory = [0u8; 10];
        let mut arena = Arena::new(&mut memory);
        arena.bytes(4).unwrap();
        assert_eq!(arena.bytes(7), Err(OutOfMemory { needed: 11, given: 10 }));
        assert_eq!(arena.used(), 4);
        arena.bytes(6).unwrap();
        assert!(arena.slice::<u64>(usize::MAX, 0).is_err());
    }
}
