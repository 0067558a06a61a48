//! Scores of what a parameter may be.

use trine_ternary::math;

use super::{Alike, Workspace};
use crate::base::Base;
use crate::net::{AROUND, CHOICE, DIM, Into, LEXICAL, LIKENESS, Vector, softmax};
use crate::option::{Choice, KINDS, OPTIONS_MAX, Order, options};
use crate::said::{Said, WORDS_MAX};
use crate::shape::LABEL_MEANINGS;
use crate::table::{ParamCode, TokenCode, ToolCode};
use crate::tool::{LABELS_MAX, NONE};

/// Words around an option that are looked at: so many before it, and so many behind.
pub(super) const WINDOWS: [(usize, usize); AROUND] = [(1, 0), (3, 0), (0, 1), (0, 3)];

/// A parameter of a tool, and where it is in it.
#[derive(Clone, Copy)]
pub(super) struct Place<'p, 't> {
    pub(super) base: &'p Base<'p>,
    pub(super) said: &'p Said<'p>,
    pub(super) tool: &'p ToolCode<'t>,
    pub(super) param: &'p ParamCode<'t>,
    /// Its number.
    pub(super) at: u8,
    pub(super) order: Order,
}

impl Place<'_, '_> {
    /// The words of the parameter itself, or of one of its labels.
    fn tokens(&self, label: u8) -> impl Iterator<Item = usize> {
        let at = self.at;
        self.tool
            .tokens()
            .enumerate()
            .filter(move |(_, token)| token.param == at && token.label == label)
            .map(|(place, _)| place)
    }

    /// Whether all labels have a word.
    fn is_shared(&self, token: usize, labels: u8) -> bool {
        let Some(stem) = self.tool.tokens().nth(token).map(|token| token.stem) else {
            return false;
        };
        (0..labels).all(|label| {
            self.tool
                .tokens()
                .any(|token| token.param == self.at && token.label == label && token.stem == stem)
        })
    }
}

/// Options with their scores.
pub(super) struct Scored {
    pub(super) choices: [Choice; OPTIONS_MAX],
    pub(super) scores: [f32; OPTIONS_MAX],
    pub(super) count: usize,
}

impl Scored {
    /// The scores.
    pub(super) fn scores(&mut self) -> &mut [f32] {
        self.scores.get_mut(..self.count).unwrap_or_default()
    }

    /// The options, to be changed.
    pub(super) fn choices_mut(&mut self) -> &mut [Choice] {
        self.choices.get_mut(..self.count).unwrap_or_default()
    }

    /// The options.
    pub(super) fn choices(&self) -> &[Choice] {
        self.choices.get(..self.count).unwrap_or_default()
    }
}

pub(super) type Near = [Alike; WORDS_MAX];

/// What is most like around a word.
pub(super) fn around(near: &[Alike], word: usize, (before, behind): (usize, usize)) -> Alike {
    let mut most = Alike::NONE;
    let left = near.get(word.saturating_sub(before)..word).unwrap_or_default();
    let right = near.get(word + 1..).unwrap_or_default();
    left.iter().chain(right.iter().take(behind)).for_each(|one| most.raise(*one));
    most
}

/// How near the sentence is to a label in meaning, and how much nearer than to any other.
fn label_nearness(all: &[f32; LABELS_MAX], own: u8, labels: u8) -> [f32; LABEL_MEANINGS] {
    let all = all.iter().take(labels.into()).copied().enumerate();
    let others = all.clone().filter(|(label, _)| *label != usize::from(own)).map(|(_, near)| near);
    let one = all.clone().nth(own.into()).map_or(0.0, |(_, near)| near);
    [one, one - others.reduce(f32::max).unwrap_or(0.0)]
}

impl Workspace {
    /// What each word asks of options: for all parameters of the tool that is in `both`.
    pub(super) fn prepare_options(&mut self, base: &Base<'_>, words: usize) {
        let rows = self.both.iter().zip(&mut self.said).skip(1).take(words);
        for (word, key) in rows {
            base.net.choice_key.all(word, key, Into::Set, &mut self.scratch);
        }
    }

