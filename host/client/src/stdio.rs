//! Messages as lines: over the standard input and output of a program that this client starts, or
//! over a stream that is open already.

use std::collections::HashMap;
use std::io;
use std::process::{Command, Stdio as Redirect};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::elicitation::{self, Handler};
use crate::error::{Error, Result};
use crate::events::MESSAGE_MAX;

/// Lines that wait for the program to read them; requests wait then.
const LINES_MAX: usize = 64;
/// News of one call that wait; further ones are left out. One place is kept for its answer.
const NEWS_MAX: usize = 32;
/// Requests of the program that are being answered; further ones are refused.
const ASKING_MAX: usize = 64;
/// How long a program may take to end when its input has ended.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A program that serves.
pub(crate) struct Stdio {
    /// What errors call it.
    program: String,
    lines: Mutex<Option<mpsc::Sender<Vec<u8>>>>,
    writing: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

/// What the reader shares with who waits.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Requests of the program that are being answered.
    asking: AtomicUsize,
    /// Whether it has ended its output.
    end: watch::Sender<bool>,
}

#[derive(Default)]
struct Waiting {
    calls: HashMap<u64, mpsc::Sender<Value>>,
    has_ended: bool,
}

impl Shared {
    /// Keeps who waits for an answer; `false` where none will come.
    fn wait_for(&self, id: u64, sender: mpsc::Sender<Value>) -> bool {
        let mut waiting = lock(&self.waiting);
        if !waiting.has_ended {
            waiting.calls.insert(id, sender);
        }
        !waiting.has_ended
    }
}

/// News and the answer of one request.
pub(crate) struct StdioAnswers {
    id: u64,
    shared: Arc<Shared>,
    messages: mpsc::Receiver<Value>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stdio {
    /// Starts the program. What it writes to standard error goes where the command says.
    pub(crate) fn start(command: &mut Command, handler: Option<Handler>) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |source| Error::Start { program: program.clone(), source };
        command.stdin(Redirect::piped()).stdout(Redirect::piped());
        // Only the command of the standard library can be started twice.
        let mut once = Command::new(command.get_program());
        std::mem::swap(&mut once, command);
        let mut once = tokio::process::Command::from(once);
        let spawned = once.kill_on_drop(true).spawn();
        *command = once.into_std();
        let mut child = spawned.map_err(failed)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) =
            pipes.ok_or_else(|| failed(io::Error::other("it has no input or output")))?;
        Ok(Self::of(program, (output, input), Some(child), handler))
    }

    /// Speaks over a stream, in both directions; `name` is what errors call its other end.
    pub(crate) fn over(
        name: String,
        stream: (impl AsyncRead + Send + Unpin + 'static, impl AsyncWrite + Send + Unpin + 'static),
        handler: Option<Handler>,
    ) -> Self {
        Self::of(name, stream, None, handler)
    }

    fn of(
        program: String,
        (output, input): (
            impl AsyncRead + Send + Unpin + 'static,
            impl AsyncWrite + Send + Unpin + 'static,
        ),
        child: Option<Child>,
        handler: Option<Handler>,
    ) -> Self {
        let (lines, receiver) = mpsc::channel(LINES_MAX);
        let shared = Arc::new(Shared::default());
        let reader = Reader { shared: Arc::clone(&shared), lines: lines.downgrade(), handler };
        tokio::spawn(reader.run(BufReader::new(output)));
        let writing = tokio::spawn(write(receiver, input, child));
        let (lines, writing) = (Mutex::new(Some(lines)), Mutex::new(Some(writing)));
        Self { program, lines, writing, shared }
    }

    /// Waits until the program has ended its output.
    pub(crate) async fn ended(&self) {
        let mut end = self.shared.end.subscribe();
        // The sender is kept here.
        drop(end.wait_for(|has_ended| *has_ended).await);
    }

    /// What was started.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// Whether a request of the program is being answered, by a person perhaps.
    pub(crate) fn is_asking(&self) -> bool {
        self.shared.asking.load(Ordering::Acquire) > 0
    }

    /// Sends a request with this id.
    pub(crate) async fn send(
        &self,
        id: u64,
        message: &Value,
        request: &str,
    ) -> Result<StdioAnswers> {
        let (sender, messages) = mpsc::channel(NEWS_MAX);
        let answers = StdioAnswers { id, shared: Arc::clone(&self.shared), messages };
        if !self.shared.wait_for(id, sender) || !self.say(message).await {
            return Err(Error::ConnectionClosed { request: request.to_owned(), source: None });
        }
        Ok(answers)
    }

    /// Sends a message; `false` where the program reads no more.
    pub(crate) async fn say(&self, message: &Value) -> bool {
        let lines = lock(&self.lines).clone();
        match lines {
            Some(lines) => lines.send(line(message)).await.is_ok(),
            None => false,
        }
    }

    /// Sends a message if there is room for it.
    pub(crate) fn try_say(&self, message: &Value) {
        if let Some(lines) = &*lock(&self.lines) {
            // What does not fit is of no use later.
            drop(lines.try_send(line(message)));
        }
    }

    /// Ends the input of the program and waits for its end.
    pub(crate) async fn close(&self) {
        drop(lock(&self.lines).take());
        let writing = lock(&self.writing).take();
        if let Some(writing) = writing {
            // It does not panic, and no one aborts it.
            drop(writing.await);
        }
    }
}

