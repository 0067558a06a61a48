//! The likeliest tool of a sentence.

use trine_ternary::math;

use super::alike::{Best, Nearest};
use super::{Workspace, spread};
use crate::base::Base;
use crate::net::{
    BLOCKS_MAX, COLUMNS, DIM, HEADS, Into, LIKENESS, MATCHED, REASONS, TOTAL, Vector, WHOLE, WIDTH,
    norm, softmax,
};
use crate::rows::Meaning;
use crate::said::{FLAGS, Said, grams};
use crate::shape::MEANINGS;
use crate::table::{Table, ToolCode};
use crate::tool::{PARAMS_MAX, TOKENS_MAX};

/// Why there is no call, by its name; the first is that there is one.
pub const REASON_NAMES: [&str; REASONS] = [
    "",
    "negated",
    "past",
    "conditional",
    "later",
    "quoted",
    "missing",
    "range",
    "unit",
    "cannot",
    "other",
    "ambiguous",
    "chat",
    "about",
    "attack",
    "noise",
];

/// Why there is no call: its place in [`REASON_NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(u8);

impl Reason {
    /// It says not to do it.
    pub(crate) const NEGATED: Self = Self(1);
    /// No tool does that.
    pub(crate) const CANNOT: Self = Self(9);
    /// It may mean more than one call.
    pub(crate) const AMBIGUOUS: Self = Self(11);
    /// It asks for nothing.
    pub(crate) const CHAT: Self = Self(12);

    /// Its place.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        REASON_NAMES.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// What a sentence is likeliest for.
#[derive(Clone, Copy, Debug)]
pub struct Guess {
    /// The tool.
    pub tool: u16,
    /// How sure it is, of all tools and none.
    pub share: f32,
    /// The second tool, and how sure it is.
    pub second: Option<(u16, f32)>,
    /// How sure it is that there is no call.
    pub none: f32,
    /// The chance that there are two calls.
    pub two: f32,
    /// The likeliest reason for no call.
    pub reason: Reason,
}

impl Guess {
    /// Whether there is rather no call, because something that it needs was not said.
    pub(super) fn is_of_missing(&self) -> bool {
        self.none > self.share && self.reason.name() == "missing"
    }
}

/// What is asked before each step whether it goes on: a chip does its other work in it.
pub type Steps<'f> = &'f mut dyn FnMut() -> bool;

/// The tools that a sentence is likeliest for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likeliest {
    tools: [(u16, f32); LIKELIEST_MAX],
    count: u8,
}

/// How many tools each part of a sentence is asked of.
const LIKELIEST_MAX: usize = 3;

impl Likeliest {
    pub(super) const NONE: Self = Self { tools: [(0, 0.0); LIKELIEST_MAX], count: 0 };

    /// Takes a tool up, where it is one of the likeliest so far.
    fn take(&mut self, tool: u16, score: f32) {
        let mut next = (tool, score);
        for kept in self.tools.iter_mut().take(self.count.into()) {
            if next.1 > kept.1 {
                core::mem::swap(kept, &mut next);
            }
        }
        if let Some(place) = self.tools.get_mut(usize::from(self.count)) {
            (*place, self.count) = (next, self.count + 1);
        }
    }

    fn has(&self, tool: u16) -> bool {
        self.tools.iter().take(self.count.into()).any(|kept| kept.0 == tool)
    }
}

/// What is known of the tools up to one.
struct Tally {
    /// The best tool, its score and its vector; the second.
    first: Option<(u16, f32, Vector)>,
    second: Option<(u16, f32, Vector)>,
    /// The sum of `exp(score - most)`, and that of vectors times it.
    sum: f32,
    pooled: Vector,
    /// The greatest number of each column.
    most: Vector,
}

/// What is wanted of a sentence and a tool: all rows, or what the score is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Score,
}

/// A second tool's score next to the first where there is none.
const FAR: f32 = -10.0;

impl Tally {
    const fn new() -> Self {
        Self { first: None, second: None, sum: 0.0, pooled: [0.0; DIM], most: [0.0; DIM] }
    }

