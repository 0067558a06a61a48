//! The likeliest of some texts, down the tree of their tokens.

use trine_infer::{DecodeSession, Error};
use trine_ternary::math;
use trine_ternary::parallel::Parallel;

use crate::CHOICES_MAX;

/// Texts that are permitted, in tokens.
pub(super) struct Texts<'a> {
    tokens: &'a [u32],
    /// Where the first begins.
    first: usize,
    /// Where each ends, and the next begins.
    ends: &'a [usize],
    /// Those that may still be the one.
    is_left: [bool; CHOICES_MAX],
}

impl<'a> Texts<'a> {
    pub(super) const fn new(tokens: &'a [u32], first: usize, ends: &'a [usize]) -> Self {
        Self { tokens, first, ends, is_left: [true; CHOICES_MAX] }
    }

    /// The numbers of those that are left.
    fn left(&self) -> impl Iterator<Item = usize> {
        let marks = self.is_left.iter().take(self.ends.len()).enumerate();
        marks.filter(|(_, is_left)| **is_left).map(|(text, _)| text)
    }

    /// The one that is left, if there is one alone, or none at all.
    fn only(&self) -> Option<usize> {
        let mut left = self.left();
        let first = left.next().unwrap_or(0);
        left.next().is_none().then_some(first)
    }

    /// Keeps those that go on with the token at `best`; hands the number of each one that was left
    /// with the place of its token to `each`, and answers whether one that is kept has ended.
    fn keep(
        &mut self,
        front: &Front,
        best: usize,
        depth: usize,
        stop: u32,
        mut each: impl FnMut(usize, usize),
    ) -> bool {
        let mut has_ended = false;
        for text in 0..self.ends.len() {
            if self.is_left.get(text) != Some(&true) {
                continue;
            }
            let next = self.token(text, depth);
            let place = front.place(next.unwrap_or(stop)).unwrap_or(0);
            each(text, place);
            has_ended |= place == best && next.is_none();
            if let Some(is_left) = self.is_left.get_mut(text) {
                *is_left = place == best;
            }
        }
        has_ended
    }

    /// Token number `depth` of a text; none where it has ended.
    fn token(&self, text: usize, depth: usize) -> Option<u32> {
        let before = text.checked_sub(1).map_or(Some(&self.first), |before| self.ends.get(before));
        let place = *before? + depth;
        self.tokens.get(place).copied().filter(|_| Some(&place) < self.ends.get(text))
    }

    /// The tokens from `depth` on that all have in common.
    fn common(&self, depth: usize) -> &'a [u32] {
        let Some(first) = self.left().next() else { return &[] };
        let is_common = |depth: &usize| {
            let token = self.token(first, *depth);
            token.is_some() && self.left().all(|text| self.token(text, *depth) == token)
        };
        let count = (depth..).take_while(is_common).count();
        let before = first.checked_sub(1).map_or(Some(&self.first), |before| self.ends.get(before));
        let start = before.map_or(0, |start| start + depth);
        self.tokens.get(start..start + count).unwrap_or_default()
    }
}

/// Different tokens that may come next, and how many texts go on with each.
struct Front {
    tokens: [u32; CHOICES_MAX],
    texts: [u16; CHOICES_MAX],
    count: usize,
}

impl Front {
    #[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
    fn of(texts: &Texts<'_>, depth: usize, stop: u32) -> Self {
        let mut front = Self { tokens: [0; CHOICES_MAX], texts: [0; CHOICES_MAX], count: 0 };
        for text in texts.left() {
            let token = texts.token(text, depth).unwrap_or(stop);
            let at = front.place(token).unwrap_or(front.count);
            if let (Some(place), Some(texts)) = (front.tokens.get_mut(at), front.texts.get_mut(at))
            {
                *place = token;
                *texts += 1;
                front.count = front.count.max(at + 1);
            }
        }
        front
    }

    fn tokens(&self) -> &[u32] {
        self.tokens.get(..self.count).unwrap_or_default()
    }

    fn place(&self, token: u32) -> Option<usize> {
        self.tokens().iter().position(|other| *other == token)
    }
}

/// Goes down from where all texts begin to the likeliest one, after a session's last token. `out`
/// gets the logarithms of the texts' probabilities, which sum to one: texts that part from the
/// likeliest where others do too have an equal part of what these have together. Where one text
/// ends and another goes on, `stop` stands for the end.
#[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
pub(super) fn descend(
    session: &mut DecodeSession<'_, '_>,
    pool: &dyn Parallel,
    texts: &mut Texts<'_>,
    stop: u32,
    out: &mut [f32],
) -> Result<(), Error> {
    let (mut depth, mut share) = (0, 0.0);
    loop {
        if let Some(only) = texts.only() {
            if let Some(out) = out.get_mut(only) {
                *out = share;
            }
            return Ok(());
        }
        // What they have in common is no choice, and is read in one go.
        let common = texts.common(depth);
        session.read_without_logits(common, pool)?;
        depth += common.len();
        let front = Front::of(texts, depth, stop);
        let mut logits = [0.0; CHOICES_MAX];
        let logits = logits.get_mut(..front.count).unwrap_or_default();
        if front.count > 1 {
            session.logits_of(front.tokens().iter().copied(), logits)?;
        }
        let best = shares(logits);
        let has_ended = texts.keep(&front, best, depth, stop, |text, place| {
            let of = front.texts.get(place).copied().unwrap_or(1);
            let own = logits.get(place).copied().unwrap_or(0.0);
            if let Some(out) = out.get_mut(text) {
                *out = share + own - math::ln(f32::from(of));
            }
        });
        if has_ended {
            return Ok(());
        }
        share += logits.get(best).copied().unwrap_or(0.0);
    }
}

