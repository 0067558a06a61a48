//! Processors and memory that this process may use.

use std::fmt;
use std::path::Path;

use crate::cgroup::{Groups, groups};
use crate::files::Files;

/// What sets a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// What the machine has.
    Machine,
    /// The control groups of the process, which containers and services have.
    Group,
    /// The limit of address space or data of the process (`ulimit`).
    Process,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "the machine",
            Self::Group => "the control group",
            Self::Process => "the limits of the process",
        })
    }
}

/// Processors that a process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processors {
    /// In thousandths: a control group allows half a processor too.
    pub thousandths: u32,
    /// What allows no more.
    pub by: Bound,
}

/// Memory that a process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Bytes.
    pub bytes: u64,
    /// What allows no more.
    pub by: Bound,
}

/// What a process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Processors.
    pub processors: Processors,
    /// Memory; `None` where the system does not say, as outside of Linux.
    pub memory: Option<Memory>,
}

impl Machine {
    /// Reads it.
    #[must_use]
    pub fn read(files: &dyn Files) -> Self {
        let Groups { memory, processors } = groups(files);
        let text = |path: &str| files.text(Path::new(path)).unwrap_or_default();
        // The number that the standard library has is that of a control group, too, rounded down.
        let there = processors_allowed(&text("/proc/self/status"));
        let there = there.unwrap_or_else(|| files.processors());
        let there = u32::try_from(there).unwrap_or(u32::MAX).saturating_mul(1_000);
        let there = Processors { thousandths: there, by: Bound::Machine };
        let group = processors.map(|thousandths| Processors { thousandths, by: Bound::Group });
        let less = group.filter(|group| group.thousandths < there.thousandths);
        let all = [
            (memory_total(&text("/proc/meminfo")), Bound::Machine),
            (memory, Bound::Group),
            (process_limit(&text("/proc/self/limits")), Bound::Process),
        ];
        let known = all.into_iter().filter_map(|(bytes, by)| Some(Memory { bytes: bytes?, by }));
        Self { processors: less.unwrap_or(there), memory: known.min_by_key(|it| it.bytes) }
    }
}

/// The number in a line `NAME:  123 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number = line.trim().strip_suffix("kB")?.trim_end();
    number.parse::<u64>().ok()?.checked_mul(1_024)
}

/// How many processors the kernel lets the process run on: a list such as `0-3,8`.
fn processors_allowed(status: &str) -> Option<usize> {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let count = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let [first, last] = [first, last].map(|it| it.parse::<usize>().ok());
        last?.checked_sub(first?)?.checked_add(1)
    };
    let counts: Option<Vec<usize>> = list.trim().split(',').map(count).collect();
    counts?.into_iter().try_fold(0_usize, usize::checked_add)
}

/// The memory of the machine.
fn memory_total(meminfo: &str) -> Option<u64> {
    kibibytes(meminfo, "MemTotal")
}

/// The smaller one of the limits of address space and data.
fn process_limit(limits: &str) -> Option<u64> {
    let soft = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    ["Max address space", "Max data size"].into_iter().filter_map(soft).min()
}

/// Bytes of physical memory that this process has now; `None` where the system does not say, as
/// outside of Linux.
#[must_use]
pub fn rss(files: &dyn Files) -> Option<u64> {
    kibibytes(&files.text(Path::new("/proc/self/status"))?, "VmRSS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MadeUp;

    const MEMINFO: &str = "MemTotal:       16384000 kB\nMemFree:         5053904 kB\n";
    const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units     \n\
Max cpu time              unlimited            unlimited            seconds   \n\
Max data size             SOFT            unlimited            bytes     \n\
Max address space         unlimited            unlimited            bytes     \n";

    #[test]
    fn the_smallest_bound_counts_and_is_named() {
        let with = |group: &str, data: &str, cpu: &str| {
            let limits = LIMITS.replace("SOFT", data);
            let files = MadeUp::new(&[
                ("/proc/meminfo", MEMINFO),
                ("/proc/self/limits", &limits),
                ("/proc/self/cgroup", "0::/\n"),
                ("/proc/self/mountinfo", "1 2 0:1 / /cg rw - cgroup2 none rw\n"),
                ("/cg/memory.max", group),
                ("/cg/cpu.max", cpu),
            ]);
            let Machine { processors, memory } = Machine::read(&files);
            let Memory { bytes, by } = memory.unwrap();
            (bytes, by, processors.thousandths, processors.by)
        };
        let whole = 16_384_000 * 1_024;
        let none = with("max", "unlimited", "max 100000");
        assert_eq!(none, (whole, Bound::Machine, 8_000, Bound::Machine));
        let group = with("268435456", "unlimited", "20000 100000");
        assert_eq!(group, (256 << 20, Bound::Group, 200, Bound::Group));
        let process = with("268435456", "1048576", "900000 100000");
        assert_eq!(process, (1 << 20, Bound::Process, 8_000, Bound::Machine));
    }

    #[test]
    fn a_group_that_allows_parts_of_processors_is_not_rounded_down() {
        let with = |list: &str, cpu: &str| {
            let status = format!("Name:\ttrine\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\n");
            let mut files = MadeUp::new(&[
                ("/proc/self/status", &status),
                ("/proc/self/cgroup", "0::/\n"),
                ("/proc/self/mountinfo", "1 2 0:1 / /cg rw - cgroup2 none rw\n"),
                ("/cg/cpu.max", cpu),
            ]);
            // What the standard library answers there.
            files.0 = 2;
            let Processors { thousandths, by } = Machine::read(&files).processors;
            (thousandths, by)
        };
        assert_eq!(with("0-7", "250000 100000"), (2_500, Bound::Group));
        assert_eq!(with("0-3,8,10-11", "max 100000"), (7_000, Bound::Machine));
        assert_eq!(with("0", "250000 100000"), (1_000, Bound::Machine));
        for list in ["", "x", "3-1", "0-18446744073709551615", "0,,1", "-1", "0-3-5"] {
            assert_eq!(with(list, "max 100000"), (2_000, Bound::Machine), "{list}");
        }
    }

    #[test]
    fn a_system_that_says_nothing_has_no_known_memory() {
        let machine = Machine::read(&MadeUp::new(&[]));
        assert_eq!((machine.memory, machine.processors.thousandths), (None, 8_000));
        assert_eq!(rss(&MadeUp::new(&[])), None);
        for text in ["", "VmRSS:", "VmRSS: kB", "VmRSS: -1 kB", "VmRSS: 12", "xVmRSS: 1 kB"] {
            assert_eq!(rss(&MadeUp::new(&[("/proc/self/status", text)])), None, "{text}");
        }
        let huge = "MemTotal: 18446744073709551615 kB";
        assert_eq!(Machine::read(&MadeUp::new(&[("/proc/meminfo", huge)])).memory, None);
    }

    #[test]
    fn the_memory_that_a_process_has_is_read() {
        let status = "Name:\ttrine\nVmPeak:\t  99999 kB\nVmRSS:\t   12345 kB\nThreads:\t3\n";
        assert_eq!(rss(&MadeUp::new(&[("/proc/self/status", status)])), Some(12_345 * 1_024));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_system_is_read() {
        use crate::files::System;
        let machine = Machine::read(&System);
        let [rss, memory] = [rss(&System).unwrap(), machine.memory.unwrap().bytes];
        assert!((1 << 16..memory).contains(&rss), "{rss} {machine:?}");
        let taken = vec![1_u8; 64 << 20];
        let more = super::rss(&System).unwrap();
        assert!(more >= rss + (32 << 20), "{rss} {more} {}", taken.len());
    }
}
