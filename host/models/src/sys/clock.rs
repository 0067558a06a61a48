//! What this process has cost.

use std::time::Duration;

/// Processor time of all threads of this process so far; zero where the system does not say.
#[cfg(unix)]
#[must_use]
pub fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer, and the call keeps no pointer to it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    match (failed, u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec)) {
        (0, Ok(seconds), Ok(nanoseconds)) => Duration::new(seconds, nanoseconds),
        _ => Duration::ZERO,
    }
}

/// Processor time of all threads of this process so far; zero where the system does not say.
#[cfg(windows)]
#[must_use]
pub fn processor_time() -> Duration {
    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes};

    let [mut begun, mut ended, mut system, mut user] = [FILETIME::default(); 4];
    // SAFETY: takes nothing, and answers a number that stands for this process.
    let this = unsafe { GetCurrentProcess() };
    // SAFETY: each is a valid place for an answer, and the call keeps no pointer to it.
    let done = unsafe {
        GetProcessTimes(this, &raw mut begun, &raw mut ended, &raw mut system, &raw mut user)
    };
    // In units of 100 ns.
    let units =
        |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    match done {
        0 => Duration::ZERO,
        _ => Duration::from_nanos((units(system) + units(user)).saturating_mul(100)),
    }
}

/// The most memory that this process has held, in bytes; `None` where the system does not say.
#[must_use]
pub fn memory_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn work_takes_processor_time() {
        let before = super::processor_time();
        let mut sum = 0_u64;
        while super::processor_time() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(super::processor_time() > before);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_counts_what_was_touched() {
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(super::memory_peak().unwrap() >= block.len() as u64);
    }
}
