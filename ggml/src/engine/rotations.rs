//! By which angles positions rotate heads (rotary embedding).

use std::cell::RefCell;
use std::ops::Range;

use trine_infer::Model;
use trine_infer::model::rope_frequencies;
use trine_ternary::math;

use super::options::Activations;
use crate::backend::{Context, Error, Result, Tensor, Type};

/// What a graph rotates heads by.
#[derive(Debug)]
pub(super) enum Rotations {
    /// Cosines and sines that the processor makes, which is more exact at large angles than devices
    /// are: (width, 1, tokens). Sines of the first half are negative.
    Tables { cosines: Tensor, sines: Tensor, made: RefCell<[Vec<f32>; 2]> },
    /// Positions, of which the device makes them: (tokens)
    Positions {
        positions: Tensor,
        /// What angles are divided by, where the model has frequencies of its own: (width / 2)
        divisors: Option<Tensor>,
    },
}

impl Rotations {
    /// Those of so many tokens, in a context that is given memory later.
    pub(super) fn new(
        context: &Context,
        model: &Model<'_>,
        activations: Activations,
        tokens: usize,
    ) -> Result<Self> {
        let width = model.config().head_width();
        if activations == Activations::Int8 {
            let table = || context.tensor(Type::F32, [width, 1, tokens]);
            return Ok(Self::Tables {
                cosines: table()?,
                sines: table()?,
                made: RefCell::default(),
            });
        }
        let listed = model.weights().frequencies;
        let divisors = listed.map(|_| context.tensor(Type::F32, [width / 2])).transpose()?;
        Ok(Self::Positions { positions: context.tensor(Type::I32, [tokens])?, divisors })
    }

    /// Cosines and sines, where they are given.
    pub(super) fn tables(&self) -> Result<(&Tensor, &Tensor)> {
        match self {
            Self::Tables { cosines, sines, .. } => Ok((cosines, sines)),
            Self::Positions { .. } => Err(Error::Graph("there are no cosines")),
        }
    }

    /// Writes what is the same for all positions.
    pub(super) fn begin(&self, model: &Model<'_>) -> Result<()> {
        let Self::Positions { divisors: Some(divisors), .. } = self else { return Ok(()) };
        let config = model.config();
        let mut numbers = vec![0.0; config.head_width() / 2];
        rope_frequencies(config.rope_base, config.head_width(), &mut numbers);
        if let Some(listed) = model.weights().frequencies {
            numbers.iter_mut().zip(listed.iter()).for_each(|(usual, own)| *usual /= own);
        }
        divisors.write_f32(&numbers)
    }

    /// Writes those of some positions.
    pub(super) fn write(&self, positions: Range<usize>, frequencies: &[f32]) -> Result<()> {
        match self {
            Self::Tables { cosines, sines, made } => {
                let mut made = made.borrow_mut();
                let [all_cosines, all_sines] = &mut *made;
                all_cosines.clear();
                all_sines.clear();
                let half = frequencies.len();
                for position in positions {
                    let turn = |frequency: &f32| math::sin_cos(position as f32 * frequency);
                    let from = all_cosines.len();
                    for (sine, cosine) in frequencies.iter().map(turn) {
                        all_cosines.push(cosine);
                        all_sines.push(sine);
                    }
                    all_cosines.extend_from_within(from..from + half);
                    all_sines.extend_from_within(from..from + half);
                    if let Some(first) = all_sines.get_mut(from..from + half) {
                        first.iter_mut().for_each(|sine| *sine = -*sine);
                    }
                }
                cosines.write_f32(all_cosines)?;
                sines.write_f32(all_sines)
            }
            Self::Positions { positions: place, .. } => {
                let bytes = positions.flat_map(|position| (position as u32).to_le_bytes());
                place.write(0, &bytes.collect::<Vec<_>>())
            }
        }
    }
}
