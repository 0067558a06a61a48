//! A file that no one else can change: what is checked is what is mapped.
#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "calls into libc; each block says why it holds")
)]

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// A private copy of a library, which can be mapped by its path.
pub(crate) struct Private {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    file: std::fs::File,
}

impl Private {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Copies bytes into memory that has no name in any folder and that cannot be changed any more.
///
/// The system knows a mapped library by its path. So that no later one has the same, the descriptor
/// in the path stays open ([`Private::keep`]).
#[cfg(target_os = "linux")]
pub(crate) fn private(bytes: &[u8], name: &OsStr) -> io::Result<Private> {
    use std::ffi::CString;
    use std::io::Write as _;
    use std::os::fd::{AsRawFd as _, FromRawFd as _};
    use std::os::unix::ffi::OsStrExt as _;

    // What the system lets such a name be, without its own part.
    let name: Vec<u8> = name.as_bytes().iter().copied().filter(|&it| it != 0).take(200).collect();
    let name = CString::new(name)?;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // By its number: the C library has had a function for it since glibc 2.27 only.
    // SAFETY: the name ends with a zero byte and is read now; nothing else is passed by address.
    let descriptor = unsafe { libc::syscall(libc::SYS_memfd_create, name.as_ptr(), flags) };
    let descriptor = match i32::try_from(descriptor) {
        Ok(descriptor) if descriptor >= 0 => descriptor,
        _ => return Err(io::Error::last_os_error()),
    };
    // SAFETY: just opened, and owned by nothing else.
    let mut file = unsafe { std::fs::File::from_raw_fd(descriptor) };
    file.write_all(bytes)?;
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;
    // SAFETY: takes one integer and touches no memory of ours.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } == -1 {
        return Err(io::Error::last_os_error());
    }
    let path = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
    Ok(Private { path, file })
}

#[cfg(target_os = "linux")]
impl Private {
    /// The memory as a file.
    pub(crate) fn into_file(self) -> std::fs::File {
        self.file
    }

    /// Leaves the descriptor open for ever.
    pub(crate) fn keep(self) {
        std::mem::forget(self.file);
    }
}

/// Copies bytes into a new file that only this user can read or write. Elsewhere nothing seals it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn private(bytes: &[u8], name: &OsStr) -> io::Result<Private> {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut folder = std::env::temp_dir();
    folder.push(format!("trine-{}-{number}", std::process::id()));
    #[cfg_attr(not(unix), expect(unused_mut, reason = "it has no mode there"))]
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    let private = Private { path: folder.join(name) };
    std::fs::File::create_new(private.path())?.write_all(bytes)?;
    Ok(private)
}

#[cfg(not(target_os = "linux"))]
impl Private {
    /// Lets it go, as when it was not mapped: a file that is taken out of its folder stays mapped.
    pub(crate) fn keep(self) {}
}

#[cfg(not(target_os = "linux"))]
impl Drop for Private {
    /// Takes the file out of its folder where the system lets it, and the folder away.
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.path);
        _ = self.path.parent().map(std::fs::remove_dir);
    }
}

/// The clock of the processor time of one thread, which others read while it lives.
pub(crate) struct ThreadClock {
    #[cfg(target_os = "linux")]
    clock: libc::clockid_t,
}

#[cfg(target_os = "linux")]
impl ThreadClock {
    /// The one of this thread; `None` where the system has none.
    pub(crate) fn own() -> Option<Self> {
        let mut clock = 0;
        // SAFETY: it takes nothing and touches no memory of ours.
        let this = unsafe { libc::pthread_self() };
        // SAFETY: this thread lives, and the clock is written into a place of its type.
        let failed = unsafe { libc::pthread_getcpuclockid(this, &raw mut clock) };
        (failed == 0).then_some(Self { clock })
    }

    /// The processor time of the thread; `None` where it has ended.
    pub(crate) fn now(&self) -> Option<std::time::Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the time is written into a place of its type; a clock of a thread that has ended
        // is refused.
        let failed = unsafe { libc::clock_gettime(self.clock, &raw mut time) };
        let (seconds, nanos) =
            (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        (failed == 0).then(|| std::time::Duration::new(seconds, nanos))
    }
}

#[cfg(not(target_os = "linux"))]
impl ThreadClock {
    /// There is none that other threads may read.
    pub(crate) fn own() -> Option<Self> {
        None
    }

    pub(crate) fn now(&self) -> Option<std::time::Duration> {
        None
    }
}
