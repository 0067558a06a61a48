//! The reader: bytes to lines, lines to answers.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use memchr::memchr;
use trine_mcp::{
    Batch, Call, ClientCapabilities, ID_MAX, Id, Listen, McpEngine, McpSession, NeedBytes, Step,
    TaskRequest, Want, error, notify,
};

use super::client::Client;
use super::state::WAITING_MAX;
use super::terminal;
use crate::context::CallContext;
use crate::device::Waiter;
use crate::hub::Snapshot;
use crate::server::ask::Ended;
use crate::server::calls::{ARGS_MAX, Caller, From};
use crate::server::interest::{self, Interest};
use crate::server::tasks;
use crate::server::wants::{self, KeptWant, WantEnd};
use crate::{sanitize, sys};

/// Bytes that one read may bring.
const CHUNK: usize = 64 * 1024;
/// Longest message. A longer one is answered with an error and its bytes are not kept.
const MESSAGE_MAX: usize = 1024 * 1024;
/// Most messages of an array.
const ARRAY_MAX: usize = 128;
/// Room for one answer that no device has a part in; a longer list of tools is paged.
const REPLY_MAX: usize = 64 * 1024;
/// Room for an answer that has an id and a sentence.
const ERROR_MAX: usize = ID_MAX + 512;
/// Characters of a method that the log shows.
const METHOD_MAX: usize = 40;
/// Longest wait of a request for devices that are coming up. Most of them count as offline long
/// before.
const SETTLE_PATIENCE: Duration = Duration::from_millis(15_200);

/// The version of no list.
const NOTHING: u64 = u64::MAX;

const TOO_LONG: &[u8] = b"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\
    \"Invalid Request: a message may have 1048576 bytes\"}}";
const TOO_MANY: &[u8] = b"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\
    \"Invalid Request: an array may have 128 messages\"}}";

/// Reads the client's messages and deals with them.
pub(super) struct ClientReader {
    client: Arc<Client>,
    waiter: Arc<dyn Waiter>,
    caller: Arc<dyn Caller>,
    /// The newest list; `nothing` while there is nothing to read, since tools of this program that
    /// are listed in one cannot be shut down.
    snapshot: Arc<Snapshot>,
    /// Version of the hub's list that `snapshot` is; [`NOTHING`] while `snapshot` is `nothing`.
    version: u64,
    nothing: Arc<Snapshot>,
    session: McpSession,
    settled: bool,
    /// The level of log that a client of the older revisions wants, once it has opened a session.
    level: Option<u8>,
    /// A person types the messages.
    by_hand: bool,
    args: Vec<u8>,
    reply: Vec<u8>,
}

impl ClientReader {
    pub(super) fn new(client: Arc<Client>, by_hand: bool) -> Self {
        let nothing = Arc::new(Snapshot::nothing());
        Self {
            waiter: Arc::clone(&client) as Arc<dyn Waiter>,
            caller: Arc::clone(&client) as Arc<dyn Caller>,
            client,
            snapshot: Arc::clone(&nothing),
            version: NOTHING,
            nothing,
            session: McpSession::new(),
            settled: false,
            level: None,
            by_hand,
            args: vec![0; ARGS_MAX],
            reply: vec![0; REPLY_MAX],
        }
    }

    /// Reads to the end of the input.
    pub(super) fn run(&mut self, mut input: File) -> io::Result<()> {
        let mut lines = Lines::new();
        loop {
            (self.version, self.snapshot) = (NOTHING, Arc::clone(&self.nothing));
            let len = match input.read(lines.room()) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // Some clients leave their end of a shared pipe in this mode.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    sys::wait_readable(&input)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.client.set_reading(true);
            lines.received(len);
            while let Some(line) = lines.next() {
                self.line(line);
            }
            lines.tidy();
            self.client.flush();
            self.client.set_reading(false);
            if self.client.is_broken() {
                return Ok(());
            }
        }
        self.client.set_reading(true);
        if let Some(line) = lines.rest() {
            self.line(line);
        }
        self.client.flush();
        self.client.set_reading(false);
        Ok(())
    }

