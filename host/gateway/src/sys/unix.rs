//! Linux, macOS and other Unix systems.
#![expect(unsafe_code, reason = "calls into libc; each block says why it holds")]

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// The file by which the terminal of this program is read.
pub(crate) const TERMINAL: &str = "/dev/tty";

/// Standard input as a file, without a buffer.
pub(crate) fn standard_input() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Standard output as a file, without a buffer.
pub(crate) fn standard_output() -> io::Result<File> {
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// What an asynchronous task writes lines to, and what it reads lines from.
pub(crate) type LinesIn = OwnedWriteHalf;
pub(crate) type LinesOut = OwnedReadHalf;

/// Lines between an asynchronous task, which has the first two, and threads that wait, which have
/// the files.
pub(crate) async fn lines() -> io::Result<(LinesIn, LinesOut, File, File)> {
    let (ours, theirs) = tokio::net::UnixStream::pair()?;
    let theirs = theirs.into_std()?;
    theirs.set_nonblocking(false)?;
    let output = File::from(OwnedFd::from(theirs.try_clone()?));
    let (out_of, into) = ours.into_split();
    Ok((into, out_of, File::from(OwnedFd::from(theirs)), output))
}

/// Signals that end the program in good order.
#[derive(Debug)]
pub(crate) struct EndSignals(Signals);

impl EndSignals {
    /// From now on they do not end the program by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        Signals::new([SIGINT, SIGTERM, SIGHUP]).map(Self)
    }

    /// Waits for one; `false` where none will come.
    pub(crate) fn wait(&mut self) -> bool {
        self.0.forever().next().is_some()
    }
}

