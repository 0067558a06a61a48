//! Processes, their limits and clocks, which the standard library does not offer.
#![expect(unsafe_code, reason = "calls into libc; each block says why it holds")]

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A process that this one has started and not waited for: no other can have its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pid(pub(super) libc::pid_t);

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// Unknown where something else of this program has waited for it.
    status: Option<libc::c_int>,
    /// CPU time that it has used, in and for it.
    pub(super) cpu: Duration,
}

impl Ended {
    /// What happened, to be put behind "its process".
    pub(super) fn how(self) -> String {
        let Some(status) = self.status else {
            return "has ended; something else in this program waited for it, so its exit code is \
                    not known"
                .to_owned();
        };
        if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            return format!("was ended by {}", name_of(signal));
        }
        format!("ended by itself with the exit code {}", libc::WEXITSTATUS(status))
    }

    /// A process that something else has waited for.
    pub(super) const fn unknown(cpu: Duration) -> Self {
        Self { status: None, cpu }
    }

    /// Whether it ended as it was asked to, as far as that is known.
    pub(super) fn is_good(self) -> bool {
        self.status.is_none_or(|it| libc::WIFEXITED(it) && libc::WEXITSTATUS(it) == 0)
    }

    /// Whether it was killed for having used so much CPU time: at the limit by a signal that it may
    /// catch, and a second later by one that it cannot.
    pub(super) fn is_for_cpu(self, cap: Duration) -> bool {
        let by = self.status.filter(|it| libc::WIFSIGNALED(*it)).map(|it| libc::WTERMSIG(it));
        by == Some(libc::SIGXCPU) || (by == Some(libc::SIGKILL) && self.cpu >= cap)
    }
}

/// What the system says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Runs,
    /// It has not been waited for: its number is its own.
    Ended,
    /// Something else has waited for it, or the program ignores the ends of its processes: its
    /// number may be another one's.
    Gone,
}

fn name_of(signal: libc::c_int) -> String {
    let name = match signal {
        libc::SIGABRT => "SIGABRT (abort)",
        libc::SIGSEGV => "SIGSEGV (an access to memory that it does not have)",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL",
        libc::SIGTERM => "SIGTERM",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGPIPE => "SIGPIPE",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// Writes what can be written at once.
pub(super) fn send_now(socket: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the descriptor is open, being borrowed, and as many bytes are there to be read.
    let sent = unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Waits until something can be written, or nothing can any more.
pub(super) fn wait_writable(socket: &UnixStream) -> io::Result<()> {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: the pointer is to one valid pollfd, as the count says, and is only used in the call.
    match unsafe { libc::poll(&raw mut poll, 1, -1) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

impl Pid {
    /// CPU time that it has used so far, in all its threads.
    pub(super) fn cpu(self) -> Option<Duration> {
        let mut clock = 0;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a place for one clock, and only used in the call.
        if unsafe { libc::clock_getcpuclockid(self.0, &raw mut clock) } != 0 {
            return None;
        }
        // SAFETY: as above, for a time.
        if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
            return None;
        }
        let nanos = u32::try_from(time.tv_nsec).ok()?;
        Some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanos))
    }

    /// Whether it has ended.
    pub(super) fn has_ended(self) -> bool {
        self.look(libc::WNOHANG) != Seen::Runs
    }

    /// Waits until it has ended. Its number stays its own, unless something else waits for it.
    pub(super) fn wait_for_end(self) {
        while self.look(0) == Seen::Runs {}
    }

    fn look(self, flags: libc::c_int) -> Seen {
        let flags = libc::WEXITED | libc::WNOWAIT | flags;
        // SAFETY: all members of this structure may be zero.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let Ok(id) = libc::id_t::try_from(self.0) else { return Seen::Gone };
        // SAFETY: the pointer is to a place for one `siginfo_t`, and only used in the call.
        let done = unsafe { libc::waitid(libc::P_PID, id, &raw mut info, flags) };
        if done != 0 {
            let is_interrupted = io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
            return if is_interrupted { Seen::Runs } else { Seen::Gone };
        }
        // SAFETY: the call has written this member, or it is zero.
        if unsafe { info.si_pid() } == self.0 { Seen::Ended } else { Seen::Runs }
    }

    /// Kills it and what it has started in its process group.
    pub(super) fn kill(self) {
        // Its number may be that of a process that has nothing to do with it.
        if self.look(libc::WNOHANG) == Seen::Gone {
            return;
        }
        for target in [-self.0, self.0] {
            // SAFETY: takes two numbers and touches no memory of ours.
            unsafe { libc::kill(target, libc::SIGKILL) };
        }
    }

    /// Lets it go when it has ended. Its number may be that of another process from then on.
    pub(super) fn reap(self) -> io::Result<Ended> {
        let mut status = 0;
        // SAFETY: all members of this structure may be zero.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: both pointers are to places for one value, and only used in the call.
            if unsafe { libc::wait4(self.0, &raw mut status, 0, &raw mut usage) } == self.0 {
                break;
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        let cpu = [usage.ru_utime, usage.ru_stime].into_iter().map(duration).sum();
        Ok(Ended { status: Some(status), cpu })
    }
}

fn duration(time: libc::timeval) -> Duration {
    let micros = u64::try_from(time.tv_usec).unwrap_or_default();
    Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or_default())
        + Duration::from_micros(micros)
}

/// What the child was given: the socket as its standard input, and the library as its standard
/// output. Both get numbers of their own; the input is empty then, and the output goes where
/// errors go.
pub(super) fn inherited() -> io::Result<(UnixStream, OwnedFd)> {
    close_others();
    let socket = moved(libc::STDIN_FILENO)?;
    let library = moved(libc::STDOUT_FILENO)?;
    let null = std::fs::File::open("/dev/null")?;
    replace(null.as_raw_fd(), libc::STDIN_FILENO)?;
    replace(libc::STDERR_FILENO, libc::STDOUT_FILENO)?;
    let mut kind: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    let place = (&raw mut kind).cast();
    // SAFETY: `place` has as many bytes as `len` says, and both are only used in the call.
    let done = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TYPE, place, &raw mut len)
    };
    if done == -1 || kind != libc::SOCK_STREAM {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok((UnixStream::from(socket), library))
}

fn moved(from: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: takes two numbers and touches no memory of ours.
    let to = unsafe { libc::fcntl(from, libc::F_DUPFD_CLOEXEC, 3) };
    if to == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and owned by nothing else.
    Ok(unsafe { OwnedFd::from_raw_fd(to) })
}

fn replace(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: takes two numbers; what has the second one is one of the three standard streams.
    if unsafe { libc::dup2(from, to) } == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Closes what a library of the parent has opened without asking that it be closed here.
fn close_others() {
    // SAFETY: this runs first in `plugin_host`, when nothing of this process owns a descriptor
    // from 3 on.
    if unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) } == 0 {
        return;
    }
    // A system without that call.
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<RawFd> = open
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in open {
        // SAFETY: as above; that of the list itself is closed by now.
        unsafe { libc::close(number) };
    }
}

