//! Words and rules without weights: a matcher to compare models with, frozen.
//!
//! A tool is chosen by the words of its name, title, description, parameters and labels (BM25 with
//! stems, synonyms, and groups of letters for slips), and by what of its arguments the sentence
//! has. Rules say why nothing is to be done. Word lists, weights and rules come from the training
//! lists alone.

mod amount;
mod card;
mod choose;
pub mod confidence;
mod cues;
mod fill;
mod label;
mod lexicon;
mod number;
mod polarity;
mod reading;
mod span;
mod spoken;
mod text;
mod unit;

use crate::lists::List;
use crate::lists::score::{Prediction, Predictor};

pub use confidence::Features;

/// The matcher.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words;

impl Words {
    /// What it makes of a sentence, with what its confidence is made of.
    #[must_use]
    pub fn explain(self, list: &List, text: &str) -> (Prediction, Features) {
        choose::choose(&card::cards(&list.tools), text)
    }
}

impl Predictor for Words {
    fn name(&self) -> String {
        "words and rules".into()
    }

    fn predict(&self, list: &List, text: &str) -> Prediction {
        self.explain(list, text).0
    }
}