    fn line(&mut self, line: Line<'_>) {
        let client = Arc::clone(&self.client);
        let _taken = client.take_line();
        let message = match line {
            Line::Whole(message) => message,
            Line::TooLong => return self.answer(TOO_LONG.len(), Some(TOO_LONG), None),
        };
        if self.by_hand && terminal::command(message, &self.client.hub) {
            return;
        }
        self.refresh(message);
        let snapshot = Arc::clone(&self.snapshot);
        let engine = McpEngine::new(&*snapshot);
        let step = engine.receive(message, &mut self.session, &mut self.args, &mut self.reply);
        match step {
            Step::Batch(batch) => self.array(&engine, batch),
            step => self.step(step, message, None),
        }
        let level = self.session.is_initialized().then(|| self.session.level());
        if self.level != level {
            self.level = level;
            self.client.set_legacy(&self.session);
        }
        if self.client.state().out.len() > WAITING_MAX {
            self.client.flush();
        }
    }

    /// Takes the newest list of tools. While devices are coming up, a message about tools waits
    /// for them, so that a client which lists at once sees what there is.
    fn refresh(&mut self, message: &[u8]) {
        if !self.settled {
            let lists = [&b"\"tools/"[..], b"\"resources/", b"\"prompts/"];
            if lists.iter().any(|name| memchr::memmem::find(message, name).is_some()) {
                tracing::debug!("{} waits until all devices have come up", method(message));
                self.client.flush();
                self.client.set_reading(false);
                self.client.hub.wait_settled(SETTLE_PATIENCE);
                self.client.set_reading(true);
            }
            self.settled = self.client.hub.is_settled();
            if self.settled {
                self.say_unknown();
            }
        }
        let version = self.client.hub.version();
        if version != self.version {
            (self.version, self.snapshot) = (version, self.client.hub.snapshot());
        }
    }

    /// Says which devices have no tool that takes sentences, where others may have one.
    fn say_unknown(&self) {
        for device in self.client.hub.unknown() {
            let name = device.name();
            tracing::warn!("{name}: the model of --ask was made for other tools; it has no ask");
        }
    }

    fn array(&mut self, engine: &McpEngine<'_, Snapshot>, batch: Batch<'_>) {
        if batch.clone().take(ARRAY_MAX + 1).count() > ARRAY_MAX {
            return self.answer(TOO_MANY.len(), Some(TOO_MANY), None);
        }
        let array = self.client.state().arrays.open();
        for message in batch {
            let step =
                engine.receive_one(message, &mut self.session, &mut self.args, &mut self.reply);
            self.step(step, message, Some(array));
        }
        self.client.state().end_of_array(array);
    }

    fn step(&mut self, step: Step<'_>, message: &[u8], array: Option<usize>) {
        match step {
            Step::Reply(len) => self.answer(len, None, array),
            Step::Call(call) => {
                let context = self.context(message, call.has_more_meta);
                self.call(&call, context, array);
            }
            Step::Want(want) => {
                let context = self.context(message, want.has_more_meta);
                self.want(&want, context, array);
            }
            Step::Task(request) => self.task(&request, array),
            Step::Cancel(id) => self.client.cancel(id),
            Step::Listen(listen) => {
                let Some(interest) = Interest::of(&listen) else {
                    return self.refused(listen.id, interest::TOO_MANY, None);
                };
                self.subscribe(&listen, interest);
            }
            Step::Short(need) => {
                tracing::error!("an error response takes {} bytes", need.0);
            }
            _ => self.answered(message),
        }
    }

    fn context(&self, message: &[u8], has_more_meta: bool) -> Option<Arc<CallContext>> {
        CallContext::of(message, has_more_meta, self.client.who.principal.as_deref())
    }

    /// Opens a subscription, and tells the state of its tasks at once: they may have ended since
    /// the client was told of them.
    fn subscribe(&mut self, listen: &Listen<'_>, interest: Interest) {
        let tasks =
            self.client.helpers.tasks.watched(listen.tasks, self.client.who.principal.as_deref());
        let ids: Vec<&str> = tasks.iter().map(|task| task.id()).collect();
        if ids.is_empty() {
            self.answer(listen.acknowledgement, None, None);
        } else {
            let acknowledge = |out: &mut [u8]| notify::acknowledge_tasks(listen, &ids, out);
            let mut reply = vec![0; ERROR_MAX];
            let mut written = acknowledge(&mut reply);
            if let Err(NeedBytes(needed)) = written {
                reply.resize(needed, 0);
                written = acknowledge(&mut reply);
            }
            self.answer(written.unwrap_or(0), Some(&reply), None);
        }
        self.client.subscribe(listen.id, interest.with_tasks(ids.into_iter()));
        let mut state = self.client.state();
        tasks.iter().for_each(|task| state.tell_task(task, Some(listen.id.raw())));
    }

