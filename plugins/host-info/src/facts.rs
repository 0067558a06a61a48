//! Facts about a computer, from texts of its kernel.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use procfs_core::{LoadAverage, Meminfo, Uptime};

/// Most file systems that are told.
pub const DISKS_MAX: usize = 32;
/// The largest number that a result may have.
const LARGEST: u64 = 2_000_000_000;
/// Names under which kernels of different processors tell the model: x86, Arm boards, MIPS,
/// RISC-V, and PowerPC.
const MODELS: [&str; 6] = ["model name", "Model", "Hardware", "cpu model", "uarch", "cpu"];

/// A folder that has the files of a Linux system, such as `/`.
#[derive(Debug)]
pub struct Files(PathBuf);

impl Files {
    /// Those of this computer.
    ///
    /// # Errors
    /// On a system that is not Linux.
    pub fn of_system() -> Result<Self, String> {
        if cfg!(target_os = "linux") {
            return Ok(Self::at("/"));
        }
        Err(format!("this works on Linux alone, not on {}", std::env::consts::OS))
    }

    /// Those of a folder.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let bytes = std::fs::read(self.0.join(name));
        let bytes = bytes.map_err(|error| format!("cannot read /{name}: {error}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What a crate reads out of a file.
    fn parsed<T: procfs_core::FromRead>(&self, name: &str) -> Result<T, String> {
        let text = self.text(name)?;
        T::from_read(text.as_bytes()).map_err(|error| format!("cannot read /{name}: {error}"))
    }

    /// The processors that are in use: each has a line in this file, on every architecture.
    fn processors(&self) -> Result<i64, String> {
        let text = self.text("proc/stat")?;
        let is_one = |line: &&str| {
            let rest = line.strip_prefix("cpu").unwrap_or_default();
            rest.starts_with(|first: char| first.is_ascii_digit())
        };
        Ok(whole(text.lines().filter(is_one).count() as u64))
    }
}

/// What a computer is.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the tool's result says what they are")]
pub struct Info {
    pub name: String,
    pub system: String,
    pub kernel: String,
    pub architecture: String,
    pub processor: String,
    pub processors: i64,
    pub memory_mb: i64,
    pub swap_mb: i64,
    pub uptime_s: i64,
}

impl Info {
    /// Reads it.
    ///
    /// # Errors
    /// When a file is missing or has another form.
    pub fn read(files: &Files) -> Result<Self, String> {
        let memory: Meminfo = files.parsed("proc/meminfo")?;
        let uptime: Uptime = files.parsed("proc/uptime")?;
        // A container without such a file still has a kernel.
        let release = files.text("etc/os-release").unwrap_or_default();
        Ok(Self {
            name: short(&files.text("proc/sys/kernel/hostname")?, 100),
            system: short(&system(&release), 100),
            kernel: short(&files.text("proc/sys/kernel/osrelease")?, 100),
            architecture: std::env::consts::ARCH.to_owned(),
            processor: short(&model(&files.text("proc/cpuinfo").unwrap_or_default()), 100),
            processors: files.processors()?,
            memory_mb: megabytes(memory.mem_total),
            swap_mb: megabytes(memory.swap_total),
            uptime_s: whole(uptime.uptime_duration().as_secs()),
        })
    }
}

/// How busy a computer is.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the tool's result says what they are")]
pub struct Load {
    /// Load over 1, 5 and 15 minutes, in hundredths.
    pub hundredths: [i64; 3],
    pub processors: i64,
    pub memory_mb: i64,
    pub memory_used_mb: i64,
    pub swap_mb: i64,
    pub swap_used_mb: i64,
}

impl Load {
    /// Reads it.
    ///
    /// # Errors
    /// When a file is missing or has another form.
    pub fn read(files: &Files) -> Result<Self, String> {
        let load: LoadAverage = files.parsed("proc/loadavg")?;
        let memory: Meminfo = files.parsed("proc/meminfo")?;
        // Kernels before 3.14 do not say what programs can get.
        let free = memory.mem_available.unwrap_or(memory.mem_free + memory.cached);
        Ok(Self {
            hundredths: [load.one, load.five, load.fifteen].map(hundredths),
            processors: files.processors()?,
            memory_mb: megabytes(memory.mem_total),
            memory_used_mb: megabytes(memory.mem_total.saturating_sub(free)),
            swap_mb: megabytes(memory.swap_total),
            swap_used_mb: megabytes(memory.swap_total.saturating_sub(memory.swap_free)),
        })
    }
}

/// A file system.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the tool's result says what they are")]
pub struct Disk {
    pub path: String,
    pub kind: String,
    pub size_mb: i64,
    pub used_mb: i64,
    pub free_mb: i64,
}

/// Bytes of a file system: all, free, and free for users.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the line above says what they are")]
pub struct Space {
    pub size: u64,
    pub free: u64,
    pub for_users: u64,
}

/// The local file systems, those of block devices. One of a network is left out: a server that is
/// away would keep the call waiting.
///
/// # Errors
/// When the list of mounts is missing or has another form.
pub fn disks(files: &Files, space: &dyn Fn(&Path) -> Option<Space>) -> Result<Vec<Disk>, String> {
    // The file of the process is that of its container.
    let mounts = files.text("proc/self/mounts")?;
    let mut seen = BTreeSet::new();
    let mut disks = Vec::new();
    for mount in mounts.lines() {
        let mut words = mount.split(' ').map(unescaped);
        let [Some(source), Some(path), Some(kind)] = [words.next(), words.next(), words.next()]
        else {
            return Err("cannot read /proc/self/mounts: a line has no three words".to_owned());
        };
        let is_local = source.starts_with("/dev/") || kind == "zfs";
        // Compressed images are always full.
        let is_image = ["squashfs", "erofs", "iso9660"].contains(&kind.as_str());
        if !is_local || is_image || !seen.insert(source) {
            continue;
        }
        // It may have been unmounted meanwhile.
        let Some(space) = space(Path::new(&path)) else { continue };
        disks.push(Disk {
            path: short(&path, 200),
            kind: short(&kind, 40),
            size_mb: megabytes(space.size),
            used_mb: megabytes(space.size.saturating_sub(space.free)),
            free_mb: megabytes(space.for_users),
        });
    }
    Ok(disks)
}

/// A word of the list of mounts, where spaces, tabs, line ends and backslashes stand as octal
/// numbers of three digits. (The crate for the other files leaves spaces so.)
fn unescaped(word: &str) -> String {
    let mut parts = word.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (number, part.get(3..)) {
            (Some(number), Some(rest)) => {
                text.push(char::from(number));
                text.push_str(rest);
            }
            _ => text.extend(["\\", part]),
        }
    }
    text
}

/// Asks a file system for its space.
#[must_use]
pub fn space(path: &Path) -> Option<Space> {
    let found = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some(Space {
        size: bytes(found.f_blocks),
        free: bytes(found.f_bfree),
        for_users: bytes(found.f_bavail),
    })
}

/// The name of a distribution: the text of a line such as `PRETTY_NAME="Debian GNU/Linux 12"`.
fn system(release: &str) -> String {
    let find = |name: &str| release.lines().find_map(|line| line.strip_prefix(name));
    let value = find("PRETTY_NAME=").or_else(|| find("NAME=")).unwrap_or("Linux");
    value.trim().trim_matches(['"', '\'']).replace("\\\"", "\"")
}

fn model(text: &str) -> String {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let pairs: Vec<(&str, &str)> = pairs.map(|(name, value)| (name.trim(), value.trim())).collect();
    let find = |name: &&str| pairs.iter().find(|(key, value)| key == name && !value.is_empty());
    MODELS.iter().find_map(find).map_or_else(String::new, |(_, value)| (*value).to_owned())
}

fn short(text: &str, max: usize) -> String {
    text.trim().chars().filter(|each| !each.is_control()).take(max).collect()
}

fn megabytes(bytes: u64) -> i64 {
    whole(bytes / 1_000_000)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number.min(LARGEST)).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "it is between the bounds")]
fn hundredths(load: f32) -> i64 {
    (f64::from(load) * 100.0).round().clamp(0.0, 100_000_000.0) as i64
}
