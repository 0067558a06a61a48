//! Windows.
#![expect(unsafe_code, reason = "calls into the system; each block says why it holds")]

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::ptr;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use data_encoding::HEXLOWER;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_LOCAL_INFORMATION, FilePipeLocalInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{FALSE, TRUE};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::core::BOOL;

use crate::sync::lock;

/// The file by which the terminal of this program is read.
pub(crate) const TERMINAL: &str = "CONIN$";

/// State of a pipe whose two ends are open.
const CONNECTED: u32 = 3;
/// How long the system is kept from ending the program: longer than that takes to end by itself.
const ENDING: Duration = Duration::from_secs(10);

/// Standard input as a file, without a buffer.
pub(crate) fn standard_input() -> io::Result<File> {
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

/// Standard output as a file, without a buffer.
pub(crate) fn standard_output() -> io::Result<File> {
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}

/// What an asynchronous task writes lines to, and what it reads lines from.
pub(crate) type LinesIn = NamedPipeServer;
pub(crate) type LinesOut = NamedPipeServer;

/// Lines between an asynchronous task, which has the first two, and threads that wait, which have
/// the files. There is a pipe for each direction: a write to one waits for a read of the same one.
pub(crate) async fn lines() -> io::Result<(LinesIn, LinesOut, File, File)> {
    let (into, input) = pipe().await?;
    let (out_of, output) = pipe().await?;
    Ok((into, out_of, input, output))
}

/// A pipe with a name that no one guesses, and that no other program can be first at.
async fn pipe() -> io::Result<(NamedPipeServer, File)> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let name = format!(r"\\.\pipe\trine-{}", HEXLOWER.encode(&bytes));
    let server = ServerOptions::new().first_pipe_instance(true).max_instances(1).create(&name)?;
    let file = OpenOptions::new().read(true).write(true).open(&name)?;
    server.connect().await?;
    Ok((server, file))
}

/// Who waits for the end of the program.
static WAITING: Mutex<Vec<Sender<()>>> = Mutex::new(Vec::new());

/// Events of the console that end the program in good order.
#[derive(Debug)]
pub(crate) struct EndSignals(Receiver<()>);

impl EndSignals {
    /// From now on they do not end the program by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let mut waiting = lock(&WAITING);
        waiting.push(sender);
        // SAFETY: the handler is a function of this program, which stays as long as the program.
        if waiting.len() == 1 && unsafe { SetConsoleCtrlHandler(Some(on_event), TRUE) } == FALSE {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(receiver))
    }

    /// Waits for one; `false` where none will come.
    pub(crate) fn wait(&mut self) -> bool {
        self.0.recv().is_ok()
    }
}

/// Runs on a thread of its own. When a console is closed, or the user logs off, the system ends the
/// program as soon as this returns.
unsafe extern "system" fn on_event(event: u32) -> BOOL {
    // Who has waited may be gone.
    for sender in &*lock(&WAITING) {
        _ = sender.send(());
    }
    if !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
        thread::sleep(ENDING);
    }
    TRUE
}

/// A file of the user. Its access list is that of its folder, which in the user's profile names the
/// user, administrators and the system.
pub(crate) fn own(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes a folder, and those above it, unless they are there; for their access lists see [`own`].
pub(crate) fn make_own_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// Whether other users may open a file: its mode does not say it here.
pub(crate) const fn is_exposed(_: &Metadata) -> bool {
    false
}

/// Whether every user may open a file: its mode does not say it here.
#[cfg(feature = "tls")]
pub(crate) const fn is_exposed_to_all(_: &Metadata) -> bool {
    false
}

/// What tells a file from one that takes its place: its times do.
#[cfg(feature = "tls")]
pub(crate) fn number_of(file: &Metadata) -> u64 {
    std::os::windows::fs::MetadataExt::creation_time(file)
}

/// Makes the names in a folder durable: a folder cannot be flushed here, and its file system has a
/// journal.
pub(crate) const fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The signal that has ended a process: there are none here.
pub(crate) const fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// Makes a child process end with this program: [`Group::of`] does so here.
pub(crate) const fn end_with_this_thread(_: &mut Command) {}

/// A child, and what it starts from now on, as a job of the system. It ends when this is dropped,
/// also because this program was killed.
#[derive(Debug)]
pub(crate) struct Group(Option<OwnedHandle>);

impl Group {
    /// Nothing needs to be done before a child is there.
    pub(crate) const fn prepare(_: &mut Command) {}

    /// The group of a child. One that has ended already has none.
    pub(crate) fn of(child: &Child) -> Self {
        Self(
            job()
                .and_then(|job| {
                    // SAFETY: both handles are open, being borrowed.
                    let done = unsafe {
                        AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle())
                    };
                    if done == FALSE { Err(io::Error::last_os_error()) } else { Ok(job) }
                })
                .ok(),
        )
    }

    /// Kills the child and what it has started.
    pub(crate) fn kill(&self, child: &mut Child) {
        // One that has ended by itself cannot be killed again, which is fine.
        drop(child.kill());
        if let Some(job) = &self.0 {
            // SAFETY: the handle is open, being borrowed.
            unsafe { TerminateJobObject(job.as_raw_handle(), 1) };
        }
    }
}

/// A job that ends when its last handle is closed.
fn job() -> io::Result<OwnedHandle> {
    // SAFETY: neither a security descriptor nor a name is given.
    let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if job.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and owned by nothing else.
    let job = unsafe { OwnedHandle::from_raw_handle(job) };
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    let len = size_of_val(&limits) as u32;
    let (kind, place) = (JobObjectExtendedLimitInformation, (&raw const limits).cast());
    // SAFETY: the handle is open, being borrowed; the place has as many bytes as `len` says, and is
    // only read in the call.
    if unsafe { SetInformationJobObject(job.as_raw_handle(), kind, place, len) } == FALSE {
        return Err(io::Error::last_os_error());
    }
    Ok(job)
}

/// Gives memory that was freed back to the system: its heap does that by itself.
pub(crate) const fn give_memory_back() {}

/// Whether no one reads any more what is written to a pipe. It waits for a write of another thread.
pub(crate) fn reader_is_gone(output: &File) -> bool {
    let mut status = IO_STATUS_BLOCK::default();
    let mut found = FILE_PIPE_LOCAL_INFORMATION::default();
    let (place, len) = ((&raw mut found).cast(), size_of_val(&found) as u32);
    let handle = output.as_raw_handle();
    // SAFETY: the handle is open, being borrowed; the place has as many bytes as `len` says, and
    // both places are only used in the call.
    let failed = unsafe {
        NtQueryInformationFile(handle, &raw mut status, place, len, FilePipeLocalInformation)
    };
    // What is no pipe has no reader that could go.
    failed == 0 && found.NamedPipeState != CONNECTED
}

/// Whether no one will write any more to what a file reads. To ask would wait for the read of the
/// thread that reads it, and that ends when the writer is gone.
pub(crate) const fn writer_is_gone(_: &File) -> bool {
    false
}

/// Waits until there is something to read: a pipe that does not wait is not of this system's.
pub(crate) fn wait_readable(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// Waits until something can be written: see [`wait_readable`].
pub(crate) fn wait_writable(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}
