//! Choosing the next token from its logits.

mod random;

use trine_ternary::math;

use crate::error::Error;

pub use random::Random;

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

/// A token that may be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Its logit, later its weight.
    value: f32,
    token: u32,
}

/// Chooses tokens; the same logits and seed give the same tokens on every machine.
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

    /// Chooses a token. `logits` has one for each token of the vocabulary and is changed where a
    /// token is repeated; `recent` are the tokens so far, the newest last.
    pub fn choose(&mut self, logits: &mut [f32], recent: &[u32]) -> u32 {
        self.penalize(logits, recent);
        if self.sampling.temperature <= 0.0 {
            return likeliest(logits);
        }
        let kept = self.gather(logits);
        let kept = self.weigh(kept);
        self.draw(kept)
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

    /// Puts the likeliest candidates in front, in falling order; answers how many there are.
    fn gather(&mut self, logits: &[f32]) -> usize {
        let room = self.sampling.candidates(logits.len()).min(self.candidates.len());
        let Some(heap) = self.candidates.get_mut(..room) else { return 0 };
        let mut filled = 0;
        for (token, &value) in logits.iter().enumerate() {
            let new = Candidate { value, token: token as u32 };
            if let Some(place) = heap.get_mut(filled) {
                *place = new;
                filled += 1;
                if filled == room {
                    build_heap(heap);
                }
            } else if let Some(least) = heap.first_mut()
                && new.beats(least)
            {
                *least = new;
                sift_down(heap, 0);
            }
        }
        let kept = heap.get_mut(..filled).unwrap_or_default();
        kept.sort_unstable_by(|a, b| b.value.total_cmp(&a.value).then(a.token.cmp(&b.token)));
        filled
    }

    /// Turns the logits of the first `kept` into weights and answers how many of them stay.
    fn weigh(&mut self, kept: usize) -> usize {
        let sampling = self.sampling;
        let kept = self.candidates.get_mut(..kept).unwrap_or_default();
        let Some(most) = kept.first().map(|first| first.value) else { return 0 };
        let total: f32 = kept.iter().map(|one| math::exp(one.value - most)).sum();
        let mut stay = 0;
        let mut mass = 0.0;
        for one in kept.iter() {
            let weight = math::exp(one.value - most);
            let enough = mass >= sampling.top_p * total || weight < sampling.min_p;
            if stay > 0 && enough {
                break;
            }
            mass += weight;
            stay += 1;
        }
        for one in kept.iter_mut().take(stay) {
            one.value = math::exp((one.value - most) / sampling.temperature);
        }
        stay
    }

    fn draw(&mut self, kept: usize) -> u32 {
        let kept = self.candidates.get(..kept).unwrap_or_default();
        let total: f32 = kept.iter().map(|one| one.value).sum();
        let mut left = self.random.unit() * total;
        for one in kept {
            if left < one.value {
                return one.token;
            }
            left -= one.value;
        }
        // Rounding may leave a little; nothing that is not finite gets past the first either.
        kept.first().map_or(0, |first| first.token)
    }
}

impl Candidate {
    /// Whether it comes before another in falling order; of equals the lower token does.
    fn beats(&self, other: &Self) -> bool {
        match self.value.total_cmp(&other.value) {
            core::cmp::Ordering::Equal => self.token < other.token,
            order => order.is_gt(),
        }
    }
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

/// A heap with the least candidate in front.
fn build_heap(heap: &mut [Candidate]) {
    for at in (0..heap.len() / 2).rev() {
        sift_down(heap, at);
    }
}

fn sift_down(heap: &mut [Candidate], mut at: usize) {
    loop {
        let mut least = at;
        for child in [2 * at + 1, 2 * at + 2] {
            if let (Some(one), Some(other)) = (heap.get(child), heap.get(least))
                && other.beats(one)
            {
                least = child;
            }
        }
        if least == at {
            return;
        }
        heap.swap(at, least);
        at = least;
    }
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
