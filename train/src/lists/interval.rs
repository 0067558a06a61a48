//! How far figures may be off: intervals by drawing again (Efron, 1979).

use super::score::Outcome;
use crate::random::Random;

/// How often lists are drawn for an interval.
const DRAWS: usize = 1000;

/// Outcomes by list.
#[must_use]
pub fn by_list(outcomes: &[Outcome]) -> Vec<Vec<&Outcome>> {
    let count = outcomes.iter().map(|outcome| outcome.list + 1).max().unwrap_or(0);
    let mut by_list = vec![Vec::new(); count];
    outcomes.iter().for_each(|outcome| by_list[outcome.list].push(outcome));
    by_list
}

/// Whether whole lists can be drawn: there is more than one. Otherwise sentences are.
#[must_use]
pub fn draws_lists(outcomes: &[Outcome]) -> bool {
    let first = outcomes.first().map(|outcome| outcome.list);
    outcomes.iter().any(|outcome| Some(outcome.list) != first)
}

/// The interval of each figure that holds this share of its values, when lists are drawn with
/// replacement. Sentences are drawn where there is one list.
#[must_use]
pub fn intervals<const N: usize>(
    outcomes: &[Outcome],
    seed: u64,
    level: f64,
    figures: impl Fn(&[&Outcome]) -> [f64; N],
) -> [(f64, f64); N] {
    let groups = if draws_lists(outcomes) {
        by_list(outcomes)
    } else {
        outcomes.iter().map(|outcome| vec![outcome]).collect()
    };
    let mut random = Random::named(seed, "lists drawn");
    let mut drawn = [const { Vec::new() }; N];
    for _ in 0..DRAWS {
        let picked = (0..groups.len()).map(|_| random.below(groups.len()));
        let picked: Vec<&Outcome> = picked.flat_map(|at| groups[at].iter().copied()).collect();
        for (drawn, figure) in drawn.iter_mut().zip(figures(&picked)) {
            drawn.push(figure);
        }
    }
    drawn.map(|drawn| middle(drawn, level))
}

/// Between which values this share of all is.
fn middle(mut drawn: Vec<f64>, level: f64) -> (f64, f64) {
    drawn.retain(|figure| figure.is_finite());
    drawn.sort_by(f64::total_cmp);
    // A share that is not exact in binary is not to fall below its place.
    let at = |share: f64| drawn.get((drawn.len() as f64 * share + 1e-6) as usize).copied();
    let side = (1.0 - level) / 2.0;
    (at(side).unwrap_or(f64::NAN), at(1.0 - side).unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::super::score::{self, Figures};
    use super::*;

    fn outcome(list: usize, right: bool) -> Outcome {
        score::outcome(list, 0.5, right)
    }

    fn right(all: &[&Outcome]) -> [f64; 1] {
        [Figures::of(all.iter().copied(), 0.0).right]
    }

    #[test]
    fn an_interval_is_the_same_twice_and_draws_whole_lists() {
        let all: Vec<Outcome> =
            (0..200).map(|at| outcome(at / 20, at / 20 < 6 || at % 3 == 0)).collect();
        let [(low, high)] = intervals(&all, 1, 0.9, right);
        assert_eq!([(low, high)], intervals(&all, 1, 0.9, right));
        assert_ne!([(low, high)], intervals(&all, 2, 0.9, |all| [right(all)[0] + 1e-3]));
        assert!(low < 0.7 && high > 0.8 && high - low > 0.2, "{low} {high}");
        let [(wider, higher)] = intervals(&all, 1, 0.95, right);
        assert!(wider <= low && higher >= high && higher - wider > high - low);
        // Lists that are all alike leave nothing to draw.
        let alike: Vec<Outcome> = (0..200).map(|at| outcome(at / 20, at % 2 == 0)).collect();
        assert_eq!(intervals(&alike, 1, 0.9, right), [(0.5, 0.5)]);
    }

    #[test]
    fn of_one_list_sentences_are_drawn() {
        let all: Vec<Outcome> = (0..100).map(|at| outcome(0, at % 2 == 0)).collect();
        let [(low, high)] = intervals(&all, 1, 0.95, right);
        // Twice the deviation of a share of one half, of 100, is 0.1 to each side.
        assert!((low - 0.4).abs() < 0.03 && (high - 0.6).abs() < 0.03, "{low} {high}");
        assert!(intervals(&[], 1, 0.95, right)[0].0.is_nan());
    }
}
