//! Where the time of a model goes, stage by stage.

use std::time::{Duration, Instant};

use trine_infer::{ARENA_SPARE, DecodeSession, KvKind, Options, StageKind, Step, arena_bytes};
use trine_ternary::parallel::Parallel;

use super::Loaded;
use super::bench::{BATCH, Plan, tokens};
use crate::Result;

/// Time that a stage takes, in all blocks and tokens together.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: StageKind,
    /// On the wall, waiting for threads included.
    pub wall: Duration,
}

/// Where the time goes.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Of a prompt, the stages in their order.
    pub prefill: Vec<Stage>,
    /// Of tokens that are decoded after it.
    pub decode: Vec<Stage>,
}

impl Profile {
    /// The share of the time that is neither products of weights nor attention.
    #[must_use]
    pub fn rest(stages: &[Stage]) -> f64 {
        let sum = |which: fn(&&Stage) -> bool| {
            stages.iter().filter(which).map(|stage| stage.wall.as_secs_f64()).sum::<f64>()
        };
        sum(|stage| stage.kind == StageKind::Rest) / sum(|_| true)
    }
}

/// Measures a prompt and what is decoded after it. Pages of the file are in memory by then.
///
/// # Errors
/// When the context of the model is too short.
pub fn profile(
    loaded: &Loaded<'_>,
    (prompt, decoded): (usize, usize),
    pool: &dyn Parallel,
) -> Result<Profile> {
    let config = loaded.model.config();
    let context = prompt.saturating_add(decoded);
    let (batch, kv) = (BATCH.min(prompt), KvKind::of_context(context));
    let options = Options { context, batch, kv, ..Options::new(config) };
    let options = options.with_tables(loaded.model.weights());
    let mut memory = vec![0; arena_bytes(config, &options)? + ARENA_SPARE];
    let mut session = DecodeSession::new(&loaded.model, &options, &mut memory)?;
    let plan = Plan { prompt, tokens: decoded, rounds: 1, kv, sequences: 1 };
    let tokens = tokens(&plan, config.vocab);
    let (prompt, rest) = tokens.split_at(prompt);
    session.read(rest.get(..1).unwrap_or_default(), pool)?;
    session.truncate(0)?;
    let mut profile = Profile::default();
    read(&mut session, prompt, pool, &mut profile.prefill)?;
    for token in rest {
        read(&mut session, &[*token], pool, &mut profile.decode)?;
    }
    Ok(profile)
}

/// Reads tokens and adds the time of each stage.
fn read(
    session: &mut DecodeSession<'_, '_>,
    tokens: &[u32],
    pool: &dyn Parallel,
    stages: &mut Vec<Stage>,
) -> Result<()> {
    let mut unread = tokens;
    while !unread.is_empty() {
        let taken = session.begin(unread)?;
        unread = unread.get(taken..).unwrap_or_default();
        while let Some((name, kind)) = session.stage() {
            let begun = Instant::now();
            let step = session.step(usize::MAX, pool);
            let wall = begun.elapsed();
            match stages.iter_mut().find(|stage| stage.name == name) {
                Some(stage) => stage.wall += wall,
                None => stages.push(Stage { name, kind, wall }),
            }
            if step == Step::Done {
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_products_nor_attention_is_the_rest() {
        let stage = |name, kind, ms| Stage { name, kind, wall: Duration::from_millis(ms) };
        let all = [
            stage("norms", StageKind::Rest, 10),
            stage("down", StageKind::Products, 60),
            stage("attention", StageKind::Attention, 30),
        ];
        assert!((Profile::rest(&all) - 0.1).abs() < 1e-9);
    }
}
