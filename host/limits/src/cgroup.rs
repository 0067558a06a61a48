//! Limits of the control groups of a process (Linux): versions 1 and 2, side by side too.
//!
//! `/proc/self/cgroup` names the groups, `/proc/self/mountinfo` says where they are seen. Each
//! group above one limits it too, so the smallest on the way counts.

use std::path::{Path, PathBuf};

use crate::files::Files;

/// What control groups allow; `None` for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Groups {
    /// Bytes of memory.
    pub(crate) memory: Option<u64>,
    /// Thousandths of a processor.
    pub(crate) processors: Option<u32>,
}

/// A file system of control groups that is mounted.
struct Mount {
    /// The group that is seen as its root.
    root: PathBuf,
    place: PathBuf,
    /// Controllers of version 1; `None` for version 2.
    controllers: Option<Vec<String>>,
}

pub(crate) fn groups(files: &dyn Files) -> Groups {
    let text = |path: &str| files.text(Path::new(path)).unwrap_or_default();
    let mounts = mounts(&text("/proc/self/mountinfo"));
    let mut all = Groups::default();
    for (controllers, group) in own_groups(&text("/proc/self/cgroup")) {
        let is_of = |mount: &&Mount| match &mount.controllers {
            None => controllers.is_empty(),
            Some(some) => controllers.iter().any(|one| some.contains(one)),
        };
        for mount in mounts.iter().filter(is_of) {
            for folder in folders(mount, &group) {
                let found = match &mount.controllers {
                    None => version_2(files, &folder),
                    Some(_) => version_1(files, &folder),
                };
                all.memory = least(all.memory, found.memory);
                all.processors = least(all.processors, found.processors);
            }
        }
    }
    all
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    a.into_iter().chain(b).min()
}

/// Controllers and path of each group: lines such as `4:cpu,cpuacct:/a` and `0::/a`.
fn own_groups(text: &str) -> Vec<(Vec<String>, PathBuf)> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let controllers = controllers.split(',').filter(|it| !it.is_empty());
        Some((controllers.map(str::to_owned).collect(), path.into()))
    };
    text.lines().filter_map(read).collect()
}

/// The mounts of control groups: `36 35 98:0 /root /place rw shared:1 - cgroup2 cgroup2 rw`.
fn mounts(text: &str) -> Vec<Mount> {
    let read = |line: &str| {
        let (before, behind) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, place) = (before.next()?, before.next()?);
        let mut behind = behind.split(' ');
        let (kind, _, options) = (behind.next()?, behind.next()?, behind.next()?);
        let controllers = match kind {
            "cgroup" => Some(options.split(',').map(str::to_owned).collect()),
            "cgroup2" => None,
            _ => return None,
        };
        Some(Mount { root: unescaped(root).into(), place: unescaped(place).into(), controllers })
    };
    text.lines().filter_map(read).collect()
}

/// A path in which the kernel writes space, tab, newline and backslash as `\040`.
fn unescaped(path: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(path.to_owned(), |path, (from, to)| path.replace(from, to))
}

/// The folders of a group and of those above it, as far as they are seen here.
fn folders(mount: &Mount, group: &Path) -> Vec<PathBuf> {
    // What another name space does not show has `..` in its path, and the root is its nearest.
    let inside = group.strip_prefix(&mount.root).unwrap_or(Path::new(""));
    let is_plain = |it: std::path::Component<'_>| matches!(it, std::path::Component::Normal(_));
    let inside = if inside.components().all(is_plain) { inside } else { Path::new("") };
    inside.ancestors().map(|part| mount.place.join(part)).collect()
}

fn version_2(files: &dyn Files, folder: &Path) -> Groups {
    let text = |name: &str| files.text(&folder.join(name)).unwrap_or_default();
    let cpu = text("cpu.max");
    let (quota, period) = cpu.trim().split_once(' ').unwrap_or_default();
    // `max` is no number, and no limit.
    Groups { memory: text("memory.max").trim().parse().ok(), processors: share(quota, period) }
}

fn version_1(files: &dyn Files, folder: &Path) -> Groups {
    let text = |name: &str| files.text(&folder.join(name)).unwrap_or_default();
    let stat = text("memory.stat");
    // It is the smallest of the groups above too, also of those that are not seen here.
    let above = stat.lines().find_map(|line| line.strip_prefix("hierarchical_memory_limit "));
    let own = text("memory.limit_in_bytes");
    let memory = [Some(&*own), above].into_iter().flatten();
    let memory = memory.filter_map(|it| it.trim().parse::<u64>().ok());
    // No limit is the largest number of whole pages.
    let memory = memory.filter(|&it| it < NO_LIMIT).min();
    let processors = share(&text("cpu.cfs_quota_us"), &text("cpu.cfs_period_us"));
    Groups { memory, processors }
}

/// What a kernel with pages of 64 KiB says for no limit, and those with smaller pages pass.
const NO_LIMIT: u64 = (i64::MAX as u64) & !0xffff;

