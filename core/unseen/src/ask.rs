//! From a sentence to calls.

use trine_ask::{NumberRule, NumberRules, SentenceError, Unit};
use trine_descriptor::{Scalar, ValueWriter};

use crate::base::{Base, Thresholds};
use crate::chat::is_small_talk;
use crate::hear::{ArgumentFault, Filled, Given, Guess, Reason, Steps, Workspace};
use crate::items::Items;
use crate::places::places;
use crate::said::Said;
use crate::table::Table;
use crate::tool::{ListOf, Of, PARAMS_MAX, Takes};
use crate::written;

/// A chance of two calls from which on the sentence is divided.
const TWO_LEAST: f32 = 0.3;
/// A chance of two calls from which on both are taken from the whole sentence, if need be.
const BOTH_LEAST: f32 = 0.5;
/// A share of the second tool, of that of the first, from which on it may be either.
const BETWEEN_LEAST: f32 = 0.5;

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'s> {
    /// The tool.
    pub tool: u16,
    pub(crate) text: &'s str,
    pub(crate) values: [Option<(u16, Given)>; PARAMS_MAX],
    pub(crate) items: Items,
}

impl Call<'_> {
    /// The arguments: nodes, in rising order, and their values. Behind a list ([`Scalar::Array`])
    /// come its items, of the next node.
    pub fn arguments(&self) -> impl Iterator<Item = (u16, Scalar<'_>)> {
        // The node behind the last one may be 65,536.
        let mut least = 0_u32;
        let ordered = core::iter::from_fn(move || {
            let given = self.values.iter().flatten().filter(|(node, _)| u32::from(*node) >= least);
            let next = *given.min_by_key(|(node, _)| *node)?;
            least = u32::from(next.0) + 1;
            Some(next)
        });
        ordered.flat_map(|(node, given)| {
            let (first, list) = match given {
                Given::One(value) => (value.scalar(self.text), None),
                Given::List(list) => (Scalar::Array(list.count()), Some(list)),
            };
            let items = list.into_iter().flat_map(|list| self.items.of(list, self.text));
            let items = items.map(move |item| (node.saturating_add(1), item));
            core::iter::once((node, first)).chain(items)
        })
    }

    /// Writes the arguments as the dispatcher and the wire take them.
    pub fn encode(&self, out: &mut ValueWriter<'_>) {
        self.arguments().for_each(|(node, value)| out.scalar(node, value));
    }

    fn is_same(&self, other: &Self) -> bool {
        self.tool == other.tool && self.arguments().eq(other.arguments())
    }
}

/// What a sentence came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'s> {
    /// The likeliest call, and the second where there are two. None where the likeliest tool has
    /// no valid arguments.
    pub calls: [Option<Call<'s>>; 2],
    /// How sure these calls are: the share of all that they are right.
    pub confidence: f32,
    /// Why there is rather no call at all.
    pub reason: Option<Reason>,
    /// What is wrong with the arguments of the likeliest tool.
    pub fault: Option<(u16, ArgumentFault)>,
    /// Two tools of which it may be either.
    pub between: Option<[u16; 2]>,
}

impl Answer<'_> {
    /// How sure its calls have to be: a threshold of the base, for a tool that does something or
    /// for one that only reads. It believes the hints of the tools, so it is for those of the
    /// program itself. For tools of others take `acting` of [`Base::thresholds`].
    #[must_use]
    pub fn threshold(&self, base: &Base<'_>, table: &Table<'_>) -> f32 {
        let reads = |call: &Call<'_>| table.tool(call.tool).is_some_and(|tool| tool.is_read_only());
        let Thresholds { acting, reading } = base.thresholds();
        if self.calls.iter().flatten().all(reads) { reading } else { acting }
    }
}

/// What of a sentence is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Half,
}

/// One guess with its arguments.
#[derive(Clone, Copy)]
struct Half<'s> {
    call: Option<Call<'s>>,
    sure: f32,
    guess: Guess,
    fault: Option<ArgumentFault>,
}

