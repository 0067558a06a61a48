//! Several sequences at once: each is what it would be by itself, whatever the others do.

use trine_bits::Random;
use trine_infer::{BatchOptions, BatchSession, Error, KvKind, Model, Options, Step};
use trine_infer::{batch_arena_bytes, sample::likeliest};
use trine_ternary::Kernels;
use trine_ternary::parallel::{Parallel, Serial};

use crate::model::{CASES, logits_of_each, model, session};
use crate::same::Threads;

/// Memory in which nothing is zero, as another session may have left it.
fn memory(model: &Model<'static>, options: &BatchOptions) -> Vec<u8> {
    vec![0xff; batch_arena_bytes(model.config(), options).unwrap() + 3]
}

fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|logit| logit.to_bits()).collect()
}

/// A text, and the logits after each of its tokens when it is read by itself.
struct Text {
    tokens: Vec<u32>,
    wanted: Vec<Vec<u32>>,
}

impl Text {
    fn drawn(model: &Model<'static>, kv: KvKind, length: usize, random: &mut Random) -> Self {
        let vocab = model.config().vocab;
        // All begin alike, so that there is something to share.
        let token = |at: usize, random: &mut Random| if at < 3 { at } else { random.below(vocab) };
        let tokens: Vec<u32> = (0..length).map(|at| token(at, random) as u32).collect();
        let options = Options { kv, ..Options::new(model.config()) };
        let rows = logits_of_each(&mut session(model, &options), &tokens);
        Self { tokens, wanted: rows.iter().map(|row| bits(row)).collect() }
    }
}

/// A sequence of the session, and the text that it reads.
struct Open {
    number: usize,
    text: usize,
    /// Whether the last pass took tokens of it, and all that it was given.
    has_logits: bool,
}

/// What is done with a session, drawn.
struct Play<'s> {
    session: BatchSession<'s, 'static>,
    texts: &'s [Text],
    open: Vec<Open>,
    random: Random,
    name: String,
}

impl Play<'_> {
    fn check(&self) {
        for one in &self.open {
            let (text, tokens) = (&self.texts[one.text], self.session.tokens(one.number));
            assert_eq!(tokens, &text.tokens[..tokens.len()], "{}", self.name);
            let found = self.session.logits(one.number).map(bits);
            assert_eq!(found.is_some(), one.has_logits, "{}", self.name);
            if let Some(found) = found {
                assert_eq!(found, text.wanted[tokens.len() - 1], "{} {}", self.name, tokens.len());
            }
        }
    }

    /// Opens a sequence, of which the first tokens may come from another one.
    fn open(&mut self) {
        let text = self.random.below(self.texts.len());
        let Ok(number) = self.session.open(self.texts[text].tokens.len()) else { return };
        assert!(self.open.iter().all(|one| one.number != number), "{}", self.name);
        if let Some(other) = self.random.pick(&self.open) {
            let (tokens, own) = (self.session.tokens(other.number), &self.texts[text].tokens);
            let same = tokens.iter().zip(own).take_while(|(one, other)| one == other).count();
            self.session.share(other.number, number, same).unwrap();
        }
        self.open.push(Open { number, text, has_logits: false });
    }

    fn close_or_truncate(&mut self) {
        let at = self.random.below(self.open.len());
        if self.random.chance(0.5) {
            let one = self.open.swap_remove(at);
            self.session.close(one.number).unwrap();
            assert!(self.session.tokens(one.number).is_empty());
        } else if let Some(one) = self.open.get_mut(at) {
            let length = self.session.tokens(one.number).len();
            let to = self.random.below(length + 1);
            self.session.truncate(one.number, to).unwrap();
            one.has_logits &= to == length;
        }
    }

    /// Adds tokens of some sequences, and reads them or gives up.
    fn pass(&mut self, pool: &dyn Parallel) {
        let mut added = vec![false; self.open.len()];
        let mut all = vec![false; self.open.len()];
        self.open.iter().for_each(|one| assert!(one.number < self.session.sequences()));
        for at in 0..self.open.len() {
            if self.random.chance(0.2) {
                continue;
            }
            let one = &self.open[at];
            let done = self.session.tokens(one.number).len();
            let rest = &self.texts[one.text].tokens[done..];
            let most = if self.random.chance(0.5) { 1 } else { 1 + self.random.below(9) };
            // What is given may be more than is to be taken.
            let rest = if self.random.chance(0.5) { rest } else { &rest[..most.min(rest.len())] };
            let left = self.session.left();
            let taken = self.session.add(one.number, rest, most).unwrap();
            assert_eq!(taken, rest.len().min(left).min(most));
            (added[at], all[at]) = (taken > 0, taken > 0 && taken == rest.len());
            if taken > 0 {
                assert_eq!(self.session.add(one.number, rest, 1), Err(Error::Busy));
            }
        }
        if added.contains(&true) {
            assert_eq!(self.session.close(0), Err(Error::Busy));
            assert_eq!(self.session.truncate(0, 0), Err(Error::Busy));
        }
        let rows = [usize::MAX, usize::MAX, 1, 40][self.random.below(4)];
        let mut steps = if self.random.chance(0.1) { self.random.below(9) } else { usize::MAX };
        let mut begun = false;
        let is_done = loop {
            if steps == 0 {
                self.session.cancel();
                break false;
            }
            steps -= 1;
            begun |= added.contains(&true);
            if self.session.step(rows, pool) == Step::Done {
                break true;
            }
            assert_eq!(self.session.left(), 0);
        };
        for (one, all) in self.open.iter_mut().zip(all) {
            one.has_logits = if begun { is_done && all } else { one.has_logits };
        }
    }
}

