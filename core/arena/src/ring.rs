//! A byte ring between one producer and one consumer.

use core::marker::PhantomData;
#[cfg(not(all(test, loom)))]
use core::sync::atomic::{AtomicUsize, Ordering};
#[cfg(all(test, loom))]
use loom::sync::atomic::{AtomicUsize, Ordering};

#[cfg(all(test, loom))]
use crate::model::Watch;

/// A ring over memory that the caller gives. [`Ring::split`] yields its two ends, which may live in
/// different contexts: an interrupt and the main loop, or two threads.
///
/// One byte of the memory stays empty to tell full from empty.
///
/// ```
/// use trine_arena::Ring;
///
/// let mut memory = [0; 16];
/// let mut ring = Ring::new(&mut memory);
/// let (mut interrupt, mut main_loop) = ring.split();
/// assert_eq!(interrupt.push(b"21.5 C"), 6);
/// assert_eq!(main_loop.peek(), b"21.5 C");
/// main_loop.release(5);
/// assert_eq!(main_loop.pop(), Some(b'C'));
/// // Fifteen bytes fit; the others are lost, and counted.
/// assert_eq!(interrupt.push(&[0; 20]), 15);
/// assert_eq!(main_loop.lost(), 5);
/// ```
#[derive(Debug)]
pub struct Ring<'m> {
    start: *mut u8,
    len: usize,
    /// Where the producer writes next; stored by the producer only.
    head: AtomicUsize,
    /// Where the consumer reads next; stored by the consumer only.
    tail: AtomicUsize,
    /// Bytes that did not fit; stored by the producer only.
    lost: AtomicUsize,
    memory: PhantomData<&'m mut [u8]>,
    watch: Watch,
}

/// Who touches which bytes, for `model.rs`; nothing in other builds.
#[cfg(not(all(test, loom)))]
#[derive(Debug)]
struct Watch;

#[cfg(not(all(test, loom)))]
impl Watch {
    const fn reads(&self, _at: usize, _count: usize) {}
    const fn writes(&self, _at: usize, _count: usize) {}
}

// SAFETY: the raw pointer is the exclusive borrow that `memory` stands for, and a borrow of bytes
// may move between threads.
unsafe impl Send for Ring<'_> {}
// SAFETY: through a shared `Ring` only the atomics can be reached; the bytes are touched by the one
// producer and the one consumer, in parts that `head` and `tail` keep apart.
unsafe impl Sync for Ring<'_> {}

impl<'m> Ring<'m> {
    /// A ring that holds `memory.len() - 1` bytes.
    #[cfg(not(all(test, loom)))]
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        Self {
            start: memory.as_mut_ptr(),
            len: memory.len(),
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            memory: PhantomData,
            watch: Watch,
        }
    }

    /// The same for models, whose atomics are no constants.
    #[cfg(all(test, loom))]
    pub(crate) fn new(memory: &'m mut [u8]) -> Self {
        Self {
            start: memory.as_mut_ptr(),
            len: memory.len(),
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            memory: PhantomData,
            watch: Watch::new(memory.len()),
        }
    }

    /// The two ends. The exclusive borrow makes sure that there is one of each.
    pub const fn split<'r>(&'r mut self) -> (Producer<'r>, Consumer<'r>)
    where
        'm: 'r,
    {
        let ring: &'r Self = self;
        (Producer { ring }, Consumer { ring })
    }

    const fn filled(&self, head: usize, tail: usize) -> usize {
        if head >= tail { head - tail } else { self.len - tail + head }
    }

    const fn advance(&self, at: usize, by: usize) -> usize {
        let next = at + by;
        if next >= self.len { next - self.len } else { next }
    }
}

/// Bytes before a packet: its length, the low byte first.
const PREFIX: usize = 2;
/// In place of a length: the next packet is at the start of the memory.
const SKIP: [u8; PREFIX] = u16::MAX.to_le_bytes();

