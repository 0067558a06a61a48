//! Choosing the next token from its logits.

mod heap;

use trine_bits::Random;
use trine_ternary::math;

use crate::error::Error;

use heap::Front;

pub use heap::Candidate;

/// How a token is chosen. The default is the likeliest one, always.
///
/// The filters work in the order of the fields: repetition, `top_k`, `top_p`, `min_p`, then the
/// temperature on what is left. A filter never takes the likeliest token away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// What logits of tokens among the last `window` are divided by when positive and multiplied
    /// by when negative (Keskar and others, 2019, "CTRL", section 4.1); 1 changes nothing.
    pub repetition: f32,
    /// How many of the last tokens count as repeated.
    pub window: usize,
    /// Keep so many of the likeliest tokens; 0 keeps all.
    pub top_k: usize,
    /// Keep the likeliest tokens that together have at least this probability (Holtzman and others,
    /// 2019, nucleus sampling); 1 keeps all.
    pub top_p: f32,
    /// Keep tokens at least so likely, as a share of the likeliest one's probability; 0 keeps all.
    pub min_p: f32,
    /// What logits are divided by; 0 takes the likeliest token.
    pub temperature: f32,
    /// Where the random numbers start.
    pub seed: u64,
}

impl Sampling {
    /// The likeliest token, always.
    pub const GREEDY: Self = Self {
        repetition: 1.0,
        window: 64,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        temperature: 0.0,
        seed: 0,
    };

    /// How many [`Candidate`]s a sampler needs room for.
    #[must_use]
    pub const fn candidates(&self, vocab: usize) -> usize {
        if self.temperature <= 0.0 {
            0
        } else if self.top_k == 0 || self.top_k > vocab {
            vocab
        } else {
            self.top_k
        }
    }

    fn check(&self) -> Result<(), Error> {
        let within = |value: f32, low: f32, high: f32| value >= low && value <= high;
        if !within(self.repetition, f32::MIN_POSITIVE, f32::MAX) {
            return Err(Error::Option("the repetition penalty must be a number above 0"));
        }
        if !within(self.top_p, 0.0, 1.0) {
            return Err(Error::Option("top-p must be from 0 to 1"));
        }
        if !within(self.min_p, 0.0, 1.0) {
            return Err(Error::Option("min-p must be from 0 to 1"));
        }
        if !within(self.temperature, 0.0, f32::MAX) {
            return Err(Error::Option("the temperature must be a number of 0 or more"));
        }
        Ok(())
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self::GREEDY
    }
}

/// What chooses the next token.
pub trait Choose {
    /// Chooses a token. `logits` has one for each token of the vocabulary and may be changed;
    /// `recent` are the tokens so far, the newest last.
    fn choose(&mut self, logits: &mut [f32], recent: &[u32]) -> u32;
}

/// Chooses the likeliest token. A program that has no other choice links no sampler.
#[derive(Clone, Copy, Debug, Default)]
pub struct Greedy;

impl Choose for Greedy {
    fn choose(&mut self, logits: &mut [f32], _: &[u32]) -> u32 {
        likeliest(logits)
    }
}

impl Choose for Sampler<'_> {
    fn choose(&mut self, logits: &mut [f32], recent: &[u32]) -> u32 {
        Sampler::choose(self, logits, recent)
    }
}

/// Chooses tokens; the same logits and seed give the same tokens on every machine.
///
/// ```
/// use trine_infer::sample::{Candidate, Sampler, Sampling};
///
/// let sampling = Sampling { temperature: 0.8, top_k: 2, seed: 7, ..Sampling::GREEDY };
/// let mut candidates = vec![Candidate::default(); sampling.candidates(4)];
/// let mut sampler = Sampler::new(sampling, &mut candidates)?;
/// // Of the four tokens only the two likeliest are ever chosen.
/// let draw = |_| sampler.choose(&mut [0.1, 3.0, 2.9, -1.0], &[]);
/// let drawn: Vec<u32> = (0..20).map(draw).collect();
/// assert!(drawn.contains(&1) && drawn.contains(&2));
/// assert!(drawn.iter().all(|token| [1, 2].contains(token)));
/// # Ok::<(), trine_infer::Error>(())
/// ```
#[derive(Debug)]
pub struct Sampler<'m> {
    sampling: Sampling,
    random: Random,
    candidates: &'m mut [Candidate],
}

impl<'m> Sampler<'m> {
    /// A sampler with room for [`Sampling::candidates`]; in less room it keeps fewer, the
    /// likeliest.
    ///
    /// # Errors
    /// When a number of `sampling` makes no sense, or there is no room for any candidate.
    pub fn new(sampling: Sampling, candidates: &'m mut [Candidate]) -> Result<Self, Error> {
        sampling.check()?;
        if sampling.temperature > 0.0 && candidates.is_empty() {
            return Err(Error::Option("sampling needs room for candidates"));
        }
        Ok(Self { sampling, random: Random::new(sampling.seed), candidates })
    }