/// All that asking needs.
#[derive(Debug)]
pub struct Asker<'s> {
    said: Said<'s>,
    workspace: Workspace,
}

impl Default for Asker<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'s> Asker<'s> {
    /// Memory of a fixed size, for one sentence after the other.
    #[must_use]
    pub const fn new() -> Self {
        Self { said: Said::empty(), workspace: Workspace::new() }
    }

    /// Where it computes.
    pub const fn workspace(&mut self) -> &mut Workspace {
        &mut self.workspace
    }

    /// What a sentence asks for.
    ///
    /// # Errors
    /// When it is empty, no text, or too long.
    pub fn ask(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        sentence: &'s [u8],
    ) -> Result<Answer<'s>, SentenceError> {
        let (said, workspace) = (&mut self.said, &mut self.workspace);
        Asking { said, workspace, goes_on: &mut || true }.ask(base, table, sentence)
    }
}

impl Workspace {
    /// What a sentence asks for, in steps: before each, `goes_on` is asked, in which a chip does
    /// its other work. Where it says no, the answer is worth nothing. `said` is memory for this
    /// sentence, 3 KiB; what is here is for one sentence after the other.
    ///
    /// # Errors
    /// When the sentence is empty, no text, or too long.
    pub fn ask<'s>(
        &mut self,
        said: &mut Said<'s>,
        (base, table): (&Base<'_>, &Table<'_>),
        sentence: &'s [u8],
        goes_on: Steps<'_>,
    ) -> Result<Answer<'s>, SentenceError> {
        Asking { said, workspace: self, goes_on }.ask(base, table, sentence)
    }
}

/// One sentence that is asked about.
struct Asking<'a, 's> {
    said: &'a mut Said<'s>,
    workspace: &'a mut Workspace,
    goes_on: Steps<'a>,
}

