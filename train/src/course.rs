//! What a model is trained on, without end: written sentences, templates, and changes of both.

use std::collections::BTreeSet;

use crate::aside::Asides;
use crate::lesson::{Lesson, pattern};
use crate::net::Example;
use crate::random::Random;
use crate::relabel::Labels;
use crate::said::Said;
use crate::spoil::spoil;
use crate::swap::Swaps;
use crate::template::Templates;
use crate::vary::vary;

/// Shares of what is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Sentences out of templates, of all.
    pub templates: f32,
    /// Sentences that are spoilt, of those with a tool.
    pub spoilt: f32,
    /// Sentences that are said in other words, of all that are changed.
    pub varied: f32,
    /// Sentences that stay as they were written, of these.
    pub clean: f32,
    /// Sentences that become ones about another label.
    pub relabelled: f32,
    /// Sentences that models have labelled, of all, where there are any.
    pub guessed: f32,
    /// Sentences that something is said before.
    pub asides: f32,
    /// Sentences whose rare words are exchanged.
    pub rare: f32,
    /// Pieces of words that cannot be read, so that none is all that a choice hangs on (dropout of
    /// words; Gal and Ghahramani, 2016).
    pub hidden: f32,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            templates: 0.2,
            spoilt: 0.25,
            varied: 0.6,
            clean: 0.3,
            relabelled: 0.2,
            guessed: 0.3,
            asides: 0.04,
            rare: 0.1,
            hidden: 0.0,
        }
    }
}

/// Sentences without end.
#[derive(Debug)]
pub struct Course<'t> {
    /// How sentences are read.
    pub lesson: &'t Lesson<'t>,
    /// Sentences that were written.
    pub written: &'t [Said],
    /// Sentences that models have labelled.
    pub guessed: &'t [Said],
    /// Templates, if there are any.
    pub templates: Option<&'t Templates<'t>>,
    /// Patterns ([`crate::lesson::pattern`]) that validation has, and training must not.
    pub held: &'t BTreeSet<String>,
    /// Texts to exchange.
    pub swaps: &'t Swaps,
    /// Labels to exchange.
    pub labels: &'t Labels,
    /// Clauses and rare words to exchange.
    pub asides: &'t Asides,
    /// Shares of what is drawn.
    pub shares: Shares,
    /// Chance.
    pub random: Random,
}

/// The longest sequence that is trained on, in tokens.
pub const LONGEST: usize = 128;

impl Course<'_> {
    /// The next sentences, as examples.
    pub fn batch(&mut self, count: usize) -> Vec<Example> {
        let mut batch = Vec::with_capacity(count);
        // A sentence whose call cannot be said with its words is drawn again, but not for ever.
        for _ in 0..20 * count {
            if batch.len() == count {
                break;
            }
            batch.extend(self.example());
        }
        batch
    }

    fn example(&mut self) -> Option<Example> {
        let is_guessed = !self.guessed.is_empty() && self.random.chance(self.shares.guessed);
        let plain = match is_guessed {
            true => self.random.pick(self.guessed).cloned()?,
            false => self.draw()?,
        };
        let read = |said: &Said, random| self.lesson.example(said, random).ok();
        let fits =
            |example: &Example| !example.choices.is_empty() && example.tokens.len() <= LONGEST;
        if self.random.chance(self.shares.clean) {
            return read(&plain, None).filter(fits);
        }
        let changed = self.change(&plain);
        // What is kept from training is not to come into it by chance.
        let is_held = self.held.contains(&pattern(self.lesson.program(), &changed.text));
        let said = if is_held { plain.clone() } else { changed };
        let changed = self.lesson.example(&said, Some(&mut self.random)).ok();
        let mut example = changed.filter(fits).or_else(|| read(&plain, None).filter(fits))?;
        self.hide(&mut example);
        Some(example)
    }

    /// Hides some pieces of words that are not copied.
    fn hide(&mut self, example: &mut Example) {
        let first_piece = u32::from(self.lesson.program().symbols());
        let copied = |at: usize| example.tags.iter().any(|(place, tag)| *place == at && *tag > 0);
        let is_free: Vec<bool> = (0..example.prompt).map(|at| !copied(at)).collect();
        for (token, is_free) in example.tokens.iter_mut().zip(is_free) {
            if is_free && *token >= first_piece && self.random.chance(self.shares.hidden) {
                *token = trine_ask::token::UNKNOWN.into();
            }
        }
    }

    /// A sentence, as it was written or out of a template; none where validation has it too.
    pub fn draw(&mut self) -> Option<Said> {
        let templates = self.templates.filter(|templates| !templates.is_empty());
        match templates {
            Some(templates)
                if self.written.is_empty() || self.random.chance(self.shares.templates) =>
            {
                let said = templates.say(&mut self.random)?;
                let pattern = pattern(self.lesson.program(), &said.text);
                (!self.held.contains(&pattern)).then_some(said)
            }
            _ => self.random.pick(self.written).cloned(),
        }
    }

    /// A sentence as it might have been said.
    pub fn change(&mut self, said: &Said) -> Said {
        let (shares, random) = (self.shares, &mut self.random);
        let mut said = self.swaps.apply(said, random);
        if random.chance(shares.relabelled) {
            said = self.labels.exchange(&said, random).unwrap_or(said);
        }
        if random.chance(shares.rare) {
            said = self.asides.exchange_words(&said, random);
        }
        if said.tool.is_some() && random.chance(shares.spoilt) {
            let other = self.draw();
            let spoilt = other.and_then(|other| spoil(&said, &other, &mut self.random));
            said = spoilt.unwrap_or(said);
        }
        if self.random.chance(shares.asides) {
            said = self.asides.put_before(&said, &mut self.random);
        }
        if !self.random.chance(shares.varied) {
            return said;
        }
        // Of a label's own name letters may slip; what is copied stays.
        let arguments = said.arguments.clone();
        said.arguments.retain(|name, _| self.lesson.is_text(name));
        Said { arguments, ..vary(&said, &mut self.random) }
    }
}