    /// Where its random numbers are: [`Self::going_on`] with them chooses what this one would.
    #[must_use]
    pub const fn random(&self) -> Random {
        self.random
    }

    /// The same with other random numbers, so that texts may take turns with one place for
    /// candidates.
    #[must_use]
    pub fn going_on(self, random: Random) -> Self {
        Self { random, ..self }
    }

    /// Chooses a token. `logits` has one for each token of the vocabulary and is changed where a
    /// token is repeated; `recent` are the tokens so far, the newest last.
    pub fn choose(&mut self, logits: &mut [f32], recent: &[u32]) -> u32 {
        self.penalize(logits, recent);
        if self.sampling.temperature <= 0.0 {
            return likeliest(logits);
        }
        let room = self.sampling.candidates(logits.len()).min(self.candidates.len());
        let room = self.candidates.get_mut(..room).unwrap_or_default();
        let kept = heap::keep_likeliest(logits, room);
        let kept = filter(&self.sampling, room.get_mut(..kept).unwrap_or_default());
        draw(self.sampling.temperature, &mut self.random, kept)
    }

    fn penalize(&self, logits: &mut [f32], recent: &[u32]) {
        let by = self.sampling.repetition;
        if by == 1.0 {
            return;
        }
        let first = recent.len().saturating_sub(self.sampling.window);
        let window = recent.get(first..).unwrap_or_default();
        for (at, &token) in window.iter().enumerate() {
            let before = window.get(..at).unwrap_or_default();
            let Some(logit) = logits.get_mut(token as usize) else { continue };
            if !before.contains(&token) {
                *logit = if *logit > 0.0 { *logit / by } else { *logit * by };
            }
        }
    }
}

/// What top-p and min-p leave over, the likeliest last; all of it, in any order, when there is
/// neither. Only as many are put in order as are left over.
fn filter<'c>(sampling: &Sampling, kept: &'c mut [Candidate]) -> &'c mut [Candidate] {
    if sampling.top_p >= 1.0 && sampling.min_p <= 0.0 {
        return kept;
    }
    Front::Greatest.build(kept);
    let most = kept.first().map_or(0.0, |first| first.value);
    let enough = if sampling.top_p >= 1.0 {
        f32::INFINITY
    } else {
        sampling.top_p * kept.iter().map(|one| math::exp(one.value - most)).sum::<f32>()
    };
    let (mut mass, mut end) = (0.0, kept.len());
    while let Some(next) = kept.get(..end).and_then(<[_]>::first) {
        let weight = math::exp(next.value - most);
        if end < kept.len() && (mass >= enough || weight < sampling.min_p) {
            break;
        }
        mass += weight;
        Front::Greatest.pop(kept.get_mut(..end).unwrap_or_default());
        end -= 1;
    }
    kept.get_mut(end..).unwrap_or_default()
}

/// One of these, by their probabilities at a temperature.
fn draw(temperature: f32, random: &mut Random, kept: &mut [Candidate]) -> u32 {
    let most = kept.iter().fold(f32::NEG_INFINITY, |most, one| most.max(one.value));
    let mut total = 0.0;
    for one in kept.iter_mut() {
        one.value = math::exp((one.value - most) / temperature);
        total += one.value;
    }
    let mut left = random.unit() * total;
    for one in kept.iter().rev() {
        if left < one.value {
            return one.token;
        }
        left -= one.value;
    }
    // Rounding may leave a little; nothing that is not finite gets past the first either.
    kept.last().map_or(0, |last| last.token)
}