/// Thousandths of a processor: microseconds of work in each period.
fn share(quota: &str, period: &str) -> Option<u32> {
    // -1 is no number of microseconds, and no limit.
    let quota: u64 = quota.trim().parse().ok()?;
    let period: u64 = period.trim().parse().ok()?;
    let share = quota.checked_mul(1_000)?.checked_div(period)?;
    Some(u32::try_from(share).unwrap_or(u32::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MadeUp;

    const V2: &str = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 \
                      rw,nsdelegate\n\
                      22 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
    const V1: &str = "30 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup \
                      rw,cpu,cpuacct\n\
                      31 23 0:28 / /sys/fs/cgroup/memory rw shared:10 - cgroup cgroup rw,memory\n";

    fn of(files: &[(&str, &str)]) -> (Option<u64>, Option<u32>) {
        let Groups { memory, processors } = groups(&MadeUp::new(files));
        (memory, processors)
    }

    #[test]
    fn of_nested_groups_of_version_2_the_smallest_counts() {
        let with = |above: &str, cpu: &str| {
            of(&[
                ("/proc/self/cgroup", "0::/pods/one/shop\n"),
                ("/proc/self/mountinfo", V2),
                ("/sys/fs/cgroup/pods/memory.max", above),
                ("/sys/fs/cgroup/pods/one/memory.max", "max\n"),
                ("/sys/fs/cgroup/pods/one/cpu.max", cpu),
                ("/sys/fs/cgroup/pods/one/shop/memory.max", "268435456\n"),
                ("/sys/fs/cgroup/pods/one/shop/cpu.max", "200000 100000\n"),
            ])
        };
        assert_eq!(with("max\n", "max 100000\n"), (Some(256 << 20), Some(2_000)));
        assert_eq!(with("134217728\n", "50000 100000\n"), (Some(128 << 20), Some(500)));
        assert_eq!(with("536870912\n", "400000 100000\n"), (Some(256 << 20), Some(2_000)));
    }

    #[test]
    fn the_root_of_a_container_is_its_own_group() {
        let place = "29 23 0:26 /docker/af /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        let files = [
            ("/proc/self/mountinfo", place),
            ("/sys/fs/cgroup/memory.max", "104857600\n"),
            ("/sys/fs/cgroup/x/memory.max", "52428800\n"),
        ];
        let of = |group: &str| of(&[&files[..], &[("/proc/self/cgroup", group)]].concat()).0;
        assert_eq!(of("0::/docker/af\n"), Some(100 << 20));
        assert_eq!(of("0::/docker/af/x\n"), Some(50 << 20));
        // Groups that this name space does not show.
        assert_eq!(of("0::/../../other\n"), Some(100 << 20));
        assert_eq!(of("0::/docker/af/../x\n"), Some(100 << 20));
    }

    #[test]
    fn groups_of_version_1_have_a_mount_for_each_controller() {
        let with = |memory: &str, stat: &str, quota: &str| {
            of(&[
                (
                    "/proc/self/cgroup",
                    "9:memory:/jobs/a b\n4:cpu,cpuacct:/jobs\n1:name=systemd:/\n",
                ),
                ("/proc/self/mountinfo", V1),
                ("/sys/fs/cgroup/memory/jobs/a b/memory.limit_in_bytes", memory),
                ("/sys/fs/cgroup/memory/jobs/a b/memory.stat", stat),
                ("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", quota),
                ("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n"),
            ])
        };
        let none = "9223372036854771712\n";
        assert_eq!(with(none, "", "-1\n"), (None, None));
        assert_eq!(with("9223372036854710272\n", "", "-1\n"), (None, None), "pages of 64 KiB");
        assert_eq!(with("1048576\n", "", "25000\n"), (Some(1 << 20), Some(250)));
        let above = "cache 0\nhierarchical_memory_limit 524288\nrss 0\n";
        assert_eq!(with("1048576\n", above, "150000\n"), (Some(1 << 19), Some(1_500)));
        assert_eq!(with(none, above, "0\n"), (Some(1 << 19), Some(1)));
    }

    #[test]
    fn both_versions_side_by_side_are_read() {
        let both = format!("{V1}{}", V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"));
        let found = of(&[
            ("/proc/self/cgroup", "9:memory:/a\n0::/a\n"),
            ("/proc/self/mountinfo", &both),
            ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1048576\n"),
            ("/sys/fs/cgroup/unified/a/cpu.max", "10000 100000\n"),
        ]);
        assert_eq!(found, (Some(1 << 20), Some(100)));
    }

    #[test]
    fn a_mount_with_a_space_in_its_path_is_found() {
        let found = of(&[
            ("/proc/self/cgroup", "0::/a\n"),
            ("/proc/self/mountinfo", "1 2 0:1 / /my\\040groups rw - cgroup2 none rw\n"),
            ("/my groups/a/memory.max", "4096\n"),
        ]);
        assert_eq!(found, (Some(4_096), None));
    }

    #[test]
    fn files_that_say_nothing_sensible_are_no_limits() {
        assert_eq!(of(&[]), (None, None));
        let texts =
            ["", "\n", "::", "0:", "0::", "\u{0}", "max", "-5", "1 0", "99999999999999999999"];
        for group in texts {
            for mount in texts.into_iter().chain([V2, "1 2 3 - cgroup2", "a b c d e - cgroup2 x y"])
            {
                for limit in texts {
                    let found = of(&[
                        ("/proc/self/cgroup", group),
                        ("/proc/self/mountinfo", mount),
                        ("/sys/fs/cgroup/memory.max", limit),
                        ("/sys/fs/cgroup/cpu.max", limit),
                    ]);
                    assert_eq!(found, (None, None), "{group:?} {mount:?} {limit:?}");
                }
            }
        }
    }
}
