//! A program that does the calls of a tool.
//!
//! It is started for each call, without a shell, with the arguments as one line of JSON on its
//! standard input, and answers with one JSON object on its standard output. An exit status other
//! than 0 is an error of the call, in the words of the first line of its standard error.

use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::definition::{words, wrong};
use super::{Execute, JsonCall};
use crate::error::Result;
use crate::json_schema::shortened;
use crate::sys::{self, Group};

/// Most bytes that are read from a program.
const OUTPUT_MAX: usize = 1024 * 1024;
/// Most bytes of its standard error that are kept, and of the line that is shown.
const STDERR_MAX: usize = 4096;
const LINE_MAX: usize = 200;
/// How long its standard error is waited for when it has ended: a child of its own may have it.
const STDERR_WAIT: Duration = Duration::from_secs(1);
/// How long a program may take where its definition does not say it, and at most.
const TIMEOUT: Duration = Duration::from_secs(30);
const SECONDS_MAX: u64 = 3600;
/// How often it is looked whether a call is still wanted.
const LOOK: Duration = Duration::from_millis(20);
/// Most programs of one tool at a time.
const RUNNING_MAX: usize = 32;

/// Runs a program for each call.
#[derive(Debug)]
pub struct Program {
    command: Vec<String>,
    folder: Option<PathBuf>,
    timeout: Duration,
    output_max: usize,
    running: Arc<AtomicUsize>,
    is_ending: Arc<AtomicBool>,
}

impl Program {
    /// The program with its arguments, which are passed as they are. A call that takes longer than
    /// 30 seconds is ended, see [`Self::timeout`].
    ///
    /// # Errors
    /// When no program is named.
    pub fn new(command: Vec<String>) -> Result<Self> {
        if command.first().is_none_or(String::is_empty) {
            return Err(wrong("execute/command", NO_PROGRAM));
        }
        let (running, is_ending) = (Arc::default(), Arc::default());
        let folder = None;
        Ok(Self { command, folder, timeout: TIMEOUT, output_max: OUTPUT_MAX, running, is_ending })
    }

    /// How long a call may take.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The folder that it runs in; without one it is that of this program. A program that is named
    /// with a `/` is looked for from there.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        // Absolute, or it would be looked for from either folder, by system.
        self.folder = Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
        if let (Some(folder), Some(program)) = (&self.folder, self.command.first_mut())
            && program.contains('/')
            && let Some(path) = folder.join(&*program).to_str()
        {
            *program = path.to_owned();
        }
        self
    }

    /// The program that the member `execute` of a definition names.
    pub(super) fn of(execute: &Value) -> Result<Self> {
        let command = execute.get("command").and_then(words);
        let mut program = Self::new(command.unwrap_or_default())?;
        for (name, value) in execute.as_object().into_iter().flatten() {
            match name.as_str() {
                "command" => {}
                "timeout_seconds" => {
                    let seconds = value.as_u64().filter(|it| (1..=SECONDS_MAX).contains(it));
                    let why = format!("it must be an integer from 1 to {SECONDS_MAX}");
                    let seconds = seconds.ok_or_else(|| wrong("execute/timeout_seconds", why))?;
                    program.timeout = Duration::from_secs(seconds);
                }
                _ => {
                    let why = "it has command and timeout_seconds, and no other member";
                    return Err(wrong(&format!("execute/{}", shortened(name, 80)), why));
                }
            }
        }
        Ok(program)
    }
}

const NO_PROGRAM: &str = "it must be a list of texts, the first of which is a program";

impl Execute for Program {
    fn execute(&self, call: JsonCall) {
        let Some(running) = Running::begin(&self.running) else {
            let why = format!("{RUNNING_MAX} calls are under way: call it again later");
            return call.error(&why);
        };
        let run = Run {
            command: self.command.clone(),
            folder: self.folder.clone(),
            deadline: Instant::now().checked_add(self.timeout),
            timeout: self.timeout,
            output_max: self.output_max,
            is_ending: Arc::clone(&self.is_ending),
        };
        let thread = thread::Builder::new().name("tool program".to_owned());
        let run = move || {
            let end = run.run(call.arguments(), call.cancelled());
            drop(running);
            match end {
                Ok(object) => call.done(&object),
                Err(why) => call.error(&why),
            }
        };
        // Where no thread starts, the call is dropped, which is an error for its client.
        if let Err(error) = thread.spawn(run) {
            tracing::error!("cannot spawn a thread: {error}");
        }
    }

    fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
    }
}

