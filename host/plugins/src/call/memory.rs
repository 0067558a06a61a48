//! Memory of calls: it grows by segments, up to what the plug-in may have, and ends with the call.

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

use bumpalo::Bump;

/// What each block begins at a multiple of.
const ALIGN: usize = 16;
/// What a call may have where its plug-in does not say.
const DEFAULT_MAX: u64 = 64 << 20;
/// A thread keeps segments of at most this size for its next call, and frees larger ones.
const KEPT_MAX: usize = 1 << 20;

thread_local! {
    static KEPT: Cell<Option<Bump>> = const { Cell::new(None) };
}

/// What calls of one plug-in may have, and had.
#[derive(Debug)]
pub(crate) struct CallMemory {
    limit: usize,
    /// Most bytes of the segments of one call.
    most: AtomicU64,
}

impl CallMemory {
    /// For a plug-in that declares this `memory_max`; 0 means that it declares none.
    pub(crate) fn new(memory_max: u64) -> Self {
        let limit = if memory_max == 0 { DEFAULT_MAX } else { memory_max };
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), most: AtomicU64::new(0) }
    }

    /// Most bytes that one call had so far.
    pub(crate) fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

/// The segments of one call.
#[derive(Debug)]
pub(super) struct Segments(Bump);

impl Segments {
    /// Those that the thread has kept, or none.
    pub(super) fn take(memory: &CallMemory) -> Self {
        let bump = KEPT.take().filter(|kept| kept.allocated_bytes() <= memory.limit);
        let bump = bump.unwrap_or_default();
        bump.set_allocation_limit(Some(memory.limit));
        Self(bump)
    }

    /// A block of zeros; NULL when there is not so much.
    pub(super) fn block(&self, size: usize, memory: &CallMemory) -> *mut c_void {
        let Ok(layout) = Layout::from_size_align(size.max(1), ALIGN) else { return null_mut() };
        let Ok(block) = self.0.try_alloc_layout(layout) else { return null_mut() };
        memory.most.fetch_max(self.0.allocated_bytes() as u64, Ordering::Relaxed);
        // SAFETY: the block has as many bytes, and no one else has it.
        unsafe { block.as_ptr().write_bytes(0, layout.size()) };
        block.as_ptr().cast()
    }
}

impl Drop for Segments {
    fn drop(&mut self) {
        let mut bump = std::mem::take(&mut self.0);
        // The last segment is the largest, and stays.
        bump.reset();
        if bump.allocated_bytes() <= KEPT_MAX {
            KEPT.set(Some(bump));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(segments: &Segments, memory: &CallMemory, size: usize, count: usize) -> usize {
        (0..count).filter(|_| !segments.block(size, memory).is_null()).count()
    }

    #[test]
    fn memory_grows_by_segments_up_to_the_limit_and_the_most_is_counted() {
        let memory = CallMemory::new(300_000);
        let segments = Segments::take(&memory);
        assert_eq!(memory.most(), 0, "nothing is taken before it is asked for");
        let mut sizes = Vec::new();
        let mut given = 0;
        while blocks(&segments, &memory, 1_000, 1) == 1 {
            given += 1_000;
            let now = segments.0.allocated_bytes();
            sizes.push(now);
            assert!(now >= given && now <= 300_000, "{given} {now}");
        }
        assert!(given > 200_000, "{given}");
        sizes.dedup();
        assert!(sizes.len() >= 5, "it grew in steps: {sizes:?}");
        assert_eq!(memory.most(), *sizes.last().unwrap() as u64);
        assert_eq!(blocks(&segments, &memory, 300_001, 1), 0);
        assert_eq!(blocks(&segments, &memory, usize::MAX, 1), 0);
    }

    #[test]
    fn blocks_are_zero_and_apart_and_what_a_call_wrote_is_not_in_the_next() {
        let memory = CallMemory::new(0);
        for round in 0..3 {
            let segments = Segments::take(&memory);
            let blocks: Vec<_> = (0..50_usize)
                .map(|size| {
                    let block = segments.block(size, &memory).cast::<u8>();
                    assert!(!block.is_null() && block.addr().is_multiple_of(ALIGN));
                    // SAFETY: the block has `size` bytes.
                    let bytes = unsafe { std::slice::from_raw_parts_mut(block, size) };
                    assert!(bytes.iter().all(|byte| *byte == 0), "{round} {size}");
                    bytes.fill(size as u8);
                    bytes
                })
                .collect();
            for (size, bytes) in blocks.iter().enumerate() {
                assert!(bytes.iter().all(|byte| usize::from(*byte) == size), "{round} {size}");
            }
        }
    }

    #[test]
    fn a_thread_keeps_small_segments_alone_and_none_above_the_limit() {
        let large = CallMemory::new(16 << 20);
        let segments = Segments::take(&large);
        assert_eq!(blocks(&segments, &large, 8 << 20, 1), 1);
        drop(segments);
        assert!(KEPT.take().is_none(), "8 MiB go back");
        let segments = Segments::take(&large);
        assert_eq!(blocks(&segments, &large, 100_000, 1), 1);
        drop(segments);
        let small = CallMemory::new(4_096);
        let segments = Segments::take(&small);
        assert_eq!(segments.0.allocated_bytes(), 0, "another plug-in may have less");
        assert_eq!(blocks(&segments, &small, 5_000, 1), 0);
        assert_eq!(blocks(&segments, &small, 100, 1), 1);
    }
}
