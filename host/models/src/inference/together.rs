//! Texts that are written at the same time with one model on the processor.
//!
//! All of them get on by a token with each pass, and weights come from memory once for all. While
//! texts are written, prompts are read a part at a time, those of several clients in equal shares.
//! What was read stays, as long as its place is not needed: a prompt that begins as another one did
//! is not read from its beginning again.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use trine_infer::generate::End;
use trine_infer::sample::Candidate;
use trine_infer::{
    ARENA_SPARE, BatchOptions, BatchSession, Config, KvKind, Step, batch_arena_bytes,
};

use super::draft::{Draft, Seat};
use super::opened::{TOP_K, prompt_of, stops, written};
use super::worker::{Job, Tell, Written};
use crate::model::{BATCH, Loaded, Pool, Zeros};
use crate::{Error, Result};

/// Tokens of prompts that a pass takes while texts are written.
const SHARE: usize = 32;
/// The shortest beginning that is worth being taken over.
const PREFIX: usize = 8;
/// How long what was read stays when nothing is written.
const IDLE: Duration = Duration::from_secs(60);

/// How many texts are written at the same time with a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Several {
    /// At most.
    pub(super) texts: usize,
    /// Bytes for their keys and values and for what is computed, where that is enough for one.
    pub(super) bytes: usize,
}

/// A model, and what is to be written with it.
pub(super) struct Together<'t, 'l> {
    pub(super) loaded: &'t Loaded<'l>,
    pub(super) pool: &'t Pool,
    pub(super) several: Several,
    /// Is told what came of a job.
    pub(super) done: &'t dyn Fn(&Job, Tell),
    /// Time for loading, which the first text is told.
    pub(super) load: Duration,
}

impl<'t> Together<'t, '_> {
    /// Writes the texts of this job and of those that come, until none has come for a while.
    pub(super) fn run(&mut self, first: Job, jobs: &Receiver<Job>) {
        let mut waiting: VecDeque<Draft<'t>> = self.draft(first).into_iter().collect();
        while let Some(most) = waiting.iter().map(|draft| draft.room).max() {
            waiting = match self.session(most, waiting, jobs) {
                Ok(left) => left,
                Err((waiting, error)) => {
                    let failed =
                        |draft: Draft<'t>| self.end(&draft.job, Tell::Failed(error.chain()));
                    return waiting.into_iter().for_each(failed);
                }
            };
        }
    }

    /// Writes in one session, which has room for a text of `most` positions. Answers the texts that
    /// need more.
    fn session(
        &mut self,
        most: usize,
        waiting: VecDeque<Draft<'t>>,
        jobs: &Receiver<Job>,
    ) -> std::result::Result<VecDeque<Draft<'t>>, (VecDeque<Draft<'t>>, Error)> {
        let (model, mut options) = (&self.loaded.model, self.options(most));
        let mut memory = match zeros(model.config(), &options).or_else(|_| {
            // Some systems promise no more than they have.
            options.positions = most;
            zeros(model.config(), &options)
        }) {
            Ok(memory) => memory,
            Err(error) => return Err((waiting, error)),
        };
        let session = match BatchSession::new(model, &options, &mut memory) {
            Ok(session) => session,
            Err(error) => return Err((waiting, error.into())),
        };
        let mut table = Table::new(self, session, options, waiting);
        table.write(jobs);
        Ok(table.waiting)
    }

    /// A text of a job; none where it cannot be written, which is told.
    fn draft(&self, job: Job) -> Option<Draft<'t>> {
        match prompt_of(self.loaded, &job) {
            Ok(prompt) => Some(Draft::new(self.loaded, job, prompt)),
            Err(error) => {
                self.end(&job, Tell::Failed(error.chain()));
                None
            }
        }
    }

    /// Tells what came of a job.
    fn end(&self, job: &Job, tell: Tell) {
        (self.done)(job, if job.is_cancelled() { Tell::Cancelled } else { tell });
    }

    /// A session with room for a text of `most` positions, and for `texts` texts of any length if
    /// that much memory is allowed.
    fn options(&self, most: usize) -> BatchOptions {
        let config = self.loaded.model.config();
        let texts = self.several.texts.max(1);
        let all = config.context.saturating_mul(texts);
        let options = BatchOptions {
            positions: all,
            batch: BATCH.min(all).max(texts),
            kv: KvKind::of_context(config.context),
            ..BatchOptions::new(config, texts)
        };
        let options = options.with_tables(self.loaded.model.weights());
        let bytes = |positions| batch_arena_bytes(config, &BatchOptions { positions, ..options });
        let (Ok(one), Ok(two)) = (bytes(1), bytes(2)) else { return options };
        let enough = self.several.bytes.saturating_sub(one).checked_div(two - one);
        BatchOptions { positions: all.min(enough.unwrap_or(all)).max(most), ..options }
    }
}

/// Memory for a session: the system gives a page when it is written to.
fn zeros(config: &Config, options: &BatchOptions) -> Result<Zeros> {
    let needed = batch_arena_bytes(config, options)?;
    Zeros::new(needed.saturating_add(ARENA_SPARE)).map_err(|_| Error::NoMemory { needed })
}