    /// Takes a tool up.
    fn take(&mut self, tool: u16, score: f32, vector: &Vector) {
        let before = self.first;
        if let Some((_, most, _)) = before {
            self.most.iter_mut().zip(vector).for_each(|(most, x)| *most = most.max(*x));
            let ahead = score > most;
            let factor = if ahead { math::exp(most - score) } else { 1.0 };
            let own = if ahead { 1.0 } else { math::exp(score - most) };
            self.sum = self.sum * factor + own;
            for (sum, x) in self.pooled.iter_mut().zip(vector) {
                *sum = *sum * factor + own * x;
            }
            if ahead {
                (self.second, self.first) = (before, Some((tool, score, *vector)));
            } else if self.second.is_none_or(|(_, second, _)| score > second) {
                self.second = Some((tool, score, *vector));
            }
            return;
        }
        (self.sum, self.pooled, self.most) = (1.0, *vector, *vector);
        self.first = Some((tool, score, *vector));
    }
}

/// All tools of a table, or some of them, with their numbers.
fn tools<'t>(
    table: &'t Table<'_>,
    among: Option<&Likeliest>,
) -> impl Iterator<Item = (u16, ToolCode<'t>)> {
    let is_meant = move |tool: &u16| among.is_none_or(|among| among.has(*tool));
    (0..table.count()).zip(table.tools()).filter(move |(at, _)| is_meant(at))
}

impl Workspace {
    /// Reads a sentence, and which tool it is likeliest for. `None` where there is no tool, or
    /// where scores are no numbers, which is so of damaged weights alone.
    pub fn guess(&mut self, base: &Base<'_>, table: &Table<'_>, said: &Said<'_>) -> Option<Guess> {
        self.guess_in_steps(base, table, said, &mut || true)
    }

    /// The same in steps, before each of which `goes_on` is asked: where it says no, the rest is
    /// left out, and there is no guess.
    pub fn guess_in_steps(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        said: &Said<'_>,
        goes_on: Steps<'_>,
    ) -> Option<Guess> {
        let tally = self.tallied(base, table, said, (None, goes_on))?;
        self.conclude(base, &tally)
    }

    /// The guess for a part of the sentence that was read last as a whole, among the tools that it
    /// was likeliest for. As in a list of these alone.
    pub(crate) fn guess_of_part(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        said: &Said<'_>,
        goes_on: Steps<'_>,
    ) -> Option<Guess> {
        let likeliest = self.likeliest;
        let tally = self.tallied(base, table, said, (Some(&likeliest), goes_on))?;
        self.conclude(base, &tally)
    }

    /// The sentence with one tool more, for its arguments: one of those that it was compared with
    /// as a whole. `None` where it does not go on.
    pub(crate) fn meet_again(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        said: &Said<'_>,
        tool: u16,
        goes_on: Steps<'_>,
    ) -> Option<()> {
        let code = table.tool(tool)?;
        self.read(base, said);
        self.find(table, said, None, goes_on)?;
        self.compare(said, &code);
        self.meet(base, said, (tool, &code, Wanted::All), goes_on)
    }

