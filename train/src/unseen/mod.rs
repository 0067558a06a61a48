//! Models for tools that they have never seen.
//!
//! - [`text`]: words as rows of numbers;
//! - [`data`], [`batch`]: lists and sentences as numbers, and how alike their words are;
//! - [`net`], `forward`, `choices`: the network;
//! - [`option`]: which value of a parameter is right;
//! - [`learn`], `loss`, [`params`], [`tape`]: training;
//! - [`model`], [`latents`], [`predict`]: files, and predictions.

pub mod batch;
mod choices;
pub mod data;
mod forward;
pub mod latents;
pub mod learn;
mod loss;
pub mod model;
pub mod net;
pub mod option;
pub mod params;
#[cfg(test)]
mod parity;
pub mod predict;
mod spans;
pub mod tape;
pub mod text;

use crate::lists::List;
use crate::{Result, parallel};

/// Lists as numbers.
///
/// # Errors
/// When a tool of a list cannot be read.
pub fn prepared(lists: &[List], lexicon: &mut text::Lexicon<'_>) -> Result<Vec<batch::Prepared>> {
    let mut all = Vec::new();
    for list in lists {
        all.push(data::ListData::new(list, lexicon)?);
    }
    let lexicon = &*lexicon;
    let one = |data| batch::Prepared::new(data, lexicon);
    Ok(parallel::map(parallel::processors(), all, one))
}