/// The end that writes. One context owns it.
#[derive(Debug)]
pub struct Producer<'r> {
    ring: &'r Ring<'r>,
}

impl Producer<'_> {
    /// Bytes that the ring holds when it is full.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.ring.len.saturating_sub(1)
    }

    /// Bytes that fit now.
    #[must_use]
    pub fn free(&self) -> usize {
        let ring = self.ring;
        let head = ring.head.load(Ordering::Relaxed);
        let tail = ring.tail.load(Ordering::Acquire);
        ring.len.saturating_sub(1) - ring.filled(head, tail)
    }

    /// Appends as many bytes as fit; the others are lost and counted. Answers how many went in.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            let room = self.grant();
            let count = room.len().min(bytes.len() - done);
            if count == 0 {
                break;
            }
            room[..count].copy_from_slice(&bytes[done..done + count]);
            self.commit(count);
            done += count;
        }
        if done < bytes.len() {
            self.lose(bytes.len() - done);
        }
        done
    }

    /// Appends one packet, which [`Consumer::packet`] shows in one piece, or counts its bytes as
    /// lost and answers `false`. A ring takes either packets or bytes, never both. A packet is not
    /// cut at the end of the memory, so that should be twice the longest packet and five bytes.
    ///
    /// ```
    /// let mut memory = [0; 32];
    /// let mut ring = trine_arena::Ring::new(&mut memory);
    /// let (mut radio, mut main_loop) = ring.split();
    /// assert!(radio.push_packet(b"first") && radio.push_packet(b"second"));
    /// assert_eq!(main_loop.packet(), Some(&b"first"[..]));
    /// main_loop.release_packet();
    /// assert_eq!(main_loop.packet(), Some(&b"second"[..]));
    /// ```
    pub fn push_packet(&mut self, packet: &[u8]) -> bool {
        let ring = self.ring;
        let head = ring.head.load(Ordering::Relaxed);
        let tail = ring.tail.load(Ordering::Acquire);
        let size = packet.len().saturating_add(PREFIX);
        let end = if tail > head { tail } else { ring.len + usize::from(tail != 0) };
        let at = if head + size < end {
            head
        } else if tail <= head && size < tail {
            // What is left at the end of the memory is stepped over.
            self.put(head, &SKIP);
            0
        } else {
            self.lose(packet.len());
            return false;
        };
        // A packet is shorter than the marker says, or it would not be told from it.
        let Some(len) = u16::try_from(packet.len()).ok().filter(|&len| len < u16::MAX) else {
            self.lose(packet.len());
            return false;
        };
        self.put(at, &len.to_le_bytes());
        self.put(at + PREFIX, packet);
        self.publish(ring.advance(at, size));
        true
    }

    /// Writes as much of `bytes` as lies before the end of the memory, from `at` on, which the
    /// caller has seen to be free.
    fn put(&mut self, at: usize, bytes: &[u8]) {
        let ring = self.ring;
        for (at, &byte) in (at..ring.len).zip(bytes) {
            ring.watch.writes(at, 1);
            // SAFETY: `at` is below `len`, so the pointer stays in the memory.
            let place = unsafe { ring.start.add(at) };
            // SAFETY: the byte lies in the free part, by this function's contract, which belongs
            // to the producer until `head` passes it.
            unsafe { place.write(byte) };
        }
    }

    /// Counts bytes that the caller could not bring here.
    fn lose(&mut self, count: usize) {
        let lost = self.ring.lost.load(Ordering::Relaxed);
        self.ring.lost.store(lost.wrapping_add(count), Ordering::Relaxed);
    }

    /// Appends all of several pieces, which the consumer sees at once, or nothing.
    pub fn push_all(&mut self, pieces: &[&[u8]]) -> bool {
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        if total > self.free() {
            return false;
        }
        let ring = self.ring;
        let mut at = ring.head.load(Ordering::Relaxed);
        for &byte in pieces.iter().copied().flatten() {
            ring.watch.writes(at, 1);
            // SAFETY: `at` is below `len`, so the pointer stays in the memory.
            let place = unsafe { ring.start.add(at) };
            // SAFETY: the byte lies in the free part, which belongs to the producer until `head`
            // passes it: `free` saw that `total` bytes are free.
            unsafe { place.write(byte) };
            at = ring.advance(at, 1);
        }
        self.publish(at);
        true
    }

    /// The longest free stretch in one piece, for DMA or for `read(2)`; then [`Self::commit`].
    pub fn grant(&mut self) -> &mut [u8] {
        let ring = self.ring;
        let head = ring.head.load(Ordering::Relaxed);
        let tail = ring.tail.load(Ordering::Acquire);
        let end = match tail {
            _ if ring.len == 0 => 0,
            0 => ring.len - 1,
            tail if tail > head => tail - 1,
            _ => ring.len,
        };
        ring.watch.writes(head, end.saturating_sub(head));
        // SAFETY: head is at most `len`, so the pointer stays in or one past the memory.
        let start = unsafe { ring.start.add(head) };
        // SAFETY: `head..end` is free and belongs to the producer until `head` moves, which takes
        // `&mut self`; the bytes are initialised, being the caller's slice.
        unsafe { core::slice::from_raw_parts_mut(start, end.saturating_sub(head)) }
    }

    /// Makes the first `count` bytes of the last [`Self::grant`] visible; more than was granted
    /// counts as all of it.
    pub fn commit(&mut self, count: usize) {
        let count = count.min(self.grant().len());
        let head = self.ring.head.load(Ordering::Relaxed);
        self.publish(self.ring.advance(head, count));
    }

    fn publish(&mut self, head: usize) {
        // Release: the bytes are written before the consumer can see the new head.
        self.ring.head.store(head, Ordering::Release);
    }
}

