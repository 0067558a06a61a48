//! Numbers that are the same in every run.

/// A small generator (splitmix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Weights: 42 of 100 are 0, as in the published model.
    pub fn trits(&mut self, len: usize) -> Vec<i8> {
        let trit = |n: u64| {
            if n % 100 < 42 {
                0
            } else if n.is_multiple_of(2) {
                1
            } else {
                -1
            }
        };
        (0..len).map(|_| trit(self.next() >> 8)).collect()
    }

    /// Activations over the whole range of int8.
    pub fn activations(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.next() as i8).collect()
    }
}
