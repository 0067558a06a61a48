//! Who has a file: by the system's list of locks, else by the open files of its processes.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Who has the file of this path, as a part of a sentence.
pub(super) fn of(path: &Path) -> String {
    let found = fs::metadata(path).ok().and_then(|file| by_lock(&file).or_else(|| by_file(&file)));
    match found {
        Some(process) if process == std::process::id() => {
            format!("this program (process {process})")
        }
        Some(process) => format!("{} (process {process})", name(process)),
        None => "another program".to_owned(),
    }
}

/// The process that has locked a file.
#[cfg(target_os = "linux")]
fn by_lock(file: &Metadata) -> Option<u32> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let (device, inode) = (file.dev(), file.ino());
    let place = format!("{:02x}:{:02x}:{inode}", libc::major(device), libc::minor(device));
    locks.lines().find_map(|line| process_of(line, &place))
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
const fn by_lock(_: &Metadata) -> Option<u32> {
    None
}

/// The process of a line such as `1: FLOCK  ADVISORY  WRITE 4242 00:06:93 0 EOF`. Lines of those
/// that wait for a lock have an arrow.
#[cfg(any(target_os = "linux", test))]
fn process_of(line: &str, place: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let (kind, process, of) = (words.next()?, words.nth(2)?, words.next()?);
    // A process of another container has no number here.
    process.parse().ok().filter(|process| kind != "->" && of == place && *process != 0)
}

/// The process, other than this one, that has a file open; those of other users do not show it.
fn by_file(file: &Metadata) -> Option<u32> {
    let is_it = |open: &Path| {
        fs::metadata(open).is_ok_and(|open| open.dev() == file.dev() && open.ino() == file.ino())
    };
    let has = |process: &u32| {
        let open = fs::read_dir(format!("/proc/{process}/fd"));
        open.into_iter().flatten().flatten().any(|open| is_it(&open.path()))
    };
    let processes = fs::read_dir("/proc").ok()?;
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut numbers: Vec<u32> = numbers.filter(|one| *one != std::process::id()).collect();
    numbers.sort_unstable();
    numbers.into_iter().find(has)
}

/// What a process is called.
fn name(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    let name = crate::sanitize::plain(name.trim_end()).into_owned();
    if name.is_empty() { "a program".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_system_names_the_process_that_has_the_lock() {
        let line = "1: FLOCK  ADVISORY  WRITE 4242 00:06:93 0 EOF";
        assert_eq!(process_of(line, "00:06:93"), Some(4242));
        assert_eq!(process_of(line, "00:06:9"), None);
        let waits = "1: -> FLOCK  ADVISORY  WRITE 4243 00:06:93 0 EOF";
        assert_eq!(process_of(waits, "00:06:93"), None);
        let elsewhere = "1: FLOCK  ADVISORY  WRITE 0 00:06:93 0 EOF";
        assert_eq!(process_of(elsewhere, "00:06:93"), None);
        assert_eq!(process_of("nothing", "00:06:93"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_has_a_file_open_is_named_without_a_lock() {
        let path = std::env::temp_dir().join(format!("trine-holder-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        let file = fs::File::open(&path).unwrap();
        assert_eq!(of(&path), "another program");
        let mut sleeping = std::process::Command::new("sleep");
        let mut child = sleeping.arg("60").stdin(file).spawn().unwrap();
        // It is called as this test until it has become the other program.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(of(&path), format!("sleep (process {})", child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(path).unwrap();
    }
}