/// The texts that have a place, and those that wait for one.
struct Table<'a, 't, 'l, 'm> {
    together: &'a mut Together<'t, 'l>,
    session: BatchSession<'m, 'l>,
    options: BatchOptions,
    candidates: Vec<Candidate>,
    /// Tokens at which a text ends.
    stop: Vec<u32>,
    seats: Vec<Seat<'t>>,
    /// Sequences of texts that have ended, the newest last.
    kept: VecDeque<usize>,
    waiting: VecDeque<Draft<'t>>,
}

impl<'a, 't, 'l, 'm> Table<'a, 't, 'l, 'm> {
    fn new(
        together: &'a mut Together<'t, 'l>,
        session: BatchSession<'m, 'l>,
        options: BatchOptions,
        waiting: VecDeque<Draft<'t>>,
    ) -> Self {
        Self {
            stop: stops(together.loaded),
            together,
            session,
            options,
            candidates: vec![Candidate::default(); TOP_K],
            seats: Vec::new(),
            kept: VecDeque::new(),
            waiting,
        }
    }
}

impl<'t> Table<'_, 't, '_, '_> {
    /// Writes until no one has asked for anything for a while, or the next text needs more room
    /// than there is.
    fn write(&mut self, jobs: &Receiver<Job>) {
        loop {
            while let Ok(job) = jobs.try_recv() {
                self.waiting.extend(self.together.draft(job));
            }
            self.seat_all();
            if self.seats.is_empty() {
                if !self.waiting.is_empty() {
                    return;
                }
                match jobs.recv_timeout(IDLE) {
                    Ok(job) => self.waiting.extend(self.together.draft(job)),
                    // No one asks, or no one can any more.
                    Err(_) => return,
                }
                continue;
            }
            self.pass();
        }
    }

    /// Gives those that wait a place, in their order, as long as there is one.
    fn seat_all(&mut self) {
        let mut later = VecDeque::new();
        while let Some(mut draft) = self.waiting.pop_front() {
            if draft.job.is_over() {
                self.end(draft, Ok(End::Cancelled));
            } else if let (true, Some((sequence, read))) = (later.is_empty(), self.place(&draft)) {
                draft.begun = Instant::now();
                self.seats.push(Seat::new(sequence, draft, read));
            } else {
                later.push_back(draft);
            }
        }
        self.waiting = later;
    }

    /// A sequence for a text, and how many tokens of the prompt it has already.
    fn place(&mut self, draft: &Draft<'t>) -> Option<(usize, usize)> {
        let source = self.beginning(&draft.prompt);
        // One that has ended and is long enough is gone on with.
        if let Some((sequence, count)) = source
            && self.session.room(sequence) >= draft.room
            && let Some(at) = self.kept.iter().position(|kept| *kept == sequence)
        {
            self.kept.remove(at);
            self.session.truncate(sequence, count).ok()?;
            return Some((sequence, count));
        }
        loop {
            if let Ok(sequence) = self.session.open(draft.room) {
                let shared = source
                    .filter(|(from, count)| self.session.share(*from, sequence, *count).is_ok());
                return Some((sequence, shared.map_or(0, |(_, count)| count)));
            }
            // The oldest goes first; where the prompt begins, last.
            let is_source = |kept: &usize| source.is_some_and(|(source, _)| source == *kept);
            let oldest = self.kept.iter().position(|kept| !is_source(kept)).unwrap_or(0);
            self.session.close(self.kept.remove(oldest)?).ok()?;
        }
    }

    /// The sequence that begins as a prompt does for the longest time, and for how many tokens. The
    /// last token of the prompt is always read: logits come with it.
    fn beginning(&self, prompt: &[u32]) -> Option<(usize, usize)> {
        let (_, prompt) = prompt.split_last()?;
        let sequences = self.seats.iter().map(|seat| seat.sequence);
        let alike = |sequence: usize| {
            let tokens = self.session.tokens(sequence).iter().zip(prompt);
            (sequence, tokens.take_while(|(one, other)| one == other).count())
        };
        let alike = sequences.chain(self.kept.iter().copied()).map(alike);
        alike.max_by_key(|(_, count)| *count).filter(|(_, count)| *count >= PREFIX)
    }

    /// Gets on with all texts: those that are written by a token, the others by a part of the
    /// prompt.
    fn pass(&mut self) {
        let readers = self.seats.iter().filter(|seat| seat.reads()).count();
        let writes = readers < self.seats.len();
        let Self { seats, session, candidates, stop, together, .. } = self;
        let mut ends: Vec<Option<Result<End>>> = seats.iter().map(|_| None).collect();
        let mut add = |is_reader: bool, most: usize| {
            for (seat, end) in seats.iter_mut().zip(&mut ends) {
                if seat.reads() == is_reader && !seat.is_added {
                    *end = seat.add(session, most).map(Ok);
                }
            }
            session.left()
        };
        // Those that write come first, for whom there is always room.
        let left = add(false, 1);
        let tokens = if writes { SHARE.min(left) } else { left };
        add(true, tokens.checked_div(readers).unwrap_or(0).max(1));
        while session.step(usize::MAX, together.pool) == Step::More {
            if seats.iter().all(|seat| seat.draft.job.is_over()) {
                session.cancel();
            }
        }
        for (seat, end) in seats.iter_mut().zip(&mut ends) {
            if end.is_none() {
                *end = seat.go_on(session, candidates, stop).transpose();
            }
        }
        for (at, end) in ends.into_iter().enumerate().rev() {
            if let Some(end) = end {
                let seat = self.seats.remove(at);
                self.kept.push_back(seat.sequence);
                self.end(seat.draft, end);
            }
        }
    }

    /// Tells what came of a text.
    fn end(&mut self, draft: Draft<'t>, end: Result<End>) {
        let Draft { job, text, begun, room, .. } = draft;
        let tell = match end {
            Ok(end) => {
                let options = BatchOptions { positions: room, ..self.options };
                let memory = batch_arena_bytes(self.session.model().config(), &options);
                let load = std::mem::take(&mut self.together.load);
                let written = written(text, end, begun, memory.unwrap_or(0));
                Tell::Done(Written { load, ..written })
            }
            Err(error) => Tell::Failed(error.chain()),
        };
        self.together.end(&job, tell);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::super::tests::Folder;
    use super::*;
    use crate::model::{Buffers, Mapped};

    fn job(prompt: &str, max_tokens: usize) -> Job {
        Job {
            prompt: prompt.to_owned(),
            max_tokens,
            temperature: 0.0,
            seed: 0,
            cancelled: Arc::new(AtomicBool::new(false)),
            ends: Arc::new(AtomicBool::new(false)),
            tell: Box::new(|_| {}),
        }
    }

    #[test]
    fn what_another_text_has_read_is_not_read_again() {
        let folder = Folder::new("prefix");
        let bytes = Mapped::open(&folder.model("a", 3, 400)).unwrap();
        let (pool, mut buffers) = (Pool::new(1).unwrap(), Buffers::default());
        let loaded = Loaded::open(&bytes, &mut buffers, None, &pool).unwrap();
        let several = Several { texts: 3, bytes: 1 << 30 };
        let load = Duration::ZERO;
        let mut together =
            Together { loaded: &loaded, pool: &pool, several, done: &|_, _| {}, load };
        let options = BatchOptions { positions: 300, ..together.options(100) };
        let mut memory = zeros(loaded.model.config(), &options).unwrap();
        let session = BatchSession::new(&loaded.model, &options, &mut memory).unwrap();
        let mut table = Table::new(&mut together, session, options, VecDeque::new());
        // What a text finds there, and how long its sequence is.
        let begin = |table: &mut Table<'_, '_, '_, '_>, prompt: &str, tokens: usize| {
            let draft = table.together.draft(job(prompt, tokens)).unwrap();
            table.waiting.push_back(draft);
            table.seat_all();
            assert!(table.waiting.is_empty());
            let seat = table.seats.last().unwrap();
            let found = (seat.sequence, seat.read);
            while table.seats.iter().any(Seat::reads) {
                table.pass();
            }
            found
        };
        // A byte is a token, and one comes before the first.
        let first = begin(&mut table, "It was a dark and stormy night", 60);
        assert_eq!(first, (0, 0), "there is nothing before it");
        assert_eq!(begin(&mut table, "It was a dark and quiet day", 40), (1, 19));
        assert_eq!(begin(&mut table, "It was", 40), (2, 0), "it is too short");
        while !table.seats.is_empty() {
            table.pass();
        }
        assert_eq!(table.kept, [1, 2, 0]);
        let same = begin(&mut table, "It was a dark and stormy night", 60);
        assert_eq!(same, (0, 30), "the last token is read again, for its logits");
        let longer = begin(&mut table, "It was a dark and quiet dawn, and then", 60);
        assert_eq!(longer, (2, 27), "it gets the positions of the one that begins otherwise");
        assert_eq!(table.kept, [1]);
    }

    #[test]
    fn there_is_memory_for_one_text_at_least_and_for_no_more_than_is_allowed() {
        let folder = Folder::new("allowed");
        let bytes = Mapped::open(&folder.model("a", 3, 400)).unwrap();
        let (pool, mut buffers) = (Pool::new(1).unwrap(), Buffers::default());
        let loaded = Loaded::open(&bytes, &mut buffers, None, &pool).unwrap();
        let positions = |bytes: usize| {
            let several = Several { texts: 8, bytes };
            let load = Duration::ZERO;
            let together =
                Together { loaded: &loaded, pool: &pool, several, done: &|_, _| {}, load };
            let options = together.options(50);
            let taken = batch_arena_bytes(loaded.model.config(), &options).unwrap();
            assert!(taken <= bytes || options.positions == 50);
            options.positions
        };
        assert_eq!((positions(0), positions(1 << 30)), (50, 3200));
        let mut some: Vec<usize> = (0..60).map(|at| positions(at << 16)).collect();
        assert!(some.is_sorted());
        some.dedup();
        assert!(some.len() > 3, "{some:?}");
    }
}
