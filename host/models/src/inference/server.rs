//! The server: messages in, answers out, and texts that are written meanwhile.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use trine_descriptor::typed::Record as _;
use trine_descriptor::{Args, Side, ToolParams as _, ValueWriter, validate};
use trine_mcp::json::writer::NeedBytes;
use trine_mcp::{Batch, Call, Failure, Id, McpEngine, McpSession, Outcome, Step, Version, notify};

use super::models::{Limits, Models};
use super::pending::Pending;
use super::shutdown;
use super::tools::{
    Generated, Health, INFERENCE, Inference, PROBLEM_MAX, PROMPT_MAX, Status, TEXT_MAX, TOOLS,
    Tools,
};
use super::worker::{Job, Tell, Written};
use crate::lines;
use crate::{Error, Result};

/// The longest message that is read.
const LINE_MAX: usize = 1 << 20;
/// Encoded arguments: four bytes a character.
const ARGS_MAX: usize = 4 * PROMPT_MAX + 4096;
const VALUE_MAX: usize = 4 * TEXT_MAX + 4096;
const OUT_BYTES: usize = 64 << 10;
/// Lines that wait while the server is busy.
const WAITING_MAX: usize = 16;
/// What the server waits for.
pub(super) enum Event {
    /// The program is to end: what was asked for is answered, and nothing more is taken.
    Drain,
    Line(Vec<u8>),
    /// Input has ended, or cannot be read for this reason.
    End(Option<std::io::Error>),
    Told(u64, Tell),
}

/// Serves the tools to the client on `input` and `output` until that ends its input; texts that
/// are being written then are still answered.
///
/// # Errors
/// When input or output cannot be used.
pub fn serve(
    limits: Limits,
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
) -> Result<()> {
    run(limits, input, output, channel())
}

/// The same for a program, which a signal ends as well: calls that are under way are answered
/// within some seconds, the others are not taken.
///
/// # Errors
/// As [`serve`], and when signals cannot be handled.
pub fn serve_until_signal(
    limits: Limits,
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
) -> Result<()> {
    let (events, happened) = channel();
    shutdown::watch(events.clone())?;
    run(limits, input, output, (events, happened))
}

fn run(
    limits: Limits,
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    (events, happened): (Sender<Event>, Receiver<Event>),
) -> Result<()> {
    let (permits, wanted) = sync_channel(WAITING_MAX);
    let lines = events.clone();
    let thread = std::thread::Builder::new().name("input".to_owned());
    let read = move || read(input, &lines, &permits);
    thread.spawn(read).map_err(Error::Thread)?;
    let tools = Tools::new();
    Server {
        engine: McpEngine::new(&tools),
        session: McpSession::new(),
        models: Models::new(limits),
        pending: Vec::new(),
        next: 0,
        events,
        output,
        args: vec![0; ARGS_MAX],
        value: vec![0; VALUE_MAX],
        out: vec![0; OUT_BYTES],
        problem: None,
        last: None,
        draining: None,
    }
    .run(&happened, &wanted)
}

/// Hands over each line, and waits while too many of them are not dealt with.
fn read(mut input: impl BufRead, events: &Sender<Event>, permits: &SyncSender<()>) {
    loop {
        let event = match lines::next(&mut input, LINE_MAX) {
            Ok(Some(line)) => Event::Line(line),
            Ok(None) => Event::End(None),
            Err(error) => Event::End(Some(error)),
        };
        let is_end = matches!(event, Event::End(_));
        let gone = permits.send(()).is_err() || events.send(event).is_err();
        if is_end || gone {
            return;
        }
    }
}

struct Server<'t, 'o> {
    engine: McpEngine<'t, Tools>,
    session: McpSession,
    models: Models,
    pending: Vec<Pending>,
    next: u64,
    events: Sender<Event>,
    output: &'o mut dyn Write,
    args: Vec<u8>,
    value: Vec<u8>,
    out: Vec<u8>,
    /// Why the last model could not be loaded or used.
    problem: Option<String>,
    /// When a text was last written.
    last: Option<Instant>,
    /// Since when the program is to end.
    draining: Option<Instant>,
}

impl Server<'_, '_> {
    fn run(mut self, happened: &Receiver<Event>, permits: &Receiver<()>) -> Result<()> {
        let served = self.events(happened, permits);
        // Where the client is gone, no one wants what is being written.
        self.pending.iter().for_each(|one| one.cancelled.store(true, Ordering::Release));
        self.models.clear();
        served
    }

    fn events(&mut self, happened: &Receiver<Event>, permits: &Receiver<()>) -> Result<()> {
        let mut ended = None;
        while ended.is_none() || !self.pending.is_empty() {
            let Some(event) = self.next_event(happened) else { return self.give_up() };
            match event {
                Event::Drain => {
                    self.draining = Some(Instant::now());
                    ended = Some(None);
                }
                // Who sent it meets a server that has ended.
                Event::Line(_) if self.draining.is_some() => {}
                Event::Line(line) => {
                    let _ = permits.recv();
                    self.line(&line)?;
                }
                Event::End(reason) => ended = Some(reason),
                Event::Told(number, tell) => self.told(number, tell)?,
            }
        }
        match ended.flatten() {
            Some(source) => Err(Error::Stream { action: "read", stream: "standard input", source }),
            None => Ok(()),
        }
    }

