//! Models for tools that they have never seen.
//!
//! - [`text`]: words as rows of numbers;
//! - [`data`], [`batch`]: lists and sentences as numbers, and how alike their words are;
//! - [`net`], `forward`, `choices`: the network;
//! - [`option`]: what a parameter may be;
//! - [`learn`], `loss`, [`params`], [`tape`]: training;
//! - [`model`], [`predict`]: files, and predictions.

pub mod batch;
mod choices;
pub mod data;
mod forward;
pub mod learn;
mod loss;
pub mod model;
pub mod net;
pub mod option;
pub mod params;
pub mod predict;
pub mod tape;
pub mod text;

use crate::lists::List;
use crate::words::view::View;

/// Lists as numbers.
#[must_use]
pub fn prepared(lists: &[List], lexicon: &mut text::Lexicon<'_>) -> Vec<batch::Prepared> {
    let read = |list: &List| data::ListData::new(list, &View::new(list), lexicon);
    let all: Vec<data::ListData> = lists.iter().map(read).collect();
    all.into_iter().map(|data| batch::Prepared::new(data, lexicon)).collect()
}