    /// The options of a parameter with their scores.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    pub(super) fn scored(&mut self, place: &Place<'_, '_>) -> Scored {
        let mut scored =
            Scored { choices: [Choice::EMPTY; OPTIONS_MAX], scores: [0.0; OPTIONS_MAX], count: 0 };
        options(place.said, &place.param.param, place.order, |choice| {
            if let Some(to) = scored.choices.get_mut(scored.count) {
                *to = choice;
                scored.count += 1;
            }
        });
        let is_label = |choice: &&Choice| choice.label.is_some();
        let labels = scored.choices().iter().filter(is_label).count() as u8;
        let near = self.near_param(place);
        let meanings = self.label_meanings(place, labels);
        let mut of_param = [0.0; DIM];
        let mean = place.param.mean.vector();
        place.base.net.choice_param.all(&mean, &mut of_param, Into::Set, &mut self.scratch);
        for at in 0..scored.count {
            let Some(choice) = scored.choices.get(at).copied() else { break };
            let mut option = of_param;
            self.add_option(place, &choice, &mut option);
            let score = self.score(place, (&choice, labels), &option, (&near, &meanings));
            if let Some(to) = scored.scores.get_mut(at) {
                *to = score;
            }
        }
        scored
    }

    /// How near each word is to the parameter's own.
    pub(super) fn near_param(&self, place: &Place<'_, '_>) -> Near {
        let mut near = [Alike::NONE; WORDS_MAX];
        for (word, to) in near.iter_mut().enumerate().take(place.said.words().len()) {
            *to = self.near(word, place.tokens(NONE));
        }
        near
    }

    /// Adds what an option is, its label, and its word, to its parameter.
    fn add_option(&mut self, place: &Place<'_, '_>, choice: &Choice, option: &mut Vector) {
        let net = &place.base.net;
        let mut flags = [false; CHOICE];
        if let Some(kind) = flags.get_mut(choice.kind as usize) {
            *kind = true;
        }
        let own = flags.iter_mut().skip(KINDS).zip(choice.features());
        own.for_each(|(to, from)| *to = from);
        net.choice.columns(&flags, option);
        if let Some(codes) = choice.label.and_then(|label| place.param.label(label)) {
            net.choice_label.all(&codes.vector(), option, Into::Add, &mut self.scratch);
        }
        let word = choice.word.and_then(|word| self.both.get(usize::from(word) + 1));
        if let Some(word) = word {
            net.choice_word.all(word, option, Into::Add, &mut self.scratch);
        }
    }

    /// The score of an option by what it finds in the sentence.
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn score(
        &mut self,
        place: &Place<'_, '_>,
        (choice, labels): (&Choice, u8),
        option: &Vector,
        (near, meanings): (&Near, &[f32; LABELS_MAX]),
    ) -> f32 {
        let net = &place.base.net;
        let words = place.said.words().len();
        let mut lexical = [0.0; LEXICAL];
        let mut shares = [0.0; WORDS_MAX + 1];
        let Some(shares) = shares.get_mut(..=words) else { return 0.0 };
        let of_label = self.of_label(place, (choice, labels), shares);
        let meaning = choice.label.map(|label| label_nearness(meanings, label, labels));
        let windows = WINDOWS.map(|window| {
            let word = choice.word.map(usize::from);
            let near = near.get(..words).unwrap_or_default();
            word.map_or([0.0; LIKENESS], |word| around(near, word, window).floats())
        });
        let meaning = meaning.unwrap_or_default();
        let all = of_label.into_iter().chain(meaning).chain(windows.into_iter().flatten());
        lexical.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        let mut query = [0.0; DIM];
        net.choice_query.all(option, &mut query, Into::Set, &mut self.scratch);
        let scale = 1.0 / math::sqrt(DIM as f32);
        for (share, key) in shares.iter_mut().zip(self.said.iter().skip(1)).take(words) {
            *share += self.scratch.kernels.dot(&query, key) * scale;
        }
        if let Some(nothing) = shares.last_mut() {
            *nothing = net.choice_nothing.first();
        }
        softmax(shares);
        let mut found = [0.0; DIM];
        for (share, word) in shares.iter().zip(self.both.iter().skip(1)).take(words) {
            self.scratch.kernels.axpy(*share, word, &mut found);
        }
        let mut seen = [0.0; 3 * DIM + LEXICAL];
        let product = option.iter().zip(&found).map(|(a, b)| a * b);
        let all = option.iter().copied().chain(found).chain(product).chain(lexical);
        seen.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        let mut score = [0.0];
        net.choice_score.scores(&seen, &mut score, &mut self.scratch);
        score[0]
    }

    /// How near the sentence is to each label in meaning.
    fn label_meanings(&self, place: &Place<'_, '_>, labels: u8) -> [f32; LABELS_MAX] {
        let mut all = [0.0; LABELS_MAX];
        for (label, to) in (0..labels).zip(&mut all) {
            let is_own = |token: &TokenCode<'_>| token.param == place.at && token.label == label;
            *to = place.tool.meaning(is_own).likeness(&self.meaning);
        }
        all
    }

    /// How alike the sentence and a label are: all of the label, what not all labels have, and
    /// whether a word is the same. Puts what that says of each word into `shares`.
    fn of_label(
        &self,
        place: &Place<'_, '_>,
        (choice, labels): (&Choice, u8),
        shares: &mut [f32],
    ) -> [f32; 2 * LIKENESS + 1] {
        let mut out = [0.0; 2 * LIKENESS + 1];
        let Some(label) = choice.label else { return out };
        let words = place.said.words().len();
        let mut is_exact = false;
        for (word, share) in shares.iter_mut().enumerate().take(words) {
            let near = self.near(word, place.tokens(label));
            is_exact |= near.is_exact();
            *share = place.base.net.choice_alike.dot(&near.floats());
        }
        let whole = self.covered(words, place.tokens(label));
        let own = place.tokens(label).filter(|token| !place.is_shared(*token, labels));
        let own = self.covered(words, own);
        let all = whole.into_iter().chain(own).chain([f32::from(u8::from(is_exact))]);
        out.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        out
    }
}
