//! Calls of the two tools, whoever they come from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trine_descriptor::typed::Record as _;
use trine_descriptor::{Args, Tool, ToolParams as _, ValueWriter};

use super::models::{Limits, Models};
use super::progress::Progress;
use super::tools::{
    Generated, Health, INFERENCE, Inference, META, PROBLEM_MAX, Status, TEXT_MAX, TOOLS,
};
use super::worker::{Job, Tell, Written};

/// How long texts may be written on after [`Service::end`]. Then each ends with what it has.
const TEXTS_PATIENCE: Duration = Duration::from_secs(2);
/// When calls whose texts do not end, since a model is still being loaded, are answered so.
const CALLS_PATIENCE: Duration = Duration::from_millis(2_500);
const ENDED: &str = "the server ended before it generated the text: repeat the call";
/// Room for the entries of a result.
const VALUE_MAX: usize = 4 * TEXT_MAX + 4096;

/// Where the answer to a call goes. It ends once, by [`Self::value`] or [`Self::error`].
pub trait Reply: Send {
    /// Tells how many tokens of how many are written, and what is new of the text. Answers whether
    /// that was sent; what was not is told again with the next tokens.
    fn progress(&self, tokens: (u32, u32), text: &str) -> bool;

    /// Ends the call with a result: the entries of the tool's output.
    fn value(self: Box<Self>, entries: &[u8]);

    /// Ends the call with an error.
    fn error(self: Box<Self>, why: &str);
}

/// The models of a folder and the calls under way. [`Self::tools`] are served by whoever owns it.
#[derive(Debug)]
pub struct Service {
    /// Not locked by the thread of a model, which may be waited for while this is locked.
    models: Mutex<Models>,
    calls: Arc<Calls>,
}

/// What the threads of the models share with the callers.
#[derive(Debug, Default)]
struct Calls(Mutex<State>);

/// Calls under way, and what came of those before.
#[derive(Debug, Default)]
struct State {
    pending: Vec<Pending>,
    next: u64,
    /// Why the last model could not be loaded or used.
    problem: Option<String>,
    /// When a text was last written.
    last: Option<Instant>,
    /// No further call is taken.
    is_ending: bool,
}

/// A text that is being written.
struct Pending {
    number: u64,
    reply: Box<dyn Reply>,
    progress: Progress,
    cancelled: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Service {
    /// The models of a folder, none of which is loaded yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { models: Mutex::new(Models::new(limits)), calls: Arc::default() }
    }

    /// The tools, `bitnet-inference` and `bitnet-health`.
    #[must_use]
    pub const fn tools() -> &'static [Tool<'static>] {
        &TOOLS
    }

    /// What each tool has in its `_meta`.
    #[must_use]
    pub const fn meta() -> &'static [(&'static str, &'static str)] {
        &META
    }

    fn models(&self) -> MutexGuard<'_, Models> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the tool in `row` with arguments that are valid. The reply comes at once, or from the
    /// thread of a model. When `cancelled` is set, the text ends, and the reply is an error.
    pub fn call(
        &self,
        row: u16,
        args: &Args<'_>,
        cancelled: &Arc<AtomicBool>,
        reply: Box<dyn Reply>,
    ) {
        if row != INFERENCE {
            return self.health(reply);
        }
        match Inference::read(args) {
            Some(wanted) => self.infer(&wanted, Arc::clone(cancelled), reply),
            None => reply.error("the arguments cannot be read"),
        }
    }

    fn infer(&self, wanted: &Inference<'_>, cancelled: Arc<AtomicBool>, reply: Box<dyn Reply>) {
        let model = match self.models().find(wanted.model_path) {
            Ok(model) => model,
            Err(error) => return reply.error(&error.chain()),
        };
        let ends = Arc::new(AtomicBool::new(false));
        let progress = Progress::new(wanted.max_tokens.into());
        let (job_cancelled, job_ends) = (Arc::clone(&cancelled), Arc::clone(&ends));
        let pending = Pending { number: 0, reply, progress, cancelled, ends };
        let Some(number) = self.calls.add(pending) else { return };
        let calls = Arc::clone(&self.calls);
        let job = Job {
            prompt: wanted.prompt.to_owned(),
            max_tokens: wanted.max_tokens.into(),
            temperature: wanted.temperature.0 as f32 / 1000.0,
            seed: wanted.seed.into(),
            cancelled: job_cancelled,
            ends: job_ends,
            tell: Box::new(move |tell| calls.told(number, tell)),
        };
        let ordered = self.models().order(model, job);
        if let Err(error) = ordered {
            self.calls.told(number, Tell::Failed(error.chain()));
        }
    }

    fn health(&self, reply: Box<dyn Reply>) {
        let (count, bytes) = {
            let mut models = self.models();
            models.forget_gone();
            models.usage()
        };
        let state = self.calls.state();
        let problem = state.problem.as_ref();
        let problem = problem.map(|text| text.chars().take(PROBLEM_MAX).collect::<String>());
        let seconds = |at: Instant| at.elapsed().as_secs().try_into().unwrap_or(u32::MAX);
        let result = Health {
            status: if problem.is_some() { Status::Degraded } else { Status::Healthy },
            memory_usage: bytes.try_into().unwrap_or(i64::MAX),
            models_loaded: count.try_into().unwrap_or(u16::MAX),
            last_execution: state.last.map(seconds),
            problem: problem.as_deref(),
        };
        drop(state);
        value(reply, |out| result.write_fields(0, out));
    }

    /// Takes no further call. Texts that are being written have two seconds, then they end with
    /// what they have; half a second later the calls that are left are answered with an error.
    pub fn end(&self) {
        self.calls.state().is_ending = true;
        let calls = Arc::clone(&self.calls);
        let run = move || {
            std::thread::sleep(TEXTS_PATIENCE);
            calls.end_texts();
            std::thread::sleep(CALLS_PATIENCE.saturating_sub(TEXTS_PATIENCE));
            calls.give_up();
        };
        if std::thread::Builder::new().name("end".to_owned()).spawn(run).is_err() {
            self.calls.end_texts();
        }
    }

    /// Cancels all calls, waits for the threads of the models and frees their memory.
    pub fn close(&self) {
        self.calls.state().is_ending = true;
        self.calls.give_up();
        self.models().clear();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.close();
    }
}