    /// What is known of all tools, or of some.
    fn tallied(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        said: &Said<'_>,
        (among, goes_on): (Option<&Likeliest>, Steps<'_>),
    ) -> Option<Tally> {
        self.read(base, said);
        let count = self.find(table, said, among, goes_on)?;
        let tools = || tools(table, among);
        // Of each tool the score alone, then all of the best one: that takes less time, and less
        // memory, than all of each. One tool alone is the best.
        let wanted = if count == 1 { Wanted::All } else { Wanted::Score };
        let (mut tally, mut likeliest) = (Tally::new(), Likeliest::NONE);
        for (number, tool) in tools() {
            self.compare(said, &tool);
            self.meet(base, said, (number, &tool, wanted), goes_on)?;
            let top = *self.both.first()?;
            let score = base.net.score[0].dot(&top) + base.net.score[1].first();
            tally.take(number, score, &top);
            likeliest.take(number, score);
        }
        if among.is_none() {
            self.likeliest = likeliest;
        }
        let (best, ..) = tally.first?;
        if wanted == Wanted::Score {
            let tool = table.tool(best)?;
            self.compare(said, &tool);
            self.meet(base, said, (best, &tool, Wanted::All), goes_on)?;
        }
        Some(tally)
    }

    /// What the words find in all tools, or in some; answers how many these are.
    fn find(
        &mut self,
        table: &Table<'_>,
        said: &Said<'_>,
        among: Option<&Likeliest>,
        goes_on: Steps<'_>,
    ) -> Option<usize> {
        self.found.fill(Best::NONE);
        self.nearest = Nearest::NONE;
        let mut count = 0;
        for (number, tool) in tools(table, among) {
            if !goes_on() {
                return None;
            }
            self.compare(said, &tool);
            self.take_found(number, &tool, said.words().len());
            let likeness = tool.meaning(|_| true).likeness(&self.meaning);
            self.nearest.take(number, likeness);
            count += 1;
        }
        Some(count)
    }

    /// The sentence by itself.
    fn read(&mut self, base: &Base<'_>, said: &Said<'_>) {
        let (net, scratch) = (&base.net, &mut self.scratch);
        grams(said, &mut self.grams);
        let words = said.words();
        let [whole, rows @ ..] = &mut self.said;
        let mut flags = [false; FLAGS + 2];
        flags[FLAGS + 1] = true;
        *whole = [0.0; DIM];
        net.flags.columns(&flags, whole);
        let mut mosts = [0.0; crate::said::WORDS_MAX];
        let all = rows.iter_mut().zip(words).zip(&mut self.rows).zip(&mut mosts);
        for (((row, word), (codes, inverse)), most) in all {
            let own = said.row(&base.rows, word);
            (*codes, *inverse) = (own.codes, own.inverse_length());
            *most = own.most;
            let mut x = [0.0; COLUMNS];
            spread(&own, &mut x);
            net.word.all(&x, row, Into::Set, scratch);
            let mut flags = [false; FLAGS + 2];
            flags.iter_mut().zip(word.flags()).for_each(|(to, from)| *to = from);
            flags[FLAGS] = own.is_pieced;
            net.flags.columns(&flags, row);
        }
        let own = self.rows.iter().zip(mosts).take(words.len());
        self.meaning = Meaning::of(own.map(|((codes, _), most)| (*codes, most)));
        let rows = self.said.get_mut(..=words.len()).unwrap_or_default();
        for block in net.sentence.iter() {
            block.apply(rows, &mut self.keys, scratch);
        }
        for (query, row) in self.queries.iter_mut().zip(rows.iter().skip(1)) {
            let normed = norm(row, net.query_norm, scratch);
            let mut x = [0.0; DIM];
            net.query.all(&normed, &mut x, Into::Set, scratch);
            // Both are of one length.
            let quantized = scratch.kernels.quantize(&x, &mut query.codes);
            query.step = quantized.map_or(0.0, |q| 1.0 / q.scale);
        }
    }

    /// The sentence with a tool. `None` where it does not go on.
    fn meet(
        &mut self,
        base: &Base<'_>,
        said: &Said<'_>,
        (number, tool, wanted): (u16, &ToolCode<'_>, Wanted),
        goes_on: Steps<'_>,
    ) -> Option<()> {
        let net = &base.net;
        let words = said.words().len();
        let (mut covered, mut ahead) = ([0.0; LIKENESS], [0.0; LIKENESS]);
        for word in 0..words {
            if !goes_on() {
                return None;
            }
            let mut matched = [0.0; MATCHED];
            let by_role = self.by_role(word, tool);
            let mut best = super::Alike::NONE;
            by_role.iter().for_each(|one| best.raise(*one));
            let other =
                self.found.get(word).map_or(super::Alike::NONE, |found| found.without(number));
            let (best, other) = (best.floats(), other.floats());
            let mut ahead_of = best;
            ahead_of.iter_mut().zip(other).for_each(|(best, other)| *best -= other);
            let all = by_role.iter().map(|one| one.floats()).chain([ahead_of, other]);
            matched.iter_mut().zip(all.flatten()).for_each(|(to, from)| *to = from);
            covered.iter_mut().zip(best).for_each(|(sum, x)| *sum += x);
            ahead.iter_mut().zip(ahead_of).for_each(|(sum, x)| *sum += x.max(0.0));
            let crossed = self.cross(base, word, tool);
            let Some(said) = self.said.get(word + 1) else { continue };
            let Some(row) = self.both.get_mut(word + 1) else { continue };
            *row = *said;
            net.matched[0].times(&matched, row);
            net.matched[1].add_to(row);
            net.crossed.all(&crossed, row, Into::Add, &mut self.scratch);
        }
        let whole = self.whole(said, (number, tool), (covered, ahead));
        self.first_row(base, tool, &whole);
        let rows = self.both.get_mut(..=words).unwrap_or_default();
        let in_the_end = if wanted == Wanted::All { rows.len() } else { 1 };
        let mut blocks = net.both.iter().peekable();
        while let Some(block) = blocks.next() {
            if !goes_on() {
                return None;
            }
            let wanted = if blocks.peek().is_some() { rows.len() } else { in_the_end };
            block.apply_to(wanted, rows, &mut self.keys, &mut self.scratch);
        }
        for row in rows.iter_mut().take(in_the_end) {
            *row = norm(row, net.last_norm, &self.scratch);
        }
        Some(())
    }

    /// What a word takes up of a tool's words.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn cross(&self, base: &Base<'_>, word: usize, tool: &ToolCode<'_>) -> Vector {
        let mut out = [0.0; DIM];
        let mut shares = [[0.0; TOKENS_MAX + 1]; HEADS];
        let count = self.crossed(base, word, tool, &mut shares);
        for (shares, nothing) in shares.iter_mut().zip(base.net.nothing.iter()) {
            let Some(shares) = shares.get_mut(..=count) else { return out };
            if let Some(last) = shares.last_mut() {
                *last = nothing;
            }
            softmax(shares);
        }
        for (at, token) in tool.tokens().enumerate() {
            let heads = out.as_chunks_mut::<WIDTH>().0.iter_mut().zip(&shares);
            for (head, (out, shares)) in heads.enumerate() {
                let share = shares.get(at).copied().unwrap_or(0.0);
                token.value.add_to(head * WIDTH, share, out);
            }
        }
        out
    }

    /// The scores of a tool's words for each head; answers how many words there are.
    fn crossed(
        &self,
        base: &Base<'_>,
        word: usize,
        tool: &ToolCode<'_>,
        scores: &mut [[f32; TOKENS_MAX + 1]; HEADS],
    ) -> usize {
        let (Some(query), Some(alike)) = (self.queries.get(word), self.alike.get(word)) else {
            return 0;
        };
        let scale = 1.0 / math::sqrt(WIDTH as f32);
        let mut count = 0;
        for (token, alike) in tool.tokens().zip(alike) {
            let alike = alike.floats();
            let heads = scores.iter_mut().zip(query.codes.as_chunks::<WIDTH>().0);
            for (head, (scores, own)) in heads.enumerate() {
                let score = token.key.dot(head * WIDTH, own) * query.step * scale;
                let counts = base.net.alike.part(head, LIKENESS);
                if let Some(place) = scores.get_mut(count) {
                    *place = score + counts.dot(&alike);
                }
            }
            count += 1;
        }
        count
    }

    /// What is known of a tool and the whole sentence.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn whole(
        &self,
        said: &Said<'_>,
        (number, tool): (u16, &ToolCode<'_>),
        (covered, ahead): ([f32; LIKENESS], [f32; LIKENESS]),
    ) -> [f32; WHOLE] {
        let words = said.words().len();
        let mut params = [crate::tool::Param::OTHER; PARAMS_MAX];
        let mut count = 0;
        for (place, param) in params.iter_mut().zip(tool.params()) {
            *place = param.param;
            count += 1;
        }
        let fits = said.fit(params.get(..count).unwrap_or_default());
        let named = tool.tokens().enumerate().filter(|(_, token)| token.role == 0);
        let names = self.covered(words, named.map(|(at, _)| at));
        let flags = tool.features().into_iter().chain(fits).map(|is| f32::from(u8::from(is)));
        let share = covered.map(|x| x / words.max(1) as f32);
        let all = flags
            .chain(share)
            .chain(covered.map(|x| x / TOTAL))
            .chain(names)
            .chain(ahead.map(|x| x / TOTAL))
            .chain(self.nearness(number, tool));
        let mut out = [0.0; WHOLE];
        out.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        out
    }

    /// How near the sentence is to a tool in meaning, and to its name.
    fn likenesses(&self, tool: &ToolCode<'_>) -> [f32; 2] {
        let [whole, name] = [tool.meaning(|_| true), tool.meaning(|token| token.role == 0)];
        [whole, name].map(|own| own.likeness(&self.meaning))
    }

    /// The same, and how much nearer it is than to any other tool.
    fn nearness(&self, number: u16, tool: &ToolCode<'_>) -> [f32; MEANINGS] {
        let [whole, name] = self.likenesses(tool);
        [whole, name, whole - self.nearest.without(number)]
    }

    /// The row of the tool itself.
    fn first_row(&mut self, base: &Base<'_>, tool: &ToolCode<'_>, whole: &[f32; WHOLE]) {
        let (Some(said), Some(row)) = (self.said.first(), self.both.first_mut()) else { return };
        *row = *said;
        base.net.whole[0].times(whole, row);
        base.net.whole[1].add_to(row);
        if let Some(mean) = tool.mean() {
            row.iter_mut().zip(mean.iter()).for_each(|(x, mean)| *x += mean);
        }
    }

    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn conclude(&mut self, base: &Base<'_>, tally: &Tally) -> Option<Guess> {
        let (net, scratch) = (&base.net, &mut self.scratch);
        let (tool, most, first) = tally.first?;
        let (second, behind, other) = tally
            .second
            .map_or((None, FAR, [0.0; DIM]), |second| (Some(second.0), second.1 - most, second.2));
        let pooled = tally.pooled.map(|x| x / tally.sum);
        let whole = *self.said.first()?;
        let share = math::exp(behind) / tally.sum;
        let shares = [1.0 / tally.sum, share, (-behind).min(-FAR) / 5.0];
        let mut seen = [0.0; 5 * DIM + 3];
        let all = [&pooled, &tally.most, &whole, &first, &other].into_iter().flatten();
        seen.iter_mut().zip(all.chain(&shares)).for_each(|(to, from)| *to = *from);
        let mut two = [0.0];
        net.two.scores(&seen, &mut two, scratch);
        let seen = seen.get(..3 * DIM)?;
        let (mut none, mut why) = ([0.0], [0.0; REASONS]);
        net.none.scores(seen, &mut none, scratch);
        net.why.scores(seen, &mut why, scratch);
        // Of all tools and none.
        let highest = most.max(none[0]);
        let tools = tally.sum * math::exp(most - highest);
        let all = tools + math::exp(none[0] - highest);
        let of = |score: f32| math::exp(score - highest) / all;
        let (share, none) = (of(most), of(none[0]));
        let two = 1.0 / (1.0 + math::exp(-two[0]));
        let second = second.map(|second| (second, of(most + behind)));
        let is_sound = [share, none, two].iter().all(|share| (0.0..=1.0).contains(share));
        is_sound.then_some(Guess { tool, share, second, none, two, reason: reason(&why) })
    }
}

const _: () = assert!(BLOCKS_MAX > 0, "there is a block");

/// The likeliest reason for no call.
fn reason(scores: &[f32; REASONS]) -> Reason {
    let mut best = (1, f32::NEG_INFINITY);
    for (at, score) in (0..).zip(scores).skip(1) {
        if *score > best.1 {
            best = (at, *score);
        }
    }
    Reason(best.0)
}