    /// What happens next; nothing where the program is to end, and has waited long enough.
    fn next_event(&self, happened: &Receiver<Event>) -> Option<Event> {
        // A sender is in `self`, so there is always another event.
        let Some(begun) = self.draining else { return happened.recv().ok() };
        let within = |patience: Duration| {
            happened.recv_timeout(patience.saturating_sub(begun.elapsed())).ok()
        };
        within(shutdown::TEXTS_PATIENCE).or_else(|| {
            self.pending.iter().for_each(|one| one.ends.store(true, Ordering::Release));
            within(shutdown::CALLS_PATIENCE)
        })
    }

    /// Answers the calls that are left, and leaves their models to the end of the program.
    fn give_up(&mut self) -> Result<()> {
        self.models.release();
        for pending in std::mem::take(&mut self.pending) {
            let Some(id) = Id::from_raw(&pending.id) else { continue };
            let why = "the server ended before it generated the text: repeat the call";
            self.answer((id, pending.version, INFERENCE), Outcome::Error(why))?;
        }
        Ok(())
    }

    fn send(&mut self, message: &[u8]) -> Result<()> {
        let sent = self.output.write_all(message).and_then(|()| self.output.write_all(b"\n"));
        let sent = sent.and_then(|()| self.output.flush());
        sent.map_err(|source| Error::Stream { action: "write", stream: "standard output", source })
    }

    /// Sends what `write` puts into a buffer, which grows until it fits.
    fn send_written(
        &mut self,
        write: impl Fn(&Self, &mut [u8]) -> std::result::Result<usize, NeedBytes>,
    ) -> Result<()> {
        let mut out = std::mem::take(&mut self.out);
        let mut written = write(self, &mut out);
        if let Err(NeedBytes(needed)) = written {
            out.resize(needed, 0);
            written = write(self, &mut out);
        }
        let length = written.map_err(|_| Error::Answer)?;
        let sent = self.send(out.get(..length).unwrap_or_default());
        self.out = out;
        sent
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let Self { engine, session, args, out, .. } = self;
        match engine.receive(line, session, args, out) {
            Step::Short(NeedBytes(needed)) => {
                self.out.resize(needed, 0);
                self.line(line)
            }
            Step::Batch(batch) => self.batch(batch),
            step => self.step(step).map(drop),
        }
    }

    /// The messages of an array, each answered by itself: the answers of calls come when they are
    /// ready, and 2025-03-26 lets a server send them so.
    fn batch(&mut self, batch: Batch<'_>) -> Result<()> {
        for message in batch {
            let Self { engine, session, args, out, .. } = self;
            let step = engine.receive_one(message, session, args, out);
            self.step(step)?;
        }
        Ok(())
    }

