//! A text that is being written, one of several with the same model.

use std::time::Instant;

use trine_bits::Random;
use trine_infer::BatchSession;
use trine_infer::generate::End;
use trine_infer::sample::{Candidate, Sampler};

use super::opened::sampling_of;
use super::text::Completion;
use super::worker::{Job, Tell};
use crate::Result;
use crate::model::Loaded;

/// A text that is to be written.
pub(super) struct Draft<'t> {
    pub(super) job: Job,
    /// Since when it is written.
    pub(super) begun: Instant,
    pub(super) prompt: Vec<u32>,
    /// Positions that it takes.
    pub(super) room: usize,
    pub(super) text: Completion<'t>,
    random: Random,
    /// How many tokens more.
    left: usize,
}

impl<'t> Draft<'t> {
    /// What a job asks for, which begins with the tokens of its prompt.
    pub(super) fn new(loaded: &'t Loaded<'_>, job: Job, prompt: Vec<u32>) -> Self {
        let room = prompt.len().saturating_add(job.max_tokens).min(loaded.model.config().context);
        let (text, random) = (Completion::new(&loaded.tokenizer), Random::new(job.seed));
        let (begun, left) = (Instant::now(), job.max_tokens);
        Self { job, begun, prompt, room, text, random, left }
    }
}

/// A text and the sequence that it is written in.
pub(super) struct Seat<'t> {
    pub(super) sequence: usize,
    pub(super) draft: Draft<'t>,
    /// Tokens of the prompt that are read.
    pub(super) read: usize,
    /// The token that is read next.
    next: Option<u32>,
    /// Whether the next pass has tokens of it.
    pub(super) is_added: bool,
}

impl<'t> Seat<'t> {
    /// `read` is the number of tokens of the prompt that the sequence has already.
    pub(super) const fn new(sequence: usize, draft: Draft<'t>, read: usize) -> Self {
        Self { sequence, draft, read, next: None, is_added: false }
    }

    /// Whether the prompt is not read yet.
    pub(super) fn reads(&self) -> bool {
        self.read < self.draft.prompt.len()
    }

    /// Adds the last token to the next pass, or at most `most` tokens of the prompt. Answers why
    /// the text ends, if it does.
    pub(super) fn add(&mut self, session: &mut BatchSession<'_, '_>, most: usize) -> Option<End> {
        let added = match &self.next {
            Some(token) => session.add(self.sequence, std::slice::from_ref(token), 1),
            None => {
                let unread = self.draft.prompt.get(self.read..).unwrap_or_default();
                session.add(self.sequence, unread, most).inspect(|count| self.read += count)
            }
        };
        self.is_added = true;
        // Tokens were seen to be of the vocabulary, so what is missing is room.
        added.is_err().then_some(End::Full)
    }

    /// After a pass: chooses the next token if it is time for that, and tells it. Answers why the
    /// text ends, if it does.
    pub(super) fn go_on(
        &mut self,
        session: &mut BatchSession<'_, '_>,
        candidates: &mut [Candidate],
        stop: &[u32],
    ) -> Result<Option<End>> {
        self.is_added = false;
        let Draft { job, text, random, left, .. } = &mut self.draft;
        if job.is_over() {
            return Ok(Some(End::Cancelled));
        }
        let Some((logits, recent)) = session.choice(self.sequence) else { return Ok(None) };
        if *left == 0 {
            return Ok(Some(End::Limit));
        }
        let mut sampler = Sampler::new(sampling_of(job), candidates)?.going_on(*random);
        let token = sampler.choose(logits, recent);
        *random = sampler.random();
        if stop.contains(&token) {
            return Ok(Some(End::Stop(token)));
        }
        *left -= 1;
        self.next = Some(token);
        text.push(token);
        (job.tell)(Tell::Tokens(text.count, text.fresh()));
        let ends = if text.is_full() || job.is_over() {
            Some(End::Cancelled)
        } else {
            (*left == 0).then_some(End::Limit)
        };
        Ok(ends)
    }
}
