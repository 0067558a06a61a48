//! A text that a device goes on with.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use trine_ggml::Engine;
use trine_infer::generate::End;
use trine_infer::sample::Choose;

/// The right to speak with devices, which their backends give to one thread at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Waits for this thread's turn to speak with devices.
pub fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a device came.
#[derive(Debug)]
pub enum Written {
    /// To the end.
    All(End),
    /// It failed: all tokens so far, how many more were asked for, and what it said.
    Part(Vec<u32>, usize, trine_ggml::Error),
}

/// Reads a prompt and writes at most `left` tokens after it, as
/// [`Generation`](trine_infer::generate::Generation) does with our own engine. What the device has
/// read before is forgotten.
pub fn write(
    engine: &mut Engine<'_>,
    sampler: &mut impl Choose,
    prompt: &[u32],
    mut left: usize,
    stop: &[u32],
    mut each: impl FnMut(u32) -> ControlFlow<()>,
) -> Written {
    let fitting = engine.context().min(prompt.len());
    let mut all = prompt.to_vec();
    let begin = |engine: &mut Engine<'_>| {
        let _turn = turn();
        engine.truncate(0)?;
        engine.read_prompt(prompt.get(..fitting).unwrap_or_default())
    };
    let mut read = begin(engine);
    loop {
        if let Err(error) = read {
            return Written::Part(all, left, error);
        }
        if fitting < prompt.len() {
            return Written::All(End::Full);
        }
        if left == 0 {
            return Written::All(End::Limit);
        }
        let Some((logits, recent)) = engine.choice() else { return Written::All(End::Limit) };
        let token = sampler.choose(logits, recent);
        if stop.contains(&token) {
            return Written::All(End::Stop(token));
        }
        left -= 1;
        if each(token).is_break() {
            return Written::All(End::Cancelled);
        }
        if left == 0 {
            return Written::All(End::Limit);
        }
        if engine.tokens().len() == engine.context() {
            return Written::All(End::Full);
        }
        all.push(token);
        let _turn = turn();
        read = engine.read(&[token]);
    }
}
