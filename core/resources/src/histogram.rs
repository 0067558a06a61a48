//! How long something takes: a histogram of fixed buckets.

/// Buckets of each power of two.
const PARTS: u32 = 4;
const PART_BITS: u32 = PARTS.trailing_zeros();
/// Values up to 2^32 − 1 have buckets of their own; larger ones are in the last.
const BITS: u32 = 32;
const BUCKETS: usize = (PARTS + (BITS - PART_BITS) * PARTS) as usize;

/// How far a quantile is from the exact one at most, as a part of it: half of the width of a bucket
/// by its lower end. It holds for values below 2^32; in microseconds that is more than an hour.
pub const RELATIVE_ERROR: f64 = 0.125;

/// Counts of values in buckets whose width is a quarter of the power of two below them.
///
/// ```
/// use trine_resources::Histogram;
///
/// let mut histogram = Histogram::EMPTY;
/// (1..=1_000).for_each(|value| histogram.add(value));
/// let p99 = histogram.quantile(99, 100).unwrap();
/// assert!((866..=1_113).contains(&p99));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Histogram {
    counts: [u32; BUCKETS],
}

trine_arena::solid!(
    struct Histogram {
        counts: [u32; BUCKETS],
    }
);

impl Histogram {
    /// Without a value.
    pub const EMPTY: Self = Self { counts: [0; BUCKETS] };

    /// Counts a value. When a bucket is full all counts are halved, which keeps the quantiles.
    pub fn add(&mut self, value: u64) {
        let Some(count) = self.counts.get_mut(bucket(value)) else { return };
        if *count == u32::MAX {
            self.counts.iter_mut().for_each(|count| *count -= *count / 2);
        }
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count += 1;
        }
    }

    /// The smallest value that at least `part` of `whole` of the values do not exceed, by nearest
    /// rank; `None` without values. It is the middle of a bucket: see [`RELATIVE_ERROR`].
    #[must_use]
    pub fn quantile(&self, part: u32, whole: u32) -> Option<u64> {
        let total: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        if total == 0 || whole == 0 {
            return None;
        }
        let (part, whole) = (u64::from(part.min(whole)), u64::from(whole));
        // In two steps, since the product has more than 64 bits; the second is of 32 by 32.
        let rank = (total / whole * part + (total % whole * part).div_ceil(whole)).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank
        });
        at.map(middle)
    }
}

fn bucket(value: u64) -> usize {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    if value < PARTS {
        return value as usize;
    }
    let power = value.ilog2();
    let part = (value >> (power - PART_BITS)) - PARTS;
    (PARTS + (power - PART_BITS) * PARTS + part) as usize
}

/// The middle of a bucket, rounded down.
fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u32;
    if bucket < PARTS {
        return bucket.into();
    }
    let (octave, part) = ((bucket - PARTS) / PARTS, (bucket - PARTS) % PARTS);
    let low = u64::from(PARTS + part) << octave;
    low + ((1_u64 << octave) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_bucket_is_half_way_between_its_least_and_its_greatest() {
        let mut least = 0;
        for value in 1..100_000 {
            if bucket(value) != bucket(least) {
                assert_eq!(middle(bucket(least)), least + (value - 1 - least) / 2);
                least = value;
            }
        }
    }

    #[test]
    fn each_value_is_in_the_bucket_whose_middle_is_near() {
        for value in (0..100_000).chain((0..32).map(|bit| (1_u64 << bit) + (1 << bit) / 3)) {
            let near = middle(bucket(value));
            let error = near.abs_diff(value) as f64;
            assert!(error <= RELATIVE_ERROR * value as f64, "{value} is said to be {near}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket(u32::MAX.into()), BUCKETS - 1);
    }

    #[test]
    fn a_full_bucket_halves_all_and_keeps_the_order() {
        let mut histogram = Histogram::EMPTY;
        histogram.counts[bucket(5)] = u32::MAX;
        histogram.counts[bucket(900)] = 10;
        histogram.add(5);
        assert_eq!(histogram.quantile(50, 100), Some(5));
        assert_eq!(histogram.quantile(1, 1), Some(middle(bucket(900))));
    }
}