impl Calls {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call, and answers its number; `None` where none is taken any more.
    fn add(&self, mut pending: Pending) -> Option<u64> {
        let mut state = self.state();
        if state.is_ending {
            drop(state);
            pending.reply.error(ENDED);
            return None;
        }
        state.next += 1;
        pending.number = state.next;
        state.pending.push(pending);
        Some(state.next)
    }

    /// News of a text, from the thread of its model.
    fn told(&self, number: u64, tell: Tell) {
        let mut state = self.state();
        let Some(at) = state.pending.iter().position(|one| one.number == number) else { return };
        if let Tell::Tokens(count, fresh) = tell {
            if let Some(Pending { progress, reply, .. }) = state.pending.get_mut(at) {
                progress.add(count, &fresh, |tokens, text| reply.progress(tokens, text));
            }
            return;
        }
        let Pending { reply, .. } = state.pending.swap_remove(at);
        match tell {
            Tell::Done(written) => {
                (state.problem, state.last) = (None, Some(Instant::now()));
                drop(state);
                self::written(reply, &written);
            }
            Tell::Failed(why) | Tell::Unloadable(why) => {
                state.problem = Some(why.clone());
                drop(state);
                reply.error(&why);
            }
            Tell::Cancelled | Tell::Tokens(..) => {
                drop(state);
                reply.error("the call was cancelled");
            }
        }
    }

    /// Lets each text end with what it has.
    fn end_texts(&self) {
        self.state().pending.iter().for_each(|it| it.ends.store(true, Ordering::Release));
    }

    /// Cancels the calls that are left, and answers them with an error.
    fn give_up(&self) {
        let left = std::mem::take(&mut self.state().pending);
        for pending in left {
            pending.cancelled.store(true, Ordering::Release);
            pending.reply.error(ENDED);
        }
    }
}

fn written(reply: Box<dyn Reply>, written: &Written) {
    let milliseconds = |time: Duration| time.as_millis().try_into().unwrap_or(u32::MAX);
    let result = Generated {
        generated_text: &written.text,
        tokens_generated: written.tokens.try_into().unwrap_or(u16::MAX),
        inference_time_ms: milliseconds(written.took),
        memory_used: written.memory.try_into().unwrap_or(i64::MAX),
        load_time_ms: milliseconds(written.load),
        finish_reason: written.finish,
    };
    value(reply, |out| result.write_fields(0, out));
}

fn value(reply: Box<dyn Reply>, fields: impl FnOnce(&mut ValueWriter<'_>)) {
    let mut memory = vec![0; VALUE_MAX];
    let mut out = ValueWriter::new(&mut memory);
    fields(&mut out);
    let length = out.len();
    match memory.get(..length) {
        Some(entries) => reply.value(entries),
        None => reply.error("the text is too long for an answer: ask for fewer tokens"),
    }
}
