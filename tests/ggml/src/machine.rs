//! Time, memory and the processor's name.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::slice;
use std::time::Duration;

/// Processor time of the calling thread: what others run meanwhile is not in it.
#[must_use]
pub fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to a timespec of ours.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Keeps the calling thread on one processor.
pub fn pin(cpu: usize) {
    // SAFETY: a set of processors is plain bits, for which zero is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is ours, and the macro checks the number.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: the set lives through the call. Where it fails, the thread is where it was.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) };
}

/// What pages memory is asked for on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// Of 2 MiB, where the system gives them.
    Huge,
    /// The processor's smallest.
    Small,
}

/// Anonymous memory.
#[derive(Debug)]
pub struct Region {
    start: *mut u8,
    len: usize,
}

const HUGE: usize = 2 << 20;

impl Region {
    /// Zeroed memory.
    ///
    /// # Panics
    /// When there is not as much.
    #[must_use]
    pub fn new(len: usize, pages: Pages) -> Self {
        let len = len.next_multiple_of(HUGE);
        let (rights, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping of a length that is not 0; a huge page more, to align it.
        let start = unsafe { libc::mmap(ptr::null_mut(), len + HUGE, rights, kind, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "no {len} bytes of memory");
        let start: *mut u8 = start.cast();
        let start = start.wrapping_add(start.align_offset(HUGE));
        let advice = match pages {
            Pages::Huge => libc::MADV_HUGEPAGE,
            Pages::Small => libc::MADV_NOHUGEPAGE,
        };
        // SAFETY: the range is inside the mapping. It is advice: failing is harmless.
        unsafe { libc::madvise(start.cast(), len, advice) };
        Self { start, len }
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is ours alone, and stays as long as we do.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }
}

impl DerefMut for Region {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and we are borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }
}

// SAFETY: it owns its memory, as a vector would.
unsafe impl Sync for Region {}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the range is inside a mapping of ours, which no one borrows any more.
        unsafe { libc::munmap(self.start.cast(), self.len) };
    }
}

/// What part of some memory lies on huge pages, as the system says (`smaps`, proc(5)).
#[must_use]
pub fn huge_share<'a>(regions: impl Iterator<Item = &'a Region>) -> f64 {
    let text = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut mappings: Vec<(usize, usize, usize)> = Vec::new();
    for line in text.lines() {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let Some((from, to)) = first.split_once('-') {
            let number = |text: &str| usize::from_str_radix(text, 16).unwrap_or(0);
            mappings.push((number(from), number(to), 0));
        } else if let (Some((.., huge)), "AnonHugePages:") = (mappings.last_mut(), first) {
            let kib = rest.split_whitespace().next().and_then(|kib| kib.parse().ok());
            *huge = kib.unwrap_or(0) << 10;
        }
    }
    let (mut all, mut huge, mut counted) = (0, 0, Vec::new());
    for region in regions {
        let start = region.start.addr();
        all += region.len;
        let overlap =
            |(from, to, _): &&(usize, usize, usize)| *from < start + region.len && start < *to;
        for mapping in mappings.iter().filter(overlap) {
            // Neighbours may have become one mapping.
            if !counted.contains(&mapping.0) {
                counted.push(mapping.0);
                huge += mapping.2;
            }
        }
    }
    (huge as f64 / all as f64).min(1.0)
}

/// The processor, its vector extensions, its caches and the load.
#[must_use]
pub fn describe() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpus.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value)
    };
    let flags: Vec<&str> =
        field("flags").split(' ').filter(|flag| flag.starts_with("avx")).collect();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cache = |level: &str| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/{level}/size");
        fs::read_to_string(path).map_or("?".to_owned(), |size| size.trim().to_owned())
    };
    format!(
        "{} family {} model {} ({}); caches {} / {} / {}; load {}",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        flags.join(" "),
        cache("index0"),
        cache("index2"),
        cache("index3"),
        load.split(' ').next().unwrap_or("unknown"),
    )
}