/// The end that reads. One context owns it.
#[derive(Debug)]
pub struct Consumer<'r> {
    ring: &'r Ring<'r>,
}

impl Consumer<'_> {
    /// The longest stretch of bytes in one piece; empty when there are none.
    #[must_use]
    pub fn peek(&self) -> &[u8] {
        let ring = self.ring;
        let tail = ring.tail.load(Ordering::Relaxed);
        let head = ring.head.load(Ordering::Acquire);
        let end = if head >= tail { head } else { ring.len };
        ring.watch.reads(tail, end - tail);
        // SAFETY: tail is at most `len`, so the pointer stays in or one past the memory.
        let start = unsafe { ring.start.add(tail) };
        // SAFETY: `tail..end` was published by the producer, which does not touch it until `tail`
        // moves; moving it takes `&mut self` while this slice borrows `self`.
        unsafe { core::slice::from_raw_parts(start, end - tail) }
    }

    /// Lets `take` have [`Self::peek`] and say how many bytes of it are given back, beside what it
    /// answers; more than there were counts as all.
    pub fn take<R>(&mut self, take: impl FnOnce(&[u8]) -> (usize, R)) -> R {
        let bytes = self.peek();
        let (count, answer) = take(bytes);
        let count = count.min(bytes.len());
        let tail = self.ring.tail.load(Ordering::Relaxed);
        self.ring.watch.reads(tail, count);
        // Release: our reads are done before the producer can write here again.
        self.ring.tail.store(self.ring.advance(tail, count), Ordering::Release);
        answer
    }

    /// Gives the first `count` bytes of [`Self::peek`] back; more than it showed counts as all.
    pub fn release(&mut self, count: usize) {
        self.take(|_| (count, ()));
    }

    /// The oldest packet that [`Producer::push_packet`] appended; [`Self::release_packet`] gives it
    /// back.
    pub fn packet(&mut self) -> Option<&[u8]> {
        let mut at = self.ring.tail.load(Ordering::Relaxed);
        let head = self.ring.head.load(Ordering::Acquire);
        if at == head {
            return None;
        }
        if at > head && self.prefix(at).is_none_or(|prefix| prefix == SKIP) {
            at = 0;
            self.ring.tail.store(at, Ordering::Release);
        }
        let len = usize::from(u16::from_le_bytes(self.prefix(at)?));
        self.peek().get(PREFIX..PREFIX + len)
    }

    /// Gives the packet back that [`Self::packet`] shows.
    pub fn release_packet(&mut self) {
        if let Some(len) = self.packet().map(<[u8]>::len) {
            self.skip(PREFIX + len);
        }
    }

    /// The two bytes at `at`, which is where a packet or a marker was published; `None` where the
    /// memory ends before them.
    fn prefix(&self, at: usize) -> Option<[u8; PREFIX]> {
        let ring = self.ring;
        if at + PREFIX > ring.len {
            return None;
        }
        ring.watch.reads(at, PREFIX);
        // SAFETY: both bytes lie in the memory.
        let place = unsafe { ring.start.add(at) };
        // SAFETY: they were published with what they stand before and stay until `tail` moves.
        Some(unsafe { place.cast::<[u8; PREFIX]>().read() })
    }

    /// Bytes that the ring holds when it is full.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.ring.len.saturating_sub(1)
    }

    /// Takes the next byte.
    pub fn pop(&mut self) -> Option<u8> {
        let byte = *self.peek().first()?;
        self.release(1);
        Some(byte)
    }

    /// Bytes held now.
    #[must_use]
    pub fn len(&self) -> usize {
        let head = self.ring.head.load(Ordering::Acquire);
        self.ring.filled(head, self.ring.tail.load(Ordering::Relaxed))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Byte number `index` from the front, without taking it.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<u8> {
        if index >= self.len() {
            return None;
        }
        let ring = self.ring;
        let at = ring.advance(ring.tail.load(Ordering::Relaxed), index);
        ring.watch.reads(at, 1);
        // SAFETY: `at` is below `len`, so the pointer stays in the memory.
        let place = unsafe { ring.start.add(at) };
        // SAFETY: `index` is below the count of published bytes, which stay until `tail` moves.
        Some(unsafe { place.read() })
    }

    /// Gives back `count` bytes from the front, across the seam.
    pub fn skip(&mut self, count: usize) {
        let count = count.min(self.len());
        let tail = self.ring.tail.load(Ordering::Relaxed);
        self.ring.tail.store(self.ring.advance(tail, count), Ordering::Release);
    }

    /// Bytes that did not fit since the start.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.ring.lost.load(Ordering::Relaxed)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    extern crate std;
    use super::*;
    use std::collections::VecDeque;
    use std::vec::Vec;

    #[test]
    fn a_ring_of_no_bytes_or_one_takes_nothing() {
        for size in 0..2 {
            let mut memory = [0u8; 1];
            let mut ring = Ring::new(&mut memory[..size]);
            let (mut producer, mut consumer) = ring.split();
            assert_eq!((producer.push(b"ab"), producer.grant().len()), (0, 0));
            assert_eq!((consumer.pop(), consumer.lost()), (None, 2));
        }
    }

    #[test]
    fn bytes_come_out_in_order_at_every_fill_and_seam() {
        let mut memory = [0u8; 7];
        let mut ring = Ring::new(&mut memory);
        let (mut producer, mut consumer) = ring.split();
        let (mut sent, mut seen) = (0u8, 0u8);
        for step in 0..500_usize {
            let batch: Vec<u8> = (0..step % 8).map(|i| sent.wrapping_add(i as u8)).collect();
            sent = sent.wrapping_add(producer.push(&batch) as u8);
            for _ in 0..step % 5 {
                if let Some(byte) = consumer.pop() {
                    assert_eq!(byte, seen);
                    seen = seen.wrapping_add(1);
                }
            }
            assert_eq!(consumer.len(), usize::from(sent.wrapping_sub(seen)));
            assert_eq!(producer.free(), 6 - consumer.len());
            assert_eq!(consumer.at(0).is_some(), !consumer.is_empty());
        }
    }

    #[test]
    fn push_all_is_all_or_nothing() {
        let mut memory = [0u8; 8];
        let mut ring = Ring::new(&mut memory);
        let (mut producer, mut consumer) = ring.split();
        assert!(producer.push_all(&[b"abc", b"de"]));
        assert!(!producer.push_all(&[b"f", b"gh"]));
        consumer.skip(4);
        assert!(producer.push_all(&[b"f", b"gh", b"ijk"]));
        let all: Vec<u8> = core::iter::from_fn(|| consumer.pop()).collect();
        assert_eq!(all, b"efghijk");
    }

    #[test]
    fn packets_come_out_whole_and_in_order_at_every_fill_and_seam() {
        for size in 0..42 {
            let mut memory = [0u8; 41];
            let mut ring = Ring::new(&mut memory[..size]);
            let (mut producer, mut consumer) = ring.split();
            let mut waiting = VecDeque::<Vec<u8>>::new();
            let (mut taken, mut lost) = (0, 0);
            for step in 0..3_000_usize {
                let packet: Vec<u8> = (0..step * 7 % 19).map(|at| (at + step) as u8).collect();
                if producer.push_packet(&packet) {
                    waiting.push_back(packet);
                } else {
                    lost += packet.len();
                }
                for _ in 0..step % 3 {
                    assert_eq!(consumer.packet(), waiting.front().map(Vec::as_slice));
                    consumer.release_packet();
                    taken += usize::from(waiting.pop_front().is_some());
                }
            }
            assert_eq!(consumer.lost(), lost);
            // Memory of twice the longest packet and five bytes takes any packet again and again.
            assert!(size < 41 || taken > 1_000, "{taken} packets through {size} bytes");
        }
    }

    #[test]
    fn a_packet_is_shorter_than_the_marker_says() {
        let longest = usize::from(u16::MAX) - 1;
        let mut memory = std::vec![0u8; longest + 10];
        let mut ring = Ring::new(&mut memory);
        let (mut producer, mut consumer) = ring.split();
        let packet: Vec<u8> = (0..=longest).map(|at| at as u8).collect();
        assert!(!producer.push_packet(&packet));
        assert_eq!((consumer.packet().is_none(), consumer.lost()), (true, longest + 1));
        assert!(producer.push_packet(&packet[..longest]));
        assert_eq!(consumer.packet(), Some(&packet[..longest]));
    }

    #[test]
    fn no_more_is_given_back_than_was_shown() {
        let mut memory = [0u8; 8];
        let mut ring = Ring::new(&mut memory);
        let (mut producer, mut consumer) = ring.split();
        for text in [b"abc", b"def", b"ghi"] {
            assert_eq!(producer.push(text), 3);
            // Across the seam it shows two pieces.
            consumer.release(usize::MAX);
            consumer.release(usize::MAX);
            assert_eq!((consumer.peek(), producer.free()), (&[][..], 7));
        }
    }

    #[test]
    fn two_threads_lose_nothing_between_them() {
        let mut memory = [0u8; 64];
        let mut ring = Ring::new(&mut memory);
        let (mut producer, mut consumer) = ring.split();
        const COUNT: u32 = 20_000;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut next = 0u32;
                while next < COUNT {
                    if producer.push_all(&[&next.to_le_bytes()]) {
                        next += 1;
                    } else {
                        std::thread::yield_now();
                    }
                }
            });
            let mut next = 0u32;
            while next < COUNT {
                if consumer.len() < 4 {
                    std::thread::yield_now();
                    continue;
                }
                let word: [u8; 4] = core::array::from_fn(|i| consumer.at(i).unwrap());
                assert_eq!(u32::from_le_bytes(word), next);
                consumer.skip(4);
                next += 1;
            }
        });
    }
}