    /// Goes on with a call whose questions the client has answered, if that is what a message does.
    fn answered(&self, message: &[u8]) {
        if let Some(Ended { of: tag, args, given }) = self.client.answered(message) {
            self.client.go_on(tag, &args, given);
        }
    }

    /// Answers a request about a task.
    fn task(&mut self, request: &TaskRequest<'_>, array: Option<usize>) {
        let engine = McpEngine::new(&*self.snapshot);
        let tasks = &self.client.helpers.tasks;
        let principal = self.client.who.principal.as_deref();
        let mut reply = vec![0; REPLY_MAX];
        let mut written = tasks.answer(request, principal, &engine, &mut reply);
        if let Err(NeedBytes(needed)) = written {
            reply.resize(needed, 0);
            written = tasks.answer(request, principal, &engine, &mut reply);
        }
        self.answer(written.unwrap_or(0), Some(&reply), array);
    }

    /// Sends the first `len` bytes of the reply, or of `text`.
    fn answer(&self, len: usize, text: Option<&[u8]>, array: Option<usize>) {
        let bytes = text.unwrap_or(&self.reply).get(..len).unwrap_or_default();
        let mut state = self.client.state();
        match array {
            Some(array) => {
                if let Some(answers) = state.arrays.answer(array) {
                    answers.extend_from_slice(bytes);
                }
            }
            None => {
                state.out.push(bytes);
                state.out.push(b"\n");
            }
        }
    }

    /// Answers that a tool can be served as a task only.
    fn needs_tasks(&self, id: Id<'_>, array: Option<usize>) {
        let missing = ClientCapabilities { tasks: true, ..ClientCapabilities::NONE };
        let mut reply = vec![0; ERROR_MAX];
        let len = error::missing_capability(id, missing, &mut reply).unwrap_or(0);
        self.answer(len, Some(&reply), array);
    }

    /// Answers a request that breaks a rule of the gateway's own.
    fn refused(&self, id: Id<'_>, why: &str, array: Option<usize>) {
        let mut reply = vec![0; ERROR_MAX];
        let len = error::write(Some(id), error::INVALID_PARAMS, why, &mut reply).unwrap_or(0);
        self.answer(len, Some(&reply), array);
    }

    /// A session's request to be told of a resource, if that is what it is.
    fn subscribed(&self, want: &Want<'_>, array: Option<usize>) -> bool {
        let Some((uri, on)) = wants::subscribed(want, &self.snapshot, &self.args) else {
            return false;
        };
        if !self.client.watch(uri, on) {
            self.refused(want.id, interest::TOO_MANY, array);
            return true;
        }
        let mut reply = vec![0; ERROR_MAX];
        let engine = McpEngine::new(&*self.snapshot);
        let len = engine.finish_subscribe(want.id, &mut reply).unwrap_or(0);
        self.answer(len, Some(&reply), array);
        true
    }

    /// A request for what devices have beside tools.
    fn want(&mut self, want: &Want<'_>, context: Option<Arc<CallContext>>, array: Option<usize>) {
        if self.subscribed(want, array) {
            return;
        }
        self.client.wait_for_room();
        let (kept, able) = (KeptWant::of(want, &self.args), want.client(&self.session));
        let tag = self.client.state().open_want((want, able), kept, &self.snapshot, array);
        self.client.keep_context(tag, context.as_ref());
        let (context, client) = (context.as_ref(), self.client.who.id);
        let from = From { caller: &self.caller, waiter: &self.waiter, tag, client, context };
        let helpers = &self.client.helpers;
        if !wants::start(helpers, want, &self.snapshot, &self.args, from) {
            self.client.want_ended(tag, WantEnd::Missing);
        }
    }

    fn call(&mut self, call: &Call<'_>, context: Option<Arc<CallContext>>, array: Option<usize>) {
        self.client.wait_for_room();
        let able = call.client(&self.session);
        if call.version.is_stateless() && !able.tasks && tasks::needs(&self.snapshot, call.tool) {
            return self.needs_tasks(call.id, array);
        }
        let tag = self.client.state().open((call, able), &self.snapshot, array);
        let args = self.args.get(..call.arguments).unwrap_or_default();
        self.client.keep_context(tag, context.as_ref());
        let (context, client) = (context.as_ref(), self.client.who.id);
        let from = From { caller: &self.caller, waiter: &self.waiter, tag, client, context };
        self.client.helpers.start(call, &self.snapshot, args, from);
        if able.tasks && array.is_none() {
            self.client.may_become_task(tag);
        }
    }
}