#[test]
fn each_sequence_is_what_it_is_by_itself_to_the_bit() {
    for (seed, case) in CASES.into_iter().enumerate() {
        let model = model(case, Kernels::best());
        for kv in [KvKind::F32, KvKind::F16, KvKind::I8] {
            let mut random = Random::new(seed as u64);
            let length = 20.min(model.config().context);
            let texts: Vec<Text> =
                (0..4).map(|_| Text::drawn(&model, kv, length, &mut random)).collect();
            let options = BatchOptions {
                sequences: 4,
                positions: 3 * length + 5,
                batch: 11,
                kv,
                ..BatchOptions::new(model.config(), 4)
            };
            let options = options.with_tables(model.weights());
            let mut memory = memory(&model, &options);
            let session = BatchSession::new(&model, &options, &mut memory).unwrap();
            let name = format!("{case} {kv:?}");
            let mut play = Play { session, texts: &texts, open: Vec::new(), random, name };
            for _ in 0..60 {
                if play.random.chance(0.4) {
                    play.open();
                } else if play.random.chance(0.15) && !play.open.is_empty() {
                    play.close_or_truncate();
                }
                let threads = Threads(1 + play.random.below(3));
                let pool: &dyn Parallel = if threads.0 == 1 { &Serial } else { &threads };
                play.pass(pool);
                play.check();
            }
        }
    }
}

#[test]
fn memory_is_as_large_as_is_said_and_positions_are_lent_and_given_back() {
    let model = model("plain", Kernels::best());
    let options = BatchOptions { positions: 20, batch: 8, ..BatchOptions::new(model.config(), 3) };
    let bytes = batch_arena_bytes(model.config(), &options).unwrap();
    let mut memory = vec![0; bytes + 3];
    let skipped = memory.as_ptr().align_offset(4);
    let memory = &mut memory[skipped..skipped + bytes];
    let short = BatchSession::new(&model, &options, &mut memory[..bytes - 1]);
    assert!(matches!(short, Err(Error::Memory(fault)) if fault.needed == bytes));
    let mut session = BatchSession::new(&model, &options, &mut memory[..bytes]).unwrap();
    assert_eq!((session.sequences(), session.positions()), (3, 20));
    let (one, two) = (session.open(9).unwrap(), session.open(9).unwrap());
    assert_eq!(session.open(3), Err(Error::Full), "two positions are left");
    let three = session.open(2).unwrap();
    assert_eq!(session.open(1), Err(Error::Full), "three are open");
    session.close(one).unwrap();
    assert_eq!(session.open(10), Err(Error::Full));
    assert_eq!(session.open(9), Ok(one));
    assert_eq!((session.room(two), session.room(three), session.room(7)), (9, 2, 0));
    assert!(matches!(session.open(0), Err(Error::Option(_))));
    assert!(matches!(session.open(model.config().context + 1), Err(Error::Option(_))));
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let model = model("plain", Kernels::best());
    let good = BatchOptions { positions: 20, batch: 8, ..BatchOptions::new(model.config(), 2) };
    for wrong in [
        BatchOptions { sequences: 0, ..good },
        BatchOptions { positions: 0, ..good },
        BatchOptions { batch: 1, ..good },
    ] {
        assert!(matches!(batch_arena_bytes(model.config(), &wrong), Err(Error::Option(_))));
    }
    let large = BatchOptions { positions: u32::MAX as usize, batch: usize::MAX, ..good };
    assert_eq!(batch_arena_bytes(model.config(), &large), Err(Error::TooLarge));
    let mut memory = memory(&model, &good);
    let mut session = BatchSession::new(&model, &good, &mut memory).unwrap();
    let (one, two) = (session.open(4).unwrap(), session.open(4).unwrap());
    assert!(matches!(session.add(5, &[1], 9), Err(Error::Option(_))));
    assert_eq!(session.add(one, &[1, 60_000], 9), Err(Error::Token(60_000)));
    assert_eq!(session.add(one, &[], 9), Ok(0));
    assert_eq!(session.step(1, &Serial), Step::Done);
    assert_eq!(session.add(one, &[1, 2, 3, 4, 5], 9), Ok(4), "as many as there is room for");
    while session.step(usize::MAX, &Serial) == Step::More {}
    assert!(session.logits(one).is_none(), "one token is missing");
    assert_eq!(session.add(one, &[5], 9), Err(Error::Full));
    assert!(session.choice(one).is_none() && session.choice(two).is_none());
    for (from, to, count) in [(one, two, 5), (two, one, 1), (one, 7, 1), (7, two, 0), (one, one, 1)]
    {
        assert!(matches!(session.share(from, to, count), Err(Error::Option(_))), "{from} {to}");
    }
    session.share(one, two, 2).unwrap();
    assert_eq!(session.tokens(two), [1, 2]);
    assert_eq!(session.add(two, &[3], 9), Ok(1));
    while session.step(usize::MAX, &Serial) == Step::More {}
    let (logits, tokens) = session.choice(two).unwrap();
    assert_eq!((logits.len(), tokens), (model.config().vocab, &[1, 2, 3][..]));
    let _ = likeliest(logits);
}

#[test]
fn a_model_with_prefix_attention_reads_one_sequence() {
    let model = crate::prefix::with_prefix("plain", 1);
    let said = batch_arena_bytes(model.config(), &BatchOptions::new(model.config(), 2));
    assert!(matches!(said, Err(Error::Option(what)) if what.contains("prefix")));
}
