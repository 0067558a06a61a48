//! A text that a device goes on with.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use trine_ggml::{Error, GgmlEngine};
use trine_infer::generate::End;
use trine_infer::sample::Choose;

use super::Task;

/// The right to speak with devices, which their backends give to one thread at a time; and the
/// right to be the next, without which who has just had a turn would have the next one too.
static TURN: Mutex<()> = Mutex::new(());
static NEXT: Mutex<()> = Mutex::new(());

/// Waits for this thread's turn to speak with devices.
pub fn turn() -> MutexGuard<'static, ()> {
    let _next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a prompt and writes the text after it, as
/// [`Generation`](trine_infer::generate::Generation) does with our own engine. What the device has
/// read before is forgotten. `each` is handed each token, and `None` after each part of the prompt;
/// it may break it off.
///
/// # Errors
/// When the device fails; then the task says how far it came.
pub fn write(
    engine: &mut GgmlEngine<'_>,
    sampler: &mut impl Choose,
    task: &mut Task<'_>,
    each: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
) -> Result<End, Error> {
    if !read_prompt(engine, &task.tokens, each)? {
        return Ok(End::Cancelled);
    }
    if engine.tokens().len() < task.tokens.len() {
        return Ok(End::Full);
    }
    while task.left > 0 {
        let Some((logits, recent)) = engine.choice() else { break };
        let token = sampler.choose(logits, recent);
        if task.stop.contains(&token) {
            return Ok(End::Stop(token));
        }
        task.left -= 1;
        if each(Some(token)).is_break() {
            return Ok(End::Cancelled);
        }
        if task.left == 0 {
            break;
        }
        if engine.tokens().len() == engine.context() {
            return Ok(End::Full);
        }
        task.tokens.push(token);
        let _turn = turn();
        engine.read(&[token])?;
    }
    Ok(End::Limit)
}

/// Reads what there is room for of a prompt, in parts where the model does not see it whole, so
/// that others have their turn; answers whether it was not broken off.
fn read_prompt(
    engine: &mut GgmlEngine<'_>,
    prompt: &[u32],
    each: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
) -> Result<bool, Error> {
    let mut rest = prompt.get(..engine.context().min(prompt.len())).unwrap_or_default();
    let at_once = if engine.has_prefix_attention() { rest.len() } else { engine.batch() };
    engine.truncate(0)?;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.len().min(at_once));
        {
            let _turn = turn();
            if engine.has_prefix_attention() {
                engine.read_prompt(part)?;
            } else if after.is_empty() {
                engine.read(part)?;
            } else {
                engine.read_without_logits(part)?;
            }
        }
        if each(None).is_break() {
            return Ok(false);
        }
        rest = after;
    }
    Ok(true)
}