/// One of the calls under way.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn begin(count: &Arc<AtomicUsize>) -> Option<Self> {
        let more = |count| (count < RUNNING_MAX).then_some(count + 1);
        count.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self(Arc::clone(count)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One run of a program.
struct Run {
    command: Vec<String>,
    folder: Option<PathBuf>,
    deadline: Option<Instant>,
    timeout: Duration,
    output_max: usize,
    is_ending: Arc<AtomicBool>,
}

/// What was read of a stream: all of it, or as much as is kept.
type Came = io::Result<Vec<u8>>;

impl Run {
    /// Runs the program to its end; the thread that calls this lives as long.
    fn run(&self, arguments: &str, cancelled: &AtomicBool) -> std::result::Result<String, String> {
        let Some((name, rest)) = self.command.split_first() else { return Err(String::new()) };
        let mut command = Command::new(name);
        command.args(rest).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Its children are killed with it.
        Group::prepare(&mut command);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        sys::end_with_this_thread(&mut command);
        let cannot = |error: io::Error| format!("cannot run {}: {error}", shortened(name, 80));
        let mut child = Ended::new(command.spawn().map_err(cannot)?);
        let streams = self.streams(&mut child.child, arguments).map_err(cannot)?;
        let is_unwanted =
            || cancelled.load(Ordering::Acquire) || self.is_ending.load(Ordering::Acquire);
        let (output, errors) = streams;
        let output = self.wait(&output, &is_unwanted)?.map_err(cannot)?;
        if output.len() > self.output_max {
            return Err(format!("its program wrote more than {} bytes", self.output_max));
        }
        let status = self.status(&mut child, &is_unwanted)?;
        if !status.success() {
            let errors =
                errors.recv_timeout(STDERR_WAIT).ok().and_then(Came::ok).unwrap_or_default();
            return Err(failed(status, &errors));
        }
        String::from_utf8(output).map_err(|_| "its program wrote what is not UTF-8".to_owned())
    }

    /// Feeds the program and reads what it writes, on threads of their own: it may do both at once.
    fn streams(
        &self,
        child: &mut Child,
        arguments: &str,
    ) -> io::Result<(Receiver<Came>, Receiver<Came>)> {
        let line = format!("{arguments}\n");
        if let Some(mut input) = child.stdin.take() {
            // A program need not read its arguments.
            spawn(move || drop(input.write_all(line.as_bytes())))?;
        }
        let output = child.stdout.take().map(|stream| read(stream, self.output_max, false));
        let errors = child.stderr.take().map(|stream| read(stream, STDERR_MAX, true));
        let (Some(output), Some(errors)) = (output, errors) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok((output?, errors?))
    }

    /// Waits until the program has closed its output.
    fn wait(
        &self,
        output: &Receiver<Came>,
        is_unwanted: &dyn Fn() -> bool,
    ) -> std::result::Result<Came, String> {
        loop {
            match output.recv_timeout(LOOK) {
                Ok(came) => return Ok(came),
                Err(RecvTimeoutError::Timeout) => self.check(is_unwanted)?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("its output could not be read".to_owned());
                }
            }
        }
    }

    /// Waits until the program has ended.
    fn status(
        &self,
        child: &mut Ended,
        is_unwanted: &dyn Fn() -> bool,
    ) -> std::result::Result<ExitStatus, String> {
        let mut pause = Duration::from_micros(100);
        loop {
            if let Some(status) = child.child.try_wait().map_err(|error| error.to_string())? {
                child.is_there = false;
                return Ok(status);
            }
            self.check(is_unwanted)?;
            thread::sleep(pause);
            pause = LOOK.min(pause * 2);
        }
    }

    /// Whether the call may go on.
    fn check(&self, is_unwanted: &dyn Fn() -> bool) -> std::result::Result<(), String> {
        if is_unwanted() {
            return Err("the call was given up, and its program was ended".to_owned());
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let seconds = self.timeout.as_secs_f32();
            return Err(format!("its program took longer than {seconds} seconds, and was ended"));
        }
        Ok(())
    }
}

/// A child, and whether it is there still: then it is killed with its group.
struct Ended {
    child: Child,
    group: Group,
    is_there: bool,
}

impl Ended {
    fn new(child: Child) -> Self {
        Self { group: Group::of(&child), child, is_there: true }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        if self.is_there {
            self.group.kill(&mut self.child);
            drop(self.child.wait());
        }
    }
}

fn spawn(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("tool stream".to_owned()).stack_size(128 * 1024);
    thread.spawn(run).map(drop)
}

/// Reads a stream to its end, or one byte more than `max`; what `is_drained` says is read on and
/// not kept, so that the program does not wait for it.
fn read(
    stream: impl Read + Send + 'static,
    max: usize,
    is_drained: bool,
) -> io::Result<Receiver<Came>> {
    let (send, receive) = mpsc::channel();
    spawn(move || {
        let mut bytes = Vec::new();
        let mut first = stream.take(max as u64 + 1);
        let read = first.read_to_end(&mut bytes);
        if is_drained {
            drop(io::copy(&mut first.into_inner(), &mut io::sink()));
        }
        // The call may have ended.
        drop(send.send(read.map(|_| bytes)));
    })?;
    Ok(receive)
}

/// The sentence of a program that failed: the first line of its standard error.
fn failed(status: ExitStatus, errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    if let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) {
        return shortened(line, LINE_MAX);
    }
    match (status.code(), sys::signal(status)) {
        (Some(code), _) => format!("its program ended with status {code}"),
        (None, Some(signal)) => format!("its program was ended by signal {signal}"),
        (None, None) => "its program did not end in good order".to_owned(),
    }
}
