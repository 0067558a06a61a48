//! Each derivative against differences.

use std::sync::Arc;

use super::super::params::{Kind, Param, Params};
use super::{NONE, Pair, Segments, Tape, Var};
use crate::random::{Random, bell};

/// Parameters in single precision, so that there are no steps in what is computed.
struct Case {
    params: Params,
    made: Vec<Param>,
}

impl Case {
    fn new(shapes: &[(usize, usize)]) -> Self {
        let mut random = Random::named(7, "tape");
        let mut params = Params::default();
        let made = shapes
            .iter()
            .enumerate()
            .map(|(at, shape)| params.add(("p", at), *shape, Kind::Real(0.7), &mut random))
            .collect();
        Self { params, made }
    }

    /// The derivative of a random mixture of what `compute` gives, by the tape and by differences.
    #[track_caller]
    fn check(&self, compute: impl Fn(&mut Tape<'_>, &[Param]) -> Var) {
        let mut random = Random::named(8, "mixture");
        let mut weights = Vec::new();
        let mut value = |params: &Params| {
            let mut tape = Tape::new(params, &params.data, true);
            let out = compute(&mut tape, &self.made);
            while weights.len() < tape.value(out).len() {
                weights.push(bell(&mut random));
            }
            tape.value(out).iter().zip(&weights).map(|(x, w)| f64::from(x * w)).sum::<f64>()
        };
        value(&self.params);
        let mut tape = Tape::new(&self.params, &self.params.data, true);
        let out = compute(&mut tape, &self.made);
        let mut random = Random::named(8, "mixture");
        tape.gradient(out).iter_mut().for_each(|gradient| *gradient = bell(&mut random));
        tape.back();
        const STEP: f32 = 2e-3;
        for at in 0..self.params.data.len() {
            let by = |step: f32| {
                let mut params = self.params.clone();
                params.data[at] += step;
                params
            };
            let difference = (value(&by(STEP)) - value(&by(-STEP))) / (2.0 * f64::from(STEP));
            let gradient = f64::from(tape.gradients[at]);
            assert!(
                (difference - gradient).abs() < 0.02 * (1.0 + gradient.abs()),
                "{at}: {difference} by differences, {gradient} by the tape"
            );
        }
    }
}

fn segments(ranges: &[std::ops::Range<usize>]) -> Segments {
    ranges.into()
}

#[test]
fn products_norms_and_the_rest_of_rows() {
    let case = Case::new(&[(4, 6), (5, 6), (1, 5), (1, 6), (4, 5)]);
    case.check(|tape, p| {
        let x = tape.rows(p[0]);
        let normed = tape.norm(x, p[3]);
        let out = tape.linear(normed, p[1], Some(p[2]));
        let other = tape.rows(p[4]);
        let out = tape.multiply(out, other);
        let squared = tape.relu(out, true);
        let plain = tape.relu(out, false);
        let sum = tape.add(squared, plain);
        let joined = tape.join(&[sum, x, other]);
        let kept = (0..4 * 16).map(|at| if at % 5 == 0 { 0.0 } else { 1.25 }).collect();
        let dropped = tape.drop(joined, kept);
        tape.gather(dropped, &Arc::from([2, NONE, 0, 2, 1]))
    });
}

#[test]
fn attention_within_ranges() {
    let case = Case::new(&[(5, 12), (2, 17)]);
    case.check(|tape, p| {
        let qkv = tape.rows(p[0]);
        tape.attend(qkv, &segments(&[0..3, 3..3, 3..5]), 2, p[1])
    });
}

#[test]
fn attention_to_other_rows() {
    let case = Case::new(&[(4, 6), (5, 6), (5, 6), (2, 3), (1, 2)]);
    let pairs: Arc<[Pair]> = Arc::from([
        Pair { queries: 0..2, keys: 0..3, start: 0 },
        Pair { queries: 0..2, keys: 3..5, start: 6 },
        Pair { queries: 2..4, keys: 3..3, start: 10 },
        Pair { queries: 3..4, keys: 1..5, start: 10 },
    ]);
    let likeness: Arc<[f32]> = (0..14 * 3).map(|at| (at % 7) as f32 / 7.0).collect();
    case.check(|tape, p| {
        let [q, k, v] = [0, 1, 2].map(|at| tape.rows(p[at]));
        tape.cross((q, k, v), &pairs, &likeness, 2, (p[3], p[4]))
    });
    case.check(|tape, p| {
        let [a, b] = [0, 1].map(|at| tape.rows(p[at]));
        tape.dots(a, b, &pairs, 0.4)
    });
}

#[test]
fn means_and_greatest_and_shares_of_ranges() {
    let case = Case::new(&[(5, 3), (5, 1)]);
    let ranges = segments(&[0..2, 2..5, 5..5]);
    case.check(|tape, p| {
        let (x, scores) = (tape.rows(p[0]), tape.rows(p[1]));
        let parts = [tape.mean(x, &ranges), tape.most(x, &ranges), tape.pool(x, scores, &ranges)];
        tape.join(&parts)
    });
}

#[test]
fn ternary_products_are_those_of_rounded_rows_and_weights() {
    let mut random = Random::named(3, "ternary");
    let mut params = Params::default();
    let weights = params.add(("w", 0), (3, 8), Kind::Ternary, &mut random);
    let rounded = super::ternary(&params);
    let scale = super::scale_of(params.of(weights));
    assert!(rounded.iter().all(|x| *x == 0.0 || (x.abs() - scale).abs() < 1e-6));
    let mut tape = Tape::new(&params, &rounded, false);
    let x: Vec<f32> = (0..8).map(|at| at as f32 / 8.0 - 0.3).collect();
    let given = tape.given(x.clone(), 8);
    let out = tape.linear(given, weights, None);
    for (row, out) in rounded.chunks_exact(8).zip(tape.value(out)) {
        let exact: f32 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
        assert!((exact - out).abs() < 0.02, "{exact} {out}");
    }
}
