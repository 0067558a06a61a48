//! What matrices and vectors are made of: the same numbers in every run.

pub use trine_bits::Random;

/// Weights and activations.
pub trait Draw {
    /// Weights: 42 of 100 are 0, as in the published model.
    fn trits(&mut self, len: usize) -> Vec<i8>;

    /// Activations over the whole range of int8.
    fn activations(&mut self, len: usize) -> Vec<i8>;
}

impl Draw for Random {
    fn trits(&mut self, len: usize) -> Vec<i8> {
        let trit = |n: u64| {
            if n % 100 < 42 {
                0
            } else if n.is_multiple_of(2) {
                1
            } else {
                -1
            }
        };
        (0..len).map(|_| trit(self.bits() >> 8)).collect()
    }

    fn activations(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.bits() as i8).collect()
    }
}
