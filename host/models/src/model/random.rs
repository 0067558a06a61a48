//! Random numbers that are the same everywhere.

/// The generator xoshiro256++ of Blackman and Vigna, seeded through `SplitMix64`
/// (<https://prng.di.unimi.it>): quick enough for files of gigabytes, and a file is named by its
/// seed, so it stays this one.
#[derive(Clone, Debug)]
pub(super) struct Random([u64; 4]);

impl Random {
    /// The numbers of this seed; each stream of it is another sequence.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut mixer = trine_bits::Random::new(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        Self([(); 4].map(|()| mixer.bits()))
    }

    pub(super) fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Numbers of 12 bits, without an end.
    pub(super) fn twelves(&mut self) -> impl FnMut() -> usize + '_ {
        let (mut bits, mut left) = (0, 0);
        move || {
            if left == 0 {
                (bits, left) = (self.next(), 5);
            }
            let twelve = bits & 0xfff;
            bits >>= 12;
            left -= 1;
            twelve as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        let mut random = Random([1, 2, 3, 4]);
        let first = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!([(); 4].map(|()| random.next()), first);
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let first = |seed, stream| Random::new(seed, stream).next();
        assert_ne!(first(1, 0), first(1, 1));
        assert_ne!(first(1, 0), first(2, 0));
        assert_eq!(first(7, 7), first(7, 7));
        let mut random = Random::new(1, 1);
        assert!((0..1000).all(|bound| random.below(bound + 1) <= bound));
    }
}