    fn step(&mut self, step: Step<'_>) -> Result<()> {
        match step {
            Step::Reply(length) => self.send_out(length),
            Step::Listen(listen) => self.send_out(listen.acknowledgement),
            Step::Call(call) => self.call(&call),
            Step::Cancel(id) => {
                if let Some(at) = self.pending.iter().position(|one| *one.id == *id.raw()) {
                    let pending = self.pending.remove(at);
                    pending.cancelled.store(true, Ordering::Release);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn send_out(&mut self, length: usize) -> Result<()> {
        let out = std::mem::take(&mut self.out);
        let sent = self.send(out.get(..length).unwrap_or_default());
        self.out = out;
        sent
    }

    fn answer(&mut self, call: (Id<'_>, Version, u16), outcome: Outcome<'_>) -> Result<()> {
        let (id, version, tool) = call;
        self.send_written(|server, out| server.engine.finish(id, version, tool, outcome, out))
    }

    fn call(&mut self, call: &Call<'_>) -> Result<()> {
        let who = (call.id, call.version, call.tool);
        let args = std::mem::take(&mut self.args);
        let arguments = args.get(..call.arguments).unwrap_or_default();
        let done = match validate(&TOOLS, call.tool, Side::Params, arguments) {
            Err(fault) => self.answer(who, Outcome::Fault(fault)),
            Ok(()) if call.tool == INFERENCE => {
                match Inference::read(&Args::new(&TOOLS, call.tool, arguments)) {
                    Some(wanted) => self.infer(call, &wanted),
                    None => self.answer(who, Outcome::Failed(Failure::TooLarge)),
                }
            }
            Ok(()) => self.health(who),
        };
        self.args = args;
        done
    }

    fn infer(&mut self, call: &Call<'_>, wanted: &Inference<'_>) -> Result<()> {
        let who = (call.id, call.version, call.tool);
        let model = match self.models.find(wanted.model_path) {
            Ok(model) => model,
            Err(error) => return self.answer(who, Outcome::Error(&error.chain())),
        };
        let number = self.next;
        self.next += 1;
        let (events, cancelled) = (self.events.clone(), Arc::new(AtomicBool::new(false)));
        let ends = Arc::new(AtomicBool::new(false));
        let job = Job {
            prompt: wanted.prompt.to_owned(),
            max_tokens: wanted.max_tokens.into(),
            temperature: wanted.temperature.0 as f32 / 1000.0,
            seed: wanted.seed.into(),
            cancelled: Arc::clone(&cancelled),
            ends: Arc::clone(&ends),
            // When no one listens any more, the server has ended.
            tell: Box::new(move |tell| drop(events.send(Event::Told(number, tell)))),
        };
        if let Err(error) = self.models.order(model.clone(), job) {
            let reason = error.chain();
            self.problem = Some(reason.clone());
            return self.answer(who, Outcome::Error(&reason));
        }
        self.pending.push(Pending {
            number,
            id: call.id.raw().into(),
            version: call.version,
            progress: call.progress.map(|token| token.raw().into()),
            fresh: String::new(),
            shown: Instant::now(),
            max_tokens: wanted.max_tokens.into(),
            model,
            cancelled,
            ends,
        });
        Ok(())
    }

    fn told(&mut self, number: u64, tell: Tell) -> Result<()> {
        let found = self.pending.iter().position(|one| one.number == number);
        if let Tell::Tokens(count, fresh) = tell {
            let pending = found.and_then(|at| self.pending.get_mut(at));
            let Some(show) = pending.and_then(|one| one.show(count, &fresh)) else { return Ok(()) };
            let Some(token) = Id::from_raw(&show.token) else { return Ok(()) };
            let write = |_: &Self, out: &mut [u8]| {
                notify::progress(show.version, token, show.done, &show.text, out)
            };
            return self.send_written(write);
        }
        // Who has cancelled the call gets no answer.
        let Some(at) = found else { return Ok(()) };
        let pending = self.pending.remove(at);
        let Some(id) = Id::from_raw(&pending.id) else { return Ok(()) };
        let who = (id, pending.version, INFERENCE);
        match tell {
            Tell::Done(written) => self.written(who, &written),
            Tell::Unloadable(reason) => {
                self.models.forget(&pending.model);
                self.failed(who, reason)
            }
            Tell::Failed(reason) => self.failed(who, reason),
            Tell::Cancelled | Tell::Tokens(..) => {
                self.answer(who, Outcome::Failed(Failure::Cancelled))
            }
        }
    }

    fn failed(&mut self, who: (Id<'_>, Version, u16), reason: String) -> Result<()> {
        let answered = self.answer(who, Outcome::Error(&reason));
        self.problem = Some(reason);
        answered
    }

    fn written(&mut self, who: (Id<'_>, Version, u16), written: &Written) -> Result<()> {
        self.problem = None;
        self.last = Some(Instant::now());
        let milliseconds = |time: Duration| time.as_millis().try_into().unwrap_or(u32::MAX);
        let result = Generated {
            generated_text: &written.text,
            tokens_generated: written.tokens.try_into().unwrap_or(u16::MAX),
            inference_time_ms: milliseconds(written.took),
            memory_used: written.memory.try_into().unwrap_or(i64::MAX),
            load_time_ms: milliseconds(written.load),
            finish_reason: written.finish,
        };
        self.answer_value(who, |out| result.write_fields(0, out))
    }

    fn health(&mut self, who: (Id<'_>, Version, u16)) -> Result<()> {
        let (count, bytes) = self.models.usage();
        let problem = self.problem.as_ref();
        let problem = problem.map(|text| text.chars().take(PROBLEM_MAX).collect::<String>());
        let result = Health {
            status: if problem.is_some() { Status::Degraded } else { Status::Healthy },
            memory_usage: bytes.try_into().unwrap_or(i64::MAX),
            models_loaded: count.try_into().unwrap_or(u16::MAX),
            last_execution: self
                .last
                .map(|at| at.elapsed().as_secs().try_into().unwrap_or(u32::MAX)),
            problem: problem.as_deref(),
        };
        self.answer_value(who, |out| result.write_fields(0, out))
    }

    fn answer_value(
        &mut self,
        who: (Id<'_>, Version, u16),
        fields: impl FnOnce(&mut ValueWriter<'_>),
    ) -> Result<()> {
        let mut value = std::mem::take(&mut self.value);
        let mut out = ValueWriter::new(&mut value);
        fields(&mut out);
        let length = out.len();
        let answered = match value.get(..length) {
            Some(fields) if validate(&TOOLS, who.2, Side::Output, fields).is_ok() => {
                self.answer(who, Outcome::Value(fields))
            }
            _ => self.answer(who, Outcome::Failed(Failure::BadResult)),
        };
        self.value = value;
        answered
    }
}