impl<'s> Asking<'_, 's> {
    fn ask(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        sentence: &'s [u8],
    ) -> Result<Answer<'s>, SentenceError> {
        // What is written as a call is not for the network. Each writes its answer where it is
        // wanted: a copy of one would be on the stack while the other computes.
        match written::find(base, table, sentence) {
            Some(call) => written::answer(&call, (base, table), sentence, self.said),
            None => self.hear(base, table, sentence),
        }
    }

    #[inline(always)]
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn hear(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        sentence: &'s [u8],
    ) -> Result<Answer<'s>, SentenceError> {
        let Some(whole) = self.half(base, table, sentence, Part::Whole)? else {
            return Ok(Answer::default());
        };
        if is_small_talk(self.said, table) {
            let (calls, reason) = ([whole.call, None], Some(Reason::CHAT));
            return Ok(Answer { calls, reason, ..Answer::default() });
        }
        let text = self.said.text();
        let one = whole.sure * (1.0 - whole.guess.two);
        // Two calls are no surer than that there are two.
        let two = if whole.guess.two > TWO_LEAST.max(one) {
            let apart = self.halves(base, table, text, (whole.guess.two, one));
            apart.map_or_else(|| self.both(base, table, (text, &whole), one), Some)
        } else {
            None
        };
        if let Some((calls, sure)) = two {
            let confidence = sure * whole.guess.two;
            return Ok(Answer { calls: calls.map(Some), confidence, ..Answer::default() });
        }
        let is_none = whole.guess.none > whole.guess.share;
        let between =
            whole.guess.second.filter(|(_, share)| *share > BETWEEN_LEAST * whole.guess.share);
        Ok(Answer {
            calls: [whole.call, None],
            confidence: one,
            reason: is_none.then_some(whole.guess.reason),
            fault: whole.fault.map(|fault| (whole.guess.tool, fault)),
            between: between.map(|(second, _)| [whole.guess.tool, second]),
        })
    }

    /// The likeliest call of a text.
    fn half(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        text: &'s [u8],
        part: Part,
    ) -> Result<Option<Half<'s>>, SentenceError> {
        self.said.fill(text, &TableRules(table))?;
        let (said, goes_on) = (&*self.said, &mut *self.goes_on);
        let guess = match part {
            Part::Whole => self.workspace.guess_in_steps(base, table, said, goes_on),
            Part::Half => self.workspace.guess_of_part(base, table, said, goes_on),
        };
        let Some(guess) = guess else { return Ok(None) };
        let Filled { values, items, sure, fault, is_call } =
            self.workspace.fill(base, table, self.said, &guess);
        let sure = guess.share * sure;
        // Damaged weights give what is no number.
        let is_call = is_call && (0.0..=1.0).contains(&sure);
        let call = Call { tool: guess.tool, text: self.said.text(), values, items };
        let call = is_call.then_some(call);
        Ok(Some(Half { call, sure: if is_call { sure } else { 0.0 }, guess, fault }))
    }

    /// Calls of both tools that a text as a whole is likeliest for, and how sure both are, where
    /// two are likelier than one and that times their chance is more than `least`. Their arguments
    /// may be anywhere in it: "open T-33 again and hand it to Otieno".
    #[inline(never)]
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn both(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        (text, whole): (&'s str, &Half<'s>),
        least: f32,
    ) -> Option<([Call<'s>; 2], f32)> {
        let Guess { two, share, second, .. } = whole.guess;
        let (one, (tool, other)) = whole.call.zip(second.filter(|_| two > BOTH_LEAST))?;
        self.said.fill(text.as_bytes(), &TableRules(table)).ok()?;
        let (said, goes_on) = (&*self.said, &mut *self.goes_on);
        self.workspace.meet_again(base, table, said, tool, goes_on)?;
        let guess = Guess { tool, ..whole.guess };
        let filled = self.workspace.fill(base, table, self.said, &guess);
        // The share of the first tool is half of that of both, where there are two.
        let sure = (share + other) * (whole.sure / share) * filled.sure;
        let is_call = filled.is_call && (0.0..=1.0).contains(&sure) && sure * two > least;
        let other = Call { tool, text, values: filled.values, items: filled.items };
        is_call.then_some(([one, other], sure))
    }

    /// The surest two calls of what a text is divided into, and how sure both are, where that times
    /// `two` is more than `least`.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn halves(
        &mut self,
        base: &Base<'_>,
        table: &Table<'_>,
        text: &'s str,
        (two, least): (f32, f32),
    ) -> Option<([Call<'s>; 2], f32)> {
        self.said.fill(text.as_bytes(), &TableRules(table)).ok()?;
        let mut best: Option<([Call<'s>; 2], f32)> = None;
        for (end, start) in places(base, table, self.said) {
            let (Some(left), Some(right)) = (text.get(..end), text.get(start..)) else { continue };
            let Ok(Some(left)) = self.half(base, table, left.as_bytes(), Part::Half) else {
                continue;
            };
            let Some(one) = left.call else { continue };
            // No call behind it makes this more: each factor is at most 1.
            let most = left.sure * (1.0 - left.guess.two);
            let is_too_little =
                |most: f32| most * two <= least || best.is_some_and(|(_, surest)| most <= surest);
            if is_too_little(most) {
                continue;
            }
            let Ok(Some(right)) = self.half(base, table, right.as_bytes(), Part::Half) else {
                continue;
            };
            let Some(other) = right.call else { continue };
            let sure = most * right.sure * (1.0 - right.guess.two);
            if !one.is_same(&other) && !is_too_little(sure) {
                best = Some(([one, other], sure));
            }
        }
        best
    }
}

/// The rules of all numbers of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableRules<'r, 't>(pub &'r Table<'t>);

impl NumberRules for TableRules<'_, '_> {
    fn any(&self, each: &mut dyn FnMut(&NumberRule) -> bool) -> bool {
        self.0.tools().flat_map(|tool| tool.params()).any(|param| match &param.param.takes {
            Takes::Number(rule) | Takes::List(ListOf { of: Of::Number(rule), .. }) => each(rule),
            _ => false,
        })
    }

    fn own_unit(&self, word: &[u8]) -> Option<u8> {
        let code = crate::tool::own_unit_said(word)?;
        self.any(&mut |rule| rule.unit == Unit::Other(code)).then_some(code)
    }
}
