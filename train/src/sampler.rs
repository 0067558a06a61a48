//! What a model is trained on, without end: written sentences, templates, and changes of both.

use std::collections::BTreeSet;

use crate::context::Contexts;
use crate::example::Example;
use crate::label_swap::Labels;
use crate::negatives::make_negative;
use crate::net::TokenisedExample;
use crate::noise::add_noise;
use crate::random::Random;
use crate::substitution::Substitutions;
use crate::template::Templates;
use crate::tokenise::{Tokeniser, pattern};

/// Shares of what is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Sentences out of templates, of all.
    pub templates: f32,
    /// Sentences that are made negatives, of those with a tool.
    pub negatives: f32,
    /// Sentences that are said in other words, of all that are changed.
    pub noisy: f32,
    /// Sentences that stay as they were written, of these.
    pub clean: f32,
    /// Sentences that become ones about another label.
    pub label_swapped: f32,
    /// Sentences that models have labelled, of all, where there are any.
    pub guessed: f32,
    /// Sentences that something is said before.
    pub contexts: f32,
    /// Sentences whose rare words are exchanged.
    pub rare: f32,
    /// Subword tokens that cannot be read, so that none is all that a choice depends on (dropout of
    /// words; Gal and Ghahramani, 2016).
    pub hidden: f32,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            templates: 0.2,
            negatives: 0.25,
            noisy: 0.6,
            clean: 0.3,
            label_swapped: 0.2,
            guessed: 0.3,
            contexts: 0.04,
            rare: 0.1,
            hidden: 0.0,
        }
    }
}

/// Sentences without end.
#[derive(Debug)]
pub struct Sampler<'t> {
    /// How sentences are read.
    pub tokeniser: &'t Tokeniser<'t>,
    /// Sentences that were written.
    pub written: &'t [Example],
    /// Sentences that models have labelled.
    pub guessed: &'t [Example],
    /// Templates, if there are any.
    pub templates: Option<&'t Templates<'t>>,
    /// Patterns ([`crate::tokenise::pattern`]) that validation has, and training must not.
    pub held: &'t BTreeSet<String>,
    /// Texts to exchange.
    pub substitutions: &'t Substitutions,
    /// Labels to exchange.
    pub labels: &'t Labels,
    /// Clauses and rare words to exchange.
    pub contexts: &'t Contexts,
    /// Shares of what is drawn.
    pub shares: Shares,
    /// Chance.
    pub random: Random,
}

/// The longest sequence that is trained on, in tokens.
pub const LONGEST: usize = 128;

impl Sampler<'_> {
    /// The next sentences, as examples.
    pub fn batch(&mut self, count: usize) -> Vec<TokenisedExample> {
        let mut batch = Vec::with_capacity(count);
        // A sentence whose call cannot be said with its words is drawn again, but not for ever.
        for _ in 0..20 * count {
            if batch.len() == count {
                break;
            }
            batch.extend(self.next_tokenised());
        }
        batch
    }

    fn next_tokenised(&mut self) -> Option<TokenisedExample> {
        let is_guessed = !self.guessed.is_empty() && self.random.chance(self.shares.guessed);
        let plain = match is_guessed {
            true => self.random.pick(self.guessed).cloned()?,
            false => self.draw()?,
        };
        let read = |example: &Example, random| self.tokeniser.tokenise(example, random).ok();
        let fits = |tokenised: &TokenisedExample| {
            !tokenised.choices.is_empty() && tokenised.tokens.len() <= LONGEST
        };
        if self.random.chance(self.shares.clean) {
            return read(&plain, None).filter(fits);
        }
        let changed = self.change(&plain);
        // What is kept from training is not to come into it by chance.
        let is_held = self.held.contains(&pattern(self.tokeniser.program(), &changed.text));
        let example = if is_held { plain.clone() } else { changed };
        let changed = self.tokeniser.tokenise(&example, Some(&mut self.random)).ok();
        let mut tokenised = changed.filter(fits).or_else(|| read(&plain, None).filter(fits))?;
        self.hide(&mut tokenised);
        Some(tokenised)
    }

    /// Hides some subword tokens that are not copied.
    fn hide(&mut self, tokenised: &mut TokenisedExample) {
        let first_piece = u32::from(self.tokeniser.program().symbols());
        let copied = |at: usize| tokenised.tags.iter().any(|(place, tag)| *place == at && *tag > 0);
        let is_free: Vec<bool> = (0..tokenised.prompt).map(|at| !copied(at)).collect();
        for (token, is_free) in tokenised.tokens.iter_mut().zip(is_free) {
            if is_free && *token >= first_piece && self.random.chance(self.shares.hidden) {
                *token = trine_ask::token::UNKNOWN.into();
            }
        }
    }

    /// A sentence, as it was written or out of a template; none where validation has it too.
    pub fn draw(&mut self) -> Option<Example> {
        let templates = self.templates.filter(|templates| !templates.is_empty());
        match templates {
            Some(templates)
                if self.written.is_empty() || self.random.chance(self.shares.templates) =>
            {
                let example = templates.say(&mut self.random)?;
                let pattern = pattern(self.tokeniser.program(), &example.text);
                (!self.held.contains(&pattern)).then_some(example)
            }
            _ => self.random.pick(self.written).cloned(),
        }
    }

    /// A sentence as it might have been said.
    pub fn change(&mut self, example: &Example) -> Example {
        let (shares, random) = (self.shares, &mut self.random);
        let mut example = self.substitutions.apply(example, random);
        if random.chance(shares.label_swapped) {
            example = self.labels.exchange(&example, random).unwrap_or(example);
        }
        if random.chance(shares.rare) {
            example = self.contexts.exchange_words(&example, random);
        }
        if example.tool.is_some() && random.chance(shares.negatives) {
            let other = self.draw();
            let negatives =
                other.and_then(|other| make_negative(&example, &other, &mut self.random));
            example = negatives.unwrap_or(example);
        }
        if self.random.chance(shares.contexts) {
            example = self.contexts.put_before(&example, &mut self.random);
        }
        if !self.random.chance(shares.noisy) {
            return example;
        }
        // Of a label's own name letters may slip; what is copied stays.
        let arguments = example.arguments.clone();
        example.arguments.retain(|name, _| self.tokeniser.is_text(name));
        Example { arguments, ..add_noise(&example, &mut self.random) }
    }
}