/// The first of the tokens with the greatest logit.
#[must_use]
pub fn likeliest(logits: &[f32]) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (token, &value) in logits.iter().enumerate() {
        if value > best.1 {
            best = (token as u32, value);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use core::f32::consts::LN_2;
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn draws(sampling: Sampling, logits: &[f32], count: usize) -> Vec<u32> {
        let mut room = vec![Candidate::default(); sampling.candidates(logits.len())];
        let mut sampler = Sampler::new(sampling, &mut room).unwrap();
        (0..count).map(|_| sampler.choose(&mut logits.to_vec(), &[])).collect()
    }

    fn shares(tokens: &[u32], vocab: usize) -> Vec<f32> {
        let mut counts = vec![0.0; vocab];
        tokens.iter().for_each(|&token| counts[token as usize] += 1.0 / tokens.len() as f32);
        counts
    }

    const WARM: Sampling = Sampling { temperature: 1.0, seed: 5, ..Sampling::GREEDY };
    /// Logarithms of 8, 1, 4, 2 and 1 sixteenths.
    const LOGITS: [f32; 5] = [-LN_2, -4.0 * LN_2, -2.0 * LN_2, -3.0 * LN_2, -4.0 * LN_2];

    #[test]
    fn greedy_takes_the_first_of_the_greatest() {
        assert_eq!(draws(Sampling::GREEDY, &[1.0, 3.0, 3.0, f32::NAN], 2), [1, 1]);
        assert_eq!(likeliest(&[f32::NAN]), 0);
    }

    #[test]
    fn draws_have_the_probabilities_that_the_logits_say() {
        let shares = shares(&draws(WARM, &LOGITS, 20_000), 5);
        for (share, logit) in shares.iter().zip(LOGITS) {
            assert!((share - logit.exp()).abs() < 0.015, "{shares:?}");
        }
    }

    #[test]
    fn temperature_sharpens_and_flattens() {
        let cold = shares(&draws(Sampling { temperature: 0.5, ..WARM }, &LOGITS, 20_000), 5);
        // Squares of the probabilities, over their sum: 64 of 64 + 16 + 4 + 1 + 1.
        assert!((cold[0] - 64.0 / 86.0).abs() < 0.015, "{cold:?}");
        let hot = shares(&draws(Sampling { temperature: 1000.0, ..WARM }, &LOGITS, 20_000), 5);
        assert!(hot.iter().all(|share| (share - 0.2).abs() < 0.015), "{hot:?}");
    }

    #[test]
    fn each_filter_keeps_what_it_says_and_never_nothing() {
        let kept = |sampling| {
            let mut kept = draws(sampling, &LOGITS, 2000);
            kept.sort_unstable();
            kept.dedup();
            kept
        };
        assert_eq!(kept(Sampling { top_k: 2, ..WARM }), [0, 2]);
        assert_eq!(kept(Sampling { top_k: 4, ..WARM }), [0, 1, 2, 3]);
        assert_eq!(kept(Sampling { top_p: 0.7, ..WARM }), [0, 2]);
        assert_eq!(kept(Sampling { min_p: 0.2, ..WARM }), [0, 2, 3]);
        for least in [
            Sampling { top_k: 1, ..WARM },
            Sampling { top_p: 0.0, ..WARM },
            Sampling { min_p: 1.0, ..WARM },
        ] {
            assert_eq!(kept(least), [0]);
        }
    }

    #[test]
    fn top_p_keeps_no_more_than_what_is_exactly_enough() {
        // Four of the same weight: two are half of it, to the bit.
        let half = Sampling { top_p: 0.5, ..WARM };
        let mut kept = draws(half, &[1.0; 4], 500);
        kept.sort_unstable();
        kept.dedup();
        assert_eq!(kept, [0, 1]);
    }

    #[test]
    fn a_token_is_repeated_as_long_as_it_is_in_the_window() {
        let sampling = Sampling { repetition: 2.0, window: 2, ..Sampling::GREEDY };
        let mut sampler = Sampler::new(sampling, &mut []).unwrap();
        let mut logits = [8.0, 8.0, 8.0, 8.0];
        sampler.choose(&mut logits, &[0, 1, 2, 3]);
        assert_eq!(logits, [8.0, 8.0, 4.0, 4.0]);
    }

    #[test]
    fn repeated_tokens_lose_once_whatever_their_sign() {
        let sampling = Sampling { repetition: 2.0, window: 3, ..Sampling::GREEDY };
        let mut sampler = Sampler::new(sampling, &mut []).unwrap();
        let mut logits = [4.0, 3.0, -1.0, 8.0];
        // Token 3 is outside the window, token 0 counts once, and 9 is no token at all.
        assert_eq!(sampler.choose(&mut logits, &[3, 0, 2, 0, 9]), 3);
        assert_eq!(logits, [2.0, 3.0, -2.0, 8.0]);
        assert_eq!(sampler.choose(&mut logits, &[3, 2]), 3);
        assert_eq!(logits, [2.0, 3.0, -4.0, 4.0]);
    }

    #[test]
    fn the_seed_fixes_the_tokens() {
        let again = draws(WARM, &LOGITS, 50);
        assert_eq!(draws(WARM, &LOGITS, 50), again);
        assert_ne!(draws(Sampling { seed: 6, ..WARM }, &LOGITS, 50), again);
    }

    #[test]
    fn numbers_without_sense_are_refused() {
        for wrong in [
            Sampling { repetition: 0.0, ..WARM },
            Sampling { repetition: f32::NAN, ..WARM },
            Sampling { top_p: 1.5, ..WARM },
            Sampling { min_p: -0.1, ..WARM },
            Sampling { temperature: f32::INFINITY, ..WARM },
        ] {
            assert!(Sampler::new(wrong, &mut [Candidate::default()]).is_err(), "{wrong:?}");
        }
        assert!(Sampler::new(WARM, &mut []).is_err());
    }

    #[test]
    fn logits_that_are_no_numbers_still_give_a_token() {
        for logits in [[f32::NAN; 5], [f32::NEG_INFINITY; 5], [f32::INFINITY; 5]] {
            assert!(draws(WARM, &logits, 3).iter().all(|&token| token < 5));
        }
    }
}
