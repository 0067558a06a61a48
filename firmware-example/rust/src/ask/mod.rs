//! Sentences become calls on this chip: the model in flash reads them a step at a time, and between
//! two steps the loop turns. So calls are answered meanwhile, and the watchdog is fed.
//!
//! What a sentence comes to is told, with how sure the model is; nothing is called. Who wants the
//! call makes it, as any other.
//!
//! - `trained`, feature `ask`: a model that was trained for the tools of the board;
//! - `base`, feature `ask-base`: the base model, with a table of whatever tools the board has.

#[cfg(all(feature = "ask", feature = "ask-base"))]
compile_error!("choose one model: the feature `ask` or `ask-base`");

#[cfg(feature = "ask-base")]
mod base;
#[cfg(not(feature = "ask-base"))]
mod trained;

use core::fmt::{Display, Write as _};
use core::hint::black_box;

#[cfg(feature = "ask-base")]
use base as model;
use heapless::String;
#[cfg(not(feature = "ask-base"))]
use trained as model;
use trine_dispatch::{Answer, Asked, CallId, Calls, NotNow};

use crate::Loop;
pub(crate) use model::start;
use model::{Refused, SentenceModel, read};

/// Most bytes of a sentence.
const SENTENCE_MAX: usize = 256;
/// Most bytes of a message from the host: such a sentence, and what stands before it.
pub(crate) const MESSAGE_MAX: u16 = SENTENCE_MAX as u16 + 16;
/// Within so many milliseconds the loop has to turn, or the processor is restarted.
pub(crate) const WATCHDOG_MS: u32 = 1_000;
/// The most bytes of the arguments of a call.
#[cfg(not(feature = "ask-base"))]
const ARGS: usize = SENTENCE_MAX + 64;

/// The alignment that an image asks for, and more than a base does.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

/// A sentence that waits for the loop, or is being read.
#[derive(Debug)]
pub(crate) struct Waiting {
    id: Option<CallId>,
    text: [u8; SENTENCE_MAX],
    len: usize,
    with_tokens: bool,
}

impl Waiting {
    pub(crate) const fn new() -> Self {
        Self { id: None, text: [0; SENTENCE_MAX], len: 0, with_tokens: false }
    }

    /// Keeps a sentence for the loop, if it is at none.
    pub(crate) fn keep(&mut self, asked: &Asked<'_>) -> Answer {
        if self.id.is_some() {
            return Answer::Failed("another sentence is being read: ask when it is answered");
        }
        let Some(place) = self.text.get_mut(..asked.sentence.len()) else {
            return Answer::Failed("the sentence is too long: at most 256 bytes are read here");
        };
        place.copy_from_slice(asked.sentence);
        self.len = asked.sentence.len();
        self.with_tokens = asked.with_tokens;
        self.id = Some(asked.id);
        Answer::Pending
    }

    /// No one waits for the answer any more.
    pub(crate) fn stop(&mut self, id: CallId) {
        if self.id == Some(id) {
            self.id = None;
        }
    }
}

/// Reads the sentence that waits, if one does, and answers it.
// This and the others are out of line, so that their stack is there only while they run.
#[inline(never)]
pub(crate) fn answer(reader: &mut Result<SentenceModel, Refused>, turns: &mut Loop<'_>) {
    let waiting = &turns.paced.sentence;
    let Some(id) = waiting.id else { return };
    let (text, len) = (waiting.text, waiting.len);
    let text = text.get(..len).unwrap_or_default();
    sentence_begins();
    match reader {
        Ok(reader) => {
            if let Err(trouble) = read(reader, text, id, turns) {
                fail(&trouble, id, turns);
            }
        }
        Err(refused) => fail(&*refused, id, turns),
    }
    sentence_ends();
    turns.paced.sentence.stop(id);
}

/// Answers with a failure, in words.
#[inline(never)]
fn fail(why: &dyn Display, id: CallId, turns: &mut Loop<'_>) {
    let mut words = String::<160>::new();
    // What does not fit is cut off.
    _ = write!(words, "{why}");
    until_sent(turns, |calls| calls.fail(id, &words));
}

/// Lets the loop turn until there is room for an answer.
fn until_sent(turns: &mut Loop<'_>, mut say: impl FnMut(&mut Calls<'_, '_>) -> Result<(), NotNow>) {
    while turns.device.with_calls(&mut say).is_err() {
        turns.turn();
    }
    // It is sent at once.
    turns.turn();
}

/// A sentence begins: what is counted begins where this returns.
#[inline(never)]
fn sentence_begins() {
    black_box(1);
}

/// A sentence was answered: what is counted ends where this returns.
#[inline(never)]
fn sentence_ends() {
    black_box(2);
}
