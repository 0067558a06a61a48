//! A session that a device computes, and that the processor goes on with where the device fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use trine_c_model::hosted::{ExternalModel, FAILED, ModelObject, Refused, UNSUPPORTED};
use trine_ggml::{Activations, Device, GgmlEngine, Kept};
use trine_infer::generate::LogitModel;
use trine_infer::{DecodeSession, Error, Options, Step, arena_bytes};
use trine_ternary::parallel::Parallel;

use crate::model::Wanted;

/// Says what panicked where nothing may.
const PANICKED: &str = "the device's backend has a fault that this library does not know";

/// The right to speak with devices, which their backends give to one thread at a time.
static TURN: Mutex<()> = Mutex::new(());

pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Speaks with a device, when it is this thread's turn.
fn speak<T>(work: impl FnOnce() -> trine_ggml::Result<T>) -> Result<T, String> {
    let _turn = turn();
    let done = catch_unwind(AssertUnwindSafe(work)).map_err(|_| PANICKED.to_owned())?;
    done.map_err(|error| error.to_string())
}

/// Who computes.
enum Computes {
    Device(Box<GgmlEngine<'static>>),
    Processor(Box<Own>),
    /// Nobody: the device has failed, and there is no memory for the processor.
    None,
}

/// Our engine, in memory of its own.
struct Own {
    session: DecodeSession<'static, 'static>,
    memory: *mut [u8],
}

impl Own {
    fn new(model: &ModelObject, options: &Options) -> Result<Self, Error> {
        // The block may start anywhere.
        let bytes = arena_bytes(model.model().config(), options)? + 3;
        let memory = Box::into_raw(vec![0; bytes].into_boxed_slice());
        // SAFETY: just made; it lives as long as the session, and nothing else is made of it.
        let room: &'static mut [u8] = unsafe { &mut *memory };
        match DecodeSession::new(model.model(), options, room) {
            Ok(session) => Ok(Self { session, memory }),
            Err(error) => {
                // SAFETY: made above, and nobody borrows it.
                drop(unsafe { Box::from_raw(memory) });
                Err(error)
            }
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw`; the session looks at none of it as it goes.
        drop(unsafe { Box::from_raw(self.memory) });
    }
}

/// A text on a device, or on the processor once the device has failed.
pub(crate) struct Offloaded {
    model: &'static ModelObject,
    wanted: Wanted,
    options: Options,
    who: Computes,
    /// What counts as read. The processor may have to read it again before it goes on.
    text: Vec<u32>,
    /// How many of the first tokens saw each other whole.
    whole: usize,
    /// What was begun and is not read yet.
    next: Vec<u32>,
    /// Whether that is a prompt that is read whole.
    is_prompt: bool,
    /// Whether its last token ends with logits.
    with_logits: bool,
}

impl Offloaded {
    /// Opens a model on a device.
    pub(crate) fn open(
        model: &'static ModelObject,
        device: Device,
        wanted: Wanted,
        options: Options,
    ) -> Result<Self, String> {
        let kept = Kept::try_from(options.kv).map_err(|error| error.to_string())?;
        let there = trine_ggml::Options {
            batch: options.batch,
            kv: kept,
            threads: wanted.threads,
            memory: wanted.memory,
            layers: wanted.layers,
            activations: if wanted.is_floats { Activations::Floats } else { Activations::Int8 },
            ..trine_ggml::Options::new(options.context)
        };
        let tell = |plan: &trine_ggml::Plan| wanted.notes.plan(&plan.to_string());
        let engine = speak(|| GgmlEngine::open(model.model(), device, &there, model.pool(), tell))?;
        Ok(Self {
            model,
            wanted,
            options,
            who: Computes::Device(Box::new(engine)),
            text: Vec::new(),
            whole: 0,
            next: Vec::new(),
            is_prompt: false,
            with_logits: false,
        })
    }

    /// Lets the processor go on, where it may.
    fn fall_back(&mut self, why: &str) -> Result<(), Refused> {
        let notes = self.wanted.notes;
        if !self.wanted.choice.falls_back {
            notes.error(why);
            return Err(Refused(FAILED));
        }
        notes.warn(why);
        // The device's memory goes first.
        self.leave();
        self.who = Computes::Processor(Box::new(Own::new(self.model, &self.options)?));
        Ok(())
    }

    fn leave(&mut self) {
        let who = std::mem::replace(&mut self.who, Computes::None);
        let left = speak(|| {
            drop(who);
            Ok(())
        });
        if let Err(error) = left {
            self.wanted.notes.error(&error);
        }
    }

    /// One pass of a device: a batch, or a prompt that is read whole.
    fn pass(&mut self) -> Result<(), String> {
        let Computes::Device(engine) = &mut self.who else { return Ok(()) };
        let count = if self.is_prompt { self.next.len() } else { engine.batch() };
        let (tokens, rest) = self.next.split_at(count.min(self.next.len()));
        let with_logits = rest.is_empty() && self.with_logits;
        speak(|| match (self.is_prompt, with_logits) {
            (true, _) => engine.read_prompt(tokens),
            (false, true) => engine.read(tokens),
            (false, false) => engine.read_without_logits(tokens),
        })?;
        if self.is_prompt {
            self.whole = tokens.len();
        }
        self.text.extend(tokens);
        self.next = rest.to_vec();
        Ok(())
    }

    /// What the processor has read beyond what counted so counts too.
    fn settle(&mut self) {
        let Computes::Processor(own) = &self.who else { return };
        let new = own.session.tokens().len().saturating_sub(self.text.len());
        if new > 0 {
            if self.is_prompt {
                self.whole = new;
            }
            self.text.extend(self.next.drain(..new.min(self.next.len())));
        }
    }

    /// Begins what the processor is to read next; answers whether there was something.
    fn begin_next(&mut self) -> Result<bool, Refused> {
        let Computes::Processor(own) = &mut self.who else { return Ok(false) };
        let read = own.session.tokens().len();
        let again = self.text.get(read..).unwrap_or_default();
        if read == 0 && self.whole > 0 {
            let whole = again.get(..self.whole).unwrap_or_default();
            own.session.begin_prompt(whole.iter().copied())?;
        } else if !again.is_empty() {
            own.session.begin(again)?;
        } else if self.next.is_empty() {
            return Ok(false);
        } else if self.is_prompt {
            own.session.begin_prompt(self.next.iter().copied())?;
        } else if self.with_logits {
            own.session.begin(&self.next)?;
        } else {
            own.session.begin_without_logits(&self.next)?;
        }
        Ok(true)
    }

    /// Takes tokens to be read.
    fn take(&mut self, tokens: &[u32], is_prompt: bool) -> Result<usize, Refused> {
        if !self.next.is_empty() {
            return Err(Error::Busy.into());
        }
        let vocab = self.model.model().config().vocab;
        if let Some(wrong) = tokens.iter().find(|token| **token as usize >= vocab) {
            return Err(Error::Token(*wrong).into());
        }
        let room = self.options.context - self.text.len();
        if is_prompt && tokens.len() > room {
            return Ok(0);
        }
        let count = tokens.len().min(room);
        self.next = tokens.get(..count).unwrap_or_default().to_vec();
        (self.is_prompt, self.with_logits) = (is_prompt, count == tokens.len());
        Ok(count)
    }
}

impl Drop for Offloaded {
    fn drop(&mut self) {
        self.leave();
    }
}

impl LogitModel for Offloaded {
    type Error = Refused;

    fn has_prefix_attention(&self) -> bool {
        self.model.model().config().prefix_layers > 0
    }

    fn tokens(&self) -> &[u32] {
        &self.text
    }

    fn context(&self) -> usize {
        self.options.context
    }

    fn choice(&mut self) -> Option<(&mut [f32], &[u32])> {
        self.logits()?;
        match &mut self.who {
            Computes::Device(engine) => engine.choice(),
            Computes::Processor(own) => own.session.choice(),
            Computes::None => None,
        }
    }

    fn begin(&mut self, tokens: &[u32]) -> Result<usize, Refused> {
        self.take(tokens, false)
    }

    fn begin_prompt(&mut self, prompt: &[u32]) -> Result<usize, Refused> {
        self.take(prompt, true)
    }

    fn step(&mut self, rows: usize, pool: &dyn Parallel) -> Result<Step, Refused> {
        if let Computes::Device(_) = self.who {
            if self.next.is_empty() {
                return Ok(Step::Done);
            }
            if let Err(why) = self.pass() {
                self.fall_back(&why)?;
            }
            let is_done = self.next.is_empty() && matches!(self.who, Computes::Device(_));
            return Ok(if is_done { Step::Done } else { Step::More });
        }
        let Computes::Processor(own) = &mut self.who else { return Err(Refused(FAILED)) };
        if own.session.step(rows, pool) == Step::More {
            return Ok(Step::More);
        }
        self.settle();
        Ok(if self.begin_next()? { Step::More } else { Step::Done })
    }

    fn cancel(&mut self) {
        if let Computes::Processor(own) = &mut self.who {
            own.session.cancel();
        }
        self.next.clear();
    }

    fn shift(&mut self, keep: usize, count: usize) -> Result<(), Refused> {
        let Computes::Processor(own) = &mut self.who else { return Err(Refused(UNSUPPORTED)) };
        own.session.shift(keep, count)?;
        self.text = own.session.tokens().to_vec();
        let from = keep.saturating_add(count);
        self.whole -= self.whole.min(from) - self.whole.min(keep);
        Ok(())
    }
}

impl ExternalModel for Offloaded {
    fn logits(&self) -> Option<&[f32]> {
        if !self.next.is_empty() {
            return None;
        }
        match &self.who {
            Computes::Device(engine) => engine.logits(),
            Computes::Processor(own) if own.session.tokens().len() == self.text.len() => {
                own.session.logits()
            }
            Computes::Processor(_) | Computes::None => None,
        }
    }

    fn truncate(&mut self, len: usize) -> Result<(), Refused> {
        if len > 0 && len < self.whole {
            return Err(Error::Option("a prompt with prefix attention is forgotten as one").into());
        }
        match &mut self.who {
            Computes::Device(engine) => {
                speak(|| engine.truncate(len)).map_err(|why| {
                    self.wanted.notes.error(&why);
                    Refused(FAILED)
                })?;
            }
            Computes::Processor(own) => own.session.truncate(len)?,
            Computes::None => {}
        }
        self.text.truncate(len);
        self.whole = self.whole.min(len);
        Ok(())
    }

    fn will_shift(&mut self) -> Result<(), Refused> {
        if !matches!(self.who, Computes::Device(_)) {
            return Ok(());
        }
        let why = "a context is shifted by the processor alone: leave out TRINE_MODEL_SHIFT";
        self.fall_back(why).map_err(|refused| {
            if self.wanted.choice.falls_back { refused } else { Refused(UNSUPPORTED) }
        })
    }
}
