//! Random numbers that are the same on every machine and in every version of every library.

use crate::Fnv64;

/// What the state grows by: 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// `SplitMix64` of Steele, Lea and Flood, "Fast splittable pseudorandom number generators"
/// (OOPSLA 2014): eight bytes of state, period 2^64. Not for secrets.
///
/// ```
/// use trine_bits::Random;
///
/// let mut dice = Random::new(7);
/// let thrown = [(); 3].map(|()| 1 + dice.below(6));
/// assert_eq!(thrown, [3, 1, 6]);
/// // The same seed throws the same.
/// assert_eq!(Random::new(7).below(6) + 1, thrown[0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream of a seed that has this name. Streams of other names tell nothing about it, so
    /// that a new use of chance changes no old one.
    #[must_use]
    pub const fn named(seed: u64, name: &str) -> Self {
        let mut stream = Self(seed ^ Fnv64::new().bytes(name.as_bytes()).hash());
        Self(stream.bits())
    }

    /// The next 64 bits.
    #[inline]
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The bits that the stream of `seed` gives after `index` others. Those of several places can
    /// be computed side by side.
    #[inline(always)]
    #[must_use]
    pub const fn at(seed: u64, index: u64) -> u64 {
        Self(seed.wrapping_add(index.wrapping_mul(GOLDEN))).bits()
    }

    /// A number at least 0 and below 1, one of 2^24 that are equally likely.
    #[inline]
    pub const fn unit(&mut self) -> f32 {
        // 24 bits are what an f32 holds without rounding.
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// An integer below `bound`; 0 when that is 0.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// True in `probability` of all cases.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of `items`; `None` when there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Puts items into random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_published() {
        // The test vector of Vigna's splitmix64.c for seed 1234567.
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        let mut random = Random::new(1_234_567);
        assert_eq!([(); 3].map(|()| random.bits()), published);
        assert_eq!([0, 1, 2].map(|index| Random::at(1_234_567, index)), published);
    }

    #[test]
    fn units_are_below_one_and_spread_evenly() {
        let mut random = Random::new(7);
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let unit = random.unit();
            assert!((0.0..1.0).contains(&unit));
            tenths[(unit * 10.0) as usize] += 1;
        }
        assert!(tenths.iter().all(|count| (900..1100).contains(count)), "{tenths:?}");
    }

    #[test]
    fn numbers_are_below_their_bound_and_each_is_drawn() {
        let mut random = Random::named(1, "below");
        let mut drawn = [0; 7];
        (0..7_000).for_each(|_| drawn[random.below(7)] += 1);
        assert!(drawn.iter().all(|count| (850..1150).contains(count)), "{drawn:?}");
        assert_eq!((random.below(0), random.pick::<u8>(&[])), (0, None));
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
        random.shuffle(&mut order);
        assert_ne!(order, [0, 1, 2, 3, 4, 5, 6, 7]);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn names_part_the_streams_of_a_seed() {
        assert_eq!(Random::named(1, "a"), Random::named(1, "a"));
        assert_ne!(Random::named(1, "a"), Random::named(1, "b"));
        assert_ne!(Random::named(1, "a"), Random::named(2, "a"));
        // Each bit of the seed counts, whatever the name is.
        assert!((0..64).all(|bit| Random::named(1 << bit, "a") != Random::named(0, "a")));
    }

    #[test]
    fn chances_choices_and_orders_are_as_likely_as_they_say() {
        let mut random = Random::named(1, "chance");
        let likely = (0..10_000).filter(|_| random.chance(0.3)).count();
        assert!((2_850..3_150).contains(&likely), "{likely}");
        let unit = { random }.unit();
        assert!(!random.chance(unit), "a probability is not below itself");
        assert!(!(0..1_000).any(|_| random.chance(0.0)));
        let mut picked = [0; 3];
        (0..3_000).for_each(|_| picked[*random.pick(&[0, 1, 2]).unwrap_or(&0)] += 1);
        assert!(picked.iter().all(|count| (900..1100).contains(count)), "{picked:?}");
        // Every order of three, also the one that they had.
        let mut orders = [[[0; 3]; 3]; 3];
        for _ in 0..6_000 {
            let mut items = [0, 1, 2];
            random.shuffle(&mut items);
            let [first, second, third] = items;
            orders[first][second][third] += 1;
        }
        let counts = orders.as_flattened().as_flattened();
        assert_eq!(counts.iter().filter(|count| (880..1120).contains(*count)).count(), 6);
    }
}