/// The method that a message names in plain spelling, fit for the log.
fn method(message: &[u8]) -> String {
    const MEMBER: &[u8] = b"\"method\"";
    let from = memchr::memmem::find(message, MEMBER).map_or(message.len(), |at| at + MEMBER.len());
    let mut quoted = message.get(from..).unwrap_or_default().split(|byte| *byte == b'"').skip(1);
    let name = String::from_utf8_lossy(quoted.next().unwrap_or_default());
    sanitize::plain(&name).chars().take(METHOD_MAX).collect()
}

/// What stands between two line ends.
enum Line<'a> {
    Whole(&'a [u8]),
    /// More than [`MESSAGE_MAX`] bytes, which were passed over.
    TooLong,
}

/// Cuts a stream into lines. Holds one chunk, and a message that did not fit into it.
struct Lines {
    bytes: Vec<u8>,
    /// What was read and not yet taken.
    start: usize,
    end: usize,
    /// How far there is no line end.
    searched: usize,
    /// Inside a line that is too long.
    skipping: bool,
}

impl Lines {
    fn new() -> Self {
        Self { bytes: vec![0; CHUNK], start: 0, end: 0, searched: 0, skipping: false }
    }

    /// Where the next bytes go.
    fn room(&mut self) -> &mut [u8] {
        if self.bytes.len() - self.end < CHUNK / 2 {
            self.bytes.resize(self.end + CHUNK, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    fn received(&mut self, len: usize) {
        self.end += len;
    }

    fn next(&mut self) -> Option<Line<'_>> {
        loop {
            let from = self.searched.max(self.start);
            let Some(at) = memchr(b'\n', self.bytes.get(from..self.end)?) else {
                self.searched = self.end;
                if self.skipping {
                    self.start = self.end;
                } else if self.end - self.start > MESSAGE_MAX {
                    (self.start, self.skipping) = (self.end, true);
                }
                return None;
            };
            let (start, end) = (self.start, from + at);
            self.start = end + 1;
            if std::mem::replace(&mut self.skipping, false) || end - start > MESSAGE_MAX {
                return Some(Line::TooLong);
            }
            if end > start {
                return self.bytes.get(start..end).map(Line::Whole);
            }
        }
    }

    /// Moves what is left of the chunk to the front.
    fn tidy(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        (self.searched, self.start) = (self.end, 0);
        if self.end < CHUNK / 2 && self.bytes.len() > 2 * CHUNK {
            self.bytes.truncate(CHUNK);
            self.bytes.shrink_to_fit();
        }
    }

    /// The last line, if the input ended without a line end.
    fn rest(&mut self) -> Option<Line<'_>> {
        if self.skipping {
            return Some(Line::TooLong);
        }
        let rest = self.bytes.get(self.start..self.end)?;
        (!rest.is_empty()).then_some(Line::Whole(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(input: &[u8], size: usize) -> Vec<String> {
        let mut lines = Lines::new();
        let mut all = Vec::new();
        let mut show = |line: Line<'_>| {
            all.push(match line {
                Line::Whole(line) if line.len() < 20 => String::from_utf8_lossy(line).into(),
                Line::Whole(line) => format!("{} bytes", line.len()),
                Line::TooLong => "too long".to_owned(),
            });
        };
        for chunk in input.chunks(size) {
            lines.room()[..chunk.len()].copy_from_slice(chunk);
            lines.received(chunk.len());
            while let Some(line) = lines.next() {
                show(line);
            }
            lines.tidy();
            assert!(lines.bytes.len() <= MESSAGE_MAX + 2 * CHUNK);
        }
        if let Some(line) = lines.rest() {
            show(line);
        }
        all
    }

    #[test]
    fn lines_are_the_same_however_they_come() {
        let input = b"one\n\ntwo\r\n\0\nrest";
        for size in 1..=input.len() {
            assert_eq!(cut(input, size), ["one", "two\r", "\0", "rest"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_long_message_is_complete_and_a_longer_one_is_skipped() {
        let mut input = vec![b'x'; MESSAGE_MAX];
        input.extend_from_slice(b"\nnext\n");
        input.extend(vec![b'y'; 3 * MESSAGE_MAX]);
        input.extend_from_slice(b"\nlast\n");
        for size in [7_001, CHUNK / 2] {
            let all = cut(&input, size);
            assert_eq!(all, ["1048576 bytes", "next", "too long", "last"], "in pieces of {size}");
        }
    }
}
