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

/// Anonymous memory on huge pages, where the kernel gives them.
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
    pub fn new(len: usize) -> Self {
        let len = len.next_multiple_of(HUGE);
        let (rights, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping of a length that is not 0; a huge page more, to align it.
        let start = unsafe { libc::mmap(ptr::null_mut(), len + HUGE, rights, kind, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "no {len} bytes of memory");
        let start: *mut u8 = start.cast();
        let start = start.wrapping_add(start.align_offset(HUGE));
        // SAFETY: the range is inside the mapping. It is advice: failing is harmless.
        unsafe { libc::madvise(start.cast(), len, libc::MADV_HUGEPAGE) };
        Self { start, len }
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping stays for the life of the process, and is ours alone.
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

/// The processor, its vector extensions, the load and what huge pages there are.
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
    let huge = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let huge = huge.lines().find(|line| line.starts_with("AnonHugePages")).unwrap_or_default();
    let huge: Vec<&str> = huge.split_whitespace().skip(1).collect();
    let cache = |level: &str| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/{level}/size");
        fs::read_to_string(path).map_or("?".to_owned(), |size| size.trim().to_owned())
    };
    format!(
        "{} family {} model {} ({}); caches {} / {} / {}; load {}; memory on huge pages: {}",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        flags.join(" "),
        cache("index0"),
        cache("index2"),
        cache("index3"),
        load.split(' ').next().unwrap_or("unknown"),
        huge.join(" "),
    )
}