/// Has this process killed when the thread that started it ends. Answers whether the process that
/// did so still lives.
pub(super) fn die_with(parent: u32) -> bool {
    // SAFETY: this option takes one integer and touches no memory of ours.
    let armed = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } == 0;
    armed && std::os::unix::process::parent_id() == parent
}

/// Limits what this process may use: bytes of memory beyond those that it has, and seconds of CPU
/// time; 0 for no limit. It writes no core file.
pub(super) fn limit(memory: u64, cpu: u64) -> io::Result<()> {
    set(libc::RLIMIT_CORE as i32, 0, 0)?;
    if memory > 0 {
        let (all, data) = sizes()?;
        let (all, data) = (all.saturating_add(memory), data.saturating_add(memory));
        set(libc::RLIMIT_DATA as i32, data, data)?;
        // Also what is shared, and no data by the system's counting.
        let all = all.saturating_add(RESERVED);
        set(libc::RLIMIT_AS as i32, all, all)?;
    }
    if cpu > 0 {
        // The second one cannot be caught.
        set(libc::RLIMIT_CPU as i32, cpu, cpu.saturating_add(1))?;
    }
    Ok(())
}

/// Bytes of addresses that the C library reserves for its threads without using them.
const RESERVED: u64 = 1024 * 1024 * 1024;

/// Bytes of addresses that this process has, and of those that are data.
fn sizes() -> io::Result<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let of = |name: &str| super::kib(&text, name).unwrap_or_default();
    Ok((of("VmSize:"), of("VmData:")))
}

/// Sets a limit, or leaves the one that this process has where that is lower: it may not be raised.
fn set(resource: i32, soft: u64, hard: u64) -> io::Result<()> {
    let mut most = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the pointer is to a place for one limit, and only used in the call.
    if unsafe { libc::getrlimit(resource as _, &raw mut most) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // Without a limit the system has the largest number.
    let (soft, hard) = (soft.min(most.rlim_max), hard.min(most.rlim_max));
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the pointer is to one valid limit, and only used in the call.
    match unsafe { libc::setrlimit(resource as _, &raw const limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