fn line(message: &Value) -> Vec<u8> {
    format!("{message}\n").into_bytes()
}

/// Writes lines until there are no more; then the program has to end.
async fn write(
    mut lines: mpsc::Receiver<Vec<u8>>,
    mut input: impl AsyncWrite + Unpin,
    child: Option<Child>,
) {
    while let Some(line) = lines.recv().await {
        let written = input.write_all(&line).await;
        if written.is_err() || input.flush().await.is_err() {
            break;
        }
    }
    lines.close();
    // Of a stream that goes both ways, only this one ends.
    drop(input.shutdown().await);
    drop(input);
    let Some(mut child) = child else { return };
    if tokio::time::timeout(END_PATIENCE, child.wait()).await.is_err() {
        // One that has ended cannot be killed, which is fine.
        drop(child.kill().await);
    }
}

/// What reads the program's output.
struct Reader {
    shared: Arc<Shared>,
    /// The client's own sender keeps the input open, and this one does not.
    lines: mpsc::WeakSender<Vec<u8>>,
    handler: Option<Handler>,
}

impl Reader {
    async fn run(self, mut output: impl AsyncBufRead + Unpin) {
        let mut line = Vec::new();
        while read_line(&mut output, &mut line).await {
            // A line that is no message is one that a program should have written elsewhere.
            if let Ok(message) = serde_json::from_slice(&line) {
                self.take(message);
            }
        }
        let mut waiting = lock(&self.shared.waiting);
        waiting.has_ended = true;
        waiting.calls.clear();
        drop(waiting);
        self.shared.end.send_replace(true);
    }

    fn take(&self, message: Value) {
        let method = message.get("method").and_then(Value::as_str);
        match (method, message.get("id")) {
            (Some(_), Some(_)) => self.answer(message),
            (Some("notifications/progress"), None) => {
                let token = message.pointer("/params/progressToken").and_then(Value::as_u64);
                let waiting = lock(&self.shared.waiting);
                let call = token.and_then(|token| waiting.calls.get(&token));
                if let Some(call) = call.filter(|call| call.capacity() > 1) {
                    // Its call may have ended.
                    drop(call.try_send(message));
                }
            }
            (None, Some(id)) => {
                let id = id.as_u64();
                let mut waiting = lock(&self.shared.waiting);
                if let Some(call) = id.and_then(|id| waiting.calls.remove(&id)) {
                    drop(call.try_send(message));
                }
            }
            _ => {}
        }
    }

    /// Answers a request of the program's own.
    fn answer(&self, request: Value) {
        let Some(lines) = self.lines.upgrade() else { return };
        if self.shared.asking.load(Ordering::Acquire) >= ASKING_MAX {
            let error = json!({"code": -32603, "message": "too many requests"});
            let refusal = json!({"jsonrpc": "2.0", "id": request.get("id"), "error": error});
            return drop(lines.try_send(line(&refusal)));
        }
        self.shared.asking.fetch_add(1, Ordering::AcqRel);
        let (shared, handler) = (Arc::clone(&self.shared), self.handler.clone());
        tokio::spawn(async move {
            let response = elicitation::respond(handler.as_ref(), &request).await;
            // The program may have ended meanwhile.
            drop(lines.send(line(&response)).await);
            shared.asking.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

/// Reads a line; `false` at the end, and where one is too long.
async fn read_line(output: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> bool {
    line.clear();
    loop {
        let Ok(bytes) = output.fill_buf().await else { return false };
        if bytes.is_empty() {
            return !line.is_empty();
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(bytes.len());
        line.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        output.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return true;
        }
        if line.len() > MESSAGE_MAX {
            return false;
        }
    }
}

impl StdioAnswers {
    /// The next message; `None` where the program has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        self.messages.recv().await
    }
}

impl Drop for StdioAnswers {
    fn drop(&mut self) {
        lock(&self.shared.waiting).calls.remove(&self.id);
    }
}