/// Makes logits logarithms of shares (softmax); answers the place of the greatest. What is no
/// number has no share.
fn shares(logits: &mut [f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (at, logit) in logits.iter_mut().enumerate() {
        if logit.is_nan() {
            *logit = f32::NEG_INFINITY;
        }
        if *logit > best.1 {
            best = (at, *logit);
        }
    }
    let (at, most) = best;
    if !most.is_finite() {
        // Nothing is likelier than the rest, or by no finite measure.
        let each = -math::ln(logits.len().max(1) as f32);
        logits.fill(each);
        return at;
    }
    let sum: f32 = logits.iter().map(|logit| math::exp(logit - most)).sum();
    let whole = most + math::ln(sum);
    logits.iter_mut().for_each(|logit| *logit -= whole);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    use trine_infer::gguf::File;
    use trine_infer::{Config, Layer, Model, Options, Weights, arena_bytes};
    use trine_ternary::Kernels;
    use trine_ternary::parallel::Serial;

    /// What stands for an end.
    const STOP: u32 = 95;
    const PROMPT: [u32; 5] = [7, 3, 50, 12, 9];

    fn session() -> DecodeSession<'static, 'static> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/bitnet/plain.gguf");
        let file = File::parse(std::fs::read(path).unwrap().leak()).unwrap();
        let config = Config::from_gguf(&file).unwrap();
        let layers = vec![Layer::EMPTY; config.layers].leak();
        let weights = Weights::from_gguf(&file, &config, layers).unwrap();
        let model = Model::new(config, weights, Kernels::best()).unwrap();
        let options = Options::new(&config);
        let bytes = arena_bytes(&config, &options).unwrap() + 3;
        DecodeSession::new(&model, &options, vec![0; bytes].leak()).unwrap()
    }

    /// The probability of each text, from the beginning for each token: a text's tokens one after
    /// the other, each among those that texts with the same beginning go on with.
    fn expected(texts: &[Vec<u32>]) -> Vec<f64> {
        let next = |text: &[u32], depth: usize| text.get(depth).copied().unwrap_or(STOP);
        let one = |text: &Vec<u32>| {
            let mut share = 1.0;
            for depth in 0..=text.len() {
                let same: Vec<&Vec<u32>> =
                    texts.iter().filter(|other| other.get(..depth) == text.get(..depth)).collect();
                let mut front: Vec<u32> = same.iter().map(|other| next(other, depth)).collect();
                front.sort_unstable();
                front.dedup();
                let mut session = session();
                session.read(&PROMPT, &Serial).unwrap();
                session.read(&text[..depth], &Serial).unwrap();
                let mut logits = vec![0.0; front.len()];
                session.logits_of(front.iter().copied(), &mut logits).unwrap();
                let at = front.iter().position(|token| *token == next(text, depth)).unwrap();
                let all = logits.iter().map(|logit| f64::from(logit - logits[at]).exp());
                share /= all.sum::<f64>();
                if same.len() == 1 {
                    break;
                }
                if depth == text.len() {
                    share /= same.iter().filter(|other| other == &&text).count() as f64;
                }
            }
            share
        };
        texts.iter().map(one).collect()
    }

    fn found(texts: &[Vec<u32>]) -> Vec<f64> {
        let mut session = session();
        session.read_without_logits(&PROMPT, &Serial).unwrap();
        let tokens: Vec<u32> = texts.iter().flatten().copied().collect();
        let mut end = 0;
        let ends: Vec<usize> = texts
            .iter()
            .map(|text| {
                end += text.len();
                end
            })
            .collect();
        let mut out = vec![0.0; texts.len()];
        let mut texts = Texts::new(&tokens, 0, &ends);
        descend(&mut session, &Serial, &mut texts, STOP, &mut out).unwrap();
        out.iter().map(|share| f64::from(*share).exp()).collect()
    }

    #[test]
    fn the_likeliest_text_has_its_probability_and_all_together_have_one() {
        let sets: [&[&[u32]]; 6] = [
            &[&[1], &[2], &[3]],
            &[&[5, 6, 1], &[5, 6, 2], &[5, 6, 2, 8], &[9]],
            &[&[4, 4, 4, 4, 1], &[4, 4, 4, 4, 2]],
            &[&[20, 21], &[20, 22], &[23, 21], &[23, 22], &[23, 24], &[25]],
            // One begins another, and two are the same.
            &[&[30, 31], &[30], &[30, 31, 32], &[33, 34], &[33, 34]],
            &[&[40]],
        ];
        for set in sets {
            let texts: Vec<Vec<u32>> = set.iter().map(|text| text.to_vec()).collect();
            let (wanted, found) = (expected(&texts), found(&texts));
            let sum: f64 = found.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "{set:?}: {found:?}");
            assert!((wanted.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{set:?}: {wanted:?}");
            // Down to the likeliest the shares are exact; the others have theirs together.
            let most = (0..set.len()).max_by(|a, b| found[*a].total_cmp(&found[*b])).unwrap();
            assert!((found[most] - wanted[most]).abs() < 1e-5, "{set:?}: {found:?} {wanted:?}");
        }
    }

    #[test]
    fn logits_that_are_not_numbers_share_equally() {
        let mut logits = [f32::NAN, f32::NAN];
        assert_eq!(shares(&mut logits), 0);
        assert!(logits.iter().all(|share| (share + core::f32::consts::LN_2).abs() < 1e-6));
        let mut logits = [f32::NAN, 1.0];
        assert_eq!((shares(&mut logits), logits[1]), (1, 0.0));
    }
}