/// A file that the user alone may read, if it is made.
pub(crate) fn own(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes a folder that the user alone may enter, and those above it, unless they are there.
pub(crate) fn make_own_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Whether other users may open a file.
pub(crate) fn is_exposed(file: &Metadata) -> bool {
    file.mode() & 0o077 != 0
}

/// Whether every user may open a file.
#[cfg(feature = "tls")]
pub(crate) fn is_exposed_to_all(file: &Metadata) -> bool {
    file.mode() & 0o007 != 0
}

/// What tells a file from one that takes its place.
#[cfg(feature = "tls")]
pub(crate) fn number_of(file: &Metadata) -> u64 {
    file.ino()
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The signal that has ended a process.
pub(crate) fn signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Makes a child process end when the thread that starts it ends, however that happens: also when
/// this program is killed. The thread that calls `spawn` must live as long as the child is wanted.
pub(crate) fn end_with_this_thread(command: &mut Command) {
    let parent = std::process::id();
    let arm = move || arm_death_signal(parent);
    // SAFETY: between fork and exec only async-signal-safe functions may run: `arm_death_signal`
    // makes two system calls, and allocates nothing.
    unsafe { command.pre_exec(arm) };
}

#[cfg(target_os = "linux")]
fn arm_death_signal(parent: u32) -> io::Result<()> {
    // SAFETY: this option takes one integer and touches no memory of ours.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: has no arguments and cannot fail.
    let now = unsafe { libc::getppid() };
    // The parent may have ended before the signal was armed; then no one will send it.
    if u32::try_from(now) == Ok(parent) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
}

#[cfg(not(target_os = "linux"))]
fn arm_death_signal(_: u32) -> io::Result<()> {
    // Other systems have no such signal; the child is ended when the program ends in good order.
    Ok(())
}

/// A child, and what it starts, as one group of processes.
#[derive(Debug)]
pub(crate) struct Group;

impl Group {
    /// The program that `command` starts will have a group of its own.
    pub(crate) fn prepare(command: &mut Command) {
        command.process_group(0);
    }

    /// The group of a child for which [`Self::prepare`] was called.
    pub(crate) const fn of(_: &Child) -> Self {
        Self
    }

    /// Kills the child and what it has started. The child must not have been waited for, so that
    /// no other group can have its number.
    pub(crate) fn kill(&self, child: &mut Child) {
        let Ok(group) = libc::pid_t::try_from(child.id()) else { return };
        // SAFETY: takes two numbers and touches no memory of ours.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

/// Leaves these descriptors open, under their own numbers, in the program that `command` starts.
/// They are closed here when the command is dropped.
pub(crate) fn hand_down(command: &mut Command, descriptors: Vec<OwnedFd>) {
    let keep = move || descriptors.iter().try_for_each(keep_open);
    // SAFETY: between fork and exec only async-signal-safe functions may run: `keep_open` makes one
    // system call for each descriptor, and allocates nothing.
    unsafe { command.pre_exec(keep) };
}

fn keep_open(descriptor: &OwnedFd) -> io::Result<()> {
    // SAFETY: the descriptor is open, being owned, and the call touches no memory of ours.
    if unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFD, 0) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives memory that was freed back to the system, where the C library keeps it.
pub(crate) fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time from any thread; it takes a number of bytes to keep.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Keeps other programs from opening a terminal, such as a serial port, while this one has it open;
/// all but those of the superuser.
pub(crate) fn make_exclusive(terminal: &impl AsFd) -> io::Result<()> {
    let descriptor = terminal.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open, being borrowed; this request has no argument.
    if unsafe { libc::ioctl(descriptor, libc::TIOCEXCL as _) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Whether no one reads any more what is written to a file.
pub(crate) fn reader_is_gone(output: &impl AsFd) -> bool {
    has_hung_up(output)
}

/// Whether no one will write any more to what a file reads, while another thread may be reading.
pub(crate) fn writer_is_gone(input: &impl AsFd) -> bool {
    has_hung_up(input)
}

/// Whether the peer of a pipe or socket will send nothing more, although bytes that it has sent
/// may still wait to be read.
fn has_hung_up(file: &impl AsFd) -> bool {
    let what = libc::POLLHUP | libc::POLLERR | HANG_UP;
    poll(file, HANG_UP, 0).is_ok_and(|happened| happened & what != 0)
}

/// Waits until there is something to read, or nothing will come any more.
pub(crate) fn wait_readable(file: &impl AsFd) -> io::Result<()> {
    poll(file, libc::POLLIN, FOREVER).map(drop)
}

/// Waits until something can be written, or no one will read it.
pub(crate) fn wait_writable(file: &impl AsFd) -> io::Result<()> {
    poll(file, libc::POLLOUT, FOREVER).map(drop)
}

/// The user that this program runs as.
pub(crate) fn user() -> u32 {
    // SAFETY: has no arguments and cannot fail.
    unsafe { libc::geteuid() }
}

/// The user and the process at the other end of a local socket.
#[cfg(target_os = "linux")]
pub(crate) fn peer(socket: &impl AsFd) -> io::Result<(u32, u32)> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    let (place, descriptor) = ((&raw mut peer).cast(), socket.as_fd().as_raw_fd());
    // SAFETY: the descriptor is open, being borrowed; `place` has as many bytes as `len` says, and
    // both are only used in the call.
    let done = unsafe {
        libc::getsockopt(descriptor, libc::SOL_SOCKET, libc::SO_PEERCRED, place, &raw mut len)
    };
    if done == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok((peer.uid, peer.pid.unsigned_abs()))
    }
}

/// The user at the other end of a local socket; the process is not told here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn peer(socket: &impl AsFd) -> io::Result<(u32, u32)> {
    let (mut user, mut group) = (u32::MAX, u32::MAX);
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the descriptor is open, being borrowed; both places are only used in the call.
    if unsafe { libc::getpeereid(descriptor, &raw mut user, &raw mut group) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok((user, 0))
}

const FOREVER: libc::c_int = -1;

/// Those of `events` that have happened, with hang-ups and errors; none after an interrupted wait.
fn poll(
    file: &impl AsFd,
    events: libc::c_short,
    patience_ms: libc::c_int,
) -> io::Result<libc::c_short> {
    let mut poll = libc::pollfd { fd: file.as_fd().as_raw_fd(), events, revents: 0 };
    // SAFETY: the pointer is to one valid pollfd, as the count says, and is only used in the call.
    if unsafe { libc::poll(&raw mut poll, 1, patience_ms) } >= 0 {
        return Ok(poll.revents);
    }
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) }
}

#[cfg(target_os = "linux")]
const HANG_UP: libc::c_short = libc::POLLRDHUP;
#[cfg(not(target_os = "linux"))]
const HANG_UP: libc::c_short = libc::POLLHUP;
